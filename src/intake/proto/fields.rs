//! Which field of each message is which field of a record. Judges nothing.

use crate::domain::{
    Basis, Channel, DepositForm, DepositStatus, EntryDirection, EntryKind, Funding, InspectionOutcome,
    PaymentStatus, ProjectStatus, RestraintKind, Signal, SwipeDirection,
};
use crate::intake::field::Field as F;
use crate::intake::wire::{Fields, Value};
use crate::proto::v1 as pb;
use crate::proto::v1::record::Body as PbBody;
use std::borrow::Cow;

pub(super) fn text<'a>(f: &mut Fields<'a>, field: F, value: &'a str) {
    if !value.is_empty() {
        f.set(field, Value::Text(Cow::Borrowed(value)));
    }
}

fn may<'a>(f: &mut Fields<'a>, field: F, value: &'a Option<String>) {
    text(f, field, value.as_deref().unwrap_or_default());
}

fn int(f: &mut Fields<'_>, field: F, value: Option<impl Into<i64>>) {
    if let Some(value) = value {
        f.set(field, Value::Int(value.into()));
    }
}

fn yes_no(f: &mut Fields<'_>, field: F, value: Option<bool>) {
    if let Some(value) = value {
        f.set(field, Value::Bool(value));
    }
}

/// The word of an enum's number: 1 is the first. A number without a word stays one, and is refused as such.
fn word(f: &mut Fields<'_>, field: F, number: i32, words: &'static [&'static str]) {
    if number == 0 {
        return;
    }
    let place = usize::try_from(number).ok().and_then(|n| n.checked_sub(1));
    let value = match place.and_then(|place| words.get(place)) {
        Some(word) => Value::Text(Cow::Borrowed(*word)),
        None => Value::Int(i64::from(number)),
    };
    f.set(field, value);
}

pub(super) fn fill<'a>(f: &mut Fields<'a>, body: &'a PbBody) {
    match body {
        PbBody::Project(r) => project(f, r),
        PbBody::Enrolment(r) => enrolment(f, r),
        PbBody::Attendance(r) => attendance(f, r),
        PbBody::Piecework(r) => {
            text(f, F::ProjectId, &r.project_id);
            text(f, F::IdNumber, &r.id_number);
            may(f, F::IdType, &r.id_type);
            text(f, F::Period, &r.period);
            text(f, F::Lot, &r.lot);
            int(f, F::AmountFen, r.amount_fen);
        }
        PbBody::Payroll(r) => payroll(f, r),
        PbBody::Payment(r) => payment(f, r),
        PbBody::Account(r) => {
            text(f, F::ProjectId, &r.project_id);
            text(f, F::Account, &r.account);
            text(f, F::Bank, &r.bank);
            text(f, F::OpenedOn, &r.opened_on);
            yes_no(f, F::AgreementSigned, r.agreement_signed);
            may(f, F::ClosedOn, &r.closed_on);
        }
        PbBody::AccountEntry(r) => {
            text(f, F::Account, &r.account);
            text(f, F::EntryId, &r.entry_id);
            word(f, F::Direction, r.direction, EntryDirection::WORDS);
            word(f, F::Kind, r.kind, EntryKind::WORDS);
            int(f, F::AmountFen, r.amount_fen);
            text(f, F::BookedAt, &r.booked_at);
            may(f, F::Counterparty, &r.counterparty);
            may(f, F::Purpose, &r.purpose);
        }
        PbBody::AccountRestraint(r) => {
            text(f, F::Account, &r.account);
            text(f, F::RestraintId, &r.restraint_id);
            word(f, F::Kind, r.kind, RestraintKind::WORDS);
            text(f, F::Authority, &r.authority);
            text(f, F::ImposedOn, &r.imposed_on);
            may(f, F::LiftedOn, &r.lifted_on);
        }
        PbBody::Deposit(r) => deposit(f, r),
        PbBody::PaymentGuarantee(r) => {
            text(f, F::ProjectId, &r.project_id);
            text(f, F::GuaranteeId, &r.guarantee_id);
            int(f, F::AmountFen, r.amount_fen);
            text(f, F::ProvidedOn, &r.provided_on);
            may(f, F::ExpiresOn, &r.expires_on);
        }
        PbBody::Inspection(r) => {
            text(f, F::ProjectId, &r.project_id);
            text(f, F::InspectionId, &r.inspection_id);
            text(f, F::Department, &r.department);
            text(f, F::Inspector, &r.inspector);
            text(f, F::InspectedOn, &r.inspected_on);
            word(f, F::Outcome, r.outcome, InspectionOutcome::WORDS);
            may(f, F::Note, &r.note);
        }
        PbBody::Complaint(r) => complaint(f, r),
        PbBody::BusinessSignal(r) => {
            text(f, F::EmployerUscc, &r.employer_uscc);
            word(f, F::Signal, r.signal, Signal::WORDS);
            int(f, F::Level, r.level);
            text(f, F::ObservedOn, &r.observed_on);
        }
    }
}

