//! What the county tells a project: which payments, accounts, bookings and complaints are its own.
//! Knows neither of the two.

use super::payments::KeptPayment;
use crate::domain::{Account, AccountEntry, AccountRestraint, Complaint, ProjectId, WageAccount};
use compact_str::CompactString;

/// What a project has to do because the county says so. Doing it twice does nothing.
#[derive(Clone, PartialEq, Debug)]
pub enum Command {
    /// The payment, as merged, is this project's: [`super::ProjectLedger::put_payment`].
    Payment { project_id: ProjectId, payment: Box<KeptPayment> },
    /// It is another project's now: [`super::ProjectLedger::take_payment`].
    TakePayment { project_id: ProjectId, bank: CompactString, txn_id: CompactString },
    /// The wage account is this project's: [`super::ProjectLedger::put_account`].
    Account { project_id: ProjectId, account: Box<WageAccount> },
    /// It is another project's now: [`super::ProjectLedger::take_account`].
    TakeAccount { project_id: ProjectId, account: Account },
    /// The complaint names this project: [`super::ProjectLedger::put_complaint`].
    Complaint { project_id: ProjectId, complaint: Box<Complaint> },
    /// It names another now, or none: [`super::ProjectLedger::take_complaint`].
    TakeComplaint { project_id: ProjectId, complaint_id: CompactString },
    /// So much was booked on that wage account of its, and so it is restrained: [`super::ProjectLedger::put_bookings`].
    Bookings {
        project_id: ProjectId,
        account: Account,
        entries: Vec<AccountEntry>,
        restraints: Vec<AccountRestraint>,
    },
    /// Some record names this project: [`super::ProjectLedger::put_named`].
    Named { project_id: ProjectId },
}

impl Command {
    pub fn project_id(&self) -> &ProjectId {
        match self {
            Command::Payment { project_id, .. }
            | Command::TakePayment { project_id, .. }
            | Command::Account { project_id, .. }
            | Command::TakeAccount { project_id, .. }
            | Command::Complaint { project_id, .. }
            | Command::TakeComplaint { project_id, .. }
            | Command::Bookings { project_id, .. }
            | Command::Named { project_id } => project_id,
        }
    }
}
