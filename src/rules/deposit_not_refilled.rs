//! `deposit-not-refilled`: a wage deposit was drawn to pay workers, and nobody made it good.
//!
//! **Article**: Circular 2021-65, art. 20 (to be verified).
//!
//! **Found when**: a deposit is stated as drawn, and 10 working days after the business date of that
//! statement the deposits lodged on or after that date, and in force today, have not reached its sum. Of
//! several drawn ones the oldest is made good first, with what was lodged first; no deposit counts
//! twice. Amount = what is still short. Orange, one a drawn deposit. Not of a finished project.
//!
//! **Clears when**: enough is lodged, the deposit itself is stated as lodged again or released, or the
//! project is finished.
//!
//! **Evidence**: the deposit, when it was drawn, the deadline, its sum, each later deposit with what
//! of it makes this one good, and what is short.
//!
//! **Not covered**: a deposit drawn in part: it counts as drawn whole; the day of the draw itself, where
//! the bank states it later, or states it again: the statement that stands is the one that counts.

use super::Judgement;
use super::deposits::is_in_force;
use super::running::is_finished;
use crate::domain::{
    Day, Deposit, DepositStatus, DepositView, Fact, FactName, Finding, Level, PapersView, Rule, Subject, Sum,
};

/// A deposit that may make good what was drawn, and what of it is not used yet.
struct Refill<'a> {
    deposit: &'a Deposit,
    left: Sum,
}

pub(super) fn judge(view: &PapersView<'_>, on: &mut Judgement<'_>) {
    if view.facts.is_some_and(|project| is_finished(project, on)) {
        return;
    }
    let mut refills = refills(view, on);
    for (drawn_on, drawn) in draws(view, on) {
        let mut short = drawn.amount_fen.sum();
        let mut made_good = Vec::new();
        for refill in refills.iter_mut().filter(|refill| refill.deposit.lodged_on >= drawn_on) {
            let taken = short.min(refill.left);
            if taken > 0 {
                (short, refill.left) = (short - taken, refill.left - taken);
                made_good.push(Fact::text(FactName::Deposit, &refill.deposit.deposit_id));
                made_good.push(Fact::fen(FactName::DepositLodged, taken));
            }
        }
        let allowed = on.numbers().deposit_refill_working_days;
        let deadline = on.book.calendar.plus_workdays(drawn_on, allowed);
        on.look_again(deadline.plus(1));
        if short == 0 || on.today <= deadline {
            continue;
        }
        let mut facts = vec![
            Fact::text(FactName::Deposit, &drawn.deposit_id),
            Fact::date(FactName::DrawnOn, drawn_on),
            Fact::date(FactName::DeadlineOn, deadline),
            Fact::fen(FactName::Sum, drawn.amount_fen.sum()),
            Fact::count(FactName::ThresholdWorkingDays, allowed),
        ];
        facts.append(&mut made_good);
        facts.push(Fact::fen(FactName::Short, short));
        let subject = Subject::Deposit(drawn.deposit_id.clone());
        let finding = Finding::new(Rule::DepositNotRefilled, view.project_id, subject, Level::Orange, facts);
        on.find(Finding { amount: short, due_on: Some(deadline), ..finding });
    }
}

/// In force today, by the day on which they were lodged.
fn refills<'a>(view: &PapersView<'a>, on: &mut Judgement<'_>) -> Vec<Refill<'a>> {
    let all = view.deposits.iter().map(|paper| paper.deposit);
    let mut refills: Vec<Refill<'_>> = all
        .filter(|deposit| is_in_force(deposit, on))
        .map(|deposit| Refill { deposit, left: deposit.amount_fen.sum() })
        .collect();
    refills.sort_by_key(|refill| (refill.deposit.lodged_on, &refill.deposit.deposit_id));
    refills
}

