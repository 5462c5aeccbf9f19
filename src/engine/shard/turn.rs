//! What comes over all projects of a shard at once: the next business date, and another rulebook.

use super::Shard;
use crate::alerts::holds_floods;
use crate::domain::{Day, ProjectId, Release, Rule, Rulebook};
use crate::ledger::count_days_alike;
use crate::store::StoreError;
use std::sync::Arc;

/// Whom the turns of business days have looked at.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Visited {
    pub projects: u64,
    pub workers: u64,
}

impl Shard {
    /// Since the last call.
    pub fn take_visited(&mut self) -> Visited {
        std::mem::take(&mut self.visited)
    }

    /// From here on this one judges.
    pub(super) fn change_rulebook(&mut self, book: &Rulebook) -> Result<(), StoreError> {
        let before = std::mem::replace(&mut self.book, Arc::new(book.clone()));
        self.is_book_saved = false;
        if !count_days_alike(book, &before) {
            self.say_presence_anew(&before)?;
        }
        self.judge_all()
    }

    /// Days count otherwise than by that rulebook: the second stage is told of those that do.
    fn say_presence_anew(&mut self, before: &Rulebook) -> Result<(), StoreError> {
        for name in self.names_in_order() {
            let (slot, _) = self.slot(&name)?;
            self.with_state(slot, &mut Vec::new(), |state, bench, _| state.say_presence(before, bench.book));
        }
        Ok(())
    }

    fn names_in_order(&self) -> Vec<ProjectId> {
        let mut names: Vec<ProjectId> = self.slots.iter().map(|s| s.summary.project_id.clone()).collect();
        names.sort();
        names
    }

    pub(super) fn turn(&mut self, day: Day) -> Result<(), StoreError> {
        let Some(today) = self.meta.today else {
            // The first date: everything that came before it is judged now.
            self.meta.today = Some(day);
            self.floods.turn(day);
            return self.judge_all();
        };
        // What this block has touched so far may wait for a date that comes now.
        for slot in self.touched.clone() {
            self.schedule(slot);
        }
        for step in 1..=day.since(today) {
            let day = today.plus(step);
            self.meta.today = Some(day);
            self.floods.turn(day);
            if let Some(shadow) = &mut self.shadow {
                shadow.turn(day.plus(-1), day);
            }
            if self.book.changes_between(day.plus(-1), day) {
                self.judge_all()?;
            }
            while let Some(first) = self.due.first_entry() {
                if *first.key() > day {
                    break;
                }
                for name in first.remove() {
                    if let Some(slot) = self.names.get(&name).copied() {
                        self.slots[slot as usize].next = None;
                    }
                    self.wake(&name)?;
                }
            }
        }
        Ok(())
    }

    /// Judges every project anew: the numbers that rules judge by are others, or the first date has come.
    fn judge_all(&mut self) -> Result<(), StoreError> {
        if self.meta.today.is_some_and(|today| !holds_floods(self.book.at(today))) {
            // Where nothing is held any more, nobody would be told of what was.
            self.floods.rules().into_iter().try_for_each(|rule| self.release(rule, None))?;
        }
        self.names_in_order().iter().try_for_each(|name| self.visit(name))
    }

    /// What is held of a rule is told from now on, project by project.
    pub(super) fn release(&mut self, rule: Rule, by: Option<&Release>) -> Result<(), StoreError> {
        for name in self.floods.projects(rule) {
            let mut out = Vec::new();
            let (slot, _) = self.slot(&name)?;
            self.with_state(slot, &mut out, |state, bench, out| state.release(rule, by, bench, out));
            self.schedule(slot);
        }
        Ok(())
    }

    fn visit(&mut self, name: &ProjectId) -> Result<(), StoreError> {
        let mut out = Vec::new();
        let (slot, _) = self.slot(name)?;
        self.with_state(slot, &mut out, |state, bench, out| state.visit(bench, out));
        self.schedule(slot);
        Ok(())
    }

    fn wake(&mut self, name: &ProjectId) -> Result<(), StoreError> {
        let mut out = Vec::new();
        let (slot, _) = self.slot(name)?;
        let workers = self.with_state(slot, &mut out, |state, bench, out| state.wake(bench, out));
        self.visited.projects += 1;
        self.visited.workers += workers as u64;
        self.schedule(slot);
        Ok(())
    }
}
