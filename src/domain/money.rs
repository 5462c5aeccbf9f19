//! Money in fen and worked days in hundredths: integers only, rounding half up.

use std::fmt;

/// An amount as a source states it: 1/100 yuan, 0 to 10^13.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Fen(pub i64);

impl Fen {
    /// The largest amount that a record may state (contract, section 2).
    pub const MAX: Fen = Fen(10_000_000_000_000);

    pub fn sum(self) -> Sum {
        Sum::from(self.0)
    }
}

/// A computed sum of fen. Wide enough that no number of stated amounts overflows it.
pub type Sum = i128;

/// Worked days in hundredths of a day: one statement is 0 to 300, a month's sum more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Days(pub u32);

impl Days {
    /// Parses a JSON number of 0 to 3 with at most two decimals, exactly (no float on the way).
    pub fn parse(text: &str) -> Option<Days> {
        let (whole, frac) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |s: &str| (1..=2).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
        if whole.len() != 1 || !digits(whole) || !digits(frac) {
            return None;
        }
        let tens = if frac.len() == 1 { 10 } else { 1 };
        let hundredths = whole.parse::<u32>().ok()? * 100 + frac.parse::<u32>().ok()? * tens;
        (hundredths <= 300).then_some(Days(hundredths))
    }
}

/// As the report prints it: `21.5`, `1.0`, `0.25`.
impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, frac) = (self.0 / 100, self.0 % 100);
        if frac % 10 == 0 { write!(f, "{whole}.{}", frac / 10) } else { write!(f, "{whole}.{frac:02}") }
    }
}

impl fmt::Debug for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `round(numerator / denominator)`, half up, for a denominator > 0 (contract, section 4).
pub fn div_half_up(numerator: Sum, denominator: Sum) -> Sum {
    (2 * numerator + denominator).div_euclid(2 * denominator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_exactly() {
        let check =
            |text: &str, want: Option<u32>| assert_eq!(Days::parse(text).map(|d| d.0), want, "{text}");
        check("1", Some(100));
        check("1.5", Some(150));
        check("0.25", Some(25));
        check("3.00", Some(300));
        check("0", Some(0));
        for bad in ["3.01", "4", "-1", "1.005", "1e0", "01", "1.", ".5", "", "NaN", "+1"] {
            check(bad, None);
        }
    }

    #[test]
    fn days_print_as_in_the_report() {
        for (hundredths, want) in [(2150, "21.5"), (100, "1.0"), (25, "0.25"), (2205, "22.05"), (0, "0.0")] {
            assert_eq!(Days(hundredths).to_string(), want);
        }
    }

    #[test]
    fn halves_round_up() {
        for (n, d, want) in [(5, 2, 3), (4, 3, 1), (1, 2, 1), (0, 7, 0), (-5, 2, -2), (7, 1, 7)] {
            assert_eq!(div_half_up(n, d), want, "{n}/{d}");
        }
    }
}
