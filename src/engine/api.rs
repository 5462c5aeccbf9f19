//! What doors and the engine say to each other: settings, refusals, questions and their answers.

use super::due::Due;
use super::feed::Feed;
use crate::alerts::{ProjectAlerts, Tallies};
use crate::domain::{
    Account, AlertKey, AlertRow, Body, Day, Doubts, Entry, Fen, Funding, Level, MonthTotals, Position,
    ProjectId, Reason, Record, Rejected, Rule, Rulebook, Sum, SuspenseReason, TraceMark, Verdict,
};
use crate::ledger::{KeptPayment, ProjectLedger};
use crate::log::Block;
use compact_str::CompactString;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A payment in suspense: the project that it belongs to, if that is known, and why it waits.
pub type Waiting = (Option<ProjectId>, KeptPayment, SuspenseReason);

/// Sizes and limits of the engine, and what it tries out.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Fixed when the data folder is created.
    pub shards: u16,
    /// Threads that own shards; 0 = one a core.
    pub threads: usize,
    /// A batch is closed at so many entries; a large one counts as several.
    pub batch_entries: usize,
    /// Entries that may wait before `submit` answers [`Refused::Busy`].
    pub queue_entries: usize,
    /// Projects leave memory, coldest first, when their state takes more than this.
    pub memory_bytes: usize,
    /// A round of checkpoints begins so often,
    pub checkpoint_ms: u64,
    /// or after so many entries.
    pub checkpoint_entries: usize,
    /// Alert rows that are kept for subscribers who come back, all shards together.
    pub history_rows: usize,
    /// A rulebook that judges beside the live one; what it finds is counted and told to nobody.
    pub shadow: Option<Arc<Rulebook>>,
    /// Another number for a log that was put back from a backup: what subscribers read of the life that was lost
    /// is no place in this one.
    pub life: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            shards: 32,
            threads: 0,
            batch_entries: 8192,
            queue_entries: 200_000,
            memory_bytes: 4 << 30,
            checkpoint_ms: 10_000,
            checkpoint_entries: 2_000_000,
            history_rows: 200_000,
            shadow: None,
            life: 0,
        }
    }
}

/// Why a submission was not taken. Nothing of it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("too much is waiting to be written; send again in a moment")]
    Busy,
    #[error("the service is stopping")]
    Stopping,
    /// Of a cluster: what was asked for is being taken over by another instance.
    #[error("a partition is moving to another instance; ask again in a moment")]
    Moving,
    /// Of a cluster: what was sent may stand or not.
    #[error("the brokers have not acknowledged in time; send the same again")]
    Unacknowledged,
    #[error(
        "the disk is nearly full: {free_bytes} bytes free, {needed_bytes} needed; nothing more is taken until space is made"
    )]
    DiskFull { free_bytes: u64, needed_bytes: u64 },
    #[error("the engine has failed and the process is ending: {0}")]
    Failed(String),
}

/// Called once with the verdict of each entry, in their order, when all are durable and merged.
pub type SubmitDone = Box<dyn FnOnce(Result<Vec<Verdict>, Refused>) + Send>;

/// The same, with the ids of those that are kept as dead letters.
pub type PlacedDone = Box<dyn FnOnce(Result<(Vec<Verdict>, Letters), Refused>) + Send>;

/// By which id an entry of a submission is known, if it is a dead letter.
#[derive(Clone, PartialEq, Debug)]
pub enum Letters {
    /// By its place: the first entry has this one, the others follow one by one.
    From(DeadLetterId),
    /// By the entry's index, as far as they are known.
    At(BTreeMap<usize, DeadLetterId>),
}

impl Letters {
    /// No id is known.
    pub const NONE: Letters = Letters::At(BTreeMap::new());

    /// Of the entry at that index.
    pub fn id(&self, at: usize) -> Option<DeadLetterId> {
        match self {
            Letters::From(first) => Some(first.plus(at)),
            Letters::At(known) => known.get(&at).copied(),
        }
    }
}

/// Called once with the answer, on whatever thread has it.
pub type Done<T> = Box<dyn FnOnce(Result<T, Refused>) + Send>;

/// Asked of one project where it lives; a project that nothing is known of is `None`.
pub type ProjectQuestion = Box<dyn FnOnce(Result<Option<ProjectAsk<'_>>, Refused>) + Send>;

/// By whose clock an instance says which date it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Timekeeper {
    /// This machine's.
    Machine,
    /// The brokers' of a cluster: it is at least that late, Unix milliseconds; `None` before they were heard.
    Brokers(Option<i64>),
    /// By none: another instance says it.
    Another,
}

