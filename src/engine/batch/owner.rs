//! Owners: each holds the ledgers of the projects whose hash is its own, and what has been left
//! for it. One thread at a time is at an owner. Knows no chunk and no order but the county's.

use super::lock;
use super::report::{ProjectReport, judge};
use crate::domain::{Day, ProjectId, Record, Rulebook};
use crate::ledger::{Command, ProjectLedger};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError, TryLockError};

pub(super) struct Owners(Vec<Owner>);

#[derive(Default)]
struct Owner {
    inbox: Mutex<Inbox>,
    ledgers: Mutex<Ledgers>,
}

#[derive(Default)]
struct Inbox {
    records: Vec<Vec<Hashed>>,
    commands: Vec<Command>,
    /// Emptied ones, to be filled again.
    spare: Vec<Vec<Hashed>>,
}

/// A record with the hash of its project, made once.
type Hashed = (u64, Record);

#[derive(Default)]
struct Ledgers {
    index: HashTable<u32>,
    all: Vec<ProjectLedger>,
    /// The last one asked for: gates send a project's swipes together.
    last: Option<u32>,
}

/// One chunk's records, by owner.
pub(super) struct Parts(Vec<Vec<Hashed>>);

fn hash(project_id: &ProjectId) -> u64 {
    FixedState::with_seed(0).hash_one(project_id)
}

fn owner_of(hash: u64, owners: usize) -> usize {
    // The high bits: the low ones place the project in its owner's table.
    usize::try_from((hash >> 32) % owners as u64).unwrap_or(0)
}

impl Parts {
    pub(super) fn put(&mut self, record: Record) {
        let Some(project_id) = record.body.project_id() else { return };
        let hash = hash(project_id);
        let owner = owner_of(hash, self.0.len());
        self.0[owner].push((hash, record));
    }
}

impl Owners {
    pub(super) fn new(count: usize) -> Owners {
        Owners((0..count).map(|_| Owner::default()).collect())
    }

    pub(super) fn parts(&self) -> Parts {
        Parts(self.0.iter().map(|owner| lock(&owner.inbox).spare.pop().unwrap_or_default()).collect())
    }

    pub(super) fn leave(&self, parts: Parts) {
        for (owner, records) in self.0.iter().zip(parts.0) {
            let mut inbox = lock(&owner.inbox);
            let to = if records.is_empty() { &mut inbox.spare } else { &mut inbox.records };
            to.push(records);
        }
    }

    /// Leaves the county's commands; the caller keeps them in order.
    pub(super) fn command(&self, commands: Vec<Command>) {
        for command in commands {
            let owner = owner_of(hash(command.project_id()), self.0.len());
            lock(&self.0[owner].inbox).commands.push(command);
        }
    }

    /// Merges what waits at every owner where no other thread is.
    pub(super) fn merge_free(&self, book: &Rulebook) {
        for owner in &self.0 {
            match owner.ledgers.try_lock() {
                Ok(mut ledgers) => owner.merge(&mut ledgers, book),
                Err(TryLockError::Poisoned(broken)) => owner.merge(&mut broken.into_inner(), book),
                Err(TryLockError::WouldBlock) => {}
            }
        }
    }

    /// Merges all that waits.
    pub(super) fn drain(&self, book: &Rulebook) {
        for owner in &self.0 {
            owner.merge(&mut lock(&owner.ledgers), book);
        }
    }

    /// Settles and judges every project, ascending by id. Takes the ledgers.
    pub(super) fn judge(&self, today: Day, book: &Rulebook, threads: usize) -> Vec<ProjectReport> {
        let ledgers: Vec<ProjectLedger> =
            self.0.iter().flat_map(|owner| std::mem::take(&mut lock(&owner.ledgers).all)).collect();
        let waiting = Mutex::new(ledgers.iter());
        let done = Mutex::new(Vec::with_capacity(ledgers.len()));
        std::thread::scope(|scope| {
            let work = || {
                loop {
                    let Some(ledger) = lock(&waiting).next() else { break };
                    let report = judge(ledger, today, book);
                    lock(&done).push(report);
                }
            };
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by(|a: &ProjectReport, b| a.project_id.cmp(&b.project_id));
        done
    }
}

impl Owner {
    fn merge(&self, ledgers: &mut Ledgers, book: &Rulebook) {
        loop {
            let (records, commands) = {
                let mut inbox = lock(&self.inbox);
                (std::mem::take(&mut inbox.records), std::mem::take(&mut inbox.commands))
            };
            if records.is_empty() && commands.is_empty() {
                return;
            }
            for mut part in records {
                for (hash, record) in part.drain(..) {
                    if let Some(project_id) = record.body.project_id() {
                        ledgers.of(hash, project_id).merge(&record, book);
                    }
                }
                lock(&self.inbox).spare.push(part);
            }
            for command in commands {
                ledgers.obey(&command);
            }
        }
    }
}

impl Ledgers {
    fn of(&mut self, hash: u64, project_id: &ProjectId) -> &mut ProjectLedger {
        let all = &mut self.all;
        if let Some(last) = self.last
            && all[last as usize].id() == project_id
        {
            return &mut all[last as usize];
        }
        let known = self.index.find(hash, |at| all[*at as usize].id() == project_id).copied();
        let at = known.unwrap_or_else(|| {
            // Projects are counted in thousands.
            let at = u32::try_from(all.len()).unwrap_or(u32::MAX);
            all.push(ProjectLedger::new(project_id.clone()));
            let all = &*all;
            self.index.insert_unique(hash, at, |at| self::hash(all[*at as usize].id()));
            at
        });
        self.last = Some(at);
        &mut all[at as usize]
    }

    fn obey(&mut self, command: &Command) {
        let project_id = command.project_id();
        let ledger = self.of(hash(project_id), project_id);
        match command {
            Command::Payment { payment, .. } => ledger.put_payment(payment),
            Command::TakePayment { bank, txn_id, .. } => ledger.take_payment(bank, txn_id),
            Command::Account { account, .. } => ledger.put_account(account),
            Command::TakeAccount { account, .. } => ledger.take_account(*account),
            Command::Named { .. } => ledger.put_named(),
        };
    }
}
