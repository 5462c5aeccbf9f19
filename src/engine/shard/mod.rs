//! A shard owns its projects and is owned by one thread. It applies what the log says of them in
//! the log's order, numbers the alert rows that follow, lets cold projects leave memory, and
//! encodes what changed for a checkpoint. Knows no clock, no queue, no door.

mod ask;
mod copy;
mod pages;
mod turn;

use super::api::{ProjectFacts, ProjectSummary};
use super::bench::{Bench, Changed};
use super::pages::ShardMeta;
use super::project::ProjectState;
use super::row_book::RowBook;
use super::shadow::Shadow;
use super::wakes::Wakes;
use crate::alerts::{Floods, IdKey, Tallies};
use crate::domain::{Act, AlertRow, Body, Day, Position, ProjectId, Record, Release, Rulebook, Verdict};
use crate::ledger::{Command, ProjectLedger};
use crate::store::{Store, StoreError};
use ask::facts_of;
pub use copy::ProjectCopy;
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
pub use turn::Visited;

/// What every shard of an engine is given.
#[derive(Clone)]
pub struct Equipment {
    pub store: Arc<dyn Store>,
    /// Judges until the log has a rulebook.
    pub book: Arc<Rulebook>,
    pub ids: IdKey,
    /// Rows kept for subscribers who come back, of this shard; 0 = its rows stand elsewhere.
    pub rows_max: usize,
    /// How many shards there are.
    pub shards: u16,
    /// Judges beside the live one and tells nobody.
    pub shadow: Option<Arc<Rulebook>>,
}

