//! Owners: each holds the ledgers of every so-many-th project, and what has been left for it. One
//! thread at a time is at an owner. Knows no chunk, and no order but that of the county's commands.
//!
//! Swipes wait until there are many, and are merged worker by worker: what is known of a worker
//! then comes into the core's cache once for many swipes, not once for each.

use super::attended::Attended;
use super::report::{ProjectReport, judge};
use super::{PlainSwipe, lock};
use crate::domain::{Body, Day, Head, IdNumber, ProjectId, Record, Rulebook, Swipe, Time};
use crate::ledger::{Command, ProjectLedger, Roster, Stirred};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError, TryLockError};

/// So many waiting swipes, or other records, bring a thread to an owner.
const MANY_SWIPES: usize = 1 << 16;
const MANY_RECORDS: usize = 1 << 10;

pub(super) struct Owners {
    owners: Vec<Owner>,
    known: Mutex<Directory>,
}

#[derive(Default)]
struct Owner {
    inbox: Mutex<Inbox>,
    ledgers: Mutex<Ledgers>,
}

#[derive(Default)]
struct Inbox {
    swipes: Vec<Swiped>,
    records: Vec<(u32, Record)>,
    commands: Vec<(u32, Command)>,
}

/// A swipe of a project by number, and a resident by number.
#[derive(Clone, Copy)]
struct Swiped {
    id_number: u64,
    swiped_at: Time,
    project: u32,
}

/// The ledgers of one owner; a project's number says which.
#[derive(Default)]
struct Ledgers(Vec<Option<ProjectLedger>>);

/// Projects by number, in order of their first mention.
#[derive(Clone, Default)]
struct Directory {
    index: HashTable<u32>,
    projects: Vec<ProjectId>,
    /// The last one that was asked for: gates often send a project's swipes together.
    last: u32,
}

/// What one thread has decoded, by owner, and the projects that it has met.
pub(super) struct Parts {
    swipes: Vec<Vec<Swiped>>,
    records: Vec<Vec<(u32, Record)>>,
    known: Directory,
    attended: Attended,
    roster: Roster,
}

fn hash(project_id: &str) -> u64 {
    FixedState::with_seed(0).hash_one(project_id)
}

impl Directory {
    fn find(&mut self, project_id: &str) -> Option<u32> {
        let projects = &self.projects;
        let is = |number: &u32| projects[*number as usize].as_str() == project_id;
        if !projects.is_empty() && is(&self.last) {
            return Some(self.last);
        }
        let number = *self.index.find(hash(project_id), is)?;
        self.last = number;
        Some(number)
    }

    fn add(&mut self, project_id: ProjectId) -> u32 {
        // Projects are counted in thousands.
        let number = u32::try_from(self.projects.len()).unwrap_or(u32::MAX);
        let hash_of = |number: &u32| hash(self.projects[*number as usize].as_str());
        self.index.insert_unique(hash(project_id.as_str()), number, hash_of);
        self.projects.push(project_id);
        number
    }
}

impl Parts {
    /// False for what is no project or no resident.
    pub(super) fn swipe(&mut self, owners: &Owners, swipe: PlainSwipe<'_>) -> bool {
        let Some(id_number) = swipe.id_number.packed() else { return false };
        let project = match self.known.find(swipe.project_id) {
            Some(number) => number,
            None => match ProjectId::parse("project_id", swipe.project_id) {
                Ok(project_id) => owners.number(&mut self.known, &project_id),
                Err(_) => return false,
            },
        };
        self.attended.note(swipe.source, project, swipe.stated_at);
        let owner = project as usize % self.swipes.len();
        self.swipes[owner].push(Swiped { id_number, swiped_at: swipe.swiped_at, project });
        true
    }

    pub(super) fn record(&mut self, owners: &Owners, record: Record) {
        let Some(project_id) = record.body.project_id() else { return };
        let project = owners.number(&mut self.known, project_id);
        match &record.body {
            Body::Swipe(_) | Body::WorkDay(_) => {
                self.attended.note(&record.head.source, project, record.head.at);
            }
            _ => self.enrol(&record),
        }
        let owner = project as usize % self.records.len();
        self.records[owner].push((project, record));
    }

    /// Keeps what the record says beyond its project.
    pub(super) fn enrol(&mut self, record: &Record) {
        // Everything is judged at the end.
        self.roster.merge(record, &mut Stirred::default());
    }
}

impl Owners {
    pub(super) fn new(count: usize) -> Owners {
        Owners { owners: (0..count).map(|_| Owner::default()).collect(), known: Mutex::default() }
    }

    pub(super) fn parts(&self) -> Parts {
        Parts {
            swipes: self.owners.iter().map(|_| Vec::new()).collect(),
            records: self.owners.iter().map(|_| Vec::new()).collect(),
            known: Directory::default(),
            attended: Attended::default(),
            roster: Roster::default(),
        }
    }

    /// What a thread has learned beyond single projects.
    pub(super) fn roster(&self, parts: Parts) -> Roster {
        let Parts { known, attended, mut roster, .. } = parts;
        attended.tell(&known.projects, &mut roster);
        roster
    }

