//! The engine as doors see it: a cheap handle on whatever core there is, the threads of this machine or an instance of
//! a cluster. Nothing here blocks but `stop`.

use super::api::{
    Core, DeadLetter, DeadLetterId, PlacedDone, ProjectAsk, ProjectSummary, Refused, Status, SubmitDone,
    Timekeeper, Waiting,
};
use super::due::Due;
use super::feed::Feed;
use crate::alerts::Tallies;
use crate::domain::{Account, Day, Entry, ProjectId, TraceMark};
use compact_str::CompactString;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A handle on a running engine.
#[derive(Clone)]
pub struct Engine {
    core: Arc<dyn Core>,
}

impl Engine {
    pub fn of(core: Arc<dyn Core>) -> Engine {
        Engine { core }
    }

    pub fn feed(&self) -> &Arc<Feed> {
        self.core.feed()
    }

    pub fn status(&self) -> Status {
        self.core.status()
    }

    /// Level with the log, and not failed.
    pub fn is_ready(&self) -> bool {
        self.core.is_ready()
    }

    pub fn business_date(&self) -> Option<Day> {
        self.core.business_date()
    }

    /// Why the engine cannot go on; the process must end.
    pub fn failure(&self) -> Option<String> {
        self.core.failure()
    }

    /// By which clock it is for this instance to say which date it is.
    pub fn timekeeper(&self) -> Timekeeper {
        self.core.timekeeper()
    }

    /// (free, needed) bytes while the disk is nearly full: nothing is taken until `None` comes.
    pub fn set_disk_shortage(&self, shortage: Option<(u64, u64)>) {
        self.core.set_disk_shortage(shortage);
    }

    /// Hands entries over; `done` is called once, on a thread of the engine, when they are durable
    /// and merged. An error: nothing was taken.
    pub fn submit(&self, entries: Vec<Entry>, done: SubmitDone) -> Result<(), Refused> {
        self.submit_marked(entries, None, done)
    }

    /// The same; whoever observes is told what became of it, by its mark.
    pub fn submit_marked(
        &self,
        entries: Vec<Entry>,
        mark: Option<TraceMark>,
        done: SubmitDone,
    ) -> Result<(), Refused> {
        self.submit_placed(entries, mark, Box::new(|judged| done(judged.map(|(verdicts, _)| verdicts))))
    }

    /// The same; `done` is told where the entries stand, too.
    pub fn submit_placed(
        &self,
        entries: Vec<Entry>,
        mark: Option<TraceMark>,
        done: PlacedDone,
    ) -> Result<(), Refused> {
        self.core.submit(entries, mark, done)
    }

    /// Runs `question` where the project lives, or on a copy of it; a project that nothing is known of is `None`.
    pub fn ask_project<T: Send + 'static>(
        &self,
        project: ProjectId,
        question: impl FnOnce(Option<ProjectAsk<'_>>) -> T + Send + 'static,
        done: impl FnOnce(Result<T, Refused>) + Send + 'static,
    ) {
        self.core.ask_project(project, Box::new(|found| done(found.map(question))));
    }

    /// Summaries of all projects, ascending by project_id.
    pub fn projects(&self, done: impl FnOnce(Result<Vec<ProjectSummary>, Refused>) + Send + 'static) {
        self.core.projects(Box::new(done));
    }

    /// What falls due of these projects within so many days, in their order; those of which nothing does are left out.
    pub fn due(
        &self,
        projects: Vec<ProjectId>,
        days: u8,
        done: impl FnOnce(Result<Due, Refused>) + Send + 'static,
    ) {
        self.core.due(projects, days, Box::new(done));
    }

    /// What became of alerts, shard by shard, those of the county last.
    pub fn tallies(&self, done: impl FnOnce(Result<Vec<Tallies>, Refused>) + Send + 'static) {
        self.core.tallies(Box::new(done));
    }

    /// Payments in suspense of one project, or of the whole county; ascending by (bank, txn_id); at most `max`.
    pub fn suspense(
        &self,
        project: Option<ProjectId>,
        max: usize,
        done: impl FnOnce(Result<Vec<Waiting>, Refused>) + Send + 'static,
    ) {
        let Some(project) = project else { return self.core.suspense(max, Box::new(done)) };
        let name = project.clone();
        let question = move |ask: Option<ProjectAsk<'_>>| {
            let found = ask.map_or(Vec::new(), |ask| ask.ledger.suspense());
            found.into_iter().take(max).map(|(p, reason)| (Some(name.clone()), p, reason)).collect()
        };
        self.ask_project(project, question, done);
    }

    /// The bank of each account that is known as a wage account.
    pub fn banks(
        &self,
        accounts: Vec<Account>,
        done: impl FnOnce(Result<BTreeMap<Account, CompactString>, Refused>) + Send + 'static,
    ) {
        self.core.banks(accounts, Box::new(done));
    }

    /// Dead letters above `after`, ascending, at most `max`.
    pub fn dead_letters(
        &self,
        after: Option<DeadLetterId>,
        max: usize,
        done: impl FnOnce(Result<Vec<DeadLetter>, Refused>) + Send + 'static,
    ) {
        self.core.dead_letters(after, max, Box::new(done));
    }

    /// Takes nothing more, makes durable what was taken, writes a last checkpoint, ends the threads.
    pub fn stop(&self) {
        self.core.stop();
    }
}
