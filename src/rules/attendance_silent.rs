//! `attendance-silent`: a running site from which no attendance comes any more.
//!
//! **Article**: county plan 2025, section 3 (3).
//!
//! **Found when**: the project is active, begun and not completed, somebody worked in this month or the
//! one before, and the last day on which anybody worked is 3 days ago or more. Blue; yellow from 7,
//! orange from 15 days on. The numbers are those of today.
//!
//! **Clears when**: somebody works again, the project is suspended or completed, or nobody worked in
//! this month nor in the one before: then the site is taken to be at rest.
//!
//! **Evidence**: the last day worked, and the days from which on it has its level.
//!
//! **Not covered**: whether work or the turnstile has stopped; a single employer or team that is
//! silent while others work; holidays (their days count).

use super::Judgement;
use super::aging::after;
use super::running::{is_running, started_on};
use crate::domain::{Fact, FactName, Finding, Level, ProjectView, Rule, Subject};

pub(super) fn judge(view: &ProjectView<'_>, on: &mut Judgement<'_>) {
    let (Some(facts), Some(last)) = (view.facts, view.last_worked_on) else { return };
    let numbers = on.numbers();
    let levels = [
        (numbers.silent_orange_days, Level::Orange),
        (numbers.silent_yellow_days, Level::Yellow),
        (numbers.silent_blue_days, Level::Blue),
    ];
    // Nobody worked after that day, so the month of it is the last with heads.
    let Some(at_rest_from) = last.period().map(|month| month.plus(2).first_day()) else { return };
    on.look_again(at_rest_from);
    on.look_again(started_on(facts));
    facts.completed_on.into_iter().for_each(|day| on.look_again(day));
    levels.iter().for_each(|(days, _)| on.look_again(after(last, *days)));
    if !is_running(facts, on.today) || on.today >= at_rest_from {
        return;
    }
    let silent_days = i64::from(on.today.since(last));
    let found = levels.into_iter().find(|(days, _)| silent_days >= *days);
    let Some((days, level)) = found else { return };
    let evidence = vec![Fact::date(FactName::LastWorkedOn, last), Fact::count(FactName::ThresholdDays, days)];
    let subject = Subject::Project;
    on.find(Finding::new(Rule::AttendanceSilent, &view.project_id, subject, level, evidence));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Project, ProjectStatus};
    use crate::rules::sample::{day, facts, judgement, project};

    fn check(today: &str, last: &str, facts: &Project, level: Option<Level>) {
        let view = ProjectView {
            facts: Some(facts),
            last_worked_on: Some(day(last)),
            ..project(0, 0, day("2026-04-15"))
        };
        let mut on = judgement(today);
        judge(&view, &mut on);
        assert_eq!(on.findings().first().map(|finding| finding.level), level, "{today} {last}");
    }

    #[test]
    fn three_seven_and_fifteen_days() {
        let facts = facts();
        check("2026-03-12", "2026-03-10", &facts, None);
        check("2026-03-13", "2026-03-10", &facts, Some(Level::Blue));
        check("2026-03-16", "2026-03-10", &facts, Some(Level::Blue));
        check("2026-03-17", "2026-03-10", &facts, Some(Level::Yellow));
        check("2026-03-24", "2026-03-10", &facts, Some(Level::Yellow));
        check("2026-03-25", "2026-03-10", &facts, Some(Level::Orange));
        check("2026-04-30", "2026-03-01", &facts, Some(Level::Orange));
        // Neither in May nor in April did anybody work: at rest.
        check("2026-05-01", "2026-03-31", &facts, None);
        // Stated ahead.
        check("2026-03-13", "2026-03-20", &facts, None);
    }

    #[test]
    fn only_a_running_project_is_asked() {
        for status in [ProjectStatus::Suspended, ProjectStatus::Completed] {
            check("2026-03-25", "2026-03-10", &Project { status, ..facts() }, None);
        }
        let from_april = Project { started_on: Some(day("2026-04-01")), ..facts() };
        check("2026-03-31", "2026-03-10", &from_april, None);
        check("2026-04-01", "2026-03-10", &from_april, Some(Level::Orange));
        let until_april = Project { completed_on: Some(day("2026-04-01")), ..facts() };
        check("2026-03-31", "2026-03-10", &until_april, Some(Level::Orange));
        check("2026-04-01", "2026-03-10", &until_april, None);
    }

    #[test]
    fn every_turn_is_looked_at_again() {
        let facts = facts();
        let view = ProjectView {
            facts: Some(&facts),
            last_worked_on: Some(day("2026-03-10")),
            ..project(0, 0, day("2026-04-15"))
        };
        let mut on = judgement("2026-03-10");
        judge(&view, &mut on);
        let days: Vec<String> = on.into_parts().1.iter().map(ToString::to_string).collect();
        assert_eq!(days, ["2026-03-13", "2026-03-17", "2026-03-25", "2026-05-01"]);
    }
}
