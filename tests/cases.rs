//! The cases of `tests/cases`, row by row: what `replay --reveal` reports is what is expected there,
//! from plain, packed, split and repeated files, whatever the number of threads.

#![allow(clippy::unwrap_used, reason = "a test ends by panicking")]

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use wagewatch::command::replay::{ReplayArgs, run};
use wagewatch::domain::{Calendar, Day, DayKind, Rulebook};

const CASES: [(&str, &str); 3] =
    [("first", "2026-05-20"), ("disorder", "2026-05-20"), ("winter", "2026-02-25")];
/// Of the contract's section 5; later rules do not count against a case.
const RULES: [&str; 6] = [
    "wage-unpaid",
    "wage-underpaid",
    "project-arrears",
    "payee-mismatch",
    "unregistered-worker",
    "unknown-project",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn book() -> Rulebook {
    let text = fs::read_to_string(root().join("config/calendar.csv")).unwrap();
    let days = text.lines().skip(1).map(|line| {
        let mut cells = line.split(',');
        let day = Day::parse(cells.next().unwrap()).unwrap();
        let kind = match cells.next().unwrap() {
            "holiday" => DayKind::Holiday,
            "workday" => DayKind::Workday,
            other => panic!("{other}"),
        };
        (day, kind)
    });
    Rulebook { calendar: Calendar::new(days), ..Rulebook::default() }
}

fn rows(text: &str) -> Vec<Map<String, Value>> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn report(files: &[PathBuf], as_of: &str, reveal: bool) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("report.ndjson");
    let args = ReplayArgs {
        as_of: Day::parse(as_of).unwrap(),
        report: Some(path.clone()),
        reveal,
        config: None,
        files: files.to_vec(),
    };
    let _exit = run(&args, &book());
    fs::read_to_string(path).unwrap()
}

fn records(case: &str) -> PathBuf {
    root().join("tests/cases").join(case).join("records.ndjson")
}

/// How often each row comes; the total apart, rejected rows and rules beyond the contract's left out.
fn counted(rows: Vec<Map<String, Value>>) -> (BTreeMap<String, usize>, Map<String, Value>) {
    let (mut seen, mut total) = (BTreeMap::new(), Map::new());
    for row in rows {
        match row["row"].as_str().unwrap() {
            "total" => total = row,
            "rejected" => {}
            "alert" if !RULES.contains(&row["rule"].as_str().unwrap()) => {}
            _ => *seen.entry(serde_json::to_string(&row).unwrap()).or_default() += 1,
        }
    }
    (seen, total)
}

fn compare(case: &str, got: &str, total_too: bool) {
    let want = fs::read_to_string(records(case).with_file_name("report.ndjson")).unwrap();
    let ((want, want_total), (got, got_total)) = (counted(rows(&want)), counted(rows(got)));
    let missing: Vec<_> = want.iter().filter(|(row, count)| got.get(*row) != Some(count)).collect();
    let extra: Vec<_> = got.iter().filter(|(row, count)| want.get(*row) != Some(count)).collect();
    assert!(missing.is_empty() && extra.is_empty(), "{case}\nmissing: {missing:#?}\nextra: {extra:#?}");
    for (field, value) in want_total.iter().filter(|_| total_too) {
        assert_eq!(got_total.get(field), Some(value), "{case}: total.{field}");
    }
}

#[test]
fn every_case_is_reported_row_by_row() {
    for (case, as_of) in CASES {
        compare(case, &report(&[records(case)], as_of, true), true);
    }
}

#[test]
fn packed_split_and_repeated_files_report_the_same() {
    let dir = tempfile::tempdir().unwrap();
    for (case, as_of) in CASES {
        let text = fs::read_to_string(records(case)).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let (front, back) = lines.split_at(lines.len() / 3);
        let gz = dir.path().join(format!("{case}.ndjson.gz"));
        let mut packer =
            flate2::write::GzEncoder::new(fs::File::create(&gz).unwrap(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packer, front.join("\r\n").as_bytes()).unwrap();
        packer.finish().unwrap();
        let zst = dir.path().join(format!("{case}.jsonl.zst"));
        fs::write(
            &zst,
            zstd::encode_all(format!("\u{feff}\n\n{}\n", back.join("\n")).as_bytes(), 1).unwrap(),
        )
        .unwrap();
        compare(case, &report(&[gz.clone(), zst.clone()], as_of, true), true);
        compare(case, &report(&[zst, gz, records(case)], as_of, true), false);
    }
}

#[test]
fn the_report_is_sorted_and_masks_people() {
    let text = report(&[records("disorder")], "2026-05-20", false);
    let all = rows(&text);
    let key = |row: &Map<String, Value>| {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
        (text("row"), text("project_id"), text("id_number").len(), text("period"), text("rule"))
    };
    let (total, others) = all.split_last().unwrap();
    assert_eq!(total["row"], "total");
    let names: Vec<_> = others.iter().map(|row| (key(row).0, key(row).1)).collect();
    assert!(names.is_sorted());
    let revealed = rows(&report(&[records("disorder")], "2026-05-20", true));
    let text =
        |row: &Map<String, Value>, name: &str| row.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
    let keys: Vec<_> = revealed[..revealed.len() - 1]
        .iter()
        .map(|row| ["row", "project_id", "id_number", "period", "rule"].map(|name| text(row, name)))
        .collect();
    assert!(keys.is_sorted());
    for row in others.iter().filter(|row| row.contains_key("id_number")) {
        let id = row["id_number"].as_str().unwrap();
        assert!(id.len() == 18 && id[6..14] == *"********", "{id}");
    }
}