/// The drawn ones, each with its day, the oldest first.
fn draws<'a>(view: &PapersView<'a>, on: &Judgement<'_>) -> Vec<(Day, &'a Deposit)> {
    let is_drawn = |paper: &&DepositView<'_>| paper.deposit.status == DepositStatus::Drawn;
    let dated = |paper: &DepositView<'a>| (paper.stated_at.business(on.book.day_starts_at).0, paper.deposit);
    let mut draws: Vec<(Day, &Deposit)> = view.deposits.iter().filter(is_drawn).map(dated).collect();
    draws.sort_by_key(|(day, deposit)| (*day, &deposit.deposit_id));
    draws
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Project, Time};
    use crate::rules::sample::{day, deposit, facts, judgement, lodged, papers};

    fn drawn(id: &str, fen: i64) -> Deposit {
        Deposit { status: DepositStatus::Drawn, ..deposit(id, fen) }
    }

    fn since(id: &str, fen: i64, on: &str) -> Deposit {
        Deposit { lodged_on: day(on), ..deposit(id, fen) }
    }

    /// Every deposit was stated on Monday 2 March 2026: ten working days end with Monday the 16th.
    fn short(today: &str, deposits: &[Deposit]) -> Vec<(String, Sum)> {
        let (mut on, facts) = (judgement(today), facts());
        let stated_at = Time::parse("2026-03-02T10:00:00+08:00").unwrap();
        let deposits = deposits.iter().map(|deposit| DepositView { deposit, stated_at }).collect();
        judge(&PapersView { facts: Some(&facts), deposits, ..papers(&facts.project_id) }, &mut on);
        let found = on.findings().iter().map(|found| match &found.subject {
            Subject::Deposit(id) => (id.to_string(), found.amount),
            other => panic!("{other:?}"),
        });
        found.collect()
    }

    #[test]
    fn ten_working_days_are_allowed() {
        assert_eq!(short("2026-03-16", &[drawn("D1", 500)]), []);
        assert_eq!(short("2026-03-17", &[drawn("D1", 500)]), [("D1".to_owned(), 500)]);
    }

    #[test]
    fn only_what_was_lodged_since_makes_it_good() {
        let one = |deposits: &[Deposit]| short("2026-03-17", deposits).first().map(|(_, sum)| *sum);
        for (lodged_on, fen, want) in [
            ("2026-03-01", 500, Some(500)),
            ("2026-03-02", 500, None),
            ("2026-03-10", 499, Some(1)),
            ("2026-03-17", 500, None),
            ("2026-03-18", 500, Some(500)),
        ] {
            assert_eq!(one(&[drawn("D1", 500), since("D2", fen, lodged_on)]), want, "{lodged_on} {fen}");
        }
        let expired = Deposit { expires_on: Some(day("2026-03-16")), ..since("D2", 500, "2026-03-10") };
        assert_eq!(one(&[drawn("D1", 500), expired]), Some(500));
    }

    #[test]
    fn no_deposit_makes_two_good() {
        let deposits = [drawn("D1", 500), drawn("D2", 300), since("D3", 600, "2026-03-10")];
        assert_eq!(short("2026-03-17", &deposits), [("D2".to_owned(), 200)]);
    }

    #[test]
    fn the_older_draw_takes_what_the_younger_may_not_have() {
        let stated = |text: &str| Time::parse(text).unwrap();
        let (first, second) = (drawn("D1", 500), drawn("D2", 500));
        let (early, late) = (since("E", 500, "2026-03-05"), since("L", 500, "2026-03-12"));
        let (mut on, facts) = (judgement("2026-04-20"), facts());
        let deposits = vec![
            DepositView { deposit: &first, stated_at: stated("2026-03-02T10:00:00+08:00") },
            DepositView { deposit: &second, stated_at: stated("2026-03-10T10:00:00+08:00") },
            lodged(&late),
            lodged(&early),
        ];
        judge(&PapersView { facts: Some(&facts), deposits, ..papers(&facts.project_id) }, &mut on);
        assert_eq!(on.findings(), []);
    }

    #[test]
    fn a_finished_project_has_nothing_to_refill() {
        let (mut on, drawn) = (judgement("2026-04-20"), drawn("D1", 500));
        let facts = Project { completed_on: Some(day("2026-04-20")), ..facts() };
        let deposits = vec![lodged(&drawn)];
        judge(&PapersView { facts: Some(&facts), deposits, ..papers(&facts.project_id) }, &mut on);
        assert_eq!(on.findings(), []);
    }
}
