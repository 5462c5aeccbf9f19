//! What belongs to no single project: payments and accounts by number, complaints, business signals,
//! merged in the order of the log by one owner. Says by [`Command`]s which project holds what.
//! Knows no worker and no rule.
//!
//! A payment's home is the project that it names, else the project of its wage account, else none.
//! Homes are never stored: they follow from the merged payments and accounts.

use super::accounts::{Accounts, Booked};
use super::bucket::Bucket;
use super::command::Command;
use super::county_page::{CountyPage, bucket_of};
use super::kept::{Kept, Outcome, merge_into};
use super::payments::{KeptPayment, key_hash, payment_key};
use super::stored::Stored;
use super::waiting::{Payers, Waiting};
use crate::domain::{
    Account, AccountEntry, AccountRestraint, Body, BusinessSignal, Complaint, Head, Payment, ProjectId,
    Reason, ReasonCode, Record, Signal, Stamp, Uscc, Verdict, WageAccount,
};
use compact_str::CompactString;
use foldhash::fast::FixedState;
use hashbrown::HashSet;
use std::collections::{BTreeMap, BTreeSet};

/// Who decides about a record.
#[derive(Clone, PartialEq, Debug)]
pub enum Routed<'a> {
    /// That project's shard: the record itself goes there.
    Project(&'a ProjectId),
    /// Decided; what projects have to do stands in `out`.
    Done(Verdict),
}

/// All projects' common ground.
pub struct County {
    pub(super) buckets: Vec<Bucket>,
    /// What they take in memory.
    pub(super) payment_bytes: usize,
    pub(super) accounts: Accounts,
    pub(super) payers: Payers,
    pub(super) waiting: Waiting,
    /// By page, then key.
    pub(super) complaints: BTreeMap<(u16, CompactString), Kept<Complaint>>,
    pub(super) signals: BTreeMap<(u16, Uscc, Signal), Kept<BusinessSignal>>,
    pub(super) dirty: BTreeSet<CountyPage>,
    /// Projects for which `Named` was said since the start.
    named: HashSet<ProjectId, FixedState>,
    /// Where eviction looks next.
    pub(super) hand: usize,
}

impl Default for County {
    fn default() -> Self {
        County::new()
    }
}

impl County {
    pub fn new() -> County {
        County {
            buckets: (0..CountyPage::BUCKETS).map(|_| Bucket::default()).collect(),
            payment_bytes: 0,
            accounts: Accounts::default(),
            payers: Payers::default(),
            waiting: Waiting::default(),
            complaints: BTreeMap::new(),
            signals: BTreeMap::new(),
            dirty: BTreeSet::new(),
            named: HashSet::default(),
            hand: 0,
        }
    }

