//! `payroll-below-attendance`: a worker signed for less than his attendance and piecework earned.
//!
//! **Article**: judicial interpretation 2013-3, art. 2(3).
//!
//! **Found when**: signed lines of the month's sheets name the worker, and what they say is payable,
//! before deductions, is less than accrued by more than 5 % of it and by more than 50 yuan. The
//! numbers of the month's due date count; found at once, due or not. Yellow.
//!
//! **Clears when**: a later sheet says more, lines are no longer signed, or attendance, piecework or
//! terms are corrected.
//!
//! **Evidence**: accrued, what is payable by the sheet, what it is short by, and both limits.
//!
//! **Not covered**: deductions that a sheet shows; unsigned lines (`payroll-missing`); sheets that say
//! more than was earned; workers without terms, whose work has no price.

use super::Judgement;
use crate::domain::{Fact, FactName, Finding, Level, PeriodView, Rule, Subject, Sum, WorkerView};

pub(super) fn judge(view: &WorkerView, period: &PeriodView, on: &mut Judgement<'_>) {
    let Some(payable) = period.payable else { return };
    let numbers = on.book.at(period.due_on);
    let short = period.accrued - payable;
    let by_share = short * 100 > period.accrued * Sum::from(numbers.payroll_below_percent);
    if short <= Sum::from(numbers.payroll_below_fen) || !by_share {
        return;
    }
    let facts = vec![
        Fact::fen(FactName::Accrued, period.accrued),
        Fact::fen(FactName::Payable, payable),
        Fact::fen(FactName::Short, short),
        Fact::count(FactName::ThresholdPercent, numbers.payroll_below_percent),
        Fact::fen(FactName::ThresholdSum, Sum::from(numbers.payroll_below_fen)),
    ];
    let subject = Subject::WorkerPeriod(view.id_number.clone(), period.period);
    let finding = Finding::new(Rule::PayrollBelowAttendance, &view.project_id, subject, Level::Yellow, facts);
    on.find(Finding { amount: short, workers: 1, ..finding });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sample::{judgement, period, worker};

    fn short(accrued: Sum, payable: Option<Sum>) -> Option<Sum> {
        let month = PeriodView { accrued, payable, ..period("2026-03", payable.unwrap_or(accrued), 0) };
        let mut on = judgement("2026-04-02");
        judge(&worker(vec![]), &month, &mut on);
        on.findings().first().map(|finding| finding.amount)
    }

    #[test]
    fn more_than_five_percent_and_more_than_fifty_yuan() {
        assert_eq!(short(600_000, Some(570_000)), None);
        assert_eq!(short(600_000, Some(569_999)), Some(30_001));
        assert_eq!(short(50_000, Some(45_000)), None);
        assert_eq!(short(50_000, Some(44_999)), Some(5_001));
    }

    #[test]
    fn no_signed_line_and_more_than_was_earned_are_no_finding() {
        assert_eq!(short(600_000, None), None);
        assert_eq!(short(600_000, Some(700_000)), None);
        assert_eq!(short(0, Some(0)), None);
    }
}
