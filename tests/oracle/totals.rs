//! The oracle's totals of a project's months, and the alerts that hang on them. Counts everybody
//! anew each time; reads rows of `truth` that `wages.rs` has filled.

use super::{Facts, Found, Placed, Row, Truth, Worker, doubt, raise};
use std::collections::{BTreeMap, BTreeSet};
use wagewatch::domain::*;

/// Fills `truth.months` and raises the alerts.
pub(super) fn judge(facts: &Facts, placed: &[Placed], today: Day, book: &Rulebook, truth: &mut Truth) {
    months(facts, placed, today, book, truth);
    balance(facts, today, book, truth);
    doubt::judge(facts, today, book, truth);
    coverage(today, book, truth);
    groups(today, book, truth);
    unregistered(facts, today, book, truth);
    silent(facts, today, book, truth);
    late_uploads(facts, today, book, truth);
}

/// What the accounts hold, held against what the months that are soon due still ask for, in their order.
fn balance(facts: &Facts, today: Day, book: &Rulebook, truth: &mut Truth) {
    for id in &facts.named {
        let Some(holds) = holds(facts, id) else { continue };
        let mut months: Vec<MonthTotals> =
            truth.months.iter().filter(|(key, _)| key.0 == *id).map(|(_, month)| month.clone()).collect();
        months.sort_by_key(|month| (month.due_on, month.period));
        let mut asked = 0;
        for month in months {
            let Some(coming) = month.coming else { continue };
            let expected = by_pace(facts, id, month.period, coming.expected, today);
            asked += expected - coming.paid;
            let workdays =
                (1..=month.due_on.since(today)).filter(|n| book.calendar.is_workday(today.plus(*n)));
            let near =
                i64::try_from(workdays.count()).unwrap() <= book.at(month.due_on).balance_yellow_working_days;
            let level = if near { Level::Yellow } else { Level::Blue };
            let worked = truth.months.iter().filter(|(key, other)| key.0 == *id && other.heads > 0);
            let is_first = worked.map(|(_, other)| other.due_on).all(|due_on| due_on >= today);
            let coming_fee = || fee_to_come(facts, id, month.due_on, is_first, today, book);
            let waits = !near || comes_on_this_day(facts, id, &month, today, book, truth);
            let will_hold = holds + if waits { coming_fee() } else { 0 };
            if expected <= coming.paid || will_hold >= asked {
                continue;
            }
            raise(truth, id, Subject::Month(month.period), Rule::BalanceShort, level, |f| {
                f.amount = asked - will_hold;
                f.workers = month.heads;
            });
        }
    }
}

/// What the owner still owes and is to pay by the due date: who has paid before and is not late by more
/// than the grace, or whose first fee is still to come.
fn fee_to_come(
    facts: &Facts,
    id: &ProjectId,
    due_on: Day,
    is_first: bool,
    today: Day,
    book: &Rulebook,
) -> Sum {
    let Some(project) = facts.projects.get(id) else { return 0 };
    let Some(monthly) = project.labour_fee_fen else { return 0 };
    let undated = project.status == ProjectStatus::Completed && project.completed_on.is_none();
    if project.status == ProjectStatus::Suspended || undated {
        return 0;
    }
    let fees = fees_until(facts, id, today);
    let start = project.started_on.unwrap_or(project.contract_signed_on);
    let numbers = book.at(due_on);
    let (last, last_sum) = fees.last_key_value().map_or((start, None), |(day, sum)| (*day, Some(*sum)));
    let by = start.max(last).plus(i32::try_from(numbers.labour_fee_days).unwrap());
    let is_late = match last_sum {
        None => !is_first,
        Some(_) => i64::from(today.since(by)) > numbers.balance_fee_grace_days,
    };
    // Who pays whole fees is not waited for until the cycle is over.
    let pays_whole = last_sum.is_some_and(|sum| sum >= monthly.sum());
    if is_late || (by > due_on && !pays_whole) {
        return 0;
    }
    // A day of each calendar month in which it has run.
    let mut months = BTreeSet::new();
    let mut day = start;
    while day <= today && project.completed_on.is_none_or(|end| day < end) {
        months.insert(day.period());
        day = day.plus(1);
    }
    let owed = monthly.sum() * Sum::try_from(months.len()).unwrap() - fees.values().sum::<Sum>();
    monthly.sum().min(last_sum.unwrap_or(owed)).min(owed).max(0)
}

