//! What the county keeps for rules that look beyond one project: who employs, what is signalled of
//! whom, complaints that name no project, which projects are at work, and what each feed sent last.
//! Merged from all records, in any order. Knows no worker, no alert, no rule.

use super::hearsay::Heard;
use super::kept::{Kept, Outcome, merge_into};
use super::roster_page::RosterPage;
use super::stored::Stored;
use crate::domain::{
    Account, Body, BusinessSignal, Complaint, Day, DayStart, DoubtKind, FeedView, FirmView, Project,
    ProjectId, ProjectStatus, Record, Signal, Stamp, Time, Uscc, WageAccount,
};
use compact_str::CompactString;
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};
use std::collections::{BTreeMap, BTreeSet};

/// The county's register beside its projects.
#[derive(Default)]
pub struct Roster {
    pub(super) firms: BTreeMap<Uscc, Firm>,
    pub(super) complaints: BTreeMap<CompactString, Kept<Complaint>>,
    pub(super) sites: HashMap<ProjectId, Site, FixedState>,
    pub(super) accounts: BTreeMap<Account, BankAccount>,
    pub(super) feeds: BTreeMap<CompactString, Feed>,
    pub(super) dirty: BTreeSet<RosterPage>,
}

#[derive(Default)]
pub(super) struct Firm {
    /// Some enrolment names it, or it was some project's contractor; for good.
    pub(super) employs: bool,
    pub(super) signals: BTreeMap<Signal, Kept<BusinessSignal>>,
}

/// A project as its papers and its attendance have it.
#[derive(Default)]
pub(super) struct Site {
    pub(super) stated: Option<Kept<Project>>,
    /// The date of its newest attendance, whoever sent it.
    pub(super) attended_on: Option<Day>,
}

#[derive(Default)]
pub(super) struct BankAccount {
    pub(super) stated: Option<Kept<WageAccount>>,
    /// The date of its newest booking.
    pub(super) booked_on: Option<Day>,
}

#[derive(Default)]
pub(super) struct Feed {
    /// The dates of the newest attendance, and of the newest payment of the bank of that name.
    pub(super) attendance_on: Option<Day>,
    pub(super) payment_on: Option<Day>,
    /// The projects whose attendance it has sent, each once.
    pub(super) projects: Vec<ProjectId>,
    pub(super) known: HashSet<ProjectId, FixedState>,
}

/// What a record may have changed.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Stirred {
    pub firms: BTreeSet<Uscc>,
    pub complaints: BTreeSet<CompactString>,
    /// All feeds are to be looked at.
    pub feeds: bool,
}

impl Roster {
    /// Merges a record; `stirred` grows by what may be others now.
    pub fn merge(&mut self, record: &Record, stirred: &mut Stirred) {
        let (head, at) = (&record.head, record.head.at);
        match &record.body {
            Body::Swipe(swipe) => self.attended(&head.source, &swipe.project_id, at, stirred),
            Body::WorkDay(day) => self.attended(&head.source, &day.project_id, at, stirred),
            Body::Enrolment(enrolment) => {
                enrolment.employer_uscc.into_iter().for_each(|firm| self.employs(firm, stirred));
            }
            Body::Project(project) => self.stated(project, &head.stamp(), stirred),
            Body::Payment(payment) => {
                let feed = self.feeds.entry(payment.bank.clone()).or_default();
                if advance(&mut feed.payment_on, stated_on(at)) {
                    self.dirty.insert(RosterPage::Feed(payment.bank.clone()));
                    stirred.feeds = true;
                }
            }
            Body::Account(account) => {
                let known = self.accounts.entry(account.account).or_default();
                let stands = state(&mut known.stated, &**account, &head.stamp());
                self.account_changed(account.account, stands, stirred);
            }
            Body::AccountEntry(entry) => {
                let known = self.accounts.entry(entry.account).or_default();
                let newer = advance(&mut known.booked_on, stated_on(at));
                self.account_changed(entry.account, newer, stirred);
            }
            Body::Complaint(complaint) => {
                let key = complaint.complaint_id.clone();
                if merge_into(&mut self.complaints, key.clone(), &**complaint, &head.stamp())
                    == Outcome::Stands
                {
                    self.dirty.insert(RosterPage::Complaint(key.clone()));
                    stirred.complaints.insert(key);
                }
            }
            Body::BusinessSignal(signal) => {
                let firm = self.firms.entry(signal.employer_uscc).or_default();
                if merge_into(&mut firm.signals, signal.signal, &**signal, &head.stamp()) == Outcome::Stands {
                    self.dirty.insert(RosterPage::Firm(signal.employer_uscc));
                    stirred.firms.insert(signal.employer_uscc);
                }
            }
            Body::Piecework(_)
            | Body::Payroll(_)
            | Body::AccountRestraint(_)
            | Body::Deposit(_)
            | Body::PaymentGuarantee(_)
            | Body::Inspection(_) => {}
        }
    }

