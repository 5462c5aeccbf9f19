//! Where everything stands in the store: a letter for the kind, then what orders it.
//! Numbers are big-endian, so that keys sort as they count; a project id ends with a zero byte,
//! which no id contains, so that no project's keys begin with another's.

use super::api::DeadLetterId;
use crate::domain::{Period, Position, ProjectId};

/// How much of a key may stand in the open where the store is encrypted: ids of projects, numbers of pages and of blocks.
/// What the second stage's pages are about (firms, complaints, whatever an alert of no single project is about) may not.
pub fn open_part(key: &[u8]) -> usize {
    match *key {
        [b'U', b'/', _, ..] => 3,
        [b'A', b'/', _, _, 0, ..] => 5,
        _ => key.len(),
    }
}

/// Which log the store was made of.
pub(super) const LOG: &[u8] = b"M/log";
/// What the store covers.
pub(super) const COUNTY: &[u8] = b"M/county";
/// The last rulebook of the log up to there.
pub(super) const RULEBOOK: &[u8] = b"M/rulebook";

/// What the county has asked of everyone, and who has done it, where projects live on other machines.
pub(super) const ORDERS: &[u8] = b"M/orders";
/// Up to where a local copy has its changelog. Stands in the copy alone.
pub(super) const CHANGELOG: &[u8] = b"M/changelog";

/// The last order for everyone that the owner of a partition of projects has followed.
pub(super) fn turn(shard: u16) -> Vec<u8> {
    lettered(b'O', shard)
}

/// What partitions said that were ahead of the county.
pub(super) fn held() -> Vec<u8> {
    b"H/".to_vec()
}

pub(super) fn held_message(offset: u64) -> Vec<u8> {
    let mut key = held();
    key.extend_from_slice(&offset.to_be_bytes());
    key
}

/// A shard's position, row number and business date.
pub(super) fn shard_meta(shard: u16) -> Vec<u8> {
    let mut key = b"M/shard/".to_vec();
    key.extend_from_slice(&shard.to_be_bytes());
    key
}

/// The rulebook by which the shard's state was judged.
pub(super) fn shard_rulebook(shard: u16) -> Vec<u8> {
    lettered(b'B', shard)
}

pub(super) fn catalog(shard: u16) -> Vec<u8> {
    lettered(b'C', shard)
}

pub(super) fn catalog_entry(shard: u16, project: &ProjectId) -> Vec<u8> {
    with_project(lettered(b'C', shard), project)
}

/// All ledger pages of a project.
pub(super) fn ledger(shard: u16, project: &ProjectId) -> Vec<u8> {
    with_project(lettered(b'P', shard), project)
}

/// All alert pages of a shard.
pub(super) fn shard_alerts(shard: u16) -> Vec<u8> {
    lettered(b'A', shard)
}

/// All alert pages of a project.
pub(super) fn alerts(shard: u16, project: &ProjectId) -> Vec<u8> {
    with_project(lettered(b'A', shard), project)
}

/// What all alert pages of the second stage begin with, behind those of its shard; no project's id does.
pub(super) fn bureau_alerts(shard: u16) -> Vec<u8> {
    let mut key = shard_alerts(shard);
    key.push(0);
    key
}

pub(super) fn alerts_page(shard: u16, project: &ProjectId, chunk: u32) -> Vec<u8> {
    let mut key = alerts(shard, project);
    key.extend_from_slice(&chunk.to_be_bytes());
    key
}

/// All row pages of a shard.
pub(super) fn rows(shard: u16) -> Vec<u8> {
    lettered(b'R', shard)
}

pub(super) fn rows_page(shard: u16, first: u64) -> Vec<u8> {
    let mut key = rows(shard);
    key.extend_from_slice(&first.to_be_bytes());
    key
}

/// All that a shard has told the second stage beside its rows, and may have to tell again.
pub(super) fn remarks(shard: u16) -> Vec<u8> {
    lettered(b'N', shard)
}

/// A page of the checkpoint of that position.
pub(super) fn remarks_page(shard: u16, written: Position, number: u32) -> Vec<u8> {
    let mut key = remarks(shard);
    key.extend_from_slice(&written.0.to_be_bytes());
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// The position of such a page's key.
pub(super) fn remarks_position(key: &[u8]) -> Option<Position> {
    Some(Position(u64::from_be_bytes(key.get(4..12)?.try_into().ok()?)))
}

/// Who was where in a month, of a part of all workers.
pub(super) fn presence(month: Period, part: u8) -> Vec<u8> {
    let mut key = b"W/".to_vec();
    key.extend_from_slice(&month.0.to_be_bytes());
    key.push(part);
    key
}

/// All pages of a shard's counts of alerts.
pub(super) fn tallies(shard: u16) -> Vec<u8> {
    lettered(b'T', shard)
}

/// The counts of a month.
pub(super) fn tally(shard: u16, month: Period) -> Vec<u8> {
    let mut key = tallies(shard);
    key.extend_from_slice(&month.0.to_be_bytes());
    key
}

/// How many alerts of each rule a shard has raised today.
pub(super) fn floods(shard: u16) -> Vec<u8> {
    lettered(b'F', shard)
}

/// The projects that are or were red.
pub(super) fn red(shard: u16) -> Vec<u8> {
    lettered(b'E', shard)
}

/// All pages of what belongs to no project.
pub(super) fn county() -> Vec<u8> {
    b"Y/".to_vec()
}

/// All pages of the second stage but its alerts and rows.
pub(super) fn bureau() -> Vec<u8> {
    b"U/".to_vec()
}

/// All projects that were erased.
pub(super) fn erased() -> Vec<u8> {
    b"X/".to_vec()
}

pub(super) fn erased_project(project: &ProjectId) -> Vec<u8> {
    with_project(erased(), project)
}

/// The project of such a key.
pub(super) fn erased_id(key: &[u8]) -> Option<ProjectId> {
    let text = std::str::from_utf8(key.strip_prefix(b"X/")?.strip_suffix(&[0])?).ok()?;
    ProjectId::parse("project_id", text).ok()
}

/// All dead letters.
pub(super) fn dead_letters() -> Vec<u8> {
    b"D/".to_vec()
}

pub(super) fn dead_letter(id: DeadLetterId) -> Vec<u8> {
    let mut key = dead_letters();
    key.extend_from_slice(&id.position.0.to_be_bytes());
    key.extend_from_slice(&id.index.to_be_bytes());
    key
}

/// The least key behind that letter's.
pub(super) fn behind_dead_letter(id: DeadLetterId) -> Vec<u8> {
    let mut key = dead_letter(id);
    key.push(0);
    key
}

pub(super) fn dead_letter_id(key: &[u8]) -> Option<DeadLetterId> {
    let rest = key.strip_prefix(b"D/")?;
    let (position, index) = rest.split_at_checked(8)?;
    Some(DeadLetterId {
        position: Position(u64::from_be_bytes(position.try_into().ok()?)),
        index: u32::from_be_bytes(index.try_into().ok()?),
    })
}

fn lettered(letter: u8, shard: u16) -> Vec<u8> {
    let mut key = vec![letter, b'/'];
    key.extend_from_slice(&shard.to_be_bytes());
    key
}

fn with_project(mut key: Vec<u8>, project: &ProjectId) -> Vec<u8> {
    key.extend_from_slice(project.as_str().as_bytes());
    key.push(0);
    key
}
