//! Who was at which project on which days, of every worker and month: tidings in, out what two projects or more
//! share. Pages of a month and a part of all workers; those that nothing is said of stand in the store alone, so
//! that memory does not grow with the years. Knows no shard, no rule.

use super::doubles::Stays;
use super::tiding::PresenceTiding;
use crate::codec::{Reader, Writer};
use crate::domain::{IdNumber, MonthDays, Period, ProjectId};
use crate::engine::keys;
use crate::engine::pages::{damaged, open, page};
use crate::store::{Changes, Store, StoreError};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(in crate::engine) struct Presence {
    store: Arc<dyn Store>,
    /// Those in memory.
    pages: BTreeMap<PageKey, Page>,
    /// Projects by number, so that a stay is small. A number means nothing outside this memory.
    projects: Vec<ProjectId>,
    numbers: HashMap<ProjectId, u32, FixedState>,
    /// Stays of all pages in memory, and how many of them may be clean ones.
    count: usize,
    most: usize,
    /// Counts checkpoints.
    round: u64,
}

/// A month, and a part of all workers.
type PageKey = (Period, u8);

#[derive(Default)]
struct Page {
    /// By worker; a worker's in no order.
    stays: Vec<Stay>,
    is_dirty: bool,
    /// The checkpoint that wrote it; 0 = it is as the store has it.
    written: u64,
}

/// Some worker was at some project on those days, never none. 24 bytes.
struct Stay {
    worker: IdNumber,
    project: u32,
    days: MonthDays,
}

/// What may stay in memory unless it is told otherwise: some 50 MB.
const STAYS_MOST: usize = 1 << 21;

impl Presence {
    pub fn new(store: Arc<dyn Store>) -> Presence {
        Presence {
            store,
            pages: BTreeMap::new(),
            projects: Vec::new(),
            numbers: HashMap::default(),
            count: 0,
            most: STAYS_MOST,
            round: 0,
        }
    }

    /// So much memory may be taken by pages that the store has, in bytes.
    pub fn limit(&mut self, bytes: usize) {
        self.most = bytes / size_of::<Stay>();
    }

    /// Takes over what is said of a worker's month at a project. Answers which days of the month the projects
    /// share now, by project.
    pub fn take(&mut self, said: &PresenceTiding) -> Result<Stays, StoreError> {
        let key = (said.period, part_of(&said.worker));
        let project = self.number(&said.project_id);
        self.load(key)?;
        let Some(page) = self.pages.get_mut(&key) else { return Ok(Stays::new()) };
        let first = page.stays.partition_point(|stay| stay.worker < said.worker);
        let of_worker = page.stays[first..].iter().take_while(|stay| stay.worker == said.worker).count();
        let his = first..first + of_worker;
        let place = page.stays[his.clone()].iter().position(|stay| stay.project == project);
        match place.map(|place| first + place) {
            Some(place) if page.stays[place].days == said.days => {}
            Some(place) => {
                page.is_dirty = true;
                if said.days.is_empty() {
                    page.stays.remove(place);
                    self.count -= 1;
                } else {
                    page.stays[place].days = said.days;
                }
            }
            None if said.days.is_empty() => {}
            None => {
                if page.stays.len() == page.stays.capacity() {
                    page.stays.reserve_exact(4 + page.stays.len() / 8);
                }
                page.is_dirty = true;
                page.stays.insert(his.end, Stay { worker: said.worker.clone(), project, days: said.days });
                self.count += 1;
            }
        }
        let his = page.stays[first..].iter().take_while(|stay| stay.worker == said.worker);
        Ok(shared(his, &self.projects))
    }

    fn number(&mut self, project: &ProjectId) -> u32 {
        if let Some(number) = self.numbers.get(project) {
            return *number;
        }
        // Projects are counted in thousands.
        let number = u32::try_from(self.projects.len()).unwrap_or(u32::MAX);
        self.projects.push(project.clone());
        self.numbers.insert(project.clone(), number);
        number
    }

    /// Has the page in memory.
    fn load(&mut self, key: PageKey) -> Result<(), StoreError> {
        if self.pages.contains_key(&key) {
            return Ok(());
        }
        let mut stays = Vec::new();
        if let Some(bytes) = self.store.get(&keys::presence(key.0, key.1))? {
            let kept = open(&bytes, |r| r.list(|r| Ok((r.id_number()?, r.list(read_stay)?))));
            for (worker, his) in kept.map_err(damaged)? {
                for (project, days) in his {
                    stays.push(Stay { worker: worker.clone(), project: self.number(&project), days });
                }
            }
        }
        self.count += stays.len();
        self.pages.insert(key, Page { stays, is_dirty: false, written: 0 });
        Ok(())
    }

    /// Adds the pages that changed since the last checkpoint, which is in the store by now; then lets go of
    /// what the store has, the oldest months first, where it is too much.
    pub fn encode(&mut self, changes: &mut Changes) {
        self.round += 1;
        let projects = &self.projects;
        for ((period, part), page) in self.pages.iter_mut().filter(|(_, page)| page.is_dirty) {
            (page.is_dirty, page.written) = (false, self.round);
            changes.put.push((keys::presence(*period, *part), bytes_of(page, projects)));
        }
        self.evict(self.round);
    }

    /// Every checkpoint is in the store: lets go of what is too much.
    pub fn tidy(&mut self) {
        self.evict(u64::MAX);
    }

    /// Lets go of clean pages that were written before that checkpoint.
    fn evict(&mut self, before: u64) {
        if self.count <= self.most {
            return;
        }
        let clean = |page: &Page| !page.is_dirty && page.written < before;
        let keys: Vec<PageKey> =
            self.pages.iter().filter(|(_, page)| clean(page)).map(|(key, _)| *key).collect();
        for key in keys {
            if self.count <= self.most {
                break;
            }
            self.count -= self.pages.remove(&key).map_or(0, |page| page.stays.len());
        }
    }
}

