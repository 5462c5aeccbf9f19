//! House rules as plain text, no parser: headers, lengths, the five sections of a rule, nothing
//! of the machine that it was written on, and a README whose table names the commands that there are.

#![allow(clippy::unwrap_used, reason = "a test ends by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const LINES_MAX: usize = 400;

/// Files that may be longer, each with its reason.
const LONGER: [(&str, &str); 0] = [];

/// What the header of a rule tells, in this order.
const RULE_SECTIONS: [&str; 5] = ["Article", "Found when", "Clears when", "Evidence", "Not covered"];

/// Files of `rules/` that are no rules.
const NO_RULES: [&str; 7] =
    ["mod.rs", "aging.rs", "deposits.rs", "fee_to_come.rs", "judgement.rs", "labour_fees.rs", "running.rs"];

#[test]
fn every_source_says_what_it_is() {
    let bare = |path: &PathBuf| !fs::read_to_string(path).unwrap().starts_with("//! ");
    none(files(&["src", "tests", "benches"], &["rs"]).into_iter().filter(bare), "opens without `//!`");
}

#[test]
fn nothing_is_left_to_do() {
    let words = ["TO".to_owned() + "DO", "FIX".to_owned() + "ME", "XX".to_owned() + "X"];
    holds_none("an unfinished mark", &words);
}

#[test]
fn files_are_short() {
    let long = |path: &PathBuf| {
        let known = LONGER.iter().any(|(name, _)| shown(path) == *name);
        let tests = path.file_name().is_some_and(|name| name.to_string_lossy().ends_with("tests.rs"));
        !known && !tests && fs::read_to_string(path).unwrap().lines().count() >= LINES_MAX
    };
    none(files(&["src"], &["rs"]).into_iter().filter(long), "has 400 lines or more");
    for (name, reason) in LONGER {
        let lines = fs::read_to_string(root().join(name)).unwrap().lines().count();
        assert!(lines >= LINES_MAX && !reason.is_empty(), "{name} needs no exception any more");
    }
}

#[test]
fn a_rule_has_its_five_sections() {
    let declared = fs::read_to_string(root().join("src/rules/mod.rs")).unwrap();
    for path in files(&["src/rules"], &["rs"]) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let test_only = declared.contains(&format!("#[cfg(test)]\nmod {};", name.trim_end_matches(".rs")));
        if NO_RULES.contains(&name.as_str()) || test_only {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let header: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
        let places: Vec<Option<usize>> =
            RULE_SECTIONS.iter().map(|section| header.find(&format!("**{section}"))).collect();
        for (section, place) in RULE_SECTIONS.iter().zip(&places) {
            assert!(place.is_some(), "{}: the header has no **{section}**", shown(&path));
        }
        assert!(places.is_sorted(), "{}: the sections stand in another order", shown(&path));
    }
}

#[test]
fn nothing_of_a_machine_is_kept() {
    let slash = |parts: &[&str]| format!("/{}", parts.join("/"));
    let words = [
        slash(&["work", ""]),
        slash(&["tmp", "ref"]),
        slash(&["root", ""]),
        slash(&["home", ""]),
        ["index", "crates", "io"].join("."),
        ["static", "crates", "io"].join("."),
        ["registry", "npmjs", "org"].join("."),
        ["files", "pythonhosted", "org"].join("."),
        ["pypi", "org"].join("."),
        ["deb", "debian", "org"].join("."),
    ];
    holds_none("a trace of a machine or a package host", &words);
}

#[test]
fn the_readme_names_the_commands_that_there_are() {
    let named: BTreeSet<String> = fs::read_to_string(root().join("README.md"))
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("| `wagewatch "))
        .map(|rest| rest.split([' ', '`']).next().unwrap().to_owned())
        .collect();
    let help = Command::new(env!("CARGO_BIN_EXE_wagewatch")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let there: BTreeSet<String> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next().map(ToOwned::to_owned))
        .filter(|name| !name.is_empty() && name != "help")
        .collect();
    assert_eq!(named, there, "the README's table of commands, and `wagewatch --help`");
}

#[test]
fn links_lead_somewhere() {
    let mut pages = files(&["docs", "config", "deploy"], &["md"]);
    pages.extend([root().join("README.md"), root().join("CHANGELOG.md")]);
    let mut broken = Vec::new();
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for rest in text.split("](").skip(1) {
            let link = rest.split([')', '#']).next().unwrap();
            if !link.is_empty() && !link.contains("://") && !page.parent().unwrap().join(link).exists() {
                broken.push(format!("{}: {link}", shown(&page)));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

fn none(found: impl Iterator<Item = PathBuf>, what: &str) {
    let names: Vec<String> = found.map(|path| format!("{} {what}", shown(&path))).collect();
    assert!(names.is_empty(), "\n{}", names.join("\n"));
}

fn holds_none(what: &str, words: &[String]) {
    let mut found = Vec::new();
    for path in everything() {
        // Files that are no text hold no words.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for (index, line) in text.lines().enumerate() {
            for word in words.iter().filter(|word| line.contains(word.as_str())) {
                found.push(format!("{}:{}: {what}: {word}", shown(&path), index + 1));
            }
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

fn files(folders: &[&str], kinds: &[&str]) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for folder in folders {
        collect(&root().join(folder), &mut all);
    }
    all.retain(|path| path.extension().is_some_and(|e| kinds.iter().any(|kind| e == *kind)));
    all
}

// All that is kept in the repository: the lock file is cargo's and names its registry.
fn everything() -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(root()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if [".git", "target", "data", "out", "Cargo.lock"].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() { collect(&path, &mut all) } else { all.push(path) }
    }
    all
}

fn collect(folder: &Path, all: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, all);
        } else {
            all.push(path);
        }
    }
    all.sort();
}
