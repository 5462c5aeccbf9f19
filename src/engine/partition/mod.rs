//! The engine where its input is partitions of topics and its projects live on many machines. For each
//! partition there is one owner, a step on values: messages in, outputs out. Knows no Kafka, no thread, no
//! clock; who owns what, and how outputs are written, is the business of [`super::cluster`].
//!
//! **Two kinds of owners.** [`ProjectsOwner`] owns a partition of projects: a shard, fed with its records and
//! with what the county tells it. [`CountyOwner`] owns the one partition of what belongs to no single project:
//! it places payments and accounts, asks dates and rulebooks of everyone, and judges employers, feeds and
//! complaints from what the partitions of projects say.
//!
//! **A state is a function of one partition's messages.** Owners read nothing but their own partition, each
//! message is done before the next, and no cut into batches shows in what follows: neither in pages, nor in
//! rows and their numbers. How the partitions' messages came to stand between each other is decided where they
//! were appended, once, and every later owner reads the same.
//!
//! **Each output once.** What follows from messages is written in one transaction with the offset behind
//! them. So an offset that is committed says: whatever follows from messages before it is written, and
//! nothing that follows from those behind it is. An owner that takes a partition over may start from any
//! state that some owner had at an earlier offset (its local copy, the changelog, nothing at all); it steps
//! to the committed offset and lets the outputs of those steps go, which somebody has written; from there on it
//! writes its own. The state it comes to is the one that the owner before had there, so rows go on
//! with the same numbers. Copies are written after their transaction, never before: a copy that is ahead of the committed
//! offset would have swallowed outputs that nobody wrote, and is not opened.
//!
//! **What is written besides.** [`super::ledger`](crate::ledger)'s `Hearsay` is not kept: an owner that starts
//! may say again what it said before. It says it about facts that merge, so hearing it twice changes nothing.
//!
//! **The picture of a day.** The county asks one thing of everyone at a time: a date (day by day, however far
//! the clock jumps) or a rulebook. Its own turn comes when every partition has said that it has followed; what
//! a partition says of the time after, while another is still before it, is held until then. So the
//! county judges a day by all that every partition had when it turned, as one machine does, and a
//! partition that is late delays the county's own alerts, never the projects'. A record that was
//! acknowledged before a date was asked for stands before that date in every partition it reaches: its own, or, by way of the
//! county, that of its project, for what the county says to one partition stays in order. Only between partitions
//! is there no order within a day: the county may for a moment see a payment taken from one project and not
//! yet given to another.

mod county;
mod message;
mod orders;
mod projects;
mod shadow;

pub use county::CountyOwner;
pub use message::{Everyone, Message, Said, Turn};
pub use projects::ProjectsOwner;
pub use shadow::{Mark, SharesSaid};

use super::api::{DeadContent, DeadLetter, DeadLetterId, ProjectFacts};
use super::desk::shard_of;
use super::keys;
use super::shadow::Counts;
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{AlertRow, Body, Day, Doubts, Entry, Position, ProjectId, Reason, Record, Verdict};
use crate::store::{Changes, Store, StoreError};
use std::sync::Arc;

/// Which partition: that of the county, or one of those that projects are dealt out to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Partition {
    Projects(u16),
    County,
}

impl Partition {
    /// Where an entry is to be written; `partitions`: how many there are of projects.
    pub fn of(entry: &Entry, partitions: u16) -> Partition {
        match entry {
            Entry::Record(record) => Partition::of_record(record, partitions),
            Entry::Act(act) if !act.project_id.is_county() => {
                Partition::of_project(&act.project_id, partitions)
            }
            Entry::Act(_)
            | Entry::Rejected(_)
            | Entry::Date(_)
            | Entry::Rulebook(_)
            | Entry::Release(_)
            | Entry::Erased(_) => Partition::County,
        }
    }

    /// The partition in which that project lives.
    pub fn of_project(project: &ProjectId, partitions: u16) -> Partition {
        Partition::Projects(shard_of(project, partitions))
    }

    /// 0 = the county's; of projects the number behind theirs.
    pub(super) fn write(self, w: &mut Writer) {
        w.u32(match self {
            Partition::County => 0,
            Partition::Projects(id) => u32::from(id) + 1,
        });
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Partition, Corrupt> {
        let number = r.u32()?;
        let id = number.checked_sub(1).map(u16::try_from).transpose().map_err(|_| Corrupt("a partition"))?;
        Ok(id.map_or(Partition::County, Partition::Projects))
    }

    fn of_record(record: &Record, partitions: u16) -> Partition {
        match &record.body {
            Body::Payment(_)
            | Body::Account(_)
            | Body::AccountEntry(_)
            | Body::AccountRestraint(_)
            | Body::Complaint(_)
            | Body::BusinessSignal(_) => Partition::County,
            body => body
                .project_id()
                .map_or(Partition::County, |project| Partition::of_project(project, partitions)),
        }
    }
}

/// A message with its place in its partition.
#[derive(Clone, PartialEq, Debug)]
pub struct Delivery {
    /// Ascending, not without gaps: markers of transactions take numbers too.
    pub offset: u64,
    /// Unix milliseconds at which it was written, as the topic keeps them: a replay reads the same.
    pub written_ms: i64,
    pub message: Message,
}

impl Delivery {
    /// What it covers: the offset behind it.
    fn position(&self) -> Position {
        Position(self.offset + 1)
    }
}

/// What follows from a step.
#[derive(Default, Debug)]
pub struct Outputs {
    /// By offset; of messages that have a sender.
    pub verdicts: Vec<(u64, Verdict)>,
    /// In the order of their numbers.
    pub rows: Vec<Arc<AlertRow>>,
    /// In order for each partition.
    pub messages: Vec<(Partition, Message)>,
    /// Their block is the offset behind the message.
    pub dead_letters: Vec<DeadLetter>,
    /// What `project` records say that is new; to be known before the rows.
    pub facts: Vec<(ProjectId, ProjectFacts)>,
    /// Of the county: the date that holds from here on,
    pub today: Option<Day>,
    /// and the projects that depend on feeds that are silent, if others than before.
    pub doubts: Option<Doubts>,
}

impl Outputs {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        let Outputs { verdicts: _, rows, messages, dead_letters, facts, today, doubts } = self;
        let is_quiet = today.is_none() && doubts.is_none() && facts.is_empty();
        is_quiet && rows.is_empty() && messages.is_empty() && dead_letters.is_empty()
    }

