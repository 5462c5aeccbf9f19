//! The rulebook's file as an operator meets it: the built-in copy, what a file of his own may say, and
//! what is said of a bad one.

#![allow(clippy::unwrap_used, reason = "a test ends by panicking")]

use std::fs;
use wagewatch::alerts::info;
use wagewatch::app::config::{Config, Sources};
use wagewatch::domain::{Day, Numbers, Rule, Rulebook};

const BUILT_IN: &str = include_str!("../config/rulebook.toml");

fn load(rulebook: &str) -> Result<Rulebook, String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("w.toml"), "[files]\nrulebook = \"r.toml\"").unwrap();
    fs::write(folder.path().join("r.toml"), rulebook).unwrap();
    let sources = Sources { file: Some(folder.path().join("w.toml")), ..Sources::default() };
    let prefix = format!("{}/", folder.path().display());
    match Config::load(&sources) {
        Ok(config) => Ok(config.rulebook),
        Err(errors) => Err(errors.to_string().replace(&prefix, "")),
    }
}

fn check(rulebook: &str, said: &str) {
    assert_eq!(load(rulebook).unwrap_err(), said, "{rulebook}");
}

// A file with a version and the complaints' section; the given lines begin in line 4.
fn complaints(lines: &str) -> String {
    let article = info(Rule::ComplaintOpen).article_en;
    format!("version = \"v\"\n[complaint-open]\narticle = \"{article}\"\n{lines}")
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

#[test]
fn the_built_in_copy_has_every_rule_and_every_number_with_a_comment() {
    let mut section = String::new();
    let mut commented = false;
    let (mut rules, mut numbers) = (Vec::new(), Vec::new());
    for line in BUILT_IN.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').into();
            rules.extend(Rule::parse(&section));
            commented = false;
        } else if let Some((key, value)) = line.split_once(" = ")
            && !line.starts_with('#')
        {
            match key {
                "version" | "on" | "off_in" => {}
                "article" => {
                    let rule = Rule::parse(&section).unwrap();
                    assert_eq!(value.trim_matches('"'), info(rule).article_en, "{section}");
                }
                _ => {
                    assert!(commented, "{section}.{key} has no comment above it");
                    numbers.push((section.clone(), key.to_owned()));
                }
            }
        } else {
            commented = line.starts_with("# ");
        }
    }
    rules.sort();
    assert_eq!(rules, Rule::ALL);
    let mut known: Vec<_> = Numbers::KEYS.iter().map(|k| (k.section.to_owned(), k.key.to_owned())).collect();
    known.push(("wages".into(), "presence_steps".into()));
    known.sort();
    numbers.sort();
    assert_eq!(numbers, known);
}

#[test]
fn the_built_in_copy_is_the_defaults_and_an_empty_one_changes_nothing_but_the_name() {
    let built_in = Config::default().rulebook;
    assert!(built_in.version.starts_with("2026.1+"), "{}", built_in.version);
    assert!(built_in.calendar.covers_year(2026));
    assert_eq!(*built_in.at(day("2026-01-01")), Numbers::default());
    assert_eq!(load(BUILT_IN).unwrap(), built_in);
    let named = load("version = \"mine\"").unwrap();
    assert!(named.version.starts_with("mine+"), "{}", named.version);
    assert_eq!(Rulebook { version: built_in.version.clone(), ..named }, built_in);
}

#[test]
fn the_minimum_wage_is_that_of_its_time() {
    let book = Config::default().rulebook;
    for (on, fen) in [
        ("2020-01-01", 198_000),
        ("2021-12-01", 198_000),
        ("2024-11-30", 198_000),
        ("2024-12-01", 227_000),
        ("2026-11-01", 227_000),
    ] {
        assert_eq!(book.at(day(on)).minimum_monthly_fen, fen, "{on}");
    }
}

#[test]
fn numbers_may_be_plain_or_dated_and_rules_off() {
    let book = load(&complaints(
        "on = false\nred_after_days = [{ from = \"2026-01-01\", value = 60 },\n\
         { from = \"2026-07-01\", value = 45 }]\n\
         [wages]\ntolerance_fen = 0\n\
         presence_steps = [{ from = \"2000-01-01\", value = [] }, { from = \"2026-03-01\", value = [[240, 0.5], [480, 1]] }]\n\
         [no-contract]\narticle = \"Order 724, art. 28; circular 2022-59\"\noff_in = [\"reservoir\", \"highway\"]\n",
    ))
    .unwrap();
    let at = |on| book.at(day(on)).clone();
    assert_eq!(
        ["2025-06-01", "2026-06-30", "2026-07-01"].map(|on| at(on).complaint_red_after_days),
        [60, 60, 45]
    );
    assert_eq!(["2000-01-01", "2030-01-01"].map(|on| at(on).tolerance_fen), [0, 0]);
    assert_eq!(at("2026-02-28").presence_steps, []);
    assert_eq!(at("2026-03-01").presence_steps, [(240, 50), (480, 100)]);
    for on in ["2000-01-01", "2030-01-01"] {
        assert!(!at(on).is_on(Rule::ComplaintOpen, None));
        assert!(
            !at(on).is_on(Rule::NoContract, Some("highway")) && at(on).is_on(Rule::NoContract, Some("x"))
        );
    }
}

