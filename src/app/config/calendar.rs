//! The file of published holidays and make-up working days: `date,kind,name` a line.
//! Knows no clock: which year is now is told by the caller.

use super::Text;
use super::problem::{ConfigError, Place};
use crate::domain::{Calendar, Day, DayKind};
use std::collections::BTreeMap;
use std::path::Path;

const HEADER: &str = "date,kind,name";

/// The copy that is compiled in.
pub(super) fn built_in_text() -> Text {
    Text {
        path: "config/calendar.csv (built in)".into(),
        text: include_str!("../../../config/calendar.csv").into(),
    }
}

/// The days that the file names; what is wrong goes to `problems` with its line.
pub(super) fn parse(file: &Text, problems: &mut Vec<ConfigError>) -> Calendar {
    let mut days: BTreeMap<Day, (DayKind, usize)> = BTreeMap::new();
    let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
    let mut headed = false;
    for (index, row) in text.lines().enumerate() {
        let line = index + 1;
        let mut problem = |what: String, expected: &str| {
            problems.push(ConfigError::new(Place::line(&file.path, line), what, expected));
        };
        let row = row.trim_end();
        if row.is_empty() || row.starts_with('#') {
            continue;
        }
        if !headed {
            headed = true;
            if row != HEADER {
                problem(format!("the first line is {row:?}"), HEADER);
            }
            continue;
        }
        // A name may have commas of its own; dates and kinds have none.
        let mut fields = row.splitn(3, ',');
        let (date, kind) = (fields.next().unwrap_or(""), fields.next().unwrap_or(""));
        let Some(day) = Day::parse(date) else {
            problem(format!("date {date:?} is no date"), "YYYY-MM-DD");
            continue;
        };
        let kind = match kind {
            "holiday" => DayKind::Holiday,
            "workday" => DayKind::Workday,
            _ => {
                problem(format!("kind {kind:?} of {day} is unknown"), "\"holiday\" or \"workday\"");
                continue;
            }
        };
        if let Some((_, first)) = days.get(&day) {
            problem(format!("{day} stands twice, first in line {first}"), "one line a day");
            continue;
        }
        days.insert(day, (kind, line));
    }
    if !headed {
        problems.push(ConfigError::new(Place::line(&file.path, 0), "the file is empty", HEADER));
    }
    Calendar::new(days.into_iter().map(|(day, (kind, _))| (day, kind)))
}

/// A warning for the given year and the next, where the calendar is silent about them.
pub(super) fn uncovered(calendar: &Calendar, path: Option<&Path>, year: i32) -> Vec<String> {
    let path = path.map_or_else(|| built_in_text().path, |path| path.display().to_string());
    [year, year + 1]
        .iter()
        .filter(|year| !calendar.covers_year(**year))
        .map(|year| {
            format!(
                "{path}: no holidays of {year}; expected those that the State Council publishes for it \
                 (until then Monday to Friday are taken for working days)"
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silent_years_are_named() {
        let built_in = parse(&built_in_text(), &mut Vec::new());
        let years = |year| uncovered(&built_in, None, year).len();
        assert_eq!((years(2024), years(2025), years(2026), years(2030)), (0, 0, 1, 2));
    }
}
