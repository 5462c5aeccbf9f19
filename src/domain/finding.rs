//! Findings: what a rule says is true now. Rules and levels are closed sets.

use super::record::words;
use super::{Account, Day, Evidence, Fact, IdNumber, PaymentLine, Period, ProjectId, Sum, Uscc, WorkerView};
use compact_str::CompactString;
use std::cmp::Ordering;

words!(
    /// The rules (contract, section 5, and the rulebook). New ones go to the end.
    Rule {
        WageUnpaid = "wage-unpaid",
        WageUnderpaid = "wage-underpaid",
        ProjectArrears = "project-arrears",
        PayeeMismatch = "payee-mismatch",
        UnregisteredWorker = "unregistered-worker",
        UnknownProject = "unknown-project",
        CoverageLow = "coverage-low",
        GroupArrears = "group-arrears",
        CriminalThreshold = "criminal-threshold",
        BelowMinimumWage = "below-minimum-wage",
        LeftUnsettled = "left-unsettled",
        PayoutReturned = "payout-returned",
        PayrollBelowAttendance = "payroll-below-attendance",
        ImplausiblePay = "implausible-pay",
        GhostPayee = "ghost-payee",
        AccountNotOpened = "account-not-opened",
        AccountAgreementMissing = "account-agreement-missing",
        LabourFeeLate = "labour-fee-late",
        LabourFeeShort = "labour-fee-short",
        BalanceShort = "balance-short",
        ForbiddenDebit = "forbidden-debit",
        AccountRestrained = "account-restrained",
        AccountClosedEarly = "account-closed-early",
        PaidOutsideAccount = "paid-outside-account",
        SharedPayee = "shared-payee",
        DepositMissing = "deposit-missing",
        DepositLow = "deposit-low",
        DepositForm = "deposit-form",
        DepositExpiring = "deposit-expiring",
        DepositNotRefilled = "deposit-not-refilled",
        GuaranteeMissing = "guarantee-missing",
        UnregisteredMany = "unregistered-many",
        NoContract = "no-contract",
        PayrollMissing = "payroll-missing",
        LabourOfficerMissing = "labour-officer-missing",
        AttendanceSilent = "attendance-silent",
        UploadLate = "upload-late",
        AttendanceSuspicious = "attendance-suspicious",
        InspectionMissing = "inspection-missing",
        ComplaintOpen = "complaint-open",
        RepeatOffender = "repeat-offender",
        BusinessSignal = "business-signal",
        FeedSilent = "feed-silent",
        AlertOverdue = "alert-overdue",
        PayDayDoubtful = "pay-day-doubtful",
        AlertFlood = "alert-flood",
    }
);

words!(
    /// Blue: forecast, or the data itself is doubtful. Yellow, orange, red: it has happened.
    Level { Blue = "blue", Yellow = "yellow", Orange = "orange", Red = "red" }
);

/// What a rule looks at, and with what it is judged anew.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Part {
    /// One worker of one project.
    Worker,
    /// A project's totals over its workers.
    Totals,
    /// A project's papers: contract, accounts, deposits, inspections, complaints.
    Papers,
    /// What belongs to no single project.
    County,
}

impl Rule {
    /// What the rule looks at, where it is about no person.
    pub fn part(self) -> Part {
        match self {
            Rule::WageUnpaid
            | Rule::WageUnderpaid
            | Rule::PayeeMismatch
            | Rule::UnregisteredWorker
            | Rule::BelowMinimumWage
            | Rule::LeftUnsettled
            | Rule::PayoutReturned
            | Rule::PayrollBelowAttendance
            | Rule::ImplausiblePay
            | Rule::GhostPayee
            | Rule::PaidOutsideAccount
            | Rule::NoContract
            | Rule::AttendanceSuspicious => Part::Worker,
            Rule::ProjectArrears
            | Rule::CoverageLow
            | Rule::GroupArrears
            | Rule::CriminalThreshold
            | Rule::UnregisteredMany
            | Rule::AttendanceSilent
            | Rule::UploadLate
            | Rule::BalanceShort
            | Rule::PayDayDoubtful => Part::Totals,
            Rule::UnknownProject
            | Rule::AccountNotOpened
            | Rule::AccountAgreementMissing
            | Rule::LabourFeeLate
            | Rule::LabourFeeShort
            | Rule::ForbiddenDebit
            | Rule::AccountRestrained
            | Rule::AccountClosedEarly
            | Rule::SharedPayee
            | Rule::DepositMissing
            | Rule::DepositLow
            | Rule::DepositForm
            | Rule::DepositExpiring
            | Rule::DepositNotRefilled
            | Rule::GuaranteeMissing
            | Rule::PayrollMissing
            | Rule::LabourOfficerMissing
            | Rule::InspectionMissing
            | Rule::ComplaintOpen => Part::Papers,
            Rule::RepeatOffender
            | Rule::BusinessSignal
            | Rule::FeedSilent
            | Rule::AlertOverdue
            | Rule::AlertFlood => Part::County,
        }
    }

    /// Whether it is one of the contract's section 5, which every report must have the same.
    pub fn is_of_contract(self) -> bool {
        self <= Rule::UnknownProject
    }

    /// Whether supervisors get this one rolled up in another alert of the project.
    pub fn rolls_up_into(self) -> Option<Rule> {
        match self {
            Rule::WageUnpaid
            | Rule::WageUnderpaid
            | Rule::CoverageLow
            | Rule::GroupArrears
            | Rule::CriminalThreshold => Some(Rule::ProjectArrears),
            _ => None,
        }
    }