#[test]
fn the_name_tells_two_rulebooks_of_one_version_apart() {
    let with = |days: u8| load(&complaints(&format!("orange_after_days = {days}"))).unwrap().version;
    assert_eq!(with(20), with(20));
    assert_ne!(with(20), with(21));
}

#[test]
fn unknown_names_are_refused() {
    check(
        "version = \"v\"\n[wage-unpayed]\non = true",
        "r.toml:2: unknown rule [wage-unpayed]; expected [wages] or the name of a rule, as docs/rules.md lists them",
    );
    check(
        &complaints("red = 3"),
        "r.toml:4: unknown key complaint-open.red; expected one of article, on, off_in, orange_after_days, red_after_days",
    );
    check(
        "version = \"v\"\n[wages]\non = true",
        "r.toml:3: unknown key wages.on; expected one of presence_steps, tolerance_fen, orange_after_days, red_after_days",
    );
    check(
        "version = \"v\"\ntolerance_fen = 3",
        "r.toml:2: tolerance_fen is 3 outside of any section; expected version, [wages] or a rule's section",
    );
    check(
        &complaints("off_in = [\"highway\", \"highways\"]"),
        "r.toml:4: complaint-open.off_in has \"highways\"; expected sectors that a department of the directory answers for",
    );
}

#[test]
fn a_version_and_the_right_article_are_asked_for() {
    let version = "1 to 64 letters, digits, `.`, `_` and `-` between quotes";
    check("", &format!("r.toml: version is missing; expected {version}"));
    check("version = \"a b\"", &format!("r.toml:1: version is \"a b\"; expected {version}"));
    check("version = 3", &format!("r.toml:1: version is 3; expected {version}"));
    let article = "\"county plan 2025, section 2 (2)\", on which the rule rests";
    check(
        "version = \"v\"\n[complaint-open]\non = true",
        &format!("r.toml:2: complaint-open.article is missing; expected {article}"),
    );
    check(
        "version = \"v\"\n[complaint-open]\narticle = \"Order 724\"",
        &format!("r.toml:3: complaint-open.article is \"Order 724\"; expected {article}"),
    );
}

#[test]
fn bad_values_are_named_with_line_and_expectation() {
    let dated = "or a list of { from = \"YYYY-MM-DD\", value = ... }";
    let days = "a whole number from 0 to 36500";
    check(
        &complaints("red_after_days = -1"),
        &format!("r.toml:4: complaint-open.red_after_days is -1; expected {days}, {dated}"),
    );
    check(
        &complaints("red_after_days = 36501"),
        &format!("r.toml:4: complaint-open.red_after_days is 36501; expected {days}, {dated}"),
    );
    check(
        &complaints("red_after_days = [{ from = \"2026-01-01\", value = -2 }]"),
        &format!("r.toml:4: complaint-open.red_after_days has value = -2; expected {days}"),
    );
    check(
        &complaints("red_after_days = []"),
        &format!("r.toml:4: complaint-open.red_after_days is a list; expected {days}, {dated}"),
    );
    check(&complaints("on = 1"), "r.toml:4: complaint-open.on is 1; expected true or false");
    check(
        &complaints("off_in = \"water\""),
        "r.toml:4: complaint-open.off_in is \"water\"; expected a list of sectors",
    );
    let steps = "a list of [minutes, days] pairs, both rising, minutes 0 to 1440, days 0 to 3: [[240, 0.5], [480, 1]]";
    check(
        "version = \"v\"\n[wages]\npresence_steps = [[240, 0.5], [200, 1]]",
        &format!("r.toml:3: wages.presence_steps is a list; expected {steps}, {dated}"),
    );
    let said = load("version = \"v\"\n[wages\n").unwrap_err();
    assert!(said.starts_with("r.toml:2: ") && said.contains("expected TOML"), "{said}");
}