/// One thing that a block says to a shard.
pub enum Order<'a> {
    Record(&'a Record),
    County(&'a Command),
    Date(Day),
    Act(&'a Act),
    Rulebook(&'a Rulebook),
    Release(&'a Release),
}

pub struct Shard {
    id: u16,
    with: Equipment,
    meta: ShardMeta,
    /// The last one of the log up to its position.
    book: Arc<Rulebook>,
    is_book_saved: bool,
    shadow: Option<Shadow>,
    names: HashMap<ProjectId, u32, foldhash::fast::FixedState>,
    slots: Vec<Slot>,
    /// The earliest date of each project that waits for one.
    due: BTreeMap<Day, BTreeSet<ProjectId>>,
    touched: Vec<u32>,
    dirty: Vec<u32>,
    rows: RowBook,
    /// Projects whose facts changed since the last `take_facts`.
    fresh_facts: Vec<(ProjectId, ProjectFacts)>,
    /// What became of the alerts, counted row by row.
    tallies: Tallies,
    floods: Floods,
    /// Position of the last checkpoint that was encoded.
    encoded: Position,
    hot_bytes: usize,
    hot_projects: usize,
    workers: usize,
    visited: Visited,
    /// Counts blocks: which project was touched last.
    ticks: u64,
    current: (Position, i64),
}

struct Slot {
    /// Apart, for records do not read it, and of thousands of slots the rest stays at hand.
    summary: Box<ProjectSummary>,
    wakes: Wakes,
    /// Under which date it stands in `due`.
    next: Option<Day>,
    state: Option<Box<ProjectState>>,
    bytes: usize,
    workers: usize,
    ticked: u64,
    is_touched: bool,
    is_dirty: bool,
    /// The store's catalog has it, as `summary` and `dates` say.
    is_listed: bool,
    /// The checkpoint that last encoded it.
    encoded: Position,
}

impl Shard {
    pub fn id(&self) -> u16 {
        self.id
    }

    /// The last block that it has applied.
    pub fn position(&self) -> Position {
        self.meta.position
    }

    pub fn today(&self) -> Option<Day> {
        self.meta.today
    }

    /// Memory of the projects that are hot, in bytes (an estimate).
    pub fn hot_bytes(&self) -> usize {
        self.hot_bytes
    }

    pub fn project_count(&self) -> usize {
        self.slots.len()
    }

    pub fn hot_projects(&self) -> usize {
        self.hot_projects
    }

    /// Workers of all projects.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// A project that is in memory; changes nothing.
    pub fn hot_ledger(&self, name: &ProjectId) -> Option<&ProjectLedger> {
        let slot = *self.names.get(name)?;
        self.slots[slot as usize].state.as_deref().map(|state| &state.ledger)
    }

    /// Applies one order of a block. Orders of blocks that it has applied before are to be left out.
    pub fn apply(
        &mut self,
        position: Position,
        written_ms: i64,
        order: &Order,
    ) -> Result<Verdict, StoreError> {
        self.current = (position, written_ms);
        let verdict = match order {
            Order::Date(day) => {
                self.turn(*day)?;
                Verdict::Accepted
            }
            Order::Rulebook(book) => {
                self.change_rulebook(book)?;
                Verdict::Accepted
            }
            Order::Release(release) => {
                self.release(release.rule, Some(release))?;
                self.floods.lift(release.rule);
                Verdict::Accepted
            }
            Order::Record(record) => match record.body.project_id() {
                Some(project) => {
                    let (slot, verdict) =
                        self.change(project, |state, bench, out| state.record(record, bench, out))?;
                    if matches!(record.body, Body::Project(_)) && verdict == Verdict::Accepted {
                        self.note_facts(slot);
                    }
                    verdict
                }
                // Records without a project are the county's and never come here.
                None => Verdict::Accepted,
            },
            Order::County(command) => {
                self.change(command.project_id(), |state, bench, out| state.command(command, bench, out))?;
                Verdict::Accepted
            }
            Order::Act(act) => {
                self.change(&act.project_id, |state, bench, out| state.act(act, bench, out))?.1
            }
        };
        Ok(verdict)
    }

    /// All orders of a block are applied.
    pub fn finish_block(&mut self, position: Position) {
        self.meta.position = position;
        self.ticks += 1;
        for slot in std::mem::take(&mut self.touched) {
            self.settle_slot(slot);
        }
    }

    /// What became of its alerts.
    pub fn tallies(&self) -> &Tallies {
        &self.tallies
    }

    /// The rows since the last call, in order.
    pub fn take_rows(&mut self) -> Vec<Arc<AlertRow>> {
        self.rows.take_fresh()
    }

    /// Rows of blocks up to there are kept for subscribers alone.
    pub fn keep_rows_after(&mut self, position: Position) {
        self.rows.keep_after(position);
    }

    /// What `project` records have said since the last call, and after `open` all that is known.
    pub fn take_facts(&mut self) -> Vec<(ProjectId, ProjectFacts)> {
        std::mem::take(&mut self.fresh_facts)
    }

    fn note_facts(&mut self, slot: u32) {
        let entry = &self.slots[slot as usize];
        let facts = entry.state.as_ref().and_then(|state| state.ledger.facts()).map(facts_of);
        self.fresh_facts.extend(facts.map(|facts| (entry.summary.project_id.clone(), facts)));
    }

    /// The project's slot, hot, and whether it is new: a project that was never heard of comes into being.
    fn slot(&mut self, name: &ProjectId) -> Result<(u32, bool), StoreError> {
        if let Some(slot) = self.names.get(name).copied() {
            if self.slots[slot as usize].state.is_none() {
                let state = self.load(slot)?;
                let entry = &mut self.slots[slot as usize];
                entry.bytes = state.heap_bytes();
                self.hot_bytes += entry.bytes;
                self.hot_projects += 1;
                entry.state = Some(Box::new(state));
                entry.ticked = self.ticks;
            }
            return Ok((slot, false));
        }
        let slot = self.add_slot(empty_summary(name), Wakes::default(), self.meta.position, false);
        self.slots[slot as usize].state = Some(Box::new(ProjectState::new(ProjectLedger::new(name.clone()))));
        self.hot_projects += 1;
        Ok((slot, true))
    }

    /// Runs a change on a project, hot or cold. One that is new is then judged as a whole: only what
    /// has made it known tells whether it is an unknown one.
    fn change<T>(
        &mut self,
        name: &ProjectId,
        change: impl FnOnce(&mut ProjectState, &Bench, &mut Vec<Changed>) -> T,
    ) -> Result<(u32, T), StoreError> {
        let mut out = Vec::new();
        let (slot, is_new) = self.slot(name)?;
        let answer = self.with_state(slot, &mut out, change);
        if is_new {
            self.with_state(slot, &mut out, |state, bench, out| state.visit(bench, out));
        }
        Ok((slot, answer))
    }

    /// Runs a change on a hot project and numbers the rows that follow from it.
    fn with_state<T>(
        &mut self,
        slot: u32,
        out: &mut Vec<Changed>,
        change: impl FnOnce(&mut ProjectState, &Bench, &mut Vec<Changed>) -> T,
    ) -> T {
        let entry = &mut self.slots[slot as usize];
        if !entry.is_touched {
            entry.is_touched = true;
            self.touched.push(slot);
        }
        let (book, ids) = (&self.book, &self.with.ids);
        let (today, floods) = (self.meta.today, &self.floods);
        let bench = Bench { book, ids, today, written_ms: self.current.1, floods };
        #[allow(
            clippy::expect_used,
            reason = "`slot` makes a project hot, and only `evict` between blocks cools it"
        )]
        let state = entry.state.as_mut().expect("the project is hot");
        let answer = change(state, &bench, out);
        for (change, alert) in out.drain(..) {
            let before = state.rows.get(&alert.key()).map(|row| &row.alert);
            self.floods.count(before, change, &alert);
            if let Some(today) = self.meta.today {
                self.tallies.add(before, (change, &alert), today, state.ledger.facts());
            }
            // What a person did is about a finding that was judged before.
            let judged = state.rows.get(&alert.key()).filter(|_| !change.is_of_facts());
            let rulebook =
                judged.map_or_else(|| self.book.version.as_str().into(), |row| row.rulebook.clone());
            state.keep_row(&self.rows.number(self.current, (change, alert), rulebook));
        }
        answer
    }

    /// After a block: brings summary, dates and size of a touched project up to date.
    fn settle_slot(&mut self, slot: u32) {
        let entry = &mut self.slots[slot as usize];
        entry.is_touched = false;
        entry.ticked = self.ticks;
        if let Some(state) = &entry.state {
            let bytes = state.heap_bytes();
            self.hot_bytes = (self.hot_bytes + bytes).saturating_sub(entry.bytes);
            entry.bytes = bytes;
            let workers = state.ledger.workers();
            self.workers = (self.workers + workers).saturating_sub(entry.workers);
            entry.workers = workers;
        }
        if !entry.is_dirty {
            entry.is_dirty = true;
            self.dirty.push(slot);
        }
        if let Some(shadow) = &mut self.shadow {
            shadow.touch(slot);
        }
        self.schedule(slot);
    }

    /// Puts the project under its earliest date in the due index.
    fn schedule(&mut self, slot: u32) {
        let entry = &mut self.slots[slot as usize];
        let next = match &entry.state {
            Some(state) => state.wakes.first(),
            None => entry.wakes.first(),
        };
        if next == entry.next {
            return;
        }
        let name = entry.summary.project_id.clone();
        if let Some(before) = entry.next
            && let Some(names) = self.due.get_mut(&before)
        {
            names.remove(&name);
            if names.is_empty() {
                self.due.remove(&before);
            }
        }
        entry.next = next;
        if let Some(day) = next {
            self.due.entry(day).or_default().insert(name);
        }
    }

    fn add_slot(&mut self, summary: ProjectSummary, wakes: Wakes, encoded: Position, is_listed: bool) -> u32 {
        // Four thousand million projects do not fit a machine.
        let slot = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        self.names.insert(summary.project_id.clone(), slot);
        let workers = summary.workers as usize;
        self.workers += workers;
        self.slots.push(Slot {
            workers,
            summary: Box::new(summary),
            wakes,
            next: None,
            state: None,
            bytes: 0,
            ticked: self.ticks,
            is_touched: false,
            is_dirty: false,
            is_listed,
            encoded,
        });
        slot
    }
}

fn empty_summary(name: &ProjectId) -> ProjectSummary {
    ProjectSummary {
        project_id: name.clone(),
        facts: None,
        workers: 0,
        overdue_fen: 0,
        overdue_workers: 0,
        overdue_periods: 0,
        oldest_due_on: None,
        alerts: 0,
        suspense: 0,
    }
}
