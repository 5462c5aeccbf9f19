//! The same records under two rulebooks, day by day: which alerts would come, go, or have another level.
//! One desk, and for each rulebook a shard and a second stage in memory, that are told the same; compared is
//! what stands at the end of a day, and only what was touched since. What people did is told to neither: it
//! hangs on alerts that one of them may not have, so nobody is a repeat offender here. Knows no file, no log.

use super::bureau::{Bureau, Made};
use super::desk::{Desk, Routing};
use super::shard::{Equipment, Order, Shard};
use crate::alerts::PUBLIC_ID_KEY;
use crate::domain::{
    AlertKey, Day, Entry, IdNumber, Level, Period, Position, ProjectId, Record, Rule, Rulebook, Subject,
};
use crate::log::Block;
use crate::store::{MemoryStore, Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the new rulebook does to an alert.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Effect {
    /// It stands by the new one alone.
    Comes,
    /// It stands by the old one alone.
    Goes,
    /// It stands by both, with different levels.
    Level,
}

/// One alert that is another under the new rulebook, and the first day on which it is.
#[derive(Clone, PartialEq, Debug)]
pub struct Difference {
    pub rule: Rule,
    pub project_id: ProjectId,
    pub subject: Subject,
    pub effect: Effect,
    pub first_day: Day,
    /// The levels of that day.
    pub old: Option<Level>,
    pub new: Option<Level>,
}

type Trouble = (ProjectId, AlertKey);

pub struct Backtest {
    desk: Desk,
    store: Arc<dyn Store>,
    /// By the old rulebook, by the new one.
    sides: [Side; 2],
    position: Position,
    today: Option<Day>,
    /// What changed on either side since it was compared last.
    touched: BTreeSet<Trouble>,
    found: BTreeMap<(Rule, Trouble, Effect), Difference>,
    /// Entries since memory was tidied.
    entries: usize,
}

struct Side {
    shard: Shard,
    bureau: Bureau,
    store: Arc<dyn Store>,
    standing: BTreeMap<Trouble, Level>,
}

/// After so many entries what is not being worked on is packed.
const TIDY_ENTRIES: usize = 500_000;
/// What a side may hold unpacked.
const HOT_BYTES: usize = 1 << 30;

impl Effect {
    pub const ALL: [Effect; 3] = [Effect::Comes, Effect::Goes, Effect::Level];

    pub fn as_str(self) -> &'static str {
        match self {
            Effect::Comes => "comes",
            Effect::Goes => "goes",
            Effect::Level => "level",
        }
    }
}

impl Difference {
    pub fn id_number(&self) -> Option<&IdNumber> {
        self.subject.id_number()
    }

    pub fn period(&self) -> Option<Period> {
        self.subject.period()
    }
}

impl Backtest {
    pub fn new(old: Rulebook, new: Rulebook) -> Result<Backtest, StoreError> {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        Ok(Backtest {
            desk: Desk::open(store.clone(), 1)?,
            store,
            sides: [Side::new(old)?, Side::new(new)?],
            position: Position::default(),
            today: None,
            touched: BTreeSet::new(),
            found: BTreeMap::new(),
            entries: 0,
        })
    }

    pub fn today(&self) -> Option<Day> {
        self.today
    }

    /// Both sides hear of these records.
    pub fn take(&mut self, records: Vec<Record>) -> Result<(), StoreError> {
        self.block(records.into_iter().map(Entry::Record).collect())
    }

    /// The next business date; days may be left out when nobody wants them compared.
    pub fn begin(&mut self, day: Day) -> Result<(), StoreError> {
        self.today = Some(day);
        self.block(vec![Entry::Date(day)])
    }

    /// The day is over: what stands is compared.
    pub fn compare(&mut self) {
        let Some(day) = self.today else { return };
        for trouble in std::mem::take(&mut self.touched) {
            let [old, new] = [0, 1].map(|side: usize| self.sides[side].standing.get(&trouble).copied());
            let effect = match (old, new) {
                (None, Some(_)) => Effect::Comes,
                (Some(_), None) => Effect::Goes,
                (Some(old), Some(new)) if old != new => Effect::Level,
                _ => continue,
            };
            let (project_id, AlertKey { subject, rule }) = trouble.clone();
            self.found.entry((rule, trouble, effect)).or_insert(Difference {
                rule,
                project_id,
                subject,
                effect,
                first_day: day,
                old,
                new,
            });
        }
    }

    /// All differences, by rule, then by project and subject.
    pub fn differences(&self) -> impl Iterator<Item = &Difference> {
        self.found.values()
    }

