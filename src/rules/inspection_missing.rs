//! `inspection-missing`: a project was worked on for a month, and its sector's department did not come.
//!
//! **Article**: county plan 2025, section 3 (7).
//!
//! **Found when**: the business date is past the 5th of a month, and no inspection is dated in the month
//! before. Looked at are the latest 3 finished months, from the month in which work began (that of the
//! contract, where no start is stated) to the one in which it was completed, of a project that is active now. Yellow, one a month. The day is that of
//! the numbers that count on the first of the next month.
//!
//! **Clears when**: an inspection dated in that month arrives; the month is no more one of the latest 3;
//! the project is suspended or completed.
//!
//! **Evidence**: the month, its deadline, when work began, and the last inspection before, if there was one.
//!
//! **Not covered**: months longer ago, so that a backfill does not cry wolf; what the inspection found.

use super::Judgement;
use super::running::started_on;
use crate::domain::{
    Day, Fact, FactName, Finding, Level, PapersView, Period, Project, ProjectStatus, Rule, Subject,
};

/// So many finished months are looked at.
const MONTHS: u16 = 3;

pub(super) fn judge(view: &PapersView<'_>, on: &mut Judgement<'_>) {
    let Some(project) = view.facts.filter(|project| project.status == ProjectStatus::Active) else { return };
    let (started_on, Some(this)) = (started_on(project), on.today.period()) else { return };
    // Before that no month is finished in which it was worked on.
    on.look_again(started_on.period().unwrap_or(this).plus(1).first_day());
    on.look_again(this.plus(1).first_day());
    for back in (1..=MONTHS).rev() {
        let Some(month) = this.0.checked_sub(back).map(Period) else { continue };
        if is_worked(project, started_on, month) {
            judge_month(view, started_on, month, on);
        }
    }
}

/// Not finished before the month, and begun by its end.
fn is_worked(project: &Project, started_on: Day, month: Period) -> bool {
    started_on <= month.day_or_last(31) && project.completed_on.is_none_or(|day| day >= month.first_day())
}

fn judge_month(view: &PapersView<'_>, started_on: Day, month: Period, on: &mut Judgement<'_>) {
    let next = month.plus(1);
    let by_day = on.book.at(next.first_day()).inspection_by_day;
    let deadline = next.day_or_last(u32::try_from(by_day).unwrap_or(31));
    on.look_again(deadline.plus(1));
    let days = || view.inspections.iter().map(|inspection| inspection.inspected_on);
    if on.today <= deadline || days().any(|day| day.period() == Some(month)) {
        return;
    }
    let mut facts = vec![
        Fact::month(FactName::Period, month),
        Fact::date(FactName::DeadlineOn, deadline),
        Fact::date(FactName::StartedOn, started_on),
    ];
    let last = days().filter(|day| *day < month.first_day()).max();
    facts.extend(last.map(|day| Fact::date(FactName::InspectedOn, day)));
    let subject = Subject::Month(month);
    let finding = Finding::new(Rule::InspectionMissing, view.project_id, subject, Level::Yellow, facts);
    on.find(Finding { due_on: Some(deadline), ..finding });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Inspection, InspectionOutcome};
    use crate::rules::sample::{day, facts, judgement, papers};

    fn inspection(on: &str) -> Inspection {
        Inspection {
            project_id: facts().project_id,
            inspection_id: on.into(),
            department: "housing".into(),
            inspector: "Bai".into(),
            inspected_on: day(on),
            outcome: InspectionOutcome::Clear,
            note: None,
        }
    }

    fn started(on: &str) -> Project {
        Project { started_on: Some(day(on)), ..facts() }
    }

    fn months(today: &str, project: &Project, inspected: &[&str]) -> Vec<String> {
        let inspections: Vec<Inspection> = inspected.iter().map(|on| inspection(on)).collect();
        let mut on = judgement(today);
        let inspections = inspections.iter().collect();
        judge(&PapersView { facts: Some(project), inspections, ..papers(&project.project_id) }, &mut on);
        on.findings().iter().map(|found| found.subject.period().unwrap().to_string()).collect()
    }

    #[test]
    fn a_month_is_missed_after_the_fifth_of_the_next() {
        let project = started("2026-03-31");
        assert_eq!(months("2026-04-05", &project, &[]), [""; 0]);
        assert_eq!(months("2026-04-06", &project, &[]), ["2026-03"]);
        assert_eq!(months("2026-04-06", &project, &["2026-03-01"]), [""; 0]);
        assert_eq!(months("2026-04-06", &project, &["2026-02-28", "2026-04-01"]), ["2026-03"]);
    }

    #[test]
    fn only_three_finished_months_are_looked_at() {
        let project = started("2025-06-01");
        assert_eq!(months("2026-05-05", &project, &[]), ["2026-02", "2026-03"]);
        assert_eq!(months("2026-05-06", &project, &[]), ["2026-02", "2026-03", "2026-04"]);
        assert_eq!(months("2026-06-01", &project, &["2026-04-30"]), ["2026-03"]);
    }

    #[test]
    fn only_months_of_work_count() {
        let project = Project { completed_on: Some(day("2026-04-01")), ..started("2026-03-01") };
        assert_eq!(months("2026-06-10", &project, &[]), ["2026-03", "2026-04"]);
        let project = Project { completed_on: Some(day("2026-03-31")), ..started("2026-03-01") };
        assert_eq!(months("2026-06-10", &project, &[]), ["2026-03"]);
    }

    #[test]
    fn who_has_not_begun_is_suspended_or_is_finished_is_not_inspected() {
        let begun = started("2026-01-01");
        for status in [ProjectStatus::Suspended, ProjectStatus::Completed] {
            assert_eq!(months("2026-06-10", &Project { status, ..begun.clone() }, &[]), [""; 0]);
        }
        // No start is stated: the contract was signed on 2026-01-05.
        assert_eq!(months("2026-03-06", &facts(), &[]), ["2026-01", "2026-02"]);
        assert_eq!(months("2026-06-10", &started("2026-06-01"), &[]), [""; 0]);
    }

    #[test]
    fn every_turn_is_looked_at_again() {
        let project = started("2026-03-01");
        let mut on = judgement("2026-04-02");
        judge(&PapersView { facts: Some(&project), ..papers(&project.project_id) }, &mut on);
        let again: Vec<_> = on.into_parts().1.into_iter().collect();
        assert_eq!(again, ["2026-04-06", "2026-05-01"].map(day));
    }
}
