//! A store whose values are encrypted, and whose keys bear nothing that could name a person: over any other store. Knows
//! nothing of what pages mean; which part of a key may stand in the open is told from outside.
//!
//! A value is bytes under a key (`cipher`), tied to the key of the store that it stands under, so that values that change
//! places do not open. Of a key the part in front that may be seen stays, so that scans by it go on in its order; what is
//! behind it becomes a blind index, 128 bits of a keyed hash, and stands inside the value. The number that the index is
//! keyed by is drawn once for each store and stands in it, encrypted: it outlives keys, and nobody can try out
//! identity numbers against the index without one of them.
//!
//! A store that as a whole was put back to an older state opens: the log finds that out by its position, or replays.

use super::{Changes, Each, Store, StoreError};
use crate::cipher::{DataKeys, Denied, HEAD, KeyId, Stamp, Suite};
use crate::codec::{Reader, Writer};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// How many bytes of a key may stand in the open: all, if nothing in it names a person.
pub type OpenPart = fn(&[u8]) -> usize;

/// Where the number of the blind index stands. No key of a page begins with this byte.
const INDEX: &[u8] = b"\xff/index";
const ABOUT: &[u8] = b"wagewatch page";

/// Encrypts what goes into `S`.
pub struct EncryptedStore<S> {
    inner: S,
    keys: DataKeys,
    open_part: OpenPart,
    suite: Suite,
    drawn: [u8; 32],
}

/// What a store is, as it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    Empty,
    Plain,
    Encrypted,
}

/// Looks without keys.
pub fn standing(store: &dyn Store) -> Result<Standing, StoreError> {
    if store.get(INDEX)?.is_some() {
        return Ok(Standing::Encrypted);
    }
    let mut standing = Standing::Empty;
    store.scan_from(b"", b"", &mut |_, _| {
        standing = Standing::Plain;
        Ok(ControlFlow::Break(()))
    })?;
    Ok(standing)
}

/// The keys that the pages of an encrypted store need. Reads all of it, and needs none of them.
pub fn keys_of(store: &dyn Store) -> Result<BTreeSet<KeyId>, StoreError> {
    let mut found = BTreeSet::new();
    store.scan(b"", &mut |_, bytes| {
        found.extend(Stamp::parse(bytes).map(|stamp| stamp.key));
        Ok(())
    })?;
    Ok(found)
}

impl<S: Store> EncryptedStore<S> {
    /// `drawn`: random bits, for the blind index of a store that is new.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] for a store that is plain, or for a key that is not there, naming it.
    pub fn open(inner: S, keys: DataKeys, open_part: OpenPart, drawn: [u8; 32]) -> Result<Self, StoreError> {
        let mut store = EncryptedStore { suite: keys.suite(), inner, keys, open_part, drawn };
        match (standing(&store.inner)?, store.inner.get(INDEX)?) {
            (Standing::Encrypted, Some(bytes)) => {
                let known = store.decrypt(INDEX, &bytes)?;
                let (suite, drawn) = known.split_first().ok_or_else(not_as_written)?;
                store.suite = *Suite::ALL.get(usize::from(*suite)).ok_or_else(not_as_written)?;
                store.drawn = drawn.try_into().map_err(|_| not_as_written())?;
            }
            (Standing::Plain, _) => return Err(StoreError::Unusable("it is not encrypted".into())),
            _ => store.write_index()?,
        }
        Ok(store)
    }

    fn write_index(&self) -> Result<(), StoreError> {
        let at = Suite::ALL.iter().position(|suite| *suite == self.suite);
        let mut known = vec![at.and_then(|at| u8::try_from(at).ok()).unwrap_or(0)];
        known.extend_from_slice(&self.drawn);
        let value = self.encrypt(INDEX, &known)?;
        self.inner.write(Changes { put: vec![(INDEX.to_vec(), value)], remove: Vec::new() })
    }

    /// A key as it stands in the store, and how much of it was open.
    fn kept_key(&self, key: &[u8]) -> (Vec<u8>, usize) {
        let open = (self.open_part)(key).min(key.len());
        let mut kept = key[..open].to_vec();
        if open < key.len() {
            kept.extend_from_slice(&self.suite.blind_index(&self.drawn, key));
        }
        (kept, open)
    }

    fn encrypt(&self, kept: &[u8], value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![0; HEAD];
        bytes.extend_from_slice(value);
        let (stamp, tag) =
            self.keys.encrypt(self.keys.current(), &about(kept), &mut bytes[HEAD..]).map_err(denied)?;
        bytes[..HEAD].copy_from_slice(&stamp);
        bytes.extend_from_slice(&tag);
        Ok(bytes)
    }

