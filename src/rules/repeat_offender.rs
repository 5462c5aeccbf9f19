//! `repeat-offender`: an employer whose arrears were confirmed again and again.
//!
//! **Article**: county plan 2025, section 3 (10).
//!
//! **Found when**: three cases or more within the last 12 months, or one in each of the last three years
//! on end, counted back from today. A case is an arrears alert of a project of which the employer is
//! the contractor, confirmed: the worker rejects what the employer says, or somebody took it up and then
//! the facts resolved it. It counts from the day on which it was confirmed, once for each time that the
//! alert was raised. Red. The numbers are those of today.
//!
//! **Clears when**: so many cases are no longer within that time.
//!
//! **Evidence**: how many cases within the months, the newest, and the limits.
//!
//! **Not covered**: cases that nobody took up or that were dismissed; subcontractors, whose arrears the
//! contractor answers for (Order 724, art. 30); cases of before this system.

use super::Judgement;
use crate::domain::{Day, Fact, FactName, Finding, FirmView, Level, ProjectId, Rule, Subject};

pub(super) fn judge(view: &FirmView<'_>, on: &mut Judgement<'_>) {
    let numbers = on.numbers();
    let cases = || view.cases.iter().filter(|day| **day <= on.today);
    let Some(newest) = cases().max() else { return };
    let within = cases().filter(|day| later(**day, numbers.offender_months) > on.today).count();
    let in_year = |year: i64| {
        let (from, to) = (year.saturating_mul(12), year.saturating_add(1).saturating_mul(12));
        cases().any(|day| later(*day, from) <= on.today && later(*day, to) > on.today)
    };
    let years_on_end = (0..numbers.offender_years).take_while(|year| in_year(*year)).count();
    for day in view.cases {
        on.look_again(*day);
        on.look_again(later(*day, numbers.offender_months));
        (1..=numbers.offender_years).for_each(|year| on.look_again(later(*day, year.saturating_mul(12))));
    }
    let enough = |count: usize, limit: i64| i64::try_from(count).is_ok_and(|count| count >= limit);
    if !enough(within, numbers.offender_cases) && !enough(years_on_end, numbers.offender_years) {
        return;
    }
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let facts = vec![
        Fact::firm(view.uscc),
        Fact::count(FactName::Cases, count(within)),
        Fact::count(FactName::Months, numbers.offender_months),
        Fact::date(FactName::ConfirmedOn, *newest),
        Fact::count(FactName::YearsOnEnd, count(years_on_end)),
        Fact::count(FactName::ThresholdCount, numbers.offender_cases),
        Fact::count(FactName::ThresholdYears, numbers.offender_years),
    ];
    let subject = Subject::Employer(view.uscc);
    on.find(Finding::new(Rule::RepeatOffender, &ProjectId::county(), subject, Level::Red, facts));
}

/// The same day so many months later; the last of the month where it has none.
fn later(day: Day, months: i64) -> Day {
    let of_month = day.day_of_month();
    // Bounds of the rulebook keep months and years far below what does not fit.
    let months = u16::try_from(months).unwrap_or(u16::MAX);
    day.period().map_or(day, |period| period.plus(months).day_or_last(of_month))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sample::{day, firm, judgement};

    fn found(cases: &[&str], today: &str) -> bool {
        let cases: Vec<Day> = cases.iter().map(|text| day(text)).collect();
        let mut on = judgement(today);
        judge(&FirmView { cases: &cases, ..firm() }, &mut on);
        let found = !on.findings().is_empty();
        let again = on.into_parts().1;
        // Whenever the answer becomes another, it is looked at again.
        if let Some(day) = again.into_iter().next() {
            let mut before = judgement(&day.plus(-1).to_string());
            judge(&FirmView { cases: &cases, ..firm() }, &mut before);
            assert_eq!(!before.findings().is_empty(), found, "{cases:?} {today} until {day}");
        }
        found
    }

    #[test]
    fn three_in_twelve_months() {
        let cases = ["2025-03-10", "2025-08-01", "2026-03-09"];
        assert!(!found(&cases[..2], "2025-08-01"));
        assert!(found(&cases, "2026-03-09"));
        assert!(!found(&cases, "2026-03-10"), "the first is a year old");
        assert!(!found(&cases, "2026-03-08"), "the third is not yet confirmed");
    }

    #[test]
    fn one_in_each_of_three_years() {
        let cases = ["2023-06-01", "2024-06-01", "2025-06-01"];
        assert!(found(&cases, "2025-06-01"));
        assert!(found(&cases, "2026-05-31"));
        assert!(!found(&cases, "2026-06-01"), "none within the last year");
        assert!(!found(&["2022-07-01", "2022-08-01", "2025-06-01"], "2025-06-01"));
        assert!(!found(&[], "2026-01-01"));
    }
}
