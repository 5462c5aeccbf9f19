//! A worker's attendance of one month in a few bytes a day: first and last swipe, and what day
//! statements say. Knows no worker, no terms, no money.

use super::kept::block_bytes;
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{Days, Period, Time};

/// The cell. A bit a day tells which days have an entry; entries stand in order of days.
#[derive(Clone)]
pub(super) struct Month {
    pub(super) period: Period,
    /// Bytes of `data` that hold day statements.
    stated_len: u16,
    swiped: u32,
    /// One block, for there are millions. First the day statements: nothing, or days with a statement
    /// (4 bytes), number of stamps (1), stamps (8 each), and a [`Said`] for each day; a sheet has one
    /// stamp for all its days. Then a [`Span`] for each day with swipes, then room to grow.
    data: Box<[u8]>,
}

/// First and last second of the business day, 17 bits each.
type Span = [u8; SPAN];
/// Hundredths of a day (2 bytes), minutes (2, all ones = not said), which stamp (1).
type Said = [u8; 5];

const SPAN: usize = 5;
/// Blocks grow to the next multiple of this: as the allocator cuts them, so that none of it is lost.
const BLOCK_STEP: usize = 16;
const NO_MINUTES: u16 = u16::MAX;
const HEAD: usize = 5;
const STAMP: usize = 8;
const SAID: usize = 5;
/// More stamps than a month has days: those that no day refers to any more go.
const STAMPS_MAX: u8 = 40;

/// What a record did to the cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Change {
    /// Nothing that was not known.
    Same,
    /// A later statement stands.
    Superseded,
    /// Kept, but the day's days and minutes are those of a statement, as before.
    Hidden,
    /// Days or minutes may be others now.
    Seen,
}

/// One day as the records have it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct DayCell {
    /// 0 = the first of the month.
    pub(super) index: u32,
    /// First and last swipe, seconds of the business day.
    pub(super) span: Option<(u32, u32)>,
    /// When, how many days, and the minutes if they were said.
    pub(super) stated: Option<(Time, Days, Option<u16>)>,
}

impl DayCell {
    /// What the statement says, else those between first and last swipe.
    pub(super) fn minutes(&self) -> u32 {
        match self.stated {
            Some((_, _, Some(minutes))) => u32::from(minutes),
            _ => self.span.map_or(0, |(first, last)| last.saturating_sub(first) / 60),
        }
    }
}

impl Month {
    pub(super) fn new(period: Period) -> Month {
        Month { period, stated_len: 0, swiped: 0, data: Box::default() }
    }

    /// Merges a swipe at that second of the business day.
    pub(super) fn swipe(&mut self, index: u32, second: u32) -> Change {
        let (bit, rank) = place(self.swiped, index);
        if self.swiped & bit == 0 {
            self.insert_span(rank, span(second, second));
            self.swiped |= bit;
        } else {
            let (first, last) = self.span(rank);
            if (first..=last).contains(&second) {
                return Change::Same;
            }
            self.set_span(rank, span(first.min(second), last.max(second)));
        }
        match self.statement(index) {
            Some((_, _, Some(_))) => Change::Hidden,
            _ => Change::Seen,
        }
    }

    fn span(&self, rank: usize) -> (u32, u32) {
        let start = usize::from(self.stated_len) + rank * SPAN;
        self.data[start..start + SPAN].try_into().map_or((0, 0), unspan)
    }

    fn set_span(&mut self, rank: usize, span: Span) {
        let start = usize::from(self.stated_len) + rank * SPAN;
        self.data[start..start + SPAN].copy_from_slice(&span);
    }

    fn insert_span(&mut self, rank: usize, span: Span) {
        let start = usize::from(self.stated_len);
        let end = start + self.swiped.count_ones() as usize * SPAN;
        if self.data.len() < end + SPAN {
            let mut longer = std::mem::take(&mut self.data).into_vec();
            let len = (end + SPAN).next_multiple_of(BLOCK_STEP);
            longer.reserve_exact(len - longer.len());
            longer.resize(len, 0);
            self.data = longer.into_boxed_slice();
        }
        let at = start + rank * SPAN;
        self.data.copy_within(at..end, at + SPAN);
        self.set_span(rank, span);
    }

    fn stated(&self) -> &[u8] {
        &self.data[..usize::from(self.stated_len)]
    }

    /// Merges a day statement; the greatest (`at`, `days`, `minutes`) stands.
    pub(super) fn state(&mut self, index: u32, at: Time, days: Days, minutes: Option<u16>) -> Change {
        let before = self.statement(index);
        if let Some(before) = before {
            match (at, days, minutes).cmp(&before) {
                std::cmp::Ordering::Equal => return Change::Same,
                std::cmp::Ordering::Less => return Change::Superseded,
                std::cmp::Ordering::Greater => {}
            }
        }
        self.write(index, at, days, minutes);
        let same = before.is_some_and(|(_, d, m)| (d, m) == (days, minutes));
        if same { Change::Hidden } else { Change::Seen }
    }

