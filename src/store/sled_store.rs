//! The store on disk: one sled 0.34 tree, one atomic batch a write. Knows nothing of pages.
//!
//! Traps of sled 0.34, each with its answer here:
//! - `flush` is no barrier against a power cut on Linux: after it we sync sled's file through a
//!   handle of our own;
//! - a node larger than a quarter of a segment goes to a file that is never synced: values are cut
//!   into pieces (`pieces.rs`) and segments are large, so that no such file comes into being;
//! - a large batch pins crossbeam's epoch once and so frees hardly anything: after a write the
//!   epoch is pinned and flushed a few times;
//! - without its background flusher it hardly ever empties half dead segments: `sweep.rs` sees to it.
//!
//! sled may panic on a damaged file instead of returning an error: every call is caught and ends
//! in [`StoreError::Damaged`]. It may also open a damaged store as an empty one without a word, so
//! whoever opens it compares the position that the store holds with the log.

use super::pieces::{First, KEY_BYTES_MAX, cut, first_key, key_of, later_key, prefix_of};
use super::sweep::Sweeper;
use super::{Changes, Each, Store, StoreError};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Fixed for the life of a store; sled refuses to open it with another.
const SEGMENT_BYTES: usize = 4 << 20;
/// Keys taken out at once by [`Store::clear`].
const CLEAR_AT_ONCE: usize = 1000;

/// Pages in a sled database.
pub struct SledStore {
    db: sled::Db,
    tree: sled::Tree,
    /// Our own handle of sled's file, for the sync that sled leaves out.
    file: File,
    /// One write at a time: a write looks at what it replaces.
    writing: Mutex<Sweeper>,
    failed: AtomicBool,
}

impl SledStore {
    /// Opens the store in `path`, creating it if there is none. sled's cache takes about
    /// `cache_bytes` of memory, and its own tables some more.
    pub fn open(path: &Path, cache_bytes: u64) -> Result<SledStore, StoreError> {
        let config = sled::Config::new()
            .path(path)
            .mode(sled::Mode::LowSpace)
            .cache_capacity(cache_bytes)
            .segment_size(SEGMENT_BYTES)
            .flush_every_ms(None);
        let (db, tree, sweeper) = caught(|| {
            let db = open_when_released(&config).map_err(|e| explain(path, e))?;
            let tree = db.open_tree("pages").map_err(|e| explain(path, e))?;
            let sweeper = Sweeper::new(&db).map_err(|e| explain(path, e))?;
            Ok((db, tree, sweeper))
        })?;
        let sync = || {
            let file = File::open(path.join("db"))?;
            file.sync_all()?;
            for name in ["conf", "blobs", "."] {
                File::open(path.join(name))?.sync_all()?;
            }
            // The name of the folder itself.
            match path.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all()?,
                _ => {}
            }
            Ok(file)
        };
        let file = sync().map_err(|e: io::Error| {
            StoreError::Io(format!("make the files of {} durable: {e}", path.display()))
        })?;
        Ok(SledStore { db, tree, file, writing: Mutex::new(sweeper), failed: AtomicBool::new(false) })
    }

    /// Removes the store's folder with all in it, for a rebuild from the log. No store may be open there.
    pub fn destroy(path: &Path) -> Result<(), StoreError> {
        match std::fs::remove_dir_all(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::Io(format!("remove {}: {e}", path.display())))
            }
            _ => Ok(()),
        }
    }

    fn batch(&self, changes: &Changes) -> Result<sled::Batch, StoreError> {
        let mut batch = sled::Batch::default();
        for key in &changes.remove {
            let first = first_key(key);
            for number in 1..=self.later_pieces(&first)? {
                batch.remove(later_key(&first, number));
            }
            batch.remove(first);
        }
        // Of two values for one key the last one counts; its pieces must not mix with the other's.
        let last: BTreeMap<&[u8], &[u8]> = changes.put.iter().map(|(k, v)| (&k[..], &v[..])).collect();
        for (key, value) in last {
            if key.len() > KEY_BYTES_MAX {
                return Err(StoreError::Unusable(format!(
                    "a key of {} bytes; at most {KEY_BYTES_MAX}",
                    key.len()
                )));
            }
            let first = first_key(key);
            let (head, rest) = cut(value);
            let mut pieces = 0;
            for piece in rest {
                pieces += 1;
                batch.insert(later_key(&first, pieces), piece);
            }
            for number in pieces + 1..=self.later_pieces(&first)? {
                batch.remove(later_key(&first, number));
            }
            batch.insert(first, head);
        }
        Ok(batch)
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.file.sync_data().map_err(|e| StoreError::Io(format!("sync: {e}")))
    }

    fn later_pieces(&self, first: &[u8]) -> Result<usize, StoreError> {
        match self.tree.get(first).map_err(broken)? {
            None => Ok(0),
            Some(bytes) => First::parse(&bytes).map(|f| f.later()).ok_or_else(not_as_written),
        }
    }

    fn join(&self, first: &[u8], bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
        let head = First::parse(bytes).ok_or_else(not_as_written)?;
        head.join(|number, value| {
            if let Some(piece) = self.tree.get(later_key(first, number)).map_err(broken)? {
                value.extend_from_slice(&piece);
            }
            Ok(())
        })?
        .ok_or_else(not_as_written)
    }

    fn apply(&self, changes: &Changes, sweeper: &mut Sweeper) -> Result<(), StoreError> {
        let batch = self.batch(changes)?;
        self.tree.apply_batch(batch).map_err(broken)?;
        let flushed = self.tree.flush().map_err(broken)?;
        self.sync()?;
        // A large batch is flushed in part before the flush.
        let given: usize = changes.put.iter().map(|(_, value)| value.len()).sum();
        sweeper.sweep(flushed.max(given) as u64, self.bytes(), || self.sync())?;
        // Frees what the batch has replaced.
        (0..16).for_each(|_| crossbeam_epoch::pin().flush());
        Ok(())
    }
}

