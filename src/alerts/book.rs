//! The alerts of one project, standing and resolved, and how findings and acts change them.
//! Numbers no rows and stores nothing: its caller does.

use super::flood::is_held_itself;
use super::history::remember;
use super::index::Index;
use super::life::change_of;
use super::owed::Overdue;
use super::{IdKey, acts, alert_id};
use crate::domain::{
    Act, Alert, AlertId, AlertKey, AlertStatus, Casework, Change, Clock, Day, Deadlines, Finding, History,
    IdNumber, Level, Part, Reason, ReasonCode, Release, Rule, Subject, Sum, Verdict,
};
use std::collections::{BTreeMap, BTreeSet};

/// By when an alert of a level that begins to ask now is to be acknowledged and settled; `None` where no
/// times run.
pub type Times<'a> = dyn Fn(Level) -> Option<Deadlines> + 'a;

/// All alerts that one project ever had, one a (rule, subject).
#[derive(Clone, Default, Debug)]
pub struct ProjectAlerts {
    pub(super) alerts: BTreeMap<AlertKey, Alert>,
    pub(super) index: Index,
}

impl ProjectAlerts {
    pub fn new() -> ProjectAlerts {
        ProjectAlerts::default()
    }

    /// Takes an alert as it was stored. One of the same key is replaced.
    pub fn load(&mut self, alert: Alert) {
        self.index.add(&alert);
        if let Some(replaced) = self.alerts.insert(alert.key(), alert) {
            self.index.remove(&replaced);
        }
    }

    /// Compares what is now found about one worker with his alerts, and pushes each alert that
    /// changed, ascending by key. `findings` are all of that worker's; what is missing is resolved.
    pub fn diff_worker(
        &mut self,
        id: &IdNumber,
        findings: Vec<Finding>,
        today: Day,
        ids: &IdKey,
        out: &mut Vec<(Change, Alert)>,
    ) {
        self.diff(&Scope::Worker(id), findings, today, ids, out);
    }

    /// The same for what is found about a part of the project as a whole.
    pub fn diff_part(
        &mut self,
        part: Part,
        findings: Vec<Finding>,
        today: Day,
        ids: &IdKey,
        out: &mut Vec<(Change, Alert)>,
    ) {
        self.diff(&Scope::Part(part), findings, today, ids, out);
    }

    /// The same for what is found about one subject that is no worker.
    pub fn diff_subject(
        &mut self,
        subject: &Subject,
        findings: Vec<Finding>,
        today: Day,
        ids: &IdKey,
        out: &mut Vec<(Change, Alert)>,
    ) {
        self.diff(&Scope::Subject(subject), findings, today, ids, out);
    }

    fn diff(
        &mut self,
        scope: &Scope<'_>,
        mut findings: Vec<Finding>,
        today: Day,
        ids: &IdKey,
        out: &mut Vec<(Change, Alert)>,
    ) {
        let here = |f: &Finding| scope.reaches(&f.subject) && scope.has(f.rule);
        assert!(findings.iter().all(here), "bug: a finding about somebody else");
        findings.sort_by(|a, b| order(a).cmp(&order(b)));
        findings.dedup_by(|b, a| order(a) == order(b));
        let mut found = findings.into_iter().peekable();
        let mut raised = Vec::new();
        for (key, alert) in self.alerts.range_mut(scope.first_key()..) {
            if !scope.reaches(&key.subject) {
                break;
            }
            if !scope.has(key.rule) {
                continue;
            }
            while let Some(new) = found.next_if(|finding| order(finding) < (&key.subject, key.rule)) {
                raised.push(raise(new, today, ids));
                out.extend(raised.last().map(|alert| (Change::Raised, alert.clone())));
            }
            let now = found.next_if(|finding| order(finding) == (&key.subject, key.rule));
            if let Some(change) = change_of(Some(alert), now.as_ref()) {
                self.index.remove(alert);
                apply(alert, change, now, today);
                self.index.add(alert);
                out.push((change, alert.clone()));
            }
        }
        for new in found {
            raised.push(raise(new, today, ids));
            out.extend(raised.last().map(|alert| (Change::Raised, alert.clone())));
        }
        for alert in raised {
            self.index.add(&alert);
            self.alerts.insert(alert.key(), alert);
        }
    }

    /// Does what a supervisor says. Accepted pushes one change; a repeated act, or one that says what
    /// is already so, is a duplicate; an unknown or resolved alert is a rejection.
    pub fn act(&mut self, act: &Act, today: Day, out: &mut Vec<(Change, Alert)>) -> Verdict {
        let Some(alert) = self.alerts.values_mut().find(|alert| alert.id == act.alert_id) else {
            return Verdict::Rejected(Reason::new(
                "alert_id",
                ReasonCode::Missing,
                "the id of no alert of this project",
                "the id of an alert of this project",
            ));
        };
        self.index.remove(alert);
        let done = acts::apply(alert, act, today);
        self.index.add(alert);
        match done {
            Ok(change) => {
                out.push((change, alert.clone()));
                Verdict::Accepted
            }
            Err(verdict) => verdict,
        }
    }

    /// Lets go what is held of a rule by itself; what is a part of it follows when all is concluded.
    /// `None`: nobody did it, the rulebook holds nothing any more.
    pub fn release(&mut self, rule: Rule, by: Option<&Release>, today: Day, out: &mut Vec<(Change, Alert)>) {
        let held = |alert: &&mut Alert| alert.finding.rule == rule && is_held_itself(alert);
        for alert in self.alerts.values_mut().filter(held) {
            self.index.remove(alert);
            alert.held = None;
            acts::released(alert, by, today);
            self.index.add(alert);
            out.push((Change::Released, alert.clone()));
        }
    }

