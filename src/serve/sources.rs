//! Who sends records: how many, how many of them could not be taken, how late. Counted from what this process opens, since it
//! began; kept in memory only. Knows no record's content but its head.

use super::dead_letters::instant;
use crate::domain::{Day, DayStart, Entry, Time};
use crate::engine::sources::{SourceCount, SourceCounts};
use crate::log::Block;
use crate::proto::v1 as pb;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Whoever knows of all senders, be they counted here or elsewhere.
#[tonic::async_trait]
pub trait AllSources: Send + Sync {
    /// All that is known by then.
    async fn all(&self, until: Instant) -> Counted;
}

/// The counts of all senders.
pub struct Counted {
    pub counts: SourceCounts,
    /// Unix milliseconds from which on they are counted.
    pub since_ms: i64,
    /// What somebody else has counted is missing.
    pub is_part: bool,
}

/// The count of every sender that this process hears of.
pub struct Sources {
    since_ms: i64,
    counts: Mutex<SourceCounts>,
}

/// A record that was stated longer ago than this comes late.
const LATE_DAYS: i32 = 3;

impl Default for Sources {
    fn default() -> Self {
        Sources { since_ms: now_ms(), counts: Mutex::default() }
    }
}

/// Unix milliseconds by this machine's clock.
pub fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

impl Sources {
    /// Counts a block's records.
    pub fn opened(&self, block: &Block, today: Option<Day>) {
        self.heard(block.entries.iter(), block.written_ms, today);
    }

    /// Counts records. Those of one sender stand together nearly always: he is looked up once.
    pub fn heard<'a>(&self, entries: impl Iterator<Item = &'a Entry>, written_ms: i64, today: Option<Day>) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut run: Option<(&str, SourceCount)> = None;
        for entry in entries {
            let (source, stated_at) = match entry {
                Entry::Record(record) => (record.head.source.as_str(), Some(record.head.at)),
                Entry::Rejected(rejected) => (rejected.source.as_deref().unwrap_or_default(), None),
                _ => continue,
            };
            let (_, count) = match &mut run {
                Some(run) if run.0 == source => run,
                _ => {
                    if let Some((name, count)) = run.take() {
                        counts.add(name, &count);
                    }
                    let (received_ms, received_on) = (written_ms, today);
                    run.insert((source, SourceCount { received_ms, received_on, ..SourceCount::default() }))
                }
            };
            count.records += 1;
            count.rejected += u64::from(stated_at.is_none());
            count.late += u64::from(stated_at.zip(today).is_some_and(|(at, today)| is_late(at, today)));
            count.stated_at = count.stated_at.max(stated_at);
        }
        if let Some((name, count)) = run {
            counts.add(name, &count);
        }
    }

    pub fn counts(&self) -> SourceCounts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When this process began to count.
    pub fn since_ms(&self) -> i64 {
        self.since_ms
    }
}

#[tonic::async_trait]
impl AllSources for Sources {
    async fn all(&self, _until: Instant) -> Counted {
        Counted { counts: self.counts(), since_ms: self.since_ms, is_part: false }
    }
}

pub fn shown(counted: &Counted, business_date: Option<Day>) -> pb::ListSourcesResponse {
    let source = |(name, count): (&compact_str::CompactString, &SourceCount)| pb::Source {
        source: name.to_string(),
        records: count.records,
        rejected: count.rejected,
        late: count.late,
        received_at: instant(count.received_ms),
        stated_at: count.stated_at.map(|at| at.to_string()),
        received_on: count.received_on.map(|day| day.to_string()),
    };
    pb::ListSourcesResponse {
        sources: counted.counts.by_name.iter().map(source).collect(),
        since: instant(counted.since_ms),
        business_date: business_date.map(|day| day.to_string()),
        truncated: counted.is_part || counted.counts.is_full,
    }
}

fn is_late(at: Time, today: Day) -> bool {
    today.since(at.business(DayStart(0)).0) > LATE_DAYS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Door, Position, Reason, Rejected};

    fn rejected(source: &str) -> Entry {
        Entry::Rejected(Box::new(Rejected {
            door: Door::Submit,
            file: "".into(),
            line: 1,
            id: None,
            source: Some(source.into()),
            reason: Reason::range("field", "found", "expected"),
            raw: Box::default(),
            raw_len: 0,
        }))
    }

    #[test]
    fn each_sender_is_counted_though_they_come_mixed() {
        let sources = Sources::default();
        let entries = ["a", "a", "b", "a"].map(rejected).into();
        sources
            .opened(&Block { position: Position(1), written_ms: 1_000, entries }, Day::parse("2026-04-01"));
        let told: Vec<_> = sources
            .counts()
            .by_name
            .into_iter()
            .map(|(name, c)| (name.to_string(), c.records, c.rejected))
            .collect();
        assert_eq!(told, [("a".to_owned(), 3, 3), ("b".to_owned(), 1, 1)]);
    }

    #[test]
    fn late_is_more_than_three_days() {
        let at = Time::parse("2026-04-01T23:59:00+08:00").unwrap();
        let late = |today: &str| is_late(at, Day::parse(today).unwrap());
        assert_eq!((late("2026-04-04"), late("2026-04-05")), (false, true));
    }
}
