//! `balance-short`: a month is soon due, and the wage account holds less than it asks for; a forecast.
//!
//! **Article**: Circular 2021-53, art. 13 (to be verified).
//!
//! **Found when**: from 5 working days before the project's due date of a month until that date, the
//! balance of the project's wage accounts is less than what the month still asks for: expected less
//! paid, over all its workers, and the same of the months that are due before it. A month that still
//! runs is scaled to its end by the pace so far. The owner's next labour fee is counted as if it were
//! there while he may be relied on: it is due by the due date of the month (31 days after the last one, or
//! after the start, as `labour-fee-late` has it), or he pays whole fees and owes one for a month that has
//! begun; and it is not late by more than 5 days. The first fee is counted on until the first month has
//! fallen due: nothing is known of the owner's ways, and `labour-fee-late` says already that it is late. A
//! fee counts with the agreed monthly sum, but with no more than came in on the day of the last one, nor
//! than is owed for the calendar months in which the project has run. Blue; yellow from 1 working day
//! before, and from then on only what is there counts; on that day itself the fee still does, if the last one
//! came as late before its own pay day. The numbers are those of the due date.
//!
//! **Clears when**: money comes in, the wages are paid, or the due date passes: then what is not paid
//! is overdue.
//!
//! **Evidence**: the month, its due date, the balance, what is expected (scaled, if it still runs, with
//! the days that it rests on), what is paid, what is needed in all, and what is short; where a labour fee
//! is counted on, its sum, the day of the last one if there was one, and the day by which it is due.
//!
//! **Not covered**: projects without a wage account (`account-not-opened`); what is overdue already;
//! whether the account is frozen (`account-restrained`); workers whose own terms let their wage fall
//! due on another day; a contractor who has the money and does not pay; money that the contractor uses to
//! put in himself shortly before pay day.

use super::Judgement;
use super::aging::after;
use super::fee_to_come::{FeeToCome, fee_to_come};
use crate::domain::{
    Coming, Day, Fact, FactName, Finding, Level, MonthTotals, ProjectView, Rule, Subject, Sum, div_half_up,
};

/// What one month asks for, with those that are due before it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Needed<'a> {
    pub month: &'a MonthTotals,
    pub coming: Coming,
    /// While the month runs: the days that `coming` rests on.
    pub days_elapsed: Option<u32>,
    /// Of the whole month, at the pace so far.
    pub expected: Sum,
    /// Not paid yet, the months before included.
    pub needed: Sum,
}

/// What the months that are soon due ask for, by due date.
pub fn needed(months: &[MonthTotals], last_worked_on: Option<Day>, today: Day) -> Vec<Needed<'_>> {
    // What months that are due before ask for is no longer there for this one.
    let mut soon: Vec<(&MonthTotals, Coming)> =
        months.iter().filter_map(|month| Some((month, month.coming?))).collect();
    soon.sort_by_key(|(month, _)| (month.due_on, month.period));
    let mut before = 0;
    let mut all = Vec::with_capacity(soon.len());
    for (month, coming) in soon {
        let days_elapsed = elapsed(month, last_worked_on, today);
        let expected = scaled(month, coming.expected, days_elapsed);
        before += expected - coming.paid;
        all.push(Needed { month, coming, days_elapsed, expected, needed: before });
    }
    all
}

pub(super) fn judge(view: &ProjectView<'_>, on: &mut Judgement<'_>) {
    let Some(balance) = view.balance else { return };
    for asked in needed(&view.months, view.last_worked_on, on.today) {
        let Needed { month, coming, days_elapsed: days, expected, needed } = asked;
        let yellow_days = on.book.at(month.due_on).balance_yellow_working_days;
        let yellow_on = on.book.calendar.minus_workdays(month.due_on, yellow_days);
        on.look_again(yellow_on);
        on.look_again(after(yellow_on, 1));
        on.look_again(after(month.due_on, 1));
        if days.is_some() {
            on.look_again(after(on.today, 1));
        }
        let level = if on.today >= yellow_on { Level::Yellow } else { Level::Blue };
        let fee = fee_to_come(view, month.due_on, on);
        let fee = fee.filter(|fee| fee.by <= month.due_on || fee.is_behind);
        // A day before pay day the money is to be there, or it comes on that day as it did the last time.
        let comes_today = |fee: &FeeToCome| on.today == yellow_on && came_as_late(view, fee, month, on.today);
        let fee = fee.filter(|fee| level == Level::Blue || comes_today(fee));
        let short = needed - balance - fee.map_or(0, |fee| fee.sum);
        if expected <= coming.paid || short <= 0 {
            continue;
        }
        let mut facts = vec![
            Fact::month(FactName::Period, month.period),
            Fact::date(FactName::DueOn, month.due_on),
            Fact::fen(FactName::Balance, balance),
        ];
        facts.extend(days.map(|days| Fact::count(FactName::DaysElapsed, days)));
        facts.extend(days.map(|_| Fact::fen(FactName::ExpectedSoFar, coming.expected)));
        facts.push(Fact::fen(FactName::Expected, expected));
        facts.push(Fact::fen(FactName::Paid, coming.paid));
        facts.push(Fact::fen(FactName::Needed, needed));
        facts.extend(fee.into_iter().flat_map(fee_facts));
        facts.push(Fact::fen(FactName::Short, short));
        let subject = Subject::Month(month.period);
        let finding = Finding::new(Rule::BalanceShort, &view.project_id, subject, level, facts);
        on.find(Finding { amount: short, workers: month.heads, ..finding });
    }
}

