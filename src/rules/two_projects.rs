//! `attendance-suspicious`, over all projects: one person worked at two projects or more on one day.
//!
//! **Article**: judicial interpretation 2013-3, art. 2(3).
//!
//! **Found when**: on a day of the month two projects or more have 1 worked day, each, of the same person, by the
//! numbers of the month's first day, by which days are counted too. Yellow: to be looked into. One finding a
//! person and month, among the county's own.
//!
//! **Clears when**: records that arrive later leave no such day.
//!
//! **Evidence**: how many days, the projects, each day (with its projects where there are three or more in the month),
//! what each of them had at least, and the sectors and territories that the projects are of.
//!
//! **Not covered**: how far the projects lie apart: no record says where a project is, so the time between them
//! tells nothing, and the whole day counts (rulebook: "where places are unknown").

use super::Judgement;
use crate::domain::{
    Days, Fact, FactName, FactValue, Finding, Level, MonthDays, PersonView, ProjectId, Rule, StayView,
    Subject,
};
use std::collections::BTreeSet;

/// So many projects are named; whoever seems to be at more of them is one alert all the same.
const NAMED_MOST: usize = 10;

pub(super) fn judge(view: &PersonView<'_>, on: &mut Judgement<'_>) {
    let shared = MonthDays::shared(view.stays.iter().map(|stay| stay.days));
    if shared.is_empty() {
        return;
    }
    let mut facts = vec![Fact::count(FactName::SharedDays, shared.count())];
    name(view.stays.iter(), &mut facts);
    for (index, day) in shared.indices().zip(shared.of(view.period)) {
        facts.push(Fact::date(FactName::SharedOn, day));
        if view.stays.len() > 2 {
            name(view.stays.iter().filter(|stay| stay.days.has(index)), &mut facts);
        }
    }
    let numbers = on.book.at(view.period.first_day());
    let least = Days(u32::try_from(numbers.suspicious_shared_day).unwrap_or(u32::MAX));
    facts.push(Fact::new(FactName::LeastDays, FactValue::Days(least)));
    add_addresses(view, &mut facts);
    let subject = Subject::WorkerPeriod(view.id_number.clone(), view.period);
    let finding =
        Finding::new(Rule::AttendanceSuspicious, &ProjectId::county(), subject, Level::Yellow, facts);
    on.find(Finding { workers: 1, ..finding });
}

/// The first of these projects, and how many they are where not all are named.
fn name<'a>(stays: impl Iterator<Item = &'a StayView<'a>>, facts: &mut Vec<Fact>) {
    let mut count = 0_u32;
    for stay in stays {
        if (count as usize) < NAMED_MOST {
            facts.push(Fact::text(FactName::Project, stay.project_id.as_str()));
        }
        count += 1;
    }
    if count as usize > NAMED_MOST {
        facts.push(Fact::count(FactName::Projects, count));
    }
}

/// For whom it is: the sector and the territory of every project that is known, each pair once.
fn add_addresses(view: &PersonView<'_>, facts: &mut Vec<Fact>) {
    let known = view.stays.iter().filter_map(|stay| stay.facts);
    let places: BTreeSet<_> = known.map(|project| (&project.sector, &project.territory)).collect();
    for (sector, territory) in places {
        facts.push(Fact::text(FactName::Sector, sector));
        facts.push(Fact::text(FactName::Territory, territory));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Evidence, IdNumber, Period};
    use crate::rules::sample::judgement;

    /// What is found of one person's March at projects P1, P2 and so on, a text a fact.
    fn facts(days: &[u32]) -> Vec<String> {
        let (id_number, period) = (IdNumber::from_packed(1), Period::parse("2026-03").unwrap());
        let projects: Vec<ProjectId> =
            (1..=days.len()).map(|n| ProjectId::parse("project_id", &format!("P{n:02}")).unwrap()).collect();
        let stay =
            |(project_id, bits): (_, &u32)| StayView { project_id, days: MonthDays(*bits), facts: None };
        let stays = projects.iter().zip(days).map(stay).collect();
        let mut on = judgement("2026-03-20");
        judge(&PersonView { id_number: &id_number, period, stays }, &mut on);
        let told = |finding: &Finding| match &finding.evidence {
            Evidence::Facts(facts) => facts.iter().map(said).collect(),
            _ => Vec::new(),
        };
        on.findings().first().map(told).unwrap_or_default()
    }

    fn said(fact: &Fact) -> String {
        match &fact.value {
            FactValue::Text(text) => text.to_string(),
            FactValue::Date(day) => day.to_string(),
            FactValue::Count(count) => format!("{} {count}", fact.name),
            FactValue::Days(days) => format!("{} {days}", fact.name),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn days_at_two_projects_are_named_with_both() {
        assert_eq!(facts(&[0b011, 0b100]), [""; 0]);
        let found = facts(&[0b101, 0b101]);
        assert_eq!(found, ["shared-days 2", "P01", "P02", "2026-03-01", "2026-03-03", "least-days 1.0"]);
    }

    #[test]
    fn of_three_projects_each_day_says_which() {
        let found = facts(&[0b011, 0b001, 0b010]);
        let want =
            ["shared-days 2", "P01", "P02", "P03", "2026-03-01", "P01", "P02", "2026-03-02", "P01", "P03"];
        assert_eq!(found[..10], want);
    }

    #[test]
    fn who_is_everywhere_has_a_short_alert_all_the_same() {
        let found = facts(&[1; 400]);
        assert_eq!(found.len(), 1 + 11 + 1 + 11 + 1);
        assert_eq!((found[0].as_str(), found[11].as_str()), ("shared-days 1", "projects 400"));
    }
}
