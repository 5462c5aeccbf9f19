//! Late and repeated records: some are held back, some come twice. Every record comes out at least once.
//! Knows nothing of what records say.

use super::Share;
use crate::domain::Record;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// A record is held back for at most so many others: bounds the memory.
const REACH: u64 = 100_000;

/// Takes records in order and gives them out in less of it.
pub struct Disorder {
    late: Share,
    twice: Share,
    dice: ChaCha8Rng,
    /// How many have come.
    count: u64,
    /// Held records by the count at which they come out, and the one at which they came.
    held: BTreeMap<(u64, u64, bool), Record>,
}

impl Disorder {
    pub fn new(seed: u64, late: Share, twice: Share) -> Disorder {
        // Another stream than the county's.
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        dice.set_stream(1);
        Disorder { late, twice, dice, count: 0, held: BTreeMap::new() }
    }

    /// Takes one record; what comes out now is appended to `out`.
    pub fn pass(&mut self, record: Record, out: &mut Vec<Record>) {
        self.count += 1;
        if self.twice.strikes(&mut self.dice) {
            self.hold(record.clone(), true);
        }
        if self.late.strikes(&mut self.dice) {
            self.hold(record, false);
        } else {
            out.push(record);
        }
        while let Some(entry) = self.held.first_entry().filter(|e| e.key().0 <= self.count) {
            out.push(entry.remove());
        }
    }

    /// Gives out all that is still held.
    pub fn end(&mut self, out: &mut Vec<Record>) {
        out.extend(std::mem::take(&mut self.held).into_values());
    }

    fn hold(&mut self, record: Record, repeat: bool) {
        let until = self.count + self.dice.random_range(1..=REACH);
        self.held.insert((until, self.count, repeat), record);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{County, Plan};
    use super::*;
    use crate::domain::{Calendar, Period};

    fn told(late: Share, twice: Share) -> (Vec<Record>, Vec<Record>) {
        let first = Period::parse("2026-03").unwrap();
        let plan = Plan { seed: 1, projects: 2, workers: 20, months: 1, first, troubles: Share::default() };
        let records: Vec<Record> =
            County::new(&plan, Calendar::default()).flat_map(|(_, records)| records).collect();
        let (mut disorder, mut out) = (Disorder::new(1, late, twice), Vec::new());
        records.iter().for_each(|r| disorder.pass(r.clone(), &mut out));
        disorder.end(&mut out);
        (records, out)
    }

    #[test]
    fn nothing_is_lost_and_some_come_twice() {
        let (records, out) = told(Share::percent(20), Share::percent(10));
        let id = |r: &Record| r.head.id.clone();
        let mut before: Vec<_> = records.iter().map(id).collect();
        let mut after: Vec<_> = out.iter().map(id).collect();
        let repeated = after.len() - before.len();
        assert!((records.len() / 20..records.len() / 5).contains(&repeated), "{repeated}");
        assert!(!out.is_sorted_by_key(|r| r.head.at));
        before.sort();
        after.sort();
        after.dedup();
        assert_eq!(before, after);
    }

    #[test]
    fn no_share_no_disorder() {
        let (records, out) = told(Share::default(), Share::default());
        assert_eq!(records, out);
    }
}
