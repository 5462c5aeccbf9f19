//! The county's pages: buckets of payments that leave memory and come back, and small pages that
//! stay. Knows no store.

use super::county::County;
use super::kept::{Kept, block_bytes};
use super::payments::{KeptPayment, key_hash, key_of};
use super::stored::Stored;
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{Account, BusinessSignal, Complaint, Signal, Uscc};
use compact_str::CompactString;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::{BuildHasher, Hash};

/// Names a page of the county.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CountyPage {
    pub kind: u8,
    pub a: u16,
}

/// The first byte of every page.
const VERSION: u8 = 1;

const ACCOUNTS: u8 = 0;
const PAYERS: u8 = 1;
const WAITING: u8 = 2;
const COMPLAINTS: u8 = 3;
const SIGNALS: u8 = 4;
const PAYMENTS: u8 = 5;

impl CountyPage {
    /// Buckets of payments; each is a page.
    pub const BUCKETS: u16 = 4096;
    /// Pages of the other kinds.
    const SMALL: u16 = 256;

    /// As part of a store's key: sorts as the pages do.
    pub fn to_bytes(self) -> [u8; 3] {
        let [a1, a0] = self.a.to_be_bytes();
        [self.kind, a1, a0]
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<CountyPage> {
        let &[kind, a1, a0] = bytes else { return None };
        Some(CountyPage { kind, a: u16::from_be_bytes([a1, a0]) })
    }

    /// Whether the page may stay on disk until [`County::needs`] names it. All others are loaded at start.
    pub fn is_lazy(self) -> bool {
        self.kind == PAYMENTS
    }

    pub(super) fn accounts(account: Account) -> CountyPage {
        CountyPage { kind: ACCOUNTS, a: part(&account, CountyPage::SMALL) }
    }

    pub(super) fn payers(account: Account) -> CountyPage {
        CountyPage { kind: PAYERS, a: part(&account, CountyPage::SMALL) }
    }

    pub(super) fn waiting(bucket: u16) -> CountyPage {
        CountyPage { kind: WAITING, a: bucket }
    }

    pub(super) fn complaints(complaint_id: &str) -> CountyPage {
        CountyPage { kind: COMPLAINTS, a: part(complaint_id.as_bytes(), CountyPage::SMALL) }
    }

    pub(super) fn signals(employer: Uscc) -> CountyPage {
        CountyPage { kind: SIGNALS, a: part(&employer, CountyPage::SMALL) }
    }

    pub(super) fn payments(bucket: u16) -> CountyPage {
        CountyPage { kind: PAYMENTS, a: bucket }
    }
}

fn part<T: Hash + ?Sized>(value: &T, parts: u16) -> u16 {
    // The remainder is smaller than `parts`.
    u16::try_from(FixedState::with_seed(0).hash_one(value) % u64::from(parts)).unwrap_or(0)
}

/// The bucket of a payment whose key has that hash. Bits that the table inside does not lean on.
pub(super) fn bucket_of(hash: u64) -> u16 {
    u16::try_from(hash >> 32 & u64::from(CountyPage::BUCKETS - 1)).unwrap_or(0)
}

/// Payments as bytes, found by key. Cold: on disk only.
pub(super) enum Bucket {
    Cold,
    Hot {
        rows: HashTable<Box<[u8]>>,
        bytes: usize,
        /// Since eviction last came by.
        used: bool,
    },
}

impl Default for Bucket {
    fn default() -> Self {
        Bucket::Hot { rows: HashTable::new(), bytes: 0, used: false }
    }
}

impl Bucket {
    pub(super) fn is_cold(&self) -> bool {
        matches!(self, Bucket::Cold)
    }

    pub(super) fn get(&mut self, hash: u64, key: &[u8]) -> Option<KeptPayment> {
        match self {
            Bucket::Cold => not_loaded(),
            Bucket::Hot { rows, used, .. } => {
                *used = true;
                let row = rows.find(hash, |row| key_of(row) == key)?;
                // Rows are written by `put` or checked when a page is loaded.
                KeptPayment::get(&mut Reader::new(row)).ok()
            }
        }
    }

    pub(super) fn put(&mut self, hash: u64, key: &[u8], row: Box<[u8]>) {
        let Bucket::Hot { rows, bytes, used } = self else { not_loaded() };
        *used = true;
        *bytes += row_bytes(&row);
        match rows.find_mut(hash, |known| key_of(known) == key) {
            Some(known) => {
                *bytes -= row_bytes(known);
                *known = row;
            }
            None => {
                rows.insert_unique(hash, row, |row| key_hash(key_of(row)));
            }
        }
    }

    /// All payments, in no order that may show.
    pub(super) fn payments(&self) -> impl Iterator<Item = KeptPayment> {
        let Bucket::Hot { rows, .. } = self else { not_loaded() };
        rows.iter().filter_map(|row| KeptPayment::get(&mut Reader::new(row)).ok())
    }

    fn write(&self, w: &mut Writer) {
        let Bucket::Hot { rows, .. } = self else { not_loaded() };
        let mut rows: Vec<&Box<[u8]>> = rows.iter().collect();
        rows.sort_unstable();
        w.list(rows.into_iter(), |w, row| w.bytes.extend_from_slice(row));
    }

