//! One instance: which partitions it has, and what it does with what comes. One thread; it waits only in
//! `receive`. Knows no topic.

use super::tenure::{Progress, Stage, Tenure};
use super::transport::{Event, Part, PublishError, Published, Transport, TransportError};
use super::{Delivery, Partition};
use crate::domain::Verdict;
use crate::engine::api::DeadLetterId;
use crate::engine::partition::Owner;
use crate::engine::shard::Equipment;
use crate::store::{Store, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Sizes and times of an instance.
#[derive(Clone, Debug)]
pub struct InstanceSettings {
    /// Partitions that projects are dealt out to; fixed when the topics are created.
    pub partitions: u16,
    /// Changed pages are written after so many messages of a partition,
    pub checkpoint_messages: usize,
    /// or after so long.
    pub checkpoint_every: Duration,
    /// What the state of one partition may take in memory.
    pub partition_bytes: usize,
}

/// Why an instance ends.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Transport(#[from] TransportError),
    #[error(
        "the copy of {partition:?} covers its topic up to offset {covered}, but the topic begins at {oldest}: what lies between is in neither; the topic's retention is shorter than the time since the changelog was written last"
    )]
    Gap { partition: Partition, covered: u64, oldest: u64 },
    #[error(
        "the changelog of {partition:?} covers its topic up to offset {covered}, but the group has committed {committed} alone: its offsets were lost or set back; set them to what the changelog covers"
    )]
    Ahead { partition: Partition, covered: u64, committed: u64 },
}

/// What became of a message, and by which id its dead letter is known, if it is one and the id was told.
#[derive(Clone, PartialEq, Debug)]
pub struct Judged {
    pub verdict: Verdict,
    pub letter: Option<DeadLetterId>,
}

impl From<Verdict> for Judged {
    fn from(verdict: Verdict) -> Judged {
        Judged { verdict, letter: None }
    }
}

/// What became of messages, by partition and offset; in the order in which they became known.
pub type Verdicts = Vec<(Partition, u64, Judged)>;

/// Where the local copy of a partition stands.
type Stores = Box<dyn FnMut(Partition) -> Result<Arc<dyn Store>, StoreError> + Send>;

pub struct Instance<T> {
    transport: T,
    pub(super) settings: InstanceSettings,
    pub(super) with: Equipment,
    stores: Stores,
    pub(super) tenures: BTreeMap<Partition, Tenure>,
    checkpointed: BTreeMap<Partition, Instant>,
    inbox: Vec<Event>,
    verdicts: Verdicts,
}

impl<T: Transport> Instance<T> {
    /// `with`: what owners are given; its store is nobody's.
    pub fn new(transport: T, settings: InstanceSettings, with: Equipment, stores: Stores) -> Instance<T> {
        Instance {
            transport,
            settings,
            with,
            stores,
            tenures: BTreeMap::new(),
            checkpointed: BTreeMap::new(),
            inbox: Vec::new(),
            verdicts: Verdicts::new(),
        }
    }

    /// Keeps a copy of a partition that is another's, so that it can be taken over quickly.
    pub fn follow(&mut self, partition: Partition) -> Result<(), ClusterError> {
        if !self.tenures.contains_key(&partition) {
            let store = (self.stores)(partition)?;
            let tenure = Tenure::following(partition, self.settings.partitions, store);
            self.tenures.insert(partition, tenure);
        }
        Ok(())
    }

    /// Hears what happened; waits at most so long, and not at all while a copy is being restored.
    pub fn receive(&mut self, wait: Duration) -> Result<(), ClusterError> {
        let is_busy = self.tenures.values().any(|tenure| tenure.stage() == Stage::Restoring);
        let events = self.transport.next(if is_busy { Duration::ZERO } else { wait })?;
        self.inbox.extend(events);
        Ok(())
    }

    /// Whether there is nothing to do before something is heard.
    pub fn is_idle(&self) -> bool {
        self.inbox.is_empty() && self.tenures.values().all(|tenure| tenure.stage() != Stage::Restoring)
    }

