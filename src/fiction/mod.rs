//! Made-up counties: records with known truth, the same for the same seed. Everything here is invented:
//! people, firms, accounts. Knows the nouns of `domain` only: no ledger, no rules, no file, no format.
//!
//! A county is told day by day ([`County`] is an iterator): the records that arrive on a date, in order
//! of time, so that a demo can feed a day a tick. Which troubles were planted, where, and how much money
//! they withhold, is in [`County::planted`].

mod county;
mod disorder;
mod guests;
mod papers;
mod people;
mod site;
mod till;
mod trouble;
mod wages;

pub use county::County;
pub use disorder::Disorder;
pub use trouble::{Planted, Trouble};

use crate::domain::Period;

/// The size of a county and how much goes wrong in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    pub seed: u64,
    /// At least 1.
    pub projects: u32,
    /// At least 1; every project gets some if there are enough.
    pub workers: u32,
    /// Months of attendance; payments go on until they are settled.
    pub months: u16,
    /// The first month of attendance.
    pub first: Period,
    /// Projects in trouble; a fifth of it is the share of single wages in trouble.
    pub troubles: Share,
}

/// A share of 0 to 1, in parts of a million.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct Share(u32);

impl Share {
    const WHOLE: u32 = 1_000_000;

    pub fn percent(percent: u32) -> Share {
        Share(percent.min(100) * (Share::WHOLE / 100))
    }

    /// Parses `0.05` or `5%`: 0 to 1, or 0 to 100 with a percent sign.
    pub fn parse(text: &str) -> Option<Share> {
        let (number, unit) = match text.strip_suffix('%') {
            Some(number) => (number, Share::WHOLE / 100),
            None => (text, Share::WHOLE),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |s: &str| (1..=6).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return None;
        }
        let scale = 10u64.pow(u32::try_from(fraction.len()).ok()?);
        let value = whole.parse::<u64>().ok()? * u64::from(unit)
            + fraction.parse::<u64>().ok()? * u64::from(unit) / scale;
        u32::try_from(value).ok().filter(|v| *v <= Share::WHOLE).map(Share)
    }

    /// Whether it happens this time.
    pub fn strikes(self, dice: &mut impl rand::Rng) -> bool {
        self.0 > 0 && dice.random_ratio(self.0, Share::WHOLE)
    }

    /// The share of a number, rounded up.
    fn of(self, count: u32) -> u32 {
        let part = (u64::from(count) * u64::from(self.0)).div_ceil(u64::from(Share::WHOLE));
        u32::try_from(part).unwrap_or(count)
    }

    fn fifth(self) -> Share {
        Share(self.0 / 5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_exactly() {
        for (text, want) in [
            ("0", Some(0)),
            ("0.05", Some(50_000)),
            ("5%", Some(50_000)),
            ("0.5%", Some(5_000)),
            ("1", Some(1_000_000)),
            ("100%", Some(1_000_000)),
            ("1.01", None),
            ("-0.1", None),
            ("101%", None),
            ("", None),
            ("%", None),
            ("NaN", None),
        ] {
            assert_eq!(Share::parse(text).map(|s| s.0), want, "{text}");
        }
        assert_eq!((Share::percent(5).of(10), Share::percent(5).of(0)), (1, 0));
    }
}
