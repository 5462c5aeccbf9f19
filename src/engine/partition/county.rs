//! The owner of the county's partition: places what belongs to no single project, asks dates and rulebooks
//! of everyone, and judges what no single project tells. Knows no project's ledger.

use super::orders::Orders;
use super::shadow::{CountyShadow, Mark};
use super::{Delivery, Everyone, Message, Outputs, Partition, Said, Turn, damaged};
use crate::domain::{Entry, Reason, Record, Rulebook, Verdict};
use crate::engine::api::DeadContent;
use crate::engine::bureau::{Bureau, Tiding};
use crate::engine::county_book::CountyBook;
use crate::engine::keys;
use crate::engine::pages::{open, page};
use crate::engine::shadow::Counts;
use crate::engine::shard::Equipment;
use crate::ledger::{Command, County, Heard, Routed};
use crate::store::{Changes, StoreError};
use std::collections::{BTreeMap, BTreeSet};

pub struct CountyOwner {
    book: CountyBook,
    bureau: Bureau,
    partitions: u16,
    orders: Orders,
    /// What partitions said of the turn that is under way, by offset.
    held: BTreeMap<u64, Said>,
    dirty_held: BTreeSet<u64>,
    commands: Vec<Command>,
    shadow: Option<CountyShadow>,
}

impl CountyOwner {
    /// As the store has it. Rows stand in their topic: the store keeps none.
    pub fn open(partitions: u16, with: Equipment) -> Result<CountyOwner, StoreError> {
        let with = Equipment { rows_max: 0, ..with };
        let store = with.store.clone();
        let orders = match store.get(keys::ORDERS)? {
            Some(bytes) => open(&bytes, Orders::read).map_err(damaged)?,
            None => Orders::new(partitions),
        };
        let mut held = BTreeMap::new();
        store.scan(&keys::held(), &mut |_, bytes| {
            let read = open(bytes, |r| Ok((r.varint()?, Said::read(r)?)));
            let (offset, said) = read.map_err(damaged)?;
            held.insert(offset, said);
            Ok(())
        })?;
        let book = CountyBook::open(store)?;
        let shadow = with.shadow.clone().map(|book| CountyShadow::new(book, partitions));
        let (bureau, _) = Bureau::open(partitions, with)?;
        let (dirty_held, commands) = (BTreeSet::new(), Vec::new());
        Ok(CountyOwner { book, bureau, partitions, orders, held, dirty_held, commands, shadow })
    }

    /// What belongs to no single project.
    pub fn ledger(&self) -> &County {
        self.book.ledger()
    }

    /// The county's own alerts.
    pub fn bureau(&self) -> &Bureau {
        &self.bureau
    }

    /// Partitions that have still to follow what is asked of everyone.
    pub fn awaited(&self) -> Vec<u16> {
        self.orders.awaited()
    }

    /// Whether all have followed all that was asked of everyone.
    pub fn is_settled(&self) -> bool {
        self.orders.is_settled() && self.held.is_empty()
    }

    /// Whether that rulebook is the last one that was asked of everyone.
    pub fn is_last_rulebook(&self, book: &Rulebook) -> bool {
        self.orders.is_last_rulebook(book)
    }

    /// The offset that it reads next.
    pub fn next(&self) -> u64 {
        self.bureau.position().0
    }

    /// See [`super::Owner::step`].
    pub fn step(&mut self, deliveries: &[Delivery]) -> Result<Outputs, StoreError> {
        let mut out = Outputs::default();
        let known = self.next();
        for delivery in deliveries.iter().filter(|delivery| delivery.offset >= known) {
            self.bureau.begin(delivery.position(), delivery.written_ms);
            self.take(delivery, &mut out)?;
            self.go_on(&mut out)?;
            // Message by message: a cut into batches must not show in what is judged.
            self.bureau.end();
            out.rows.extend(self.bureau.take_rows());
        }
        out.doubts = self.bureau.take_doubts();
        Ok(out)
    }

    fn take(&mut self, delivery: &Delivery, out: &mut Outputs) -> Result<(), StoreError> {
        let offset = delivery.offset;
        match &delivery.message {
            Message::Entry(Entry::Record(record)) => self.record(delivery, record, out)?,
            Message::Entry(Entry::Act(act)) if act.project_id.is_county() => {
                out.verdicts.push((offset, self.bureau.do_act(act)));
            }
            Message::Entry(entry @ Entry::Act(_)) => self.pass_on(entry, out),
            Message::Entry(Entry::Rejected(rejected)) => {
                let content = DeadContent::Input((**rejected).clone());
                out.reject(delivery, rejected.reason.clone(), content);
            }
            Message::Entry(Entry::Date(day)) => {
                out.verdicts.push((offset, self.orders.want_date(*day)));
            }
            Message::Entry(Entry::Rulebook(book)) => {
                out.verdicts.push((offset, self.orders.want_rulebook(book)));
            }
            Message::Entry(Entry::Release(release)) => {
                self.orders.want_release(release);
                out.verdicts.push((offset, Verdict::Accepted));
            }
            // What stands in a topic ends by the topic's own retention; nobody writes this there.
            Message::Entry(Entry::Erased(erased)) => {
                let expected = "a log in a folder of its own: projects are not erased from topics";
                let reason = Reason::range("project_id", erased.project_id.to_string(), expected);
                out.verdicts.push((offset, Verdict::Rejected(reason)));
            }
            Message::Said(said) => {
                self.orders.said(said.partition, said.turn);
                if said.turn > self.orders.in_force() {
                    self.held.insert(offset, said.clone());
                    self.dirty_held.insert(offset);
                } else {
                    self.bureau.learn(&said.tidings, &said.heard)?;
                }
            }
            // Nobody says that to it.
            Message::Command(_) | Message::Turn(_) => {}
        }
        Ok(())
    }

