//! The engine's own pages as bytes: the catalog's entries, alert rows, positions, dead letters.
//! Every page is packed and begins with a version; bytes that do not fit end in `Corrupt`.

use super::api::{DeadContent, ProjectFacts, ProjectSummary};
use super::feed::ShardFeed;
use super::wakes::Wakes;
use crate::alerts::Floods;
use crate::codec::{self, Corrupt, Reader, Writer};
use crate::domain::{AlertRow, Day, Entry, Funding, Position, Rulebook};
use crate::store::StoreError;
use std::sync::Arc;

/// Also told when only the ledger's own pages have changed: a store of before is found out when it is
/// opened, and rebuilt.
const VERSION: u8 = 13;

/// What a shard's pages cover.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct ShardMeta {
    pub position: Position,
    /// Number of the shard's last row.
    pub head: u64,
    pub today: Option<Day>,
}

pub(super) fn write_meta(meta: &ShardMeta) -> Vec<u8> {
    page(|w| {
        w.varint(meta.position.0);
        w.varint(meta.head);
        w.option(meta.today, Writer::day);
    })
}

pub(super) fn read_meta(bytes: &[u8]) -> Result<ShardMeta, Corrupt> {
    open(bytes, |r| {
        Ok(ShardMeta { position: Position(r.varint()?), head: r.varint()?, today: r.option(Reader::day)? })
    })
}

pub(super) fn write_floods(floods: &Floods) -> Vec<u8> {
    page(|w| floods.write(w))
}

/// What an owner has raised, one of so many that share a budget, with what of its alerts stands held.
pub(super) fn read_floods(bytes: Option<Vec<u8>>, sharers: u16, feed: &ShardFeed) -> Result<Floods, Corrupt> {
    let mut floods = match bytes {
        Some(bytes) => open(&bytes, |r| Floods::read(r, sharers))?,
        None => Floods::new(sharers),
    };
    feed.standing_rows().for_each(|row| floods.load(&row.alert));
    Ok(floods)
}

pub(super) fn write_book(book: &Rulebook) -> Vec<u8> {
    page(|w| codec::write_rulebook(w, book))
}

pub(super) fn read_book(bytes: &[u8]) -> Result<Rulebook, Corrupt> {
    open(bytes, codec::read_rulebook)
}

/// A catalog entry: the project's summary, and when it is to be looked at again.
pub(super) fn write_catalog(summary: &ProjectSummary, wakes: &Wakes) -> Vec<u8> {
    page(|w| {
        w.project_id(&summary.project_id);
        w.option(summary.facts.as_ref(), write_facts);
        w.u32(summary.workers);
        w.sum(summary.overdue_fen);
        w.u32(summary.overdue_workers);
        w.u32(summary.overdue_periods);
        w.option(summary.oldest_due_on, Writer::day);
        w.u32(summary.alerts);
        w.u32(summary.suspense);
        wakes.write(w);
    })
}

pub(super) fn read_catalog(bytes: &[u8]) -> Result<(ProjectSummary, Wakes), Corrupt> {
    open(bytes, |r| {
        let summary = ProjectSummary {
            project_id: r.project_id()?,
            facts: r.option(read_facts)?,
            workers: r.u32()?,
            overdue_fen: r.sum()?,
            overdue_workers: r.u32()?,
            overdue_periods: r.u32()?,
            oldest_due_on: r.option(Reader::day)?,
            alerts: r.u32()?,
            suspense: r.u32()?,
        };
        Ok((summary, Wakes::read(r)?))
    })
}

pub(super) fn write_facts(w: &mut Writer, facts: &ProjectFacts) {
    w.text(&facts.name);
    w.text(&facts.sector);
    w.text(&facts.territory);
    w.text(facts.funding.as_str());
    w.text(&facts.contractor_name);
    w.fen(facts.contract_fen);
}

pub(super) fn read_facts(r: &mut Reader<'_>) -> Result<ProjectFacts, Corrupt> {
    Ok(ProjectFacts {
        name: r.text()?,
        sector: r.text()?,
        territory: r.text()?,
        funding: Funding::parse(r.str()?).ok_or(Corrupt("a funding"))?,
        contractor_name: r.text()?,
        contract_fen: r.fen()?,
    })
}

pub(super) fn write_rows<'a>(rows: impl ExactSizeIterator<Item = &'a Arc<AlertRow>>) -> Vec<u8> {
    page(|w| w.list(rows, |w, row| codec::write_alert_row(w, row)))
}

pub(super) fn read_rows(bytes: &[u8]) -> Result<Vec<Arc<AlertRow>>, Corrupt> {
    open(bytes, |r| r.list(|r| codec::read_alert_row(r).map(Arc::new)))
}

/// On which day a project was erased.
pub(super) fn write_erased(on: Day) -> Vec<u8> {
    page(|w| w.day(on))
}

pub(super) fn read_erased(bytes: &[u8]) -> Result<Day, Corrupt> {
    open(bytes, |r| r.day())
}

/// A dead letter is kept as the entry that it came in, its time and its reason.
pub(super) fn write_dead(written_ms: i64, reason: &crate::domain::Reason, content: &DeadContent) -> Vec<u8> {
    page(|w| {
        w.i64(written_ms);
        codec::write_reason(w, reason);
        match content {
            DeadContent::Input(rejected) => {
                codec::write_entry(w, &Entry::Rejected(Box::new(rejected.clone())));
            }
            DeadContent::Conflict(record) => codec::write_entry(w, &Entry::Record(record.clone())),
        }
    })
}

pub(super) fn read_dead(bytes: &[u8]) -> Result<(i64, crate::domain::Reason, DeadContent), Corrupt> {
    open(bytes, |r| {
        let written_ms = r.i64()?;
        let reason = codec::read_reason(r)?;
        let content = match codec::read_entry(r)? {
            Entry::Rejected(rejected) => DeadContent::Input(*rejected),
            Entry::Record(record) => DeadContent::Conflict(record),
            Entry::Date(_) | Entry::Act(_) | Entry::Rulebook(_) | Entry::Release(_) | Entry::Erased(_) => {
                return Err(Corrupt("a dead letter"));
            }
        };
        Ok((written_ms, reason, content))
    })
}

pub(super) fn page(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut w = Writer::new();
    w.u8(VERSION);
    write(&mut w);
    codec::pack(&w.bytes)
}

pub(super) fn damaged(corrupt: Corrupt) -> StoreError {
    StoreError::Damaged(corrupt.to_string())
}

pub(super) fn open<T>(
    bytes: &[u8],
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, Corrupt>,
) -> Result<T, Corrupt> {
    let bytes = codec::unpack(bytes)?;
    let mut r = Reader::new(&bytes);
    if r.u8()? != VERSION {
        return Err(Corrupt("a page of this version"));
    }
    let value = read(&mut r)?;
    r.end()?;
    Ok(value)
}
