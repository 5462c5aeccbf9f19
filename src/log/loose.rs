//! A block without the salt that protects it: what somebody could leave in a segment file who knew the salt, or a
//! disk that damages bytes and their checksums alike. For fuzzing: the checksums are made right before they are asked.

use super::Block;
use super::block::{Decoder, HEADER, Header, MAGIC, checksum};

const SALT: u64 = 7;

/// The block that a header of 48 bytes and a payload make; the lengths and counts of the header are taken as they are.
///
/// # Errors
/// With what is wrong; `None` in it where there is not even a header.
pub fn read_block(bytes: &[u8]) -> Result<Block, Option<String>> {
    let (head, payload) = bytes.split_at_checked(HEADER).ok_or(None)?;
    let mut head = head.to_vec();
    head[..4].copy_from_slice(&MAGIC);
    head[4..8].copy_from_slice(&checksum(SALT, payload).to_le_bytes());
    head[8..12].copy_from_slice(&u32::try_from(payload.len()).map_err(|_| None)?.to_le_bytes());
    let crc = checksum(SALT, &head[..44]);
    head[44..].copy_from_slice(&crc.to_le_bytes());
    let header = Header::parse(SALT, &head).ok_or(None)?;
    if !header.payload_is_right(SALT, payload) {
        return Err(None);
    }
    Decoder::new(SALT, false, None).decode(&header, payload).map_err(Some)
}
