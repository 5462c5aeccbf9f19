//! What a supervisor does about an alert. Acts are entries of the log like records.

use super::record::words;
use super::{AlertId, ProjectId, Time};
use compact_str::CompactString;

/// One act on one alert.
#[derive(Clone, PartialEq, Debug)]
pub struct Act {
    pub alert_id: AlertId,
    /// The project whose alert it is; the door looks it up, so that the act finds its shard.
    pub project_id: ProjectId,
    /// Who acts: an office or a person, 1-64 characters.
    pub actor: CompactString,
    pub at: Time,
    /// Makes a repeated send harmless; 1-128 characters.
    pub act_id: CompactString,
    pub kind: ActKind,
}

#[derive(Clone, PartialEq, Debug)]
pub enum ActKind {
    Acknowledge,
    Assign { to: CompactString },
    Note { text: CompactString },
    Dismiss { reason: DismissReason, text: CompactString },
}

words!(
    /// Why an alert may be dismissed. A dispute over quantity or price is no reason (Order 724, article 35).
    DismissReason {
        RecordWrong = "record-wrong",
        PaidOutsideRecords = "paid-outside-records",
        WorkerAgreed = "worker-agreed",
        NotAWorker = "not-a-worker",
        TestData = "test-data",
    }
);
