//! The files of a log: their names, the header of a segment, the mark of what was acknowledged,
//! and how a change of a folder is made durable. Knows nothing of blocks' contents.
//!
//! Header of a segment, 64 bytes, little-endian: magic `WWSEGMNT`, format version (4), chain at its
//! beginning (4), salt (8), first position (8), created at in Unix milliseconds (8), first position
//! and length of the segment before (8 + 8, zero for the first), name of the key that its blocks are
//! encrypted with (4, zero for none), crc32 of the 60 bytes before (4). So a missing or shortened older
//! segment is noticed without reading it, and which keys a log needs is known from its headers.
//! Format 1 is plain, format 2 is encrypted: a version without ciphers refuses it.

use super::block::{checksum, u32_at, u64_at};
use super::{LogError, Position};
use crate::cipher::KeyId;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

pub(super) const SEGMENT_HEADER: usize = 64;
pub(super) const FORMAT: u32 = 2;
const PLAIN: u32 = 1;
const ENCRYPTED: u32 = 2;
const SEGMENT_MAGIC: [u8; 8] = *b"WWSEGMNT";
const MARK: &str = "HEAD";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct SegmentHeader {
    pub salt: u64,
    pub first: Position,
    pub chain: u32,
    pub created_ms: i64,
    pub before_first: Position,
    pub before_bytes: u64,
    /// `None`: its blocks are plain.
    pub key: Option<KeyId>,
}

/// What the beginning of a segment file is.
#[derive(Debug)]
pub(super) enum SegmentStart {
    Header(SegmentHeader),
    /// Too short for a header and a block: its creation was cut short, nothing was ever in it.
    Unborn,
    Newer(u32),
    Damaged,
}

impl SegmentHeader {
    pub fn bytes(&self) -> [u8; SEGMENT_HEADER] {
        let mut out = [0u8; SEGMENT_HEADER];
        out[..8].copy_from_slice(&SEGMENT_MAGIC);
        let format = if self.key.is_some() { ENCRYPTED } else { PLAIN };
        out[8..12].copy_from_slice(&format.to_le_bytes());
        out[12..16].copy_from_slice(&self.chain.to_le_bytes());
        out[16..24].copy_from_slice(&self.salt.to_le_bytes());
        out[24..32].copy_from_slice(&self.first.0.to_le_bytes());
        out[32..40].copy_from_slice(&self.created_ms.to_le_bytes());
        out[40..48].copy_from_slice(&self.before_first.0.to_le_bytes());
        out[48..56].copy_from_slice(&self.before_bytes.to_le_bytes());
        out[56..60].copy_from_slice(&self.key.map_or(0, KeyId::number).to_le_bytes());
        let crc = checksum(0, &out[..60]);
        out[60..].copy_from_slice(&crc.to_le_bytes());
        out
    }

    fn parse(bytes: &[u8]) -> Option<SegmentHeader> {
        if u32_at(bytes, 60)? != checksum(0, &bytes[..60]) {
            return None;
        }
        Some(SegmentHeader {
            chain: u32_at(bytes, 12)?,
            salt: u64_at(bytes, 16)?,
            first: Position(u64_at(bytes, 24)?),
            created_ms: u64_at(bytes, 32)?.cast_signed(),
            before_first: Position(u64_at(bytes, 40)?),
            before_bytes: u64_at(bytes, 48)?,
            key: KeyId::from_number(u32_at(bytes, 56)?),
        })
    }
}

/// Reads the beginning of a segment.
pub(super) fn read_start(path: &Path) -> io::Result<SegmentStart> {
    let mut bytes = Vec::with_capacity(SEGMENT_HEADER + 1);
    File::open(path)?.take(SEGMENT_HEADER as u64 + 1).read_to_end(&mut bytes)?;
    let ours = bytes.starts_with(&SEGMENT_MAGIC);
    if let (true, Some(version)) = (ours, u32_at(&bytes, 8)) {
        // A later format may checksum its header in another way: its number is believed.
        if version > FORMAT && bytes.len() > SEGMENT_HEADER {
            return Ok(SegmentStart::Newer(version));
        }
    }
    match SegmentHeader::parse(&bytes) {
        Some(header) if ours => Ok(SegmentStart::Header(header)),
        // The header was durable before the first block was written: with anything behind it, it
        // was once whole.
        _ if bytes.len() <= SEGMENT_HEADER => Ok(SegmentStart::Unborn),
        _ => Ok(SegmentStart::Damaged),
    }
}

/// `00000000000000000001.log`: the position of its first block.
pub(super) fn segment_path(dir: &Path, first: Position) -> PathBuf {
    dir.join(format!("{:020}.log", first.0))
}

/// The segments in the folder, ascending by first position.
pub(super) fn list(dir: &Path) -> io::Result<Vec<(Position, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
        if let Some(digits) = name.strip_suffix(".log").filter(|d| d.len() == 20)
            && let Ok(first) = digits.parse()
        {
            found.push((Position(first), path));
        }
    }
    found.sort();
    Ok(found)
}

/// Makes names that were added to or removed from the folder durable.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Creates the folder and makes its name durable.
pub(super) fn create_dir(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(dir)?;
    match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_dir(parent),
        _ => Ok(()),
    }
}

/// Replaces a small file whole: after a power cut it is the old one or the new one.
pub(super) fn replace(dir: &Path, name: &str, text: &str) -> io::Result<()> {
    replace_bytes(&dir.join(name), text.as_bytes())
}

/// As [`replace`].
pub(super) fn replace_bytes(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    sync_dir(path.parent().unwrap_or(Path::new(".")))
}

/// Notes that everything up to `head` was acknowledged. It is written when a log is opened and
/// closed, never between: it may lag behind, and is never ahead.
pub(super) fn write_mark(dir: &Path, head: Position) -> io::Result<()> {
    replace(dir, MARK, &format!("acknowledged {}\n", head.0))
}

/// What is known to be acknowledged; `Position(0)` if there is no mark.
pub(super) fn read_mark(dir: &Path) -> Result<Position, LogError> {
    let path = dir.join(MARK);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Position(0)),
        Err(source) => return Err(LogError::io(format!("read {}", path.display()))(source)),
    };
    match text.trim_end().strip_prefix("acknowledged ").and_then(|n| n.parse().ok()) {
        Some(head) => Ok(Position(head)),
        None => Err(LogError::Damaged {
            file: path.display().to_string(),
            offset: 0,
            what: "it does not say up to where the log was acknowledged; if the log itself is sound, delete this file"
                .to_owned(),
        }),
    }
}

/// Bytes that may still be written at `path` by a process without privileges.
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(path)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}
