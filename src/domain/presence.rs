//! On which days of a month somebody worked where: a few bits a worker and month, and what a rule sees of
//! them over all projects. Knows no swipe and no statement.

use super::{Day, IdNumber, Period, Project, ProjectId};

/// Days of a month, a bit each; the lowest is the first of the month.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct MonthDays(pub u32);

impl MonthDays {
    /// The days that are in both.
    #[must_use]
    pub fn and(self, other: MonthDays) -> MonthDays {
        MonthDays(self.0 & other.0)
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether that day is in it; 0 is the first of the month.
    pub fn has(self, index: u8) -> bool {
        u32::from(index) < u32::BITS && self.0 >> index & 1 == 1
    }

    /// Which days are in it, ascending; 0 is the first of the month.
    pub fn indices(self) -> impl Iterator<Item = u8> {
        (0..32).filter(move |index| self.has(*index))
    }

    /// As dates of that month, ascending.
    pub fn of(self, period: Period) -> impl Iterator<Item = Day> {
        self.indices().map(move |index| period.first_day().plus(i32::from(index)))
    }

    /// The days that are in two of them or more.
    pub fn shared(all: impl IntoIterator<Item = MonthDays>) -> MonthDays {
        let (mut once, mut twice) = (0, 0);
        for days in all {
            twice |= once & days.0;
            once |= days.0;
        }
        MonthDays(twice)
    }
}

/// A worker's month over all projects: where he worked on a day on which he worked elsewhere too.
#[derive(Clone, PartialEq, Debug)]
pub struct PersonView<'a> {
    pub id_number: &'a IdNumber,
    pub period: Period,
    /// Two or more, ascending by project.
    pub stays: Vec<StayView<'a>>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct StayView<'a> {
    pub project_id: &'a ProjectId,
    /// The days that he worked at another project as well.
    pub days: MonthDays,
    /// What the `project` record says, if one is known.
    pub facts: Option<&'a Project>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_shared_from_the_second_on() {
        let days = |bits: &[u32]| MonthDays::shared(bits.iter().map(|bits| MonthDays(*bits)));
        assert!(days(&[]).is_empty() && days(&[0b111]).is_empty() && days(&[0b101, 0b010]).is_empty());
        assert_eq!(days(&[0b101, 0b110]), MonthDays(0b100));
        assert_eq!(days(&[0b001, 0b110, 0b011]), MonthDays(0b011));
    }

    #[test]
    fn bits_are_dates() {
        let days: Vec<String> =
            MonthDays(1 | 1 << 30).of(Period::parse("2026-03").unwrap()).map(|day| day.to_string()).collect();
        assert_eq!(days, ["2026-03-01", "2026-03-31"]);
    }
}