    /// Merges what was heard of a project's record, where the record itself stands elsewhere.
    pub fn hear(&mut self, heard: &Heard, stirred: &mut Stirred) {
        match heard {
            Heard::Attended { source, project_id, on } => self.attended_on(source, project_id, *on, stirred),
            Heard::Employs(firm) => self.employs(*firm, stirred),
            Heard::Stated { project, stamp } => self.stated(project, stamp, stirred),
        }
    }

    fn stated(&mut self, project: &Project, stamp: &Stamp, stirred: &mut Stirred) {
        self.employs(project.contractor_uscc, stirred);
        let site = self.sites.entry(project.project_id.clone()).or_default();
        if state(&mut site.stated, project, stamp) {
            self.dirty.insert(RosterPage::Site(project.project_id.clone()));
            stirred.feeds = true;
        }
    }

    /// Attendance of the project was stated by that source at that time. Nine of ten records come here:
    /// nearly all say nothing new.
    pub fn attended(&mut self, source: &CompactString, project: &ProjectId, at: Time, stirred: &mut Stirred) {
        self.attended_on(source, project, stated_on(at), stirred);
    }

    fn attended_on(&mut self, source: &CompactString, project: &ProjectId, on: Day, stirred: &mut Stirred) {
        let feed = match self.feeds.get_mut(source) {
            Some(feed) => feed,
            None => self.feeds.entry(source.clone()).or_default(),
        };
        let mut changed = advance(&mut feed.attendance_on, on);
        if !feed.known.contains(project) {
            feed.known.insert(project.clone());
            feed.projects.push(project.clone());
            changed = true;
        }
        if changed {
            self.dirty.insert(RosterPage::Feed(source.clone()));
        }
        let site = self.sites.entry(project.clone()).or_default();
        if advance(&mut site.attended_on, on) {
            self.dirty.insert(RosterPage::Site(project.clone()));
            changed = true;
        }
        stirred.feeds |= changed;
    }

    fn employs(&mut self, uscc: Uscc, stirred: &mut Stirred) {
        let firm = self.firms.entry(uscc).or_default();
        if !firm.employs {
            firm.employs = true;
            self.dirty.insert(RosterPage::Firm(uscc));
            stirred.firms.insert(uscc);
        }
    }

    fn account_changed(&mut self, account: Account, changed: bool, stirred: &mut Stirred) {
        if changed {
            self.dirty.insert(RosterPage::Account(account));
            stirred.feeds = true;
        }
    }

    /// All employers that anything is known of.
    pub fn firms(&self) -> impl Iterator<Item = Uscc> {
        self.firms.keys().copied()
    }

