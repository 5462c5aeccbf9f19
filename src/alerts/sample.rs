//! Findings and alerts for the tests of this room: plain ones, to be bent by each test.

use super::{PUBLIC_ID_KEY, ProjectAlerts};
use crate::domain::{
    Alert, Change, Day, Days, Evidence, Finding, IdNumber, Level, Period, ProjectId, Rule, Subject, Sum,
    WagePeriod,
};

pub(crate) fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// The n-th worker; they order as their numbers do.
pub(crate) fn person(n: u8) -> IdNumber {
    IdNumber::from_kept(&format!("E{n:08}"))
}

/// `wage-unpaid` of the n-th worker, due on the 15th of the next month.
pub(crate) fn wage(n: u8, month: &str, arrears: Sum) -> Finding {
    let period = Period::parse(month).unwrap();
    let due_on = period.plus(1).day_or_last(15);
    Finding {
        rule: Rule::WageUnpaid,
        project_id: ProjectId::parse("project_id", "P1").unwrap(),
        subject: Subject::WorkerPeriod(person(n), period),
        level: Level::Yellow,
        amount: arrears,
        workers: 1,
        due_on: Some(due_on),
        period: Some(period),
        evidence: Evidence::Wage(Box::new(WagePeriod {
            employer_uscc: None,
            days: Days(2000),
            minutes: 0,
            accrual: Vec::new(),
            accrued: arrears,
            signed: None,
            expected: arrears,
            direct: 0,
            filled: 0,
            paid: 0,
            arrears,
            tolerance: 100,
            due_nominal: due_on,
            due_on,
            payments: Vec::new(),
        })),
    }
}

pub(crate) fn unregistered(n: u8) -> Finding {
    Finding {
        rule: Rule::UnregisteredWorker,
        subject: Subject::Worker(person(n)),
        amount: 0,
        due_on: None,
        period: None,
        evidence: Evidence::UnregisteredWorker { days: Days(100), first_worked_on: None },
        ..wage(n, "2026-03", 0)
    }
}

/// The alert that a finding raises on 2026-04-16.
pub(crate) fn alert(finding: Finding) -> Alert {
    let mut out: Vec<(Change, Alert)> = Vec::new();
    let mut book = ProjectAlerts::new();
    let whom = finding.subject.id_number().cloned();
    match whom {
        Some(id) => book.diff_worker(&id, vec![finding], day("2026-04-16"), &PUBLIC_ID_KEY, &mut out),
        None => {
            book.diff_part(finding.rule.part(), vec![finding], day("2026-04-16"), &PUBLIC_ID_KEY, &mut out)
        }
    }
    out.remove(0).1
}
