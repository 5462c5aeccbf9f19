//! A cluster's topics in memory: partitions that only grow, a changelog that is compacted, transactions that
//! are all or nothing, fencing by epochs, and a coordinator that gives partitions to members. A handle of it
//! is what one member has; the member may die or freeze around any call.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng as Dice;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use wagewatch::domain::{AlertRow, Entry, Position};
use wagewatch::engine::Tiding;
use wagewatch::engine::api::{DeadLetter, DeadLetterId};
use wagewatch::engine::cluster::{
    ChangelogPart, Committed, Delivery, Event, Message, Part, Partition, PublishError, Published, Transport,
    TransportError,
};

/// What happens to a member around its next transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mishap {
    /// It dies, and nothing is written.
    DiesBefore,
    /// All is written, and it dies before it hears so.
    DiesAfter,
    /// The broker aborts it.
    Aborted,
}

/// Faults that are planted to see that they are found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Planted {
    Nothing,
    /// An owner that lost its partition may write.
    NoFencing,
    /// Some command of the county is lost.
    LostCommand,
    /// A transaction's offsets are not written with its outputs.
    OffsetsApart,
    /// A transaction's pages are written though it is not.
    PagesApart,
    /// Some of what partitions say of who was where is lost.
    LostPresence,
}

#[derive(Default)]
struct Changelog {
    records: Vec<(u64, Vec<u8>, Option<Vec<u8>>)>,
    next: u64,
    /// Tombstones before this place may be gone, and how often some went.
    pruned: u64,
    prunings: u64,
    /// Readers do not see what lies from there on yet: the transaction's markers are on their way.
    visible: u64,
}

struct Cluster {
    dice: Dice,
    ms: i64,
    inputs: BTreeMap<Partition, (Vec<(u64, i64, Vec<u8>)>, u64)>,
    changelogs: BTreeMap<Partition, Changelog>,
    alerts: BTreeMap<Partition, Vec<Arc<AlertRow>>>,
    dead_letters: Vec<DeadLetter>,
    committed: BTreeMap<Partition, Committed>,
    /// The member that has each partition, and since which epoch.
    owners: BTreeMap<Partition, (usize, u64)>,
    /// Partitions that a member is to put down first: who has them next.
    awaited: BTreeMap<Partition, usize>,
    epoch: u64,
    mail: BTreeMap<usize, Vec<Event>>,
    fenced: u64,
    planted: Planted,
}

/// The topics, shared by the members.
#[derive(Clone)]
pub struct Topics {
    cluster: Arc<Mutex<Cluster>>,
    partitions: u16,
}

impl Topics {
    pub fn new(partitions: u16, seed: u64, planted: Planted) -> Topics {
        let all: Vec<Partition> =
            (0..partitions).map(Partition::Projects).chain([Partition::County]).collect();
        let of = |partition: &Partition| (*partition, (Vec::new(), 0));
        let cluster = Cluster {
            dice: Dice::seed_from_u64(seed ^ 0x544f_5049_4353),
            ms: 0,
            inputs: all.iter().map(of).collect(),
            changelogs: all.iter().map(|p| (*p, Changelog::default())).collect(),
            alerts: all.iter().map(|p| (*p, Vec::new())).collect(),
            dead_letters: Vec::new(),
            committed: BTreeMap::new(),
            owners: BTreeMap::new(),
            awaited: BTreeMap::new(),
            epoch: 0,
            mail: BTreeMap::new(),
            fenced: 0,
            planted,
        };
        Topics { cluster: Arc::new(Mutex::new(cluster)), partitions }
    }

