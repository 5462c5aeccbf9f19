//! What the ledger's truth means, one rule a file. Sees plain views; knows no ledger, no alert, no clock.
//!
//! A rule is a function of (view, business date, rulebook). It remembers nothing: what it finds is
//! true now, and what it no longer finds has ended. It also names every later date on which it may
//! find something else though no record comes.

mod account_agreement_missing;
mod account_closed_early;
mod account_not_opened;
mod account_restrained;
mod aging;
mod alert_flood;
mod alert_overdue;
mod attendance_silent;
mod attendance_suspicious;
mod balance_short;
mod below_minimum_wage;
mod business_signal;
mod complaint_open;
mod coverage_low;
mod criminal_group;
mod criminal_threshold;
mod deposit_expiring;
mod deposit_form;
mod deposit_low;
mod deposit_missing;
mod deposit_not_refilled;
mod deposits;
mod employer_arrears;
mod fee_to_come;
mod feed_silent;
mod forbidden_debit;
mod ghost_payee;
mod group_arrears;
mod guarantee_missing;
mod implausible_pay;
mod inspection_missing;
mod judgement;
mod labour_fee_late;
mod labour_fee_short;
mod labour_fees;
mod labour_officer_missing;
mod left_unsettled;
mod no_contract;
mod paid_outside_account;
mod pay_day_doubtful;
mod payee_mismatch;
mod payout_returned;
mod payroll_below_attendance;
mod payroll_missing;
mod project_arrears;
mod repeat_offender;
mod running;
#[cfg(test)]
mod sample;
mod shared_payee;
mod two_projects;
mod unknown_project;
mod unregistered_many;
mod unregistered_worker;
mod upload_late;
mod wage_underpaid;
mod wage_unpaid;

pub use aging::is_overdue;
pub use alert_overdue::deadlines;
pub use balance_short::{Needed, needed};
pub use judgement::Judgement;

use crate::domain::{
    Complaint, FeedView, FirmView, FloodView, IdNumber, PapersView, PersonView, ProjectView, Sum, WorkerView,
};

/// Everything that is found about one worker in one project, in a fixed order.
pub fn judge_worker(view: &WorkerView, on: &mut Judgement<'_>) {
    for period in &view.periods {
        wage_unpaid::judge(view, period, on);
        wage_underpaid::judge(view, period, on);
        below_minimum_wage::judge(view, period, on);
        payroll_below_attendance::judge(view, period, on);
        ghost_payee::judge(view, period, on);
        attendance_suspicious::judge(view, period, on);
    }
    payee_mismatch::judge(view, on);
    paid_outside_account::judge(view, on);
    unregistered_worker::judge(view, on);
    no_contract::judge(view, on);
    left_unsettled::judge(view, on);
    criminal_threshold::judge_worker(view, on);
    payout_returned::judge(view, on);
    implausible_pay::judge(view, on);
}

/// Everything that is found about a project's totals, in a fixed order. `worst` are the workers
/// who are owed most, descending by sum (fen); the evidence keeps the first ten.
pub fn judge_totals(view: &ProjectView<'_>, worst: &[(IdNumber, Sum)], on: &mut Judgement<'_>) {
    project_arrears::judge(view, worst, on);
    balance_short::judge(view, on);
    pay_day_doubtful::judge(view, on);
    coverage_low::judge(view, on);
    group_arrears::judge(view, on);
    criminal_group::judge(view, on);
    unregistered_many::judge(view, on);
    attendance_silent::judge(view, on);
    upload_late::judge(view, on);
}

/// Everything that is found about a project's papers, in a fixed order.
pub fn judge_papers(view: &PapersView<'_>, on: &mut Judgement<'_>) {
    unknown_project::judge(view, on);
    deposit_missing::judge(view, on);
    deposit_low::judge(view, on);
    deposit_form::judge(view, on);
    deposit_expiring::judge(view, on);
    deposit_not_refilled::judge(view, on);
    guarantee_missing::judge(view, on);
    labour_officer_missing::judge(view, on);
    inspection_missing::judge(view, on);
    complaint_open::judge(view, on);
    payroll_missing::judge(view, on);
    account_not_opened::judge(view, on);
    account_agreement_missing::judge(view, on);
    account_restrained::judge(view, on);
    account_closed_early::judge(view, on);
    labour_fee_late::judge(view, on);
    labour_fee_short::judge(view, on);
    forbidden_debit::judge(view, on);
    shared_payee::judge(view, on);
}

/// Everything that is found about one employer over all projects, in a fixed order.
pub fn judge_firm(view: &FirmView<'_>, on: &mut Judgement<'_>) {
    employer_arrears::judge(view, on);
    repeat_offender::judge(view, on);
    business_signal::judge(view, on);
}

/// Everything that is found about one person's month over all projects.
pub fn judge_person(view: &PersonView<'_>, on: &mut Judgement<'_>) {
    two_projects::judge(view, on);
}

/// Everything that is found about what sends records.
pub fn judge_feed(view: &FeedView<'_>, on: &mut Judgement<'_>) {
    feed_silent::judge(view, on);
}

/// Everything that is found about what is held of a rule.
pub fn judge_flood(view: &FloodView<'_>, on: &mut Judgement<'_>) {
    alert_flood::judge(view, on);
}

/// Everything that is found about a complaint that names no project; `firm` is the employer that it names.
pub fn judge_complaint(complaint: &Complaint, firm: Option<&FirmView<'_>>, on: &mut Judgement<'_>) {
    complaint_open::judge_homeless(complaint, firm, on);
}

#[cfg(test)]
mod tests {
    use super::sample::{day, judgement, payment, period, worker};
    use super::*;
    use crate::domain::Rule;

    #[test]
    fn findings_come_in_a_fixed_order() {
        let mut view = worker(vec![period("2026-02", 500, 0), period("2026-03", 500, 100)]);
        view.enrolled = false;
        view.payments.push(payment("A", 5, None));
        let mut on = judgement("2026-05-20");
        judge_worker(&view, &mut on);
        let rules: Vec<Rule> = on.findings().iter().map(|finding| finding.rule).collect();
        assert_eq!(
            rules,
            [Rule::WageUnpaid, Rule::WageUnderpaid, Rule::PayeeMismatch, Rule::UnregisteredWorker]
        );
    }

    #[test]
    fn days_to_look_again_are_all_in_the_future_and_only_for_what_is_owed() {
        let days = |today: &str, paid| {
            let mut on = judgement(today);
            judge_worker(&worker(vec![period("2026-03", 500, paid)]), &mut on);
            on.into_parts().1.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(days("2026-04-01", 0), ["2026-04-16", "2026-05-16", "2026-06-15"]);
        assert_eq!(days("2026-04-16", 0), ["2026-05-16", "2026-06-15"]);
        assert_eq!(days("2026-06-15", 0), [""; 0]);
        assert_eq!(days("2026-04-01", 400), [""; 0]);
        assert_eq!(day("2026-04-01").plus(1), day("2026-04-02"));
    }
}
