//! `deposit-missing`: the contract is signed, its time is over, and no wage deposit is lodged.
//!
//! **Article**: Order 724, art. 32, 55; Circular 2021-65; county plan 2025, section 3 (5).
//!
//! **Found when**: more than 20 days have passed since the contract was signed, and no deposit was
//! lodged by today that has not been released (a drawn one was lodged). Exempt is a contract below
//! 3,000,000 yuan whose project owes no wages now. Amount = what has to be lodged: rate x contract sum.
//! Orange; red from more than 30 days later.
//!
//! **Clears when**: a deposit is lodged; the project is finished; or, below the sum, nothing is owed.
//!
//! **Evidence**: the day of signing, the deadline, the sum required and how it comes about, the sum
//! below which a contract is exempt, and whether arrears took the exemption away.
//!
//! **Not covered**: the contractor's history across projects, by which the exemption is given and the
//! rate goes up or down; working days from the permit, for permits are not recorded; finished projects.

use super::Judgement;
use super::aging::after;
use super::deposits::{is_exempt, is_lodged, is_small, required};
use super::running::is_finished;
use crate::domain::{Fact, FactName, FactValue, Finding, Level, PapersView, Rule, Subject, Sum};

pub(super) fn judge(view: &PapersView<'_>, on: &mut Judgement<'_>) {
    let Some(project) = view.facts else { return };
    let lodged = view.deposits.iter().any(|paper| is_lodged(paper.deposit, on));
    if is_finished(project, on) || lodged || is_exempt(project, view, on) {
        return;
    }
    let numbers = on.numbers();
    let deadline = after(project.contract_signed_on, numbers.deposit_days);
    let red_from = after(deadline, numbers.deposit_red_after_days).plus(1);
    on.look_again(deadline.plus(1));
    on.look_again(red_from);
    if on.today <= deadline {
        return;
    }
    let level = if on.today >= red_from { Level::Red } else { Level::Orange };
    let mut facts = vec![
        Fact::date(FactName::ContractSignedOn, project.contract_signed_on),
        Fact::count(FactName::ThresholdDays, numbers.deposit_days),
        Fact::date(FactName::DeadlineOn, deadline),
        Fact::fen(FactName::DepositRequired, required(project, on)),
        Fact::fen(FactName::ContractSum, project.contract_fen.sum()),
        Fact::new(FactName::Rate, FactValue::Share(numbers.deposit_rate)),
        Fact::fen(FactName::ThresholdSum, Sum::from(numbers.deposit_exempt_below_fen)),
    ];
    if is_small(project, on) {
        facts.push(Fact::text(FactName::Cause, Rule::ProjectArrears.as_str()));
    }
    let finding = Finding::new(Rule::DepositMissing, view.project_id, Subject::Project, level, facts);
    on.find(Finding { amount: required(project, on), due_on: Some(deadline), ..finding });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Deposit, DepositStatus, DepositView, Fen, Project, ProjectStatus};
    use crate::rules::sample::{day, deposit, facts, judgement, lodged, papers};

    /// The contract was signed on 2026-01-05: the deadline is 01-25, red begins on 02-25.
    fn check(
        today: &str,
        project: &Project,
        deposits: Vec<DepositView<'_>>,
        in_arrears: bool,
        want: Option<Level>,
    ) {
        let mut on = judgement(today);
        let view = PapersView { facts: Some(project), deposits, in_arrears, ..papers(&project.project_id) };
        judge(&view, &mut on);
        assert_eq!(on.findings().first().map(|found| found.level), want, "{today}");
        for found in on.findings() {
            assert_eq!(found.due_on, Some(day("2026-01-25")));
            assert_eq!(found.amount, div_sum(project));
        }
    }

    fn div_sum(project: &Project) -> Sum {
        (project.contract_fen.sum() + 50) / 100
    }

    #[test]
    fn orange_after_the_deadline_and_red_a_month_later() {
        for (today, want) in [
            ("2026-01-25", None),
            ("2026-01-26", Some(Level::Orange)),
            ("2026-02-24", Some(Level::Orange)),
            ("2026-02-25", Some(Level::Red)),
        ] {
            check(today, &facts(), vec![], false, want);
        }
    }

    #[test]
    fn only_small_contracts_without_arrears_are_exempt() {
        for (fen, in_arrears, want) in [
            (299_999_999, false, None),
            (299_999_999, true, Some(Level::Orange)),
            (300_000_000, false, Some(Level::Orange)),
        ] {
            check("2026-02-01", &Project { contract_fen: Fen(fen), ..facts() }, vec![], in_arrears, want);
        }
    }

    #[test]
    fn a_deposit_that_was_lodged_or_a_finished_project_is_no_case() {
        let paper = |status, on: &str| Deposit { status, lodged_on: day(on), ..deposit("D1", 1) };
        for (status, on, want) in [
            (DepositStatus::Lodged, "2026-02-01", None),
            (DepositStatus::Lodged, "2026-02-02", Some(Level::Orange)),
            (DepositStatus::Drawn, "2026-01-10", None),
            (DepositStatus::Released, "2026-01-10", Some(Level::Orange)),
        ] {
            check("2026-02-01", &facts(), vec![lodged(&paper(status, on))], false, want);
        }
        let finished = Project { status: ProjectStatus::Completed, ..facts() };
        check("2026-02-01", &finished, vec![], false, None);
        let suspended = Project { status: ProjectStatus::Suspended, ..facts() };
        check("2026-02-01", &suspended, vec![], false, Some(Level::Orange));
    }

    #[test]
    fn every_turn_is_looked_at_again() {
        let (mut on, facts) = (judgement("2026-01-10"), facts());
        let later = Deposit { lodged_on: day("2026-01-20"), ..deposit("D1", 1) };
        judge(
            &PapersView { facts: Some(&facts), deposits: vec![lodged(&later)], ..papers(&facts.project_id) },
            &mut on,
        );
        let again: Vec<_> = on.into_parts().1.into_iter().collect();
        assert_eq!(again, ["2026-01-20", "2026-01-26", "2026-02-25"].map(day));
    }
}
