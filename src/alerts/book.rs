//! The alerts of one project, standing and resolved, and how findings and acts change them.
//! Numbers no rows and stores nothing: its caller does.

use super::history::remember;
use super::index::Index;
use super::life::change_of;
use super::owed::Overdue;
use super::{IdKey, acts, alert_id};
use crate::domain::{
    Act, Alert, AlertId, AlertKey, AlertStatus, Casework, Change, Clock, Day, Deadlines, Finding, History,
    IdNumber, Level, Part, Reason, ReasonCode, Rule, Subject, Sum, Verdict,
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
        self.diff((Some(id), Part::Worker), findings, today, ids, out);
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
        self.diff((None, part), findings, today, ids, out);
    }

    fn diff(
        &mut self,
        (whom, part): (Option<&IdNumber>, Part),
        mut findings: Vec<Finding>,
        today: Day,
        ids: &IdKey,
        out: &mut Vec<(Change, Alert)>,
    ) {
        let of_part = |rule: Rule| whom.is_some() || rule.part() == part;
        let here = |f: &Finding| f.subject.id_number() == whom && of_part(f.rule);
        assert!(findings.iter().all(here), "bug: a finding about somebody else");
        findings.sort_by(|a, b| order(a).cmp(&order(b)));
        findings.dedup_by(|b, a| order(a) == order(b));
        let mut found = findings.into_iter().peekable();
        let mut raised = Vec::new();
        for (key, alert) in self.alerts.range_mut(first_key(whom)..) {
            if key.subject.id_number() != whom {
                break;
            }
            if !of_part(key.rule) {
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
mod tests {
    use super::*;
    use crate::alerts::PUBLIC_ID_KEY;
    use crate::alerts::sample::{day, person, unregistered, wage};
    use crate::domain::{ActKind, DismissReason, Time};

    /// A book and what came out of it, as `change rule status rN`.
    #[derive(Default)]
    struct Play {
        book: ProjectAlerts,
    }

    impl Play {
        fn facts(&mut self, worker: u8, today: &str, findings: Vec<Finding>) -> Vec<String> {
            let mut out = Vec::new();
            self.book.diff_worker(&person(worker), findings, day(today), &PUBLIC_ID_KEY, &mut out);
            told(&out)
        }

        fn act(&mut self, alert_id: &AlertId, act_id: &str, kind: ActKind) -> (&'static str, Vec<String>) {
            let mut out = Vec::new();
            let act = Act {
                alert_id: alert_id.clone(),
                project_id: wage(1, "2026-03", 1).project_id,
                actor: "housing".into(),
                at: Time::parse("2026-04-20T09:00:00+08:00").unwrap(),
                act_id: act_id.into(),
                kind,
            };
            let verdict = self.book.act(&act, day("2026-04-20"), &mut out);
            (verdict.as_str(), told(&out))
        }
    }

    fn told(out: &[(Change, Alert)]) -> Vec<String> {
        let row = |(change, alert): &(Change, Alert)| {
            format!("{change} {} {} r{}", alert.finding.rule, alert.status, alert.revision)
        };
        out.iter().map(row).collect()
    }

    fn underpaid(n: u8, month: &str, arrears: Sum) -> Finding {
        Finding { rule: Rule::WageUnderpaid, ..wage(n, month, arrears) }
    }

    #[test]
    fn a_wage_is_missed_paid_in_part_paid_and_returned() {
        let mut play = Play::default();
        let unpaid = || vec![wage(1, "2026-03", 860_000)];
        assert_eq!(play.facts(1, "2026-04-16", unpaid()), ["raised wage-unpaid open r1"]);
        assert!(play.facts(1, "2026-04-17", unpaid()).is_empty());
        assert_eq!(
            play.facts(1, "2026-04-18", vec![underpaid(1, "2026-03", 360_000)]),
            ["resolved wage-unpaid resolved r2", "raised wage-underpaid open r1"]
        );
        assert_eq!(play.facts(1, "2026-04-19", vec![]), ["resolved wage-underpaid resolved r2"]);
        assert_eq!(play.facts(1, "2026-04-20", unpaid()), ["reopened wage-unpaid open r3"]);
        let alert = play.book.standing().next().unwrap();
        assert_eq!((alert.raised_on, alert.changed_on), (day("2026-04-16"), day("2026-04-20")));
    }

    #[test]
    fn one_workers_facts_leave_the_others_alone() {
        let mut play = Play::default();
        for n in [1, 2, 3] {
            let rows = play.facts(
                n,
                "2026-05-16",
                vec![wage(n, "2026-04", 100), unregistered(n), wage(n, "2026-03", 100)],
            );
            assert_eq!(rows.len(), 3);
            assert_eq!(rows[0], "raised unregistered-worker open r1");
        }
        assert_eq!(play.facts(2, "2026-05-17", vec![]).len(), 3);
        assert_eq!(play.book.standing().count(), 6);
        assert_eq!(play.book.of_worker(&person(2)).filter(|alert| alert.stands()).count(), 0);
        assert_eq!(play.book.of_worker(&person(3)).count(), 3);
        assert_eq!(play.book.of_worker(&person(9)).count(), 0);
    }

    #[test]
    fn rows_do_not_depend_on_the_order_of_findings() {
        let findings = || {
            vec![wage(1, "2026-01", 5), unregistered(1), wage(1, "2026-02", 5), underpaid(1, "2026-02", 5)]
        };
        let (mut there, mut back) = (Play::default(), Play::default());
        there.facts(1, "2026-04-16", vec![wage(1, "2026-02", 7)]);
        back.facts(1, "2026-04-16", vec![wage(1, "2026-02", 7)]);
        let reversed = findings().into_iter().rev().collect();
        let rows = there.facts(1, "2026-04-17", findings());
        assert_eq!(rows, back.facts(1, "2026-04-17", reversed));
        assert_eq!(rows[2], "changed wage-unpaid open r2");
    }

    #[test]
    fn a_dismissal_holds_until_the_facts_are_worse() {
        let mut play = Play::default();
        play.facts(1, "2026-04-16", vec![wage(1, "2026-03", 1_000)]);
        let id = play.book.iter().next().unwrap().id.clone();
        let dismiss = ActKind::Dismiss { reason: DismissReason::WorkerAgreed, text: "".into() };
        play.act(&id, "a1", ActKind::Assign { to: "Bai".into() });
        assert_eq!(play.act(&id, "a2", dismiss.clone()).1, ["dismissed wage-unpaid dismissed r3"]);
        assert_eq!(play.act(&id, "a2", dismiss), ("duplicate", vec![]));
        let smaller = vec![wage(1, "2026-03", 500)];
        assert_eq!(play.facts(1, "2026-04-17", smaller), ["changed wage-unpaid dismissed r4"]);
        let as_it_was = vec![wage(1, "2026-03", 1_000)];
        assert_eq!(play.facts(1, "2026-04-18", as_it_was), ["changed wage-unpaid dismissed r5"]);
        let older = vec![Finding { level: Level::Orange, ..wage(1, "2026-03", 1_000) }];
        assert_eq!(play.facts(1, "2026-05-16", older), ["reopened wage-unpaid open r6"]);
        let alert = play.book.find(&id).unwrap();
        assert_eq!((alert.dismissal.clone(), alert.assignee.as_deref()), (None, Some("Bai")));
    }

    #[test]
    fn an_act_on_no_alert_is_rejected() {
        let mut play = Play::default();
        play.facts(1, "2026-04-16", vec![wage(1, "2026-03", 1_000)]);
        let nobody = AlertId("wage-unpaid-aaaaaaaaaaaaaaaaaaaaaaaaaa".into());
        assert_eq!(play.act(&nobody, "a1", ActKind::Acknowledge), ("rejected", vec![]));
    }

    #[test]
    fn the_projects_own_alerts_stand_apart() {
        let mut play = Play::default();
        play.facts(1, "2026-04-16", vec![wage(1, "2026-03", 1_000)]);
        let whole =
            Finding { rule: Rule::ProjectArrears, subject: Subject::Project, ..wage(1, "2026-03", 1_000) };
        let mut out = Vec::new();
        play.book.diff_part(Part::Totals, vec![whole], day("2026-04-16"), &PUBLIC_ID_KEY, &mut out);
        assert_eq!(told(&out), ["raised project-arrears open r1"]);
        assert_eq!(play.book.of_project().count(), 1);
        play.book.diff_part(Part::Totals, vec![], day("2026-04-17"), &PUBLIC_ID_KEY, &mut out);
        assert_eq!(told(&out)[1..], ["resolved project-arrears resolved r2"]);
        assert_eq!(play.book.overdue_totals().overdue_fen, 1_000);
    }

    #[test]
    #[should_panic(expected = "somebody else")]
    fn a_finding_about_somebody_else_is_a_bug() {
        Play::default().facts(1, "2026-04-16", vec![wage(2, "2026-03", 1_000)]);
    }
}
