//! Views for the tests of rules: plain ones, to be bent by each test.

use super::Judgement;
use crate::domain::{
    Account, AccountView, Basis, Day, Days, Deposit, DepositForm, DepositStatus, DepositView, Fen, FirmView,
    Funding, IdNumber, MonthTotals, PapersView, PatternView, PaymentLine, Period, PeriodView, Project,
    ProjectId, ProjectStatus, ProjectView, Rulebook, Sum, TermsView, Time, Uscc, WageAccount, WorkerView,
};
use std::collections::BTreeMap;
use std::sync::LazyLock;

static BOOK: LazyLock<Rulebook> = LazyLock::new(Rulebook::default);
static PROJECT: LazyLock<Project> = LazyLock::new(facts);

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
        wage_accounts: Vec::new(),
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
pub(crate) fn project(workers: u32, overdue_fen: Sum, oldest: Day) -> ProjectView<'static> {
    ProjectView {
        facts: Some(&PROJECT),
        overdue_fen,
        overdue_workers: workers,
        overdue_periods: workers,
        oldest_due_on: (workers > 0).then_some(oldest),
        ..ProjectView::unknown(ProjectId::parse("project_id", "P1").unwrap())
    }
}

/// A month in which so many worked, due on the 15th of the next.
pub(crate) fn month(month: &str, heads: u32) -> MonthTotals {
    let period = Period::parse(month).unwrap();
    MonthTotals {
        period,
        due_on: period.plus(1).day_or_last(15),
        heads,
        by_employer: Vec::new(),
        heads_paid: None,
        heads_in_time: None,
        coming: None,
    }
}

/// A settled payment that does not count.
pub(crate) fn payment(txn_id: &str, fen: i64, period: Option<&str>) -> PaymentLine {
    PaymentLine {
        bank: "B".into(),
        txn_id: txn_id.into(),
        amount_fen: Fen(fen),
        payer_account: Account::parse("account", "05370101040000001").unwrap(),
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

/// That sum in cash, lodged on 2026-01-10 without an end.
pub(crate) fn deposit(deposit_id: &str, fen: i64) -> Deposit {
    Deposit {
        project_id: ProjectId::parse("project_id", "P1").unwrap(),
        deposit_id: deposit_id.into(),
        form: DepositForm::Cash,
        amount_fen: Fen(fen),
        lodged_on: day("2026-01-10"),
        expires_on: None,
        on_demand: true,
        status: DepositStatus::Lodged,
    }
}

/// Stated on 2026-01-12.
pub(crate) fn lodged(deposit: &Deposit) -> DepositView<'_> {
    DepositView { deposit, stated_at: Time::parse("2026-01-12T10:00:00+08:00").unwrap() }
}

/// A project of which no paper is known.
pub(crate) fn papers(project_id: &ProjectId) -> PapersView<'_> {
    PapersView {
        project_id,
        facts: None,
        accounts: Vec::new(),
        strays: Vec::new(),
        shared_payees: Vec::new(),
        deposits: Vec::new(),
        guarantees: Vec::new(),
        inspections: Vec::new(),
        complaints: Vec::new(),
        sheets: Vec::new(),
        in_arrears: false,
        months: Vec::new(),
    }
}

pub(crate) fn project_id() -> ProjectId {
    ProjectId::parse("project_id", "P1").unwrap()
}

/// A wage account of P1 with its agreement, open since that day.
pub(crate) fn wage_account(opened_on: &str) -> WageAccount {
    WageAccount {
        project_id: project_id(),
        account: Account::parse("account", "05370101040000001").unwrap(),
        bank: "B".into(),
        opened_on: day(opened_on),
        agreement_signed: true,
        closed_on: None,
    }
}

/// An account on which nothing is booked.
pub(crate) fn account(paper: &WageAccount) -> AccountView<'_> {
    static NONE: BTreeMap<Day, Sum> = BTreeMap::new();
    AccountView {
        account: paper,
        balance: 0,
        labour_fees: &NONE,
        unexplained: Vec::new(),
        restraints: Vec::new(),
    }
}

/// A project of which nothing is known but its wage accounts.
pub(crate) fn papers_of<'a>(project_id: &'a ProjectId, accounts: Vec<AccountView<'a>>) -> PapersView<'a> {
    PapersView { accounts, ..papers(project_id) }
}

/// The later days on which a judgement is to be made again.
pub(crate) fn days_again(on: Judgement<'_>) -> Vec<String> {
    on.into_parts().1.iter().map(ToString::to_string).collect()
}

/// An employer of whom nothing is found.
pub(crate) fn firm() -> FirmView<'static> {
    FirmView {
        uscc: Uscc::parse("employer_uscc", "91110000600037341L").unwrap(),
        employs: true,
        signals: Vec::new(),
        overdue_workers: 0,
        overdue_projects: 0,
        overdue_fen: 0,
        oldest_due_on: None,
        cases: &[],
    }
}
