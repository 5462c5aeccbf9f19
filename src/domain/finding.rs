//! Findings: what a rule says is true now. Rules and levels are closed sets.

use super::record::words;
use super::{Day, Evidence, IdNumber, Period, ProjectId, Sum};
use compact_str::CompactString;
use std::cmp::Ordering;

words!(
    /// The rules (contract, section 5; more in the rulebook).
    Rule {
        WageUnpaid = "wage-unpaid",
        WageUnderpaid = "wage-underpaid",
        ProjectArrears = "project-arrears",
        PayeeMismatch = "payee-mismatch",
        UnregisteredWorker = "unregistered-worker",
        UnknownProject = "unknown-project",
    }
);

words!(
    /// Blue: forecast, or the data itself is doubtful. Yellow, orange, red: it has happened.
    Level { Blue = "blue", Yellow = "yellow", Orange = "orange", Red = "red" }
);

impl Rule {
    /// Whether supervisors get this one rolled up in another alert of the project.
    pub fn rolls_up_into(self) -> Option<Rule> {
        match self {
            Rule::WageUnpaid | Rule::WageUnderpaid => Some(Rule::ProjectArrears),
            _ => None,
        }
    }
}

/// What an alert is about, within its project. Ordered by person first, so that all that is about
/// one worker stands together; the project itself comes before every worker.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Subject {
    Project,
    Worker(IdNumber),
    WorkerPeriod(IdNumber, Period),
    Payment { id_number: IdNumber, bank: CompactString, txn_id: CompactString },
}

impl Subject {
    pub fn id_number(&self) -> Option<&IdNumber> {
        match self {
            Subject::Project => None,
            Subject::Worker(id) | Subject::WorkerPeriod(id, _) | Subject::Payment { id_number: id, .. } => {
                Some(id)
            }
        }
    }

    pub fn period(&self) -> Option<Period> {
        match self {
            Subject::WorkerPeriod(_, period) => Some(*period),
            _ => None,
        }
    }

    /// What tells two subjects of one person apart.
    fn rank(&self) -> (u8, Option<Period>, &str, &str) {
        match self {
            Subject::Project => (0, None, "", ""),
            Subject::Worker(_) => (1, None, "", ""),
            Subject::WorkerPeriod(_, period) => (2, Some(*period), "", ""),
            Subject::Payment { bank, txn_id, .. } => (3, None, bank, txn_id),
        }
    }
}

impl Ord for Subject {
    fn cmp(&self, other: &Self) -> Ordering {
        self.id_number().cmp(&other.id_number()).then_with(|| self.rank().cmp(&other.rank()))
    }
}

impl PartialOrd for Subject {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One thing that is true: a rule, whom it is about, how bad, and why.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    pub rule: Rule,
    pub project_id: ProjectId,
    pub subject: Subject,
    pub level: Level,
    /// 0 where the rule is not about a sum.
    pub amount: Sum,
    /// How many workers it is about; 0 for a whole project without arrears.
    pub workers: u32,
    /// The (oldest) due date, for findings that age; overdue_days = business date - this.
    pub due_on: Option<Day>,
    /// The month that it is about: that of a wage, or the one that a payment names.
    pub period: Option<Period>,
    pub evidence: Evidence,
}

impl Finding {
    /// Days past due at that business date; 0 for findings that do not age.
    pub fn overdue_days(&self, today: Day) -> i32 {
        self.due_on.map_or(0, |due| today.since(due))
    }
}