    fn decrypt(&self, kept: &[u8], bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut value = Vec::new();
        self.keys.decrypt(&about(kept), bytes, &mut value).map_err(denied)?;
        Ok(value)
    }

    /// The hidden part of a key, and its page.
    fn split(value: &[u8]) -> Result<(&[u8], &[u8]), StoreError> {
        let mut r = Reader::new(value);
        let length = r.index().map_err(|_| not_as_written())?;
        r.rest().split_at_checked(length).ok_or_else(not_as_written)
    }
}

impl<S: Store> Store for EncryptedStore<S> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let (kept, open) = self.kept_key(key);
        let Some(bytes) = self.inner.get(&kept)? else { return Ok(None) };
        let value = self.decrypt(&kept, &bytes)?;
        match Self::split(&value)? {
            (hidden, page) if hidden == &key[open..] => Ok(Some(page.to_vec())),
            _ => Err(not_as_written()),
        }
    }

    fn scan_from(&self, prefix: &[u8], from: &[u8], each: &mut Each<'_>) -> Result<(), StoreError> {
        self.inner.scan_from(prefix, from, &mut |kept, bytes| {
            if kept == INDEX {
                return Ok(ControlFlow::Continue(()));
            }
            let value = self.decrypt(kept, bytes)?;
            let (hidden, page) = Self::split(&value)?;
            if hidden.is_empty() {
                return each(kept, page);
            }
            let open = kept.len().checked_sub(16).ok_or_else(not_as_written)?;
            each(&[&kept[..open], hidden].concat(), page)
        })
    }

    fn write(&self, changes: Changes) -> Result<(), StoreError> {
        let mut put = Vec::with_capacity(changes.put.len());
        for (key, page) in changes.put {
            let (kept, open) = self.kept_key(&key);
            let mut value = Writer::new();
            value.bytes.reserve(page.len() + key.len() + 8);
            value.count(key.len() - open);
            value.bytes.extend_from_slice(&key[open..]);
            value.bytes.extend_from_slice(&page);
            let value = self.encrypt(&kept, &value.bytes)?;
            put.push((kept, value));
        }
        let remove = changes.remove.iter().map(|key| self.kept_key(key).0).collect();
        self.inner.write(Changes { put, remove })
    }

    fn clear(&self) -> Result<(), StoreError> {
        self.inner.clear()?;
        self.write_index()
    }

    fn bytes(&self) -> u64 {
        self.inner.bytes()
    }
}

/// What a page is about: nothing but the key that it stands under.
fn about(kept: &[u8]) -> Vec<u8> {
    [ABOUT, kept].concat()
}

fn denied(why: Denied) -> StoreError {
    match why {
        Denied::UnknownKey(_) => StoreError::Unusable(why.to_string()),
        Denied::Forged(_) | Denied::Plain => StoreError::Damaged(format!("a page: {why}")),
    }
}

