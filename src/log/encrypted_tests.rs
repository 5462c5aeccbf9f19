//! An encrypted log: keys that change, are missing or wrong, blocks that were forged or moved, and the whole log under
//! another key.

#![allow(clippy::cast_possible_truncation, reason = "files of a few hundred bytes")]

use super::block::{HEADER, Header, checksum};
use super::files::{self, SEGMENT_HEADER, segment_path};
use super::*;
use crate::cipher::{DataKeys, Key, KeyRing, OVERHEAD, Suite};
use crate::domain::Day;
use std::path::Path;

fn key(n: u8) -> Key {
    let suite = if n.is_multiple_of(2) { Suite::Sm4Gcm } else { Suite::Aes256GcmSiv };
    Key::new(suite, Day(20_000), [n; 32]).unwrap()
}

fn ring(numbers: &[u8]) -> KeyRing {
    let mut ring = KeyRing::new(key(numbers[0]));
    numbers[1..].iter().for_each(|n| assert!(ring.add(key(*n))));
    ring
}

fn keys(numbers: &[u8]) -> DataKeys {
    static SESSIONS: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(0);
    let session = SESSIONS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    DataKeys::new(ring(numbers), [session; 16])
}

fn open(dir: &Path, keys: Option<DataKeys>) -> Result<SegmentLog, LogError> {
    let options = LogOptions { segment_bytes: 500, ..LogOptions::default() };
    SegmentLog::open_with(dir, options, keys).map(|(log, _)| log)
}

// The same content in every block, so that a block moved elsewhere would not be seen by what it says.
fn entries() -> Vec<Entry> {
    (0..9).map(|i| Entry::Date(Day(20_000 + i * 37))).collect()
}

fn fill(log: &mut SegmentLog, count: u64) {
    (0..count).for_each(|_| {
        log.append(5, &entries()).unwrap();
    });
}

fn count(log: &SegmentLog) -> u64 {
    let mut count = 0;
    log.read(log.oldest(), &mut |block| {
        count += 1;
        assert_eq!((block.position, &block.entries), (Position(count), &entries()));
        Ok(())
    })
    .unwrap();
    count
}

fn said<T>(result: Result<T, LogError>) -> String {
    result.err().unwrap().to_string()
}

#[test]
fn a_plain_log_goes_on_encrypted_and_then_under_other_keys() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path(), None).unwrap();
    fill(&mut log, 3);
    drop(log);
    let own = keys(&[1]);
    let mut log = open(dir.path(), Some(own.clone())).unwrap();
    assert_eq!(log.keys_used().into_keys().collect::<Vec<_>>(), [None], "nothing new yet");
    fill(&mut log, 3);
    own.replace(ring(&[1, 2])).unwrap();
    fill(&mut log, 3);
    let used: Vec<_> = log.keys_used().into_keys().collect();
    let mut want = [None, Some(key(1).id), Some(key(2).id)];
    want.sort();
    assert_eq!(used, want);
    assert_eq!(keys_of(dir.path()).unwrap().into_iter().collect::<Vec<_>>(), want);
    assert_eq!(count(&log), 9);
    drop(log);
    for (numbers, missing) in [(None, 1), (Some(&[2][..]), 1), (Some(&[1]), 2), (Some(&[3]), 1)] {
        let text = said(open(dir.path(), numbers.map(keys)));
        assert!(text.contains(&key(missing).id.to_string()), "{numbers:?}: {text}");
        assert!(text.contains(if numbers.is_some() { "does not hold" } else { "no keys are configured" }));
    }
    let mut log = open(dir.path(), Some(keys(&[2, 1, 3]))).unwrap();
    fill(&mut log, 1);
    assert_eq!(count(&log), 10);
}

#[test]
fn a_segment_without_blocks_gets_the_key_of_its_first_block() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path(), None).unwrap());
    drop(open(dir.path(), Some(keys(&[1]))).unwrap());
    let mut log = open(dir.path(), Some(keys(&[1, 2]))).unwrap();
    fill(&mut log, 2);
    assert_eq!(log.keys_used().into_iter().collect::<Vec<_>>(), [(Some(key(2).id), 1)]);
    drop(log);
    assert_eq!(count(&open(dir.path(), Some(keys(&[2]))).unwrap()), 2);
}

/// The blocks of a segment's bytes, by where each begins.
fn blocks(salt: u64, bytes: &[u8]) -> Vec<(usize, Header)> {
    let mut found = Vec::new();
    let mut at = SEGMENT_HEADER;
    while let Some(header) = Header::parse(salt, &bytes[at..]) {
        found.push((at, header));
        at += header.block_bytes() as usize;
    }
    assert_eq!(at, bytes.len());
    found
}

