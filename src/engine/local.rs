//! The engine of one machine: a cheap handle on its threads. Starts them, hands entries over, asks questions, stops
//! them. Nothing here blocks but `stop`.

use super::api::{
    Core, DeadLetter, DeadLetterId, Done, Observer, PlacedDone, ProjectAsk, ProjectQuestion, ProjectSummary,
    Refused, Settings, Status, Waiting, weight,
};
use super::bureau::{Bureau, made_behind};
use super::clerk::{Clerk, Paper};
use super::committer::{Committer, Job};
use super::desk::{Desk, shard_of};
use super::doubts::DoubtBook;
use super::due::{Due, due_within};
use super::feed::Feed;
use super::handle::Engine;
use super::shadow_county::ShadowCounty;
use super::shard::{Equipment, Shard};
use super::shared::Shared;
use super::start::{StartError, check_cover, check_log, history_of};
use super::storer::Storer;
use super::worker::{Work, Worker};
use crate::alerts::{IdKey, Tallies};
use crate::domain::{Account, Day, Entry, ProjectId, Rulebook, SuspenseReason, TraceMark};
use crate::log::Log;
use crate::store::{Store, StoreError};
use compact_str::CompactString;
use crossbeam_channel::{Sender, bounded, unbounded};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

/// Everything an engine is made of.
pub struct Parts {
    pub log: Box<dyn Log>,
    pub store: Arc<dyn Store>,
    pub settings: Settings,
    /// Judges from now on; what the log says before stays as it was judged then.
    pub book: Arc<Rulebook>,
    pub ids: IdKey,
    pub observer: Arc<dyn Observer>,
}

/// Its threads, and what they share.
#[derive(Clone)]
pub(super) struct Local {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    store: Arc<dyn Store>,
    jobs: Sender<Job>,
    workers: Vec<Sender<Work>>,
    clerk: Sender<Paper>,
    thread_of: Vec<usize>,
    queue_entries: usize,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// Blocks that may wait in front of a thread.
const WORK_QUEUE: usize = 8;
/// What may wait on the clerk's desk: a block, and what each thread made of it.
const CLERK_QUEUE: usize = 64;

impl Engine {
    /// The engine of one machine. Opens the state, starts the threads and begins to catch up with the log; `status().ready` says when it is level.
    pub fn start(parts: Parts) -> Result<Engine, StartError> {
        let Parts { log, store, settings, book, ids, observer } = parts;
        let shards = settings.shards.max(1);
        let desk = Desk::open(store.clone(), shards)?;
        check_cover(desk.position(), log.as_ref())?;
        check_log(store.as_ref(), log.as_ref())?;
        let rows_max = (settings.history_rows / usize::from(shards)).max(16);
        let shadow = settings.shadow.clone();
        let with = Equipment { store: store.clone(), book: book.clone(), ids, rows_max, shards, shadow };
        let (mut opened, mut feeds) = (Vec::new(), Vec::new());
        for id in 0..shards {
            let (mut shard, feed) = Shard::open(id, with.clone())?;
            for (project, facts) in shard.take_facts() {
                observer.project(&project, &facts);
            }
            opened.push(shard);
            feeds.push(feed);
        }
        let (mut bureau, feed) = Bureau::open(shards, with)?;
        bureau.limit_presence(settings.memory_bytes / 40);
        feeds.push(feed);
        let made_before = match opened.iter().any(|shard| shard.position() > bureau.position()) {
            true => made_behind(&*store, shards, bureau.position())?,
            false => BTreeMap::new(),
        };
        let today = opened.iter().filter_map(Shard::today).max();
        let threads = thread_count(settings.threads, shards);
        let shared = Arc::new(Shared::new(
            Arc::new(Feed::new(feeds).with_history(history_of(log.as_ref()) ^ settings.life)),
            observer,
            threads,
            shards,
            [Some(&book), settings.shadow.as_ref()].map(|book| book.map(|book| book.version.clone())),
        ));
        shared.covered.store(desk.position().0, Relaxed);
        // What the store covers has been applied: a start with nothing to replay is level at once.
        shared.workers.iter().for_each(|worker| worker.applied.store(desk.position().0, Relaxed));
        shared.second.store(desk.position().0, Relaxed);
        shared.durable[usize::from(shards)].store(bureau.position().0, Relaxed);
        for shard in &opened {
            shared.durable[usize::from(shard.id())].store(shard.position().0, Relaxed);
        }
        let thread_of: Vec<usize> = (0..usize::from(shards)).map(|shard| shard % threads).collect();
        let (jobs, job_queue) = unbounded();
        let (store_jobs, store_queue) = bounded(4);
        let (clerk, papers) = bounded(CLERK_QUEUE);
        let mut handles = Vec::new();
        let mut workers = Vec::new();
        let mut by_thread: Vec<Vec<Shard>> = (0..threads).map(|_| Vec::new()).collect();
        for shard in opened {
            by_thread[thread_of[usize::from(shard.id())]].push(shard);
        }
        for (index, shards_here) in by_thread.into_iter().enumerate() {
            let (sender, work) = bounded(WORK_QUEUE);
            workers.push(sender);
            let worker = Worker {
                index,
                shards: shards_here,
                work,
                store: store_jobs.clone(),
                clerk: clerk.clone(),
                shared: shared.clone(),
                shard_bytes: settings.memory_bytes / 10 * 9 / usize::from(shards),
                wanted: VecDeque::new(),
                blocks_since_shadow: 0,
            };
            // The status is right from the first moment on.
            worker.tell();
            handles.push(spawn(format!("shards-{index}"), &shared, move || worker.run())?);
        }
        let doubts = DoubtBook::of(&shared.feed);
        let desk_clerk = Clerk {
            bureau,
            papers,
            store: store_jobs.clone(),
            shared: shared.clone(),
            made_before,
            doubts,
            shadow: settings.shadow.clone().map(|book| ShadowCounty::new(book).hearing_days()),
        };
        desk_clerk.tell_shadow();
        handles.push(spawn("clerk".into(), &shared, move || desk_clerk.run())?);
        drop(store_jobs);
        let storer = Storer {
            store: store.clone(),
            jobs: store_queue,
            committer: jobs.clone(),
            shared: shared.clone(),
        };
        handles.push(spawn("storer".into(), &shared, move || storer.run())?);
        let queue_entries = settings.queue_entries;
        let committer = Committer {
            log,
            desk,
            jobs: job_queue,
            workers: workers.clone(),
            clerk: clerk.clone(),
            thread_of: thread_of.clone(),
            shared: shared.clone(),
            settings,
            today,
            book,
            round: None,
            last_round: Instant::now(),
            entries_since_round: 0,
        };
        handles.push(spawn("committer".into(), &shared, move || committer.run())?);
        let threads = Mutex::new(handles);
        let inner = Inner { shared, store, jobs, workers, clerk, thread_of, queue_entries, threads };
        Ok(Engine::of(Arc::new(Local { inner: Arc::new(inner) })))
    }
}

impl Core for Local {
    fn feed(&self) -> &Arc<Feed> {
        &self.inner.shared.feed
    }

