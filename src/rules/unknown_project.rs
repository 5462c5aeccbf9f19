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

use crate::domain::{Evidence, Finding, Level, ProjectView, Rule, Subject};

pub(super) fn judge(view: &ProjectView, out: &mut Vec<Finding>) {
    if view.known {
        return;
    }
    out.push(Finding {
        rule: Rule::UnknownProject,
        project_id: view.project_id.clone(),
        subject: Subject::Project,
        level: Level::Yellow,
        amount: 0,
        workers: 0,
        due_on: None,
        period: None,
        evidence: Evidence::UnknownProject,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Rulebook;
    use crate::rules::judge_project;
    use crate::rules::sample::{day, project};

    #[test]
    fn a_known_project_is_no_finding() {
        let mut out = Vec::new();
        judge(&project(0, 0, day("2026-04-15")), &mut out);
        assert_eq!(out, []);
    }

    #[test]
    fn an_unknown_project_is_found_beside_its_arrears() {
        let mut view = project(3, 900, day("2026-04-15"));
        view.known = false;
        let mut out = Vec::new();
        judge_project(&view, &[], day("2026-04-20"), &Rulebook::default(), &mut out);
        let rules: Vec<Rule> = out.iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, [Rule::ProjectArrears, Rule::UnknownProject]);
        assert_eq!((out[1].amount, out[1].workers, out[1].level), (0, 0, Level::Yellow));
    }
}
