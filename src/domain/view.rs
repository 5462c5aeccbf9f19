//! What a rule sees: one worker's periods, one project's totals, or one project's papers. Filled by
//! the ledger.

use super::{
    Account, AccrualLine, Basis, Complaint, Day, Days, Deposit, Fen, IdNumber, Inspection, PaymentGuarantee,
    PaymentLine, Payroll, Period, Project, ProjectId, Sum, Uscc, WageAccount,
};

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
pub struct ProjectView {
    pub project_id: ProjectId,
    /// Whether a `project` record is known.
    pub known: bool,
    /// Who answers for the project first (Order 724, article 30).
    pub contractor_uscc: Option<Uscc>,
    /// Sum of arrears over all overdue worker-periods.
    pub overdue_fen: Sum,
    /// Workers with an overdue period.
    pub overdue_workers: u32,
    /// Overdue worker-periods.
    pub overdue_periods: u32,
    /// The earliest due date of an overdue worker-period.
    pub oldest_due_on: Option<Day>,
}

/// One project's papers.
#[derive(Clone, PartialEq, Debug)]
pub struct PapersView<'a> {
    pub project_id: &'a ProjectId,
    /// The project's own record, if it is known.
    pub facts: Option<&'a Project>,
    /// By number.
    pub accounts: Vec<AccountView<'a>>,
    /// Each by its id.
    pub deposits: Vec<&'a Deposit>,
    pub guarantees: Vec<&'a PaymentGuarantee>,
    pub inspections: Vec<&'a Inspection>,
    pub complaints: Vec<&'a Complaint>,
    /// By (period, employer); lines by worker.
    pub sheets: Vec<&'a Payroll>,
    /// Some worker-period of the project is overdue.
    pub in_arrears: bool,
}

/// One wage account of a project.
#[derive(Clone, PartialEq, Debug)]
pub struct AccountView<'a> {
    pub account: &'a WageAccount,
}
