//! Which worker a payment belongs to (contract, section 4, "Which payments count"): a pure function
//! of who has named which account, recomputed for what depends on it when an account is named.

use super::page::PageKey;
use super::payments::{KeptPayment, Place, Slot, payment_key};
use super::project::{ProjectLedger, Touched, WorkerIx};
use super::worker::Placed;
use crate::domain::{Account, IdNumber, SuspenseReason};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Who has named an account. Nearly always one worker.
#[derive(Clone, Default)]
pub(super) struct Named {
    by_account: HashMap<Account, Namers, FixedState>,
}

#[derive(Clone)]
enum Namers {
    One(WorkerIx),
    /// Two at least.
    Many(Box<[WorkerIx]>),
}

impl Named {
    /// Doing it twice does nothing.
    pub(super) fn add(&mut self, account: Account, worker: WorkerIx) {
        match self.by_account.entry(account) {
            hashbrown::hash_map::Entry::Vacant(free) => {
                free.insert(Namers::One(worker));
            }
            hashbrown::hash_map::Entry::Occupied(mut known) => match known.get_mut() {
                Namers::One(first) if *first == worker => {}
                Namers::One(first) => {
                    let both = vec![*first, worker];
                    known.insert(Namers::Many(both.into()));
                }
                Namers::Many(all) if all.contains(&worker) => {}
                Namers::Many(all) => *all = all.iter().copied().chain([worker]).collect(),
            },
        }
    }

    fn place(&self, account: Account) -> Place {
        match self.by_account.get(&account) {
            None => Place::NoWorker,
            Some(Namers::One(worker)) => Place::Worker(*worker),
            Some(Namers::Many(_)) => Place::Ambiguous,
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.by_account.capacity() * (size_of::<(Account, Namers)>() + 1)
    }
}

impl ProjectLedger {
    /// Puts a payment whose home is this project, as the county has merged it, in the place of the
    /// one with its (bank, txn_id).
    pub fn put_payment(&mut self, kept: &KeptPayment) -> Touched {
        let mut slot = Slot::new(kept);
        let known = self.payments.find(super::payments::key_of(&slot.packed));
        let mut touched = Vec::new();
        let number = match known {
            Some(number) => {
                if self.payments.get(number).is_some_and(|before| before.packed == slot.packed) {
                    return Touched::REPEAT;
                }
                self.detach(number, &mut touched);
                slot.place = self.place_of(&slot, kept.payment.id_number.as_ref());
                self.payments.replace(number, slot);
                number
            }
            None => {
                slot.place = self.place_of(&slot, kept.payment.id_number.as_ref());
                self.payments.insert(slot)
            }
        };
        self.attach(number, &mut touched);
        self.dirty.mark(PageKey::payment(number));
        Touched::workers(touched)
    }

    /// The payment is another project's now.
    pub fn take_payment(&mut self, bank: &str, txn_id: &str) -> Touched {
        let Some(number) = self.payments.find(&payment_key(bank, txn_id)) else {
            return Touched::REPEAT;
        };
        let mut touched = Vec::new();
        self.detach(number, &mut touched);
        self.payments.remove(number);
        self.dirty.mark(PageKey::payment(number));
        Touched::workers(touched)
    }

    /// Payments of this project that wait for a worker, by (bank, txn_id). Returned ones need none.
    pub fn suspense(&self) -> Vec<(KeptPayment, SuspenseReason)> {
        let waits = |slot: &Slot| match slot.place {
            _ if slot.returned => None,
            Place::Worker(_) => None,
            Place::NoWorker => Some(SuspenseReason::NoWorker),
            Place::Ambiguous => Some(SuspenseReason::AmbiguousWorker),
        };
        let slots = self.payments.slots.iter().flatten();
        let mut waiting: Vec<(KeptPayment, SuspenseReason)> =
            slots.filter_map(|slot| Some((slot.read().ok()?, waits(slot)?))).collect();
        waiting.sort_by(|(a, _), (b, _)| {
            (&a.payment.bank, &a.payment.txn_id).cmp(&(&b.payment.bank, &b.payment.txn_id))
        });
        waiting
    }

    /// A worker has named an account: what was paid to it finds its worker, or has two now.
    pub(super) fn name_account(&mut self, account: Account, worker: WorkerIx, touched: &mut Vec<WorkerIx>) {
        self.named.add(account, worker);
        let place = self.named.place(account);
        for number in self.payments.paid_to(account).to_vec() {
            if self.payments.get(number).is_some_and(|slot| slot.place != place) {
                self.detach(number, touched);
                if let Some(slot) = self.payments.get_mut(number) {
                    slot.place = place;
                }
                self.attach(number, touched);
            }
        }
    }

    /// The payment's own worker (who need not be known otherwise), else the one who named the account.
    fn place_of(&mut self, slot: &Slot, own: Option<&IdNumber>) -> Place {
        match own {
            Some(id) => Place::Worker(self.worker(id).0),
            None => self.named.place(slot.payee_account),
        }
    }

    fn detach(&mut self, number: u32, touched: &mut Vec<WorkerIx>) {
        if let Some(Place::Worker(worker)) = self.payments.get(number).map(|slot| slot.place) {
            self.profile(worker, |profile| profile.detach(number));
            touched.push(worker);
        }
    }

    fn attach(&mut self, number: u32, touched: &mut Vec<WorkerIx>) {
        let Some(slot) = self.payments.get(number) else { return };
        if let Place::Worker(worker) = slot.place {
            let placed = Placed { slot: number, period: slot.period, returned: slot.returned };
            self.profile(worker, |profile| profile.attach(placed));
            touched.push(worker);
        }
    }

    /// Places every payment anew, after pages are loaded. False if a payment names a worker that no page has.
    pub(super) fn place_all(&mut self) -> bool {
        for number in 0..u32::try_from(self.payments.slots.len()).unwrap_or(u32::MAX) {
            let Some(slot) = self.payments.get(number) else { continue };
            let place = if slot.by_account {
                self.named.place(slot.payee_account)
            } else {
                let own = slot.read().ok().and_then(|kept| kept.payment.id_number);
                match own.and_then(|id| self.worker_ix(&id)) {
                    Some(worker) => Place::Worker(worker),
                    None => return false,
                }
            };
            if let Some(slot) = self.payments.get_mut(number) {
                slot.place = place;
            }
            self.attach(number, &mut Vec::new());
        }
        true
    }
}
