//! The ledger's values as messages. Accounts are masked; a worker's number is shown in full only to
//! him who named it.

use super::present::{self, both, fen, number, payment_line, suspense_reason, wage};
use crate::alerts::{Numbers, wage_arithmetic};
use crate::domain::{
    AccountRestraint, Channel, Complaint, Day, Deposit, DepositForm, DepositStatus, Doubt, Enrolment,
    Funding, Inspection, InspectionOutcome, Payment, PaymentGuarantee, PeriodView, Project, ProjectId,
    ProjectStatus, RestraintKind, Rulebook, Sum, SuspenseReason, WageAccount, WagePeriod, WorkerView,
    masked_name,
};
use crate::engine::ProjectSummary;
use crate::proto::v1 as pb;

/// A worker's months.
pub fn worker(
    view: &WorkerView,
    enrolment: Option<&Enrolment>,
    book: &Rulebook,
    today: Option<Day>,
) -> pb::WorkerLedger {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let arrears = view.periods.iter().map(|period| period.arrears).sum();
    pb::WorkerLedger {
        project_id: view.project_id.to_string(),
        id_number: view.id_number.reveal().to_string(),
        enrolled: view.enrolled,
        name: enrolment.map(|e| masked_name(&e.name)).unwrap_or_default(),
        employer_name: text(enrolment.map(|e| e.employer_name.as_str())),
        days: view.days.to_string(),
        first_worked_on: view.first_worked_on.map(|day| day.to_string()),
        periods: view.periods.iter().map(|p| period(p, view, book, today)).collect(),
        mismatched: view.mismatched().map(payment_line).collect(),
        advance_fen: fen(view.advance),
        arrears_fen: fen(arrears),
        ..pb::WorkerLedger::default()
    }
}

fn period(period: &PeriodView, view: &WorkerView, book: &Rulebook, today: Option<Day>) -> pb::PeriodLedger {
    let tolerance = Sum::from(book.at(period.due_on).tolerance_fen);
    // The first that holds, as in the report (contract, section 6).
    let status = if period.days.0 > 0 && !view.enrolled && period.expected == 0 {
        pb::PeriodStatus::Unpriced
    } else if period.arrears <= tolerance {
        pb::PeriodStatus::Paid
    } else if today.is_some_and(|today| today > period.due_on) {
        pb::PeriodStatus::Overdue
    } else {
        pb::PeriodStatus::NotDue
    };
    let overdue = today.filter(|_| status == pb::PeriodStatus::Overdue);
    let wages = WagePeriod::of(view, period, tolerance);
    let lines = wage_arithmetic(&wages, today.unwrap_or(period.due_on), Numbers::Masked);
    pb::PeriodLedger {
        period: period.period.to_string(),
        status: status.into(),
        overdue_days: overdue.map_or(0, |today| today.since(period.due_on)),
        wage: Some(wage(&wages)),
        arithmetic: lines.into_iter().map(both).collect(),
    }
}

pub fn summary(summary: &ProjectSummary, doubts: &[Doubt]) -> pb::ProjectSummary {
    let facts = summary.facts.as_ref();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    pb::ProjectSummary {
        project_id: summary.project_id.to_string(),
        known: facts.is_some(),
        name: text(facts.map(|f| f.name.as_str())),
        sector: text(facts.map(|f| f.sector.as_str())),
        territory: text(facts.map(|f| f.territory.as_str())),
        funding: text(facts.map(|f| f.funding.as_str())),
        contractor_name: text(facts.map(|f| f.contractor_name.as_str())),
        contract_fen: facts.map_or(0, |f| f.contract_fen.0),
        workers: summary.workers,
        overdue_fen: fen(summary.overdue_fen),
        overdue_workers: summary.overdue_workers,
        overdue_periods: summary.overdue_periods,
        oldest_due_on: summary.oldest_due_on.map(|day| day.to_string()),
        alerts: summary.alerts,
        suspense: summary.suspense,
        doubts: present::doubts(doubts),
    }
}

