//! The labour fee that may be counted on before a pay day: of an owner who has paid before and is not
//! late with the next, or whose first fee is still to come. Shared by forecasts; knows no balance.

use super::Judgement;
use super::aging::after;
use super::running::started_on;
use crate::domain::{Day, Project, ProjectStatus, ProjectView, Sum};

/// The next labour fee, by what has come in so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct FeeToCome {
    /// The last day on which one was booked in; none before the first.
    pub(super) last_on: Option<Day>,
    pub(super) sum: Sum,
    /// The day on which it is due at the latest, by the cycle since the last one or the start.
    pub(super) by: Day,
    /// The owner pays whole fees, and one is owed for a month that has begun: it is due whatever the cycle says.
    pub(super) is_behind: bool,
}

/// None where no monthly fee is agreed, no more is owed for the months begun, or the owner is late: with the
/// next fee by more than the days of grace, with the first one when a month is past due.
/// `due_on`: the pay day by whose numbers it is reckoned. Looks again when the answer may be another.
pub(super) fn fee_to_come(view: &ProjectView<'_>, due_on: Day, on: &mut Judgement<'_>) -> Option<FeeToCome> {
    let facts = view.facts?;
    let fee = facts.labour_fee_fen?.sum();
    let numbers = on.book.at(due_on);
    let (mut last_on, mut last_sum, mut received) = (None, 0, 0);
    for (day, sum) in view.labour_fees.iter().copied().flatten() {
        on.look_again(*day);
        if *day > on.today {
            continue;
        }
        received += sum;
        if last_on.is_none_or(|last| last <= *day) {
            last_sum = if last_on == Some(*day) { last_sum + sum } else { *sum };
            last_on = Some(*day);
        }
    }
    on.today.period().into_iter().for_each(|month| on.look_again(month.plus(1).first_day()));
    let owed = fee * Sum::from(months_begun(facts, on)?) - received;
    let start = started_on(facts);
    let by = after(last_on.map_or(start, |last| last.max(start)), numbers.labour_fee_days);
    let until = after(by, numbers.balance_fee_grace_days);
    on.look_again(after(until, 1));
    let (sum, is_late) = match last_on {
        Some(_) => (fee.min(last_sum).min(owed), on.today > until),
        None => (fee.min(owed), has_fallen_due(view, on)),
    };
    (sum > 0 && !is_late).then_some(FeeToCome { last_on, sum, by, is_behind: last_sum >= fee })
}

/// Whether a month in which anybody worked is past its due date.
fn has_fallen_due(view: &ProjectView<'_>, on: &mut Judgement<'_>) -> bool {
    let worked = || view.months.iter().filter(|month| month.heads > 0);
    worked().for_each(|month| on.look_again(after(month.due_on, 1)));
    worked().any(|month| month.due_on < on.today)
}