/// It is the first of the last days, and the last fee came before its pay day by a day more at most.
fn comes_on_this_day(
    facts: &Facts,
    id: &ProjectId,
    month: &MonthTotals,
    today: Day,
    book: &Rulebook,
    truth: &Truth,
) -> bool {
    let count = book.at(month.due_on).balance_yellow_working_days;
    let after_today = (1..=month.due_on.since(today)).map(|n| today.plus(n));
    let left = after_today.filter(|day| book.calendar.is_workday(*day)).count();
    // Of the days with so many working days left the first is the last working day before them.
    let is_first = i64::try_from(left).unwrap() == count && (book.calendar.is_workday(today) || count == 0);
    let Some(last) = fees_until(facts, id, today).last_key_value().map(|(day, _)| *day) else { return false };
    let due_days = truth.months.iter().filter(|(key, _)| key.0 == *id).map(|(_, other)| other.due_on);
    let own = due_days.filter(|due_on| (last..month.due_on).contains(due_on)).min();
    is_first && own.is_some_and(|own| own.since(last) - month.due_on.since(today) <= 1)
}

/// Labour fees booked in until that day, by day.
pub(super) fn fees_until(facts: &Facts, id: &ProjectId, until: Day) -> BTreeMap<Day, Sum> {
    let mut fees: BTreeMap<Day, Sum> = BTreeMap::new();
    for entry in &facts.entries {
        let own = facts.wage_accounts.get(&entry.account) == Some(id);
        let day = entry.booked_at.business(DayStart(0)).0;
        let is_fee = entry.direction == EntryDirection::In && entry.kind == EntryKind::LabourFee;
        if own && is_fee && day <= until {
            *fees.entry(day).or_default() += entry.amount_fen.sum();
        }
    }
    fees
}

/// All bookings, and the settled payments of the project that no booking out counts.
fn holds(facts: &Facts, id: &ProjectId) -> Option<Sum> {
    let mine: Vec<Account> =
        facts.wage_accounts.iter().filter(|(_, project)| *project == id).map(|(a, _)| *a).collect();
    if mine.is_empty() {
        return None;
    }
    let entries: Vec<&AccountEntry> = facts.entries.iter().filter(|e| mine.contains(&e.account)).collect();
    let booked: Sum = entries
        .iter()
        .map(|e| if e.direction == EntryDirection::In { e.amount_fen.sum() } else { -e.amount_fen.sum() })
        .sum();
    let of_project = |p: &&Payment| {
        let home = p.project_id.as_ref().or(facts.wage_accounts.get(&p.account));
        home == Some(id) && mine.contains(&p.account) && p.status == PaymentStatus::Settled
    };
    let is_booked = |p: &&Payment| {
        entries
            .iter()
            .any(|e| (e.account, &e.entry_id, e.direction) == (p.account, &p.txn_id, EntryDirection::Out))
    };
    let spent: Sum =
        facts.payments.iter().filter(of_project).filter(|p| !is_booked(p)).map(|p| p.amount_fen.sum()).sum();
    Some(booked - spent)
}

/// A month that runs goes on as in its days so far; today is one of them once somebody has worked.
fn by_pace(facts: &Facts, id: &ProjectId, period: Period, expected: Sum, today: Day) -> Sum {
    if today > period.day_or_last(31) {
        return expected;
    }
    let mine = facts.days.iter().filter(|(worker, _)| worker.0 == *id).flat_map(|(_, days)| days);
    let at_work = mine.into_iter().any(|(day, (days, _))| *day >= today && days.0 > 0);
    let days = (1..=31).map(|n| period.day_or_last(n)).collect::<BTreeSet<Day>>();
    let over = days.iter().filter(|day| **day < today || (**day == today && at_work)).count();
    match over {
        0 => expected,
        over => div_half_up(expected * Sum::try_from(days.len()).unwrap(), Sum::try_from(over).unwrap()),
    }
}

fn coverage(today: Day, book: &Rulebook, truth: &mut Truth) {
    for ((project, period), month) in truth.months.clone() {
        let numbers = book.at(month.due_on);
        let Some(paid) = month.heads_paid.filter(|_| today > month.due_on) else { continue };
        if i64::from(month.heads) < numbers.coverage_least_heads || paid == month.heads {
            continue;
        }
        let below = 100 * i64::from(paid) < numbers.coverage_red_below_percent * i64::from(month.heads);
        let level = if below { Level::Red } else { Level::Yellow };
        raise(truth, &project, Subject::Month(period), Rule::CoverageLow, level, |f| {
            f.workers = month.heads - paid;
            f.due_on = Some(month.due_on);
        });
    }
}