pub fn project(project: &Project) -> pb::Project {
    pb::Project {
        project_id: project.project_id.to_string(),
        name: project.name.to_string(),
        sector: project.sector.to_string(),
        territory: project.territory.to_string(),
        funding: number(Funding::ALL, &project.funding),
        owner_name: project.owner_name.to_string(),
        owner_uscc: project.owner_uscc.map(|code| code.to_string()),
        contractor_name: project.contractor_name.to_string(),
        contractor_uscc: project.contractor_uscc.to_string(),
        contract_signed_on: project.contract_signed_on.to_string(),
        contract_fen: Some(project.contract_fen.0),
        labour_fee_fen: project.labour_fee_fen.map(|fee| fee.0),
        started_on: project.started_on.map(|day| day.to_string()),
        completed_on: project.completed_on.map(|day| day.to_string()),
        pay_day: project.pay_day.map(u32::from),
        pay_month_offset: project.pay_month_offset.map(u32::from),
        labour_officer: project.labour_officer.as_ref().map(|name| masked_name(name)),
        status: number(ProjectStatus::ALL, &project.status),
    }
}

pub fn account(account: &WageAccount) -> pb::Account {
    pb::Account {
        project_id: account.project_id.to_string(),
        account: account.account.masked().to_string(),
        bank: account.bank.to_string(),
        opened_on: account.opened_on.to_string(),
        agreement_signed: Some(account.agreement_signed),
        closed_on: account.closed_on.map(|day| day.to_string()),
    }
}

pub fn deposit(deposit: &Deposit) -> pb::Deposit {
    pb::Deposit {
        project_id: deposit.project_id.to_string(),
        deposit_id: deposit.deposit_id.to_string(),
        form: number(DepositForm::ALL, &deposit.form),
        amount_fen: Some(deposit.amount_fen.0),
        lodged_on: deposit.lodged_on.to_string(),
        expires_on: deposit.expires_on.map(|day| day.to_string()),
        on_demand: Some(deposit.on_demand),
        status: number(DepositStatus::ALL, &deposit.status),
    }
}

pub fn guarantee(guarantee: &PaymentGuarantee) -> pb::PaymentGuarantee {
    pb::PaymentGuarantee {
        project_id: guarantee.project_id.to_string(),
        guarantee_id: guarantee.guarantee_id.to_string(),
        amount_fen: Some(guarantee.amount_fen.0),
        provided_on: guarantee.provided_on.to_string(),
        expires_on: guarantee.expires_on.map(|day| day.to_string()),
    }
}

pub fn inspection(inspection: &Inspection) -> pb::Inspection {
    pb::Inspection {
        project_id: inspection.project_id.to_string(),
        inspection_id: inspection.inspection_id.to_string(),
        department: inspection.department.to_string(),
        inspector: masked_name(&inspection.inspector),
        inspected_on: inspection.inspected_on.to_string(),
        outcome: number(InspectionOutcome::ALL, &inspection.outcome),
        note: inspection.note.as_ref().map(|note| note.to_string()),
    }
}

pub fn complaint(complaint: &Complaint) -> pb::Complaint {
    pb::Complaint {
        complaint_id: complaint.complaint_id.to_string(),
        channel: number(Channel::ALL, &complaint.channel),
        filed_on: complaint.filed_on.to_string(),
        project_id: complaint.project_id.as_ref().map(|id| id.to_string()),
        employer_uscc: complaint.employer_uscc.map(|code| code.to_string()),
        sector: complaint.sector.as_ref().map(|code| code.to_string()),
        territory: complaint.territory.as_ref().map(|code| code.to_string()),
        workers: complaint.workers,
        amount_fen: complaint.amount_fen.map(|sum| sum.0),
        closed_on: complaint.closed_on.map(|day| day.to_string()),
    }
}

pub fn restraint(restraint: &AccountRestraint) -> pb::AccountRestraint {
    pb::AccountRestraint {
        account: restraint.account.masked().to_string(),
        restraint_id: restraint.restraint_id.to_string(),
        kind: number(RestraintKind::ALL, &restraint.kind),
        authority: restraint.authority.to_string(),
        imposed_on: restraint.imposed_on.to_string(),
        lifted_on: restraint.lifted_on.map(|day| day.to_string()),
    }
}

pub fn suspense(
    project: Option<&ProjectId>,
    payment: &Payment,
    reason: SuspenseReason,
) -> pb::SuspensePayment {
    pb::SuspensePayment {
        bank: payment.bank.to_string(),
        txn_id: payment.txn_id.to_string(),
        amount_fen: payment.amount_fen.0,
        account: payment.account.masked().to_string(),
        payee_account: payment.payee_account.masked().to_string(),
        settled_at: payment.settled_at.to_string(),
        project_id: project.map(|id| id.to_string()),
        period: payment.period.map(|period| period.to_string()),
        reason: suspense_reason(reason),
    }
}