    fn status(&self) -> Status {
        self.inner.shared.status(self.inner.store.bytes())
    }

    fn is_ready(&self) -> bool {
        self.inner.shared.ready.load(Relaxed)
    }

    fn business_date(&self) -> Option<Day> {
        self.inner.shared.today()
    }

    fn failure(&self) -> Option<String> {
        self.inner.shared.failure()
    }

    fn set_disk_shortage(&self, shortage: Option<(u64, u64)>) {
        self.inner.shared.set_disk(shortage);
    }

    fn ask_project(&self, project: ProjectId, question: ProjectQuestion) {
        let shard = shard_of(&project, self.inner.shared.shards());
        let ask = move |shards: &mut [Shard]| {
            let Some(owner) = shards.iter_mut().find(|s| s.id() == shard) else { return Ok(()) };
            owner.ask(&project, |found| question(Ok(found)))
        };
        let worker = &self.inner.workers[self.inner.thread_of[usize::from(shard)]];
        // When the thread has ended, `done` is dropped with the question.
        let _ = worker.send(Work::Ask(Box::new(ask)));
    }

    fn projects(&self, done: Done<Vec<ProjectSummary>>) {
        self.ask_all(
            |shards| Ok(shards.iter().flat_map(Shard::projects).collect()),
            move |found| {
                done(found.map(|mut all: Vec<ProjectSummary>| {
                    all.sort_by(|a, b| a.project_id.cmp(&b.project_id));
                    all
                }));
            },
        );
    }

    fn due(&self, projects: Vec<ProjectId>, days: u8, done: Done<Due>) {
        self.due_on(projects.into_iter(), days, Due::new(), done);
    }

    fn tallies(&self, done: Done<Vec<Tallies>>) {
        let clerk = self.inner.clerk.clone();
        self.ask_all(
            |shards| Ok(shards.iter().map(|shard| shard.tallies().clone()).collect()),
            move |found: Result<Vec<Tallies>, Refused>| match found {
                Err(refused) => done(Err(refused)),
                Ok(mut all) => {
                    let question = move |bureau: &Bureau| {
                        all.push(bureau.tallies().clone());
                        done(Ok(all));
                    };
                    let _ = clerk.send(Paper::Ask(Box::new(question)));
                }
            },
        );
    }

    fn suspense(&self, max: usize, done: Done<Vec<Waiting>>) {
        let this = self.clone();
        let county = move |desk: &Desk| {
            let homeless = desk.suspense(max);
            this.ask_all(
                move |shards| {
                    let mut found = Vec::new();
                    for shard in shards {
                        found.extend(shard.suspense(max)?);
                    }
                    Ok(found)
                },
                move |found: Result<Vec<Waiting>, Refused>| {
                    done(found.map(|mut all| {
                        all.extend(homeless.into_iter().map(|p| (None, p, SuspenseReason::NoProject)));
                        all.sort_by(|(_, a, _), (_, b, _)| {
                            (&a.payment.bank, &a.payment.txn_id).cmp(&(&b.payment.bank, &b.payment.txn_id))
                        });
                        all.truncate(max);
                        all
                    }));
                },
            );
            Ok(())
        };
        let _ = self.inner.jobs.send(Job::Ask(Box::new(county)));
    }

