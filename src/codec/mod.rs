//! Our own compact bytes, for the log and for pages of state: integers as varints, texts with
//! their length. Knows the domain's values; knows no file, no wire format of the doors.
//!
//! A reader never panics: bytes that are not what was written end in [`Corrupt`].

mod alert;
mod entry;
mod fact;
mod finding;
#[cfg(test)]
pub(crate) use entry::tests as entry_any;
#[cfg(test)]
pub(crate) mod finding_any;
mod pack;
mod papers;
mod record;
mod rulebook;

pub use alert::{read_alert, read_alert_row, write_alert, write_alert_row};
pub use entry::{
    read_act, read_entry, read_reason, read_rejected, read_release, write_act, write_entry, write_reason,
    write_rejected, write_release,
};
pub use finding::{read_finding, write_finding, write_subject};
pub use pack::{UNPACKED_BYTES_MAX, pack, unpack};
pub use record::{read_record, write_record};
pub use rulebook::{read_rulebook, write_rulebook};

use crate::domain::{Account, Day, Days, Fen, IdNumber, Period, ProjectId, Sum, Time, Uscc};
use compact_str::{CompactString, ToCompactString};

/// Bytes that are not what a [`Writer`] wrote; says what was being read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stored bytes are damaged: could not read {0}")]
pub struct Corrupt(pub &'static str);

/// Appends values to a buffer.
#[derive(Default)]
pub struct Writer {
    pub bytes: Vec<u8>,
}

/// Takes values from a buffer, in the order in which they were written.
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl Writer {
    pub fn new() -> Writer {
        Writer::default()
    }

    pub fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub fn bool(&mut self, value: bool) {
        self.u8(u8::from(value));
    }

    pub fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            // Seven bits at a time; the mask makes the cut exact.
            self.bytes.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
            value >>= 7;
        }
        self.bytes.push(u8::try_from(value).unwrap_or(0));
    }

    pub fn u16(&mut self, value: u16) {
        self.varint(u64::from(value));
    }

    pub fn u32(&mut self, value: u32) {
        self.varint(u64::from(value));
    }

    /// A length or an index.
    pub fn count(&mut self, value: usize) {
        self.varint(value as u64);
    }

    pub fn i64(&mut self, value: i64) {
        self.varint((value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned());
    }

    pub fn i32(&mut self, value: i32) {
        self.i64(i64::from(value));
    }

    pub fn u128(&mut self, value: u128) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub fn blob(&mut self, value: &[u8]) {
        self.count(value.len());
        self.bytes.extend_from_slice(value);
    }

    pub fn text(&mut self, value: &str) {
        self.blob(value.as_bytes());
    }

    /// Whether there is a value, then the value.
    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Writer, T)) {
        self.bool(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }

    /// How many, then each.
    pub fn list<T>(
        &mut self,
        values: impl ExactSizeIterator<Item = T>,
        mut write: impl FnMut(&mut Writer, T),
    ) {
        self.count(values.len());
        for value in values {
            write(self, value);
        }
    }

    pub fn day(&mut self, value: Day) {
        self.i32(value.0);
    }

    pub fn period(&mut self, value: Period) {
        self.u16(value.0);
    }

    pub fn time(&mut self, value: Time) {
        // Most stamps are whole seconds: those take half the bytes.
        let (seconds, nanos) = (value.0.div_euclid(1_000_000_000), value.0.rem_euclid(1_000_000_000));
        self.i64(seconds.saturating_mul(2) | i64::from(nanos != 0));
        if nanos != 0 {
            self.i64(nanos);
        }
    }

    pub fn fen(&mut self, value: Fen) {
        self.i64(value.0);
    }

    pub fn sum(&mut self, value: Sum) {
        // A sum nearly always fits 64 bits; the flag says when it does not.
        match i64::try_from(value) {
            Ok(small) => {
                self.u8(0);
                self.i64(small);
            }
            Err(_) => {
                self.u8(1);
                self.u128(value.cast_unsigned());
            }
        }
    }

    pub fn worked(&mut self, value: Days) {
        self.u32(value.0);
    }

    pub fn id_number(&mut self, value: &IdNumber) {
        match value.packed() {
            // 17 digits take at most 57 bits, so the lowest bit is free to tell the two forms apart.
            Some(number) => self.varint(number << 1),
            None => {
                self.varint(1);
                self.text(&value.reveal());
            }
        }
    }

    pub fn account(&mut self, value: Account) {
        self.u128(value.packed());
    }

    pub fn project_id(&mut self, value: &ProjectId) {
        self.text(value.as_str());
    }

    pub fn uscc(&mut self, value: &Uscc) {
        self.bytes.extend_from_slice(value.as_str().as_bytes());
    }
}

