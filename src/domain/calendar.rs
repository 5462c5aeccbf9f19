//! Working days by the published calendar with its make-up days.

use super::{Day, Period};
use std::collections::BTreeMap;

/// What the published calendar says of a day that differs from its weekday.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DayKind {
    /// A statutory holiday or a day off moved to it.
    Holiday,
    /// A make-up working day on a weekend.
    Workday,
}

/// The days that differ from Monday-to-Friday.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Calendar {
    days: BTreeMap<Day, DayKind>,
}

impl Calendar {
    pub fn new(days: impl IntoIterator<Item = (Day, DayKind)>) -> Calendar {
        Calendar { days: days.into_iter().collect() }
    }

    /// The days that it names, ascending.
    pub fn days(&self) -> impl Iterator<Item = (Day, DayKind)> {
        self.days.iter().map(|(day, kind)| (*day, *kind))
    }

    pub fn is_workday(&self, day: Day) -> bool {
        match self.days.get(&day) {
            Some(kind) => *kind == DayKind::Workday,
            None => day.weekday() < 5,
        }
    }

    /// The day itself, or the last working day before it (Order 724, article 14).
    pub fn on_or_before(&self, day: Day) -> Day {
        // No published holiday is longer than a few weeks; the bound ends a calendar of nothing but holidays.
        (0..366).map(|back| day.plus(-back)).find(|d| self.is_workday(*d)).unwrap_or(day)
    }

    /// Whether the calendar says anything about that year; if not, weekdays alone decide.
    pub fn covers_year(&self, year: i32) -> bool {
        match (Day::from_ymd(year, 1, 1), Day::from_ymd(year, 12, 31)) {
            (Some(first), Some(last)) => self.days.range(first..=last).next().is_some(),
            _ => false,
        }
    }

    /// The `count`-th working day after the day; the day itself for none. A deadline "within so many
    /// working days" ends with that day.
    pub fn plus_workdays(&self, day: Day, count: i64) -> Day {
        self.walk(day, count, 1)
    }

    /// The `count`-th working day before the day; the day itself for none.
    pub fn minus_workdays(&self, day: Day, count: i64) -> Day {
        self.walk(day, count, -1)
    }

    /// Working days after the one day, up to and on the other; none if that is not later.
    pub fn workdays_between(&self, after: Day, until: Day) -> i64 {
        let days = (1..=until.since(after)).filter(|days| self.is_workday(after.plus(*days)));
        days.fold(0, |count, _| count + 1)
    }

    /// Working days in the month.
    pub fn workdays_in(&self, month: Period) -> i64 {
        self.workdays_between(month.first_day().plus(-1), month.day_or_last(31))
    }

    fn walk(&self, day: Day, count: i64, step: i32) -> Day {
        let (mut at, mut left) = (day, count);
        // A calendar of nothing but holidays ends it after twice the days that so many should take.
        let mut days = count.saturating_mul(2).saturating_add(366);
        while left > 0 && days > 0 {
            at = at.plus(step);
            days -= 1;
            left -= i64::from(self.is_workday(at));
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    /// The calendar as published with the program.
    fn published() -> Calendar {
        let rows = include_str!("../../config/calendar.csv").lines().skip(1);
        Calendar::new(rows.map(|row| {
            let mut fields = row.split(',');
            let date = day(fields.next().unwrap());
            let kind = if fields.next() == Some("workday") { DayKind::Workday } else { DayKind::Holiday };
            (date, kind)
        }))
    }

    #[test]
    fn working_days_a_month_are_those_that_were_published() {
        let calendar = published();
        for (year, expected) in [
            (2025, [19, 19, 21, 22, 19, 20, 23, 21, 23, 18, 20, 23]),
            (2026, [21, 16, 22, 21, 19, 21, 23, 21, 22, 18, 21, 23]),
        ] {
            let months = (1..=12).map(|month| calendar.workdays_in(Period::from_ym(year, month).unwrap()));
            assert_eq!(months.collect::<Vec<i64>>(), expected, "{year}");
        }
    }

    #[test]
    fn make_up_days_count_and_holidays_do_not() {
        let calendar = published();
        for (from, count, to) in [
            ("2026-03-02", 0, "2026-03-02"),
            // A Sunday has no working day of its own; none is none.
            ("2026-03-01", 0, "2026-03-01"),
            ("2026-03-01", 1, "2026-03-02"),
            ("2026-03-06", 1, "2026-03-09"),
            ("2026-03-02", 10, "2026-03-16"),
            // Spring Festival: 15 to 23 February off, Saturday the 14th worked, Saturday the 28th too.
            ("2026-02-13", 1, "2026-02-14"),
            ("2026-02-13", 2, "2026-02-24"),
            ("2026-02-26", 2, "2026-02-28"),
            ("2026-02-26", 3, "2026-03-02"),
        ] {
            assert_eq!(calendar.plus_workdays(day(from), count), day(to), "{from} + {count}");
            assert_eq!(calendar.workdays_between(day(from), day(to)), count, "{from} to {to}");
        }
        for (from, count, to) in [
            ("2026-03-16", 10, "2026-03-02"),
            ("2026-02-24", 1, "2026-02-14"),
            ("2026-02-22", 1, "2026-02-14"),
            ("2026-02-24", 2, "2026-02-13"),
            ("2026-02-22", 0, "2026-02-22"),
        ] {
            assert_eq!(calendar.minus_workdays(day(from), count), day(to), "{from} - {count}");
        }
    }

    #[test]
    fn between_counts_the_last_day_and_not_the_first() {
        let calendar = Calendar::default();
        for (after, until, expected) in [
            ("2026-03-02", "2026-03-02", 0),
            ("2026-03-02", "2026-03-03", 1),
            ("2026-03-06", "2026-03-08", 0),
            ("2026-03-06", "2026-03-09", 1),
            ("2026-03-09", "2026-03-06", 0),
        ] {
            assert_eq!(calendar.workdays_between(day(after), day(until)), expected, "{after} to {until}");
        }
    }

    #[test]
    fn a_calendar_of_nothing_but_holidays_ends() {
        let first = day("2026-01-01");
        let calendar = Calendar::new((-2000..2000).map(|n| (first.plus(n), DayKind::Holiday)));
        assert_eq!(calendar.plus_workdays(first, 5).since(first), 376);
        assert_eq!(calendar.minus_workdays(first, 5).since(first), -376);
    }
}
