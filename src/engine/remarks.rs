//! What a shard tells the second stage beside its alert rows: on which days of a month a worker was there, each
//! time that this is another than before. Kept in the store until the second stage has it: a shard that is ahead
//! after a crash will not say it again. Knows no rule.

use super::bureau::PresenceTiding;
use super::keys;
use super::pages::{damaged, open, page};
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{Day, Position};
use crate::store::{Changes, Store, StoreError};
use std::collections::VecDeque;

/// One thing that was said.
#[derive(Clone, PartialEq, Debug)]
pub struct Remark {
    /// The block that made it true.
    pub(super) position: Position,
    /// The business date then; before all of them while there is none.
    pub(super) on: Day,
    pub(super) said: PresenceTiding,
}

/// So much goes on a page.
const PAGE_REMARKS: usize = 2048;

pub(super) struct RemarkBook {
    shard: u16,
    /// Since the last `take_fresh`.
    fresh: Vec<Remark>,
    /// Since the last checkpoint.
    unsaved: Vec<Remark>,
    /// Keys of pages in the store, each with the checkpoint that wrote it, oldest first.
    pages: VecDeque<(Position, Vec<u8>)>,
    /// False where what is said goes out with the step that it follows from.
    is_kept: bool,
    /// The second stage has what is of blocks up to there.
    keep_after: Position,
}

impl RemarkBook {
    pub fn open(shard: u16, is_kept: bool, store: &dyn Store) -> Result<RemarkBook, StoreError> {
        let mut pages = VecDeque::new();
        store.scan(&keys::remarks(shard), &mut |key, _| {
            let position = keys::remarks_position(key).ok_or_else(|| damaged(Corrupt("a key of remarks")))?;
            pages.push_back((position, key.to_vec()));
            Ok(())
        })?;
        let (fresh, unsaved, keep_after) = (Vec::new(), Vec::new(), Position::default());
        Ok(RemarkBook { shard, fresh, unsaved, pages, is_kept, keep_after })
    }

    pub fn put(&mut self, remark: Remark) {
        if self.is_kept {
            self.unsaved.push(remark.clone());
        }
        self.fresh.push(remark);
    }

    /// What was said since the last call, in order.
    pub fn take_fresh(&mut self) -> Vec<Remark> {
        std::mem::take(&mut self.fresh)
    }

    pub fn keep_after(&mut self, position: Position) {
        self.keep_after = position;
    }

    /// Adds what is new at a checkpoint of that position and not read yet, and lets go of what is.
    pub fn encode(&mut self, position: Position, changes: &mut Changes) {
        let read = self.pages.iter().take_while(|(written, _)| *written <= self.keep_after).count();
        changes.remove.extend(self.pages.drain(..read).map(|(_, key)| key));
        let mut unread = std::mem::take(&mut self.unsaved);
        unread.retain(|remark| remark.position > self.keep_after);
        for (number, remarks) in (0..).zip(unread.chunks(PAGE_REMARKS)) {
            let key = keys::remarks_page(self.shard, position, number);
            changes.put.push((key.clone(), page(|w| w.list(remarks.iter(), write))));
            self.pages.push_back((position, key));
        }
    }
}

/// What a shard's store has of blocks behind `after`, in the order in which it was said.
pub(super) fn behind(shard: u16, after: Position, store: &dyn Store) -> Result<Vec<Remark>, StoreError> {
    let mut found = Vec::new();
    store.scan(&keys::remarks(shard), &mut |_, bytes| {
        let remarks = open(bytes, |r| r.list(read)).map_err(damaged)?;
        found.extend(remarks.into_iter().filter(|remark| remark.position > after));
        Ok(())
    })?;
    Ok(found)
}

fn write(w: &mut Writer, remark: &Remark) {
    w.varint(remark.position.0);
    w.day(remark.on);
    remark.said.write(w);
}

fn read(r: &mut Reader<'_>) -> Result<Remark, Corrupt> {
    Ok(Remark { position: Position(r.varint()?), on: r.day()?, said: PresenceTiding::read(r)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{IdNumber, MonthDays, Period, ProjectId};
    use crate::store::MemoryStore;

    #[test]
    fn what_the_second_stage_has_not_read_is_kept_and_no_more() {
        let store = MemoryStore::new();
        let mut book = RemarkBook::open(3, true, &store).unwrap();
        let say = |book: &mut RemarkBook, at: u64, read: u64| {
            let said = PresenceTiding {
                project_id: ProjectId::parse("project_id", "P1").unwrap(),
                worker: IdNumber::from_packed(at),
                period: Period::parse("2026-03").unwrap(),
                days: MonthDays(1),
            };
            book.put(Remark { position: Position(at), on: Day(i32::MIN), said });
            book.keep_after(Position(read));
            let mut changes = Changes::default();
            book.encode(Position(at), &mut changes);
            store.write(changes).unwrap();
            let kept = behind(3, Position(0), &store).unwrap();
            kept.iter().map(|remark| remark.position.0).collect::<Vec<_>>()
        };
        assert_eq!(say(&mut book, 1, 0), [1]);
        assert_eq!(say(&mut book, 2, 0), [1, 2]);
        assert_eq!(say(&mut book, 3, 2), [3]);
        let mut again = RemarkBook::open(3, true, &store).unwrap();
        assert_eq!(say(&mut again, 4, 3), [4]);
        assert_eq!(say(&mut again, 5, 5), [0; 0]);
    }
}
