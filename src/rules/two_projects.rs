//! `attendance-suspicious`, over all projects: one person worked at two projects or more on one day.
//!
//! **Article**: judicial interpretation 2013-3, art. 2(3).
//!
//! **Found when**: on a day of the month two projects or more have 1 worked day, each, of the same person, by the
//! numbers of the month's first day, by which days are counted too. A project in whose sector the rule is switched
//! off (by the numbers of the business date) is left out, as if nobody worked there: one of the two that remains
//! is no trouble. Yellow: to be looked into. One finding a person and month, among the county's own.
//!
//! **Clears when**: records that arrive later leave no such day.
//!
//! **Evidence**: how many days, the projects, each day (with its projects where there are three or more in the month),
//! what each of them had at least, and the sectors and territories that the projects are of; of projects that are left
//! out nothing.
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
    let judged = |stay: &&StayView<'_>| {
        on.judges(Rule::AttendanceSuspicious, stay.facts.map(|project| project.sector.as_str()))
    };
    let stays: Vec<&StayView<'_>> = view.stays.iter().filter(judged).collect();
    let shared = MonthDays::shared(stays.iter().map(|stay| stay.days));
    if shared.is_empty() {
        return;
    }
    // Without those that are left out, one may have no day left that it shares.
    let stays: Vec<&StayView<'_>> =
        stays.into_iter().filter(|stay| !stay.days.and(shared).is_empty()).collect();
    let mut facts = vec![Fact::count(FactName::SharedDays, shared.count())];
    name(stays.iter().copied(), &mut facts);
    for (index, day) in shared.indices().zip(shared.of(view.period)) {
        facts.push(Fact::date(FactName::SharedOn, day));
        if stays.len() > 2 {
            name(stays.iter().copied().filter(|stay| stay.days.has(index)), &mut facts);
        }
    }
    let numbers = on.book.at(view.period.first_day());
    let least = Days(u32::try_from(numbers.suspicious_shared_day).unwrap_or(u32::MAX));
    facts.push(Fact::new(FactName::LeastDays, FactValue::Days(least)));
    add_addresses(&stays, &mut facts);
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
fn add_addresses(stays: &[&StayView<'_>], facts: &mut Vec<Fact>) {
    let known = stays.iter().filter_map(|stay| stay.facts);
    let places: BTreeSet<_> = known.map(|project| (&project.sector, &project.territory)).collect();
    for (sector, territory) in places {
        facts.push(Fact::text(FactName::Sector, sector));
        facts.push(Fact::text(FactName::Territory, territory));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Evidence, IdNumber, Numbers, Period, Project, Rulebook, Switch};
    use crate::rules::sample::{self, day, judgement};

    /// What is found of one person's March at projects P1, P2 and so on, a text a fact.
    fn facts(days: &[u32]) -> Vec<String> {
        let mut on = judgement("2026-03-20");
        let stays: Vec<(u32, Option<&Project>)> = days.iter().map(|days| (*days, None)).collect();
        judge_stays(&stays, &mut on);
        told(&on)
    }

    /// The same where the rule is off in sector `off`, of projects of these sectors; "" = none is known.
    fn facts_without(off: &str, stays: &[(u32, &str)]) -> Vec<String> {
        let mut numbers = Numbers::default();
        let switch = Switch { off: false, off_in: vec![off.into()] };
        numbers.switches.insert(Rule::AttendanceSuspicious, switch);
        let book = Rulebook::of(numbers);
        let of =
            |sector: &str| (!sector.is_empty()).then(|| Project { sector: sector.into(), ..sample::facts() });
        let projects: Vec<Option<Project>> = stays.iter().map(|(_, sector)| of(sector)).collect();
        let stays: Vec<_> =
            stays.iter().zip(&projects).map(|((days, _), facts)| (*days, facts.as_ref())).collect();
        let mut on = Judgement::new(day("2026-03-20"), &book, None);
        judge_stays(&stays, &mut on);
        told(&on)
    }

    fn judge_stays(stays: &[(u32, Option<&Project>)], on: &mut Judgement<'_>) {
        let (id_number, period) = (IdNumber::from_packed(1), Period::parse("2026-03").unwrap());
        let projects: Vec<ProjectId> =
            (1..=stays.len()).map(|n| ProjectId::parse("project_id", &format!("P{n:02}")).unwrap()).collect();
        let stays = projects.iter().zip(stays);
        let stays = stays.map(|(project_id, (bits, facts))| StayView {
            project_id,
            days: MonthDays(*bits),
            facts: *facts,
        });
        judge(&PersonView { id_number: &id_number, period, stays: stays.collect() }, on);
    }

    fn told(on: &Judgement<'_>) -> Vec<String> {
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
    fn projects_of_a_sector_in_which_the_rule_is_off_are_left_out() {
        let silent = [""; 0];
        assert_eq!(facts_without("solar", &[(0b11, "solar"), (0b11, "solar")]), silent);
        assert_eq!(facts_without("solar", &[(0b11, "building"), (0b11, "solar")]), silent);
        assert_eq!(facts_without("solar", &[(0b11, ""), (0b11, "solar")]), silent);
        // Whose sector is not known is looked at, as everywhere.
        assert_eq!(
            facts_without("solar", &[(0b1, ""), (0b1, "building")])[..3],
            ["shared-days 1", "P01", "P02"]
        );
        // What remains is what would be found if nobody had worked there.
        let found = facts_without(
            "solar",
            &[(0b011, "road"), (0b111, "solar"), (0b010, "building"), (0b100, "road")],
        );
        let town = "150621100";
        let want =
            ["shared-days 1", "P01", "P03", "2026-03-02", "least-days 1.0", "building", town, "road", town];
        assert_eq!(found, want);
    }

    #[test]
    fn who_is_everywhere_has_a_short_alert_all_the_same() {
        let found = facts(&[1; 400]);
        assert_eq!(found.len(), 1 + 11 + 1 + 11 + 1);
        assert_eq!((found[0].as_str(), found[11].as_str()), ("shared-days 1", "projects 400"));
    }
}
