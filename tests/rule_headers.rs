//! Every rule's file opens with the five sections in their order, its name, and the article that its
//! alerts cite. The manual's list of rules is made from these headers.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends by panicking")]

use std::path::Path;
use wagewatch::alerts::info;
use wagewatch::domain::Rule;

const SECTIONS: [&str; 5] =
    ["**Article**", "**Found when**", "**Clears when**", "**Evidence**", "**Not covered**"];

fn header(rule: Rule) -> String {
    let file = format!("src/rules/{}.rs", rule.as_str().replace('-', "_"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_rule_has_the_fixed_sections() {
    for rule in Rule::ALL.iter().copied() {
        let header = header(rule);
        assert!(header.starts_with(&format!("`{rule}`: ")), "{rule}: begin with its name");
        let found: Vec<&str> = header
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(head, _)| head)
            .filter(|head| head.starts_with("**"))
            .collect();
        assert_eq!(found, SECTIONS, "{rule}");
    }
}

#[test]
fn header_and_alert_cite_the_same_article() {
    for rule in Rule::ALL.iter().copied() {
        let header = header(rule);
        let cited = header.lines().find_map(|line| line.strip_prefix("**Article**: ")).unwrap();
        assert_eq!(cited.trim_end_matches('.'), info(rule).article_en, "{rule}");
    }
}