    fn record(&mut self, delivery: &Delivery, record: &Record, out: &mut Outputs) -> Result<(), StoreError> {
        match self.book.route(record, &mut self.commands)? {
            // A sender may place by another rule than ours: it goes on to where it belongs.
            Routed::Project(_) => self.pass_on(&Entry::Record(record.clone()), out),
            Routed::Done(Verdict::Rejected(reason)) => {
                self.bureau.merge(record);
                out.reject(delivery, reason, DeadContent::Conflict(record.clone()));
            }
            Routed::Done(verdict) => {
                self.bureau.merge(record);
                out.verdicts.push((delivery.offset, verdict));
            }
        }
        for command in self.commands.drain(..) {
            let home = Partition::of_project(command.project_id(), self.partitions);
            out.messages.push((home, Message::Command(command)));
        }
        Ok(())
    }

    fn pass_on(&self, entry: &Entry, out: &mut Outputs) {
        let home = Partition::of(entry, self.partitions);
        out.messages.push((home, Message::Entry(entry.clone())));
    }

    /// Turns once all have, and asks what comes next.
    fn go_on(&mut self, out: &mut Outputs) -> Result<(), StoreError> {
        loop {
            if let Some(turn) = self.orders.take_followed() {
                if let Everyone::Date(day) = turn.order {
                    out.today = Some(day);
                }
                self.turn(turn)?;
            }
            let Some(turn) = self.orders.begin_next(self.bureau.today()) else { return Ok(()) };
            for partition in 0..self.partitions {
                out.messages.push((Partition::Projects(partition), Message::Turn(turn.clone())));
            }
        }
    }

    /// The turn is in force here too, and what was held because of it is taken in.
    fn turn(&mut self, turn: Turn) -> Result<(), StoreError> {
        let (mut tidings, mut heard): (Vec<Tiding>, Vec<Heard>) = (Vec::new(), Vec::new());
        for (offset, said) in std::mem::take(&mut self.held) {
            self.dirty_held.insert(offset);
            tidings.extend(said.tidings);
            heard.extend(said.heard);
        }
        match turn.order {
            Everyone::Date(day) => self.bureau.turn_to(day, tidings)?,
            Everyone::Rulebook(book) => self.bureau.judge_by(&book, tidings)?,
            Everyone::Release(release) => self.bureau.let_go_of(&release, &tidings)?,
        }
        self.bureau.learn(&[], &heard)
    }

    /// What it knows of the partitions' shares by the shadow rulebook, if there is one; each is to be asked for what is new.
    pub fn shares_known(&self) -> Vec<(Partition, Option<Mark>)> {
        let marks = self.shadow.iter().flat_map(CountyShadow::marks);
        marks.map(|(partition, mark)| (Partition::Projects(partition), mark)).collect()
    }

    /// What the partitions answered: see [`CountyShadow::hear`].
    pub fn hear_shares(&mut self, answers: Vec<(Partition, Option<Vec<u8>>)>) -> Vec<u16> {
        let Some(shadow) = &mut self.shadow else { return Vec::new() };
        let answers = answers.into_iter().filter_map(|(partition, answer)| match partition {
            Partition::Projects(id) => Some((id, answer)),
            Partition::County => None,
        });
        shadow.hear(answers)
    }

    pub(super) fn shadow(&self) -> Option<(u64, &Counts)> {
        let shadow = self.shadow.as_ref()?;
        Some((shadow.waiting(&self.bureau) as u64, shadow.counts()))
    }

    pub(super) fn shadow_waits(&self) -> bool {
        self.shadow.as_ref().is_some_and(|shadow| shadow.waits(&self.bureau))
    }

    /// See [`super::Owner::judge_shadow`].
    pub fn judge_shadow(&mut self) {
        if let Some(shadow) = &mut self.shadow {
            shadow.judge(&self.bureau);
        }
    }

    /// See [`super::Owner::checkpoint`].
    pub fn checkpoint(&mut self) -> Option<Changes> {
        let mut changes = self.bureau.checkpoint()?;
        self.book.image().encode(&mut changes);
        if self.orders.is_dirty {
            changes.put.push((keys::ORDERS.to_vec(), page(|w| self.orders.write(w))));
            self.orders.is_dirty = false;
        }
        for offset in std::mem::take(&mut self.dirty_held) {
            let key = keys::held_message(offset);
            match self.held.get(&offset) {
                None => changes.remove.push(key),
                Some(said) => {
                    let write = |w: &mut crate::codec::Writer| {
                        w.varint(offset);
                        said.write(w);
                    };
                    changes.put.push((key, page(write)));
                }
            }
        }
        Some(changes)
    }

    /// See [`super::Owner::evict`].
    pub fn evict(&mut self, limit_bytes: usize) -> bool {
        // All pages that are clean are in the store, and a dirty one stays.
        self.bureau.tidy_presence(limit_bytes / 4);
        self.book.evict(limit_bytes);
        self.book.heap_bytes() <= limit_bytes
    }
}
