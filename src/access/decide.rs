//! The decision: who, which call, which row -> allowed, filtered, refused. First the call as a whole, then
//! each row of it at its source.

use super::call::{Call, Role};
use super::principal::Principal;
use crate::domain::{Body, RecordType};
use compact_str::CompactString;

/// What a caller touches with a call.
#[derive(Clone, Copy, Debug)]
pub enum Row<'a> {
    /// A project, its ledgers, its alerts, its payments in suspense.
    Project(Place<'a>),
    /// What belongs to no project that is known: payments in suspense, dead letters that say nothing.
    County,
    /// A record that is handed in.
    Record(Statement<'a>),
    /// One that could not be taken, as far as it says whose it is.
    Letter(Statement<'a>),
    /// How the service stands: status, metrics, the business date.
    Service,
    /// An entry of the audit trail.
    Trail,
}

/// Where a project is, and which departments are told of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Place<'a> {
    /// Empty while no `project` record is known.
    pub sector: &'a str,
    pub territory: &'a str,
    pub departments: &'a [CompactString],
}

/// A place that stands on its own.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Home {
    pub sector: CompactString,
    pub territory: CompactString,
    pub departments: Vec<CompactString>,
}

impl Home {
    pub fn place(&self) -> Place<'_> {
        Place { sector: &self.sector, territory: &self.territory, departments: &self.departments }
    }
}

/// A record that is handed in, as far as it matters whose it is.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
    pub kind: RecordType,
    pub project_id: Option<&'a str>,
    /// The bank that the record names.
    pub bank: Option<&'a str>,
    /// The bank of the wage account that the record is about, where that account is known already.
    pub account_bank: Option<&'a str>,
    /// The department that inspected.
    pub department: Option<&'a str>,
    /// Where the project is; `Place::default()` while that is not known.
    pub place: Place<'a>,
}

impl<'a> Statement<'a> {
    pub fn of(body: &'a Body, account_bank: Option<&'a str>, place: Place<'a>) -> Statement<'a> {
        let (bank, department) = match body {
            Body::Payment(payment) => (Some(payment.bank.as_str()), None),
            Body::Account(account) => (Some(account.bank.as_str()), None),
            Body::Inspection(inspection) => (None, Some(inspection.department.as_str())),
            _ => (None, None),
        };
        let project_id = body.project_id().map(crate::domain::ProjectId::as_str);
        Statement { kind: body.record_type(), project_id, bank, account_bank, department, place }
    }
}

/// What becomes of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    Allowed,
    /// For him it is not there: left out of lists and streams, and not found when asked for.
    Filtered,
    Refused(Denied),
}

/// Why, in words for the caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Denied {
    /// His role does not make this call.
    NotHisCall,
    /// Full numbers are shown to those alone who are named as such.
    NoReveal,
    NotHisRecords,
    NotHisBank,
    NotHisProject,
    NotHisDepartment,
}

impl Denied {
    pub fn why(self) -> &'static str {
        match self {
            Denied::NotHisCall => "your role does not make this call",
            Denied::NoReveal => "full numbers are for callers with `reveal` in the list of principals",
            Denied::NotHisRecords => "your role does not hand in records of this type",
            Denied::NotHisBank => "the record is of a bank that you do not speak for",
            Denied::NotHisProject => "the record is of a project that you do not speak for",
            Denied::NotHisDepartment => "the inspection is of a department that you do not speak for",
        }
    }
}

/// How much of people a caller sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sight {
    /// Numbers and names in part.
    Masked,
    /// Nothing of any person.
    NoPersons,
}

pub fn sight(who: &Principal) -> Sight {
    match who.role {
        Some(Role::Platform) => Sight::NoPersons,
        _ => Sight::Masked,
    }
}

/// The call as a whole, before any row is looked at.
pub fn may_call(who: &Principal, call: Call) -> Result<(), Denied> {
    match who.role {
        Some(role) if !call.is_of(role) => Err(Denied::NotHisCall),
        // Whoever has no name leaves no trace, so he is not shown them either.
        _ if call == Call::Reveal && !who.reveal => Err(Denied::NoReveal),
        _ => Ok(()),
    }
}

/// One row of a call.
pub fn decide(who: &Principal, call: Call, row: &Row<'_>) -> Decision {
    if let Err(denied) = may_call(who, call) {
        return Decision::Refused(denied);
    }
    let Some(role) = who.role else { return Decision::Allowed };
    let his = match row {
        Row::Project(place) => match role {
            Role::Coordinator | Role::Platform => true,
            Role::Supervisor | Role::Territory | Role::Inspector => who.covers(place),
            Role::Bank | Role::SitePlatform | Role::Auditor | Role::Operator | Role::Instance => false,
        },
        Row::County => role == Role::Coordinator,
        Row::Service => role == Role::Operator,
        Row::Trail => role == Role::Auditor,
        // Listed to the coordinator whosever it is; mended by whoever may have sent it.
        Row::Letter(statement) => {
            (role == Role::Coordinator && call == Call::ListDeadLetters) || is_of_his(who, role, statement)
        }
        Row::Record(statement) => {
            return match hand_in(who, role, statement) {
                Ok(()) => Decision::Allowed,
                Err(denied) => Decision::Refused(denied),
            };
        }
    };
    if his { Decision::Allowed } else { Decision::Filtered }
}

/// Whether a letter is one that he may have sent: it must say so itself, or its account must be known as his.
fn is_of_his(who: &Principal, role: Role, letter: &Statement<'_>) -> bool {
    let says_so = role != Role::Bank || letter.bank.or(letter.account_bank).is_some();
    says_so && hand_in(who, role, letter).is_ok()
}

/// Whose records a caller may hand in.
fn hand_in(who: &Principal, role: Role, record: &Statement<'_>) -> Result<(), Denied> {
    use RecordType as R;
    let own = |is: bool, denied| if is { Ok(()) } else { Err(denied) };
    match (role, record.kind) {
        (Role::Bank, R::Payment | R::Account | R::AccountEntry | R::AccountRestraint) => {
            let is_his = |bank: Option<&str>| bank.is_none_or(|bank| who.banks.contains(bank));
            own(is_his(record.bank) && is_his(record.account_bank), Denied::NotHisBank)
        }
        (Role::SitePlatform, R::Attendance | R::Enrolment | R::Piecework | R::Payroll) => {
            own(record.project_id.is_some_and(|id| who.has_project(id)), Denied::NotHisProject)
        }
        (Role::Inspector, R::Inspection) => {
            let department = record.department.is_some_and(|code| who.departments.contains(code));
            own(department, Denied::NotHisDepartment)?;
            own(who.covers(&record.place), Denied::NotHisProject)
        }
        (
            Role::Coordinator,
            R::Project | R::Deposit | R::PaymentGuarantee | R::Inspection | R::Complaint | R::BusinessSignal,
        ) => Ok(()),
        _ => Err(Denied::NotHisRecords),
    }
}
