//! Boundary days, every reason to keep, and what goes with a project.

use super::*;
use crate::domain::{
    Channel, Complaint, Door, Fen, Funding, Head, Payment, PaymentStatus, Project, Reason, Uscc, WageAccount,
};

const TODAY: &str = "2030-01-01";

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn id(text: &str) -> ProjectId {
    ProjectId::parse("project_id", text).unwrap()
}

fn account(text: &str) -> Account {
    Account::parse("account", text).unwrap()
}

fn stated(name: &str, at: &str, body: Body) -> Entry {
    let at = Time::parse(&format!("{at}T12:00:00+08:00")).unwrap();
    Entry::Record(Record { head: Head { id: name.into(), source: "test".into(), at }, body })
}

fn project(name: &str, at: &str, completed_on: Option<&str>) -> Entry {
    let body = Project {
        project_id: id(name),
        name: name.into(),
        sector: "housing".into(),
        territory: "150621100".into(),
        funding: Funding::Private,
        owner_name: "owner".into(),
        owner_uscc: None,
        contractor_name: "firm".into(),
        contractor_uscc: Uscc::parse("uscc", "91110000600037341L").unwrap(),
        contract_signed_on: day("2024-01-01"),
        contract_fen: Fen(1),
        labour_fee_fen: None,
        started_on: None,
        completed_on: completed_on.map(day),
        pay_day: None,
        pay_month_offset: None,
        labour_officer: None,
        status: ProjectStatus::Active,
    };
    stated(&format!("{name}-{at}"), at, Body::Project(Box::new(body)))
}

fn owner(name: &str, at: &str, number: &str) -> Entry {
    let body = WageAccount {
        project_id: id(name),
        account: account(number),
        bank: "b".into(),
        opened_on: day("2024-01-01"),
        agreement_signed: true,
        closed_on: None,
    };
    stated(&format!("a-{name}-{at}"), at, Body::Account(Box::new(body)))
}

fn payment(at: &str, number: &str, project: Option<&str>) -> Entry {
    let body = Payment {
        bank: "b".into(),
        txn_id: at.into(),
        account: account(number),
        payee_account: account("6222020000000000017"),
        payee_name: None,
        id_number: None,
        project_id: project.map(id),
        period: None,
        amount_fen: Fen(1),
        settled_at: Time::parse("2026-01-01T12:00:00+08:00").unwrap(),
        status: PaymentStatus::Settled,
    };
    stated(&format!("p-{at}"), at, Body::Payment(Box::new(body)))
}

fn complaint(at: &str, closed_on: Option<&str>, project: Option<&str>) -> Entry {
    let body = Complaint {
        complaint_id: "c1".into(),
        channel: Channel::ALL[0],
        filed_on: day("2026-01-01"),
        project_id: project.map(id),
        employer_uscc: None,
        sector: None,
        territory: None,
        workers: None,
        amount_fen: None,
        closed_on: closed_on.map(day),
    };
    stated(&format!("c-{at}"), at, Body::Complaint(Box::new(body)))
}

fn input(raw: &str) -> Entry {
    Entry::Rejected(Box::new(Rejected {
        door: Door::Submit,
        file: "".into(),
        line: 1,
        id: None,
        source: None,
        reason: Reason::missing("at", "a time"),
        raw: raw.as_bytes().into(),
        raw_len: raw.len() as u64,
    }))
}

fn survey(entries: &[Entry]) -> Survey {
    let mut survey = Survey::default();
    entries.iter().for_each(|entry| survey.take(entry));
    survey
}

fn kept(entries: &[Entry], today: &str) -> Option<Kept> {
    survey(entries).judge(day(today), &BTreeMap::new()).remove(&id("P1")).unwrap()
}

