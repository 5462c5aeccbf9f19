//! `coverage-low`: a month is due, and not everybody who worked in it was paid anything.
//!
//! **Article**: county plan 2025, section 3 (6).
//!
//! **Found when**: the month's due date by the project's own pay terms has passed, 5 workers or more
//! have worked days in it, and not all of them are paid something of it. Red: fewer than 90 % of
//! them; else yellow. The numbers are those of the due date.
//!
//! **Clears when**: everybody who worked in the month is paid something of it, or fewer than 5 did.
//!
//! **Evidence**: the month, its due date, how many worked, how many of them are paid, the share, and
//! the share below which it is red.
//!
//! **Not covered**: how much each was paid (`wage-underpaid`); workers with piecework and no
//! attendance; workers whose own terms let their wage fall due later.

use super::Judgement;
use super::aging::after;
use crate::domain::{Fact, FactName, FactValue, Finding, Level, MonthTotals, ProjectView, Rule, Subject};

pub(super) fn judge(view: &ProjectView<'_>, on: &mut Judgement<'_>) {
    for month in &view.months {
        let numbers = on.book.at(month.due_on);
        let (heads, paid) = (i64::from(month.heads), i64::from(month.heads_paid.unwrap_or(0)));
        if heads < numbers.coverage_least_heads {
            continue;
        }
        on.look_again(after(month.due_on, 1));
        if on.today <= month.due_on || paid >= heads {
            continue;
        }
        let is_red = paid * 100 < numbers.coverage_red_below_percent * heads;
        let level = if is_red { Level::Red } else { Level::Yellow };
        let facts = facts(month, numbers.coverage_red_below_percent);
        let subject = Subject::Month(month.period);
        let finding = Finding::new(Rule::CoverageLow, &view.project_id, subject, level, facts);
        let workers = month.heads - month.heads_paid.unwrap_or(0);
        on.find(Finding { workers, due_on: Some(month.due_on), ..finding });
    }
}

fn facts(month: &MonthTotals, red_below_percent: i64) -> Vec<Fact> {
    let (heads, paid) = (i64::from(month.heads), i64::from(month.heads_paid.unwrap_or(0)));
    vec![
        Fact::month(FactName::Period, month.period),
        Fact::date(FactName::DueOn, month.due_on),
        Fact::count(FactName::Heads, heads),
        Fact::count(FactName::HeadsPaid, paid),
        Fact::new(FactName::Share, FactValue::Share(paid * 10_000 / heads)),
        Fact::count(FactName::ThresholdPercent, red_below_percent),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sample::{day, judgement, month, project};

    fn check(today: &str, heads: u32, paid: u32, level: Option<Level>) {
        let mut view = project(0, 0, day(today));
        view.months = vec![MonthTotals { heads_paid: Some(paid), ..month("2026-03", heads) }];
        let mut on = judgement(today);
        judge(&view, &mut on);
        let found = on.findings().first();
        assert_eq!(found.map(|finding| finding.level), level, "{today} {heads} {paid}");
        assert!(found.is_none_or(|finding| finding.workers == heads - paid));
    }

    #[test]
    fn it_begins_the_day_after_the_month_was_due() {
        check("2026-04-15", 10, 0, None);
        check("2026-04-16", 10, 0, Some(Level::Red));
        let mut view = project(0, 0, day("2026-04-01"));
        view.months = vec![month("2026-03", 10)];
        let mut on = judgement("2026-04-01");
        judge(&view, &mut on);
        assert_eq!(on.into_parts().1.into_iter().collect::<Vec<_>>(), [day("2026-04-16")]);
    }

    #[test]
    fn nine_of_ten_are_yellow_and_fewer_red() {
        check("2026-04-16", 10, 10, None);
        check("2026-04-16", 10, 9, Some(Level::Yellow));
        check("2026-04-16", 10, 8, Some(Level::Red));
        check("2026-04-16", 100, 90, Some(Level::Yellow));
        check("2026-04-16", 100, 89, Some(Level::Red));
    }

    #[test]
    fn fewer_than_five_are_no_share() {
        check("2026-04-16", 4, 0, None);
        check("2026-04-16", 5, 0, Some(Level::Red));
    }
}
