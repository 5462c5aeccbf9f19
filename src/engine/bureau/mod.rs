//! The second stage: what is true of employers, feeds, complaints that belong to no single project, and people at
//! several. Takes the log block by block, each with the alert rows and remarks that every shard made of it, and owns the
//! county's own alerts. Like a shard it numbers rows and has pages; its number is that behind
//! the last shard. Knows no clock, no queue, no door.
//!
//! A block's rows are a function of the log up to it, whatever crashed when, so what follows from them
//! here is one too. The shards keep what this stage has still to read after a crash.

mod cases;
mod doubles;
mod doubts;
mod judge;
mod owed;
mod pages;
mod presence;
mod quarantine;
mod steps;
mod tiding;

use super::bench::{Bench, Changed};
use super::feed::ShardFeed;
use super::pages::ShardMeta;
use super::row_book::RowBook;
use super::shard::Equipment;
use crate::alerts::{Floods, ProjectAlerts, Tallies, holds_floods};
use crate::domain::{
    Act, AlertKey, AlertRow, Body, Day, Entry, Finding, Position, Record, Release, Rule, Rulebook, Subject,
    Verdict,
};
use crate::ledger::{Roster, Stirred};
use crate::log::Block;
use crate::rules::{self, Judgement};
use crate::store::StoreError;
use cases::Cases;
use compact_str::CompactString;
use owed::Owed;
use quarantine::Quarantine;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(in crate::engine) use doubles::Doubles;
pub use judge::{Known, Owes};
pub use pages::{Made, made_behind};
pub(in crate::engine) use presence::Presence;
#[cfg(test)]
pub(super) use tiding::{ArrearsTiding, Claim, WageTiding};
pub use tiding::{HeldTiding, PresenceTiding, Tiding};

/// What rows say, by the day of each.
type ByDay = BTreeMap<Day, Vec<Tiding>>;

/// The owner of the county's own alerts.
pub struct Bureau {
    id: u16,
    with: Equipment,
    meta: ShardMeta,
    /// The last one of the log up to its position.
    book: Arc<Rulebook>,
    is_book_saved: bool,
    roster: Roster,
    owed: Owed,
    cases: Cases,
    presence: Presence,
    doubles: Doubles,
    /// What all owners hold.
    quarantine: Quarantine,
    alerts: ProjectAlerts,
    /// The last row of each alert.
    last: BTreeMap<AlertKey, Arc<AlertRow>>,
    dirty_alerts: BTreeSet<Subject>,
    /// When a subject is to be looked at again though nothing comes. Not stored: a start judges all.
    due: BTreeMap<Day, BTreeSet<Subject>>,
    /// Feeds were judged since the last `take_doubts`.
    feeds_judged: bool,
    stirred: Stirred,
    /// How often anything was judged since the start.
    stirs: u64,
    rows: RowBook,
    tallies: Tallies,
    /// Of its own alerts.
    floods: Floods,
    encoded: Position,
    current: (Position, i64),
}

impl Bureau {
    /// The number of its rows' owner: that behind the last shard.
    pub fn id(&self) -> u16 {
        self.id
    }

    /// The last block that it has applied.
    pub fn position(&self) -> Position {
        self.meta.position
    }

    pub fn alerts(&self) -> &ProjectAlerts {
        &self.alerts
    }

    /// What became of its alerts.
    pub fn tallies(&self) -> &Tallies {
        &self.tallies
    }

    /// The rows since the last call, in order.
    pub fn take_rows(&mut self) -> Vec<Arc<AlertRow>> {
        self.rows.take_fresh()
    }

    /// Moves on whenever something may be found that was not before.
    pub fn stirs(&self) -> u64 {
        self.stirs
    }

    /// Applies a block: `made` is what the shards made of it, their rows by shard and number. Answers the
    /// verdicts on acts about its own alerts. A block that it has applied before is left out.
    pub fn apply(&mut self, block: &Block, made: &Made) -> Result<Vec<(u32, Verdict)>, StoreError> {
        if block.position <= self.meta.position {
            return Ok(Vec::new());
        }
        self.current = (block.position, block.written_ms);
        // What is of a day is taken in before that day's end is judged: a jump of a month is as its days.
        let mut tidings = ByDay::new();
        for row in &made.rows {
            for said in Tiding::all_of(row) {
                tidings.entry(row.alert.changed_on).or_default().push(said);
            }
        }
        for remark in &made.remarks {
            let said = Tiding::Presence(remark.said.clone());
            tidings.entry(remark.on).or_default().push(said);
        }
        let mut verdicts = Vec::new();
        for (index, entry) in (0..).zip(&block.entries) {
            match entry {
                Entry::Record(record) => self.merge(record),
                Entry::Rejected(_) | Entry::Erased(_) => {}
                Entry::Act(act) if act.project_id.is_county() => {
                    verdicts.push((index, self.act(act)));
                }
                Entry::Act(_) => {}
                Entry::Rulebook(book) => self.change_rulebook(book, &mut tidings)?,
                Entry::Date(day) => self.turn(*day, &mut tidings)?,
                Entry::Release(release) => self.let_go(release),
            }
        }
        self.take_in(&mut tidings, None)?;
        self.judge_stirred();
        self.meta.position = block.position;
        Ok(verdicts)
    }

