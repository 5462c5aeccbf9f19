//! Views for the tests of rules: plain ones, to be bent by each test.

use super::Judgement;
use crate::domain::{
    Account, Basis, Day, Days, Fen, Funding, IdNumber, PapersView, PatternView, PaymentLine, Period,
    PeriodView, Project, ProjectId, ProjectStatus, ProjectView, Rulebook, Sum, TermsView, Time, Uscc,
    WorkerView,
};
use std::sync::LazyLock;

static BOOK: LazyLock<Rulebook> = LazyLock::new(Rulebook::default);

/// A judgement of that day by the default numbers.
pub(crate) fn judgement(today: &str) -> Judgement<'static> {
    Judgement::new(day(today), &BOOK, Some("building"))
}

pub(crate) fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

pub(crate) fn person() -> IdNumber {
    IdNumber::from_kept("152722199001010019")
}

/// A month with that much expected and paid (fen), due on the 15th of the next.
pub(crate) fn period(month: &str, expected: Sum, paid: Sum) -> PeriodView {
    let period = Period::parse(month).unwrap();
    let due_on = period.plus(1).day_or_last(15);
    PeriodView {
        period,
        employer_uscc: None,
        days: Days(2000),
        minutes: 0,
        last_worked_on: Some(period.day_or_last(28)),
        pattern: PatternView::default(),
        accrued: expected,
        accrual: Vec::new(),
        signed: None,
        payable: None,
        expected,
        labelled: paid,
        direct: paid,
        filled: 0,
        paid,
        arrears: expected - paid,
        due_nominal: due_on,
        due_on,
    }
}

/// An enrolled worker with these months.
pub(crate) fn worker(periods: Vec<PeriodView>) -> WorkerView {
    WorkerView {
        project_id: ProjectId::parse("project_id", "P1").unwrap(),
        id_number: person(),
        enrolled: true,
        terms: Vec::new(),
        days: Days(periods.iter().map(|period| period.days.0).sum()),
        first_worked_on: periods.first().map(|period| period.period.first_day()),
        last_worked_on: periods.last().map(|period| period.period.first_day()),
        periods,
        payments: Vec::new(),
        named_accounts: Vec::new(),
        advance: 0,
    }
}

/// Terms from that day on, without contract or end.
pub(crate) fn terms(from: &str, basis: Basis) -> TermsView {
    TermsView {
        effective_on: day(from),
        basis,
        rate_fen: Fen(30_000),
        employer_uscc: None,
        contract_signed_on: None,
        left_on: None,
    }
}

/// A known project that owes that sum (fen) to so many workers, one month each.
pub(crate) fn project(workers: u32, overdue_fen: Sum, oldest: Day) -> ProjectView {
    ProjectView {
        project_id: ProjectId::parse("project_id", "P1").unwrap(),
        known: true,
        contractor_uscc: None,
        overdue_fen,
        overdue_workers: workers,
        overdue_periods: workers,
        oldest_due_on: (workers > 0).then_some(oldest),
    }
}

/// A settled payment that does not count.
pub(crate) fn payment(txn_id: &str, fen: i64, period: Option<&str>) -> PaymentLine {
    PaymentLine {
        bank: "B".into(),
        txn_id: txn_id.into(),
        amount_fen: Fen(fen),
        payee_account: Account::parse("account", "6228480000000000000").unwrap(),
        outside_account: false,
        settled_at: Time::parse("2026-04-10T10:00:00+08:00").unwrap(),
        period: period.map(|month| Period::parse(month).unwrap()),
        returned: false,
        counts: false,
    }
}

/// The `project` record of P1: signed on 2026-01-05, active, without labour fee.
pub(crate) fn facts() -> Project {
    Project {
        project_id: ProjectId::parse("project_id", "P1").unwrap(),
        name: "P1".into(),
        sector: "building".into(),
        territory: "150621100".into(),
        funding: Funding::Government,
        owner_name: "Owner".into(),
        owner_uscc: None,
        contractor_name: "Contractor".into(),
        contractor_uscc: Uscc::parse("contractor_uscc", "91150621MA0NTET009").unwrap(),
        contract_signed_on: day("2026-01-05"),
        contract_fen: Fen(1_000_000_000),
        labour_fee_fen: None,
        started_on: None,
        completed_on: None,
        pay_day: None,
        pay_month_offset: None,
        labour_officer: Some("officer".into()),
        status: ProjectStatus::Active,
    }
}

/// A project of which no paper is known.
pub(crate) fn papers(project_id: &ProjectId) -> PapersView<'_> {
    PapersView {
        project_id,
        facts: None,
        accounts: Vec::new(),
        deposits: Vec::new(),
        guarantees: Vec::new(),
        inspections: Vec::new(),
        complaints: Vec::new(),
        sheets: Vec::new(),
        in_arrears: false,
    }
}
