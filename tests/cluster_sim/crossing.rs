//! What crosses on its way between partitions: a payment and a date, attendance and a date. Nothing is raised
//! that one machine would not have raised, however late any owner is.

use super::topics::Planted;
use super::world::World;
use std::collections::BTreeSet;
use wagewatch::domain::*;

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn record(id: String, source: &str, on: Day, body: Body) -> Entry {
    let at = Time::parse(&format!("{on}T18:00:00+08:00")).unwrap();
    Entry::Record(Record { head: Head { id: id.into(), source: source.into(), at }, body })
}

fn project_id(n: usize) -> ProjectId {
    ProjectId::parse("project_id", &format!("P{n}")).unwrap()
}

fn worker(n: usize) -> IdNumber {
    IdNumber::from_kept(&format!("Passport{n}"))
}

fn account(n: usize) -> Account {
    Account::parse("account", &format!("05370104000000{n:02}")).unwrap()
}

const PROJECTS: usize = 6;

/// A worker of each project, and its wage account.
fn papers() -> Vec<Entry> {
    let first = day("2026-02-28");
    let of = |n: usize| {
        let enrolment = Body::Enrolment(Box::new(Enrolment {
            project_id: project_id(n),
            id_number: worker(n),
            id_type: Some("02".into()),
            name: "Wang".into(),
            employer_name: "Firm".into(),
            employer_uscc: Some(Uscc::parse("u", "91110000600037341L").unwrap()),
            team: None,
            basis: Basis::Daily,
            rate_fen: Fen(30_000),
            effective_on: day("2026-03-01"),
            contract_signed_on: Some(day("2026-03-01")),
            left_on: None,
            account: None,
            pay_day: None,
            pay_month_offset: None,
        }));
        let wage_account = Body::Account(Box::new(WageAccount {
            project_id: project_id(n),
            account: account(n),
            bank: "bank".into(),
            opened_on: day("2026-03-01"),
            agreement_signed: true,
            closed_on: None,
        }));
        [
            record(format!("e{n}"), "site", first, enrolment),
            record(format!("a{n}"), "bank", first, wage_account),
        ]
    };
    (0..PROJECTS).flat_map(of).collect()
}

fn attendance(on: Day) -> Vec<Entry> {
    let of = |n: usize| {
        let body = Body::WorkDay(WorkDay {
            project_id: project_id(n),
            id_number: worker(n),
            work_date: on,
            days: Days(100),
            minutes: None,
        });
        record(format!("w{n}-{on}"), "gates", on, body)
    };
    (0..PROJECTS).map(of).collect()
}

/// All that was earned in March, each worker's from his project's account, which alone says whose it is.
fn payments(on: Day) -> Vec<Entry> {
    let of = |n: usize| {
        let body = Body::Payment(Box::new(Payment {
            bank: "bank".into(),
            txn_id: format!("t{n}").into(),
            account: account(n),
            payee_account: Account::parse("account", "6217000000000001").unwrap(),
            payee_name: None,
            id_number: Some(worker(n)),
            project_id: None,
            period: Some(Period::parse("2026-03").unwrap()),
            amount_fen: Fen(31 * 30_000),
            settled_at: Time::parse(&format!("{on}T10:00:00+08:00")).unwrap(),
            status: PaymentStatus::Settled,
        }));
        record(format!("p{n}"), "bank", on, body)
    };
    (0..PROJECTS).map(of).collect()
}

/// The rules whose alerts were ever told of where the wages were sent on that day. March is due on 15 April.
fn raised(seed: u64, paid_on: &str) -> BTreeSet<Rule> {
    println!("crossing {seed}");
    let mut world = World::empty(seed, Rulebook::default(), Planted::Nothing);
    world.send(&papers());
    for n in 0..=50 {
        let today = day("2026-03-01").plus(n);
        world.send(&attendance(today));
        if today == day(paid_on) {
            world.send(&payments(today));
        }
        world.send(&[Entry::Date(today.plus(1))]);
    }
    world.told().iter().map(|row| row.alert.finding.rule).collect()
}

#[test]
fn what_was_sent_before_a_date_is_there_before_it_everywhere() {
    for seed in 0..25 {
        let raised = raised(seed, "2026-04-15");
        let wrong = [Rule::WageUnpaid, Rule::WageUnderpaid, Rule::ProjectArrears, Rule::FeedSilent];
        assert!(wrong.iter().all(|rule| !raised.contains(rule)), "seed {seed}: {raised:?}");
    }
    // It would be seen: this day does not come.
    assert!(raised(0, "2026-12-31").contains(&Rule::WageUnpaid));
}
