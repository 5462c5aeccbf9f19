//! `no-contract`: an enrolled worker has worked for a month, and no terms say that a contract was signed.
//!
//! **Article**: Order 724, art. 28; circular 2022-59.
//!
//! **Found when**: the worker is enrolled and has worked days, none of his terms in the project names
//! a day up to today on which a contract was signed, and more than 30 days have passed since the later
//! of the first day of his first terms and his first worked day. Yellow.
//!
//! **Clears when**: an enrolment says when the contract was signed, and that day has come; or the
//! first worked day, or the first terms, turn out to be later.
//!
//! **Evidence**: the first day of his first terms, his first worked day, the days allowed, and the day
//! on which they end.
//!
//! **Not covered**: whether a contract that is said to be signed is there, and says what the terms say;
//! contracts that ended; workers without an enrolment (`unregistered-worker`).

use super::Judgement;
use super::aging::after;
use crate::domain::{Fact, FactName, Finding, Level, Rule, Subject, WorkerView};

pub(super) fn judge(view: &WorkerView, on: &mut Judgement<'_>) {
    let (Some(terms), Some(first_worked_on)) = (view.terms.first(), view.first_worked_on) else { return };
    let signed = view.terms.iter().filter_map(|terms| terms.contract_signed_on).min();
    if signed.is_some_and(|signed| signed <= on.today) {
        return;
    }
    let allowed = on.numbers().no_contract_days;
    let deadline = after(terms.effective_on.max(first_worked_on), allowed);
    on.look_again(after(deadline, 1));
    signed.into_iter().for_each(|signed| on.look_again(signed));
    if on.today <= deadline {
        return;
    }
    let facts = vec![
        Fact::date(FactName::EffectiveOn, terms.effective_on),
        Fact::date(FactName::FirstWorkedOn, first_worked_on),
        Fact::count(FactName::ThresholdDays, allowed),
        Fact::date(FactName::DeadlineOn, deadline),
    ];
    let subject = Subject::Worker(view.id_number.clone());
    let finding = Finding::new(Rule::NoContract, &view.project_id, subject, Level::Yellow, facts);
    on.find(Finding { workers: 1, ..finding });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Basis, Day};
    use crate::rules::sample::{day, judgement, period, terms, worker};

    /// First terms and first worked day as told.
    fn view(from: &str, worked: Option<&str>, signed: Option<&str>) -> WorkerView {
        let mut view = worker(vec![period("2026-03", 0, 0)]);
        view.terms = vec![terms(from, Basis::Daily), terms("2026-12-01", Basis::Daily)];
        view.terms[1].contract_signed_on = signed.map(day);
        view.first_worked_on = worked.map(day);
        view
    }

    fn found(today: &str, view: &WorkerView) -> (usize, Vec<Day>) {
        let mut on = judgement(today);
        judge(view, &mut on);
        let (findings, again) = on.into_parts();
        (findings.len(), again.into_iter().collect())
    }

    #[test]
    fn thirty_days_run_from_the_later_of_both_days() {
        let by_work = view("2026-01-01", Some("2026-03-01"), None);
        let by_terms = view("2026-03-01", Some("2026-01-01"), None);
        for view in [by_work, by_terms] {
            assert_eq!(found("2026-03-31", &view), (0, vec![day("2026-04-01")]));
            assert_eq!(found("2026-04-01", &view), (1, vec![]));
        }
    }

    #[test]
    fn a_contract_counts_from_the_day_it_was_signed() {
        let view = view("2026-01-01", Some("2026-01-01"), Some("2026-05-10"));
        assert_eq!(found("2026-05-09", &view), (1, vec![day("2026-05-10")]));
        assert_eq!(found("2026-05-10", &view), (0, vec![]));
    }

    #[test]
    fn who_never_worked_or_has_no_terms_is_left_out() {
        assert_eq!(found("2026-06-01", &view("2026-01-01", None, None)).0, 0);
        let stranger = WorkerView { terms: vec![], ..view("2026-01-01", Some("2026-01-01"), None) };
        assert_eq!(found("2026-06-01", &stranger).0, 0);
    }
}
