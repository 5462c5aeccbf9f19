//! The log under damage: every byte of its end, its middle, its headers, and failing writes.

#![allow(clippy::cast_possible_truncation, reason = "files of a few hundred bytes")]

use super::*;
use crate::domain::Day;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

fn open(dir: &Path) -> Result<(SegmentLog, Recovery), LogError> {
    SegmentLog::open(dir, LogOptions::default())
}

fn open_small(dir: &Path) -> (SegmentLog, Recovery) {
    SegmentLog::open(dir, LogOptions { segment_bytes: 400, ..LogOptions::default() }).unwrap()
}

// Each block holds a few days that name it, so that nothing can pass for another.
fn entries(n: u64) -> Vec<Entry> {
    let n = i32::try_from(n).unwrap();
    (0..5).map(|i| Entry::Date(Day(n * 1000 + i * 37))).collect()
}

fn fill(log: &mut SegmentLog, count: u64) {
    for _ in 0..count {
        let next = log.head().next();
        assert_eq!(log.append(next.0.cast_signed(), &entries(next.0)).unwrap(), next);
    }
}

fn check(log: &SegmentLog, from: u64, to: u64) {
    let mut next = from;
    log.read(Position(from), &mut |block| {
        assert_eq!((block.position, block.written_ms), (Position(next), next.cast_signed()));
        assert_eq!(block.entries, entries(next));
        next += 1;
        Ok(())
    })
    .unwrap();
    assert_eq!((next, log.head()), (to + 1, Position(to)));
}

/// The files as a crash leaves them: without the mark that closing writes.
fn crashed(log: &SegmentLog) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(&log.dir).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    copy
}

fn segment(dir: &Path, first: u64) -> PathBuf {
    segment_path(dir, Position(first))
}

fn log_of(count: u64) -> (TempDir, SegmentLog) {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, recovery) = open(dir.path()).unwrap();
    assert_eq!((recovery.head, recovery.oldest, recovery.blocks), (Position(0), Position(1), 0));
    fill(&mut log, count);
    (dir, log)
}

#[test]
fn every_append_is_there_after_each_reopening() {
    let dir = tempfile::tempdir().unwrap();
    for n in 1..=20 {
        let (mut log, recovery) = open_small(dir.path());
        assert_eq!((recovery.head, recovery.torn), (Position(n - 1), None));
        fill(&mut log, 1);
        check(&log, 1, n);
        let killed = crashed(&log);
        check(&open_small(killed.path()).0, 1, n);
    }
    let (log, recovery) = open_small(dir.path());
    assert!(recovery.segments > 3 && recovery.blocks == 20);
    (1..=21).for_each(|from| check(&log, from, 20));
    assert_eq!(log.bytes(), {
        let names = files::list(dir.path()).unwrap();
        names.iter().map(|(_, p)| std::fs::metadata(p).unwrap().len()).sum::<u64>()
    });
}

#[test]
fn a_last_block_cut_anywhere_is_named_kept_aside_and_gone() {
    let (_dir, mut log) = log_of(3);
    let before = log.last().bytes;
    fill(&mut log, 1);
    let after = log.last().bytes;
    for length in before..after {
        let dir = crashed(&log);
        let file = segment(dir.path(), 1);
        let tail = std::fs::read(&file).unwrap()[before as usize..length as usize].to_vec();
        OpenOptions::new().write(true).open(&file).unwrap().set_len(length).unwrap();
        let (mut again, recovery) = open(dir.path()).unwrap();
        match recovery.torn {
            None => assert_eq!(length, before),
            Some(torn) => {
                assert_eq!((torn.file, torn.offset, torn.bytes), (file.clone(), before, length - before));
                assert_eq!(std::fs::read(&torn.kept_as).unwrap(), tail);
                assert!(torn.what.contains("block 4"), "{}", torn.what);
            }
        }
        check(&again, 1, 3);
        fill(&mut again, 2);
        check(&again, 1, 5);
    }
}

#[test]
fn a_last_block_with_any_byte_changed_is_cut_and_a_second_time_too() {
    let (_dir, mut log) = log_of(3);
    let before = log.last().bytes;
    fill(&mut log, 1);
    for at in before..log.last().bytes {
        let dir = crashed(&log);
        let file = segment(dir.path(), 1);
        for flip in [1, 0x80] {
            let mut bytes = std::fs::read(&file).unwrap();
            bytes[at as usize] ^= flip;
            std::fs::write(&file, &bytes).unwrap();
            let (mut again, recovery) = open(dir.path()).unwrap();
            let torn = recovery.torn.unwrap();
            assert_eq!((torn.offset, recovery.head), (before, Position(3)), "byte {at}");
            assert_eq!(std::fs::read(torn.kept_as).unwrap(), bytes[before as usize..]);
            check(&again, 1, 3);
            // The next life's block is torn in the same place: its bytes are kept as well.
            std::fs::remove_file(dir.path().join("HEAD")).unwrap();
            fill(&mut again, 1);
            std::mem::forget(again);
        }
    }
}

