//! What a wage deposit is worth on a day, and what it has to be. Shared by the rules on deposits; knows none.

use super::Judgement;
use crate::domain::{Deposit, DepositStatus, PapersView, Project, Sum, div_half_up};

/// Something was lodged by today, be it drawn since.
pub(super) fn is_lodged(deposit: &Deposit, on: &mut Judgement<'_>) -> bool {
    on.look_again(deposit.lodged_on);
    deposit.status != DepositStatus::Released && deposit.lodged_on <= on.today
}

/// It secures wages today: lodged, neither drawn nor released, not expired.
pub(super) fn is_in_force(deposit: &Deposit, on: &mut Judgement<'_>) -> bool {
    if let Some(day) = deposit.expires_on {
        on.look_again(day.plus(1));
    }
    is_lodged(deposit, on)
        && deposit.status == DepositStatus::Lodged
        && deposit.expires_on.is_none_or(|day| on.today <= day)
}

/// Rate x contract sum, half up.
pub(super) fn required(project: &Project, on: &Judgement<'_>) -> Sum {
    // The rate is in hundredths of a percent.
    div_half_up(project.contract_fen.sum() * Sum::from(on.numbers().deposit_rate), 10_000)
}

/// A small contract of a contractor who owes nothing needs no deposit.
pub(super) fn is_exempt(project: &Project, view: &PapersView<'_>, on: &Judgement<'_>) -> bool {
    is_small(project, on) && !view.in_arrears
}

pub(super) fn is_small(project: &Project, on: &Judgement<'_>) -> bool {
    project.contract_fen.sum() < Sum::from(on.numbers().deposit_exempt_below_fen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Fen;
    use crate::rules::sample::{day, deposit, facts, judgement};

    #[test]
    fn a_deposit_counts_from_its_day_until_it_expires_is_drawn_or_released() {
        let check = |status, lodged_on: &str, expires_on: Option<&str>, lodged, in_force| {
            let on = &mut judgement("2026-04-20");
            let paper = Deposit {
                status,
                lodged_on: day(lodged_on),
                expires_on: expires_on.map(day),
                ..deposit("D1", 1)
            };
            assert_eq!(is_lodged(&paper, on), lodged, "{status} {lodged_on}");
            assert_eq!(is_in_force(&paper, on), in_force, "{status} {lodged_on} {expires_on:?}");
        };
        check(DepositStatus::Lodged, "2026-04-20", None, true, true);
        check(DepositStatus::Lodged, "2026-04-21", None, false, false);
        check(DepositStatus::Lodged, "2026-01-01", Some("2026-04-20"), true, true);
        check(DepositStatus::Lodged, "2026-01-01", Some("2026-04-19"), true, false);
        check(DepositStatus::Drawn, "2026-01-01", None, true, false);
        check(DepositStatus::Released, "2026-01-01", None, false, false);
    }

    #[test]
    fn what_is_required_rounds_half_up() {
        let on = judgement("2026-04-20");
        for (contract, sum) in [(1_000_000_000, 10_000_000), (149, 1), (150, 2), (0, 0)] {
            assert_eq!(
                required(&crate::domain::Project { contract_fen: Fen(contract), ..facts() }, &on),
                sum
            );
        }
    }
}
