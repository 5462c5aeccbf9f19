//! The oracle's word on a project's papers: deposits, guarantees, labour officers, inspections, complaints.
//! Each day is looked at from scratch; nothing is remembered and no later day is reckoned with.

use super::{Facts, Truth, raise};
use std::collections::{BTreeMap, BTreeSet};
use wagewatch::domain::*;

/// Raises what is found about papers. Wages must have been settled before.
pub(super) fn judge(facts: &Facts, truth: &mut Truth, today: Day, book: &Rulebook) {
    let overdue = truth.periods.iter().filter(|(_, row)| row.status == super::Status::Overdue);
    let in_arrears: BTreeSet<ProjectId> = overdue.map(|((project_id, _, _), _)| project_id.clone()).collect();
    let now = book.at(today);
    for (project_id, project) in &facts.projects {
        let deposits = deposits_of(facts, project_id);
        let owes = in_arrears.contains(project_id);
        deposit_missing(project, &deposits, owes, today, now, truth);
        deposit_low(project, &deposits, owes, today, now, truth);
        guarantee_missing(facts, project, today, now, truth);
        if runs(project, today) && project.labour_officer.is_none() {
            let rule = Rule::LabourOfficerMissing;
            raise(truth, project_id, Subject::Project, rule, Level::Yellow, |_| ());
        }
        inspections_missing(facts, project, today, book, truth);
    }
    for (deposit, _) in &facts.deposits {
        deposit_form(deposit, today, truth);
        deposit_expiring(facts, deposit, today, now, truth);
    }
    let with_deposits: BTreeSet<&ProjectId> = facts.deposits.iter().map(|(d, _)| &d.project_id).collect();
    for project_id in with_deposits {
        not_refilled(facts, project_id, today, book, truth);
    }
    sheets_missing(facts, today, book, truth);
    for complaint in &facts.complaints {
        complaint_open(complaint, today, now, truth);
    }
}

fn deposits_of<'a>(facts: &'a Facts, project_id: &ProjectId) -> Vec<&'a Deposit> {
    facts.deposits.iter().map(|(deposit, _)| deposit).filter(|d| d.project_id == *project_id).collect()
}

fn finished(project: &Project, today: Day) -> bool {
    match (project.status, project.completed_on) {
        (ProjectStatus::Completed, _) => true,
        (_, Some(day)) => today >= day,
        _ => false,
    }
}

fn runs(project: &Project, today: Day) -> bool {
    project.status == ProjectStatus::Active && !finished(project, today)
}

fn stands(deposit: &Deposit, today: Day) -> bool {
    let over = deposit.expires_on.is_some_and(|day| day < today);
    deposit.status == DepositStatus::Lodged && today >= deposit.lodged_on && !over
}

/// In fen, half up.
fn asked_for(project: &Project, now: &Numbers) -> Sum {
    (project.contract_fen.sum() * Sum::from(now.deposit_rate) * 2 + 10_000) / 20_000
}

fn exempt(project: &Project, owes: bool, now: &Numbers) -> bool {
    !owes && project.contract_fen.0 < now.deposit_exempt_below_fen
}

fn deposit_missing(
    project: &Project,
    deposits: &[&Deposit],
    owes: bool,
    today: Day,
    now: &Numbers,
    truth: &mut Truth,
) {
    let lodged = |d: &&Deposit| {
        matches!(d.status, DepositStatus::Lodged | DepositStatus::Drawn) && d.lodged_on <= today
    };
    let days_late = i64::from(today.since(project.contract_signed_on)) - now.deposit_days;
    if deposits.iter().any(lodged) || finished(project, today) || exempt(project, owes, now) || days_late <= 0
    {
        return;
    }
    let level = if days_late > now.deposit_red_after_days { Level::Red } else { Level::Orange };
    let amount = asked_for(project, now);
    let deadline = project.contract_signed_on.plus(i32::try_from(now.deposit_days).unwrap());
    raise(truth, &project.project_id, Subject::Project, Rule::DepositMissing, level, |f| {
        f.amount = amount;
        f.due_on = Some(deadline);
    });
}