/// Calendar months in which the project has run until today; none while it is suspended, or completed
/// on a day that nobody has stated.
fn months_begun(facts: &Project, on: &mut Judgement<'_>) -> Option<u16> {
    let start = started_on(facts);
    on.look_again(start);
    let end = match facts.completed_on {
        Some(day) => on.today.min(day.plus(-1)),
        None => on.today,
    };
    let is_known = match facts.status {
        ProjectStatus::Active => true,
        ProjectStatus::Suspended => false,
        ProjectStatus::Completed => facts.completed_on.is_some(),
    };
    let (first, last) = (start.period()?, end.period()?);
    (is_known && start <= end).then(|| last.0 - first.0 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Fen;
    use crate::rules::sample::{day, days_again, facts, judgement, month, project};
    use std::collections::BTreeMap;

    /// 1,000 fen a month, started on 2026-01-05.
    fn owed() -> Project {
        Project { labour_fee_fen: Some(Fen(1000)), ..facts() }
    }

    fn to_come(today: &str, facts: &Project, fees: &[&[(&str, Sum)]]) -> (Option<FeeToCome>, Vec<String>) {
        let maps: Vec<BTreeMap<Day, Sum>> = fees
            .iter()
            .map(|account| account.iter().map(|(text, sum)| (day(text), *sum)).collect())
            .collect();
        let view = ProjectView {
            facts: Some(facts),
            labour_fees: maps.iter().collect(),
            ..project(0, 0, day(today))
        };
        let mut on = judgement(today);
        let found = fee_to_come(&view, day(today), &mut on);
        (found, days_again(on))
    }

    fn check(today: &str, facts: &Project, fees: &[&[(&str, Sum)]], sum: Option<Sum>) {
        assert_eq!(to_come(today, facts, fees).0.map(|fee| fee.sum), sum, "{today} {fees:?}");
    }

    #[test]
    fn it_is_counted_on_until_it_is_late_by_more_than_the_days_of_grace() {
        let fees: &[&[(&str, Sum)]] = &[&[("2026-02-10", 1000)]];
        let (found, again) = to_come("2026-03-01", &owed(), fees);
        let (last_on, by) = (Some(day("2026-02-10")), day("2026-03-13"));
        assert_eq!(found, Some(FeeToCome { last_on, sum: 1000, by, is_behind: true }));
        assert_eq!(again, ["2026-03-19", "2026-04-01"]);
        check("2026-03-18", &owed(), fees, Some(1000));
        check("2026-03-19", &owed(), fees, None);
    }

    #[test]
    fn who_never_agreed_is_not_counted_on_and_who_never_paid_until_a_month_has_fallen_due() {
        check("2026-02-20", &facts(), &[&[("2026-02-10", 1000)]], None);
        check("2026-02-01", &owed(), &[&[]], Some(1000));
        check("2026-02-01", &owed(), &[&[("2026-02-02", 900)]], Some(1000));
        let facts = owed();
        for (today, heads, sum) in
            [("2026-02-15", 3, Some(1000)), ("2026-02-16", 3, None), ("2026-02-16", 0, Some(1000))]
        {
            let months = vec![month("2026-01", heads)];
            let view = ProjectView { facts: Some(&facts), months, ..project(0, 0, day(today)) };
            let mut on = judgement(today);
            let fee = fee_to_come(&view, day("2026-02-15"), &mut on);
            assert_eq!(fee.map(|fee| (fee.last_on, fee.sum)), sum.map(|sum| (None, sum)), "{today} {heads}");
            let again = days_again(on);
            assert_eq!(again.contains(&"2026-02-16".to_owned()), today == "2026-02-15", "{again:?}");
        }
    }

    #[test]
    fn who_paid_a_part_the_last_time_is_not_behind_with_a_whole_one() {
        for (sum, is_behind) in [(999, false), (1000, true), (2500, true)] {
            let fee = to_come("2026-03-01", &owed(), &[&[("2026-02-10", sum)]]).0;
            assert_eq!(fee.map(|fee| fee.is_behind), Some(is_behind), "{sum}");
        }
    }

    #[test]
    fn it_is_no_more_than_the_last_one_and_than_what_is_owed_for_the_months_begun() {
        check("2026-03-01", &owed(), &[&[("2026-02-10", 700)]], Some(700));
        check("2026-03-01", &owed(), &[&[("2026-02-10", 700)], &[("2026-02-10", 100)]], Some(800));
        check("2026-03-01", &owed(), &[&[("2026-01-10", 900), ("2026-02-10", 1000)]], Some(1000));
        // Paid ahead: January and February are paid, and March has not begun.
        check("2026-02-28", &owed(), &[&[("2026-01-10", 1000), ("2026-02-10", 1000)]], None);
        check("2026-02-28", &owed(), &[&[("2026-01-10", 1000), ("2026-02-10", 800)]], Some(200));
    }

    #[test]
    fn months_after_the_end_are_not_owed() {
        let fees: &[&[(&str, Sum)]] = &[&[("2026-02-10", 1000)]];
        let until =
            |completed: &str, status| Project { completed_on: Some(day(completed)), status, ..owed() };
        check("2026-03-02", &until("2026-02-01", ProjectStatus::Completed), fees, None);
        check("2026-03-02", &until("2026-02-02", ProjectStatus::Completed), fees, Some(1000));
        check("2026-03-02", &Project { status: ProjectStatus::Completed, ..owed() }, fees, None);
        check("2026-03-02", &Project { status: ProjectStatus::Suspended, ..owed() }, fees, None);
        check("2026-03-02", &Project { started_on: Some(day("2026-03-03")), ..owed() }, fees, None);
    }
}