    /// The alert of the same project that this one is a cause of (rulebook, "How findings become alerts", 3).
    pub fn is_cause_of(self) -> Option<Rule> {
        match self {
            Rule::LabourFeeLate | Rule::LabourFeeShort | Rule::BalanceShort | Rule::PayoutReturned => {
                Some(Rule::ProjectArrears)
            }
            _ => None,
        }
    }

    /// Whether its alert names causes.
    pub fn has_causes(self) -> bool {
        Rule::ALL.iter().any(|rule| rule.is_cause_of() == Some(self))
    }

    /// Whether, as a cause, it makes the owner the one who must act first.
    pub fn is_owners_duty(self) -> bool {
        matches!(self, Rule::LabourFeeLate | Rule::LabourFeeShort)
    }
}

/// What an alert is about, within its project. Ordered by person first, so that all that is about
/// one worker stands together; what is about no person comes before every worker.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Subject {
    Project,
    Worker(IdNumber),
    WorkerPeriod(IdNumber, Period),
    Payment {
        id_number: IdNumber,
        bank: CompactString,
        txn_id: CompactString,
    },
    /// A month of the whole project.
    Month(Period),
    /// The week that begins on that Monday.
    Week(Day),
    /// A wage account, or a payee's.
    Account(Account),
    /// A booking on a wage account.
    Booking {
        account: Account,
        entry_id: CompactString,
    },
    Restraint {
        account: Account,
        restraint_id: CompactString,
    },
    /// A payment that is placed with no worker.
    StrayPayment {
        bank: CompactString,
        txn_id: CompactString,
    },
    Deposit(CompactString),
    /// An employer's payroll sheet of a month.
    Sheet(Uscc, Period),
    Complaint(CompactString),
    Employer(Uscc),
    /// Who sends records.
    Source(CompactString),
    /// All alerts of a rule.
    Rule(Rule),
}

impl Subject {
    pub fn id_number(&self) -> Option<&IdNumber> {
        match self {
            Subject::Worker(id) | Subject::WorkerPeriod(id, _) | Subject::Payment { id_number: id, .. } => {
                Some(id)
            }
            _ => None,
        }
    }

    pub fn period(&self) -> Option<Period> {
        match self {
            Subject::WorkerPeriod(_, period) | Subject::Month(period) | Subject::Sheet(_, period) => {
                Some(*period)
            }
            _ => None,
        }
    }

    /// What tells two subjects of one person, or of none, apart.
    fn rank(&self) -> Rank<'_> {
        let none = Rank::default();
        match self {
            Subject::Project => none,
            Subject::Worker(_) => Rank { kind: 1, ..none },
            Subject::WorkerPeriod(_, period) => Rank { kind: 2, period: Some(*period), ..none },
            Subject::Payment { bank, txn_id, .. } => Rank { kind: 3, text: bank, more: txn_id, ..none },
            Subject::Month(period) => Rank { kind: 4, period: Some(*period), ..none },
            Subject::Week(day) => Rank { kind: 5, day: Some(*day), ..none },
            Subject::Account(account) => Rank { kind: 6, account: Some(*account), ..none },
            Subject::Booking { account, entry_id } => {
                Rank { kind: 7, account: Some(*account), text: entry_id, ..none }
            }
            Subject::Restraint { account, restraint_id } => {
                Rank { kind: 8, account: Some(*account), text: restraint_id, ..none }
            }
            Subject::StrayPayment { bank, txn_id } => Rank { kind: 9, text: bank, more: txn_id, ..none },
            Subject::Deposit(id) => Rank { kind: 10, text: id, ..none },
            Subject::Sheet(firm, period) => {
                Rank { kind: 11, period: Some(*period), firm: Some(*firm), ..none }
            }
            Subject::Complaint(id) => Rank { kind: 12, text: id, ..none },
            Subject::Employer(firm) => Rank { kind: 13, firm: Some(*firm), ..none },
            Subject::Source(name) => Rank { kind: 14, text: name, ..none },
            Subject::Rule(rule) => Rank { kind: 15, text: rule.as_str(), ..none },
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Rank<'a> {
    kind: u8,
    period: Option<Period>,
    day: Option<Day>,
    account: Option<Account>,
    firm: Option<Uscc>,
    text: &'a str,
    more: &'a str,
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
    /// A finding that is about no sum, no worker and no due date, with the facts that it rests on.
    pub fn new(
        rule: Rule,
        project_id: &ProjectId,
        subject: Subject,
        level: Level,
        facts: Vec<Fact>,
    ) -> Finding {
        Finding {
            rule,
            project_id: project_id.clone(),
            period: subject.period(),
            subject,
            level,
            amount: 0,
            workers: 0,
            due_on: None,
            evidence: Evidence::Facts(facts),
        }
    }

    /// A finding about one payment to a worker.
    pub fn of_payment(
        rule: Rule,
        view: &WorkerView,
        line: &PaymentLine,
        level: Level,
        evidence: Evidence,
    ) -> Finding {
        Finding {
            rule,
            project_id: view.project_id.clone(),
            subject: Subject::Payment {
                id_number: view.id_number.clone(),
                bank: line.bank.clone(),
                txn_id: line.txn_id.clone(),
            },
            level,
            amount: line.amount_fen.sum(),
            workers: 1,
            due_on: None,
            period: line.period,
            evidence,
        }
    }

    /// Days past due at that business date; 0 for findings that do not age.
    pub fn overdue_days(&self, today: Day) -> i32 {
        self.due_on.map_or(0, |due| today.since(due))
    }
}
