//! Finds out, when a log is opened, up to where it stands, and clears away an interrupted write.
//! `segment.rs` says what this can and cannot know. Nothing is changed before all is checked.

use super::LogError;
use super::block::Decoder;
use super::files::{self, SEGMENT_HEADER, SegmentHeader, SegmentStart, segment_path};
use super::scan::{Blocks, Step, block_behind};
use super::segment::{Segment, TornTail, create_segment, damaged};
use crate::cipher::DataKeys;
use crate::domain::Position;
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A log that can be appended to.
pub(super) struct Found {
    /// Never empty.
    pub segments: Vec<Segment>,
    pub head: Position,
    pub chain: u32,
    pub torn: Option<TornTail>,
}

impl Found {
    pub fn last(&self) -> &Segment {
        &self.segments[self.segments.len() - 1]
    }
}

/// The last segment, read whole.
struct Scanned {
    head: Position,
    chain: u32,
    /// End of the last sound block.
    end: u64,
    last_block: Option<(u64, u64)>,
    /// What is wrong behind `end`.
    torn: Option<String>,
}

pub(super) fn recover(dir: &Path, keys: Option<&DataKeys>) -> Result<Found, LogError> {
    let acknowledged = files::read_mark(dir)?;
    let names = files::list(dir).map_err(LogError::io(format!("list {}", dir.display())))?;
    let (mut segments, unborn) = read_headers(&names)?;
    check_keys(dir, &segments, keys)?;
    let known = unborn.as_ref().map_or(acknowledged, |(first, _)| {
        // A segment is created when all before its first block is acknowledged.
        acknowledged.max(Position(first.0.saturating_sub(1)))
    });
    let Some(last) = segments.last().copied() else {
        return begin(dir, known, unborn, keys);
    };
    let path = segment_path(dir, last.header.first);
    let scanned = scan(&path, &last, keys)?;
    if scanned.head < known {
        let why = scanned.torn.unwrap_or_else(|| "it ends here".to_owned());
        let what = format!(
            "{why}; but block {} was acknowledged. Restore the log from a copy, or delete HEAD beside it to give up what is behind block {}",
            known.0, scanned.head.0
        );
        return Err(damaged(&path, scanned.end, what));
    }
    let mut torn = None;
    if let Some((_, file)) = unborn {
        torn = Some(set_unborn_aside(dir, file)?);
    }
    if let Some(what) = scanned.torn {
        torn = Some(cut(dir, &path, scanned.end, what)?);
    }
    if scanned.head > acknowledged {
        write_again(&path, scanned.last_block)
            .map_err(LogError::io(format!("make sure of the last block of {}", path.display())))?;
    }
    if let Some(last) = segments.last_mut() {
        last.bytes = scanned.end;
    }
    Ok(Found { segments, head: scanned.head, chain: scanned.chain, torn })
}

/// A segment file with the first position that its name bears.
type Named = (Position, PathBuf);

/// The headers of all segments, held against each other and the lengths of the files; and the last
/// file, if its creation was cut short.
pub(super) fn read_headers(names: &[Named]) -> Result<(Vec<Segment>, Option<Named>), LogError> {
    let mut segments: Vec<Segment> = Vec::with_capacity(names.len());
    for (index, (first, path)) in names.iter().enumerate() {
        let failed = || LogError::io(format!("read {}", path.display()));
        let header = match files::read_start(path).map_err(failed())? {
            SegmentStart::Header(header) => header,
            SegmentStart::Unborn if index + 1 == names.len() => {
                return Ok((segments, Some((*first, path.clone()))));
            }
            SegmentStart::Newer(version) => {
                return Err(LogError::Unusable(format!(
                    "{} has format {version}, written by a newer version of wagewatch; this one reads up to format {}",
                    path.display(),
                    files::FORMAT
                )));
            }
            SegmentStart::Unborn | SegmentStart::Damaged => {
                return Err(damaged(path, 0, "the header of the segment is damaged"));
            }
        };
        if header.first != *first {
            return Err(damaged(path, 0, format!("its header says it begins with block {}", header.first.0)));
        }
        if let Some(before) = segments.last() {
            check_neighbours(path, &header, before)?;
        }
        let bytes = std::fs::metadata(path).map_err(failed())?.len();
        segments.push(Segment { header, bytes });
    }
    Ok((segments, None))
}

/// Every key that is needed must be there before anything is read; and behind the first encrypted segment nothing is
/// plain, unless somebody else has put it there.
fn check_keys(dir: &Path, segments: &[Segment], keys: Option<&DataKeys>) -> Result<(), LogError> {
    let mut is_encrypted = false;
    for segment in segments {
        let Some(key) = segment.header.key else {
            // One without a block gets its key with the first.
            if is_encrypted && segment.bytes > SEGMENT_HEADER as u64 {
                let path = segment_path(dir, segment.header.first);
                return Err(damaged(&path, 0, "it is plain, and stands behind an encrypted segment"));
            }
            continue;
        };
        is_encrypted = true;
        let why = match keys {
            None => "and no keys are configured",
            Some(keys) if !keys.has(key) => "which the file of security.keys_file does not hold",
            Some(_) => continue,
        };
        let path = segment_path(dir, segment.header.first);
        return Err(LogError::Unusable(format!("{} is encrypted with key {key}, {why}", path.display())));
    }
    Ok(())
}

