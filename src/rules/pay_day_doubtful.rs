//! `pay-day-doubtful`: pay day is near, and there is reason to doubt that the contractor will pay, whatever
//! the wage account holds; a forecast.
//!
//! **Article**: Order 724, art. 38; county plan 2025, section 3 (7).
//!
//! **Found when**: from the `working_days` of `balance-short` before the project's due date of a month until
//! that date, less than half of what the month is expected to pay so far is paid, and one of two holds.
//! He paid late the last time: of those who worked in the month that fell due last before, fewer than 25 %
//! had been paid half of their wages of it or more by its due date (or by their own, where that is later),
//! and the owner had by then paid the labour fee that was agreed for the full months until the end of that
//! month, or none is agreed. Or the last inspection dated in the month found a hazard or a violation, and none
//! since was clear. Blue. The number is that of the due date.
//!
//! **Clears when**: half of the month is paid; the due date passes, then what is not paid is overdue; a
//! later inspection is clear; or payments turn up that show that he paid in time.
//!
//! **Evidence**: the month, its due date, what is expected and paid so far; of the month before its due date,
//! how many worked, how many of them had half or more in time, and the share below which it is found; of
//! the inspection its day and outcome.
//!
//! **Not covered**: who never paid late before and of whom no inspector has said anything; a month before
//! that was paid late because the owner had not paid (`labour-fee-late`, `labour-fee-short`) or in part
//! only, by half or more; an account that does not hold enough (`balance-short`); what an inspection found
//! after the month: the department that made it knows.

use super::Judgement;
use super::aging::after;
use super::running::{full_months, started_on};
use crate::domain::{
    Coming, Day, Fact, FactName, Finding, Inspection, InspectionOutcome, Level, MonthTotals, ProjectView,
    Rule, Subject, Sum,
};

pub(super) fn judge(view: &ProjectView<'_>, on: &mut Judgement<'_>) {
    view.inspections.iter().for_each(|inspection| on.look_again(inspection.inspected_on));
    for month in &view.months {
        let Some(coming) = month.coming else { continue };
        on.look_again(after(month.due_on, 1));
        if coming.paid * 2 >= coming.expected {
            continue;
        }
        let percent = on.book.at(month.due_on).doubtful_in_time_below_percent;
        let before = before(view, month, on.today).filter(|before| is_late(before, percent));
        let before = before.filter(|before| !owner_was_behind(view, before));
        let hazard = hazard_of(view, month, on.today);
        if before.is_none() && hazard.is_none() {
            continue;
        }
        let mut facts = month_facts(month, coming);
        facts.extend(before.into_iter().flat_map(|before| late_facts(before, percent)));
        facts.extend(hazard.into_iter().flat_map(hazard_facts));
        let subject = Subject::Month(month.period);
        let finding = Finding::new(Rule::PayDayDoubtful, &view.project_id, subject, Level::Blue, facts);
        on.find(Finding { amount: coming.expected - coming.paid, workers: month.heads, ..finding });
    }
}

/// The last inspection dated in the month, unless it or one since was clear.
fn hazard_of<'a>(view: &ProjectView<'a>, month: &MonthTotals, today: Day) -> Option<&'a Inspection> {
    let key = |inspection: &Inspection| (inspection.inspected_on, inspection.inspection_id.clone());
    let past = || view.inspections.iter().copied().filter(|inspection| inspection.inspected_on <= today);
    let of_month = past().filter(|inspection| inspection.inspected_on.period() == Some(month.period));
    let last = of_month.max_by_key(|inspection| key(inspection))?;
    let is_clear = |inspection: &Inspection| inspection.outcome == InspectionOutcome::Clear;
    (!past().any(|later| key(later) >= key(last) && is_clear(later))).then_some(last)
}

/// The month in which anybody worked that fell due last before this one.
fn before<'m>(view: &'m ProjectView<'_>, month: &MonthTotals, today: Day) -> Option<&'m MonthTotals> {
    let key = |month: &MonthTotals| (month.due_on, month.period);
    let earlier = view.months.iter().filter(|other| other.due_on < today && key(other) < key(month));
    earlier.filter(|other| other.heads > 0).max_by_key(|other| key(other))
}

fn is_late(before: &MonthTotals, percent: i64) -> bool {
    before.heads_in_time.is_some_and(|in_time| i64::from(in_time) * 100 < percent * i64::from(before.heads))
}

/// Whether less labour fee had come in by the due date than was agreed for the full months until the end of
/// that month: then the contractor's habit is not what it tells of.
fn owner_was_behind(view: &ProjectView<'_>, before: &MonthTotals) -> bool {
    let Some(facts) = view.facts else { return false };
    let Some(fee) = facts.labour_fee_fen else { return false };
    let months = full_months(started_on(facts), before.period.plus(1).first_day()).count();
    let fees = view.labour_fees.iter().flat_map(|fees| fees.range(..=before.due_on));
    let received: Sum = fees.map(|(_, sum)| sum).sum();
    received < fee.sum() * Sum::try_from(months).unwrap_or(Sum::MAX)
}

fn month_facts(month: &MonthTotals, coming: Coming) -> Vec<Fact> {
    vec![
        Fact::month(FactName::Period, month.period),
        Fact::date(FactName::DueOn, month.due_on),
        Fact::fen(FactName::Expected, coming.expected),
        Fact::fen(FactName::Paid, coming.paid),
    ]
}

