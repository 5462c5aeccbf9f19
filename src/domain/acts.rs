//! What people do about an alert. Acts are entries of the log like records.

use super::record::words;
use super::{AlertId, Day, Fen, ProjectId, Rule, Time};
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

/// An operator lets go what is held of a rule in quarantine.
#[derive(Clone, PartialEq, Debug)]
pub struct Release {
    pub rule: Rule,
    pub actor: CompactString,
    pub at: Time,
    pub act_id: CompactString,
    /// Why; may be empty.
    pub text: CompactString,
}

/// What is done. A text may be empty but for a note and what the employer says.
#[derive(Clone, PartialEq, Debug)]
pub enum ActKind {
    Acknowledge,
    Assign {
        to: CompactString,
    },
    Note {
        text: CompactString,
    },
    Dismiss {
        reason: DismissReason,
        text: CompactString,
    },
    /// Work on it begins.
    Handle {
        text: CompactString,
    },
    /// The employer is asked to justify himself, up to and on that day.
    AskJustification {
        until: Day,
        text: CompactString,
    },
    /// What the employer says for himself.
    Justify {
        text: CompactString,
    },
    /// What the worker says of the employer's word.
    WorkerSays {
        word: WorkerWord,
        text: CompactString,
    },
    /// Nothing is asked of supervisors up to and on that day.
    Exempt {
        kind: ExemptionKind,
        until: Day,
        text: CompactString,
    },
    /// The emergency fund pays workers in advance. The firm's debt stays.
    Advance {
        amount: Fen,
        text: CompactString,
    },
    HandOver {
        to: Authority,
        text: CompactString,
    },
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

words!(
    /// Why nothing is asked of supervisors for a time. A dispute over quantity or price is no reason here either.
    ExemptionKind {
        /// The workers agreed in writing to be paid in instalments.
        InstalmentsAgreed = "instalments-agreed",
        /// An arbitration or a court has it.
        InProceedings = "in-proceedings",
        /// The site is closed for the season.
        SeasonalStop = "seasonal-stop",
        ForceMajeure = "force-majeure",
        /// Records are being taken over from another platform.
        DataTakeover = "data-takeover",
        /// The competent department decided so, in writing.
        ByDecision = "by-decision",
    }
);

words!(
    /// The worker's answer to what the employer says.
    WorkerWord {
        /// It is as the employer says.
        Accepts = "accepts",
        /// It is not: the alert is right.
        Rejects = "rejects",
    }
);

words!(
    /// Who takes a case over.
    Authority { Police = "police", Court = "court" }
);
