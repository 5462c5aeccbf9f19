//! How the second stage comes out of the store and goes back.

use super::{Bureau, Cases, Doubles, Owed, Presence, Quarantine, Roster, ShardFeed, doubles};
use crate::alerts::ProjectAlerts;
use crate::codec::{self, Corrupt, Reader, Writer};
use crate::domain::{AlertKey, AlertRow, Position, Rule, Subject};
use crate::engine::pages::{self, ShardMeta, damaged};
use crate::engine::remarks::{self, Remark};
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
const DOUBLES: u8 = b'd';

/// What shards made of a block.
#[derive(Default)]
pub struct Made {
    pub rows: Vec<Arc<AlertRow>>,
    pub remarks: Vec<Remark>,
}

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
            presence: Presence::new(store.clone()),
            doubles: Doubles::default(),
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
                DOUBLES => read_key(rest, doubles::read_key).and_then(|page| self.doubles.load(page, &bytes)),
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
        for (page, bytes) in self.doubles.dirty_pages() {
            let key = key(DOUBLES, |w| doubles::write_key(w, page));
            match bytes {
                Some(bytes) => changes.put.push((key, codec::pack(&bytes))),
                None => changes.remove.push(key),
            }
        }
        self.presence.encode(&mut changes);
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

    /// Memory that pages of who was where may take when nothing is said of them, in bytes.
    pub fn limit_presence(&mut self, bytes: usize) {
        self.presence.limit(bytes);
    }

    /// Every checkpoint is in the store: what is cold of who was where may leave memory.
    pub(in crate::engine) fn tidy_presence(&mut self, limit_bytes: usize) {
        self.presence.limit(limit_bytes);
        self.presence.tidy();
    }

    /// A page for each subject: few have more than one alert.
    fn encode_alerts(&mut self, changes: &mut Changes) {
        for subject in std::mem::take(&mut self.dirty_alerts) {
            // The first of the rules: keys of a subject stand together.
            let first = AlertKey { subject: subject.clone(), rule: Rule::WageUnpaid };
            let of_it = self.last.range(first..).take_while(|(key, _)| key.subject == subject);
            let rows: Vec<&Arc<AlertRow>> = of_it.map(|(_, row)| row).collect();
            changes.put.push((alerts_key(self.id, &subject), pages::write_rows(rows.into_iter())));
        }
    }
}

/// What each shard's store has of blocks behind `after`, by block: a shard that is ahead of the second stage
/// will not make it again.
pub fn made_behind(
    store: &dyn Store,
    shards: u16,
    after: Position,
) -> Result<BTreeMap<Position, Made>, StoreError> {
    let mut found: BTreeMap<Position, Made> = BTreeMap::new();
    for shard in 0..shards {
        store.scan(&keys::rows(shard), &mut |_, bytes| {
            for row in pages::read_rows(bytes).map_err(damaged)? {
                if row.position > after {
                    found.entry(row.position).or_default().rows.push(row);
                }
            }
            Ok(())
        })?;
        for remark in remarks::behind(shard, after, store)? {
            found.entry(remark.position).or_default().remarks.push(remark);
        }
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
