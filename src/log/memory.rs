//! The log's twin in memory, for simulation: the same bytes, no file, and crashes at will.
//! Knows no clock and no randomness: what a crash leaves is decided by the seed it is given.

use super::block::{Decoder, Encoder, HEADER, Header, Plan};
use super::{Block, Log, LogError};
use crate::domain::{Entry, Position};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where a write is to fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FailAt {
    /// Nothing of it was written, or only a part: a crash keeps, tears or loses it as the seed says.
    Before,
    /// All of it is durable, and yet the writer never heard so.
    After,
}

/// A log in memory. Clones are handles of the same log, so that a simulation can crash the log that
/// an engine owns; a crash makes all of them unusable.
#[derive(Clone, Default)]
pub struct MemoryLog {
    image: Arc<Mutex<Image>>,
}

#[derive(Clone, Default)]
struct Image {
    /// The blocks that are durable, as bytes.
    durable: Vec<Vec<u8>>,
    /// The block whose write failed, if one did.
    pending: Option<Vec<u8>>,
    /// Blocks cut at the old end.
    cut: u64,
    chain: u32,
    writes: u64,
    fail: Option<(u64, FailAt)>,
    failed: bool,
    keep: usize,
    salt: u64,
}

impl MemoryLog {
    pub fn new() -> MemoryLog {
        MemoryLog::default()
    }

    /// Another log than those with another salt.
    pub fn with_salt(salt: u64) -> MemoryLog {
        MemoryLog { image: Arc::new(Mutex::new(Image { salt, ..Image::default() })) }
    }

    /// The `nth` append from now (1 = the next) fails; after it all are refused.
    pub fn fail_at(&self, nth: u64, at: FailAt) {
        let mut image = self.lock();
        image.fail = Some((image.writes + nth, at));
    }

    /// Appends so far, failed ones included.
    pub fn writes(&self) -> u64 {
        self.lock().writes
    }

    /// From now on [`Log::retain`] keeps that many blocks and drops what is older; 0 = keeps all.
    pub fn retain_blocks(&self, keep: usize) {
        self.lock().keep = keep;
    }

    /// Cuts the power: what the log is when it is opened again. Acknowledged blocks are there. One
    /// whose append failed is there whole, torn (and then cut away, as a file would be), or gone,
    /// as the seed says. All handles of the old log refuse to write from now on.
    pub fn crash(&self, seed: u64) -> MemoryLog {
        let mut old = self.lock();
        old.failed = true;
        let mut image = Image { fail: None, failed: false, writes: 0, ..old.clone() };
        if let Some(mut bytes) = image.pending.take() {
            let torn_at = usize::try_from(seed / 3).unwrap_or(0) % bytes.len().max(1);
            match seed % 3 {
                0 => {}
                1 => bytes.truncate(torn_at),
                _ => bytes.clear(),
            }
            if let Some(header) = sound(image.salt, &bytes) {
                image.chain = header.crc;
                image.durable.push(bytes);
            }
        }
        MemoryLog { image: Arc::new(Mutex::new(image)) }
    }

    fn lock(&self) -> MutexGuard<'_, Image> {
        // A panic elsewhere leaves no half change here.
        self.image.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Image {
    fn head(&self) -> Position {
        Position(self.cut + self.durable.len() as u64)
    }

    fn oldest(&self) -> Position {
        Position(self.cut + 1)
    }
}

fn sound(salt: u64, bytes: &[u8]) -> Option<Header> {
    let header = Header::parse(salt, bytes)?;
    let whole = header.block_bytes() == bytes.len() as u64;
    (whole && header.payload_is_right(salt, &bytes[HEADER..])).then_some(header)
}

impl Log for MemoryLog {
    fn append(&mut self, written_ms: i64, entries: &[Entry]) -> Result<Position, LogError> {
        let mut image = self.lock();
        if image.failed {
            return Err(LogError::Unusable("nothing is written after a failed write; restart".into()));
        }
        let plan = Plan {
            salt: image.salt,
            position: image.head().next(),
            chain: image.chain,
            written_ms,
            entries,
            key: None,
        };
        let mut encoder = Encoder::default();
        let chain = encoder.encode(&plan).map_err(|why| LogError::Unusable(why.into()))?;
        image.writes += 1;
        let fail = image.fail.filter(|(nth, _)| *nth == image.writes).map(|(_, at)| at);
        if fail == Some(FailAt::Before) {
            image.pending = Some(encoder.bytes);
        } else {
            image.durable.push(encoder.bytes);
            image.chain = chain;
        }
        if fail.is_some() {
            image.failed = true;
            let source = std::io::Error::other("simulated failure");
            return Err(LogError::Io { what: format!("append block {}", plan.position.0), source });
        }
        Ok(image.head())
    }

