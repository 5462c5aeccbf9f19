//! How an instance gets answers: its own, those of the owners of other partitions, and what became of what was written.
//! While a partition moves it is asked again for a while.

use super::core::Inner;
use super::thread::Job;
use crate::codec::Corrupt;
use crate::domain::{Day, Entry, ProjectId, Reason, Verdict};
use crate::engine::ProjectCopy;
use crate::engine::api::{ProjectQuestion, Refused};
use crate::engine::cluster::{Judged, Partition, Question, question};
use crate::engine::due::{Due, DueMonth};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// So long a question waits for a partition that moves, and a sender for the verdict on what is durable already.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(50);
/// Another instance is asked to wait so long for its verdicts.
const VERDICT_WAIT: Duration = Duration::from_millis(500);
/// A date is in force when every partition has followed it.
const DATE_PATIENCE: Duration = Duration::from_secs(20);

impl Inner {
    pub(super) fn refusal(&self) -> Option<Refused> {
        if let Some(why) = self.parts.shared.standing().failed {
            return Some(Refused::Failed(why));
        }
        if self.stopping.load(Ordering::Acquire) {
            return Some(Refused::Stopping);
        }
        let disk = *self.disk.lock().unwrap_or_else(PoisonError::into_inner);
        disk.map(|(free_bytes, needed_bytes)| Refused::DiskFull { free_bytes, needed_bytes })
    }

    pub(super) fn send(&self, job: Job) {
        // Where the thread has ended, whoever waits sees his channel closed.
        let _ = self.parts.jobs.send(job);
        let _ = self.parts.wake.try_send(());
    }

