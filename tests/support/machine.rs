//! One machine in one thread: desk and shards on a log and a store in memory, with crashes at will.

use super::offenders::offenders;
use super::{floods, judge};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wagewatch::alerts::{PUBLIC_ID_KEY, Tally};
use wagewatch::domain::{
    AlertId, AlertRow, Day, Entry, Level, Payment, Position, ProjectId, Rule, Rulebook, Subject,
    SuspenseReason, Verdict, WorkerView,
};
use wagewatch::engine::{
    Bureau, Desk, DeskImage, Equipment, Feed, Made, Order, ProjectAsk, Read, Routing, Shard, made_behind,
    shard_of,
};
use wagewatch::log::{Block, FailAt, Log, MemoryLog};
use wagewatch::store::{CrashAt, MemoryStore, Store};

/// Where the power is cut, around one write.
#[derive(Clone, Copy, Debug)]
pub struct Crash(pub FailAt);

impl Crash {
    pub fn any(rng: &mut ChaCha8Rng) -> Crash {
        Crash(if rng.random_bool(0.5) { FailAt::Before } else { FailAt::After })
    }
}

/// The power was cut: only `reopen` may follow.
#[derive(Debug)]
pub struct Down;

/// What can be seen from outside at one moment.
#[derive(PartialEq, Debug)]
pub struct Picture {
    pub rows: Vec<Arc<AlertRow>>,
    pub standing: BTreeSet<AlertId>,
    pub workers: Vec<WorkerView>,
    pub suspense: Vec<(Payment, SuspenseReason)>,
}

pub struct Machine {
    log: MemoryLog,
    store: MemoryStore,
    book: Arc<Rulebook>,
    desk: Desk,
    shards: Vec<Shard>,
    bureau: Bureau,
    /// What shards that are ahead of the bureau will not say again, by block.
    made_before: BTreeMap<Position, Made>,
    /// What the store has of the bureau.
    bureau_saved: Position,
    feed: Feed,
    /// A round of checkpoints: shards still to come (the bureau behind the last one), and the county as it was.
    round: Option<(Vec<usize>, Option<DeskImage>)>,
    ms: i64,
}

impl Machine {
    pub fn new(book: Arc<Rulebook>, shards: u16) -> Machine {
        let (log, store) = (MemoryLog::new(), MemoryStore::new());
        let Opened { desk, shards, bureau, made_before, feed } = open(&store, &book, shards);
        let bureau_saved = bureau.position();
        Machine {
            log,
            store,
            book,
            desk,
            shards,
            bureau,
            made_before,
            bureau_saved,
            feed,
            round: None,
            ms: 0,
        }
    }

    /// One batch: log, desk, shards, feed.
    pub fn append(&mut self, entries: &[Entry], crash: Option<Crash>) -> Result<(), Down> {
        if let Some(Crash(at)) = crash {
            self.log.fail_at(1, at);
        }
        self.commit(entries).map(|_| ())
    }

    /// One batch, and what came of it: each entry's verdict, and the alert rows that are new.
    pub fn tell(&mut self, entries: &[Entry]) -> (Vec<Verdict>, Vec<Arc<AlertRow>>) {
        // With one shard the new rows have an order: its own, then those of the second stage.
        assert_eq!(self.shards.len(), 1, "new rows of several shards have no order");
        let heads = self.feed.heads();
        let verdicts = self.commit(entries).unwrap();
        let fresh =
            (0..).zip(heads).flat_map(|(shard, head)| match self.feed.read(shard, head, usize::MAX) {
                Read::Rows(rows) => rows,
                Read::Gone => panic!("the history is longer than any of these worlds"),
            });
        (verdicts, fresh.collect())
    }

    fn commit(&mut self, entries: &[Entry]) -> Result<Vec<Verdict>, Down> {
        self.ms += 1;
        let position = self.log.append(self.ms, entries).map_err(|_| Down)?;
        let block = Block { position, written_ms: self.ms, entries: entries.to_vec() };
        Ok(self.apply(&block))
    }

