//! The keys of a running process: encrypts and decrypts, and counts, so that no nonce is used twice (the proof stands in
//! `mod.rs`). Knows no file: whoever reads one gives its keys, and others while it runs.

use super::ring::{KeyId, KeyRing};
pub use super::suite::TAG;
use super::suite::{Cipher, Suite};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// 128 bits, drawn at random by whoever opens the keys.
pub type Session = [u8; 16];

/// Bytes in front of the ciphertext.
pub const HEAD: usize = 28;
/// By how much bytes grow.
pub const OVERHEAD: usize = HEAD + TAG;

/// Session ciphers that are kept; beyond, all are made anew when they are needed.
const CIPHERS_MAX: usize = 1024;

/// Keys in use; clones are handles of the same.
#[derive(Clone)]
pub struct DataKeys {
    inner: Arc<Inner>,
}

struct Inner {
    ring: RwLock<KeyRing>,
    session: Session,
    /// Numbers given out in this session.
    used: AtomicU64,
    ciphers: RwLock<BTreeMap<(KeyId, Session), Arc<Cipher>>>,
}

/// What stands in front of the ciphertext.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamp {
    pub key: KeyId,
    session: Session,
    number: u64,
}

/// Why bytes did not open.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Denied {
    #[error("it is encrypted with key {0}, which the file of security.keys_file does not hold")]
    UnknownKey(KeyId),
    #[error("it was changed, or belongs elsewhere: its tag is wrong under key {0}")]
    Forged(KeyId),
    #[error("it is not encrypted")]
    Plain,
}

impl Stamp {
    pub fn bytes(&self) -> [u8; HEAD] {
        let mut out = [0; HEAD];
        out[..4].copy_from_slice(&self.key.number().to_le_bytes());
        out[4..20].copy_from_slice(&self.session);
        out[20..].copy_from_slice(&self.number.to_le_bytes());
        out
    }

    /// Of bytes under a key.
    pub fn parse(bytes: &[u8]) -> Option<Stamp> {
        let (key, rest) = bytes.split_at_checked(4)?;
        let (session, rest) = rest.split_at_checked(16)?;
        let (number, _) = rest.split_at_checked(8)?;
        Some(Stamp {
            key: KeyId::from_number(u32::from_le_bytes(key.try_into().ok()?))?,
            session: session.try_into().ok()?,
            number: u64::from_le_bytes(number.try_into().ok()?),
        })
    }

    fn nonce(&self) -> [u8; 12] {
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&self.number.to_le_bytes());
        nonce
    }
}

impl DataKeys {
    /// `session` must have been drawn at random for this one call: it may never come again.
    pub fn new(ring: KeyRing, session: Session) -> DataKeys {
        let (ring, ciphers) = (RwLock::new(ring), RwLock::default());
        DataKeys { inner: Arc::new(Inner { ring, session, used: AtomicU64::new(0), ciphers }) }
    }

    /// The key that encrypts.
    pub fn current(&self) -> KeyId {
        self.ring(|ring| ring.current().id)
    }

    pub fn has(&self, id: KeyId) -> bool {
        self.ring(|ring| ring.get(id).is_some())
    }

