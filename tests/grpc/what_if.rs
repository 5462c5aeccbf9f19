//! What would change if a payment were made: told from a copy, and nothing changes.

use crate::house::{House, passport};
use tonic::Code;
use tonic_types::StatusExt;
use wagewatch::proto::v1::{self as pb, Rule, WhatIfEffect};

/// Three workers who are owed 3,000 yuan each for March.
async fn house() -> (House, Vec<pb::Alert>) {
    let house = House::start().await;
    house.unpaid_project("P1", "building", 3).await;
    house.set_date("2026-04-20").await;
    while house.engine.feed().heads().iter().sum::<u64>() < 4 {
        tokio::task::yield_now().await;
    }
    let alerts = all(&house).await;
    (house, alerts)
}

async fn all(house: &House) -> Vec<pb::Alert> {
    let filter = Some(pb::AlertFilter { include_rolled_up: true, ..pb::AlertFilter::default() });
    let request = pb::ListRequest { filter, ..pb::ListRequest::default() };
    house.alerts().list(request).await.unwrap().into_inner().alerts
}

fn id(alerts: &[pb::Alert], rule: Rule) -> String {
    alerts.iter().find(|alert| alert.rule() == rule).unwrap().id.clone()
}

async fn ask(
    house: &House,
    alert_id: &str,
    payment: pb::HypotheticalPayment,
) -> Result<pb::WhatIfResponse, tonic::Status> {
    let request = pb::WhatIfRequest { alert_id: alert_id.into(), payment: Some(payment) };
    Ok(house.alerts().what_if(request).await?.into_inner())
}

fn pay(amount_fen: i64) -> pb::HypotheticalPayment {
    pb::HypotheticalPayment { amount_fen, ..pb::HypotheticalPayment::default() }
}

type Told = (Rule, WhatIfEffect, Option<(pb::Level, i64, u32)>, Option<(pb::Level, i64, u32)>);

fn told(answer: &pb::WhatIfResponse) -> Vec<Told> {
    let state = |s: &pb::WhatIfState| (s.level(), s.amount_fen, s.workers);
    let mut all: Vec<Told> = (answer.changes.iter())
        .map(|c| (c.rule(), c.effect(), c.before.as_ref().map(state), c.after.as_ref().map(state)))
        .collect();
    all.sort_by_key(|one| one.0 as i32);
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_goes_and_nothing_changes() {
    use WhatIfEffect::{Changes, Comes, Goes};
    use pb::Level::Yellow;
    let (house, before) = house().await;
    let head = house.engine.status().log_head;
    let wage = id(&before, Rule::WageUnpaid);
    let project = (Rule::ProjectArrears, Changes, Some((Yellow, 900_000, 3)), Some((Yellow, 600_000, 2)));
    // All of it: the alert goes, the project owes less to fewer.
    let answer = ask(&house, &wage, pay(300_000)).await.unwrap();
    assert_eq!(answer.as_of, "2026-04-20");
    assert_eq!(told(&answer), [(Rule::WageUnpaid, Goes, Some((Yellow, 300_000, 1)), None), project]);
    let gone = answer.changes.iter().find(|c| c.rule() == Rule::WageUnpaid).unwrap();
    assert_eq!(gone.alert_id, wage);
    assert!(gone.subject.as_ref().unwrap().id_number().contains('*'), "masked");
    // A part of it: unpaid becomes underpaid.
    let part = ask(&house, &wage, pay(100_000)).await.unwrap();
    let rest = (Rule::ProjectArrears, Changes, Some((Yellow, 900_000, 3)), Some((Yellow, 800_000, 3)));
    assert_eq!(
        told(&part),
        [
            (Rule::WageUnpaid, Goes, Some((Yellow, 300_000, 1)), None),
            (Rule::WageUnderpaid, Comes, None, Some((Yellow, 200_000, 1))),
            rest
        ]
    );
    // For another month, or nothing that was owed: no alert is another.
    let april = pb::HypotheticalPayment { period: Some("2026-04".into()), ..pay(1) };
    assert_eq!(told(&ask(&house, &wage, april).await.unwrap()).len(), 3, "it flows on to what is open");
    // On a later day both sides are of that day.
    let later = pb::HypotheticalPayment { paid_on: Some("2026-05-16".into()), ..pay(300_000) };
    let answer = ask(&house, &wage, later).await.unwrap();
    assert_eq!(answer.as_of, "2026-05-16");
    assert!(told(&answer).iter().all(|one| one.2.is_some_and(|before| before.0 == pb::Level::Orange)));
    // From the project's alert the worker must be named.
    let named =
        pb::HypotheticalPayment { id_number: Some(passport(2)), id_type: Some("08".into()), ..pay(300_000) };
    let answer = ask(&house, &id(&before, Rule::ProjectArrears), named).await.unwrap();
    assert_eq!(told(&answer).len(), 2);
    assert_eq!(all(&house).await, before, "nothing changed");
    assert_eq!(house.engine.status().log_head, head, "and nothing was kept");
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_told() {
    let (house, alerts) = house().await;
    let wage = id(&alerts, Rule::WageUnpaid);
    let project = id(&alerts, Rule::ProjectArrears);
    let field = |status: tonic::Status| {
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        status.get_details_bad_request().unwrap().field_violations[0].field.clone()
    };
    for (alert, payment, wrong) in [
        (&wage, pay(0), "payment.amount_fen"),
        (&wage, pay(i64::MAX), "payment.amount_fen"),
        (&project, pay(1), "payment.id_number"),
        (&wage, pb::HypotheticalPayment { id_number: Some("1".into()), ..pay(1) }, "payment.id_number"),
        (&wage, pb::HypotheticalPayment { period: Some("2026-13".into()), ..pay(1) }, "payment.period"),
        (&wage, pb::HypotheticalPayment { paid_on: Some("2026-02-30".into()), ..pay(1) }, "payment.paid_on"),
        (&wage, pb::HypotheticalPayment { paid_on: Some("2046-02-01".into()), ..pay(1) }, "payment.paid_on"),
    ] {
        assert_eq!(field(ask(&house, alert, payment).await.unwrap_err()), wrong);
    }
    let stranger =
        pb::HypotheticalPayment { id_number: Some(passport(77)), id_type: Some("08".into()), ..pay(1) };
    assert_eq!(ask(&house, &wage, stranger).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(ask(&house, "wage-unpaid-none", pay(1)).await.unwrap_err().code(), Code::NotFound);
    house.end().await;
}
