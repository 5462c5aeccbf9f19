//! The desk where each block is opened: gives every entry to the shard of its project, keeps what
//! belongs to no single project (payments, accounts, complaints, signals), and files the dead
//! letters. One owner, in the log's order. Knows no queue, no clock.

use super::api::{DeadContent, DeadLetter, DeadLetterId};
use super::county_book::{CountyBook, CountyImage};
use super::{keys, pages};
use crate::codec;
use crate::domain::{Account, Day, Entry, Position, ProjectId, Reason, Record, Rulebook, Verdict};
use crate::ledger::{Command, KeptPayment, Routed};
use crate::log::Block;
use crate::store::{Changes, Store, StoreError};
use compact_str::CompactString;
use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

pub struct Desk {
    county: CountyBook,
    store: Arc<dyn Store>,
    shards: u16,
    /// The last block that it has opened.
    position: Position,
    encoded: Position,
    /// Dead letters that are not in the store yet, encoded.
    unsaved: BTreeMap<DeadLetterId, Vec<u8>>,
    dead_letters: u64,
    /// The last rulebook of the log; `None` in a log that has none yet.
    book: Option<Rulebook>,
    is_book_saved: bool,
    /// Projects that were erased, and on which day.
    erased: BTreeMap<ProjectId, Day>,
    /// Those that are not in the store yet.
    unsaved_erased: Vec<ProjectId>,
}

/// What a checkpoint of the desk writes, as it was when that was asked for. Whoever writes it encodes it: the desk's own
/// thread goes on meanwhile.
pub struct DeskImage {
    county: CountyImage,
    changes: Changes,
}

impl DeskImage {
    pub fn changes(self) -> Changes {
        let DeskImage { county, mut changes } = self;
        county.encode(&mut changes);
        changes
    }
}

/// What a block says to the shards, and the verdicts that the desk gives itself.
#[derive(Default)]
pub struct Opened {
    /// In the block's order.
    pub orders: Vec<Routing>,
    /// (entry, verdict); every other entry gets its verdict from its shard.
    pub verdicts: Vec<(u32, Verdict)>,
    /// The second stage has a verdict to give, or what was said is to hold everywhere.
    pub awaits_second: bool,
}

/// One order and the shard it is for.
pub enum Routing {
    /// The entry itself (a record or an act) is for this shard, which gives the verdict.
    Entry { shard: u16, entry: u32 },
    /// The county has something to say to a project of this shard.
    County { shard: u16, command: Box<Command> },
    /// The entry (a business date, a rulebook, a release) is for every shard.
    Everyone { entry: u32 },
}

/// Which shard a project lives in: CRC-32 of its id, as librdkafka's `consistent` partitioner
/// places a key, so that shards equal partitions.
pub fn shard_of(project: &ProjectId, shards: u16) -> u16 {
    let hash = crc32fast::hash(project.as_str().as_bytes());
    u16::try_from(hash % u32::from(shards.max(1))).unwrap_or(0)
}

impl Desk {
    /// The desk as the store has it.
    pub fn open(store: Arc<dyn Store>, shards: u16) -> Result<Desk, StoreError> {
        let (position, dead_letters) = match store.get(keys::COUNTY)? {
            Some(bytes) => {
                let meta = pages::read_meta(&bytes).map_err(damaged)?;
                (meta.position, meta.head)
            }
            None => (Position::default(), 0),
        };
        let book = match store.get(keys::RULEBOOK)? {
            Some(bytes) => Some(pages::read_book(&bytes).map_err(damaged)?),
            None => None,
        };
        let county = CountyBook::open(store.clone())?;
        let mut erased = BTreeMap::new();
        store.scan(&keys::erased(), &mut |key, bytes| {
            let id = keys::erased_id(key).ok_or_else(|| damaged(codec::Corrupt("a page key")))?;
            erased.insert(id, pages::read_erased(bytes).map_err(damaged)?);
            Ok(())
        })?;
        Ok(Desk {
            county,
            store,
            shards,
            position,
            encoded: position,
            unsaved: BTreeMap::new(),
            dead_letters,
            book,
            is_book_saved: true,
            erased,
            unsaved_erased: Vec::new(),
        })
    }

    pub fn position(&self) -> Position {
        self.position
    }

    /// By which what follows is judged.
    pub fn rulebook(&self) -> Option<&Rulebook> {
        self.book.as_ref()
    }