fn project<'a>(f: &mut Fields<'a>, r: &'a pb::Project) {
    text(f, F::ProjectId, &r.project_id);
    text(f, F::Name, &r.name);
    text(f, F::Sector, &r.sector);
    text(f, F::Territory, &r.territory);
    word(f, F::Funding, r.funding, Funding::WORDS);
    text(f, F::OwnerName, &r.owner_name);
    may(f, F::OwnerUscc, &r.owner_uscc);
    text(f, F::ContractorName, &r.contractor_name);
    text(f, F::ContractorUscc, &r.contractor_uscc);
    text(f, F::ContractSignedOn, &r.contract_signed_on);
    int(f, F::ContractFen, r.contract_fen);
    int(f, F::LabourFeeFen, r.labour_fee_fen);
    may(f, F::StartedOn, &r.started_on);
    may(f, F::CompletedOn, &r.completed_on);
    int(f, F::PayDay, r.pay_day);
    int(f, F::PayMonthOffset, r.pay_month_offset);
    may(f, F::LabourOfficer, &r.labour_officer);
    word(f, F::Status, r.status, ProjectStatus::WORDS);
}

fn enrolment<'a>(f: &mut Fields<'a>, r: &'a pb::Enrolment) {
    text(f, F::ProjectId, &r.project_id);
    text(f, F::IdNumber, &r.id_number);
    may(f, F::IdType, &r.id_type);
    text(f, F::Name, &r.name);
    text(f, F::EmployerName, &r.employer_name);
    may(f, F::EmployerUscc, &r.employer_uscc);
    may(f, F::Team, &r.team);
    word(f, F::Basis, r.basis, Basis::WORDS);
    int(f, F::RateFen, r.rate_fen);
    text(f, F::EffectiveOn, &r.effective_on);
    may(f, F::ContractSignedOn, &r.contract_signed_on);
    may(f, F::LeftOn, &r.left_on);
    may(f, F::Account, &r.account);
    int(f, F::PayDay, r.pay_day);
    int(f, F::PayMonthOffset, r.pay_month_offset);
}

fn attendance<'a>(f: &mut Fields<'a>, r: &'a pb::Attendance) {
    text(f, F::ProjectId, &r.project_id);
    text(f, F::IdNumber, &r.id_number);
    may(f, F::IdType, &r.id_type);
    may(f, F::SwipedAt, &r.swiped_at);
    word(f, F::Direction, r.direction, SwipeDirection::WORDS);
    may(f, F::Device, &r.device);
    may(f, F::WorkDate, &r.work_date);
    if let Some(days) = r.days.as_deref().filter(|days| !days.is_empty()) {
        f.set(F::Days, Value::Number(days));
    }
    int(f, F::Minutes, r.minutes);
}

fn payroll<'a>(f: &mut Fields<'a>, r: &'a pb::Payroll) {
    text(f, F::ProjectId, &r.project_id);
    text(f, F::EmployerUscc, &r.employer_uscc);
    text(f, F::Period, &r.period);
    text(f, F::SubmittedOn, &r.submitted_on);
    may(f, F::ApprovedOn, &r.approved_on);
    let line = |r: &'a pb::PayrollLine| {
        let mut f = Fields::with_capacity(5);
        text(&mut f, F::IdNumber, &r.id_number);
        may(&mut f, F::IdType, &r.id_type);
        int(&mut f, F::PayableFen, r.payable_fen);
        int(&mut f, F::DeductionsFen, r.deductions_fen);
        yes_no(&mut f, F::Signed, r.signed);
        f
    };
    f.set_lines(r.lines.iter().map(line).collect());
}

fn payment<'a>(f: &mut Fields<'a>, r: &'a pb::Payment) {
    text(f, F::Bank, &r.bank);
    text(f, F::TxnId, &r.txn_id);
    text(f, F::Account, &r.account);
    text(f, F::PayeeAccount, &r.payee_account);
    may(f, F::PayeeName, &r.payee_name);
    may(f, F::IdNumber, &r.id_number);
    may(f, F::IdType, &r.id_type);
    may(f, F::ProjectId, &r.project_id);
    may(f, F::Period, &r.period);
    int(f, F::AmountFen, r.amount_fen);
    text(f, F::SettledAt, &r.settled_at);
    word(f, F::Status, r.status, PaymentStatus::WORDS);
}

fn deposit<'a>(f: &mut Fields<'a>, r: &'a pb::Deposit) {
    text(f, F::ProjectId, &r.project_id);
    text(f, F::DepositId, &r.deposit_id);
    word(f, F::Form, r.form, DepositForm::WORDS);
    int(f, F::AmountFen, r.amount_fen);
    text(f, F::LodgedOn, &r.lodged_on);
    may(f, F::ExpiresOn, &r.expires_on);
    yes_no(f, F::OnDemand, r.on_demand);
    word(f, F::Status, r.status, DepositStatus::WORDS);
}

fn complaint<'a>(f: &mut Fields<'a>, r: &'a pb::Complaint) {
    text(f, F::ComplaintId, &r.complaint_id);
    word(f, F::Channel, r.channel, Channel::WORDS);
    text(f, F::FiledOn, &r.filed_on);
    may(f, F::ProjectId, &r.project_id);
    may(f, F::EmployerUscc, &r.employer_uscc);
    may(f, F::Sector, &r.sector);
    may(f, F::Territory, &r.territory);
    int(f, F::Workers, r.workers);
    int(f, F::AmountFen, r.amount_fen);
    may(f, F::ClosedOn, &r.closed_on);
}
