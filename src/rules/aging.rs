//! How long a wage has been owed, and what colour that is. Shared by the rules that age; knows none.

use crate::domain::{Day, Level, PeriodView, Rulebook};

/// Whether more than the tolerance is open, due or not.
pub(super) fn is_owed(period: &PeriodView, book: &Rulebook) -> bool {
    period.arrears > i128::from(book.tolerance_fen)
}

/// Business date > due date, and arrears > tolerance (contract, section 4).
pub fn is_overdue(period: &PeriodView, today: Day, book: &Rulebook) -> bool {
    today > period.due_on && is_owed(period, book)
}

/// Red beyond `red_after_days`, orange beyond `orange_after_days`, else yellow.
pub(super) fn level_by_age(overdue_days: i32, book: &Rulebook) -> Level {
    if overdue_days > book.red_after_days {
        Level::Red
    } else if overdue_days > book.orange_after_days {
        Level::Orange
    } else {
        Level::Yellow
    }
}

/// The days after `today` on which what is due on `due_on` becomes overdue or takes another colour.
pub(super) fn turning_days(due_on: Day, today: Day, book: &Rulebook, each: &mut dyn FnMut(Day)) {
    for age in [0, book.orange_after_days, book.red_after_days] {
        let turns_on = due_on.plus(age.saturating_add(1));
        if turns_on > today {
            each(turns_on);
        }
    }
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
            assert_eq!(level_by_age(days, &book), level, "{days}");
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