fn check_neighbours(path: &Path, header: &SegmentHeader, before: &Segment) -> Result<(), LogError> {
    let what = if header.salt != before.header.salt {
        "it belongs to another log than the segment before it".to_owned()
    } else if header.before_first != before.header.first {
        format!("the segment before it, {:020}.log, is missing", header.before_first.0)
    } else if header.before_bytes != before.bytes {
        format!(
            "the segment before it, {:020}.log, has {} bytes and had {} when it was closed",
            header.before_first.0, before.bytes, header.before_bytes
        )
    } else {
        return Ok(());
    };
    Err(damaged(path, 0, what))
}

/// A log with nothing in it yet.
fn begin(
    dir: &Path,
    known: Position,
    unborn: Option<Named>,
    keys: Option<&DataKeys>,
) -> Result<Found, LogError> {
    if known > Position(0) {
        return Err(damaged(dir, 0, format!("no segment is there, but block {} was acknowledged", known.0)));
    }
    let torn = unborn.map(|(_, file)| set_unborn_aside(dir, file)).transpose()?;
    let header = SegmentHeader {
        // Drawn by the standard library from the system's randomness.
        salt: RandomState::new().hash_one(std::process::id()),
        first: Position(1),
        chain: 0,
        created_ms: 0,
        before_first: Position(0),
        before_bytes: 0,
        key: keys.map(DataKeys::current),
    };
    create_segment(dir, &header)?;
    let segments = vec![Segment { header, bytes: SEGMENT_HEADER as u64 }];
    Ok(Found { segments, head: Position(0), chain: 0, torn })
}

fn scan(path: &Path, segment: &Segment, keys: Option<&DataKeys>) -> Result<Scanned, LogError> {
    let failed = || LogError::io(format!("read {}", path.display()));
    let SegmentHeader { salt, first, chain, key, .. } = segment.header;
    let mut decoder = Decoder::new(salt, key.is_some(), keys.cloned());
    let mut blocks = Blocks::open(path, salt, first, chain, segment.bytes).map_err(failed())?;
    let mut last_block = None;
    let torn = loop {
        let offset = blocks.offset;
        match blocks.step().map_err(failed())? {
            Step::Block(header, payload) => {
                // An interrupted write leaves no block whose checksums are right: this one was changed.
                decoder.packed(&header, payload).map_err(|what| damaged(path, offset, what))?;
                last_block = Some((offset, header.block_bytes()));
            }
            Step::End => break None,
            Step::Bad { torn: true, what } => break Some(what),
            Step::Bad { torn: false, what } => return Err(damaged(path, offset, what)),
        }
    };
    if let Some(what) = &torn
        && let Some((at, position)) = block_behind(path, salt, blocks.offset).map_err(failed())?
    {
        let what = format!("{what}, and block {} stands behind it at byte {at}", position.0);
        return Err(damaged(path, blocks.offset, what));
    }
    // Positions begin at 1: the block before the first exists, if only as 0.
    let head = Position(blocks.expected.0 - 1);
    Ok(Scanned { head, chain: blocks.chain, end: blocks.offset, last_block, torn })
}

/// Keeps the bytes from `offset` on in a file of their own, then cuts them off.
fn cut(dir: &Path, path: &Path, offset: u64, what: String) -> Result<TornTail, LogError> {
    let kept_as = aside(path, offset);
    let move_aside = || {
        let mut from = OpenOptions::new().read(true).write(true).open(path)?;
        from.seek(SeekFrom::Start(offset))?;
        let mut to = File::create_new(&kept_as)?;
        let bytes = io::copy(&mut from, &mut to)?;
        to.sync_all()?;
        files::sync_dir(dir)?;
        from.set_len(offset)?;
        from.sync_all()?;
        Ok(bytes)
    };
    let bytes = move_aside().map_err(LogError::io(format!(
        "move the torn end of {} aside to {}",
        path.display(),
        kept_as.display()
    )))?;
    Ok(TornTail { file: path.to_owned(), offset, bytes, what, kept_as })
}

fn set_unborn_aside(dir: &Path, file: PathBuf) -> Result<TornTail, LogError> {
    let kept_as = aside(&file, 0);
    let bytes = std::fs::metadata(&file).map_or(0, |m| m.len());
    std::fs::rename(&file, &kept_as)
        .and_then(|()| files::sync_dir(dir))
        .map_err(LogError::io(format!("move {} aside", file.display())))?;
    let what = "the creation of this segment was interrupted; nothing was in it".to_owned();
    Ok(TornTail { file, offset: 0, bytes, what, kept_as })
}

/// `….log.torn-<offset>`, with a number behind it if there is one already.
fn aside(path: &Path, offset: u64) -> PathBuf {
    let name = |again: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".torn-{offset}"));
        if again > 1 {
            name.push(format!(".{again}"));
        }
        PathBuf::from(name)
    };
    (1..).map(name).find(|p| !p.exists()).unwrap_or_else(|| name(0))
}

/// Writes the last block once more over itself, and syncs. A process that was killed between write
/// and sync leaves a block that is only in the kernel's cache; after a failed sync the kernel may
/// even hold it for written. It is about to be believed, so it must be on the disk first.
fn write_again(path: &Path, last_block: Option<(u64, u64)>) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    if let Some((offset, length)) = last_block {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(offset))?;
        (&mut file).take(length).read_to_end(&mut bytes)?;
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(&bytes)?;
    }
    file.sync_all()
}
