//! A thread that owns shards: applies what blocks say to them, publishes the rows that follow,
//! answers questions, and encodes one shard at a time while a round of checkpoints runs.

use super::api::Refused;
use super::bureau::Made;
use super::clerk::Paper;
use super::desk::Routing;
use super::shadow::Counts;
use super::shard::{Order, Shard};
use super::shared::Shared;
use super::storer::{Round, StoreJob};
use crate::domain::{Body, Entry, IdNumber, Position, ProjectId, Record, Verdict};
use crate::log::Block;
use crate::store::StoreError;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub(super) enum Work {
    Block(Box<Dispatch>),
    Ask(Box<dyn FnOnce(&mut [Shard]) -> Result<(), StoreError> + Send>),
    Round(Arc<Round>),
    Stop,
}

/// One block's orders for one thread.
pub(super) struct Dispatch {
    pub block: Arc<Block>,
    pub orders: Vec<Routing>,
    pub reply: Arc<Reply>,
}

/// Collects a block's verdicts from the threads; the last one to finish answers the senders.
pub(super) struct Reply {
    left: AtomicUsize,
    verdicts: Mutex<Vec<Verdict>>,
    finish: Mutex<Option<Finish>>,
}

type Finish = Box<dyn FnOnce(Result<Vec<Verdict>, Refused>) + Send>;

impl Reply {
    /// `decided`: the verdicts that are known already. What no thread tells is accepted.
    pub fn new(parts: usize, entries: usize, decided: Vec<(u32, Verdict)>, finish: Finish) -> Reply {
        let mut verdicts = vec![Verdict::Accepted; entries];
        for (entry, verdict) in decided {
            verdicts[entry as usize] = verdict;
        }
        Reply {
            left: AtomicUsize::new(parts),
            verdicts: Mutex::new(verdicts),
            finish: Mutex::new(Some(finish)),
        }
    }

    /// One thread's verdicts.
    pub fn part(&self, verdicts: Vec<(u32, Verdict)>) {
        {
            let mut all = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
            for (entry, verdict) in verdicts {
                all[entry as usize] = verdict;
            }
        }
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            let verdicts = std::mem::take(&mut *self.verdicts.lock().unwrap_or_else(PoisonError::into_inner));
            let finish = self.finish.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(finish) = finish {
                finish(Ok(verdicts));
            }
        }
    }
}

pub(super) struct Worker {
    pub index: usize,
    /// Ascending by id.
    pub shards: Vec<Shard>,
    pub work: Receiver<Work>,
    pub store: Sender<StoreJob>,
    pub clerk: Sender<Paper>,
    pub shared: Arc<Shared>,
    /// Memory that one shard's hot projects may take.
    pub shard_bytes: usize,
    /// Shards that the running rounds still want, and for which round.
    pub wanted: VecDeque<(usize, Arc<Round>)>,
    /// Blocks since a project was judged by the shadow rulebook.
    pub blocks_since_shadow: u32,
}

/// Orders whose memory is waited for together: enough to keep the processor's line buffers full.
const LOOK_AHEAD: usize = 32;
/// After so many blocks without an idle moment one project is judged by the shadow rulebook all the same.
const SHADOW_BLOCKS: u32 = 64;
/// How long an idle thread waits before it goes on with a checkpoint.
const IDLE: Duration = Duration::from_millis(20);

impl Worker {
    /// Until `Stop`, or until the engine fails.
    pub fn run(mut self) {
        if let Err(error) = self.serve() {
            self.shared.fail(&error.to_string());
        }
    }