fn shared<'a>(stays: impl Iterator<Item = &'a Stay> + Clone, projects: &[ProjectId]) -> Stays {
    let days = MonthDays::shared(stays.clone().map(|stay| stay.days));
    if days.is_empty() {
        return Stays::new();
    }
    let here = stays.map(|stay| (stay.project, stay.days.and(days))).filter(|(_, days)| !days.is_empty());
    here.map(|(project, days)| (projects[project as usize].clone(), days)).collect()
}

/// The same stays have the same bytes, whatever the numbers of their projects.
fn bytes_of(of: &Page, projects: &[ProjectId]) -> Vec<u8> {
    let workers: Vec<&[Stay]> = of.stays.chunk_by(|a, b| a.worker == b.worker).collect();
    page(|w| {
        w.list(workers.into_iter(), |w, his| {
            w.id_number(&his[0].worker);
            let stays: BTreeMap<&ProjectId, MonthDays> =
                his.iter().map(|stay| (&projects[stay.project as usize], stay.days)).collect();
            w.list(stays.into_iter(), |w, (project, days)| write_stay(w, project, days));
        });
    })
}

pub(super) fn write_stay(w: &mut Writer, project: &ProjectId, days: MonthDays) {
    w.project_id(project);
    w.u32(days.0);
}

pub(super) fn read_stay(r: &mut Reader<'_>) -> Result<(ProjectId, MonthDays), crate::codec::Corrupt> {
    Ok((r.project_id()?, MonthDays(r.u32()?)))
}

/// Which of 256 parts of all workers; for good, for pages bear it.
pub(super) fn part_of(worker: &IdNumber) -> u8 {
    let mixed = match worker.packed() {
        // Fibonacci hashing: numbers of one village and year differ in a few digits.
        Some(number) => number.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        None => u64::from(crc32fast::hash(worker.reveal().as_bytes())) << 32,
    };
    let [part, ..] = mixed.to_be_bytes();
    part
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    fn said(worker: u64, month: &str, project: &str, days: u32) -> PresenceTiding {
        PresenceTiding {
            project_id: ProjectId::parse("project_id", project).unwrap(),
            worker: IdNumber::from_packed(worker),
            period: Period::parse(month).unwrap(),
            days: MonthDays(days),
        }
    }

    fn shown(stays: &Stays) -> Vec<(&str, u32)> {
        stays.iter().map(|(project, days)| (project.as_str(), days.0)).collect()
    }

    fn written(presence: &mut Presence) -> Changes {
        let mut changes = Changes::default();
        presence.encode(&mut changes);
        changes
    }

    #[test]
    fn what_is_shared_follows_what_was_said_last() {
        let mut presence = Presence::new(Arc::new(MemoryStore::new()));
        let mut take = |said: PresenceTiding| presence.take(&said).unwrap();
        assert_eq!(take(said(1, "2026-03", "P1", 0b0111)), Stays::new());
        assert_eq!(take(said(2, "2026-03", "P2", 0b0111)), Stays::new());
        assert_eq!(take(said(1, "2026-04", "P2", 0b0111)), Stays::new());
        assert_eq!(shown(&take(said(1, "2026-03", "P2", 0b1100))), [("P1", 0b0100), ("P2", 0b0100)]);
        // Saying it twice changes nothing.
        assert_eq!(shown(&take(said(1, "2026-03", "P2", 0b1100))), [("P1", 0b0100), ("P2", 0b0100)]);
        let all = take(said(1, "2026-03", "P0", 0b1001));
        assert_eq!(shown(&all), [("P0", 0b1001), ("P1", 0b0101), ("P2", 0b1100)]);
        take(said(1, "2026-03", "P0", 0));
        assert_eq!(take(said(1, "2026-03", "P1", 0b0011)), Stays::new());
    }

    /// Every page leaves memory as soon as it may, and whoever opens the store goes on.
    #[test]
    fn what_left_memory_comes_back_when_something_is_said_of_it() {
        let store = Arc::new(MemoryStore::new());
        let mut presence = Presence::new(store.clone());
        presence.limit(0);
        for round in 0..40_u32 {
            if round % 7 == 3 {
                presence = Presence::new(store.clone());
                presence.limit(0);
            }
            let month = ["2026-03", "2026-04"][round as usize % 2];
            let other = presence.take(&said(u64::from(round % 5), month, "P1", 1 << (round % 31))).unwrap();
            assert!(other.is_empty());
            store.write(written(&mut presence)).unwrap();
            // What this checkpoint wrote is not known to be there before the next one.
            assert!(presence.pages.len() <= 1, "{round}");
        }
        // The last said of worker 4 in April is round 39's.
        let found = presence.take(&said(4, "2026-04", "P2", u32::MAX)).unwrap();
        assert_eq!(shown(&found), [("P1", 1 << 8), ("P2", 1 << 8)]);
        presence.tidy();
        assert_eq!(presence.pages.len(), 1, "what no checkpoint has stays");
    }

    #[test]
    fn pages_are_the_same_in_whatever_order_things_were_said() {
        let all = [("P2", 1), ("P1", 2), ("P3", 3)];
        let pages = |order: [usize; 3]| {
            let mut presence = Presence::new(Arc::new(MemoryStore::new()));
            for at in order {
                presence.take(&said(9, "2026-03", all[at].0, all[at].1)).unwrap();
            }
            written(&mut presence).put
        };
        assert_eq!(pages([0, 1, 2]), pages([2, 1, 0]));
        assert_eq!(size_of::<Stay>(), 24);
    }
}
