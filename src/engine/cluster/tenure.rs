//! The time that one partition spends with an instance. Decides nothing about other partitions.

use super::transport::{ChangelogPart, Committed, Part, Transport};
use super::{ClusterError, Delivery, Partition};
use crate::engine::partition::{Outputs, Owner, copied, covered, note_copied};
use crate::engine::shard::Equipment;
use crate::store::{Changes, Store, StoreError};
use std::sync::Arc;

/// Where a partition is in its life here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// It is another's; a copy is kept here.
    Following,
    Restoring,
    CatchingUp,
    Serving,
}

/// How far a partition is, for metrics and readiness.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    pub stage: Stage,
    /// Pages of the changelog that were read since it was assigned.
    pub restored_pages: u64,
    /// The offset that its owner reads next, what is committed, and the end of the topic as it was known last.
    pub next: u64,
    pub committed: u64,
    pub end: u64,
    /// The offset up to which the changelog covers it.
    pub covered: u64,
}

pub(super) struct Tenure {
    partition: Partition,
    partitions: u16,
    store: Arc<dyn Store>,
    state: State,
    pub committed: Committed,
    restored_pages: u64,
    pub end: u64,
    /// Messages since pages were last written.
    pub since_checkpoint: usize,
    /// How often what was restored turned out to be damaged: after the first time the changelog is read from
    /// its start, after the second the topic alone is believed.
    damages: u8,
}

enum State {
    Following,
    Restoring,
    Running(Owner),
}

/// Pages of a changelog that are read at once, between other work.
const PAGES_MAX: usize = 1000;

impl Tenure {
    /// A partition whose copy is kept up to date, for another time.
    pub fn following(partition: Partition, partitions: u16, store: Arc<dyn Store>) -> Tenure {
        Tenure {
            partition,
            partitions,
            store,
            state: State::Following,
            committed: Committed::default(),
            restored_pages: 0,
            end: 0,
            since_checkpoint: 0,
            damages: 0,
        }
    }

    /// It is ours now: whatever it was before, it begins anew from what is committed.
    pub fn begin(&mut self, transport: &mut dyn Transport) -> Result<(), ClusterError> {
        self.committed = transport.committed(self.partition)?;
        self.end = transport.bounds(self.partition)?.1;
        self.state = State::Restoring;
        self.restored_pages = 0;
        self.since_checkpoint = 0;
        // A copy is written behind its transaction. One that is ahead is of another life of the topics.
        if covered(&*self.store, self.partition, self.partitions).is_ok_and(|copy| copy > self.committed.next)
        {
            self.store.clear()?;
        }
        Ok(())
    }

    /// Goes on restoring or following. Answers whether there may be more to do at once.
    pub fn restore(&mut self, transport: &mut dyn Transport, with: &Equipment) -> Result<bool, ClusterError> {
        match self.state {
            State::Running(_) => return Ok(false),
            State::Restoring if self.damages > 1 => {}
            State::Restoring | State::Following => {
                let is_end = self.copy_on(transport)?;
                let is_whole = self.covers()? >= self.committed.covered;
                if !is_end || matches!(self.state, State::Following) {
                    return Ok(!is_end);
                }
                if !is_whole {
                    // The last owner's pages are written and cannot be read yet.
                    return Ok(false);
                }
            }
        }
        self.open(transport, with)
    }

    /// A page is another version's, or nobody's: what it was made of is still there. Any other error is handed back.
    pub fn is_damaged(
        &mut self,
        error: StoreError,
        transport: &mut dyn Transport,
    ) -> Result<(), ClusterError> {
        let StoreError::Damaged(what) = &error else { return Err(error.into()) };
        if self.damages > 1 {
            return Err(error.into());
        }
        self.damages += 1;
        let from = if self.damages == 1 { "its changelog" } else { "its topic, from the start" };
        tracing::error!(partition = ?self.partition, what, from, "the copy is damaged: rebuilding it");
        self.store.clear()?;
        self.begin(transport)
    }

    fn covers(&mut self) -> Result<u64, ClusterError> {
        match covered(&*self.store, self.partition, self.partitions) {
            // It will be found out when it is opened.
            Err(StoreError::Damaged(_)) => Ok(u64::MAX),
            other => Ok(other?),
        }
    }

    /// Brings the copy on by a part of the changelog. Answers whether that was its end.
    fn copy_on(&mut self, transport: &mut dyn Transport) -> Result<bool, ClusterError> {
        let from = match copied(&*self.store) {
            Err(StoreError::Damaged(_)) => None,
            other => other?,
        };
        if from.is_none() {
            // Whatever lies there is of no changelog.
            self.store.clear()?;
        }
        match transport.changelog(self.partition, from, PAGES_MAX)? {
            ChangelogPart::Gone => {
                self.store.clear()?;
                Ok(false)
            }
            ChangelogPart::Pages { changes: pages, next, is_end } => {
                self.restored_pages += pages.len() as u64;
                if from != Some(next) {
                    self.store.write(folded(pages, next))?;
                }
                Ok(is_end)
            }
        }
    }

