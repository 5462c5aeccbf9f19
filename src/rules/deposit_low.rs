//! `deposit-low`: a wage deposit is lodged, and it is less than the contract asks for.
//!
//! **Article**: Circular 2021-65, art. 11-12 (to be verified).
//!
//! **Found when**: at least one deposit is in force (lodged by today, neither drawn nor released, not
//! expired), and all of them together are less than rate x contract sum, rounded half up to the fen; by
//! default 1 percent. Amount = what is short. Yellow. A contract that is exempt from the deposit (see
//! `deposit-missing`) asks for nothing.
//!
//! **Clears when**: what is lodged reaches the sum; nothing is in force any more (other rules speak
//! then); the project is finished.
//!
//! **Evidence**: what is required, what is lodged, what is short, the rate and the contract sum.
//!
//! **Not covered**: rates that go up or down with the contractor's history; caps for many projects of
//! one contractor in an area; finished projects.

use super::Judgement;
use super::deposits::{is_exempt, is_in_force, required};
use super::running::is_finished;
use crate::domain::{Fact, FactName, FactValue, Finding, Level, PapersView, Rule, Subject, Sum};

pub(super) fn judge(view: &PapersView<'_>, on: &mut Judgement<'_>) {
    let Some(project) = view.facts else { return };
    let mut in_force: Option<Sum> = None;
    for paper in &view.deposits {
        if is_in_force(paper.deposit, on) {
            in_force = Some(in_force.unwrap_or(0) + paper.deposit.amount_fen.sum());
        }
    }
    let Some(lodged) = in_force else { return };
    let required = required(project, on);
    if is_finished(project, on) || is_exempt(project, view, on) || lodged >= required {
        return;
    }
    let facts = vec![
        Fact::fen(FactName::DepositRequired, required),
        Fact::fen(FactName::DepositLodged, lodged),
        Fact::fen(FactName::Short, required - lodged),
        Fact::new(FactName::Rate, FactValue::Share(on.numbers().deposit_rate)),
        Fact::fen(FactName::ContractSum, project.contract_fen.sum()),
    ];
    let finding = Finding::new(Rule::DepositLow, view.project_id, Subject::Project, Level::Yellow, facts);
    on.find(Finding { amount: required - lodged, ..finding });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Deposit, DepositStatus, Fen, Project};
    use crate::rules::sample::{day, deposit, facts, judgement, lodged, papers};

    /// Of a contract of 10,000,000.00 yuan 100,000.00 have to be lodged.
    fn short(project: &Project, deposits: &[Deposit], in_arrears: bool) -> Option<Sum> {
        let mut on = judgement("2026-04-20");
        let deposits = deposits.iter().map(lodged).collect();
        let view = PapersView { facts: Some(project), deposits, in_arrears, ..papers(&project.project_id) };
        judge(&view, &mut on);
        on.findings().first().map(|found| found.amount)
    }

    #[test]
    fn a_fen_less_is_found_and_the_sum_itself_is_not() {
        let project = facts();
        for (sums, want) in [
            (&[9_999_999][..], Some(1)),
            (&[10_000_000], None),
            (&[4_000_000, 6_000_000], None),
            (&[4_000_000, 5_000_000], Some(1_000_000)),
            (&[0], Some(10_000_000)),
            (&[], None),
        ] {
            let deposits: Vec<Deposit> = sums.iter().map(|fen| deposit("D", *fen)).collect();
            assert_eq!(short(&project, &deposits, false), want, "{sums:?}");
        }
    }

    #[test]
    fn only_what_is_in_force_counts() {
        let (project, half) = (facts(), deposit("D1", 5_000_000));
        for other in [
            Deposit { status: DepositStatus::Drawn, ..half.clone() },
            Deposit { status: DepositStatus::Released, ..half.clone() },
            Deposit { expires_on: Some(day("2026-04-19")), ..half.clone() },
            Deposit { lodged_on: day("2026-04-21"), ..half.clone() },
        ] {
            assert_eq!(short(&project, &[half.clone(), other.clone()], false), Some(5_000_000), "{other:?}");
            assert_eq!(short(&project, &[other], false), None);
        }
        let until_today = Deposit { expires_on: Some(day("2026-04-20")), ..half.clone() };
        assert_eq!(short(&project, &[half, until_today], false), None);
    }

    #[test]
    fn an_exempt_contract_asks_for_nothing_until_wages_are_owed() {
        let project = Project { contract_fen: Fen(299_999_950), ..facts() };
        assert_eq!(short(&project, &[deposit("D1", 1)], false), None);
        assert_eq!(short(&project, &[deposit("D1", 1)], true), Some(2_999_999));
    }

    #[test]
    fn a_finished_project_needs_no_more() {
        let project = Project { completed_on: Some(day("2026-04-20")), ..facts() };
        assert_eq!(short(&project, &[deposit("D1", 1)], false), None);
    }
}
