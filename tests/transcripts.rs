//! Golden transcripts: rules and stories in lines that an inspector can read, records and dates in,
//! alerts out. `UPDATE=1 cargo test --test transcripts` writes the answers anew; the diff is then for
//! a human to redo by hand. `ONLY=name` runs one file.
//!
//! After every statement the state is the oracle's too, and at the end of each file everything is
//! sent once more and the power is cut twice: nothing may change.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends by panicking")]

mod oracle;
mod support;
mod transcript;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wagewatch::domain::{Calendar, Day, DayKind, Rule, Rulebook};

#[test]
fn the_answers_are_as_they_stand() {
    let book = Arc::new(book());
    let mut wrong = Vec::new();
    for path in files() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if std::env::var("ONLY").is_ok_and(|only| !name.starts_with(&only)) {
            continue;
        }
        println!("{name}");
        let kept = fs::read_to_string(&path).unwrap();
        match transcript::play(&kept, &book) {
            Err(error) => wrong.push(format!("{name}, {error}")),
            Ok(told) if told == kept => {}
            Ok(told) if std::env::var_os("UPDATE").is_some() => fs::write(&path, told).unwrap(),
            Ok(told) => wrong.push(difference(&name, &kept, &told)),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The first line that differs.
fn difference(name: &str, kept: &str, told: &str) -> String {
    let (mut kept, mut told) = (kept.lines(), told.lines());
    let mut line = 0;
    loop {
        line += 1;
        let (stands, comes) = (kept.next(), told.next());
        if stands != comes || stands.is_none() {
            return format!(
                "{name}, line {line}\n  stands: {}\n  comes:  {}",
                stands.unwrap_or("the end"),
                comes.unwrap_or("the end")
            );
        }
    }
}

#[test]
fn every_rule_has_a_transcript() {
    let names: BTreeSet<String> =
        files().iter().map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    for rule in Rule::ALL {
        assert!(names.contains(rule.as_str()), "no transcript shows {rule}");
    }
}

#[test]
fn what_is_not_understood_is_an_error_with_its_line() {
    let book = Arc::new(Rulebook::default());
    for (source, part) in [
        ("# a comment\nprojekt P1\n", "line 2: \"projekt\" is no verb"),
        ("enrol P1 Nobody daily 1.00 from 2026-03-01\n", "is nobody of"),
        ("project P1 payday 15\n", "\"payday\" is unknown here"),
        ("pay P1 Zhang 1600\n", "is no sum"),
        ("attend P1 Zhang 2026-02-30 1\n", "is no date"),
        ("date 2026-03-02\ndate 2026-03-01\n", "line 2: time does not go back"),
        ("ack wage-unpaid P1 Zhang by housing\n", "there is no such alert"),
    ] {
        let error = transcript::play(source, &book).unwrap_err();
        assert!(error.contains(part), "{source}: {error}");
    }
}

/// The defaults with the published calendar.
fn book() -> Rulebook {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/calendar.csv");
    let text = fs::read_to_string(path).unwrap();
    let days = text.lines().filter_map(|row| {
        let mut fields = row.split(',');
        let day = Day::parse(fields.next()?)?;
        Some((day, if fields.next()? == "workday" { DayKind::Workday } else { DayKind::Holiday }))
    });
    let book = Rulebook { calendar: Calendar::new(days), ..Rulebook::default() };
    assert!(book.calendar.covers_year(2026));
    book
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<PathBuf> = all.filter(|path| path.extension().is_some_and(|e| e == "txt")).collect();
    all.sort();
    all
}
