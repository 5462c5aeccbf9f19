//! What the county tells a project of its wage accounts, and what payments do to their books.
//! Knows no worker.

use super::books::{Book, booked_on};
use super::kept::Outcome;
use super::page::PageKey;
use super::payments::{KeptPayment, Slot};
use super::placing::Moved;
use super::project::{ProjectLedger, Touched, Who};
use crate::domain::{Account, AccountEntry, AccountRestraint, AccountView, Day, Payment, Sum, WageAccount};
use std::collections::BTreeMap;

impl ProjectLedger {
    /// A wage account of this project, as the county has it.
    pub fn put_account(&mut self, account: &WageAccount) -> Touched {
        if let Some(book) = self.papers.books.get_mut(&account.account) {
            if book.account == *account {
                return Touched::REPEAT;
            }
            book.account = account.clone();
            return self.paper(Outcome::Stands);
        }
        let mut book = Book::new(account.clone());
        book.count(&self.payments);
        self.papers.books.insert(account.account, book);
        // Whether a payment came from a wage account is another matter now.
        Touched { who: Who::Everyone, ..self.paper(Outcome::Stands) }
    }

    /// The account is another project's now, with all that was booked on it and restrains it.
    pub fn take_account(&mut self, account: Account) -> Touched {
        let Some(book) = self.papers.books.remove(&account) else { return Touched::REPEAT };
        for entry in book.entries.values() {
            self.dirty.mark(PageKey::bookings(booked_on(entry)));
        }
        Touched { who: Who::Everyone, ..self.paper(Outcome::Stands) }
    }

    /// Bookings and restraints of one of its wage accounts, as the county has them.
    pub fn put_bookings(
        &mut self,
        account: Account,
        entries: &[AccountEntry],
        restraints: &[AccountRestraint],
    ) -> Touched {
        let Some(book) = self.papers.books.get_mut(&account) else { return Touched::REPEAT };
        let mut touched = Touched::REPEAT;
        for entry in entries {
            if book.book(entry, &self.payments) {
                self.dirty.mark(PageKey::bookings(booked_on(entry)));
                touched = Touched::PAPERS;
            }
        }
        let mut restrained = false;
        for restraint in restraints {
            restrained |= book.restrain(restraint);
        }
        if restrained { self.paper(Outcome::Stands) } else { touched }
    }

    pub(super) fn spend(&mut self, kept: &KeptPayment, moved: &mut Moved) {
        if let Some(book) = self.papers.books.get_mut(&kept.payment.account) {
            moved.papers |= book.spend(&kept.payment);
        }
    }

    /// A payment left its slot; one of its number may have taken it.
    pub(super) fn unspend(&mut self, before: &Slot, moved: &mut Moved) {
        // Slots are written by this ledger, or checked when a page is loaded.
        let Ok(KeptPayment { payment, .. }) = before.read() else { return };
        if let Some(book) = self.papers.books.get_mut(&payment.account) {
            let others = self.payments.of_number(payment.account, &payment.txn_id).next().is_some();
            moved.papers |= book.unspend(&payment, others);
        }
    }

    pub(super) fn is_from_wage_account(&self, slot: u32) -> bool {
        let payer = self.payments.get(slot).and_then(Slot::payer);
        payer.is_some_and(|account| self.papers.books.contains_key(&account))
    }

    /// Tallies every book anew, after pages are loaded.
    pub(super) fn count_books(&mut self) {
        self.papers.books.values_mut().for_each(|book| book.count(&self.payments));
    }

    /// What its wage accounts hold together, closed ones too; `None` without one.
    pub fn balance(&self) -> Option<Sum> {
        self.papers.books.values().map(|book| book.tally.balance).reduce(|a, b| a + b)
    }

    /// Labour fees booked in by civil date, of each of its wage accounts.
    pub fn labour_fees(&self) -> Vec<&BTreeMap<Day, Sum>> {
        self.papers.books.values().map(|book| &book.tally.labour_fees).collect()
    }

    /// Its wage accounts by number.
    pub(super) fn account_views(&self) -> Vec<AccountView<'_>> {
        self.papers.books.values().map(Book::view).collect()
    }

    /// Payments from its wage accounts that are placed with no worker and not returned, by (bank, txn_id).
    pub(super) fn stray_payments(&self) -> Vec<Payment> {
        if self.papers.books.is_empty() {
            return Vec::new();
        }
        let slots = self.payments.strays.iter().filter(|slot| self.is_from_wage_account(**slot));
        let mut strays: Vec<Payment> =
            slots.filter_map(|slot| Some(self.payments.get(*slot)?.read().ok()?.payment)).collect();
        strays.sort_by(|a, b| (&a.bank, &a.txn_id).cmp(&(&b.bank, &b.txn_id)));
        strays
    }
}
