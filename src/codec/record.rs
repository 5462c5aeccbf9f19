//! Bytes of records: a tag byte for each shape, then its fields in the order of their structs.
//! Swipes and whole days come first and are the shortest: nearly all records are these.
//! Knows the domain's structs; knows neither blocks nor files, nor any format of the doors.
//!
//! The bytes are kept for ever: a tag, and the place of a word in its enum, never changes its
//! meaning. A test holds the words to their places.

use super::papers::*;
use super::{Corrupt, Reader, Writer};
use crate::domain::*;

pub(super) type Read<T> = Result<T, Corrupt>;

/// Tags of records are below this; [`super::entry`] uses those from here on.
pub(super) const TAGS_OF_RECORDS: u8 = 32;

const SWIPE: u8 = 1;
const WORK_DAY: u8 = 2;
const PROJECT: u8 = 3;
const ENROLMENT: u8 = 4;
const PIECEWORK: u8 = 5;
const PAYROLL: u8 = 6;
const PAYMENT: u8 = 7;
const ACCOUNT: u8 = 8;
const ACCOUNT_ENTRY: u8 = 9;
const ACCOUNT_RESTRAINT: u8 = 10;
const DEPOSIT: u8 = 11;
const PAYMENT_GUARANTEE: u8 = 12;
const INSPECTION: u8 = 13;
const COMPLAINT: u8 = 14;
const BUSINESS_SIGNAL: u8 = 15;

// What a swipe bears beside its fixed fields.
const SWIPED_IN: u8 = 1;
const SWIPED_OUT: u8 = 2;
const HAS_DEVICE: u8 = 4;

/// Writes one record, its tag first.
pub fn write_record(w: &mut Writer, record: &Record) {
    w.u8(tag(&record.body));
    w.text(&record.head.id);
    w.text(&record.head.source);
    w.time(record.head.at);
    match &record.body {
        Body::Swipe(swipe) => write_swipe(w, swipe, record.head.at),
        Body::WorkDay(day) => {
            w.project_id(&day.project_id);
            w.id_number(&day.id_number);
            w.day(day.work_date);
            w.worked(day.days);
            w.option(day.minutes, Writer::u16);
        }
        Body::Project(b) => write_project(w, b),
        Body::Enrolment(b) => write_enrolment(w, b),
        Body::Piecework(b) => {
            w.project_id(&b.project_id);
            w.id_number(&b.id_number);
            w.period(b.period);
            w.text(&b.lot);
            w.fen(b.amount_fen);
        }
        Body::Payroll(b) => write_payroll(w, b),
        Body::Payment(b) => write_payment(w, b),
        Body::Account(b) => {
            w.project_id(&b.project_id);
            w.account(b.account);
            w.text(&b.bank);
            w.day(b.opened_on);
            w.bool(b.agreement_signed);
            w.option(b.closed_on, Writer::day);
        }
        Body::AccountEntry(b) => write_account_entry(w, b),
        Body::AccountRestraint(b) => {
            w.account(b.account);
            w.text(&b.restraint_id);
            w.u8(b.kind as u8);
            w.text(&b.authority);
            w.day(b.imposed_on);
            w.option(b.lifted_on, Writer::day);
        }
        Body::Deposit(b) => write_deposit(w, b),
        Body::PaymentGuarantee(b) => {
            w.project_id(&b.project_id);
            w.text(&b.guarantee_id);
            w.fen(b.amount_fen);
            w.day(b.provided_on);
            w.option(b.expires_on, Writer::day);
        }
        Body::Inspection(b) => {
            w.project_id(&b.project_id);
            w.text(&b.inspection_id);
            w.text(&b.department);
            w.text(&b.inspector);
            w.day(b.inspected_on);
            w.u8(b.outcome as u8);
            w.option(b.note.as_deref(), Writer::text);
        }
        Body::Complaint(b) => write_complaint(w, b),
        Body::BusinessSignal(b) => {
            w.uscc(&b.employer_uscc);
            w.u8(b.signal as u8);
            w.u8(b.level);
            w.day(b.observed_on);
        }
    }
}

/// Reads one record.
pub fn read_record(r: &mut Reader) -> Read<Record> {
    let tag = r.u8()?;
    read_tagged(r, tag)
}

