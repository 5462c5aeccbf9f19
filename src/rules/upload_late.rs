//! `upload-late`: much of a week's attendance was stated long after the work.
//!
//! **Article**: Circular 2021-53, art. 24 (to be verified).
//!
//! **Found when**: of the day statements that stand of a finished week (Monday to Sunday), more than
//! 20 % were stated more than 24 hours after the end of the business day that they are about. Blue;
//! one finding a week, for the four weeks that have ended last. The numbers are those of the Sunday.
//!
//! **Clears when**: enough statements come that are in time, the late ones are replaced by statements
//! of no days, or the week is no longer among the last four.
//!
//! **Evidence**: the Monday, the statements that stand, how many of them came late, the share, the
//! hours and the percent allowed.
//!
//! **Not covered**: swipes, of which the ledger keeps no time of statement; statements of no days,
//! which void a day and do not report one.

use super::Judgement;
use crate::domain::{Fact, FactName, FactValue, Finding, Level, ProjectView, Rule, Subject};

/// Finished weeks that are judged.
const WEEKS: i32 = 4;

pub(super) fn judge(view: &ProjectView<'_>, on: &mut Judgement<'_>) {
    for week in view.weeks.iter().filter(|week| week.late > 0) {
        let next = week.monday.plus(7);
        let numbers = on.book.at(next.plus(-1));
        let (statements, late) = (i64::from(week.statements), i64::from(week.late));
        on.look_again(next);
        on.look_again(next.plus(7 * WEEKS));
        let finished = (next..next.plus(7 * WEEKS)).contains(&on.today);
        if !finished || late * 100 <= numbers.upload_percent * statements {
            continue;
        }
        let facts = vec![
            Fact::date(FactName::WeekFrom, week.monday),
            Fact::count(FactName::Statements, statements),
            Fact::count(FactName::StatementsLate, late),
            Fact::new(FactName::Share, FactValue::Share(late * 10_000 / statements)),
            Fact::count(FactName::ThresholdHours, numbers.upload_hours),
            Fact::count(FactName::ThresholdPercent, numbers.upload_percent),
        ];
        let subject = Subject::Week(week.monday);
        on.find(Finding::new(Rule::UploadLate, &view.project_id, subject, Level::Blue, facts));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::WeekTotals;
    use crate::rules::sample::{day, judgement, project};

    /// Of the week from Monday 2 March 2026.
    fn check(today: &str, statements: u32, late: u32, found: bool) {
        let mut view = project(0, 0, day("2026-04-15"));
        view.weeks = vec![WeekTotals { monday: day("2026-03-02"), statements, late }];
        let mut on = judgement(today);
        judge(&view, &mut on);
        assert_eq!(on.findings().len(), usize::from(found), "{today} {late} of {statements}");
    }

    #[test]
    fn more_than_a_fifth() {
        check("2026-03-09", 100, 20, false);
        check("2026-03-09", 100, 21, true);
        check("2026-03-09", 5, 1, false);
        check("2026-03-09", 1, 1, true);
        check("2026-03-09", 50, 0, false);
    }

    #[test]
    fn a_week_is_judged_when_it_has_ended_and_for_four_weeks() {
        check("2026-03-08", 10, 10, false);
        check("2026-03-09", 10, 10, true);
        check("2026-04-05", 10, 10, true);
        check("2026-04-06", 10, 10, false);
    }
}
