//! The engine of a cluster as doors see it, on any instance: what comes in goes to the topics, what is asked goes to whoever
//! owns the partition. While one moves, a question waits a moment, then it is refused with a hint to come again.

use super::super::telemetry::Ear;
use super::asking::Known;
use super::clock::BrokersClock;
use super::heard::Heard;
use super::peers::Peers;
use super::table::Table;
use super::thread::{Job, Shared};
use super::verdicts::VerdictBook;
use super::{letters, shadow, transport};
use crate::alerts::Tallies;
use crate::domain::{Account, Day, Entry, Position, ProjectId, TraceMark, Verdict};
use crate::engine::Feed;
use crate::engine::api::{
    Core, DeadLetter, DeadLetterId, Done, Letters, PlacedDone, ProjectQuestion, ProjectSummary, Refused,
    Status, Timekeeper, Waiting,
};
use crate::engine::cluster::{Partition, Question, question};
use crate::engine::due::Due;
use crate::intake::kafka::Sorter;
use crate::kafka::message::Outgoing;
use crate::kafka::{Door, Settings};
use crate::serve::peers::Answers;
use compact_str::CompactString;
use crossbeam_channel::Sender;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::SystemTime;
use tokio::runtime::Handle;

/// What it is made of.
pub struct Parts {
    pub table: Arc<Table>,
    pub verdicts: Arc<VerdictBook>,
    pub heard: Heard,
    pub jobs: Sender<Job>,
    /// Tells the instance that it was asked something.
    pub wake: Sender<()>,
    pub shared: Arc<Shared>,
    pub door: Arc<Door>,
    pub sorter: Sorter,
    pub settings: Settings,
    pub peers: Peers,
    /// The address by which other instances reach this one.
    pub me: String,
    /// By which it says the date, where that is for it to say.
    pub clock: Arc<BrokersClock>,
    pub traces: Arc<Ear>,
    pub runtime: Handle,
    pub rulebook: String,
    /// Ends whoever follows the alerts topic.
    pub stop_following: Arc<AtomicBool>,
    pub threads: Mutex<Vec<JoinHandle<()>>>,
}

/// A handle on the instance.
#[derive(Clone)]
pub struct ClusterCore(Arc<Inner>);

pub(super) struct Inner {
    pub parts: Parts,
    pub stopping: AtomicBool,
    was_ready: AtomicBool,
    pub disk: Mutex<Option<(u64, u64)>>,
}

impl ClusterCore {
    pub fn new(parts: Parts) -> ClusterCore {
        ClusterCore(Arc::new(Inner {
            parts,
            stopping: AtomicBool::new(false),
            was_ready: AtomicBool::new(false),
            disk: Mutex::default(),
        }))
    }

    /// From here on the county hears what the other partitions' shadows find.
    pub fn follow_shadow(&self) {
        self.spawn(shadow::follow(Arc::downgrade(&self.0)));
    }

    pub(super) fn inner(&self) -> &Arc<Inner> {
        &self.0
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.0.parts.runtime.spawn(work);
    }
}

impl Core for ClusterCore {
    fn feed(&self) -> &Arc<Feed> {
        self.0.parts.table.feed()
    }

    fn status(&self) -> Status {
        let (standing, parts) = (self.0.parts.shared.standing(), &self.0.parts);
        Status {
            ready: self.is_ready(),
            business_date: parts.table.date(),
            log_head: Position(standing.end),
            applied: Position(standing.next),
            covered: Position(standing.covered),
            hot_bytes: standing.hot_bytes,
            shards: parts.sorter.partitions,
            projects: standing.projects,
            hot_projects: standing.hot_projects,
            workers: standing.workers,
            queued_entries: parts.door.waiting() as u64,
            rulebook: parts.rulebook.clone(),
            shadow: standing.shadow,
            partitions: Some(standing.partitions),
            clock_ahead_ms: parts.clock.ahead_ms(),
            disk_shortage: *self.0.disk.lock().unwrap_or_else(PoisonError::into_inner),
            failed: standing.failed,
            ..Status::default()
        }
    }

    /// Once it has been, it stays so: partitions that move hold up questions about them, not alerts and records. Not before the
    /// cluster's terms are known: a cursor that was given without its life would be good nowhere.
    fn is_ready(&self) -> bool {
        let standing = self.0.parts.shared.standing();
        let is_ready = self.0.parts.table.is_level()
            && self.0.parts.table.terms().is_some()
            && standing.failed.is_none()
            && (standing.ready || self.0.was_ready.load(Ordering::Acquire));
        self.0.was_ready.fetch_or(is_ready, Ordering::AcqRel);
        is_ready
    }

    fn business_date(&self) -> Option<Day> {
        self.0.parts.table.date()
    }

    fn failure(&self) -> Option<String> {
        self.0.parts.shared.standing().failed.or_else(|| self.0.parts.door.failure())
    }

    fn timekeeper(&self) -> Timekeeper {
        match self.0.parts.table.owner(Partition::County) {
            Some(owner) if owner == self.0.parts.me => Timekeeper::Brokers(self.0.parts.clock.now_ms()),
            _ => Timekeeper::Another,
        }
    }

    fn set_disk_shortage(&self, shortage: Option<(u64, u64)>) {
        *self.0.disk.lock().unwrap_or_else(PoisonError::into_inner) = shortage;
    }

