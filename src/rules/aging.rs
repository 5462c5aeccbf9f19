//! How long a wage has been owed, and what colour that is. Shared by the rules that age; knows none.

use super::Judgement;
use crate::domain::{Day, Level, PeriodView, Rulebook};

/// Whether more than the tolerance is open, due or not.
pub(super) fn is_owed(period: &PeriodView, book: &Rulebook) -> bool {
    period.arrears > i128::from(book.at(period.due_on).tolerance_fen)
}

/// Business date > due date, and arrears > tolerance (contract, section 4).
pub fn is_overdue(period: &PeriodView, today: Day, book: &Rulebook) -> bool {
    today > period.due_on && is_owed(period, book)
}

/// Red beyond `red_after_days`, orange beyond `orange_after_days`, else yellow: the numbers of the
/// day on which it was due, and days since then.
pub(super) fn level_by_age(due_on: Day, today: Day, book: &Rulebook) -> Level {
    let (overdue_days, numbers) = (i64::from(today.since(due_on)), book.at(due_on));
    if overdue_days > numbers.red_after_days {
        Level::Red
    } else if overdue_days > numbers.orange_after_days {
        Level::Orange
    } else {
        Level::Yellow
    }
}

/// The days on which what is due on `due_on` becomes overdue or takes another colour are looked at again.
pub(super) fn turns(due_on: Day, on: &mut Judgement<'_>) {
    let numbers = on.book.at(due_on);
    for age in [0, numbers.orange_after_days, numbers.red_after_days] {
        on.look_again(after(due_on, age.saturating_add(1)));
    }
}

/// Of many who are owed at once: orange, red when the oldest month is overdue by more than the number of today.
pub(super) fn level_of_group(oldest_due_on: Day, on: &mut Judgement<'_>) -> Level {
    let red_after = on.numbers().group_arrears_red_after_days;
    on.look_again(after(oldest_due_on, red_after.saturating_add(1)));
    if i64::from(on.today.since(oldest_due_on)) > red_after { Level::Red } else { Level::Orange }
}

/// The day so many days later.
pub(super) fn after(day: Day, days: i64) -> Day {
    // Bounds of the rulebook keep ages far below what does not fit.
    day.plus(i32::try_from(days).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sample::{day, period};

    #[test]
    fn levels_turn_after_the_boundary_day() {
        let book = Rulebook::default();
        for (days, level) in [
            (1, Level::Yellow),
            (30, Level::Yellow),
            (31, Level::Orange),
            (60, Level::Orange),
            (61, Level::Red),
            (900, Level::Red),
        ] {
            assert_eq!(level_by_age(Day(0), Day(days), &book), level, "{days}");
        }
    }

    #[test]
    fn overdue_begins_the_day_after_and_above_tolerance() {
        let book = Rulebook::default();
        for (today, paid, overdue) in [
            ("2026-04-15", 0, false),
            ("2026-04-16", 0, true),
            ("2026-04-16", 99_900, false),
            ("2026-04-16", 99_899, true),
        ] {
            let period = period("2026-03", 100_000, paid);
            assert_eq!(is_overdue(&period, day(today), &book), overdue, "{today} {paid}");
        }
    }
}
