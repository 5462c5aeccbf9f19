//! One project's ledger: what its records say, merged. Knows no other project, no rule, no date of today.

use super::kept::{Kept, Outcome};
use super::month::{Change, Month};
use super::page::{Dirty, PageKey};
use super::papers::Papers;
use super::payees::Payees;
use super::payments::Payments;
use super::payroll::Sheets;
use super::placing::{Moved, Named};
use super::presence::Worth;
use super::worker::Worker;
use crate::domain::{
    Body, Complaint, Day, Enrolment, IdNumber, Payroll, Period, Piecework, Project, ProjectId, Record,
    Rulebook, Stamp, Swipe, WorkDay,
};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// A worker of one project: a dense number, in order of first mention. Never given anew.
pub type WorkerIx = u32;

/// What one record did to a project's ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Touched {
    /// False for a repeat: nothing new was said.
    pub changed: bool,
    /// Whose findings may be others now.
    pub who: Who,
    /// What is found about the project's papers may be others now.
    pub papers: bool,
}

/// Whose findings may be others now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Who {
    /// Nobody's: a paper that no worker's wage depends on, a statement that a later one supersedes.
    Nobody,
    /// One worker's month of attendance.
    Attendance {
        worker: WorkerIx,
        period: Period,
        day: Day,
        /// The most that the day had before the record, or has now.
        minutes: u32,
        /// Before this record the worker was not known here, or had no presence (a swipe, or a
        /// statement of more than 0 days) in that month.
        new_worker_or_first_day: bool,
        /// It is a day of another worth than before to whoever asks where a person worked
        /// ([`ProjectLedger::presence`]).
        turned: bool,
    },
    /// Those workers', ascending.
    Workers(Vec<WorkerIx>),
    /// Every worker's: the project became known, or its `pay_day`, `pay_month_offset`, contractor or wage accounts changed.
    Everyone,
}

/// One project: workers in dense vectors, payments, payroll sheets, papers.
#[derive(Clone)]
pub struct ProjectLedger {
    pub(super) id: ProjectId,
    index: HashTable<WorkerIx>,
    pub(super) workers: Vec<Worker>,
    pub(super) papers: Papers,
    pub(super) payments: Payments,
    pub(super) sheets: Sheets,
    pub(super) named: Named,
    pub(super) payees: Payees,
    pub(super) dirty: Dirty,
    /// Bytes of workers' heaps.
    pub(super) worker_bytes: usize,
}

impl Touched {
    pub(super) const REPEAT: Touched = Touched { changed: false, who: Who::Nobody, papers: false };
    pub(super) const NOBODY: Touched = Touched { changed: true, who: Who::Nobody, papers: false };
    /// A paper of the project stands now that did not stand before.
    pub(super) const PAPERS: Touched = Touched { changed: true, who: Who::Nobody, papers: true };

    pub(super) fn workers(mut workers: Vec<WorkerIx>) -> Touched {
        workers.sort_unstable();
        workers.dedup();
        if workers.is_empty() {
            return Touched::NOBODY;
        }
        Touched { changed: true, who: Who::Workers(workers), papers: false }
    }
}

impl ProjectLedger {
    pub fn new(id: ProjectId) -> Self {
        ProjectLedger {
            id,
            index: HashTable::new(),
            workers: Vec::new(),
            papers: Papers::default(),
            payments: Payments::default(),
            sheets: Sheets::default(),
            named: Named::default(),
            payees: Payees::default(),
            dirty: Dirty::default(),
            worker_bytes: 0,
        }
    }

    pub fn id(&self) -> &ProjectId {
        &self.id
    }

    /// Merges a record of a type that a project keeps: project, enrolment, attendance, piecework,
    /// payroll, deposit, payment_guarantee, inspection. Others come as [`super::Command`]s: they change nothing.
    /// Of the rulebook only `day_starts_at` is read, and what `turned` depends on.
    pub fn merge(&mut self, record: &Record, book: &Rulebook) -> Touched {
        match &record.body {
            Body::Swipe(swipe) => self.merge_swipe(swipe, book),
            Body::WorkDay(day) => self.merge_workday(day, record, book),
            Body::Project(project) => self.merge_project(project, &record.head.stamp()),
            Body::Enrolment(enrolment) => self.merge_enrolment(enrolment, &record.head.stamp()),
            Body::Piecework(piece) => self.merge_piece(piece, &record.head.stamp()),
            Body::Payroll(sheet) => self.merge_payroll(sheet, &record.head.stamp()),
            Body::Deposit(paper) => {
                let kept = &mut self.papers.deposits;
                let outcome =
                    super::kept::merge_into(kept, paper.deposit_id.clone(), &**paper, &record.head.stamp());
                self.paper(outcome)
            }
            Body::PaymentGuarantee(paper) => {
                let kept = &mut self.papers.guarantees;
                let outcome =
                    super::kept::merge_into(kept, paper.guarantee_id.clone(), &**paper, &record.head.stamp());
                self.paper(outcome)
            }
            Body::Inspection(paper) => {
                let kept = &mut self.papers.inspections;
                let outcome = super::kept::merge_into(
                    kept,
                    paper.inspection_id.clone(),
                    &**paper,
                    &record.head.stamp(),
                );
                self.paper(outcome)
            }
            Body::Payment(_)
            | Body::Account(_)
            | Body::AccountEntry(_)
            | Body::AccountRestraint(_)
            | Body::Complaint(_)
            | Body::BusinessSignal(_) => Touched::REPEAT,
        }
    }

