//! How a shard comes out of the store and goes back: opening, loading a cold project, encoding a
//! checkpoint, letting the coldest projects leave memory.

use super::ask::summarise;
use super::{Equipment, Shard};
use crate::codec;
use crate::domain::{AlertRow, Position};
use crate::engine::feed::ShardFeed;
use crate::engine::keys;
use crate::engine::pages::{self, ShardMeta};
use crate::engine::project::ProjectState;
use crate::engine::row_book::RowBook;
use crate::engine::shadow::Shadow;
use crate::engine::tallies;
use crate::ledger::{PageKey, ProjectLedger};
use crate::store::{Changes, StoreError};
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Shard {
    /// The shard as the store has it, and the rows for the feed.
    pub fn open(id: u16, with: Equipment) -> Result<(Shard, ShardFeed), StoreError> {
        let meta = match with.store.get(&keys::shard_meta(id))? {
            Some(bytes) => pages::read_meta(&bytes).map_err(damaged)?,
            None => ShardMeta::default(),
        };
        let book = match with.store.get(&keys::shard_rulebook(id))? {
            Some(bytes) => Arc::new(pages::read_book(&bytes).map_err(damaged)?),
            None => with.book.clone(),
        };
        let (rows, told) = RowBook::open(id, meta.head, with.rows_max, &*with.store)?;
        let feed = rows.feed(told, &*with.store)?;
        let raised = with.store.get(&keys::floods(id))?;
        let mut shard = Shard {
            id,
            rows,
            meta,
            book,
            is_book_saved: true,
            shadow: with.shadow.clone().map(Shadow::new),
            names: HashMap::default(),
            slots: Vec::new(),
            due: BTreeMap::new(),
            touched: Vec::new(),
            dirty: Vec::new(),
            fresh_facts: Vec::new(),
            tallies: tallies::load(id, &*with.store)?,
            floods: pages::read_floods(raised, with.shards, &feed).map_err(damaged)?,
            encoded: meta.position,
            hot_bytes: 0,
            hot_projects: 0,
            workers: 0,
            visited: Default::default(),
            ticks: 0,
            current: (meta.position, 0),
            with,
        };
        shard.read_catalog()?;
        Ok((shard, feed))
    }

    /// Everything that changed since the last checkpoint, and the position that it covers.
    /// `None` if nothing did.
    pub fn checkpoint(&mut self) -> Option<Changes> {
        if self.dirty.is_empty() && self.rows.is_saved() && self.encoded == self.meta.position {
            return None;
        }
        let mut changes = Changes::default();
        for slot in std::mem::take(&mut self.dirty) {
            self.encode_project(slot, &mut changes);
        }
        self.rows.encode(&mut changes);
        self.meta.head = self.rows.head;
        if !self.is_book_saved {
            changes.put.push((keys::shard_rulebook(self.id), pages::write_book(&self.book)));
            self.is_book_saved = true;
        }
        tallies::encode(self.id, &mut self.tallies, &mut changes);
        changes.put.push((keys::floods(self.id), pages::write_floods(&self.floods)));
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
        // Most records change neither.
        let summary = summarise(state);
        if entry.is_listed && summary == *entry.summary && state.wakes == entry.wakes {
            return;
        }
        *entry.summary = summary;
        entry.wakes.clone_from(&state.wakes);
        entry.is_listed = true;
        changes
            .put
            .push((keys::catalog_entry(id, &name), pages::write_catalog(&entry.summary, &entry.wakes)));
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
                slot.wakes.clone_from(&state.wakes);
                self.hot_bytes = self.hot_bytes.saturating_sub(slot.bytes);
                self.hot_projects -= 1;
                slot.bytes = 0;
            }
        }
        self.hot_bytes <= limit
    }

    pub(super) fn load(&self, slot: u32) -> Result<ProjectState, StoreError> {
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
        let mut state = ProjectState::load(ledger, entry.wakes.clone(), self.meta.today, &self.book);
        self.with.store.scan(&keys::alerts(self.id, name), &mut |_, bytes| {
            for row in pages::read_rows(bytes).map_err(damaged)? {
                state.alerts.load(row.alert.clone());
                state.rows.insert(row.alert.key(), row);
            }
            Ok(())
        })?;
        state.in_arrears = state.alerts.overdue_totals().overdue_periods > 0;
        Ok(state)
    }

    fn read_catalog(&mut self) -> Result<(), StoreError> {
        let mut entries = Vec::new();
        self.with.store.scan(&keys::catalog(self.id), &mut |_, bytes| {
            entries.push(pages::read_catalog(bytes).map_err(damaged)?);
            Ok(())
        })?;
        for (summary, wakes) in entries {
            self.fresh_facts.extend(summary.facts.clone().map(|facts| (summary.project_id.clone(), facts)));
            let slot = self.add_slot(summary, wakes, self.meta.position, true);
            if let Some(shadow) = &mut self.shadow {
                shadow.touch(slot);
            }
            self.schedule(slot);
        }
        Ok(())
    }
}

pub(super) fn damaged(corrupt: codec::Corrupt) -> StoreError {
    StoreError::Damaged(corrupt.to_string())
}
