//! The hash that ties an entry to the one before it.

use data_encoding::HEXLOWER;
use std::fmt;

/// Of an entry and, through it, of all before it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash([u8; 32]);

const CONTEXT: &str = "wagewatch 2026 audit trail v1";

impl Hash {
    /// Before the first entry.
    pub const NONE: Hash = Hash([0; 32]);

    /// The hash of an entry's text behind the hash before it.
    pub fn link(self, text: &str) -> Hash {
        let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
        hasher.update(&self.0);
        hasher.update(text.as_bytes());
        Hash(*hasher.finalize().as_bytes())
    }

    pub fn parse(text: &str) -> Option<Hash> {
        HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Hash)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
