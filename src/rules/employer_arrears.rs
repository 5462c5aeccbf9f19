//! `group-arrears`, an employer's side: many workers of one employer are owed wages at once, in more
//! than one project.
//!
//! **Article**: judicial interpretation 2013-3, art. 3; county plan 2025, section 3 (11).
//!
//! **Found when**: 10 workers or more have a month of the employer that is overdue, in two projects or
//! more. Orange; red when the oldest of these months is overdue by more than 30 days. The employer of a
//! month is that of the terms on its last worked day, else the contractor. The numbers are those of today.
//!
//! **Clears when**: fewer than 10 workers have one, or all of them in one project (`group_arrears`).
//!
//! **Evidence**: the employer, how many workers in how many projects, what they are owed in all, the
//! oldest due date, and both limits.
//!
//! **Not covered**: employers without a credit code; what belongs to one owner under other codes.

use super::Judgement;
use super::aging::level_of_group;
use crate::domain::{Fact, FactName, Finding, FirmView, ProjectId, Rule, Subject};

pub(super) fn judge(view: &FirmView<'_>, on: &mut Judgement<'_>) {
    let numbers = on.numbers();
    let Some(oldest) = view.oldest_due_on else { return };
    if i64::from(view.overdue_workers) < numbers.group_arrears_workers || view.overdue_projects < 2 {
        return;
    }
    let level = level_of_group(oldest, on);
    let facts = vec![
        Fact::firm(view.uscc),
        Fact::count(FactName::Workers, view.overdue_workers),
        Fact::count(FactName::ThresholdCount, numbers.group_arrears_workers),
        Fact::count(FactName::Projects, view.overdue_projects),
        Fact::fen(FactName::Arrears, view.overdue_fen),
        Fact::date(FactName::OldestDueOn, oldest),
        Fact::count(FactName::ThresholdDays, numbers.group_arrears_red_after_days),
    ];
    let finding =
        Finding::new(Rule::GroupArrears, &ProjectId::county(), Subject::Employer(view.uscc), level, facts);
    let (amount, workers) = (view.overdue_fen, view.overdue_workers);
    on.find(Finding { amount, workers, due_on: Some(oldest), ..finding });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Level;
    use crate::rules::sample::{day, firm, judgement};

    fn check(today: &str, workers: u32, projects: u32, level: Option<Level>) {
        let view = FirmView {
            overdue_workers: workers,
            overdue_projects: projects,
            overdue_fen: 100_000,
            oldest_due_on: Some(day("2026-04-15")),
            ..firm()
        };
        let mut on = judgement(today);
        judge(&view, &mut on);
        assert_eq!(on.findings().first().map(|finding| finding.level), level, "{today} {workers} {projects}");
        assert_eq!(on.into_parts().1.contains(&day("2026-05-16")), level == Some(Level::Orange));
    }

    #[test]
    fn ten_in_two_projects() {
        check("2026-04-16", 10, 2, Some(Level::Orange));
        check("2026-04-16", 9, 2, None);
        check("2026-04-16", 30, 1, None);
    }

    #[test]
    fn after_thirty_days_it_is_red() {
        check("2026-05-15", 10, 2, Some(Level::Orange));
        check("2026-05-16", 10, 2, Some(Level::Red));
    }
}
