//! The owner of a partition of projects: a shard whose records come from a topic, and which tells the
//! county what it has to know of them. Knows no other partition's state.

use super::shadow::{Mark, ShadowTeller, SharesSaid};
use super::{Delivery, Everyone, Message, Outputs, Partition, Said, Turn, damaged};
use crate::codec::Writer;
use crate::domain::{Entry, Verdict};
use crate::engine::api::DeadContent;
use crate::engine::bureau::Tiding;
use crate::engine::keys;
use crate::engine::pages::{open, page};
use crate::engine::shard::{Equipment, Order, Shard};
use crate::ledger::{Heard, Hearsay};
use crate::store::{Changes, StoreError};

pub struct ProjectsOwner {
    shard: Shard,
    partitions: u16,
    /// The last turn that it has followed.
    turn: u64,
    is_turn_saved: bool,
    hearsay: Hearsay,
    /// What the county has not been told yet. Empty between steps.
    tidings: Vec<Tiding>,
    heard: Vec<Heard>,
    shadow: Option<ShadowTeller>,
}

/// So much goes into one message to the county.
const SAID_MAX: usize = 512;

impl ProjectsOwner {
    /// As the store has it. Rows stand in their topic: the store keeps none.
    pub fn open(id: u16, partitions: u16, with: Equipment) -> Result<ProjectsOwner, StoreError> {
        let with = Equipment { rows_max: 0, shards: partitions, ..with };
        let turn = match with.store.get(&keys::turn(id))? {
            Some(bytes) => open(&bytes, |r| r.varint()).map_err(damaged)?,
            None => 0,
        };
        let shadow = with.shadow.as_deref().map(ShadowTeller::new);
        let (mut shard, _) = Shard::open(id, with)?;
        // What the store has of them was told when it came.
        shard.take_facts();
        Ok(ProjectsOwner {
            shard,
            partitions,
            turn,
            is_turn_saved: true,
            hearsay: Hearsay::default(),
            tidings: Vec::new(),
            heard: Vec::new(),
            shadow,
        })
    }

    /// Its projects, to be asked about.
    pub fn shard(&self) -> &Shard {
        &self.shard
    }

    /// The same, to be asked what makes cold projects hot.
    pub fn shard_mut(&mut self) -> &mut Shard {
        &mut self.shard
    }

    /// The offset that it reads next.
    pub fn next(&self) -> u64 {
        self.shard.position().0
    }

    /// The last turn that it has followed.
    pub fn turn(&self) -> u64 {
        self.turn
    }

    /// See [`super::Owner::step`].
    pub fn step(&mut self, deliveries: &[Delivery]) -> Result<Outputs, StoreError> {
        let mut out = Outputs::default();
        let known = self.next();
        for delivery in deliveries.iter().filter(|delivery| delivery.offset >= known) {
            self.take(delivery, &mut out)?;
        }
        self.tell(&mut out);
        if let Some(last) = deliveries.last().filter(|last| last.offset >= known) {
            self.shard.finish_block(last.position());
        }
        out.facts = self.shard.take_facts();
        Ok(out)
    }

    fn take(&mut self, delivery: &Delivery, out: &mut Outputs) -> Result<(), StoreError> {
        match &delivery.message {
            Message::Entry(Entry::Rejected(rejected)) => {
                let content = DeadContent::Input((**rejected).clone());
                out.reject(delivery, rejected.reason.clone(), content);
            }
            Message::Entry(entry) => {
                let home = Partition::of(entry, self.partitions);
                // Dates and rulebooks are the county's to ask for; and a sender may place records by another
                // rule than ours.
                if home != Partition::Projects(self.shard.id()) {
                    out.messages.push((home, delivery.message.clone()));
                    return Ok(());
                }
                let verdict = match entry {
                    Entry::Record(record) => {
                        self.hearsay.of(record, &mut self.heard);
                        self.apply(delivery, &Order::Record(record))?
                    }
                    Entry::Act(act) => self.apply(delivery, &Order::Act(act))?,
                    _ => return Ok(()),
                };
                out.verdicts.push((delivery.offset, verdict));
            }
            Message::Command(command) => {
                self.apply(delivery, &Order::County(command))?;
            }
            Message::Turn(turn) => self.follow(delivery, turn, out)?,
            // Nobody says that to it.
            Message::Said(_) => {}
        }
        Ok(())
    }

