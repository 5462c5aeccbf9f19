//! Desk and shards in memory, on one thread: blocks of entries in, alert rows out. Without log, doors
//! and checkpoints, so that what is measured is merging, settling and judging.

use std::sync::Arc;
use wagewatch::alerts::PUBLIC_ID_KEY;
use wagewatch::domain::{AlertRow, Entry, Position, Rulebook};
use wagewatch::engine::{Desk, Equipment, Order, Routing, Shard};
use wagewatch::log::Block;
use wagewatch::store::{MemoryStore, Store};

pub struct System {
    desk: Desk,
    pub shard: Shard,
    position: Position,
}

impl System {
    pub fn new(book: &Arc<Rulebook>) -> System {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let desk = Desk::open(store.clone(), 1).unwrap();
        let with = Equipment {
            store,
            book: book.clone(),
            ids: PUBLIC_ID_KEY,
            rows_max: 1_000,
            shards: 1,
            shadow: None,
        };
        let (shard, _) = Shard::open(0, with).unwrap();
        System { desk, shard, position: Position(0) }
    }

    /// One block, and the rows that follow from it.
    pub fn tell(&mut self, entries: Vec<Entry>) -> Vec<Arc<AlertRow>> {
        self.position = self.position.next();
        let block = Block { position: self.position, written_ms: 0, entries };
        for routing in self.desk.open_block(&block).unwrap().orders {
            let order = match &routing {
                Routing::County { command, .. } => Order::County(command),
                Routing::Entry { entry, .. } | Routing::Everyone { entry } => {
                    match &block.entries[*entry as usize] {
                        Entry::Record(record) => Order::Record(record),
                        Entry::Date(day) => Order::Date(*day),
                        Entry::Rulebook(book) => Order::Rulebook(book),
                        other => panic!("{other:?} is told by nobody here"),
                    }
                }
            };
            self.shard.apply(self.position, 0, &order).unwrap();
        }
        self.shard.finish_block(self.position);
        self.shard.take_remarks();
        self.shard.take_rows()
    }
}