    pub fn dead_letter_count(&self) -> u64 {
        self.dead_letters
    }

    pub fn heap_bytes(&self) -> usize {
        self.county.heap_bytes()
    }

    /// When the project of that record was erased: then the record is not taken.
    pub fn erased(&self, record: &Record) -> Option<Day> {
        if self.erased.is_empty() {
            return None;
        }
        self.erased.get(record.body.project_id()?).copied()
    }

    /// Opens the next block.
    pub fn open_block(&mut self, block: &Block) -> Result<Opened, StoreError> {
        let mut opened = Opened::default();
        opened.orders.reserve(block.entries.len());
        let mut commands = Vec::new();
        for (index, entry) in block.entries.iter().enumerate() {
            // A batch is bounded far below this.
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            let id = DeadLetterId { position: block.position, index };
            match entry {
                Entry::Record(record) => {
                    match self.county.route(record, &mut commands)? {
                        Routed::Project(project) => {
                            let shard = shard_of(project, self.shards);
                            opened.orders.push(Routing::Entry { shard, entry: index });
                        }
                        Routed::Done(verdict) => {
                            if let Verdict::Rejected(reason) = &verdict {
                                let content = DeadContent::Conflict(record.clone());
                                self.file(id, block.written_ms, reason, &content);
                            }
                            opened.verdicts.push((index, verdict));
                        }
                    }
                    for command in commands.drain(..) {
                        let shard = shard_of(command.project_id(), self.shards);
                        opened.orders.push(Routing::County { shard, command: Box::new(command) });
                    }
                }
                Entry::Rejected(rejected) => {
                    let content = DeadContent::Input((**rejected).clone());
                    self.file(id, block.written_ms, &rejected.reason, &content);
                    opened.verdicts.push((index, Verdict::Rejected(rejected.reason.clone())));
                }
                Entry::Date(_) | Entry::Rulebook(_) | Entry::Release(_) => {
                    if let Entry::Rulebook(book) = entry {
                        self.book = Some((**book).clone());
                        self.is_book_saved = false;
                    }
                    opened.awaits_second = true;
                    opened.orders.push(Routing::Everyone { entry: index });
                    opened.verdicts.push((index, Verdict::Accepted));
                }
                Entry::Erased(erased) => {
                    self.erased.insert(erased.project_id.clone(), erased.on);
                    self.unsaved_erased.push(erased.project_id.clone());
                    opened.verdicts.push((index, Verdict::Accepted));
                }
                // The second stage reads these from the block itself.
                Entry::Act(act) if act.project_id.is_county() => opened.awaits_second = true,
                Entry::Act(act) => {
                    let shard = shard_of(&act.project_id, self.shards);
                    opened.orders.push(Routing::Entry { shard, entry: index });
                }
            }
        }
        self.position = block.position;
        Ok(opened)
    }

    /// The bank of each account that is known as a wage account.
    pub fn banks(&self, accounts: &[Account]) -> BTreeMap<Account, CompactString> {
        let bank = |account: &Account| Some((*account, self.county.ledger().account(*account)?.bank.clone()));
        accounts.iter().filter_map(bank).collect()
    }

    /// Payments that have no project, at most `max`.
    pub fn suspense(&self, max: usize) -> Vec<KeptPayment> {
        self.county.ledger().suspense().take(max).cloned().collect()
    }