    fn apply(&mut self, delivery: &Delivery, order: &Order<'_>) -> Result<Verdict, StoreError> {
        self.shard.apply(delivery.position(), delivery.written_ms, order)
    }

    /// Follows a turn. What came before it is told as such.
    fn follow(&mut self, delivery: &Delivery, turn: &Turn, out: &mut Outputs) -> Result<(), StoreError> {
        if turn.number <= self.turn {
            return Ok(());
        }
        self.tell(out);
        match &turn.order {
            Everyone::Date(day) => self.apply(delivery, &Order::Date(*day))?,
            Everyone::Rulebook(book) => self.apply(delivery, &Order::Rulebook(book))?,
            Everyone::Release(release) => self.apply(delivery, &Order::Release(release))?,
        };
        self.turn = turn.number;
        self.is_turn_saved = false;
        // Even if there is nothing to tell: the county waits for it.
        self.collect(out);
        self.say(out, true);
        Ok(())
    }

    /// Tells the county what is new.
    fn tell(&mut self, out: &mut Outputs) {
        self.collect(out);
        self.say(out, false);
    }

    fn collect(&mut self, out: &mut Outputs) {
        let rows = self.shard.take_rows();
        self.tidings.extend(rows.iter().flat_map(|row| Tiding::all_of(row)));
        self.tidings
            .extend(self.shard.take_remarks().into_iter().map(|remark| Tiding::Presence(remark.said)));
        out.rows.extend(rows);
    }

    fn say(&mut self, out: &mut Outputs, at_all_events: bool) {
        let mut tidings = std::mem::take(&mut self.tidings).into_iter().peekable();
        let mut heard = std::mem::take(&mut self.heard).into_iter().peekable();
        let mut is_owed = at_all_events;
        while is_owed || tidings.peek().is_some() || heard.peek().is_some() {
            is_owed = false;
            let tidings: Vec<Tiding> = tidings.by_ref().take(SAID_MAX).collect();
            let heard = heard.by_ref().take(SAID_MAX - tidings.len()).collect();
            let said = Said { partition: self.shard.id(), turn: self.turn, tidings, heard };
            out.messages.push((Partition::County, Message::Said(said)));
        }
    }

    /// See [`super::Owner::judge_shadow`].
    pub fn judge_shadow(&mut self) -> Result<(), StoreError> {
        if let (Some((_, Some(_))), Some(shadow)) = (self.shard.judge_shadow()?, &mut self.shadow) {
            shadow.changed();
        }
        Ok(())
    }

    /// What its employers owe by the shadow rulebook, for somebody who knows the shares of that mark; `None` without such a
    /// rulebook.
    pub fn say_shares(&mut self, known: Option<Mark>) -> Option<SharesSaid> {
        let is_level = self.shard.shadow_waiting() == 0;
        self.shadow.as_mut().map(|shadow| shadow.say(known, is_level, self.shard.shadow_shares()))
    }

    /// See [`super::Owner::checkpoint`].
    pub fn checkpoint(&mut self) -> Option<Changes> {
        let mut changes = self.shard.checkpoint()?;
        if !self.is_turn_saved {
            let write = |w: &mut Writer| w.varint(self.turn);
            changes.put.push((keys::turn(self.shard.id()), page(write)));
            self.is_turn_saved = true;
        }
        Some(changes)
    }

    /// See [`super::Owner::evict`].
    pub fn evict(&mut self, limit_bytes: usize) -> bool {
        let durable = self.shard.position();
        self.shard.evict(limit_bytes, durable)
    }
}