type Read<T> = Result<T, Corrupt>;

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// All that is left to read.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The end: nothing may be left over.
    pub fn end(&self) -> Read<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(Corrupt("the end")) }
    }

    fn take(&mut self, count: usize, what: &'static str) -> Read<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(count).ok_or(Corrupt(what))?;
        self.rest = rest;
        Ok(head)
    }

    pub fn u8(&mut self) -> Read<u8> {
        Ok(self.take(1, "a byte")?[0])
    }

    pub fn bool(&mut self) -> Read<bool> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Corrupt("yes or no")),
        }
    }

    pub fn varint(&mut self) -> Read<u64> {
        // Lengths, flags and small numbers, that is most of all, take one byte.
        if let [byte @ 0..0x80, rest @ ..] = self.rest {
            self.rest = rest;
            return Ok(u64::from(*byte));
        }
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                break;
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Corrupt("a varint"))
    }

    pub fn u16(&mut self) -> Read<u16> {
        u16::try_from(self.varint()?).map_err(|_| Corrupt("a 16-bit number"))
    }

    pub fn u32(&mut self) -> Read<u32> {
        u32::try_from(self.varint()?).map_err(|_| Corrupt("a 32-bit number"))
    }

    /// A length: never more than there are bytes left, so that a damaged one allocates nothing.
    pub fn count(&mut self) -> Read<usize> {
        let count = usize::try_from(self.varint()?).map_err(|_| Corrupt("a count"))?;
        if count > self.rest.len() { Err(Corrupt("a count")) } else { Ok(count) }
    }

    /// An index that is not a length of what follows.
    pub fn index(&mut self) -> Read<usize> {
        usize::try_from(self.varint()?).map_err(|_| Corrupt("an index"))
    }

    pub fn i64(&mut self) -> Read<i64> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -((value & 1).cast_signed()))
    }

    pub fn i32(&mut self) -> Read<i32> {
        i32::try_from(self.i64()?).map_err(|_| Corrupt("a 32-bit number"))
    }

    pub fn u128(&mut self) -> Read<u128> {
        let bytes: [u8; 16] =
            self.take(16, "a 128-bit number")?.try_into().map_err(|_| Corrupt("a 128-bit number"))?;
        Ok(u128::from_le_bytes(bytes))
    }

    pub fn blob(&mut self) -> Read<&'a [u8]> {
        let count = self.count()?;
        self.take(count, "bytes")
    }

    pub fn str(&mut self) -> Read<&'a str> {
        std::str::from_utf8(self.blob()?).map_err(|_| Corrupt("a text"))
    }

    pub fn text(&mut self) -> Read<CompactString> {
        Ok(self.str()?.to_compact_string())
    }

    pub fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<Option<T>> {
        if self.bool()? { read(self).map(Some) } else { Ok(None) }
    }

    pub fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let count = self.count()?;
        let mut values = Vec::with_capacity(count.min(4096));
        for _ in 0..count {
            values.push(read(self)?);
        }
        Ok(values)
    }

    pub fn day(&mut self) -> Read<Day> {
        self.i32().map(Day)
    }

    pub fn period(&mut self) -> Read<Period> {
        let period = Period(self.u16()?);
        if period <= Period::LAST { Ok(period) } else { Err(Corrupt("a month")) }
    }

    pub fn time(&mut self) -> Read<Time> {
        let head = self.i64()?;
        let nanos = if head & 1 == 1 { self.i64()? } else { 0 };
        (head >> 1)
            .checked_mul(1_000_000_000)
            .and_then(|whole| whole.checked_add(nanos))
            .map(Time)
            .ok_or(Corrupt("an instant"))
    }

    pub fn fen(&mut self) -> Read<Fen> {
        self.i64().map(Fen)
    }

    pub fn sum(&mut self) -> Read<Sum> {
        match self.u8()? {
            0 => self.i64().map(Sum::from),
            1 => Ok(self.u128()?.cast_signed()),
            _ => Err(Corrupt("a sum")),
        }
    }

    pub fn worked(&mut self) -> Read<Days> {
        self.u32().map(Days)
    }

    pub fn id_number(&mut self) -> Read<IdNumber> {
        let value = self.varint()?;
        match value & 1 {
            0 => Ok(IdNumber::from_packed(value >> 1)),
            _ => Ok(IdNumber::from_kept(self.str()?)),
        }
    }

    pub fn account(&mut self) -> Read<Account> {
        self.u128().map(Account::from_packed)
    }

    pub fn project_id(&mut self) -> Read<ProjectId> {
        let text = self.str()?;
        if text == ProjectId::county().as_str() {
            return Ok(ProjectId::county());
        }
        ProjectId::parse("project_id", text).map_err(|_| Corrupt("a project_id"))
    }

    pub fn uscc(&mut self) -> Read<Uscc> {
        let text = std::str::from_utf8(self.take(18, "a uscc")?).map_err(|_| Corrupt("a uscc"))?;
        Uscc::parse("uscc", text).map_err(|_| Corrupt("a uscc"))
    }
}

#[cfg(test)]
mod value_tests;