    /// Takes in a record, as far as it says something beyond its project.
    pub(in crate::engine) fn merge(&mut self, record: &Record) {
        self.roster.merge(record, &mut self.stirred);
        if let Body::Project(project) = &record.body {
            self.doubles.stir_project(&project.project_id);
        }
    }

    /// Takes in what is said of days up to `until`, or all.
    fn take_in(&mut self, tidings: &mut ByDay, until: Option<Day>) -> Result<(), StoreError> {
        while let Some(entry) = tidings.first_entry() {
            if until.is_some_and(|until| *entry.key() > until) {
                break;
            }
            entry.remove().iter().try_for_each(|said| self.take(said))?;
        }
        Ok(())
    }

    fn take(&mut self, said: &Tiding) -> Result<(), StoreError> {
        match said {
            Tiding::Wage(said) => self.stirred.firms.extend(self.owed.take(said)),
            Tiding::Arrears(said) => self.stirred.firms.extend(self.cases.take(said)),
            Tiding::Held(said) => self.quarantine.take(said),
            Tiding::Presence(said) => {
                let shared = self.presence.take(said)?;
                self.doubles.put(&said.worker, said.period, shared);
            }
        }
        Ok(())
    }

    fn act(&mut self, act: &Act) -> Verdict {
        let mut out = Vec::new();
        // Alerts exist only once there is a business date.
        let verdict = self.alerts.act(act, self.meta.today.unwrap_or(Day(0)), &mut out);
        self.conclude(out);
        verdict
    }

    /// From here on this one judges.
    fn change_rulebook(&mut self, book: &Rulebook, tidings: &mut ByDay) -> Result<(), StoreError> {
        self.judge_stirred();
        self.book = Arc::new(book.clone());
        self.is_book_saved = false;
        // Before the first date all that is said is of no date.
        self.take_in(tidings, Some(self.meta.today.unwrap_or(Day(i32::MIN))))?;
        self.judge_all();
        Ok(())
    }

    /// What is held of a rule is told from here on.
    fn let_go(&mut self, release: &Release) {
        self.release(release.rule, Some(release));
        self.floods.lift(release.rule);
    }

    fn release(&mut self, rule: Rule, by: Option<&Release>) {
        let mut out = Vec::new();
        if let Some(today) = self.meta.today {
            self.alerts.release(rule, by, today, &mut out);
        }
        self.conclude(out);
    }

    fn turn(&mut self, day: Day, tidings: &mut ByDay) -> Result<(), StoreError> {
        let Some(today) = self.meta.today else {
            // The first date: everything that came before it is judged now.
            self.meta.today = Some(day);
            self.floods.turn(day);
            self.take_in(tidings, Some(day))?;
            self.judge_all();
            return Ok(());
        };
        self.take_in(tidings, Some(today))?;
        self.judge_stirred();
        for step in 1..=day.since(today) {
            let day = today.plus(step);
            self.meta.today = Some(day);
            self.floods.turn(day);
            self.take_in(tidings, Some(day))?;
            if self.book.changes_between(day.plus(-1), day) {
                self.judge_all();
            } else {
                self.wake(day);
                self.judge_stirred();
            }
            self.escalate(day);
        }
        Ok(())
    }

    /// Those whose day has come are to be looked at; feeds are few, and are each day.
    fn wake(&mut self, day: Day) {
        self.stirred.feeds = true;
        while let Some(entry) = self.due.first_entry() {
            if *entry.key() > day {
                break;
            }
            for subject in entry.remove() {
                match subject {
                    Subject::Employer(firm) => self.stirred.firms.extend([firm]),
                    Subject::Complaint(id) => self.stirred.complaints.extend([id]),
                    _ => {}
                }
            }
        }
    }

