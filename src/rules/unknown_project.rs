//! `unknown-project`: records name a project of which nobody has stated what it is.
//!
//! **Article**: county plan 2025, section 3 (6).
//!
//! **Found when**: any record names the project, and no `project` record of it is known. Yellow.
//!
//! **Clears when**: its `project` record arrives.
//!
//! **Evidence**: none beside the project's name; its workers and wages are matched all the same.
//!
//! **Not covered**: a project that no record names at all; whether what a `project` record says is true.

use super::Judgement;
use crate::domain::{Evidence, Finding, Level, PapersView, Rule, Subject};

pub(super) fn judge(view: &PapersView<'_>, on: &mut Judgement<'_>) {
    if view.facts.is_some() {
        return;
    }
    let evidence = Evidence::UnknownProject;
    let finding =
        Finding::new(Rule::UnknownProject, view.project_id, Subject::Project, Level::Yellow, vec![]);
    on.find(Finding { evidence, ..finding });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ProjectId;
    use crate::rules::sample::{facts, judgement, papers};

    #[test]
    fn a_known_project_is_no_finding() {
        let (id, facts) = (ProjectId::parse("project_id", "P1").unwrap(), facts());
        let mut on = judgement("2026-04-20");
        judge(&PapersView { facts: Some(&facts), ..papers(&id) }, &mut on);
        assert_eq!(on.findings(), []);
    }

    #[test]
    fn an_unknown_project_is_found() {
        let id = ProjectId::parse("project_id", "P1").unwrap();
        let mut on = judgement("2026-04-20");
        judge(&papers(&id), &mut on);
        let found = &on.findings()[0];
        assert_eq!((found.rule, &found.subject), (Rule::UnknownProject, &Subject::Project));
        assert_eq!((found.amount, found.workers, found.level), (0, 0, Level::Yellow));
    }
}