/// What doors ask of an engine, wherever its projects live. [`super::Engine`] says what each call means. Where the engine
/// fails before it has answered, what is to be called is dropped.
pub trait Core: Send + Sync {
    fn feed(&self) -> &Arc<Feed>;
    fn status(&self) -> Status;
    fn is_ready(&self) -> bool;
    fn business_date(&self) -> Option<Day>;
    fn failure(&self) -> Option<String>;
    /// By which clock it is for this instance to say which date it is; of several that share a county one does.
    fn timekeeper(&self) -> Timekeeper {
        Timekeeper::Machine
    }
    fn set_disk_shortage(&self, shortage: Option<(u64, u64)>);
    fn submit(&self, entries: Vec<Entry>, mark: Option<TraceMark>, done: PlacedDone) -> Result<(), Refused>;
    fn ask_project(&self, project: ProjectId, question: ProjectQuestion);
    fn projects(&self, done: Done<Vec<ProjectSummary>>);
    /// Of these projects.
    fn due(&self, projects: Vec<ProjectId>, days: u8, done: Done<Due>);
    fn tallies(&self, done: Done<Vec<Tallies>>);
    /// Of the whole county.
    fn suspense(&self, max: usize, done: Done<Vec<Waiting>>);
    fn banks(&self, accounts: Vec<Account>, done: Done<BTreeMap<Account, CompactString>>);
    fn dead_letters(&self, after: Option<DeadLetterId>, max: usize, done: Done<Vec<DeadLetter>>);
    fn stop(&self);
}

/// One project as a question sees it.
pub struct ProjectAsk<'a> {
    pub ledger: &'a ProjectLedger,
    pub alerts: &'a ProjectAlerts,
    /// The last row of each of its alerts.
    pub rows: &'a BTreeMap<AlertKey, Arc<AlertRow>>,
    pub book: &'a Rulebook,
    /// `None` before the first business date.
    pub today: Option<Day>,
    /// The project as lists show it, as of now.
    pub summary: &'a dyn Fn() -> ProjectSummary,
    /// Its months' totals, as of now; none before the first business date.
    pub months: &'a dyn Fn() -> Vec<MonthTotals>,
}

/// One project in a list; kept in memory for cold projects too.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectSummary {
    pub project_id: ProjectId,
    /// `None`: records name the project, but no `project` record is known.
    pub facts: Option<ProjectFacts>,
    pub workers: u32,
    pub overdue_fen: Sum,
    pub overdue_workers: u32,
    pub overdue_periods: u32,
    pub oldest_due_on: Option<Day>,
    /// Alerts that stand and are told.
    pub alerts: u32,
    /// Payments that name the project or its wage account but no worker of it.
    pub suspense: u32,
}

/// What lists and routing show of a `project` record.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectFacts {
    pub name: CompactString,
    pub sector: CompactString,
    pub territory: CompactString,
    pub funding: Funding,
    pub contractor_name: CompactString,
    pub contract_fen: Fen,
}

/// A place among the dead letters: the block, and the entry's index in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeadLetterId {
    pub position: Position,
    pub index: u32,
}

/// `17.3`
impl fmt::Display for DeadLetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.position.0, self.index)
    }
}

impl DeadLetterId {
    /// The place of the entry that comes so many behind, in the same block.
    pub fn plus(self, count: usize) -> DeadLetterId {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        DeadLetterId { index: self.index.saturating_add(count), ..self }
    }
}

/// A record that could not be taken, as kept.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    pub id: DeadLetterId,
    /// Unix milliseconds.
    pub written_ms: i64,
    pub reason: Reason,
    pub content: DeadContent,
}

/// What a dead letter holds.
#[derive(Clone, Debug, PartialEq)]
pub enum DeadContent {
    /// Input that could not be decoded or is not valid, as it came.
    Input(Rejected),
    /// A valid record that conflicts with one that came before.
    Conflict(Record),
}