    fn lock(&self) -> MutexGuard<'_, Cluster> {
        self.cluster.lock().unwrap()
    }

    pub fn all(&self) -> Vec<Partition> {
        self.lock().inputs.keys().copied().collect()
    }

    /// A door writes an entry: now and then twice, now and then to where it does not belong.
    pub fn write(&self, entry: &Entry, twice: bool, astray: bool) {
        let mut partition = Partition::of(entry, self.partitions);
        let mut cluster = self.lock();
        // Only what merges may go round about: of two that conflict the first one wins.
        if astray && matches!(entry, Entry::Record(_)) && matches!(partition, Partition::Projects(_)) {
            let all: Vec<Partition> = cluster.inputs.keys().copied().collect();
            partition = all[cluster.dice.random_range(0..all.len())];
        }
        for _ in 0..=u8::from(twice) {
            cluster.append(partition, &Message::Entry(entry.clone()));
        }
    }

    /// Gives a partition to a member at once: whoever had it has lost it, and is told when it asks.
    pub fn seize(&self, partition: Partition, member: usize) {
        let mut cluster = self.lock();
        cluster.awaited.remove(&partition);
        cluster.epoch += 1;
        let epoch = cluster.epoch;
        if let Some((before, _)) = cluster.owners.insert(partition, (member, epoch)) {
            cluster.post(before, Event::Lost(vec![partition]));
        }
        cluster.post(member, Event::Assigned(vec![partition]));
    }

    /// Asks the owner to put a partition down for another member.
    pub fn move_to(&self, partition: Partition, member: usize) {
        let mut cluster = self.lock();
        let Some((owner, _)) = cluster.owners.get(&partition).copied() else { return };
        if owner != member && !cluster.awaited.contains_key(&partition) {
            cluster.awaited.insert(partition, member);
            cluster.post(owner, Event::Revoked(vec![partition]));
        }
    }

    pub fn owner(&self, partition: Partition) -> Option<usize> {
        self.lock().owners.get(&partition).map(|(member, _)| *member)
    }

    /// What a member that died was to be told.
    pub fn forget_mail(&self, member: usize) {
        self.lock().mail.remove(&member);
    }

    /// Whether all messages are consumed and nobody waits for anything.
    pub fn is_at_rest(&self) -> bool {
        let cluster = self.lock();
        let read = |(partition, (messages, _)): (&Partition, &(Vec<(u64, i64, Vec<u8>)>, u64))| {
            let next = cluster.committed.get(partition).map_or(0, |committed| committed.next);
            messages.last().is_none_or(|(offset, _, _)| *offset < next)
        };
        cluster.awaited.is_empty()
            && cluster.mail.values().all(Vec::is_empty)
            && cluster.inputs.iter().all(read)
    }

    /// Keeps the last page of each key, all but those near the end; and may let tombstones go.
    pub fn compact(&self, partition: Partition) {
        let mut cluster = self.lock();
        let (keep, prune) = (cluster.dice.random_range(0..20), cluster.dice.random_bool(0.5));
        let Some(log) = cluster.changelogs.get_mut(&partition) else { return };
        let tail = log.records.len().saturating_sub(keep);
        let mut seen = BTreeSet::new();
        let mut kept = Vec::new();
        for (at, record) in log.records.iter().enumerate().rev() {
            let is_last = seen.insert(record.1.clone());
            let is_gone = at < tail && (!is_last || (prune && record.2.is_none()));
            if is_gone && record.2.is_none() && is_last {
                log.pruned = log.pruned.max(record.0 + 1);
                log.prunings += 1;
            }
            if !is_gone {
                kept.push(record.clone());
            }
        }
        kept.reverse();
        log.records = kept;
    }

    /// The entries that doors wrote to where they belong, the county's first, each in its partition's order.
    pub fn entries(&self) -> Vec<Entry> {
        let cluster = self.lock();
        let mut all = Vec::new();
        for (partition, (messages, _)) in cluster.inputs.iter().rev() {
            for (_, _, bytes) in messages {
                match Message::from_bytes(bytes).unwrap() {
                    Message::Entry(entry) if Partition::of(&entry, self.partitions) == *partition => {
                        all.push(entry);
                    }
                    _ => {}
                }
            }
        }
        all
    }

    /// A partition as whoever reads it from the start gets it.
    pub fn messages(&self, partition: Partition) -> Vec<Delivery> {
        let cluster = self.lock();
        let all = cluster.inputs[&partition].0.iter();
        all.map(|(offset, ms, bytes)| delivery(*offset, *ms, bytes)).collect()
    }

    /// Transactions that were refused because another member has a partition of theirs.
    pub fn fenced(&self) -> u64 {
        self.lock().fenced
    }

    /// Messages of owners to the county, and the heard things in them.
    pub fn said(&self) -> (usize, usize) {
        let cluster = self.lock();
        let county = cluster.inputs[&Partition::County].0.iter();
        let said = county.filter_map(|(_, _, bytes)| match Message::from_bytes(bytes).unwrap() {
            Message::Said(said) => Some(said.heard.len()),
            _ => None,
        });
        said.fold((0, 0), |(messages, heard), more| (messages + 1, heard + more))
    }

    /// The alerts topic as it was written: by partition, in order.
    pub fn rows(&self) -> BTreeMap<Partition, Vec<Arc<AlertRow>>> {
        self.lock().alerts.clone()
    }

    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.lock().dead_letters.clone()
    }

    pub fn member(&self, id: usize) -> Member {
        let dice = Dice::seed_from_u64(self.lock().dice.random());
        Member {
            topics: self.clone(),
            id,
            mine: BTreeMap::new(),
            reading: BTreeMap::new(),
            restarted: BTreeMap::new(),
            mishap: None,
            dice,
        }
    }
}

/// By which id the letter at that place is known.
pub fn letter_id(at: usize) -> DeadLetterId {
    DeadLetterId { position: Position(at as u64 + 1), index: 0 }
}