#[test]
fn zeros_behind_the_last_block_are_a_torn_write() {
    let (_dir, log) = log_of(2);
    let dir = crashed(&log);
    let file = OpenOptions::new().write(true).open(segment(dir.path(), 1)).unwrap();
    file.set_len(log.last().bytes + 10_000).unwrap();
    let (again, recovery) = open(dir.path()).unwrap();
    assert!(recovery.torn.unwrap().what.contains("zeros"));
    check(&again, 1, 2);
}

#[test]
fn damage_before_the_last_block_is_refused_and_nothing_is_touched() {
    let (_dir, mut log) = log_of(2);
    let second_begins = log.last().bytes;
    fill(&mut log, 1);
    let second_ends = log.last().bytes;
    fill(&mut log, 1);
    for at in SEGMENT_HEADER as u64..second_ends + 60 {
        let dir = crashed(&log);
        let file = segment(dir.path(), 1);
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[at as usize] ^= 0x10;
        std::fs::write(&file, &bytes).unwrap();
        if at >= second_ends {
            assert_eq!(open(dir.path()).unwrap().1.head, Position(3));
            continue;
        }
        match open(dir.path()).err().unwrap() {
            LogError::Damaged { file: named, offset, .. } => {
                assert_eq!(named, file.display().to_string());
                assert!(offset <= at && (at < second_begins || offset == second_begins));
            }
            other => panic!("byte {at}: {other}"),
        }
        assert_eq!(std::fs::read(&file).unwrap(), bytes);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2, "segment and mark");
    }
}

#[test]
fn a_block_missing_or_out_of_its_place_is_refused() {
    let (_dir, mut log) = log_of(1);
    let mut ends = vec![SEGMENT_HEADER, log.last().bytes as usize];
    for _ in 0..3 {
        fill(&mut log, 1);
        ends.push(log.last().bytes as usize);
    }
    let whole = std::fs::read(segment(&log.dir, 1)).unwrap();
    let block = |n: usize| &whole[ends[n - 1]..ends[n]];
    for order in [[1, 3, 4].as_slice(), &[2, 3], &[1, 2, 2], &[1, 3, 2, 4]] {
        let dir = crashed(&log);
        let mut bytes = whole[..SEGMENT_HEADER].to_vec();
        order.iter().for_each(|n| bytes.extend_from_slice(block(*n)));
        std::fs::write(segment(dir.path(), 1), bytes).unwrap();
        assert!(matches!(open(dir.path()), Err(LogError::Damaged { .. })), "{order:?}");
    }
}

/// Two lives of one log, grown from the same copy: a block of one does not continue the other.
#[test]
fn a_block_of_another_history_is_refused_though_its_number_fits() {
    let (_dir, mut log) = log_of(3);
    let dir = crashed(&log);
    let (mut other, _) = open(dir.path()).unwrap();
    other.append(0, &entries(77)).unwrap();
    fill(&mut log, 1);
    let fourth = log.last().bytes as usize;
    fill(&mut log, 1);
    drop(other);
    let mut bytes = std::fs::read(segment(dir.path(), 1)).unwrap();
    bytes.extend_from_slice(&std::fs::read(segment(&log.dir, 1)).unwrap()[fourth..]);
    std::fs::write(segment(dir.path(), 1), bytes).unwrap();
    let error = open(dir.path()).err().unwrap();
    assert!(matches!(&error, LogError::Damaged { what, .. } if what.contains("tied")), "{error}");
}

#[test]
fn after_closing_a_damaged_last_block_is_known_to_be_acknowledged() {
    let (dir, log) = log_of(3);
    let length = log.last().bytes;
    drop(log);
    let file = segment(dir.path(), 1);
    OpenOptions::new().write(true).open(&file).unwrap().set_len(length - 1).unwrap();
    let error = open(dir.path()).err().unwrap().to_string();
    assert!(error.contains("block 3 was acknowledged") && error.contains("HEAD"), "{error}");
    std::fs::remove_file(dir.path().join("HEAD")).unwrap();
    assert_eq!(open(dir.path()).unwrap().1.head, Position(2));
}

