//! `alert-overdue`: an alert was not acknowledged, or not settled, in its time.
//!
//! **Article**: county plan 2025, section 3 (15).
//! **Found when**: an alert asks for somebody (it is not rolled up in another, dismissed or exempted), and its time
//! has passed: to acknowledge it `acknowledge_red_hours` of working time (`_orange_`, `_yellow_`, `_blue_` likewise),
//! to settle it `settle_red_working_days` (orange, yellow; a forecast is settled by what comes). Both times begin when it
//! is raised, reopened, or asks again after an exemption or a dismissal; a level that rises shortens them from that
//! day on. Working time is `work_hours` from `work_from_minute` on, on working days by the calendar, beginning
//! with the time of the day at which the log was written. The time has passed when the business date is past
//! the day on which it ends: the core has no clock, the business date is its only one.
//! **Clears when**: the alert is acknowledged, or settled; the escalation stays to be seen until the alert begins anew.
//! **Evidence**: on the alert itself: the step of the ladder (sector's department, coordinator, county head), and
//! since when. It is no alert of its own, for it would only ask the same people once more; its row is `escalated`.
//! **Not covered**: holidays of single offices; hours missed within a day.

use crate::domain::{Day, Deadlines, Level, Rulebook};

/// By when an alert of that level is to be acknowledged and settled that begins to ask at that minute
/// of the business day (after civil midnight; more than a day's for the hours before the next one begins).
pub fn deadlines(level: Level, today: Day, minute: i64, book: &Rulebook) -> Deadlines {
    let numbers = book.at(today);
    let (hours, days) = match level {
        Level::Red => (numbers.acknowledge_red_hours, Some(numbers.settle_red_working_days)),
        Level::Orange => (numbers.acknowledge_orange_hours, Some(numbers.settle_orange_working_days)),
        Level::Yellow => (numbers.acknowledge_yellow_hours, Some(numbers.settle_yellow_working_days)),
        Level::Blue => (numbers.acknowledge_blue_hours, None),
    };
    Deadlines {
        acknowledge_by: after_work(hours * 60, today, minute, book),
        settle_by: days.map(|days| book.calendar.plus_workdays(today, days)),
    }
}

/// The day on which so many minutes of work are over.
fn after_work(minutes: i64, today: Day, minute: i64, book: &Rulebook) -> Day {
    let numbers = book.at(today);
    let whole = numbers.work_hours * 60;
    let end = numbers.work_from_minute + whole;
    let first = match book.calendar.is_workday(today) {
        true => (end - minute).clamp(0, whole),
        false => 0,
    };
    // Whole days of work that are still needed once the first one is over.
    let rest = (minutes - first).max(0);
    book.calendar.plus_workdays(today, rest / whole + i64::from(rest % whole > 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Calendar, DayKind};

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn book() -> Rulebook {
        let holiday = (day("2026-05-01"), DayKind::Holiday);
        Rulebook { calendar: Calendar::new([holiday]), ..Rulebook::default() }
    }

    #[track_caller]
    fn check(level: Level, today: &str, time: (i64, i64), acknowledge_by: &str, settle_by: Option<&str>) {
        let found = deadlines(level, day(today), time.0 * 60 + time.1, &book());
        assert_eq!(found, Deadlines { acknowledge_by: day(acknowledge_by), settle_by: settle_by.map(day) });
    }

    #[test]
    fn hours_of_work_begin_when_it_is_raised() {
        // 2026-04-16 is a Thursday; 8 hours from 9:00.
        check(Level::Red, "2026-04-16", (4, 0), "2026-04-16", Some("2026-04-23"));
        check(Level::Red, "2026-04-16", (13, 0), "2026-04-16", Some("2026-04-23"));
        check(Level::Red, "2026-04-16", (13, 1), "2026-04-17", Some("2026-04-23"));
        check(Level::Orange, "2026-04-16", (9, 0), "2026-04-16", Some("2026-04-30"));
        check(Level::Orange, "2026-04-16", (9, 1), "2026-04-17", Some("2026-04-30"));
        check(Level::Yellow, "2026-04-16", (9, 0), "2026-04-20", Some("2026-05-08"));
        check(Level::Yellow, "2026-04-16", (17, 0), "2026-04-21", Some("2026-05-08"));
        check(Level::Blue, "2026-04-16", (12, 0), "2026-04-21", None);
    }

    #[test]
    fn nobody_works_on_rest_days_and_after_hours() {
        // Saturday; then a Thursday night before a holiday and a weekend.
        check(Level::Red, "2026-04-18", (10, 0), "2026-04-20", Some("2026-04-24"));
        check(Level::Red, "2026-04-30", (26, 0), "2026-05-04", Some("2026-05-08"));
    }
}