    fn read(page: CountyPage, r: &mut Reader<'_>) -> Result<Bucket, Corrupt> {
        let mut bucket = Bucket::default();
        for kept in r.list(KeptPayment::get)? {
            let row = kept.packed();
            let hash = key_hash(key_of(&row));
            if bucket_of(hash) != page.a {
                return Err(Corrupt("a payment's bucket"));
            }
            let key = key_of(&row).to_vec();
            bucket.put(hash, &key, row.into_boxed_slice());
        }
        Ok(bucket)
    }

    fn heap_bytes(&self) -> usize {
        match self {
            Bucket::Cold => 0,
            Bucket::Hot { bytes, .. } => *bytes,
        }
    }
}

fn row_bytes(row: &[u8]) -> usize {
    // The row, and its share of a table that is two thirds full.
    block_bytes(row.len()) + 25
}

fn not_loaded() -> ! {
    panic!("a bucket of payments is used that `needs` named and nobody loaded")
}

impl County {
    /// Pages changed since the last call, ascending; clears the marks.
    pub fn dirty_pages(&mut self) -> Vec<(CountyPage, Vec<u8>)> {
        let pages = std::mem::take(&mut self.dirty);
        pages.into_iter().map(|page| (page, self.page(page))).collect()
    }

    pub fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    fn page(&self, page: CountyPage) -> Vec<u8> {
        let mut w = Writer::new();
        w.u8(VERSION);
        match page.kind {
            ACCOUNTS => self.accounts.put(page, &mut w),
            PAYERS => self.payers.put(page, &mut w),
            WAITING => self.waiting.put(page, &mut w),
            COMPLAINTS => {
                let first = (page.a, CompactString::default());
                let all = self.complaints.range(first..).take_while(|((a, _), _)| *a == page.a);
                let kept: Vec<&Kept<Complaint>> = all.map(|(_, kept)| kept).collect();
                w.list(kept.into_iter(), |w, kept| kept.put(w));
            }
            SIGNALS => {
                let all = self.signals.iter().filter(|((a, _, _), _)| *a == page.a);
                let kept: Vec<&Kept<BusinessSignal>> = all.map(|(_, kept)| kept).collect();
                w.list(kept.into_iter(), |w, kept| kept.put(w));
            }
            _ => self.buckets[usize::from(page.a)].write(&mut w),
        }
        w.bytes
    }

    /// Says that this page is stored. Those that [`CountyPage::is_lazy`] may then be loaded when
    /// [`County::needs`] names them; the others have to be loaded before the first record.
    pub fn exists(&mut self, page: CountyPage) {
        if page.is_lazy()
            && let Some(bucket) = self.buckets.get_mut(usize::from(page.a))
        {
            *bucket = Bucket::Cold;
        }
    }

    /// Takes a page as [`County::dirty_pages`] gave it. In any order.
    ///
    /// # Errors
    /// The bytes are not such a page.
    pub fn load_page(&mut self, page: CountyPage, bytes: &[u8]) -> Result<(), Corrupt> {
        let mut r = Reader::new(bytes);
        if r.u8()? != VERSION {
            return Err(Corrupt("a county's page: its version is another"));
        }
        match page.kind {
            ACCOUNTS => self.accounts.get_page(&mut r)?,
            PAYERS => self.payers.get_page(&mut r)?,
            WAITING => self.waiting.get_page(page, &mut r)?,
            COMPLAINTS => {
                for kept in r.list(Kept::<Complaint>::get)? {
                    self.complaints.insert((page.a, kept.value.complaint_id.clone()), kept);
                }
            }
            SIGNALS => {
                for kept in r.list(Kept::<BusinessSignal>::get)? {
                    let key: (u16, Uscc, Signal) = (page.a, kept.value.employer_uscc, kept.value.signal);
                    self.signals.insert(key, kept);
                }
            }
            PAYMENTS => {
                let bucket = Bucket::read(page, &mut r)?;
                let known = self.buckets.get_mut(usize::from(page.a));
                *known.ok_or(Corrupt("a county's page: there is no such bucket"))? = bucket;
            }
            _ => return Err(Corrupt("a county's page: its kind is not known")),
        }
        r.end()
    }

    /// Drops buckets from memory that have no unwritten change, those not used lately first, until
    /// about that many bytes are free. The pages given by [`County::dirty_pages`] must be durable.
    /// Returns the bytes freed.
    pub fn evict_clean(&mut self, bytes_wanted: usize) -> usize {
        let mut freed = 0;
        // Twice around: the first time a used one is only told that it was seen.
        for _ in 0..2 * self.buckets.len() {
            if freed >= bytes_wanted {
                break;
            }
            let number = self.hand;
            self.hand = (self.hand + 1) % self.buckets.len();
            let page = CountyPage::payments(u16::try_from(number).unwrap_or(0));
            let bucket = &mut self.buckets[number];
            let bytes = bucket.heap_bytes();
            match bucket {
                Bucket::Hot { used, .. } if *used => *used = false,
                Bucket::Hot { .. } if bytes > 0 && !self.dirty.contains(&page) => {
                    freed += bytes;
                    *bucket = Bucket::Cold;
                }
                _ => {}
            }
        }
        freed
    }

    /// Bytes in memory, as far as they grow with records; an estimate.
    pub fn heap_bytes(&self) -> usize {
        self.buckets.iter().map(|bucket| bucket.heap_bytes() + size_of::<Bucket>()).sum::<usize>()
            + self.accounts.heap_bytes()
            + self.payers.heap_bytes()
            + self.waiting.heap_bytes()
            + (self.complaints.len() + self.signals.len()) * 320
    }
}