    fn reject(&mut self, delivery: &Delivery, reason: Reason, content: DeadContent) {
        let id = DeadLetterId { position: delivery.position(), index: 0 };
        self.verdicts.push((delivery.offset, Verdict::Rejected(reason.clone())));
        self.dead_letters.push(DeadLetter { id, written_ms: delivery.written_ms, reason, content });
    }
}

/// The owner of either kind.
pub enum Owner {
    Projects(Box<ProjectsOwner>),
    County(Box<CountyOwner>),
}

impl Owner {
    /// As the store has it. A store is of one partition alone, and of no other number of partitions.
    pub fn open(
        partition: Partition,
        partitions: u16,
        with: super::shard::Equipment,
    ) -> Result<Owner, StoreError> {
        Ok(match partition {
            Partition::Projects(id) => Owner::Projects(Box::new(ProjectsOwner::open(id, partitions, with)?)),
            Partition::County => Owner::County(Box::new(CountyOwner::open(partitions, with)?)),
        })
    }

    /// The offset that it reads next.
    pub fn next(&self) -> u64 {
        match self {
            Owner::Projects(owner) => owner.next(),
            Owner::County(owner) => owner.next(),
        }
    }

    /// Takes the messages, in ascending order; those below [`Owner::next`] are known and left out.
    pub fn step(&mut self, deliveries: &[Delivery]) -> Result<Outputs, StoreError> {
        match self {
            Owner::Projects(owner) => owner.step(deliveries),
            Owner::County(owner) => owner.step(deliveries),
        }
    }

    /// What waits for the shadow rulebook's judgement, and what stands by it; `None` without one.
    pub fn shadow(&self) -> Option<(u64, &Counts)> {
        match self {
            Owner::Projects(owner) => {
                let shard = owner.shard();
                shard.shadow_counts().map(|counts| (shard.shadow_waiting() as u64, counts))
            }
            Owner::County(owner) => owner.shadow(),
        }
    }

    /// Whether there is something that could be judged by the shadow rulebook now.
    pub fn shadow_waits(&self) -> bool {
        match self {
            Owner::Projects(owner) => owner.shard().shadow_waiting() > 0,
            Owner::County(owner) => owner.shadow_waits(),
        }
    }

    /// Judges one project more, or the county, by the shadow rulebook, from what is known so far. No output and no page follows:
    /// an owner that comes after this one judges anew.
    pub fn judge_shadow(&mut self) -> Result<(), StoreError> {
        match self {
            Owner::Projects(owner) => owner.judge_shadow(),
            Owner::County(owner) => {
                owner.judge_shadow();
                Ok(())
            }
        }
    }

    /// The pages that changed since the last call. `None` if nothing did.
    pub fn checkpoint(&mut self) -> Option<Changes> {
        match self {
            Owner::Projects(owner) => owner.checkpoint(),
            Owner::County(owner) => owner.checkpoint(),
        }
    }

    /// Lets what is cold leave memory until about `limit_bytes` are used. Every checkpoint so far
    /// must be in the store. Answers whether it was enough; if not, a checkpoint is needed first.
    pub fn evict(&mut self, limit_bytes: usize) -> bool {
        match self {
            Owner::Projects(owner) => owner.evict(limit_bytes),
            Owner::County(owner) => owner.evict(limit_bytes),
        }
    }
}

/// The offset that a copy's owner would read next; 0 of an empty one.
pub fn covered(store: &dyn Store, partition: Partition, partitions: u16) -> Result<u64, StoreError> {
    let shard = match partition {
        Partition::Projects(id) => id,
        // The number behind the last shard's.
        Partition::County => partitions,
    };
    let meta = store.get(&keys::shard_meta(shard))?;
    let meta = meta.map(|bytes| super::pages::read_meta(&bytes)).transpose().map_err(damaged)?;
    Ok(meta.map_or(0, |meta| meta.position.0))
}

/// Up to where a local copy has its changelog; `None` of one that has nothing.
pub fn copied(store: &dyn Store) -> Result<Option<u64>, StoreError> {
    let bytes = store.get(keys::CHANGELOG)?;
    let read = |bytes: Vec<u8>| {
        let mut r = Reader::new(&bytes);
        let offset = r.varint()?;
        r.end().map(|()| offset)
    };
    bytes.map(read).transpose().map_err(damaged)
}

/// Notes in a local copy's next write up to where it has its changelog then.
pub fn note_copied(changes: &mut Changes, offset: u64) {
    let mut w = Writer::new();
    w.varint(offset);
    changes.put.push((keys::CHANGELOG.to_vec(), w.bytes));
}

fn damaged(corrupt: Corrupt) -> StoreError {
    StoreError::Damaged(corrupt.to_string())
}
