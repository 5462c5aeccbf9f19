//! The engine of a cluster as doors see it, on any instance: what comes in goes to the topics, what is asked goes to whoever
//! owns the partition. While one moves, a question waits a moment, then it is refused with a hint to come again.

use super::peers::Peers;
use super::seat::{Job, Shared};
use super::table::Table;
use super::verdicts::VerdictBook;
use super::{letters, transport};
use crate::alerts::Tallies;
use crate::domain::{Account, Day, Entry, Position, ProjectId, TraceMark, Verdict};
use crate::engine::api::{
    Core, DeadLetter, DeadLetterId, Done, PlacedDone, ProjectQuestion, ProjectSummary, Refused, Status,
    Waiting,
};
use crate::engine::cluster::{Partition, Question, question};
use crate::engine::{Feed, ProjectCopy};
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
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// So long a question waits for a partition that moves, and a sender for the verdict on what is durable already.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(50);
/// Another instance is asked to wait so long for its verdicts.
const VERDICT_WAIT: Duration = Duration::from_millis(500);
/// A date is in force when every partition has followed it.
const DATE_PATIENCE: Duration = Duration::from_secs(20);

/// What it is made of.
pub struct Parts {
    pub table: Arc<Table>,
    pub verdicts: Arc<VerdictBook>,
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
    pub runtime: Handle,
    pub rulebook: String,
    /// Ends whoever follows the alerts topic.
    pub stop_following: Arc<AtomicBool>,
    pub threads: Mutex<Vec<JoinHandle<()>>>,
}

/// A handle on the instance.
#[derive(Clone)]
pub struct ClusterCore(Arc<Inner>);

struct Inner {
    parts: Parts,
    stopping: AtomicBool,
    disk: Mutex<Option<(u64, u64)>>,
}

impl ClusterCore {
    pub fn new(parts: Parts) -> ClusterCore {
        ClusterCore(Arc::new(Inner { parts, stopping: AtomicBool::new(false), disk: Mutex::default() }))
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.0.parts.runtime.spawn(work);
    }
}

impl Inner {
    fn refusal(&self) -> Option<Refused> {
        if let Some(why) = self.parts.shared.standing().failed {
            return Some(Refused::Failed(why));
        }
        if self.stopping.load(Ordering::Acquire) {
            return Some(Refused::Stopping);
        }
        let disk = *self.disk.lock().unwrap_or_else(PoisonError::into_inner);
        disk.map(|(free_bytes, needed_bytes)| Refused::DiskFull { free_bytes, needed_bytes })
    }

    fn send(&self, job: Job) {
        // Where the thread has ended, whoever waits sees his channel closed.
        let _ = self.parts.jobs.send(job);
        let _ = self.parts.wake.try_send(());
    }

    /// What is known here; `None` for a partition that is not served here.
    async fn answer_here(&self, questions: Vec<(Partition, Question)>) -> Vec<Option<Vec<u8>>> {
        let mut answers = vec![None; questions.len()];
        let (mut owners, mut places) = (Vec::new(), Vec::new());
        for (at, (partition, asked)) in questions.into_iter().enumerate() {
            if let Question::Verdicts(offsets) = &asked {
                let found = self.parts.verdicts.wait(partition, offsets, VERDICT_WAIT).await;
                answers[at] = Some(question::write_verdicts(&found));
            } else {
                owners.push((partition, asked));
                places.push(at);
            }
        }
        if owners.is_empty() {
            return answers;
        }
        let (done, answered) = oneshot::channel();
        self.send(Job::Ask(
            owners,
            Box::new(move |found| {
                // Whoever asked may have left.
                let _ = done.send(found);
            }),
        ));
        for (at, found) in places.into_iter().zip(answered.await.unwrap_or_default()) {
            answers[at] = found;
        }
        answers
    }

    async fn answer_at(&self, address: &str, questions: &[(Partition, Question)]) -> Vec<Option<Vec<u8>>> {
        if address == self.parts.me {
            return self.answer_here(questions.to_vec()).await;
        }
        let asked = self.parts.peers.ask(address, question::write_questions(questions)).await;
        let answers =
            asked.map_err(|status| tracing::debug!(address, %status, "an instance does not answer"));
        let answers = answers.ok().and_then(|bytes| question::read_answers(&bytes).ok());
        answers.filter(|found| found.len() == questions.len()).unwrap_or_else(|| vec![None; questions.len()])
    }

