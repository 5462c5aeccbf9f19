//! What the ledger says of a worker and a project, and what waits.

use crate::house::{House, passport, payment};
use tonic::Code;
use wagewatch::proto::v1 as pb;

fn worker(project: &str, id_number: &str) -> pb::GetWorkerLedgerRequest {
    pb::GetWorkerLedgerRequest {
        project_id: project.into(),
        id_number: id_number.into(),
        id_type: Some("08".into()),
        ..pb::GetWorkerLedgerRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workers_months_are_told_to_the_fen() {
    let house = House::start().await;
    house.unpaid_project("P1", "building", 2).await;
    house.submit(vec![payment("P1", 1, "t1", 120_000)]).await;
    house.set_date("2026-04-20").await;
    let answer = house.ledgers().get_worker_ledger(worker("P1", &passport(1))).await.unwrap().into_inner();
    let ledger = answer.worker.unwrap();
    assert_eq!((ledger.id_number.as_str(), ledger.name.as_str()), (passport(1).as_str(), "张*"));
    assert_eq!((ledger.days.as_str(), ledger.arrears_fen, ledger.enrolled), ("10.0", 180_000, true));
    let month = &ledger.periods[0];
    assert_eq!(
        (month.period.as_str(), month.status(), month.overdue_days),
        ("2026-03", pb::PeriodStatus::Overdue, 5)
    );
    let wage = month.wage.clone().unwrap();
    assert_eq!((wage.expected_fen, wage.filled_fen, wage.arrears_fen), (300_000, 120_000, 180_000));
    for (request, code) in [
        (worker("P1", &passport(7)), Code::NotFound),
        (worker("P9", &passport(1)), Code::NotFound),
        (worker("P 9", &passport(1)), Code::InvalidArgument),
        (worker("P1", "?"), Code::InvalidArgument),
    ] {
        let status = house.ledgers().get_worker_ledger(request).await.unwrap_err();
        assert_eq!(status.code(), code, "{status:?}");
        assert!(!status.message().contains('?'));
    }
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn projects_are_listed_page_by_page_and_told_one_by_one() {
    let house = House::start().await;
    for (project, sector) in [("P3", "road"), ("P1", "building"), ("P2", "building")] {
        house.unpaid_project(project, sector, 1).await;
    }
    house.set_date("2026-04-20").await;
    let mut request = pb::ListProjectsRequest { page_size: 2, overdue_only: true, ..Default::default() };
    let first = house.ledgers().list_projects(request.clone()).await.unwrap().into_inner();
    request.page_token = first.next_page_token;
    let second = house.ledgers().list_projects(request.clone()).await.unwrap().into_inner();
    let ids: Vec<_> = first.projects.iter().chain(&second.projects).map(|p| p.project_id.as_str()).collect();
    assert_eq!((ids.as_slice(), second.next_page_token.as_str()), (["P1", "P2", "P3"].as_slice(), ""));
    let request = pb::ListProjectsRequest { sectors: vec!["road".into()], ..Default::default() };
    let roads = house.ledgers().list_projects(request).await.unwrap().into_inner().projects;
    assert_eq!((roads.len(), roads[0].overdue_fen, roads[0].overdue_workers), (1, 300_000, 1));
    let one = house.ledgers().get_project(pb::GetProjectRequest { project_id: "P2".into() }).await;
    let one = one.unwrap().into_inner();
    assert_eq!(one.project.unwrap().contractor_uscc, "91150621MA0NTET009");
    assert_eq!((one.summary.unwrap().workers, one.alerts.len()), (1, 1));
    let status = house.ledgers().get_project(pb::GetProjectRequest { project_id: "P9".into() }).await;
    assert_eq!(status.unwrap_err().code(), Code::NotFound);
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_placed_is_listed_with_its_reason() {
    let house = House::start().await;
    let homeless = |txn: &str| {
        let mut record = payment("P1", 1, txn, 100);
        if let Some(pb::record::Body::Payment(payment)) = &mut record.body {
            (payment.project_id, payment.id_number, payment.id_type) = (None, None, None);
        }
        record
    };
    house.submit(vec![homeless("t2"), homeless("t1")]).await;
    let request = |page_size| pb::ListSuspenseRequest { page_size, ..Default::default() };
    let waiting = house.ledgers().list_suspense(request(1)).await.unwrap().into_inner();
    assert!(waiting.truncated);
    assert_eq!(
        (waiting.payments[0].txn_id.as_str(), waiting.payments[0].reason()),
        ("t1", pb::SuspenseReason::NoProject)
    );
    assert_eq!(waiting.payments[0].account, "053701*******2345");
    let waiting = house.ledgers().list_suspense(request(0)).await.unwrap().into_inner();
    assert!(!waiting.truncated && waiting.payments.len() == 2);
    house.end().await;
}
