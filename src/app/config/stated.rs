//! A value of the rulebook's file: plain, or a list of values with the date from which each counts.
//! Knows no number's name.

use super::document::{Entry, Node, Value};
use super::problem::Place;
use crate::domain::{Day, Days};

/// A value and the date from which it counts.
#[derive(Clone, Debug)]
pub(super) struct Stated<T> {
    pub from: Day,
    pub value: T,
    /// Where the operator wrote it.
    pub place: Place,
}

/// Pairs of (section, the lower, the higher): where the lower were above the higher, a trouble
/// that gets older would lose its colour.
pub(super) const RISING: [(&str, &str, &str); 8] = [
    ("wages", "orange_after_days", "red_after_days"),
    ("payout-returned", "working_days", "orange_working_days"),
    ("balance-short", "yellow_working_days", "working_days"),
    ("attendance-silent", "blue_days", "yellow_days"),
    ("attendance-silent", "yellow_days", "orange_days"),
    ("complaint-open", "orange_after_days", "red_after_days"),
    ("implausible-pay", "month_fen", "year_fen"),
    ("business-signal", "pair_level", "level"),
];

pub(super) const STEPS: &str =
    "a list of [minutes, days] pairs, both rising, minutes 0 to 1440, days 0 to 3: [[240, 0.5], [480, 1]]";
const DATED: &str = "{ from = \"YYYY-MM-DD\", value = ... }";

impl<T> Stated<T> {
    /// The same for all time.
    pub fn always(value: T) -> Stated<T> {
        Stated { from: Day(i32::MIN), value, place: Place::Default }
    }
}

/// What counts on that day; before the first date the first value does.
pub(super) fn at<T>(values: &[Stated<T>], day: Day) -> &Stated<T> {
    let after = values.partition_point(|stated| stated.from <= day);
    &values[after.saturating_sub(1)]
}

/// The values of one key; `own` is the file to name as their place. What is wrong is told by line,
/// what, and what was expected; then there are none.
pub(super) fn read<T>(
    name: &str,
    entry: &Entry,
    expected: &str,
    read: &dyn Fn(&Value) -> Option<T>,
    own: Option<&str>,
    problem: &mut dyn FnMut(usize, String, &str),
) -> Option<Vec<Stated<T>>> {
    let place = |line| own.map_or(Place::Default, |path| Place::line(path, line));
    let items = match &entry.node.value {
        Value::List(items) if items.iter().any(|item| matches!(item.value, Value::Table(_))) => items,
        value => {
            let Some(value) = read(value) else {
                let expected = format!("{expected}, or a list of {DATED}");
                problem(entry.line, format!("{name} is {}", value.shown()), &expected);
                return None;
            };
            return Some(vec![Stated { from: Day(i32::MIN), value, place: place(entry.line) }]);
        }
    };
    let mut values: Vec<(usize, Stated<T>)> = Vec::new();
    let mut good = true;
    for item in items {
        let Some((from, value)) = one(name, item, expected, read, problem) else {
            good = false;
            continue;
        };
        if let Some((line, before)) = values.last().filter(|(_, before)| before.from >= from) {
            let what = format!("{name} has {from} after {} of line {line}", before.from);
            problem(item.line, what, "dates that rise: each value counts from its date to the next");
            good = false;
        }
        values.push((item.line, Stated { from, value, place: place(item.line) }));
    }
    good.then(|| values.into_iter().map(|(_, stated)| stated).collect())
}

// One `{ from, value }`.
fn one<T>(
    name: &str,
    item: &Node,
    expected: &str,
    read: &dyn Fn(&Value) -> Option<T>,
    problem: &mut dyn FnMut(usize, String, &str),
) -> Option<(Day, T)> {
    let Value::Table(keys) = &item.value else {
        problem(item.line, format!("{name} has {}", item.value.shown()), DATED);
        return None;
    };
    let (mut from, mut value) = (None, None);
    for key in keys {
        match (key.name.as_str(), &key.node.value) {
            ("from", Value::Text(text)) if Day::parse(text).is_some() => from = Day::parse(text),
            ("from", other) => {
                let what = format!("{name} has from = {}", other.shown());
                problem(key.line, what, "a date between quotes, \"YYYY-MM-DD\"");
                return None;
            }
            ("value", given) => match read(given) {
                Some(given) => value = Some(given),
                None => {
                    problem(key.line, format!("{name} has value = {}", given.shown()), expected);
                    return None;
                }
            },
            (other, _) => {
                problem(key.line, format!("{name} has an unknown key {other}"), DATED);
                return None;
            }
        }
    }
    if from.is_none() || value.is_none() {
        let missing = if from.is_none() { "from" } else { "value" };
        problem(item.line, format!("{name} has no {missing}"), DATED);
    }
    from.zip(value)
}

/// Minutes and hundredths of a day, both ascending.
pub(super) fn steps_of(value: &Value) -> Option<Vec<(u32, u32)>> {
    let Value::List(items) = value else { return None };
    let mut steps: Vec<(u32, u32)> = Vec::new();
    for item in items {
        let Value::List(pair) = &item.value else { return None };
        let [minutes, days] = pair.as_slice() else { return None };
        let Value::Integer(minutes) = minutes.value else { return None };
        let days = match &days.value {
            Value::Integer(days) => Days::parse(&days.to_string())?,
            Value::Decimal(days) => Days::parse(days)?,
            _ => return None,
        };
        let step = (u32::try_from(minutes).ok().filter(|m| *m <= 1440)?, days.0);
        if steps.last().is_some_and(|last| step.0 <= last.0 || step.1 <= last.1) {
            return None;
        }
        steps.push(step);
    }
    Some(steps)
}