fn delivery(offset: u64, written_ms: i64, bytes: &[u8]) -> Delivery {
    Delivery { offset, written_ms, message: Message::from_bytes(bytes).unwrap() }
}

impl Cluster {
    fn append(&mut self, partition: Partition, message: &Message) {
        self.ms += 1;
        let (messages, next) = self.inputs.get_mut(&partition).unwrap();
        messages.push((*next, self.ms, message.to_bytes()));
        *next += 1;
    }

    fn post(&mut self, member: usize, event: Event) {
        self.mail.entry(member).or_default().push(event);
    }

    fn apply(&mut self, part: &Part) -> Published {
        let partition = part.partition;
        let mut touched = BTreeSet::new();
        for (to, message) in &part.outputs.messages {
            let is_lost = self.planted == Planted::LostCommand
                && matches!(message, Message::Command(_))
                && self.dice.random_ratio(1, 10);
            if !is_lost {
                match (self.planted, message) {
                    (Planted::LostPresence, Message::Said(said)) => {
                        let mut said = said.clone();
                        let is_heard = |tiding: &Tiding| !matches!(tiding, Tiding::Presence(_));
                        said.tidings.retain(|tiding| is_heard(tiding) || self.dice.random_ratio(9, 10));
                        self.append(*to, &Message::Said(said));
                    }
                    _ => self.append(*to, message),
                }
                touched.insert(*to);
            }
        }
        // Each partition of a transaction gets a marker, which takes a number.
        touched.into_iter().for_each(|partition| self.inputs.get_mut(&partition).unwrap().1 += 1);
        self.alerts.get_mut(&partition).unwrap().extend(part.outputs.rows.iter().cloned());
        let mut letters = Vec::new();
        for letter in &part.outputs.dead_letters {
            letters.push((letter.id.position.0 - 1, letter_id(self.dead_letters.len())));
            self.dead_letters.push(letter.clone());
        }
        if self.planted != Planted::OffsetsApart || self.dice.random_ratio(9, 10) {
            self.committed.insert(partition, part.committed);
        }
        let hides = self.dice.random_ratio(1, 4);
        let changelog = self.write_pages(part, hides);
        Published { partition, changelog: Some(changelog), letters }
    }

    fn write_pages(&mut self, part: &Part, hides: bool) -> u64 {
        let log = self.changelogs.get_mut(&part.partition).unwrap();
        let begun = log.next;
        if let Some(changes) = &part.changes {
            let removed = changes.remove.iter().map(|key| (key.clone(), None));
            let put = changes.put.iter().map(|(key, page)| (key.clone(), Some(page.clone())));
            for (key, page) in removed.chain(put) {
                log.records.push((log.next, key, page));
                log.next += 1;
            }
            log.next += 1;
        }
        log.visible = if hides { begun } else { log.next };
        log.next
    }
}

/// What one member has of the cluster.
pub struct Member {
    topics: Topics,
    id: usize,
    /// The epoch in which each of its partitions was given to it.
    mine: BTreeMap<Partition, u64>,
    reading: BTreeMap<Partition, u64>,
    /// Changelogs that it began to read at their start, and what had gone of them then.
    restarted: BTreeMap<Partition, u64>,
    pub mishap: Option<Mishap>,
    dice: Dice,
}

impl Member {
    /// Where it reads, and since when it may.
    pub fn reads(&self) -> impl std::fmt::Debug {
        (self.reading.clone(), self.mine.clone())
    }

    pub fn topics(&self) -> &Topics {
        &self.topics
    }

    fn broken() -> TransportError {
        TransportError("it died".into())
    }
}

impl Transport for Member {
    fn next(&mut self, _: Duration) -> Result<Vec<Event>, TransportError> {
        let mut cluster = self.topics.lock();
        let mut events = cluster.mail.remove(&self.id).unwrap_or_default();
        for event in &events {
            match event {
                Event::Assigned(partitions) => {
                    for partition in partitions {
                        let (member, epoch) = cluster.owners[partition];
                        if member == self.id {
                            self.mine.insert(*partition, epoch);
                        }
                        self.reading.remove(partition);
                    }
                }
                Event::Lost(partitions) => partitions.iter().for_each(|partition| {
                    self.mine.remove(partition);
                    self.reading.remove(partition);
                }),
                Event::Revoked(_) | Event::Arrived { .. } => {}
            }
        }
        for (partition, next) in &mut self.reading {
            let (messages, end) = &cluster.inputs[partition];
            if self.dice.random_bool(0.3) {
                continue;
            }
            let mut from = messages.partition_point(|(offset, _, _)| offset < next);
            if self.dice.random_ratio(1, 8) {
                // Some are delivered again.
                from = from.saturating_sub(self.dice.random_range(0..4));
            }
            let count = self.dice.random_range(1..=20usize);
            let deliveries: Vec<Delivery> = messages[from..]
                .iter()
                .take(count)
                .map(|(offset, ms, bytes)| delivery(*offset, *ms, bytes))
                .collect();
            if let Some(last) = deliveries.last() {
                *next = (last.offset + 1).max(*next);
                events.push(Event::Arrived { partition: *partition, deliveries, end: *end });
            }
        }
        Ok(events)
    }

