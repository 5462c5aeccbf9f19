//! `labour-fee-late`: the owner pays the labour fee by cycles of a month, and none has come in.
//!
//! **Article**: Order 724, art. 24, 29, 57; Inner Mongolia regulation 2025.
//!
//! **Found when**: an active project has started, a monthly labour fee is agreed (or one was ever
//! booked on a wage account of the project), and the last labour fee, or the start if that is later,
//! is more than 31 days before the business date. Orange; red from the 62nd day (two cycles), or when
//! three full calendar months in all since the start have none booked in them. Quiet while the
//! project is unknown, suspended or completed.
//!
//! **Clears when**: a labour fee is booked in, or the project is suspended or completed.
//!
//! **Evidence**: the day of the start, the last labour fee, the days allowed, the day on which the
//! next was to come at the latest, how many full months went without one, and how many make it red.
//!
//! **Not covered**: how much came in (`labour-fee-short`); fees that were paid past the wage account;
//! an owner who pays regularly now, although he left out three months before.

use super::Judgement;
use super::aging::after;
use super::labour_fees::{LabourFees, labour_fees};
use super::running::full_months;
use crate::domain::{Fact, FactName, Finding, Level, PapersView, Rule, Subject};

pub(super) fn judge(view: &PapersView<'_>, on: &mut Judgement<'_>) {
    let Some(fees) = labour_fees(view, on) else { return };
    if fees.facts.labour_fee_fen.is_none() && fees.booked.is_empty() {
        return;
    }
    let numbers = on.numbers();
    let last = fees.booked.keys().next_back().copied();
    let since = last.map_or(fees.started_on, |last| last.max(fees.started_on));
    let due_on = after(since, numbers.labour_fee_days);
    let red_on = after(since, numbers.labour_fee_days.saturating_mul(numbers.labour_fee_red_cycles));
    on.look_again(after(due_on, 1));
    on.look_again(red_on);
    if on.today <= due_on {
        return;
    }
    let without = months_without(&fees, on);
    let level = match on.today >= red_on || without >= numbers.labour_fee_red_months {
        true => Level::Red,
        false => Level::Orange,
    };
    let mut evidence = vec![Fact::date(FactName::StartedOn, fees.started_on)];
    evidence.extend(last.map(|last| Fact::date(FactName::LastFeeOn, last)));
    evidence.push(Fact::count(FactName::ThresholdDays, numbers.labour_fee_days));
    evidence.push(Fact::date(FactName::DeadlineOn, due_on));
    evidence.push(Fact::count(FactName::MonthsWithout, without));
    evidence.push(Fact::count(FactName::ThresholdCount, numbers.labour_fee_red_months));
    let finding = Finding::new(Rule::LabourFeeLate, view.project_id, Subject::Project, level, evidence);
    on.find(Finding { due_on: Some(due_on), ..finding });
}

