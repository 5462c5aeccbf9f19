//! Civil dates and months as small integers. Knows no time zone and no clock.

use std::fmt;

/// A civil date, days since 1970-01-01. Years 1 to 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

/// A month of work, months since 1970-01. Years 1970 to 2999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(pub u16);

impl Day {
    /// The date, or `None` if there is no such day (30 February).
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Day> {
        if !(1..=9999).contains(&year) || !(1..=12).contains(&month) {
            return None;
        }
        if day == 0 || day > days_in_month(year, month) {
            return None;
        }
        Some(Day(days_from_civil(year, month, day)))
    }

    /// Year, month (1-12), day of the month (1-31).
    pub fn ymd(self) -> (i32, u32, u32) {
        civil_from_days(self.0)
    }

    /// Parses exactly `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Day> {
        let b = text.as_bytes();
        if b.len() != 10 || b[4] != b'-' || b[7] != b'-' {
            return None;
        }
        let year = digits(&b[..4])?;
        Day::from_ymd(i32::try_from(year).ok()?, digits(&b[5..7])?, digits(&b[8..])?)
    }

    /// 0 = Monday … 6 = Sunday.
    pub fn weekday(self) -> u32 {
        // 1970-01-01 was a Thursday.
        (self.0 + 3).rem_euclid(7).unsigned_abs()
    }

    /// The date `days` later (earlier if negative).
    pub fn plus(self, days: i32) -> Day {
        Day(self.0.saturating_add(days))
    }

    /// `self - earlier` in days.
    pub fn since(self, earlier: Day) -> i32 {
        self.0.saturating_sub(earlier.0)
    }

    /// The month the date lies in; `None` outside the years of [`Period`].
    pub fn period(self) -> Option<Period> {
        let (y, m, _) = self.ymd();
        Period::from_ym(y, m)
    }

    /// Day of the month, 1-31.
    pub fn day_of_month(self) -> u32 {
        self.ymd().2
    }
}

impl Period {
    /// The first and the last month that a record may name.
    pub const FIRST: Period = Period(0);
    pub const LAST: Period = Period(1030 * 12 - 1);

    /// `None` unless the year is 1970-2999 and the month 1-12.
    pub fn from_ym(year: i32, month: u32) -> Option<Period> {
        if !(1970..=2999).contains(&year) || !(1..=12).contains(&month) {
            return None;
        }
        let months = (year - 1970) * 12 + i32::try_from(month).ok()? - 1;
        u16::try_from(months).ok().map(Period)
    }

    /// Year and month (1-12).
    pub fn ym(self) -> (i32, u32) {
        (1970 + i32::from(self.0 / 12), u32::from(self.0 % 12) + 1)
    }

    /// Parses exactly `YYYY-MM`.
    pub fn parse(text: &str) -> Option<Period> {
        let b = text.as_bytes();
        if b.len() != 7 || b[4] != b'-' {
            return None;
        }
        Period::from_ym(i32::try_from(digits(&b[..4])?).ok()?, digits(&b[5..])?)
    }

    /// The month `months` later; stays within the years of [`Period`].
    pub fn plus(self, months: u16) -> Period {
        Period(self.0.saturating_add(months).min(Period::LAST.0))
    }

    /// The first day of the month.
    pub fn first_day(self) -> Day {
        let (y, m) = self.ym();
        Day(days_from_civil(y, m, 1))
    }

    /// Days in the month, 28-31.
    pub fn days(self) -> u32 {
        let (y, m) = self.ym();
        days_in_month(y, m)
    }

    /// The given day of the month, or its last day if it has fewer.
    pub fn day_or_last(self, day: u32) -> Day {
        let (y, m) = self.ym();
        Day(days_from_civil(y, m, day.clamp(1, days_in_month(y, m))))
    }
}

fn digits(bytes: &[u8]) -> Option<u32> {
    let mut n = 0u32;
    for b in bytes {
        if !b.is_ascii_digit() {
            return None;
        }
        n = n * 10 + u32::from(b - b'0');
    }
    Some(n)
}

fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

// The proleptic Gregorian calendar in eras of 400 years that begin on 1 March.
fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    let m = month.cast_signed();
    let y = if m <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * (if m > 2 { m - 3 } else { m + 9 }) + 2) / 5 + day.cast_signed() - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

fn civil_from_days(days: i32) -> (i32, u32, u32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i32::from(month <= 2);
    (year, month.unsigned_abs(), day.unsigned_abs())
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (y, m, d) = self.ymd();
        write!(f, "{y:04}-{m:02}-{d:02}")
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (y, m) = self.ym();
        write!(f, "{y:04}-{m:02}")
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_four_centuries_agrees_with_jiff() {
        let mut date = jiff::civil::date(1900, 1, 1);
        let mut day = Day::from_ymd(1900, 1, 1).unwrap();
        while date.year() < 2300 {
            assert_eq!(day.to_string(), date.to_string());
            assert_eq!(Day::parse(&date.to_string()), Some(day));
            assert_eq!(day.weekday(), u32::try_from(date.weekday().to_monday_zero_offset()).unwrap());
            date = date.tomorrow().unwrap();
            day = day.plus(1);
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "2026-02-30",
            "2025-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-1-01",
            "2026-01-32",
            "20260101",
            "２026-01-01",
            "",
            "0000-01-01",
        ] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
        for text in ["2026-13", "2026-00", "1969-12", "3000-01", "2026-1", "2026-01-01", ""] {
            assert_eq!(Period::parse(text), None, "{text}");
        }
    }

    #[test]
    fn months_clamp_to_their_last_day() {
        let feb = Period::parse("2026-02").unwrap();
        assert_eq!(feb.day_or_last(31).to_string(), "2026-02-28");
        assert_eq!(feb.plus(22).to_string(), "2027-12");
        assert_eq!(Period::parse("2024-02").unwrap().days(), 29);
    }
}
