//! The fast path for attendance lines as machines write them: flat, no escapes, texts and plain
//! numbers only. Takes a line whole or leaves it: whatever is unusual or wrong goes to the full
//! decoder, which then gives the reason. A test holds the two equal on whole and mangled lines.

use crate::domain::{
    Body, Day, Days, Head, IdNumber, ProjectId, Record, Swipe, SwipeDirection, Time, WorkDay,
};
use compact_str::ToCompactString;

/// An attendance line, checked but for its project, which the caller may know already.
pub struct Plain<'a> {
    pub project_id: &'a str,
    pub id_number: IdNumber,
    id: &'a str,
    pub source: &'a str,
    pub at: Time,
    pub what: What<'a>,
}

/// What an attendance line states.
pub enum What<'a> {
    Swipe { swiped_at: Time, direction: Option<SwipeDirection>, device: Option<&'a str> },
    Day { work_date: Day, days: Days, minutes: Option<u16> },
}

/// The attendance record in the line, or `None`: not plain, not valid, or not attendance.
pub fn attendance(line: &str) -> Option<Record> {
    first(line).filter(|(_, rest)| rest.is_empty())?.0.record()
}

/// The attendance line at the head of many lines, and the lines behind it. Finds the line's end on
/// its way, which saves looking for it first.
pub fn first(text: &str) -> Option<(Plain<'_>, &str)> {
    let mut seen = Seen::default();
    let mut rest = Rest { line: text, at: 0 };
    rest.byte(b'{')?;
    loop {
        rest.space();
        rest.byte(b'"')?;
        let name = rest.text()?;
        rest.space();
        rest.byte(b':')?;
        rest.space();
        let slot = seen.slot(name.as_bytes())?;
        let value = match name {
            "days" | "minutes" => rest.number()?,
            _ => {
                rest.byte(b'"')?;
                rest.text()?
            }
        };
        // A field that comes twice is the full decoder's to reject.
        if slot.replace(value).is_some() {
            return None;
        }
        if seen.kind.is_some_and(|kind| kind != "attendance") {
            return None;
        }
        rest.space();
        match rest.next()? {
            b',' => {}
            b'}' => break,
            _ => return None,
        }
    }
    // No such line is longer, and the limit of a line is the full decoder's to tell.
    if rest.at > 4096 {
        return None;
    }
    let tail = &text[rest.at..];
    let after = match tail.strip_prefix('\r').unwrap_or(tail) {
        "" => "",
        tail => tail.strip_prefix('\n')?,
    };
    Some((seen.plain()?, after))
}

impl Plain<'_> {
    /// The record; `None` if the project is no valid one.
    pub fn record(self) -> Option<Record> {
        let project_id = ProjectId::parse("", self.project_id).ok()?;
        let id_number = self.id_number;
        let body = match self.what {
            What::Swipe { swiped_at, direction, device } => Body::Swipe(Swipe {
                project_id,
                id_number,
                swiped_at,
                direction,
                device: device.map(|name| name.to_compact_string()),
            }),
            What::Day { work_date, days, minutes } => {
                Body::WorkDay(WorkDay { project_id, id_number, work_date, days, minutes })
            }
        };
        let (id, source) = (self.id.to_compact_string(), self.source.to_compact_string());
        Some(Record { head: Head { id, source, at: self.at }, body })
    }
}

/// The fields of an attendance record, as they stand in the line.
#[derive(Default)]
struct Seen<'a> {
    kind: Option<&'a str>,
    id: Option<&'a str>,
    source: Option<&'a str>,
    at: Option<&'a str>,
    project_id: Option<&'a str>,
    id_number: Option<&'a str>,
    id_type: Option<&'a str>,
    swiped_at: Option<&'a str>,
    direction: Option<&'a str>,
    device: Option<&'a str>,
    work_date: Option<&'a str>,
    days: Option<&'a str>,
    minutes: Option<&'a str>,
}

