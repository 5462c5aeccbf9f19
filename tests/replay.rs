//! `replay` with bad input: what is rejected is counted and told with its file and line, the rest is
//! taken; of two payments that contradict each other the later is rejected, over chunks and files.

#![allow(clippy::unwrap_used, reason = "a test ends by panicking")]

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use wagewatch::command::replay::{ReplayArgs, run};
use wagewatch::domain::{Day, Rulebook};

fn replay(dir: &Path, files: Vec<PathBuf>) -> (ExitCode, Vec<Value>) {
    let report = dir.join("report.ndjson");
    let as_of = Day::parse("2026-05-20").unwrap();
    let args = ReplayArgs { as_of, report: Some(report.clone()), reveal: true, config: None, files };
    let exit = run(&args, &Rulebook::default());
    let text = fs::read_to_string(report).unwrap_or_default();
    (exit, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn told(exit: ExitCode, code: u8) {
    assert_eq!(format!("{exit:?}"), format!("{:?}", ExitCode::from(code)));
}

fn rejected(rows: &[Value]) -> Vec<(u64, &str)> {
    let rejected = rows.iter().filter(|row| row["row"] == "rejected");
    rejected.map(|row| (row["line"].as_u64().unwrap(), row["reason"].as_str().unwrap())).collect()
}

fn swipe(number: usize) -> String {
    format!(
        r#"{{"type":"attendance","id":"t-{number}","source":"g","at":"2026-03-02T07:01:00+08:00","project_id":"P{}","id_number":"152722199001010019","swiped_at":"2026-03-02T07:{:02}:00+08:00"}}"#,
        number % 3,
        number % 60
    )
}

fn payment(id: &str, amount: u32) -> String {
    format!(
        r#"{{"type":"payment","id":"{id}","source":"b","at":"2026-04-14T16:00:00+08:00","bank":"103","txn_id":"x","account":"05370101040012345","payee_account":"6228480000000000000","amount_fen":{amount},"settled_at":"2026-04-14T15:59:58+08:00","status":"settled"}}"#
    )
}

#[test]
fn bad_lines_are_told_by_number_and_the_rest_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.ndjson");
    // Enough lines for several chunks, so that line numbers are carried over them.
    let mut lines: Vec<Vec<u8>> = (0..12_000).map(|n| swipe(n).into_bytes()).collect();
    lines[1] = b"{broken".to_vec();
    lines[2] = b"  \r".to_vec();
    lines[6_000] = b"{\"id\":\"\xff\"}".to_vec();
    lines[7_000] = swipe(1).replace("0019", "0018").into_bytes();
    lines[8_000] = "z".repeat(10 << 20).into_bytes();
    lines[11_999] = swipe(1).replace("P1", "P 1").into_bytes();
    fs::write(&path, lines.join(&b'\n')).unwrap();
    let (exit, rows) = replay(dir.path(), vec![path]);
    told(exit, 3);
    let found = rejected(&rows);
    let places: Vec<u64> = found.iter().map(|(line, _)| *line).collect();
    assert_eq!(places, [2, 6_001, 7_001, 8_001, 12_000]);
    let words = ["column", "UTF-8 at byte 8", "check character", "10485760 bytes", "1 to 64 of A-Z"];
    for ((_, reason), word) in found.iter().zip(words) {
        assert!(reason.contains(word), "{reason}");
    }
    let total = rows.last().unwrap();
    assert_eq!((&total["records"], &total["rejected"]), (&11_999.into(), &5.into()));
    assert_eq!((&total["workers"], &total["alerts"]), (&1.into(), &6.into()));
}

#[test]
fn the_later_of_two_contradicting_payments_is_rejected() {
    let dir = tempfile::tempdir().unwrap();
    let filler: Vec<String> = (0..30_000).map(swipe).collect();
    let first = dir.path().join("1.ndjson");
    let second = dir.path().join("2.ndjson");
    fs::write(&first, [payment("first", 500), filler.join("\n"), payment("second", 700)].join("\n")).unwrap();
    fs::write(&second, [payment("third", 500), payment("fourth", 900)].join("\n")).unwrap();
    for _ in 0..5 {
        let (exit, rows) = replay(dir.path(), vec![first.clone(), second.clone()]);
        told(exit, 3);
        let ids: Vec<&str> = rows
            .iter()
            .filter(|row| row["row"] == "rejected")
            .map(|row| row["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, ["second", "fourth"]);
        let places: Vec<u64> = rejected(&rows).iter().map(|(line, _)| *line).collect();
        assert_eq!(places, [30_002, 2]);
        let waiting = rows.iter().find(|row| row["row"] == "suspense").unwrap();
        assert_eq!(waiting["amount_fen"], 500);
    }
}

#[test]
fn csv_and_ndjson_stand_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    let (table, lines) = (dir.path().join("a.csv"), dir.path().join("b.ndjson"));
    let header = "type,id,source,at,project_id,id_number,work_date,days\n";
    let row = "attendance,d,s,2026-03-31T20:00:00Z,P1,152722199001010019,2026-03-05,1.5\n";
    fs::write(&table, format!("{header}{row}{}", row.replace("1.5", "1.005"))).unwrap();
    fs::write(&lines, swipe(1)).unwrap();
    let (exit, rows) = replay(dir.path(), vec![table, lines]);
    told(exit, 3);
    assert_eq!(rejected(&rows)[0].0, 3);
    let days = rows.iter().find(|row| row["row"] == "worker_period").unwrap();
    assert_eq!(days["days"], 2.5);
}

#[test]
fn wrong_files_end_the_run_before_it_starts() {
    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("a.txt");
    fs::write(&text, swipe(1)).unwrap();
    let (exit, rows) = replay(dir.path(), vec![text]);
    told(exit, 2);
    assert!(rows.is_empty());
    let (exit, rows) = replay(dir.path(), vec![dir.path().join("missing.ndjson")]);
    told(exit, 1);
    assert!(rows.is_empty());
    let good = dir.path().join("a.ndjson");
    fs::write(&good, swipe(1)).unwrap();
    let (exit, rows) = replay(dir.path(), vec![good]);
    told(exit, 0);
    // A month, two alerts of it, the gate that has gone silent, and the total.
    assert_eq!(rows.len(), 1 + 2 + 1 + 1);
    let silent = rows.iter().find(|row| row["rule"] == "feed-silent").unwrap();
    assert_eq!((&silent["project_id"], &silent["source"]), (&"~county".into(), &"g".into()));
    assert_eq!(rows.last().unwrap()["other_alerts"], 1);
}
