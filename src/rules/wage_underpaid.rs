//! `wage-underpaid`: a month's wage is overdue, and a part of it has been paid.
//!
//! **Article**: Order 724, art. 12.
//!
//! **Found when**: the business date is after the due date, arrears are above the tolerance, and
//! paid is above 0 (contract, section 4). Yellow; orange when overdue by more than 30 days, red by more than 60.
//!
//! **Clears when**: the rest is paid, to within the tolerance; the expected wage falls to what was
//! paid; a counted payment is returned and nothing is left (then `wage-unpaid` follows).
//!
//! **Evidence**: as `wage-unpaid`: the makings of accrued, the signed sheet, the payments that name
//! the month, what was filled from payments without a month, the due date and why it moved.
//!
//! **Not covered**: whether a deduction on a signed sheet was lawful; pay below the minimum wage.

use super::Judgement;
use super::aging::{is_overdue, is_owed, turns};
use super::wage_unpaid::wage;
use crate::domain::{PeriodView, Rule, WorkerView};

pub(super) fn judge(view: &WorkerView, period: &PeriodView, on: &mut Judgement<'_>) {
    if !is_owed(period, on.book) {
        return;
    }
    turns(period.due_on, on);
    if period.paid > 0 && is_overdue(period, on.today, on.book) {
        on.find(wage(Rule::WageUnderpaid, view, period, on));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Level, Sum};
    use crate::rules::sample::{judgement, period, worker};

    /// Due on 2026-04-15, 8,600 yuan expected.
    fn check(today: &str, paid: Sum, expected: Option<(Level, Sum)>) {
        let view = worker(vec![period("2026-03", 860_000, paid)]);
        let mut on = judgement(today);
        judge(&view, &view.periods[0], &mut on);
        let out = on.into_parts().0;
        let found = out.first().map(|finding| (finding.level, finding.amount));
        assert_eq!(found, expected, "{today} {paid}");
        assert!(out.iter().all(|finding| finding.rule == Rule::WageUnderpaid));
    }

    #[test]
    fn it_is_found_from_the_day_after_the_due_date() {
        check("2026-04-15", 500_000, None);
        check("2026-04-16", 500_000, Some((Level::Yellow, 360_000)));
    }

    #[test]
    fn it_ages() {
        check("2026-05-15", 500_000, Some((Level::Yellow, 360_000))); // 30 days
        check("2026-05-16", 500_000, Some((Level::Orange, 360_000))); // 31
        check("2026-06-14", 500_000, Some((Level::Orange, 360_000))); // 60
        check("2026-06-15", 500_000, Some((Level::Red, 360_000))); // 61
    }

    #[test]
    fn the_tolerance_is_no_arrear() {
        check("2026-04-16", 859_900, None);
        check("2026-04-16", 859_899, Some((Level::Yellow, 101)));
        check("2026-04-16", 860_000, None);
    }

    #[test]
    fn nothing_paid_is_another_rules_matter() {
        check("2026-04-16", 0, None);
        check("2026-04-16", 1, Some((Level::Yellow, 859_999)));
    }
}
