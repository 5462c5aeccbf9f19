//! Accounts that serve several workers of a project: named by them, or paid to for them. Whom an
//! account was paid for is kept only where he has not named it; mostly nothing is. Not stored.

use super::payments::KeptPayment;
use super::placing::{Named, Namers};
use super::project::{ProjectLedger, WorkerIx};
use crate::domain::{Account, PayeeView, SharedPayee};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::BTreeSet;

#[derive(Clone, Default)]
pub(super) struct Payees {
    /// Workers for whom a settled payment went to an account that they had not named then.
    paid: HashMap<Account, Namers, FixedState>,
    /// Accounts of two workers or more.
    shared: BTreeSet<Account>,
}

/// So many workers of a shared account are shown.
const SHOWN: usize = 10;

impl Payees {
    pub(super) fn is_shared(&self, account: Account) -> bool {
        self.shared.contains(&account)
    }

    fn add(&mut self, account: Account, worker: WorkerIx) {
        Namers::add(&mut self.paid, account, worker);
    }

    fn remove(&mut self, account: Account, worker: WorkerIx) {
        Namers::remove(&mut self.paid, account, worker);
    }

    fn workers(&self, account: Account, named: &Named) -> BTreeSet<WorkerIx> {
        let paid = self.paid.get(&account).map_or(&[][..], Namers::workers);
        named.namers(account).iter().chain(paid).copied().collect()
    }

    /// Looks again whether the account serves several.
    fn update(&mut self, account: Account, named: &Named) {
        let (namers, paid) =
            (named.namers(account), self.paid.get(&account).map_or(&[][..], Namers::workers));
        let first = namers.first().or(paid.first());
        let is_shared = namers.iter().chain(paid).any(|worker| Some(worker) != first);
        if is_shared {
            self.shared.insert(account);
        } else {
            self.shared.remove(&account);
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.paid.capacity() * (size_of::<(Account, Namers)>() + 1) + self.shared.len() * 40
    }
}

impl ProjectLedger {
    /// Somebody has named the account. True if it serves several now.
    pub(super) fn note_named(&mut self, account: Account) -> bool {
        self.payees.update(account, &self.named);
        self.payees.is_shared(account)
    }

    /// Whether a payment for the worker went to an account of several: whether it counts is told there.
    pub(super) fn is_paid_to_shared(&self, worker: WorkerIx) -> bool {
        let slots = self.workers[worker as usize].placed().iter().filter_map(|p| self.payments.get(p.slot));
        slots.filter(|slot| !slot.returned).any(|slot| self.payees.is_shared(slot.payee_account))
    }

    /// A settled payment for the worker went to the account. True if it serves several now.
    pub(super) fn note_paid(&mut self, account: Account, worker: WorkerIx) -> bool {
        let known = &self.workers[worker as usize];
        if known.accounts().binary_search(&account).is_err() {
            self.payees.add(account, worker);
            self.payees.update(account, &self.named);
        }
        self.payees.is_shared(account)
    }

    /// Such a payment is placed with him no more. True if the account served several before.
    pub(super) fn note_unpaid(&mut self, account: Account, worker: WorkerIx) -> bool {
        let was_shared = self.payees.is_shared(account);
        if self.paid_to(worker, account).next().is_none() {
            self.payees.remove(account, worker);
            self.payees.update(account, &self.named);
        }
        was_shared
    }

    /// Slots of the worker's settled payments to that account.
    fn paid_to(&self, worker: WorkerIx, account: Account) -> impl Iterator<Item = u32> {
        let placed = self.workers[worker as usize].placed().iter();
        let slots = placed.filter(|placed| !placed.returned).map(|placed| placed.slot);
        slots.filter(move |slot| self.payments.get(*slot).is_some_and(|s| s.payee_account == account))
    }

    /// Accounts of two workers or more, by number.
    pub(super) fn shared_payees(&self) -> Vec<SharedPayee<'_>> {
        self.payees.shared.iter().map(|account| self.shared_payee(*account)).collect()
    }

    fn shared_payee(&self, account: Account) -> SharedPayee<'_> {
        let mut workers: Vec<WorkerIx> = self.payees.workers(account, &self.named).into_iter().collect();
        workers.sort_unstable_by(|a, b| self.worker_id(*a).cmp(self.worker_id(*b)));
        let view = |worker: &WorkerIx| {
            let known = &self.workers[*worker as usize];
            let named = known.accounts().binary_search(&account).is_ok();
            let payments =
                self.paid_to(*worker, account).filter_map(|slot| self.payments.get(slot)?.read().ok());
            let first = payments.min_by(|a, b| key(a).cmp(&key(b))).filter(|_| !named);
            PayeeView {
                id_number: self.worker_id(*worker),
                named,
                payment: first.map(|kept| self.line(kept.payment, known.accounts())),
            }
        };
        let shown = workers.iter().take(SHOWN).map(view).collect();
        // A project has fewer workers than that.
        SharedPayee { account, workers: u32::try_from(workers.len()).unwrap_or(u32::MAX), shown }
    }
}

fn key(kept: &KeptPayment) -> (&str, &str) {
    (&kept.payment.bank, &kept.payment.txn_id)
}
