//! The report as plain rows (contract, section 6). Knows no JSON and masks nothing: what writes it does.

use crate::domain::{
    Day, Days, Finding, IdNumber, Level, MonthDays, PapersView, Period, PeriodView, ProjectId, ProjectView,
    Reason, Rule, Rulebook, Subject, Sum, SuspenseReason, WorkerView,
};
use crate::engine::bureau::{Doubles, Known};
use crate::engine::debts::{self, Debts, Share};
use crate::engine::tally::{Count, Tally};
use crate::engine::weeks::Weeks;
use crate::ledger::{KeptPayment, ProjectLedger, Roster};
use crate::rules::{self, Judgement};
use compact_str::CompactString;
use std::cmp::Reverse;
use std::sync::Arc;

/// All rows, in the order in which they are written.
pub struct Report {
    pub as_of: Day,
    /// Ascending by id; last, if anything was found of it, what belongs to no single project.
    pub projects: Vec<ProjectReport>,
    /// By (bank, txn_id).
    pub suspense: Vec<SuspenseRow>,
    /// In the order of the input.
    pub rejected: Vec<RejectedRow>,
    pub totals: Totals,
}

/// One project's rows.
pub struct ProjectReport {
    pub project_id: ProjectId,
    /// By (id_number, period, rule); those of the project itself first.
    pub alerts: Vec<AlertRow>,
    /// By (id_number, period).
    pub periods: Vec<PeriodRow>,
    pub suspense: Vec<SuspenseRow>,
    /// Whether a `project` record is known.
    pub known: bool,
    /// What its employers owe.
    pub(super) shares: Vec<Share>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct PeriodRow {
    pub id_number: IdNumber,
    pub period: Period,
    pub days: Days,
    /// Sums in fen.
    pub accrued: Sum,
    pub expected: Sum,
    pub paid: Sum,
    pub arrears: Sum,
    pub due_on: Day,
    /// 0 unless overdue.
    pub overdue_days: i32,
    pub status: PeriodStatus,
    /// On which days the worker should be at no other project.
    pub(super) present: MonthDays,
}

/// The first that holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PeriodStatus {
    /// Worked days, no enrolment, nothing expected.
    Unpriced,
    Paid,
    Overdue,
    NotDue,
}

#[derive(Clone, PartialEq, Debug)]
pub struct AlertRow {
    pub rule: Rule,
    pub level: Level,
    pub id_number: Option<IdNumber>,
    pub period: Option<Period>,
    /// Fen.
    pub amount: Sum,
    pub workers: u32,
    /// `None` for what does not age.
    pub overdue_days: Option<i32>,
    pub subject: Subject,
}

#[derive(Clone, PartialEq, Debug)]
pub struct SuspenseRow {
    pub bank: CompactString,
    pub txn_id: CompactString,
    pub amount_fen: i64,
    pub reason: SuspenseReason,
}

#[derive(Clone, PartialEq, Debug)]
pub struct RejectedRow {
    pub file: Arc<str>,
    pub line: u64,
    pub id: Option<CompactString>,
    pub reason: Reason,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Totals {
    /// Lines, repeats and rejected ones included.
    pub records: u64,
    pub rejected: u64,
    /// Projects whose `project` record is known.
    pub projects: u64,
    /// Distinct people in the worker_period rows.
    pub workers: u64,
    /// Over overdue rows, fen.
    pub arrears: Sum,
    /// Those of the contract's section 5.
    pub alerts: u64,
    /// Those of the other rules.
    pub other_alerts: u64,
}

impl PeriodStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            PeriodStatus::Unpriced => "unpriced",
            PeriodStatus::Paid => "paid",
            PeriodStatus::Overdue => "overdue",
            PeriodStatus::NotDue => "not_due",
        }
    }
}

impl SuspenseRow {
    pub(super) fn new(kept: &KeptPayment, reason: SuspenseReason) -> SuspenseRow {
        let payment = &kept.payment;
        SuspenseRow {
            bank: payment.bank.clone(),
            txn_id: payment.txn_id.clone(),
            amount_fen: payment.amount_fen.0,
            reason,
        }
    }
}

impl Report {
    pub(super) fn new(
        as_of: Day,
        records: u64,
        projects: Vec<ProjectReport>,
        suspense: Vec<SuspenseRow>,
        rejected: Vec<RejectedRow>,
    ) -> Report {
        let rows = || projects.iter().flat_map(|project| &project.periods);
        let mut people: Vec<&IdNumber> = rows().map(|row| &row.id_number).collect();
        people.dedup();
        people.sort_unstable();
        people.dedup();
        let overdue = rows().filter(|row| row.status == PeriodStatus::Overdue);
        let alerts = |first: bool| {
            let all = projects.iter().flat_map(|project| &project.alerts);
            all.filter(|row| row.rule.is_of_contract() == first).count() as u64
        };
        let totals = Totals {
            records,
            rejected: rejected.len() as u64,
            projects: projects.iter().filter(|project| project.known).count() as u64,
            workers: people.len() as u64,
            arrears: overdue.map(|row| row.arrears).sum(),
            alerts: alerts(true),
            other_alerts: alerts(false),
        };
        Report { as_of, projects, suspense, rejected, totals }
    }
}

