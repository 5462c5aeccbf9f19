//! A shard owns its projects and is owned by one thread. It applies what the log says of them in
//! the log's order, numbers the alert rows that follow, lets cold projects leave memory, and
//! encodes what changed for a checkpoint. Knows no clock, no queue, no door.

use super::api::{ProjectAsk, ProjectFacts, ProjectSummary};
use super::feed::ShardFeed;
use super::keys;
use super::pages::{self, ShardMeta};
use super::project::{Bench, Changed, ProjectState};
use crate::alerts::IdKey;
use crate::codec;
use crate::domain::{
    Act, AlertRow, Body, Day, Position, Project, ProjectId, Record, Rulebook, SuspenseReason, Verdict,
};
use crate::ledger::{Command, KeptPayment, PageKey, ProjectLedger};
use crate::store::{Changes, Store, StoreError};
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// What every shard of an engine is given.
#[derive(Clone)]
pub struct Equipment {
    pub store: Arc<dyn Store>,
    pub book: Arc<Rulebook>,
    pub ids: IdKey,
    /// Rows kept for subscribers who come back, of this shard.
    pub rows_max: usize,
}

/// One thing that a block says to a shard.
pub enum Order<'a> {
    Record(&'a Record),
    County(&'a Command),
    Date(Day),
    Act(&'a Act),
}

pub struct Shard {
    id: u16,
    with: Equipment,
    meta: ShardMeta,
    names: HashMap<ProjectId, u32, foldhash::fast::FixedState>,
    slots: Vec<Slot>,
    /// The earliest date of each project that waits for one.
    due: BTreeMap<Day, BTreeSet<ProjectId>>,
    touched: Vec<u32>,
    dirty: Vec<u32>,
    /// Rows since the last `take_rows`.
    fresh: Vec<Arc<AlertRow>>,
    /// Projects whose facts changed since the last `take_facts`.
    fresh_facts: Vec<(ProjectId, ProjectFacts)>,
    /// Rows since the last checkpoint.
    unsaved: Vec<Arc<AlertRow>>,
    /// Row pages in the store: first number, how many.
    row_pages: VecDeque<(u64, usize)>,
    /// Position of the last checkpoint that was encoded.
    encoded: Position,
    hot_bytes: usize,
    hot_projects: usize,
    workers: usize,
    /// Counts blocks: which project was touched last.
    ticks: u64,
    current: (Position, i64),
}

struct Slot {
    summary: ProjectSummary,
    dates: BTreeSet<Day>,
    /// Under which date it stands in `due`.
    next: Option<Day>,
    state: Option<Box<ProjectState>>,
    bytes: usize,
    workers: usize,
    ticked: u64,
    is_touched: bool,
    is_dirty: bool,
    /// The checkpoint that last encoded it.
    encoded: Position,
}

/// Rows of one page; a longer run is cut.
const PAGE_ROWS: usize = 256;

impl Shard {
    /// The shard as the store has it, and the rows for the feed.
    pub fn open(id: u16, with: Equipment) -> Result<(Shard, ShardFeed), StoreError> {
        let meta = match with.store.get(&keys::shard_meta(id))? {
            Some(bytes) => pages::read_meta(&bytes).map_err(damaged)?,
            None => ShardMeta::default(),
        };
        let mut shard = Shard {
            id,
            meta,
            names: HashMap::default(),
            slots: Vec::new(),
            due: BTreeMap::new(),
            touched: Vec::new(),
            dirty: Vec::new(),
            fresh: Vec::new(),
            fresh_facts: Vec::new(),
            unsaved: Vec::new(),
            row_pages: VecDeque::new(),
            encoded: meta.position,
            hot_bytes: 0,
            hot_projects: 0,
            workers: 0,
            ticks: 0,
            current: (meta.position, 0),
            with,
        };
        shard.read_catalog()?;
        let feed = shard.read_feed()?;
        Ok((shard, feed))
    }

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

    /// Every project, in the order in which it was first named; as of now for those that changed.
    pub fn projects(&self) -> Vec<ProjectSummary> {
        let summary = |slot: &Slot| match &slot.state {
            Some(state) if slot.is_dirty => summarise(state),
            _ => slot.summary.clone(),
        };
        self.slots.iter().map(summary).collect()
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
        let mut out = Vec::new();
        let verdict = match order {
            Order::Date(day) => {
                self.turn(*day)?;
                Verdict::Accepted
            }
            Order::Record(record) => match record.body.project_id() {
                Some(project) => {
                    let slot = self.slot(project, &mut out)?;
                    let verdict =
                        self.with_state(slot, &mut out, |state, bench, out| state.record(record, bench, out));
                    if matches!(record.body, Body::Project(_)) && verdict == Verdict::Accepted {
                        self.note_facts(slot);
                    }
                    verdict
                }
                // Records without a project are the county's and never come here.
                None => Verdict::Accepted,
            },
            Order::County(command) => {
                let slot = self.slot(command.project_id(), &mut out)?;
                self.with_state(slot, &mut out, |state, bench, out| state.command(command, bench, out));
                Verdict::Accepted
            }
            Order::Act(act) => {
                let slot = self.slot(&act.project_id, &mut out)?;
                self.with_state(slot, &mut out, |state, bench, out| state.act(act, bench, out))
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

    /// The rows since the last call, in order.
    pub fn take_rows(&mut self) -> Vec<Arc<AlertRow>> {
        std::mem::take(&mut self.fresh)
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

    /// Judges every project anew: the numbers that rules judge by are others than before.
    pub fn judge_all(&mut self, position: Position, written_ms: i64) -> Result<(), StoreError> {
        self.current = (position, written_ms);
        let mut names: Vec<ProjectId> = self.slots.iter().map(|s| s.summary.project_id.clone()).collect();
        names.sort();
        for name in names {
            self.visit(&name)?;
        }
        self.finish_block(position);
        Ok(())
    }

    fn turn(&mut self, day: Day) -> Result<(), StoreError> {
        let Some(today) = self.meta.today else {
            // The first date: everything that came before it is judged now.
            self.meta.today = Some(day);
            return self.judge_all_today();
        };
        // What this block has touched so far may wait for a date that comes now.
        for slot in self.touched.clone() {
            self.schedule(slot);
        }
        for step in 1..=day.since(today) {
            let day = today.plus(step);
            self.meta.today = Some(day);
            while let Some(first) = self.due.first_entry() {
                if *first.key() > day {
                    break;
                }
                for name in first.remove() {
                    if let Some(slot) = self.names.get(&name).copied() {
                        self.slots[slot as usize].next = None;
                    }
                    self.visit(&name)?;
                }
            }
        }
        Ok(())
    }

    fn judge_all_today(&mut self) -> Result<(), StoreError> {
        let mut names: Vec<ProjectId> = self.slots.iter().map(|s| s.summary.project_id.clone()).collect();
        names.sort();
        names.iter().try_for_each(|name| self.visit(name))
    }

    fn visit(&mut self, name: &ProjectId) -> Result<(), StoreError> {
        let mut out = Vec::new();
        let slot = self.slot(name, &mut out)?;
        self.with_state(slot, &mut out, |state, bench, out| state.visit(bench, out));
        self.schedule(slot);
        Ok(())
    }

    /// The project's slot, hot. A project that was never heard of comes into being, and is judged.
    fn slot(&mut self, name: &ProjectId, out: &mut Vec<Changed>) -> Result<u32, StoreError> {
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
            return Ok(slot);
        }
        let slot = self.add_slot(empty_summary(name), BTreeSet::new(), self.meta.position);
        self.slots[slot as usize].state = Some(Box::new(ProjectState::new(ProjectLedger::new(name.clone()))));
        self.hot_projects += 1;
        self.with_state(slot, out, |state, bench, out| state.visit(bench, out));
        Ok(slot)
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
        let bench = Bench { book: &self.with.book, ids: &self.with.ids, today: self.meta.today };
        #[allow(
            clippy::expect_used,
            reason = "`slot` makes a project hot, and only `evict` between blocks cools it"
        )]
        let state = entry.state.as_mut().expect("the project is hot");
        let answer = change(state, &bench, out);
        for (change, alert) in out.drain(..) {
            self.meta.head += 1;
            let (position, written_ms) = self.current;
            let row = Arc::new(AlertRow {
                shard: self.id,
                seq: self.meta.head,
                position,
                written_ms,
                change,
                alert,
            });
            state.keep_row(&row);
            self.fresh.push(row.clone());
            self.unsaved.push(row);
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
        self.schedule(slot);
    }

    /// Puts the project under its earliest date in the due index.
    fn schedule(&mut self, slot: u32) {
        let entry = &mut self.slots[slot as usize];
        let next = match &entry.state {
            Some(state) => state.dates.first().copied(),
            None => entry.dates.first().copied(),
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

    fn add_slot(&mut self, summary: ProjectSummary, dates: BTreeSet<Day>, encoded: Position) -> u32 {
        // Four thousand million projects do not fit a machine.
        let slot = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        self.names.insert(summary.project_id.clone(), slot);
        let workers = summary.workers as usize;
        self.workers += workers;
        self.slots.push(Slot {
            workers,
            summary,
            dates,
            next: None,
            state: None,
            bytes: 0,
            ticked: self.ticks,
            is_touched: false,
            is_dirty: false,
            encoded,
        });
        slot
    }

    // --- questions ---

    /// Asks a project; a cold one is made hot for it.
    pub fn ask<T>(
        &mut self,
        name: &ProjectId,
        question: impl FnOnce(Option<ProjectAsk<'_>>) -> T,
    ) -> Result<T, StoreError> {
        if !self.names.contains_key(name) {
            return Ok(question(None));
        }
        let slot = self.slot(name, &mut Vec::new())?;
        let entry = &mut self.slots[slot as usize];
        entry.ticked = self.ticks;
        Ok(question(entry.state.as_ref().map(|state| ProjectAsk {
            ledger: &state.ledger,
            alerts: &state.alerts,
            rows: &state.rows,
            book: &self.with.book,
            today: self.meta.today,
        })))
    }

    /// Payments that wait in this shard's projects, at most `max`.
    pub fn suspense(
        &mut self,
        max: usize,
    ) -> Result<Vec<(Option<ProjectId>, KeptPayment, SuspenseReason)>, StoreError> {
        // The summary of a project that changed since its checkpoint may not know of them yet.
        let waiting: Vec<ProjectId> = (self.slots.iter())
            .filter(|s| s.summary.suspense > 0 || s.is_dirty)
            .map(|s| s.summary.project_id.clone())
            .collect();
        let mut found = Vec::new();
        for name in waiting {
            if found.len() >= max {
                break;
            }
            let payments = self.ask(&name, |ask| ask.map_or(Vec::new(), |ask| ask.ledger.suspense()))?;
            found.extend(payments.into_iter().map(|(p, reason)| (Some(name.clone()), p, reason)));
        }
        Ok(found)
    }

    // --- store ---

    /// Everything that changed since the last checkpoint, and the position that it covers.
    /// `None` if nothing did.
    pub fn checkpoint(&mut self) -> Option<Changes> {
        if self.dirty.is_empty() && self.unsaved.is_empty() && self.encoded == self.meta.position {
            return None;
        }
        let mut changes = Changes::default();
        for slot in std::mem::take(&mut self.dirty) {
            self.encode_project(slot, &mut changes);
        }
        self.encode_rows(&mut changes);
        changes.put.push((keys::shard_meta(self.id), pages::write_meta(&self.meta)));
        self.encoded = self.meta.position;
        Some(changes)
    }

    fn encode_project(&mut self, slot: u32, changes: &mut Changes) {
        let id = self.id;
        let entry = &mut self.slots[slot as usize];
        entry.is_dirty = false;
        entry.encoded = self.meta.position;
        let Some(state) = &mut entry.state else { return };
        let name = entry.summary.project_id.clone();
        let prefix = keys::ledger(id, &name);
        for (page, bytes) in state.ledger.dirty_pages() {
            let mut key = prefix.clone();
            key.extend_from_slice(&page.to_bytes());
            changes.put.push((key, codec::pack(&bytes)));
        }
        let dirty = std::mem::take(&mut state.dirty_alerts);
        let mut chunks: BTreeMap<u32, Vec<&Arc<AlertRow>>> = BTreeMap::new();
        if !dirty.is_empty() {
            for (key, row) in &state.rows {
                let chunk = state.chunk(key);
                if dirty.contains(&chunk) {
                    chunks.entry(chunk).or_default().push(row);
                }
            }
        }
        for (chunk, rows) in chunks {
            changes.put.push((keys::alerts_page(id, &name, chunk), pages::write_rows(rows.into_iter())));
        }
        entry.summary = summarise(state);
        entry.dates.clone_from(&state.dates);
        changes
            .put
            .push((keys::catalog_entry(id, &name), pages::write_catalog(&entry.summary, &entry.dates)));
    }

    fn encode_rows(&mut self, changes: &mut Changes) {
        let unsaved = std::mem::take(&mut self.unsaved);
        for rows in unsaved.chunks(PAGE_ROWS) {
            let first = rows[0].seq;
            changes.put.push((keys::rows_page(self.id, first), pages::write_rows(rows.iter())));
            self.row_pages.push_back((first, rows.len()));
        }
        let mut kept: usize = self.row_pages.iter().map(|(_, count)| count).sum();
        while let Some((first, count)) = self.row_pages.front().copied() {
            if kept - count < self.with.rows_max {
                break;
            }
            kept -= count;
            self.row_pages.pop_front();
            changes.remove.push(keys::rows_page(self.id, first));
        }
    }

    /// Lets the coldest clean projects leave memory until at most `limit` bytes are hot.
    /// `durable`: the position up to which this shard's checkpoints are known to be in the store.
    /// Answers whether the limit is kept; if not, a checkpoint is needed first.
    pub fn evict(&mut self, limit: usize, durable: Position) -> bool {
        if self.hot_bytes <= limit {
            return true;
        }
        let goal = limit - limit / 10;
        let mut cold: Vec<(u64, u32)> = Vec::new();
        for (index, slot) in self.slots.iter().enumerate() {
            if slot.state.is_some() && !slot.is_dirty && !slot.is_touched && slot.encoded <= durable {
                cold.push((slot.ticked, u32::try_from(index).unwrap_or(u32::MAX)));
            }
        }
        cold.sort_unstable();
        for (_, index) in cold {
            if self.hot_bytes <= goal {
                break;
            }
            let slot = &mut self.slots[index as usize];
            if let Some(state) = slot.state.take() {
                slot.dates.clone_from(&state.dates);
                self.hot_bytes = self.hot_bytes.saturating_sub(slot.bytes);
                self.hot_projects -= 1;
                slot.bytes = 0;
            }
        }
        self.hot_bytes <= limit
    }

    fn load(&self, slot: u32) -> Result<ProjectState, StoreError> {
        let entry = &self.slots[slot as usize];
        let name = &entry.summary.project_id;
        let mut ledger = ProjectLedger::new(name.clone());
        let prefix = keys::ledger(self.id, name);
        self.with.store.scan(&prefix, &mut |key, bytes| {
            let page = PageKey::from_bytes(&key[prefix.len()..])
                .ok_or_else(|| damaged(codec::Corrupt("a page key")))?;
            ledger.load_page(page, &codec::unpack(bytes).map_err(damaged)?).map_err(damaged)
        })?;
        ledger.finish_load().map_err(damaged)?;
        let mut state = ProjectState::new(ledger);
        state.dates.clone_from(&entry.dates);
        self.with.store.scan(&keys::alerts(self.id, name), &mut |_, bytes| {
            for row in pages::read_rows(bytes).map_err(damaged)? {
                state.alerts.load(row.alert.clone());
                state.rows.insert(row.alert.key(), row);
            }
            Ok(())
        })?;
        Ok(state)
    }

    fn read_catalog(&mut self) -> Result<(), StoreError> {
        let mut entries = Vec::new();
        self.with.store.scan(&keys::catalog(self.id), &mut |_, bytes| {
            entries.push(pages::read_catalog(bytes).map_err(damaged)?);
            Ok(())
        })?;
        for (summary, dates) in entries {
            self.fresh_facts.extend(summary.facts.clone().map(|facts| (summary.project_id.clone(), facts)));
            let slot = self.add_slot(summary, dates, self.meta.position);
            self.schedule(slot);
        }
        Ok(())
    }

    fn read_feed(&mut self) -> Result<ShardFeed, StoreError> {
        let mut rows = Vec::new();
        self.with.store.scan(&keys::rows(self.id), &mut |_, bytes| {
            let page = pages::read_rows(bytes).map_err(damaged)?;
            if let Some(first) = page.first() {
                self.row_pages.push_back((first.seq, page.len()));
            }
            rows.extend(page);
            Ok(())
        })?;
        let mut standing = Vec::new();
        self.with.store.scan(&keys::shard_alerts(self.id), &mut |_, bytes| {
            standing
                .extend(pages::read_rows(bytes).map_err(damaged)?.into_iter().filter(|r| r.alert.stands()));
            Ok(())
        })?;
        Ok(ShardFeed::new(self.with.rows_max, self.meta.head, rows, standing))
    }
}

fn summarise(state: &ProjectState) -> ProjectSummary {
    let view = state.view();
    ProjectSummary {
        facts: state.ledger.facts().map(facts_of),
        workers: u32::try_from(state.ledger.workers()).unwrap_or(u32::MAX),
        overdue_fen: view.overdue_fen,
        overdue_workers: view.overdue_workers,
        overdue_periods: view.overdue_periods,
        oldest_due_on: view.oldest_due_on,
        alerts: u32::try_from(state.alerts.standing().count()).unwrap_or(u32::MAX),
        suspense: u32::try_from(state.ledger.suspense().len()).unwrap_or(u32::MAX),
        project_id: view.project_id,
    }
}

fn facts_of(project: &Project) -> ProjectFacts {
    ProjectFacts {
        name: project.name.clone(),
        sector: project.sector.clone(),
        territory: project.territory.clone(),
        funding: project.funding,
        contractor_name: project.contractor_name.clone(),
        contract_fen: project.contract_fen,
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

fn damaged(corrupt: codec::Corrupt) -> StoreError {
    StoreError::Damaged(corrupt.to_string())
}
