//! What may be held and what must be told, counted again from all rows that were ever made and from the log:
//! the second model of the quarantine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wagewatch::alerts::ProjectAlerts;
use wagewatch::domain::{AlertId, AlertRow, Change, Day, Entry, Numbers, Position, Rule, Subject};

/// Held for its own sake.
fn is_held(row: &AlertRow) -> bool {
    row.alert.held.is_some() && row.alert.stands() && !row.alert.rolled_up
}

/// The last row of each alert.
fn last(rows: &[Arc<AlertRow>]) -> BTreeMap<&AlertId, &AlertRow> {
    let mut sorted: Vec<&Arc<AlertRow>> = rows.iter().collect();
    sorted.sort_by_key(|row| (row.shard, row.seq));
    sorted.into_iter().map(|row| (&row.alert.id, &**row)).collect()
}

/// The coordinator is told of the rules of which anything is held, and of no other.
pub fn check_reports(own: &ProjectAlerts, rows: &[Arc<AlertRow>], numbers: &Numbers) {
    let held = last(rows).into_values().filter(|row| is_held(row)).map(|row| row.alert.finding.rule);
    let held: BTreeSet<Rule> = held.collect();
    if numbers.flood_alerts == 0 || !numbers.is_on(Rule::AlertFlood, None) {
        assert!(held.is_empty(), "held though nothing may be: {held:?}");
    }
    let standing = own.standing().filter(|alert| alert.finding.rule == Rule::AlertFlood);
    let reported = standing.map(|alert| match alert.finding.subject {
        Subject::Rule(rule) => rule,
        ref other => panic!("{other:?}"),
    });
    assert_eq!(reported.collect::<BTreeSet<_>>(), held, "reports of floods");
}

/// What is told and what is held are all that stands; nothing is told twice, taken back, or told when it is over.
pub fn check_told(rows: &[Arc<AlertRow>]) {
    let (mut told, mut held): (BTreeSet<&AlertId>, BTreeSet<&AlertId>) = Default::default();
    for row in rows {
        let (alert, id) = (&row.alert, &row.alert.id);
        if !alert.stands() {
            let was_told = told.remove(id);
            assert_eq!(held.remove(id), !was_told, "{row:?}");
            assert_eq!(alert.held.is_none(), was_told, "{row:?}");
        } else if alert.held.is_some() {
            assert!(!told.contains(id), "taken back: {row:?}");
            assert!(alert.clock.running.is_none(), "nobody is asked: {row:?}");
            held.insert(id);
        } else {
            let was_held = held.remove(id);
            let first = told.insert(id);
            let lets_go = matches!(row.change, Change::Released | Change::Shown | Change::RolledUp);
            assert!(!was_held || first && lets_go, "{row:?}");
            assert!(row.change != Change::Released || was_held, "{row:?}");
            let begins = matches!(row.change, Change::Raised | Change::Reopened);
            assert!(!first || was_held || begins, "told of in the middle: {row:?}");
        }
    }
}

/// Each release with its day, from the log.
fn releases(entries: &[(Position, Entry)]) -> Vec<(Rule, Option<Day>, Position)> {
    let (mut day, mut found) = (None, Vec::new());
    for (position, entry) in entries {
        match entry {
            Entry::Date(date) => day = day.max(Some(*date)),
            Entry::Release(release) => found.push((release.rule, day, *position)),
            _ => {}
        }
    }
    found
}

/// After a release nothing is held any more that was held before it.
pub fn check_released(rows: &[Arc<AlertRow>], entries: &[(Position, Entry)]) {
    let mut since: BTreeMap<&AlertId, Position> = BTreeMap::new();
    for row in rows {
        if is_held(row) {
            since.entry(&row.alert.id).or_insert(row.position);
        } else {
            since.remove(&row.alert.id);
        }
    }
    for row in last(rows).into_values() {
        let Some(since) = since.get(&row.alert.id) else { continue };
        let released = releases(entries)
            .into_iter()
            .find(|(rule, _, position)| *rule == row.alert.finding.rule && position > since);
        assert_eq!(released, None, "still held: {row:?}");
    }
}

/// Of each owner and rule no more opens in sight on a day than its share of the budget, and nothing is held
/// before that is used up, unless something still is from before.
pub fn check_budget(
    rows: &[Arc<AlertRow>],
    shards: u16,
    (alerts, grace_days): (i64, i64),
    entries: &[(Position, Entry)],
) {
    let first = entries.iter().find_map(|(_, entry)| match entry {
        Entry::Date(day) => Some(*day),
        _ => None,
    });
    let releases = releases(entries);
    let mut before: BTreeMap<&AlertId, &AlertRow> = BTreeMap::new();
    let mut opened: BTreeMap<(u16, Rule, Day), i64> = BTreeMap::new();
    let mut held: BTreeMap<(u16, Rule), BTreeSet<&AlertId>> = BTreeMap::new();
    // Where anything was held last.
    let mut holding: BTreeMap<(u16, Rule), Position> = BTreeMap::new();
    for row in rows {
        let (rule, day, owner) = (row.alert.finding.rule, row.alert.changed_on, row.shard);
        let sharers = if owner == shards { 1 } else { i64::from(shards) };
        let share = (alerts + sharers - 1) / sharers;
        let last = before.insert(&row.alert.id, row);
        let opens = match row.change {
            Change::Raised => true,
            Change::Reopened => last.is_some_and(|last| !last.alert.stands()),
            Change::Shown => last.is_some_and(|last| last.alert.held.is_some()),
            _ => false,
        };
        let known = held.entry((owner, rule)).or_default();
        if opens && !row.alert.rolled_up && rule != Rule::AlertFlood {
            let count = opened.entry((owner, rule, day)).or_default();
            let holds = !known.is_empty() || holding.get(&(owner, rule)) == Some(&row.position);
            let is_first_load = i64::from(day.since(first.unwrap())) < grace_days;
            let may_hold = !is_first_load && (*count >= share || holds);
            let lifted = |before: &dyn Fn(Position) -> bool| {
                releases.iter().any(|(r, on, at)| (*r, *on) == (rule, Some(day)) && before(*at))
            };
            if row.alert.held.is_some() {
                assert!(may_hold && !lifted(&|at| at < row.position), "held for nothing: {row:?}");
            } else {
                let is_over = !is_first_load && (*count >= share || !known.is_empty());
                // A whole whose parts were told is told whatever the budget.
                let takes_in = rule == Rule::ProjectArrears;
                assert!(!is_over || takes_in || lifted(&|at| at <= row.position), "told beyond: {row:?}");
            }
            *count += 1;
        }
        match is_held(row) {
            true => known.insert(&row.alert.id),
            false => known.remove(&row.alert.id),
        };
        if is_held(row) || last.is_some_and(is_held) {
            holding.insert((owner, rule), row.position);
        }
    }
}