pub(super) fn read_tagged(r: &mut Reader, tag: u8) -> Read<Record> {
    let head = Head { id: r.text()?, source: r.text()?, at: r.time()? };
    let body = match tag {
        SWIPE => Body::Swipe(read_swipe(r, head.at)?),
        WORK_DAY => Body::WorkDay(WorkDay {
            project_id: r.project_id()?,
            id_number: r.id_number()?,
            work_date: r.day()?,
            days: r.worked()?,
            minutes: r.option(Reader::u16)?,
        }),
        PROJECT => Body::Project(Box::new(read_project(r)?)),
        ENROLMENT => Body::Enrolment(Box::new(read_enrolment(r)?)),
        PIECEWORK => Body::Piecework(Box::new(Piecework {
            project_id: r.project_id()?,
            id_number: r.id_number()?,
            period: r.period()?,
            lot: r.text()?,
            amount_fen: r.fen()?,
        })),
        PAYROLL => Body::Payroll(Box::new(read_payroll(r)?)),
        PAYMENT => Body::Payment(Box::new(read_payment(r)?)),
        ACCOUNT => Body::Account(Box::new(WageAccount {
            project_id: r.project_id()?,
            account: r.account()?,
            bank: r.text()?,
            opened_on: r.day()?,
            agreement_signed: r.bool()?,
            closed_on: r.option(Reader::day)?,
        })),
        ACCOUNT_ENTRY => Body::AccountEntry(Box::new(read_account_entry(r)?)),
        ACCOUNT_RESTRAINT => Body::AccountRestraint(Box::new(AccountRestraint {
            account: r.account()?,
            restraint_id: r.text()?,
            kind: word(r, RestraintKind::ALL)?,
            authority: r.text()?,
            imposed_on: r.day()?,
            lifted_on: r.option(Reader::day)?,
        })),
        DEPOSIT => Body::Deposit(Box::new(read_deposit(r)?)),
        PAYMENT_GUARANTEE => Body::PaymentGuarantee(Box::new(PaymentGuarantee {
            project_id: r.project_id()?,
            guarantee_id: r.text()?,
            amount_fen: r.fen()?,
            provided_on: r.day()?,
            expires_on: r.option(Reader::day)?,
        })),
        INSPECTION => Body::Inspection(Box::new(Inspection {
            project_id: r.project_id()?,
            inspection_id: r.text()?,
            department: r.text()?,
            inspector: r.text()?,
            inspected_on: r.day()?,
            outcome: word(r, InspectionOutcome::ALL)?,
            note: r.option(Reader::text)?,
        })),
        COMPLAINT => Body::Complaint(Box::new(read_complaint(r)?)),
        BUSINESS_SIGNAL => Body::BusinessSignal(Box::new(BusinessSignal {
            employer_uscc: r.uscc()?,
            signal: word(r, Signal::ALL)?,
            level: r.u8()?,
            observed_on: r.day()?,
        })),
        _ => return Err(Corrupt("the type of a record")),
    };
    Ok(Record { head, body })
}

fn tag(body: &Body) -> u8 {
    match body {
        Body::Swipe(_) => SWIPE,
        Body::WorkDay(_) => WORK_DAY,
        Body::Project(_) => PROJECT,
        Body::Enrolment(_) => ENROLMENT,
        Body::Piecework(_) => PIECEWORK,
        Body::Payroll(_) => PAYROLL,
        Body::Payment(_) => PAYMENT,
        Body::Account(_) => ACCOUNT,
        Body::AccountEntry(_) => ACCOUNT_ENTRY,
        Body::AccountRestraint(_) => ACCOUNT_RESTRAINT,
        Body::Deposit(_) => DEPOSIT,
        Body::PaymentGuarantee(_) => PAYMENT_GUARANTEE,
        Body::Inspection(_) => INSPECTION,
        Body::Complaint(_) => COMPLAINT,
        Body::BusinessSignal(_) => BUSINESS_SIGNAL,
    }
}

/// A word of a closed enum, kept as its place in the enum.
pub(super) fn word<T: Copy>(r: &mut Reader, all: &[T]) -> Read<T> {
    all.get(usize::from(r.u8()?)).copied().ok_or(Corrupt("a word"))
}

fn write_swipe(w: &mut Writer, swipe: &Swipe, at: Time) {
    let direction = match swipe.direction {
        None => 0,
        Some(SwipeDirection::In) => SWIPED_IN,
        Some(SwipeDirection::Out) => SWIPED_OUT,
    };
    w.u8(direction | if swipe.device.is_some() { HAS_DEVICE } else { 0 });
    w.project_id(&swipe.project_id);
    w.id_number(&swipe.id_number);
    // Most swipes are stated in the same second, or minutes later: the difference is short.
    w.time(Time(swipe.swiped_at.0.wrapping_sub(at.0)));
    if let Some(device) = &swipe.device {
        w.text(device);
    }
}

fn read_swipe(r: &mut Reader, at: Time) -> Read<Swipe> {
    let bears = r.u8()?;
    let direction = match bears & !HAS_DEVICE {
        0 => None,
        SWIPED_IN => Some(SwipeDirection::In),
        SWIPED_OUT => Some(SwipeDirection::Out),
        _ => return Err(Corrupt("the direction of a swipe")),
    };
    Ok(Swipe {
        project_id: r.project_id()?,
        id_number: r.id_number()?,
        swiped_at: Time(at.0.wrapping_add(r.time()?.0)),
        direction,
        device: if bears & HAS_DEVICE == 0 { None } else { Some(r.text()?) },
    })
}

