//! The numbers and the calendar that rules judge by: data, given to the core by its shell, each
//! number with the date from which it counts. A past month is judged by the numbers of its time.

use super::numbers::Numbers;
use super::{Calendar, Day, DayStart};

/// Everything a judgement depends on beside ledger and business date.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rulebook {
    /// Names this set of numbers in alerts.
    pub version: String,
    pub calendar: Calendar,
    pub day_starts_at: DayStart,
    pub editions: Editions,
}

/// Ascending by date, never empty; the first one counts for all time before the second.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Editions(Vec<Edition>);

/// All numbers as they count from a date on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edition {
    pub effective_from: Day,
    pub numbers: Numbers,
}

impl Default for Rulebook {
    fn default() -> Self {
        Rulebook::of(Numbers::default())
    }
}

impl Rulebook {
    /// One set of numbers for all time.
    pub fn of(numbers: Numbers) -> Rulebook {
        Rulebook {
            version: "default".into(),
            calendar: Calendar::default(),
            day_starts_at: DayStart::default(),
            editions: Editions(vec![Edition { effective_from: Day(i32::MIN), numbers }]),
        }
    }

    /// With these editions; of two of one date the later in the list counts. None changes nothing.
    #[must_use]
    pub fn with_editions(mut self, mut editions: Vec<Edition>) -> Rulebook {
        editions.sort_by_key(|edition| edition.effective_from);
        let mut kept: Vec<Edition> = Vec::new();
        for edition in editions {
            match kept.last_mut() {
                Some(last) if last.effective_from == edition.effective_from => *last = edition,
                _ => kept.push(edition),
            }
        }
        if !kept.is_empty() {
            self.editions = Editions(kept);
        }
        self
    }

    pub fn editions(&self) -> &[Edition] {
        &self.editions.0
    }

    /// The numbers that count on that date.
    pub fn at(&self, day: Day) -> &Numbers {
        let after = self.editions.0.partition_point(|edition| edition.effective_from <= day);
        // The first edition counts for all time before it, too.
        &self.editions.0[after.saturating_sub(1)].numbers
    }

    /// Whether the other rulebook has the same of that, on every date.
    pub fn agrees_on<T: PartialEq>(&self, other: &Rulebook, of: impl Fn(&Numbers) -> T) -> bool {
        let mut dates = self.editions().iter().chain(other.editions()).map(|edition| edition.effective_from);
        let agrees = |day: Day| of(self.at(day)) == of(other.at(day));
        agrees(Day(i32::MIN)) && dates.all(agrees)
    }

    /// Whether other numbers begin to count after `since`, up to and on `until`.
    pub fn changes_between(&self, since: Day, until: Day) -> bool {
        self.editions.0.iter().skip(1).any(|e| e.effective_from > since && e.effective_from <= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edition(date: &str, tolerance_fen: i64) -> Edition {
        let numbers = Numbers { tolerance_fen, ..Numbers::default() };
        Edition { effective_from: Day::parse(date).unwrap(), numbers }
    }

    #[test]
    fn each_day_has_the_numbers_of_its_time() {
        let editions =
            vec![edition("2026-03-01", 300), edition("2025-01-01", 100), edition("2025-06-01", 200)];
        let book = Rulebook::default().with_editions(editions);
        for (day, expected) in [
            ("2024-01-01", 100),
            ("2025-05-31", 100),
            ("2025-06-01", 200),
            ("2026-02-28", 200),
            ("2026-03-01", 300),
            ("2030-01-01", 300),
        ] {
            assert_eq!(book.at(Day::parse(day).unwrap()).tolerance_fen, expected, "{day}");
        }
        let changes = |a: &str, b: &str| book.changes_between(Day::parse(a).unwrap(), Day::parse(b).unwrap());
        assert!(changes("2025-05-31", "2025-06-01") && changes("2025-05-31", "2026-12-31"));
        assert!(!changes("2025-06-01", "2026-02-28") && !changes("2024-01-01", "2025-01-01"));
    }

    #[test]
    fn rulebooks_agree_on_what_is_the_same_on_every_date() {
        let book = |editions| Rulebook::default().with_editions(editions);
        let (one, other) = (book(vec![edition("2026-01-01", 1)]), book(vec![edition("2026-02-01", 1)]));
        assert!(one.agrees_on(&other, |numbers| numbers.tolerance_fen));
        let other = book(vec![edition("2026-01-01", 1), edition("2026-05-01", 2)]);
        assert!(!one.agrees_on(&other, |numbers| numbers.tolerance_fen));
        assert!(!other.agrees_on(&one, |numbers| numbers.tolerance_fen));
        assert!(one.agrees_on(&other, |numbers| numbers.red_after_days));
    }

    #[test]
    fn the_last_of_one_date_counts_and_no_editions_change_nothing() {
        let book = Rulebook::default();
        assert_eq!(book.clone().with_editions(vec![]), book);
        let book = book.with_editions(vec![edition("2026-03-01", 1), edition("2026-03-01", 2)]);
        assert_eq!((book.editions().len(), book.at(Day(0)).tolerance_fen), (1, 2));
    }
}
