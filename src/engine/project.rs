//! One project in memory: its ledger, its alerts, and when to look at it again without a record.
//! One record in, changes of alerts out: merge, settle, judge, diff. Pure.

use super::bench::{Bench, Changed};
use super::bureau::PresenceTiding;
use super::quiet;
use super::tally::{Changed as Counted, Count, Tally};
use super::wakes::{Wake, Wakes};
use super::weeks::{Statement, Weeks};
use crate::alerts::{Overdue, ProjectAlerts};
use crate::domain::{
    Act, AlertKey, AlertRow, Body, Day, Finding, Funding, MonthTotals, PapersView, Part, Period, ProjectView,
    Record, Release, Rule, Rulebook, Verdict,
};
use crate::ledger::{self, Command, ProjectLedger, Touched, Who, WorkerIx};
use crate::rules::{self, Judgement};
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) struct ProjectState {
    pub ledger: ProjectLedger,
    pub alerts: ProjectAlerts,
    /// The last row of each alert.
    pub rows: BTreeMap<AlertKey, Arc<AlertRow>>,
    /// Alert pages that changed since they were last encoded.
    pub dirty_alerts: BTreeSet<u32>,
    /// Days at which findings may change though no record comes.
    pub wakes: Wakes,
    /// Whether anything was overdue when the papers were judged last.
    pub in_arrears: bool,
    /// Counted once there is a business date.
    tally: Tally,
    weeks: Weeks,
    /// What the second stage is to hear of who was here on which days, since it was taken last.
    pub said: Vec<PresenceTiding>,
    /// Due dates seen lately, so that a swipe costs no calendar look-up.
    due_memo: Vec<(Period, u8, u8, Day)>,
}

/// The alert page of what is about the project as a whole.
const PROJECT_CHUNK: u32 = u32::MAX;
/// Workers whose alerts share a page.
const CHUNK_WORKERS: u32 = 64;
const MEMO_MAX: usize = 16;

impl ProjectState {
    pub fn new(ledger: ProjectLedger) -> ProjectState {
        ProjectState {
            ledger,
            alerts: ProjectAlerts::default(),
            rows: BTreeMap::new(),
            dirty_alerts: BTreeSet::new(),
            wakes: Wakes::default(),
            in_arrears: false,
            tally: Tally::default(),
            weeks: Weeks::default(),
            said: Vec::new(),
            due_memo: Vec::new(),
        }
    }

    /// A project as it comes out of the store: counts what the store does not keep.
    pub fn load(ledger: ProjectLedger, wakes: Wakes, today: Option<Day>, book: &Rulebook) -> ProjectState {
        let mut state = ProjectState { wakes, ..ProjectState::new(ledger) };
        if let Some(today) = today {
            let pay_terms = state.ledger.project_pay_terms();
            state.tally = Tally::of(&state.ledger, &Count { book, today, pay_terms });
            state.weeks = Weeks::of(&state.ledger, today, book);
        }
        state
    }

    /// Merges a record of this project and judges what it touches.
    pub fn record(&mut self, record: &Record, bench: &Bench, out: &mut Vec<Changed>) -> Verdict {
        let Body::Project(_) = &record.body else {
            let before = self.statement(record);
            let touched = self.ledger.merge(record, bench.book);
            self.say_turned(&touched, bench.book);
            let weeks = touched.changed && self.count_statement(record, before, bench);
            self.judge_touched(&touched, bench, out);
            if let Some(today) = bench.today.filter(|_| weeks) {
                self.judge_totals(today, bench, out);
            }
            self.conclude(bench, out);
            return if touched.changed { Verdict::Accepted } else { Verdict::Duplicate };
        };
        let before = self.address();
        let touched = self.ledger.merge(record, bench.book);
        self.judge_touched(&touched, bench, out);
        if let Some(today) = bench.today
            && self.address() != before
        {
            self.alerts.tell_anew(today, out);
        }
        self.conclude(bench, out);
        if touched.changed { Verdict::Accepted } else { Verdict::Duplicate }
    }

