//! What an instance has counted of senders, and of which parts of its partitions: so that of the counts of all instances it
//! can be said since when nothing is missing. An instance that dies takes its counts with it. Knows no clock, no address.

use super::Partition;
use crate::codec::{Corrupt, Reader, Writer};
use crate::engine::pages::{open, page};
use crate::engine::sources::SourceCounts;
use std::collections::BTreeMap;

/// Messages of a partition that one instance has counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    pub partition: Partition,
    /// The offset of the first, and the one behind the last.
    pub from: u64,
    pub next: u64,
    /// Unix milliseconds at which it began with the first.
    pub since_ms: i64,
}

/// The spans of an instance; a partition may have been its own several times.
#[derive(Default, Debug)]
pub struct Spans {
    by_partition: BTreeMap<Partition, Vec<Span>>,
}

/// Older spans of a partition are forgotten, as if they had not been counted.
const KEPT: usize = 32;

impl Spans {
    /// A partition has come; it is counted from there on.
    pub fn begin(&mut self, partition: Partition, from: u64, now_ms: i64) {
        let of = self.by_partition.entry(partition).or_default();
        // Nobody else had it meanwhile, or nothing came.
        if of.last().is_some_and(|last| last.next >= from) {
            return;
        }
        if of.len() >= KEPT {
            of.remove(0);
        }
        of.push(Span { partition, from, next: from, since_ms: now_ms });
    }

    /// All before that offset is counted.
    pub fn reached(&mut self, partition: Partition, next: u64) {
        if let Some(last) = self.by_partition.get_mut(&partition).and_then(|of| of.last_mut()) {
            last.next = last.next.max(next);
        }
    }

    pub fn all(&self) -> Vec<Span> {
        self.by_partition.values().flatten().copied().collect()
    }
}

/// Since when every partition was counted without a gap, if the counts of all these spans are put together. `None` of no
/// spans.
pub fn counted_since(spans: &[Span]) -> Option<i64> {
    let mut by_partition: BTreeMap<Partition, Vec<&Span>> = BTreeMap::new();
    for span in spans {
        by_partition.entry(span.partition).or_default().push(span);
    }
    let since = |mut of: Vec<&Span>| {
        of.sort_by_key(|span| (span.next, span.from));
        let mut reaching = of.pop()?;
        while let Some(before) = of.pop() {
            if before.next < reaching.from {
                break;
            }
            if before.from < reaching.from {
                reaching = before;
            }
        }
        Some(reaching.since_ms)
    };
    by_partition.into_values().filter_map(since).max()
}

/// The answer to [`super::Question::Sources`].
pub fn write_sources(counts: &SourceCounts, spans: &[Span]) -> Vec<u8> {
    page(|w| {
        counts.write(w);
        w.list(spans.iter(), |w: &mut Writer, span| {
            span.partition.write(w);
            w.varint(span.from);
            w.varint(span.next);
            w.i64(span.since_ms);
        });
    })
}

/// # Errors
/// The bytes are no such answer.
pub fn read_sources(bytes: &[u8]) -> Result<(SourceCounts, Vec<Span>), Corrupt> {
    let span = |r: &mut Reader<'_>| {
        let partition = Partition::read(r)?;
        Ok(Span { partition, from: r.varint()?, next: r.varint()?, since_ms: r.i64()? })
    };
    open(bytes, |r| Ok((SourceCounts::read(r)?, r.list(span)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::sources::SourceCount;

    const P: Partition = Partition::Projects(0);

    fn spans(all: &[(Partition, u64, u64, i64)]) -> Vec<Span> {
        let span = |(partition, from, next, since_ms): &(Partition, u64, u64, i64)| Span {
            partition: *partition,
            from: *from,
            next: *next,
            since_ms: *since_ms,
        };
        all.iter().map(span).collect()
    }

    #[test]
    fn counted_since_the_last_gap_of_any_partition() {
        let since = |all: &[(Partition, u64, u64, i64)]| counted_since(&spans(all));
        assert_eq!(since(&[]), None);
        // It went from one to the other and back; nobody is missing.
        assert_eq!(since(&[(P, 0, 100, 5), (P, 100, 200, 50), (P, 200, 230, 90)]), Some(5));
        // Whoever had it in between is gone.
        assert_eq!(since(&[(P, 0, 100, 5), (P, 200, 230, 90)]), Some(90));
        // What was not committed was counted by both.
        assert_eq!(since(&[(P, 0, 104, 5), (P, 100, 200, 50)]), Some(5));
        assert_eq!(since(&[(P, 0, 104, 5), (P, 100, 102, 50)]), Some(5));
        // Nothing came since.
        assert_eq!(since(&[(P, 100, 100, 50), (P, 0, 100, 5)]), Some(5));
        let other = Partition::County;
        assert_eq!(since(&[(P, 0, 100, 5), (other, 7, 9, 6)]), Some(6));
    }

    #[test]
    fn a_partition_that_comes_back_goes_on_or_begins_anew() {
        let mut own = Spans::default();
        own.begin(P, 10, 1);
        own.reached(P, 20);
        own.reached(P, 15);
        own.begin(P, 20, 2);
        own.reached(P, 30);
        own.begin(P, 40, 3);
        own.reached(Partition::County, 9);
        assert_eq!(own.all(), spans(&[(P, 10, 30, 1), (P, 40, 40, 3)]));
        (0..100u64).for_each(|n| own.begin(P, 50 + n, 4));
        assert_eq!(own.all().len(), KEPT);
    }

    #[test]
    fn the_answer_comes_back_and_half_of_it_does_not() {
        let mut counts = SourceCounts::default();
        counts.add("gate", &SourceCount { records: u64::MAX, received_ms: -1, ..SourceCount::default() });
        let spans = spans(&[(P, 0, u64::MAX, i64::MIN)]);
        let bytes = write_sources(&counts, &spans);
        assert_eq!(read_sources(&bytes), Ok((counts, spans)));
        assert!(read_sources(&bytes[..bytes.len() / 2]).is_err());
    }
}
