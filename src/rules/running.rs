//! Whether a project runs: what is asked of it while it does. Shared by the rules on running duties;
//! knows none.

use crate::domain::{Day, Period, Project, ProjectStatus};

/// Stated as completed, or its day of completion has come.
pub(super) fn is_completed(facts: &Project, today: Day) -> bool {
    facts.status == ProjectStatus::Completed || facts.completed_on.is_some_and(|day| day <= today)
}

/// Active, begun and not completed.
pub(super) fn is_running(facts: &Project, today: Day) -> bool {
    facts.status == ProjectStatus::Active && started_on(facts) <= today && !is_completed(facts, today)
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
    use crate::rules::sample::{day, facts};

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
