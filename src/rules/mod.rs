//! What the ledger's truth means, one rule a file. Sees plain views; knows no ledger, no alert, no clock.
//!
//! A rule is a function of (view, business date, rulebook). It remembers nothing: what it finds is
//! true now, and what it no longer finds has ended.

mod aging;
mod payee_mismatch;
mod project_arrears;
#[cfg(test)]
mod sample;
mod unknown_project;
mod unregistered_worker;
mod wage_underpaid;
mod wage_unpaid;

pub use aging::is_overdue;

use crate::domain::{Day, Finding, IdNumber, ProjectView, Rulebook, Sum, WorkerView};

/// Everything that is found about one worker in one project, in a fixed order.
pub fn judge_worker(view: &WorkerView, today: Day, book: &Rulebook, out: &mut Vec<Finding>) {
    for period in &view.periods {
        wage_unpaid::judge(view, period, today, book, out);
        wage_underpaid::judge(view, period, today, book, out);
    }
    payee_mismatch::judge(view, out);
    unregistered_worker::judge(view, out);
}

/// Everything that is found about one project as a whole, in a fixed order. `worst` are the workers
/// who are owed most, descending by sum (fen); the evidence keeps the first ten.
pub fn judge_project(
    view: &ProjectView,
    worst: &[(IdNumber, Sum)],
    today: Day,
    book: &Rulebook,
    out: &mut Vec<Finding>,
) {
    project_arrears::judge(view, worst, today, book, out);
    unknown_project::judge(view, out);
}

/// Every later date at which judging this worker again may give another answer though no record
/// came: the days on which a wage becomes overdue, orange, red. Ascending within a period.
pub fn look_again(view: &WorkerView, today: Day, book: &Rulebook, each: &mut dyn FnMut(Day)) {
    for period in &view.periods {
        if aging::is_owed(period, book) {
            aging::turning_days(period.due_on, today, book, each);
        }
    }
}

/// The same for a project: the days on which its oldest overdue wage becomes orange, red. When
/// another wage of it becomes overdue is told by [`look_again`] of its worker.
pub fn look_again_project(view: &ProjectView, today: Day, book: &Rulebook, each: &mut dyn FnMut(Day)) {
    if let Some(oldest) = view.oldest_due_on {
        aging::turning_days(oldest, today, book, each);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Days, Rule};
    use crate::rules::sample::{day, payment, period, project, worker};

    #[test]
    fn a_workers_findings_come_in_a_fixed_order() {
        let mut view = worker(vec![period("2026-02", 100_000, 1), period("2026-03", 100_000, 0)]);
        view.mismatched.push(payment("A", 5, None));
        view.enrolled = false;
        view.days = Days(100);
        let mut out = Vec::new();
        judge_worker(&view, day("2026-05-01"), &Rulebook::default(), &mut out);
        let rules: Vec<Rule> = out.iter().map(|finding| finding.rule).collect();
        let expected = [Rule::WageUnderpaid, Rule::WageUnpaid, Rule::PayeeMismatch, Rule::UnregisteredWorker];
        assert_eq!(rules, expected);
    }

    /// Judging on every day of half a year: the answer turns on the announced days and on no other.
    #[test]
    fn answers_turn_on_announced_days_only() {
        let view = worker(vec![period("2026-02", 100_000, 0), period("2026-03", 100_000, 500)]);
        let book = Rulebook::default();
        let judge = |today: Day| {
            let mut out = Vec::new();
            judge_worker(&view, today, &book, &mut out);
            out
        };
        let start = day("2026-03-01");
        let mut announced = Vec::new();
        look_again(&view, start, &book, &mut |on| announced.push(on));
        announced.sort();
        let turns: Vec<Day> =
            (1..200).map(|n| start.plus(n)).filter(|on| judge(*on) != judge(on.plus(-1))).collect();
        assert_eq!(turns, announced);
        assert_eq!(announced.len(), 6);
    }

    #[test]
    fn no_day_is_announced_that_has_come() {
        let view = worker(vec![period("2026-03", 100_000, 0)]);
        let mut days = Vec::new();
        // Due on 2026-04-15: overdue from the 16th, orange on day 31, red on day 61.
        look_again(&view, day("2026-04-16"), &Rulebook::default(), &mut |on| days.push(on.to_string()));
        assert_eq!(days, ["2026-05-16", "2026-06-15"]);
        let mut days = Vec::new();
        let view = project(1, 100_000, day("2026-04-15"));
        look_again_project(&view, day("2026-05-16"), &Rulebook::default(), &mut |on| {
            days.push(on.to_string())
        });
        assert_eq!(days, ["2026-06-15"]);
    }

    #[test]
    fn what_is_within_tolerance_is_never_looked_at_again() {
        let view = worker(vec![period("2026-03", 100_000, 99_900)]);
        look_again(&view, day("2026-01-01"), &Rulebook::default(), &mut |on| panic!("{on}"));
    }
}