fn not_as_written() -> StoreError {
    StoreError::Damaged("a page is not what was written".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cipher::{Key, KeyRing};
    use crate::domain::Day;
    use crate::store::MemoryStore;

    fn key(n: u8, suite: Suite) -> Key {
        Key::new(suite, Day(20_000), [n; 32]).unwrap()
    }

    fn keys(n: u8) -> DataKeys {
        DataKeys::new(KeyRing::new(key(n, Suite::Sm4Gcm)), [n; 16])
    }

    /// What begins with `U` shows two bytes.
    fn open_part(key: &[u8]) -> usize {
        if key.starts_with(b"U") { 2 } else { key.len() }
    }

    fn open(inner: &MemoryStore, n: u8) -> Result<EncryptedStore<MemoryStore>, StoreError> {
        EncryptedStore::open(inner.clone(), keys(n), open_part, [n; 32])
    }

    fn put(pairs: &[(&[u8], &[u8])]) -> Changes {
        let put = pairs.iter().map(|(key, page)| (key.to_vec(), page.to_vec())).collect();
        Changes { put, remove: Vec::new() }
    }

    fn found(store: &dyn Store, prefix: &[u8], from: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut found = Vec::new();
        store
            .scan_from(prefix, from, &mut |key, page| {
                found.push((key.to_vec(), page.to_vec()));
                Ok(ControlFlow::Continue(()))
            })
            .unwrap();
        found
    }

    const NUMBER: &[u8] = b"15062119900101001X";

    #[test]
    fn pages_come_back_and_neither_they_nor_hidden_keys_can_be_read() {
        let inner = MemoryStore::new();
        let hidden = [&b"U/"[..], NUMBER].concat();
        let store = open(&inner, 1).unwrap();
        store.write(put(&[(b"A/1", NUMBER), (b"A/2", b""), (&hidden, b"page"), (b"U/", b"none")])).unwrap();
        for _ in 0..2 {
            let store = open(&inner, 1).unwrap();
            assert_eq!(store.get(b"A/1").unwrap().as_deref(), Some(NUMBER));
            assert_eq!(store.get(b"A/2").unwrap().as_deref(), Some(&b""[..]));
            assert_eq!(store.get(&hidden).unwrap().as_deref(), Some(&b"page"[..]));
            assert_eq!(store.get(b"U/else").unwrap(), None);
            assert_eq!(found(&store, b"A/", b"A/2"), [(b"A/2".to_vec(), Vec::new())]);
            let all = found(&store, b"", b"");
            assert_eq!(all.len(), 4, "{all:?}");
            assert_eq!(found(&store, b"U/", b"").last(), Some(&(hidden.clone(), b"page".to_vec())));
        }
        for (key, value) in inner.pages() {
            for bytes in [key, value] {
                assert!(!bytes.windows(NUMBER.len()).any(|part| part == NUMBER));
            }
        }
        let store = open(&inner, 1).unwrap();
        store.write(Changes { put: vec![], remove: vec![hidden.clone(), b"A/1".to_vec()] }).unwrap();
        assert_eq!(found(&store, b"", b"").len(), 2);
        assert_eq!((store.get(&hidden).unwrap(), standing(&inner).unwrap()), (None, Standing::Encrypted));
        store.clear().unwrap();
        store.write(put(&[(&hidden, b"again")])).unwrap();
        assert_eq!(open(&inner, 1).unwrap().get(&hidden).unwrap().as_deref(), Some(&b"again"[..]));
    }

    #[test]
    fn what_was_changed_or_moved_or_has_no_key_does_not_open() {
        let inner = MemoryStore::new();
        let store = open(&inner, 1).unwrap();
        store.write(put(&[(b"A/1", b"one"), (b"A/2", b"two")])).unwrap();
        let sound = inner.pages();
        for at in 0..sound[&b"A/1"[..]].len() {
            let mut pages = sound.clone();
            pages.get_mut(&b"A/1"[..]).unwrap()[at] ^= 1;
            let bent = open(&MemoryStore::from_pages(pages), 1).unwrap();
            let error = bent.get(b"A/1").unwrap_err();
            // The name of the key is the first thing: another one is not there.
            assert!(matches!(error, StoreError::Damaged(_)) || at < 4, "{at}: {error}");
            assert_eq!(bent.get(b"A/2").unwrap().as_deref(), Some(&b"two"[..]));
        }
        let mut pages = sound.clone();
        let moved = pages[&b"A/1"[..]].clone();
        pages.insert(b"A/2".to_vec(), moved);
        let bent = open(&MemoryStore::from_pages(pages), 1).unwrap();
        assert!(matches!(bent.get(b"A/2"), Err(StoreError::Damaged(_))));
        let error = open(&inner, 2).err().unwrap();
        let named = key(1, Suite::Sm4Gcm).id.to_string();
        assert!(matches!(&error, StoreError::Unusable(why) if why.contains(&named)), "{error}");
    }

    #[test]
    fn a_plain_store_is_told_and_a_later_key_takes_over() {
        let plain = MemoryStore::new();
        assert_eq!(standing(&plain).unwrap(), Standing::Empty);
        plain.write(put(&[(b"A/1", b"one")])).unwrap();
        assert_eq!(standing(&plain).unwrap(), Standing::Plain);
        assert!(matches!(open(&plain, 1), Err(StoreError::Unusable(_))));
        let inner = MemoryStore::new();
        let own = keys(1);
        let store = EncryptedStore::open(inner.clone(), own.clone(), open_part, [1; 32]).unwrap();
        store.write(put(&[(b"A/1", b"one"), (b"U/hidden", b"h")])).unwrap();
        let mut ring = own.ring(Clone::clone);
        ring.add(key(2, Suite::Aes256GcmSiv));
        own.replace(ring).unwrap();
        store.write(put(&[(b"A/2", b"two"), (b"U/hidden", b"i")])).unwrap();
        assert_eq!(found(&store, b"", b"").len(), 3, "the blind index outlives the key");
        let both = [key(1, Suite::Sm4Gcm).id, key(2, Suite::Aes256GcmSiv).id];
        assert_eq!(keys_of(&inner).unwrap(), both.into_iter().collect());
    }
}
