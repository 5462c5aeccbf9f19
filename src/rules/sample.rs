//! Views for the tests of rules: plain ones, to be bent by each test.

use crate::domain::{
    Account, Day, Days, Fen, IdNumber, PaymentLine, Period, PeriodView, ProjectId, ProjectView, Sum, Time,
    WorkerView,
};

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
        days: Days(2000),
        minutes: 0,
        accrued: expected,
        accrual: Vec::new(),
        signed: None,
        expected,
        labelled: paid,
        direct: paid,
        filled: 0,
        paid,
        arrears: expected - paid,
        due_nominal: due_on,
        due_on,
        payments: Vec::new(),
    }
}

/// An enrolled worker with these months.
pub(crate) fn worker(periods: Vec<PeriodView>) -> WorkerView {
    WorkerView {
        project_id: ProjectId::parse("project_id", "P1").unwrap(),
        id_number: person(),
        enrolled: true,
        days: Days(periods.iter().map(|period| period.days.0).sum()),
        first_worked_on: periods.first().map(|period| period.period.first_day()),
        periods,
        mismatched: Vec::new(),
        named_accounts: Vec::new(),
        advance: 0,
    }
}

/// A known project that owes that sum (fen) to so many workers, one month each.
pub(crate) fn project(workers: u32, overdue_fen: Sum, oldest: Day) -> ProjectView {
    ProjectView {
        project_id: ProjectId::parse("project_id", "P1").unwrap(),
        known: true,
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
        settled_at: Time::parse("2026-04-10T10:00:00+08:00").unwrap(),
        period: period.map(|month| Period::parse(month).unwrap()),
        returned: false,
        counts: false,
    }
}