#[test]
fn a_project_goes_on_the_day_on_which_three_years_are_over_and_not_before() {
    let done = project("P1", "2026-12-31", Some("2026-10-01"));
    assert_eq!(day("2026-12-31").plus(KEPT_DAYS), day("2029-12-31"));
    assert_eq!(kept(std::slice::from_ref(&done), "2029-12-30"), Some(Kept::Until(day("2029-12-31"))));
    assert_eq!(kept(std::slice::from_ref(&done), "2029-12-31"), None);
    // A completion that lies behind the last statement counts.
    let later = project("P1", "2026-12-31", Some("2027-01-05"));
    assert_eq!(kept(&[later], "2029-12-31"), Some(Kept::Until(day("2030-01-05"))));
    // So does whatever was stated of it last, in any order, by its wage account alone, too.
    for last in
        [payment("2027-03-01", "6222020000000000025", None), owner("P1", "2027-03-01", "6222020000000000025")]
    {
        let of = owner("P1", "2026-01-01", "6222020000000000025");
        for entries in [[last.clone(), done.clone(), of.clone()], [of, done.clone(), last]] {
            assert_eq!(kept(&entries, TODAY), Some(Kept::Until(day("2027-03-01").plus(KEPT_DAYS))));
        }
    }
}

#[test]
fn whatever_is_open_keeps_it() {
    let done = project("P1", "2026-01-01", Some("2026-01-01"));
    assert_eq!(kept(std::slice::from_ref(&done), TODAY), None);
    assert_eq!(kept(&[done.clone(), project("P1", "2026-02-01", None)], TODAY), Some(Kept::NotFinished));
    assert_eq!(
        kept(&[payment("2026-01-01", "1234567890123456", Some("P1"))], TODAY),
        Some(Kept::NoProjectRecord)
    );
    let open = |open| {
        survey(std::slice::from_ref(&done))
            .judge(day(TODAY), &[(id("P1"), open)].into())
            .remove(&id("P1"))
            .unwrap()
    };
    assert_eq!(open(Open { workers_in_arrears: 2, ..Open::default() }), Some(Kept::Arrears { workers: 2 }));
    assert_eq!(open(Open { alerts: 1, ..Open::default() }), Some(Kept::Alerts(1)));
    assert_eq!(open(Open { payments_in_suspense: 1, ..Open::default() }), Some(Kept::Suspense(1)));
    let filed = complaint("2026-01-01", None, Some("P1"));
    assert_eq!(kept(&[done.clone(), filed.clone()], TODAY), Some(Kept::Complaint("c1".into())));
    let closed = complaint("2026-01-02", Some("2026-01-02"), Some("P1"));
    for entries in [[done.clone(), filed.clone(), closed.clone()], [closed, filed, done]] {
        assert_eq!(kept(&entries, TODAY), None);
    }
}

#[test]
fn what_names_it_or_its_accounts_goes_and_nothing_else() {
    let (own, other) = ("6222020000000000025", "6222020000000000033");
    let theirs = [
        project("P1", "2026-01-01", Some("2026-01-01")),
        owner("P1", "2026-02-01", own),
        // It was another's before.
        owner("P2", "2026-01-01", own),
        payment("2026-01-03", own, None),
        payment("2026-01-04", other, Some("P1")),
        complaint("2026-01-01", None, None),
        complaint("2026-01-02", Some("2026-01-02"), Some("P1")),
        input("{\"project_id\":\"P1\",\"at\":\"nonsense\"}"),
    ];
    let kept = [
        project("P11", "2026-01-01", None),
        project("P2", "2026-01-01", None),
        owner("P2", "2026-01-01", other),
        payment("2026-01-05", other, None),
        payment("2026-01-06", own, Some("P2")),
        input("{\"project_id\":\"P11\",\"id\":\"x.P1\"}"),
        Entry::Date(day(TODAY)),
    ];
    let all: Vec<Entry> = theirs.iter().chain(&kept).cloned().collect();
    let erasure = survey(&all).erasure([id("P1")].into());
    for entry in &theirs {
        assert!(erasure.takes(entry), "{entry:?}");
    }
    for entry in &kept {
        assert!(!erasure.takes(entry), "{entry:?}");
    }
}