/// Full calendar months since the start without a labour fee booked in them. Another may be full
/// when this month has ended.
fn months_without(fees: &LabourFees<'_>, on: &mut Judgement<'_>) -> i64 {
    on.today.period().into_iter().for_each(|month| on.look_again(month.plus(1).first_day()));
    let without = full_months(fees.started_on, on.today).filter(|month| {
        let days = month.first_day()..month.plus(1).first_day();
        fees.booked.range(days).next().is_none()
    });
    i64::try_from(without.count()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Day, Fen, Project, ProjectStatus, Sum};
    use crate::rules::sample::{
        account, day, days_again, facts, judgement, papers_of, project_id, wage_account,
    };
    use std::collections::BTreeMap;

    /// Started with the contract, on 2026-01-05.
    fn owed() -> Project {
        Project { labour_fee_fen: Some(Fen(5_000_000)), ..facts() }
    }

    fn found(today: &str, facts: &Project, fees: &[&str]) -> (Option<Finding>, Vec<String>) {
        let (id, paper) = (project_id(), wage_account("2026-01-05"));
        let booked: BTreeMap<Day, Sum> = fees.iter().map(|text| (day(text), 5_000_000)).collect();
        let mut view = account(&paper);
        view.labour_fees = &booked;
        let mut on = judgement(today);
        judge(&PapersView { facts: Some(facts), ..papers_of(&id, vec![view]) }, &mut on);
        (on.findings().first().cloned(), days_again(on))
    }

    fn check(today: &str, facts: &Project, fees: &[&str], level: Option<Level>) {
        let found = found(today, facts, fees).0;
        assert_eq!(found.map(|finding| finding.level), level, "{today} {fees:?}");
    }

    #[test]
    fn none_for_more_than_a_cycle_since_the_start_is_late() {
        check("2026-02-05", &owed(), &[], None); // 31 days
        check("2026-02-06", &owed(), &[], Some(Level::Orange)); // 32
        check("2026-03-07", &owed(), &[], Some(Level::Orange)); // 61
        check("2026-03-08", &owed(), &[], Some(Level::Red)); // 62
    }

    #[test]
    fn the_last_fee_begins_the_cycle_anew() {
        check("2026-03-13", &owed(), &["2026-01-20", "2026-02-10"], None);
        check("2026-03-14", &owed(), &["2026-01-20", "2026-02-10"], Some(Level::Orange));
        // One that is booked for a later day has not come yet.
        check("2026-03-14", &owed(), &["2026-02-10", "2026-03-15"], Some(Level::Orange));
        check("2026-03-15", &owed(), &["2026-02-10", "2026-03-15"], None);
        // One from before the start does not make the first cycle shorter.
        check("2026-02-05", &owed(), &["2025-12-20"], None);
        check("2026-02-06", &owed(), &["2025-12-20"], Some(Level::Orange));
    }

    #[test]
    fn three_full_months_without_one_make_it_red_earlier() {
        // None in February and April; May is the third, and full on 1 June: 32 days after 30 April, too.
        let fees = ["2026-01-10", "2026-03-01", "2026-04-30"];
        check("2026-05-31", &owed(), &fees, None);
        check("2026-06-01", &owed(), &fees, Some(Level::Orange)); // February, May
        let fees = ["2026-01-10", "2026-03-31", "2026-05-31"];
        check("2026-07-01", &owed(), &fees, None); // 31 days
        check("2026-07-02", &owed(), &fees, Some(Level::Red)); // February, April, June
    }

    #[test]
    fn who_agreed_none_and_never_paid_one_owes_none() {
        check("2026-06-01", &facts(), &[], None);
        check("2026-06-01", &facts(), &["2026-01-10"], Some(Level::Red));
        check("2026-02-11", &facts(), &["2026-01-10"], Some(Level::Orange));
    }

    #[test]
    fn it_is_quiet_before_the_start_and_when_the_project_does_not_run() {
        let later = Project { started_on: Some(day("2026-03-01")), ..owed() };
        check("2026-04-01", &later, &[], None);
        check("2026-04-02", &later, &[], Some(Level::Orange));
        for status in [ProjectStatus::Suspended, ProjectStatus::Completed] {
            check("2026-04-02", &Project { status, ..later.clone() }, &[], None);
        }
        check("2026-04-02", &Project { completed_on: Some(day("2026-04-02")), ..later }, &[], None);
    }

    #[test]
    fn it_says_since_when_and_looks_again_on_each_turn() {
        let (finding, again) = found("2026-02-06", &owed(), &[]);
        assert_eq!(finding.unwrap().due_on, Some(day("2026-02-05")));
        assert_eq!(again, ["2026-03-01", "2026-03-08"]);
        assert_eq!(found("2026-01-06", &owed(), &[]).1, ["2026-02-06", "2026-03-08"]);
        let later = Project { started_on: Some(day("2026-03-01")), ..owed() };
        assert_eq!(found("2026-01-06", &later, &[]).1, ["2026-03-01"]);
    }
}
