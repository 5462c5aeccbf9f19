//! Which projects have been kept long enough, and which entries of a log are theirs. A function of the log's entries, of
//! what the ledger says of each project, and of the business date. Knows no file, no clock, no store.
//!
//! A project may be erased 1096 days (three years and never less) after the last of: its completion, and the last day on
//! which anybody stated anything of it. Whatever settled it was a statement of it, so it has been settled for as long. Before
//! that, and while anything of it is open, it is kept.

#[cfg(test)]
mod tests;

use crate::domain::{Account, Body, Day, DayStart, Entry, ProjectId, ProjectStatus, Record, Rejected, Time};
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Order 724, article 15 and others: records are kept for at least three years.
pub const KEPT_DAYS: i32 = 1096;

/// What all entries of a log say of its projects, as far as it matters here. Entries in any order.
#[derive(Default)]
pub struct Survey {
    projects: BTreeMap<ProjectId, Seen>,
    /// Whose wage account each is, by the greatest (`at`, `id`).
    owners: BTreeMap<Account, Stated<ProjectId>>,
    /// Complaints that name a project, and whether they are closed.
    complaints: BTreeMap<CompactString, Stated<(Option<ProjectId>, bool)>>,
    /// Of what names an account and no project.
    by_account: BTreeMap<Account, Day>,
    erased: BTreeSet<ProjectId>,
}

struct Stated<T> {
    at: Time,
    id: CompactString,
    what: T,
}

#[derive(Default)]
struct Seen {
    /// Whether and when it was completed, by the newest of its own records.
    own: Option<Stated<(bool, Option<Day>)>>,
    last: Option<Day>,
}

/// What the ledger says of a project on the business date.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Open {
    pub workers_in_arrears: u32,
    pub alerts: u32,
    pub payments_in_suspense: u32,
}

/// Why a project is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kept {
    NoProjectRecord,
    NotFinished,
    Arrears {
        workers: u32,
    },
    Alerts(u32),
    Suspense(u32),
    Complaint(CompactString),
    /// May be erased from this day on.
    Until(Day),
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kept::NoProjectRecord => write!(f, "no project record says that it is finished"),
            Kept::NotFinished => write!(f, "it is not finished"),
            Kept::Arrears { workers } => write!(f, "{workers} workers have arrears"),
            Kept::Alerts(count) => write!(f, "{count} alerts of it stand"),
            Kept::Suspense(count) => write!(f, "{count} payments wait for a worker of it"),
            Kept::Complaint(id) => write!(f, "complaint {id} is open"),
            Kept::Until(day) => write!(f, "it is kept until {day}"),
        }
    }
}

impl Survey {
    pub fn take(&mut self, entry: &Entry) {
        match entry {
            Entry::Record(record) => self.record(record),
            Entry::Erased(erased) => {
                self.erased.insert(erased.project_id.clone());
            }
            Entry::Act(act) => self.seen(&act.project_id, act.at),
            Entry::Rejected(_) | Entry::Date(_) | Entry::Rulebook(_) | Entry::Release(_) => {}
        }
    }

    fn record(&mut self, record: &Record) {
        let (at, id) = (record.head.at, &record.head.id);
        if let Some(project) = record.body.project_id() {
            self.seen(project, at);
        }
        match &record.body {
            Body::Project(project) => {
                let finished = project.status == ProjectStatus::Completed || project.completed_on.is_some();
                let own = &mut self.projects.entry(project.project_id.clone()).or_default().own;
                put(own, at, id, (finished, project.completed_on));
            }
            Body::Account(account) => {
                keep(&mut self.owners, account.account, at, id, account.project_id.clone());
            }
            Body::Complaint(c) => {
                let what = (c.project_id.clone(), c.closed_on.is_some());
                keep(&mut self.complaints, c.complaint_id.clone(), at, id, what);
            }
            Body::Payment(payment) if payment.project_id.is_none() => self.booked(payment.account, at),
            Body::AccountEntry(entry) => self.booked(entry.account, at),
            Body::AccountRestraint(restraint) => self.booked(restraint.account, at),
            _ => {}
        }
    }

    fn seen(&mut self, project: &ProjectId, at: Time) {
        let seen = self.projects.entry(project.clone()).or_default();
        seen.last = seen.last.max(Some(day_of(at)));
    }

    fn booked(&mut self, account: Account, at: Time) {
        let day = self.by_account.entry(account).or_insert(day_of(at));
        *day = day_of(at).max(*day);
    }

    /// Each project of the log, with the reason for which it is kept; `None`: it may be erased.
    pub fn judge(&self, today: Day, open: &BTreeMap<ProjectId, Open>) -> BTreeMap<ProjectId, Option<Kept>> {
        let projects = self.projects.iter().filter(|(id, _)| !id.is_county());
        projects
            .map(|(id, seen)| {
                let open = open.get(id).copied().unwrap_or_default();
                (id.clone(), self.kept(id, seen, today, open))
            })
            .collect()
    }

