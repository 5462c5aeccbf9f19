//! Evidence: the numbers from which a reader can redo an alert's arithmetic by hand.

use super::record::words;
use super::{Account, Basis, Day, Days, Fen, IdNumber, Period, Sum, Time};
use compact_str::CompactString;

/// What an alert rests on.
#[derive(Clone, PartialEq, Debug)]
pub enum Evidence {
    Wage(Box<WagePeriod>),
    ProjectArrears {
        overdue_fen: Sum,
        workers: u32,
        periods: u32,
        oldest_due_on: Day,
        /// The workers who are owed most, at most ten, descending by sum.
        worst: Vec<(IdNumber, Sum)>,
    },
    PayeeMismatch {
        payment: PaymentLine,
        named_accounts: Vec<Account>,
    },
    UnregisteredWorker {
        days: Days,
        first_worked_on: Option<Day>,
    },
    UnknownProject,
}

/// The arithmetic of one worker's month.
#[derive(Clone, PartialEq, Debug)]
pub struct WagePeriod {
    pub days: Days,
    pub minutes: u32,
    pub accrual: Vec<AccrualLine>,
    pub accrued: Sum,
    pub signed: Option<Sum>,
    pub expected: Sum,
    pub direct: Sum,
    pub filled: Sum,
    pub paid: Sum,
    pub arrears: Sum,
    pub tolerance: Sum,
    pub due_nominal: Day,
    pub due_on: Day,
    pub payments: Vec<PaymentLine>,
}

/// One addend of accrued.
#[derive(Clone, PartialEq, Debug)]
pub enum AccrualLine {
    Terms { effective_on: Day, basis: Basis, rate_fen: Fen, days: Days, minutes: u32, accrued: Sum },
    Piecework { lot: CompactString, amount_fen: Fen },
}

/// One placed payment, counted or not.
#[derive(Clone, PartialEq, Debug)]
pub struct PaymentLine {
    pub bank: CompactString,
    pub txn_id: CompactString,
    pub amount_fen: Fen,
    pub payee_account: Account,
    pub settled_at: Time,
    pub period: Option<Period>,
    pub returned: bool,
    /// Settled, not returned, and to an account that the worker named (or the worker named none).
    pub counts: bool,
}

words!(
    /// Why a payment waits in suspense.
    SuspenseReason { NoProject = "no-project", NoWorker = "no-worker", AmbiguousWorker = "ambiguous-worker" }
);
