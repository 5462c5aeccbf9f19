//! Where records stand in order: one block a batch, durable when `append` returns.
//! The log is the only truth; all state is a projection of it. Knows nothing of what entries mean.

mod block;
mod copy;
#[cfg(test)]
mod encrypted_tests;
mod files;
mod folder;
mod loose;
mod memory;
mod reader;
mod recover;
mod rewrite;
mod scan;
mod segment;
mod swap;

pub use copy::{Picture, Piece, Sound, mark_acknowledged};
pub use files::free_bytes;
pub use folder::{DataFolder, Held, hold};
pub use loose::read_block;
pub use memory::{FailAt, MemoryLog};
pub use reader::read_folder;
pub use rewrite::{Rewritten, Takes, keys_of, rewrite, rewrite_without};
pub use segment::{LogOptions, Recovery, SegmentLog, TornTail};
pub use swap::{new_beside, settle, swap};

use crate::domain::{Entry, Position};

/// One batch of entries as it stands in the log.
#[derive(Clone, PartialEq, Debug)]
pub struct Block {
    pub position: Position,
    /// Unix milliseconds at which the block was written. Given by the shell; the core only copies it.
    pub written_ms: i64,
    pub entries: Vec<Entry>,
}

/// Why the log could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Reading or writing failed. After a failed write the process must end: restart recovers.
    #[error("log: {what}: {source}")]
    Io { what: String, source: std::io::Error },
    /// A block that was written is not what is read; names the segment file and the byte offset.
    #[error("log is damaged: {file} at byte {offset}: {what}")]
    Damaged { file: String, offset: u64, what: String },
    /// The position is older than what is kept.
    #[error("log position {asked:?} is no longer kept; the oldest is {oldest:?}")]
    Gone { asked: Position, oldest: Position },
    /// Written by a newer version, or locked by another process, or no log at all.
    #[error("log: {0}")]
    Unusable(String),
}

impl LogError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> LogError {
        let what = what.into();
        move |source| LogError::Io { what, source }
    }
}

/// A log that can be appended to, read from a position, and cut at its old end.
pub trait Log: Send {
    /// Writes one block behind the last and makes it durable (survives a power cut) before it returns.
    fn append(&mut self, written_ms: i64, entries: &[Entry]) -> Result<Position, LogError>;
    /// A number that was drawn when the log was created: what was made of one log means nothing for another.
    fn identity(&self) -> u64;
    /// The last block written, `Position(0)` if none ever was.
    fn head(&self) -> Position;
    /// The oldest block kept, `head().next()` if none is.
    fn oldest(&self) -> Position;
    /// Calls `each` with every block from `from` on, in order. [`LogError::Gone`] if `from` is no longer kept.
    fn read(
        &self,
        from: Position,
        each: &mut dyn FnMut(Block) -> Result<(), LogError>,
    ) -> Result<(), LogError>;
    /// Blocks before `keep_from` may be dropped, as far as retention by size and age wants it.
    fn retain(&mut self, keep_from: Position, now_ms: i64) -> Result<(), LogError>;
    /// Bytes on disk.
    fn bytes(&self) -> u64;
}
