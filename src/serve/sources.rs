//! Who sends records: how many, how many of them could not be taken, how late. Counted from the blocks
//! that are opened, since the process began; kept in memory only. Knows no record's content but its head.

use super::dead_letters::instant;
use crate::domain::{Day, DayStart, Entry, Time};
use crate::log::Block;
use crate::proto::v1 as pb;
use compact_str::CompactString;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// The count of every sender.
pub struct Sources {
    since_ms: i64,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    by_name: BTreeMap<CompactString, Count>,
    is_full: bool,
}

#[derive(Clone, Default)]
struct Count {
    records: u64,
    rejected: u64,
    late: u64,
    received_ms: i64,
    received_on: Option<Day>,
    stated_at: Option<Time>,
}

/// Senders that are told apart.
const NAMES_MAX: usize = 10_000;
/// A record that was stated longer ago than this comes late.
const LATE_DAYS: i32 = 3;

impl Default for Sources {
    fn default() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let since_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        Sources { since_ms, counts: Mutex::default() }
    }
}

impl Sources {
    /// Counts a block's records. Those of one sender stand together nearly always: he is looked up once.
    pub fn opened(&self, block: &Block, today: Option<Day>) {
        self.heard(block.entries.iter(), block.written_ms, today);
    }

    /// The same of messages that an instance of a cluster takes: those of its own partitions, so the list is a part.
    pub fn heard_here<'a>(
        &self,
        entries: impl Iterator<Item = &'a Entry>,
        written_ms: i64,
        today: Option<Day>,
    ) {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).is_full = true;
        self.heard(entries, written_ms, today);
    }

    fn heard<'a>(&self, entries: impl Iterator<Item = &'a Entry>, written_ms: i64, today: Option<Day>) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut run: Option<(&str, Count)> = None;
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
                        counts.add(name, count);
                    }
                    let count = Count { received_ms: written_ms, received_on: today, ..Count::default() };
                    run.insert((source, count))
                }
            };
            count.records += 1;
            count.rejected += u64::from(stated_at.is_none());
            count.late += u64::from(stated_at.zip(today).is_some_and(|(at, today)| is_late(at, today)));
            count.stated_at = count.stated_at.max(stated_at);
        }
        if let Some((name, count)) = run {
            counts.add(name, count);
        }
    }

    pub fn list(&self) -> pb::ListSourcesResponse {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let source = |(name, count): (&CompactString, &Count)| pb::Source {
            source: name.to_string(),
            records: count.records,
            rejected: count.rejected,
            late: count.late,
            received_at: instant(count.received_ms),
            stated_at: count.stated_at.map(|at| at.to_string()),
            received_on: count.received_on.map(|day| day.to_string()),
        };
        pb::ListSourcesResponse {
            sources: counts.by_name.iter().map(source).collect(),
            since: instant(self.since_ms),
            business_date: None,
            truncated: counts.is_full,
        }
    }
}

impl Counts {
    fn add(&mut self, name: &str, more: Count) {
        if self.by_name.len() >= NAMES_MAX && !self.by_name.contains_key(name) {
            self.is_full = true;
            return;
        }
        let count = self.by_name.entry(name.into()).or_default();
        count.records += more.records;
        count.rejected += more.rejected;
        count.late += more.late;
        count.received_ms = more.received_ms;
        count.received_on = more.received_on.or(count.received_on);
        count.stated_at = count.stated_at.max(more.stated_at);
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
        let told: Vec<_> =
            sources.list().sources.into_iter().map(|s| (s.source, s.records, s.rejected)).collect();
        assert_eq!(told, [("a".to_owned(), 3, 3), ("b".to_owned(), 1, 1)]);
    }

    #[test]
    fn late_is_more_than_three_days() {
        let at = Time::parse("2026-04-01T23:59:00+08:00").unwrap();
        let late = |today: &str| is_late(at, Day::parse(today).unwrap());
        assert_eq!((late("2026-04-04"), late("2026-04-05")), (false, true));
    }
}