    /// What is known of an employer here; arrears and cases are others' to add.
    pub fn firm(&self, uscc: Uscc) -> FirmView<'_> {
        let firm = self.firms.get(&uscc);
        FirmView {
            uscc,
            employs: firm.is_some_and(|firm| firm.employs),
            signals: firm.map_or(Vec::new(), |firm| firm.signals.values().map(|kept| &kept.value).collect()),
            overdue_workers: 0,
            overdue_projects: 0,
            overdue_fen: 0,
            oldest_due_on: None,
            cases: &[],
        }
    }

    /// What is stated of a project.
    pub fn project(&self, project: &ProjectId) -> Option<&Project> {
        self.sites.get(project)?.stated.as_ref().map(|kept| &kept.value)
    }

    /// All complaints, those too that name a project.
    pub fn complaints(&self) -> impl Iterator<Item = &Complaint> {
        self.complaints.values().map(|kept| &kept.value)
    }

    pub fn complaint(&self, id: &str) -> Option<&Complaint> {
        self.complaints.get(id).map(|kept| &kept.value)
    }

    /// Every feed with what hangs on it today, by name.
    pub fn feeds(&self, today: Day) -> Vec<FeedView<'_>> {
        let mut banks: BTreeMap<&str, (Option<Day>, u32)> = BTreeMap::new();
        for account in self.accounts.values() {
            let Some(stated) = account.stated.as_ref().map(|kept| &kept.value) else { continue };
            let bank = banks.entry(&stated.bank).or_default();
            bank.0 = bank.0.max(account.booked_on);
            bank.1 += u32::from(self.is_served(stated, today));
        }
        let mut feeds: BTreeMap<&str, FeedView<'_>> = BTreeMap::new();
        for (name, feed) in &self.feeds {
            let served = feed.projects.iter().filter(|project| self.waits(project, feed, today)).count();
            let served = u32::try_from(served).unwrap_or(u32::MAX);
            let (booked_on, open) = banks.remove(name.as_str()).unwrap_or_default();
            let bank = feed.payment_on.max(booked_on).map(|day| (day, open));
            let attendance = feed.attendance_on.map(|day| (day, served));
            feeds.insert(name, FeedView { name, attendance, bank });
        }
        for (name, (booked_on, open)) in banks {
            let bank = booked_on.map(|day| (day, open));
            feeds.insert(name, FeedView { name, attendance: None, bank });
        }
        feeds.into_values().collect()
    }

    /// The projects that hang on a feed of that name today: by attendance that nobody else has sent since, or by an
    /// open account.
    pub fn waiting(&self, name: &str, kind: DoubtKind, today: Day) -> Vec<&ProjectId> {
        match kind {
            DoubtKind::Attendance => {
                let Some(feed) = self.feeds.get(name) else { return Vec::new() };
                feed.projects.iter().filter(|project| self.waits(project, feed, today)).collect()
            }
            DoubtKind::Bank => {
                let stated = self.accounts.values().filter_map(|account| account.stated.as_ref());
                let served =
                    stated.map(|kept| &kept.value).filter(|a| a.bank == name && self.is_served(a, today));
                served.map(|account| &account.project_id).collect()
            }
            DoubtKind::Site => Vec::new(),
        }
    }

    /// At work, and without newer attendance from elsewhere.
    fn waits(&self, project: &ProjectId, feed: &Feed, today: Day) -> bool {
        let newest = self.sites.get(project).and_then(|site| site.attended_on);
        self.is_at_work(project, today) && newest <= feed.attendance_on
    }

    /// An open account of a project at work.
    fn is_served(&self, account: &WageAccount, today: Day) -> bool {
        account.closed_on.is_none_or(|day| day > today) && self.is_at_work(&account.project_id, today)
    }

    /// Active and not completed; what is not known is taken to be.
    fn is_at_work(&self, project: &ProjectId, today: Day) -> bool {
        self.sites.get(project).and_then(|site| site.stated.as_ref()).is_none_or(|kept| {
            let facts = &kept.value;
            facts.status == ProjectStatus::Active && facts.completed_on.is_none_or(|day| day > today)
        })
    }
}

/// Puts a statement in its place; whether it stands.
pub(super) fn state<T: Stored + PartialEq + Clone>(
    place: &mut Option<Kept<T>>,
    value: &T,
    stamp: &Stamp,
) -> bool {
    match place {
        Some(kept) => kept.merge(value, stamp) == Outcome::Stands,
        None => {
            *place = Some(Kept { value: value.clone(), stamp: stamp.clone() });
            true
        }
    }
}

/// The civil date in China on which a record was stated.
pub(super) fn stated_on(at: Time) -> Day {
    at.business(DayStart(0)).0
}

/// Moves a date on; whether it moved.
pub(super) fn advance(newest: &mut Option<Day>, day: Day) -> bool {
    let moves = newest.is_none_or(|newest| newest < day);
    if moves {
        *newest = Some(day);
    }
    moves
}
