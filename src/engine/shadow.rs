//! A second rulebook that judges the same projects and tells nobody: what stands by it is kept in memory, by
//! project, and counted. A project is judged by it from scratch, some time after it was touched, when its
//! thread has nothing else to do; so the live judgement pays nothing for it.

use super::bench::Bench;
use super::debts::{self, Share};
use super::project::ProjectState;
use super::shadow_days::{SaidDays, ShadowDays};
use crate::alerts::{Floods, PUBLIC_ID_KEY};
use crate::domain::{AlertKey, Day, Level, Rule, Rulebook};
use crate::ledger::{ProjectLedger, count_days_alike};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many alerts stand, by rule and level.
pub type Counts = BTreeMap<(Rule, Level), u64>;

/// What stands in a shard's projects by the shadow rulebook.
pub(super) struct Shadow {
    book: Arc<Rulebook>,
    /// By the shard's number of the project.
    projects: BTreeMap<u32, Project>,
    /// Projects that were touched since they were judged.
    stale: BTreeSet<u32>,
    due: BTreeSet<(Day, u32)>,
    counts: Counts,
    days: SaidDays,
}

#[derive(Default)]
struct Project {
    standing: BTreeMap<AlertKey, Level>,
    /// The first day on which something else may stand though no record comes.
    next: Option<Day>,
    /// What its employers owe.
    shares: Vec<Share>,
}

impl Shadow {
    pub fn new(book: Arc<Rulebook>) -> Shadow {
        Shadow {
            book,
            projects: BTreeMap::new(),
            stale: BTreeSet::new(),
            due: BTreeSet::new(),
            counts: Counts::new(),
            days: SaidDays::default(),
        }
    }

    pub fn touch(&mut self, slot: u32) {
        self.stale.insert(slot);
    }

    /// A day has come: those that wait for it are to be judged again, all of them when other numbers count.
    pub fn turn(&mut self, before: Day, today: Day) {
        if self.book.changes_between(before, today) {
            self.stale.extend(self.projects.keys());
        }
        let later = self.due.split_off(&(today.plus(1), 0));
        self.stale.extend(std::mem::replace(&mut self.due, later).into_iter().map(|(_, slot)| slot));
    }

    /// Projects that wait to be judged.
    pub fn waiting(&self) -> usize {
        self.stale.len()
    }

    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What employers owe in each project in which one does.
    pub fn shares(&self) -> impl Iterator<Item = (u32, &[Share])> {
        let owing = self.projects.iter().filter(|(_, project)| !project.shares.is_empty());
        owing.map(|(slot, project)| (*slot, project.shares.as_slice()))
    }

    /// The next project to judge.
    pub fn next(&self) -> Option<u32> {
        self.stale.first().copied()
    }

    /// Judges a project; its ledger is lent and comes back as it was. Answers what its employers owe, if that
    /// is another than before.
    pub fn judge(&mut self, slot: u32, ledger: &mut ProjectLedger, today: Day) -> Option<Vec<Share>> {
        let empty = ProjectLedger::new(ledger.id().clone());
        let mut state = ProjectState::new(std::mem::replace(ledger, empty));
        // Nobody is asked to do anything about what the shadow finds: its alerts need no clock.
        let floods = Floods::default();
        let (book, ids, today) = (&self.book, &PUBLIC_ID_KEY, Some(today));
        let bench = Bench { book, ids, today, written_ms: 0, floods: &floods };
        state.visit(&bench, &mut Vec::new());
        let standing = state.alerts.standing().map(|a| (a.key(), a.finding.level)).collect();
        let next = state.wakes.first();
        let shares = debts::shares(state.alerts.standing().map(|alert| &alert.finding));
        *ledger = state.ledger;
        self.stale.remove(&slot);
        let before = self.projects.get(&slot).map(|project| project.shares.as_slice());
        let changed = (before.unwrap_or_default() != shares).then(|| shares.clone());
        self.put(slot, Project { standing, next, shares });
        changed
    }

    /// On which days who was at a project by this rulebook, as far as that is another than before; nothing while the
    /// live one counts the same days.
    pub fn say_days(&mut self, slot: u32, ledger: &ProjectLedger, live: &Rulebook) -> Option<ShadowDays> {
        match count_days_alike(&self.book, live) {
            true => None,
            false => self.days.say(slot, ledger, &self.book),
        }
    }

    fn put(&mut self, slot: u32, project: Project) {
        let before = self.projects.remove(&slot).unwrap_or_default();
        if let Some(day) = before.next {
            self.due.remove(&(day, slot));
        }
        self.due.extend(project.next.map(|day| (day, slot)));
        for (key, level) in &project.standing {
            *self.counts.entry((key.rule, *level)).or_default() += 1;
        }
        self.projects.insert(slot, project);
        for (key, level) in &before.standing {
            if let Some(count) = self.counts.get_mut(&(key.rule, *level)) {
                *count -= 1;
                if *count == 0 {
                    self.counts.remove(&(key.rule, *level));
                }
            }
        }
    }
}
