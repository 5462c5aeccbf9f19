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

/// Workers of one account, in order of mention.
#[derive(Clone)]
pub(super) enum Namers {
    One([WorkerIx; 1]),
    /// Two at least.
    Many(Box<[WorkerIx]>),
}

impl Namers {
    /// Doing it twice does nothing.
    pub(super) fn add(map: &mut HashMap<Account, Namers, FixedState>, account: Account, worker: WorkerIx) {
        let namers = map.entry(account).or_insert(Namers::One([worker]));
        if !namers.workers().contains(&worker) {
            *namers = Namers::Many(namers.workers().iter().copied().chain([worker]).collect());
        }
    }

    pub(super) fn remove(map: &mut HashMap<Account, Namers, FixedState>, account: Account, worker: WorkerIx) {
        let Some(namers) = map.get_mut(&account) else { return };
        let left: Vec<WorkerIx> = namers.workers().iter().copied().filter(|w| *w != worker).collect();
        match left[..] {
            [] => {
                map.remove(&account);
            }
            [one] => *namers = Namers::One([one]),
            _ => *namers = Namers::Many(left.into()),
        }
    }

    pub(super) fn workers(&self) -> &[WorkerIx] {
        match self {
            Namers::One(one) => one,
            Namers::Many(all) => all,
        }
    }
}

impl Named {
    /// Doing it twice does nothing.
    pub(super) fn add(&mut self, account: Account, worker: WorkerIx) {
        Namers::add(&mut self.by_account, account, worker);
    }

    pub(super) fn namers(&self, account: Account) -> &[WorkerIx] {
        self.by_account.get(&account).map_or(&[], Namers::workers)
    }

    fn place(&self, account: Account) -> Place {
        match self.namers(account) {
            [] => Place::NoWorker,
            [worker] => Place::Worker(*worker),
            _ => Place::Ambiguous,
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.by_account.capacity() * (size_of::<(Account, Namers)>() + 1)
    }
}

/// Whose findings are others because payments found another place.
#[derive(Default)]
pub(super) struct Moved {
    pub(super) workers: Vec<WorkerIx>,
    pub(super) papers: bool,
}

impl Moved {
    pub(super) fn touched(self) -> Touched {
        Touched { papers: self.papers, ..Touched::workers(self.workers) }
    }
}

impl ProjectLedger {
    /// Puts a payment whose home is this project, as the county has merged it, in the place of the
    /// one with its (bank, txn_id).
    pub fn put_payment(&mut self, kept: &KeptPayment) -> Touched {
        let mut slot = Slot::new(kept);
        let known = self.payments.find(super::payments::key_of(&slot.packed));
        let mut moved = Moved::default();
        let number = match known {
            Some(number) => {
                if self.payments.get(number).is_some_and(|before| before.packed == slot.packed) {
                    return Touched::REPEAT;
                }
                self.detach(number, &mut moved);
                slot.place = self.place_of(&slot, kept.payment.id_number.as_ref());
                if let Some(before) = self.payments.replace(number, slot) {
                    self.unspend(&before, &mut moved);
                }
                number
            }
            None => {
                slot.place = self.place_of(&slot, kept.payment.id_number.as_ref());
                self.payments.insert(slot)
            }
        };
        self.attach(number, &mut moved);
        self.spend(kept, &mut moved);
        self.dirty.mark(PageKey::payment(number));
        moved.touched()
    }

    /// The payment is another project's now.
    pub fn take_payment(&mut self, bank: &str, txn_id: &str) -> Touched {
        let Some(number) = self.payments.find(&payment_key(bank, txn_id)) else {
            return Touched::REPEAT;
        };
        let mut moved = Moved::default();
        self.detach(number, &mut moved);
        if let Some(before) = self.payments.remove(number) {
            self.unspend(&before, &mut moved);
        }
        self.dirty.mark(PageKey::payment(number));
        moved.touched()
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
    pub(super) fn name_account(&mut self, account: Account, worker: WorkerIx, moved: &mut Moved) {
        self.named.add(account, worker);
        moved.papers |= self.note_named(account) || self.is_paid_to_shared(worker);
        let place = self.named.place(account);
        for number in self.payments.paid_to(account).to_vec() {
            if self.payments.get(number).is_some_and(|slot| slot.place != place) {
                self.detach(number, moved);
                if let Some(slot) = self.payments.get_mut(number) {
                    slot.place = place;
                }
                self.attach(number, moved);
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

    fn detach(&mut self, number: u32, moved: &mut Moved) {
        let Some(slot) = self.payments.get(number) else { return };
        let (payee, returned) = (slot.payee_account, slot.returned);
        match slot.place {
            Place::Worker(worker) => {
                self.profile(worker, |profile| profile.detach(number));
                moved.workers.push(worker);
                moved.papers |= !returned && self.note_unpaid(payee, worker);
            }
            Place::NoWorker if !returned => {
                moved.papers |= self.is_from_wage_account(number);
                self.payments.strays.remove(&number);
            }
            _ => {}
        }
    }

    fn attach(&mut self, number: u32, moved: &mut Moved) {
        let Some(slot) = self.payments.get(number) else { return };
        let (payee, returned) = (slot.payee_account, slot.returned);
        match slot.place {
            Place::Worker(worker) => {
                let placed = Placed { slot: number, period: slot.period, returned };
                self.profile(worker, |profile| profile.attach(placed));
                moved.workers.push(worker);
                moved.papers |= !returned && self.note_paid(payee, worker);
            }
            Place::NoWorker if !returned => {
                moved.papers |= self.is_from_wage_account(number);
                self.payments.strays.insert(number);
            }
            _ => {}
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
            self.attach(number, &mut Moved::default());
        }
        true
    }
}