    fn merge_swipe(&mut self, swipe: &Swipe, book: &Rulebook) -> Touched {
        let (day, second) = swipe.swiped_at.business(book.day_starts_at);
        self.attend(&swipe.id_number, day, book, |month, index| month.swipe(index, second))
    }

    fn merge_workday(&mut self, day: &WorkDay, record: &Record, book: &Rulebook) -> Touched {
        let at = record.head.at;
        self.attend(&day.id_number, day.work_date, book, |month, index| {
            month.state(index, at, day.days, day.minutes)
        })
    }

    fn attend(
        &mut self,
        id: &IdNumber,
        day: Day,
        book: &Rulebook,
        merge: impl FnOnce(&mut Month, u32) -> Change,
    ) -> Touched {
        let (year, month, day_of_month) = day.ymd();
        // Doors refuse dates outside the years of `Period`, so there is no month to keep this day in.
        let Some(period) = Period::from_ym(year, month) else { return Touched::REPEAT };
        let (worker, new) = self.worker(id);
        let known = &mut self.workers[worker as usize];
        let cells = known.months.capacity();
        let cell = known.month_mut(period);
        let bytes = cell.heap_bytes();
        let first = !cell.has_presence();
        let index = day_of_month - 1;
        let before = cell.day(index);
        let change = merge(cell, index);
        let now = cell.day(index);
        let minutes = now.minutes().max(before.minutes());
        self.worker_bytes = self.worker_bytes + cell.heap_bytes() - bytes;
        self.worker_bytes += (known.months.capacity() - cells) * size_of::<Month>();
        if matches!(change, Change::Seen | Change::Hidden) {
            self.dirty.mark(PageKey::month(period, worker));
        }
        match change {
            Change::Same => Touched::REPEAT,
            Change::Superseded => Touched::NOBODY,
            Change::Seen | Change::Hidden => {
                let turned = change == Change::Seen && {
                    let worth = Worth::of(period, book);
                    worth.counts(&before) != worth.counts(&now)
                };
                let new_worker_or_first_day = new || first;
                let who = Who::Attendance { worker, period, day, minutes, new_worker_or_first_day, turned };
                Touched { changed: true, who, papers: false }
            }
        }
    }

    fn merge_project(&mut self, project: &Project, stamp: &Stamp) -> Touched {
        let (outcome, terms) = self.papers.merge_facts(project, stamp);
        match self.paper(outcome) {
            touched if terms => Touched { who: Who::Everyone, ..touched },
            touched => touched,
        }
    }

    fn merge_enrolment(&mut self, enrolment: &Enrolment, stamp: &Stamp) -> Touched {
        let (worker, _) = self.worker(&enrolment.id_number);
        let outcome = self.profile(worker, |profile| profile.enrol(enrolment, stamp));
        let mut moved = Moved::default();
        if outcome == Outcome::Stands {
            moved.workers.push(worker);
        }
        // A superseded enrolment names its account all the same.
        let named = match enrolment.account {
            Some(account) => self.profile(worker, |p| p.name_account(account)).then_some(account),
            None => None,
        };
        if let Some(account) = named {
            moved.workers.push(worker);
            self.name_account(account, worker, &mut moved);
        }
        if moved.workers.is_empty() {
            return outcome_touched(outcome);
        }
        self.dirty.mark(PageKey::worker(worker));
        moved.touched()
    }

    fn merge_piece(&mut self, piece: &Piecework, stamp: &Stamp) -> Touched {
        let (worker, _) = self.worker(&piece.id_number);
        let outcome = self.profile(worker, |profile| profile.piece(piece, stamp));
        if outcome != Outcome::Stands {
            return outcome_touched(outcome);
        }
        self.dirty.mark(PageKey::worker(worker));
        Touched::workers(vec![worker])
    }

    fn merge_payroll(&mut self, sheet: &Payroll, stamp: &Stamp) -> Touched {
        let merged = self.sheets.merge(sheet, stamp);
        if merged.outcome != Outcome::Stands {
            return outcome_touched(merged.outcome);
        }
        self.dirty.mark(PageKey::payroll(sheet.period));
        let mut touched = Vec::with_capacity(merged.before.len() + sheet.lines.len());
        for id in &merged.before {
            let (worker, _) = self.worker(id);
            self.profile(worker, |p| p.remove_sheet(sheet.period, merged.slot));
            touched.push(worker);
        }
        for line in &sheet.lines {
            let (worker, _) = self.worker(&line.id_number);
            self.profile(worker, |p| p.add_sheet(sheet.period, merged.slot));
            touched.push(worker);
        }
        Touched { papers: true, ..Touched::workers(touched) }
    }

