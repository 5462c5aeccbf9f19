//! `group-arrears`: many workers of one project are owed wages at once.
//!
//! **Article**: judicial interpretation 2013-3, art. 3; county plan 2025, section 3 (11).
//!
//! **Found when**: 10 workers or more of the project have a month that is overdue. Orange; red when the
//! oldest of these months is overdue by more than 30 days. The numbers are those of today.
//!
//! **Clears when**: fewer than 10 workers have one.
//!
//! **Evidence**: how many workers, what they are owed in all, the oldest due date, and both limits.
//!
//! **Not covered**: one employer's workers across projects (the county's own finding).

use super::Judgement;
use super::aging::level_of_group;
use crate::domain::{Fact, FactName, Finding, ProjectView, Rule, Subject};

pub(super) fn judge(view: &ProjectView<'_>, on: &mut Judgement<'_>) {
    let numbers = on.numbers();
    let Some(oldest) = view.oldest_due_on else { return };
    if i64::from(view.overdue_workers) < numbers.group_arrears_workers {
        return;
    }
    let level = level_of_group(oldest, on);
    let facts = vec![
        Fact::count(FactName::Workers, view.overdue_workers),
        Fact::count(FactName::ThresholdCount, numbers.group_arrears_workers),
        Fact::fen(FactName::Arrears, view.overdue_fen),
        Fact::date(FactName::OldestDueOn, oldest),
        Fact::count(FactName::ThresholdDays, numbers.group_arrears_red_after_days),
    ];
    let finding = Finding::new(Rule::GroupArrears, &view.project_id, Subject::Project, level, facts);
    let (amount, workers) = (view.overdue_fen, view.overdue_workers);
    on.find(Finding { amount, workers, due_on: Some(oldest), ..finding });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Level;
    use crate::rules::sample::{day, judgement, project};

    fn check(today: &str, workers: u32, level: Option<Level>) {
        let mut on = judgement(today);
        judge(&project(workers, 100_000, day("2026-04-15")), &mut on);
        assert_eq!(on.findings().first().map(|finding| finding.level), level, "{today} {workers}");
    }

    #[test]
    fn ten_are_a_group() {
        check("2026-04-16", 9, None);
        check("2026-04-16", 10, Some(Level::Orange));
        check("2026-04-16", 0, None);
    }

    #[test]
    fn after_thirty_days_it_is_red() {
        check("2026-05-15", 10, Some(Level::Orange)); // 30 days
        check("2026-05-16", 10, Some(Level::Red)); // 31
        let mut on = judgement("2026-04-20");
        judge(&project(10, 100_000, day("2026-04-15")), &mut on);
        assert_eq!(on.into_parts().1.into_iter().collect::<Vec<_>>(), [day("2026-05-16")]);
    }
}
