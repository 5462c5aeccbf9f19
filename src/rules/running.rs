//! Whether a project runs: what is asked of it while it does. Shared by the rules on running duties;
//! knows none.

use super::Judgement;
use crate::domain::{Day, Period, Project, ProjectStatus};

/// Stated as completed, or its day of completion has come.
pub(super) fn is_completed(facts: &Project, today: Day) -> bool {
    facts.status == ProjectStatus::Completed || facts.completed_on.is_some_and(|day| day <= today)
}

/// Active, begun and not completed.
pub(super) fn is_running(facts: &Project, today: Day) -> bool {
    facts.status == ProjectStatus::Active && started_on(facts) <= today && !is_completed(facts, today)
}

/// Completed today, for a rule that is to look again on the day of its completion.
pub(super) fn is_finished(facts: &Project, on: &mut Judgement<'_>) -> bool {
    facts.completed_on.into_iter().for_each(|day| on.look_again(day));
    is_completed(facts, on.today)
}

/// Active and not completed, begun or not; the same.
pub(super) fn is_active(facts: &Project, on: &mut Judgement<'_>) -> bool {
    !is_finished(facts, on) && facts.status == ProjectStatus::Active
}

/// The day of the start, else that of the contract.
pub(super) fn started_on(facts: &Project) -> Day {
    facts.started_on.unwrap_or(facts.contract_signed_on)
}

/// The calendar months that lie wholly between: the first begins on `start` or later, the last has
/// ended before `today`. Ascending.
pub(super) fn full_months(start: Day, today: Day) -> impl Iterator<Item = Period> {
    let of_start = start.period();
    let first = of_start.map(|month| if month.first_day() < start { month.plus(1) } else { month });
    let end = today.period();
    let months = first.zip(end).map_or(0..0, |(first, end)| first.0..end.0);
    months.map(Period)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sample::{day, facts, judgement};

    #[test]
    fn a_project_runs_from_its_start_until_it_is_completed() {
        let facts =
            Project { started_on: Some(day("2026-02-01")), completed_on: Some(day("2026-05-01")), ..facts() };
        for (today, runs) in
            [("2026-01-31", false), ("2026-02-01", true), ("2026-04-30", true), ("2026-05-01", false)]
        {
            assert_eq!(is_running(&facts, day(today)), runs, "{today}");
        }
        let suspended = Project { status: ProjectStatus::Suspended, ..facts };
        assert!(!is_running(&suspended, day("2026-03-01")) && !is_completed(&suspended, day("2026-03-01")));
    }

    #[test]
    fn it_is_active_until_the_day_of_its_completion_which_is_looked_at_again() {
        for (status, completed_on, active, finished) in [
            (ProjectStatus::Active, None, true, false),
            (ProjectStatus::Active, Some("2026-04-21"), true, false),
            (ProjectStatus::Active, Some("2026-04-20"), false, true),
            (ProjectStatus::Suspended, None, false, false),
            (ProjectStatus::Completed, None, false, true),
        ] {
            let facts = Project { status, completed_on: completed_on.map(day), ..facts() };
            let mut on = judgement("2026-04-20");
            assert_eq!(is_active(&facts, &mut on), active, "{status} {completed_on:?}");
            assert_eq!(is_finished(&facts, &mut on), finished, "{status} {completed_on:?}");
            let ahead = completed_on.map(day).filter(|day| *day > on.today);
            assert_eq!(on.into_parts().1.into_iter().next(), ahead);
        }
    }

    #[test]
    fn full_months_begin_after_the_start_and_have_ended() {
        for (start, today, months) in [
            ("2026-01-05", "2026-01-31", ""),
            ("2026-01-05", "2026-02-28", ""),
            ("2026-01-05", "2026-03-01", "2026-02"),
            ("2026-01-01", "2026-01-31", ""),
            ("2026-01-01", "2026-02-01", "2026-01"),
            ("2025-11-30", "2026-03-15", "2025-12 2026-01 2026-02"),
            ("2026-05-01", "2026-03-15", ""),
        ] {
            let found: Vec<String> = full_months(day(start), day(today)).map(|m| m.to_string()).collect();
            assert_eq!(found.join(" "), months, "{start} {today}");
        }
    }
}
