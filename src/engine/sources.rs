//! Who sends records: how many, how many of them could not be taken, how late. Counts that merge: in whichever parts and
//! order they come together, the sum is the same. Knows no clock, no door.

use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{Day, Time};
use compact_str::CompactString;
use std::collections::BTreeMap;

/// Senders that are told apart.
const NAMES_MAX: usize = 10_000;

/// Of one sender.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct SourceCount {
    pub records: u64,
    pub rejected: u64,
    pub late: u64,
    /// Unix milliseconds at which the last one was written,
    pub received_ms: i64,
    /// and the business date of then.
    pub received_on: Option<Day>,
    /// The latest time that any was stated at.
    pub stated_at: Option<Time>,
}

/// Of all senders, as records name them.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct SourceCounts {
    pub by_name: BTreeMap<CompactString, SourceCount>,
    /// There were more than are told apart.
    pub is_full: bool,
}

impl SourceCount {
    fn merge(&mut self, other: &SourceCount) {
        self.records = self.records.saturating_add(other.records);
        self.rejected = self.rejected.saturating_add(other.rejected);
        self.late = self.late.saturating_add(other.late);
        self.received_ms = self.received_ms.max(other.received_ms);
        self.received_on = self.received_on.max(other.received_on);
        self.stated_at = self.stated_at.max(other.stated_at);
    }

    fn write(&self, w: &mut Writer) {
        w.varint(self.records);
        w.varint(self.rejected);
        w.varint(self.late);
        w.i64(self.received_ms);
        w.option(self.received_on, Writer::day);
        w.option(self.stated_at, Writer::time);
    }

    fn read(r: &mut Reader<'_>) -> Result<SourceCount, Corrupt> {
        Ok(SourceCount {
            records: r.varint()?,
            rejected: r.varint()?,
            late: r.varint()?,
            received_ms: r.i64()?,
            received_on: r.option(Reader::day)?,
            stated_at: r.option(Reader::time)?,
        })
    }
}

impl SourceCounts {
    pub fn add(&mut self, name: &str, more: &SourceCount) {
        if self.by_name.len() >= NAMES_MAX && !self.by_name.contains_key(name) {
            self.is_full = true;
            return;
        }
        self.by_name.entry(name.into()).or_default().merge(more);
    }

    pub fn merge(&mut self, other: &SourceCounts) {
        self.is_full |= other.is_full;
        other.by_name.iter().for_each(|(name, count)| self.add(name, count));
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.list(self.by_name.iter(), |w, (name, count)| {
            w.text(name);
            count.write(w);
        });
        w.bool(self.is_full);
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<SourceCounts, Corrupt> {
        let by_name = r.list(|r| Ok((r.text()?, SourceCount::read(r)?)))?;
        Ok(SourceCounts { by_name: by_name.into_iter().collect(), is_full: r.bool()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(records: u64, on: &str) -> SourceCount {
        let received_on = Day::parse(on);
        SourceCount { records, rejected: records / 2, late: 1, received_on, ..SourceCount::default() }
    }

    #[test]
    fn counts_add_up_and_last_dates_are_the_latest_in_whichever_order() {
        let mut parts = [SourceCounts::default(), SourceCounts::default(), SourceCounts::default()];
        parts[0].add("gate", &SourceCount { received_ms: 7, ..count(4, "2026-04-03") });
        parts[1]
            .add("gate", &SourceCount { received_ms: 9, stated_at: Some(Time(5)), ..count(6, "2026-04-01") });
        parts[1].add("bank", &count(1, "2026-04-01"));
        parts[2].is_full = true;
        let wanted = SourceCount {
            records: 10,
            rejected: 5,
            late: 2,
            received_ms: 9,
            received_on: Day::parse("2026-04-03"),
            stated_at: Some(Time(5)),
        };
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let mut all = SourceCounts::default();
            order.iter().for_each(|part| all.merge(&parts[*part]));
            assert_eq!((all.by_name.len(), &all.by_name["gate"], all.is_full), (2, &wanted, true));
        }
    }

    #[test]
    fn what_cannot_be_told_apart_any_more_is_said() {
        let mut all = SourceCounts::default();
        for n in 0..NAMES_MAX {
            all.add(&format!("s{n}"), &count(1, "2026-04-01"));
        }
        all.add("s7", &count(1, "2026-04-02"));
        assert!(!all.is_full && all.by_name["s7"].records == 2);
        let mut more = SourceCounts::default();
        more.add("another", &count(1, "2026-04-01"));
        all.merge(&more);
        assert!(all.is_full && all.by_name.len() == NAMES_MAX);
    }
}