    fn write(&mut self, index: u32, at: Time, days: Days, minutes: Option<u16>) {
        // The spans behind the statements move along.
        let mut bytes = std::mem::take(&mut self.data).into_vec();
        let spans = bytes.len() - usize::from(self.stated_len);
        if self.stated_len == 0 {
            bytes.reserve_exact(HEAD + STAMP + SAID);
            bytes.splice(0..0, [0; HEAD]);
        }
        let stamp = stamp_index(&mut bytes, at, spans);
        let stated = bits(&bytes);
        let (bit, rank) = place(stated, index);
        let start = HEAD + usize::from(bytes[4]) * STAMP + rank * SAID;
        if stated & bit == 0 {
            bytes.reserve_exact(SAID);
            bytes.splice(start..start, [0; SAID]);
            bytes[..4].copy_from_slice(&(stated | bit).to_le_bytes());
        }
        let hundredths = u16::try_from(days.0).unwrap_or(u16::MAX).to_le_bytes();
        let minutes = minutes.unwrap_or(NO_MINUTES).to_le_bytes();
        let said: Said = [hundredths[0], hundredths[1], minutes[0], minutes[1], stamp];
        bytes[start..start + SAID].copy_from_slice(&said);
        // At most 40 stamps and 31 days: some 500 bytes.
        self.stated_len = u16::try_from(bytes.len() - spans).unwrap_or(u16::MAX);
        self.data = bytes.into_boxed_slice();
    }

    /// What is stated of that day: (`at`, `days`, `minutes`).
    pub(super) fn statement(&self, index: u32) -> Option<(Time, Days, Option<u16>)> {
        let stated = self.stated();
        let (bit, rank) = place(bits(stated), index);
        if bits(stated) & bit == 0 {
            return None;
        }
        let start = HEAD + usize::from(stated[4]) * STAMP + rank * SAID;
        let [d0, d1, m0, m1, stamp]: Said = stated[start..start + SAID].try_into().ok()?;
        let minutes = Some(u16::from_le_bytes([m0, m1])).filter(|m| *m != NO_MINUTES);
        let days = Days(u32::from(u16::from_le_bytes([d0, d1])));
        Some((stamp_at(stated, usize::from(stamp)), days, minutes))
    }

    /// Whether any day has a swipe, or a statement of more than 0 days.
    pub(super) fn has_presence(&self) -> bool {
        self.swiped != 0 || self.days().any(|day| day.stated.is_some_and(|(_, days, _)| days.0 > 0))
    }

    /// The days with swipes or a statement, ascending.
    pub(super) fn days(&self) -> impl Iterator<Item = DayCell> + '_ {
        let mut left = self.entries();
        std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let index = left.trailing_zeros();
            left &= left - 1;
            Some(self.day(index))
        })
    }

    /// The same, descending.
    pub(super) fn days_back(&self) -> impl Iterator<Item = DayCell> + '_ {
        let mut left = self.entries();
        std::iter::from_fn(move || {
            let index = left.checked_ilog2()?;
            left ^= 1 << index;
            Some(self.day(index))
        })
    }

    /// A bit for each day with swipes or a statement.
    fn entries(&self) -> u32 {
        self.swiped | bits(self.stated())
    }

    /// That day, be anything known of it or not.
    pub(super) fn day(&self, index: u32) -> DayCell {
        DayCell { index, span: self.span_of(index), stated: self.statement(index) }
    }

    /// First and last swipe of that day.
    pub(super) fn span_of(&self, index: u32) -> Option<(u32, u32)> {
        let (bit, rank) = place(self.swiped, index);
        (self.swiped & bit != 0).then(|| self.span(rank))
    }

    /// Whether there are swipes alone, and one of them on a day before that one.
    pub(super) fn is_swiped_before(&self, index: u32) -> bool {
        self.stated_len == 0 && self.swiped & ((1u32 << (index & 31)) - 1) != 0
    }

    /// The days with swipes, a bit each, if there is no statement.
    pub(super) fn swiped_alone(&self) -> Option<u32> {
        (self.stated_len == 0).then_some(self.swiped)
    }

    /// Reads the block; the answer means nothing.
    pub(super) fn read_ahead(&self) -> usize {
        usize::from(self.data.first().copied().unwrap_or(0))
    }

    /// Bytes on the heap beside the cell itself.
    pub(super) fn heap_bytes(&self) -> usize {
        block_bytes(self.data.len())
    }

    pub(super) fn put(&self, w: &mut Writer) {
        w.u32(self.swiped);
        w.blob(self.stated());
        let start = usize::from(self.stated_len);
        let spans = start..start + self.swiped.count_ones() as usize * SPAN;
        w.bytes.extend_from_slice(&self.data[spans]);
    }

    pub(super) fn get(period: Period, r: &mut Reader<'_>) -> Result<Month, Corrupt> {
        let swiped = r.u32()?;
        if u64::from(swiped) >> period.days() != 0 {
            return Err(Corrupt("a month's days"));
        }
        let stated = r.blob()?;
        check_stated(stated, period)?;
        let stated_len = u16::try_from(stated.len()).map_err(|_| Corrupt("a month's day statements"))?;
        let days = swiped.count_ones() as usize;
        let mut data = Vec::with_capacity(stated.len() + days * SPAN);
        data.extend_from_slice(stated);
        for _ in 0..days * SPAN {
            data.push(r.u8()?);
        }
        Ok(Month { period, stated_len, swiped, data: data.into_boxed_slice() })
    }
}

