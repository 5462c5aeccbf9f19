//! Who worked at two projects or more on one day: of each such person and month, the projects and the days that
//! they share. Kept apart from who was where, because rules ask for these alone, and few people are among them.

use super::presence::{part_of, read_stay, write_stay};
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{IdNumber, MonthDays, Period, ProjectId};
use std::collections::{BTreeMap, BTreeSet};

/// The shared days of one person and month, by project.
pub(in crate::engine) type Stays = BTreeMap<ProjectId, MonthDays>;
pub(super) type PersonMonth = (IdNumber, Period);
/// A month, and a part of all workers.
pub(super) type PageKey = (Period, u8);

#[derive(Default)]
pub(in crate::engine) struct Doubles {
    found: BTreeMap<PersonMonth, Stays>,
    stirred: BTreeSet<PersonMonth>,
    dirty: BTreeSet<PageKey>,
}

impl Doubles {
    /// From scratch: where everybody was, in any order.
    pub fn of<'a>(stays: impl Iterator<Item = (&'a IdNumber, Period, &'a ProjectId, MonthDays)>) -> Doubles {
        let mut all: Vec<_> = stays.collect();
        all.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        let mut doubles = Doubles::default();
        for his in all.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).filter(|his| his.len() > 1) {
            let shared = MonthDays::shared(his.iter().map(|stay| stay.3));
            let stays = his.iter().map(|stay| (stay.2.clone(), stay.3.and(shared)));
            let stays: Stays = stays.filter(|(_, days)| !days.is_empty()).collect();
            if !stays.is_empty() {
                doubles.found.insert((his[0].0.clone(), his[0].1), stays);
            }
        }
        doubles
    }

    /// These are the days that are shared now.
    pub fn put(&mut self, worker: &IdNumber, period: Period, stays: Stays) {
        if stays.is_empty() && self.found.is_empty() {
            return;
        }
        let key = (worker.clone(), period);
        if self.found.get(&key).map_or(stays.is_empty(), |before| *before == stays) {
            return;
        }
        match stays.is_empty() {
            true => self.found.remove(&key),
            false => self.found.insert(key.clone(), stays),
        };
        self.dirty.insert((period, part_of(worker)));
        self.stirred.insert(key);
    }

    pub fn of_person(&self, (worker, period): &PersonMonth) -> Option<&Stays> {
        self.found.get(&(worker.clone(), *period))
    }

    pub fn people(&self) -> impl Iterator<Item = &PersonMonth> {
        self.found.keys()
    }

    /// A project's papers are others now: who was there is to be looked at again.
    pub fn stir_project(&mut self, project: &ProjectId) {
        let there = self.found.iter().filter(|(_, stays)| stays.contains_key(project));
        self.stirred.extend(there.map(|(key, _)| key.clone()));
    }

    pub fn stir_all(&mut self) {
        self.stirred.extend(self.found.keys().cloned());
    }

    pub fn has_stirred(&self) -> bool {
        !self.stirred.is_empty()
    }

    /// Those who are to be looked at since the last call.
    pub fn take_stirred(&mut self) -> BTreeSet<PersonMonth> {
        std::mem::take(&mut self.stirred)
    }

    /// The pages that changed since the last call; `None`: nobody is on it any more.
    pub fn dirty_pages(&mut self) -> Vec<(PageKey, Option<Vec<u8>>)> {
        let dirty = std::mem::take(&mut self.dirty);
        if dirty.is_empty() {
            return Vec::new();
        }
        let mut pages: BTreeMap<PageKey, Vec<(&IdNumber, &Stays)>> = BTreeMap::new();
        for ((worker, period), stays) in &self.found {
            let key = (*period, part_of(worker));
            if dirty.contains(&key) {
                pages.entry(key).or_default().push((worker, stays));
            }
        }
        dirty.iter().map(|key| (*key, pages.get(key).map(|people| bytes_of(people)))).collect()
    }

    pub fn load(&mut self, (period, _): PageKey, bytes: &[u8]) -> Result<(), Corrupt> {
        let mut r = Reader::new(bytes);
        for (worker, stays) in r.list(|r| Ok((r.id_number()?, r.list(read_stay)?)))? {
            self.found.insert((worker, period), stays.into_iter().collect());
        }
        r.end()
    }
}

fn bytes_of(people: &[(&IdNumber, &Stays)]) -> Vec<u8> {
    let mut w = Writer::new();
    w.list(people.iter(), |w, (worker, stays)| {
        w.id_number(worker);
        w.list(stays.iter(), |w, (project, days)| write_stay(w, project, *days));
    });
    w.bytes
}

pub(super) fn write_key(w: &mut Writer, (period, part): PageKey) {
    w.period(period);
    w.u8(part);
}

pub(super) fn read_key(r: &mut Reader<'_>) -> Result<PageKey, Corrupt> {
    Ok((r.period()?, r.u8()?))
}