    /// The verdicts, in the order of the block's entries.
    fn apply(&mut self, block: &Block) -> Vec<Verdict> {
        let opened = self.desk.open_block(block).unwrap();
        let mut verdicts: BTreeMap<u32, Verdict> = opened.verdicts.into_iter().collect();
        for routing in &opened.orders {
            let (shard, order) = match routing {
                Routing::Entry { shard, entry } => match &block.entries[*entry as usize] {
                    Entry::Record(record) => (Some(*shard), Order::Record(record)),
                    Entry::Act(act) => (Some(*shard), Order::Act(act)),
                    other => panic!("{other:?} is for no single shard"),
                },
                Routing::County { shard, command } => (Some(*shard), Order::County(command)),
                Routing::Everyone { entry } => match &block.entries[*entry as usize] {
                    Entry::Date(day) => (None, Order::Date(*day)),
                    Entry::Rulebook(book) => (None, Order::Rulebook(book)),
                    Entry::Release(release) => (None, Order::Release(release)),
                    other => panic!("{other:?} is not for everyone"),
                },
            };
            for one in &mut self.shards {
                if shard.is_none_or(|id| id == one.id()) && one.position() < block.position {
                    let verdict = one.apply(block.position, block.written_ms, &order).unwrap();
                    if let Routing::Entry { entry, .. } = routing {
                        verdicts.insert(*entry, verdict);
                    }
                }
            }
        }
        let mut made = self.made_before.remove(&block.position).unwrap_or_default();
        for shard in &mut self.shards {
            if shard.position() < block.position {
                shard.finish_block(block.position);
            }
            let rows = shard.take_rows();
            made.rows.extend(rows.iter().cloned());
            made.remarks.extend(shard.take_remarks());
            self.feed.publish(shard.id(), rows);
        }
        made.rows.sort_by_key(|row| (row.shard, row.seq));
        verdicts.extend(self.bureau.apply(block, &made).unwrap());
        self.feed.publish(self.bureau.id(), self.bureau.take_rows());
        verdicts.into_values().collect()
    }

    /// The next write of a round of checkpoints; begins one if none runs.
    pub fn checkpoint_step(&mut self, crash: Option<Crash>) -> Result<(), Down> {
        let (mut left, county) = match self.round.take() {
            Some(round) => round,
            None => ((0..=self.shards.len()).collect(), self.desk.checkpoint()),
        };
        let next = left.pop();
        let is_bureaus = next == Some(self.shards.len());
        let changes = match next {
            Some(index) => {
                let changes = match self.shards.get_mut(index) {
                    Some(shard) => {
                        shard.keep_rows_after(self.bureau_saved);
                        shard.checkpoint()
                    }
                    None => self.bureau.checkpoint(),
                };
                self.round = Some((left, county));
                changes
            }
            // Encoded as late as the engine does it: what came since must not show.
            None => county.map(DeskImage::changes),
        };
        let Some(changes) = changes else { return Ok(()) };
        if let Some(Crash(at)) = crash {
            let at = if at == FailAt::Before { CrashAt::Before } else { CrashAt::After };
            self.store.crash_at(1, at);
        }
        self.store.write(changes).map_err(|_| Down)?;
        if is_bureaus {
            self.bureau_saved = self.bureau.position();
        }
        Ok(())
    }

    /// A whole round of checkpoints: the store has everything.
    pub fn checkpoint(&mut self) {
        self.checkpoint_step(None).unwrap();
        while self.round.is_some() {
            self.checkpoint_step(None).unwrap();
        }
    }

    /// All cold projects that may leave memory do.
    pub fn evict(&mut self) {
        for shard in &mut self.shards {
            // In this thread every checkpoint that was encoded is in the store.
            let position = shard.position();
            shard.evict(0, position);
        }
        // From the next checkpoint on who was where stands in the store alone, as far as it is there.
        self.bureau.limit_presence(0);
    }

    /// The power comes back: what log and store kept is all there is.
    pub fn reopen(&mut self, seed: u64) {
        self.log = self.log.crash(seed);
        self.store = self.store.crash(seed);
        let shards = u16::try_from(self.shards.len()).unwrap();
        let opened = open(&self.store, &self.book, shards);
        (self.desk, self.shards, self.feed) = (opened.desk, opened.shards, opened.feed);
        (self.bureau, self.made_before) = (opened.bureau, opened.made_before);
        self.bureau_saved = self.bureau.position();
        self.round = None;
        assert!(self.desk.position() <= self.log.head(), "the store covers what the log does not have");
        let mut blocks = Vec::new();
        self.log
            .read(self.desk.position().next(), &mut |block| {
                blocks.push(block);
                Ok(())
            })
            .unwrap();
        for block in blocks {
            self.apply(&block);
        }
        assert_eq!(self.desk.position(), self.log.head());
    }

    pub fn check_against_oracle(&mut self) {
        let mut entries = Vec::new();
        self.log
            .read(Position(1), &mut |block| {
                entries.extend(block.entries);
                Ok(())
            })
            .unwrap();
        judge::check(&self.desk, &mut self.shards, &self.bureau, &entries, &self.book);
        let Some(today) = self.today() else { return };
        let last = entries.iter().rev().find_map(|entry| match entry {
            Entry::Rulebook(book) => Some(&**book),
            _ => None,
        });
        let standing = self.bureau.alerts().standing().map(|alert| &alert.finding);
        let found = standing.filter(|f| f.rule == Rule::RepeatOffender).map(|f| match f.subject {
            Subject::Employer(firm) => firm,
            ref other => panic!("{other:?}"),
        });
        let wanted = offenders(&self.rows(), today, last.unwrap_or(&self.book));
        assert_eq!(found.collect::<BTreeSet<_>>(), wanted, "repeat offenders");
        floods::check_reports(self.bureau.alerts(), &self.rows(), last.unwrap_or(&self.book).at(today));
    }

