//! A project's payments in dense slots, found by (bank, txn_id) and by the account they went to.
//! Knows no worker: where a payment belongs is asked of `placing`.

use super::kept::block_bytes;
use super::project::WorkerIx;
use super::stored::{Stored, stored};
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{Account, Payment, PaymentStatus, Period, Stamp};
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};
use std::collections::BTreeSet;
use std::hash::BuildHasher;

/// A payment as the merge of all its records: `returned` beats `settled`, the rest is that of the greatest stamp.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptPayment {
    pub payment: Payment,
    pub stamp: Stamp,
}
stored!(KeptPayment { payment, stamp });

impl KeptPayment {
    /// Its bytes, for another machine.
    pub fn write(&self, w: &mut Writer) {
        self.put(w);
    }

    /// # Errors
    /// The bytes are no payment.
    pub fn parse(r: &mut Reader<'_>) -> Result<KeptPayment, Corrupt> {
        KeptPayment::get(r)
    }
}

/// Where a payment stands in its project.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    Worker(WorkerIx),
    NoWorker,
    Ambiguous,
}

/// The payment as bytes (they are read when a worker is settled), and what placing asks of it.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) packed: Box<[u8]>,
    pub(super) payee_account: Account,
    pub(super) place: Place,
    pub(super) period: Option<Period>,
    pub(super) returned: bool,
    /// Names no worker itself: the payee account decides.
    pub(super) by_account: bool,
}

#[derive(Clone, Default)]
pub(super) struct Payments {
    pub(super) slots: Vec<Option<Slot>>,
    free: BTreeSet<u32>,
    index: HashTable<u32>,
    /// Slots whose payments name no worker, by payee account.
    by_payee: HashMap<Account, Vec<u32>, FixedState>,
    /// Slots by payer's account and number: what a bank's statement of that account calls them.
    numbers: HashTable<u32>,
    /// Slots of payments that are placed with no worker and not returned.
    pub(super) strays: BTreeSet<u32>,
    pub(super) bytes: usize,
}

impl Slot {
    pub(super) fn new(kept: &KeptPayment) -> Slot {
        Slot {
            packed: kept.packed().into_boxed_slice(),
            payee_account: kept.payment.payee_account,
            place: Place::NoWorker,
            period: kept.payment.period,
            returned: kept.payment.status == PaymentStatus::Returned,
            by_account: kept.payment.id_number.is_none(),
        }
    }

    pub(super) fn read(&self) -> Result<KeptPayment, Corrupt> {
        KeptPayment::get(&mut Reader::new(&self.packed))
    }

    /// The account that it was paid from.
    pub(super) fn payer(&self) -> Option<Account> {
        payer_of(&self.packed).map(|(account, _)| account)
    }

    fn heap_bytes(&self) -> usize {
        // A slot, its index entries, and (mostly) a place in the list of its payee account.
        block_bytes(self.packed.len()) + size_of::<Option<Slot>>() + 24 + if self.by_account { 64 } else { 0 }
    }
}

/// (bank, txn_id) as they begin every packed payment.
pub(super) fn payment_key(bank: &str, txn_id: &str) -> Vec<u8> {
    let mut w = crate::codec::Writer::new();
    w.text(bank);
    w.text(txn_id);
    w.bytes
}

/// The part of a packed payment that is its key.
pub(super) fn key_of(packed: &[u8]) -> &[u8] {
    let mut r = Reader::new(packed);
    let len = match (r.blob(), r.blob()) {
        (Ok(bank), Ok(txn_id)) => {
            let varints = [bank, txn_id].iter().map(|text| varint_len(text.len())).sum::<usize>();
            bank.len() + txn_id.len() + varints
        }
        _ => 0,
    };
    packed.get(..len).unwrap_or(packed)
}

/// Bytes of a varint: seven bits each.
fn varint_len(value: usize) -> usize {
    (usize::BITS - value.leading_zeros()).max(1).div_ceil(7) as usize
}

/// The payer's account and the number, read from a packed payment.
fn payer_of(packed: &[u8]) -> Option<(Account, &str)> {
    let mut r = Reader::new(packed);
    r.blob().ok()?;
    let txn_id = r.str().ok()?;
    Some((r.account().ok()?, txn_id))
}

fn number_hash(packed: &[u8]) -> u64 {
    payer_of(packed).map_or(0, |number| FixedState::with_seed(0).hash_one(number))
}

pub(super) fn key_hash(key: &[u8]) -> u64 {
    FixedState::with_seed(0).hash_one(key)
}

impl Payments {
    pub(super) fn find(&self, key: &[u8]) -> Option<u32> {
        self.index.find(key_hash(key), |slot| self.key(*slot) == key).copied()
    }