    /// Asks whoever owns the partitions, until each has answered.
    async fn gather(&self, questions: Vec<(Partition, Question)>) -> Result<Vec<Vec<u8>>, Refused> {
        let until = Instant::now() + PATIENCE;
        let mut answers: Vec<Option<Vec<u8>>> = vec![None; questions.len()];
        loop {
            let mut by_owner: BTreeMap<String, Vec<usize>> = BTreeMap::new();
            for (at, _) in answers.iter().enumerate().filter(|(_, answer)| answer.is_none()) {
                if let Some(owner) = self.parts.table.owner(questions[at].0) {
                    by_owner.entry(owner).or_default().push(at);
                }
            }
            for (owner, places) in by_owner {
                let asked: Vec<_> = places.iter().map(|at| questions[*at].clone()).collect();
                for (at, found) in places.into_iter().zip(self.answer_at(&owner, &asked).await) {
                    answers[at] = found;
                }
            }
            if answers.iter().all(Option::is_some) {
                return Ok(answers.into_iter().flatten().collect());
            }
            if Instant::now() + PAUSE > until {
                return Err(Refused::Moving);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn gather_from<T>(
        &self,
        partitions: impl Iterator<Item = Partition>,
        asked: Question,
        read: impl Fn(&[u8]) -> Result<T, crate::codec::Corrupt>,
    ) -> Result<Vec<T>, Refused> {
        let found = self.gather(partitions.map(|partition| (partition, asked.clone())).collect()).await?;
        // Two versions at work during a deploy: the question waits for its end.
        found.iter().map(|bytes| read(bytes)).collect::<Result<_, _>>().map_err(|corrupt| {
            tracing::warn!(%corrupt, "an answer of another version is not read");
            Refused::Moving
        })
    }

    fn projects(&self) -> impl Iterator<Item = Partition> + use<> {
        (0..self.parts.sorter.partitions).map(Partition::Projects)
    }

    /// What became of entries that stand at these places. A record of which nobody says so in time is durable, and that
    /// is what its sender is told; what else somebody waits for is to be asked for again.
    async fn verdicts(
        &self,
        entries: &[Known],
        places: &[(Partition, u64)],
    ) -> Result<Vec<Verdict>, Refused> {
        let mut found: Vec<Option<Verdict>> = entries.iter().map(Known::verdict).collect();
        let until = Instant::now() + PATIENCE;
        loop {
            let mut wanted: BTreeMap<Partition, Vec<usize>> = BTreeMap::new();
            for (at, _) in found.iter().enumerate().filter(|(_, verdict)| verdict.is_none()) {
                wanted.entry(places[at].0).or_default().push(at);
            }
            if wanted.is_empty() {
                return Ok(found.into_iter().flatten().collect());
            }
            if Instant::now() >= until {
                break;
            }
            for (partition, at) in wanted {
                let offsets: Vec<u64> = at.iter().map(|at| places[*at].1).collect();
                let Some(owner) = self.parts.table.owner(partition) else { continue };
                let asked = [(partition, Question::Verdicts(offsets))];
                let answer = self.answer_at(&owner, &asked).await.pop().flatten();
                let told = answer.and_then(|bytes| question::read_verdicts(&bytes).ok()).unwrap_or_default();
                for (at, verdict) in at.into_iter().zip(told) {
                    found[at] = verdict;
                }
            }
            if found.iter().any(Option::is_none) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        let settle = |(entry, verdict): (&Known, Option<Verdict>)| match (entry, verdict) {
            (_, Some(verdict)) => Ok(verdict),
            (Known::Record, None) => Ok(Verdict::Accepted),
            _ => Err(Refused::Moving),
        };
        entries.iter().zip(found).map(settle).collect()
    }

    /// Until the county has come to that date; whether it has, in time. A long jump goes day by day.
    async fn date_is(&self, day: Day) -> bool {
        let until = Instant::now() + DATE_PATIENCE;
        while self.parts.table.date().is_none_or(|date| date < day) {
            if Instant::now() > until {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        true
    }

    async fn ask_project(&self, project: ProjectId, question: ProjectQuestion) {
        let home = Partition::of_project(&project, self.parts.sorter.partitions);
        let until = Instant::now() + PATIENCE;
        let mut kept = question;
        loop {
            match self.parts.table.owner(home) {
                Some(owner) if owner == self.parts.me => {
                    let (done, answered) = oneshot::channel();
                    let back = Box::new(move |back| {
                        let _ = done.send(back);
                    });
                    self.send(Job::Project(project.clone(), kept, back));
                    match answered.await {
                        Ok(Some(back)) => kept = back,
                        // Answered, or the thread has ended and the question with it.
                        Ok(None) | Err(_) => return,
                    }
                }
                Some(owner) => {
                    let asked = [(home, Question::Project(project.clone()))];
                    match self.answer_at(&owner, &asked).await.pop().flatten() {
                        Some(bytes) if bytes.is_empty() => return kept(Ok(None)),
                        Some(bytes) => match ProjectCopy::read(&bytes) {
                            Ok(copy) => return copy.ask(|ask| kept(Ok(ask))),
                            Err(corrupt) => tracing::warn!(%corrupt, "a copy of another version is not read"),
                        },
                        None => {}
                    }
                }
                None => {}
            }
            if Instant::now() + PAUSE > until {
                return kept(Err(Refused::Moving));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// What is known of an entry before anybody has judged it.
enum Known {
    Record,
    /// It is kept as a dead letter, whatever happens.
    Rejected(Verdict),
    Date(Day),
    Other,
}

impl Known {
    fn of(entry: &Entry) -> Known {
        match entry {
            Entry::Record(_) => Known::Record,
            Entry::Rejected(rejected) => Known::Rejected(Verdict::Rejected(rejected.reason.clone())),
            Entry::Date(day) => Known::Date(*day),
            _ => Known::Other,
        }
    }

    fn verdict(&self) -> Option<Verdict> {
        match self {
            Known::Rejected(verdict) => Some(verdict.clone()),
            _ => None,
        }
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
            hot_bytes: standing.hot_bytes,
            shards: parts.sorter.partitions,
            projects: standing.projects,
            hot_projects: standing.hot_projects,
            workers: standing.workers,
            queued_entries: parts.door.waiting() as u64,
            rulebook: parts.rulebook.clone(),
            partitions: Some(standing.partitions),
            disk_shortage: *self.0.disk.lock().unwrap_or_else(PoisonError::into_inner),
            failed: standing.failed,
            ..Status::default()
        }
    }

    fn is_ready(&self) -> bool {
        self.0.parts.table.is_level() && self.0.parts.shared.standing().ready
    }

    fn business_date(&self) -> Option<Day> {
        self.0.parts.table.date()
    }

    fn failure(&self) -> Option<String> {
        self.0.parts.shared.standing().failed.or_else(|| self.0.parts.door.failure())
    }

    fn keeps_clock(&self) -> bool {
        self.0.parts.table.owner(Partition::County).is_some_and(|owner| owner == self.0.parts.me)
    }

    fn set_disk_shortage(&self, shortage: Option<(u64, u64)>) {
        *self.0.disk.lock().unwrap_or_else(PoisonError::into_inner) = shortage;
    }

    fn submit(&self, entries: Vec<Entry>, _mark: Option<TraceMark>, done: PlacedDone) -> Result<(), Refused> {
        if let Some(refused) = self.0.refusal() {
            return Err(refused);
        }
        let sorter = &self.0.parts.sorter;
        let messages: Vec<Outgoing> = entries.iter().map(|entry| sorter.entry(entry)).collect();
        let homes: Vec<Partition> =
            entries.iter().map(|entry| Partition::of(entry, sorter.partitions)).collect();
        let known: Vec<Known> = entries.iter().map(Known::of).collect();
        let this = self.clone();
        let sent = self.0.parts.door.send(&messages, move |sent| {
            let inner = this.0.clone();
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
                let mut verdicts = inner.verdicts(&known, &places).await;
                for (at, entry) in known.iter().enumerate() {
                    let told = verdicts.as_ref().ok().and_then(|verdicts| verdicts.get(at));
                    if let (Known::Date(day), Some(Verdict::Accepted | Verdict::Duplicate)) = (entry, told)
                        && !inner.date_is(*day).await
                    {
                        verdicts = Err(Refused::Moving);
                    }
                }
                done(verdicts.map(|verdicts| (verdicts, None)));
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
