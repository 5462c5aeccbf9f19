//! What a rule sees: one worker's periods, one project's totals, or one project's papers. Filled by
//! the ledger.

use super::{
    Account, AccountEntry, AccountRestraint, AccrualLine, AlertId, Basis, BusinessSignal, Complaint, Day,
    Days, Deposit, Fen, IdNumber, Inspection, Payment, PaymentGuarantee, PaymentLine, Payroll, Period,
    Project, ProjectId, Rule, Sum, Time, Uscc, WageAccount,
};
use std::collections::BTreeMap;

/// One worker in one project, settled.
#[derive(Clone, PartialEq, Debug)]
pub struct WorkerView {
    pub project_id: ProjectId,
    pub id_number: IdNumber,
    /// Whether any enrolment in this project is known.
    pub enrolled: bool,
    /// The enrolments' terms, ascending by `effective_on`.
    pub terms: Vec<TermsView>,
    /// Worked days of all periods.
    pub days: Days,
    /// First and last day with worked days > 0.
    pub first_worked_on: Option<Day>,
    pub last_worked_on: Option<Day>,
    /// Every period with attendance, piecework, payroll lines or placed payments that name it, ascending.
    pub periods: Vec<PeriodView>,
    /// All payments placed with the worker, counting or not, returned ones too, by (bank, txn_id).
    pub payments: Vec<PaymentLine>,
    /// The accounts that the worker has named in this project, ascending.
    pub named_accounts: Vec<Account>,
    /// The project's wage accounts, ascending.
    pub wage_accounts: Vec<Account>,
    /// What is left in the pool when every period is filled.
    pub advance: Sum,
}

impl WorkerView {
    /// Payments that name the period, in their order.
    pub fn payments_naming(&self, period: Period) -> impl Iterator<Item = &PaymentLine> {
        self.payments.iter().filter(move |line| line.period == Some(period))
    }

    /// Payments that do not discharge the wage although settled and not returned (`payee-mismatch`).
    pub fn mismatched(&self) -> impl Iterator<Item = &PaymentLine> {
        self.payments.iter().filter(|line| !line.counts && !line.returned)
    }

    /// The terms that apply on that day (contract, section 4, "Terms").
    pub fn terms_on(&self, day: Day) -> Option<&TermsView> {
        let after = self.terms.partition_point(|terms| terms.effective_on <= day);
        self.terms.get(after.saturating_sub(1))
    }
}

/// What one enrolment says that rules ask for.
#[derive(Clone, PartialEq, Debug)]
pub struct TermsView {
    pub effective_on: Day,
    pub basis: Basis,
    pub rate_fen: Fen,
    pub employer_uscc: Option<Uscc>,
    pub contract_signed_on: Option<Day>,
    pub left_on: Option<Day>,
}

/// One worker's month, settled (contract, section 4). Sums in fen.
#[derive(Clone, PartialEq, Debug)]
pub struct PeriodView {
    pub period: Period,
    /// Of the terms that apply on the month's last worked day, else of the newest terms, else the contractor.
    pub employer_uscc: Option<Uscc>,
    pub days: Days,
    pub minutes: u32,
    /// The last day with worked days > 0.
    pub last_worked_on: Option<Day>,
    pub pattern: PatternView,
    pub accrued: Sum,
    /// How accrued came about, terms by terms, then piecework.
    pub accrual: Vec<AccrualLine>,
    /// The sum of signed payroll lines, if there are any.
    pub signed: Option<Sum>,
    /// The same before deductions.
    pub payable: Option<Sum>,
    pub expected: Sum,
    /// What counts and names this period.
    pub labelled: Sum,
    pub direct: Sum,
    /// Filled from the pool.
    pub filled: Sum,
    pub paid: Sum,
    pub arrears: Sum,
    /// Before it was moved to a working day.
    pub due_nominal: Day,
    pub due_on: Day,
}

