//! The county's pages: pieces of the buckets of payments, which leave memory and come back, and small pages that
//! stay. Knows no store.

use super::accounts::Book;
use super::bucket::{Bucket, Piece};
use super::county::County;
use super::kept::Kept;
use super::stored::Stored;
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{Account, BusinessSignal, Complaint, Signal, Uscc};
use compact_str::CompactString;
use foldhash::fast::FixedState;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

/// Names a page of the county.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CountyPage {
    pub kind: u8,
    pub a: u16,
    /// The piece of a bucket of payments.
    pub b: u16,
}

/// A page as it was when it was asked for. It becomes bytes where there is time for that; what changes meanwhile does
/// not show in it.
pub struct PageImage(Image);

enum Image {
    Bytes(Vec<u8>),
    Payments(Arc<Piece>),
    Books(Vec<Arc<Book>>),
}

impl PageImage {
    pub fn bytes(self) -> Vec<u8> {
        let mut w = Writer::new();
        w.u8(VERSION);
        match self.0 {
            Image::Bytes(bytes) => return bytes,
            Image::Payments(piece) => piece.write(&mut w),
            Image::Books(books) => w.list(books.iter(), |w, book| book.put(w)),
        }
        w.bytes
    }
}

/// The first byte of every page.
const VERSION: u8 = 2;

const ACCOUNTS: u8 = 0;
const PAYERS: u8 = 1;
const WAITING: u8 = 2;
const COMPLAINTS: u8 = 3;
const SIGNALS: u8 = 4;
const PAYMENTS: u8 = 5;

impl CountyPage {
    /// Buckets of payments, each in pieces.
    pub const BUCKETS: u16 = 4096;
    /// Pages of what grows with payments and bookings: one of them writes its own account's page, and few others.
    const MANY: u16 = 4096;
    /// Pages of the other kinds.
    const SMALL: u16 = 256;

    /// As part of a store's key: sorts as the pages do.
    pub fn to_bytes(self) -> [u8; 5] {
        let ([a1, a0], [b1, b0]) = (self.a.to_be_bytes(), self.b.to_be_bytes());
        [self.kind, a1, a0, b1, b0]
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<CountyPage> {
        let &[kind, a1, a0, b1, b0] = bytes else { return None };
        Some(CountyPage { kind, a: u16::from_be_bytes([a1, a0]), b: u16::from_be_bytes([b1, b0]) })
    }

    /// Whether the page may stay on disk until [`County::needs`] names it. All others are loaded at start.
    pub fn is_lazy(self) -> bool {
        self.kind == PAYMENTS
    }

    fn whole(kind: u8, a: u16) -> CountyPage {
        CountyPage { kind, a, b: 0 }
    }

    pub(super) fn accounts(account: Account) -> CountyPage {
        CountyPage::whole(ACCOUNTS, part(&account, CountyPage::MANY))
    }

    pub(super) fn payers(account: Account) -> CountyPage {
        CountyPage::whole(PAYERS, part(&account, CountyPage::MANY))
    }

    pub(super) fn waiting(bucket: u16) -> CountyPage {
        CountyPage::whole(WAITING, bucket)
    }

    pub(super) fn complaints(complaint_id: &str) -> CountyPage {
        CountyPage::whole(COMPLAINTS, part(complaint_id.as_bytes(), CountyPage::SMALL))
    }

    pub(super) fn signals(employer: Uscc) -> CountyPage {
        CountyPage::whole(SIGNALS, part(&employer, CountyPage::SMALL))
    }

    pub(super) fn payments(bucket: u16, piece: u16) -> CountyPage {
        CountyPage { kind: PAYMENTS, a: bucket, b: piece }
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

impl County {
    /// Pages changed since the last call, ascending, as they are now; clears the marks.
    pub fn dirty_images(&mut self) -> Vec<(CountyPage, PageImage)> {
        let pages = std::mem::take(&mut self.dirty);
        pages.into_iter().map(|page| (page, PageImage(self.image(page)))).collect()
    }

    /// The same, as bytes.
    pub fn dirty_pages(&mut self) -> Vec<(CountyPage, Vec<u8>)> {
        self.dirty_images().into_iter().map(|(page, image)| (page, image.bytes())).collect()
    }

    pub fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    fn image(&self, page: CountyPage) -> Image {
        let mut w = Writer::new();
        w.u8(VERSION);
        match page.kind {
            PAYMENTS => return Image::Payments(self.buckets[usize::from(page.a)].piece(page.b)),
            ACCOUNTS => return Image::Books(self.accounts.books_of(page)),
            PAYERS => self.payers.put(page, &mut w),
            WAITING => self.waiting.put(page, &mut w),
            COMPLAINTS => {
                let first = (page.a, CompactString::default());
                let all = self.complaints.range(first..).take_while(|((a, _), _)| *a == page.a);
                let kept: Vec<&Kept<Complaint>> = all.map(|(_, kept)| kept).collect();
                w.list(kept.into_iter(), |w, kept| kept.put(w));
            }
            _ => {
                let all = self.signals.iter().filter(|((a, _, _), _)| *a == page.a);
                let kept: Vec<&Kept<BusinessSignal>> = all.map(|(_, kept)| kept).collect();
                w.list(kept.into_iter(), |w, kept| kept.put(w));
            }
        }
        Image::Bytes(w.bytes)
    }

    /// Says that this page is stored. Those that [`CountyPage::is_lazy`] may then be loaded when
    /// [`County::needs`] names them; the others have to be loaded before the first record.
    pub fn exists(&mut self, page: CountyPage) {
        if page.is_lazy()
            && let Some(bucket) = self.buckets.get_mut(usize::from(page.a))
        {
            bucket.exists(page.b);
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
                let known = self.buckets.get_mut(usize::from(page.a));
                let bucket = known.ok_or(Corrupt("a county's page: there is no such bucket"))?;
                let before = bucket.heap_bytes();
                bucket.load(page, &mut r)?;
                self.payment_bytes = self.payment_bytes + bucket.heap_bytes() - before;
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
            let page = |piece| CountyPage::payments(u16::try_from(number).unwrap_or(0), piece);
            if self.dirty.range(page(0)..=page(u16::MAX)).next().is_none() {
                freed += self.buckets[number].cool();
            }
        }
        self.payment_bytes -= freed;
        freed
    }

    /// Bytes in memory, as far as they grow with records; an estimate.
    pub fn heap_bytes(&self) -> usize {
        self.payment_bytes
            + self.buckets.len() * size_of::<Bucket>()
            + self.accounts.heap_bytes()
            + self.payers.heap_bytes()
            + self.waiting.heap_bytes()
            + (self.complaints.len() + self.signals.len()) * 320
    }
}
