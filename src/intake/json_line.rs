//! One JSON object being written: a key and a value of the domain at a time. Absent values are left out.
//! Knows no record.

use crate::domain::*;

/// An `id_type` for numbers that are no resident identity number, where the record does not keep the
/// type itself: all that matters on the way back is that it is not `01`.
const OTHER_DOCUMENT: &str = "99";

/// The line so far, from the second field on.
pub(super) struct Line<'a> {
    pub out: &'a mut Vec<u8>,
}

impl Line<'_> {
    pub fn worker(&mut self, project_id: &ProjectId, id_number: &IdNumber) {
        self.plain("project_id", project_id.as_str());
        self.plain("id_number", &id_number.reveal());
        self.document(id_number);
    }

    pub fn document(&mut self, id_number: &IdNumber) {
        if id_number.packed().is_none() {
            self.plain("id_type", OTHER_DOCUMENT);
        }
    }

    pub fn key(&mut self, key: &str) {
        self.out.extend_from_slice(b",\"");
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// A text that needs no escaping.
    pub fn plain(&mut self, key: &str, value: &str) {
        self.key(key);
        self.out.push(b'"');
        self.out.extend_from_slice(value.as_bytes());
        self.out.push(b'"');
    }

    pub fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        self.out.push(b'"');
        for b in value.bytes() {
            match b {
                b'"' | b'\\' => self.out.extend_from_slice(&[b'\\', b]),
                0..0x20 => {
                    let hex = |n: u8| b"0123456789abcdef"[usize::from(n & 15)];
                    self.out.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(b >> 4), hex(b)]);
                }
                _ => self.out.push(b),
            }
        }
        self.out.push(b'"');
    }

    pub fn optional(&mut self, key: &str, value: &Option<compact_str::CompactString>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    pub fn word(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.plain(key, value);
        }
    }

    pub fn uscc(&mut self, key: &str, value: Option<Uscc>) {
        if let Some(value) = value {
            self.plain(key, value.as_str());
        }
    }

    pub fn account(&mut self, key: &str, value: Option<Account>) {
        if let Some(value) = value {
            self.plain(key, &value.reveal());
        }
    }

    pub fn flag(&mut self, key: &str, value: bool) {
        self.key(key);
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// A value that prints as a JSON number.
    pub fn shown(&mut self, key: &str, value: &dyn std::fmt::Display) {
        self.key(key);
        // Writing to a Vec cannot fail.
        let _ = std::io::Write::write_fmt(self.out, format_args!("{value}"));
    }

    pub fn number<N: Into<u64>>(&mut self, key: &str, value: Option<N>) {
        if let Some(value) = value {
            self.key(key);
            self.digits(value.into(), 1);
        }
    }

    pub fn fen(&mut self, key: &str, value: Option<Fen>) {
        // Amounts are never negative (contract, section 2).
        self.number(key, value.map(|fen| fen.0.unsigned_abs()));
    }

    pub fn day(&mut self, key: &str, value: Option<Day>) {
        if let Some(value) = value {
            self.key(key);
            self.out.push(b'"');
            self.date(value);
            self.out.push(b'"');
        }
    }

    pub fn period(&mut self, key: &str, value: Option<Period>) {
        if let Some(value) = value {
            let (year, month) = value.ym();
            self.key(key);
            self.out.push(b'"');
            self.digits(u64::from(year.unsigned_abs()), 4);
            self.out.push(b'-');
            self.digits(u64::from(month), 2);
            self.out.push(b'"');
        }
    }

    /// RFC 3339 in China's offset.
    pub fn time(&mut self, key: &str, value: Time) {
        const SHANGHAI_SECONDS: i64 = 8 * 3600;
        let local = value.seconds() + SHANGHAI_SECONDS;
        // `Time` is bounded to 1970-2199.
        let day = Day(i32::try_from(local.div_euclid(86_400)).unwrap_or(i32::MAX));
        let second = local.rem_euclid(86_400).unsigned_abs();
        let nanos = value.0.rem_euclid(1_000_000_000).unsigned_abs();
        self.key(key);
        self.out.push(b'"');
        self.date(day);
        self.out.push(b'T');
        self.digits(second / 3600, 2);
        self.out.push(b':');
        self.digits(second / 60 % 60, 2);
        self.out.push(b':');
        self.digits(second % 60, 2);
        if nanos != 0 {
            self.out.push(b'.');
            self.digits(nanos, 9);
        }
        self.out.extend_from_slice(b"+08:00\"");
    }

    fn date(&mut self, day: Day) {
        let (year, month, day) = day.ymd();
        self.digits(u64::from(year.unsigned_abs()), 4);
        self.out.push(b'-');
        self.digits(u64::from(month), 2);
        self.out.push(b'-');
        self.digits(u64::from(day), 2);
    }

    /// At least `width` digits.
    fn digits(&mut self, mut value: u64, width: usize) {
        let mut buffer = [b'0'; 20];
        let mut at = buffer.len();
        while value > 0 || at > buffer.len() - width {
            at -= 1;
            buffer[at] = b'0' + u8::try_from(value % 10).unwrap_or(0);
            value /= 10;
        }
        self.out.extend_from_slice(&buffer[at..]);
    }
}
