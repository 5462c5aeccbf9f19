//! The statements that are acts: each verb, and what is done. Knows no alert.

use super::line::{Line, Options, day, fen};
use compact_str::CompactString;
use wagewatch::domain::*;

pub const VERBS: [&str; 11] = [
    "ack", "assign", "note", "dismiss", "handle", "ask", "justify", "worker", "exempt", "advance", "handover",
];

/// What is done, and by whom.
pub fn kind(verb: &str, line: Line<'_>, text: &str) -> Result<(ActKind, CompactString), String> {
    let known: &[&str] = match verb {
        "assign" | "handover" => &["by", "to"],
        "dismiss" => &["by", "as"],
        "ask" => &["by", "until"],
        "worker" => &["by", "says"],
        "exempt" => &["by", "as", "until"],
        "advance" => &["by", "sum"],
        _ => &["by"],
    };
    let options = line.options(known)?;
    let text: CompactString = text.into();
    let until = || options.get("until", day)?.ok_or_else(|| "`until` is missing".to_owned());
    let kind = match verb {
        "ack" => ActKind::Acknowledge,
        "assign" => ActKind::Assign { to: word(&options, "to")?.into() },
        "note" => ActKind::Note { text },
        "dismiss" => {
            let reason = one_of(&options, "as", DismissReason::parse, DismissReason::WORDS)?;
            ActKind::Dismiss { reason, text }
        }
        "handle" => ActKind::Handle { text },
        "ask" => ActKind::AskJustification { until: until()?, text },
        "justify" => ActKind::Justify { text },
        "worker" => ActKind::WorkerSays {
            word: one_of(&options, "says", WorkerWord::parse, WorkerWord::WORDS)?,
            text,
        },
        "exempt" => {
            let kind = one_of(&options, "as", ExemptionKind::parse, ExemptionKind::WORDS)?;
            ActKind::Exempt { kind, until: until()?, text }
        }
        "advance" => {
            let amount = options.get("sum", fen)?.ok_or("`sum` is missing")?;
            ActKind::Advance { amount, text }
        }
        _ => ActKind::HandOver { to: one_of(&options, "to", Authority::parse, Authority::WORDS)?, text },
    };
    Ok((kind, word(&options, "by")?.into()))
}

fn word<'a>(options: &Options<'a>, name: &str) -> Result<&'a str, String> {
    options.get(name, Ok)?.ok_or_else(|| format!("`{name}` is missing"))
}

fn one_of<T>(
    options: &Options<'_>,
    name: &str,
    parse: impl Fn(&str) -> Option<T>,
    words: &[&str],
) -> Result<T, String> {
    let found = word(options, name)?;
    parse(found).ok_or_else(|| format!("{found:?}: {}", words.join(", ")))
}
