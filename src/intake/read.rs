//! Fields to records: which fields each type has, and within which bounds (contract, section 3).
//! The one place where both JSON and CSV are validated. Knows no syntax.

use super::field::Field as F;
use super::rejection::Rejection;
use super::wire::{
    AccountNumber, CreditCode, Date, Fields, Instant, Money, Month, Project as ProjectOf, Remark, Text,
    Value, Want, Whole, Word, WorkDate, Worked, YesNo,
};
use crate::domain::{
    AccountEntry, AccountRestraint, Basis, Body, BusinessSignal, Channel, Complaint, Deposit, DepositForm,
    DepositStatus, Enrolment, EntryDirection, EntryKind, Fen, Funding, Head, IdNumber, Inspection,
    InspectionOutcome, Payment, PaymentGuarantee, PaymentStatus, Payroll, PayrollLine, Piecework, Project,
    ProjectStatus, Reason, ReasonCode, Record, RecordType, RestraintKind, Signal, Swipe, SwipeDirection,
    WageAccount, WorkDay,
};
use compact_str::{CompactString, format_compact};

pub(super) const ID: Text = Text(128);
pub(super) const SOURCE: Text = Text(64);
const NAME: Text = Text(256);
const KEY: Text = Text(128);
const ID_TYPE: Text = Text(16);
const WORDS: Remark = Remark(256);
const NOTE: Remark = Remark(4096);
const MONEY: Money =
    Money(Whole { min: 0, max: Fen::MAX.0, words: "an integer of 0 to 10000000000000 (fen)" });
const MONEY_MOVED: Money =
    Money(Whole { min: 1, max: Fen::MAX.0, words: "an integer above 0 and at most 10000000000000 (fen)" });
const RATE: Money = Money(Whole {
    min: 1,
    max: Fen::MAX.0,
    words: "an integer above 0 and at most 10000000000000 (fen); 0 only with basis piece",
});
const PAY_DAY: Whole = Whole { min: 1, max: 31, words: "an integer of 1 to 31 (day of the month)" };
const PAY_MONTH_OFFSET: Whole =
    Whole { min: 0, max: 1, words: "0 (in the month of work) or 1 (in the next month)" };
const LEVEL: Whole = Whole { min: 0, max: 100, words: "an integer of 0 to 100 (100 = worst)" };
const WORKERS: Whole = Whole { min: 0, max: 1_000_000_000, words: "an integer of 0 to 1000000000 (workers)" };
/// Three days: the longest stretch of work that one statement may cover.
const MINUTES: Whole = Whole { min: 0, max: 4320, words: "an integer of 0 to 4320 (minutes)" };
const RESIDENT: &str = "a resident identity number: 17 digits with a real birth date and the GB 11643 check character (or an id_type other than 01)";

/// The record that the fields make, or why they make none.
pub fn record(fields: &Fields<'_>) -> Result<Record, Rejection> {
    body(fields).map_err(|reason| rejection(fields, reason))
}

/// A rejection that bears what can be read of `id` and `source`.
pub fn rejection(fields: &Fields<'_>, reason: Reason) -> Rejection {
    Rejection {
        reason,
        id: fields.may(F::Id, ID).unwrap_or(None),
        source: fields.may(F::Source, SOURCE).unwrap_or(None),
    }
}

/// The type alone, if the fields name a known one.
pub fn record_type(f: &Fields<'_>) -> Result<RecordType, Reason> {
    let known = Word(RecordType::parse, RecordType::WORDS);
    f.need(F::Type, known).map_err(|reason| match reason.code {
        ReasonCode::Format => Reason { code: ReasonCode::UnknownType, ..reason },
        _ => reason,
    })
}

fn body(f: &Fields<'_>) -> Result<Record, Reason> {
    f.once_each()?;
    let kind = record_type(f)?;
    let head =
        Head { id: f.need(F::Id, ID)?, source: f.need(F::Source, SOURCE)?, at: f.need(F::At, Instant)? };
    let body = match kind {
        RecordType::Attendance => attendance(f)?,
        RecordType::Project => Body::Project(Box::new(project(f)?)),
        RecordType::Enrolment => Body::Enrolment(Box::new(enrolment(f)?)),
        RecordType::Piecework => Body::Piecework(Box::new(piecework(f)?)),
        RecordType::Payroll => Body::Payroll(Box::new(payroll(f)?)),
        RecordType::Payment => Body::Payment(Box::new(payment(f)?)),
        RecordType::Account => Body::Account(Box::new(account(f)?)),
        RecordType::AccountEntry => Body::AccountEntry(Box::new(account_entry(f)?)),
        RecordType::AccountRestraint => Body::AccountRestraint(Box::new(account_restraint(f)?)),
        RecordType::Deposit => Body::Deposit(Box::new(deposit(f)?)),
        RecordType::PaymentGuarantee => Body::PaymentGuarantee(Box::new(payment_guarantee(f)?)),
        RecordType::Inspection => Body::Inspection(Box::new(inspection(f)?)),
        RecordType::Complaint => Body::Complaint(Box::new(complaint(f)?)),
        RecordType::BusinessSignal => Body::BusinessSignal(Box::new(business_signal(f)?)),
    };
    Ok(Record { head, body })
}

