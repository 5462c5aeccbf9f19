//! A bucket of the county's payments: as bytes, in pieces of so many, found by key; it leaves memory as a whole and comes
//! back. A piece is a page, so that one payment more writes a piece and not all that came before it. Knows no store.

use super::county_page::{CountyPage, bucket_of};
use super::kept::block_bytes;
use super::payments::{KeptPayment, key_hash, key_of};
use super::stored::Stored;
use crate::codec::{Corrupt, Reader, Writer};
use hashbrown::HashTable;
use std::sync::Arc;

/// Payments in a piece.
const PIECE: usize = 64;

/// Cold: on disk only, in so many pieces.
pub(super) enum Bucket {
    Cold(u16),
    Hot(Hot),
}

#[derive(Default)]
pub(super) struct Hot {
    /// All full but the last. Whoever writes one down shares it; what changes meanwhile changes in a copy.
    pieces: Vec<Arc<Piece>>,
    places: HashTable<Place>,
    bytes: usize,
    /// Since eviction last came by.
    used: bool,
}

/// Payments one behind the other, in the order in which they first came.
#[derive(Clone, Default)]
pub(super) struct Piece {
    rows: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Place {
    piece: u16,
    row: u16,
}

impl Default for Bucket {
    fn default() -> Self {
        Bucket::Hot(Hot::default())
    }
}

impl Bucket {
    fn hot(&self) -> &Hot {
        match self {
            Bucket::Hot(hot) => hot,
            Bucket::Cold(_) => not_loaded(),
        }
    }

    fn hot_mut(&mut self) -> &mut Hot {
        match self {
            Bucket::Hot(hot) => hot,
            Bucket::Cold(_) => not_loaded(),
        }
    }

    pub(super) fn get(&mut self, hash: u64, key: &[u8]) -> Option<KeptPayment> {
        let hot = self.hot_mut();
        hot.used = true;
        let place = hot.find(hash, key)?;
        // Rows are written by `put` or checked when a page is loaded.
        KeptPayment::get(&mut Reader::new(row(&hot.pieces, place))).ok()
    }

    /// Answers in which piece it stands.
    pub(super) fn put(&mut self, hash: u64, key: &[u8], packed: &[u8]) -> u16 {
        let hot = self.hot_mut();
        hot.used = true;
        if let Some(place) = hot.find(hash, key) {
            let piece = &mut hot.pieces[usize::from(place.piece)];
            let before = piece.heap_bytes();
            Arc::make_mut(piece).replace(usize::from(place.row), packed);
            hot.bytes = hot.bytes + piece.heap_bytes() - before;
            return place.piece;
        }
        if hot.pieces.last().is_none_or(|last| last.ends.len() >= PIECE) {
            hot.pieces.push(Arc::default());
        }
        let number = hot.pieces.len() - 1;
        let piece = &mut hot.pieces[number];
        let before = piece.heap_bytes();
        Arc::make_mut(piece).push(packed);
        hot.bytes = hot.bytes + piece.heap_bytes() - before;
        // A bucket is one of thousands: this many pieces are more than all banks ever send.
        let number = u16::try_from(number).unwrap_or(u16::MAX);
        let row = u16::try_from(piece.ends.len() - 1).unwrap_or(u16::MAX);
        hot.note(hash, Place { piece: number, row });
        number
    }

    /// All payments, in the order in which they first came.
    pub(super) fn payments(&self) -> impl Iterator<Item = KeptPayment> {
        let rows = self.hot().pieces.iter().flat_map(|piece| piece.iter());
        rows.filter_map(|row| KeptPayment::get(&mut Reader::new(row)).ok())
    }

    pub(super) fn piece(&self, number: u16) -> Arc<Piece> {
        self.hot().pieces.get(usize::from(number)).cloned().unwrap_or_default()
    }

    /// Its pieces, if they are on disk only.
    pub(super) fn cold_pieces(&self) -> std::ops::Range<u16> {
        match self {
            Bucket::Cold(pieces) => 0..*pieces,
            Bucket::Hot(_) => 0..0,
        }
    }

    /// The piece is on disk, and will be loaded when it is needed.
    pub(super) fn exists(&mut self, number: u16) {
        let known = self.cold_pieces().end;
        *self = Bucket::Cold(known.max(number.saturating_add(1)));
    }

