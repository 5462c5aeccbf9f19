//! Tests of a project's alerts: facts and acts in, rows out.

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
    let findings =
        || vec![wage(1, "2026-01", 5), unregistered(1), wage(1, "2026-02", 5), underpaid(1, "2026-02", 5)];
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
