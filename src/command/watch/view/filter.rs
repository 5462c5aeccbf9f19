//! Which rows are shown, and the list by which somebody picks what to filter by: what there is, with how many.

use super::row::Row;
use crate::alerts::{info, level_words};
use crate::domain::{Level, Rule};
use crate::proto::v1 as pb;
use std::collections::BTreeMap;
use std::rc::Rc;

#[derive(Default)]
pub(super) struct Filter {
    /// This level and worse.
    pub level: Option<pb::Level>,
    pub rule: Option<String>,
    /// Codes.
    pub department: Option<String>,
    pub territory: Option<String>,
    /// Anywhere in what is shown of a row, in capitals or not.
    pub text: String,
}

impl Filter {
    pub fn passes(&self, row: &Row) -> bool {
        let is = |wanted: &Option<String>, code: &str| wanted.as_ref().is_none_or(|wanted| wanted == code);
        self.level.is_none_or(|least| row.level >= least)
            && is(&self.rule, &row.rule)
            && is(&self.department, &row.department.0)
            && is(&self.territory, &row.territory.0)
            && self.has_text(row)
    }

    fn has_text(&self, row: &Row) -> bool {
        if self.text.is_empty() {
            return true;
        }
        let wanted = self.text.to_lowercase();
        let places = [
            &row.title.zh,
            &row.title.en,
            &row.project,
            &row.department.1,
            &row.territory.1,
            &row.said,
            &row.id,
            &row.sum,
        ];
        places.into_iter().any(|text| text.to_lowercase().contains(&wanted))
    }

    pub fn is_any(&self) -> bool {
        self.level.is_some()
            || self.rule.is_some()
            || self.department.is_some()
            || self.territory.is_some()
            || !self.text.is_empty()
    }

    pub fn set(&mut self, what: What, key: Option<String>) {
        match what {
            What::Level => self.level = key.and_then(|key| pb::Level::from_str_name(&key)),
            What::Rule => self.rule = key,
            What::Department => self.department = key,
            What::Territory => self.territory = key,
        }
    }
}

/// What can be picked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum What {
    Level,
    Rule,
    Department,
    Territory,
}

impl What {
    pub fn title(self) -> &'static str {
        match self {
            What::Level => "级别 / level",
            What::Rule => "类型 / kind",
            What::Department => "部门 / department",
            What::Territory => "属地 / territory",
        }
    }
}

/// A list to pick from; the first line is "all".
pub(super) struct Picker {
    pub what: What,
    /// Key, what it is called, how many rows.
    pub options: Vec<(String, String, usize)>,
    /// 0 = all.
    pub at: usize,
}

impl Picker {
    pub fn of<'a>(what: What, rows: impl Iterator<Item = &'a Rc<Row>>) -> Picker {
        let mut found: BTreeMap<(i32, String), (String, usize)> = BTreeMap::new();
        for row in rows.filter(|row| !row.is_gone) {
            let (key, name) = match what {
                // The worst stands first.
                What::Level => {
                    ((-i32::from(row.level), row.level.as_str_name().to_owned()), level_name(row.level))
                }
                What::Rule => ((0, row.rule.clone()), rule_name(&row.rule)),
                What::Department => office(&row.department),
                What::Territory => office(&row.territory),
            };
            found.entry(key).or_insert((name, 0)).1 += 1;
        }
        let options = found.into_iter().map(|((_, key), (name, count))| (key, name, count)).collect();
        Picker { what, options, at: 0 }
    }

    pub fn step(&mut self, by: isize) {
        self.at = self.at.saturating_add_signed(by).min(self.options.len());
    }

    /// What is picked; `None` = all.
    pub fn picked(self) -> (What, Option<String>) {
        let key =
            self.at.checked_sub(1).and_then(|at| self.options.into_iter().nth(at)).map(|(key, _, _)| key);
        (self.what, key)
    }
}

fn office((code, name): &(String, String)) -> ((i32, String), String) {
    let shown = if name.is_empty() { format!("（{code}）") } else { name.clone() };
    ((0, code.clone()), shown)
}

pub(super) fn level_name(level: pb::Level) -> String {
    let word = level.as_str_name().trim_start_matches("LEVEL_").to_lowercase();
    let (zh, en) = Level::parse(&word).map(level_words).unwrap_or_default();
    format!("{zh} {en}")
}

pub(super) fn rule_name(word: &str) -> String {
    Rule::parse(word).map_or_else(|| word.to_owned(), |rule| info(rule).title_zh.to_owned())
}
