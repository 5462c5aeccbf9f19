//! `labour-fee-short`: the owner has paid less labour fee than the contract says for the months so far.
//!
//! **Article**: Order 724, art. 29.
//!
//! **Found when**: an active project has started, its monthly labour fee is agreed, and the labour
//! fees booked in on its wage accounts until today are less than the monthly fee times the full
//! calendar months since the start (the first begins on the day of the start or later, the last has
//! ended). Yellow; orange when less than 80 % has come in. Quiet while the project is unknown,
//! suspended or completed.
//!
//! **Clears when**: the rest is booked in, or the project is suspended or completed.
//!
//! **Evidence**: what was to come in, what came in, what is missing; the full months, the monthly fee,
//! the day of the start, and the share below which it is orange.
//!
//! **Not covered**: the part of a month in which work began; an agreement on other cycles; labour
//! fees that went back to the owner.

use super::Judgement;
use super::labour_fees::labour_fees;
use super::running::full_months;
use crate::domain::{Fact, FactName, Finding, Level, PapersView, Rule, Subject, Sum};

pub(super) fn judge(view: &PapersView<'_>, on: &mut Judgement<'_>) {
    let Some(fees) = labour_fees(view, on) else { return };
    let Some(fee) = fees.facts.labour_fee_fen else { return };
    on.today.period().into_iter().for_each(|month| on.look_again(month.plus(1).first_day()));
    let months = i64::try_from(full_months(fees.started_on, on.today).count()).unwrap_or(i64::MAX);
    let expected = Sum::from(months) * fee.sum();
    let received: Sum = fees.booked.values().sum();
    if received >= expected {
        return;
    }
    let percent = on.numbers().labour_fee_orange_below_percent;
    let is_low = received * 100 < expected * Sum::from(percent);
    let level = if is_low { Level::Orange } else { Level::Yellow };
    let evidence = vec![
        Fact::fen(FactName::FeeExpected, expected),
        Fact::fen(FactName::FeeReceived, received),
        Fact::fen(FactName::Short, expected - received),
        Fact::count(FactName::Months, months),
        Fact::fen(FactName::Sum, fee.sum()),
        Fact::date(FactName::StartedOn, fees.started_on),
        Fact::count(FactName::ThresholdPercent, percent),
    ];
    let finding = Finding::new(Rule::LabourFeeShort, view.project_id, Subject::Project, level, evidence);
    on.find(Finding { amount: expected - received, ..finding });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Day, Fen, Project, ProjectStatus};
    use crate::rules::sample::{
        account, day, days_again, facts, judgement, papers_of, project_id, wage_account,
    };
    use std::collections::BTreeMap;

    /// 1,000 yuan a month since 2026-01-05; the first full month is February.
    fn owed() -> Project {
        Project { labour_fee_fen: Some(Fen(100_000)), ..facts() }
    }

    fn check(today: &str, facts: &Project, fees: &[(&str, Sum)], expected: Option<(Level, Sum)>) {
        let (id, paper) = (project_id(), wage_account("2026-01-05"));
        let booked: BTreeMap<Day, Sum> = fees.iter().map(|(text, sum)| (day(text), *sum)).collect();
        let mut view = account(&paper);
        view.labour_fees = &booked;
        let mut on = judgement(today);
        judge(&PapersView { facts: Some(facts), ..papers_of(&id, vec![view]) }, &mut on);
        let found = on.findings().first().map(|finding| (finding.level, finding.amount));
        assert_eq!(found, expected, "{today} {fees:?}");
    }

    #[test]
    fn a_month_counts_when_it_has_ended() {
        check("2026-02-28", &owed(), &[], None);
        check("2026-03-01", &owed(), &[], Some((Level::Orange, 100_000)));
        check("2026-04-01", &owed(), &[], Some((Level::Orange, 200_000)));
        check("2026-04-01", &owed(), &[("2026-01-10", 100_000), ("2026-03-31", 100_000)], None);
    }

    #[test]
    fn four_fifths_are_yellow_and_less_is_orange() {
        check("2026-03-01", &owed(), &[("2026-02-01", 79_999)], Some((Level::Orange, 20_001)));
        check("2026-03-01", &owed(), &[("2026-02-01", 80_000)], Some((Level::Yellow, 20_000)));
        check("2026-03-01", &owed(), &[("2026-02-01", 99_999)], Some((Level::Yellow, 1)));
        check("2026-03-01", &owed(), &[("2026-02-01", 100_000)], None);
    }

    #[test]
    fn what_is_booked_for_a_later_day_has_not_come() {
        check("2026-03-01", &owed(), &[("2026-03-02", 100_000)], Some((Level::Orange, 100_000)));
        check("2026-03-02", &owed(), &[("2026-03-02", 100_000)], None);
    }

    #[test]
    fn no_agreed_fee_and_no_running_project_are_quiet() {
        check("2026-06-01", &facts(), &[("2026-02-01", 1)], None);
        check("2026-06-01", &Project { status: ProjectStatus::Suspended, ..owed() }, &[], None);
        check("2026-06-01", &Project { completed_on: Some(day("2026-06-01")), ..owed() }, &[], None);
    }

    #[test]
    fn it_looks_again_when_the_month_has_ended() {
        let (id, facts) = (project_id(), owed());
        let mut on = judgement("2026-02-10");
        judge(&PapersView { facts: Some(&facts), ..papers_of(&id, vec![]) }, &mut on);
        assert_eq!(days_again(on), ["2026-03-01"]);
    }
}
