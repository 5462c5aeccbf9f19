//! Cuts values into pieces of at most 32 KiB for sled, and joins them again. Knows no sled.
//!
//! sled writes a tree node that outgrows a quarter of its segment to a file of its own, which it
//! never syncs; and a recovery that misses such a file skips it without a word. So no node may
//! grow so large: a node holds some 20 values, and 20 pieces of 32 KiB stay below a quarter of the
//! 4 MiB segments that `sled_store.rs` sets.
//!
//! Keys are escaped so that their order, and what begins with what, stay as they were: a zero byte
//! becomes `00 ff`, the end is `00 01`, then the number of the piece (none for the first). The
//! first piece begins with the value's length and checksum.

use crate::codec::{Reader, Writer};

pub(super) const PIECE_BYTES: usize = 32 << 10;
/// The longest key, in bytes.
pub(super) const KEY_BYTES_MAX: usize = 1024;

const ESCAPE: u8 = 0;
const ZERO: u8 = 0xff;
const END: u8 = 1;

/// What all kept keys of the keys that begin with `prefix` begin with.
pub(super) fn prefix_of(prefix: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(prefix.len() + 8);
    for byte in prefix {
        kept.push(*byte);
        if *byte == ESCAPE {
            kept.push(ZERO);
        }
    }
    kept
}

/// The kept key of the first piece; the other pieces' keys begin with it.
pub(super) fn first_key(key: &[u8]) -> Vec<u8> {
    let mut kept = prefix_of(key);
    kept.extend([ESCAPE, END]);
    kept
}

/// The kept key of piece `number`, from 1: the one behind the first.
pub(super) fn later_key(first: &[u8], number: usize) -> Vec<u8> {
    let mut kept = first.to_vec();
    // Fixed width, so that the pieces stand in order.
    kept.extend(u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes());
    kept
}

/// The key that a kept key stands for; `None` if it is not the key of a first piece.
pub(super) fn key_of(kept: &[u8]) -> Option<Vec<u8>> {
    let mut key = Vec::with_capacity(kept.len());
    let mut bytes = kept.iter();
    while let Some(byte) = bytes.next() {
        if *byte != ESCAPE {
            key.push(*byte);
            continue;
        }
        match *bytes.next()? {
            ZERO => key.push(0),
            END => return bytes.as_slice().is_empty().then_some(key),
            _ => return None,
        }
    }
    None
}

/// The first piece, and the rest in pieces.
pub(super) fn cut(value: &[u8]) -> (Vec<u8>, impl Iterator<Item = &[u8]>) {
    let (head, rest) = value.split_at(value.len().min(PIECE_BYTES));
    let mut first = Writer::new();
    first.bytes.reserve(head.len() + 10);
    first.count(value.len());
    first.bytes.extend_from_slice(&crc32fast::hash(value).to_le_bytes());
    first.bytes.extend_from_slice(head);
    (first.bytes, rest.chunks(PIECE_BYTES))
}

/// What the first piece says of its value.
pub(super) struct First<'a> {
    pub length: usize,
    crc: u32,
    head: &'a [u8],
}

impl<'a> First<'a> {
    pub fn parse(bytes: &'a [u8]) -> Option<First<'a>> {
        let mut r = Reader::new(bytes);
        let length = r.index().ok()?;
        let (crc, head) = r.rest().split_at_checked(4)?;
        let crc = u32::from_le_bytes(crc.try_into().ok()?);
        (head.len() == length.min(PIECE_BYTES)).then_some(First { length, crc, head })
    }

    /// Pieces behind the first.
    pub fn later(&self) -> usize {
        self.length.div_ceil(PIECE_BYTES).saturating_sub(1)
    }

    /// The value, if `piece` gives all its pieces and the checksum is right.
    pub fn join<E>(
        &self,
        mut piece: impl FnMut(usize, &mut Vec<u8>) -> Result<(), E>,
    ) -> Result<Option<Vec<u8>>, E> {
        let mut value = self.head.to_vec();
        for number in 1..=self.later() {
            let before = value.len();
            piece(number, &mut value)?;
            if value.len() == before {
                return Ok(None);
            }
        }
        let right = value.len() == self.length && crc32fast::hash(&value) == self.crc;
        Ok(right.then_some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(prop::sample::select(vec![0u8, 1, 2, 0xfe, 0xff]), 0..6)
    }

    proptest! {
        #[test]
        fn kept_keys_keep_order_and_prefixes(a in key(), b in key()) {
            let (x, y) = (first_key(&a), first_key(&b));
            prop_assert_eq!(a.cmp(&b), x.cmp(&y));
            prop_assert_eq!(a.starts_with(&b), x.starts_with(&prefix_of(&b)));
            prop_assert_eq!(key_of(&x), Some(a.clone()));
            let later = later_key(&x, 1);
            prop_assert_eq!(key_of(&later), None);
            // A later piece stands between its own first piece and the next key.
            prop_assert!(later > x && (a >= b || later < y));
        }
    }

    #[test]
    fn values_come_back_and_damage_is_noticed() {
        for length in [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 4 << 20] {
            let value: Vec<u8> = (0..length).map(|i| u8::try_from(i % 251).unwrap()).collect();
            let (first, rest) = cut(&value);
            let rest: Vec<&[u8]> = rest.collect();
            let head = First::parse(&first).unwrap();
            assert_eq!(head.later(), rest.len());
            let join = |rest: &[&[u8]]| {
                head.join::<()>(|n, out| {
                    out.extend_from_slice(rest.get(n - 1).unwrap_or(&&[][..]));
                    Ok(())
                })
            };
            assert_eq!(join(&rest).unwrap().as_deref(), Some(&value[..]));
            if !rest.is_empty() {
                assert_eq!(join(&rest[1..]).unwrap(), None);
            }
        }
        assert!(First::parse(&[5, 0, 0, 0, 0, 1]).is_none());
        assert!(First::parse(&[]).is_none());
    }
}
