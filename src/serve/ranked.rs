//! A walk over the alerts that stand in the order of lists (worst level first, then by number and shard), from a place in it
//! on. It reads of each shard no more than is asked for. Knows no filter and no caller.

use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{AlertRow, Level};
use crate::engine::Feed;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

/// Where an alert stands in a list.
pub type Place = (Reverse<Level>, u64, u16);

pub fn place_of(row: &AlertRow) -> Place {
    (Reverse(row.alert.finding.level), row.seq, row.shard)
}

pub fn write_place(w: &mut Writer, (level, seq, shard): Place) {
    w.u8(Level::ALL.iter().position(|l| *l == level.0).and_then(|at| u8::try_from(at).ok()).unwrap_or(0));
    w.varint(seq);
    w.u16(shard);
}

pub fn read_place(r: &mut Reader<'_>) -> Result<Place, Corrupt> {
    let level = Level::ALL.get(usize::from(r.u8()?)).ok_or(Corrupt("a level"))?;
    Ok((Reverse(*level), r.varint()?, r.u16()?))
}

/// Rows of one shard that are read at once: few at first, since most pages end soon, then more.
const FIRST: usize = 8;
const MOST: usize = 512;

/// The rest of a list.
pub struct Ranked<'a> {
    feed: &'a Feed,
    shards: Vec<Shard>,
    /// The first row of each shard that has one.
    next: BinaryHeap<Reverse<Place>>,
}

#[derive(Default)]
struct Shard {
    rows: VecDeque<Arc<AlertRow>>,
    asked: usize,
}

impl<'a> Ranked<'a> {
    /// All that stands behind a place; `None` = from the first on. What changes meanwhile may be met as it was, as it is, or
    /// both.
    pub fn after(feed: &'a Feed, place: Option<Place>) -> Ranked<'a> {
        let shards = (0..feed.shards()).map(|_| Shard::default()).collect();
        let mut ranked = Ranked { feed, shards, next: BinaryHeap::new() };
        for shard in 0..feed.shards() {
            let from = match place {
                None => Bound::Unbounded,
                // Of rows with one level and number those of later shards come later.
                Some((level, seq, of)) if shard > of => Bound::Included((level, seq)),
                Some((level, seq, _)) => Bound::Excluded((level, seq)),
            };
            ranked.fill(shard, from);
        }
        ranked
    }

    fn fill(&mut self, at: u16, from: Bound<(Reverse<Level>, u64)>) {
        let Some(shard) = self.shards.get_mut(usize::from(at)) else { return };
        shard.asked = if shard.asked == 0 { FIRST } else { (shard.asked * 2).min(MOST) };
        shard.rows = self.feed.ranked(at, from, shard.asked).into();
        self.next.extend(shard.rows.front().map(|row| Reverse(place_of(row))));
    }
}

impl Iterator for Ranked<'_> {
    type Item = Arc<AlertRow>;

    fn next(&mut self) -> Option<Arc<AlertRow>> {
        let Reverse((level, seq, at)) = self.next.pop()?;
        let shard = self.shards.get_mut(usize::from(at))?;
        let row = shard.rows.pop_front()?;
        match shard.rows.front() {
            Some(row) => self.next.push(Reverse(place_of(row))),
            None => self.fill(at, Bound::Excluded((level, seq))),
        }
        Some(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::sample::{alert, wage};
    use crate::domain::{AlertStatus, Change, Position};
    use crate::engine::ShardFeed;
    use proptest::prelude::*;

    /// Row `seq` of a shard: the alert of this number, with a level; level 0 = it is over.
    fn row(shard: u16, seq: u64, worker: u8, level: u8) -> Arc<AlertRow> {
        let mut alert = alert(wage(worker, "2026-03", 100));
        match level {
            0 => alert.status = AlertStatus::Resolved,
            level => alert.finding.level = Level::ALL[usize::from(level - 1)],
        }
        let (position, change) = (Position(seq), Change::Changed);
        Arc::new(AlertRow { shard, seq, position, written_ms: 0, change, alert, rulebook: "1".into() })
    }

    fn feed(shards: &[Vec<(u8, u8)>]) -> Feed {
        let empty = shards.iter().map(|_| ShardFeed::new(1000, 0, [], [])).collect();
        let feed = Feed::new(empty);
        for (shard, rows) in (0..).zip(shards) {
            let rows = rows.iter().zip(1..).map(|((alert, level), seq)| row(shard, seq, *alert, *level));
            feed.publish(shard, rows.collect());
        }
        feed
    }

    /// From scratch: all that stand, sorted.
    fn all(feed: &Feed) -> Vec<Place> {
        let rows = (0..feed.shards()).flat_map(|shard| feed.standing(shard).1);
        let mut places: Vec<Place> = rows.map(|row| place_of(&row)).collect();
        places.sort_unstable();
        places
    }

    proptest! {
        #[test]
        fn pages_put_together_are_the_whole_list(
            shards in proptest::collection::vec(proptest::collection::vec((0u8..12, 0u8..=4), 0..60), 1..5),
            size in 1usize..20,
        ) {
            let feed = feed(&shards);
            let (mut pages, mut after) = (Vec::new(), None);
            loop {
                let page: Vec<Place> = Ranked::after(&feed, after).take(size).map(|row| place_of(&row)).collect();
                after = page.last().copied().or(after);
                let is_last = page.len() < size;
                pages.extend(page);
                if is_last {
                    break;
                }
            }
            prop_assert_eq!(pages, all(&feed));
        }
    }

    #[test]
    fn a_page_reads_no_more_than_a_page() {
        let feed = feed(&vec![(0..200).map(|n| (n, n % 4 + 1)).collect(); 32]);
        let mut ranked = Ranked::after(&feed, None);
        assert_eq!(ranked.by_ref().take(100).count(), 100);
        let waiting: usize = ranked.shards.iter().map(|shard| shard.rows.len()).sum();
        assert!(100 + waiting <= 400, "{waiting} more were read, of {}", all(&feed).len());
        // Whoever wants all of it is not held up by small steps.
        assert_eq!(100 + ranked.by_ref().count(), 32 * 200);
    }

    #[test]
    fn a_place_comes_back() {
        for place in [(Reverse(Level::Red), 7, 3), (Reverse(Level::Blue), u64::MAX, 0)] {
            let mut w = Writer::new();
            write_place(&mut w, place);
            assert_eq!(read_place(&mut Reader::new(&w.bytes)), Ok(place));
        }
    }
}