    /// Merges a record that is the county's to keep, and appends to `out` what projects have to do;
    /// or names the project to which the record goes.
    ///
    /// # Panics
    /// If a page that [`County::needs`] named for this record is not loaded.
    pub fn route<'a>(&mut self, record: &'a Record, out: &mut Vec<Command>) -> Routed<'a> {
        let head = &record.head;
        let verdict = match &record.body {
            Body::Payment(payment) => self.route_payment(payment, head, out),
            Body::Account(account) => self.route_account(account, head, out),
            Body::AccountEntry(entry) => self.route_entry(entry, out),
            Body::AccountRestraint(restraint) => self.route_restraint(restraint, head, out),
            Body::Complaint(complaint) => self.route_complaint(complaint, head, out),
            Body::BusinessSignal(signal) => {
                let page = CountyPage::signals(signal.employer_uscc);
                let key = (page.a, signal.employer_uscc, signal.signal);
                let outcome = merge_into(&mut self.signals, key, &**signal, &head.stamp());
                self.keep(outcome, page)
            }
            Body::Project(r) => return Routed::Project(&r.project_id),
            Body::Enrolment(r) => return Routed::Project(&r.project_id),
            Body::Swipe(r) => return Routed::Project(&r.project_id),
            Body::WorkDay(r) => return Routed::Project(&r.project_id),
            Body::Piecework(r) => return Routed::Project(&r.project_id),
            Body::Payroll(r) => return Routed::Project(&r.project_id),
            Body::Deposit(r) => return Routed::Project(&r.project_id),
            Body::PaymentGuarantee(r) => return Routed::Project(&r.project_id),
            Body::Inspection(r) => return Routed::Project(&r.project_id),
        };
        if !matches!(verdict, Verdict::Rejected(_))
            && let Some(project_id) = record.body.project_id()
        {
            self.name(project_id, out);
        }
        Routed::Done(verdict)
    }

    /// A record names the project, even if a later one of its key names another.
    fn name(&mut self, project_id: &ProjectId, out: &mut Vec<Command>) {
        if !self.named.contains(project_id) {
            self.named.insert(project_id.clone());
            out.push(Command::Named { project_id: project_id.clone() });
        }
    }

    fn keep(&mut self, outcome: Outcome, page: CountyPage) -> Verdict {
        if outcome == Outcome::Stands {
            self.dirty.insert(page);
        }
        verdict(outcome)
    }

    fn route_payment(&mut self, payment: &Payment, head: &Head, out: &mut Vec<Command>) -> Verdict {
        let key = payment_key(&payment.bank, &payment.txn_id);
        let hash = key_hash(&key);
        let bucket = bucket_of(hash);
        let before = self.buckets[usize::from(bucket)].get(hash, &key);
        let (merged, outcome) = match &before {
            None => (KeptPayment { payment: payment.clone(), stamp: head.stamp() }, Outcome::Stands),
            Some(before) => {
                if let Some(reason) = payment_conflict(&before.payment, payment) {
                    return Verdict::Rejected(reason);
                }
                merge_payment(before, payment, &head.stamp())
            }
        };
        if outcome != Outcome::Stands {
            return verdict(outcome);
        }
        let known = &mut self.buckets[usize::from(bucket)];
        let bytes_before = known.heap_bytes();
        let piece = known.put(hash, &key, &merged.packed());
        self.payment_bytes = self.payment_bytes + known.heap_bytes() - bytes_before;
        self.dirty.insert(CountyPage::payments(bucket, piece));
        if merged.payment.project_id.is_none() && self.payers.add(payment.account, bucket) {
            self.dirty.insert(CountyPage::payers(payment.account));
        }
        let old_home = before.and_then(|before| self.home(&before.payment));
        let home = self.home(&merged.payment);
        if home.is_none() {
            self.waiting.insert(bucket, &merged);
            self.dirty.insert(CountyPage::waiting(bucket));
        } else if self.waiting.remove(bucket, &merged.payment) {
            self.dirty.insert(CountyPage::waiting(bucket));
        }
        rehome(old_home, home, merged, out);
        Verdict::Accepted
    }

    fn home(&self, payment: &Payment) -> Option<ProjectId> {
        match &payment.project_id {
            Some(project_id) => Some(project_id.clone()),
            None => self.accounts.home(payment.account).cloned(),
        }
    }

    fn route_account(&mut self, account: &WageAccount, head: &Head, out: &mut Vec<Command>) -> Verdict {
        let old_home = self.accounts.home(account.account).cloned();
        let outcome = self.accounts.merge(account, &head.stamp());
        if outcome == Outcome::Stands {
            self.home_account(account, old_home, out);
        }
        self.keep(outcome, CountyPage::accounts(account.account))
    }

    /// The account first, then its payments, then its bookings: so that a project never judges
    /// bookings whose payments it has not, nor payments whose account it has not.
    fn home_account(&mut self, account: &WageAccount, old_home: Option<ProjectId>, out: &mut Vec<Command>) {
        let (number, project_id) = (account.account, account.project_id.clone());
        let is_moved = old_home.as_ref() != Some(&project_id);
        if let Some(old) = old_home.clone().filter(|_| is_moved) {
            out.push(Command::TakeAccount { project_id: old, account: number });
        }
        out.push(Command::Account { project_id: project_id.clone(), account: Box::new(account.clone()) });
        match old_home {
            None => self.end_waiting(number, &project_id, out),
            Some(old) if is_moved => self.move_payments(number, &old, &project_id, out),
            Some(_) => return,
        }
        let entries: Vec<AccountEntry> = self.accounts.entries(number).cloned().collect();
        let restraints: Vec<AccountRestraint> = self.accounts.restraints(number).cloned().collect();
        if !entries.is_empty() || !restraints.is_empty() {
            out.push(Command::Bookings { project_id, account: number, entries, restraints });
        }
    }

    /// The account has a project for the first time: its payments have waited for that.
    fn end_waiting(&mut self, account: Account, home: &ProjectId, out: &mut Vec<Command>) {
        for (bucket, kept) in self.waiting.take(account) {
            self.dirty.insert(CountyPage::waiting(bucket));
            rehome(None, Some(home.clone()), kept, out);
        }
    }

    /// The account is another project's: its payments that name no project go with it.
    fn move_payments(&mut self, account: Account, old: &ProjectId, new: &ProjectId, out: &mut Vec<Command>) {
        let mut moved: Vec<KeptPayment> = Vec::new();
        for bucket in self.payers.buckets(account) {
            let all = self.buckets[usize::from(bucket)].payments();
            moved.extend(all.filter(|k| k.payment.account == account && k.payment.project_id.is_none()));
        }
        moved.sort_by(|a, b| (&a.payment.bank, &a.payment.txn_id).cmp(&(&b.payment.bank, &b.payment.txn_id)));
        for kept in moved {
            rehome(Some(old.clone()), Some(new.clone()), kept, out);
        }
    }

    fn route_complaint(&mut self, complaint: &Complaint, head: &Head, out: &mut Vec<Command>) -> Verdict {
        let page = CountyPage::complaints(&complaint.complaint_id);
        let key = (page.a, complaint.complaint_id.clone());
        let old = self.complaints.get(&key).and_then(|kept| kept.value.project_id.clone());
        let outcome = merge_into(&mut self.complaints, key, complaint, &head.stamp());
        if outcome == Outcome::Stands {
            if let Some(project_id) = old
                && complaint.project_id.as_ref() != Some(&project_id)
            {
                let complaint_id = complaint.complaint_id.clone();
                out.push(Command::TakeComplaint { project_id, complaint_id });
            }
            if let Some(project_id) = complaint.project_id.clone() {
                out.push(Command::Complaint { project_id, complaint: Box::new(complaint.clone()) });
            }
        }
        self.keep(outcome, page)
    }

    fn route_entry(&mut self, entry: &AccountEntry, out: &mut Vec<Command>) -> Verdict {
        match self.accounts.book(entry) {
            Booked::New => {
                self.dirty.insert(CountyPage::accounts(entry.account));
                self.tell(entry.account, vec![entry.clone()], Vec::new(), out);
                Verdict::Accepted
            }
            Booked::Known => Verdict::Duplicate,
            Booked::Conflict(field) => Verdict::Rejected(conflict(field, "(account, entry_id)")),
        }
    }

    fn route_restraint(
        &mut self,
        restraint: &AccountRestraint,
        head: &Head,
        out: &mut Vec<Command>,
    ) -> Verdict {
        let outcome = self.accounts.restrain(restraint, &head.stamp());
        if outcome == Outcome::Stands {
            self.tell(restraint.account, Vec::new(), vec![restraint.clone()], out);
        }
        self.keep(outcome, CountyPage::accounts(restraint.account))
    }

    /// Tells the account's project, if it has one, what is new of its account.
    fn tell(
        &self,
        account: Account,
        entries: Vec<AccountEntry>,
        restraints: Vec<AccountRestraint>,
        out: &mut Vec<Command>,
    ) {
        if let Some(project_id) = self.accounts.home(account).cloned() {
            out.push(Command::Bookings { project_id, account, entries, restraints });
        }
    }

    /// Pages not in memory that [`County::route`] would read for this record.
    pub fn needs(&self, record: &Record) -> Vec<CountyPage> {
        let cold = |bucket: u16| {
            let pieces = self.buckets[usize::from(bucket)].cold_pieces();
            pieces.map(move |piece| CountyPage::payments(bucket, piece))
        };
        match &record.body {
            Body::Payment(payment) => {
                cold(bucket_of(key_hash(&payment_key(&payment.bank, &payment.txn_id)))).collect()
            }
            // Payments that wait are all in memory; those that have a home already are not.
            Body::Account(account) => match self.accounts.home(account.account) {
                Some(home) if *home != account.project_id => {
                    self.payers.buckets(account.account).into_iter().flat_map(cold).collect()
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// Payments that have no project yet, by (bank, txn_id). Returned ones need none.
    pub fn suspense(&self) -> impl Iterator<Item = &KeptPayment> {
        self.waiting.unreturned().into_iter()
    }

    pub fn complaints(&self) -> impl Iterator<Item = &Complaint> {
        self.complaints.values().map(|kept| &kept.value)
    }

    pub fn signals(&self) -> impl Iterator<Item = &BusinessSignal> {
        self.signals.values().map(|kept| &kept.value)
    }

    /// The wage account that stands under that number.
    pub fn account(&self, account: Account) -> Option<&WageAccount> {
        self.accounts.get(account)
    }

    /// The account's bookings by `entry_id`.
    pub fn entries_of(&self, account: Account) -> impl Iterator<Item = &AccountEntry> {
        self.accounts.entries(account)
    }

    pub fn restraints_of(&self, account: Account) -> impl Iterator<Item = &AccountRestraint> {
        self.accounts.restraints(account)
    }
}

/// Tells the old home, if it is another, and the home, if there is one.
fn rehome(old: Option<ProjectId>, home: Option<ProjectId>, kept: KeptPayment, out: &mut Vec<Command>) {
    if let Some(project_id) = old
        && home.as_ref() != Some(&project_id)
    {
        let (bank, txn_id) = (kept.payment.bank.clone(), kept.payment.txn_id.clone());
        out.push(Command::TakePayment { project_id, bank, txn_id });
    }
    if let Some(project_id) = home {
        out.push(Command::Payment { project_id, payment: Box::new(kept) });
    }
}

/// `returned` beats `settled`, the other fields are those of the greatest stamp.
fn merge_payment(before: &KeptPayment, payment: &Payment, stamp: &Stamp) -> (KeptPayment, Outcome) {
    let status = before.payment.status.max(payment.status);
    let said = Payment { status, ..payment.clone() };
    let mut kept = Kept { value: Payment { status, ..before.payment.clone() }, stamp: before.stamp.clone() };
    let outcome = match kept.merge(&said, stamp) {
        _ if status != before.payment.status => Outcome::Stands,
        outcome => outcome,
    };
    (KeptPayment { payment: kept.value, stamp: kept.stamp }, outcome)
}

fn payment_conflict(before: &Payment, payment: &Payment) -> Option<Reason> {
    let fields = [
        ("amount_fen", before.amount_fen == payment.amount_fen),
        ("account", before.account == payment.account),
        ("payee_account", before.payee_account == payment.payee_account),
    ];
    let (field, _) = fields.iter().find(|(_, same)| !same)?;
    Some(conflict(field, "(bank, txn_id)"))
}

fn conflict(field: &str, key: &str) -> Reason {
    let what = match field {
        "amount_fen" => "amount",
        "account" | "payee_account" => "account",
        _ => "value",
    };
    Reason::new(field, ReasonCode::Conflict, format!("another {what} than this {key} had before"), "the same")
}

fn verdict(outcome: Outcome) -> Verdict {
    match outcome {
        Outcome::Repeat => Verdict::Duplicate,
        Outcome::Superseded | Outcome::Stands => Verdict::Accepted,
    }
}
