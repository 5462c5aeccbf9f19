//! What the docs name is there: commands and their flags, settings, metrics, and the headings that links lead to.
//! What the examples do is tried elsewhere (`docs.rs`, `tests/outside`).

#![allow(clippy::unwrap_used, reason = "a test ends by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use wagewatch::app::config::Config;
use wagewatch::serve::metrics::Metrics;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page, by its name.
fn pages() -> BTreeMap<String, String> {
    let mut found: Vec<PathBuf> = vec![root().join("README.md"), root().join("CHANGELOG.md")];
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "md") {
            found.push(path);
        }
    }
    let named = |path: PathBuf| {
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    let pages: BTreeMap<String, String> = found.into_iter().map(named).collect();
    assert!(pages.len() > 8);
    pages
}

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The flags of each command, as it says itself; those of a command in it under `audit verify`.
struct Program(BTreeMap<String, BTreeSet<String>>);

impl Program {
    fn ask() -> Program {
        let help = |args: &[&str]| {
            let output = Command::new(env!("CARGO_BIN_EXE_wagewatch")).args(args).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let listed = |help: &str| -> Vec<String> {
            let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
            let names = commands.take_while(|line| !line.is_empty());
            let names = names.filter_map(|line| line.split_whitespace().next());
            names.filter(|name| *name != "help").map(ToOwned::to_owned).collect()
        };
        let flags = |help: &str| help.split_whitespace().filter_map(flag).collect();
        let mut all = BTreeMap::new();
        for name in listed(&help(&["--help"])) {
            let said = help(&[&name, "--help"]);
            for inner in listed(&said) {
                all.insert(format!("{name} {inner}"), flags(&help(&[&name, &inner, "--help"])));
            }
            all.insert(name, flags(&said));
        }
        Program(all)
    }

    /// What is wrong with a command line, without its program's name.
    fn wrong(&self, line: &str) -> Option<String> {
        let mut words = line.split_whitespace();
        let first = words.next()?.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let flags = match self.0.get(first) {
            Some(flags) => flags,
            // `wagewatch COMMAND` stands for any.
            None if first.chars().all(|c| c.is_ascii_uppercase()) => return None,
            None => return Some(format!("no command `{first}`")),
        };
        let inner = words.clone().next().and_then(|second| self.0.get(&format!("{first} {second}")));
        let flags = inner.unwrap_or(flags);
        let unknown = words.filter_map(flag).find(|flag| !flags.contains(flag))?;
        Some(format!("`wagewatch {first}` has no {unknown}"))
    }
}

/// `--flag` of a word that is one, whatever stands around it.
fn flag(word: &str) -> Option<String> {
    let word = word.trim_start_matches(['[', '`', '(']);
    let name = word.strip_prefix("--")?;
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(name.len());
    (end > 0).then(|| format!("--{}", &name[..end]))
}

/// The command lines of our program on a page: in blocks, and between backticks.
fn command_lines(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if inside {
            // Pipes and redirections end a command; what stands before it may be another.
            let parts = line.split(['|', ';', '&', '>', '<', '(', ')']);
            let ours = parts.filter_map(|part| part.trim().strip_prefix("wagewatch "));
            found.extend(ours.map(ToOwned::to_owned));
        } else {
            let spans = line.split('`').skip(1).step_by(2);
            found.extend(spans.filter_map(|span| span.strip_prefix("wagewatch ")).map(ToOwned::to_owned));
        }
    }
    found
}

#[test]
fn commands_and_their_flags_are_there() {
    let program = Program::ask();
    let mut count = 0;
    let mut wrong = Vec::new();
    for (page, text) in pages() {
        for line in command_lines(&text) {
            count += 1;
            wrong.extend(program.wrong(&line).map(|what| format!("{page}: wagewatch {line}: {what}")));
        }
    }
    assert!(count > 30, "{count} commands were found");
    none(&wrong);
    assert!(program.wrong("replay --as-off 2026-01-01 x").is_some_and(|what| what.contains("--as-off")));
    assert!(program.wrong("repaly x").is_some());
    assert!(program.wrong("audit verify --who x").is_some() && program.wrong("audit --dir x").is_some());
    assert_eq!(program.wrong("backup --out DIR [--data DIR]"), None);
}

#[test]
fn settings_are_there() {
    let keys = Config::keys();
    let sections: BTreeSet<&str> = keys.iter().map(|(section, _)| *section).collect();
    let mut wrong = Vec::new();
    let mut count = 0;
    for (page, text) in pages() {
        for span in text.split('`').skip(1).step_by(2) {
            let Some((section, rest)) = span.split_once('.') else { continue };
            let key: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            let is_key =
                sections.contains(section) && !key.is_empty() && !["rs", "toml"].contains(&key.as_str());
            if is_key {
                count += 1;
                if !keys.contains(&(section, key.as_str())) {
                    wrong.push(format!("{page}: no setting {section}.{key}"));
                }
            }
        }
    }
    assert!(count > 20, "{count} settings were found");
    none(&wrong);
}

#[test]
fn metrics_are_there() {
    let metrics = Metrics::new(prometheus::Registry::new()).unwrap();
    let mut wrong = Vec::new();
    for (page, text) in pages() {
        for span in text.split('`').skip(1).step_by(2).filter(|span| span.starts_with("wagewatch_")) {
            let name = span.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap();
            if name != "wagewatch_" && !metrics.listed().iter().any(|one| one.name == name) {
                wrong.push(format!("{page}: no metric {name}"));
            }
        }
    }
    none(&wrong);
}

/// As GitHub makes it of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase().replace('`', "");
    kept.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .collect::<String>()
        .replace(' ', "-")
}

#[test]
fn links_to_headings_lead_somewhere() {
    let pages = pages();
    let anchors = |text: &str| -> BTreeSet<String> {
        text.lines()
            .filter(|line| line.starts_with('#'))
            .map(|line| anchor(line.trim_start_matches('#')))
            .collect()
    };
    let mut wrong = Vec::new();
    for (page, text) in &pages {
        for rest in text.split("](").skip(1) {
            let link = rest.split(')').next().unwrap();
            let Some((file, heading)) = link.split_once('#') else { continue };
            if link.contains("://") {
                continue;
            }
            let target = match file {
                "" => page.clone(),
                file => {
                    let folder = Path::new(page).parent().unwrap();
                    folder.join(file).to_string_lossy().replace("docs/../", "")
                }
            };
            let known = pages.get(&target).is_some_and(|text| anchors(text).contains(heading));
            if !known {
                wrong.push(format!("{page}: {link}"));
            }
        }
    }
    none(&wrong);
    assert_eq!(anchor(" Stubs in `Python`"), "stubs-in-python");
}

#[test]
fn every_page_is_found_from_the_readme() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let lost: Vec<String> = pages()
        .into_keys()
        .filter(|page| page.starts_with("docs/") && !readme.contains(page.as_str()))
        .collect();
    assert!(lost.is_empty(), "the README does not lead to {lost:?}");
}