    /// Takes over what the county says of this project.
    pub fn command(&mut self, command: &Command, bench: &Bench, out: &mut Vec<Changed>) {
        let balance = self.ledger.balance();
        let touched = match command {
            Command::Payment { payment, .. } => self.ledger.put_payment(payment),
            Command::TakePayment { bank, txn_id, .. } => self.ledger.take_payment(bank, txn_id),
            Command::Account { account, .. } => self.ledger.put_account(account),
            Command::TakeAccount { account, .. } => self.ledger.take_account(*account),
            Command::Complaint { complaint, .. } => self.ledger.put_complaint(complaint),
            Command::TakeComplaint { complaint_id, .. } => self.ledger.take_complaint(complaint_id),
            Command::Bookings { account, entries, restraints, .. } => {
                self.ledger.put_bookings(*account, entries, restraints)
            }
            Command::Named { .. } => self.ledger.put_named(),
        };
        self.judge_touched(&touched, bench, out);
        // What comes in or goes out may be none of its workers' and no paper.
        if let Some(today) = bench.today.filter(|_| self.ledger.balance() != balance) {
            self.judge_totals(today, bench, out);
        }
        self.conclude(bench, out);
    }

    /// What a supervisor did.
    pub fn act(&mut self, act: &Act, bench: &Bench, out: &mut Vec<Changed>) -> Verdict {
        // Alerts exist only once there is a business date.
        let Some(today) = bench.today else { return self.alerts.act(act, Day(0), &mut Vec::new()) };
        let verdict = self.alerts.act(act, today, out);
        self.conclude(bench, out);
        verdict
    }

    /// What is held of a rule is told from now on.
    pub fn release(&mut self, rule: Rule, by: Option<&Release>, bench: &Bench, out: &mut Vec<Changed>) {
        let Some(today) = bench.today else { return };
        self.alerts.release(rule, by, today, out);
        self.conclude(bench, out);
    }

    /// Judges everything anew: the numbers are others, the first business date has come, or the
    /// project is new.
    pub fn visit(&mut self, bench: &Bench, out: &mut Vec<Changed>) {
        // Another rulebook may have another calendar.
        self.due_memo.clear();
        let Some(today) = bench.today else { return };
        self.judge_all(today, bench, out);
        self.turn(today, bench, out);
    }

    fn judge_all(&mut self, today: Day, bench: &Bench, out: &mut Vec<Changed>) {
        self.wakes.take(today);
        // Months may fall due on other days now, or be asked for from today on.
        self.tally = Tally::default();
        self.weeks = Weeks::of(&self.ledger, today, bench.book);
        for worker in 0..self.workers() {
            self.judge_worker(worker, today, bench, out);
        }
        self.judge_totals(today, bench, out);
        self.judge_papers(today, bench, out);
    }

    /// Judges those whose day has come; how many workers that were.
    pub fn wake(&mut self, bench: &Bench, out: &mut Vec<Changed>) -> usize {
        let Some(today) = bench.today else { return 0 };
        let count = match self.wakes.take(today) {
            Wake::Everyone => {
                self.judge_all(today, bench, out);
                self.ledger.workers()
            }
            Wake::Workers(workers) => {
                for worker in &workers {
                    self.judge_worker(*worker, today, bench, out);
                }
                self.judge_totals(today, bench, out);
                self.judge_papers(today, bench, out);
                workers.len()
            }
        };
        self.turn(today, bench, out);
        count
    }

    /// What the calendar does to alerts, after the day's findings.
    fn turn(&mut self, today: Day, bench: &Bench, out: &mut Vec<Changed>) {
        let times = bench.times(today, self.sector());
        self.alerts.turn(today, &times, out);
        self.conclude(bench, out);
    }

    /// What follows from the changes of alerts themselves, once all of them are known, and when to look
    /// at them again.
    fn conclude(&mut self, bench: &Bench, out: &mut Vec<Changed>) {
        let Some(today) = bench.today else { return };
        if out.is_empty() {
            return;
        }
        let times = bench.times(today, self.sector());
        self.alerts.conclude(today, &times, &bench.gate(today), out);
        // What is past was dealt with today, or will be when the project is looked at for another reason.
        if let Some(day) = self.alerts.first_day().filter(|day| *day > today) {
            self.wakes.project(day);
        }
    }

