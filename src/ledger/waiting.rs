//! Payments that name no project: those whose account has none either wait here, whole; and where
//! to find the others, should their account ever change hands. Knows no project.

use super::county_page::CountyPage;
use super::payments::KeptPayment;
use super::stored::Stored;
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{Account, Payment, PaymentStatus};
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

/// Bucket of the payment, bank, txn_id.
type Key = (u16, CompactString, CompactString);

/// Payments without any project, returned ones too: they would go with their account.
#[derive(Default)]
pub(super) struct Waiting {
    payments: BTreeMap<Key, KeptPayment>,
    by_account: BTreeMap<Account, BTreeSet<Key>>,
}

fn key(bucket: u16, payment: &Payment) -> Key {
    (bucket, payment.bank.clone(), payment.txn_id.clone())
}

impl Waiting {
    pub(super) fn insert(&mut self, bucket: u16, kept: &KeptPayment) {
        let key = key(bucket, &kept.payment);
        self.by_account.entry(kept.payment.account).or_default().insert(key.clone());
        self.payments.insert(key, kept.clone());
    }

    pub(super) fn remove(&mut self, bucket: u16, payment: &Payment) -> bool {
        if self.payments.is_empty() {
            return false;
        }
        let key = key(bucket, payment);
        if let Some(keys) = self.by_account.get_mut(&payment.account) {
            keys.remove(&key);
            if keys.is_empty() {
                self.by_account.remove(&payment.account);
            }
        }
        self.payments.remove(&key).is_some()
    }

    /// Takes out all of that payer's account, with their buckets, by (bank, txn_id).
    pub(super) fn take(&mut self, account: Account) -> Vec<(u16, KeptPayment)> {
        let keys = self.by_account.remove(&account).unwrap_or_default();
        let mut taken: Vec<(u16, KeptPayment)> =
            keys.iter().filter_map(|key| Some((key.0, self.payments.remove(key)?))).collect();
        taken.sort_by(|(_, a), (_, b)| {
            (&a.payment.bank, &a.payment.txn_id).cmp(&(&b.payment.bank, &b.payment.txn_id))
        });
        taken
    }

    pub(super) fn unreturned(&self) -> Vec<&KeptPayment> {
        let settled = |kept: &&KeptPayment| kept.payment.status == PaymentStatus::Settled;
        let mut all: Vec<&KeptPayment> = self.payments.values().filter(settled).collect();
        all.sort_by(|a, b| (&a.payment.bank, &a.payment.txn_id).cmp(&(&b.payment.bank, &b.payment.txn_id)));
        all
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.payments.len() * (size_of::<KeptPayment>() + 3 * size_of::<Key>())
    }

    pub(super) fn put(&self, page: CountyPage, w: &mut Writer) {
        let first = (page.a, CompactString::default(), CompactString::default());
        let all = self.payments.range(first..).take_while(|(key, _)| key.0 == page.a);
        let kept: Vec<&KeptPayment> = all.map(|(_, kept)| kept).collect();
        w.list(kept.into_iter(), |w, kept| kept.put(w));
    }

    pub(super) fn get_page(&mut self, page: CountyPage, r: &mut Reader<'_>) -> Result<(), Corrupt> {
        for kept in r.list(KeptPayment::get)? {
            self.insert(page.a, &kept);
        }
        Ok(())
    }
}

/// In which buckets a payer's payments that name no project stand (or once stood).
#[derive(Default)]
pub(super) struct Payers {
    /// By page, then number.
    sets: BTreeMap<(u16, Account), Buckets>,
    bytes: usize,
}

/// A small set, or a bit for each bucket.
enum Buckets {
    Few(Vec<u16>),
    Many(Box<[u64; 64]>),
}

const FEW: usize = 128;

impl Buckets {
    fn contains(&self, bucket: u16) -> bool {
        match self {
            Buckets::Few(few) => few.binary_search(&bucket).is_ok(),
            Buckets::Many(bits) => bits[usize::from(bucket >> 6)] >> (bucket & 63) & 1 == 1,
        }
    }

    fn add(&mut self, bucket: u16) -> bool {
        if self.contains(bucket) {
            return false;
        }
        match self {
            Buckets::Few(few) if few.len() < FEW => {
                few.insert(few.partition_point(|b| *b < bucket), bucket);
            }
            Buckets::Few(few) => {
                let mut bits = Box::new([0u64; 64]);
                few.iter().chain([&bucket]).for_each(|b| bits[usize::from(*b >> 6)] |= 1 << (*b & 63));
                *self = Buckets::Many(bits);
            }
            Buckets::Many(bits) => bits[usize::from(bucket >> 6)] |= 1 << (bucket & 63),
        }
        true
    }

    fn list(&self) -> Vec<u16> {
        match self {
            Buckets::Few(few) => few.clone(),
            Buckets::Many(_) => (0..CountyPage::BUCKETS).filter(|b| self.contains(*b)).collect(),
        }
    }
}

impl Payers {
    /// Whether that bucket was not known for the payer.
    pub(super) fn add(&mut self, account: Account, bucket: u16) -> bool {
        let key = (CountyPage::payers(account).a, account);
        let new = self.sets.entry(key).or_insert_with(|| Buckets::Few(Vec::new())).add(bucket);
        self.bytes += usize::from(new) * 4;
        new
    }

    /// Ascending.
    pub(super) fn buckets(&self, account: Account) -> Vec<u16> {
        let key = (CountyPage::payers(account).a, account);
        self.sets.get(&key).map(Buckets::list).unwrap_or_default()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.sets.len() * 96 + self.bytes
    }

    pub(super) fn put(&self, page: CountyPage, w: &mut Writer) {
        let first = (page.a, Account::from_packed(0));
        let sets: Vec<_> = self.sets.range(first..).take_while(|((a, _), _)| *a == page.a).collect();
        w.list(sets.into_iter(), |w, ((_, account), buckets)| {
            w.account(*account);
            buckets.list().put(w);
        });
    }

    pub(super) fn get_page(&mut self, r: &mut Reader<'_>) -> Result<(), Corrupt> {
        for _ in 0..r.count()? {
            let account = r.account()?;
            for bucket in Vec::<u16>::get(r)? {
                if bucket >= CountyPage::BUCKETS {
                    return Err(Corrupt("a bucket"));
                }
                self.add(account, bucket);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payer_of_many_buckets_keeps_them_all() {
        let account = Account::parse("account", "12345678").unwrap();
        let mut payers = Payers::default();
        let want: Vec<u16> = (0..400).map(|n| n * 10).collect();
        for bucket in want.iter().rev() {
            assert!(payers.add(account, *bucket));
            assert!(!payers.add(account, *bucket));
        }
        assert_eq!(payers.buckets(account), want);
        assert!(payers.buckets(Account::parse("account", "87654321").unwrap()).is_empty());
    }
}