    fn committed(&mut self, partition: Partition) -> Result<Committed, TransportError> {
        Ok(self.topics.lock().committed.get(&partition).copied().unwrap_or_default())
    }

    fn bounds(&mut self, partition: Partition) -> Result<(u64, u64), TransportError> {
        Ok((0, self.topics.lock().inputs[&partition].1))
    }

    fn changelog(
        &mut self,
        partition: Partition,
        from: Option<u64>,
        pages_max: usize,
    ) -> Result<ChangelogPart, TransportError> {
        let count = self.dice.random_range(1..=pages_max.min(40));
        let mut cluster = self.topics.lock();
        let log = cluster.changelogs.get_mut(&partition).unwrap();
        match from {
            None => {
                self.restarted.insert(partition, log.prunings);
            }
            // Whoever began at the start since then has read nothing that is gone.
            Some(from) if from < log.pruned && self.restarted.get(&partition) != Some(&log.prunings) => {
                return Ok(ChangelogPart::Gone);
            }
            Some(_) => {}
        }
        let from = from.unwrap_or(0);
        let seen = log.records.iter().filter(|(at, _, _)| *at >= from && *at < log.visible);
        let found: Vec<_> = seen.take(count).cloned().collect();
        let is_end = found.len() < count;
        let behind = if is_end { log.visible.max(from) } else { from };
        let next = found.last().map_or(behind, |(at, _, _)| if is_end { behind } else { at + 1 });
        if is_end && self.dice.random_bool(0.5) {
            log.visible = log.next;
        }
        let changes = found.into_iter().map(|(_, key, page)| (key, page)).collect();
        Ok(ChangelogPart::Pages { changes, next, is_end })
    }

    fn read_from(&mut self, partition: Partition, offset: u64) -> Result<(), TransportError> {
        if self.mine.contains_key(&partition) {
            self.reading.insert(partition, offset);
        }
        Ok(())
    }

    fn publish(&mut self, batch: &[Part]) -> Result<Vec<Published>, PublishError> {
        let mishap = self.mishap.take();
        let mut cluster = self.topics.lock();
        if mishap == Some(Mishap::DiesBefore) {
            return Err(Member::broken().into());
        }
        if mishap == Some(Mishap::Aborted) {
            if cluster.planted == Planted::PagesApart {
                batch.iter().for_each(|part| {
                    cluster.write_pages(part, false);
                });
            }
            return Err(PublishError::Aborted("for no reason".into()));
        }
        let is_mine = |part: &Part| {
            let epoch = self.mine.get(&part.partition);
            cluster.owners.get(&part.partition).is_some_and(|(id, now)| *id == self.id && Some(now) == epoch)
        };
        if !batch.iter().all(is_mine) && cluster.planted != Planted::NoFencing {
            cluster.fenced += 1;
            // It joins again, with what is still its own.
            let still: Vec<Partition> =
                cluster.owners.iter().filter(|(_, (id, _))| *id == self.id).map(|(p, _)| *p).collect();
            let lost = std::mem::take(&mut self.mine).into_keys().collect();
            self.reading.clear();
            cluster.mail.remove(&self.id);
            cluster.post(self.id, Event::Lost(lost));
            cluster.post(self.id, Event::Assigned(still.clone()));
            let asked: Vec<Partition> =
                still.into_iter().filter(|partition| cluster.awaited.contains_key(partition)).collect();
            if !asked.is_empty() {
                cluster.post(self.id, Event::Revoked(asked));
            }
            return Err(PublishError::Fenced);
        }
        let published = batch.iter().map(|part| cluster.apply(part)).collect();
        match mishap {
            Some(Mishap::DiesAfter) => Err(Member::broken().into()),
            _ => Ok(published),
        }
    }

    fn release(&mut self, partitions: &[Partition]) -> Result<(), TransportError> {
        for partition in partitions {
            let mut cluster = self.topics.lock();
            if cluster.owners.get(partition).is_none_or(|(owner, _)| *owner != self.id) {
                continue;
            }
            // If nobody waits for it any more, it was given to this member again meanwhile.
            let Some(member) = cluster.awaited.remove(partition) else { continue };
            self.mine.remove(partition);
            self.reading.remove(partition);
            cluster.epoch += 1;
            let epoch = cluster.epoch;
            cluster.owners.insert(*partition, (member, epoch));
            cluster.post(member, Event::Assigned(vec![*partition]));
        }
        Ok(())
    }
}
