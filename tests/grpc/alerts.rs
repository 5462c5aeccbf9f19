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
async fn casework_is_told_and_remembered() {
    let house = house().await;
    let alert = project_alert(&house, "P2").await;
    let perform = |n: &str, action: Action| {
        let (mut alerts, request) = (house.alerts(), act(&alert, n, action));
        async move { alerts.act(request).await.map(|done| done.into_inner().alert.unwrap()) }
    };
    perform("a1", Action::Handle(pb::Handle { text: "到现场".into() })).await.unwrap();
    let ask = |until: &str| {
        Action::AskJustification(pb::AskJustification { until: until.into(), text: String::new() })
    };
    assert_eq!(perform("a2", ask("2026-04-19")).await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(perform("a2", ask("soon")).await.unwrap_err().code(), Code::InvalidArgument);
    perform("a2", ask("2026-04-24")).await.unwrap();
    let said = pb::RecordJustification { text: "已付现金".into() };
    perform("a3", Action::RecordJustification(said)).await.unwrap();
    let word = pb::RecordWorkerWord { word: pb::WorkerWord::Rejects.into(), text: String::new() };
    perform("a4", Action::RecordWorkerWord(word)).await.unwrap();
    let advance = |amount_fen| Action::RecordAdvance(pb::RecordAdvance { amount_fen, text: String::new() });
    assert_eq!(perform("a5", advance(0)).await.unwrap_err().code(), Code::InvalidArgument);
    perform("a5", advance(200_000)).await.unwrap();
    let over = pb::HandOver { to: pb::Authority::Police.into(), text: String::new() };
    let now = perform("a6", Action::HandOver(over)).await.unwrap();
    assert_eq!((now.status(), now.worker_word()), (pb::AlertStatus::Handling, pb::WorkerWord::Rejects));
    assert_eq!((now.amount_fen, now.advanced_fen), (alert.amount_fen, 200_000));
    assert_eq!(now.justification.unwrap().until.as_deref(), Some("2026-04-24"));
    let exempt = pb::Exempt {
        kind: pb::ExemptionKind::InProceedings.into(),
        until: "2026-05-20".into(),
        text: "案号 9".into(),
    };
    let now = perform("a7", Action::Exempt(exempt)).await.unwrap();
    assert_eq!(now.status(), pb::AlertStatus::Exempted);
    let stats = house.alerts().stats(pb::StatsRequest::default()).await.unwrap().into_inner();
    let total = stats.total.unwrap();
    assert_eq!((total.open, total.exempted, total.workers), (1, 1, 12));
    let whole = house.alerts().get(pb::GetRequest { id: alert.id.clone() }).await.unwrap().into_inner();
    let steps: Vec<_> = whole.history.iter().map(|step| (step.change(), step.actor.is_some())).collect();
    assert_eq!(steps.first(), Some(&(pb::Change::Raised, false)));
    assert_eq!(steps.last(), Some(&(pb::Change::Exempted, true)));
    assert_eq!(steps.iter().filter(|(_, by)| *by).count(), 7);
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_alerts_is_counted_and_red_firms_are_listed() {
    let house = house().await;
    let alert = project_alert(&house, "P2").await;
    house.alerts().act(act(&alert, "a1", Action::Acknowledge(pb::Acknowledge {}))).await.unwrap();
    house.submit(vec![payment("P2", 0, "t0", 300_000), payment("P2", 1, "t1", 300_000)]).await;
    let request = pb::StatsRequest {
        from_month: Some("2026-04".into()),
        to_month: Some("2026-04".into()),
        publication_quarter: Some("2026Q2".into()),
        ..pb::StatsRequest::default()
    };
    let stats = house.alerts().stats(request.clone()).await.unwrap().into_inner();
    let total = stats.figures.unwrap();
    assert_eq!((total.opened, total.acknowledged_in_time, total.settled_in_time), (2, 1, 1));
    assert_eq!((total.arrears_found_fen, total.arrears_cleared_fen), (14 * 300_000, 2 * 300_000));
    assert_eq!((total.confirmed, total.precision), (1, Some(10_000)));
    let housing = stats.figures_by_department.iter().find(|one| one.key == "housing").unwrap();
    assert_eq!((housing.opened, housing.settled_in_time), (1, 0));
    assert_eq!(stats.publication.len(), 1);
    let red = &stats.publication[0];
    assert_eq!((red.project_id.as_str(), red.amount_fen), ("P1", 12 * 300_000));
    assert_eq!((red.red_since.as_str(), red.red_until.as_ref()), ("2026-04-20", None));
    let before = pb::StatsRequest { to_month: Some("2026-03".into()), ..pb::StatsRequest::default() };
    let stats = house.alerts().stats(before).await.unwrap().into_inner();
    assert_eq!((stats.figures.unwrap().opened, stats.publication.len()), (0, 0));
    let wrong = pb::StatsRequest { publication_quarter: Some("2026Q5".into()), ..request.clone() };
    assert_eq!(house.alerts().stats(wrong).await.unwrap_err().code(), Code::InvalidArgument);
    let backwards = pb::StatsRequest { to_month: Some("2026-03".into()), ..request };
    assert_eq!(house.alerts().stats(backwards).await.unwrap_err().code(), Code::InvalidArgument);
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
