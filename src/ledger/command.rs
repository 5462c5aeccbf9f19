//! What the county tells a project: which payments, accounts, bookings and complaints are its own; and
//! its bytes, where the two live on different machines. Knows neither of the two.

use super::payments::KeptPayment;
use super::stored::Stored;
use crate::codec::{Corrupt, Reader, Writer};
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

    /// Writes it: a tag byte, then its fields.
    pub fn write(&self, w: &mut Writer) {
        let mut begin = |tag: u8| {
            w.u8(tag);
            w.project_id(self.project_id());
        };
        match self {
            Command::Payment { payment, .. } => {
                begin(PAYMENT);
                payment.put(w);
            }
            Command::TakePayment { bank, txn_id, .. } => {
                begin(TAKE_PAYMENT);
                w.text(bank);
                w.text(txn_id);
            }
            Command::Account { account, .. } => {
                begin(ACCOUNT);
                account.put(w);
            }
            Command::TakeAccount { account, .. } => {
                begin(TAKE_ACCOUNT);
                w.account(*account);
            }
            Command::Complaint { complaint, .. } => {
                begin(COMPLAINT);
                complaint.put(w);
            }
            Command::TakeComplaint { complaint_id, .. } => {
                begin(TAKE_COMPLAINT);
                w.text(complaint_id);
            }
            Command::Bookings { account, entries, restraints, .. } => {
                begin(BOOKINGS);
                w.account(*account);
                w.list(entries.iter(), |w, entry| entry.put(w));
                w.list(restraints.iter(), |w, restraint| restraint.put(w));
            }
            Command::Named { .. } => begin(NAMED),
        }
    }

    /// Reads one. Any bytes end in a command or in [`Corrupt`].
    ///
    /// # Errors
    /// The bytes are not such a command.
    pub fn read(r: &mut Reader<'_>) -> Result<Command, Corrupt> {
        let tag = r.u8()?;
        let project_id = r.project_id()?;
        Ok(match tag {
            PAYMENT => Command::Payment { project_id, payment: Box::new(KeptPayment::get(r)?) },
            TAKE_PAYMENT => Command::TakePayment { project_id, bank: r.text()?, txn_id: r.text()? },
            ACCOUNT => Command::Account { project_id, account: Box::new(WageAccount::get(r)?) },
            TAKE_ACCOUNT => Command::TakeAccount { project_id, account: r.account()? },
            COMPLAINT => Command::Complaint { project_id, complaint: Box::new(Complaint::get(r)?) },
            TAKE_COMPLAINT => Command::TakeComplaint { project_id, complaint_id: r.text()? },
            BOOKINGS => Command::Bookings {
                project_id,
                account: r.account()?,
                entries: r.list(AccountEntry::get)?,
                restraints: r.list(AccountRestraint::get)?,
            },
            NAMED => Command::Named { project_id },
            _ => return Err(Corrupt("a command of the county")),
        })
    }
}

const PAYMENT: u8 = 1;
const TAKE_PAYMENT: u8 = 2;
const ACCOUNT: u8 = 3;
const TAKE_ACCOUNT: u8 = 4;
const COMPLAINT: u8 = 5;
const TAKE_COMPLAINT: u8 = 6;
const BOOKINGS: u8 = 7;
const NAMED: u8 = 8;
