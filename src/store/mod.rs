//! Where state stands: pages under keys, written in atomic durable batches.
//! A projection of the log: losing it costs time, never data. Knows nothing of what pages mean.

mod encrypted;
pub mod loose;
mod memory;
mod pieces;
mod sled_store;
mod sweep;

use std::ops::ControlFlow;

pub use encrypted::{EncryptedStore, OpenPart, Standing, keys_of, standing};
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

/// Copies every pair of one store into another, a few megabytes at a time.
pub fn copy(from: &dyn Store, to: &dyn Store) -> Result<u64, StoreError> {
    const AT_ONCE: usize = 4 << 20;
    let (mut some, mut bytes, mut all) = (Changes::default(), 0, 0);
    from.scan(b"", &mut |key, value| {
        some.put.push((key.to_vec(), value.to_vec()));
        (bytes, all) = (bytes + value.len(), all + 1);
        if bytes >= AT_ONCE {
            bytes = 0;
            to.write(std::mem::take(&mut some))?;
        }
        Ok(())
    })?;
    to.write(some)?;
    Ok(all)
}

/// What a scan is told of each pair: whether it is to go on.
pub type Each<'a> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, StoreError> + 'a;

/// A store that several threads may use at once.
pub trait Store: Send + Sync {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Calls `each` with the pairs whose key begins with `prefix` and is not below `from`, ascending by
    /// key, until it breaks off. Reads no further than that.
    fn scan_from(&self, prefix: &[u8], from: &[u8], each: &mut Each<'_>) -> Result<(), StoreError>;
    #[allow(clippy::type_complexity, reason = "the callback stands plainest where it is used")]
    /// Calls `each` with every pair whose key begins with `prefix`, ascending by key.
    fn scan(
        &self,
        prefix: &[u8],
        each: &mut dyn FnMut(&[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.scan_from(prefix, prefix, &mut |key, value| each(key, value).map(ControlFlow::Continue))
    }
    /// Writes all changes or none, durable (survives a power cut) before it returns.
    fn write(&self, changes: Changes) -> Result<(), StoreError>;
    /// Removes everything.
    fn clear(&self) -> Result<(), StoreError>;
    /// Bytes on disk.
    fn bytes(&self) -> u64;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(store: &dyn Store, prefix: &[u8], from: &[u8], max: usize) -> Vec<Vec<u8>> {
        let mut keys = Vec::new();
        store
            .scan_from(prefix, from, &mut |key, _| {
                keys.push(key.to_vec());
                Ok(if keys.len() < max { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
            })
            .unwrap();
        keys
    }

    #[test]
    fn a_scan_begins_where_it_is_told_and_ends_when_it_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let sled = SledStore::open(&dir.path().join("store"), 8 << 20).unwrap();
        let stores: [&dyn Store; 2] = [&MemoryStore::new(), &sled];
        for store in stores {
            let keys: [&[u8]; 7] = [b"a", b"b", b"b\0", b"b\0c", b"b\x01", b"b\xff", b"c"];
            // Large values stand in pieces, which are no pairs of their own.
            let put = keys.iter().map(|key| (key.to_vec(), vec![7; 70_000])).collect();
            store.write(Changes { put, remove: vec![] }).unwrap();
            assert_eq!(found(store, b"b", b"", 9), keys[1..6]);
            assert_eq!(found(store, b"b", b"b", 9), keys[1..6]);
            assert_eq!(found(store, b"b", b"b\0", 9), keys[2..6]);
            assert_eq!(found(store, b"b", b"b\0\0", 2), keys[3..5]);
            assert_eq!(found(store, b"b", b"c", 9).len(), 0);
            assert_eq!(found(store, b"", b"", 9), keys);
            assert_eq!(found(store, b"", b"b\x01", 1), [b"b\x01"]);
            assert!(store.scan_from(b"", b"", &mut |_, _| Err(StoreError::Io("no".into()))).is_err());
        }
    }
}
