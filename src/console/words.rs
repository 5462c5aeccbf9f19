//! `/api/words`: what the rules and levels are called in both tongues, and the words of the case file, so that the page
//! has no second list of them. Keyed by the words of the proto files.

use crate::alerts::{CASE_TERMS, CASE_WORDS, Named, info, level_words};
use crate::domain::{Level, Rule};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

pub async fn words() -> Response {
    let rules: Map<String, Value> = (Rule::ALL.iter())
        .map(|rule| {
            let info = info(*rule);
            (key("RULE", rule.as_str()), json!({"zh": info.title_zh, "en": info.title_en}))
        })
        .collect();
    let levels: Map<String, Value> = (Level::ALL.iter())
        .map(|level| {
            let (zh, en) = level_words(*level);
            (key("LEVEL", level.as_str()), json!({"zh": zh, "en": en}))
        })
        .collect();
    let (case, terms) = (both(CASE_WORDS), both(CASE_TERMS));
    let text = json!({"rules": rules, "levels": levels, "case": case, "terms": terms}).to_string();
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}

fn both(list: &[Named]) -> Map<String, Value> {
    list.iter().map(|(key, zh, en)| ((*key).to_owned(), json!({"zh": zh, "en": en}))).collect()
}

/// `wage-unpaid` is `RULE_WAGE_UNPAID` in the proto files.
fn key(prefix: &str, word: &str) -> String {
    format!("{prefix}_{}", word.to_uppercase().replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_no_second_word_for_what_the_case_file_says() {
        let page = include_str!("page/words.js");
        let keys = CASE_WORDS.iter().chain(CASE_TERMS).map(|(key, _, _)| *key);
        for key in keys {
            assert!(!page.contains(&format!("\n  \"{key}\": [")), "{key} stands in words.js, too");
            assert!(!page.contains(&format!("\n  {key}: [")), "{key} stands in words.js, too");
        }
    }
}
