//! The engine's own pages from bytes that nobody vouches for: what a damaged store, or one that somebody wrote into,
//! may hold, and what stands in topics or comes from another instance. For fuzzing: every kind by its number, read and
//! thrown away.

use super::cluster::{Told, heard, question};
use super::partition::{Message, SharesSaid};
use super::shard::ProjectCopy;
use super::{pages, tallies, wakes::Wakes};
use crate::codec::{Corrupt, Reader};

/// How many kinds there are.
pub const PAGE_KINDS: u8 = 19;
/// The first of what instances of a cluster say to each other.
pub const SAID_KINDS: u8 = 8;

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
        8 => question::read_questions(bytes).map(drop),
        9 => question::read_answers(bytes).map(drop),
        10 => question::read_projects(bytes).map(drop),
        11 => question::read_suspense(bytes).map(drop),
        12 => question::read_verdicts(bytes).map(drop),
        13 => ProjectCopy::read(bytes).map(|copy| drop(copy.ask(|ask| ask.map(|ask| (ask.summary)())))),
        14 => Message::from_bytes(bytes).map(drop),
        15 => ["_date", "_doubts", "_owner", "_terms", "_project/P1", "A"]
            .into_iter()
            .try_for_each(|key| Told::read(key.as_bytes(), bytes).map(drop)),
        16 => heard::read_sources(bytes).map(drop),
        17 => question::read_due(bytes).map(drop),
        18 => SharesSaid::read(bytes).map(drop),
        _ => Err(Corrupt("a kind of page")),
    }
}
