//! The log in plain files: append-only segments of checksummed blocks, one block a batch, one
//! write and one sync a block. Knows nothing of what entries mean.
//!
//! **What recovery can know.** A block is written only when the one before was acknowledged, and a
//! segment is created only when the one before is complete. So:
//! - a sound block behind damage proves that the damaged one was acknowledged: the log is refused;
//! - so do the name of a later segment, and the mark `HEAD`, which is written when the log is
//!   opened and when it is closed: damage below either is refused;
//! - damage in the last block, with nothing behind it and above the mark, is taken for the write
//!   that a crash or a power cut interrupted. It is moved aside, named, and cut.
//!
//! **What it cannot know.** A last block that *was* acknowledged after the log was opened, and was
//! damaged afterwards by the disk before the log was closed, looks the same as a torn write. It is
//! cut and reported like one; the bytes are kept beside the segment. Whoever holds a position that
//! was acknowledged (the store's checkpoint) compares it with [`Recovery::head`]: a smaller head
//! means that the disk lost what it had promised to keep.
//!
//! Files are not grown in advance. A file of set length would save nothing (the sync must record
//! new extents all the same) and a tail of zeros could no longer be told from a lost write.

use super::block::{Decoder, Encoder, Plan};
use super::files::{self, SEGMENT_HEADER, SegmentHeader, segment_path};
use super::recover;
use super::scan::{Blocks, Step};
use super::{Block, Log, LogError};
use crate::cipher::{DataKeys, KeyId};
use crate::domain::{Entry, Position};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How long a log keeps what, and in which pieces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogOptions {
    /// A segment that has reached this size is closed and the next one begun.
    pub segment_bytes: u64,
    /// Whole segments that the checkpoint covers are deleted, oldest first, while the log is larger
    /// than this. 0 = never by size.
    pub retain_bytes: u64,
    /// Whole segments that the checkpoint covers are deleted when all in them is older than this
    /// many days. 0 = never by age.
    ///
    /// By default all is kept, for ever: the log is the only truth. With either limit set, the
    /// store's pages are the only copy of what was deleted, and a lost store can no longer be
    /// rebuilt in full.
    pub retain_days: u32,
}

impl Default for LogOptions {
    fn default() -> Self {
        LogOptions { segment_bytes: 64 << 20, retain_bytes: 0, retain_days: 0 }
    }
}

/// What was found when a log was opened. A caller says it in the operator's log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recovery {
    pub head: Position,
    pub oldest: Position,
    /// Blocks kept.
    pub blocks: u64,
    pub segments: usize,
    /// A write that was interrupted, now moved aside. To be reported loudly.
    pub torn: Option<TornTail>,
}

/// The end of a segment that holds no sound block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TornTail {
    pub file: PathBuf,
    /// Where it began in the file.
    pub offset: u64,
    pub bytes: u64,
    /// What is wrong there.
    pub what: String,
    /// Where the bytes are kept now.
    pub kept_as: PathBuf,
}

/// Segment files in one folder. One process at a time: [`super::DataFolder`] holds the lock.
pub struct SegmentLog {
    dir: PathBuf,
    options: LogOptions,
    /// Never empty; the last one is written to.
    segments: Vec<Segment>,
    tail: Box<dyn Tail>,
    head: Position,
    /// What the next block is tied to.
    chain: u32,
    encoder: Encoder,
    /// `None`: what is new is plain.
    keys: Option<DataKeys>,
    /// The first failure of a write: from then on nothing is written.
    failed: Option<String>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub header: SegmentHeader,
    /// Up to the end of its last acknowledged block.
    pub bytes: u64,
}

/// The file that is written to; tests put one in its place that fails.
trait Tail: Send {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    fn sync(&mut self) -> io::Result<()>;
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Tail for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    // Also records the file's new length, which is needed to read the data back.
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)?;
        self.sync_all()
    }
}

impl SegmentLog {
    /// Opens the log in `dir`, creating it if there is none, and repairs an interrupted last write.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if something acknowledged cannot be read, naming file and offset; nothing
    /// is changed then. [`LogError::Unusable`] if a newer version wrote it.
    pub fn open(dir: &Path, options: LogOptions) -> Result<(SegmentLog, Recovery), LogError> {
        SegmentLog::open_with(dir, options, None)
    }

