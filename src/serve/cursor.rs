//! Where a subscriber is: per shard the last row he has, and while he is still getting what stood
//! at the beginning, up to which row that is. Opaque to him, and sealed: a forged one is told, and another's.

use super::seal::{Seal, Unsealed};
use crate::codec::{Corrupt, Reader, Writer};
use data_encoding::BASE64URL_NOPAD;

/// The place in one shard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Place {
    /// The number of the last row sent; during a snapshot, of the last standing row sent.
    pub after: u64,
    /// During a snapshot: the shard's head when it began. Standing rows up to it are still to be
    /// sent, rows behind it come as changes. 0 = no snapshot, only changes.
    pub snapshot_to: u64,
}

/// The place in every shard, and which filter it was reached with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cursor {
    /// The fingerprint of the filter and of the log: a place means nothing for others.
    pub filter: u32,
    pub places: Vec<Place>,
}

const VERSION: u8 = 2;
/// Longer than the cursor of 65,535 shards can be.
const MAX_CHARS: usize = 2 << 20;

impl Cursor {
    /// At the beginning: everything that stands up to `heads` is to be sent.
    pub fn begin(filter: u32, heads: &[u64]) -> Cursor {
        let places = heads.iter().map(|head| Place { after: 0, snapshot_to: *head }).collect();
        Cursor { filter, places }
    }

    /// Behind all that was published so far: only changes are to be sent.
    pub fn now(filter: u32, heads: &[u64]) -> Cursor {
        let places = heads.iter().map(|head| Place { after: *head, snapshot_to: 0 }).collect();
        Cursor { filter, places }
    }

    /// Whether any shard's snapshot is not complete.
    pub fn in_snapshot(&self) -> bool {
        self.places.iter().any(|place| place.snapshot_to > 0)
    }

    /// Rows that are published and not sent yet. During a snapshot an upper bound.
    pub fn behind(&self, heads: &[u64]) -> u64 {
        self.places.iter().zip(heads).map(|(place, head)| head.saturating_sub(place.after)).sum()
    }

    /// The rows between two places, shard by shard, in words: what a subscriber has been given.
    pub fn passed(&self, begun: &Cursor) -> Vec<String> {
        let pairs = self.places.iter().zip(&begun.places).enumerate();
        let moved = pairs.filter(|(_, (now, then))| now != then);
        moved.map(|(shard, (now, then))| format!("shard {shard}: {}-{}", then.after, now.after)).collect()
    }

    pub fn encode(&self, seal: &Seal) -> String {
        let mut w = Writer::new();
        w.u8(VERSION);
        w.u32(self.filter);
        w.list(self.places.iter(), |w, place| {
            w.varint(place.after);
            w.varint(place.snapshot_to);
        });
        seal.close(&mut w.bytes);
        BASE64URL_NOPAD.encode(&w.bytes)
    }

    pub fn decode(text: &str, seal: &Seal) -> Result<Cursor, Unsealed> {
        if text.len() > MAX_CHARS {
            return Err(Unsealed::Broken);
        }
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| Unsealed::Broken)?;
        read(seal.open(&bytes)?).map_err(|_| Unsealed::Broken)
    }
}

fn read(body: &[u8]) -> Result<Cursor, Corrupt> {
    let mut r = Reader::new(body);
    if r.u8()? != VERSION {
        return Err(Corrupt("a cursor of this version"));
    }
    let filter = r.u32()?;
    let places = r.list(|r| Ok(Place { after: r.varint()?, snapshot_to: r.varint()? }))?;
    r.end()?;
    Ok(Cursor { filter, places })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::PUBLIC_ID_KEY;
    use proptest::prelude::*;

    fn seal() -> Seal {
        Seal::new(&PUBLIC_ID_KEY, "somebody")
    }

    proptest! {
        #[test]
        fn cursors_come_back(filter: u32, places: Vec<(u64, u64)>) {
            let places = places.into_iter().map(|(after, snapshot_to)| Place { after, snapshot_to }).collect();
            let cursor = Cursor { filter, places };
            prop_assert_eq!(Cursor::decode(&cursor.encode(&seal()), &seal()), Ok(cursor));
        }

        #[test]
        fn any_text_ends_in_a_cursor_or_none(text: String) {
            let _ = Cursor::decode(&text, &seal());
        }

        #[test]
        fn a_changed_character_is_told(at in 0usize..1000, with in proptest::char::range('A', 'Z')) {
            let cursor = Cursor::begin(7, &[3, 0, 1_000_000]);
            let good = cursor.encode(&seal());
            let at = at % good.len();
            let mut bad: Vec<char> = good.chars().collect();
            bad[at] = with;
            let bad: String = bad.into_iter().collect();
            prop_assert_eq!(Cursor::decode(&bad, &seal()).is_ok(), bad == good);
        }
    }

    #[test]
    fn other_versions_are_none() {
        let cursor = Cursor::begin(0, &[1]).encode(&seal());
        let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).unwrap();
        let mut body = seal().open(&bytes).unwrap().to_vec();
        body[0] = VERSION - 1;
        seal().close(&mut body);
        assert_eq!(Cursor::decode(&BASE64URL_NOPAD.encode(&body), &seal()), Err(Unsealed::Broken));
        assert_eq!(Cursor::decode("", &seal()), Err(Unsealed::Broken));
        let another = Seal::new(&PUBLIC_ID_KEY, "somebody else");
        assert_eq!(Cursor::decode(&cursor, &another), Err(Unsealed::OfAnother));
    }

    #[test]
    fn an_empty_shard_has_no_snapshot() {
        assert!(!Cursor::begin(0, &[0, 0]).in_snapshot());
        assert!(Cursor::begin(0, &[0, 5]).in_snapshot());
        assert_eq!(Cursor::begin(0, &[2, 5]).behind(&[4, 5]), 9);
    }
}