    /// The first day on which [`ProjectAlerts::turn`] has something to do.
    pub fn first_day(&self) -> Option<Day> {
        self.index.first_day()
    }

    /// The project's name or who answers for it is another now: each standing alert is told again,
    /// so that those who answer for it now hear of it. Those in `out` have just been told.
    pub fn tell_anew(&mut self, today: Day, out: &mut Vec<(Change, Alert)>) {
        let told: BTreeSet<AlertId> = out.iter().map(|(_, alert)| alert.id.clone()).collect();
        let untold = |alert: &&mut Alert| alert.stands() && !told.contains(&alert.id);
        for alert in self.alerts.values_mut().filter(untold) {
            apply(alert, Change::Changed, None, today);
            out.push((Change::Changed, alert.clone()));
        }
    }

    pub fn get(&self, key: &AlertKey) -> Option<&Alert> {
        self.alerts.get(key)
    }

    /// Searches the whole project: ids do not tell their subject.
    pub fn find(&self, id: &AlertId) -> Option<&Alert> {
        self.alerts.values().find(|alert| alert.id == *id)
    }

    /// All alerts, ascending by key: the project's own first, then worker by worker.
    pub fn iter(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.values()
    }

    /// Those whose facts hold now: open, acknowledged, dismissed.
    pub fn standing(&self) -> impl Iterator<Item = &Alert> {
        self.iter().filter(|alert| alert.stands())
    }

    pub fn of_worker(&self, id: &IdNumber) -> impl Iterator<Item = &Alert> {
        self.about(Some(id))
    }

    /// The alerts about the project as a whole.
    pub fn of_project(&self) -> impl Iterator<Item = &Alert> {
        self.about(None)
    }

    fn about(&self, whom: Option<&IdNumber>) -> impl Iterator<Item = &Alert> {
        self.alerts
            .range(first_key(whom)..)
            .take_while(move |(key, _)| key.subject.id_number() == whom)
            .map(|(_, alert)| alert)
    }

    pub fn len(&self) -> usize {
        self.alerts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.alerts.is_empty()
    }

    /// Totals over the standing wage alerts, at no cost that grows with their number.
    pub fn overdue_totals(&self) -> Overdue {
        self.index.owed.totals()
    }

    /// The workers who are owed most: their sums (fen) over standing wage alerts, descending, then by id.
    pub fn worst(&self, count: usize) -> Vec<(IdNumber, Sum)> {
        self.index.owed.worst(count)
    }
}

/// Which alerts a set of findings is all of.
enum Scope<'a> {
    Worker(&'a IdNumber),
    Part(Part),
    Subject(&'a Subject),
}

impl Scope<'_> {
    /// The least key that it may have.
    fn first_key(&self) -> AlertKey {
        match self {
            Scope::Worker(id) => first_key(Some(id)),
            Scope::Part(_) => first_key(None),
            Scope::Subject(subject) => AlertKey { subject: (*subject).clone(), rule: Rule::WageUnpaid },
        }
    }

    /// Keys that it reaches stand together.
    fn reaches(&self, subject: &Subject) -> bool {
        match self {
            Scope::Worker(id) => subject.id_number() == Some(id),
            Scope::Part(_) => subject.id_number().is_none(),
            Scope::Subject(only) => subject == *only,
        }
    }

    fn has(&self, rule: Rule) -> bool {
        match self {
            Scope::Part(part) => rule.part() == *part,
            Scope::Worker(_) | Scope::Subject(_) => true,
        }
    }
}

/// The least key of a worker's alerts, or of the project's own.
fn first_key(whom: Option<&IdNumber>) -> AlertKey {
    AlertKey {
        subject: whom.map_or(Subject::Project, |id| Subject::Worker(id.clone())),
        rule: Rule::WageUnpaid,
    }
}

/// The order of keys.
fn order(finding: &Finding) -> (&Subject, Rule) {
    (&finding.subject, finding.rule)
}

fn raise(finding: Finding, today: Day, ids: &IdKey) -> Alert {
    let mut alert = Alert {
        id: alert_id(ids, finding.rule, &finding.project_id, &finding.subject),
        finding,
        status: AlertStatus::Open,
        raised_on: today,
        changed_on: today,
        revision: 1,
        assignee: None,
        dismissal: None,
        actor: None,
        note: None,
        casework: Casework::default(),
        clock: Clock::default(),
        rolled_up: false,
        held: None,
        causes: Vec::new(),
        history: History::default(),
    };
    remember(&mut alert, Change::Raised, today, None);
    alert
}

/// Makes a change of the facts or the calendar. A resolved alert keeps the finding that was resolved.
pub(super) fn apply(alert: &mut Alert, change: Change, now: Option<Finding>, today: Day) {
    match change {
        Change::Resolved => {
            alert.status = AlertStatus::Resolved;
            alert.casework.exemption = None;
        }
        Change::Reopened => {
            if !alert.stands() {
                // The trouble is here again: what was asked and said of it was about another time.
                alert.casework.justification = None;
                alert.casework.worker = None;
            }
            alert.status = AlertStatus::Open;
            alert.dismissal = None;
            alert.casework.exemption = None;
        }
        _ => {}
    }
    if let Some(finding) = now {
        alert.finding = finding;
    }
    alert.changed_on = today;
    alert.revision = alert.revision.saturating_add(1);
    alert.actor = None;
    alert.note = None;
    remember(alert, change, today, None);
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
