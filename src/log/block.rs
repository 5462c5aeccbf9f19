//! One block of the log as bytes: a header of 48 bytes, then the entries, squeezed.
//! Knows no file: the segment log and its twin in memory write and read the same bytes.
//!
//! Both checksums begin with the log's salt, a number that is drawn when the log is created. So
//! nothing that a sender has put into a record can pass for a block, nor can a block of another log.
//!
//! | at | bytes | what (little-endian) |
//! | --- | --- | --- |
//! | 0 | 4 | magic `WWB1` |
//! | 4 | 4 | crc32 of salt and payload |
//! | 8 | 4 | length of the payload |
//! | 12 | 4 | length of the entries when unpacked |
//! | 16 | 8 | position |
//! | 24 | 8 | written at, Unix milliseconds |
//! | 32 | 4 | number of entries |
//! | 36 | 4 | chain: the header checksum of the block before, 0 before the first |
//! | 40 | 4 | flags: 1 = payload is LZ4 |
//! | 44 | 4 | crc32 of salt and the 44 bytes before |

use super::Block;
use crate::codec::{Reader, Writer, read_entry, write_entry};
use crate::domain::{Entry, Position};

pub(super) const HEADER: usize = 48;
pub(super) const MAGIC: [u8; 4] = *b"WWB1";
/// The largest block, unpacked. A batch is far smaller; damaged lengths must not fill the memory.
pub(super) const BLOCK_BYTES_MAX: usize = 256 << 20;

const FLAG_LZ4: u32 = 1;
/// A batch has no more, unless it is a single large one.
const ENTRIES_USUAL: usize = 16_384;

/// The header of a block, its own checksum found right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Header {
    pub position: Position,
    pub written_ms: i64,
    pub entries: u32,
    /// Bytes of the payload as it stands in the file.
    pub stored: u32,
    /// Ties the block to the one before.
    pub chain: u32,
    /// Ties the next block to this one.
    pub crc: u32,
    plain: u32,
    payload_crc: u32,
    flags: u32,
}

/// Makes blocks; keeps its buffers between them.
#[derive(Default)]
pub(super) struct Encoder {
    plain: Writer,
    pub bytes: Vec<u8>,
}

/// What a block is to be.
pub(super) struct Plan<'a> {
    pub salt: u64,
    pub position: Position,
    pub chain: u32,
    pub written_ms: i64,
    pub entries: &'a [Entry],
}

impl Encoder {
    /// Puts the block into `bytes` and returns its chain value; `None` if it would be too large.
    pub fn encode(&mut self, plan: &Plan) -> Option<u32> {
        let plain = &mut self.plain;
        plain.bytes.clear();
        plan.entries.iter().for_each(|entry| write_entry(plain, entry));
        if plain.bytes.len() > BLOCK_BYTES_MAX {
            return None;
        }
        let room = HEADER + lz4_flex::block::get_maximum_output_size(plain.bytes.len());
        self.bytes.resize(room, 0);
        let squeezed = lz4_flex::block::compress_into(&plain.bytes, &mut self.bytes[HEADER..]).ok()?;
        let (stored, flags) = if squeezed < plain.bytes.len() {
            (squeezed, FLAG_LZ4)
        } else {
            self.bytes[HEADER..HEADER + plain.bytes.len()].copy_from_slice(&plain.bytes);
            (plain.bytes.len(), 0)
        };
        self.bytes.truncate(HEADER + stored);
        let (head, payload) = self.bytes.split_at_mut(HEADER);
        head[..4].copy_from_slice(&MAGIC);
        head[4..8].copy_from_slice(&checksum(plan.salt, payload).to_le_bytes());
        head[8..12].copy_from_slice(&u32::try_from(stored).ok()?.to_le_bytes());
        head[12..16].copy_from_slice(&u32::try_from(plain.bytes.len()).ok()?.to_le_bytes());
        head[16..24].copy_from_slice(&plan.position.0.to_le_bytes());
        head[24..32].copy_from_slice(&plan.written_ms.to_le_bytes());
        head[32..36].copy_from_slice(&u32::try_from(plan.entries.len()).ok()?.to_le_bytes());
        head[36..40].copy_from_slice(&plan.chain.to_le_bytes());
        head[40..44].copy_from_slice(&flags.to_le_bytes());
        let crc = checksum(plan.salt, &head[..44]);
        head[44..].copy_from_slice(&crc.to_le_bytes());
        Some(crc)
    }
}

impl Header {
    /// The header at the beginning of `bytes`; `None` if there is none, or it is damaged.
    pub fn parse(salt: u64, bytes: &[u8]) -> Option<Header> {
        let head = bytes.get(..HEADER)?;
        let crc = u32_at(head, 44)?;
        if head[..4] != MAGIC || checksum(salt, &head[..44]) != crc {
            return None;
        }
        Some(Header {
            payload_crc: u32_at(head, 4)?,
            stored: u32_at(head, 8)?,
            plain: u32_at(head, 12)?,
            position: Position(u64_at(head, 16)?),
            written_ms: u64_at(head, 24)?.cast_signed(),
            entries: u32_at(head, 32)?,
            chain: u32_at(head, 36)?,
            flags: u32_at(head, 40)?,
            crc,
        })
    }

