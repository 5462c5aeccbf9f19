//! The thread on which an instance lives: it works, answers what is asked of its partitions, and tells how it stands. Knows
//! no topic.

use super::verdicts::VerdictBook;
use crate::domain::{Entry, ProjectId, Rulebook};
use crate::engine::api::{PartitionStatus, ProjectQuestion, ShadowStatus};
use crate::engine::cluster::{ClusterError, Instance, Partition, Question, Stage, Transport};
use crate::engine::partition::Owner;
use crossbeam_channel::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What the instance is asked, between its work.
pub enum Job {
    /// Questions about partitions; `None` is the answer of one that is not served here.
    Ask(Vec<(Partition, Question)>, Box<dyn FnOnce(Vec<Option<Vec<u8>>>) + Send>),
    /// A question for a project's own eyes; given back if the project is not served here.
    Project(ProjectId, ProjectQuestion, Box<dyn FnOnce(Option<ProjectQuestion>) + Send>),
    /// Answers to what the county asked last for the shadow rulebook's sake; told back is what it would ask now.
    Shadow(Vec<(Partition, Option<Vec<u8>>)>, Box<dyn FnOnce(Vec<(Partition, Question)>) + Send>),
    Stop,
}

/// How an instance stands.
#[derive(Clone, Default, Debug)]
pub struct Standing {
    pub failed: Option<String>,
    /// It has joined the group, and serves all that it was given.
    pub ready: bool,
    pub partitions: PartitionStatus,
    /// Messages of the partitions that are owned: read, and there.
    pub next: u64,
    pub end: u64,
    /// Of those, what the changelog covers.
    pub covered: u64,
    pub projects: u64,
    pub hot_projects: u64,
    pub workers: u64,
    pub hot_bytes: u64,
    /// Of the partitions that are owned.
    pub shadow: Option<ShadowStatus>,
}

/// What the thread and its handle share.
#[derive(Default)]
pub struct Shared {
    standing: Mutex<Standing>,
}

impl Shared {
    pub fn standing(&self) -> Standing {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The instance cannot go on; the first reason stays.
    pub fn fail(&self, why: &str) {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if standing.failed.is_none() {
            tracing::error!(why, "the instance has failed; the process must end, a restart recovers");
            standing.failed = Some(why.to_owned());
            standing.ready = false;
        }
    }

    fn tell(&self, now: Standing) {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if standing.failed.is_none() {
            *standing = now;
        }
    }
}

/// An instance at work.
pub struct InstanceThread<T: Transport> {
    pub instance: Instance<T>,
    pub jobs: Receiver<Job>,
    pub verdicts: Arc<VerdictBook>,
    pub shared: Arc<Shared>,
    /// What the config judges by: said by whoever owns the county, where it is another than the last one.
    pub book: Arc<Rulebook>,
    /// Partitions of projects: where copies of all are kept here, whoever owns them.
    pub standby: u16,
    /// Writes an entry to where it belongs; nobody waits for it.
    pub say: Box<dyn Fn(Entry) + Send>,
    /// Rounds since there was nothing else to do than what the shadow rulebook finds.
    pub busy_rounds: u32,
}

const IDLE: Duration = Duration::from_millis(100);
const TELL_EVERY: Duration = Duration::from_millis(100);
/// After so many rounds without an idle moment one project is judged by the shadow rulebook all the same.
const BUSY_ROUNDS: u32 = 64;
/// Without partitions after so long, there are none left for this instance.
const JOINING: Duration = Duration::from_secs(15);

impl<T: Transport> InstanceThread<T> {
    /// Until it is to stop, or cannot go on. What was begun is finished, and written with all pages.
    pub fn run(mut self) {
        let began = Instant::now();
        let (mut told, mut rulebook_said) = (None::<Instant>, false);
        loop {
            while let Ok(job) = self.jobs.try_recv() {
                match self.job(job) {
                    Ok(false) => {}
                    Ok(true) => return self.leave(),
                    Err(error) => return self.shared.fail(&error.to_string()),
                }
            }
            if let Err(error) = self.step(&mut rulebook_said) {
                return self.shared.fail(&error.to_string());
            }
            if told.is_none_or(|told| told.elapsed() > TELL_EVERY) {
                told = Some(Instant::now());
                let standing = self.standing(began.elapsed() > JOINING);
                self.shared.tell(standing);
            }
        }
    }