    /// The project's number: as the thread knows it, else as all do, else a new one.
    fn number(&self, known: &mut Directory, project_id: &ProjectId) -> u32 {
        if let Some(number) = known.find(project_id.as_str()) {
            return number;
        }
        let mut all = lock(&self.known);
        let number = all.find(project_id.as_str()).unwrap_or_else(|| all.add(project_id.clone()));
        // The thread learns all that others have met meanwhile, so that numbers stay the same.
        for project_id in &all.projects[known.projects.len()..] {
            known.add(project_id.clone());
        }
        number
    }

    pub(super) fn leave(&self, parts: &mut Parts) {
        for (owner, (swipes, records)) in
            self.owners.iter().zip(parts.swipes.iter_mut().zip(&mut parts.records))
        {
            if !swipes.is_empty() || !records.is_empty() {
                let mut inbox = lock(&owner.inbox);
                inbox.swipes.append(swipes);
                inbox.records.append(records);
            }
        }
    }

    /// Leaves the county's commands; the caller keeps them in order.
    pub(super) fn command(&self, known: &mut Parts, commands: Vec<Command>) {
        for command in commands {
            let project = self.number(&mut known.known, command.project_id());
            let owner = project as usize % self.owners.len();
            lock(&self.owners[owner].inbox).commands.push((project, command));
        }
    }

    /// Merges what waits at every owner where much does and no other thread is.
    pub(super) fn merge_full(&self, book: &Rulebook) {
        for owner in &self.owners {
            let full = {
                let inbox = lock(&owner.inbox);
                inbox.swipes.len() >= MANY_SWIPES
                    || inbox.records.len() + inbox.commands.len() >= MANY_RECORDS
            };
            if full {
                self.merge_free(owner, book);
            }
        }
    }

    fn merge_free(&self, owner: &Owner, book: &Rulebook) {
        match owner.ledgers.try_lock() {
            Ok(mut ledgers) => self.merge(owner, &mut ledgers, book),
            Err(TryLockError::Poisoned(broken)) => self.merge(owner, &mut broken.into_inner(), book),
            Err(TryLockError::WouldBlock) => {}
        }
    }

    /// Merges what waits at every owner where no other thread is.
    pub(super) fn merge_all(&self, book: &Rulebook) {
        self.owners.iter().for_each(|owner| self.merge_free(owner, book));
    }

    /// Merges all that waits.
    pub(super) fn drain(&self, book: &Rulebook) {
        self.owners.iter().for_each(|owner| self.merge(owner, &mut lock(&owner.ledgers), book));
    }

    fn merge(&self, owner: &Owner, ledgers: &mut Ledgers, book: &Rulebook) {
        let Inbox { swipes, records, commands } = std::mem::take(&mut *lock(&owner.inbox));
        self.merge_swipes(swipes, ledgers, book);
        for (project, record) in &records {
            self.ledger(ledgers, *project).merge(record, book);
        }
        for (project, command) in &commands {
            obey(self.ledger(ledgers, *project), command);
        }
    }

    fn merge_swipes(&self, mut swipes: Vec<Swiped>, ledgers: &mut Ledgers, book: &Rulebook) {
        swipes.sort_unstable_by_key(|swiped| (swiped.project, swiped.id_number));
        for same in swipes.chunk_by(|a, b| a.project == b.project) {
            let ledger = self.ledger(ledgers, same[0].project);
            let body = Swipe {
                project_id: ledger.id().clone(),
                id_number: IdNumber::from_packed(same[0].id_number),
                swiped_at: same[0].swiped_at,
                direction: None,
                device: None,
            };
            // The ledger reads person and time of a swipe, so one record serves for all.
            let head = Head { id: "".into(), source: "".into(), at: same[0].swiped_at };
            let mut record = Record { head, body: Body::Swipe(body) };
            for swiped in same {
                if let Body::Swipe(swipe) = &mut record.body {
                    swipe.id_number = IdNumber::from_packed(swiped.id_number);
                    swipe.swiped_at = swiped.swiped_at;
                }
                ledger.merge(&record, book);
            }
        }
    }

    fn ledger<'l>(&self, ledgers: &'l mut Ledgers, project: u32) -> &'l mut ProjectLedger {
        let at = project as usize / self.owners.len();
        if ledgers.0.len() <= at {
            ledgers.0.resize_with(at + 1, || None);
        }
        ledgers.0[at]
            .get_or_insert_with(|| ProjectLedger::new(lock(&self.known).projects[project as usize].clone()))
    }

    /// Settles and judges every project, ascending by id. Takes the ledgers.
    pub(super) fn judge(&self, today: Day, book: &Rulebook, threads: usize) -> Vec<ProjectReport> {
        let ledgers = |owner: &Owner| std::mem::take(&mut lock(&owner.ledgers).0);
        let ledgers: Vec<ProjectLedger> = self.owners.iter().flat_map(ledgers).flatten().collect();
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

fn obey(ledger: &mut ProjectLedger, command: &Command) {
    match command {
        Command::Payment { payment, .. } => ledger.put_payment(payment),
        Command::TakePayment { bank, txn_id, .. } => ledger.take_payment(bank, txn_id),
        Command::Account { account, .. } => ledger.put_account(account),
        Command::TakeAccount { account, .. } => ledger.take_account(*account),
        Command::Complaint { complaint, .. } => ledger.put_complaint(complaint),
        Command::TakeComplaint { complaint_id, .. } => ledger.take_complaint(complaint_id),
        Command::Bookings { account, entries, restraints, .. } => {
            ledger.put_bookings(*account, entries, restraints)
        }
        Command::Named { .. } => ledger.put_named(),
    };
}
