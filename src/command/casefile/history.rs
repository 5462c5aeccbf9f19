//! The life of an alert in a case file, the last step first. Decides nothing.

use super::{File, filled, label, term, yuan};
use crate::alerts::{CASE_WORDS, level_words, named};
use crate::command::client::one_line;
use crate::domain::Level;
use crate::proto::v1 as pb;
use std::fmt::Write as _;

/// The section of its history.
pub(super) fn history(file: &mut File, answer: &pb::GetResponse) {
    file.heading(&label("history"));
    if answer.history_dropped > 0 {
        file.line(&format!("  … {}", filled("history.dropped", &answer.history_dropped.to_string())));
    }
    for step in answer.history.iter().rev() {
        file.line(&format!("  {}", line(step)));
    }
}

fn line(step: &pb::HistoryStep) -> String {
    let mut line = format!("{} {}", one_line(&step.on), term(step.change().as_str_name()));
    if let Some(actor) = &step.actor {
        let _ = write!(line, " · {}", one_line(actor));
    }
    if let Some(at) = &step.at {
        let _ = write!(line, " ({})", one_line(at));
    }
    let sum = || format!("{} {}", yuan(step.amount_fen), named(CASE_WORDS, "yuan").0);
    let words = [
        level(step.level()),
        (step.amount_fen != 0).then(sum),
        (step.dismiss_reason != 0).then(|| term(step.dismiss_reason().as_str_name())),
        (step.exemption_kind != 0).then(|| term(step.exemption_kind().as_str_name())),
        (step.worker_word != 0).then(|| term(step.worker_word().as_str_name())),
        (step.authority != 0).then(|| term(step.authority().as_str_name())),
        step.until.as_ref().map(|until| one_line(until)),
        step.advanced_fen.map(|fen| format!("{}: {}", label("advanced"), yuan(fen))),
        step.text.as_ref().map(|text| one_line(text)),
    ];
    for word in words.into_iter().flatten() {
        let _ = write!(line, "  {word}");
    }
    line
}

fn level(level: pb::Level) -> Option<String> {
    let level = match level {
        pb::Level::Red => Level::Red,
        pb::Level::Orange => Level::Orange,
        pb::Level::Yellow => Level::Yellow,
        pb::Level::Blue => Level::Blue,
        pb::Level::Unspecified => return None,
    };
    let (zh, en) = level_words(level);
    Some(format!("{zh} / {en}"))
}
