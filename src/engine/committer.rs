//! The thread that makes entries durable: whatever has come becomes one block, one sync; then the
//! desk opens it and the shards' threads get their orders. It also begins the rounds of checkpoints.

use super::api::{DeadLetterId, Letters, Marked, PlacedDone, Refused, Settings, weight};
use super::clerk::Paper;
use super::desk::Desk;
use super::dispatch::{NotSent, Threads};
use super::shared::{Shared, now_ms};
use super::storer::Round;
use super::worker::Work;
use crate::domain::{
    Day, Door, Entry, Position, ProjectId, Reason, ReasonCode, Rejected, Rulebook, TraceMark, Verdict,
};
use crate::log::{Block, Log, LogError};
use crate::store::StoreError;
use compact_str::CompactString;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub(super) enum Job {
    Submit(Waiting),
    Ask(Box<dyn FnOnce(&Desk) -> Result<(), StoreError> + Send>),
    /// The store covers the log up to here.
    Covered(Position),
    Stop,
}

pub(super) struct Committer {
    pub log: Box<dyn Log>,
    pub desk: Desk,
    pub jobs: Receiver<Job>,
    pub workers: Vec<Sender<Work>>,
    pub clerk: Sender<Paper>,
    /// The thread of each shard.
    pub thread_of: Vec<usize>,
    pub shared: Arc<Shared>,
    pub settings: Settings,
    pub today: Option<Day>,
    /// By which all that comes is to be judged.
    pub book: Arc<Rulebook>,
    /// The position of the running round.
    pub round: Option<Position>,
    pub last_round: Instant,
    pub entries_since_round: usize,
}

/// Why the thread ended.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Dispatch(#[from] NotSent),
}

/// Entries, whom to tell, and what their sender follows them by.
pub(super) type Waiting = (Vec<Entry>, PlacedDone, Option<TraceMark>);

impl Committer {
    pub fn run(mut self) {
        if let Err(error) = self.recover().and_then(|()| self.serve()) {
            self.shared.fail(&error.to_string());
        }
        let refusal = self.shared.refusal().unwrap_or(Refused::Stopping);
        self.shared.stopping.store(true, Relaxed);
        for job in self.jobs.try_iter() {
            if let Job::Submit((_, done, _)) = job {
                done(Err(refusal.clone()));
            }
        }
    }

    /// Replays the log from where the store ends. What the shards have already merges to nothing.
    fn recover(&mut self) -> Result<(), Broken> {
        let from = self.desk.position().next();
        let Committer { log, desk, workers, clerk, thread_of, shared, .. } = self;
        let mut broken = None;
        let mut today = self.today;
        let result = log.read(from, &mut |block| {
            today = block.entries.iter().filter_map(date_of).chain(today).max();
            shared.observer.opened(&block, today);
            let threads = Threads { workers, clerk, thread_of };
            let sent = threads.dispatch(desk, Arc::new(block), Box::new(|_| {}));
            shared.dead_letters.store(desk.dead_letter_count(), Relaxed);
            sent.map_err(|error| {
                let said = LogError::Unusable(error.to_string());
                broken = Some(error);
                said
            })
        });
        if let Some(error) = broken {
            return Err(error.into());
        }
        result?;
        self.today = today;
        self.wait_until_applied();
        self.shared.set_today(today);
        self.change_rulebook()?;
        self.shared.ready.store(true, Relaxed);
        self.tell();
        Ok(())
    }

    /// A rulebook that is not the log's last one becomes an entry of it: what was judged before stays as it
    /// was judged, and a replay judges each block by the rulebook of its time.
    fn change_rulebook(&mut self) -> Result<(), Broken> {
        if self.desk.rulebook() == Some(&*self.book) {
            return Ok(());
        }
        if let Some(before) = self.desk.rulebook() {
            let (before, now) = (&before.version, &self.book.version);
            tracing::warn!(before, now, "the rulebook is another than before: judging every project anew");
        }
        let entry = Entry::Rulebook(Box::new((*self.book).clone()));
        self.shared.queued.fetch_add(weight(&entry), Relaxed);
        self.commit(vec![(vec![entry], Box::new(|_| {}), None)])?;
        self.wait_until_applied();
        Ok(())
    }

