//! The alert rows of one owner: their numbers, those that nobody has been told of or stored yet, and
//! their pages in the store. Knows no alert's meaning.

use super::pages;
use super::{feed::ShardFeed, keys};
use crate::codec::Corrupt;
use crate::domain::{Alert, AlertRow, Change, Position};
use crate::store::{Changes, Store, StoreError};
use compact_str::CompactString;
use std::collections::VecDeque;
use std::sync::Arc;

/// Rows of one page; a longer run is cut.
const PAGE_ROWS: usize = 256;

pub(super) struct RowBook {
    shard: u16,
    /// Number of the last row.
    pub head: u64,
    /// Rows since the last `take_fresh`.
    fresh: Vec<Arc<AlertRow>>,
    /// Rows since the last checkpoint.
    unsaved: Vec<Arc<AlertRow>>,
    pages: VecDeque<RowPage>,
    /// How many rows are kept in the store for subscribers who come back; 0 = they stand elsewhere, none is.
    rows_max: usize,
    /// Rows of later blocks are kept, however many: somebody has still to read them after a crash.
    keep_after: Position,
}

/// A page of rows in the store.
#[derive(Clone, Copy)]
struct RowPage {
    first: u64,
    count: usize,
    /// The block of its last row.
    last: Position,
}

impl RowBook {
    /// The book as the store has it, and the rows in it.
    pub fn open(
        shard: u16,
        head: u64,
        rows_max: usize,
        store: &dyn Store,
    ) -> Result<(RowBook, Vec<Arc<AlertRow>>), StoreError> {
        let (mut pages, mut rows) = (VecDeque::new(), Vec::new());
        store.scan(&keys::rows(shard), &mut |_, bytes| {
            let page = pages::read_rows(bytes).map_err(damaged)?;
            if let (Some(first), Some(last)) = (page.first(), page.last()) {
                pages.push_back(RowPage { first: first.seq, count: page.len(), last: last.position });
            }
            rows.extend(page);
            Ok(())
        })?;
        let (fresh, unsaved, keep_after) = (Vec::new(), Vec::new(), Position::default());
        Ok((RowBook { shard, head, fresh, unsaved, pages, rows_max, keep_after }, rows))
    }

    /// What subscribers read, from the rows of `open` and the alerts that the store has.
    pub fn feed(&self, rows: Vec<Arc<AlertRow>>, store: &dyn Store) -> Result<ShardFeed, StoreError> {
        let mut standing = Vec::new();
        store.scan(&keys::shard_alerts(self.shard), &mut |_, bytes| {
            let rows = pages::read_rows(bytes).map_err(damaged)?;
            standing.extend(rows.into_iter().filter(|row| row.alert.stands()));
            Ok(())
        })?;
        Ok(ShardFeed::new(self.rows_max, self.head, rows, standing))
    }

    /// Gives a change its number.
    pub fn number(
        &mut self,
        (position, written_ms): (Position, i64),
        (change, alert): (Change, Alert),
        rulebook: CompactString,
    ) -> Arc<AlertRow> {
        self.head += 1;
        let (shard, seq) = (self.shard, self.head);
        let row = Arc::new(AlertRow { shard, seq, position, written_ms, change, alert, rulebook });
        self.fresh.push(row.clone());
        self.unsaved.push(row.clone());
        row
    }

    /// The rows since the last call, in order.
    pub fn take_fresh(&mut self) -> Vec<Arc<AlertRow>> {
        std::mem::take(&mut self.fresh)
    }

    pub fn is_saved(&self) -> bool {
        self.unsaved.is_empty()
    }

    /// Nobody asks for rows of blocks up to there any more, but subscribers who come back.
    pub fn keep_after(&mut self, position: Position) {
        self.keep_after = position;
    }

    /// Adds what is new, and lets go of the oldest pages.
    pub fn encode(&mut self, changes: &mut Changes) {
        let unsaved = std::mem::take(&mut self.unsaved);
        if self.rows_max == 0 {
            return;
        }
        for rows in unsaved.chunks(PAGE_ROWS) {
            let (first, last) = (rows[0].seq, rows[rows.len() - 1].position);
            changes.put.push((keys::rows_page(self.shard, first), pages::write_rows(rows.iter())));
            self.pages.push_back(RowPage { first, count: rows.len(), last });
        }
        let mut kept: usize = self.pages.iter().map(|page| page.count).sum();
        while let Some(page) = self.pages.front().copied() {
            if kept - page.count < self.rows_max || page.last > self.keep_after {
                break;
            }
            kept -= page.count;
            self.pages.pop_front();
            changes.remove.push(keys::rows_page(self.shard, page.first));
        }
    }
}

fn damaged(corrupt: Corrupt) -> StoreError {
    StoreError::Damaged(corrupt.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::sample::{alert, wage};
    use crate::store::MemoryStore;

    fn positions(store: &MemoryStore) -> Vec<u64> {
        let (_, rows) = RowBook::open(3, 0, 1, store).unwrap();
        rows.iter().map(|row| row.position.0).collect()
    }

    #[test]
    fn rows_that_the_second_stage_has_not_read_are_kept_however_many() {
        let store = MemoryStore::new();
        let (mut book, _) = RowBook::open(3, 0, 1, &store).unwrap();
        let mut write = |position: u64, read: u64| {
            book.number((Position(position), 0), (Change::Raised, alert(wage(1, "2026-03", 1))), "1".into());
            book.keep_after(Position(read));
            let mut changes = Changes::default();
            book.encode(&mut changes);
            store.write(changes).unwrap();
        };
        write(1, 0);
        write(2, 0);
        write(3, 0);
        assert_eq!(positions(&store), [1, 2, 3], "nobody has read one");
        write(4, 2);
        assert_eq!(positions(&store), [3, 4], "two are read, and one is enough for subscribers");
        write(5, 5);
        assert_eq!(positions(&store), [5]);
    }
}
