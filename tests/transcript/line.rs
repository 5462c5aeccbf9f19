//! One statement of a transcript, read word by word. Knows what dates, sums and options look like,
//! and no verb.

use std::collections::{BTreeMap, VecDeque};
use wagewatch::domain::{Day, Fen, Sum, Time};

/// What is left of a statement.
pub struct Line<'a> {
    words: VecDeque<&'a str>,
    /// What follows `: `, in somebody's own words.
    pub text: Option<&'a str>,
}

impl<'a> Line<'a> {
    pub fn new(statement: &'a str) -> Line<'a> {
        let (words, text) = match statement.split_once(": ") {
            Some((words, text)) => (words, Some(text)),
            None => (statement, None),
        };
        Line { words: words.split_whitespace().collect(), text }
    }

    pub fn next(&mut self, what: &str) -> Result<&'a str, String> {
        self.words.pop_front().ok_or_else(|| format!("{what} is missing"))
    }

    /// The next word, if it is such a one.
    pub fn next_if(&mut self, is: impl Fn(&str) -> bool) -> Option<&'a str> {
        self.words.front().copied().filter(|word| is(word)).and_then(|_| self.words.pop_front())
    }

    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// What is left: pairs of a word of `known` and its value.
    pub fn options(mut self, known: &[&str]) -> Result<Options<'a>, String> {
        let mut found = BTreeMap::new();
        while let Some(word) = self.words.pop_front() {
            if !known.contains(&word) {
                return Err(format!("{word:?} is unknown here: {}", known.join(", ")));
            }
            found.insert(word, self.next(word)?);
        }
        Ok(Options(found))
    }

    /// Nothing may follow.
    pub fn end(self) -> Result<(), String> {
        self.options(&[]).map(|_| ())
    }
}

pub struct Options<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Options<'a> {
    pub fn get<T>(
        &self,
        word: &str,
        read: impl FnOnce(&'a str) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        self.0.get(word).map(|value| read(value)).transpose()
    }
}

pub fn day(word: &str) -> Result<Day, String> {
    Day::parse(word).ok_or_else(|| format!("{word:?} is no date: 2026-03-31"))
}

/// `2026-03-02` or `2026-03-02..2026-03-06`.
pub fn days(word: &str) -> Result<Vec<Day>, String> {
    let (first, last) = word.split_once("..").unwrap_or((word, word));
    let (first, last) = (day(first)?, day(last)?);
    Ok((0..=last.since(first)).map(|n| first.plus(n)).collect())
}

/// A time of that day in China: `18:05`.
pub fn time(on: Day, word: &str) -> Result<Time, String> {
    Time::parse(&format!("{on}T{word}:00+08:00")).ok_or_else(|| format!("{word:?} is no time: 18:05"))
}

/// Yuan with both decimals: `320.00`.
pub fn fen(word: &str) -> Result<Fen, String> {
    let sum = word.split_once('.').filter(|(_, cents)| cents.len() == 2);
    let fen = sum.and_then(|(yuan, cents)| format!("{yuan}{cents}").parse().ok());
    fen.map(Fen).ok_or_else(|| format!("{word:?} is no sum: 320.00"))
}

pub fn number<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("{word:?} is no number that fits"))
}

pub fn flag(word: &str) -> Result<bool, String> {
    match word {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(format!("{word:?}: yes or no")),
    }
}

pub fn yuan(fen: Sum) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}