    fn identity(&self) -> u64 {
        self.lock().salt
    }

    fn head(&self) -> Position {
        self.lock().head()
    }

    fn oldest(&self) -> Position {
        self.lock().oldest()
    }

    fn read(
        &self,
        from: Position,
        each: &mut dyn FnMut(Block) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        let from = from.max(Position(1));
        let (oldest, salt, durable) = {
            let image = self.lock();
            (image.oldest(), image.salt, image.durable.clone())
        };
        if from < oldest {
            return Err(LogError::Gone { asked: from, oldest });
        }
        let skip = usize::try_from(from.0 - oldest.0).unwrap_or(usize::MAX);
        let mut decoder = Decoder::new(salt, false, None);
        for bytes in durable.iter().skip(skip) {
            let damaged =
                |what: &str| LogError::Damaged { file: "memory".into(), offset: 0, what: what.into() };
            let header = sound(salt, bytes).ok_or_else(|| damaged("a block is not what was written"))?;
            each(decoder.decode(&header, &bytes[HEADER..]).map_err(|e| damaged(&e))?)?;
        }
        Ok(())
    }

    fn retain(&mut self, keep_from: Position, _now_ms: i64) -> Result<(), LogError> {
        let mut image = self.lock();
        if image.keep > 0 {
            let covered = usize::try_from(keep_from.0.saturating_sub(image.oldest().0)).unwrap_or(usize::MAX);
            let count = image.durable.len().saturating_sub(image.keep).min(covered);
            image.durable.drain(..count);
            image.cut += count as u64;
        }
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.lock().durable.iter().map(|b| b.len() as u64).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Day;

    fn days(log: &MemoryLog) -> Vec<i32> {
        let mut found = Vec::new();
        log.read(log.oldest(), &mut |block| {
            found.extend(block.entries.iter().map(|e| if let Entry::Date(d) = e { d.0 } else { -1 }));
            Ok(())
        })
        .unwrap();
        found
    }

    fn add(log: &mut MemoryLog, day: i32) -> Result<Position, LogError> {
        log.append(0, &[Entry::Date(Day(day))])
    }

    #[test]
    fn a_crash_keeps_what_was_acknowledged_and_any_fate_of_what_was_not() {
        let mut fates = std::collections::BTreeSet::new();
        for seed in 0..300 {
            let mut log = MemoryLog::new();
            add(&mut log, 1).unwrap();
            log.fail_at(2, FailAt::Before);
            add(&mut log, 2).unwrap();
            assert!(add(&mut log, 3).is_err());
            assert!(matches!(add(&mut log, 4), Err(LogError::Unusable(_))));
            let mut again = log.crash(seed);
            assert_eq!(days(&again)[..2], [1, 2]);
            fates.insert(days(&again).len());
            let next = add(&mut again, 5).unwrap();
            assert_eq!((next, *days(&again).last().unwrap()), (again.head(), 5));
            assert!(add(&mut log, 6).is_err(), "the old handle is dead");
        }
        assert_eq!(fates.into_iter().collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn a_write_may_be_durable_and_yet_fail() {
        let mut log = MemoryLog::new();
        log.fail_at(1, FailAt::After);
        assert!(add(&mut log, 1).is_err());
        for seed in 0..3 {
            assert_eq!(days(&log.crash(seed)), [1]);
        }
    }

    #[test]
    fn old_blocks_go_only_when_told() {
        let mut log = MemoryLog::new();
        (1..=10).for_each(|d| assert!(add(&mut log, d).is_ok()));
        log.retain(Position(9), 0).unwrap();
        assert_eq!(log.oldest(), Position(1));
        log.retain_blocks(3);
        log.retain(Position(5), 0).unwrap();
        assert_eq!(days(&log), [5, 6, 7, 8, 9, 10]);
        log.retain(Position(11), 0).unwrap();
        assert_eq!((days(&log), log.head()), (vec![8, 9, 10], Position(10)));
        assert!(matches!(log.read(Position(7), &mut |_| Ok(())), Err(LogError::Gone { .. })));
    }
}
