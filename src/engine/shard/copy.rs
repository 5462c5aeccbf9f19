//! One project as bytes, and back: so that it can be asked about where it does not live. Holds what a question sees, as of
//! one moment; nothing that is done to a copy comes back.

use super::Shard;
use super::ask::ask_of;
use super::pages::damaged;
use crate::codec::{self, Corrupt, Reader, Writer};
use crate::domain::{Day, ProjectId, Rulebook};
use crate::engine::api::ProjectAsk;
use crate::engine::keys;
use crate::engine::pages::{open, page};
use crate::engine::project::ProjectState;
use crate::engine::wakes::Wakes;
use crate::ledger::{PageKey, ProjectLedger};
use crate::store::StoreError;
use std::collections::BTreeMap;

/// A project that lives elsewhere.
pub struct ProjectCopy {
    state: ProjectState,
    book: Rulebook,
    today: Option<Day>,
}

impl Shard {
    /// A copy of a project as bytes; `None` of one that nothing is known of. A cold one is made hot for it.
    pub fn copy(&mut self, name: &ProjectId) -> Result<Option<Vec<u8>>, StoreError> {
        if !self.names.contains_key(name) {
            return Ok(None);
        }
        let (slot, _) = self.slot(name)?;
        let Some(state) = &self.slots[slot as usize].state else { return Ok(None) };
        // What the store has, and over it what has changed since.
        let mut ledger: BTreeMap<PageKey, Vec<u8>> = BTreeMap::new();
        let prefix = keys::ledger(self.id, name);
        self.with.store.scan(&prefix, &mut |key, bytes| {
            let page = PageKey::from_bytes(&key[prefix.len()..]).ok_or(Corrupt("a page key"));
            ledger.insert(page.map_err(damaged)?, codec::unpack(bytes).map_err(damaged)?);
            Ok(())
        })?;
        ledger.extend(state.ledger.changed_pages());
        Ok(Some(page(|w| {
            w.project_id(name);
            w.option(self.meta.today, Writer::day);
            codec::write_rulebook(w, &self.book);
            state.wakes.write(w);
            w.list(ledger.iter(), |w, (key, bytes)| {
                w.blob(&key.to_bytes());
                w.blob(bytes);
            });
            w.list(state.rows.values(), |w, row| codec::write_alert_row(w, row));
        })))
    }
}

impl ProjectCopy {
    /// # Errors
    /// The bytes are no copy of this version.
    pub fn read(bytes: &[u8]) -> Result<ProjectCopy, Corrupt> {
        open(bytes, |r| {
            let name = r.project_id()?;
            let today = r.option(Reader::day)?;
            let book = codec::read_rulebook(r)?;
            let wakes = Wakes::read(r)?;
            let mut ledger = ProjectLedger::new(name);
            let pages = r.list(|r| {
                let key = PageKey::from_bytes(r.blob()?).ok_or(Corrupt("a page key"))?;
                Ok((key, r.blob()?.to_vec()))
            })?;
            for (key, bytes) in pages {
                ledger.load_page(key, &bytes)?;
            }
            ledger.finish_load()?;
            let mut state = ProjectState::load(ledger, wakes, today, &book);
            for row in r.list(|r| codec::read_alert_row(r).map(std::sync::Arc::new))? {
                state.alerts.load(row.alert.clone());
                state.rows.insert(row.alert.key(), row);
            }
            state.in_arrears = state.alerts.overdue_totals().overdue_periods > 0;
            Ok(ProjectCopy { state, book, today })
        })
    }

    /// Asks it as the project itself would be asked.
    pub fn ask<T>(&self, question: impl FnOnce(Option<ProjectAsk<'_>>) -> T) -> T {
        ask_of(&self.state, &self.book, self.today, |ask| question(Some(ask)))
    }
}