    /// Every entry of the log, with its block.
    pub fn entries(&self) -> Vec<(Position, Entry)> {
        let mut entries = Vec::new();
        let each = &mut |block: Block| {
            entries.extend(block.entries.into_iter().map(|entry| (block.position, entry)));
            Ok(())
        };
        self.log.read(Position(1), each).unwrap();
        entries
    }

    /// How many shards there are; the second stage's number is the next.
    pub fn shard_count(&self) -> u16 {
        u16::try_from(self.shards.len()).unwrap()
    }

    pub fn ask<T>(&mut self, project: &ProjectId, question: impl FnOnce(Option<ProjectAsk<'_>>) -> T) -> T {
        let shard = shard_of(project, u16::try_from(self.shards.len()).unwrap());
        self.shards[usize::from(shard)].ask(project, question).unwrap()
    }

    /// Payments that wait, those without a project first.
    pub fn suspense(&mut self) -> Vec<(Payment, SuspenseReason)> {
        let homeless = self.desk.suspense(usize::MAX).into_iter();
        let mut all: Vec<_> = homeless.map(|kept| (kept.payment, SuspenseReason::NoProject)).collect();
        for shard in &mut self.shards {
            let waiting = shard.suspense(usize::MAX).unwrap().into_iter();
            all.extend(waiting.map(|(_, kept, reason)| (kept.payment, reason)));
        }
        all
    }

    /// All that anybody can see of the state.
    pub fn picture(&mut self) -> Picture {
        let mut workers = Vec::new();
        for shard in &mut self.shards {
            for summary in shard.projects() {
                let views = |ask: Option<ProjectAsk<'_>>| {
                    let ask = ask.unwrap();
                    let ixs = 0..u32::try_from(ask.ledger.workers()).unwrap();
                    ixs.map(|ix| ask.ledger.settle(ix, ask.book)).collect::<Vec<_>>()
                };
                workers.extend(shard.ask(&summary.project_id, views).unwrap());
            }
        }
        workers.sort_by(|a, b| (&a.project_id, &a.id_number).cmp(&(&b.project_id, &b.id_number)));
        Picture { rows: self.rows(), standing: self.standing_ids(), workers, suspense: self.suspense() }
    }

    /// Counts of all shards, summed up; and the red projects.
    pub fn tallies(&self) -> (Tally, usize) {
        let mut total = Tally::default();
        let all = || self.shards.iter().map(Shard::tallies).chain([self.bureau.tallies()]);
        all().flat_map(|tallies| tallies.counts.values()).for_each(|tally| total.add(tally));
        (total, all().map(|tallies| tallies.red.values().flatten().count()).sum())
    }

    /// The business date that the shards have reached.
    pub fn today(&self) -> Option<Day> {
        self.shards.first().and_then(Shard::today)
    }

    /// Every row that a subscriber can read.
    pub fn rows(&self) -> Vec<Arc<AlertRow>> {
        let mut all = Vec::new();
        for shard in 0..self.feed.shards() {
            match self.feed.read(shard, 0, usize::MAX) {
                Read::Rows(rows) => all.extend(rows),
                Read::Gone => panic!("the history is longer than any of these worlds"),
            }
        }
        all
    }

    pub fn standing_ids(&self) -> BTreeSet<AlertId> {
        let standing = |shard| self.feed.standing(shard).1;
        let rows: Vec<_> = (0..self.feed.shards()).flat_map(standing).collect();
        let counts = self.feed.counts();
        for (rule, level) in Rule::ALL.iter().flat_map(|r| Level::ALL.iter().map(move |l| (*r, *l))) {
            let alike = |row: &&Arc<AlertRow>| {
                let f = &row.alert.finding;
                (f.rule, f.level) == (rule, level) && row.alert.held.is_none()
            };
            assert_eq!(counts.get(rule, level), rows.iter().filter(alike).count() as u64, "kept and walked");
        }
        rows.iter().map(|row| row.alert.id.clone()).collect()
    }
}

struct Opened {
    desk: Desk,
    shards: Vec<Shard>,
    bureau: Bureau,
    made_before: BTreeMap<Position, Made>,
    feed: Feed,
}

fn open(store: &MemoryStore, book: &Arc<Rulebook>, shards: u16) -> Opened {
    let shared: Arc<dyn Store> = Arc::new(store.clone());
    let desk = Desk::open(shared.clone(), shards).unwrap();
    let with = Equipment {
        store: shared,
        book: book.clone(),
        ids: PUBLIC_ID_KEY,
        rows_max: 1_000_000,
        shards,
        shadow: None,
    };
    let (opened, mut feeds): (Vec<_>, Vec<_>) =
        (0..shards).map(|id| Shard::open(id, with.clone()).unwrap()).unzip();
    let (bureau, feed) = Bureau::open(shards, with).unwrap();
    feeds.push(feed);
    let made_before = made_behind(store, shards, bureau.position()).unwrap();
    Opened { desk, shards: opened, bureau, made_before, feed: Feed::new(feeds) }
}
