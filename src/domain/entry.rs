//! What stands in the log: records, rejected input, business dates, acts, rulebooks. The state is a
//! deterministic function of the entries in their order.

use super::record::words;
use super::{Act, Day, ProjectId, Reason, Record, Release, Rulebook};
use compact_str::CompactString;

/// One entry of the log.
#[derive(Clone, PartialEq, Debug)]
pub enum Entry {
    Record(Record),
    /// Input that could not be taken; kept with its reason (a dead letter).
    Rejected(Box<Rejected>),
    /// The business date is now this one. Never earlier than the one before.
    Date(Day),
    /// What a supervisor did about an alert.
    Act(Box<Act>),
    /// From here on this one judges: every project anew at once, and all that follows.
    Rulebook(Box<Rulebook>),
    /// What is held of a rule is told from here on, and the rest of its date's alerts are not counted.
    Release(Box<Release>),
    /// A project is erased: nothing before in the log is of it any more, and nothing that comes of it is taken.
    Erased(Box<Erased>),
}

/// That a project was there, and is not any more. Bears no person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Erased {
    pub project_id: ProjectId,
    /// The business date on which it was erased.
    pub on: Day,
}

/// Input that could not be taken, as it came.
#[derive(Clone, PartialEq, Debug)]
pub struct Rejected {
    pub door: Door,
    /// The file it came from; empty for the other doors.
    pub file: CompactString,
    /// Line of the file or place in the batch, from 1.
    pub line: u64,
    /// The record's `id`, where it could be read.
    pub id: Option<CompactString>,
    pub source: Option<CompactString>,
    pub reason: Reason,
    /// The bytes as they came (JSON text or a protobuf `Record`), cut at the door's limit.
    pub raw: Box<[u8]>,
    /// The whole length of what came, in bytes.
    pub raw_len: u64,
}

words!(
    /// Where input came in; metrics are labelled with it.
    Door { Submit = "submit", SubmitStream = "submit_stream", File = "file", Demo = "demo", Kafka = "kafka" }
);

/// A place in the log: the number of a block, from 1. 0 = before the first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Position(pub u64);

impl Position {
    pub fn next(self) -> Position {
        Position(self.0 + 1)
    }
}

/// What became of one entry, told to its sender once it is durable.
#[derive(Clone, PartialEq, Debug)]
pub enum Verdict {
    /// It changed the ledger, or may: it is kept.
    Accepted,
    /// All that it says was known already.
    Duplicate,
    /// It is kept as a dead letter; the reason names the field.
    Rejected(Reason),
}

impl Verdict {
    /// The word in metrics and on the wire.
    pub fn as_str(&self) -> &'static str {
        match self {
            Verdict::Accepted => "accepted",
            Verdict::Duplicate => "duplicate",
            Verdict::Rejected(_) => "rejected",
        }
    }
}
