//! Made-up counties against the oracle: what was planted is what is found, to the fen, on every date,
//! and nothing else is. Knows no engine.
#![allow(clippy::unwrap_used, reason = "test code")]

mod oracle;

use oracle::judge;
use std::collections::{BTreeMap, BTreeSet};
use wagewatch::domain::*;
use wagewatch::fiction::{County, Plan, Planted, Share, Trouble};
use wagewatch::intake::json::decode_line;
use wagewatch::intake::write_json::write_line;

type Arrears = BTreeMap<ProjectId, Sum>;

fn active(planted: &Planted, today: Day) -> bool {
    planted.from <= today && planted.until.is_none_or(|until| today < until)
}

/// Troubles about money that is no wage.
const NO_WAGES: [Trouble; 7] = [
    Trouble::LabourFeeUnpaid,
    Trouble::LabourFeeLate,
    Trouble::LabourFeePart,
    Trouble::LabourFeeAtPayDay,
    Trouble::AccountDrained,
    Trouble::AccountLent,
    Trouble::SurplusRefunded,
];

/// Arrears by project that the planted troubles make on a date.
fn arrears_planted(planted: &[Planted], today: Day) -> Arrears {
    let mut out = Arrears::new();
    for p in planted.iter().filter(|p| active(p, today) && !NO_WAGES.contains(&p.trouble)) {
        if p.amount_fen.0 > 0 {
            *out.entry(p.project_id.clone()).or_default() += p.amount_fen.sum();
        }
    }
    out
}

fn projects_planted(planted: &[Planted], trouble: Trouble, today: Day) -> BTreeSet<ProjectId> {
    let of_kind = planted.iter().filter(|p| p.trouble == trouble && active(p, today));
    of_kind.map(|p| p.project_id.clone()).collect()
}

/// People and months at two projects on one day, by what was planted.
fn people_planted(planted: &[Planted], today: Day) -> BTreeSet<Subject> {
    let at_two = planted.iter().filter(|p| p.trouble == Trouble::TwoSites && active(p, today));
    at_two.map(|p| Subject::WorkerPeriod(p.id_number.clone().unwrap(), p.period.unwrap())).collect()
}

fn check(seed: u64, first: &str) {
    let plan = Plan {
        seed,
        projects: 32,
        workers: 130,
        months: 2,
        first: Period::parse(first).unwrap(),
        troubles: Share::percent(40),
    };
    // Spring Festival moves due dates.
    let holiday = Day::parse("2026-02-10").unwrap();
    let calendar = Calendar::new((0..14).map(|n| (holiday.plus(n), DayKind::Holiday)));
    let book = Rulebook { calendar: calendar.clone(), ..Rulebook::default() };
    let mut county = County::new(&plan, calendar);
    let work_begins = plan.first.first_day();
    let mut records = Vec::new();
    let (mut judged, mut at_two_sites) = (0, BTreeSet::new());
    let last_work = plan.first.plus(1).day_or_last(31);
    while let Some((today, arrived)) = county.next() {
        records.extend(arrived);
        // Every fifth day, and every day around the first pay days.
        let pay_days =
            today > plan.first.plus(1).day_or_last(8) && today < plan.first.plus(1).day_or_last(29);
        if today < work_begins.plus(6) || (today.0 % 5 != 0 && !(pay_days && today.0 % 2 == 0)) {
            continue;
        }
        judged += 1;
        let truth = judge(&records, today, &book);
        let mut found = Arrears::new();
        let mut by_rule: BTreeMap<Rule, BTreeSet<ProjectId>> = BTreeMap::new();
        for ((project_id, key), alert) in &truth.alerts {
            by_rule.entry(key.rule).or_default().insert(project_id.clone());
            if key.rule == Rule::ProjectArrears {
                found.insert(project_id.clone(), alert.amount);
            }
        }
        assert_eq!(found, arrears_planted(county.planted(), today), "arrears, seed {seed}, {today}");
        for (rule, trouble) in [
            (Rule::UnknownProject, Trouble::UnknownProject),
            (Rule::UnregisteredWorker, Trouble::UnregisteredWorkers),
        ] {
            let found = by_rule.remove(&rule).unwrap_or_default();
            assert_eq!(
                found,
                projects_planted(county.planted(), trouble, today),
                "{rule}, seed {seed}, {today}"
            );
        }
        let suspicious = |(project, key): &&(ProjectId, AlertKey)| {
            project.is_county() && key.rule == Rule::AttendanceSuspicious
        };
        let people: BTreeSet<Subject> =
            truth.alerts.keys().filter(suspicious).map(|(_, key)| key.subject.clone()).collect();
        assert_eq!(people, people_planted(county.planted(), today), "people, seed {seed}, {today}");
        at_two_sites.extend(people);
        assert!(truth.rejected.is_empty());
        assert!(today <= last_work.plus(60) || truth.suspense.is_empty());
    }
    assert!(judged > 15 && !at_two_sites.is_empty());
}

#[test]
fn what_was_planted_is_what_is_found() {
    check(1, "2026-03");
    check(2, "2025-12");
}

/// On no day from before work begins until long after the last wage is paid is anything found.
fn all_is_well(seed: u64, first: &str, months: u16) {
    let first = Period::parse(first).unwrap();
    let holidays = ["2025-10-01", "2026-02-15", "2026-05-01"].map(|from| Day::parse(from).unwrap());
    let calendar =
        Calendar::new(holidays.iter().flat_map(|day| (0..7).map(|n| (day.plus(n), DayKind::Holiday))));
    let book = Rulebook { calendar: calendar.clone(), ..Rulebook::default() };
    let plan = Plan { seed, projects: 7, workers: 40, months, first, troubles: Share::default() };
    let mut county = County::new(&plan, calendar);
    let mut records = Vec::new();
    for (today, arrived) in county.by_ref() {
        // The morning, before anything arrives, and the evening.
        for arrived in [Vec::new(), arrived] {
            records.extend(arrived);
            let truth = judge(&records, today, &book);
            assert_eq!(truth.alerts, BTreeMap::new(), "{today}, seed {seed}");
        }
    }
    for days in [1, 10, 30, 100] {
        let end = judge(&records, county.today().plus(days), &book);
        assert!(end.alerts.is_empty() && end.suspense.is_empty(), "{:?}", end.alerts);
    }
    assert!(county.planted().is_empty());
}

#[test]
fn a_county_without_troubles_has_no_alerts() {
    all_is_well(3, "2026-03", 2);
    all_is_well(5, "2026-01", 1);
    all_is_well(6, "2025-09", 2);
}

#[test]
fn every_record_can_be_written_and_read_back() {
    let first = Period::parse("2026-03").unwrap();
    let plan = Plan { seed: 4, projects: 20, workers: 60, months: 2, first, troubles: Share::percent(40) };
    for (_, records) in County::new(&plan, Calendar::default()) {
        for record in records {
            let mut line = Vec::new();
            write_line(&record, &mut line);
            let text = String::from_utf8(line).unwrap();
            assert_eq!(decode_line(text.trim_end()).as_ref(), Ok(&record), "{text}");
        }
    }
}