fn deposit_low(
    project: &Project,
    deposits: &[&Deposit],
    owes: bool,
    today: Day,
    now: &Numbers,
    truth: &mut Truth,
) {
    let standing: Vec<Sum> =
        deposits.iter().filter(|d| stands(d, today)).map(|d| d.amount_fen.sum()).collect();
    let short = asked_for(project, now) - standing.iter().sum::<Sum>();
    if standing.is_empty() || short <= 0 || finished(project, today) || exempt(project, owes, now) {
        return;
    }
    raise(truth, &project.project_id, Subject::Project, Rule::DepositLow, Level::Yellow, |f| {
        f.amount = short
    });
}

fn deposit_form(deposit: &Deposit, today: Day, truth: &mut Truth) {
    let lodged = deposit.status == DepositStatus::Lodged && deposit.lodged_on <= today;
    if lodged && !deposit.on_demand && deposit.form != DepositForm::Cash {
        let subject = Subject::Deposit(deposit.deposit_id.clone());
        raise(truth, &deposit.project_id, subject, Rule::DepositForm, Level::Yellow, |_| ());
    }
}

fn deposit_expiring(facts: &Facts, deposit: &Deposit, today: Day, now: &Numbers, truth: &mut Truth) {
    let Some(last_day) = deposit.expires_on else { return };
    let project = facts.projects.get(&deposit.project_id);
    let lodged = deposit.status == DepositStatus::Lodged && deposit.lodged_on <= today;
    let left = i64::from(last_day.since(today));
    if !lodged || project.is_some_and(|p| finished(p, today)) || left > now.deposit_expiry_days {
        return;
    }
    let level = if left < 0 { Level::Red } else { Level::Blue };
    let subject = Subject::Deposit(deposit.deposit_id.clone());
    raise(truth, &deposit.project_id, subject, Rule::DepositExpiring, level, |f| {
        f.due_on = (left < 0).then_some(last_day);
    });
}

/// The oldest draw is made good first, each time with what was lodged first since then; what one takes
/// the next cannot have.
fn not_refilled(facts: &Facts, project_id: &ProjectId, today: Day, book: &Rulebook, truth: &mut Truth) {
    if facts.projects.get(project_id).is_some_and(|p| finished(p, today)) {
        return;
    }
    let mine = || facts.deposits.iter().filter(|(d, _)| d.project_id == *project_id);
    let mut drawn: Vec<(Day, &Deposit)> = mine()
        .filter(|(d, _)| d.status == DepositStatus::Drawn)
        .map(|(d, at)| (at.business(book.day_starts_at).0, d))
        .collect();
    drawn.sort_by(|a, b| (a.0, &a.1.deposit_id).cmp(&(b.0, &b.1.deposit_id)));
    let mut used: BTreeMap<&str, Sum> = BTreeMap::new();
    for (drawn_on, deposit) in drawn {
        let mut open = deposit.amount_fen.sum();
        let mut later: Vec<&Deposit> =
            mine().map(|(d, _)| d).filter(|d| stands(d, today) && d.lodged_on >= drawn_on).collect();
        later.sort_by(|a, b| (a.lodged_on, &a.deposit_id).cmp(&(b.lodged_on, &b.deposit_id)));
        for refill in later {
            let taken = used.entry(refill.deposit_id.as_str()).or_default();
            let step = open.min(refill.amount_fen.sum() - *taken);
            *taken += step;
            open -= step;
        }
        let (mut deadline, mut left) = (drawn_on, book.at(today).deposit_refill_working_days);
        while left > 0 {
            deadline = deadline.plus(1);
            left -= i64::from(book.calendar.is_workday(deadline));
        }
        if open > 0 && today > deadline {
            let subject = Subject::Deposit(deposit.deposit_id.clone());
            raise(truth, project_id, subject, Rule::DepositNotRefilled, Level::Orange, |f| {
                f.amount = open;
                f.due_on = Some(deadline);
            });
        }
    }
}

