//! Which projects still have duties: those that run, and those that are not finished. Knows no rule.

use super::Judgement;
use crate::domain::{Project, ProjectStatus};

/// Work may go on there: neither suspended nor finished.
pub(super) fn is_running(project: &Project, on: &mut Judgement<'_>) -> bool {
    !is_finished(project, on) && project.status != ProjectStatus::Suspended
}

/// Stated as completed, or its day of completion has come.
pub(super) fn is_finished(project: &Project, on: &mut Judgement<'_>) -> bool {
    if let Some(day) = project.completed_on {
        on.look_again(day);
    }
    project.status == ProjectStatus::Completed || project.completed_on.is_some_and(|day| day <= on.today)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sample::{day, facts, judgement};

    fn check(status: ProjectStatus, completed_on: Option<&str>, running: bool, finished: bool) {
        let project = Project { status, completed_on: completed_on.map(day), ..facts() };
        let mut on = judgement("2026-04-20");
        assert_eq!(is_running(&project, &mut on), running, "{status} {completed_on:?}");
        assert_eq!(is_finished(&project, &mut on), finished, "{status} {completed_on:?}");
        let again: Vec<_> = on.into_parts().1.into_iter().collect();
        assert_eq!(
            again,
            completed_on.map(day).into_iter().filter(|d| *d > day("2026-04-20")).collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_project_runs_until_the_day_of_its_completion() {
        check(ProjectStatus::Active, None, true, false);
        check(ProjectStatus::Active, Some("2026-04-21"), true, false);
        check(ProjectStatus::Active, Some("2026-04-20"), false, true);
        check(ProjectStatus::Suspended, None, false, false);
        check(ProjectStatus::Completed, None, false, true);
    }
}