    /// Looks at the keys.
    pub fn ring<T>(&self, look: impl FnOnce(&KeyRing) -> T) -> T {
        look(&self.inner.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Goes on with other keys.
    ///
    /// # Errors
    /// A key that was there and is gone: what stands may need it, so all stays as it was.
    pub fn replace(&self, ring: KeyRing) -> Result<(), KeyId> {
        let mut own = self.inner.ring.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(gone) = own.iter().find(|key| ring.get(key.id).is_none()) {
            return Err(gone.id);
        }
        *own = ring;
        Ok(())
    }

    /// Encrypts in place under that key; what is to stand before and behind the bytes.
    ///
    /// # Errors
    /// [`Denied::UnknownKey`] for a key that is none of these.
    pub fn encrypt(
        &self,
        key: KeyId,
        about: &[u8],
        bytes: &mut [u8],
    ) -> Result<([u8; HEAD], [u8; TAG]), Denied> {
        // Each number is given out once, whatever becomes of it.
        let number = self.inner.used.fetch_add(1, Ordering::Relaxed) + 1;
        let stamp = Stamp { key, session: self.inner.session, number };
        let cipher = self.cipher(&stamp)?;
        let head = stamp.bytes();
        // Nothing as long as 64 GiB is ever given.
        let tag = cipher.encrypt(&stamp.nonce(), about, bytes).ok_or(Denied::Plain)?;
        Ok((head, tag))
    }

    /// Puts into `out` what the bytes were.
    ///
    /// # Errors
    /// The key is not there, or the bytes are not what was encrypted about this.
    pub fn decrypt(&self, about: &[u8], bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Denied> {
        let stamp = Stamp::parse(bytes).ok_or(Denied::Plain)?;
        let body = &bytes[HEAD..];
        let (text, tag) = body.split_at_checked(body.len().saturating_sub(TAG)).ok_or(Denied::Plain)?;
        let tag: &[u8; TAG] = tag.try_into().map_err(|_| Denied::Plain)?;
        out.clear();
        out.extend_from_slice(text);
        match self.cipher(&stamp)?.decrypt(&stamp.nonce(), about, out, tag) {
            true => Ok(()),
            false => {
                out.clear();
                Err(Denied::Forged(stamp.key))
            }
        }
    }

    /// Of the key that encrypts.
    pub fn suite(&self) -> Suite {
        self.ring(|ring| ring.current().suite)
    }

    fn cipher(&self, stamp: &Stamp) -> Result<Arc<Cipher>, Denied> {
        let name = (stamp.key, stamp.session);
        let known = self.inner.ciphers.read().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
        if let Some(cipher) = known {
            return Ok(cipher);
        }
        let cipher = self.ring(|ring| {
            let key = ring.get(stamp.key).ok_or(Denied::UnknownKey(stamp.key))?;
            Ok(Arc::new(key.suite.cipher(&key.session_key(&stamp.session))))
        })?;
        let mut ciphers = self.inner.ciphers.write().unwrap_or_else(PoisonError::into_inner);
        if ciphers.len() >= CIPHERS_MAX {
            ciphers.clear();
        }
        ciphers.insert(name, cipher.clone());
        Ok(cipher)
    }
}

impl fmt::Debug for DataKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ring(|ring| write!(f, "DataKeys({ring:?})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cipher::Key;
    use crate::domain::Day;

    fn key(n: u8, suite: Suite) -> Key {
        Key::new(suite, Day(20_000), [n; 32]).unwrap()
    }

    fn keys(suite: Suite) -> DataKeys {
        DataKeys::new(KeyRing::new(key(1, suite)), [9; 16])
    }

    fn encrypt(keys: &DataKeys, about: &[u8], text: &[u8]) -> Vec<u8> {
        let mut bytes = text.to_vec();
        let (head, tag) = keys.encrypt(keys.current(), about, &mut bytes).unwrap();
        [&head[..], &bytes, &tag].concat()
    }

    #[test]
    fn bytes_come_back_and_not_one_changed_byte_passes() {
        for suite in Suite::ALL {
            let keys = keys(suite);
            for text in [&b""[..], b"x", &[7; 1000]] {
                let mut out = vec![1];
                let bytes = encrypt(&keys, b"block 3", text);
                assert_eq!(bytes.len(), text.len() + OVERHEAD);
                assert!(text.len() < 4 || !bytes.windows(text.len()).any(|part| part == text));
                keys.decrypt(b"block 3", &bytes, &mut out).unwrap();
                assert_eq!(out, text);
                for at in 0..bytes.len() {
                    let mut bent = bytes.clone();
                    bent[at] ^= 1;
                    assert!(keys.decrypt(b"block 3", &bent, &mut out).is_err(), "{at}");
                    assert!(out.is_empty() || at < 4, "nothing of it is given out");
                    assert!(keys.decrypt(b"block 3", &bytes[..at], &mut out).is_err(), "{at}");
                }
                assert_eq!(keys.decrypt(b"block 4", &bytes, &mut out), Err(Denied::Forged(keys.current())));
            }
        }
    }

    #[test]
    fn no_stamp_comes_twice_and_the_same_text_looks_different_each_time() {
        let keys = keys(Suite::Sm4Gcm);
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let keys = keys.clone();
                std::thread::spawn(move || {
                    (0..500).map(|_| encrypt(&keys, b"", b"same text")).collect::<Vec<_>>()
                })
            })
            .collect();
        let all: Vec<Vec<u8>> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        let stamps: std::collections::BTreeSet<_> = all.iter().map(|bytes| bytes[..HEAD].to_vec()).collect();
        let texts: std::collections::BTreeSet<_> = all.iter().map(|bytes| bytes[HEAD..].to_vec()).collect();
        assert_eq!((stamps.len(), texts.len()), (2000, 2000));
        // Another session has other keys: the same number tells nothing.
        let again = DataKeys::new(KeyRing::new(key(1, Suite::Sm4Gcm)), [8; 16]);
        assert_ne!(encrypt(&again, b"", b"same text")[HEAD..], all[0][HEAD..]);
    }

    #[test]
    fn another_key_takes_over_and_the_old_one_still_opens() {
        let keys = keys(Suite::Aes256GcmSiv);
        let (old, mut out) = (encrypt(&keys, b"", b"before"), Vec::new());
        let mut ring = keys.ring(Clone::clone);
        ring.add(key(2, Suite::Sm4Gcm));
        keys.replace(ring).unwrap();
        let new = encrypt(&keys, b"", b"behind");
        assert_eq!(Stamp::parse(&new).unwrap().key, key(2, Suite::Sm4Gcm).id);
        keys.decrypt(b"", &old, &mut out).unwrap();
        assert_eq!(out, b"before");
        keys.decrypt(b"", &new, &mut out).unwrap();
        assert_eq!(out, b"behind");
        let only_new = KeyRing::new(key(2, Suite::Sm4Gcm));
        assert_eq!(keys.replace(only_new.clone()), Err(key(1, Suite::Aes256GcmSiv).id));
        let later = DataKeys::new(only_new, [7; 16]);
        assert_eq!(
            later.decrypt(b"", &old, &mut out),
            Err(Denied::UnknownKey(key(1, Suite::Aes256GcmSiv).id))
        );
        let said = format!("{keys:?} {later:?}");
        assert!(!said.contains("0101") && !said.contains("1, 1"), "{said}");
    }
}