    fn submit(&self, entries: Vec<Entry>, mark: Option<TraceMark>, done: PlacedDone) -> Result<(), Refused> {
        if let Some(refused) = self.0.refusal() {
            return Err(refused);
        }
        let sorter = &self.0.parts.sorter;
        let messages: Vec<Outgoing> = entries.iter().map(|entry| sorter.entry(entry).traced(mark)).collect();
        let homes: Vec<Partition> =
            entries.iter().map(|entry| Partition::of(entry, sorter.partitions)).collect();
        let known: Vec<Known> = entries.iter().map(Known::of).collect();
        let (this, written, count) = (self.clone(), SystemTime::now(), entries.len());
        let sent = self.0.parts.door.send(&messages, move |sent| {
            let inner = this.0.clone();
            if let (Some(mark), Some(telemetry)) = (mark, inner.parts.traces.telemetry()) {
                telemetry.acknowledged(mark, count, (written, SystemTime::now()));
            }
            this.spawn(async move {
                let places = match sent {
                    Ok(places) => places,
                    Err(error) => {
                        tracing::warn!(%error, "what came in was not acknowledged");
                        return done(Err(Refused::Unacknowledged));
                    }
                };
                let places: Vec<(Partition, u64)> =
                    homes.into_iter().zip(places.into_iter().map(|(_, at)| transport::offset(at))).collect();
                let mut judged = inner.verdicts(&known, &places).await;
                for (at, entry) in known.iter().enumerate() {
                    let told = judged.as_ref().ok().and_then(|judged| Some(&judged.get(at)?.verdict));
                    if let (Known::Date(day), Some(Verdict::Accepted | Verdict::Duplicate)) = (entry, told)
                        && !inner.date_is(*day).await
                    {
                        judged = Err(Refused::Moving);
                    }
                }
                done(judged.map(|judged| {
                    let letters = judged.iter().enumerate().filter_map(|(at, one)| Some((at, one.letter?)));
                    let letters = Letters::At(letters.collect());
                    (judged.into_iter().map(|one| one.verdict).collect(), letters)
                }));
            });
        });
        sent.map_err(|_| Refused::Busy)
    }

    fn ask_project(&self, project: ProjectId, question: ProjectQuestion) {
        let inner = self.0.clone();
        self.spawn(async move { inner.ask_project(project, question).await });
    }

    fn projects(&self, done: Done<Vec<ProjectSummary>>) {
        let inner = self.0.clone();
        self.spawn(async move {
            let found =
                inner.gather_from(inner.projects(), Question::Projects, question::read_projects).await;
            done(found.map(|all| {
                let mut all: Vec<ProjectSummary> = all.into_iter().flatten().collect();
                all.sort_by(|a, b| a.project_id.cmp(&b.project_id));
                all
            }));
        });
    }

    fn due(&self, projects: Vec<ProjectId>, days: u8, done: Done<Due>) {
        let inner = self.0.clone();
        self.spawn(async move { done(inner.due(projects, days).await) });
    }

    fn tallies(&self, done: Done<Vec<Tallies>>) {
        let inner = self.0.clone();
        self.spawn(async move {
            let all = inner.projects().chain([Partition::County]);
            done(inner.gather_from(all, Question::Tallies, question::read_tallies).await);
        });
    }

    fn suspense(&self, max: usize, done: Done<Vec<Waiting>>) {
        let inner = self.0.clone();
        self.spawn(async move {
            let all = inner.projects().chain([Partition::County]);
            let found = inner.gather_from(all, Question::Suspense(max as u64), question::read_suspense).await;
            done(found.map(|all| {
                let mut all: Vec<Waiting> = all.into_iter().flatten().collect();
                all.sort_by(|(_, a, _), (_, b, _)| {
                    (&a.payment.bank, &a.payment.txn_id).cmp(&(&b.payment.bank, &b.payment.txn_id))
                });
                all.truncate(max);
                all
            }));
        });
    }

    fn banks(&self, accounts: Vec<Account>, done: Done<BTreeMap<Account, CompactString>>) {
        let inner = self.0.clone();
        self.spawn(async move {
            let county = [Partition::County].into_iter();
            let found = inner.gather_from(county, Question::Banks(accounts), question::read_banks).await;
            done(found.map(|mut found| found.pop().unwrap_or_default()));
        });
    }

    fn dead_letters(&self, after: Option<DeadLetterId>, max: usize, done: Done<Vec<DeadLetter>>) {
        let settings = self.0.parts.settings.clone();
        self.0.parts.runtime.spawn_blocking(move || {
            let found = letters::read(&settings, after, max);
            done(found.map_err(|error| {
                tracing::warn!(%error, "the dead letters cannot be read");
                Refused::Moving
            }));
        });
    }

    fn stop(&self) {
        self.0.stopping.store(true, Ordering::Release);
        self.0.send(Job::Stop);
        self.0.parts.stop_following.store(true, Ordering::Release);
        let threads =
            std::mem::take(&mut *self.0.parts.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

#[tonic::async_trait]
impl Answers for ClusterCore {
    async fn answer(&self, questions: Vec<u8>) -> Option<Vec<u8>> {
        let questions = question::read_questions(&questions).ok()?;
        Some(question::write_answers(&self.0.answer_here(questions).await))
    }
}