    /// The copy is whole: the owner begins.
    fn open(&mut self, transport: &mut dyn Transport, with: &Equipment) -> Result<bool, ClusterError> {
        let with = Equipment { store: self.store.clone(), ..with.clone() };
        let owner = match Owner::open(self.partition, self.partitions, with) {
            Ok(owner) => owner,
            Err(error) => return self.is_damaged(error, transport).map(|()| true),
        };
        if owner.next() > self.committed.next {
            let (covered, committed) = (owner.next(), self.committed.next);
            return Err(ClusterError::Ahead { partition: self.partition, covered, committed });
        }
        let (oldest, end) = transport.bounds(self.partition)?;
        if owner.next() < oldest {
            return Err(ClusterError::Gap { partition: self.partition, covered: owner.next(), oldest });
        }
        self.end = end;
        transport.read_from(self.partition, owner.next())?;
        self.state = State::Running(owner);
        Ok(false)
    }

    /// Takes messages. What was written by the owner before is let go.
    pub fn step(&mut self, deliveries: &[Delivery], end: u64) -> Result<Outputs, StoreError> {
        self.end = end;
        let State::Running(owner) = &mut self.state else { return Ok(Outputs::default()) };
        let written = deliveries.partition_point(|delivery| delivery.offset < self.committed.next);
        let (before, new) = deliveries.split_at(written);
        owner.step(before)?;
        self.since_checkpoint += deliveries.len();
        owner.step(new)
    }

    /// Its part of a transaction; with the changed pages if they are wanted.
    pub fn part(&mut self, outputs: Outputs, with_pages: bool) -> Option<Part> {
        let State::Running(owner) = &mut self.state else { return None };
        // Pages that are older than the changelog's would undo those.
        let with_pages = with_pages && owner.next() >= self.committed.covered;
        let changes = if with_pages { owner.checkpoint() } else { None };
        let next = owner.next().max(self.committed.next);
        let covered = if changes.is_some() { owner.next() } else { self.committed.covered };
        let committed = Committed { next, covered };
        if outputs.is_empty() && changes.is_none() && committed == self.committed {
            return None;
        }
        Some(Part { partition: self.partition, committed, outputs, changes })
    }

    /// A part that adds nothing: its owner has something to say of himself.
    pub fn empty_part(&self) -> Part {
        let (partition, committed) = (self.partition, self.committed);
        Part { partition, committed, outputs: Outputs::default(), changes: None }
    }

    /// Its part is written: so are its pages now in the local copy, whose changelog reaches up to `changelog`.
    pub fn published(&mut self, part: Part, changelog: Option<u64>) -> Result<(), StoreError> {
        self.committed = part.committed;
        if let Some(mut changes) = part.changes {
            if let Some(offset) = changelog {
                note_copied(&mut changes, offset);
            }
            self.store.write(changes)?;
            self.since_checkpoint = 0;
        }
        Ok(())
    }

    /// Keeps its memory within the limit. Answers whether that needs a checkpoint.
    pub fn is_pressed(&mut self, limit_bytes: usize) -> bool {
        match &mut self.state {
            State::Running(owner) => !owner.evict(limit_bytes),
            _ => false,
        }
    }

    pub fn stage(&self) -> Stage {
        match &self.state {
            State::Following => Stage::Following,
            State::Restoring => Stage::Restoring,
            State::Running(owner) if owner.next() < self.committed.next => Stage::CatchingUp,
            State::Running(_) => Stage::Serving,
        }
    }

    pub fn progress(&self) -> Progress {
        let next = self.owner().map_or(0, Owner::next);
        let (restored_pages, committed) = (self.restored_pages, self.committed.next);
        Progress {
            stage: self.stage(),
            restored_pages,
            next,
            committed,
            end: self.end,
            covered: self.committed.covered,
        }
    }

    pub fn owner(&self) -> Option<&Owner> {
        match &self.state {
            State::Running(owner) => Some(owner),
            _ => None,
        }
    }

    pub fn owner_mut(&mut self) -> Option<&mut Owner> {
        match &mut self.state {
            State::Running(owner) => Some(owner),
            _ => None,
        }
    }
}

/// A part of a changelog as changes of a copy: the last word on each key.
fn folded(pages: Vec<(Vec<u8>, Option<Vec<u8>>)>, next: u64) -> Changes {
    let last: std::collections::BTreeMap<Vec<u8>, Option<Vec<u8>>> = pages.into_iter().collect();
    let mut changes = Changes::default();
    for (key, page) in last {
        match page {
            Some(page) => changes.put.push((key, page)),
            None => changes.remove.push(key),
        }
    }
    note_copied(&mut changes, next);
    changes
}