    /// Dead letters above `after`, ascending, at most `max`.
    pub fn dead_letters(
        &self,
        after: Option<DeadLetterId>,
        max: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let from = after.map_or_else(keys::dead_letters, keys::behind_dead_letter);
        let mut found: BTreeMap<DeadLetterId, Vec<u8>> = BTreeMap::new();
        self.store.scan_from(&keys::dead_letters(), &from, &mut |key, bytes| {
            if found.len() >= max {
                return Ok(ControlFlow::Break(()));
            }
            if let Some(id) = keys::dead_letter_id(key) {
                found.insert(id, bytes.to_vec());
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let behind = after.map_or(Bound::Unbounded, Bound::Excluded);
        for (id, bytes) in self.unsaved.range((behind, Bound::Unbounded)).take(max) {
            found.insert(*id, bytes.clone());
        }
        let read = |(id, bytes): (DeadLetterId, Vec<u8>)| {
            let (written_ms, reason, content) = pages::read_dead(&bytes).map_err(damaged)?;
            Ok(DeadLetter { id, written_ms, reason, content })
        };
        found.into_iter().take(max).map(read).collect()
    }

    /// Everything that changed since the last checkpoint. To be written after every shard's state
    /// of this position or a later one: what replays from here must find the county as it was here.
    pub fn checkpoint(&mut self) -> Option<DeskImage> {
        if self.encoded == self.position {
            return None;
        }
        let mut changes = Changes::default();
        for (id, bytes) in &self.unsaved {
            changes.put.push((keys::dead_letter(*id), bytes.clone()));
        }
        for id in std::mem::take(&mut self.unsaved_erased) {
            if let Some(on) = self.erased.get(&id) {
                changes.put.push((keys::erased_project(&id), pages::write_erased(*on)));
            }
        }
        if let Some(book) = self.book.as_ref().filter(|_| !self.is_book_saved) {
            changes.put.push((keys::RULEBOOK.to_vec(), pages::write_book(book)));
            self.is_book_saved = true;
        }
        let meta = pages::ShardMeta { position: self.position, head: self.dead_letters, today: None };
        changes.put.push((keys::COUNTY.to_vec(), pages::write_meta(&meta)));
        self.encoded = self.position;
        Some(DeskImage { county: self.county.image(), changes })
    }

    /// The changes of the checkpoint at `position` are in the store.
    pub fn saved(&mut self, position: Position, limit_bytes: usize) {
        self.unsaved = self.unsaved.split_off(&DeadLetterId { position: position.next(), index: 0 });
        // Pages may leave memory only when the store has them as they are now.
        if position == self.encoded {
            self.county.evict(limit_bytes);
        }
    }

    fn file(&mut self, id: DeadLetterId, written_ms: i64, reason: &Reason, content: &DeadContent) {
        self.dead_letters += 1;
        self.unsaved.insert(id, pages::write_dead(written_ms, reason, content));
    }
}

fn damaged(corrupt: codec::Corrupt) -> StoreError {
    StoreError::Damaged(corrupt.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Door, Rejected};
    use crate::store::{Each, MemoryStore};
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Counts the pairs that scans read.
    #[derive(Default)]
    struct Counting {
        store: MemoryStore,
        read: AtomicUsize,
    }

    impl Store for Counting {
        fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
            self.store.get(key)
        }

        fn scan_from(&self, prefix: &[u8], from: &[u8], each: &mut Each<'_>) -> Result<(), StoreError> {
            self.store.scan_from(prefix, from, &mut |key, value| {
                self.read.fetch_add(1, Ordering::Relaxed);
                each(key, value)
            })
        }

        fn write(&self, changes: Changes) -> Result<(), StoreError> {
            self.store.write(changes)
        }

        fn clear(&self) -> Result<(), StoreError> {
            self.store.clear()
        }

        fn bytes(&self) -> u64 {
            self.store.bytes()
        }
    }

    fn block(position: u64, entries: u32) -> Block {
        let rejected = |n: u32| Rejected {
            door: Door::Submit,
            file: "".into(),
            line: u64::from(n),
            id: None,
            source: None,
            reason: Reason::range("field", "found", "expected"),
            raw: Box::default(),
            raw_len: 0,
        };
        let entries = (0..entries).map(|n| Entry::Rejected(Box::new(rejected(n)))).collect();
        Block { position: Position(position), written_ms: 0, entries }
    }

    #[test]
    fn a_page_of_dead_letters_reads_a_page() {
        let store = Arc::new(Counting::default());
        let mut desk = Desk::open(store.clone(), 4).unwrap();
        for position in 1..=40 {
            desk.open_block(&block(position, 5)).unwrap();
            // The last ones are not in the store yet.
            if position <= 30 {
                store.write(desk.checkpoint().unwrap().changes()).unwrap();
                desk.saved(Position(position), usize::MAX);
            }
        }
        let mut after = None;
        let mut all = Vec::new();
        loop {
            store.read.store(0, Ordering::Relaxed);
            let page = desk.dead_letters(after, 7).unwrap();
            let read = store.read.load(Ordering::Relaxed);
            assert!(read <= 8, "{read} letters read for a page of 7");
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            all.extend(page.iter().map(|letter| (letter.id.position.0, letter.id.index)));
        }
        let want: Vec<(u64, u32)> = (1..=40).flat_map(|p| (0..5).map(move |index| (p, index))).collect();
        assert_eq!(all, want);
    }
}
