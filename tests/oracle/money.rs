//! The oracle's word on a project's money: wage accounts, what was booked on them, who restrains
//! them, the owner's labour fee, and the accounts that wages went to. From scratch, project by project.

use super::{Facts, Placed, Truth, find_worker, raise};
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};
use wagewatch::domain::*;

/// Needs the wage alerts in `truth`.
pub(super) fn judge(facts: &Facts, placed: &[Placed], truth: &mut Truth, today: Day, book: &Rulebook) {
    let numbers = book.at(today);
    for project_id in &facts.named {
        accounts(facts, project_id, truth, today);
        closed(facts, project_id, truth, today, numbers);
        if let Some(project) = facts.projects.get(project_id) {
            not_opened(facts, project, truth, today, numbers);
            labour_fee(facts, project, truth, today, numbers);
        }
    }
    debits(facts, truth);
    outside(facts, placed, truth);
    shared(facts, placed, truth);
}

fn of_project<'a>(facts: &'a Facts, project_id: &'a ProjectId) -> impl Iterator<Item = &'a WageAccount> {
    facts.account_papers.iter().filter(move |a| a.project_id == *project_id)
}

fn has_come(day: Option<Day>, today: Day) -> bool {
    day.is_some_and(|day| day <= today)
}

/// Agreements and restraints.
fn accounts(facts: &Facts, project_id: &ProjectId, truth: &mut Truth, today: Day) {
    for a in of_project(facts, project_id) {
        if !a.agreement_signed && a.opened_on <= today && !has_come(a.closed_on, today) {
            let subject = Subject::Account(a.account);
            raise(truth, project_id, subject, Rule::AccountAgreementMissing, Level::Yellow, |_| {});
        }
        for r in facts.restraints.iter().filter(|r| r.account == a.account) {
            if r.imposed_on <= today && !has_come(r.lifted_on, today) {
                let subject = Subject::Restraint { account: a.account, restraint_id: r.restraint_id.clone() };
                raise(truth, project_id, subject, Rule::AccountRestrained, Level::Red, |_| {});
            }
        }
    }
}

/// All are closed: the last of them too early?
fn closed(facts: &Facts, project_id: &ProjectId, truth: &mut Truth, today: Day, numbers: &Numbers) {
    let opened: Vec<&WageAccount> = of_project(facts, project_id).filter(|a| a.opened_on <= today).collect();
    if opened.iter().any(|a| !has_come(a.closed_on, today)) {
        return;
    }
    let Some(last) = opened.iter().filter_map(|a| a.closed_on).max() else { return };
    let arrears = AlertKey { subject: Subject::Project, rule: Rule::ProjectArrears };
    let in_arrears = truth.alerts.contains_key(&(project_id.clone(), arrears));
    let in_complaint = facts.complaints.iter().any(|c| {
        c.project_id.as_ref() == Some(project_id) && c.filed_on <= today && !has_come(c.closed_on, today)
    });
    let too_soon = facts.projects.get(project_id).is_some_and(|p| match p.completed_on {
        Some(done) => i64::from(last.since(done)) < numbers.closed_days,
        None => p.status != ProjectStatus::Completed,
    });
    if in_arrears || in_complaint || too_soon {
        for a in opened.iter().filter(|a| a.closed_on == Some(last)) {
            raise(
                truth,
                project_id,
                Subject::Account(a.account),
                Rule::AccountClosedEarly,
                Level::Red,
                |_| {},
            );
        }
    }
}

fn is_over(project: &Project, today: Day) -> bool {
    project.status == ProjectStatus::Completed || has_come(project.completed_on, today)
}

fn not_opened(facts: &Facts, project: &Project, truth: &mut Truth, today: Day, numbers: &Numbers) {
    let opened = of_project(facts, &project.project_id).any(|a| a.opened_on <= today);
    if opened || is_over(project, today) {
        return;
    }
    // Days since the last day on which the account might have been opened.
    let late = i64::from(today.since(project.contract_signed_on)) - numbers.account_days;
    let level = match late {
        late if late > numbers.account_red_after_days => Level::Red,
        late if late > 0 => Level::Orange,
        late if -late <= numbers.account_warn_days => Level::Blue,
        _ => return,
    };
    raise(truth, &project.project_id, Subject::Project, Rule::AccountNotOpened, level, |f| {
        if level != Level::Blue {
            f.due_on = Some(today.plus(-i32::try_from(late).unwrap()));
        }
    });
}