    /// Remembers the row that a change became.
    pub fn keep_row(&mut self, row: &Arc<AlertRow>) {
        let key = row.alert.key();
        self.dirty_alerts.insert(self.chunk(&key));
        self.rows.insert(key, row.clone());
    }

    /// The page on which an alert stands.
    pub fn chunk(&self, key: &AlertKey) -> u32 {
        let worker = key.subject.id_number().and_then(|id| self.ledger.worker_ix(id));
        worker.map_or(PROJECT_CHUNK, |ix| ix / CHUNK_WORKERS)
    }

    /// An estimate of the memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        // An alert stands here twice (in its book and in its row), evidence included.
        const ALERT_BYTES: usize = 1400;
        let totals = self.tally.heap_bytes() + self.weeks.heap_bytes();
        self.ledger.heap_bytes() + totals + self.rows.len() * ALERT_BYTES + self.wakes.len() * 64 + 512
    }

    /// What decides whom its alerts are for, and what they call it.
    fn address(&self) -> Option<(CompactString, CompactString, CompactString, Funding)> {
        let facts = self.ledger.facts()?;
        Some((facts.name.clone(), facts.sector.clone(), facts.territory.clone(), facts.funding))
    }

    fn judge_touched(&mut self, touched: &Touched, bench: &Bench, out: &mut Vec<Changed>) {
        let Some(today) = bench.today else { return };
        if !touched.changed {
            return;
        }
        match &touched.who {
            Who::Nobody => {}
            Who::Everyone => self.judge_all(today, bench, out),
            Who::Attendance { worker, day, minutes, .. } => {
                let last_day = self.tally.attend(*worker, *day, &self.ledger, bench.book);
                if !self.is_quiet(*worker, *day, *minutes, today, bench.book) {
                    self.judge_workers(&[*worker], today, bench, out);
                }
                if last_day {
                    self.judge_totals(today, bench, out);
                }
            }
            Who::Workers(workers) => self.judge_workers(workers, today, bench, out),
        }
        if touched.papers && touched.who != Who::Everyone {
            self.judge_totals(today, bench, out);
            self.judge_papers(today, bench, out);
        }
    }

    fn judge_workers(&mut self, workers: &[WorkerIx], today: Day, bench: &Bench, out: &mut Vec<Changed>) {
        let (before, mut totals, mut heads) = (out.len(), false, false);
        for worker in workers {
            let counted = self.judge_worker(*worker, today, bench, out);
            totals |= counted.any;
            heads |= counted.heads;
        }
        if totals || out.len() > before {
            self.judge_totals(today, bench, out);
        }
        if heads {
            self.judge_papers(today, bench, out);
        }
    }

    /// Attendance in a month that is not due touches hardly any finding: nobody owes it yet, and the
    /// pool fills older months first. What it may touch all the same, `quiet` knows of the worker and
    /// `tally` of the project's totals. Who has no enrolment is always looked at.
    fn is_quiet(&mut self, worker: WorkerIx, day: Day, minutes: u32, today: Day, book: &Rulebook) -> bool {
        let Some(period) = day.period().filter(|_| self.ledger.is_enrolled(worker)) else { return false };
        let terms = self.ledger.pay_terms(worker);
        let due = self.due(period, terms, today, book);
        today <= due
            && quiet::is_quiet(&self.ledger, worker, day, minutes, due, today, book)
            && self.tally.agrees(worker, period, &self.ledger, today, book)
    }

    fn due(&mut self, period: Period, terms: (u8, u8), today: Day, book: &Rulebook) -> Day {
        let (pay_day, offset) = terms;
        let known = self.due_memo.iter().find(|m| (m.0, m.1, m.2) == (period, pay_day, offset));
        if let Some(memo) = known {
            return memo.3;
        }
        let (_, due) = ledger::due_date(period, pay_day, offset, &book.calendar);
        if self.due_memo.len() == MEMO_MAX {
            self.due_memo.remove(0);
        }
        self.due_memo.push((period, pay_day, offset, due));
        // Whoever works in this month on these terms is to be looked at when it falls due. A day that
        // is over would only put the project before others when time goes on, and differently after
        // a restart, when nothing is remembered here.
        if due >= today {
            self.wakes.everyone(due.plus(1));
        }
        due
    }

    fn judge_worker(
        &mut self,
        worker: WorkerIx,
        today: Day,
        bench: &Bench,
        out: &mut Vec<Changed>,
    ) -> Counted {
        let view = self.ledger.settle(worker, bench.book);
        let count = Count { book: bench.book, today, pay_terms: self.ledger.project_pay_terms() };
        let counted = self.tally.put(worker, &view, &count);
        // From such a day on the month is counted in full, all at once.
        counted.opens.iter().filter(|day| **day > today).for_each(|day| self.wakes.everyone(*day));
        let mut on = Judgement::new(today, bench.book, self.sector());
        rules::judge_worker(&view, &mut on);
        let (findings, again) = on.into_parts();
        // On the first of these days the others are found again.
        again.first().into_iter().for_each(|day| self.wakes.worker(*day, worker));
        self.alerts.diff_worker(&view.id_number, findings, today, bench.ids, out);
        counted
    }

    /// Judges what hangs on the project's totals, and its papers if they ask for the totals.
    fn judge_totals(&mut self, today: Day, bench: &Bench, out: &mut Vec<Changed>) {
        self.weeks.forget(today);
        let (view, worst) = (self.view(today), self.alerts.worst(10));
        let in_arrears = view.overdue_periods > 0;
        let mut on = Judgement::new(today, bench.book, self.sector());
        rules::judge_totals(&view, &worst, &mut on);
        self.diff_part(Part::Totals, on.into_parts(), today, bench, out);
        if self.in_arrears != in_arrears {
            self.judge_papers(today, bench, out);
        }
    }

    fn judge_papers(&mut self, today: Day, bench: &Bench, out: &mut Vec<Changed>) {
        self.in_arrears = self.alerts.overdue_totals().overdue_periods > 0;
        let mut on = Judgement::new(today, bench.book, self.sector());
        let months = self.months(today);
        rules::judge_papers(&PapersView { months, ..self.ledger.papers(self.in_arrears) }, &mut on);
        self.diff_part(Part::Papers, on.into_parts(), today, bench, out);
    }

    fn diff_part(
        &mut self,
        part: Part,
        (findings, again): (Vec<Finding>, BTreeSet<Day>),
        today: Day,
        bench: &Bench,
        out: &mut Vec<Changed>,
    ) {
        self.wakes.part(part, again.first().copied());
        self.alerts.diff_part(part, findings, today, bench.ids, out);
    }

    fn sector(&self) -> Option<&str> {
        self.ledger.facts().map(|facts| facts.sector.as_str())
    }

    /// The totals of its months, as of now.
    pub fn months(&self, today: Day) -> Vec<MonthTotals> {
        self.tally.months(self.ledger.facts().map(|facts| facts.contractor_uscc), today)
    }

    /// The project's totals: what is overdue from its standing wage alerts, the rest as counted.
    fn view(&self, today: Day) -> ProjectView<'_> {
        let Overdue { overdue_fen, overdue_workers, overdue_periods, oldest_due_on } =
            self.alerts.overdue_totals();
        let mut view = ProjectView {
            facts: self.ledger.facts(),
            overdue_fen,
            overdue_workers,
            overdue_periods,
            oldest_due_on,
            weeks: self.weeks.tell(today),
            balance: self.ledger.balance(),
            labour_fees: self.ledger.labour_fees(),
            inspections: self.ledger.inspections().collect(),
            ..ProjectView::unknown(self.ledger.id().clone())
        };
        self.tally.tell(&mut view, today);
        view
    }

    /// The statement that stands of the day that a day statement is about.
    fn statement(&self, record: &Record) -> Option<Statement> {
        let Body::WorkDay(day) = &record.body else { return None };
        self.ledger.statement_on(&day.id_number, day.work_date)
    }

    /// Whether the weeks are others after that record; `before` stood before it.
    fn count_statement(&mut self, record: &Record, before: Option<Statement>, bench: &Bench) -> bool {
        let (Body::WorkDay(day), Some(today)) = (&record.body, bench.today) else { return false };
        let now = self.statement(record);
        self.weeks.put(day.work_date, before, now, today, bench.book)
    }
}