/// What the project's roll-up says, held against the limits of a group.
fn groups(today: Day, book: &Rulebook, truth: &mut Truth) {
    let numbers = book.at(today);
    let of_project = |(key, found): (&(ProjectId, AlertKey), &Found)| {
        (key.1.rule == Rule::ProjectArrears).then(|| (key.0.clone(), found.clone()))
    };
    let rolled: Vec<(ProjectId, Found)> = truth.alerts.iter().filter_map(of_project).collect();
    for (project, found) in rolled {
        let copy = |f: &mut Found| {
            f.amount = found.amount;
            f.workers = found.workers;
            f.due_on = found.due_on;
        };
        let age = today.since(found.due_on.unwrap());
        if i64::from(found.workers) >= numbers.group_arrears_workers {
            let old = i64::from(age) > numbers.group_arrears_red_after_days;
            let level = if old { Level::Red } else { Level::Orange };
            raise(truth, &project, Subject::Project, Rule::GroupArrears, level, copy);
        }
        let much = found.amount >= Sum::from(numbers.criminal_group_fen);
        if i64::from(found.workers) >= numbers.criminal_group_workers && much {
            raise(truth, &project, Subject::Project, Rule::CriminalThreshold, Level::Red, copy);
        }
    }
}

fn unregistered(facts: &Facts, today: Day, book: &Rulebook, truth: &mut Truth) {
    let mut counts: BTreeMap<&ProjectId, (u32, u32)> = BTreeMap::new();
    for (worker, days) in &facts.days {
        if days.values().any(|(days, _)| days.0 > 0) {
            let count = counts.entry(&worker.0).or_default();
            count.0 += 1;
            count.1 += u32::from(!facts.terms.contains_key(worker));
        }
    }
    for (project, (all, unknown)) in counts {
        let many = i64::from(unknown) * 100 >= book.at(today).unregistered_many_percent * i64::from(all);
        if unknown >= 2 && many {
            let (subject, level) = (Subject::Project, Level::Orange);
            raise(truth, project, subject, Rule::UnregisteredMany, level, |f| f.workers = unknown);
        }
    }
}

fn silent(facts: &Facts, today: Day, book: &Rulebook, truth: &mut Truth) {
    let numbers = book.at(today);
    for (id, project) in &facts.projects {
        let mine = facts.days.iter().filter(|(worker, _)| worker.0 == *id).flat_map(|(_, days)| days);
        let Some(last) = mine.filter(|(_, (days, _))| days.0 > 0).map(|(day, _)| *day).max() else {
            continue;
        };
        let begun = project.started_on.unwrap_or(project.contract_signed_on) <= today;
        let over = project.completed_on.is_some_and(|day| day <= today);
        let this_month = today.period().unwrap();
        let recently = |period: Period| truth.months.get(&(id.clone(), period)).is_some_and(|m| m.heads > 0);
        // A day that is stated ahead is no silence.
        let lately = recently(this_month) || (this_month.0 > 0 && recently(Period(this_month.0 - 1)));
        if project.status != ProjectStatus::Active || !begun || over || !lately {
            continue;
        }
        let days = i64::from(today.since(last));
        let level = match () {
            () if days >= numbers.silent_orange_days => Level::Orange,
            () if days >= numbers.silent_yellow_days => Level::Yellow,
            () if days >= numbers.silent_blue_days => Level::Blue,
            () => continue,
        };
        raise(truth, id, Subject::Project, Rule::AttendanceSilent, level, |_| {});
    }
}

