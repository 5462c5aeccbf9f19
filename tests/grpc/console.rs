//! What the console asks for beside the rest: money by month, workers, what falls due, changes alone.

use crate::house::{House, passport, payment};
use tonic::Code;
use wagewatch::proto::SubscribeEvent;
use wagewatch::proto::v1 as pb;

fn account(project: &str) -> pb::Record {
    let body = pb::Account {
        project_id: project.into(),
        account: "05370101040012345".into(),
        bank: "ABC".into(),
        opened_on: "2026-03-01".into(),
        agreement_signed: Some(true),
        closed_on: None,
    };
    record("account", pb::record::Body::Account(Box::new(body)))
}

fn labour_fee(amount_fen: i64) -> pb::Record {
    booking("fee", pb::EntryDirection::In, pb::EntryKind::LabourFee, amount_fen, "2026-03-20")
}

fn booking(
    entry_id: &str,
    direction: pb::EntryDirection,
    kind: pb::EntryKind,
    amount_fen: i64,
    on: &str,
) -> pb::Record {
    let body = pb::AccountEntry {
        account: "05370101040012345".into(),
        entry_id: entry_id.into(),
        direction: direction.into(),
        kind: kind.into(),
        amount_fen: Some(amount_fen),
        booked_at: format!("{on}T10:00:00+08:00"),
        ..pb::AccountEntry::default()
    };
    record(entry_id, pb::record::Body::AccountEntry(Box::new(body)))
}