    /// What its rules see on that day, and by which rulebook.
    fn known(&self, today: Day) -> Known<'_> {
        let (owed, cases, doubles) = (&self.owed, Some(&self.cases), &self.doubles);
        Known { roster: &self.roster, owed, cases, doubles, today, book: &self.book }
    }

    fn judge_all(&mut self) {
        // The day is no matter for who is known.
        self.stirred.firms = self.known(self.meta.today.unwrap_or(Day(0))).firms();
        self.stirred.complaints = self.roster.complaints().map(|c| c.complaint_id.clone()).collect();
        self.stirred.feeds = true;
        self.doubles.stir_all();
        self.quarantine.stir_all();
        if self.meta.today.is_some_and(|today| !holds_floods(self.book.at(today))) {
            // Where nothing is held any more, nobody would be told of what was.
            self.floods.rules().into_iter().for_each(|rule| self.release(rule, None));
        }
        self.due.clear();
        self.judge_stirred();
    }

    /// Judges what was stirred, once there is a date to judge by.
    fn judge_stirred(&mut self) {
        let Some(today) = self.meta.today else { return };
        if self.stirred != Stirred::default() || self.doubles.has_stirred() {
            self.judge_county(today);
        }
        self.report_floods(today);
    }

    /// Tells the coordinator of which rules anything is held, its own last.
    fn report_floods(&mut self, today: Day) {
        let mut out = Vec::new();
        for rule in self.quarantine.take_stirred() {
            let mut on = Judgement::new(today, &self.book, None);
            if let Some(view) = self.quarantine.view(rule) {
                rules::judge_flood(&view, &mut on);
            }
            self.settle(Subject::Rule(rule), on.into_parts(), today, &mut out);
        }
        self.conclude(out);
    }

    fn judge_county(&mut self, today: Day) {
        self.stirs += 1;
        let Stirred { firms, mut complaints, feeds } = std::mem::take(&mut self.stirred);
        // A complaint tells what its employer owes.
        let of_firms = |id: &&CompactString| {
            let firm = self.roster.complaint(id).and_then(|complaint| complaint.employer_uscc);
            firm.is_some_and(|firm| firms.contains(&firm))
        };
        let known = self.roster.complaints().map(|complaint| &complaint.complaint_id);
        complaints.extend(known.filter(of_firms).cloned().collect::<Vec<_>>());
        let mut out = Vec::new();
        for firm in firms {
            let found = self.known(today).of_firm(firm);
            self.settle(Subject::Employer(firm), found, today, &mut out);
        }
        for id in complaints {
            let found = self.known(today).of_complaint(&id);
            self.settle(Subject::Complaint(id), found, today, &mut out);
        }
        for person in self.doubles.take_stirred() {
            let found = self.known(today).of_person(&person);
            self.settle(Subject::WorkerPeriod(person.0, person.1), found, today, &mut out);
        }
        if feeds {
            self.feeds_judged = true;
            // What was found of a feed that is none any more (its only account is another bank's now) ends too.
            let sources = self.alerts.standing().map(|alert| alert.finding.subject.clone());
            let sources = sources.filter(|subject| matches!(subject, Subject::Source(_)));
            let mut found: BTreeMap<Subject, Vec<Finding>> = sources.map(|s| (s, Vec::new())).collect();
            found.extend(self.known(today).of_feeds());
            for (subject, findings) in found {
                self.settle(subject, (findings, BTreeSet::new()), today, &mut out);
            }
        }
        self.conclude(out);
    }

    fn settle(
        &mut self,
        subject: Subject,
        (findings, again): (Vec<Finding>, BTreeSet<Day>),
        today: Day,
        out: &mut Vec<Changed>,
    ) {
        for day in again {
            self.due.entry(day).or_default().insert(subject.clone());
        }
        self.alerts.diff_subject(&subject, findings, today, &self.with.ids, out);
    }

    /// What the calendar does to alerts, after the day's findings.
    fn escalate(&mut self, today: Day) {
        let mut out = Vec::new();
        let (book, with) = (self.book.clone(), self.with.ids);
        let (written_ms, floods) = (self.current.1, &self.floods);
        let bench = Bench { book: &book, ids: &with, today: Some(today), written_ms, floods };
        self.alerts.turn(today, &bench.times(today, None), &mut out);
        self.conclude(out);
    }

    /// What follows from the changes of alerts themselves; then each gets its number.
    fn conclude(&mut self, mut out: Vec<Changed>) {
        let Some(today) = self.meta.today.filter(|_| !out.is_empty()) else { return };
        let (book, with) = (self.book.clone(), self.with.ids);
        let (written_ms, floods) = (self.current.1, &self.floods);
        let bench = Bench { book: &book, ids: &with, today: Some(today), written_ms, floods };
        self.alerts.conclude(today, &bench.times(today, None), &bench.gate(today), &mut out);
        for (change, alert) in out {
            let key = alert.key();
            let before = self.last.get(&key);
            self.floods.count(before.map(|row| &row.alert), change, &alert);
            self.tallies.add(before.map(|row| &row.alert), (change, &alert), today, None);
            // What a person did is about a finding that was judged before.
            let judged = before.filter(|_| !change.is_of_facts());
            let version = judged.map_or_else(|| book.version.as_str().into(), |row| row.rulebook.clone());
            let row = self.rows.number(self.current, (change, alert), version);
            self.dirty_alerts.insert(key.subject.clone());
            HeldTiding::of(&row).iter().for_each(|said| self.quarantine.take(said));
            self.last.insert(key, row);
        }
    }
}

#[cfg(test)]
mod tests;