    fn key(&self, slot: u32) -> &[u8] {
        self.get(slot).map_or(&[], |s| key_of(&s.packed))
    }

    pub(super) fn get(&self, slot: u32) -> Option<&Slot> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Slot> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// Puts a payment that is not here yet into the first free slot.
    pub(super) fn insert(&mut self, slot: Slot) -> u32 {
        let number = match self.free.pop_first() {
            Some(number) => number,
            None => {
                if self.slots.len() == self.slots.capacity() {
                    self.slots.reserve_exact(8 + self.slots.len() / 8);
                }
                self.slots.push(None);
                // A page key has room for no more; a project with 4 billion payments is no project.
                u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
            }
        };
        self.put_at(number, slot);
        number
    }

    /// Puts a payment into that slot and the indexes; the slot is empty.
    fn put_at(&mut self, number: u32, slot: Slot) {
        self.bytes += slot.heap_bytes();
        if slot.by_account {
            let slots = self.by_payee.entry(slot.payee_account).or_default();
            if let Err(at) = slots.binary_search(&number) {
                slots.insert(at, number);
            }
        }
        let (hash, by_number) = (key_hash(key_of(&slot.packed)), number_hash(&slot.packed));
        self.slots[number as usize] = Some(slot);
        let slots = &self.slots;
        let packed = |n: &u32| slots[*n as usize].as_ref().map_or(&[][..], |s| &*s.packed);
        self.index.insert_unique(hash, number, |n| key_hash(key_of(packed(n))));
        self.numbers.insert_unique(by_number, number, |n| number_hash(packed(n)));
    }

    /// Puts another payment of the same key in its place; the one before.
    pub(super) fn replace(&mut self, number: u32, slot: Slot) -> Option<Slot> {
        let before = self.remove(number)?;
        self.free.remove(&number);
        self.put_at(number, slot);
        Some(before)
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<Slot> {
        let slot = self.slots.get_mut(number as usize)?.take()?;
        self.bytes -= slot.heap_bytes();
        if let Ok(entry) = self.index.find_entry(key_hash(key_of(&slot.packed)), |n| *n == number) {
            entry.remove();
        }
        if let Ok(entry) = self.numbers.find_entry(number_hash(&slot.packed), |n| *n == number) {
            entry.remove();
        }
        if let Some(slots) = self.by_payee.get_mut(&slot.payee_account) {
            slots.retain(|n| *n != number);
            if slots.is_empty() {
                self.by_payee.remove(&slot.payee_account);
            }
        }
        self.free.insert(number);
        Some(slot)
    }

    /// Payments from that account of that number, whatever bank says so.
    pub(super) fn of_number(&self, account: Account, txn_id: &str) -> impl Iterator<Item = &Slot> {
        let hash = FixedState::with_seed(0).hash_one((account, txn_id));
        let slots = self.numbers.iter_hash(hash).filter_map(|n| self.get(*n));
        slots.filter(move |slot| payer_of(&slot.packed) == Some((account, txn_id)))
    }

    /// All payments from that account, in no order that may show. Looks at every payment.
    pub(super) fn paid_from(&self, account: Account) -> impl Iterator<Item = KeptPayment> {
        let slots = self.slots.iter().flatten().filter(move |slot| slot.payer() == Some(account));
        slots.filter_map(|slot| slot.read().ok())
    }

    /// Slots of payments to that account which name no worker, ascending.
    pub(super) fn paid_to(&self, account: Account) -> &[u32] {
        self.by_payee.get(&account).map_or(&[], Vec::as_slice)
    }

    /// Appends a slot as a page has it.
    pub(super) fn load(&mut self, kept: Option<KeptPayment>) -> Result<(), Corrupt> {
        let number = u32::try_from(self.slots.len()).map_err(|_| Corrupt("a payment's slot"))?;
        self.slots.push(None);
        match kept {
            None => {
                self.free.insert(number);
            }
            Some(kept) => {
                let slot = Slot::new(&kept);
                if self.find(key_of(&slot.packed)).is_some() {
                    return Err(Corrupt("a payment that stands twice"));
                }
                self.put_at(number, slot);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_what_a_packed_payment_begins_with() {
        for (bank, txn) in [
            ("ICBC", "T1"),
            ("", ""),
            ("银行", &*"x".repeat(128)),
            (&*"b".repeat(127), "1"),
            ("b", &*"x".repeat(20_000)),
        ] {
            let mut packed = payment_key(bank, txn);
            let key = packed.clone();
            packed.extend_from_slice(b"the rest");
            assert_eq!(key_of(&packed), key.as_slice());
        }
    }
}