    /// Bytes of the block as it stands in the file.
    pub fn block_bytes(&self) -> u64 {
        HEADER as u64 + u64::from(self.stored)
    }

    pub fn payload_is_right(&self, salt: u64, payload: &[u8]) -> bool {
        checksum(salt, payload) == self.payload_crc
    }

    /// The block, from a payload found right. `scratch` is kept between calls.
    pub fn decode(&self, payload: &[u8], scratch: &mut Vec<u8>) -> Result<Block, String> {
        let plain = usize::try_from(self.plain).map_err(|_| "its length is too large".to_owned())?;
        let bytes = match self.flags {
            0 => payload,
            // LZ4 makes at most 255 bytes of one.
            FLAG_LZ4 if plain <= BLOCK_BYTES_MAX && plain / 255 <= payload.len() => {
                if scratch.len() < plain {
                    scratch.resize(plain, 0);
                }
                let got = lz4_flex::block::decompress_into(payload, &mut scratch[..plain])
                    .map_err(|e| e.to_string())?;
                &scratch[..got]
            }
            _ => return Err("it is packed in a way this version does not know".to_owned()),
        };
        if bytes.len() != plain {
            return Err("its length is not what its header says".to_owned());
        }
        let mut r = Reader::new(bytes);
        // An entry takes two bytes at least: a header that says more is wrong. In memory it takes fifty times that, so
        // that no more room is made at first than a usual block needs.
        let count = usize::try_from(self.entries).unwrap_or(usize::MAX).min(bytes.len() / 2);
        let mut entries = Vec::with_capacity(count.min(ENTRIES_USUAL));
        while !r.is_empty() {
            entries.push(read_entry(&mut r).map_err(|e| e.to_string())?);
        }
        if entries.len() as u64 != u64::from(self.entries) {
            return Err("it holds another number of entries than its header says".to_owned());
        }
        Ok(Block { position: self.position, written_ms: self.written_ms, entries })
    }
}

/// The salted checksum of everything in a log's files.
pub(super) fn checksum(salt: u64, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&salt.to_le_bytes());
    hasher.update(bytes);
    hasher.finalize()
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Day;
    use proptest::prelude::*;

    fn encode(entries: &[Entry]) -> Vec<u8> {
        let mut encoder = Encoder::default();
        encoder.encode(&Plan { salt: 7, position: Position(3), chain: 9, written_ms: -5, entries }).unwrap();
        encoder.bytes
    }

    fn decode(bytes: &[u8]) -> Option<Block> {
        let header = Header::parse(7, bytes)?;
        let payload = bytes.get(HEADER..HEADER + header.stored as usize)?;
        header.payload_is_right(7, payload).then(|| header.decode(payload, &mut Vec::new()).ok()).flatten()
    }

    proptest! {
        #[test]
        fn blocks_come_back_and_no_flipped_bit_passes(days in prop::collection::vec(any::<i32>(), 0..200), at: prop::sample::Index, bit in 0u8..8) {
            let entries: Vec<Entry> = days.iter().map(|d| Entry::Date(Day(*d))).collect();
            let mut bytes = encode(&entries);
            let block = decode(&bytes).unwrap();
            prop_assert_eq!((block.position, block.written_ms), (Position(3), -5));
            prop_assert_eq!(block.entries, entries);
            prop_assert!(Header::parse(8, &bytes).is_none(), "another log's block");
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(decode(&bytes).is_none());
        }
    }

    #[test]
    fn a_false_length_and_a_false_count_allocate_nothing() {
        let squeezed = encode(&vec![Entry::Date(Day(20_000)); 500]);
        let payload = squeezed[HEADER..].to_vec();
        let good = Header::parse(7, &squeezed).unwrap();
        assert_eq!((good.flags, good.entries), (FLAG_LZ4, 500));
        let mut scratch = Vec::new();
        let long = Header { plain: 256 << 20, ..good };
        assert!(long.decode(&payload, &mut scratch).is_err() && scratch.is_empty());
        let many = Header { entries: u32::MAX, ..good };
        assert!(many.decode(&payload, &mut scratch).is_err());
        assert_eq!(good.decode(&payload, &mut scratch).unwrap().entries.len(), 500);
    }

    #[test]
    fn one_encoder_makes_large_and_small_blocks_in_turn() {
        let mut encoder = Encoder::default();
        for count in [5000, 1, 300, 0] {
            let entries = vec![Entry::Date(Day(20_000)); count];
            let plan = Plan { salt: 7, position: Position(1), chain: 0, written_ms: 0, entries: &entries };
            encoder.encode(&plan).unwrap();
            assert_eq!(decode(&encoder.bytes).unwrap().entries.len(), count);
        }
    }
}
