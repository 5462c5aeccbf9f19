//! Figures that hang on a silent feed say so: what looks paid may only be unheard of.

use crate::house::{House, Plan, passport, payment, work_day};
use wagewatch::domain::Rule;
use wagewatch::proto::v1::{self as pb, DoubtKind};

/// One worker, paid in full; his turnstile spoke last on 31 March.
async fn house() -> House {
    let house = House::build(Plan { also: vec![Rule::FeedSilent], ..Plan::default() }).await;
    house.unpaid_project("P1", "building", 1).await;
    house.submit(vec![payment("P1", 0, "t1", 300_000)]).await;
    house
}

async fn projects(house: &House) -> Vec<pb::Doubt> {
    let page = house.ledgers().list_projects(pb::ListProjectsRequest::default()).await.unwrap();
    page.into_inner().projects.into_iter().flat_map(|project| project.doubts).collect()
}

async fn worker(house: &House) -> pb::WorkerLedger {
    let request = pb::GetWorkerLedgerRequest {
        project_id: "P1".into(),
        id_number: passport(0),
        id_type: Some("08".into()),
        ..pb::GetWorkerLedgerRequest::default()
    };
    house.ledgers().get_worker_ledger(request).await.unwrap().into_inner().worker.unwrap()
}

async fn stats(house: &House) -> pb::StatsResponse {
    house.alerts().stats(pb::StatsRequest::default()).await.unwrap().into_inner()
}

fn told(doubts: &[pb::Doubt]) -> Vec<(DoubtKind, &str, &str)> {
    doubts.iter().map(|one| (one.kind(), one.source.as_str(), one.since.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_looks_paid_while_its_turnstile_is_silent_is_in_doubt() {
    let house = house().await;
    house.set_date("2026-04-02").await;
    assert_eq!(told(&projects(&house).await), []);
    assert_eq!(stats(&house).await.total.unwrap().projects_in_doubt, 0);

    house.set_date("2026-04-20").await;
    let want = [(DoubtKind::Attendance, "test", "2026-03-31")];
    assert_eq!(told(&projects(&house).await), want);
    let ledger = worker(&house).await;
    assert_eq!(ledger.periods[0].status(), pb::PeriodStatus::Paid, "no figure is another");
    assert_eq!(told(&ledger.doubts), want);
    assert!(ledger.doubts[0].text.as_ref().unwrap().zh.contains("存疑"));
    let project = house.ledgers().get_project(pb::GetProjectRequest { project_id: "P1".into() }).await;
    assert_eq!(told(&project.unwrap().into_inner().summary.unwrap().doubts), want);
    let stats_now = stats(&house).await;
    assert_eq!(stats_now.total.unwrap().projects_in_doubt, 1);
    let of = |counts: &[pb::AlertCount], key: &str| {
        counts.iter().find(|count| count.key == key).map(|count| count.projects_in_doubt)
    };
    assert_eq!(of(&stats_now.by_department, "housing"), Some(1), "though nothing stands there");
    assert_eq!(of(&stats_now.by_territory, "150621100"), Some(1));
    assert_eq!(of(&stats_now.by_department, "transport"), None);

    // An alert of the project says so as well.
    let mut stranger = work_day("P1", 7, "2026-03-20");
    stranger.at = "2026-03-30T08:00:00+08:00".into();
    house.submit(vec![stranger]).await;
    let listed = house.alerts().list(pb::ListRequest::default()).await.unwrap().into_inner().alerts;
    let unregistered = listed.iter().find(|alert| alert.rule() == pb::Rule::UnregisteredWorker).unwrap();
    assert_eq!(told(&unregistered.doubts), want);

    // It speaks again.
    let mut heard = work_day("P1", 0, "2026-04-19");
    heard.at = "2026-04-20T08:00:00+08:00".into();
    house.submit(vec![heard]).await;
    for _ in 0..1000 {
        if projects(&house).await.is_empty() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(told(&projects(&house).await), []);
    assert_eq!(told(&worker(&house).await.doubts), []);
    house.end().await;
}