/// Whether the last fee came as many days before its pay day as today is, or fewer, give or take one.
fn came_as_late(view: &ProjectView<'_>, fee: &FeeToCome, month: &MonthTotals, today: Day) -> bool {
    let Some(last_on) = fee.last_on else { return false };
    let pay_days = view.months.iter().map(|month| month.due_on).filter(|due| *due < month.due_on);
    let its_own = pay_days.filter(|due| *due >= last_on).min();
    its_own.is_some_and(|due| due.since(last_on) <= month.due_on.since(today) + 1)
}

fn fee_facts(fee: FeeToCome) -> Vec<Fact> {
    let mut facts = vec![Fact::fen(FactName::FeeExpected, fee.sum)];
    facts.extend(fee.last_on.map(|last_on| Fact::date(FactName::LastFeeOn, last_on)));
    facts.push(Fact::date(FactName::DeadlineOn, fee.by));
    facts
}

/// Days of the month that what is expected so far rests on, while it runs: those that are over, and
/// today once somebody has worked.
fn elapsed(month: &MonthTotals, last_worked_on: Option<Day>, today: Day) -> Option<u32> {
    if today > month.period.day_or_last(31) {
        return None;
    }
    let worked_today = last_worked_on.is_some_and(|last| last >= today);
    let until = if worked_today { today } else { today.plus(-1) };
    Some(u32::try_from(until.since(month.period.first_day()) + 1).unwrap_or(0))
}

