//! `project-arrears`: what a project owes to its workers in all; the one alert that a supervisor
//! gets instead of three hundred.
//!
//! **Article**: Order 724, art. 29-30.
//!
//! **Found when**: any worker's month of the project is overdue. Amount = the sum of the arrears of
//! all overdue months, workers = how many people. Red: the oldest is overdue by more than 60 days, or
//! 10 workers or more are owed 30,000 yuan or more; orange: 10 workers or more, or the oldest by more
//! than 30 days; else yellow.
//!
//! **Clears when**: no month of any worker of the project is overdue.
//!
//! **Evidence**: the sum, the workers, the months, the oldest due date, and the ten workers who are
//! owed most. Each worker's arithmetic stands in his own alert.
//!
//! **Not covered**: an employer's arrears across projects; what is owed but not yet due; whether the
//! owner paid the labour fee.

use super::Judgement;
use super::aging::{level_by_age, turns};
use crate::domain::{Day, Evidence, Finding, IdNumber, Level, ProjectView, Rule, Subject, Sum};

/// How many workers the evidence names.
const WORST: usize = 10;

pub(super) fn judge(view: &ProjectView<'_>, worst: &[(IdNumber, Sum)], on: &mut Judgement<'_>) {
    let Some(oldest_due_on) = view.oldest_due_on else { return };
    turns(oldest_due_on, on);
    on.find(Finding {
        rule: Rule::ProjectArrears,
        project_id: view.project_id.clone(),
        subject: Subject::Project,
        level: level(view, oldest_due_on, on),
        amount: view.overdue_fen,
        workers: view.overdue_workers,
        due_on: Some(oldest_due_on),
        period: None,
        evidence: Evidence::ProjectArrears {
            overdue_fen: view.overdue_fen,
            workers: view.overdue_workers,
            periods: view.overdue_periods,
            oldest_due_on,
            contractor_uscc: view.facts.map(|facts| facts.contractor_uscc),
            worst: worst.iter().take(WORST).cloned().collect(),
        },
    });
}

/// The colour of the oldest month, or of the group, whichever is worse.
fn level(view: &ProjectView<'_>, oldest_due_on: Day, on: &Judgement<'_>) -> Level {
    let numbers = on.numbers();
    let of_group = match i64::from(view.overdue_workers) >= numbers.group_workers {
        true if view.overdue_fen >= Sum::from(numbers.group_red_fen) => Level::Red,
        true => Level::Orange,
        false => Level::Yellow,
    };
    of_group.max(level_by_age(oldest_due_on, on.today, on.book))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sample::{day, judgement, person, project};

    /// The oldest month was due on 2026-04-15.
    fn check(today: &str, workers: u32, fen: Sum, level: Option<Level>) {
        let view = project(workers, fen, day("2026-04-15"));
        let mut on = judgement(today);
        judge(&view, &[], &mut on);
        assert_eq!(on.findings().first().map(|finding| finding.level), level, "{today} {workers} {fen}");
    }

    #[test]
    fn nobody_owed_is_no_finding() {
        check("2026-04-16", 0, 0, None);
        check("2026-04-16", 1, 101, Some(Level::Yellow));
    }

    #[test]
    fn ten_workers_are_a_group() {
        check("2026-04-16", 9, 2_000_000, Some(Level::Yellow));
        check("2026-04-16", 10, 2_000_000, Some(Level::Orange));
    }

    #[test]
    fn a_group_that_is_owed_much_is_red() {
        check("2026-04-16", 9, 3_000_000, Some(Level::Yellow));
        check("2026-04-16", 10, 2_999_999, Some(Level::Orange));
        check("2026-04-16", 10, 3_000_000, Some(Level::Red));
    }

    #[test]
    fn the_oldest_month_ages_the_whole() {
        check("2026-05-15", 1, 200_000, Some(Level::Yellow)); // 30 days
        check("2026-05-16", 1, 200_000, Some(Level::Orange)); // 31
        check("2026-06-14", 9, 200_000, Some(Level::Orange)); // 60
        check("2026-06-15", 1, 200_000, Some(Level::Red)); // 61
    }

    #[test]
    fn it_names_the_worst_ten() {
        let worst = vec![(person(), 5); 12];
        let mut on = judgement("2026-04-20");
        judge(&project(12, 60, day("2026-04-15")), &worst, &mut on);
        let out = on.into_parts().0;
        assert!(matches!(&out[0].evidence, Evidence::ProjectArrears { worst, .. } if worst.len() == 10));
        assert_eq!((out[0].amount, out[0].workers, out[0].overdue_days(day("2026-04-20"))), (60, 12, 5));
    }
}