struct Person<'t>(Option<&'t str>);

impl Want for Person<'_> {
    type Out = IdNumber;
    fn expected(&self) -> CompactString {
        RESIDENT.into()
    }
    fn take(&self, field: &str, value: &Value<'_>) -> Result<IdNumber, Reason> {
        match value.as_text() {
            Some(text) => IdNumber::parse(field, self.0, text),
            None => Err(Reason::new(field, ReasonCode::WrongType, value.shape(), RESIDENT)),
        }
    }
}

fn person(f: &Fields<'_>) -> Result<IdNumber, Reason> {
    let id_type = f.may(F::IdType, ID_TYPE)?;
    f.need(F::IdNumber, Person(id_type.as_deref()))
}

fn small(f: &Fields<'_>, field: F, bounds: Whole) -> Result<Option<u8>, Reason> {
    // The bounds of every caller lie within a byte.
    Ok(f.may(field, bounds)?.and_then(|n| u8::try_from(n).ok()))
}

fn words(f: &Fields<'_>, field: F, want: Remark) -> Result<Option<CompactString>, Reason> {
    Ok(f.may(field, want)?.flatten())
}

fn attendance(f: &Fields<'_>) -> Result<Body, Reason> {
    let project_id = f.need(F::ProjectId, ProjectOf)?;
    let id_number = person(f)?;
    let expected = "either swiped_at (a swipe) or work_date and days (a day)";
    let of_day = [F::WorkDate, F::Days, F::Minutes].into_iter().find(|field| f.get(*field).is_some());
    match (f.get(F::SwipedAt).is_some(), of_day) {
        (true, Some(other)) => {
            let found = format_compact!("swiped_at and {} in one record", other.name());
            Err(Reason::new("record", ReasonCode::Format, found, expected))
        }
        (true, None) => Ok(Body::Swipe(Swipe {
            project_id,
            id_number,
            swiped_at: f.need(F::SwipedAt, Instant)?,
            direction: f.may(F::Direction, Word(SwipeDirection::parse, SwipeDirection::WORDS))?,
            device: words(f, F::Device, WORDS)?,
        })),
        (false, Some(_)) => Ok(Body::WorkDay(WorkDay {
            project_id,
            id_number,
            work_date: f.need(F::WorkDate, WorkDate)?,
            days: f.need(F::Days, Worked)?,
            minutes: f.may(F::Minutes, MINUTES)?.and_then(|n| u16::try_from(n).ok()),
        })),
        (false, None) => Err(Reason::missing("swiped_at", expected)),
    }
}

fn project(f: &Fields<'_>) -> Result<Project, Reason> {
    let status = f.may(F::Status, Word(ProjectStatus::parse, ProjectStatus::WORDS))?;
    Ok(Project {
        project_id: f.need(F::ProjectId, ProjectOf)?,
        name: f.need(F::Name, NAME)?,
        sector: f.need(F::Sector, NAME)?,
        territory: f.need(F::Territory, NAME)?,
        funding: f.need(F::Funding, Word(Funding::parse, Funding::WORDS))?,
        owner_name: f.need(F::OwnerName, NAME)?,
        owner_uscc: f.may(F::OwnerUscc, CreditCode)?,
        contractor_name: f.need(F::ContractorName, NAME)?,
        contractor_uscc: f.need(F::ContractorUscc, CreditCode)?,
        contract_signed_on: f.need(F::ContractSignedOn, Date)?,
        contract_fen: f.need(F::ContractFen, MONEY)?,
        labour_fee_fen: f.may(F::LabourFeeFen, MONEY)?,
        started_on: f.may(F::StartedOn, Date)?,
        completed_on: f.may(F::CompletedOn, Date)?,
        pay_day: small(f, F::PayDay, PAY_DAY)?,
        pay_month_offset: small(f, F::PayMonthOffset, PAY_MONTH_OFFSET)?,
        labour_officer: words(f, F::LabourOfficer, WORDS)?,
        status: status.unwrap_or(ProjectStatus::Active),
    })
}

