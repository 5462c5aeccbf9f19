//! `deposit-expiring`: a wage deposit ends before its project does.
//!
//! **Article**: Circular 2021-65, art. 15-17 (to be verified).
//!
//! **Found when**: a deposit that was lodged by today, and is neither drawn nor released, expires within
//! 30 days: blue; red when its last day is over. One a deposit. Not of a finished project.
//!
//! **Clears when**: it is renewed (stated with a later day or none), drawn, or released because another
//! replaces it; or the project is finished.
//!
//! **Evidence**: the deposit, its last day, its form and its sum.
//!
//! **Not covered**: whether the term is as long as the contract; a new deposit beside the old one, until
//! the old one is stated as released.

use super::Judgement;
use super::aging::after;
use super::deposits::is_lodged;
use super::running::is_finished;
use crate::domain::{DepositStatus, Fact, FactName, Finding, Level, PapersView, Rule, Subject};

pub(super) fn judge(view: &PapersView<'_>, on: &mut Judgement<'_>) {
    if view.facts.is_some_and(|project| is_finished(project, on)) {
        return;
    }
    let warn_days = on.numbers().deposit_expiry_days;
    for paper in &view.deposits {
        let deposit = paper.deposit;
        let Some(expires_on) = deposit.expires_on else { continue };
        if !is_lodged(deposit, on) || deposit.status != DepositStatus::Lodged {
            continue;
        }
        let warn_from = after(expires_on, -warn_days);
        on.look_again(warn_from);
        on.look_again(expires_on.plus(1));
        if on.today < warn_from {
            continue;
        }
        let is_over = on.today > expires_on;
        let facts = vec![
            Fact::text(FactName::Deposit, &deposit.deposit_id),
            Fact::date(FactName::ExpiresOn, expires_on),
            Fact::text(FactName::DepositForm, deposit.form.as_str()),
            Fact::fen(FactName::DepositLodged, deposit.amount_fen.sum()),
            Fact::count(FactName::ThresholdDays, warn_days),
        ];
        let level = if is_over { Level::Red } else { Level::Blue };
        let subject = Subject::Deposit(deposit.deposit_id.clone());
        let finding = Finding::new(Rule::DepositExpiring, view.project_id, subject, level, facts);
        on.find(Finding { due_on: is_over.then_some(expires_on), ..finding });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Deposit, Project, ProjectId};
    use crate::rules::sample::{day, deposit, facts, judgement, lodged, papers};

    fn check(today: &str, project: Option<&Project>, paper: &Deposit, want: Option<Level>) {
        let id = ProjectId::parse("project_id", "P1").unwrap();
        let mut on = judgement(today);
        judge(&PapersView { facts: project, deposits: vec![lodged(paper)], ..papers(&id) }, &mut on);
        assert_eq!(on.findings().first().map(|found| found.level), want, "{today} {paper:?}");
    }

    #[test]
    fn blue_from_thirty_days_before_and_red_when_it_is_over() {
        let paper = Deposit { expires_on: Some(day("2026-06-30")), ..deposit("D1", 1) };
        for (today, want) in [
            ("2026-05-30", None),
            ("2026-05-31", Some(Level::Blue)),
            ("2026-06-30", Some(Level::Blue)),
            ("2026-07-01", Some(Level::Red)),
        ] {
            check(today, Some(&facts()), &paper, want);
            check(today, None, &paper, want);
        }
    }

    #[test]
    fn what_is_released_drawn_endless_or_finished_is_no_case() {
        let paper = Deposit { expires_on: Some(day("2026-06-30")), ..deposit("D1", 1) };
        let today = "2026-07-01";
        check(today, None, &Deposit { expires_on: None, ..paper.clone() }, None);
        check(today, None, &Deposit { status: DepositStatus::Drawn, ..paper.clone() }, None);
        check(today, None, &Deposit { status: DepositStatus::Released, ..paper.clone() }, None);
        check(today, Some(&Project { completed_on: Some(day(today)), ..facts() }), &paper, None);
    }

    #[test]
    fn both_turns_are_looked_at_again() {
        let id = ProjectId::parse("project_id", "P1").unwrap();
        let paper = Deposit { expires_on: Some(day("2026-06-30")), ..deposit("D1", 1) };
        let mut on = judgement("2026-05-01");
        judge(&PapersView { deposits: vec![lodged(&paper)], ..papers(&id) }, &mut on);
        let again: Vec<_> = on.into_parts().1.into_iter().collect();
        assert_eq!(again, ["2026-05-31", "2026-07-01"].map(day));
    }
}