/// What the whole month is expected to come to, at the pace of its days so far.
fn scaled(month: &MonthTotals, expected: Sum, days: Option<u32>) -> Sum {
    match days {
        None => expected,
        Some(0) => expected,
        Some(days) => div_half_up(expected * Sum::from(month.period.days()), Sum::from(days)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Fen, Project};
    use crate::rules::sample::{day, facts, judgement, month, project};
    use std::collections::BTreeMap;

    /// March is due on Wednesday 15 April, and asks for 1000 from 8 April on.
    fn check(today: &str, balance: Option<Sum>, paid: Sum, found: Option<(Level, Sum)>) {
        let coming = Some(Coming { expected: 1000, paid });
        let months = vec![MonthTotals { coming, ..month("2026-03", 3) }];
        let view = ProjectView { balance, months, ..project(0, 0, day(today)) };
        let mut on = judgement(today);
        judge(&view, &mut on);
        let finding = on.findings().first().map(|finding| (finding.level, finding.amount));
        assert_eq!(finding, found, "{today} {balance:?} {paid}");
    }

    #[test]
    fn less_than_is_needed_is_short_and_a_day_before_yellow() {
        check("2026-04-08", Some(1000), 0, None);
        check("2026-04-08", Some(999), 0, Some((Level::Blue, 1)));
        check("2026-04-08", Some(-5), 0, Some((Level::Blue, 1005)));
        check("2026-04-08", Some(300), 700, None);
        check("2026-04-08", Some(299), 700, Some((Level::Blue, 1)));
        check("2026-04-08", Some(-50), 1000, None);
        check("2026-04-13", Some(0), 0, Some((Level::Blue, 1000)));
        check("2026-04-14", Some(0), 0, Some((Level::Yellow, 1000)));
        check("2026-04-15", Some(0), 0, Some((Level::Yellow, 1000)));
        check("2026-04-08", None, 0, None);
    }

    #[test]
    fn a_month_that_runs_is_scaled_to_its_end() {
        let coming = Some(Coming { expected: 2000, paid: 0 });
        let april = MonthTotals { due_on: day("2026-04-28"), coming, ..month("2026-04", 3) };
        for (today, last, balance, short) in [
            // 20 days are over: 3000 in all.
            ("2026-04-21", "2026-04-20", 2999, Some(1)),
            ("2026-04-21", "2026-04-20", 3000, None),
            // Today counts once somebody has worked: 30 / 21 of it, 2857.
            ("2026-04-21", "2026-04-21", 2856, Some(1)),
            ("2026-04-21", "2026-04-21", 2857, None),
            ("2026-04-01", "2026-03-31", 1999, Some(1)),
        ] {
            let mut view = project(0, 0, day(today));
            view.months = vec![april.clone()];
            (view.balance, view.last_worked_on) = (Some(balance), Some(day(last)));
            let mut on = judgement(today);
            judge(&view, &mut on);
            assert_eq!(on.findings().first().map(|f| f.amount), short, "{today} {last} {balance}");
            assert!(on.into_parts().1.contains(&day(today).plus(1)));
        }
    }

    #[test]
    fn a_labour_fee_that_may_be_relied_on_counts_until_the_day_before() {
        for (today, last, fee, balance, found) in [
            // By 8 April, and five days of grace.
            ("2026-04-09", "2026-03-08", 600, 400, None),
            ("2026-04-09", "2026-03-08", 600, 399, Some((Level::Blue, 1))),
            ("2026-04-13", "2026-03-08", 600, 400, None),
            ("2026-04-13", "2026-03-07", 600, 400, Some((Level::Blue, 600))),
            // A day before, only what is there counts.
            ("2026-04-14", "2026-03-15", 600, 400, Some((Level::Yellow, 600))),
            // Who pays parts: the next is due on the due date, and after it.
            ("2026-04-09", "2026-03-15", 601, 400, None),
            ("2026-04-09", "2026-03-16", 601, 400, Some((Level::Blue, 600))),
            // Who pays whole fees owes one already.
            ("2026-04-09", "2026-03-16", 600, 400, None),
            // None has come yet: that of the first pay day is counted on, until the day before.
            ("2026-04-09", "2026-04-10", 600, 400, None),
            ("2026-04-09", "2026-04-10", 600, 399, Some((Level::Blue, 1))),
            ("2026-04-14", "2026-04-15", 600, 400, Some((Level::Yellow, 600))),
        ] {
            let facts = Project { labour_fee_fen: Some(Fen(fee)), ..facts() };
            let fees = BTreeMap::from([(day(last), 600)]);
            let coming = Some(Coming { expected: 1000, paid: 0 });
            let view = ProjectView {
                facts: Some(&facts),
                balance: Some(balance),
                labour_fees: vec![&fees],
                months: vec![MonthTotals { coming, ..month("2026-03", 3) }],
                ..project(0, 0, day(today))
            };
            let mut on = judgement(today);
            judge(&view, &mut on);
            let short = on.findings().first().map(|finding| (finding.level, finding.amount));
            assert_eq!(short, found, "{today} {last} {fee} {balance}");
        }
    }

    #[test]
    fn on_the_day_before_a_fee_counts_that_came_as_late_the_last_time() {
        let facts = Project { labour_fee_fen: Some(Fen(600)), ..facts() };
        // February was due on 15 March; March is on 15 April.
        for (today, last, found) in [
            ("2026-04-14", "2026-03-14", None),
            ("2026-04-14", "2026-03-13", None),
            ("2026-04-14", "2026-03-15", None),
            ("2026-04-14", "2026-03-12", Some((Level::Yellow, 600))),
            ("2026-04-15", "2026-03-15", Some((Level::Yellow, 600))),
            // Of no pay day before this one.
            ("2026-04-14", "2026-03-16", Some((Level::Yellow, 600))),
        ] {
            let fees = BTreeMap::from([(day(last), 600)]);
            let coming = Some(Coming { expected: 1000, paid: 0 });
            let months = vec![month("2026-02", 3), MonthTotals { coming, ..month("2026-03", 3) }];
            let view = ProjectView {
                facts: Some(&facts),
                balance: Some(400),
                labour_fees: vec![&fees],
                months,
                ..project(0, 0, day(today))
            };
            let mut on = judgement(today);
            judge(&view, &mut on);
            let short = on.findings().first().map(|finding| (finding.level, finding.amount));
            assert_eq!(short, found, "{today} {last}");
        }
    }

    #[test]
    fn what_is_due_before_is_taken_off_first() {
        let coming = Some(Coming { expected: 1000, paid: 0 });
        let months = ["2026-01", "2026-02"].map(|of| MonthTotals { coming, ..month(of, 3) });
        let mut view = project(0, 0, day("2026-03-10"));
        (view.balance, view.months) = (Some(1500), months.into());
        let mut on = judgement("2026-03-10");
        judge(&view, &mut on);
        let found: Vec<_> = on.findings().iter().map(|f| (f.period.unwrap().to_string(), f.amount)).collect();
        assert_eq!(found, [("2026-02".to_owned(), 500)]);
    }
}