fn enrolment(f: &Fields<'_>) -> Result<Enrolment, Reason> {
    let basis = f.need(F::Basis, Word(Basis::parse, Basis::WORDS))?;
    // Only piece work has no rate of its own.
    let rate_fen = f.need(F::RateFen, if basis == Basis::Piece { MONEY } else { RATE })?;
    Ok(Enrolment {
        project_id: f.need(F::ProjectId, ProjectOf)?,
        id_number: person(f)?,
        id_type: f.may(F::IdType, ID_TYPE)?,
        name: f.need(F::Name, NAME)?,
        employer_name: f.need(F::EmployerName, NAME)?,
        employer_uscc: f.may(F::EmployerUscc, CreditCode)?,
        team: words(f, F::Team, WORDS)?,
        basis,
        rate_fen,
        effective_on: f.need(F::EffectiveOn, Date)?,
        contract_signed_on: f.may(F::ContractSignedOn, Date)?,
        left_on: f.may(F::LeftOn, Date)?,
        account: f.may(F::Account, AccountNumber)?,
        pay_day: small(f, F::PayDay, PAY_DAY)?,
        pay_month_offset: small(f, F::PayMonthOffset, PAY_MONTH_OFFSET)?,
    })
}

fn piecework(f: &Fields<'_>) -> Result<Piecework, Reason> {
    Ok(Piecework {
        project_id: f.need(F::ProjectId, ProjectOf)?,
        id_number: person(f)?,
        period: f.need(F::Period, Month)?,
        lot: f.need(F::Lot, KEY)?,
        amount_fen: f.need(F::AmountFen, MONEY)?,
    })
}

fn payroll(f: &Fields<'_>) -> Result<Payroll, Reason> {
    Ok(Payroll {
        project_id: f.need(F::ProjectId, ProjectOf)?,
        employer_uscc: f.need(F::EmployerUscc, CreditCode)?,
        period: f.need(F::Period, Month)?,
        submitted_on: f.need(F::SubmittedOn, Date)?,
        approved_on: f.may(F::ApprovedOn, Date)?,
        lines: payroll_lines(f)?,
    })
}

fn payroll_lines(f: &Fields<'_>) -> Result<Vec<PayrollLine>, Reason> {
    let expected = "a list of {id_number, payable_fen, deductions_fen, signed}";
    let elements = match f.get(F::Lines) {
        Some(Value::Array(elements)) => elements,
        Some(other) => return Err(Reason::new("lines", ReasonCode::WrongType, other.shape(), expected)),
        None => return Err(Reason::missing("lines", expected)),
    };
    let line = |(at, element): (usize, &Value<'_>)| match element {
        Value::Object(Some(fields)) => {
            payroll_line(fields).map_err(|why| why.under(&format_compact!("lines[{at}]")))
        }
        other => {
            let path = format_compact!("lines[{at}]");
            Err(Reason::new(
                &path,
                ReasonCode::WrongType,
                // Of objects only a null is left without its fields.
                if *other == Value::Object(None) { "null" } else { other.shape() },
                "{id_number, payable_fen, deductions_fen, signed}",
            ))
        }
    };
    elements.iter().enumerate().map(line).collect()
}

fn payroll_line(f: &Fields<'_>) -> Result<PayrollLine, Reason> {
    f.once_each()?;
    Ok(PayrollLine {
        id_number: person(f)?,
        payable_fen: f.need(F::PayableFen, MONEY)?,
        deductions_fen: f.may(F::DeductionsFen, MONEY)?.unwrap_or_default(),
        signed: f.need(F::Signed, YesNo)?,
    })
}

fn payment(f: &Fields<'_>) -> Result<Payment, Reason> {
    let id_number = if f.get(F::IdNumber).is_some() { Some(person(f)?) } else { None };
    Ok(Payment {
        bank: f.need(F::Bank, KEY)?,
        txn_id: f.need(F::TxnId, KEY)?,
        account: f.need(F::Account, AccountNumber)?,
        payee_account: f.need(F::PayeeAccount, AccountNumber)?,
        payee_name: words(f, F::PayeeName, WORDS)?,
        id_number,
        project_id: f.may(F::ProjectId, ProjectOf)?,
        period: f.may(F::Period, Month)?,
        amount_fen: f.need(F::AmountFen, MONEY_MOVED)?,
        settled_at: f.need(F::SettledAt, Instant)?,
        status: f.need(F::Status, Word(PaymentStatus::parse, PaymentStatus::WORDS))?,
    })
}

fn account(f: &Fields<'_>) -> Result<WageAccount, Reason> {
    Ok(WageAccount {
        project_id: f.need(F::ProjectId, ProjectOf)?,
        account: f.need(F::Account, AccountNumber)?,
        bank: f.need(F::Bank, KEY)?,
        opened_on: f.need(F::OpenedOn, Date)?,
        agreement_signed: f.need(F::AgreementSigned, YesNo)?,
        closed_on: f.may(F::ClosedOn, Date)?,
    })
}

