//! The manual's list of rules (`docs/rules.md`) is made from the headers of the rules' files, the words of
//! their alerts and the numbers of the built-in rulebook. `UPDATE=1` writes it anew.

#![allow(clippy::unwrap_used, reason = "a test ends by panicking")]

use std::fmt::Write;
use std::fs;
use wagewatch::alerts::info;
use wagewatch::app::config::Config;
use wagewatch::domain::{Numbers, Rule};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules.md");
const SECTIONS: [&str; 4] = ["Found when", "Clears when", "Evidence", "Not covered"];

#[test]
fn the_list_of_rules_is_that_of_the_program() {
    let page = page();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(PAGE, &page).unwrap();
    }
    let kept = fs::read_to_string(PAGE).unwrap_or_default();
    assert!(kept == page, "docs/rules.md is stale: UPDATE=1 cargo test --test manual");
}

fn page() -> String {
    let mut page = String::from(
        "# The rules\n\
         What wagewatch watches for. Made from the program; every number is the built-in default and can be set, with the date from which it\n\
         counts, in the [rulebook](../config/rulebook.toml). Levels: blue is a forecast, or doubt about the data; yellow, orange and red have happened.\n\n\
         ## Shared by several rules\n",
    );
    numbers("wages", &mut page);
    for rule in Rule::ALL.iter().copied() {
        section(rule, &mut page);
    }
    page
}

fn section(rule: Rule, page: &mut String) {
    let (info, header) = (info(rule), header(rule));
    writeln!(page, "\n## `{rule}`\n{} – {}\n", info.title_zh, info.title_en).unwrap();
    writeln!(page, "- **Article**: {} – {}", info.article_zh, info.article_en).unwrap();
    writeln!(page, "- **Who must act**: {} – {}", info.must_act_zh, info.must_act_en).unwrap();
    for name in SECTIONS {
        let start = format!("**{name}**: ");
        let text = header.iter().find_map(|paragraph| paragraph.strip_prefix(&start));
        let text = text.unwrap_or_else(|| panic!("{rule}: the header has no {start}"));
        writeln!(page, "- **{name}**: {text}").unwrap();
    }
    if Numbers::KEYS.iter().any(|key| key.section == rule.as_str()) {
        page.push('\n');
        numbers(rule.as_str(), page);
    }
}

fn numbers(section: &str, page: &mut String) {
    page.push_str("| number | default | bounds |\n| --- | --- | --- |\n");
    let book = Config::default().rulebook;
    for (place, key) in Numbers::KEYS.iter().enumerate().filter(|(_, key)| key.section == section) {
        let mut values: Vec<String> = Vec::new();
        for edition in book.editions() {
            let value = edition.numbers.values()[place].to_string();
            match values.last() {
                None => values.push(value),
                Some(last) if last.split(' ').next() == Some(&value) => {}
                Some(_) => values.push(format!("{value} from {}", edition.effective_from)),
            }
        }
        let values = values.join(", ");
        writeln!(page, "| `{}` | {values} | {} to {} |", key.key, key.least, key.most).unwrap();
    }
}

/// The paragraphs of the file's header, each as one line.
fn header(rule: Rule) -> Vec<String> {
    let file = format!("{}/src/rules/{}.rs", env!("CARGO_MANIFEST_DIR"), rule.as_str().replace('-', "_"));
    let text = fs::read_to_string(file).unwrap();
    let header: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    header.split(|line| line.is_empty()).map(|lines| lines.join(" ")).collect()
}
