//! When a project is to be looked at again though no record comes: by day, and who in it. A day that is
//! asked for no more is forgotten, where that is certain: a site at work moves the day on which its silence
//! would show every morning, and would be looked at every day for the days before. Knows no rule.

use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{Day, Part};
use crate::ledger::WorkerIx;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// More workers of one day than these are all of the project: a list of them would save nothing.
const LISTED_MAX: usize = 32;

/// The days ahead of one project, in order.
#[derive(Clone, Default, Debug)]
pub struct Wakes {
    days: BTreeMap<Day, Wake>,
    /// The day that each part of the project asks for, if nobody else asked for it. Not stored: a day
    /// that outlives its reason costs one look.
    alone: BTreeMap<Part, Day>,
}

impl PartialEq for Wakes {
    fn eq(&self, other: &Wakes) -> bool {
        self.days == other.days
    }
}

/// Who is to be looked at on a day. The project's own papers and totals are each time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wake {
    Workers(BTreeSet<WorkerIx>),
    Everyone,
}

impl Default for Wake {
    fn default() -> Self {
        Wake::Workers(BTreeSet::new())
    }
}

impl Wake {
    fn add(&mut self, worker: WorkerIx) {
        if let Wake::Workers(workers) = self {
            workers.insert(worker);
            if workers.len() > LISTED_MAX {
                *self = Wake::Everyone;
            }
        }
    }

    fn join(&mut self, other: Wake) {
        match other {
            Wake::Everyone => *self = Wake::Everyone,
            Wake::Workers(workers) => workers.into_iter().for_each(|worker| self.add(worker)),
        }
    }
}

impl Wakes {
    pub fn worker(&mut self, day: Day, worker: WorkerIx) {
        self.share(day);
        self.days.entry(day).or_default().add(worker);
    }

    pub fn everyone(&mut self, day: Day) {
        self.share(day);
        self.days.insert(day, Wake::Everyone);
    }

    pub fn project(&mut self, day: Day) {
        self.share(day);
        self.days.entry(day).or_default();
    }

    /// The next day for which a part of the project asks, in the place of the one before.
    pub fn part(&mut self, part: Part, day: Option<Day>) {
        if self.alone.get(&part).copied() == day && day.is_some() {
            return;
        }
        if let Some(before) = self.alone.remove(&part) {
            self.days.remove(&before);
        }
        let Some(day) = day else { return };
        match self.days.entry(day) {
            Entry::Occupied(_) => self.share(day),
            Entry::Vacant(free) => {
                free.insert(Wake::default());
                self.alone.insert(part, day);
            }
        }
    }

    /// Somebody else asks for that day, too.
    fn share(&mut self, day: Day) {
        self.alone.retain(|_, alone| *alone != day);
    }

    pub fn first(&self) -> Option<Day> {
        self.days.keys().next().copied()
    }

    pub fn len(&self) -> usize {
        self.days.len()
    }

    /// All that waits for `today` or a day before it.
    pub fn take(&mut self, today: Day) -> Wake {
        self.alone.retain(|_, day| *day > today);
        let later = self.days.split_off(&today.plus(1));
        let mut all = Wake::default();
        std::mem::replace(&mut self.days, later).into_values().for_each(|wake| all.join(wake));
        all
    }

    pub fn write(&self, w: &mut Writer) {
        w.list(self.days.iter(), |w, (day, wake)| {
            w.day(*day);
            match wake {
                Wake::Everyone => w.bool(true),
                Wake::Workers(workers) => {
                    w.bool(false);
                    w.list(workers.iter(), |w, worker| w.u32(*worker));
                }
            }
        });
    }

    pub fn read(r: &mut Reader<'_>) -> Result<Wakes, Corrupt> {
        let days = r.list(|r| {
            let day = r.day()?;
            let wake = match r.bool()? {
                true => Wake::Everyone,
                false => Wake::Workers(r.list(Reader::u32)?.into_iter().collect()),
            };
            Ok((day, wake))
        })?;
        Ok(Wakes { days: days.into_iter().collect(), alone: BTreeMap::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_have_come_are_taken_together_and_once() {
        let mut wakes = Wakes::default();
        wakes.worker(Day(3), 7);
        wakes.worker(Day(1), 5);
        wakes.project(Day(2));
        wakes.worker(Day(9), 1);
        assert_eq!((wakes.first(), wakes.len()), (Some(Day(1)), 4));
        assert_eq!(wakes.take(Day(3)), Wake::Workers([5, 7].into()));
        assert_eq!(wakes.take(Day(3)), Wake::default());
        assert_eq!((wakes.first(), wakes.len()), (Some(Day(9)), 1));
    }

    #[test]
    fn a_part_that_asks_for_another_day_takes_its_own_back_and_no_others() {
        let mut wakes = Wakes::default();
        let first = |wakes: &Wakes| wakes.first().map(|day| day.0);
        wakes.part(Part::Totals, Some(Day(3)));
        wakes.part(Part::Totals, Some(Day(4)));
        assert_eq!((first(&wakes), wakes.len()), (Some(4), 1));
        // Another part asks for the same day: it stays when the first wants it no more.
        wakes.part(Part::Papers, Some(Day(4)));
        wakes.part(Part::Totals, Some(Day(9)));
        assert_eq!((first(&wakes), wakes.len()), (Some(4), 2));
        wakes.worker(Day(9), 1);
        wakes.part(Part::Totals, None);
        assert_eq!(wakes.len(), 2);
        // A day that was there before is not the part's own.
        wakes.project(Day(2));
        wakes.part(Part::Totals, Some(Day(2)));
        wakes.part(Part::Totals, Some(Day(5)));
        assert_eq!((first(&wakes), wakes.len()), (Some(2), 4));
        // What has come is no day to take back.
        wakes.take(Day(5));
        wakes.project(Day(5));
        wakes.part(Part::Totals, None);
        assert_eq!(first(&wakes), Some(5));
    }

    #[test]
    fn many_workers_are_everyone() {
        let mut wakes = Wakes::default();
        (0..32).for_each(|worker| wakes.worker(Day(1), worker));
        assert!(matches!(wakes.clone().take(Day(1)), Wake::Workers(all) if all.len() == 32));
        wakes.worker(Day(1), 32);
        assert_eq!(wakes.clone().take(Day(1)), Wake::Everyone);
        wakes.worker(Day(1), 33);
        wakes.project(Day(1));
        assert_eq!(wakes.take(Day(2)), Wake::Everyone);
        (0..20).for_each(|worker| wakes.worker(Day(5), worker));
        (20..40).for_each(|worker| wakes.worker(Day(6), worker));
        assert_eq!(wakes.take(Day(6)), Wake::Everyone);
    }

    #[test]
    fn bytes_bring_them_back() {
        let mut wakes = Wakes::default();
        wakes.worker(Day(20_000), 3);
        wakes.everyone(Day(20_001));
        wakes.project(Day(20_002));
        let mut w = Writer::new();
        wakes.write(&mut w);
        let mut r = Reader::new(&w.bytes);
        assert_eq!(Wakes::read(&mut r).unwrap(), wakes);
        r.end().unwrap();
    }
}
