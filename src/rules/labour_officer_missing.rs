//! `labour-officer-missing`: nobody at the project answers for its workers' papers and wages.
//!
//! **Article**: Order 724, art. 28; county plan 2025, section 3 (8).
//!
//! **Found when**: an active project (neither suspended nor completed) names no labour officer. Yellow.
//!
//! **Clears when**: the project's record names one; the project is suspended or finished.
//!
//! **Evidence**: when the contract was signed, and when work began, if that is stated.
//!
//! **Not covered**: whether the officer is there, is trained, or serves several projects.

use super::Judgement;
use super::running::is_active;
use crate::domain::{Fact, FactName, Finding, Level, PapersView, Rule, Subject};

pub(super) fn judge(view: &PapersView<'_>, on: &mut Judgement<'_>) {
    let Some(project) = view.facts else { return };
    let named = project.labour_officer.as_ref().is_some_and(|name| !name.trim().is_empty());
    if named || !is_active(project, on) {
        return;
    }
    let mut facts = vec![Fact::date(FactName::ContractSignedOn, project.contract_signed_on)];
    facts.extend(project.started_on.map(|day| Fact::date(FactName::StartedOn, day)));
    let rule = Rule::LabourOfficerMissing;
    on.find(Finding::new(rule, view.project_id, Subject::Project, Level::Yellow, facts));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Project, ProjectStatus};
    use crate::rules::sample::{day, facts, judgement, papers};

    fn check(project: &Project, found: usize) {
        let mut on = judgement("2026-04-20");
        judge(&PapersView { facts: Some(project), ..papers(&project.project_id) }, &mut on);
        assert_eq!(on.findings().len(), found, "{project:?}");
    }

    #[test]
    fn an_active_project_without_one_is_found() {
        let none = Project { labour_officer: None, ..facts() };
        check(&none, 1);
        check(&Project { labour_officer: Some(" ".into()), ..facts() }, 1);
        check(&facts(), 0);
        check(&Project { status: ProjectStatus::Suspended, ..none.clone() }, 0);
        check(&Project { status: ProjectStatus::Completed, ..none.clone() }, 0);
        check(&Project { completed_on: Some(day("2026-04-20")), ..none.clone() }, 0);
        check(&Project { completed_on: Some(day("2026-04-21")), ..none }, 1);
    }
}
