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
//! it is worth while to push harder or less.

use sled::Tree;

/// A file of this size or less is left alone: some segments are always under way.
const LEAVE_BYTES: u64 = 32 << 20;
/// Times that the queue is pushed after one write. What is moved between two syncs stays well below the
/// two segments after which sled could write over what was moved away.
const PUSHES_MIN: u64 = 4;
const PUSHES_MAX: u64 = 128;
/// Updates of one node within which sled writes it anew.
const UPDATES: u64 = 11;
/// What the updates of a push themselves write, and a little more.
const OWN_BYTES: u64 = 1500;

pub(super) struct Sweeper {
    node: Tree,
    pushes: u64,
    updates: u64,
}

impl Sweeper {
    pub fn new(db: &sled::Db) -> sled::Result<Sweeper> {
        Ok(Sweeper { node: db.open_tree("sweep")?, pushes: PUSHES_MIN, updates: 0 })
    }

    /// Pushes, unless the file is small. Everything else must be flushed. Answers whether sled moved
    /// nodes: they are to be synced before more is written.
    pub fn sweep(&mut self, file_bytes: u64) -> sled::Result<bool> {
        if file_bytes <= LEAVE_BYTES {
            return Ok(false);
        }
        for _ in 0..self.pushes * UPDATES {
            // Another value each time: the same one is not written.
            self.updates += 1;
            self.node.insert(b"", &self.updates.to_be_bytes())?;
        }
        let written = self.node.flush()? as u64;
        let moved = written > self.pushes * OWN_BYTES;
        self.pushes = if moved { self.pushes * 2 } else { self.pushes / 2 }.clamp(PUSHES_MIN, PUSHES_MAX);
        Ok(moved)
    }
}
