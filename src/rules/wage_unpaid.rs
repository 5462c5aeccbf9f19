//! `wage-unpaid`: a month's wage is overdue and nothing of it has been paid.
//!
//! **Article**: Order 724, art. 12-14, 30.
//!
//! **Found when**: the business date is after the due date, arrears are above the tolerance, and
//! paid is 0 (contract, section 4). Yellow; orange when overdue by more than 30 days, red by more than 60.
//!
//! **Clears when**: a payment counts for the month (then `wage-underpaid` may follow), the expected
//! wage falls to the tolerance (a corrected sheet or attendance), or the due date moves into the future.
//!
//! **Evidence**: days, rates and piecework that make up accrued; the signed sheet; the payments that
//! name the month, counted or not; the due date and what it was before it moved to a working day.
//!
//! **Not covered**: work without an enrolment is not priced, so nothing is owed for it here
//! (`unregistered-worker`); piecework that nobody reported; wages that were never put on record.

use super::Judgement;
use super::aging::{is_overdue, is_owed, level_by_age, turns};
use crate::domain::{Evidence, Finding, PeriodView, Rule, Subject, Sum, WagePeriod, WorkerView};

pub(super) fn judge(view: &WorkerView, period: &PeriodView, on: &mut Judgement<'_>) {
    if !is_owed(period, on.book) {
        return;
    }
    turns(period.due_on, on);
    if period.paid == 0 && is_overdue(period, on.today, on.book) {
        on.find(wage(Rule::WageUnpaid, view, period, on));
    }
}

/// The finding of both wage rules: they differ in their name alone.
pub(super) fn wage(rule: Rule, view: &WorkerView, period: &PeriodView, on: &Judgement<'_>) -> Finding {
    let tolerance = Sum::from(on.book.at(period.due_on).tolerance_fen);
    Finding {
        rule,
        project_id: view.project_id.clone(),
        subject: Subject::WorkerPeriod(view.id_number.clone(), period.period),
        level: level_by_age(period.due_on, on.today, on.book),
        amount: period.arrears,
        workers: 1,
        due_on: Some(period.due_on),
        period: Some(period.period),
        evidence: Evidence::Wage(Box::new(WagePeriod::of(view, period, tolerance))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Level;
    use crate::rules::sample::{day, judgement, period, person, worker};

    /// Due on 2026-04-15.
    fn check(today: &str, expected: Sum, paid: Sum, level: Option<Level>) {
        let view = worker(vec![period("2026-03", expected, paid)]);
        let mut on = judgement(today);
        judge(&view, &view.periods[0], &mut on);
        assert_eq!(on.findings().first().map(|finding| finding.level), level, "{today} {expected} {paid}");
    }

    #[test]
    fn it_is_found_from_the_day_after_the_due_date() {
        check("2026-04-14", 860_000, 0, None);
        check("2026-04-15", 860_000, 0, None);
        check("2026-04-16", 860_000, 0, Some(Level::Yellow));
    }

    #[test]
    fn it_ages() {
        check("2026-05-15", 860_000, 0, Some(Level::Yellow)); // 30 days
        check("2026-05-16", 860_000, 0, Some(Level::Orange)); // 31
        check("2026-06-14", 860_000, 0, Some(Level::Orange)); // 60
        check("2026-06-15", 860_000, 0, Some(Level::Red)); // 61
    }

    #[test]
    fn the_tolerance_is_no_arrear() {
        check("2026-04-16", 100, 0, None);
        check("2026-04-16", 101, 0, Some(Level::Yellow));
    }

    #[test]
    fn anything_paid_is_another_rules_matter() {
        check("2026-04-16", 860_000, 1, None);
        check("2026-04-16", 0, 0, None);
    }

    #[test]
    fn it_says_who_when_and_how_much() {
        let view = worker(vec![period("2026-03", 860_000, 0)]);
        let mut on = judgement("2026-04-27");
        judge(&view, &view.periods[0], &mut on);
        let finding = on.findings()[0].clone();
        let month = view.periods[0].period;
        assert_eq!(finding.subject, Subject::WorkerPeriod(person(), month));
        assert_eq!((finding.amount, finding.workers, finding.period), (860_000, 1, Some(month)));
        assert_eq!(finding.overdue_days(day("2026-04-27")), 12);
    }
}
