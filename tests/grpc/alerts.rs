//! Alerts one by one: lists and their pages, evidence, acts, counts.

use crate::house::{House, payment};
use tonic::Code;
use tonic_types::StatusExt;
use wagewatch::proto::v1::{self as pb, act_request::Action};

async fn house() -> House {
    let house = House::start().await;
    house.unpaid_project("P1", "building", 12).await;
    house.unpaid_project("P2", "road", 2).await;
    house.set_date("2026-04-20").await;
    while house.engine.feed().heads().iter().sum::<u64>() < 16 {
        tokio::task::yield_now().await;
    }
    house
}

async fn list(house: &House, request: pb::ListRequest) -> pb::ListResponse {
    house.alerts().list(request).await.unwrap().into_inner()
}

async fn project_alert(house: &House, project: &str) -> pb::Alert {
    let filter = pb::AlertFilter { project_ids: vec![project.into()], ..pb::AlertFilter::default() };
    let mut found = list(house, pb::ListRequest { filter: Some(filter), ..pb::ListRequest::default() }).await;
    assert_eq!(found.alerts.len(), 1);
    found.alerts.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worst_come_first_page_by_page() {
    let house = house().await;
    let filter = pb::AlertFilter { include_rolled_up: true, ..pb::AlertFilter::default() };
    let mut request = pb::ListRequest { filter: Some(filter), page_size: 5, ..pb::ListRequest::default() };
    let mut ids = Vec::new();
    loop {
        let page = list(&house, request.clone()).await;
        assert!(page.alerts.len() <= 5);
        if ids.is_empty() {
            assert_eq!(page.alerts[0].level(), pb::Level::Red);
        }
        ids.extend(page.alerts.into_iter().map(|alert| alert.id));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(ids.len(), 16);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 16);
    let status = house.alerts().list(pb::ListRequest { page_size: 1001, ..request }).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_carries_what_redoes_its_arithmetic() {
    let house = house().await;
    let alert = project_alert(&house, "P1").await;
    let whole = house.alerts().get(pb::GetRequest { id: alert.id.clone() }).await.unwrap().into_inner();
    assert_eq!(whole.alert.as_ref(), Some(&alert));
    assert_eq!((alert.overdue_days, alert.due_on.as_deref()), (5, Some("2026-04-15")));
    assert_eq!(alert.project.as_ref().unwrap().sector, "building");
    let audience = alert.audience.clone().unwrap();
    assert_eq!(
        (audience.department.unwrap().code.as_str(), audience.coordinator.unwrap().code.as_str()),
        ("housing", "hrss")
    );
    assert!(audience.flags.is_empty());
    assert_eq!(whole.rolled_up.len(), 12);
    let worker = &whole.rolled_up[0];
    assert_eq!(worker.rolled_up_into.as_ref(), Some(&alert.id));
    let subject = worker.subject.clone().unwrap();
    assert!(subject.id_number.unwrap().contains("***"));
    let Some(pb::evidence::Kind::Wage(wage)) = worker.evidence.clone().unwrap().kind else { panic!() };
    assert_eq!((wage.days.as_str(), wage.expected_fen, wage.paid_fen), ("10.0", 300_000, 0));
    assert!(!worker.arithmetic.is_empty() && !worker.title.clone().unwrap().zh.is_empty());
    // What was resolved lately can still be read.
    let id = worker.id.clone();
    let due: Vec<_> = (0..12).map(|n| payment("P1", n, &format!("t{n}"), 300_000)).collect();
    house.submit(due).await;
    while house
        .alerts()
        .get(pb::GetRequest { id: id.clone() })
        .await
        .unwrap()
        .into_inner()
        .alert
        .unwrap()
        .status()
        != pb::AlertStatus::Resolved
    {
        tokio::task::yield_now().await;
    }
    let status = house.alerts().get(pb::GetRequest { id: "wage-unpaid-none".into() }).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    house.end().await;
}

fn act(alert: &pb::Alert, act_id: &str, action: Action) -> pb::ActRequest {
    pb::ActRequest {
        alert_id: alert.id.clone(),
        act_id: act_id.into(),
        actor: "住建局 李四".into(),
        action: Some(action),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_are_done_once_and_show_at_once() {
    let house = house().await;
    let alert = project_alert(&house, "P2").await;
    let perform = |request: pb::ActRequest| {
        let mut alerts = house.alerts();
        async move { alerts.act(request).await.map(tonic::Response::into_inner) }
    };
    let acknowledge = act(&alert, "a1", Action::Acknowledge(pb::Acknowledge {}));
    let done = perform(acknowledge.clone()).await.unwrap();
    let now = done.alert.unwrap();
    assert_eq!(
        (now.status(), now.revision, done.duplicate),
        (pb::AlertStatus::Acknowledged, alert.revision + 1, false)
    );
    assert_eq!(now.actor.as_deref(), Some("住建局 李四"));
    assert!(perform(acknowledge).await.unwrap().duplicate);
    let dismiss =
        pb::Dismiss { reason: pb::DismissReason::WorkerAgreed.into(), text: "和解书 12 号".into() };
    let done = perform(act(&alert, "a2", Action::Dismiss(dismiss))).await.unwrap();
    assert_eq!(done.alert.unwrap().dismissal.unwrap().text, "和解书 12 号");
    let refused = |request: pb::ActRequest, code: Code, field: &'static str| {
        let perform = &perform;
        async move {
            let status = perform(request).await.unwrap_err();
            assert_eq!(status.code(), code, "{status:?}");
            if !field.is_empty() {
                assert_eq!(status.get_details_bad_request().unwrap().field_violations[0].field, field);
            }
        }
    };
    let note = |text: &str| Action::Note(pb::Note { text: text.into() });
    refused(act(&alert, "a3", note(" ")), Code::InvalidArgument, "note.text").await;
    refused(act(&alert, "", note("x")), Code::InvalidArgument, "act_id").await;
    let reasonless = pb::Dismiss { reason: 0, text: "x".into() };
    refused(act(&alert, "a4", Action::Dismiss(reasonless)), Code::InvalidArgument, "dismiss.reason").await;
    let none = pb::Alert { id: "project-arrears-none".into(), ..pb::Alert::default() };
    refused(act(&none, "a5", note("x")), Code::NotFound, "").await;
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_do_not_count_twice() {
    let house = house().await;
    let stats = house.alerts().stats(pb::StatsRequest::default()).await.unwrap().into_inner();
    let total = stats.total.unwrap();
    assert_eq!((total.open, total.amount_fen, total.workers), (2, 14 * 300_000, 14));
    let of = |counts: &[pb::AlertCount], key: &str| {
        counts.iter().find(|count| count.key == key).map(|count| (count.open, count.amount_fen))
    };
    assert_eq!(of(&stats.by_rule, "wage-unpaid"), Some((14, 14 * 300_000)));
    assert_eq!(of(&stats.by_rule, "project-arrears"), Some((2, 14 * 300_000)));
    assert_eq!(of(&stats.by_department, "housing"), Some((1, 12 * 300_000)));
    assert_eq!(of(&stats.by_department, "hrss"), Some((2, 14 * 300_000)));
    assert_eq!(of(&stats.by_territory, "150621100"), Some((2, 14 * 300_000)));
    assert_eq!(of(&stats.by_level, "red"), Some((1, 12 * 300_000)));
    assert_eq!(stats.business_date.as_deref(), Some("2026-04-20"));
    house.end().await;
}
