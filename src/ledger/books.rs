//! A wage account of a project: what was booked on it, what restrains it, and the sums that are kept
//! up with every booking and payment, so that no judgement has to add them up. Knows no worker.

use super::payments::{KeptPayment, Payments};
use crate::domain::{
    Account, AccountEntry, AccountRestraint, AccountView, Day, DayStart, EntryDirection, EntryKind, Payment,
    PaymentStatus, Sum, WageAccount,
};
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone)]
pub(super) struct Book {
    pub(super) account: WageAccount,
    /// By `entry_id`. The county says each once: under one number the first stands.
    pub(super) entries: BTreeMap<CompactString, AccountEntry>,
    /// As the county has merged them, by `restraint_id`.
    pub(super) restraints: BTreeMap<CompactString, AccountRestraint>,
    pub(super) tally: Tally,
}

/// What follows from the bookings, and from the payments that stand in the project. Not stored.
#[derive(Clone, Default)]
pub(super) struct Tally {
    /// Booked in, less booked out, less settled payments that no booking out counts already.
    pub(super) balance: Sum,
    /// Labour fees booked in, by civil date.
    pub(super) labour_fees: BTreeMap<Day, Sum>,
    /// Bookings out, bank fees aside, whose number is that of no payment of the project from here.
    pub(super) unexplained: BTreeSet<CompactString>,
}

impl Book {
    pub(super) fn new(account: WageAccount) -> Book {
        let (entries, restraints) = (BTreeMap::new(), BTreeMap::new());
        Book { account, entries, restraints, tally: Tally::default() }
    }

    /// Tallies everything anew.
    pub(super) fn count(&mut self, payments: &Payments) {
        self.tally = Tally::default();
        let account = self.account.account;
        for entry in self.entries.values() {
            let known = payments.of_number(account, &entry.entry_id).next().is_some();
            self.tally.book(entry, known);
        }
        for kept in payments.paid_from(account) {
            self.spend(&kept.payment);
        }
    }

    /// Takes a booking; false for one that is here already.
    pub(super) fn book(&mut self, entry: &AccountEntry, payments: &Payments) -> bool {
        if self.entries.contains_key(&entry.entry_id) {
            return false;
        }
        let same_number: Vec<KeptPayment> =
            payments.of_number(entry.account, &entry.entry_id).filter_map(|s| s.read().ok()).collect();
        if entry.direction == EntryDirection::Out {
            // They were counted on their own so far.
            same_number.iter().for_each(|kept| self.refund(&kept.payment));
        }
        self.tally.book(entry, !same_number.is_empty());
        self.entries.insert(entry.entry_id.clone(), entry.clone());
        true
    }

    /// Takes a restraint as it stands now; false if it stands here already.
    pub(super) fn restrain(&mut self, restraint: &AccountRestraint) -> bool {
        let before = self.restraints.insert(restraint.restraint_id.clone(), restraint.clone());
        before.as_ref() != Some(restraint)
    }

    /// A payment from this account stands in the project now. True if that explains a booking.
    pub(super) fn spend(&mut self, payment: &Payment) -> bool {
        if self.out_of_number(&payment.txn_id).is_some() {
            return self.tally.unexplained.remove(&payment.txn_id);
        }
        if payment.status == PaymentStatus::Settled {
            self.tally.balance -= payment.amount_fen.sum();
        }
        false
    }

    /// It does so no more; `others`: one of the same number from here still does. True if that
    /// leaves a booking unexplained.
    pub(super) fn unspend(&mut self, payment: &Payment, others: bool) -> bool {
        if let Some(entry) = self.out_of_number(&payment.txn_id) {
            let alone = !others && entry.kind != EntryKind::Fee;
            return alone && self.tally.unexplained.insert(payment.txn_id.clone());
        }
        self.refund(payment);
        false
    }

    fn refund(&mut self, payment: &Payment) {
        if payment.status == PaymentStatus::Settled {
            self.tally.balance += payment.amount_fen.sum();
        }
    }

    fn out_of_number(&self, number: &str) -> Option<&AccountEntry> {
        self.entries.get(number).filter(|entry| entry.direction == EntryDirection::Out)
    }

    pub(super) fn view(&self) -> AccountView<'_> {
        AccountView {
            account: &self.account,
            balance: self.tally.balance,
            labour_fees: &self.tally.labour_fees,
            unexplained: self.tally.unexplained.iter().filter_map(|id| self.entries.get(id)).collect(),
            restraints: self.restraints.values().collect(),
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        320 + (self.entries.len() + self.restraints.len()) * 240 + self.tally.labour_fees.len() * 32
    }
}

impl Tally {
    /// `known`: a payment of the project from this account bears the booking's number.
    fn book(&mut self, entry: &AccountEntry, known: bool) {
        let sum = entry.amount_fen.sum();
        match entry.direction {
            EntryDirection::In => {
                self.balance += sum;
                if entry.kind == EntryKind::LabourFee {
                    *self.labour_fees.entry(booked_on(entry)).or_default() += sum;
                }
            }
            EntryDirection::Out => {
                self.balance -= sum;
                if entry.kind != EntryKind::Fee && !known {
                    self.unexplained.insert(entry.entry_id.clone());
                }
            }
        }
    }
}

/// The civil date in China: a bank's day begins at midnight.
pub(super) fn booked_on(entry: &AccountEntry) -> Day {
    entry.booked_at.business(DayStart(0)).0
}

/// The books of a project's wage accounts by number.
pub(super) type Books = BTreeMap<Account, Book>;