/// Settles every worker of a project and judges them and it.
pub(super) fn judge(ledger: &ProjectLedger, today: Day, book: &Rulebook) -> ProjectReport {
    let count = u32::try_from(ledger.workers()).unwrap_or(u32::MAX);
    let mut workers: Vec<u32> = (0..count).collect();
    workers.sort_unstable_by(|a, b| ledger.worker_id(*a).cmp(ledger.worker_id(*b)));
    let known = ledger.facts().is_some();
    let mut project = ProjectView { facts: ledger.facts(), ..ProjectView::unknown(ledger.id().clone()) };
    let mut tally = Tally::default();
    let by = Count { book, today, pay_terms: ledger.project_pay_terms() };
    let sector = ledger.facts().map(|facts| facts.sector.as_str());
    let mut worst: Vec<(IdNumber, Sum)> = Vec::new();
    let mut findings = Vec::new();
    let mut periods = Vec::with_capacity(workers.len() * 2);
    for worker in workers {
        let view = ledger.settle(worker, book);
        tally.put(worker, &view, &by);
        for period in &view.periods {
            let overdue = rules::is_overdue(period, today, book);
            let present = ledger.presence(worker, period.period, book);
            periods.push(PeriodRow { present, ..row(&view, period, overdue, today, book) });
        }
        let mut on = Judgement::new(today, book, sector);
        rules::judge_worker(&view, &mut on);
        let (found, _) = on.into_parts();
        let owed = add_wages(&mut project, &found);
        if owed > 0 {
            project.overdue_workers += 1;
            worst.push((view.id_number, owed));
        }
        findings.extend(found);
    }
    worst.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
    worst.truncate(10);
    let mut on = Judgement::new(today, book, sector);
    tally.tell(&mut project, today);
    project.balance = ledger.balance();
    project.labour_fees = ledger.labour_fees();
    project.inspections = ledger.inspections().collect();
    project.weeks = Weeks::of(ledger, today, book).tell(today);
    rules::judge_totals(&project, &worst, &mut on);
    let months = std::mem::take(&mut project.months);
    rules::judge_papers(&PapersView { months, ..ledger.papers(project.overdue_periods > 0) }, &mut on);
    findings.extend(on.into_parts().0);
    let mut alerts: Vec<AlertRow> = findings.iter().map(|finding| AlertRow::new(finding, today)).collect();
    alerts.sort_by(|a, b| a.key().cmp(&b.key()));
    let suspense = ledger.suspense();
    let suspense = suspense.iter().map(|(kept, reason)| SuspenseRow::new(kept, *reason)).collect();
    let shares = debts::shares(findings.iter());
    ProjectReport { project_id: project.project_id, alerts, periods, suspense, known, shares }
}

/// What is found of employers and people over all projects, of feeds, and of complaints that name no project; none if
/// nothing is. What people confirmed is in no record file: nobody is a repeat offender here.
pub(super) fn county(
    roster: &Roster,
    projects: &[ProjectReport],
    today: Day,
    book: &Rulebook,
) -> Option<ProjectReport> {
    let owed = Debts::of(projects.iter().map(|project| project.shares.as_slice()));
    let stays = projects.iter().flat_map(|project| {
        let present = project.periods.iter().filter(|row| !row.present.is_empty());
        present.map(|row| (&row.id_number, row.period, &project.project_id, row.present))
    });
    let doubles = Doubles::of(stays);
    let findings = Known { roster, owed: &owed, cases: None, doubles: &doubles, today, book }.all();
    let mut alerts: Vec<AlertRow> = findings.iter().map(|finding| AlertRow::new(finding, today)).collect();
    alerts.sort_by(|a, b| a.key().cmp(&b.key()));
    (!alerts.is_empty()).then(|| ProjectReport {
        project_id: ProjectId::county(),
        alerts,
        periods: Vec::new(),
        suspense: Vec::new(),
        known: false,
        shares: Vec::new(),
    })
}

/// Adds one worker's wage findings to the project's totals; what he is owed in all.
fn add_wages(project: &mut ProjectView<'_>, found: &[Finding]) -> Sum {
    let is_wage = |finding: &&Finding| matches!(finding.rule, Rule::WageUnpaid | Rule::WageUnderpaid);
    let mut owed = 0;
    for wage in found.iter().filter(is_wage) {
        owed += wage.amount;
        project.overdue_periods += 1;
        project.oldest_due_on = project.oldest_due_on.into_iter().chain(wage.due_on).min();
    }
    project.overdue_fen += owed;
    owed
}

fn row(view: &WorkerView, period: &PeriodView, overdue: bool, today: Day, book: &Rulebook) -> PeriodRow {
    let status = if period.days.0 > 0 && !view.enrolled && period.expected == 0 {
        PeriodStatus::Unpriced
    } else if period.arrears <= Sum::from(book.at(period.due_on).tolerance_fen) {
        PeriodStatus::Paid
    } else if overdue {
        PeriodStatus::Overdue
    } else {
        PeriodStatus::NotDue
    };
    let overdue_days = if status == PeriodStatus::Overdue { today.since(period.due_on) } else { 0 };
    PeriodRow {
        id_number: view.id_number.clone(),
        period: period.period,
        days: period.days,
        accrued: period.accrued,
        expected: period.expected,
        paid: period.paid,
        arrears: period.arrears,
        due_on: period.due_on,
        overdue_days,
        status,
        present: MonthDays::default(),
    }
}

impl AlertRow {
    fn new(finding: &Finding, today: Day) -> AlertRow {
        AlertRow {
            rule: finding.rule,
            level: finding.level,
            id_number: finding.subject.id_number().cloned(),
            period: finding.subject.period().or(finding.period),
            amount: finding.amount,
            workers: finding.workers,
            overdue_days: finding.due_on.map(|_| finding.overdue_days(today)),
            subject: finding.subject.clone(),
        }
    }

    fn key(&self) -> impl Ord + '_ {
        (&self.id_number, self.period, self.rule.as_str(), &self.subject)
    }
}
