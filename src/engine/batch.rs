//! The batch: records to one report, over many threads and all at once, without log, store or the
//! lives of alerts. The ledger, the county and the rules are the service's own.
//!
//! Each thread in turn decodes a chunk, leaves its records with the owners of their projects, and
//! merges what waits at owners that are free. Merging commutes, so owners take records as they
//! come; the county alone goes strictly by chunk, because of two statements that contradict each
//! other it rejects the later. Knows no file and no wire format: a [`Source`] brings those.

mod attended;
mod owner;
mod report;

pub use report::{
    AlertRow, PeriodRow, PeriodStatus, ProjectReport, RejectedRow, Report, SuspenseRow, Totals,
};

use crate::domain::{Body, Day, IdNumber, Reason, Record, Rulebook, SuspenseReason, Time, Verdict};
use crate::ledger::{Command, County, Roster, Routed};
use compact_str::CompactString;
use owner::{Owners, Parts};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where chunks come from, one after the other.
pub trait Source: Send {
    type Chunk: Send;
    type Error: Send;
    /// The next chunk; `done` may be used again.
    fn next(&mut self, done: Option<Self::Chunk>) -> Result<Option<Self::Chunk>, Self::Error>;
    /// Decodes every line of the chunk, in order; called by many threads, each with its own chunk.
    fn decode(chunk: &mut Self::Chunk, sink: &mut impl Sink) -> Extent;
}

/// Takes what a chunk's lines are; lines count from 1 within the chunk.
pub trait Sink {
    fn record(&mut self, line: u64, record: Record);
    fn rejected(&mut self, line: u64, why: RejectedLine);
    /// A swipe without its paper: nine of ten records are swipes, and a batch needs no more of
    /// them but who stated it, and when. False if it was not taken (the project is no valid one, the
    /// person bears another document): then it must come as a record, or as a rejection.
    fn swipe(&mut self, swipe: PlainSwipe<'_>) -> bool;
}

/// A swipe as it stands in its line.
#[derive(Clone, Copy)]
pub struct PlainSwipe<'a> {
    pub source: &'a str,
    pub stated_at: Time,
    pub project_id: &'a str,
    pub id_number: &'a IdNumber,
    pub swiped_at: Time,
}

/// A line that is no record.
pub struct RejectedLine {
    pub id: Option<CompactString>,
    pub reason: Reason,
}

/// What a chunk covered of its file.
pub struct Extent {
    pub file: Arc<str>,
    /// The chunk's first line is its file's first.
    pub first: bool,
    pub lines: u64,
}

/// One chunk, decoded: what the county keeps, and what was rejected.
struct Decoded {
    extent: Extent,
    lines: u64,
    county: Vec<(u64, Record)>,
    rejected: Vec<(u64, RejectedLine)>,
}

/// What goes by chunk.
#[derive(Default)]
struct InOrder {
    county: County,
    next: u64,
    waiting: BTreeMap<u64, Decoded>,
    /// Lines so far of the file of the last chunk.
    lines: u64,
    records: u64,
    rejected: Vec<RejectedRow>,
}

struct Feed<S: Source> {
    source: S,
    next: u64,
    ended: bool,
    failed: Option<S::Error>,
    spare: Vec<S::Chunk>,
}

struct Batch<'a, S: Source> {
    feed: Mutex<Feed<S>>,
    order: Mutex<InOrder>,
    owners: Owners,
    /// What no single project tells, of each thread that has read its last record.
    rosters: Mutex<Roster>,
    book: &'a Rulebook,
    records: &'a AtomicU64,
    stop: AtomicBool,
}

/// Reads the source to its end and judges all that it told, as of `today`. `records` counts lines
/// while they are read. The only error is the source's own.
pub fn run<S: Source>(
    source: S,
    today: Day,
    book: &Rulebook,
    threads: usize,
    records: &AtomicU64,
) -> Result<Report, S::Error> {
    let threads = threads.max(1);
    let feed = Feed { source, next: 0, ended: false, failed: None, spare: Vec::new() };
    let batch = Batch {
        feed: Mutex::new(feed),
        order: Mutex::default(),
        owners: Owners::new(threads * 4),
        rosters: Mutex::default(),
        book,
        records,
        stop: AtomicBool::new(false),
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| batch.work());
        }
        batch.work();
    });
    if let Some(error) = lock(&batch.feed).failed.take() {
        return Err(error);
    }
    // Every thread is back: what a thread left because another was at the owner is merged now.
    batch.owners.drain(book);
    let mut projects = batch.owners.judge(today, book, threads);
    let roster = batch.rosters.into_inner().unwrap_or_else(PoisonError::into_inner);
    projects.extend(report::county(&roster, &projects, today, book));
    let InOrder { county, records, rejected, .. } =
        batch.order.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut suspense: Vec<SuspenseRow> =
        county.suspense().map(|kept| SuspenseRow::new(kept, SuspenseReason::NoProject)).collect();
    suspense.extend(projects.iter().flat_map(|project| project.suspense.iter().cloned()));
    suspense.sort_by(|a, b| (&a.bank, &a.txn_id).cmp(&(&b.bank, &b.txn_id)));
    Ok(Report::new(today, records, projects, suspense, rejected))
}

