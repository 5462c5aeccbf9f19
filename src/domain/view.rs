//! What a rule sees: one worker's periods, or one project's totals. Filled by the ledger.

use super::{Account, AccrualLine, Day, Days, IdNumber, PaymentLine, Period, ProjectId, Sum};

/// One worker in one project, settled.
#[derive(Clone, PartialEq, Debug)]
pub struct WorkerView {
    pub project_id: ProjectId,
    pub id_number: IdNumber,
    /// Whether any enrolment in this project is known.
    pub enrolled: bool,
    /// Worked days of all periods.
    pub days: Days,
    /// First day with worked days > 0.
    pub first_worked_on: Option<Day>,
    /// Every period with attendance, piecework, payroll lines or placed payments that name it, ascending.
    pub periods: Vec<PeriodView>,
    /// Placed payments that do not count although settled and not returned (`payee-mismatch`).
    pub mismatched: Vec<PaymentLine>,
    /// The accounts that the worker has named in this project, ascending.
    pub named_accounts: Vec<Account>,
    /// What is left in the pool when every period is filled.
    pub advance: Sum,
}

/// One worker's month, settled (contract, section 4). Sums in fen.
#[derive(Clone, PartialEq, Debug)]
pub struct PeriodView {
    pub period: Period,
    pub days: Days,
    pub minutes: u32,
    pub accrued: Sum,
    /// How accrued came about, terms by terms, then piecework.
    pub accrual: Vec<AccrualLine>,
    /// The sum of signed payroll lines, if there are any.
    pub signed: Option<Sum>,
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
    /// Placed payments that name this period, counting or not, in order of (bank, txn_id).
    pub payments: Vec<PaymentLine>,
}

/// One project's totals.
#[derive(Clone, PartialEq, Debug)]
pub struct ProjectView {
    pub project_id: ProjectId,
    /// Whether a `project` record is known.
    pub known: bool,
    /// Sum of arrears over all overdue worker-periods.
    pub overdue_fen: Sum,
    /// Workers with an overdue period.
    pub overdue_workers: u32,
    /// Overdue worker-periods.
    pub overdue_periods: u32,
    /// The earliest due date of an overdue worker-period.
    pub oldest_due_on: Option<Day>,
}
