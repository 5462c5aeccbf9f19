//! Keeps sled's file from growing without end. Knows no pages, no keys of ours.
//!
//! sled 0.34 writes its file like a log of segments. One that is half dead is to be emptied: its live
//! nodes are written anew elsewhere, and it is used again. But that work is done in two places only:
//! by the background flusher, which we leave switched off because it frees what no sync of ours has
//! covered, and by one node each time that a node is written anew, which is once in some ten updates of
//! that node. So the queue of half dead segments starves, each is pinned by its last few nodes, and the
//! file grows to many times of what lives in it.
//!
//! So after a write we push the queue along: a tiny node of our own is updated until sled writes it
//! anew, again and again. How much was written meanwhile tells whether nodes were moved, and so whether
//! it is worth while to push harder or less. No more is moved than was written: to empty a half dead
//! segment moves at most half of what it frees, so that is enough; and sled, which also empties the end of
//! a file with many free segments, would go on for ever if it were let.

use super::StoreError;
use super::sled_store::broken;
use sled::Tree;

/// A file of this size or less is left alone: some segments are always under way.
const LEAVE_BYTES: u64 = 32 << 20;
/// Pushes between two looks at what was written.
const PUSHES: u64 = 8;
/// Looks after one write.
const LOOKS_MAX: u64 = 16;
/// Updates of one node within which sled writes it anew.
const UPDATES: u64 = 11;
/// What the updates of a push themselves write, and a little more.
const OWN_BYTES: u64 = 1500;
/// What was moved is synced so often: well before two segments are full, after which sled may write
/// over the places that the nodes were moved away from.
const SYNC_BYTES: u64 = 1 << 20;
/// What may be moved after one write, however much was written.
const MOVE_BYTES_MAX: u64 = 4 << 20;

pub(super) struct Sweeper {
    node: Tree,
    looks: u64,
    updates: u64,
    /// Bytes that were written and not yet matched by bytes that were moved.
    owed: u64,
}

impl Sweeper {
    pub fn new(db: &sled::Db) -> sled::Result<Sweeper> {
        Ok(Sweeper { node: db.open_tree("sweep")?, looks: 1, updates: 0, owed: 0 })
    }

    /// Pushes after `written` bytes, unless the file is small. What was written must be synced; all that
    /// is moved is synced.
    pub fn sweep(
        &mut self,
        written: u64,
        file_bytes: u64,
        sync: impl Fn() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.owed = (self.owed + written).min(MOVE_BYTES_MAX);
        if file_bytes <= LEAVE_BYTES {
            return Ok(());
        }
        let (mut moved, mut unsynced) = (0, 0);
        for _ in 0..self.looks {
            if moved >= self.owed {
                break;
            }
            let bytes = self.push().map_err(broken)?;
            moved += bytes;
            unsynced += bytes;
            if unsynced >= SYNC_BYTES {
                sync()?;
                unsynced = 0;
            }
        }
        if unsynced > 0 {
            sync()?;
        }
        self.owed = self.owed.saturating_sub(moved);
        self.looks = if moved > 0 { self.looks * 2 } else { self.looks / 2 }.clamp(1, LOOKS_MAX);
        Ok(())
    }

    /// Bytes of nodes that were moved.
    fn push(&mut self) -> sled::Result<u64> {
        for _ in 0..PUSHES * UPDATES {
            // Another value each time: the same one is not written.
            self.updates += 1;
            self.node.insert(b"", &self.updates.to_be_bytes())?;
        }
        Ok((self.node.flush()? as u64).saturating_sub(PUSHES * OWN_BYTES))
    }
}

#[cfg(test)]
mod tests {
    use crate::store::{Changes, SledStore, Store};

    /// One page in twenty is written anew in each round, as checkpoints do.
    #[test]
    fn the_file_levels_off_and_what_was_moved_is_there() {
        const PAGES: u32 = 16_000;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store");
        let key = |page: u32| page.wrapping_mul(2_654_435_761).to_be_bytes().to_vec();
        let value = |page: u32, round: u32| [page, round].map(u32::to_le_bytes).concat().repeat(125);
        let mut rounds = vec![0; PAGES as usize];
        {
            let store = SledStore::open(&path, 16 << 20).unwrap();
            for round in 0..100 {
                let due = |page: &u32| {
                    round == 0 || page.wrapping_mul(2_246_822_519_u32.wrapping_mul(2 * round + 1)) >> 27 == 7
                };
                let pages: Vec<u32> = (0..PAGES).filter(due).collect();
                for some in pages.chunks(200) {
                    some.iter().for_each(|page| rounds[*page as usize] = round);
                    let put = some.iter().map(|page| (key(*page), value(*page, round))).collect();
                    store.write(Changes { put, remove: vec![] }).unwrap();
                }
            }
            let (live, file) = (u64::from(PAGES) * 1004, store.bytes());
            assert!(file < 4 * live, "{live} bytes live, {file} in the file");
        }
        let store = SledStore::open(&path, 16 << 20).unwrap();
        for (page, round) in (0..PAGES).zip(rounds) {
            assert_eq!(store.get(&key(page)).unwrap(), Some(value(page, round)));
        }
    }
}