fn late_uploads(facts: &Facts, today: Day, book: &Rulebook, truth: &mut Truth) {
    let mut weeks: BTreeMap<(ProjectId, Day), (i64, i64)> = BTreeMap::new();
    for ((worker, day), (at, days)) in &facts.stated {
        let mut monday = *day;
        while monday.weekday() != 0 {
            monday = monday.plus(-1);
        }
        // The business day ends when the next begins.
        let end = (i64::from(day.0) + 1) * 86_400 - 8 * 3600 + i64::from(book.day_starts_at.0) * 60;
        let hours = book.at(monday.plus(6)).upload_hours;
        let week = weeks.entry((worker.0.clone(), monday)).or_default();
        if days.0 > 0 {
            week.0 += 1;
            week.1 += i64::from(*at > Time::from_seconds(end + hours * 3600));
        }
    }
    for ((project, monday), (all, late)) in weeks {
        let this_monday = today.plus(-today.weekday().cast_signed());
        let percent = book.at(monday.plus(6)).upload_percent;
        let told = [7, 14, 21, 28].contains(&this_monday.since(monday));
        if told && late * 100 > percent * all {
            raise(truth, &project, Subject::Week(monday), Rule::UploadLate, Level::Blue, |_| {});
        }
    }
}

fn months(facts: &Facts, placed: &[Placed], today: Day, book: &Rulebook, truth: &mut Truth) {
    let keys: BTreeSet<(ProjectId, Period)> =
        truth.periods.keys().map(|(project, _, period)| (project.clone(), *period)).collect();
    for (project, period) in keys {
        let rows: Vec<(&IdNumber, &Row)> = truth
            .periods
            .iter()
            .filter(|(key, _)| key.0 == project && key.2 == period)
            .map(|(key, row)| (&key.1, row))
            .collect();
        let due_on = due_on(facts, &project, period, book);
        let opens_on = opens_on(due_on, book);
        let heads: Vec<_> = rows.iter().filter(|(_, row)| row.days.0 > 0).collect();
        let mut by_employer: BTreeMap<Uscc, u32> = BTreeMap::new();
        for (id, _) in &heads {
            let worker = (project.clone(), (*id).clone());
            let contractor = facts.projects.get(&project).map(|p| p.contractor_uscc);
            if let Some(employer) = employer(facts, &worker, period).or(contractor) {
                *by_employer.entry(employer).or_default() += 1;
            }
        }
        let paid = heads.iter().filter(|(_, row)| row.paid > 0).count();
        let in_time = |(id, row): &&(&IdNumber, &Row)| {
            let worker = (project.clone(), (*id).clone());
            doubt::had_half(placed, truth, &worker, period, due_on.max(row.due_on))
        };
        let in_time = || u32::try_from(heads.iter().copied().filter(in_time).count()).unwrap();
        let coming = Coming {
            expected: rows.iter().map(|(_, row)| row.expected).sum(),
            paid: rows.iter().map(|(_, row)| row.paid).sum(),
        };
        let month = MonthTotals {
            period,
            due_on,
            heads: u32::try_from(heads.len()).unwrap(),
            by_employer: by_employer.into_iter().collect(),
            heads_paid: (today >= opens_on).then(|| u32::try_from(paid).unwrap()),
            heads_in_time: (today > due_on).then(in_time),
            coming: (opens_on..=due_on).contains(&today).then_some(coming),
        };
        if month.heads > 0 || month.coming.is_some_and(|coming| coming.expected > 0) {
            truth.months.insert((project, period), month);
        }
    }
}

/// By the project's own pay terms.
fn due_on(facts: &Facts, project: &ProjectId, period: Period, book: &Rulebook) -> Day {
    let project = facts.projects.get(project);
    let pay_day = project.and_then(|p| p.pay_day).unwrap_or(15);
    let offset = project.and_then(|p| p.pay_month_offset).unwrap_or(1);
    let mut day = period.plus(u16::from(offset)).day_or_last(u32::from(pay_day));
    while !book.calendar.is_workday(day) {
        day = day.plus(-1);
    }
    day
}

/// So many working days before the due date.
fn opens_on(due_on: Day, book: &Rulebook) -> Day {
    let mut day = due_on;
    let mut left = book.at(due_on).balance_working_days;
    while left > 0 {
        day = day.plus(-1);
        if book.calendar.is_workday(day) {
            left -= 1;
        }
    }
    day
}

/// Whom the terms of the last day worked in the month name.
fn employer(facts: &Facts, worker: &Worker, period: Period) -> Option<Uscc> {
    let days = facts.days.get(worker)?;
    let worked = days.iter().filter(|(day, (days, _))| day.period() == Some(period) && days.0 > 0);
    let last = worked.map(|(day, _)| *day).max()?;
    let terms = facts.terms.get(worker)?;
    let applies = terms.iter().rev().find(|t| t.effective_on <= last).or(terms.first());
    applies.and_then(|t| t.employer_uscc)
}