fn guarantee_missing(facts: &Facts, project: &Project, today: Day, now: &Numbers, truth: &mut Truth) {
    let provided: Vec<&PaymentGuarantee> = facts
        .guarantees
        .iter()
        .filter(|g| g.project_id == project.project_id && g.provided_on <= today)
        .collect();
    let deadline = project.contract_signed_on.plus(i32::try_from(now.guarantee_days).unwrap());
    let good = provided.iter().any(|g| g.expires_on.is_none_or(|day| today <= day));
    if good || today <= deadline || !runs(project, today) {
        return;
    }
    let last_expiry = provided.iter().filter_map(|g| g.expires_on).max();
    let since = deadline.max(last_expiry.unwrap_or(deadline));
    raise(truth, &project.project_id, Subject::Project, Rule::GuaranteeMissing, Level::Yellow, |f| {
        f.due_on = Some(since);
    });
}

/// The three months before the one in which today is.
fn inspections_missing(facts: &Facts, project: &Project, today: Day, book: &Rulebook, truth: &mut Truth) {
    if project.status != ProjectStatus::Active {
        return;
    }
    let started_on = project.started_on.unwrap_or(project.contract_signed_on);
    let mut first = today.period().unwrap().first_day();
    for _ in 0..3 {
        let Some(month) = first.plus(-1).period() else { return };
        let next = first;
        first = month.first_day();
        let worked = started_on < next && project.completed_on.is_none_or(|day| day >= first);
        let by = i32::try_from(book.at(next).inspection_by_day).unwrap();
        let deadline = next.plus(by - 1);
        let made = facts
            .inspections
            .iter()
            .any(|i| i.project_id == project.project_id && i.inspected_on >= first && i.inspected_on < next);
        if worked && !made && today > deadline {
            let subject = Subject::Month(month);
            raise(truth, &project.project_id, subject, Rule::InspectionMissing, Level::Yellow, |f| {
                f.due_on = Some(deadline);
            });
        }
    }
}

/// One for every (project, employer, month) with heads whose sheet is not whole in time.
fn sheets_missing(facts: &Facts, today: Day, book: &Rulebook, truth: &mut Truth) {
    for ((project_id, period), month) in truth.months.clone() {
        let mut deadline = month.due_on;
        let mut left = book.at(month.due_on).payroll_working_days;
        while left > 0 {
            deadline = deadline.plus(-1);
            left -= i64::from(book.calendar.is_workday(deadline));
        }
        for (employer, heads) in month.by_employer.iter().filter(|(_, heads)| *heads > 0) {
            let key = (&project_id, *employer, period);
            let whole = facts.payrolls.iter().any(|sheet| {
                (&sheet.project_id, sheet.employer_uscc, sheet.period) == key
                    && !sheet.lines.is_empty()
                    && sheet.lines.iter().all(|line| line.signed)
                    && sheet.approved_on.is_some_and(|day| day <= today)
            });
            if whole || today < deadline {
                continue;
            }
            let subject = Subject::Sheet(*employer, period);
            raise(truth, &project_id, subject, Rule::PayrollMissing, Level::Yellow, |f| {
                f.workers = *heads;
                f.due_on = Some(deadline);
            });
        }
    }
}

fn complaint_open(complaint: &Complaint, today: Day, now: &Numbers, truth: &mut Truth) {
    let Some(project_id) = &complaint.project_id else { return };
    let Some(level) = complaint_level(complaint, today, now) else { return };
    let subject = Subject::Complaint(complaint.complaint_id.clone());
    raise(truth, project_id, subject, Rule::ComplaintOpen, level, |f| {
        f.amount = complaint.amount_fen.map_or(0, |fen| fen.sum());
        f.workers = complaint.workers.unwrap_or(0);
    });
}

/// `None` before it was filed and once it is closed.
pub(super) fn complaint_level(complaint: &Complaint, today: Day, now: &Numbers) -> Option<Level> {
    let closed = complaint.closed_on.is_some_and(|day| today >= day);
    let age = i64::from(today.since(complaint.filed_on));
    match age {
        _ if closed || age < 0 => None,
        _ if age > now.complaint_red_after_days => Some(Level::Red),
        _ if age > now.complaint_orange_after_days => Some(Level::Orange),
        _ => Some(Level::Yellow),
    }
}