#[test]
fn a_forged_block_is_damage_with_file_and_byte_and_is_never_cut() {
    let dir = tempfile::tempdir().unwrap();
    let own = keys(&[1]);
    let mut log = open(dir.path(), Some(own.clone())).unwrap();
    fill(&mut log, 2);
    let salt = log.identity();
    drop(log);
    let path = segment_path(dir.path(), Position(1));
    let sound = std::fs::read(&path).unwrap();
    let found = blocks(salt, &sound);
    // The last one, where an interrupted write would stand, with both checksums made right by the forger.
    let (at, _) = found[1];
    for byte in (HEADER..HEADER + OVERHEAD).chain([sound.len() - at - 1]) {
        let mut bent = sound.clone();
        bent[at + byte] ^= 0x10;
        let crc = checksum(salt, &bent[at + HEADER..]).to_le_bytes();
        bent[at + 4..at + 8].copy_from_slice(&crc);
        let crc = checksum(salt, &bent[at..at + 44]).to_le_bytes();
        bent[at + 44..at + 48].copy_from_slice(&crc);
        std::fs::write(&path, &bent).unwrap();
        let text = said(open(dir.path(), Some(own.clone())));
        assert!(text.contains(&format!("{} at byte {at}: block 2", path.display())), "{byte}: {text}");
        assert_eq!(std::fs::read(&path).unwrap(), bent, "nothing is cut");
    }
    // Without mended checksums it is told from a torn write as in a plain log: HEAD says that it was acknowledged.
    let mut bent = sound.clone();
    bent[at + HEADER + 3] ^= 1;
    std::fs::write(&path, &bent).unwrap();
    assert!(said(open(dir.path(), Some(own.clone()))).contains("block 2 was acknowledged"));
    std::fs::remove_file(dir.path().join("HEAD")).unwrap();
    assert_eq!(open(dir.path(), Some(own)).unwrap().head(), Position(1), "a torn write is cut");
}

#[test]
fn blocks_that_change_places_do_not_open() {
    let dir = tempfile::tempdir().unwrap();
    let own = keys(&[1]);
    let options = LogOptions::default();
    let (mut log, _) = SegmentLog::open_with(dir.path(), options, Some(own.clone())).unwrap();
    fill(&mut log, 3);
    let salt = log.identity();
    drop(log);
    let path = segment_path(dir.path(), Position(1));
    let sound = std::fs::read(&path).unwrap();
    let found = blocks(salt, &sound);
    // The payload of block 2 where that of block 1 stands: of the same length, and the forger makes the checksums right all
    // the way, with the ties between blocks.
    let mut bent = sound.clone();
    let (first, second) = (found[0].0, found[1].0);
    let length = found[0].1.stored as usize;
    assert_eq!(length, found[1].1.stored as usize);
    bent.copy_within(second + HEADER..second + HEADER + length, first + HEADER);
    let mut chain = 0_u32;
    for (at, header) in &found {
        let end = at + header.block_bytes() as usize;
        bent[at + 36..at + 40].copy_from_slice(&chain.to_le_bytes());
        let crc = checksum(salt, &bent[at + HEADER..end]).to_le_bytes();
        bent[at + 4..at + 8].copy_from_slice(&crc);
        chain = checksum(salt, &bent[*at..at + 44]);
        bent[at + 44..at + 48].copy_from_slice(&chain.to_le_bytes());
    }
    std::fs::write(&path, &bent).unwrap();
    let text = said(SegmentLog::open_with(dir.path(), options, Some(own)));
    assert!(
        text.contains(&format!("at byte {first}: block 1: it was changed, or belongs elsewhere")),
        "{text}"
    );
}

#[test]
fn a_plain_segment_behind_an_encrypted_one_was_put_there() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path(), Some(keys(&[1]))).unwrap();
    while log.keys_used()[&Some(key(1).id)] < 2 {
        fill(&mut log, 1);
    }
    let head = log.head();
    drop(log);
    // The last segment as a forger without a key would make it.
    let path = segment_path(dir.path(), head);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[8] = 1;
    bytes[56..60].fill(0);
    let crc = checksum(0, &bytes[..60]).to_le_bytes();
    bytes[60..64].copy_from_slice(&crc);
    std::fs::write(&path, &bytes).unwrap();
    let text = said(open(dir.path(), Some(keys(&[1]))));
    assert!(text.contains("plain, and stands behind an encrypted segment"), "{text}");
}

#[test]
fn a_log_written_anew_says_the_same_and_needs_one_key() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join("log"), dir.path().join("log.new"));
    let mut log = open(&old, None).unwrap();
    fill(&mut log, 9);
    drop(log);
    let mut log = open(&old, Some(keys(&[1]))).unwrap();
    fill(&mut log, 9);
    let identity = log.identity();
    drop(log);
    // An interrupted write at its end.
    let last = files::list(&old).unwrap().pop().unwrap().1;
    let mut bytes = std::fs::read(&last).unwrap();
    bytes.extend_from_slice(b"WWB1 half a block");
    std::fs::write(&last, bytes).unwrap();
    assert!(said(rewrite(&old, &dir.path().join("x"), &keys(&[2]))).contains(&key(1).id.to_string()));
    let done = rewrite(&old, &new, &keys(&[1, 2])).unwrap();
    assert_eq!(done.blocks, 18);
    assert_eq!(keys_of(&new).unwrap().into_iter().collect::<Vec<_>>(), [Some(key(2).id)]);
    let mut log = open(&new, Some(keys(&[2]))).unwrap();
    assert_eq!((log.identity(), count(&log)), (identity, 18));
    assert_eq!(log.bytes(), done.bytes);
    fill(&mut log, 9);
    assert_eq!(count(&log), 27);
    // What was there is as it was.
    assert_eq!(count(&open(&old, Some(keys(&[1]))).unwrap()), 18);
    // A log that ends before what was acknowledged is not made into one that seems whole.
    let (_, last) = files::list(&old).unwrap().pop().unwrap();
    std::fs::remove_file(last).unwrap();
    assert!(said(rewrite(&old, &dir.path().join("y"), &keys(&[1, 2]))).contains("was acknowledged"));
}