impl Store for SledStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        caught(|| {
            let first = first_key(key);
            match self.tree.get(&first).map_err(broken)? {
                None => Ok(None),
                Some(bytes) => self.join(&first, &bytes).map(Some),
            }
        })
    }

    fn scan_from(&self, prefix: &[u8], from: &[u8], each: &mut Each<'_>) -> Result<(), StoreError> {
        let prefix = prefix_of(prefix);
        let mut pairs = self.tree.range(first_key(from).max(prefix.clone())..);
        // Only sled's own part is caught: a panic in `each` is its caller's.
        while let Some((key, value)) = caught(|| {
            for pair in pairs.by_ref() {
                let (kept, bytes) = pair.map_err(broken)?;
                if !kept.starts_with(&prefix) {
                    break;
                }
                if let Some(key) = key_of(&kept) {
                    return Ok(Some((key, self.join(&kept, &bytes)?)));
                }
            }
            Ok(None)
        })? {
            if each(&key, &value)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn write(&self, changes: Changes) -> Result<(), StoreError> {
        let mut sweeper = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.failed.load(Ordering::Acquire) {
            return Err(StoreError::Unusable("nothing is written after a failed write; restart".into()));
        }
        caught(|| self.apply(&changes, &mut sweeper))
            .inspect_err(|_| self.failed.store(true, Ordering::Release))
    }

    fn clear(&self) -> Result<(), StoreError> {
        loop {
            let keys = caught(|| {
                let some = self.tree.iter().keys().take(CLEAR_AT_ONCE);
                some.collect::<Result<Vec<_>, _>>().map_err(broken)
            })?;
            if keys.is_empty() {
                return Ok(());
            }
            let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
            caught(|| {
                let mut batch = sled::Batch::default();
                keys.iter().for_each(|key| batch.remove(key));
                self.tree.apply_batch(batch).map_err(broken)?;
                self.tree.flush().map_err(broken)?;
                self.sync()
            })
            .inspect_err(|_| self.failed.store(true, Ordering::Release))?;
        }
    }

    fn bytes(&self) -> u64 {
        self.db.size_on_disk().unwrap_or(0)
    }
}

fn caught<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    // After a panic the store is not used again: its caller ends or rebuilds it.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(StoreError::Damaged(format!("sled gave up: {}", text.unwrap_or("no reason given"))))
        }
    }
}

/// sled's own threads hold its lock for a moment after the last handle is gone: whoever closes and
/// opens a store in one process would meet himself.
fn open_when_released(config: &sled::Config) -> sled::Result<sled::Db> {
    for _ in 0..20 {
        match config.open() {
            Err(sled::Error::Io(e)) if is_locked(&e) => std::thread::sleep(Duration::from_millis(50)),
            other => return other,
        }
    }
    config.open()
}

// sled has no kind for it.
fn is_locked(error: &io::Error) -> bool {
    error.to_string().contains("acquire lock")
}

pub(super) fn broken(error: sled::Error) -> StoreError {
    match error {
        sled::Error::Io(e) => StoreError::Io(e.to_string()),
        other => StoreError::Damaged(other.to_string()),
    }
}

