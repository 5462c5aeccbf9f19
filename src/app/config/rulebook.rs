//! The rulebook's file: which rules are on, on which article each rests, and each number with the
//! dates from which it counts. Knows what may stand there; knows no rule's meaning.

use super::Text;
use super::document::{self, Entry, Value};
use super::problem::{ConfigError, Place};
use super::stated::{self, RISING, Stated, at};
use crate::alerts;
use crate::codec;
use crate::domain::{Calendar, Day, DayStart, Edition, NumberKey, Numbers, Rule, Rulebook, Switch};
use std::collections::{BTreeMap, BTreeSet};

/// What all rules share stands under this name.
const WAGES: &str = "wages";
const STEPS: &str = "presence_steps";
/// What every rule's section may say beside its numbers.
const OF_RULES: [&str; 3] = ["article", "on", "off_in"];
const VERSION: &str = "1 to 64 letters, digits, `.`, `_` and `-` between quotes";
const BUILT_IN: &str = "config/rulebook.toml (built in)";

pub(super) fn built_in_text() -> Text {
    Text { path: BUILT_IN.into(), text: include_str!("../../../config/rulebook.toml").into() }
}

/// What the files say: the built-in one, and the operator's over it.
pub(super) struct Draft {
    version: String,
    /// In the order of [`Numbers::KEYS`].
    numbers: Vec<Vec<Stated<i64>>>,
    steps: Vec<Stated<Vec<(u32, u32)>>>,
    switches: BTreeMap<Rule, Switch>,
}

/// The built-in rulebook with what the file changes; what is wrong goes to `problems` with its line.
/// Sectors are held against `sectors`, where the directory could be read.
pub(super) fn parse(file: &Text, sectors: Option<&[&str]>, problems: &mut Vec<ConfigError>) -> Draft {
    let mut draft = Draft {
        version: String::new(),
        numbers: Numbers::KEYS.iter().map(|key| vec![Stated::always(key.default)]).collect(),
        steps: vec![Stated::always(Vec::new())],
        switches: BTreeMap::new(),
    };
    if file.path != BUILT_IN {
        // The built-in copy is good; `tests/config.rs` proves it.
        draft.take(&built_in_text(), None, &mut Vec::new());
    }
    draft.take(file, sectors, problems);
    draft.refuse_falling(problems);
    draft
}

impl Draft {
    /// As rules judge by it. The name ends with a fingerprint of all that it stands for, so that two
    /// rulebooks, or two calendars, never share one.
    pub fn book(&self, calendar: &Calendar, day_starts_at: DayStart) -> Rulebook {
        let later = |dates: &mut dyn Iterator<Item = Day>| dates.skip(1).collect::<Vec<_>>();
        let mut dates: BTreeSet<Day> = [Day(i32::MIN)].into();
        for values in &self.numbers {
            dates.extend(later(&mut values.iter().map(|stated| stated.from)));
        }
        dates.extend(later(&mut self.steps.iter().map(|stated| stated.from)));
        let edition = |day: Day| {
            let mut numbers = Numbers {
                presence_steps: at(&self.steps, day).value.clone(),
                switches: self.switches.clone(),
                ..Numbers::default()
            };
            for (place, values) in self.numbers.iter().enumerate() {
                numbers.set(place, at(values, day).value);
            }
            Edition { effective_from: day, numbers }
        };
        let mut book = Rulebook {
            version: self.version.clone(),
            calendar: calendar.clone(),
            day_starts_at,
            ..Rulebook::default()
        }
        .with_editions(dates.into_iter().map(edition).collect());
        let mut bytes = codec::Writer::new();
        codec::write_rulebook(&mut bytes, &book);
        let print = blake3::hash(&bytes.bytes).to_hex();
        book.version = format!("{}+{}", self.version, &print[..8]);
        book
    }

    fn take(&mut self, file: &Text, sectors: Option<&[&str]>, problems: &mut Vec<ConfigError>) {
        let entries = match document::parse(&file.path, &file.text) {
            Ok(entries) => entries,
            Err(errors) => return problems.extend(errors),
        };
        let mut page = Page { path: &file.path, sectors, problems };
        let mut named = false;
        for entry in entries {
            match (entry.name.as_str(), entry.node.value) {
                ("version", value) => {
                    named = true;
                    page.version(&value, entry.line).into_iter().for_each(|text| self.version = text);
                }
                (WAGES, Value::Table(keys)) => self.section(WAGES, None, keys, &mut page),
                (name, Value::Table(keys)) => match Rule::parse(name) {
                    Some(rule) => {
                        page.article(rule, &keys, entry.line);
                        self.section(rule.as_str(), Some(rule), keys, &mut page);
                    }
                    None => page.problem(
                        entry.line,
                        format!("unknown rule [{name}]"),
                        "[wages] or the name of a rule, as docs/rules.md lists them",
                    ),
                },
                (name, value) => page.problem(
                    entry.line,
                    format!("{name} is {} outside of any section", value.shown()),
                    "version, [wages] or a rule's section",
                ),
            }
        }
        if !named {
            page.problem(0, "version is missing".into(), VERSION);
        }
    }

