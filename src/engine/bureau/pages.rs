//! How the second stage comes out of the store and goes back.

use super::{Bureau, Cases, Owed, Quarantine, Roster, ShardFeed};
use crate::alerts::ProjectAlerts;
use crate::codec::{self, Corrupt, Reader, Writer};
use crate::domain::{AlertRow, Position, Subject};
use crate::engine::pages::{self, ShardMeta};
use crate::engine::row_book::RowBook;
use crate::engine::shard::Equipment;
use crate::engine::{keys, tallies};
use crate::ledger::{RosterPage, Stirred};
use crate::store::{Changes, Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Which kind of page stands under a key of its own.
const ROSTER: u8 = b'r';
const OWED: u8 = b'o';
const FIRM_CASES: u8 = b'k';
const SPELL: u8 = b's';
const HELD: u8 = b'h';

impl Bureau {
    /// The second stage behind so many shards, as the store has it, and the rows for the feed.
    pub fn open(shards: u16, with: Equipment) -> Result<(Bureau, ShardFeed), StoreError> {
        let id = shards;
        let store = with.store.clone();
        let meta = match store.get(&keys::shard_meta(id))? {
            Some(bytes) => pages::read_meta(&bytes).map_err(damaged)?,
            None => ShardMeta::default(),
        };
        let book = match store.get(&keys::shard_rulebook(id))? {
            Some(bytes) => Arc::new(pages::read_book(&bytes).map_err(damaged)?),
            None => with.book.clone(),
        };
        let (rows, told) = RowBook::open(id, meta.head, with.rows_max, &*store)?;
        let feed = rows.feed(told, &*store)?;
        let raised = store.get(&keys::floods(id))?;
        let mut bureau = Bureau {
            id,
            meta,
            book,
            is_book_saved: true,
            roster: Roster::default(),
            owed: Owed::default(),
            cases: Cases::default(),
            quarantine: Quarantine::default(),
            alerts: ProjectAlerts::default(),
            last: BTreeMap::new(),
            dirty_alerts: BTreeSet::new(),
            due: BTreeMap::new(),
            feeds_judged: true,
            stirred: Stirred::default(),
            stirs: 0,
            rows,
            tallies: tallies::load(id, &*store)?,
            // It alone raises what is the county's own.
            floods: pages::read_floods(raised, 1, &feed).map_err(damaged)?,
            encoded: meta.position,
            current: (meta.position, 0),
            with,
        };
        bureau.load(&*store)?;
        // Nothing is found that is not known, but the days on which to look again are.
        bureau.judge_all();
        Ok((bureau, feed))
    }

    fn load(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let prefix = keys::bureau();
        store.scan(&prefix, &mut |key, bytes| {
            let bytes = codec::unpack(bytes).map_err(damaged)?;
            let key = &key[prefix.len()..];
            let (kind, rest) = key.split_first().ok_or_else(|| damaged(Corrupt("a page key")))?;
            match *kind {
                ROSTER => RosterPage::from_bytes(rest).and_then(|page| self.roster.load_page(page, &bytes)),
                OWED => read_key(rest, |r| r.project_id()).and_then(|id| self.owed.load_page(&id, &bytes)),
                FIRM_CASES => {
                    read_key(rest, |r| r.uscc()).and_then(|firm| self.cases.load_firm(firm, &bytes))
                }
                SPELL => {
                    read_key(rest, |r| r.project_id()).and_then(|id| self.cases.load_project(id, &bytes))
                }
                HELD => read_key(rest, |r| r.text()).and_then(|rule| self.quarantine.load(&rule, &bytes)),
                _ => Err(Corrupt("a page key")),
            }
            .map_err(damaged)
        })?;
        store.scan(&keys::shard_alerts(self.id), &mut |_, bytes| {
            for row in pages::read_rows(bytes).map_err(damaged)? {
                self.alerts.load(row.alert.clone());
                self.last.insert(row.alert.key(), row);
            }
            Ok(())
        })
    }

    /// Everything that changed since the last checkpoint, and the position that it covers.
    /// `None` if nothing did.
    pub fn checkpoint(&mut self) -> Option<Changes> {
        if self.encoded == self.meta.position && self.rows.is_saved() {
            return None;
        }
        let mut changes = Changes::default();
        for (page, bytes) in self.roster.dirty_pages() {
            changes.put.push((key(ROSTER, |w| w.bytes.extend(page.to_bytes())), codec::pack(&bytes)));
        }
        for (project, bytes) in self.owed.dirty_pages() {
            let key = key(OWED, |w| w.project_id(&project));
            match bytes {
                Some(bytes) => changes.put.push((key, codec::pack(&bytes))),
                None => changes.remove.push(key),
            }
        }
        for (firm, bytes) in self.cases.dirty_firms() {
            changes.put.push((key(FIRM_CASES, |w| w.uscc(&firm)), codec::pack(&bytes)));
        }
        for (project, bytes) in self.cases.dirty_projects() {
            changes.put.push((key(SPELL, |w| w.project_id(&project)), codec::pack(&bytes)));
        }
        for (rule, bytes) in self.quarantine.dirty_pages() {
            let key = key(HELD, |w| w.text(rule.as_str()));
            match bytes {
                Some(bytes) => changes.put.push((key, codec::pack(&bytes))),
                None => changes.remove.push(key),
            }
        }
        self.encode_alerts(&mut changes);
        self.rows.encode(&mut changes);
        if !self.is_book_saved {
            changes.put.push((keys::shard_rulebook(self.id), pages::write_book(&self.book)));
            self.is_book_saved = true;
        }
        tallies::encode(self.id, &mut self.tallies, &mut changes);
        changes.put.push((keys::floods(self.id), pages::write_floods(&self.floods)));
        self.meta.head = self.rows.head;
        changes.put.push((keys::shard_meta(self.id), pages::write_meta(&self.meta)));
        self.encoded = self.meta.position;
        Some(changes)
    }

    /// A page for each subject: few have more than one alert.
    fn encode_alerts(&mut self, changes: &mut Changes) {
        for subject in std::mem::take(&mut self.dirty_alerts) {
            let of_it = self.last.iter().filter(|(key, _)| key.subject == subject);
            let rows: Vec<&Arc<AlertRow>> = of_it.map(|(_, row)| row).collect();
            changes.put.push((alerts_key(self.id, &subject), pages::write_rows(rows.into_iter())));
        }
    }
}

/// The rows that each shard's store has of blocks behind `after`, by block: a shard that is ahead of the
/// second stage will not make them again.
pub fn rows_behind(
    store: &dyn Store,
    shards: u16,
    after: Position,
) -> Result<BTreeMap<Position, Vec<Arc<AlertRow>>>, StoreError> {
    let mut found: BTreeMap<Position, Vec<Arc<AlertRow>>> = BTreeMap::new();
    for shard in 0..shards {
        store.scan(&keys::rows(shard), &mut |_, bytes| {
            for row in pages::read_rows(bytes).map_err(damaged)? {
                if row.position > after {
                    found.entry(row.position).or_default().push(row);
                }
            }
            Ok(())
        })?;
    }
    Ok(found)
}

fn key(kind: u8, write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut w = Writer { bytes: keys::bureau() };
    w.u8(kind);
    write(&mut w);
    w.bytes
}

fn read_key<T>(bytes: &[u8], read: impl FnOnce(&mut Reader<'_>) -> Result<T, Corrupt>) -> Result<T, Corrupt> {
    let mut r = Reader::new(bytes);
    let value = read(&mut r)?;
    r.end()?;
    Ok(value)
}

fn alerts_key(shard: u16, subject: &Subject) -> Vec<u8> {
    let mut w = Writer { bytes: keys::bureau_alerts(shard) };
    codec::write_subject(&mut w, subject);
    w.bytes
}

fn damaged(corrupt: Corrupt) -> StoreError {
    StoreError::Damaged(corrupt.to_string())
}
