//! A config file that is a list of tables (`[[department]]`, `[[principal]]`), read table by table with every
//! fault collected. Knows no file's meaning.

use super::Text;
use super::document::{self, Entry, Node, Value};
use super::problem::{ConfigError, Place};
use std::collections::BTreeMap;

pub(super) const NAME: &str = "a name between quotes";
pub(super) const CODE: &str = "a code of 1 to 64 lower-case letters, digits, - and _";

/// One table of the list, and what was wrong in it.
pub(super) struct Row<'a> {
    path: &'a str,
    pub line: usize,
    keys: Vec<Entry>,
    pub problems: Vec<ConfigError>,
}

/// The tables of a file that has nothing else.
pub(super) fn rows<'a>(
    file: &'a Text,
    kind: &str,
    known: &[&str],
    problems: &mut Vec<ConfigError>,
) -> Vec<Row<'a>> {
    let entries = match document::parse(&file.path, &file.text) {
        Ok(entries) => entries,
        Err(errors) => {
            problems.extend(errors);
            return Vec::new();
        }
    };
    let mut rows = Vec::new();
    for entry in entries {
        let items = match entry.node.value {
            Value::List(items) if entry.name == kind => items,
            _ => {
                let place = Place::line(&file.path, entry.line);
                problems.push(ConfigError::new(
                    place,
                    format!("unknown entry {}", entry.name),
                    format!("[[{kind}]]"),
                ));
                continue;
            }
        };
        for item in items {
            let mut row = Row { path: &file.path, line: item.line, keys: Vec::new(), problems: Vec::new() };
            match item.value {
                Value::Table(keys) => row.keys = keys,
                other => row.problem(item.line, format!("{kind} is {}", other.shown()), "a table of keys"),
            }
            row.refuse_unknown(known);
            rows.push(row);
        }
    }
    if rows.is_empty() {
        let place = Place::line(&file.path, 0);
        problems.push(ConfigError::new(place, format!("there is no [[{kind}]]"), "at least one"));
    }
    rows
}

impl Row<'_> {
    pub fn problem(&mut self, line: usize, what: String, expected: &str) {
        self.problems.push(ConfigError::new(Place::line(self.path, line), what, expected));
    }

    fn refuse_unknown(&mut self, known: &[&str]) {
        let strangers: Vec<(usize, String)> = self
            .keys
            .iter()
            .filter(|entry| !known.contains(&entry.name.as_str()))
            .map(|entry| (entry.line, format!("unknown key {}", entry.name)))
            .collect();
        for (line, what) in strangers {
            self.problem(line, what, &format!("one of {}", known.join(", ")));
        }
    }

    pub fn find(&self, key: &str) -> Option<&Entry> {
        self.keys.iter().find(|entry| entry.name == key)
    }

    pub fn line_of(&self, key: &str) -> usize {
        self.find(key).map_or(self.line, |entry| entry.line)
    }

    /// A text that must be there and not be empty.
    pub fn text(&mut self, key: &str, expected: &str) -> Option<String> {
        let (what, line) = match self.find(key) {
            None => (format!("{key} is missing"), self.line),
            Some(entry) => match &entry.node.value {
                Value::Text(text) if !text.trim().is_empty() => return Some(text.clone()),
                other => (format!("{key} is {}", other.shown()), entry.line),
            },
        };
        self.problem(line, what, expected);
        None
    }

    pub fn optional_text(&mut self, key: &str) -> String {
        if self.find(key).is_none() { String::new() } else { self.text(key, NAME).unwrap_or_default() }
    }

    /// A code that nobody before had.
    pub fn code(&mut self, key: &str, codes: &mut BTreeMap<String, usize>) -> Option<String> {
        let code = self.text(key, CODE)?;
        let line = self.line_of(key);
        if !is_code(&code) {
            self.problem(line, format!("{key} is {code:?}"), CODE);
            return None;
        }
        if let Some(first) = codes.get(&code) {
            self.problem(
                line,
                format!("{key} \"{code}\" stands twice, first in line {first}"),
                &format!("each {key} once"),
            );
            return None;
        }
        codes.insert(code.clone(), line);
        Some(code)
    }

    /// Codes with their lines; an absent list is an empty one.
    pub fn texts(&mut self, key: &str) -> Vec<(usize, String)> {
        self.list(key, "a list of codes", CODE, is_code)
    }

    /// Texts with their lines, each of them good; an absent list is an empty one.
    pub fn list(
        &mut self,
        key: &str,
        what: &str,
        expected: &str,
        good: impl Fn(&str) -> bool,
    ) -> Vec<(usize, String)> {
        let mut texts = Vec::new();
        for item in self.items(key, what) {
            match item.value {
                Value::Text(text) if good(&text) => texts.push((item.line, text)),
                other => self.problem(item.line, format!("{key} has {}", other.shown()), expected),
            }
        }
        texts
    }

    /// What stands in a list; an absent one is empty.
    pub fn items(&mut self, key: &str, what: &str) -> Vec<Node> {
        let Some(entry) = self.find(key).cloned() else { return Vec::new() };
        match entry.node.value {
            Value::List(items) => items,
            other => {
                self.problem(entry.line, format!("{key} is {}", other.shown()), what);
                Vec::new()
            }
        }
    }

    /// `false` if it is left out.
    pub fn yes(&mut self, key: &str) -> bool {
        match self.find(key).map(|entry| (entry.line, entry.node.value.clone())) {
            None => false,
            Some((_, Value::Boolean(yes))) => yes,
            Some((line, other)) => {
                self.problem(line, format!("{key} is {}", other.shown()), "true or false");
                false
            }
        }
    }
}

pub(super) fn is_code(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(good)
}
