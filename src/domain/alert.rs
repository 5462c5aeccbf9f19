//! Alerts: a finding with an identity and a life, and the rows that tell subscribers of it.

use super::record::words;
use super::{Day, DismissReason, Finding, IdNumber, Level, Position, ProjectId, Rule, Subject, Sum};
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
    AlertStatus { Open = "open", Acknowledged = "acknowledged", Dismissed = "dismissed", Resolved = "resolved" }
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
    /// The latest acts' ids, so that a repeated act is no second one (at most 16).
    pub act_ids: Vec<CompactString>,
}

impl Alert {
    pub fn key(&self) -> AlertKey {
        AlertKey { subject: self.finding.subject.clone(), rule: self.finding.rule }
    }

    /// Whether the facts hold now (open, acknowledged or dismissed).
    pub fn stands(&self) -> bool {
        self.status != AlertStatus::Resolved
    }
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