    /// The same with keys: what is new is encrypted, what is there may be plain or under any of them.
    ///
    /// # Errors
    /// Also [`LogError::Unusable`] if a key is missing, naming it; and [`LogError::Damaged`] for a block of the last
    /// segment that does not open.
    pub fn open_with(
        dir: &Path,
        options: LogOptions,
        keys: Option<DataKeys>,
    ) -> Result<(SegmentLog, Recovery), LogError> {
        files::create_dir(dir).map_err(LogError::io(format!("create {}", dir.display())))?;
        let found = recover::recover(dir, keys.as_ref())?;
        let mut log = SegmentLog {
            dir: dir.to_owned(),
            options,
            tail: Box::new(open_tail(&segment_path(dir, found.last().header.first))?),
            head: found.head,
            chain: found.chain,
            segments: found.segments,
            encoder: Encoder::default(),
            keys,
            failed: None,
        };
        log.mark()?;
        let recovery = Recovery {
            head: log.head,
            oldest: log.oldest(),
            blocks: log.head.next().0 - log.oldest().0,
            segments: log.segments.len(),
            torn: found.torn,
        };
        Ok((log, recovery))
    }

    fn last(&self) -> &Segment {
        &self.segments[self.segments.len() - 1]
    }

    fn mark(&mut self) -> Result<(), LogError> {
        match files::write_mark(&self.dir, self.head) {
            // The mark may lag behind: a full disk must not keep a log from being opened.
            Err(e) if e.kind() == io::ErrorKind::StorageFull => Ok(()),
            other => other.map_err(LogError::io(format!("write the mark in {}", self.dir.display()))),
        }
    }

    /// How many segments stand under each key; `None` are plain.
    pub fn keys_used(&self) -> BTreeMap<Option<KeyId>, usize> {
        let mut used = BTreeMap::new();
        self.segments.iter().for_each(|segment| *used.entry(segment.header.key).or_default() += 1);
        used
    }

    fn roll(&mut self, created_ms: i64, key: Option<KeyId>) -> Result<(), LogError> {
        let before = *self.last();
        if before.bytes == SEGMENT_HEADER as u64 {
            // Nothing is in it: it only gets another key.
            let header = SegmentHeader { key, ..before.header };
            let path = segment_path(&self.dir, header.first);
            files::replace_bytes(&path, &header.bytes())
                .map_err(LogError::io(format!("write {}", path.display())))?;
            self.tail = Box::new(open_tail(&path)?);
            let last = self.segments.len() - 1;
            self.segments[last].header = header;
            return Ok(());
        }
        let header = SegmentHeader {
            salt: before.header.salt,
            first: self.head.next(),
            chain: self.chain,
            created_ms,
            before_first: before.header.first,
            before_bytes: before.bytes,
            key,
        };
        create_segment(&self.dir, &header)?;
        self.tail = Box::new(open_tail(&segment_path(&self.dir, header.first))?);
        self.segments.push(Segment { header, bytes: SEGMENT_HEADER as u64 });
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        self.tail.write(&self.encoder.bytes)?;
        self.tail.sync()
    }

    /// After this nothing is written: what the disk holds is no longer known. Best effort to leave
    /// no half block behind; if that fails too, the next opening finds and cuts it.
    fn poison(&mut self, error: LogError) -> LogError {
        self.failed = Some(error.to_string());
        let length = self.last().bytes;
        let _ = self.tail.cut(length);
        error
    }

    fn append_block(&mut self, written_ms: i64, entries: &[Entry]) -> Result<(), LogError> {
        let key = self.keys.as_ref().map(DataKeys::current);
        if self.last().bytes >= self.options.segment_bytes || self.last().header.key != key {
            self.roll(written_ms, key).map_err(|e| self.poison(e))?;
        }
        let position = self.head.next();
        let salt = self.last().header.salt;
        let key = self.keys.as_ref().zip(key);
        let plan = Plan { salt, position, chain: self.chain, written_ms, entries, key };
        let chain = match self.encoder.encode(&plan) {
            Ok(chain) => chain,
            Err(why) => {
                let source = io::Error::new(io::ErrorKind::InvalidInput, why);
                return Err(LogError::Io { what: format!("append block {}", position.0), source });
            }
        };
        let path = segment_path(&self.dir, self.last().header.first);
        if let Err(source) = self.write() {
            let what = format!("append block {} to {}", position.0, path.display());
            return Err(self.poison(LogError::Io { what, source }));
        }
        let last = self.segments.len() - 1;
        self.segments[last].bytes += self.encoder.bytes.len() as u64;
        self.chain = chain;
        self.head = position;
        Ok(())
    }
}