    /// A record that another floor keeps names this project (a payment that is not its own, a complaint).
    pub fn put_named(&mut self) -> Touched {
        if self.papers.named {
            return Touched::REPEAT;
        }
        self.papers.named = true;
        self.paper(Outcome::Stands)
    }

    /// A complaint that names this project, as the county has it.
    pub fn put_complaint(&mut self, complaint: &Complaint) -> Touched {
        if self.papers.complaints.get(&complaint.complaint_id) == Some(complaint) {
            return Touched::REPEAT;
        }
        self.papers.complaints.insert(complaint.complaint_id.clone(), complaint.clone());
        self.paper(Outcome::Stands)
    }

    /// The complaint names another project now, or none.
    pub fn take_complaint(&mut self, complaint_id: &str) -> Touched {
        match self.papers.complaints.remove(complaint_id) {
            Some(_) => self.paper(Outcome::Stands),
            None => Touched::REPEAT,
        }
    }

    pub(super) fn paper(&mut self, outcome: Outcome) -> Touched {
        if outcome != Outcome::Stands {
            return outcome_touched(outcome);
        }
        self.dirty.mark(PageKey::HEAD);
        Touched::PAPERS
    }

    /// The worker's number, and whether it is new.
    pub(super) fn worker(&mut self, id: &IdNumber) -> (WorkerIx, bool) {
        match self.worker_ix(id) {
            Some(worker) => (worker, false),
            None => {
                let worker = self.push_worker(Worker::new(id.clone()));
                self.dirty.mark(PageKey::worker(worker));
                (worker, true)
            }
        }
    }

    /// Appends a worker who is not known yet.
    pub(super) fn push_worker(&mut self, worker: Worker) -> WorkerIx {
        let ix = WorkerIx::try_from(self.workers.len()).unwrap_or(WorkerIx::MAX);
        assert!(ix < PageKey::WORKERS_MAX, "a project of more than {} workers", PageKey::WORKERS_MAX);
        let hash = id_hash(&worker.id);
        if self.workers.len() == self.workers.capacity() {
            self.workers.reserve_exact(4 + self.workers.len() / 8);
        }
        self.worker_bytes += worker.profile_bytes() + worker.month_bytes();
        self.workers.push(worker);
        let workers = &self.workers;
        self.index.insert_unique(hash, ix, |known| id_hash(&workers[*known as usize].id));
        ix
    }

    /// Changes a worker's profile and keeps the count of bytes right.
    pub(super) fn profile<T>(
        &mut self,
        worker: WorkerIx,
        change: impl FnOnce(&mut super::worker::Profile) -> T,
    ) -> T {
        let known = &mut self.workers[worker as usize];
        let before = known.profile_bytes();
        let result = known.change_profile(change);
        self.worker_bytes = self.worker_bytes + known.profile_bytes() - before;
        result
    }

    pub fn worker_ix(&self, id: &IdNumber) -> Option<WorkerIx> {
        self.index.find(id_hash(id), |known| self.workers[*known as usize].id == *id).copied()
    }

    /// Reads what a swipe of this worker will read, so that the processor has it at hand. The answer
    /// means nothing.
    pub fn read_ahead(&self, worker: WorkerIx) -> usize {
        let Some(known) = self.workers.get(worker as usize) else { return 0 };
        known.months.last().map_or(0, Month::read_ahead)
    }

    /// Bytes in memory, as far as they grow with records; an estimate that is kept up with every change.
    pub fn heap_bytes(&self) -> usize {
        size_of::<ProjectLedger>()
            + self.workers.capacity() * size_of::<Worker>()
            + self.index.capacity() * 6
            // What the allocator loses between blocks that grew, as measured.
            + self.worker_bytes / 8 * 9
            + self.payments.bytes
            + self.sheets.bytes
            + self.papers.heap_bytes()
            + self.named.heap_bytes()
            + self.payees.heap_bytes()
            + self.dirty.heap_bytes()
    }
}

pub(super) fn outcome_touched(outcome: Outcome) -> Touched {
    match outcome {
        Outcome::Repeat => Touched::REPEAT,
        Outcome::Superseded | Outcome::Stands => Touched::NOBODY,
    }
}

fn id_hash(id: &IdNumber) -> u64 {
    let state = FixedState::with_seed(0);
    match id.packed() {
        Some(number) => state.hash_one(number),
        None => state.hash_one(id),
    }
}

/// A statement as it stands, for pages.
pub(super) type KeptSheet = Kept<Payroll>;
