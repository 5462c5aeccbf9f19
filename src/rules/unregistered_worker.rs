//! `unregistered-worker`: somebody works on the site whom no enrolment of the project knows.
//!
//! **Article**: Order 724, art. 28.
//!
//! **Found when**: the worker's worked days in the project are above 0, and no enrolment of him in
//! that project is known, of whatever date. Yellow.
//!
//! **Clears when**: an enrolment arrives (his work is then priced from the first day), or every day
//! of his attendance is voided.
//!
//! **Evidence**: the worked days and the first of them.
//!
//! **Not covered**: workers who never swipe; piecework, payroll lines or payments without attendance;
//! an enrolment without a written contract.

use super::Judgement;
use crate::domain::{Days, Evidence, Finding, Level, Rule, Subject, WorkerView};

pub(super) fn judge(view: &WorkerView, on: &mut Judgement<'_>) {
    if view.enrolled || view.days == Days(0) {
        return;
    }
    on.find(Finding {
        rule: Rule::UnregisteredWorker,
        project_id: view.project_id.clone(),
        subject: Subject::Worker(view.id_number.clone()),
        level: Level::Yellow,
        amount: 0,
        workers: 1,
        due_on: None,
        period: None,
        evidence: Evidence::UnregisteredWorker { days: view.days, first_worked_on: view.first_worked_on },
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sample::{judgement, period, person, worker};

    fn check(enrolled: bool, hundredths: u32, expected: usize) {
        let mut view = worker(vec![period("2026-03", 0, 0)]);
        view.enrolled = enrolled;
        view.days = Days(hundredths);
        let mut on = judgement("2026-04-20");
        judge(&view, &mut on);
        let out = on.into_parts().0;
        assert_eq!(out.len(), expected, "{enrolled} {hundredths}");
        for finding in out {
            assert_eq!(finding.subject, Subject::Worker(person()));
            assert_eq!((finding.level, finding.amount), (Level::Yellow, 0));
        }
    }

    #[test]
    fn work_without_an_enrolment_is_found() {
        check(false, 1, 1);
        check(false, 2100, 1);
    }

    #[test]
    fn an_enrolment_or_no_work_clears_it() {
        check(true, 2100, 0);
        check(false, 0, 0);
    }
}