    /// What is known here; `None` for a partition that is not served here.
    pub(super) async fn answer_here(&self, questions: Vec<(Partition, Question)>) -> Vec<Option<Vec<u8>>> {
        let until = Instant::now() + VERDICT_WAIT;
        let mut answers = vec![None; questions.len()];
        let (mut owners, mut places) = (Vec::new(), Vec::new());
        for (at, (partition, asked)) in questions.into_iter().enumerate() {
            match &asked {
                Question::Verdicts(offsets) => {
                    let found = self.parts.verdicts.wait(partition, offsets, until).await;
                    answers[at] = Some(question::write_verdicts(&found));
                }
                Question::Sources => answers[at] = Some(self.parts.heard.answer()),
                _ => {
                    owners.push((partition, asked));
                    places.push(at);
                }
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

    pub(super) async fn answer_at(
        &self,
        address: &str,
        questions: &[(Partition, Question)],
    ) -> Vec<Option<Vec<u8>>> {
        if address == self.parts.me {
            return self.answer_here(questions.to_vec()).await;
        }
        let asked = self.parts.peers.ask(address, question::write_questions(questions)).await;
        let answers = asked.ok().and_then(|bytes| question::read_answers(&bytes).ok());
        answers.filter(|found| found.len() == questions.len()).unwrap_or_else(|| vec![None; questions.len()])
    }

    /// Asks whoever owns the partitions, until each has answered.
    async fn gather(
        self: &Arc<Inner>,
        questions: Vec<(Partition, Question)>,
    ) -> Result<Vec<Vec<u8>>, Refused> {
        let until = Instant::now() + PATIENCE;
        let mut answers: Vec<Option<Vec<u8>>> = vec![None; questions.len()];
        loop {
            let mut by_owner: BTreeMap<String, Vec<usize>> = BTreeMap::new();
            for (at, _) in answers.iter().enumerate().filter(|(_, answer)| answer.is_none()) {
                if let Some(owner) = self.parts.table.owner(questions[at].0) {
                    by_owner.entry(owner).or_default().push(at);
                }
            }
            // All at once: one that is frozen holds up nobody but those who need it.
            let mut asking = JoinSet::new();
            for (owner, places) in by_owner {
                let asked: Vec<_> = places.iter().map(|at| questions[*at].clone()).collect();
                let inner = self.clone();
                asking.spawn(async move { (places, inner.answer_at(&owner, &asked).await) });
            }
            while let Some(answered) = asking.join_next().await {
                // A task that panicked has said so, and is as good as no answer.
                let (places, found) = answered.unwrap_or_default();
                for (at, found) in places.into_iter().zip(found) {
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

    pub(super) async fn gather_from<T>(
        self: &Arc<Inner>,
        partitions: impl Iterator<Item = Partition>,
        asked: Question,
        read: impl Fn(&[u8]) -> Result<T, Corrupt>,
    ) -> Result<Vec<T>, Refused> {
        let questions = partitions.map(|partition| (partition, asked.clone())).collect();
        self.gather_all(questions, read).await
    }

    async fn gather_all<T>(
        self: &Arc<Inner>,
        questions: Vec<(Partition, Question)>,
        read: impl Fn(&[u8]) -> Result<T, Corrupt>,
    ) -> Result<Vec<T>, Refused> {
        let found = self.gather(questions).await?;
        // Two versions at work during a deploy: the question waits for its end.
        found.iter().map(|bytes| read(bytes)).collect::<Result<_, _>>().map_err(|corrupt| {
            tracing::warn!(%corrupt, "an answer of another version is not read");
            Refused::Moving
        })
    }

    /// What falls due of these projects, in their order: each owner says it of his own.
    pub(super) async fn due(self: &Arc<Inner>, projects: Vec<ProjectId>, days: u8) -> Result<Due, Refused> {
        let mut by_home: BTreeMap<Partition, Vec<ProjectId>> = BTreeMap::new();
        for project in &projects {
            let home = Partition::of_project(project, self.parts.sorter.partitions);
            by_home.entry(home).or_default().push(project.clone());
        }
        let questions = by_home.into_iter().map(|(home, projects)| (home, Question::Due { projects, days }));
        let found = self.gather_all(questions.collect(), question::read_due).await?;
        let mut found: BTreeMap<ProjectId, Vec<DueMonth>> = found.into_iter().flatten().collect();
        // What was not asked for is nobody's to see.
        Ok(projects.into_iter().filter_map(|project| found.remove_entry(&project)).collect())
    }

    pub(super) fn projects(&self) -> impl Iterator<Item = Partition> + use<> {
        (0..self.parts.sorter.partitions).map(Partition::Projects)
    }

    /// What became of entries that stand at these places. A record of which nobody says so in time is durable, and that
    /// is what its sender is told; what else somebody waits for is to be asked for again.
    pub(super) async fn verdicts(
        &self,
        entries: &[Known],
        places: &[(Partition, u64)],
    ) -> Result<Vec<Judged>, Refused> {
        let mut found: Vec<Option<Judged>> = vec![None; entries.len()];
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
            // One question to each owner.
            let mut by_owner: BTreeMap<String, Vec<(Partition, Vec<usize>)>> = BTreeMap::new();
            for (partition, at) in wanted {
                if let Some(owner) = self.parts.table.owner(partition) {
                    by_owner.entry(owner).or_default().push((partition, at));
                }
            }
            for (owner, of) in by_owner {
                let offsets = |at: &[usize]| at.iter().map(|at| places[*at].1).collect();
                let asked: Vec<_> =
                    of.iter().map(|(partition, at)| (*partition, Question::Verdicts(offsets(at)))).collect();
                for ((_, at), answer) in of.into_iter().zip(self.answer_at(&owner, &asked).await) {
                    let told = answer.and_then(|bytes| question::read_verdicts(&bytes).ok());
                    for (at, verdict) in at.into_iter().zip(told.unwrap_or_default()) {
                        found[at] = verdict;
                    }
                }
            }
            if found.iter().any(Option::is_none) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        let settle = |(entry, judged): (&Known, Option<Judged>)| match (entry, judged) {
            (_, Some(judged)) => Ok(judged),
            (Known::Record, None) => Ok(Verdict::Accepted.into()),
            // Only its letter's id is not known.
            (Known::Rejected(reason), None) => Ok(Verdict::Rejected(reason.clone()).into()),
            _ => Err(Refused::Moving),
        };
        entries.iter().zip(found).map(settle).collect()
    }

    /// Until the county has come to that date; whether it has, in time. A long jump goes day by day.
    pub(super) async fn date_is(&self, day: Day) -> bool {
        let until = Instant::now() + DATE_PATIENCE;
        while self.parts.table.date().is_none_or(|date| date < day) {
            if Instant::now() > until {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        true
    }

    pub(super) async fn ask_project(&self, project: ProjectId, question: ProjectQuestion) {
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
pub(super) enum Known {
    Record,
    /// It is kept as a dead letter, whatever happens.
    Rejected(Reason),
    Date(Day),
    Other,
}

impl Known {
    pub(super) fn of(entry: &Entry) -> Known {
        match entry {
            Entry::Record(_) => Known::Record,
            Entry::Rejected(rejected) => Known::Rejected(rejected.reason.clone()),
            Entry::Date(day) => Known::Date(*day),
            _ => Known::Other,
        }
    }
}
