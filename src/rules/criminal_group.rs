//! `criminal-threshold`, a group's side: many workers of one project who are owed much together; a
//! candidate, to be verified.
//!
//! **Article**: judicial interpretation 2013-3, art. 3.
//!
//! **Found when**: 10 workers or more of the project have a month that is overdue, and they are owed
//! 30,000 yuan or more in all. Red. The numbers are those of today.
//!
//! **Clears when**: fewer than 10 workers have one, or they are owed less.
//!
//! **Evidence**: how many workers, what they are owed in all, the oldest due date, and both limits.
//!
//! **Not covered**: whether the employer could pay, hid or was ordered to (the labour bureau verifies);
//! one worker alone (`criminal_threshold`); one employer's workers across projects.

use super::Judgement;
use crate::domain::{Fact, FactName, Finding, Level, ProjectView, Rule, Subject, Sum};

pub(super) fn judge(view: &ProjectView<'_>, on: &mut Judgement<'_>) {
    let numbers = on.numbers();
    let Some(oldest) = view.oldest_due_on else { return };
    let least = Sum::from(numbers.criminal_group_fen);
    if i64::from(view.overdue_workers) < numbers.criminal_group_workers || view.overdue_fen < least {
        return;
    }
    let facts = vec![
        Fact::count(FactName::Workers, view.overdue_workers),
        Fact::count(FactName::ThresholdCount, numbers.criminal_group_workers),
        Fact::fen(FactName::Arrears, view.overdue_fen),
        Fact::fen(FactName::ThresholdSum, least),
        Fact::date(FactName::OldestDueOn, oldest),
    ];
    let (subject, level) = (Subject::Project, Level::Red);
    let finding = Finding::new(Rule::CriminalThreshold, &view.project_id, subject, level, facts);
    let (amount, workers) = (view.overdue_fen, view.overdue_workers);
    on.find(Finding { amount, workers, due_on: Some(oldest), ..finding });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sample::{day, judgement, project};

    #[test]
    fn ten_workers_and_thirty_thousand_yuan() {
        for (workers, fen, found) in
            [(10, 3_000_000, true), (9, 9_000_000, false), (10, 2_999_999, false), (0, 0, false)]
        {
            let mut on = judgement("2026-04-16");
            judge(&project(workers, fen, day("2026-04-15")), &mut on);
            assert_eq!(on.findings().len(), usize::from(found), "{workers} {fen}");
        }
    }
}
