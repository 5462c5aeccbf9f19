//! `unregistered-many`: a project where many work whom nobody has registered.
//!
//! **Article**: Order 724, art. 28.
//!
//! **Found when**: 2 workers or more have worked days and no enrolment in the project, and they are 5 %
//! or more of all who ever had worked days in it. Orange. The numbers are those of today.
//!
//! **Clears when**: enough of them are enrolled, or their days are voided.
//!
//! **Evidence**: how many worked, how many of them are not registered, the share, and the limit.
//!
//! **Not covered**: who they are (each has an `unregistered-worker` of his own); one alone, who may be
//! a visitor or a mistyped number.

use super::Judgement;
use crate::domain::{Fact, FactName, FactValue, Finding, Level, ProjectView, Rule, Subject};

/// One alone is no pattern.
const LEAST: u32 = 2;

pub(super) fn judge(view: &ProjectView<'_>, on: &mut Judgement<'_>) {
    let percent = on.numbers().unregistered_many_percent;
    let (worked, unregistered) = (i64::from(view.worked), i64::from(view.unregistered));
    if view.unregistered < LEAST || unregistered * 100 < percent * worked {
        return;
    }
    let facts = vec![
        Fact::count(FactName::Heads, worked),
        Fact::count(FactName::HeadsUnregistered, unregistered),
        Fact::new(FactName::Share, FactValue::Share(unregistered * 10_000 / worked)),
        Fact::count(FactName::ThresholdPercent, percent),
    ];
    let subject = Subject::Project;
    let finding = Finding::new(Rule::UnregisteredMany, &view.project_id, subject, Level::Orange, facts);
    on.find(Finding { workers: view.unregistered, ..finding });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sample::{day, judgement, project};

    #[test]
    fn five_of_a_hundred_and_two_at_least() {
        for (worked, unregistered, found) in [
            (100, 5, true),
            (101, 5, false),
            (100, 4, false),
            (40, 2, true),
            (41, 2, false),
            (1, 1, false),
            (2, 2, true),
            (0, 0, false),
        ] {
            let view = ProjectView { worked, unregistered, ..project(0, 0, day("2026-04-15")) };
            let mut on = judgement("2026-04-16");
            judge(&view, &mut on);
            assert_eq!(on.findings().len(), usize::from(found), "{unregistered} of {worked}");
        }
    }
}
