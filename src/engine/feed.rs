//! What doors read alerts from: per shard the latest rows in order, and every standing alert's
//! last row. Shards publish here; readers are woken and read after their cursor. A wake-up
//! carries no data, so none can be lost. Knows no subscriber.

use super::sums::{Group, Sums};
use crate::alerts::is_held_itself;
use crate::domain::{AlertId, AlertRow, Level, Rule};
use hashbrown::HashMap;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The alert rows of all shards.
pub struct Feed {
    shards: Vec<RwLock<ShardFeed>>,
    wakers: RwLock<Vec<Waker>>,
    history: AtomicU32,
}

type Waker = Box<dyn Fn() + Send + Sync>;

/// One shard's rows.
#[derive(Default)]
pub struct ShardFeed {
    /// Consecutive rows, oldest first; the last one's number is `head`.
    rows: VecDeque<Arc<AlertRow>>,
    head: u64,
    /// The last row of every standing alert, by its number.
    standing: BTreeMap<u64, Arc<AlertRow>>,
    /// The last row of every alert that stands or whose last row is among `rows`.
    latest: HashMap<AlertId, Arc<AlertRow>>,
    counts: AlertCounts,
    sums: Sums,
    rows_max: usize,
}

/// How many alerts stand, by rule and level, but for those that are held. Kept as rows come, so that nobody need walk them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AlertCounts {
    counts: [[u64; Level::ALL.len()]; Rule::ALL.len()],
    /// Held in quarantine by themselves, by rule.
    held: [u64; Rule::ALL.len()],
}

impl Default for AlertCounts {
    fn default() -> Self {
        AlertCounts { counts: [[0; Level::ALL.len()]; Rule::ALL.len()], held: [0; Rule::ALL.len()] }
    }
}

impl AlertCounts {
    pub fn get(&self, rule: Rule, level: Level) -> u64 {
        self.counts[rule as usize][level as usize]
    }

    pub fn held(&self, rule: Rule) -> u64 {
        self.held[rule as usize]
    }

    /// What is held as a part of another alert is counted nowhere.
    fn of(&mut self, row: &AlertRow) -> Option<&mut u64> {
        let finding = &row.alert.finding;
        match row.alert.held {
            None => Some(&mut self.counts[finding.rule as usize][finding.level as usize]),
            Some(_) => is_held_itself(&row.alert).then(|| &mut self.held[finding.rule as usize]),
        }
    }

    fn add(&mut self, other: &AlertCounts) {
        let pairs = self.counts.iter_mut().flatten().zip(other.counts.iter().flatten());
        pairs.for_each(|(ours, theirs)| *ours += theirs);
        self.held.iter_mut().zip(&other.held).for_each(|(ours, theirs)| *ours += theirs);
    }
}

/// What `Feed::read` found behind a cursor.
#[derive(Debug)]
pub enum Read {
    /// The next rows, in order, without a gap; empty when the reader is level.
    Rows(Vec<Arc<AlertRow>>),
    /// Rows behind the cursor are no longer kept: read `Feed::standing` and go on from its head.
    Gone,
}

impl ShardFeed {
    /// Rows as recovered: consecutive `rows` up to `head`, and the rows of standing alerts, in any order.
    pub fn new(
        rows_max: usize,
        head: u64,
        rows: impl IntoIterator<Item = Arc<AlertRow>>,
        standing: impl IntoIterator<Item = Arc<AlertRow>>,
    ) -> ShardFeed {
        let mut feed = ShardFeed { head, rows_max: rows_max.max(1), ..ShardFeed::default() };
        for row in standing {
            feed.latest.insert(row.alert.id.clone(), row.clone());
            feed.counts.of(&row).into_iter().for_each(|count| *count += 1);
            feed.sums.add(&row);
            feed.standing.insert(row.seq, row);
        }
        for row in rows {
            let newer = feed.latest.get(&row.alert.id).is_none_or(|known| known.seq <= row.seq);
            if newer {
                feed.latest.insert(row.alert.id.clone(), row.clone());
            }
            feed.rows.push_back(row);
        }
        feed
    }

    /// Without a row, for rows that are followed.
    pub fn empty(rows_max: usize) -> ShardFeed {
        ShardFeed::new(rows_max, 0, [], [])
    }

    /// The last row of every standing alert.
    pub(super) fn standing_rows(&self) -> impl Iterator<Item = &Arc<AlertRow>> {
        self.standing.values()
    }

    fn push(&mut self, row: Arc<AlertRow>) {
        assert!(row.seq == self.head + 1, "alert rows are numbered without gaps");
        self.head = row.seq;
        if let Some(before) = self.latest.insert(row.alert.id.clone(), row.clone())
            && let Some(stood) = self.standing.remove(&before.seq)
        {
            self.counts.of(&stood).into_iter().for_each(|count| *count -= 1);
            self.sums.take(&stood);
        }
        if row.alert.stands() {
            self.counts.of(&row).into_iter().for_each(|count| *count += 1);
            self.sums.add(&row);
            self.standing.insert(row.seq, row.clone());
        }
        self.rows.push_back(row);
        while self.rows.len() > self.rows_max {
            if let Some(old) = self.rows.pop_front() {
                let is_latest = self.latest.get(&old.alert.id).is_some_and(|l| l.seq == old.seq);
                if is_latest && !old.alert.stands() {
                    self.latest.remove(&old.alert.id);
                }
            }
        }
    }