    fn step(&mut self, rulebook_said: &mut bool) -> Result<(), ClusterError> {
        self.instance.receive(if self.instance.shadow_waits() { Duration::ZERO } else { IDLE })?;
        let is_idle = self.instance.is_idle();
        self.instance.work()?;
        self.verdicts.put(self.instance.take_verdicts());
        if self.standby > 0 {
            (0..self.standby)
                .map(Partition::Projects)
                .chain([Partition::County])
                .try_for_each(|partition| self.instance.follow(partition))?;
        }
        let book = &self.book;
        match self.instance.owner_mut(Partition::County) {
            Some(Owner::County(owner)) if !*rulebook_said && !owner.is_last_rulebook(book) => {
                *rulebook_said = true;
                tracing::info!(version = %book.version, "the rulebook is another than the last one: everything is judged anew");
                (self.say)(Entry::Rulebook(Box::new((**book).clone())));
            }
            Some(_) => {}
            None => *rulebook_said = false,
        }
        self.judge_shadow(is_idle)
    }

    /// One project a round: whatever comes goes before the next one.
    fn judge_shadow(&mut self, is_idle: bool) -> Result<(), ClusterError> {
        self.busy_rounds += 1;
        if is_idle || self.busy_rounds >= BUSY_ROUNDS {
            self.busy_rounds = 0;
            self.instance.judge_shadow()?;
        }
        Ok(())
    }

    /// Answers; whether it was the last.
    fn job(&mut self, job: Job) -> Result<bool, ClusterError> {
        match job {
            Job::Stop => return Ok(true),
            Job::Ask(questions, done) => {
                let mut answers = Vec::with_capacity(questions.len());
                for (partition, question) in questions {
                    answers.push(self.instance.ask(partition, |owner| question.answer(owner))?);
                }
                done(answers);
            }
            Job::Project(name, question, done) => {
                let mut kept = Some(question);
                let home = Partition::of_project(&name, self.instance.partitions());
                self.instance.ask(home, |owner| {
                    let Owner::Projects(owner) = owner else { return Ok(()) };
                    let Some(question) = kept.take() else { return Ok(()) };
                    owner.shard_mut().ask(&name, |found| question(Ok(found)))
                })?;
                done(kept);
            }
            Job::Shadow(answers, next) => {
                if !answers.is_empty() {
                    self.instance.shadow_answers(answers);
                }
                next(self.instance.shadow_questions());
            }
        }
        Ok(false)
    }

    fn leave(mut self) {
        // With all pages in the changelog whoever comes next has little to do.
        if let Err(error) = self.instance.checkpoint() {
            tracing::warn!(%error, "the last pages were not written; the next owner reads more of its topic");
        }
        self.verdicts.put(self.instance.take_verdicts());
    }

    fn standing(&mut self, is_settled: bool) -> Standing {
        let mut now = Standing::default();
        let progress = self.instance.progress();
        let owned = progress.values().filter(|one| one.stage != Stage::Following).count();
        now.shadow = self.instance.shadow();
        now.ready = self.instance.is_ready() && (owned > 0 || is_settled);
        for (partition, one) in progress {
            let stages = &mut now.partitions;
            match one.stage {
                Stage::Following => {
                    stages.following += 1;
                    continue;
                }
                Stage::Restoring => stages.restoring += 1,
                Stage::CatchingUp => stages.catching_up += 1,
                Stage::Serving => stages.serving += 1,
            }
            if one.stage != Stage::Serving {
                stages.restored_pages += one.restored_pages;
            }
            now.next += one.next;
            now.end += one.end.max(one.next);
            now.covered += one.covered;
            if let Some(Owner::Projects(owner)) = self.instance.owner_mut(partition) {
                let shard = owner.shard();
                now.projects += shard.project_count() as u64;
                now.hot_projects += shard.hot_projects() as u64;
                now.workers += shard.workers() as u64;
                now.hot_bytes += shard.hot_bytes() as u64;
            }
        }
        now
    }
}