#[test]
fn a_missing_or_shortened_or_foreign_segment_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open_small(dir.path());
    fill(&mut log, 20);
    let firsts: Vec<u64> = log.segments.iter().map(|s| s.header.first.0).collect();
    let refused = |dir: &Path, want: &str| {
        let error = open(dir).err().unwrap();
        assert!(matches!(&error, LogError::Damaged { what, .. } if what.contains(want)), "{error}");
    };
    let gap = crashed(&log);
    std::fs::remove_file(segment(gap.path(), firsts[1])).unwrap();
    refused(gap.path(), "is missing");
    let short = crashed(&log);
    let file = OpenOptions::new().write(true).open(segment(short.path(), firsts[1])).unwrap();
    file.set_len(log.segments[1].bytes - 1).unwrap();
    refused(short.path(), "when it was closed");
    let (_other, other) = log_of(1);
    let foreign = crashed(&log);
    std::fs::copy(segment(&other.dir, 1), segment(foreign.path(), 1)).unwrap();
    refused(foreign.path(), "another log");
    let flipped = crashed(&log);
    let file = segment(flipped.path(), *firsts.last().unwrap());
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    refused(flipped.path(), "header of the segment");
    drop(log);
    let none = tempfile::tempdir().unwrap();
    std::fs::copy(dir.path().join("HEAD"), none.path().join("HEAD")).unwrap();
    refused(none.path(), "no segment is there");
    // The last one: only the mark, or a reader that knows a position, can tell.
    std::fs::remove_file(segment(dir.path(), *firsts.last().unwrap())).unwrap();
    refused(dir.path(), "block 20 was acknowledged");
}

#[test]
fn damage_in_an_older_segment_is_found_when_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open_small(dir.path());
    fill(&mut log, 20);
    let second = log.segments[1];
    drop(log);
    let file = segment(dir.path(), second.header.first.0);
    let mut bytes = std::fs::read(&file).unwrap();
    let at = bytes.len() - 1;
    bytes[at] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let (log, _) = open_small(dir.path());
    let mut read = 0;
    let error = log.read(Position(1), &mut |_| {
        read += 1;
        Ok(())
    });
    assert!(
        matches!(error, Err(LogError::Damaged { file: named, .. }) if named == file.display().to_string())
    );
    assert!(read < 20);
}

#[test]
fn a_segment_whose_creation_was_interrupted_is_set_aside() {
    let (_dir, log) = log_of(3);
    for length in [0, 10, SEGMENT_HEADER] {
        let dir = crashed(&log);
        std::fs::write(segment(dir.path(), 4), vec![0; length]).unwrap();
        let (mut again, recovery) = open(dir.path()).unwrap();
        assert!(recovery.torn.unwrap().kept_as.exists());
        fill(&mut again, 1);
        check(&again, 1, 4);
    }
    // Its name says that block 3 was acknowledged.
    let dir = crashed(&log);
    std::fs::write(segment(dir.path(), 4), []).unwrap();
    let file = OpenOptions::new().write(true).open(segment(dir.path(), 1)).unwrap();
    file.set_len(log.last().bytes - 1).unwrap();
    assert!(matches!(open(dir.path()), Err(LogError::Damaged { .. })));
    // The very first creation.
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(segment(dir.path(), 1), [0; 30]).unwrap();
    assert_eq!(open(dir.path()).unwrap().1.torn.unwrap().bytes, 30);
}

#[test]
fn a_newer_format_is_refused_in_a_clear_sentence() {
    let (dir, log) = log_of(1);
    drop(log);
    let file = segment(dir.path(), 1);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[8] = 3;
    std::fs::write(&file, bytes).unwrap();
    let error = open(dir.path()).err().unwrap();
    assert!(matches!(&error, LogError::Unusable(why) if why.contains("newer version")), "{error}");
}

#[test]
fn retention_deletes_whole_old_segments_and_only_when_a_limit_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open_small(dir.path());
    fill(&mut log, 30);
    log.retain(Position(31), i64::MAX).unwrap();
    assert_eq!(log.oldest(), Position(1), "by default all is kept");
    drop(log);
    let limits = |retain_bytes, retain_days| LogOptions { segment_bytes: 400, retain_bytes, retain_days };
    let (mut log, _) = SegmentLog::open(dir.path(), limits(1500, 0)).unwrap();
    log.retain(Position(5), 0).unwrap();
    assert!(log.oldest() <= Position(5), "the checkpoint needs block 5");
    log.retain(Position(31), 0).unwrap();
    let oldest = log.oldest().0;
    assert!(log.bytes() <= 1500 && oldest > 5);
    check(&log, oldest, 30);
    assert!(matches!(log.read(Position(1), &mut |_| Ok(())), Err(LogError::Gone { .. })));
    drop(log);
    let (mut log, recovery) = SegmentLog::open(dir.path(), limits(0, 1)).unwrap();
    assert_eq!((recovery.oldest, recovery.blocks), (Position(oldest), 31 - oldest));
    log.retain(Position(31), 86_400_000).unwrap();
    assert_eq!(log.oldest().0, oldest, "not a day old");
    log.retain(Position(31), 86_400_000 * 2).unwrap();
    assert_eq!(log.segments.len(), 1, "the segment that is written to stays");
    fill(&mut log, 3);
    check(&log, log.oldest().0, 33);
}