    /// Does what there is to do. Answers whether there may be more at once.
    pub fn work(&mut self) -> Result<bool, ClusterError> {
        let mut parts = Vec::new();
        for event in std::mem::take(&mut self.inbox) {
            match event {
                Event::Arrived { partition, deliveries, end } => {
                    // A second part of one partition goes into the next transaction.
                    if parts.iter().any(|part: &Part| part.partition == partition) {
                        self.publish(std::mem::take(&mut parts))?;
                    }
                    parts.extend(self.arrived(partition, &deliveries, end)?);
                }
                Event::Assigned(partitions) => {
                    for partition in partitions {
                        self.begin(partition)?;
                    }
                }
                Event::Lost(partitions) => {
                    parts.retain(|part| !partitions.contains(&part.partition));
                    partitions.iter().for_each(|partition| self.put_down(*partition));
                }
                Event::Revoked(partitions) => {
                    self.publish(std::mem::take(&mut parts))?;
                    // With all pages the next owner has little to do.
                    let last = partitions.iter().filter_map(|partition| {
                        let tenure = self.tenures.get_mut(partition)?;
                        tenure.part(Default::default(), true)
                    });
                    let last = last.collect();
                    self.publish(last)?;
                    partitions.iter().for_each(|partition| self.put_down(*partition));
                    self.transport.release(&partitions)?;
                }
            }
        }
        self.publish(parts)?;
        let mut more = false;
        for tenure in self.tenures.values_mut() {
            more |= tenure.restore(&mut self.transport, &self.with)?;
        }
        let serving = self.tenures.iter().filter(|(_, tenure)| tenure.stage() == Stage::Serving);
        let news = serving.filter(|(partition, _)| self.transport.has_news(**partition));
        let news: Vec<Part> = news.map(|(_, tenure)| tenure.empty_part()).collect();
        self.publish(news)?;
        Ok(more)
    }

    /// One round: hear, then work.
    pub fn step(&mut self, wait: Duration) -> Result<(), ClusterError> {
        self.receive(wait)?;
        self.work().map(|_| ())
    }

    fn arrived(
        &mut self,
        partition: Partition,
        deliveries: &[Delivery],
        end: u64,
    ) -> Result<Option<Part>, ClusterError> {
        let Some(tenure) = self.tenures.get_mut(&partition) else { return Ok(None) };
        let mut outputs = match tenure.step(deliveries, end) {
            Ok(outputs) => outputs,
            // A page that nobody had needed so far.
            Err(error) => return tenure.is_damaged(error, &mut self.transport).map(|()| None),
        };
        let verdicts = std::mem::take(&mut outputs.verdicts);
        self.verdicts
            .extend(verdicts.into_iter().map(|(offset, verdict)| (partition, offset, verdict.into())));
        let with_pages = tenure.since_checkpoint >= self.settings.checkpoint_messages
            || self.is_due(partition)
            || self.is_pressed(partition);
        let Some(tenure) = self.tenures.get_mut(&partition) else { return Ok(None) };
        Ok(tenure.part(outputs, with_pages))
    }

    fn is_due(&self, partition: Partition) -> bool {
        let last = self.checkpointed.get(&partition);
        last.is_some_and(|last| last.elapsed() >= self.settings.checkpoint_every)
    }

    pub(super) fn is_pressed(&mut self, partition: Partition) -> bool {
        let limit = self.settings.partition_bytes;
        self.tenures.get_mut(&partition).is_some_and(|tenure| tenure.is_pressed(limit))
    }

    /// Writes the changed pages of every partition that it serves, now.
    pub fn checkpoint(&mut self) -> Result<(), ClusterError> {
        let parts = self.tenures.values_mut().filter_map(|tenure| tenure.part(Default::default(), true));
        let parts = parts.collect();
        self.publish(parts)
    }