fn labour_fee(facts: &Facts, project: &Project, truth: &mut Truth, today: Day, numbers: &Numbers) {
    let start = project.started_on.unwrap_or(project.contract_signed_on);
    if project.status != ProjectStatus::Active || is_over(project, today) || start > today {
        return;
    }
    let own: BTreeSet<Account> = of_project(facts, &project.project_id).map(|a| a.account).collect();
    let fees: Vec<(Day, Sum)> = facts
        .entries
        .iter()
        .filter(|e| own.contains(&e.account) && e.direction == EntryDirection::In)
        .filter(|e| e.kind == EntryKind::LabourFee)
        .map(|e| (e.booked_at.business(DayStart(0)).0, e.amount_fen.sum()))
        .filter(|(day, _)| *day <= today)
        .collect();
    // Month by month from that of the start; whole ones alone count.
    let mut months = Vec::new();
    let mut month = start.period().unwrap();
    while month.day_or_last(31) < today {
        if month.first_day() >= start {
            months.push(month);
        }
        month = month.plus(1);
    }
    late(project, start, &fees, &months, truth, today, numbers);
    let Some(monthly) = project.labour_fee_fen else { return };
    let wanted = monthly.sum() * Sum::try_from(months.len()).unwrap();
    let came: Sum = fees.iter().map(|(_, sum)| *sum).sum();
    if came < wanted {
        let low = came * 100 < wanted * Sum::from(numbers.labour_fee_orange_below_percent);
        let level = if low { Level::Orange } else { Level::Yellow };
        raise(truth, &project.project_id, Subject::Project, Rule::LabourFeeShort, level, |f| {
            f.amount = wanted - came;
        });
    }
}

fn late(
    project: &Project,
    start: Day,
    fees: &[(Day, Sum)],
    months: &[Period],
    truth: &mut Truth,
    today: Day,
    numbers: &Numbers,
) {
    if project.labour_fee_fen.is_none() && fees.is_empty() {
        return;
    }
    let since = fees.iter().map(|(day, _)| *day).chain([start]).max().unwrap();
    let age = i64::from(today.since(since));
    if age <= numbers.labour_fee_days {
        return;
    }
    let without = months.iter().filter(|m| fees.iter().all(|(day, _)| day.period() != Some(**m))).count();
    let red = age >= numbers.labour_fee_days * numbers.labour_fee_red_cycles
        || i64::try_from(without).unwrap() >= numbers.labour_fee_red_months;
    let level = if red { Level::Red } else { Level::Orange };
    raise(truth, &project.project_id, Subject::Project, Rule::LabourFeeLate, level, |f| {
        f.due_on = Some(since.plus(i32::try_from(numbers.labour_fee_days).unwrap()));
    });
}

/// The project of a payment: the one it names, else that of its account.
fn home<'a>(facts: &'a Facts, p: &'a Payment) -> Option<&'a ProjectId> {
    p.project_id.as_ref().or_else(|| facts.wage_accounts.get(&p.account))
}

/// What left a wage account for no worker.
fn debits(facts: &Facts, truth: &mut Truth) {
    for e in facts.entries.iter().filter(|e| e.direction == EntryDirection::Out && e.kind != EntryKind::Fee) {
        let Some(project_id) = facts.wage_accounts.get(&e.account) else { continue };
        let is_its = |p: &Payment| {
            p.account == e.account && p.txn_id == e.entry_id && home(facts, p) == Some(project_id)
        };
        if !facts.payments.iter().any(is_its) {
            let subject = Subject::Booking { account: e.account, entry_id: e.entry_id.clone() };
            raise(truth, project_id, subject, Rule::ForbiddenDebit, Level::Red, |f| {
                f.amount = e.amount_fen.sum();
            });
        }
    }
    for p in facts.payments.iter().filter(|p| p.status == PaymentStatus::Settled) {
        let Some(project_id) = home(facts, p) else { continue };
        if facts.wage_accounts.get(&p.account) == Some(project_id)
            && find_worker(facts, p).err() == Some(SuspenseReason::NoWorker)
        {
            let subject = Subject::StrayPayment { bank: p.bank.clone(), txn_id: p.txn_id.clone() };
            raise(truth, project_id, subject, Rule::ForbiddenDebit, Level::Red, |f| {
                f.amount = p.amount_fen.sum();
            });
        }
    }
}

fn outside(facts: &Facts, placed: &[Placed], truth: &mut Truth) {
    for Placed { worker: (project_id, id_number), payment: p, .. } in placed.iter().filter(|p| p.counts) {
        if facts.wage_accounts.get(&p.account) == Some(project_id) {
            continue;
        }
        let (bank, txn_id): (CompactString, CompactString) = (p.bank.clone(), p.txn_id.clone());
        let subject = Subject::Payment { id_number: id_number.clone(), bank, txn_id };
        raise(truth, project_id, subject, Rule::PaidOutsideAccount, Level::Orange, |f| {
            f.amount = p.amount_fen.sum();
            f.period = p.period;
        });
    }
}

fn shared(facts: &Facts, placed: &[Placed], truth: &mut Truth) {
    let mut workers: BTreeMap<(ProjectId, Account), BTreeSet<IdNumber>> = BTreeMap::new();
    let named = facts.named_accounts.iter().flat_map(|(worker, all)| all.iter().map(move |a| (worker, *a)));
    let paid = placed.iter().map(|p| (&p.worker, p.payment.payee_account));
    for ((project_id, id_number), account) in named.chain(paid) {
        workers.entry((project_id.clone(), account)).or_default().insert(id_number.clone());
    }
    for ((project_id, account), workers) in workers.into_iter().filter(|(_, workers)| workers.len() > 1) {
        raise(truth, &project_id, Subject::Account(account), Rule::SharedPayee, Level::Red, |f| {
            f.workers = u32::try_from(workers.len()).unwrap();
        });
    }
}
