//! The engine's own pages from bytes that nobody vouches for: what a damaged store, or one that somebody wrote into,
//! may hold. For fuzzing: every kind of page by its number, read and thrown away.

use super::{pages, tallies, wakes::Wakes};
use crate::codec::{Corrupt, Reader};

/// How many kinds there are.
pub const PAGE_KINDS: u8 = 8;

/// # Errors
/// The bytes are no page of that kind, or there is no such kind.
pub fn read_page(kind: u8, bytes: &[u8]) -> Result<(), Corrupt> {
    match kind {
        0 => pages::read_meta(bytes).map(drop),
        1 => pages::read_book(bytes).map(drop),
        2 => pages::read_catalog(bytes).map(drop),
        3 => pages::read_rows(bytes).map(drop),
        4 => pages::read_dead(bytes).map(drop),
        5 => tallies::read_page(bytes).map(drop),
        6 => tallies::read_red_page(bytes).map(drop),
        7 => Wakes::read(&mut Reader::new(bytes)).map(drop),
        _ => Err(Corrupt("a kind of page")),
    }
}
