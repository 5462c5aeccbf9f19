//! Writes a whole log anew beside the old one: the same blocks in the same segments, under the key that encrypts now, and
//! if so asked without some of their entries. The old log is not touched; to put the new one in its place is the swap's to do. Nobody may be writing to the log.

use super::block::{Decoder, Encoder, Header, Packed, Plan};
use super::files::{self, SEGMENT_HEADER, SegmentHeader, segment_path};
use super::recover::read_headers;
use super::scan::{Blocks, Step};
use super::segment::{Segment, damaged};
use super::{Block, LogError};
use crate::cipher::{DataKeys, KeyId};
use crate::domain::{Entry, Position};
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::Path;

/// What stands in a log that was written anew.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Rewritten {
    pub segments: usize,
    pub blocks: u64,
    pub bytes: u64,
    /// Entries that were left out.
    pub left_out: u64,
}

/// Which entries are left out.
pub type Takes<'a> = &'a dyn Fn(&Entry) -> bool;

/// The keys that the log's segments are encrypted with; `None` stands for plain ones. Reads only headers.
pub fn keys_of(dir: &Path) -> Result<BTreeSet<Option<KeyId>>, LogError> {
    let names = files::list(dir).map_err(LogError::io(format!("list {}", dir.display())))?;
    let (segments, _) = read_headers(&names)?;
    let filled = segments.iter().filter(|segment| segment.bytes > SEGMENT_HEADER as u64);
    Ok(filled.map(|segment| segment.header.key).collect())
}

/// Writes the log of `from` into `to`, which must not be there; durable when it returns. A write that was interrupted
/// behind the last block is left out: it was never acknowledged.
///
/// # Errors
/// [`LogError::Damaged`] for whatever cannot be read; a key that is missing is named.
pub fn rewrite(from: &Path, to: &Path, keys: &DataKeys) -> Result<Rewritten, LogError> {
    write_anew(from, to, Some(keys), None)
}

/// The same, without the entries that `takes` names; plain if there are no keys. Blocks keep their positions, also those
/// of which nothing is left.
pub fn rewrite_without(
    from: &Path,
    to: &Path,
    keys: Option<&DataKeys>,
    takes: Takes<'_>,
) -> Result<Rewritten, LogError> {
    write_anew(from, to, keys, Some(takes))
}

fn write_anew(
    from: &Path,
    to: &Path,
    keys: Option<&DataKeys>,
    takes: Option<Takes<'_>>,
) -> Result<Rewritten, LogError> {
    let names = files::list(from).map_err(LogError::io(format!("list {}", from.display())))?;
    let (segments, _) = read_headers(&names)?;
    files::create_dir(to).map_err(LogError::io(format!("create {}", to.display())))?;
    let key = keys.map(|keys| (keys, keys.current()));
    let mut writer = Writer { to, key, takes, encoder: Encoder::default(), before: None, left_out: 0 };
    let mut done = Rewritten::default();
    for (index, segment) in segments.iter().enumerate() {
        let is_last = index + 1 == segments.len();
        let (blocks, bytes) = writer.segment(from, segment, is_last)?;
        (done.segments, done.blocks, done.bytes) =
            (done.segments + 1, done.blocks + blocks, done.bytes + bytes);
    }
    done.left_out = writer.left_out;
    let acknowledged = files::read_mark(from)?;
    let head = writer.before.map_or(Position(0), |before| before.head);
    if head < acknowledged {
        let what = format!("it ends with block {}, but block {} was acknowledged", head.0, acknowledged.0);
        return Err(damaged(from, 0, what));
    }
    files::write_mark(to, head).map_err(LogError::io(format!("write the mark in {}", to.display())))?;
    Ok(done)
}

struct Writer<'a> {
    to: &'a Path,
    key: Option<(&'a DataKeys, KeyId)>,
    takes: Option<Takes<'a>>,
    encoder: Encoder,
    before: Option<Before>,
    left_out: u64,
}

/// The segment that was written last.
#[derive(Clone, Copy)]
struct Before {
    first: Position,
    bytes: u64,
    head: Position,
    chain: u32,
}

impl Writer<'_> {
    fn segment(&mut self, from: &Path, old: &Segment, is_last: bool) -> Result<(u64, u64), LogError> {
        let path = segment_path(from, old.header.first);
        let failed = || LogError::io(format!("read {}", path.display()));
        let SegmentHeader { salt, first, chain, key, .. } = old.header;
        let mut header = SegmentHeader { key: self.key.map(|(_, id)| id), ..old.header };
        if let Some(before) = self.before {
            (header.before_first, header.before_bytes, header.chain) =
                (before.first, before.bytes, before.chain);
        }
        let mut blocks = Blocks::open(&path, salt, first, chain, old.bytes).map_err(failed())?;
        let mut decoder = Decoder::new(salt, key.is_some(), self.key.map(|(keys, _)| keys.clone()));
        let new = segment_path(self.to, first);
        let broken = || LogError::io(format!("write {}", new.display()));
        let mut out = BufWriter::new(create(&new).map_err(broken())?);
        out.write_all(&header.bytes()).map_err(broken())?;
        let mut now = Before {
            first,
            bytes: SEGMENT_HEADER as u64,
            head: Position(first.0.saturating_sub(1)),
            chain: header.chain,
        };
        let mut count = 0;
        loop {
            let offset = blocks.offset;
            match blocks.step().map_err(failed())? {
                Step::End => break,
                Step::Bad { torn: true, .. } if is_last => break,
                Step::Bad { what, .. } => return Err(damaged(&path, offset, what)),
                Step::Block(block, payload) => {
                    let written = self.block(salt, &mut decoder, (&block, payload), now.chain);
                    now.chain = written.map_err(|what| damaged(&path, offset, what))?;
                    out.write_all(&self.encoder.bytes).map_err(broken())?;
                    now.bytes += self.encoder.bytes.len() as u64;
                    now.head = block.position;
                    count += 1;
                }
            }
        }
        let file = out.into_inner().map_err(|e| e.into_error()).map_err(broken())?;
        file.sync_all().and_then(|()| files::sync_dir(self.to)).map_err(broken())?;
        self.before = Some(now);
        Ok((count, now.bytes))
    }
}

impl Writer<'_> {
    /// Puts the block into the encoder; its chain value.
    fn block(
        &mut self,
        salt: u64,
        decoder: &mut Decoder,
        (header, payload): (&Header, &[u8]),
        chain: u32,
    ) -> Result<u32, String> {
        if let Some(takes) = self.takes {
            let mut block = decoder.decode(header, payload)?;
            let before = block.entries.len();
            block.entries.retain(|entry| !takes(entry));
            if block.entries.len() < before {
                self.left_out += (before - block.entries.len()) as u64;
                let Block { position, written_ms, entries } = &block;
                let (position, written_ms) = (*position, *written_ms);
                let plan = Plan { salt, position, chain, written_ms, entries, key: self.key };
                return Ok(self.encoder.encode(&plan)?);
            }
        }
        let bytes = decoder.packed(header, payload)?;
        Ok(self.encoder.encode_again(salt, &Packed { header, bytes }, chain, self.key)?)
    }
}

fn create(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}
