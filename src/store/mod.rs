//! Where state stands: pages under keys, written in atomic durable batches.
//! A projection of the log: losing it costs time, never data. Knows nothing of what pages mean.

mod memory;
mod pieces;
mod sled_store;

pub use memory::{CrashAt, MemoryStore};
pub use sled_store::SledStore;

/// Pages to write and keys to remove, all or none.
#[derive(Clone, Default, Debug)]
pub struct Changes {
    pub put: Vec<(Vec<u8>, Vec<u8>)>,
    pub remove: Vec<Vec<u8>>,
}

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Reading or writing failed. After a failed write the process must end: restart recovers.
    #[error("store: {0}")]
    Io(String),
    /// What is stored is not what was written; the store is to be rebuilt from the log.
    #[error("store is damaged: {0}")]
    Damaged(String),
    /// Locked by another process, written by a newer version.
    #[error("store: {0}")]
    Unusable(String),
}

/// A store that several threads may use at once.
pub trait Store: Send + Sync {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    #[allow(clippy::type_complexity, reason = "the callback stands plainest where it is used")]
    /// Calls `each` with every pair whose key begins with `prefix`, ascending by key.
    fn scan(
        &self,
        prefix: &[u8],
        each: &mut dyn FnMut(&[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;
    /// Writes all changes or none, durable (survives a power cut) before it returns.
    fn write(&self, changes: Changes) -> Result<(), StoreError>;
    /// Removes everything.
    fn clear(&self) -> Result<(), StoreError>;
    /// Bytes on disk.
    fn bytes(&self) -> u64;
}
