//! `deposit-form`: a wage deposit is a promise of somebody else, and it is not payable on demand.
//!
//! **Article**: county plan 2025, section 3 (5); Circular 2021-65, art. 15-17 (to be verified).
//!
//! **Found when**: a deposit that was lodged by today, and is neither drawn nor released, is no cash, and
//! is not stated as irrevocable and payable on demand. Yellow, one a deposit.
//!
//! **Clears when**: it is stated as payable on demand, or replaced: released, drawn, or lodged in cash.
//!
//! **Evidence**: the deposit, its form, its sum, and when it was lodged.
//!
//! **Not covered**: what the guarantee's own text says; who gives it.

use super::Judgement;
use super::deposits::is_lodged;
use crate::domain::{DepositForm, DepositStatus, Fact, FactName, Finding, Level, PapersView, Rule, Subject};

pub(super) fn judge(view: &PapersView<'_>, on: &mut Judgement<'_>) {
    for paper in &view.deposits {
        let deposit = paper.deposit;
        let promised = deposit.form != DepositForm::Cash && !deposit.on_demand;
        if !is_lodged(deposit, on) || deposit.status != DepositStatus::Lodged || !promised {
            continue;
        }
        let facts = vec![
            Fact::text(FactName::Deposit, &deposit.deposit_id),
            Fact::text(FactName::DepositForm, deposit.form.as_str()),
            Fact::fen(FactName::DepositLodged, deposit.amount_fen.sum()),
            Fact::date(FactName::LodgedOn, deposit.lodged_on),
        ];
        let subject = Subject::Deposit(deposit.deposit_id.clone());
        on.find(Finding::new(Rule::DepositForm, view.project_id, subject, Level::Yellow, facts));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Deposit, ProjectId};
    use crate::rules::sample::{day, deposit, judgement, lodged, papers};

    fn check(paper: Deposit, found: usize) {
        let id = ProjectId::parse("project_id", "P1").unwrap();
        let mut on = judgement("2026-04-20");
        judge(&PapersView { deposits: vec![lodged(&paper)], ..papers(&id) }, &mut on);
        assert_eq!(on.findings().len(), found, "{paper:?}");
        for finding in on.findings() {
            assert_eq!(finding.subject, Subject::Deposit("D1".into()));
        }
    }

    #[test]
    fn every_form_but_cash_must_be_payable_on_demand() {
        for form in DepositForm::ALL {
            let paper = Deposit { form: *form, ..deposit("D1", 1) };
            check(Deposit { on_demand: false, ..paper.clone() }, usize::from(*form != DepositForm::Cash));
            check(Deposit { on_demand: true, ..paper }, 0);
        }
    }

    #[test]
    fn what_is_drawn_released_or_not_yet_lodged_is_no_case() {
        let paper = Deposit { form: DepositForm::Surety, on_demand: false, ..deposit("D1", 1) };
        check(Deposit { status: DepositStatus::Drawn, ..paper.clone() }, 0);
        check(Deposit { status: DepositStatus::Released, ..paper.clone() }, 0);
        check(Deposit { lodged_on: day("2026-04-21"), ..paper.clone() }, 0);
        check(Deposit { lodged_on: day("2026-04-20"), ..paper }, 1);
    }
}
