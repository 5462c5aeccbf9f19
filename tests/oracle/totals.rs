//! The oracle's totals of a project's months, and the alerts that hang on them. Counts everybody
//! anew each time; reads rows of `truth` that `wages.rs` has filled.

use super::{Facts, Row, Truth, Worker, raise};
use std::collections::{BTreeMap, BTreeSet};
use wagewatch::domain::*;

/// Fills `truth.months` and raises the alerts.
pub(super) fn judge(facts: &Facts, today: Day, book: &Rulebook, truth: &mut Truth) {
    months(facts, today, book, truth);
}

fn months(facts: &Facts, today: Day, book: &Rulebook, truth: &mut Truth) {
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
