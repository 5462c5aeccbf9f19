//! `guarantee-missing`: the owner has not guaranteed to pay for the works, or no longer does.
//!
//! **Article**: Order 724, art. 24, 57; county plan 2025, section 3 (2).
//!
//! **Found when**: more than 30 days have passed since the contract was signed, and no payment guarantee
//! was provided by today, or all that were have expired. Active projects only: neither suspended nor
//! completed. Yellow. Overdue since the deadline, or since the last guarantee expired, if that was later.
//!
//! **Clears when**: a guarantee is provided or renewed; the project is suspended or finished.
//!
//! **Evidence**: the day of signing, the deadline, and the guarantee that expired last, if there was one.
//!
//! **Not covered**: whether the guaranteed sum is enough.

use super::Judgement;
use super::aging::after;
use super::running::is_active;
use crate::domain::{Day, Fact, FactName, Finding, Level, PapersView, PaymentGuarantee, Rule, Subject};

pub(super) fn judge(view: &PapersView<'_>, on: &mut Judgement<'_>) {
    let Some(project) = view.facts else { return };
    let mut expired: Vec<(Day, &PaymentGuarantee)> = Vec::new();
    let mut in_force = false;
    for paper in &view.guarantees {
        on.look_again(paper.provided_on);
        if let Some(day) = paper.expires_on {
            on.look_again(day.plus(1));
        }
        match paper.expires_on {
            _ if paper.provided_on > on.today => {}
            Some(day) if day < on.today => expired.push((day, paper)),
            _ => in_force = true,
        }
    }
    let allowed = on.numbers().guarantee_days;
    let deadline = after(project.contract_signed_on, allowed);
    on.look_again(deadline.plus(1));
    if !is_active(project, on) || in_force || on.today <= deadline {
        return;
    }
    let mut facts = vec![
        Fact::date(FactName::ContractSignedOn, project.contract_signed_on),
        Fact::count(FactName::ThresholdDays, allowed),
        Fact::date(FactName::DeadlineOn, deadline),
    ];
    let last = expired.into_iter().max_by_key(|(day, paper)| (*day, &paper.guarantee_id));
    if let Some((day, paper)) = last {
        facts.push(Fact::text(FactName::Guarantee, &paper.guarantee_id));
        facts.push(Fact::date(FactName::ExpiresOn, day));
    }
    let since = last.map_or(deadline, |(day, _)| deadline.max(day));
    let finding =
        Finding::new(Rule::GuaranteeMissing, view.project_id, Subject::Project, Level::Yellow, facts);
    on.find(Finding { due_on: Some(since), ..finding });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Fen, Project, ProjectStatus};
    use crate::rules::sample::{day, facts, judgement, papers};

    fn guarantee(provided_on: &str, expires_on: Option<&str>) -> PaymentGuarantee {
        PaymentGuarantee {
            project_id: facts().project_id,
            guarantee_id: "G1".into(),
            amount_fen: Fen(1),
            provided_on: day(provided_on),
            expires_on: expires_on.map(day),
        }
    }

    /// The contract was signed on 2026-01-05: the deadline is 02-04.
    fn since(today: &str, project: &Project, guarantees: &[PaymentGuarantee]) -> Option<Day> {
        let mut on = judgement(today);
        let guarantees = guarantees.iter().collect();
        judge(&PapersView { facts: Some(project), guarantees, ..papers(&project.project_id) }, &mut on);
        on.findings().first().and_then(|found| found.due_on)
    }

    #[test]
    fn it_is_found_after_thirty_days() {
        assert_eq!(since("2026-02-04", &facts(), &[]), None);
        assert_eq!(since("2026-02-05", &facts(), &[]), Some(day("2026-02-04")));
    }

    #[test]
    fn one_that_is_in_force_is_enough() {
        let check = |provided_on, expires_on, want: Option<&str>| {
            let found = since("2026-04-20", &facts(), &[guarantee(provided_on, expires_on)]);
            assert_eq!(found, want.map(day), "{provided_on} {expires_on:?}");
        };
        check("2026-04-20", None, None);
        check("2026-04-21", None, Some("2026-02-04"));
        check("2026-01-10", Some("2026-04-20"), None);
        check("2026-01-10", Some("2026-04-19"), Some("2026-04-19"));
        check("2026-01-10", Some("2026-02-01"), Some("2026-02-04"));
    }

    #[test]
    fn only_an_active_project_needs_one() {
        for project in [
            Project { status: ProjectStatus::Suspended, ..facts() },
            Project { status: ProjectStatus::Completed, ..facts() },
            Project { completed_on: Some(day("2026-04-20")), ..facts() },
        ] {
            assert_eq!(since("2026-04-20", &project, &[]), None, "{:?}", project.status);
        }
    }

    #[test]
    fn every_turn_is_looked_at_again() {
        let (mut on, facts) = (judgement("2026-01-10"), facts());
        let (now, later) = (guarantee("2026-01-06", Some("2026-03-31")), guarantee("2026-03-01", None));
        let guarantees = vec![&now, &later];
        judge(&PapersView { facts: Some(&facts), guarantees, ..papers(&facts.project_id) }, &mut on);
        let again: Vec<_> = on.into_parts().1.into_iter().collect();
        assert_eq!(again, ["2026-02-05", "2026-03-01", "2026-04-01"].map(day));
    }
}
