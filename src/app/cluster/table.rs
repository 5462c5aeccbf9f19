//! What owners tell every instance, followed from the alerts topic by a thread of its own: rows go to the feed, the rest is
//! at hand for whoever shows them. Knows no door.

use crate::domain::{AlertRow, Day, ProjectId};
use crate::engine::api::ProjectFacts;
use crate::engine::cluster::{Delivery, Message, Partition, Terms, Told};
use crate::engine::{DoubtBook, Feed, Observer, ShardFeed};
use crate::kafka::message::Received;
use crate::kafka::{KafkaError, Reader, Settings};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The alerts of all partitions, and what goes with them.
pub struct Table {
    feed: Arc<Feed>,
    observer: Arc<dyn Observer>,
    partitions: u16,
    known: Mutex<Known>,
    /// It has read all that stood when it began.
    level: AtomicBool,
}

#[derive(Default)]
struct Known {
    owners: BTreeMap<Partition, String>,
    date: Option<Day>,
    terms: Option<Terms>,
    doubts: DoubtBook,
    /// The next offset of each partition: what was read before is passed over when the topic is read again, for it may say
    /// less than what came after it.
    next: BTreeMap<i32, i64>,
}

/// Messages that are taken at once.
const MESSAGES_MAX: usize = 10_000;
const WAIT: Duration = Duration::from_millis(100);
/// Brokers that do not answer are asked again after so long.
const PAUSE: Duration = Duration::from_secs(1);

impl Table {
    /// `history_rows`: kept for subscribers who come back, all partitions together.
    pub fn new(partitions: u16, history_rows: usize, observer: Arc<dyn Observer>) -> Table {
        let each = (history_rows / (usize::from(partitions) + 1)).max(16);
        let shards = (0..=partitions).map(|_| ShardFeed::empty(each)).collect();
        Table {
            feed: Arc::new(Feed::new(shards)),
            observer,
            partitions,
            known: Mutex::default(),
            level: AtomicBool::new(false),
        }
    }

    pub fn feed(&self) -> &Arc<Feed> {
        &self.feed
    }

    pub fn is_level(&self) -> bool {
        self.level.load(Ordering::Acquire)
    }

    /// The address of the instance that owns a partition, as far as anybody has said.
    pub fn owner(&self, partition: Partition) -> Option<String> {
        self.known().owners.get(&partition).cloned()
    }

    /// The date that the county has come to.
    pub fn date(&self) -> Option<Day> {
        self.known().date
    }

    pub fn terms(&self) -> Option<Terms> {
        self.known().terms
    }

