//! Instants as the sources state them, and the business date they belong to. Knows no clock.

use super::Day;
use jiff::Timestamp;
use std::fmt;

/// An instant, nanoseconds since the Unix epoch. Years 1970 to 2199.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(pub i64);

/// When a business day begins, in minutes after civil midnight in Asia/Shanghai (contract, section 2).
/// A swipe before it belongs to the day before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DayStart(pub u16);

impl Default for DayStart {
    fn default() -> Self {
        DayStart(4 * 60)
    }
}

impl DayStart {
    /// The instant at which that business day begins.
    pub fn begins(self, day: Day) -> Time {
        Time::from_seconds(i64::from(day.0) * DAY_SECONDS - SHANGHAI_SECONDS + i64::from(self.0) * 60)
    }
}

const NANOS: i64 = 1_000_000_000;
const DAY_SECONDS: i64 = 86_400;
// China has had one zone and no summer time since 1991.
const SHANGHAI_SECONDS: i64 = 8 * 3600;
const LAST_SECOND: i64 = 7_258_118_400; // 2200-01-01T00:00:00Z

impl Time {
    /// Parses RFC 3339 with an offset. `None` for anything else, or years outside 1970-2199.
    pub fn parse(text: &str) -> Option<Time> {
        let time = match parse_plain(text.as_bytes()) {
            Some(time) => time,
            None => parse_general(text)?,
        };
        (0..LAST_SECOND * NANOS).contains(&time.0).then_some(time)
    }

    /// Whole seconds since the Unix epoch.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(NANOS)
    }

    pub fn from_seconds(seconds: i64) -> Time {
        Time(seconds.saturating_mul(NANOS))
    }

    /// The business date, and the seconds since that business day began.
    pub fn business(self, start: DayStart) -> (Day, u32) {
        let local = self.seconds() + SHANGHAI_SECONDS - i64::from(start.0) * 60;
        let day = local.div_euclid(DAY_SECONDS);
        let second = local.rem_euclid(DAY_SECONDS);
        // `Time` is bounded to 1970-2199, so both fit.
        (Day(i32::try_from(day).unwrap_or(i32::MAX)), u32::try_from(second).unwrap_or(0))
    }
}

// `YYYY-MM-DDTHH:MM:SS` and `Z` or `±HH:MM`: what nearly every record carries. Anything else
// goes to jiff; a test holds the two together.
fn parse_plain(b: &[u8]) -> Option<Time> {
    let zone = match b.len() {
        20 if b[19] == b'Z' => 0,
        25 if b[22] == b':' => {
            let (h, m) = (two(b, 20)?, two(b, 23)?);
            let seconds = h * 3600 + m * 60;
            match b[19] {
                _ if h > 23 || m > 59 => return None,
                b'+' => seconds,
                b'-' => -seconds,
                _ => return None,
            }
        }
        _ => return None,
    };
    if b[10] != b'T' || b[13] != b':' || b[16] != b':' || b[4] != b'-' || b[7] != b'-' {
        return None;
    }
    let (hour, minute, second) = (two(b, 11)?, two(b, 14)?, two(b, 17)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let year = i32::try_from(two(b, 0)? * 100 + two(b, 2)?).ok()?;
    let month = u32::try_from(two(b, 5)?).ok()?;
    let day = Day::from_ymd(year, month, u32::try_from(two(b, 8)?).ok()?)?;
    let seconds = i64::from(day.0) * DAY_SECONDS + hour * 3600 + minute * 60 + second - zone;
    seconds.checked_mul(NANOS).map(Time)
}

fn two(b: &[u8], at: usize) -> Option<i64> {
    let (x, y) = (b[at].wrapping_sub(b'0'), b[at + 1].wrapping_sub(b'0'));
    (x < 10 && y < 10).then(|| i64::from(x) * 10 + i64::from(y))
}

fn parse_general(text: &str) -> Option<Time> {
    // jiff also takes forms that RFC 3339 does not have (a space, a zone in brackets, no seconds).
    let b = text.as_bytes();
    let shape = b.len() >= 20 && matches!(b[10], b'T' | b't') && b[13] == b':' && b[16] == b':';
    if !shape || text.contains('[') || !offset_is_rfc3339(b) {
        return None;
    }
    let stamp: Timestamp = text.parse().ok()?;
    i64::try_from(stamp.as_nanosecond()).ok().map(Time)
}

fn offset_is_rfc3339(b: &[u8]) -> bool {
    match b {
        [.., b'Z' | b'z'] => true,
        [.., b'+' | b'-', h1, h2, b':', m1, m2] => [h1, h2, m1, m2].iter().all(|c| c.is_ascii_digit()),
        _ => false,
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_nanosecond(i128::from(self.0)) {
            // Written in China's offset, as the county's users read it.
            Ok(stamp) => write!(f, "{}", stamp.display_with_offset(jiff::tz::offset(8))),
            Err(_) => write!(f, "{}ns", self.0),
        }
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_night_shift_belongs_to_the_day_before() {
        let check = |text: &str, day: &str, second: u32| {
            let (d, s) = Time::parse(text).unwrap().business(DayStart::default());
            assert_eq!((d.to_string().as_str(), s), (day, second), "{text}");
        };
        check("2026-03-04T02:30:00+08:00", "2026-03-03", 22 * 3600 + 1800);
        check("2026-03-04T03:59:59+08:00", "2026-03-03", 86_399);
        check("2026-03-04T04:00:00+08:00", "2026-03-04", 0);
        check("2026-03-03T20:00:00Z", "2026-03-04", 0);
        check("2026-03-03T20:00:00.999Z", "2026-03-04", 0);
    }

    #[test]
    fn only_rfc3339_with_an_offset_is_taken() {
        for bad in [
            "2026-03-04T02:30:00",
            "2026-03-04 02:30:00+08:00",
            "2026-03-04",
            "2026-03-04T25:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-03-04T02:30Z",
            "2026-03-04T02:30:00+0800",
            "2026-03-04T02:30:00+08:00[Asia/Shanghai]",
            "1969-12-31T23:59:59Z",
            "2200-01-01T00:00:00Z",
            "2026-03-04T02:30:00+08:61",
            "",
        ] {
            assert_eq!(Time::parse(bad), None, "{bad}");
        }
        assert!(Time::parse("2026-03-04T02:30:00.123456789-05:00").is_some());
        assert!(Time::parse("2026-03-04t02:30:00z").is_some());
    }

    proptest! {
        #[test]
        fn the_plain_path_agrees_with_jiff(seconds in 0i64..LAST_SECOND, hours in -23i32..24) {
            let stamp = Timestamp::from_second(seconds).unwrap();
            let offset = jiff::tz::Offset::from_seconds(hours * 3600).unwrap();
            let text = stamp.display_with_offset(offset).to_string();
            prop_assert_eq!(Time::parse(&text).map(Time::seconds), Some(seconds), "{}", text);
        }
    }
}