#[test]
fn dates_are_dates_and_rise() {
    let two = |a: &str, b: &str| {
        complaints(&format!(
            "red_after_days = [\n{{ from = \"{a}\", value = 60 }},\n{{ from = \"{b}\", value = 61 }}]"
        ))
    };
    let rise = "expected dates that rise: each value counts from its date to the next";
    check(
        &two("2026-01-01", "2026-01-01"),
        &format!("r.toml:6: complaint-open.red_after_days has 2026-01-01 after 2026-01-01 of line 5; {rise}"),
    );
    check(
        &two("2026-01-02", "2026-01-01"),
        &format!("r.toml:6: complaint-open.red_after_days has 2026-01-01 after 2026-01-02 of line 5; {rise}"),
    );
    check(
        &two("2026-02-30", "2026-03-01"),
        "r.toml:5: complaint-open.red_after_days has from = \"2026-02-30\"; expected a date between quotes, \"YYYY-MM-DD\"",
    );
    check(
        &complaints("red_after_days = [{ value = 61 }]"),
        "r.toml:4: complaint-open.red_after_days has no from; expected { from = \"YYYY-MM-DD\", value = ... }",
    );
    check(
        &complaints("red_after_days = [{ from = \"2026-01-01\", to = 3 }]"),
        "r.toml:4: complaint-open.red_after_days has an unknown key to; expected { from = \"YYYY-MM-DD\", value = ... }",
    );
}

#[test]
fn a_level_never_falls_with_age() {
    let falls = "a level never falls with age";
    check(
        &complaints("orange_after_days = 61"),
        &format!(
            "r.toml:4: complaint-open.red_after_days is 60; expected at least complaint-open.orange_after_days, 61: {falls}"
        ),
    );
    check(
        &complaints(
            "orange_after_days = 40\nred_after_days = [{ from = \"2025-01-01\", value = 60 },\n{ from = \"2026-01-01\", value = 39 }]",
        ),
        &format!(
            "r.toml:6: complaint-open.red_after_days is 39 from 2026-01-01; expected at least complaint-open.orange_after_days, 40: {falls}"
        ),
    );
    // Equal is allowed: the lower level is then never seen.
    load(&complaints("orange_after_days = 60")).unwrap();
    // Every pair of thresholds of one rule.
    for (section, lower, higher, least) in [
        ("wages", "orange_after_days", "red_after_days", 0),
        ("payout-returned", "working_days", "orange_working_days", 0),
        ("balance-short", "yellow_working_days", "working_days", 1),
        ("attendance-silent", "blue_days", "yellow_days", 1),
        ("attendance-silent", "yellow_days", "orange_days", 1),
        ("complaint-open", "orange_after_days", "red_after_days", 0),
        ("implausible-pay", "month_fen", "year_fen", 1),
        ("business-signal", "pair_level", "level", 0),
    ] {
        let article = Rule::parse(section)
            .map_or(String::new(), |rule| format!("article = \"{}\"\n", info(rule).article_en));
        let file =
            format!("version = \"v\"\n[{section}]\n{article}{higher} = {least}\n{lower} = {}\n", least + 1);
        let said = load(&file).unwrap_err();
        let what =
            format!("{section}.{higher} is {least}; expected at least {section}.{lower}, {}", least + 1);
        assert!(said.contains(&what), "{said}");
    }
}

#[test]
fn all_faults_are_told_at_once_and_a_shadow_is_checked_as_well() {
    check(
        &complaints("on = 2\nred_after_days = -3\n[wage]\n"),
        "r.toml:4: complaint-open.on is 2; expected true or false\n\
         r.toml:5: complaint-open.red_after_days is -3; expected a whole number from 0 to 36500, or a list of { from = \"YYYY-MM-DD\", value = ... }\n\
         r.toml:6: unknown rule [wage]; expected [wages] or the name of a rule, as docs/rules.md lists them",
    );
    let folder = tempfile::tempdir().unwrap();
    let shadow = folder.path().join("s.toml");
    fs::write(&shadow, "version = \"next\"\n[wages]\ntolerance_fen = 7").unwrap();
    let set = |path: &str| vec![format!("files.shadow_rulebook={}", folder.path().join(path).display())];
    let sources = |path| Sources { set: set(path), ..Sources::default() };
    let config = Config::load(&sources("s.toml")).unwrap();
    assert_eq!(config.shadow.unwrap().at(Day(0)).tolerance_fen, 7);
    assert_eq!(config.rulebook, Config::default().rulebook);
    let said = Config::load(&sources("t.toml")).unwrap_err().to_string();
    assert!(said.contains("files.shadow_rulebook") && said.contains("cannot be read"), "{said}");
    fs::write(&shadow, "version = \"next\"\n[wages]\ntolerance_fen = -7").unwrap();
    let said = Config::load(&sources("s.toml")).unwrap_err().to_string();
    assert!(said.contains("s.toml:3: wages.tolerance_fen is -7"), "{said}");
}