fn write_project(w: &mut Writer, b: &Project) {
    w.project_id(&b.project_id);
    w.text(&b.name);
    w.text(&b.sector);
    w.text(&b.territory);
    w.u8(b.funding as u8);
    w.text(&b.owner_name);
    w.option(b.owner_uscc.as_ref(), Writer::uscc);
    w.text(&b.contractor_name);
    w.uscc(&b.contractor_uscc);
    w.day(b.contract_signed_on);
    w.fen(b.contract_fen);
    w.option(b.labour_fee_fen, Writer::fen);
    w.option(b.started_on, Writer::day);
    w.option(b.completed_on, Writer::day);
    w.option(b.pay_day, Writer::u8);
    w.option(b.pay_month_offset, Writer::u8);
    w.option(b.labour_officer.as_deref(), Writer::text);
    w.u8(b.status as u8);
}

fn read_project(r: &mut Reader) -> Read<Project> {
    Ok(Project {
        project_id: r.project_id()?,
        name: r.text()?,
        sector: r.text()?,
        territory: r.text()?,
        funding: word(r, Funding::ALL)?,
        owner_name: r.text()?,
        owner_uscc: r.option(Reader::uscc)?,
        contractor_name: r.text()?,
        contractor_uscc: r.uscc()?,
        contract_signed_on: r.day()?,
        contract_fen: r.fen()?,
        labour_fee_fen: r.option(Reader::fen)?,
        started_on: r.option(Reader::day)?,
        completed_on: r.option(Reader::day)?,
        pay_day: r.option(Reader::u8)?,
        pay_month_offset: r.option(Reader::u8)?,
        labour_officer: r.option(Reader::text)?,
        status: word(r, ProjectStatus::ALL)?,
    })
}

fn write_enrolment(w: &mut Writer, b: &Enrolment) {
    w.project_id(&b.project_id);
    w.id_number(&b.id_number);
    w.option(b.id_type.as_deref(), Writer::text);
    w.text(&b.name);
    w.text(&b.employer_name);
    w.option(b.employer_uscc.as_ref(), Writer::uscc);
    w.option(b.team.as_deref(), Writer::text);
    w.u8(b.basis as u8);
    w.fen(b.rate_fen);
    w.day(b.effective_on);
    w.option(b.contract_signed_on, Writer::day);
    w.option(b.left_on, Writer::day);
    w.option(b.account, Writer::account);
    w.option(b.pay_day, Writer::u8);
    w.option(b.pay_month_offset, Writer::u8);
}

fn read_enrolment(r: &mut Reader) -> Read<Enrolment> {
    Ok(Enrolment {
        project_id: r.project_id()?,
        id_number: r.id_number()?,
        id_type: r.option(Reader::text)?,
        name: r.text()?,
        employer_name: r.text()?,
        employer_uscc: r.option(Reader::uscc)?,
        team: r.option(Reader::text)?,
        basis: word(r, Basis::ALL)?,
        rate_fen: r.fen()?,
        effective_on: r.day()?,
        contract_signed_on: r.option(Reader::day)?,
        left_on: r.option(Reader::day)?,
        account: r.option(Reader::account)?,
        pay_day: r.option(Reader::u8)?,
        pay_month_offset: r.option(Reader::u8)?,
    })
}

fn write_payroll(w: &mut Writer, b: &Payroll) {
    w.project_id(&b.project_id);
    w.uscc(&b.employer_uscc);
    w.period(b.period);
    w.day(b.submitted_on);
    w.option(b.approved_on, Writer::day);
    w.list(b.lines.iter(), |w, line| {
        w.id_number(&line.id_number);
        w.fen(line.payable_fen);
        w.fen(line.deductions_fen);
        w.bool(line.signed);
    });
}

fn read_payroll(r: &mut Reader) -> Read<Payroll> {
    Ok(Payroll {
        project_id: r.project_id()?,
        employer_uscc: r.uscc()?,
        period: r.period()?,
        submitted_on: r.day()?,
        approved_on: r.option(Reader::day)?,
        lines: r.list(|r| {
            Ok(PayrollLine {
                id_number: r.id_number()?,
                payable_fen: r.fen()?,
                deductions_fen: r.fen()?,
                signed: r.bool()?,
            })
        })?,
    })
}

fn write_payment(w: &mut Writer, b: &Payment) {
    w.text(&b.bank);
    w.text(&b.txn_id);
    w.account(b.account);
    w.account(b.payee_account);
    w.option(b.payee_name.as_deref(), Writer::text);
    w.option(b.id_number.as_ref(), Writer::id_number);
    w.option(b.project_id.as_ref(), Writer::project_id);
    w.option(b.period, Writer::period);
    w.fen(b.amount_fen);
    w.time(b.settled_at);
    w.u8(b.status as u8);
}

fn read_payment(r: &mut Reader) -> Read<Payment> {
    Ok(Payment {
        bank: r.text()?,
        txn_id: r.text()?,
        account: r.account()?,
        payee_account: r.account()?,
        payee_name: r.option(Reader::text)?,
        id_number: r.option(Reader::id_number)?,
        project_id: r.option(Reader::project_id)?,
        period: r.option(Reader::period)?,
        amount_fen: r.fen()?,
        settled_at: r.time()?,
        status: word(r, PaymentStatus::ALL)?,
    })
}