    fn section(&mut self, name: &'static str, rule: Option<Rule>, keys: Vec<Entry>, page: &mut Page) {
        for key in keys {
            let place = Numbers::KEYS.iter().position(|k| k.section == name && k.key == key.name);
            match (place, rule, key.name.as_str()) {
                (Some(place), _, _) => {
                    let values = page.number(&Numbers::KEYS[place], &key);
                    values.into_iter().for_each(|values| self.numbers[place] = values);
                }
                (None, None, STEPS) => {
                    let steps = page.dated(name, &key, stated::STEPS, &stated::steps_of);
                    steps.into_iter().for_each(|steps| self.steps = steps);
                }
                (None, Some(_), "article") => {}
                (None, Some(rule), "on") => match key.node.value {
                    Value::Boolean(on) => self.switch(rule, |switch| switch.off = !on),
                    other => {
                        page.problem(key.line, format!("{name}.on is {}", other.shown()), "true or false");
                    }
                },
                (None, Some(rule), "off_in") => {
                    let off_in = page.off_in(name, key);
                    self.switch(rule, |switch| switch.off_in = off_in);
                }
                _ => page.unknown(name, rule, &key),
            }
        }
    }

    // A rule that is on everywhere has no switch: the same rulebook has the same bytes.
    fn switch(&mut self, rule: Rule, set: impl FnOnce(&mut Switch)) {
        let switch = self.switches.entry(rule).or_default();
        set(switch);
        if *switch == Switch::default() {
            self.switches.remove(&rule);
        }
    }

    fn refuse_falling(&self, problems: &mut Vec<ConfigError>) {
        let of = |section: &str, key: &str| {
            let place = Numbers::KEYS.iter().position(|k| k.section == section && k.key == key);
            place.map_or(&[][..], |place| self.numbers[place].as_slice())
        };
        for (section, lower, higher) in RISING {
            let (low, high) = (of(section, lower), of(section, higher));
            let days: BTreeSet<Day> = low.iter().chain(high).map(|stated| stated.from).collect();
            let falling = days.into_iter().find(|day| at(low, *day).value > at(high, *day).value);
            let Some(day) = falling else { continue };
            let (low, high) = (at(low, day), at(high, day));
            // Told where the operator wrote it; of two lines of his, at the later.
            let place = [&low.place, &high.place].into_iter().filter(|p| **p != Place::Default).max();
            let place = place.cloned().unwrap_or(Place::Default);
            let since = if day.0 == i32::MIN { String::new() } else { format!(" from {day}") };
            let what = format!("{section}.{higher} is {}{since}", high.value);
            let expected = format!("at least {section}.{lower}, {}: a level never falls with age", low.value);
            problems.push(ConfigError::new(place, what, expected));
        }
    }
}

/// One file while it is read.
struct Page<'a> {
    path: &'a str,
    sectors: Option<&'a [&'a str]>,
    problems: &'a mut Vec<ConfigError>,
}

impl Page<'_> {
    fn problem(&mut self, line: usize, what: String, expected: &str) {
        self.problems.push(ConfigError::new(Place::line(self.path, line), what, expected));
    }

    fn version(&mut self, value: &Value, line: usize) -> Option<String> {
        let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        match value {
            Value::Text(text) if (1..=64).contains(&text.len()) && text.bytes().all(good) => {
                Some(text.clone())
            }
            other => {
                self.problem(line, format!("version is {}", other.shown()), VERSION);
                None
            }
        }
    }

    fn article(&mut self, rule: Rule, keys: &[Entry], line: usize) {
        let expected = format!("{:?}, on which the rule rests", alerts::info(rule).article_en);
        match keys.iter().find(|key| key.name == "article") {
            None => self.problem(line, format!("{rule}.article is missing"), &expected),
            Some(key) => match &key.node.value {
                Value::Text(text) if text == alerts::info(rule).article_en => {}
                other => {
                    self.problem(key.line, format!("{rule}.article is {}", other.shown()), &expected);
                }
            },
        }
    }

    fn number(&mut self, key: &NumberKey, entry: &Entry) -> Option<Vec<Stated<i64>>> {
        let expected = format!("a whole number from {} to {}", key.least, key.most);
        let read = |value: &Value| match value {
            Value::Integer(number) => {
                i64::try_from(*number).ok().filter(|n| (key.least..=key.most).contains(n))
            }
            _ => None,
        };
        self.dated(key.section, entry, &expected, &read)
    }

    fn dated<T>(
        &mut self,
        section: &str,
        entry: &Entry,
        expected: &str,
        read: &dyn Fn(&Value) -> Option<T>,
    ) -> Option<Vec<Stated<T>>> {
        let name = format!("{section}.{}", entry.name);
        // The built-in copy's lines are nobody's fault.
        let own = if self.path == BUILT_IN { None } else { Some(self.path) };
        stated::read(&name, entry, expected, read, own, &mut |line, what, expected| {
            self.problem(line, what, expected);
        })
    }

    fn off_in(&mut self, name: &str, key: Entry) -> Vec<compact_str::CompactString> {
        let Value::List(items) = key.node.value else {
            self.problem(
                key.line,
                format!("{name}.off_in is {}", key.node.value.shown()),
                "a list of sectors",
            );
            return Vec::new();
        };
        let mut sectors: Vec<compact_str::CompactString> = Vec::new();
        for item in items {
            match (&item.value, self.sectors) {
                (Value::Text(text), known) if known.is_none_or(|known| known.contains(&text.as_str())) => {
                    sectors.push(text.as_str().into());
                }
                (other, _) => {
                    let what = format!("{name}.off_in has {}", other.shown());
                    self.problem(item.line, what, "sectors that a department of the directory answers for");
                }
            }
        }
        sectors.sort();
        sectors.dedup();
        sectors
    }

    fn unknown(&mut self, section: &str, rule: Option<Rule>, key: &Entry) {
        let numbers = Numbers::KEYS.iter().filter(|k| k.section == section).map(|k| k.key);
        let others: &[&str] = if rule.is_some() { &OF_RULES } else { &[STEPS] };
        let known: Vec<&str> = others.iter().copied().chain(numbers).collect();
        let what = format!("unknown key {section}.{}", key.name);
        self.problem(key.line, what, &format!("one of {}", known.join(", ")));
    }
}
