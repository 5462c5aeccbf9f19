//! The thread that writes checkpoints to the store, in the order in which they were encoded.
//! A round is one pass over all shards; the county as it was when the round began is written
//! last, so that what replays from there finds every shard at that position or a later one.

use super::committer::Job;
use super::desk::DeskImage;
use super::shared::{Shared, now_ms};
use crate::domain::Position;
use crate::store::{Changes, Store, StoreError};
use crossbeam_channel::{Receiver, Sender};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// One pass of checkpoints over all shards.
pub(super) struct Round {
    /// The county's position when it began: what the store covers when it is done.
    pub position: Position,
    pub county: Mutex<Option<DeskImage>>,
    pub left: AtomicUsize,
    /// Encode every shard without waiting for idle moments (at the end of the process).
    pub at_once: bool,
}

pub(super) struct StoreJob {
    pub shard: u16,
    pub position: Position,
    pub changes: Option<Changes>,
    pub round: Arc<Round>,
}

pub(super) struct Storer {
    pub store: Arc<dyn Store>,
    pub jobs: Receiver<StoreJob>,
    pub committer: Sender<Job>,
    pub shared: Arc<Shared>,
}

impl Storer {
    /// Until every worker has ended, or until the engine fails.
    pub fn run(self) {
        while let Ok(job) = self.jobs.recv() {
            if let Err(error) = self.write(job) {
                self.shared.fail(&error.to_string());
                return;
            }
        }
    }

    fn write(&self, job: StoreJob) -> Result<(), StoreError> {
        if let Some(changes) = job.changes {
            self.put(changes)?;
        }
        self.shared.durable[usize::from(job.shard)].store(job.position.0, Ordering::Release);
        if job.round.left.fetch_sub(1, Ordering::AcqRel) > 1 {
            return Ok(());
        }
        let county = job.round.county.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(image) = county {
            self.put(image.changes())?;
        }
        self.shared.covered.store(job.round.position.0, Ordering::Release);
        self.shared.checkpoint_ms.store(now_ms(), Ordering::Relaxed);
        // The committer outlives this thread unless the engine fails.
        let _ = self.committer.send(Job::Covered(job.round.position));
        Ok(())
    }

    fn put(&self, changes: Changes) -> Result<(), StoreError> {
        let begun = Instant::now();
        let (pages, bytes) = (changes.put.len(), changes.put.iter().map(|(_, v)| v.len()).sum());
        self.store.write(changes)?;
        let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.shared.observer.checkpointed(pages, bytes, micros);
        Ok(())
    }
}