fn account_entry(f: &Fields<'_>) -> Result<AccountEntry, Reason> {
    Ok(AccountEntry {
        account: f.need(F::Account, AccountNumber)?,
        entry_id: f.need(F::EntryId, KEY)?,
        direction: f.need(F::Direction, Word(EntryDirection::parse, EntryDirection::WORDS))?,
        kind: f.need(F::Kind, Word(EntryKind::parse, EntryKind::WORDS))?,
        amount_fen: f.need(F::AmountFen, MONEY_MOVED)?,
        booked_at: f.need(F::BookedAt, Instant)?,
        counterparty: words(f, F::Counterparty, WORDS)?,
        purpose: words(f, F::Purpose, NOTE)?,
    })
}

fn account_restraint(f: &Fields<'_>) -> Result<AccountRestraint, Reason> {
    Ok(AccountRestraint {
        account: f.need(F::Account, AccountNumber)?,
        restraint_id: f.need(F::RestraintId, KEY)?,
        kind: f.need(F::Kind, Word(RestraintKind::parse, RestraintKind::WORDS))?,
        authority: f.need(F::Authority, NAME)?,
        imposed_on: f.need(F::ImposedOn, Date)?,
        lifted_on: f.may(F::LiftedOn, Date)?,
    })
}

fn deposit(f: &Fields<'_>) -> Result<Deposit, Reason> {
    Ok(Deposit {
        project_id: f.need(F::ProjectId, ProjectOf)?,
        deposit_id: f.need(F::DepositId, KEY)?,
        form: f.need(F::Form, Word(DepositForm::parse, DepositForm::WORDS))?,
        amount_fen: f.need(F::AmountFen, MONEY)?,
        lodged_on: f.need(F::LodgedOn, Date)?,
        expires_on: f.may(F::ExpiresOn, Date)?,
        on_demand: f.need(F::OnDemand, YesNo)?,
        status: f.need(F::Status, Word(DepositStatus::parse, DepositStatus::WORDS))?,
    })
}

fn payment_guarantee(f: &Fields<'_>) -> Result<PaymentGuarantee, Reason> {
    Ok(PaymentGuarantee {
        project_id: f.need(F::ProjectId, ProjectOf)?,
        guarantee_id: f.need(F::GuaranteeId, KEY)?,
        amount_fen: f.need(F::AmountFen, MONEY)?,
        provided_on: f.need(F::ProvidedOn, Date)?,
        expires_on: f.may(F::ExpiresOn, Date)?,
    })
}

fn inspection(f: &Fields<'_>) -> Result<Inspection, Reason> {
    Ok(Inspection {
        project_id: f.need(F::ProjectId, ProjectOf)?,
        inspection_id: f.need(F::InspectionId, KEY)?,
        department: f.need(F::Department, NAME)?,
        inspector: f.need(F::Inspector, NAME)?,
        inspected_on: f.need(F::InspectedOn, Date)?,
        outcome: f.need(F::Outcome, Word(InspectionOutcome::parse, InspectionOutcome::WORDS))?,
        note: words(f, F::Note, NOTE)?,
    })
}

fn complaint(f: &Fields<'_>) -> Result<Complaint, Reason> {
    Ok(Complaint {
        complaint_id: f.need(F::ComplaintId, KEY)?,
        channel: f.need(F::Channel, Word(Channel::parse, Channel::WORDS))?,
        filed_on: f.need(F::FiledOn, Date)?,
        project_id: f.may(F::ProjectId, ProjectOf)?,
        employer_uscc: f.may(F::EmployerUscc, CreditCode)?,
        sector: words(f, F::Sector, WORDS)?,
        territory: words(f, F::Territory, WORDS)?,
        workers: f.may(F::Workers, WORKERS)?.and_then(|n| u32::try_from(n).ok()),
        amount_fen: f.may(F::AmountFen, MONEY)?,
        closed_on: f.may(F::ClosedOn, Date)?,
    })
}

fn business_signal(f: &Fields<'_>) -> Result<BusinessSignal, Reason> {
    Ok(BusinessSignal {
        employer_uscc: f.need(F::EmployerUscc, CreditCode)?,
        signal: f.need(F::Signal, Word(Signal::parse, Signal::WORDS))?,
        level: small(f, F::Level, LEVEL)?.ok_or_else(|| Reason::missing("level", LEVEL.words))?,
        observed_on: f.need(F::ObservedOn, Date)?,
    })
}