/// How the engine stands, for operators and metrics.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// Level with the log: every block has been applied.
    pub ready: bool,
    pub business_date: Option<Day>,
    /// The last block of the log, and the last that every shard has applied.
    pub log_head: Position,
    pub log_oldest: Position,
    pub applied: Position,
    /// The store covers the log up to here; what follows is replayed at a start.
    pub covered: Position,
    /// Unix milliseconds of the last finished round of checkpoints; 0 = none yet.
    pub checkpoint_ms: i64,
    pub log_bytes: u64,
    pub store_bytes: u64,
    pub hot_bytes: u64,
    pub shards: u16,
    pub projects: u64,
    pub hot_projects: u64,
    pub workers: u64,
    pub dead_letters: u64,
    pub queued_entries: u64,
    /// The version of the rulebook that judges.
    pub rulebook: String,
    /// Of the rulebook that judges beside it, where there is one.
    pub shadow: Option<ShadowStatus>,
    /// Of an instance of a cluster.
    pub partitions: Option<PartitionStatus>,
    /// Of an instance of a cluster: by how much this machine's clock is ahead of the brokers' for certain, once they were heard.
    pub clock_ahead_ms: Option<i64>,
    /// (free, needed) bytes while the disk is nearly full and nothing is taken.
    pub disk_shortage: Option<(u64, u64)>,
    /// Set when the engine has failed: the process must end.
    pub failed: Option<String>,
}

/// How the partitions stand that an instance of a cluster was given, and those whose copies it keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartitionStatus {
    pub following: u64,
    pub restoring: u64,
    pub catching_up: u64,
    pub serving: u64,
    /// Pages read from changelogs by those that are being taken over.
    pub restored_pages: u64,
}

/// How the shadow rulebook stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShadowStatus {
    pub version: String,
    /// Projects that were touched and are not judged by it yet.
    pub waiting: u64,
    /// Alerts that would stand by it.
    pub alerts: BTreeMap<(Rule, Level), u64>,
}

/// A submission that somebody follows, as a part of a block.
#[derive(Clone, PartialEq, Debug)]
pub struct Marked {
    pub mark: TraceMark,
    /// Its entries in the block.
    pub entries: Range<usize>,
}

/// Told of what the engine does, for metrics. Calls come from the engine's threads and must not block.
pub trait Observer: Send + Sync {
    /// A block is given to the shards: a new one, or one of the log at a start. In the log's order.
    fn opened(&self, _block: &Block, _today: Option<Day>) {}
    /// Of an instance of a cluster: what one of its partitions was sent, as it is taken.
    fn arrived(&self, _entries: &mut dyn Iterator<Item = &Entry>, _written_ms: i64, _today: Option<Day>) {}
    /// A row came from another machine with the trace that caused it; told before it is published.
    fn caused(&self, _row: &AlertRow, _mark: TraceMark) {}
    /// A batch was made durable.
    fn appended(&self, _entries: usize, _micros: u64) {}
    /// The block just made durable has submissions that somebody follows; told before anything is made of it.
    fn marked(&self, _block: &Block, _marked: &[Marked], _micros: u64) {}
    /// This thread begins with a block, and is done with it; what it publishes in between came of the block.
    fn applying(&self, _position: Position) {}
    fn finished(&self, _position: Position) {}
    /// A batch was merged, settled and judged on one thread.
    fn applied(&self, _entries: usize, _micros: u64) {}
    /// What a `project` record says is new, or known from the store; told before alerts that follow are published.
    fn project(&self, _project: &ProjectId, _facts: &ProjectFacts) {}
    /// Other projects' figures are in doubt than before, or for other reasons; told before rows that follow.
    fn doubted(&self, _doubts: &Arc<Doubts>) {}
    /// Alert rows were published; `written_ms` is when their cause was written to the log.
    fn published(&self, _rows: &[Arc<AlertRow>]) {}
    /// A shard's checkpoint reached the store.
    fn checkpointed(&self, _pages: usize, _bytes: usize, _micros: u64) {}
}

/// An observer that wants to know nothing.
pub struct Unobserved;
impl Observer for Unobserved {}

/// How much of a batch or a queue an entry takes: 1, and 1 more for each 512 bytes or so.
pub(super) fn weight(entry: &Entry) -> usize {
    const LINE_BYTES: usize = 40;
    let bytes = match entry {
        Entry::Rejected(rejected) => rejected.raw.len(),
        Entry::Record(Record { body: Body::Payroll(sheet), .. }) => sheet.lines.len() * LINE_BYTES,
        Entry::Record(_)
        | Entry::Date(_)
        | Entry::Act(_)
        | Entry::Rulebook(_)
        | Entry::Release(_)
        | Entry::Erased(_) => 0,
    };
    1 + bytes / 512
}