    /// What a partition of this instance was sent.
    pub fn arrived(&self, deliveries: &[Delivery]) {
        let Some(last) = deliveries.last() else { return };
        let mut entries = deliveries.iter().filter_map(|delivery| match &delivery.message {
            Message::Entry(entry) => Some(entry),
            _ => None,
        });
        self.observer.arrived(&mut entries, last.written_ms, self.date());
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the topic until `stop`. Brokers that are away are waited for.
    pub fn follow(&self, settings: &Settings, stop: &AtomicBool) {
        while !stop.load(Ordering::Acquire) {
            if let Err(error) = self.read(settings, stop) {
                tracing::warn!("the alerts topic cannot be read, and is tried again: {error}");
                std::thread::sleep(PAUSE);
            }
        }
    }

    fn read(&self, settings: &Settings, stop: &AtomicBool) -> Result<(), KafkaError> {
        let partitions: Vec<i32> = (0..=i32::from(self.partitions)).collect();
        let mut reader = Reader::open(settings, &settings.topics().alerts, &partitions)?;
        while !stop.load(Ordering::Acquire) {
            let mut rows: BTreeMap<u16, Vec<Arc<AlertRow>>> = BTreeMap::new();
            reader.take(MESSAGES_MAX, WAIT, &mut |received| self.take(received, &mut rows))?;
            self.publish(rows);
            if reader.stand().left() == 0 && !self.level.swap(true, Ordering::AcqRel) {
                tracing::info!("the alerts topic is read to its end");
            }
        }
        Ok(())
    }

    fn take(&self, received: &Received<'_>, rows: &mut BTreeMap<u16, Vec<Arc<AlertRow>>>) {
        let (partition, offset) = (received.partition, received.offset);
        if !self.is_new(partition, offset) {
            return;
        }
        let Some(body) = received.body else {
            // Nobody of ours removes what was told.
            tracing::warn!(partition, offset, "the alerts topic: a tombstone is passed over");
            return;
        };
        let told = Told::read(received.key.unwrap_or_default(), body);
        let shard = u16::try_from(partition).unwrap_or(u16::MAX);
        match told {
            Ok(Told::Row(row)) if row.shard == shard => {
                if let Some(mark) = received.trace() {
                    self.observer.caused(&row, mark);
                }
                rows.entry(shard).or_default().push(row);
            }
            Ok(Told::Row(_)) => {
                tracing::warn!(
                    partition,
                    offset,
                    "the alerts topic: a row of another partition is passed over"
                );
            }
            Ok(Told::Project(name, facts)) => self.project(&name, &facts),
            Ok(other) => self.learn(other, shard),
            Err(corrupt) => {
                tracing::error!(
                    partition,
                    offset,
                    "the alerts topic: {corrupt} was expected; the message is passed over"
                );
            }
        }
    }

    fn is_new(&self, partition: i32, offset: i64) -> bool {
        let mut known = self.known();
        let next = known.next.entry(partition).or_default();
        let is_new = offset >= *next;
        *next = (offset + 1).max(*next);
        is_new
    }

    fn project(&self, name: &ProjectId, facts: &ProjectFacts) {
        self.observer.project(name, facts);
    }

    fn learn(&self, told: Told, shard: u16) {
        let mut known = self.known();
        match told {
            Told::Owner(address) => {
                let partition = match shard == self.partitions {
                    true => Partition::County,
                    false => Partition::Projects(shard),
                };
                known.owners.insert(partition, address);
            }
            Told::Date(day) => known.date = Some(day),
            Told::Terms(terms) => {
                known.terms = Some(terms);
                self.feed.set_history(terms.life);
            }
            Told::Doubts(doubts) => known.doubts.feeds(doubts),
            Told::Row(_) | Told::Project(..) => {}
        }
        self.tell_doubts(&mut known);
    }

    fn publish(&self, rows: BTreeMap<u16, Vec<Arc<AlertRow>>>) {
        for (shard, rows) in rows {
            let mut known = self.known();
            rows.iter().for_each(|row| known.doubts.row(row));
            self.tell_doubts(&mut known);
            drop(known);
            self.observer.published(&rows);
            self.feed.follow(shard, rows);
        }
    }

    fn tell_doubts(&self, known: &mut Known) {
        if let Some(doubts) = known.doubts.take_changed() {
            self.observer.doubted(&doubts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Unobserved;

    #[test]
    fn what_is_read_again_takes_nothing_back() {
        let table = Table::new(1, 100, Arc::new(Unobserved));
        let day = |text: &str| Day::parse(text).unwrap();
        let said: Vec<(i32, i64, Told)> = vec![
            (0, 3, Told::Owner("a:1".into())),
            (1, 0, Told::Date(day("2026-03-01"))),
            (0, 9, Told::Owner("b:1".into())),
            (1, 4, Told::Date(day("2026-03-02"))),
        ];
        let read = |said: &[(i32, i64, Told)]| {
            for (partition, offset, told) in said {
                let (key, body) = (told.key(), told.to_bytes());
                let (key, body) = (Some(key.as_bytes()), Some(&body[..]));
                let received =
                    Received { partition: *partition, offset: *offset, key, body, ..Received::default() };
                table.take(&received, &mut BTreeMap::new());
            }
            (table.owner(Partition::Projects(0)), table.date())
        };
        let now = (Some("b:1".to_owned()), Some(day("2026-03-02")));
        assert_eq!(read(&said), now);
        // The brokers were away: it begins again, and is at no moment behind.
        for until in 1..=said.len() {
            assert_eq!(read(&said[..until]), now);
        }
        // What follows counts again; poison and tombstones count for nothing.
        table.take(
            &Received { offset: 10, key: Some(b"_owner"), body: Some(b"x"), ..Received::default() },
            &mut BTreeMap::new(),
        );
        table.take(
            &Received { offset: 11, key: Some(b"_owner"), ..Received::default() },
            &mut BTreeMap::new(),
        );
        assert_eq!(read(&[]), now);
        assert_eq!(read(&[(0, 12, Told::Owner("c:1".into()))]).0.as_deref(), Some("c:1"));
    }
}