fn late_facts(before: &MonthTotals, percent: i64) -> [Fact; 5] {
    [
        Fact::month(FactName::MonthBefore, before.period),
        Fact::date(FactName::DueBeforeOn, before.due_on),
        Fact::count(FactName::Heads, before.heads),
        Fact::count(FactName::HeadsInTime, before.heads_in_time.unwrap_or(0)),
        Fact::count(FactName::ThresholdPercent, percent),
    ]
}

fn hazard_facts(inspection: &Inspection) -> [Fact; 2] {
    [
        Fact::date(FactName::InspectedOn, inspection.inspected_on),
        Fact::text(FactName::Outcome, inspection.outcome.as_str()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Fen, Project};
    use crate::rules::sample::{day, days_again, facts, judgement, month, project, project_id};
    use std::collections::BTreeMap;

    /// February was due on 15 March; March, of which 1000 are expected, is due on 15 April.
    fn months(in_time: u32, paid: Sum) -> Vec<MonthTotals> {
        let before = MonthTotals { heads_in_time: Some(in_time), ..month("2026-02", 10) };
        vec![before, MonthTotals { coming: Some(Coming { expected: 1000, paid }), ..month("2026-03", 7) }]
    }

    fn found(view: &ProjectView<'_>, today: &str) -> Option<(Level, Sum, u32)> {
        let mut on = judgement(today);
        judge(view, &mut on);
        on.findings().first().map(|finding| (finding.level, finding.amount, finding.workers))
    }

    fn inspection(id: &str, on: &str, outcome: InspectionOutcome) -> Inspection {
        Inspection {
            project_id: project_id(),
            inspection_id: id.into(),
            department: "building".into(),
            inspector: "inspector".into(),
            inspected_on: day(on),
            outcome,
            note: None,
        }
    }

    #[test]
    fn who_paid_most_of_them_late_the_last_time_is_doubted_until_half_is_paid() {
        for (in_time, paid, expected) in [
            (2, 0, Some((Level::Blue, 1000, 7))),
            (3, 0, None),
            (10, 0, None),
            (0, 499, Some((Level::Blue, 501, 7))),
            (0, 500, None),
        ] {
            let view = ProjectView { months: months(in_time, paid), ..project(0, 0, day("2026-04-10")) };
            assert_eq!(found(&view, "2026-04-10"), expected, "{in_time} {paid}");
        }
        let mut view = ProjectView { months: months(0, 0), ..project(0, 0, day("2026-04-10")) };
        view.months[1].coming = None;
        assert_eq!(found(&view, "2026-04-16"), None);
        // Nobody worked in the month before, or it is not due yet.
        view.months = months(0, 0);
        assert_eq!(found(&view, "2026-03-15"), None);
        view.months[0].heads = 0;
        assert_eq!(found(&view, "2026-04-10"), None);
    }

    #[test]
    fn an_owner_who_was_behind_then_makes_no_habit() {
        let facts = Project { labour_fee_fen: Some(Fen(600)), ..facts() };
        // Begun on 5 January: February is the one full month until its end.
        for (on, sum, doubtful) in
            [("2026-03-15", 600, true), ("2026-03-15", 599, false), ("2026-03-16", 600, false)]
        {
            let fees = BTreeMap::from([(day(on), sum)]);
            let view = ProjectView {
                facts: Some(&facts),
                labour_fees: vec![&fees],
                months: months(0, 0),
                ..project(0, 0, day("2026-04-10"))
            };
            assert_eq!(found(&view, "2026-04-10").is_some(), doubtful, "{on} {sum}");
        }
    }

    #[test]
    fn what_the_last_inspection_of_the_month_found_counts_until_one_is_clear() {
        use InspectionOutcome::{Clear, Hazard, Violation};
        for (inspections, doubtful) in [
            (vec![("I1", "2026-03-01", Hazard)], true),
            (vec![("I1", "2026-03-01", Violation)], true),
            (vec![("I1", "2026-02-28", Hazard)], false),
            (vec![("I1", "2026-03-01", Hazard), ("I2", "2026-03-01", Clear)], false),
            (vec![("I2", "2026-03-01", Hazard), ("I1", "2026-03-01", Clear)], true),
            (vec![("I1", "2026-03-01", Hazard), ("I2", "2026-04-11", Clear)], true),
            (vec![("I1", "2026-03-01", Hazard), ("I2", "2026-04-10", Clear)], false),
            (vec![("I1", "2026-03-31", Hazard), ("I2", "2026-04-10", Hazard)], true),
            (vec![("I1", "2026-04-01", Hazard)], false),
        ] {
            let kept: Vec<Inspection> =
                inspections.iter().map(|(id, on, outcome)| inspection(id, on, *outcome)).collect();
            let view = ProjectView {
                inspections: kept.iter().collect(),
                months: months(10, 0),
                ..project(0, 0, day("2026-04-10"))
            };
            assert_eq!(found(&view, "2026-04-10").is_some(), doubtful, "{inspections:?}");
        }
        let ahead = inspection("I1", "2026-04-12", Hazard);
        let view = ProjectView {
            inspections: vec![&ahead],
            months: months(10, 0),
            ..project(0, 0, day("2026-04-10"))
        };
        let mut on = judgement("2026-04-10");
        judge(&view, &mut on);
        assert_eq!(days_again(on), ["2026-04-12", "2026-04-16"]);
    }
}
