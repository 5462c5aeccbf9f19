//! Who is a repeat offender, counted from all rows that were ever told: the second model of what the second
//! stage keeps case by case.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wagewatch::domain::{
    AlertRow, AlertStatus, Change, Day, Evidence, Numbers, ProjectId, Rule, Rulebook, Uscc, WorkerWord,
};

/// The employers that are repeat offenders today.
pub fn offenders(rows: &[Arc<AlertRow>], today: Day, book: &Rulebook) -> BTreeSet<Uscc> {
    let numbers = book.at(today);
    if !numbers.is_on(Rule::RepeatOffender, None) {
        return BTreeSet::new();
    }
    let cases = cases(rows);
    let offends = |days: &Vec<Day>| is_offender(days, today, numbers);
    cases.into_iter().filter(|(_, days)| offends(days)).map(|(firm, _)| firm).collect()
}

fn cases(rows: &[Arc<AlertRow>]) -> BTreeMap<Uscc, Vec<Day>> {
    let mut by_project: BTreeMap<&ProjectId, Vec<&AlertRow>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.alert.finding.rule == Rule::ProjectArrears) {
        by_project.entry(row.project_id()).or_default().push(row);
    }
    let mut cases: BTreeMap<Uscc, Vec<Day>> = BTreeMap::new();
    for mut rows in by_project.into_values() {
        rows.sort_by_key(|row| row.seq);
        let begins = |row: &&AlertRow| matches!(row.change, Change::Raised | Change::Reopened);
        let starts: Vec<usize> =
            (0..rows.len()).filter(|at| begins(&rows[*at])).chain([rows.len()]).collect();
        for spell in starts.windows(2) {
            let spell = &rows[spell[0]..spell[1]];
            if let Some(row) =
                (1..spell.len()).find(|at| confirms(spell[at - 1], spell[*at])).map(|at| spell[at])
                && let Evidence::ProjectArrears { contractor_uscc: Some(firm), .. } =
                    row.alert.finding.evidence
            {
                cases.entry(firm).or_default().push(row.alert.changed_on);
            }
        }
    }
    cases
}

fn confirms(before: &AlertRow, row: &AlertRow) -> bool {
    let taken_up = matches!(before.alert.status, AlertStatus::Acknowledged | AlertStatus::Handling);
    let unspoken = before.alert.casework.worker.is_none();
    let rejected = row.alert.casework.worker == Some(WorkerWord::Rejects);
    row.change == Change::WorkerSaid && rejected || row.change == Change::Resolved && taken_up && unspoken
}

fn is_offender(days: &[Day], today: Day, numbers: &Numbers) -> bool {
    // How many months lie between, counted in whole ones.
    let age = |day: &Day| {
        let (then, now) = (day.ymd(), today.ymd());
        let months = i64::from(now.0 - then.0) * 12 + i64::from(now.1) - i64::from(then.1);
        let last = today.period().unwrap();
        let is_short = day.day_of_month() > last.day_or_last(day.day_of_month()).day_of_month();
        let reached = now.2 >= then.2 || is_short && today == last.day_or_last(31);
        months - i64::from(!reached)
    };
    let ages: Vec<i64> = days.iter().filter(|day| **day <= today).map(age).collect();
    let within = ages.iter().filter(|age| **age < numbers.offender_months).count();
    let years: BTreeSet<i64> = ages.iter().map(|age| age / 12).collect();
    i64::try_from(within).unwrap() >= numbers.offender_cases
        || (0..numbers.offender_years).all(|year| years.contains(&year))
}