    /// Takes a piece; before the bucket is used it has to have all of them.
    pub(super) fn load(&mut self, page: CountyPage, r: &mut Reader<'_>) -> Result<(), Corrupt> {
        let mut piece = Piece::default();
        for kept in r.list(KeptPayment::get)? {
            piece.push(&kept.packed());
        }
        piece.rows.shrink_to_fit();
        if let Bucket::Cold(_) = self {
            *self = Bucket::default();
        }
        let hot = self.hot_mut();
        let number = usize::from(page.b);
        if hot.pieces.len() <= number {
            // One empty piece for all that are still to come: a page from elsewhere must not fill the memory.
            hot.pieces.resize(number + 1, Arc::default());
        }
        if !hot.pieces[number].ends.is_empty() {
            return Err(Corrupt("a piece of payments that is here already"));
        }
        hot.bytes += piece.heap_bytes();
        hot.pieces[number] = Arc::new(piece);
        for at in 0..hot.pieces[number].ends.len() {
            let place = Place { piece: page.b, row: u16::try_from(at).map_err(|_| Corrupt("a piece"))? };
            let key = key_of(row(&hot.pieces, place));
            let hash = key_hash(key);
            if bucket_of(hash) != page.a {
                return Err(Corrupt("a payment's bucket"));
            }
            if hot.find(hash, key).is_some() {
                return Err(Corrupt("a payment that stands twice"));
            }
            hot.note(hash, place);
        }
        Ok(())
    }

    /// Leaves memory, unless it was used since the last call; answers how many bytes that frees.
    pub(super) fn cool(&mut self) -> usize {
        let Bucket::Hot(hot) = self else { return 0 };
        if std::mem::take(&mut hot.used) || hot.pieces.is_empty() {
            return 0;
        }
        let freed = hot.bytes;
        *self = Bucket::Cold(u16::try_from(hot.pieces.len()).unwrap_or(u16::MAX));
        freed
    }

    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Bucket::Cold(_) => 0,
            Bucket::Hot(hot) => hot.bytes,
        }
    }
}

impl Hot {
    fn find(&self, hash: u64, key: &[u8]) -> Option<Place> {
        self.places.find(hash, |place| key_of(row(&self.pieces, *place)) == key).copied()
    }

    fn note(&mut self, hash: u64, place: Place) {
        let Hot { pieces, places, bytes, .. } = self;
        places.insert_unique(hash, place, |place| key_hash(key_of(row(pieces, *place))));
        // Its share of a table that is two thirds full.
        *bytes += (size_of::<Place>() + 1) * 3 / 2;
    }
}

fn row(pieces: &[Arc<Piece>], place: Place) -> &[u8] {
    pieces[usize::from(place.piece)].row(usize::from(place.row))
}

impl Piece {
    fn range(&self, at: usize) -> std::ops::Range<usize> {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        start as usize..self.ends[at] as usize
    }

    fn row(&self, at: usize) -> &[u8] {
        &self.rows[self.range(at)]
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len()).map(|at| self.row(at))
    }

    fn push(&mut self, packed: &[u8]) {
        if self.rows.capacity() - self.rows.len() < packed.len() {
            // An eighth more than there is: most pieces are being filled, and none is to be half empty.
            self.rows.reserve_exact(packed.len().max(self.rows.len() / 8));
        }
        self.rows.extend_from_slice(packed);
        self.ends.push(end(self.rows.len()));
    }

    fn replace(&mut self, at: usize, packed: &[u8]) {
        let range = self.range(at);
        let (before, after) = (range.len(), packed.len());
        self.rows.splice(range, packed.iter().copied());
        self.ends[at..].iter_mut().for_each(|place| *place = end(*place as usize + after - before));
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.count(self.ends.len());
        w.bytes.extend_from_slice(&self.rows);
    }

    fn heap_bytes(&self) -> usize {
        block_bytes(self.rows.capacity()) + block_bytes(self.ends.capacity() * 4) + size_of::<Piece>() + 24
    }
}

/// A payment is some hundred bytes, a piece far below four gigabytes.
fn end(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn not_loaded() -> ! {
    panic!("a bucket of payments is used that `needs` named and nobody loaded")
}
