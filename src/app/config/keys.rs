//! Typed reading of keys from all layers: every fault is collected, none stops the reading.
//! Knows no particular key.

use super::document::{Entry, Value};
use super::problem::{ConfigError, Place};
use crate::domain::DayStart;
use axum::http::Uri;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::SocketAddr;

/// The values given, lowest layer first, and what was wrong so far.
#[derive(Default)]
pub(super) struct Keys {
    given: BTreeMap<(String, String), Vec<Given>>,
    known: Vec<(&'static str, &'static str)>,
    pub problems: Vec<ConfigError>,
}

struct Given {
    place: Place,
    value: Value,
}

/// One entry of a table below a section, under a name that is not ours.
pub(super) struct Pair {
    pub place: Place,
    pub name: String,
    pub value: Value,
}

/// The keys of one section.
pub(super) struct Section<'a> {
    keys: &'a mut Keys,
    name: &'static str,
}

impl Keys {
    /// One value of one layer; call for lower layers first.
    pub fn give(&mut self, place: Place, section: &str, key: &str, value: Value) {
        let name = (section.to_owned(), key.to_owned());
        self.given.entry(name).or_default().push(Given { place, value });
    }

    /// All entries of a config file.
    pub fn give_file(&mut self, path: &str, entries: Vec<Entry>) {
        for entry in entries {
            let place = Place::line(path, entry.line);
            match entry.node.value {
                // An empty section gives nothing, but its name is checked.
                Value::Table(keys) if keys.is_empty() => {
                    self.given
                        .entry((entry.name, String::new()))
                        .or_default()
                        .push(Given { place, value: Value::Table(keys) });
                }
                Value::Table(keys) => {
                    for key in keys {
                        self.give(Place::line(path, key.line), &entry.name, &key.name, key.node.value);
                    }
                }
                other => self.problems.push(ConfigError::new(
                    place,
                    format!("{} is {} outside of any section", entry.name, other.shown()),
                    "a section such as [server]",
                )),
            }
        }
    }

