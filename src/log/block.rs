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
//! | 40 | 4 | flags: 1 = the entries are LZ4, 2 = the payload is encrypted |
//! | 44 | 4 | crc32 of salt and the 44 bytes before |
//!
//! The checksums are of what stands in the file, so that a log is checked and copied without its keys. Encrypted, the
//! payload is bytes under a key (`cipher`) whose tag also binds the salt and what the header says: position, time, number
//! of entries, chain. A block that was changed by somebody who mended the checksums, or that stands elsewhere, does not open.

use super::Block;
use crate::cipher::{DataKeys, HEAD, KeyId, OVERHEAD};
use crate::codec::{Reader, Writer, read_entry, write_entry};
use crate::domain::{Entry, Position};

pub(super) const HEADER: usize = 48;
pub(super) const MAGIC: [u8; 4] = *b"WWB1";
/// The largest block, unpacked. A batch is far smaller; damaged lengths must not fill the memory.
pub(super) const BLOCK_BYTES_MAX: usize = 256 << 20;

const FLAG_LZ4: u32 = 1;
/// A batch has no more, unless it is a single large one.
const ENTRIES_USUAL: usize = 16_384;
const FLAG_ENCRYPTED: u32 = 2;
/// The largest block as it stands in a file.
const STORED_BYTES_MAX: usize = BLOCK_BYTES_MAX + OVERHEAD;
const ABOUT: &[u8] = b"wagewatch block";

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
    /// `None`: plain.
    pub key: Option<(&'a DataKeys, KeyId)>,
}

/// A block's payload that is neither encrypted nor unpacked, and what is to stand around it.
pub(super) struct Packed<'a> {
    pub header: &'a Header,
    pub bytes: &'a [u8],
}

impl Encoder {
    /// Puts the block into `bytes` and returns its chain value.
    ///
    /// # Errors
    /// If it would be too large, or its key is not there.
    pub fn encode(&mut self, plan: &Plan) -> Result<u32, &'static str> {
        let plain = &mut self.plain;
        plain.bytes.clear();
        plan.entries.iter().for_each(|entry| write_entry(plain, entry));
        if plain.bytes.len() > BLOCK_BYTES_MAX {
            return Err(TOO_LARGE);
        }
        let front = front(plan.key.is_some());
        let room = front + lz4_flex::block::get_maximum_output_size(plain.bytes.len());
        self.bytes.resize(room, 0);
        let squeezed = lz4_flex::block::compress_into(&plain.bytes, &mut self.bytes[front..]);
        let squeezed = squeezed.map_err(|_| TOO_LARGE)?;
        let (packed, flags) = if squeezed < plain.bytes.len() {
            (squeezed, FLAG_LZ4)
        } else {
            self.bytes[front..front + plain.bytes.len()].copy_from_slice(&plain.bytes);
            (plain.bytes.len(), 0)
        };
        self.bytes.truncate(front + packed);
        let header = Header {
            position: plan.position,
            written_ms: plan.written_ms,
            entries: u32::try_from(plan.entries.len()).map_err(|_| TOO_LARGE)?,
            stored: 0,
            chain: plan.chain,
            crc: 0,
            plain: u32::try_from(plain.bytes.len()).map_err(|_| TOO_LARGE)?,
            payload_crc: 0,
            flags,
        };
        self.finish(plan.salt, header, plan.key)
    }

    /// The same for a block that was read from elsewhere: only what it is encrypted with, and tied to, is new.
    pub fn encode_again(
        &mut self,
        salt: u64,
        packed: &Packed,
        chain: u32,
        key: Option<(&DataKeys, KeyId)>,
    ) -> Result<u32, &'static str> {
        self.bytes.clear();
        self.bytes.resize(front(key.is_some()), 0);
        self.bytes.extend_from_slice(packed.bytes);
        self.finish(salt, Header { chain, flags: packed.header.flags & FLAG_LZ4, ..*packed.header }, key)
    }

    /// Encrypts what stands in `bytes` behind the room for header and stamp, and writes the header.
    fn finish(
        &mut self,
        salt: u64,
        mut header: Header,
        key: Option<(&DataKeys, KeyId)>,
    ) -> Result<u32, &'static str> {
        if let Some((keys, id)) = key {
            header.flags |= FLAG_ENCRYPTED;
            let sealed = keys.encrypt(id, &header.about(salt), &mut self.bytes[HEADER + HEAD..]);
            let (stamp, tag) =
                sealed.map_err(|_| "the key that the segment is encrypted with is not there")?;
            self.bytes[HEADER..HEADER + HEAD].copy_from_slice(&stamp);
            self.bytes.extend_from_slice(&tag);
        }
        let (head, payload) = self.bytes.split_at_mut(HEADER);
        header.stored = u32::try_from(payload.len()).map_err(|_| TOO_LARGE)?;
        header.payload_crc = checksum(salt, payload);
        head.copy_from_slice(&header.bytes());
        let crc = checksum(salt, &head[..44]);
        head[44..].copy_from_slice(&crc.to_le_bytes());
        Ok(crc)
    }
}