fn explain(path: &Path, error: sled::Error) -> StoreError {
    match error {
        sled::Error::Io(e) if is_locked(&e) => {
            StoreError::Unusable(format!("{} is in use by another process", path.display()))
        }
        other => broken(other),
    }
}

fn not_as_written() -> StoreError {
    StoreError::Damaged("a page is not what was written".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> SledStore {
        SledStore::open(path, 16 << 20).unwrap()
    }

    fn put(key: &[u8], value: &[u8]) -> Changes {
        Changes { put: vec![(key.to_vec(), value.to_vec())], remove: vec![] }
    }

    fn keys(store: &dyn Store, prefix: &[u8]) -> Vec<(Vec<u8>, usize)> {
        let mut found = Vec::new();
        store
            .scan(prefix, &mut |key, value| {
                found.push((key.to_vec(), value.len()));
                Ok(())
            })
            .unwrap();
        found
    }

    #[test]
    fn large_and_small_values_replace_each_other_and_make_no_blobs() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store");
        let large: Vec<u8> =
            (0..4_u32 << 20).map(|i| (i.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0]).collect();
        {
            let store = open(&path);
            store.write(put(b"a", &large)).unwrap();
            store.write(put(b"a\0b", b"")).unwrap();
            store.write(put(b"b", &large[..100_000])).unwrap();
            // Many pages side by side in one node.
            for round in 0u8..3 {
                let pages =
                    (0u8..60).map(|n| (vec![b'c', n], large[usize::from(n + round)..][..32_000].to_vec()));
                store.write(Changes { put: pages.collect(), remove: vec![] }).unwrap();
            }
            assert_eq!(store.get(b"a").unwrap().as_deref(), Some(&large[..]));
            store.write(put(b"a", b"small")).unwrap();
        }
        let store = open(&path);
        assert_eq!(store.get(b"a").unwrap().as_deref(), Some(&b"small"[..]));
        assert_eq!(store.get(b"").unwrap(), None);
        assert_eq!(keys(&store, b"a"), [(b"a".to_vec(), 5), (b"a\0b".to_vec(), 0)]);
        assert_eq!(keys(&store, b"c").len(), 60);
        assert_eq!(store.tree.iter().count(), 2 + 4 + 60, "no piece of a former value is left");
        assert_eq!(std::fs::read_dir(path.join("blobs")).unwrap().count(), 0);
        store.write(Changes { put: vec![], remove: vec![b"a".to_vec(), b"b".to_vec()] }).unwrap();
        assert_eq!(keys(&store, b"").len(), 61);
        store.clear().unwrap();
        assert_eq!(keys(&store, b"").len(), 0);
        assert!(store.write(put(&[7; 2000], b"")).is_err(), "a key too long");
    }

    #[test]
    fn a_second_opening_is_refused_and_destroy_begins_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store");
        let store = open(&path);
        store.write(put(b"a", b"1")).unwrap();
        let error = SledStore::open(&path, 16 << 20).err().unwrap();
        assert!(matches!(&error, StoreError::Unusable(why) if why.contains("in use")), "{error}");
        drop(store);
        SledStore::destroy(&path).unwrap();
        SledStore::destroy(&path).unwrap();
        assert_eq!(open(&path).get(b"a").unwrap(), None);
    }

    #[test]
    fn a_damaged_store_ends_in_an_error_or_lacks_pages_and_never_in_a_panic() {
        let dir = tempfile::tempdir().unwrap();
        let mut errors = 0;
        for at in 0..24usize {
            let path = dir.path().join(at.to_string());
            {
                let store = open(&path);
                for n in 0u8..40 {
                    store.write(put(&[n], &[n; 3000])).unwrap();
                }
            }
            let file = path.join("db");
            let mut bytes = std::fs::read(&file).unwrap();
            let place = at * 5003 % (bytes.len().min(40 * 3000));
            bytes[place..place + 16].fill(0xa5);
            std::fs::write(&file, bytes).unwrap();
            match SledStore::open(&path, 16 << 20) {
                Err(StoreError::Damaged(_) | StoreError::Io(_)) => errors += 1,
                Err(other) => panic!("{other}"),
                Ok(store) => {
                    for n in 0u8..40 {
                        match store.get(&[n]) {
                            Ok(Some(value)) => assert_eq!(value, [n; 3000]),
                            Ok(None) | Err(_) => errors += 1,
                        }
                    }
                }
            }
        }
        assert!(errors > 0, "the damage must have been felt somewhere");
    }
}