fn record(id: &str, body: pb::record::Body) -> pb::Record {
    pb::Record {
        id: id.into(),
        source: "test".into(),
        at: "2026-03-31T08:00:00+08:00".into(),
        body: Some(body),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn funds_are_told_by_month_and_counted_once() {
    let house = House::start().await;
    house.unpaid_project("P1", "building", 2).await;
    // The bank tells of the payment twice: as a payment, and as a booking of its number.
    let out = pb::EntryDirection::Out;
    let same = booking("t1", out, pb::EntryKind::Other, 120_000, "2026-04-18");
    let fee = booking("charge", out, pb::EntryKind::Fee, 100, "2026-04-19");
    let paid = payment("P1", 1, "t1", 120_000);
    house.submit(vec![account("P1"), labour_fee(500_000), paid, same, fee]).await;
    house.set_date("2026-04-20").await;
    let request = pb::GetProjectFundsRequest { project_id: "P1".into() };
    let funds = house.ledgers().get_project_funds(request).await.unwrap().into_inner();
    let told: Vec<_> = (funds.months.iter())
        .map(|m| (m.month.as_str(), m.labour_fee_in_fen, m.wages_out_fen, m.accrued_fen, m.arrears_fen))
        .collect();
    assert_eq!(told, [("2026-03", 500_000, 0, 600_000, 480_000), ("2026-04", 0, 120_000, 0, 0)]);
    assert_eq!(funds.months[1].other_out_fen, 100);
    assert_eq!((funds.balance_fen, funds.accounts[0].account.as_str()), (Some(379_900), "053701*******2345"));
    assert_eq!((funds.months[0].workers, funds.months[0].days.as_str()), (2, "20.0"));
    let request = pb::GetProjectFundsRequest { project_id: "P9".into() };
    assert_eq!(house.ledgers().get_project_funds(request).await.unwrap_err().code(), Code::NotFound);
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_come_largest_arrears_first_and_masked() {
    let house = House::start().await;
    house.unpaid_project("P1", "building", 3).await;
    house.submit(vec![payment("P1", 1, "t1", 120_000)]).await;
    house.set_date("2026-04-20").await;
    let mut request = pb::ListWorkersRequest { project_id: "P1".into(), page_size: 2, ..Default::default() };
    let first = house.ledgers().list_workers(request.clone()).await.unwrap().into_inner();
    request.page_token = first.next_page_token;
    let second = house.ledgers().list_workers(request).await.unwrap().into_inner();
    let all: Vec<_> = first.workers.iter().chain(&second.workers).collect();
    let told: Vec<_> =
        all.iter().map(|w| (w.worker, w.arrears_fen, w.overdue_fen, w.name.as_str())).collect();
    assert_eq!(
        told,
        [(0, 300_000, 300_000, "张*"), (2, 300_000, 300_000, "张*"), (1, 180_000, 180_000, "张*")]
    );
    assert_eq!((first.total, second.next_page_token.as_str()), (3, ""));
    assert!(all.iter().all(|w| w.id_number.contains('*')));

    // The same worker by his place, by his number, and by an alert about him.
    let ask = async |request| house.ledgers().get_worker_ledger(request).await;
    let by_place =
        pb::GetWorkerLedgerRequest { project_id: "P1".into(), worker: Some(1), ..Default::default() };
    let ledger = ask(by_place.clone()).await.unwrap().into_inner().worker.unwrap();
    assert!(ledger.id_number.contains('*') && ledger.name == "张*" && ledger.arrears_fen == 180_000);
    let days: Vec<_> = ledger.worked.iter().map(|day| (day.date.as_str(), day.days.as_str())).collect();
    assert_eq!((days.len(), days[0], ledger.worked[0].stated), (10, ("2026-03-02", "1.0"), true));
    assert_eq!((ledger.payments.len(), ledger.payments[0].counts), (1, true));
    let lines = &ledger.periods[0].arithmetic;
    assert!(lines.iter().any(|line| line.zh.contains("日薪 300.00 元 × 10 天")), "{lines:?}");
    let filter = pb::AlertFilter { include_rolled_up: true, ..Default::default() };
    let request = pb::ListRequest { filter: Some(filter), ..Default::default() };
    let alerts = house.alerts().list(request).await.unwrap().into_inner().alerts;
    let wage = alerts.iter().find(|alert| alert.rule() == pb::Rule::WageUnderpaid).unwrap();
    let by_alert = pb::GetWorkerLedgerRequest { alert_id: wage.id.clone(), ..Default::default() };
    assert_eq!(ask(by_alert).await.unwrap().into_inner().worker.unwrap(), ledger);
    let nobody = pb::GetWorkerLedgerRequest { worker: Some(3), ..by_place };
    assert_eq!(ask(nobody).await.unwrap_err().code(), Code::NotFound);
    let by_number = pb::GetWorkerLedgerRequest {
        project_id: "P1".into(),
        id_number: passport(1),
        id_type: Some("08".into()),
        ..Default::default()
    };
    let named = ask(by_number).await.unwrap().into_inner().worker.unwrap();
    assert_eq!((named.id_number, named.name.as_str()), (passport(1), "张*"));
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_falls_due_in_ten_days_is_held_against_the_balance() {
    let house = House::start().await;
    house.unpaid_project("P1", "building", 2).await;
    house.unpaid_project("P2", "road", 1).await;
    house.submit(vec![account("P1"), labour_fee(500_000)]).await;
    let due = async |days, sectors: &[&str]| {
        let sectors = sectors.iter().map(|one| (*one).to_owned()).collect();
        let request = pb::ListDueRequest { within_days: days, sectors, ..Default::default() };
        house.ledgers().list_due(request).await.unwrap().into_inner().months
    };
    // March is due on 15 April: eleven days ahead it is not told, ten days ahead it is.
    house.set_date("2026-04-04").await;
    assert!(due(0, &[]).await.is_empty());
    assert_eq!(due(11, &[]).await.len(), 2);
    house.set_date("2026-04-05").await;
    let told: Vec<_> = (due(0, &[]).await.iter())
        .map(|m| (m.project_id.clone(), m.due_on.clone(), m.needed_fen, m.balance_fen, m.short_fen))
        .collect();
    let day = || "2026-04-15".to_owned();
    let want = [
        ("P2".to_owned(), day(), 300_000, None, 300_000),
        ("P1".to_owned(), day(), 600_000, Some(500_000), 100_000),
    ];
    assert_eq!(told, want);
    assert_eq!(due(0, &["road"]).await.len(), 1);
    house.submit(vec![payment("P1", 1, "t1", 300_000)]).await;
    let paid = due(0, &["building"]).await;
    // What was paid left the account, too.
    assert_eq!(
        (paid[0].needed_fen, paid[0].balance_fen, paid[0].short_fen),
        (300_000, Some(200_000), 100_000)
    );
    house.set_date("2026-04-16").await;
    assert!(due(0, &[]).await.is_empty());
    let request = pb::ListDueRequest { within_days: 32, ..Default::default() };
    assert_eq!(house.ledgers().list_due(request).await.unwrap_err().code(), Code::InvalidArgument);
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_told_by_sector_and_by_month_with_names() {
    let house = House::start().await;
    house.unpaid_project("P1", "building", 2).await;
    house.set_date("2026-04-20").await;
    let stats = house.alerts().stats(pb::StatsRequest::default()).await.unwrap().into_inner();
    let sector = &stats.by_sector[0];
    assert_eq!((sector.key.as_str(), sector.name.as_str(), sector.open), ("building", "housing", 1));
    let territory = &stats.by_territory[0];
    assert_eq!((territory.key.as_str(), territory.name.as_str()), ("150621100", "树林召镇"));
    let months: Vec<_> = stats.figures_by_month.iter().map(|one| (one.key.as_str(), one.opened)).collect();
    assert_eq!(months, [("2026-04", 1)]);
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_may_begin_with_changes_alone() {
    let house = House::start().await;
    house.unpaid_project("P1", "building", 2).await;
    house.set_date("2026-04-20").await;
    while house.engine.feed().heads().iter().sum::<u64>() < 3 {
        tokio::task::yield_now().await;
    }
    let request = |cursor: String| pb::SubscribeRequest { cursor, filter: None, changes_only: true };
    let mut stream = house.alerts().subscribe(request(String::new())).await.unwrap().into_inner();
    let mut cursor = String::new();
    let mut next = async || loop {
        let message = stream.message().await.unwrap().unwrap();
        cursor = message.cursor;
        match message.event.unwrap() {
            SubscribeEvent::Alerts(batch) => return batch.events,
            SubscribeEvent::SnapshotComplete(_) | SubscribeEvent::Heartbeat(_) => {}
            other => panic!("{other:?}"),
        }
    };
    house.submit(vec![payment("P1", 0, "t1", 300_000)]).await;
    let events = next().await;
    assert_eq!((events.len(), events[0].change()), (1, pb::Change::Changed));
    // He comes back with his cursor, and misses nothing.
    let cursor = cursor.clone();
    drop(stream);
    house.submit(vec![payment("P1", 1, "t2", 300_000)]).await;
    let mut stream = house.alerts().subscribe(request(cursor)).await.unwrap().into_inner();
    let message = stream.message().await.unwrap().unwrap();
    let Some(SubscribeEvent::Alerts(batch)) = message.event else { panic!("{message:?}") };
    assert_eq!(batch.events[0].change(), pb::Change::Resolved);
    drop(stream);
    house.end().await;
}