impl<S: Source> Batch<'_, S> {
    fn work(&self) {
        let mut parts = self.owners.parts();
        while !self.stop.load(Ordering::Relaxed) {
            let Some((number, mut chunk)) = self.next() else { break };
            let decoded = self.decode(&mut chunk, &mut parts);
            lock(&self.feed).spare.push(chunk);
            self.records.fetch_add(decoded.lines, Ordering::Relaxed);
            self.keep_order(number, decoded, &mut parts);
            self.owners.merge_full(self.book);
        }
        let roster = self.owners.roster(parts);
        lock(&self.rosters).join(roster);
        self.owners.merge_all(self.book);
    }

    fn next(&self) -> Option<(u64, S::Chunk)> {
        let mut feed = lock(&self.feed);
        if feed.ended {
            return None;
        }
        let spare = feed.spare.pop();
        match feed.source.next(spare) {
            Ok(Some(chunk)) => {
                feed.next += 1;
                return Some((feed.next - 1, chunk));
            }
            Ok(None) => {}
            Err(error) => {
                feed.failed = Some(error);
                self.stop.store(true, Ordering::Relaxed);
            }
        }
        feed.ended = true;
        None
    }

    /// Decodes a chunk and leaves with each owner what is its own.
    fn decode(&self, chunk: &mut S::Chunk, parts: &mut Parts) -> Decoded {
        let mut lines =
            Lines { owners: &self.owners, parts, lines: 0, county: Vec::new(), rejected: Vec::new() };
        let extent = S::decode(chunk, &mut lines);
        let Lines { lines, county, rejected, .. } = lines;
        self.owners.leave(parts);
        Decoded { extent, lines, county, rejected }
    }

    /// Passes the chunk to the county when all before it have been there.
    fn keep_order(&self, number: u64, decoded: Decoded, parts: &mut Parts) {
        let mut order = lock(&self.order);
        order.waiting.insert(number, decoded);
        let mut commands = Vec::new();
        loop {
            let next = order.next;
            let Some(decoded) = order.waiting.remove(&next) else { break };
            order.take(decoded, &mut commands);
            order.next += 1;
        }
        // Under the lock, so that an owner gets the county's commands in their order.
        self.owners.command(parts, commands);
    }
}

/// Sorts a chunk's lines by who keeps them.
struct Lines<'a> {
    owners: &'a Owners,
    parts: &'a mut Parts,
    lines: u64,
    county: Vec<(u64, Record)>,
    rejected: Vec<(u64, RejectedLine)>,
}

impl Sink for Lines<'_> {
    fn record(&mut self, line: u64, record: Record) {
        self.lines += 1;
        match is_countys(&record) {
            true => {
                self.parts.enrol(&record);
                self.county.push((line, record));
            }
            false => self.parts.record(self.owners, record),
        }
    }

    fn rejected(&mut self, line: u64, why: RejectedLine) {
        self.lines += 1;
        self.rejected.push((line, why));
    }

    fn swipe(&mut self, swipe: PlainSwipe<'_>) -> bool {
        let taken = self.parts.swipe(self.owners, swipe);
        self.lines += u64::from(taken);
        taken
    }
}

impl InOrder {
    fn take(&mut self, decoded: Decoded, commands: &mut Vec<Command>) {
        let Decoded { extent, lines, county, mut rejected } = decoded;
        if extent.first {
            self.lines = 0;
        }
        for (line, record) in county {
            if let Routed::Done(Verdict::Rejected(reason)) = self.county.route(&record, commands) {
                rejected.push((line, RejectedLine { id: Some(record.head.id), reason }));
            }
        }
        rejected.sort_by_key(|(line, _)| *line);
        let row = |(line, why): (u64, RejectedLine)| RejectedRow {
            file: extent.file.clone(),
            line: self.lines + line,
            id: why.id,
            reason: why.reason,
        };
        self.rejected.extend(rejected.into_iter().map(row));
        self.lines += extent.lines;
        self.records += lines;
    }
}

/// Whether the county decides about the record; the others are their projects' alone.
fn is_countys(record: &Record) -> bool {
    matches!(
        record.body,
        Body::Payment(_)
            | Body::Account(_)
            | Body::AccountEntry(_)
            | Body::AccountRestraint(_)
            | Body::Complaint(_)
            | Body::BusinessSignal(_)
    )
}

// A thread that panicked takes the whole run down when the scope joins it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