    pub fn section(&mut self, name: &'static str) -> Section<'_> {
        Section { keys: self, name }
    }

    /// Every key that was asked for, in order.
    pub fn known(&self) -> &[(&'static str, &'static str)] {
        &self.known
    }

    /// Where the standing value of a key was given.
    pub fn place(&self, section: &str, key: &str) -> Place {
        self.given
            .get(&(section.to_owned(), key.to_owned()))
            .and_then(|given| given.last())
            .map_or(Place::Default, |given| given.place.clone())
    }

    /// After all keys were asked for: what was given and nobody asked for is unknown.
    pub fn refuse_unknown(&mut self) {
        let mut sections: Vec<&str> = self.known.iter().map(|(section, _)| *section).collect();
        sections.dedup();
        for ((section, key), given) in &self.given {
            let known = |s: &str, k: &str| self.known.iter().any(|(a, b)| *a == s && *b == k);
            if known(section, key) || (key.is_empty() && sections.contains(&section.as_str())) {
                continue;
            }
            let (what, expected) = if sections.contains(&section.as_str()) {
                let keys: Vec<&str> =
                    self.known.iter().filter(|(s, _)| s == section).map(|(_, k)| *k).collect();
                (format!("unknown key {section}.{key}"), format!("one of {}", keys.join(", ")))
            } else {
                (format!("unknown section [{section}]"), format!("one of {}", sections.join(", ")))
            };
            for one in given {
                self.problems.push(ConfigError::new(one.place.clone(), &what, &expected));
            }
        }
    }
}

impl Section<'_> {
    /// The standing value of a key, after every layer's value was judged by `read`.
    fn value<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        mut read: impl FnMut(&Value) -> Option<T>,
    ) -> Option<T> {
        self.keys.known.push((self.name, key));
        let given = self.keys.given.get(&(self.name.to_owned(), key.to_owned()))?;
        let mut standing = None;
        for one in given {
            match read(&one.value) {
                Some(value) => standing = Some(value),
                None => self.keys.problems.push(ConfigError::new(
                    one.place.clone(),
                    format!("{}.{key} is {}", self.name, one.value.shown()),
                    expected,
                )),
            }
        }
        standing
    }

    /// A whole number between bounds.
    pub fn number<T>(&mut self, key: &'static str, default: T, least: T, most: T) -> T
    where
        T: TryFrom<i128> + PartialOrd + Display + Copy,
    {
        let expected = format!("a whole number from {least} to {most}");
        let read = |value: &Value| {
            let number = match value {
                Value::Integer(number) => *number,
                Value::Loose(text) => text.replace('_', "").parse().ok()?,
                _ => return None,
            };
            T::try_from(number).ok().filter(|n| (least..=most).contains(n))
        };
        self.value(key, &expected, read).unwrap_or(default)
    }

    /// An address to listen at.
    pub fn address(&mut self, key: &'static str, default: SocketAddr) -> SocketAddr {
        let expected = format!("an IP address and a port, such as \"{default}\"");
        self.value(key, &expected, |value| text_of(value)?.parse().ok()).unwrap_or(default)
    }

    /// One of a few words.
    pub fn word<T: Copy>(&mut self, key: &'static str, default: T, words: &[(&str, T)]) -> T {
        let list: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let expected = format!("one of {}", list.join(", "));
        let read = |value: &Value| {
            let text = text_of(value)?;
            words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning)
        };
        self.value(key, &expected, read).unwrap_or(default)
    }

    /// A text of a certain form.
    pub fn text(&mut self, key: &'static str, expected: &str, good: impl Fn(&str) -> bool) -> Option<String> {
        let expected = format!("a text between quotes: {expected}");
        self.value(key, &expected, |value| text_of(value).filter(|t| good(t)).map(ToOwned::to_owned))
    }

    /// The entries of a table of its own.
    pub fn table(&mut self, key: &'static str, expected: &str) -> Vec<Pair> {
        let read = |value: &Value| match value {
            Value::Table(entries) => Some(entries.clone()),
            _ => None,
        };
        let place = self.keys.place(self.name, key);
        let entries = self.value(key, expected, read).unwrap_or_default();
        let pair = |entry: Entry| {
            let place = match &place {
                Place::File { path, .. } => Place::line(path, entry.line),
                other => other.clone(),
            };
            Pair { place, name: entry.name, value: entry.node.value }
        };
        entries.into_iter().map(pair).collect()
    }

    /// A path that is not empty.
    pub fn path(&mut self, key: &'static str) -> Option<String> {
        let read = |value: &Value| text_of(value).filter(|t| !t.is_empty()).map(ToOwned::to_owned);
        self.value(key, "a path between quotes", read)
    }

    /// A share from 0 to 1 with at most six decimals, as so many of a million.
    pub fn share(&mut self, key: &'static str, default: u32) -> u32 {
        let read = |value: &Value| {
            let text = match value {
                Value::Integer(number) => number.to_string(),
                Value::Decimal(text) | Value::Loose(text) => text.clone(),
                _ => return None,
            };
            let (whole, decimals) = text.split_once('.').unwrap_or((&text, "0"));
            let is_short = (1..=6).contains(&decimals.len()) && decimals.bytes().all(|b| b.is_ascii_digit());
            let millionths = format!("{decimals:0<6}").parse::<u32>().ok().filter(|_| is_short)?;
            match whole {
                "0" => Some(millionths),
                "1" => Some(1_000_000).filter(|_| millionths == 0),
                _ => None,
            }
        };
        self.value(key, "a number from 0 to 1 with at most six decimals", read).unwrap_or(default)
    }

    /// A word that others know it by.
    pub fn name(&mut self, key: &'static str) -> Option<String> {
        let is_name = |text: &str| {
            (1..=64).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        let read = |value: &Value| text_of(value).filter(|text| is_name(text)).map(ToOwned::to_owned);
        self.value(key, "1 to 64 of A-Z a-z 0-9 . _ -", read)
    }

    /// Names of machines.
    pub fn hosts(&mut self, key: &'static str) -> Vec<String> {
        let is_host = |text: &str| {
            (1..=253).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b))
        };
        let read = |value: &Value| -> Option<Vec<String>> {
            let names: Vec<&str> = match value {
                Value::List(nodes) => nodes.iter().map(|node| text_of(&node.value)).collect::<Option<_>>()?,
                Value::Loose(text) => {
                    text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
                }
                _ => return None,
            };
            names.iter().all(|name| is_host(name)).then(|| names.iter().map(|n| n.to_lowercase()).collect())
        };
        self.value(key, "a list of names of machines, such as [\"wages.example.cn\"], without a port", read)
            .unwrap_or_default()
    }

    /// An address that can be posted to.
    pub fn url(&mut self, key: &'static str) -> Option<Uri> {
        let read = |value: &Value| {
            let uri: Uri = text_of(value)?.parse().ok()?;
            let whole = matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some();
            whole.then_some(uri)
        };
        self.value(key, "an address that begins with \"http://\" or \"https://\"", read)
    }

    /// A time of the day, `"HH:MM"`, before noon (a later one would move whole days).
    pub fn day_start(&mut self, key: &'static str, default: DayStart) -> DayStart {
        let read = |value: &Value| {
            let (hour, minute) = text_of(value)?.split_once(':')?;
            let two =
                |t: &str| (t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit())).then(|| t.parse().ok());
            let (hour, minute): (u16, u16) = (two(hour)??, two(minute)??);
            (hour < 12 && minute < 60).then_some(DayStart(hour * 60 + minute))
        };
        self.value(key, "a time from \"00:00\" to \"11:59\"", read).unwrap_or(default)
    }
}

fn text_of(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) | Value::Loose(text) => Some(text),
        _ => None,
    }
}