    fn serve(&mut self) -> Result<(), StoreError> {
        loop {
            let work = if self.shadow_waits() {
                // Whatever comes goes before the shadow's projects.
                self.work.try_recv().map_err(|error| match error {
                    TryRecvError::Empty => RecvTimeoutError::Timeout,
                    TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
                })
            } else if self.wanted.is_empty() {
                self.work.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                self.work.recv_timeout(IDLE)
            };
            match work {
                Ok(Work::Block(dispatch)) => {
                    self.block(&dispatch)?;
                    self.checkpoint_one();
                    self.blocks_since_shadow += 1;
                    if self.blocks_since_shadow >= SHADOW_BLOCKS {
                        self.judge_shadow()?;
                    }
                }
                Ok(Work::Ask(question)) => {
                    question(&mut self.shards)?;
                    // Questions make cold projects hot, and there may be no block for a long time.
                    (0..self.shards.len()).for_each(|index| self.keep_limit(index));
                    self.tell();
                    // A round goes on between questions as between blocks: they may leave no idle moment.
                    self.checkpoint_one();
                }
                Ok(Work::Round(round)) => {
                    self.wanted.extend((0..self.shards.len()).map(|i| (i, round.clone())));
                    if round.at_once {
                        while self.checkpoint_one() {}
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.judge_shadow()?;
                    self.checkpoint_one();
                }
                Ok(Work::Stop) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            if self.shared.failure().is_some() {
                return Ok(());
            }
        }
    }

    fn block(&mut self, dispatch: &Dispatch) -> Result<(), StoreError> {
        let begun = Instant::now();
        let block = &dispatch.block;
        self.shared.observer.applying(block.position);
        let (mut count, mut verdicts) = (0, Vec::new());
        for (at, routing) in dispatch.orders.iter().enumerate() {
            if at % LOOK_AHEAD == 0 {
                self.look_ahead(block, &dispatch.orders[at..]);
            }
            match routing {
                Routing::Entry { shard, entry } => {
                    let order = match &block.entries[*entry as usize] {
                        Entry::Record(record) => Order::Record(record),
                        Entry::Act(act) => Order::Act(act),
                        // The desk gives nothing else to a single shard.
                        Entry::Rejected(_)
                        | Entry::Date(_)
                        | Entry::Rulebook(_)
                        | Entry::Release(_)
                        | Entry::Erased(_) => {
                            continue;
                        }
                    };
                    match self.apply(*shard, block, &order)? {
                        Some(Verdict::Accepted) => count += 1,
                        Some(other) => {
                            count += 1;
                            verdicts.push((*entry, other));
                        }
                        None => {}
                    }
                }
                Routing::County { shard, command } => {
                    self.apply(*shard, block, &Order::County(command))?;
                }
                Routing::Everyone { entry } => {
                    let order = match &block.entries[*entry as usize] {
                        Entry::Date(day) => Order::Date(*day),
                        Entry::Rulebook(book) => Order::Rulebook(book),
                        Entry::Release(release) => Order::Release(release),
                        _ => continue,
                    };
                    for shard in self.shards.iter().map(Shard::id).collect::<Vec<_>>() {
                        self.apply(shard, block, &order)?;
                    }
                }
            }
        }
        self.finish(block.position);
        let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.shared.observer.applied(count, micros);
        self.shared.observer.finished(block.position);
        dispatch.reply.part(verdicts);
        Ok(())
    }

    /// Reads what the next orders will touch. Nearly all the time of an order goes into waiting for
    /// memory: its project, its worker, his month. Read for many orders at once, they are waited for
    /// together.
    fn look_ahead(&self, block: &Block, orders: &[Routing]) {
        let mut wanted = [None; LOOK_AHEAD];
        for (place, routing) in wanted.iter_mut().zip(orders) {
            let Routing::Entry { shard, entry } = routing else { continue };
            let Entry::Record(record) = &block.entries[*entry as usize] else { continue };
            let Some((project, id)) = attendance(record) else { continue };
            let owner = self.place(*shard).map(|place| &self.shards[place]);
            *place = owner.and_then(|owner| owner.hot_ledger(project)).map(|ledger| (ledger, id));
        }
        let mut workers = [None; LOOK_AHEAD];
        for (worker, found) in workers.iter_mut().zip(wanted) {
            *worker = found.and_then(|(ledger, id)| Some((ledger, ledger.worker_ix(id)?)));
        }
        let read: usize =
            workers.into_iter().flatten().map(|(ledger, worker)| ledger.read_ahead(worker)).sum();
        std::hint::black_box(read);
    }

    /// Where the shard stands among those of this thread: they are dealt out one by one.
    fn place(&self, shard: u16) -> Option<usize> {
        let place = usize::from(shard) / self.shared.workers.len();
        self.shards.get(place).filter(|s| s.id() == shard).map(|_| place)
    }

    fn apply(&mut self, shard: u16, block: &Block, order: &Order) -> Result<Option<Verdict>, StoreError> {
        let place = self.place(shard);
        match place.map(|place| &mut self.shards[place]) {
            // At a start, a shard whose checkpoint is newer than the county's has this block already.
            Some(shard) if shard.position() >= block.position => Ok(None),
            Some(shard) => shard.apply(block.position, block.written_ms, order).map(Some),
            None => Ok(None),
        }
    }

    fn finish(&mut self, position: Position) {
        let mut made = Made::default();
        for index in 0..self.shards.len() {
            let shard = &mut self.shards[index];
            if shard.position() >= position {
                continue;
            }
            shard.finish_block(position);
            for (project, facts) in shard.take_facts() {
                self.shared.observer.project(&project, &facts);
            }
            made.remarks.extend(shard.take_remarks());
            let rows = shard.take_rows();
            if !rows.is_empty() {
                self.shared.observer.published(&rows);
                made.rows.extend(rows.iter().cloned());
                self.shared.feed.publish(shard.id(), rows);
            }
            self.keep_limit(index);
        }
        // The clerk ends only when the engine fails or after this thread.
        let _ = self.clerk.send(Paper::Made { position, made });
        self.shared.workers[self.index].applied.store(position.0, Ordering::Release);
        self.tell();
    }

    fn shadow_waits(&self) -> bool {
        self.shards.iter().any(|shard| shard.shadow_waiting() > 0)
    }

    /// One project more is judged by the shadow rulebook, if there is one and a project waits.
    fn judge_shadow(&mut self) -> Result<(), StoreError> {
        self.blocks_since_shadow = 0;
        for index in 0..self.shards.len() {
            if let Some((project, shares)) = self.shards[index].judge_shadow()? {
                let days = self.shards[index].say_shadow_days(&project);
                self.keep_limit(index);
                if let Some(days) = days {
                    self.shared.shadow_owes(1);
                    let _ = self.clerk.send(Paper::ShadowDays(days));
                }
                if let Some(shares) = shares {
                    self.shared.shadow_owes(1);
                    // The clerk ends only when the engine fails or after this thread.
                    let _ = self.clerk.send(Paper::Owed { project, shares });
                }
                self.tell();
                break;
            }
        }
        Ok(())
    }

    fn keep_limit(&mut self, index: usize) {
        let shard = &mut self.shards[index];
        let durable = self.shared.durable[usize::from(shard.id())].load(Ordering::Relaxed);
        if shard.hot_bytes() > self.shard_bytes && !shard.evict(self.shard_bytes, Position(durable)) {
            self.shared.pressure.store(true, Ordering::Relaxed);
        }
    }

    /// Encodes the next shard that a round wants. Answers whether there was one.
    fn checkpoint_one(&mut self) -> bool {
        let Some((index, round)) = self.wanted.pop_front() else { return false };
        let shard = &mut self.shards[index];
        let read = self.shared.durable[usize::from(self.shared.shards())].load(Ordering::Acquire);
        shard.keep_rows_after(Position(read));
        let job =
            StoreJob { shard: shard.id(), position: shard.position(), changes: shard.checkpoint(), round };
        // The storer ends only when the engine fails or after this thread.
        let _ = self.store.send(job);
        true
    }

    /// Shows what its shards hold.
    pub fn tell(&self) {
        let gauge = &self.shared.workers[self.index];
        let sum = |of: fn(&Shard) -> usize| self.shards.iter().map(of).sum::<usize>() as u64;
        gauge.hot_bytes.store(sum(Shard::hot_bytes), Ordering::Relaxed);
        gauge.projects.store(sum(Shard::project_count), Ordering::Relaxed);
        gauge.hot_projects.store(sum(Shard::hot_projects), Ordering::Relaxed);
        gauge.workers.store(sum(Shard::workers), Ordering::Relaxed);
        let mut counts = Counts::new();
        for one in self.shards.iter().filter_map(Shard::shadow_counts) {
            one.iter().for_each(|(what, count)| *counts.entry(*what).or_default() += count);
        }
        let waiting = self.shards.iter().map(Shard::shadow_waiting).sum();
        self.shared.tell_shadow(self.index, waiting, counts);
    }
}

/// The worker and project of a swipe or a day's statement: nearly all records are these.
fn attendance(record: &Record) -> Option<(&ProjectId, &IdNumber)> {
    match &record.body {
        Body::Swipe(swipe) => Some((&swipe.project_id, &swipe.id_number)),
        Body::WorkDay(day) => Some((&day.project_id, &day.id_number)),
        _ => None,
    }
}
