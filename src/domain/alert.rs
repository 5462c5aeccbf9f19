//! Alerts: a finding with an identity and a life, and the rows that tell subscribers of it.

use super::record::words;
use super::{
    ActKind, Authority, Day, DismissReason, ExemptionKind, Finding, IdNumber, Level, Position, ProjectId,
    Rule, Subject, Sum, Time, WorkerWord,
};
use compact_str::CompactString;
use std::fmt;

/// Stable: made from (rule, project, subject). `wage-unpaid-` and 26 letters and digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertId(pub CompactString);

impl fmt::Display for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What makes two findings the same trouble, within one project.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AlertKey {
    pub subject: Subject,
    pub rule: Rule,
}

words!(
    /// Where an alert is in its life.
    AlertStatus {
        Open = "open",
        Acknowledged = "acknowledged",
        Dismissed = "dismissed",
        Resolved = "resolved",
        /// Somebody works on it.
        Handling = "handling",
        /// Nothing is asked of supervisors until a day.
        Exempted = "exempted",
    }
);

words!(
    /// Why a row was written.
    Change {
        Raised = "raised",
        /// Level, sum, workers or evidence are others now.
        Changed = "changed",
        Resolved = "resolved",
        /// It was resolved or dismissed, and the facts say it is there (again, or worse).
        Reopened = "reopened",
        Acknowledged = "acknowledged",
        Assigned = "assigned",
        Noted = "noted",
        Dismissed = "dismissed",
        /// Work on it began.
        Handled = "handled",
        JustificationAsked = "justification-asked",
        Justified = "justified",
        WorkerSaid = "worker-said",
        Exempted = "exempted",
        /// The exemption's last day is over.
        ExemptionEnded = "exemption-ended",
        Advanced = "advanced",
        HandedOver = "handed-over",
        /// Not acknowledged, or not settled, in its time: it goes to the next above.
        Escalated = "escalated",
        /// It is part of another alert now, and no longer shown by itself.
        RolledUp = "rolled-up",
        /// What it was part of no longer stands.
        Shown = "shown",
        /// It was held in quarantine, and an operator has let it go: only now is anybody told of it.
        Released = "released",
    }
);

impl Change {
    /// Whether the facts made it, not a person.
    pub fn is_of_facts(self) -> bool {
        matches!(self, Change::Raised | Change::Changed | Change::Resolved | Change::Reopened)
    }
}

/// An alert as it stands: the finding, and what people did about it.
#[derive(Clone, PartialEq, Debug)]
pub struct Alert {
    pub id: AlertId,
    /// The last finding; after a resolution, the one that was resolved.
    pub finding: Finding,
    pub status: AlertStatus,
    /// Business date of the first row.
    pub raised_on: Day,
    /// Business date of the last row.
    pub changed_on: Day,
    /// Number of rows so far, from 1.
    pub revision: u32,
    pub assignee: Option<CompactString>,
    pub dismissal: Option<Dismissal>,
    /// Who made the last row's change, and what he wrote; `None` when the facts did.
    pub actor: Option<CompactString>,
    pub note: Option<CompactString>,
    pub casework: Casework,
    pub clock: Clock,
    /// It is part of another alert that stands, and supervisors get that one.
    pub rolled_up: bool,
    /// Since when it is held in quarantine: kept and judged like any other, and told to nobody but the
    /// coordinator. Of a resolved one: that it was never told.
    pub held: Option<Day>,
    /// The alerts of its project that are its cause, by rule.
    pub causes: Vec<Cause>,
    pub history: History,
}

/// Why an alert is there: other alerts of its project that stand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cause {
    pub rule: Rule,
    /// The first of them.
    pub alert_id: AlertId,
    /// How many they are.
    pub count: u32,
}

impl Alert {
    pub fn key(&self) -> AlertKey {
        AlertKey { subject: self.finding.subject.clone(), rule: self.finding.rule }
    }