    /// Rows up to there are missing: readers who have not read up to the last one before can no longer go on row by row.
    fn skip_to(&mut self, seq: u64) {
        if seq <= self.head {
            return;
        }
        for old in std::mem::take(&mut self.rows) {
            let is_latest = self.latest.get(&old.alert.id).is_some_and(|latest| latest.seq == old.seq);
            if is_latest && !old.alert.stands() {
                self.latest.remove(&old.alert.id);
            }
        }
        self.head = seq;
    }

    /// The number of the oldest row that is kept; `head + 1` if none is.
    fn first(&self) -> u64 {
        self.rows.front().map_or(self.head + 1, |row| row.seq)
    }
}

impl Feed {
    pub fn new(shards: Vec<ShardFeed>) -> Feed {
        Feed {
            shards: shards.into_iter().map(RwLock::new).collect(),
            wakers: RwLock::default(),
            history: AtomicU32::new(0),
        }
    }

    /// With the identity of the log whose rows these are.
    #[must_use]
    pub fn with_history(self, history: u32) -> Feed {
        self.set_history(history);
        self
    }

    /// The same, once it is known.
    pub fn set_history(&self, history: u32) {
        self.history.store(history, Ordering::Release);
    }

    /// A row number means something only in the history in which it was read: another log may
    /// have given it to another row.
    pub fn history(&self) -> u32 {
        self.history.load(Ordering::Acquire)
    }

    pub fn shards(&self) -> u16 {
        // The number of shards is a u16 in the settings.
        u16::try_from(self.shards.len()).unwrap_or(u16::MAX)
    }

    /// The number of each shard's newest row; 0 = none yet.
    pub fn heads(&self) -> Vec<u64> {
        self.shards.iter().map(|s| read(s).head).collect()
    }

    /// At most `max` rows of one shard that follow the row numbered `after`.
    pub fn read(&self, shard: u16, after: u64, max: usize) -> Read {
        let Some(lock) = self.shards.get(usize::from(shard)) else { return Read::Gone };
        let feed = read(lock);
        if after > feed.head || after + 1 < feed.first() {
            return Read::Gone;
        }
        let skip = usize::try_from(after + 1 - feed.first()).unwrap_or(usize::MAX);
        Read::Rows(feed.rows.iter().skip(skip).take(max).cloned().collect())
    }

    /// How many alerts stand in all shards.
    pub fn counts(&self) -> AlertCounts {
        let mut all = AlertCounts::default();
        self.shards.iter().for_each(|shard| all.add(&read(shard).counts));
        all
    }

    /// The standing alerts of one shard by project and kind, in no order.
    pub fn groups(&self, shard: u16) -> Vec<Group> {
        self.shards.get(usize::from(shard)).map_or(Vec::new(), |lock| read(lock).sums.all())
    }

    /// One shard's head, and the last row of each standing alert, ascending by number: one moment's picture.
    pub fn standing(&self, shard: u16) -> (u64, Vec<Arc<AlertRow>>) {
        self.shards.get(usize::from(shard)).map_or((0, Vec::new()), |lock| {
            let feed = read(lock);
            (feed.head, feed.standing.values().cloned().collect())
        })
    }

    /// At most `max` standing rows of one shard with a number above `after`, ascending.
    pub fn standing_after(&self, shard: u16, after: u64, max: usize) -> Vec<Arc<AlertRow>> {
        self.shards.get(usize::from(shard)).map_or(Vec::new(), |lock| {
            read(lock).standing.range(after + 1..).take(max).map(|(_, row)| row.clone()).collect()
        })
    }

    /// The last row of an alert that stands or was resolved lately.
    pub fn get(&self, id: &AlertId) -> Option<Arc<AlertRow>> {
        self.shards.iter().find_map(|s| read(s).latest.get(id).cloned())
    }

    /// Calls `wake` after every publication. It must not block.
    pub fn on_change(&self, wake: impl Fn() + Send + Sync + 'static) {
        self.wakers.write().unwrap_or_else(PoisonError::into_inner).push(Box::new(wake));
    }

    /// Appends a shard's next rows, then wakes.
    pub fn publish(&self, shard: u16, rows: Vec<Arc<AlertRow>>) {
        self.append(shard, rows, ShardFeed::push);
    }

    /// The same of rows between which others may be missing, because later ones of the same alerts have taken their
    /// places. A row that is not newer than the newest is left out.
    pub fn follow(&self, shard: u16, rows: Vec<Arc<AlertRow>>) {
        self.append(shard, rows, |feed, row| {
            if row.seq > feed.head {
                feed.skip_to(row.seq - 1);
                feed.push(row);
            }
        });
    }

    fn append(&self, shard: u16, rows: Vec<Arc<AlertRow>>, push: impl Fn(&mut ShardFeed, Arc<AlertRow>)) {
        if rows.is_empty() {
            return;
        }
        if let Some(lock) = self.shards.get(usize::from(shard)) {
            let mut feed = write(lock);
            rows.into_iter().for_each(|row| push(&mut feed, row));
        }
        self.wakers.read().unwrap_or_else(PoisonError::into_inner).iter().for_each(|wake| wake());
    }
}

// A panicking writer would have ended the process; a poisoned lock still holds whole rows.
fn read(lock: &RwLock<ShardFeed>) -> RwLockReadGuard<'_, ShardFeed> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(lock: &RwLock<ShardFeed>) -> RwLockWriteGuard<'_, ShardFeed> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
