//! One project in memory: its ledger, its alerts, and when to look at it again without a record.
//! One record in, changes of alerts out: merge, settle, judge, diff. Pure.

use super::quiet;
use super::wakes::{Wake, Wakes};
use crate::alerts::{IdKey, Overdue, ProjectAlerts};
use crate::domain::{
    Act, Alert, AlertKey, AlertRow, Body, Change, Day, Finding, Funding, Part, Period, ProjectView, Record,
    Rulebook, Verdict,
};
use crate::ledger::{self, Command, ProjectLedger, Touched, Who, WorkerIx};
use crate::rules::{self, Judgement};
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a judgement needs beside the project.
pub(super) struct Bench<'a> {
    pub book: &'a Rulebook,
    pub ids: &'a IdKey,
    /// Nothing is judged before the first business date.
    pub today: Option<Day>,
}

/// One change of one alert, before it has its number.
pub(super) type Changed = (Change, Alert);

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
            due_memo: Vec::new(),
        }
    }

    /// Merges a record of this project and judges what it touches.
    pub fn record(&mut self, record: &Record, bench: &Bench, out: &mut Vec<Changed>) -> Verdict {
        let Body::Project(_) = &record.body else {
            let touched = self.ledger.merge(record, bench.book);
            self.judge_touched(&touched, bench, out);
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
        if touched.changed { Verdict::Accepted } else { Verdict::Duplicate }
    }

    /// Takes over what the county says of this project.
    pub fn command(&mut self, command: &Command, bench: &Bench, out: &mut Vec<Changed>) {
        let touched = match command {
            Command::Payment { payment, .. } => self.ledger.put_payment(payment),
            Command::TakePayment { bank, txn_id, .. } => self.ledger.take_payment(bank, txn_id),
            Command::Account { account, .. } => self.ledger.put_account(account),
            Command::TakeAccount { account, .. } => self.ledger.take_account(*account),
            Command::Named { .. } => self.ledger.put_named(),
        };
        self.judge_touched(&touched, bench, out);
    }

    /// What a supervisor did.
    pub fn act(&mut self, act: &Act, bench: &Bench, out: &mut Vec<Changed>) -> Verdict {
        // Alerts exist only once there is a business date.
        let Some(today) = bench.today else { return self.alerts.act(act, Day(0), &mut Vec::new()) };
        self.alerts.act(act, today, out)
    }

    /// Judges everything anew: the numbers are others, the first business date has come, or the
    /// project is new.
    pub fn visit(&mut self, bench: &Bench, out: &mut Vec<Changed>) {
        let Some(today) = bench.today else { return };
        self.wakes.take(today);
        for worker in 0..self.workers() {
            self.judge_worker(worker, today, bench, out);
        }
        self.judge_totals(today, bench, out);
        self.judge_papers(today, bench, out);
    }

    /// Judges those whose day has come.
    pub fn wake(&mut self, bench: &Bench, out: &mut Vec<Changed>) {
        let Some(today) = bench.today else { return };
        match self.wakes.take(today) {
            Wake::Everyone => self.visit(bench, out),
            Wake::Workers(workers) => {
                for worker in workers {
                    self.judge_worker(worker, today, bench, out);
                }
                self.judge_totals(today, bench, out);
                self.judge_papers(today, bench, out);
            }
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
        self.ledger.heap_bytes() + self.rows.len() * ALERT_BYTES + self.wakes.len() * 64 + 512
    }

    /// What decides whom its alerts are for, and what they call it.
    fn address(&self) -> Option<(CompactString, CompactString, CompactString, Funding)> {
        let facts = self.ledger.facts()?;
        Some((facts.name.clone(), facts.sector.clone(), facts.territory.clone(), facts.funding))
    }

    fn workers(&self) -> WorkerIx {
        // The ledger numbers workers with this type.
        WorkerIx::try_from(self.ledger.workers()).unwrap_or(WorkerIx::MAX)
    }

    fn judge_touched(&mut self, touched: &Touched, bench: &Bench, out: &mut Vec<Changed>) {
        let Some(today) = bench.today else { return };
        if !touched.changed {
            return;
        }
        match &touched.who {
            Who::Nobody => {}
            Who::Everyone => self.visit(bench, out),
            Who::Attendance { worker, day, minutes, .. } => {
                if !self.is_quiet(*worker, *day, *minutes, today, bench.book) {
                    self.judge_workers(&[*worker], today, bench, out);
                }
            }
            Who::Workers(workers) => self.judge_workers(workers, today, bench, out),
        }
        if touched.papers && touched.who != Who::Everyone {
            self.judge_papers(today, bench, out);
        }
    }

    fn judge_workers(&mut self, workers: &[WorkerIx], today: Day, bench: &Bench, out: &mut Vec<Changed>) {
        let before = out.len();
        for worker in workers {
            self.judge_worker(*worker, today, bench, out);
        }
        if out.len() > before {
            self.judge_totals(today, bench, out);
        }
    }

    /// Attendance in a month that is not due touches hardly any finding: nobody owes it yet, and the
    /// pool fills older months first. What it may touch all the same, `quiet` knows.
    fn is_quiet(&mut self, worker: WorkerIx, day: Day, minutes: u32, today: Day, book: &Rulebook) -> bool {
        let Some(period) = day.period().filter(|_| self.ledger.is_enrolled(worker)) else { return false };
        let (pay_day, offset) = self.ledger.pay_terms(worker);
        let due = self.due(period, pay_day, offset, book);
        today <= due && quiet::is_quiet(&self.ledger, worker, day, minutes, due, today, book)
    }

    fn due(&mut self, period: Period, pay_day: u8, offset: u8, book: &Rulebook) -> Day {
        let known = self.due_memo.iter().find(|m| (m.0, m.1, m.2) == (period, pay_day, offset));
        if let Some(memo) = known {
            return memo.3;
        }
        let (_, due) = ledger::due_date(period, pay_day, offset, &book.calendar);
        if self.due_memo.len() == MEMO_MAX {
            self.due_memo.remove(0);
        }
        self.due_memo.push((period, pay_day, offset, due));
        // Whoever works in this month on these terms is to be looked at when it falls due.
        self.wakes.everyone(due.plus(1));
        due
    }

    fn judge_worker(&mut self, worker: WorkerIx, today: Day, bench: &Bench, out: &mut Vec<Changed>) {
        let view = self.ledger.settle(worker, bench.book);
        let mut on = Judgement::new(today, bench.book, self.sector());
        rules::judge_worker(&view, &mut on);
        let (findings, again) = on.into_parts();
        again.into_iter().for_each(|day| self.wakes.worker(day, worker));
        self.alerts.diff_worker(&view.id_number, findings, today, bench.ids, out);
    }

    /// Judges what hangs on the project's totals, and its papers if they ask for the totals.
    fn judge_totals(&mut self, today: Day, bench: &Bench, out: &mut Vec<Changed>) {
        let (view, worst) = (self.view(), self.alerts.worst(10));
        let mut on = Judgement::new(today, bench.book, self.sector());
        rules::judge_totals(&view, &worst, &mut on);
        self.diff_part(Part::Totals, on.into_parts(), today, bench, out);
        if self.in_arrears != (view.overdue_periods > 0) {
            self.judge_papers(today, bench, out);
        }
    }

    fn judge_papers(&mut self, today: Day, bench: &Bench, out: &mut Vec<Changed>) {
        self.in_arrears = self.alerts.overdue_totals().overdue_periods > 0;
        let mut on = Judgement::new(today, bench.book, self.sector());
        rules::judge_papers(&self.ledger.papers(self.in_arrears), &mut on);
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
        again.into_iter().for_each(|day| self.wakes.project(day));
        self.alerts.diff_part(part, findings, today, bench.ids, out);
    }

    fn sector(&self) -> Option<&str> {
        self.ledger.facts().map(|facts| facts.sector.as_str())
    }

    /// The project's totals, folded from its standing wage alerts.
    pub fn view(&self) -> ProjectView {
        let Overdue { overdue_fen, overdue_workers, overdue_periods, oldest_due_on } =
            self.alerts.overdue_totals();
        ProjectView {
            project_id: self.ledger.id().clone(),
            known: self.ledger.facts().is_some(),
            contractor_uscc: self.ledger.facts().map(|facts| facts.contractor_uscc),
            overdue_fen,
            overdue_workers,
            overdue_periods,
            oldest_due_on,
        }
    }
}