const TOO_LARGE: &str = "the batch is too large for one block";

/// Where the entries begin in the bytes of a block.
fn front(is_encrypted: bool) -> usize {
    if is_encrypted { HEADER + HEAD } else { HEADER }
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

    /// What the tag of an encrypted payload binds beside it.
    fn about(&self, salt: u64) -> [u8; 59] {
        let mut about = [0; 59];
        about[..15].copy_from_slice(ABOUT);
        about[15..23].copy_from_slice(&salt.to_le_bytes());
        about[23..31].copy_from_slice(&self.position.0.to_le_bytes());
        about[31..39].copy_from_slice(&self.written_ms.to_le_bytes());
        for (at, word) in [self.entries, self.plain, self.chain, self.flags].into_iter().enumerate() {
            about[39 + 4 * at..43 + 4 * at].copy_from_slice(&word.to_le_bytes());
        }
        about
    }

    /// All but its own checksum.
    fn bytes(&self) -> [u8; HEADER] {
        let mut head = [0; HEADER];
        head[..4].copy_from_slice(&MAGIC);
        head[4..8].copy_from_slice(&self.payload_crc.to_le_bytes());
        head[8..12].copy_from_slice(&self.stored.to_le_bytes());
        head[12..16].copy_from_slice(&self.plain.to_le_bytes());
        head[16..24].copy_from_slice(&self.position.0.to_le_bytes());
        head[24..32].copy_from_slice(&self.written_ms.to_le_bytes());
        head[32..36].copy_from_slice(&self.entries.to_le_bytes());
        head[36..40].copy_from_slice(&self.chain.to_le_bytes());
        head[40..44].copy_from_slice(&self.flags.to_le_bytes());
        head
    }
}

/// Reads the blocks of one segment; keeps its buffers between them.
pub(super) struct Decoder {
    salt: u64,
    /// The segment's blocks are: then one that is not was put there by somebody else.
    is_encrypted: bool,
    keys: Option<DataKeys>,
    opened: Vec<u8>,
    unpacked: Vec<u8>,
}

impl Decoder {
    pub fn new(salt: u64, is_encrypted: bool, keys: Option<DataKeys>) -> Decoder {
        Decoder { salt, is_encrypted, keys, opened: Vec::new(), unpacked: Vec::new() }
    }

    /// The payload as it was before it was encrypted, from one whose checksum was found right.
    ///
    /// # Errors
    /// Its key is not there, or its tag is wrong.
    pub fn packed<'a>(&'a mut self, header: &Header, payload: &'a [u8]) -> Result<&'a [u8], String> {
        match (header.flags & FLAG_ENCRYPTED != 0, self.is_encrypted) {
            (true, true) => {}
            (false, false) => return Ok(payload),
            (true, false) => return Err("an encrypted block stands in a plain segment".into()),
            (false, true) => return Err("a plain block stands in an encrypted segment".into()),
        }
        let keys = self.keys.as_ref().ok_or("it is encrypted, and no keys are configured")?;
        if payload.len() > STORED_BYTES_MAX {
            return Err("its length is too large".into());
        }
        let opened = keys.decrypt(&header.about(self.salt), payload, &mut self.opened);
        opened.map_err(|why| format!("block {}: {why}", header.position.0))?;
        Ok(&self.opened)
    }

    /// The block, from a payload whose checksum was found right.
    ///
    /// # Errors
    /// As [`Decoder::packed`]; or it does not hold what its header says.
    pub fn decode(&mut self, header: &Header, payload: &[u8]) -> Result<Block, String> {
        let mut unpacked = std::mem::take(&mut self.unpacked);
        let block = self.packed(header, payload).and_then(|bytes| header.unpack(bytes, &mut unpacked));
        self.unpacked = unpacked;
        block
    }
}

impl Header {
    fn unpack(&self, packed: &[u8], scratch: &mut Vec<u8>) -> Result<Block, String> {
        let plain = usize::try_from(self.plain).map_err(|_| "its length is too large".to_owned())?;
        let bytes = match self.flags & !FLAG_ENCRYPTED {
            0 => packed,
            // LZ4 makes at most 255 bytes of one.
            FLAG_LZ4 if plain <= BLOCK_BYTES_MAX && plain / 255 <= packed.len() => {
                if scratch.len() < plain {
                    scratch.resize(plain, 0);
                }
                let got = lz4_flex::block::decompress_into(packed, &mut scratch[..plain])
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
#[path = "block_tests.rs"]
mod tests;