impl<'a> Seen<'a> {
    #[inline]
    fn slot(&mut self, name: &[u8]) -> Option<&mut Option<&'a str>> {
        // By length first: each comparison is then one of a fixed size.
        let slot = match name.len() {
            2 => match name {
                b"id" => &mut self.id,
                b"at" => &mut self.at,
                _ => return None,
            },
            4 => match name {
                b"type" => &mut self.kind,
                b"days" => &mut self.days,
                _ => return None,
            },
            6 => match name {
                b"source" => &mut self.source,
                b"device" => &mut self.device,
                _ => return None,
            },
            7 => match name {
                b"id_type" => &mut self.id_type,
                b"minutes" => &mut self.minutes,
                _ => return None,
            },
            9 => match name {
                b"id_number" => &mut self.id_number,
                b"swiped_at" => &mut self.swiped_at,
                b"direction" => &mut self.direction,
                b"work_date" => &mut self.work_date,
                _ => return None,
            },
            10 if name == b"project_id" => &mut self.project_id,
            _ => return None,
        };
        Some(slot)
    }

    // Bounds are checked in bytes here: a text that is short in bytes is short in characters.
    fn plain(self) -> Option<Plain<'a>> {
        self.kind?;
        let (id, source, stated) = (self.id?, self.source?, self.at?);
        let short = |text: &str, max: usize| !text.is_empty() && text.len() <= max;
        if !short(id, 128) || !short(source, 64) || !self.id_type.is_none_or(|t| short(t, 16)) {
            return None;
        }
        let at = Time::parse(stated)?;
        let number = self.id_number?;
        // Of foreign documents there are few: their numbers are told apart by the full decoder.
        if number.len() != 18 {
            return None;
        }
        let id_number = IdNumber::parse("", self.id_type, number).ok()?;
        let what = match (self.swiped_at, self.work_date) {
            (Some(swiped_at), None) if self.days.is_none() && self.minutes.is_none() => What::Swipe {
                // Most gates state a swipe at once.
                swiped_at: if swiped_at == stated { at } else { Time::parse(swiped_at)? },
                direction: match self.direction {
                    None => None,
                    Some(word) => Some(SwipeDirection::parse(word)?),
                },
                device: match self.device {
                    Some(name) if !short(name, 256) => return None,
                    device => device,
                },
            },
            (None, Some(work_date)) => What::Day {
                work_date: Day::parse(work_date).filter(|day| (1970..=2199).contains(&day.ymd().0))?,
                days: Days::parse(self.days?)?,
                minutes: match self.minutes {
                    None => None,
                    Some(digits) => Some(minutes(digits)?),
                },
            },
            _ => return None,
        };
        Some(Plain { project_id: self.project_id?, id_number, id, source, at, what })
    }
}

fn minutes(digits: &str) -> Option<u16> {
    if digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    digits.parse().ok().filter(|n| *n <= 4320)
}

/// What is left of the line.
struct Rest<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Rest<'a> {
    #[inline]
    fn next(&mut self) -> Option<u8> {
        let byte = *self.line.as_bytes().get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    #[inline]
    fn byte(&mut self, wanted: u8) -> Option<()> {
        (self.next()? == wanted).then_some(())
    }

    // One space, as some writers put behind a comma or a colon.
    #[inline]
    fn space(&mut self) {
        if self.line.as_bytes().get(self.at) == Some(&b' ') {
            self.at += 1;
        }
    }

    /// A text without escapes, from behind its opening quote to behind its closing one.
    #[inline]
    fn text(&mut self) -> Option<&'a str> {
        let from = self.at;
        let bytes = &self.line.as_bytes()[from..];
        let length = plain(bytes);
        if bytes.get(length) != Some(&b'"') {
            return None;
        }
        self.at = from + length + 1;
        self.line.get(from..from + length)
    }

    /// Digits and points; whether they make a number is seen when they are read.
    fn number(&mut self) -> Option<&'a str> {
        let from = self.at;
        let bytes = &self.line.as_bytes()[from..];
        let length = bytes.iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
        self.at = from + length;
        self.line.get(from..from + length)
    }
}

/// How many bytes come before the first quote, backslash or control character.
#[inline]
fn plain(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(eight) = bytes.get(at..at + 8).and_then(|b| <[u8; 8]>::try_from(b).ok()) {
        let stop = stops(u64::from_le_bytes(eight));
        if stop != 0 {
            return at + (stop.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let tail = bytes[at..].iter().take_while(|b| !matches!(b, b'"' | b'\\' | 0..=0x1f));
    at + tail.count()
}

// The high bit of each byte that is a quote, a backslash or below 0x20. A byte behind a true stop
// may be marked falsely (the subtraction borrows), so only the first mark counts.
#[inline]
fn stops(eight: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let zero = |x: u64| x.wrapping_sub(ONES) & !x & HIGHS;
    let control = eight.wrapping_sub(ONES * 0x20) & !eight & HIGHS;
    zero(eight ^ (ONES * u64::from(b'"'))) | zero(eight ^ (ONES * u64::from(b'\\'))) | control
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
