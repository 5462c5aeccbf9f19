//! The store's twin in memory, for simulation: what is durable survives a crash, what is not does
//! not. Knows no clock and no randomness.

use super::{Changes, Each, Store, StoreError};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// On which side of a write the crash comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CrashAt {
    /// Nothing of the write is durable.
    Before,
    /// All of it is durable, and yet the writer never heard so.
    After,
}

type Pages = BTreeMap<Vec<u8>, Vec<u8>>;

/// A store in memory. Clones are handles of the same store; after a crash all of them refuse, and
/// [`MemoryStore::reopen`] gives the store as it stands on disk.
#[derive(Clone, Default)]
pub struct MemoryStore {
    image: Arc<Mutex<Image>>,
}

#[derive(Clone, Default)]
struct Image {
    durable: Pages,
    /// What the write that crashed would have made durable.
    pending: Option<Changes>,
    writes: u64,
    crash: Option<(u64, CrashAt)>,
    crashed: bool,
}

impl MemoryStore {
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    /// A store with these pages: an older [`MemoryStore::pages`], for a store that fell behind.
    pub fn from_pages(pages: BTreeMap<Vec<u8>, Vec<u8>>) -> MemoryStore {
        MemoryStore { image: Arc::new(Mutex::new(Image { durable: pages, ..Image::default() })) }
    }

    /// All durable pages.
    pub fn pages(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        self.lock().durable.clone()
    }

    /// The `nth` write from now (1 = the next) fails; after it everything is refused.
    pub fn crash_at(&self, nth: u64, at: CrashAt) {
        let mut image = self.lock();
        image.crash = Some((image.writes + nth, at));
    }

    /// Writes so far, failed ones included.
    pub fn writes(&self) -> u64 {
        self.lock().writes
    }

    /// Crashes now, if no write has: what is durable, in a fresh store. Old handles refuse.
    pub fn reopen(&self) -> MemoryStore {
        let mut image = self.lock();
        image.crashed = true;
        MemoryStore::from_pages(image.durable.clone())
    }

    /// As [`MemoryStore::reopen`], but the write that failed became durable after all if the seed is
    /// odd: a power cut decides so late.
    pub fn crash(&self, seed: u64) -> MemoryStore {
        let store = self.reopen();
        if seed % 2 == 1
            && let Some(changes) = self.lock().pending.take()
        {
            apply(&mut store.lock().durable, changes);
        }
        store
    }

    fn lock(&self) -> MutexGuard<'_, Image> {
        // A panic elsewhere leaves no half change here.
        self.image.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn alive(&self) -> Result<MutexGuard<'_, Image>, StoreError> {
        let image = self.lock();
        if image.crashed { Err(StoreError::Unusable("it has crashed".into())) } else { Ok(image) }
    }
}

fn apply(pages: &mut Pages, changes: Changes) {
    for key in changes.remove {
        pages.remove(&key);
    }
    pages.extend(changes.put);
}

impl Store for MemoryStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.alive()?.durable.get(key).cloned())
    }

    fn scan_from(&self, prefix: &[u8], from: &[u8], each: &mut Each<'_>) -> Result<(), StoreError> {
        let mut next = Bound::Included(from.max(prefix).to_vec());
        loop {
            // Copied out, so that `each` may use the store.
            let found = {
                let image = self.alive()?;
                let mut behind = image.durable.range((next, Bound::Unbounded));
                behind.next().filter(|(key, _)| key.starts_with(prefix)).map(|(k, v)| (k.clone(), v.clone()))
            };
            let Some((key, value)) = found else { return Ok(()) };
            if each(&key, &value)?.is_break() {
                return Ok(());
            }
            next = Bound::Excluded(key);
        }
    }

    fn write(&self, changes: Changes) -> Result<(), StoreError> {
        let mut image = self.alive()?;
        image.writes += 1;
        match image.crash.filter(|(nth, _)| *nth == image.writes).map(|(_, at)| at) {
            None => {
                apply(&mut image.durable, changes);
                return Ok(());
            }
            Some(CrashAt::Before) => image.pending = Some(changes),
            Some(CrashAt::After) => apply(&mut image.durable, changes),
        }
        image.crashed = true;
        Err(StoreError::Io("simulated failure".into()))
    }

    fn clear(&self) -> Result<(), StoreError> {
        self.alive()?.durable.clear();
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.lock().durable.iter().map(|(k, v)| (k.len() + v.len()) as u64).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(store: &MemoryStore, key: u8) -> Result<(), StoreError> {
        store.write(Changes { put: vec![(vec![key], vec![key])], remove: vec![] })
    }

    #[test]
    fn a_crash_leaves_all_or_nothing_of_a_write() {
        for (at, seed, want) in
            [(CrashAt::Before, 0, 1), (CrashAt::Before, 1, 2), (CrashAt::After, 0, 2), (CrashAt::After, 1, 2)]
        {
            let store = MemoryStore::new();
            let other = store.clone();
            store.crash_at(2, at);
            put(&store, 1).unwrap();
            assert!(put(&other, 2).is_err());
            assert!(put(&store, 3).is_err() && store.get(&[1]).is_err(), "all handles are dead");
            let again = store.crash(seed);
            assert_eq!(again.pages().len(), want, "{at:?} {seed}");
            put(&again, 4).unwrap();
        }
    }

    #[test]
    fn scans_go_by_prefix_in_order() {
        let store = MemoryStore::new();
        let keys: [&[u8]; 4] = [b"b", b"a\xff", b"a", b"ab"];
        let put = keys.iter().map(|k| (k.to_vec(), vec![1])).collect();
        store.write(Changes { put, remove: vec![] }).unwrap();
        let mut found = Vec::new();
        store
            .scan(b"a", &mut |key, _| {
                found.push(key.to_vec());
                store.get(key).map(|_| ())
            })
            .unwrap();
        assert_eq!(found, [&b"a"[..], b"ab", b"a\xff"]);
    }
}
