//! The docs are held to the program: their examples are taken, their lists are whole.

#![allow(clippy::unwrap_used, reason = "a test ends by panicking")]

use std::fs;
use wagewatch::domain::{Reason, ReasonCode, RecordType};
use wagewatch::intake::{csv::Decoder, json};

// The fenced blocks of a page.
fn blocks(page: &str) -> Vec<String> {
    let text = fs::read_to_string(format!("{}/docs/{page}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    text.split("```\n").skip(1).step_by(2).map(ToOwned::to_owned).collect()
}

#[test]
fn json_examples_are_records() {
    let lines: Vec<String> = blocks("records.md")
        .iter()
        .flat_map(|block| block.lines().map(ToOwned::to_owned).collect::<Vec<_>>())
        .filter(|line| line.starts_with('{'))
        .collect();
    assert!(!lines.is_empty());
    for line in lines {
        json::decode_line(&line).unwrap_or_else(|why| panic!("{line}: {}", why.reason));
    }
}

#[test]
fn csv_examples_are_records() {
    let tables: Vec<String> =
        blocks("csv.md").into_iter().filter(|block| block.starts_with("type,")).collect();
    assert_eq!(tables.len(), 2);
    for table in tables {
        let mut rows = Vec::new();
        Decoder::default().feed(table.as_bytes(), true, &mut rows);
        assert!(!rows.is_empty());
        for (line, row) in rows {
            if let Err(why) = row {
                panic!("line {line} of\n{table}{}", why.reason);
            }
        }
    }
}

#[test]
fn every_type_and_every_reason_is_in_the_docs() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/records.md")).unwrap();
    for kind in RecordType::WORDS {
        assert!(text.contains(&format!("\n| `{kind}`")), "{kind}");
    }
    for code in ReasonCode::ALL {
        assert!(text.contains(&format!("\n| `{}` |", code.as_str())), "{}", code.as_str());
    }
}

#[test]
fn the_example_of_a_rejection_is_what_is_said() {
    let line = r#"{"type":"payroll","id":"p","source":"s","at":"2026-04-05T09:00:00+08:00","project_id":"P1","employer_uscc":"91350211M000100Y46","period":"2026-03","submitted_on":"2026-04-05","lines":[{"id_number":"152722199001010019","payable_fen":-1,"signed":true}]}"#;
    let reason: Reason = json::decode_line(line).unwrap_err().reason;
    let text = blocks("records.md").concat();
    assert!(text.contains(&format!("\n{reason}\n")) || text.starts_with(&format!("{reason}\n")), "{reason}");
}
