//! `left-unsettled`: somebody has left the site and is still owed wages, due or not.
//!
//! **Article**: Provisional rules on wage payment (1994-489), art. 9.
//!
//! **Found when**: the worker's newest terms say when he left, more than 5 working days have passed
//! since, and his arrears over all months of the project, due or not, are above the tolerance. The
//! numbers of the day on which he left count. Yellow; red more than 30 days after he left.
//!
//! **Clears when**: the rest is paid, the expected wage falls to what was paid, or newer terms say
//! that he has not left.
//!
//! **Evidence**: when he left, what all his months come to, what is paid and owed of it, the working
//! days allowed and the day on which they end.
//!
//! **Not covered**: who stays away without terms that say so; wages after the day he left (they are
//! owed like the others); compensation.

use super::Judgement;
use super::aging::after;
use crate::domain::{Fact, FactName, Finding, Level, Rule, Subject, Sum, WorkerView};

pub(super) fn judge(view: &WorkerView, on: &mut Judgement<'_>) {
    let Some(left_on) = view.terms.last().and_then(|terms| terms.left_on) else { return };
    let numbers = on.book.at(left_on);
    let deadline = on.book.calendar.plus_workdays(left_on, numbers.left_working_days);
    let red_after = after(left_on, numbers.left_red_after_days);
    // Attendance before the deadline is not judged, so that day is looked at whatever is owed now.
    on.look_again(after(deadline, 1));
    on.look_again(after(red_after, 1));
    let sum = |of: fn(&crate::domain::PeriodView) -> Sum| view.periods.iter().map(of).sum::<Sum>();
    let arrears = sum(|period| period.arrears);
    if on.today <= deadline || arrears <= Sum::from(numbers.tolerance_fen) {
        return;
    }
    let facts = vec![
        Fact::date(FactName::LeftOn, left_on),
        Fact::fen(FactName::Expected, sum(|period| period.expected)),
        Fact::fen(FactName::Paid, sum(|period| period.paid)),
        Fact::fen(FactName::Arrears, arrears),
        Fact::count(FactName::ThresholdWorkingDays, numbers.left_working_days),
        Fact::date(FactName::DeadlineOn, deadline),
    ];
    let level = if on.today > red_after { Level::Red } else { Level::Yellow };
    let subject = Subject::Worker(view.id_number.clone());
    let finding = Finding::new(Rule::LeftUnsettled, &view.project_id, subject, level, facts);
    on.find(Finding { amount: arrears, workers: 1, due_on: Some(left_on), ..finding });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Basis;
    use crate::rules::sample::{day, judgement, period, terms, worker};

    /// Left on Friday, 2026-03-20: five working days end on 2026-03-27.
    fn found(today: &str, paid: Sum) -> Option<(Level, Sum)> {
        let mut view = worker(vec![period("2026-02", 500_000, 500_000), period("2026-03", 400_000, paid)]);
        view.terms = vec![terms("2026-01-01", Basis::Daily)];
        view.terms[0].left_on = Some(day("2026-03-20"));
        let mut on = judgement(today);
        judge(&view, &mut on);
        on.findings().first().map(|finding| (finding.level, finding.amount))
    }

    #[test]
    fn it_is_found_after_five_working_days_though_nothing_is_due() {
        assert_eq!(found("2026-03-27", 0), None);
        assert_eq!(found("2026-03-28", 0), Some((Level::Yellow, 400_000)));
        assert_eq!(found("2026-04-19", 0), Some((Level::Yellow, 400_000))); // 30 days
        assert_eq!(found("2026-04-20", 0), Some((Level::Red, 400_000))); // 31
    }

    #[test]
    fn the_tolerance_is_no_arrear() {
        assert_eq!(found("2026-03-28", 399_900), None);
        assert_eq!(found("2026-03-28", 399_899), Some((Level::Yellow, 101)));
    }

    #[test]
    fn the_newest_terms_say_whether_he_left() {
        let mut view = worker(vec![period("2026-03", 400_000, 0)]);
        view.terms = vec![terms("2026-01-01", Basis::Daily), terms("2026-03-25", Basis::Daily)];
        view.terms[0].left_on = Some(day("2026-03-20"));
        let mut on = judgement("2026-05-01");
        judge(&view, &mut on);
        judge(&worker(vec![period("2026-03", 400_000, 0)]), &mut on);
        assert_eq!(on.findings(), []);
    }

    #[test]
    fn the_days_on_which_it_turns_are_looked_at_again_though_nothing_is_owed_yet() {
        let mut view = worker(Vec::new());
        view.terms = vec![terms("2026-01-01", Basis::Daily)];
        view.terms[0].left_on = Some(day("2026-03-20"));
        let mut on = judgement("2026-03-01");
        judge(&view, &mut on);
        assert_eq!(on.into_parts().1.into_iter().collect::<Vec<_>>(), [day("2026-03-28"), day("2026-04-20")]);
    }
}