/// The day's bit, and how many days before it have an entry.
fn place(days: u32, index: u32) -> (u32, usize) {
    let bit = 1u32 << (index & 31);
    (bit, (days & (bit - 1)).count_ones() as usize)
}

fn span(first: u32, last: u32) -> Span {
    let [a, b, c, d, e, ..] = (u64::from(first) | u64::from(last) << 17).to_le_bytes();
    [a, b, c, d, e]
}

fn unspan([a, b, c, d, e]: Span) -> (u32, u32) {
    let both = u64::from_le_bytes([a, b, c, d, e, 0, 0, 0]);
    let part = |bits: u64| u32::try_from(bits & 0x1_ffff).unwrap_or(0);
    (part(both), part(both >> 17))
}

fn bits(stated: &[u8]) -> u32 {
    match stated {
        [a, b, c, d, ..] => u32::from_le_bytes([*a, *b, *c, *d]),
        _ => 0,
    }
}

fn stamp_at(stated: &[u8], stamp: usize) -> Time {
    let start = HEAD + stamp * STAMP;
    Time(i64::from_le_bytes(stated[start..start + STAMP].try_into().unwrap_or_default()))
}

/// The place of that stamp among the cell's stamps; adds it if it is new. The last `spans` bytes
/// are no statements.
fn stamp_index(bytes: &mut Vec<u8>, at: Time, spans: usize) -> u8 {
    if let Some(known) = (0..bytes[4]).find(|n| stamp_at(bytes, usize::from(*n)) == at) {
        return known;
    }
    if bytes[4] >= STAMPS_MAX {
        let after = bytes.split_off(bytes.len() - spans);
        drop_idle_stamps(bytes);
        bytes.extend_from_slice(&after);
    }
    let count = bytes[4];
    let end = HEAD + usize::from(count) * STAMP;
    bytes.reserve_exact(STAMP);
    bytes.splice(end..end, at.0.to_le_bytes());
    bytes[4] = count + 1;
    count
}

fn drop_idle_stamps(bytes: &mut Vec<u8>) {
    let said = HEAD + usize::from(bytes[4]) * STAMP;
    let mut stamps: Vec<Time> = Vec::new();
    let mut days = bytes[said..].to_vec();
    for day in days.chunks_exact_mut(SAID) {
        let at = stamp_at(bytes, usize::from(day[4]));
        let place = stamps.iter().position(|s| *s == at).unwrap_or_else(|| {
            stamps.push(at);
            stamps.len() - 1
        });
        day[4] = u8::try_from(place).unwrap_or(u8::MAX);
    }
    bytes.truncate(HEAD);
    bytes[4] = u8::try_from(stamps.len()).unwrap_or(u8::MAX);
    stamps.iter().for_each(|at| bytes.extend_from_slice(&at.0.to_le_bytes()));
    bytes.extend_from_slice(&days);
}

fn check_stated(stated: &[u8], period: Period) -> Result<(), Corrupt> {
    if stated.is_empty() {
        return Ok(());
    }
    let wrong = Corrupt("a month's day statements");
    if stated.len() < HEAD || u64::from(bits(stated)) >> period.days() != 0 {
        return Err(wrong);
    }
    let said = HEAD + usize::from(stated[4]) * STAMP;
    if stated.len() != said + bits(stated).count_ones() as usize * SAID {
        return Err(wrong);
    }
    let known = |day: &[u8]| day[4] < stated[4];
    if stated[said..].chunks_exact(SAID).all(known) { Ok(()) } else { Err(wrong) }
}

#[cfg(test)]
#[path = "month_tests.rs"]
mod tests;