/// What in a month's attendance may be made up, by the numbers of the month's due date.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct PatternView {
    /// Days with more than `long_hours` on site.
    pub long_days: u32,
    /// The first day of the month that ends `steady_days` worked days on end whose first swipes, and
    /// whose last ones, lie within `steady_minutes` of each other.
    pub steady_to: Option<Day>,
    /// Days with a statement that stands.
    pub statements: u32,
    /// Those of them stated within the `bulk_days` days before the due date.
    pub statements_bulk: u32,
}

/// One project's totals over its workers.
#[derive(Clone, PartialEq, Debug)]
pub struct ProjectView<'a> {
    pub project_id: ProjectId,
    /// The project's own record, if it is known.
    pub facts: Option<&'a Project>,
    /// Sum of arrears over all overdue worker-periods.
    pub overdue_fen: Sum,
    /// Workers with an overdue period.
    pub overdue_workers: u32,
    /// Overdue worker-periods.
    pub overdue_periods: u32,
    /// The earliest due date of an overdue worker-period.
    pub oldest_due_on: Option<Day>,
    /// Workers with worked days > 0 in any month.
    pub worked: u32,
    /// Those of them who have no enrolment.
    pub unregistered: u32,
    /// The last day on which anybody worked.
    pub last_worked_on: Option<Day>,
    /// Months in which anybody worked or for which, close to their due date, anything is expected; ascending.
    pub months: Vec<MonthTotals>,
    /// What its wage accounts hold together, in fen; `None` without one.
    pub balance: Option<Sum>,
    /// Labour fees booked in by civil date, of each wage account.
    pub labour_fees: Vec<&'a BTreeMap<Day, Sum>>,
    /// By `inspection_id`.
    pub inspections: Vec<&'a Inspection>,
    /// Weeks with day statements: the four finished ones before today's week, and those after; ascending.
    pub weeks: Vec<WeekTotals>,
}

impl ProjectView<'_> {
    /// A project of which nothing is known but its name.
    pub fn unknown(project_id: ProjectId) -> ProjectView<'static> {
        ProjectView {
            project_id,
            facts: None,
            overdue_fen: 0,
            overdue_workers: 0,
            overdue_periods: 0,
            oldest_due_on: None,
            worked: 0,
            unregistered: 0,
            last_worked_on: None,
            months: Vec::new(),
            balance: None,
            labour_fees: Vec::new(),
            inspections: Vec::new(),
            weeks: Vec::new(),
        }
    }
}

/// One month of a project, over its workers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MonthTotals {
    pub period: Period,
    /// By the project's own pay terms, as every date below.
    pub due_on: Day,
    /// Workers with worked days > 0 in the month.
    pub heads: u32,
    /// The same by the employer of the terms that apply on the worker's last worked day of the month,
    /// else by the project's contractor; ascending by code. Heads of nobody known are in none.
    pub by_employer: Vec<(Uscc, u32)>,
    /// Heads of whom anything is paid. Known from `balance_working_days` before the due date on.
    pub heads_paid: Option<u32>,
    /// Heads to whom at least half of what they earned in the month had been paid by its due date, or by
    /// their own where that is later. Known once the due date has passed.
    pub heads_in_time: Option<u32>,
    /// Known from the same day until the due date.
    pub coming: Option<Coming>,
}

/// What a month that is soon due asks for, over all workers, in fen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Coming {
    pub expected: Sum,
    pub paid: Sum,
}

/// The day statements that stand of one week, and how many of them came late. Statements of no days
/// are not counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WeekTotals {
    pub monday: Day,
    pub statements: u32,
    /// Stated more than `upload_hours` after the end of the business day.
    pub late: u32,
}