    fn submit(&self, entries: Vec<Entry>, mark: Option<TraceMark>, done: PlacedDone) -> Result<(), Refused> {
        let shared = &self.inner.shared;
        if let Some(refused) = shared.refusal() {
            return Err(refused);
        }
        let load = entries.iter().map(weight).sum();
        // A batch larger than the whole queue is taken when nothing else waits.
        let waiting = shared.queued.fetch_add(load, Relaxed);
        if waiting > 0 && waiting + load > self.inner.queue_entries {
            shared.queued.fetch_sub(load, Relaxed);
            return Err(Refused::Busy);
        }
        self.inner.jobs.send(Job::Submit((entries, done, mark))).map_err(|_| Refused::Stopping)
    }

    fn banks(&self, accounts: Vec<Account>, done: Done<BTreeMap<Account, CompactString>>) {
        self.ask_desk(move |desk| {
            done(Ok(desk.banks(&accounts)));
            Ok(())
        });
    }

    fn dead_letters(&self, after: Option<DeadLetterId>, max: usize, done: Done<Vec<DeadLetter>>) {
        self.ask_desk(move |desk| {
            done(Ok(desk.dead_letters(after, max)?));
            Ok(())
        });
    }

    fn stop(&self) {
        self.inner.shared.stopping.store(true, Relaxed);
        let _ = self.inner.jobs.send(Job::Stop);
        let handles = std::mem::take(&mut *self.inner.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let mut handles = handles.into_iter().rev();
        // The committer stops the workers; one that has failed has left them waiting.
        if let Some(committer) = handles.next() {
            let _ = committer.join();
        }
        for worker in &self.inner.workers {
            let _ = worker.send(Work::Stop);
        }
        let _ = self.inner.clerk.send(Paper::Stop);
        for handle in handles {
            let _ = handle.join();
        }
    }
}

impl Local {
    /// Asks the desk, on its own thread.
    fn ask_desk(&self, question: impl FnOnce(&Desk) -> Result<(), StoreError> + Send + 'static) {
        let _ = self.inner.jobs.send(Job::Ask(Box::new(question)));
    }

    /// One project after the other: what else a thread has to do comes in between.
    fn due_on(&self, mut left: std::vec::IntoIter<ProjectId>, days: u8, mut found: Due, done: Done<Due>) {
        let Some(project) = left.next() else { return done(Ok(found)) };
        let (this, name) = (self.clone(), project.clone());
        let next = move |asked: Result<Option<ProjectAsk<'_>>, Refused>| match asked {
            Err(refused) => done(Err(refused)),
            Ok(asked) => {
                let months = asked.map_or(Vec::new(), |asked| due_within(&asked, days));
                if !months.is_empty() {
                    found.push((name, months));
                }
                this.due_on(left, days, found, done);
            }
        };
        self.ask_project(project, Box::new(next));
    }

    /// Asks every thread, and joins the answers.
    fn ask_all<T: Send + 'static>(
        &self,
        question: impl Fn(&mut [Shard]) -> Result<Vec<T>, StoreError> + Send + Sync + 'static,
        done: impl FnOnce(Result<Vec<T>, Refused>) + Send + 'static,
    ) {
        let question = Arc::new(question);
        let gathered = Arc::new(Mutex::new((self.inner.workers.len(), Vec::new(), Some(done))));
        for worker in &self.inner.workers {
            let (question, gathered) = (question.clone(), gathered.clone());
            let ask = move |shards: &mut [Shard]| {
                let answers = question(shards)?;
                let mut all = gathered.lock().unwrap_or_else(PoisonError::into_inner);
                all.0 -= 1;
                all.1.extend(answers);
                if all.0 == 0 {
                    let answers = std::mem::take(&mut all.1);
                    if let Some(done) = all.2.take() {
                        done(Ok(answers));
                    }
                }
                Ok(())
            };
            let _ = worker.send(Work::Ask(Box::new(ask)));
        }
    }
}

fn thread_count(wanted: usize, shards: u16) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if wanted == 0 { cores } else { wanted };
    threads.clamp(1, usize::from(shards))
}

/// A thread whose panic fails the engine: a broken invariant ends the process, a restart recovers.
fn spawn(
    name: String,
    shared: &Arc<Shared>,
    body: impl FnOnce() + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    let shared = shared.clone();
    let said = name.clone();
    std::thread::Builder::new().name(name).spawn(move || {
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).is_err() {
            shared.fail(&format!("thread {said} met a bug"));
        }
    })
}