    /// Whether the facts hold now, whatever people did about it.
    pub fn stands(&self) -> bool {
        self.status != AlertStatus::Resolved
    }

    /// Whether anybody is asked to do something about it.
    pub fn asks(&self) -> bool {
        matches!(self.status, AlertStatus::Open | AlertStatus::Acknowledged | AlertStatus::Handling)
    }

    /// Whether that act is one of those it remembers.
    pub fn knows(&self, act_id: &str) -> bool {
        self.history.steps.iter().any(|step| step.deed.as_ref().is_some_and(|deed| deed.act_id == act_id))
    }
}

/// What people did beside giving it a status.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Casework {
    pub justification: Option<Justification>,
    pub worker: Option<WorkerWord>,
    pub exemption: Option<Exemption>,
    /// What the emergency fund has paid in advance; the alert's own sum is not less for it.
    pub advanced: Sum,
    pub handed_to: Option<Authority>,
}

/// How long it may wait, and what came of its having waited too long.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Clock {
    /// `None` while nobody is asked.
    pub running: Option<Running>,
    /// Steps up the ladder since it began to ask: 0 the sector's department, 1 the coordinator, 2 the county head.
    pub escalation: u8,
    pub escalated_on: Option<Day>,
    /// Which of its times have passed since it began to ask.
    pub unseen: bool,
    pub unsettled: bool,
}

/// The last days of an alert's times.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Running {
    /// The level that they are those of.
    pub level: Level,
    /// `None` once it was acknowledged, or that time was missed.
    pub acknowledge_by: Option<Day>,
    pub settle_by: Option<Day>,
}

/// By when an alert that begins to ask is to be acknowledged and settled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deadlines {
    pub acknowledge_by: Day,
    pub settle_by: Option<Day>,
}

/// What the employer was asked, and says.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Justification {
    /// The last day for it; `None` where nobody asked.
    pub until: Option<Day>,
    pub said: Option<CompactString>,
}

/// Covers the sum that it was given for up to and on its last day, however old the debt grows meanwhile.
#[derive(Clone, PartialEq, Debug)]
pub struct Exemption {
    pub kind: ExemptionKind,
    pub until: Day,
    pub by: CompactString,
    pub text: CompactString,
    pub amount: Sum,
    /// What the alert is again once it ends.
    pub before: AlertStatus,
}

/// An alert's life, oldest step first; bounded, so the first steps of a long one may be gone.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct History {
    pub steps: Vec<Step>,
    /// How many are gone.
    pub dropped: u32,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    pub change: Change,
    /// The business date.
    pub on: Day,
    /// What the alert said then.
    pub level: Level,
    pub amount: Sum,
    /// Who did it and what; `None` when the facts or the calendar did.
    pub deed: Option<Box<Deed>>,
}

/// An act as an alert remembers it.
#[derive(Clone, PartialEq, Debug)]
pub struct Deed {
    pub actor: CompactString,
    pub at: Time,
    pub act_id: CompactString,
    pub kind: ActKind,
}

/// A dismissal covers what it was given for; worse facts reopen (rulebook, "How findings become alerts", 6).
#[derive(Clone, PartialEq, Debug)]
pub struct Dismissal {
    pub reason: DismissReason,
    pub text: CompactString,
    pub level: Level,
    pub amount: Sum,
}

/// One change of one alert, with the shard's next number. Numbers have no gaps.
#[derive(Clone, PartialEq, Debug)]
pub struct AlertRow {
    pub shard: u16,
    /// From 1.
    pub seq: u64,
    pub position: Position,
    /// Unix milliseconds at which the block that caused it was written.
    pub written_ms: i64,
    pub change: Change,
    pub alert: Alert,
    /// The version of the rulebook that judged the finding as it stands in this row.
    pub rulebook: CompactString,
}

impl AlertRow {
    pub fn project_id(&self) -> &ProjectId {
        &self.alert.finding.project_id
    }

    pub fn id_number(&self) -> Option<&IdNumber> {
        self.alert.finding.subject.id_number()
    }
}