/// One project's papers.
#[derive(Clone, PartialEq, Debug)]
pub struct PapersView<'a> {
    pub project_id: &'a ProjectId,
    /// The project's own record, if it is known.
    pub facts: Option<&'a Project>,
    /// By number.
    pub accounts: Vec<AccountView<'a>>,
    /// Payments from its wage accounts that are placed with no worker and not returned, by (bank, txn_id).
    pub strays: Vec<Payment>,
    /// Accounts of two workers or more, by number.
    pub shared_payees: Vec<SharedPayee<'a>>,
    /// Each by its id.
    pub deposits: Vec<DepositView<'a>>,
    pub guarantees: Vec<&'a PaymentGuarantee>,
    pub inspections: Vec<&'a Inspection>,
    pub complaints: Vec<&'a Complaint>,
    /// By (period, employer); lines by worker.
    pub sheets: Vec<&'a Payroll>,
    /// Some worker-period of the project is overdue.
    pub in_arrears: bool,
    /// As in the project's totals.
    pub months: Vec<MonthTotals>,
}

/// One wage deposit of a project.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct DepositView<'a> {
    pub deposit: &'a Deposit,
    /// When its source said what stands.
    pub stated_at: Time,
}

/// One wage account of a project.
#[derive(Clone, PartialEq, Debug)]
pub struct AccountView<'a> {
    pub account: &'a WageAccount,
    /// Booked in, less booked out, less settled payments from it that no booking out counts already.
    pub balance: Sum,
    /// Labour fees booked in, by civil date.
    pub labour_fees: &'a BTreeMap<Day, Sum>,
    /// Bookings out, bank fees aside, whose number is that of no payment of the project from this
    /// account, by `entry_id`.
    pub unexplained: Vec<&'a AccountEntry>,
    /// By `restraint_id`.
    pub restraints: Vec<&'a AccountRestraint>,
}

impl AccountView<'_> {
    /// Opened on that day or before; it may be closed since.
    pub fn was_opened(&self, on: Day) -> bool {
        self.account.opened_on <= on
    }

    pub fn is_closed(&self, on: Day) -> bool {
        self.account.closed_on.is_some_and(|closed_on| closed_on <= on)
    }
}

/// An account that two workers or more of a project have named, or were paid to.
#[derive(Clone, PartialEq, Debug)]
pub struct SharedPayee<'a> {
    pub account: Account,
    pub workers: u32,
    /// The first ten of them, by identity number.
    pub shown: Vec<PayeeView<'a>>,
}

/// One of those workers.
#[derive(Clone, PartialEq, Debug)]
pub struct PayeeView<'a> {
    pub id_number: &'a IdNumber,
    /// Whether he has named the account himself.
    pub named: bool,
    /// If not: the first settled payment for him that went there, by (bank, txn_id).
    pub payment: Option<PaymentLine>,
}

/// One employer over all projects.
#[derive(Clone, PartialEq, Debug)]
pub struct FirmView<'a> {
    pub uscc: Uscc,
    /// Some enrolment names it, or it is some project's contractor.
    pub employs: bool,
    /// By kind.
    pub signals: Vec<&'a BusinessSignal>,
    /// Workers with an overdue month of this employer; who is owed in two projects counts once.
    pub overdue_workers: u32,
    pub overdue_projects: u32,
    /// Sum of those arrears, in fen.
    pub overdue_fen: Sum,
    pub oldest_due_on: Option<Day>,
    /// The days on which arrears of its projects were confirmed, ascending.
    pub cases: &'a [Day],
}

/// What sends records regularly: a platform with attendance, or a bank.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedView<'a> {
    pub name: &'a str,
    /// The date of its newest attendance, and how many projects at work have none that is newer.
    pub attendance: Option<(Day, u32)>,
    /// The date of its newest payment or booking, and how many open wage accounts of projects at work it has.
    pub bank: Option<(Day, u32)>,
}

/// What is held of one rule in quarantine, over the whole county.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FloodView<'a> {
    pub rule: Rule,
    /// Alerts that are held by themselves and stand.
    pub held: u64,
    pub since: Day,
    pub examples: &'a [AlertId],
}
