//! A value in its pieces from bytes that nobody vouches for. For fuzzing: no sled, and each piece as long as it is said
//! to be.

use super::pieces::{self, First, PIECE_BYTES};
use crate::codec::Corrupt;

/// The value whose first piece is `first`, and whose later pieces stand one behind the other in `later`; what
/// [`cut_value`] makes comes back.
pub fn join_value(first: &[u8], later: &[u8]) -> Option<Vec<u8>> {
    let head = First::parse(first)?;
    let mut pieces = later.chunks(PIECE_BYTES);
    let joined = head.join(|_, out| {
        out.extend_from_slice(pieces.next().ok_or(Corrupt("a piece"))?);
        Ok::<(), Corrupt>(())
    });
    joined.ok().flatten()
}

/// The first piece, and the others one behind the other.
pub fn cut_value(value: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (first, later) = pieces::cut(value);
    (first, later.collect::<Vec<_>>().concat())
}

/// The key that kept bytes stand for, and what is kept for a key.
pub fn key_of(kept: &[u8]) -> Option<Vec<u8>> {
    pieces::key_of(kept)
}

pub fn first_key(key: &[u8]) -> Vec<u8> {
    pieces::first_key(key)
}
