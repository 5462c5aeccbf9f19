//! A picture of a log that a service may be writing to meanwhile: whole segments never change, and the last one only
//! grows, so that all sound blocks up to one moment can be copied as they stand. Takes no lock and writes nothing
//! into the log. A block that is being written is no sound one, and was not acknowledged.

use super::files::{self, segment_path};
use super::recover::read_headers;
use super::scan::{Blocks, Step};
use super::segment::{Segment, damaged};
use super::{LogError, Position};
use crate::cipher::KeyId;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// The segments of a log at one moment.
pub struct Picture {
    /// As [`super::Log::identity`].
    pub identity: u64,
    /// The first block.
    pub oldest: Position,
    pub pieces: Vec<Piece>,
}

/// One segment file.
pub struct Piece {
    pub path: PathBuf,
    segment: Segment,
    /// What must come behind it; `None` for the last, which may grow.
    next: Option<Sound>,
}

/// Up to where a segment has sound blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sound {
    pub bytes: u64,
    /// The last of its blocks.
    pub last: Position,
    /// What the next block is tied to.
    pub chain: u32,
}

/// A segment may go away (retention) between its name being read and its header.
const TRIES: usize = 3;

impl Picture {
    /// # Errors
    /// [`LogError::Damaged`] if segments do not follow one another; [`LogError::Unusable`] if there is no log.
    pub fn take(dir: &Path) -> Result<Picture, LogError> {
        for _ in 1..TRIES {
            match Picture::try_take(dir) {
                Err(LogError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
                other => return other,
            }
        }
        Picture::try_take(dir)
    }

    fn try_take(dir: &Path) -> Result<Picture, LogError> {
        let names = files::list(dir).map_err(LogError::io(format!("list {}", dir.display())))?;
        // A segment whose creation was cut short, or goes on just now, has no block.
        let (segments, _) = read_headers(&names)?;
        let Some(first) = segments.first() else {
            return Err(LogError::Unusable(format!("{} holds no log", dir.display())));
        };
        let (identity, oldest) = (first.header.salt, first.header.first);
        let next_of = |index: usize| {
            let next: &Segment = segments.get(index + 1)?;
            let last = Position(next.header.first.0.saturating_sub(1));
            Some(Sound { bytes: next.header.before_bytes, last, chain: next.header.chain })
        };
        let piece = |(index, segment): (usize, &Segment)| Piece {
            path: segment_path(dir, segment.header.first),
            segment: *segment,
            next: next_of(index),
        };
        Ok(Picture { identity, oldest, pieces: segments.iter().enumerate().map(piece).collect() })
    }
}

impl Picture {
    /// The keys that its blocks are encrypted with. Nothing here needs them.
    pub fn keys(&self) -> BTreeSet<KeyId> {
        self.pieces.iter().filter_map(|piece| piece.segment.header.key).collect()
    }
}

impl Piece {
    /// The name of its file.
    pub fn name(&self) -> String {
        format!("{:020}.log", self.segment.header.first.0)
    }

    /// What it holds for ever; `None` for the last segment.
    pub fn sealed(&self) -> Option<Sound> {
        self.next
    }

    /// Reads every block and holds it against its checksums and the block before.
    ///
    /// # Errors
    /// [`LogError::Damaged`] for anything but the end of the last segment, which may be on its way.
    pub fn check(&self) -> Result<Sound, LogError> {
        let failed = || LogError::io(format!("read {}", self.path.display()));
        let header = self.segment.header;
        let bytes = self.segment.bytes;
        let mut blocks =
            Blocks::open(&self.path, header.salt, header.first, header.chain, bytes).map_err(failed())?;
        loop {
            let offset = blocks.offset;
            match blocks.step().map_err(failed())? {
                Step::Block(..) => {}
                Step::End => break,
                Step::Bad { torn: true, .. } if self.next.is_none() => break,
                Step::Bad { what, .. } => return Err(damaged(&self.path, offset, what)),
            }
        }
        let last = Position(blocks.expected.0.saturating_sub(1));
        let sound = Sound { bytes: blocks.offset, last, chain: blocks.chain };
        match self.next {
            Some(next) if next != sound => {
                let what = format!(
                    "it ends with block {}, and the log goes on behind block {}",
                    last.0, next.last.0
                );
                Err(damaged(&self.path, sound.bytes, what))
            }
            _ => Ok(sound),
        }
    }
}

/// Notes in a log that was put back that all of it was acknowledged: later damage is then noticed as such.
pub fn mark_acknowledged(dir: &Path, head: Position) -> Result<(), LogError> {
    files::write_mark(dir, head).map_err(LogError::io(format!("write the mark in {}", dir.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Day, Entry};
    use crate::log::{Log, LogOptions, SegmentLog};

    fn options() -> LogOptions {
        LogOptions { segment_bytes: 300, ..LogOptions::default() }
    }

    #[test]
    fn a_growing_log_is_copied_up_to_its_last_sound_block() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (mut log, _) = SegmentLog::open(from.path(), options()).unwrap();
        let entry = |day| [Entry::Date(Day(day))];
        (20_000..20_020).for_each(|day| {
            log.append(0, &entry(day)).unwrap();
        });
        let picture = Picture::take(from.path()).unwrap();
        assert!(picture.pieces.len() > 2);
        assert_eq!((picture.identity, picture.oldest), (log.identity(), Position(1)));
        // It grows, and a write is under way.
        (20_020..20_030).for_each(|day| {
            log.append(0, &entry(day)).unwrap();
        });
        let mut head = Position(0);
        for piece in &picture.pieces {
            let sound = piece.check().unwrap();
            assert!(piece.sealed().is_none_or(|sealed| sealed == sound));
            let bytes = std::fs::read(&piece.path).unwrap();
            let kept = &bytes[..usize::try_from(sound.bytes).unwrap()];
            std::fs::write(to.path().join(piece.name()), kept).unwrap();
            head = sound.last;
        }
        assert_eq!(head, Position(20));
        mark_acknowledged(to.path(), head).unwrap();
        let (copy, recovery) = SegmentLog::open(to.path(), options()).unwrap();
        assert_eq!((copy.head(), copy.identity(), recovery.torn), (Position(20), log.identity(), None));
    }

    #[test]
    fn a_half_written_end_is_left_out_and_damage_before_it_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let (mut log, _) = SegmentLog::open(dir.path(), options()).unwrap();
        (20_000..20_010).for_each(|day| {
            log.append(0, &[Entry::Date(Day(day))]).unwrap();
        });
        let last = Picture::take(dir.path()).unwrap().pieces.pop().unwrap().path;
        let mut bytes = std::fs::read(&last).unwrap();
        bytes.extend_from_slice(b"WWB1 half a block");
        std::fs::write(&last, bytes).unwrap();
        let picture = Picture::take(dir.path()).unwrap();
        assert_eq!(picture.pieces.iter().map(|piece| piece.check().unwrap().last).max(), Some(Position(10)));
        let first = &picture.pieces[0].path;
        let mut bytes = std::fs::read(first).unwrap();
        let at = bytes.len() - 3;
        bytes[at] ^= 1;
        std::fs::write(first, bytes).unwrap();
        assert!(matches!(picture.pieces[0].check(), Err(LogError::Damaged { .. })));
        assert!(Picture::take(&dir.path().join("none")).is_err());
    }
}
