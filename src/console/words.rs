//! `/api/words`: what the rules and levels are called in both tongues, so that the page has no second
//! list of them. Keyed by the words of the proto files.

use crate::alerts::{info, level_words};
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
    let text = json!({"rules": rules, "levels": levels}).to_string();
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}

/// `wage-unpaid` is `RULE_WAGE_UNPAID` in the proto files.
fn key(prefix: &str, word: &str) -> String {
    format!("{prefix}_{}", word.to_uppercase().replace('-', "_"))
}