    fn wait_until_applied(&self) {
        let head = self.desk.position().0;
        if head == 0 {
            return;
        }
        while self.shared.applied() < head && self.shared.failure().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn serve(&mut self) -> Result<(), Broken> {
        let tick = Duration::from_millis(self.settings.checkpoint_ms.clamp(1, 100));
        loop {
            if self.shared.failure().is_some() {
                return Ok(());
            }
            match self.jobs.recv_timeout(tick) {
                Ok(Job::Submit(first)) => {
                    let (batch, then) = self.collect(first);
                    self.commit(batch)?;
                    if let Some(job) = then
                        && self.other(job)?
                    {
                        return Ok(());
                    }
                }
                Ok(job) => {
                    if self.other(job)? {
                        return Ok(());
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.stop(),
            }
            self.begin_round(false)?;
        }
    }

    /// Answers whether the engine is to end.
    fn other(&mut self, job: Job) -> Result<bool, Broken> {
        match job {
            Job::Submit(waiting) => self.commit(vec![waiting])?,
            Job::Ask(question) => question(&self.desk)?,
            Job::Covered(position) => self.covered(position)?,
            Job::Stop => {
                self.stop()?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Group commit: everything that waits, up to the size of a batch.
    fn collect(&self, first: Waiting) -> (Vec<Waiting>, Option<Job>) {
        let mut load: usize = first.0.iter().map(weight).sum();
        let mut batch = vec![first];
        while load < self.settings.batch_entries {
            match self.jobs.try_recv() {
                Ok(Job::Submit(waiting)) => {
                    load += waiting.0.iter().map(weight).sum::<usize>();
                    batch.push(waiting);
                }
                Ok(other) => return (batch, Some(other)),
                Err(_) => break,
            }
        }
        (batch, None)
    }

    fn commit(&mut self, batch: Vec<Waiting>) -> Result<(), Broken> {
        let load: usize = batch.iter().flat_map(|(entries, _, _)| entries).map(weight).sum();
        let mut entries = Vec::with_capacity(batch.iter().map(|(entries, _, _)| entries.len()).sum());
        // For each sender: how many verdicts, and those that are known before the log.
        let mut senders = Vec::with_capacity(batch.len());
        let mut marked = Vec::new();
        for (mut theirs, done, mark) in batch {
            let (all, from) = (theirs.len(), entries.len());
            let mut early = Vec::new();
            theirs.iter_mut().for_each(|entry| self.turn_away(entry));
            if !theirs.iter().any(|entry| matches!(entry, Entry::Date(_))) {
                // Nearly always: moved as a whole.
                entries.append(&mut theirs);
            }
            for (index, entry) in theirs.into_iter().enumerate() {
                match self.admit(&entry) {
                    None => entries.push(entry),
                    Some(verdict) => early.push((index, verdict)),
                }
            }
            senders.push((all, early, done));
            marked.extend(mark.map(|mark| Marked { mark, entries: from..entries.len() }));
        }
        let finish = move |verdicts, position| answer(senders, verdicts, position);
        if entries.is_empty() {
            self.shared.queued.fetch_sub(load, Relaxed);
            finish(Ok(Vec::new()), self.log.head());
            return Ok(());
        }
        let (begun, written_ms) = (Instant::now(), now_ms());
        let appended = self.log.append(written_ms, &entries);
        self.shared.queued.fetch_sub(load, Relaxed);
        let position = match appended {
            Ok(position) => position,
            Err(error) => {
                finish(Err(Refused::Failed(error.to_string())), Position::default());
                return Err(error.into());
            }
        };
        let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.shared.observer.appended(entries.len(), micros);
        self.entries_since_round += entries.len();
        self.shared.set_today(self.today);
        let block = Arc::new(Block { position, written_ms, entries });
        self.shared.observer.opened(&block, self.today);
        if !marked.is_empty() {
            self.shared.observer.marked(&block, &marked, micros);
        }
        let threads = Threads { workers: &self.workers, clerk: &self.clerk, thread_of: &self.thread_of };
        threads.dispatch(&mut self.desk, block, Box::new(move |verdicts| finish(verdicts, position)))?;
        self.tell();
        Ok(())
    }

    /// What comes of a project that was erased is kept as a rejection, without what it says: nobody may keep that any more.
    fn turn_away(&self, entry: &mut Entry) {
        let Entry::Record(record) = entry else { return };
        let Some(on) = self.desk.erased(record) else { return };
        let found = record.body.project_id().map_or("", ProjectId::as_str);
        let expected =
            format!("a project that still stands: it was finished, and all of it was erased on {on}");
        *entry = Entry::Rejected(Box::new(Rejected {
            door: Door::Submit,
            file: CompactString::default(),
            line: 0,
            id: Some(record.head.id.clone()),
            source: Some(record.head.source.clone()),
            reason: Reason::new("project_id", ReasonCode::Conflict, found, expected),
            raw: Box::default(),
            raw_len: 0,
        }));
    }

    /// Business dates never go back (contract; rejected), and the same date twice says nothing new.
    fn admit(&mut self, entry: &Entry) -> Option<Verdict> {
        let Entry::Date(day) = entry else { return None };
        match self.today {
            Some(today) if *day < today => Some(Verdict::Rejected(Reason::range(
                "business_date",
                format!("{day}, which is before {today}"),
                "a date not before the current business date: it never goes back",
            ))),
            Some(today) if *day == today => Some(Verdict::Duplicate),
            _ => {
                self.today = Some(*day);
                None
            }
        }
    }

    fn begin_round(&mut self, at_once: bool) -> Result<(), Broken> {
        let due = self.last_round.elapsed() >= Duration::from_millis(self.settings.checkpoint_ms)
            || self.entries_since_round >= self.settings.checkpoint_entries;
        let pressed = self.shared.pressure.load(Relaxed);
        if self.round.is_some() || !(due || pressed || at_once) {
            return Ok(());
        }
        self.last_round = Instant::now();
        self.entries_since_round = 0;
        self.shared.pressure.store(false, Relaxed);
        let county = match self.desk.checkpoint() {
            Some(image) => Some(image),
            None if at_once => None,
            None => return Ok(()),
        };
        let round = Arc::new(Round {
            position: self.desk.position(),
            county: Mutex::new(county),
            // Every shard, and the second stage.
            left: AtomicUsize::new(self.thread_of.len() + 1),
            at_once,
        });
        self.round = Some(round.position);
        for worker in &self.workers {
            worker.send(Work::Round(round.clone())).map_err(|_| NotSent::Thread)?;
        }
        Ok(self.clerk.send(Paper::Round(round)).map_err(|_| NotSent::Thread)?)
    }

    fn covered(&mut self, position: Position) -> Result<(), Broken> {
        self.round = None;
        self.desk.saved(position, self.settings.memory_bytes / 10);
        self.log.retain(position.next(), now_ms())?;
        self.tell();
        Ok(())
    }

    /// Everything that was taken is durable; one last round makes the next start quick.
    fn stop(&mut self) -> Result<(), Broken> {
        for job in self.jobs.try_iter().collect::<Vec<_>>() {
            match job {
                Job::Submit(waiting) => self.commit(vec![waiting])?,
                Job::Covered(position) => self.covered(position)?,
                Job::Ask(question) => question(&self.desk)?,
                Job::Stop => {}
            }
        }
        self.await_round()?;
        self.begin_round(true)?;
        self.await_round()?;
        for worker in &self.workers {
            let _ = worker.send(Work::Stop);
        }
        let _ = self.clerk.send(Paper::Stop);
        Ok(())
    }

    fn await_round(&mut self) -> Result<(), Broken> {
        while self.round.is_some() && self.shared.failure().is_none() {
            match self.jobs.recv_timeout(Duration::from_millis(20)) {
                Ok(Job::Covered(position)) => self.covered(position)?,
                Ok(Job::Submit((_, done, _))) => done(Err(Refused::Stopping)),
                Ok(Job::Ask(question)) => question(&self.desk)?,
                Ok(Job::Stop) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        Ok(())
    }

    fn tell(&self) {
        let shared = &self.shared;
        shared.log_head.store(self.log.head().0, Relaxed);
        shared.log_oldest.store(self.log.oldest().0, Relaxed);
        shared.log_bytes.store(self.log.bytes(), Relaxed);
        shared.dead_letters.store(self.desk.dead_letter_count(), Relaxed);
        shared.county_bytes.store(self.desk.heap_bytes() as u64, Relaxed);
    }
}

fn date_of(entry: &Entry) -> Option<Day> {
    match entry {
        Entry::Date(day) => Some(*day),
        _ => None,
    }
}

/// How many verdicts a sender waits for, those that were known before the log, and whom to tell.
type Asked = (usize, Vec<(usize, Verdict)>, PlacedDone);

/// Gives each sender its verdicts, those from before the log put back in their places, and where in the block its
/// entries begin.
fn answer(senders: Vec<Asked>, verdicts: Result<Vec<Verdict>, Refused>, position: Position) {
    match verdicts {
        Err(refused) => senders.into_iter().for_each(|(_, _, done)| done(Err(refused.clone()))),
        Ok(verdicts) => {
            let mut rest = verdicts.into_iter();
            let mut place = DeadLetterId { position, index: 0 };
            for (count, early, done) in senders {
                // Dates that are known need not be written: then places say nothing of the others.
                let letters = if early.is_empty() { Letters::From(place) } else { Letters::NONE };
                place = place.plus(count - early.len());
                let mut early = early.into_iter().peekable();
                let theirs = (0..count)
                    .filter_map(|index| match early.peek() {
                        Some((at, _)) if *at == index => early.next().map(|(_, verdict)| verdict),
                        _ => rest.next(),
                    })
                    .collect();
                done(Ok((theirs, letters)));
            }
        }
    }
}