/// A file that fails as a disk does: at the n-th call, with part of the bytes written.
struct Failing {
    file: File,
    calls: Arc<AtomicU32>,
    fail_at: u32,
    fail_cut: bool,
    error: io::ErrorKind,
}

impl Failing {
    fn due(&self) -> bool {
        self.calls.fetch_add(1, Ordering::Relaxed) + 1 == self.fail_at
    }
}

impl Tail for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.due() {
            self.file.write_all(&bytes[..bytes.len() / 2])?;
            return Err(self.error.into());
        }
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.due() { Err(self.error.into()) } else { self.file.sync_data() }
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        if self.fail_cut { Err(self.error.into()) } else { Tail::cut(&mut self.file, length) }
    }
}

#[test]
fn a_failed_write_or_sync_ends_all_writing_until_a_restart() {
    for (fail_at, fail_cut) in [(1, false), (1, true), (2, false), (2, true), (3, true), (4, false)] {
        let (dir, mut log) = log_of(2);
        let file = open_tail(&segment(dir.path(), 1)).unwrap();
        let calls = Arc::new(AtomicU32::new(0));
        log.tail = Box::new(Failing {
            file,
            calls: calls.clone(),
            fail_at,
            fail_cut,
            error: io::ErrorKind::StorageFull,
        });
        let acknowledged = 2 + u64::from(fail_at > 2);
        let mut failed = false;
        for n in 3..6 {
            match log.append(n, &entries(n.cast_unsigned())) {
                Ok(at) => assert!(!failed && at.0 <= acknowledged),
                Err(LogError::Io { source, .. }) => {
                    assert!(!failed && source.kind() == io::ErrorKind::StorageFull);
                    failed = true;
                }
                Err(LogError::Unusable(why)) => assert!(failed && why.contains("restart"), "{why}"),
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(calls.load(Ordering::Relaxed), fail_at, "nothing is tried after the failure");
        // What is read is what was acknowledged, whatever stands in the file behind it.
        check(&log, 1, acknowledged);
        drop(log);
        let (mut again, recovery) = open(dir.path()).unwrap();
        let half_block = fail_at % 2 == 1 && fail_cut;
        assert_eq!(recovery.torn.is_some(), half_block);
        // A block whose sync failed, and that could not be cut, may be there: it was never denied.
        let kept = acknowledged + u64::from(fail_at % 2 == 0 && fail_cut);
        assert_eq!(recovery.head, Position(kept));
        fill(&mut again, 1);
        assert_eq!(again.head(), Position(kept + 1));
    }
}

#[test]
fn a_batch_too_large_is_refused_and_the_log_goes_on() {
    let (_dir, mut log) = log_of(1);
    log.encoder = Encoder::default();
    let raw = vec![0u8; super::super::block::BLOCK_BYTES_MAX].into();
    let reason = crate::domain::Reason::missing("record", "a record");
    let door = crate::domain::Door::File;
    let rejected = crate::domain::Rejected {
        door,
        file: "f".into(),
        line: 1,
        id: None,
        source: None,
        reason,
        raw,
        raw_len: 0,
    };
    assert!(matches!(log.append(0, &[Entry::Rejected(Box::new(rejected))]), Err(LogError::Io { .. })));
    fill(&mut log, 1);
    check(&log, 1, 2);
}

/// What a sender puts into a record is not taken for a block, however it looks.
#[test]
fn a_block_inside_rejected_bytes_does_not_pass_for_a_block() {
    let (_other_dir, other) = log_of(1);
    let raw: Box<[u8]> = std::fs::read(segment(&other.dir, 1)).unwrap()[SEGMENT_HEADER..].into();
    let (_dir, mut log) = log_of(1);
    let before = log.last().bytes;
    let rejected = crate::domain::Rejected {
        door: crate::domain::Door::File,
        file: "".into(),
        line: 1,
        id: None,
        source: None,
        reason: crate::domain::Reason::missing("record", "a record"),
        raw_len: raw.len() as u64,
        raw,
    };
    log.append(2, &[Entry::Rejected(Box::new(rejected))]).unwrap();
    let dir = crashed(&log);
    let file = OpenOptions::new().write(true).open(segment(dir.path(), 1)).unwrap();
    file.set_len(log.last().bytes - 1).unwrap();
    let (_, recovery) = open(dir.path()).unwrap();
    assert_eq!(recovery.torn.unwrap().offset, before);
}

#[test]
fn free_space_is_told() {
    let dir = tempfile::tempdir().unwrap();
    assert!(files::free_bytes(dir.path()).unwrap() > 0);
    assert!(files::free_bytes(&dir.path().join("nowhere")).is_err());
}