    /// How many alerts stand now by the old rulebook, and by the new one.
    pub fn standing(&self) -> [usize; 2] {
        [self.sides[0].standing.len(), self.sides[1].standing.len()]
    }

    fn block(&mut self, entries: Vec<Entry>) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        self.position = self.position.next();
        self.entries += entries.len();
        let block = Block { position: self.position, written_ms: 0, entries };
        let opened = self.desk.open_block(&block)?;
        for side in &mut self.sides {
            side.apply(&block, &opened.orders, &mut self.touched)?;
        }
        if self.entries >= TIDY_ENTRIES {
            self.entries = 0;
            self.tidy()?;
        }
        Ok(())
    }

    fn tidy(&mut self) -> Result<(), StoreError> {
        if let Some(image) = self.desk.checkpoint() {
            self.store.write(image.changes())?;
        }
        self.desk.saved(self.position, HOT_BYTES / 4);
        for side in &mut self.sides {
            // Rows that the second stage has read are kept no longer.
            side.shard.keep_rows_after(side.bureau.position());
            for changes in [side.shard.checkpoint(), side.bureau.checkpoint()].into_iter().flatten() {
                side.store.write(changes)?;
            }
            side.shard.evict(HOT_BYTES, self.position);
        }
        Ok(())
    }
}

impl Side {
    fn new(book: Rulebook) -> Result<Side, StoreError> {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let with = Equipment {
            store: store.clone(),
            book: Arc::new(book),
            ids: PUBLIC_ID_KEY,
            rows_max: 1,
            shards: 1,
            shadow: None,
        };
        let (shard, bureau) = (Shard::open(0, with.clone())?.0, Bureau::open(1, with)?.0);
        Ok(Side { shard, bureau, store, standing: BTreeMap::new() })
    }

    fn apply(
        &mut self,
        block: &Block,
        orders: &[Routing],
        touched: &mut BTreeSet<Trouble>,
    ) -> Result<(), StoreError> {
        for routing in orders {
            let order = match routing {
                Routing::Entry { entry, .. } | Routing::Everyone { entry } => {
                    match &block.entries[*entry as usize] {
                        Entry::Record(record) => Order::Record(record),
                        Entry::Date(day) => Order::Date(*day),
                        _ => continue,
                    }
                }
                Routing::County { command, .. } => Order::County(command),
            };
            self.shard.apply(block.position, block.written_ms, &order)?;
        }
        self.shard.finish_block(block.position);
        self.shard.take_facts();
        let made = Made { rows: self.shard.take_rows(), remarks: self.shard.take_remarks() };
        self.bureau.apply(block, &made)?;
        for row in made.rows.into_iter().chain(self.bureau.take_rows()) {
            let trouble = (row.project_id().clone(), row.alert.key());
            match row.alert.stands() {
                true => self.standing.insert(trouble.clone(), row.alert.finding.level),
                false => self.standing.remove(&trouble),
            };
            touched.insert(trouble);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Body, Days, Head, Numbers, Switch, Time, WorkDay};

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn worked(on: &str) -> Record {
        let body = Body::WorkDay(WorkDay {
            project_id: ProjectId::parse("project_id", "P1").unwrap(),
            id_number: IdNumber::from_kept("152722199001010019"),
            work_date: day(on),
            days: Days(100),
            minutes: None,
        });
        let at = Time::from_seconds(i64::from(day(on).0) * 86_400);
        Record { head: Head { id: on.into(), source: "s".into(), at }, body }
    }

    #[test]
    fn what_comes_goes_and_changes_is_told_with_its_first_day() {
        let mut off = Numbers::default();
        off.switches.insert(Rule::UnknownProject, Switch { off: true, off_in: vec![] });
        for (old, new, effect) in
            [(Numbers::default(), off.clone(), Effect::Goes), (off, Numbers::default(), Effect::Comes)]
        {
            let mut test = Backtest::new(Rulebook::of(old), Rulebook::of(new)).unwrap();
            for on in ["2026-03-01", "2026-03-02", "2026-03-03"] {
                test.begin(day(on)).unwrap();
                if on == "2026-03-02" {
                    test.take(vec![worked(on)]).unwrap();
                }
                test.compare();
            }
            let found: Vec<_> = test.differences().collect();
            assert_eq!(found.len(), 1, "the unregistered worker is the same by both");
            assert_eq!((found[0].rule, found[0].effect), (Rule::UnknownProject, effect));
            assert_eq!(found[0].first_day, day("2026-03-02"));
            assert_eq!(found[0].old.is_some(), effect == Effect::Goes);
        }
    }
}