impl Log for SegmentLog {
    fn append(&mut self, written_ms: i64, entries: &[Entry]) -> Result<Position, LogError> {
        if let Some(why) = &self.failed {
            return Err(LogError::Unusable(format!(
                "nothing is written after a failed write ({why}); restart"
            )));
        }
        self.append_block(written_ms, entries)?;
        Ok(self.head)
    }

    fn identity(&self) -> u64 {
        self.last().header.salt
    }

    fn head(&self) -> Position {
        self.head
    }

    fn oldest(&self) -> Position {
        self.segments[0].header.first
    }

    fn read(
        &self,
        from: Position,
        each: &mut dyn FnMut(Block) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        let from = from.max(Position(1));
        if from < self.oldest() {
            return Err(LogError::Gone { asked: from, oldest: self.oldest() });
        }
        let start = self.segments.partition_point(|s| s.header.first <= from) - 1;
        for (index, segment) in self.segments.iter().enumerate().skip(start) {
            let path = segment_path(&self.dir, segment.header.first);
            let (next, chain) = read_segment(&path, segment, self.keys.as_ref(), from, each)?;
            let (want, tied) = match self.segments.get(index + 1) {
                Some(later) => (later.header.first, later.header.chain),
                None => (self.head.next(), self.chain),
            };
            if (next, chain) != (want, tied) {
                let what = format!("it ends before block {}, the log goes on with block {}", next.0, want.0);
                return Err(damaged(&path, segment.bytes, what));
            }
        }
        Ok(())
    }

    fn retain(&mut self, keep_from: Position, now_ms: i64) -> Result<(), LogError> {
        let LogOptions { retain_bytes, retain_days, .. } = self.options;
        let age_ms = i64::from(retain_days) * 86_400_000;
        while let [oldest, later, ..] = self.segments[..] {
            let too_large = retain_bytes > 0 && self.bytes() > retain_bytes;
            // All in a segment is older than the first of the next one.
            let too_old = retain_days > 0 && now_ms.saturating_sub(later.header.created_ms) > age_ms;
            if later.header.first > keep_from || !(too_large || too_old) {
                break;
            }
            let path = segment_path(&self.dir, oldest.header.first);
            // One by one, oldest first, each made durable: no crash leaves a gap.
            std::fs::remove_file(&path)
                .and_then(|()| files::sync_dir(&self.dir))
                .map_err(LogError::io(format!("delete {}", path.display())))?;
            self.segments.remove(0);
        }
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.segments.iter().map(|s| s.bytes).sum()
    }
}

impl Drop for SegmentLog {
    fn drop(&mut self) {
        // After a failure the disk is left alone.
        if self.failed.is_none() {
            let _ = self.mark();
        }
    }
}

/// Gives `each` the blocks from `from` on, and says what must come behind the segment.
fn read_segment(
    path: &Path,
    segment: &Segment,
    keys: Option<&DataKeys>,
    from: Position,
    each: &mut dyn FnMut(Block) -> Result<(), LogError>,
) -> Result<(Position, u32), LogError> {
    let failed = || LogError::io(format!("read {}", path.display()));
    let SegmentHeader { salt, first, chain, key, .. } = segment.header;
    let mut blocks = Blocks::open(path, salt, first, chain, segment.bytes).map_err(failed())?;
    let mut decoder = Decoder::new(salt, key.is_some(), keys.cloned());
    loop {
        let offset = blocks.offset;
        match blocks.step().map_err(failed())? {
            Step::End => return Ok((blocks.expected, blocks.chain)),
            Step::Bad { what, .. } => return Err(damaged(path, offset, what)),
            Step::Block(header, _) if header.position < from => {}
            Step::Block(header, payload) => {
                let block = decoder.decode(&header, payload);
                each(block.map_err(|what| damaged(path, offset, what))?)?;
            }
        }
    }
}

/// Creates a segment, durable with its name before anything is written to it.
pub(super) fn create_segment(dir: &Path, header: &SegmentHeader) -> Result<(), LogError> {
    let path = segment_path(dir, header.first);
    let create = || {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        file.write_all(&header.bytes())?;
        file.sync_all()?;
        files::sync_dir(dir)
    };
    create().map_err(LogError::io(format!("create {}", path.display())))
}

fn open_tail(path: &Path) -> Result<File, LogError> {
    OpenOptions::new().append(true).open(path).map_err(LogError::io(format!("open {}", path.display())))
}

pub(super) fn damaged(path: &Path, offset: u64, what: impl Into<String>) -> LogError {
    LogError::Damaged { file: path.display().to_string(), offset, what: what.into() }
}

#[cfg(test)]
#[path = "segment_tests.rs"]
mod tests;
