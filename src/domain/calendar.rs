//! Working days by the published calendar with its make-up days.

use super::Day;
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
}