    fn publish(&mut self, parts: Vec<Part>) -> Result<(), ClusterError> {
        if parts.is_empty() {
            return Ok(());
        }
        match self.transport.publish(&parts) {
            Ok(published) => {
                self.lettered(&published);
                for part in parts {
                    let partition = part.partition;
                    let changelog = published.iter().find(|one| one.partition == partition);
                    if part.changes.is_some() {
                        self.checkpointed.insert(partition, Instant::now());
                    }
                    if let Some(tenure) = self.tenures.get_mut(&partition) {
                        tenure.published(part, changelog.and_then(|one| one.changelog))?;
                    }
                }
                Ok(())
            }
            Err(PublishError::Fenced) => {
                tracing::warn!("fenced: another instance owns what this one was writing for");
                let owned = self.tenures.iter().filter(|(_, tenure)| tenure.stage() != Stage::Following);
                let owned: Vec<Partition> = owned.map(|(partition, _)| *partition).collect();
                owned.into_iter().for_each(|partition| self.put_down(partition));
                Ok(())
            }
            Err(PublishError::Aborted(why)) => {
                tracing::warn!(why, "a transaction was aborted: beginning again from what is committed");
                parts.iter().try_for_each(|part| self.begin(part.partition))
            }
            Err(PublishError::Broken(error)) => Err(error.into()),
        }
    }

    /// Senders of what is kept as letters are told by which ids.
    fn lettered(&mut self, published: &[Published]) {
        let letters = published
            .iter()
            .flat_map(|one| one.letters.iter().map(|(offset, letter)| ((one.partition, *offset), *letter)));
        let letters: BTreeMap<(Partition, u64), DeadLetterId> = letters.collect();
        if letters.is_empty() {
            return;
        }
        for (partition, offset, judged) in &mut self.verdicts {
            if matches!(judged.verdict, Verdict::Rejected(_)) {
                judged.letter = letters.get(&(*partition, *offset)).copied().or(judged.letter);
            }
        }
    }

    fn begin(&mut self, partition: Partition) -> Result<(), ClusterError> {
        self.put_down(partition);
        self.follow(partition)?;
        self.checkpointed.insert(partition, Instant::now());
        match self.tenures.get_mut(&partition) {
            Some(tenure) => tenure.begin(&mut self.transport),
            None => Ok(()),
        }
    }

    fn put_down(&mut self, partition: Partition) {
        self.tenures.remove(&partition);
        self.checkpointed.remove(&partition);
        self.verdicts.retain(|(of, _, _)| *of != partition);
        self.inbox.retain(|event| !matches!(event, Event::Arrived { partition: of, .. } if *of == partition));
    }

    /// Asks the owner of a partition; `None`: it is not served here, or not yet.
    pub fn ask<A>(
        &mut self,
        partition: Partition,
        question: impl FnOnce(&mut Owner) -> Result<A, StoreError>,
    ) -> Result<Option<A>, ClusterError> {
        let tenure = self.tenures.get_mut(&partition).filter(|tenure| tenure.stage() == Stage::Serving);
        let Some(tenure) = tenure else { return Ok(None) };
        let Some(owner) = tenure.owner_mut() else { return Ok(None) };
        match question(owner) {
            Ok(answer) => Ok(Some(answer)),
            Err(error) => tenure.is_damaged(error, &mut self.transport).map(|()| None),
        }
    }

    /// What is known of messages that are written, since the last call.
    pub fn take_verdicts(&mut self) -> Verdicts {
        std::mem::take(&mut self.verdicts)
    }

    /// How far each partition is.
    pub fn progress(&self) -> BTreeMap<Partition, Progress> {
        self.tenures.iter().map(|(partition, tenure)| (*partition, tenure.progress())).collect()
    }

    /// Whether it serves all that it was given: what `/readyz` asks.
    pub fn is_ready(&self) -> bool {
        let is_settled = |tenure: &Tenure| matches!(tenure.stage(), Stage::Serving | Stage::Following);
        self.tenures.values().all(is_settled)
    }

    /// Partitions that projects are dealt out to.
    pub fn partitions(&self) -> u16 {
        self.settings.partitions
    }

    /// The owner of a partition that is served here.
    pub fn owner_mut(&mut self, partition: Partition) -> Option<&mut Owner> {
        let tenure = self.tenures.get_mut(&partition).filter(|tenure| tenure.stage() == Stage::Serving)?;
        tenure.owner_mut()
    }

    pub fn transport_mut(&mut self) -> &mut T {
        &mut self.transport
    }
}
