//! `account-not-opened`: the contract is signed, and the project has no wage account.
//!
//! **Article**: Order 724, art. 26, 55; county plan 2025, section 3 (4).
//!
//! **Found when**: 30 days have passed since the construction contract was signed, and no wage
//! account of the project was opened. Blue from 5 days before the last of them, orange from the day
//! after it, red when 30 more have passed. An account that is closed again counts as opened. Quiet
//! while no record says what the project is, and once it is completed: then no account is due any more.
//!
//! **Clears when**: an account that was opened becomes known, or the project's contract turns out to
//! be of a later date.
//!
//! **Evidence**: the day of the contract, the days allowed, and the last of them.
//!
//! **Not covered**: an account that serves several projects; a contract that was stated with the wrong date.

use super::Judgement;
use super::aging::after;
use super::running::is_completed;
use crate::domain::{Fact, FactName, Finding, Level, PapersView, Rule, Subject};

pub(super) fn judge(view: &PapersView<'_>, on: &mut Judgement<'_>) {
    let Some(facts) = view.facts else { return };
    if view.accounts.iter().any(|account| account.was_opened(on.today)) {
        return;
    }
    view.accounts.iter().for_each(|account| on.look_again(account.account.opened_on));
    facts.completed_on.into_iter().for_each(|day| on.look_again(day));
    if is_completed(facts, on.today) {
        return;
    }
    let numbers = on.numbers();
    let deadline = after(facts.contract_signed_on, numbers.account_days);
    let warned = after(deadline, -numbers.account_warn_days);
    let late = after(deadline, 1);
    let red = after(late, numbers.account_red_after_days);
    [warned, late, red].into_iter().for_each(|day| on.look_again(day));
    let level = match on.today {
        today if today >= red => Level::Red,
        today if today >= late => Level::Orange,
        today if today >= warned => Level::Blue,
        _ => return,
    };
    let evidence = vec![
        Fact::date(FactName::ContractSignedOn, facts.contract_signed_on),
        Fact::count(FactName::ThresholdDays, numbers.account_days),
        Fact::date(FactName::DeadlineOn, deadline),
    ];
    let finding = Finding::new(Rule::AccountNotOpened, view.project_id, Subject::Project, level, evidence);
    let due_on = (level > Level::Blue).then_some(deadline);
    on.find(Finding { due_on, ..finding });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Project, ProjectStatus, WageAccount};
    use crate::rules::sample::{
        account, day, days_again, facts, judgement, papers, papers_of, project_id, wage_account,
    };

    /// Signed on 2026-01-05: the deadline is 2026-02-04.
    fn level(today: &str, facts: &Project, paper: Option<&WageAccount>) -> Option<Level> {
        let id = project_id();
        let accounts = paper.into_iter().map(account).collect();
        let mut on = judgement(today);
        judge(&crate::domain::PapersView { facts: Some(facts), ..papers_of(&id, accounts) }, &mut on);
        on.findings().first().map(|finding| finding.level)
    }

    #[test]
    fn it_is_forecast_found_and_red_from_their_days() {
        for (today, expected) in [
            ("2026-01-29", None),
            ("2026-01-30", Some(Level::Blue)),
            ("2026-02-04", Some(Level::Blue)),
            ("2026-02-05", Some(Level::Orange)),
            ("2026-03-06", Some(Level::Orange)),
            ("2026-03-07", Some(Level::Red)),
        ] {
            assert_eq!(level(today, &facts(), None), expected, "{today}");
        }
    }

    #[test]
    fn an_account_clears_it_from_its_day_even_if_it_is_closed() {
        let paper = wage_account("2026-02-10");
        assert_eq!(level("2026-02-09", &facts(), Some(&paper)), Some(Level::Orange));
        assert_eq!(level("2026-02-10", &facts(), Some(&paper)), None);
        let closed = WageAccount { closed_on: Some(day("2026-02-11")), ..paper };
        assert_eq!(level("2026-02-12", &facts(), Some(&closed)), None);
    }

    #[test]
    fn a_completed_or_unknown_project_is_quiet() {
        let done = Project { completed_on: Some(day("2026-02-10")), ..facts() };
        assert_eq!(level("2026-02-09", &done, None), Some(Level::Orange));
        assert_eq!(level("2026-02-10", &done, None), None);
        let done = Project { status: ProjectStatus::Completed, ..facts() };
        assert_eq!(level("2026-02-09", &done, None), None);
        let suspended = Project { status: ProjectStatus::Suspended, ..facts() };
        assert_eq!(level("2026-02-09", &suspended, None), Some(Level::Orange));
        let id = project_id();
        let mut on = judgement("2026-02-09");
        judge(&papers(&id), &mut on);
        assert_eq!(on.findings(), []);
    }

    #[test]
    fn it_looks_again_on_each_turn() {
        let (id, facts, paper) = (project_id(), facts(), wage_account("2026-06-01"));
        let mut on = judgement("2026-01-05");
        judge(&PapersView { facts: Some(&facts), ..papers_of(&id, vec![account(&paper)]) }, &mut on);
        assert_eq!(days_again(on), ["2026-01-30", "2026-02-05", "2026-03-07", "2026-06-01"]);
    }
}