    fn kept(&self, id: &ProjectId, seen: &Seen, today: Day, open: Open) -> Option<Kept> {
        let Some(own) = &seen.own else { return Some(Kept::NoProjectRecord) };
        let (finished, completed_on) = own.what;
        if !finished {
            return Some(Kept::NotFinished);
        }
        if open.workers_in_arrears > 0 {
            return Some(Kept::Arrears { workers: open.workers_in_arrears });
        }
        if open.alerts > 0 {
            return Some(Kept::Alerts(open.alerts));
        }
        if open.payments_in_suspense > 0 {
            return Some(Kept::Suspense(open.payments_in_suspense));
        }
        let names =
            |complaint: &Stated<(Option<ProjectId>, bool)>| complaint.what == (Some(id.clone()), false);
        if let Some((complaint, _)) = self.complaints.iter().find(|(_, complaint)| names(complaint)) {
            return Some(Kept::Complaint(complaint.clone()));
        }
        let booked = self.owners.iter().filter(|(_, owner)| owner.what == *id);
        let booked = booked.filter_map(|(account, _)| self.by_account.get(account).copied());
        let last = booked.chain(seen.last).chain(completed_on).max()?;
        let until = last.plus(KEPT_DAYS);
        (today < until).then_some(Kept::Until(until))
    }

    /// What is to go with these projects.
    pub fn erasure(&self, projects: BTreeSet<ProjectId>) -> Erasure {
        let owned = self.owners.iter().filter(|(_, owner)| projects.contains(&owner.what));
        let complaints = self.complaints.iter();
        let theirs = complaints.filter(|(_, c)| c.what.0.as_ref().is_some_and(|id| projects.contains(id)));
        Erasure {
            accounts: owned.map(|(account, _)| *account).collect(),
            complaints: theirs.map(|(id, _)| id.clone()).collect(),
            projects,
        }
    }
}

/// Which entries go.
pub struct Erasure {
    projects: BTreeSet<ProjectId>,
    accounts: BTreeSet<Account>,
    complaints: BTreeSet<CompactString>,
}

impl Erasure {
    pub fn projects(&self) -> &BTreeSet<ProjectId> {
        &self.projects
    }

    /// Whether the entry is of one of the projects: names it, or one of its wage accounts, or is input that could not be
    /// taken and names it somewhere.
    pub fn takes(&self, entry: &Entry) -> bool {
        match entry {
            Entry::Record(record) => self.takes_record(&record.body),
            Entry::Act(act) => self.projects.contains(&act.project_id),
            Entry::Rejected(rejected) => self.takes_input(rejected),
            Entry::Date(_) | Entry::Rulebook(_) | Entry::Release(_) | Entry::Erased(_) => false,
        }
    }

    fn takes_record(&self, body: &Body) -> bool {
        let of_account = |account: &Account| self.accounts.contains(account);
        if body.project_id().is_some_and(|id| self.projects.contains(id)) {
            return true;
        }
        match body {
            // A statement of before it was this project's would make it another's again.
            Body::Account(account) => of_account(&account.account),
            Body::Payment(payment) => payment.project_id.is_none() && of_account(&payment.account),
            Body::AccountEntry(entry) => of_account(&entry.account),
            Body::AccountRestraint(restraint) => of_account(&restraint.account),
            Body::Complaint(complaint) => self.complaints.contains(&complaint.complaint_id),
            _ => false,
        }
    }

    fn takes_input(&self, rejected: &Rejected) -> bool {
        self.projects.iter().any(|id| names(&rejected.raw, id.as_str().as_bytes()))
    }
}

/// Whether the bytes hold the word, and not only as a part of a longer one.
fn names(bytes: &[u8], word: &[u8]) -> bool {
    let of_word = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || b"._-".contains(b));
    bytes.windows(word.len()).enumerate().any(|(at, part)| {
        part == word
            && !of_word(at.checked_sub(1).and_then(|before| bytes.get(before)))
            && !of_word(bytes.get(at + word.len()))
    })
}

fn day_of(at: Time) -> Day {
    at.business(DayStart(0)).0
}

fn put<T>(slot: &mut Option<Stated<T>>, at: Time, id: &CompactString, what: T) {
    if slot.as_ref().is_none_or(|known| (known.at, &known.id) < (at, id)) {
        *slot = Some(Stated { at, id: id.clone(), what });
    }
}

fn keep<K: Ord, T>(all: &mut BTreeMap<K, Stated<T>>, key: K, at: Time, id: &CompactString, what: T) {
    match all.get_mut(&key) {
        Some(known) if (known.at, &known.id) >= (at, id) => {}
        _ => {
            all.insert(key, Stated { at, id: id.clone(), what });
        }
    }
}
