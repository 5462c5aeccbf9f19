//! What follows from batches whose callers' calls are followed: the block that they became part of, what threads made of
//! it, and the alert rows that came of it, so that whoever delivers a row goes on with the trace that caused it. Costs one
//! look at a counter while nobody is followed.

use super::taken::Touched;
use super::{Kind, Open, Telemetry};
use crate::domain::{AlertRow, Entry, Position, ProjectId, TraceMark};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Blocks and rows that are remembered; older ones are delivered without a trace.
const BLOCKS: usize = 1024;
const ROWS: usize = 8192;

/// What is remembered.
#[derive(Default)]
pub(super) struct Followed {
    /// Whether anything was ever followed.
    is_any: AtomicBool,
    blocks: Mutex<VecDeque<(Position, Arc<Batch>)>>,
    rows: Mutex<Rows>,
}

/// One batch within a block.
struct Batch {
    /// Of its commit.
    mark: TraceMark,
    /// Those that its records name; a row of another is not its doing. `None`: it may be of any.
    projects: Option<HashSet<ProjectId>>,
}

#[derive(Default)]
struct Rows {
    marks: HashMap<(u16, u64), TraceMark>,
    order: VecDeque<(u16, u64)>,
}

/// A thread's work on a block, for one batch.
struct Applying {
    span: Open,
    batch: Arc<Batch>,
    rows: u64,
}

thread_local! {
    static APPLYING: RefCell<Vec<Applying>> = const { RefCell::new(Vec::new()) };
}

fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Followed {
    fn batches(&self, position: Position) -> Vec<Arc<Batch>> {
        let blocks = locked(&self.blocks);
        blocks.iter().filter(|(at, _)| *at == position).map(|(_, batch)| batch.clone()).collect()
    }

    fn keep(&self, row: &AlertRow, mark: TraceMark) {
        let mut rows = locked(&self.rows);
        let key = (row.shard, row.seq);
        if rows.marks.insert(key, mark).is_none() {
            rows.order.push_back(key);
        }
        if rows.order.len() > ROWS
            && let Some(oldest) = rows.order.pop_front()
        {
            rows.marks.remove(&oldest);
        }
    }
}

impl Batch {
    fn caused(&self, row: &AlertRow) -> bool {
        let project = row.project_id();
        self.projects.as_ref().is_none_or(|named| project.is_county() || named.contains(project))
    }
}

impl Telemetry {
    fn followed(&self) -> Option<&Followed> {
        let followed = &self.0.as_ref()?.followed;
        followed.is_any.load(Ordering::Acquire).then_some(followed)
    }

    /// A followed batch is durable, as a part of the block.
    pub fn committed(
        &self,
        position: Position,
        mark: TraceMark,
        entries: &[Entry],
        between: (SystemTime, SystemTime),
    ) {
        let Some(inner) = &self.0 else { return };
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let counts =
            [("wagewatch.block", count(position.0)), ("wagewatch.records", count(entries.len() as u64))];
        let Some(mark) = self.past("log.commit", mark, between, &counts) else { return };
        let batch = Arc::new(Batch { mark, projects: projects(entries) });
        let mut blocks = locked(&inner.followed.blocks);
        blocks.push_back((position, batch));
        if blocks.len() > BLOCKS {
            blocks.pop_front();
        }
        inner.followed.is_any.store(true, Ordering::Release);
    }

    /// This thread begins with a block.
    pub fn applying(&self, position: Position) {
        let Some(followed) = self.followed() else { return };
        let batches = followed.batches(position);
        if batches.is_empty() {
            return;
        }
        let begun = batches.into_iter().filter_map(|batch| {
            let span = self.begin("engine.apply", Kind::Internal, Some(batch.mark))?;
            Some(Applying { span, batch, rows: 0 })
        });
        let begun: Vec<Applying> = begun.collect();
        APPLYING.with_borrow_mut(|applying| *applying = begun);
    }

    /// Rows that came of the block that this thread is at.
    pub fn published(&self, rows: &[Arc<AlertRow>]) {
        let Some(followed) = self.followed() else { return };
        APPLYING.with_borrow_mut(|all| {
            for applying in all {
                let caused: Vec<&Arc<AlertRow>> =
                    rows.iter().filter(|row| applying.batch.caused(row)).collect();
                let Some(mut span) = (!caused.is_empty())
                    .then(|| self.begin("alerts.rows", Kind::Internal, applying.span.mark()))
                    .flatten()
                else {
                    continue;
                };
                span.count("wagewatch.rows", caused.len() as u64);
                applying.rows += caused.len() as u64;
                if let Some(mark) = span.mark() {
                    caused.into_iter().for_each(|row| followed.keep(row, mark));
                }
            }
        });
    }

    /// This thread is done with its block.
    pub fn applied(&self) {
        if self.followed().is_none() {
            return;
        }
        for mut applying in APPLYING.take() {
            applying.span.count("wagewatch.rows", applying.rows);
        }
    }

    /// A row came with what caused it: another instance's trace, or this one's.
    pub fn caused(&self, row: &AlertRow, mark: TraceMark) {
        let Some(inner) = &self.0 else { return };
        inner.followed.keep(row, mark);
        inner.followed.is_any.store(true, Ordering::Release);
    }

    /// What caused a row, as far as it was followed and is remembered.
    pub fn cause(&self, shard: u16, seq: u64) -> Option<TraceMark> {
        locked(&self.followed()?.rows).marks.get(&(shard, seq)).copied()
    }
}

/// The projects that a batch names; `None` where a record of it may touch others.
fn projects(entries: &[Entry]) -> Option<HashSet<ProjectId>> {
    let mut named = HashSet::new();
    for entry in entries {
        match Touched::by(entry) {
            Touched::One(project) => {
                named.insert(project.clone());
            }
            Touched::Any => return None,
            Touched::None => {}
        }
    }
    Some(named)
}
