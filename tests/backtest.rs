//! `backtest` from end to end: files day by day, one day alone, the log of a data folder, wrong usage.

#![allow(clippy::unwrap_used, reason = "a test ends by panicking")]

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use wagewatch::command::backtest::{BacktestArgs, run};
use wagewatch::domain::{Day, Entry};
use wagewatch::intake::json;
use wagewatch::log::{DataFolder, Log, LogOptions, SegmentLog};

/// A day worked in March, due on 2026-04-15, and paid on 2026-05-01.
const RECORDS: [&str; 3] = [
    r#"{"type":"enrolment","id":"e","source":"s","at":"2026-03-01T08:00:00+08:00","project_id":"P1","id_number":"152722199001010019","name":"张三","employer_name":"劳务公司","basis":"daily","rate_fen":40000,"effective_on":"2026-03-01"}"#,
    r#"{"type":"payment","id":"p","source":"b","at":"2026-05-01T09:00:00+08:00","bank":"103","txn_id":"x","account":"05370101040012345","payee_account":"6228480000000000000","amount_fen":40000,"settled_at":"2026-05-01T08:59:58+08:00","status":"settled","project_id":"P1","id_number":"152722199001010019","period":"2026-03"}"#,
    r#"{"type":"attendance","id":"a","source":"s","at":"2026-03-02T18:00:00+08:00","project_id":"P1","id_number":"152722199001010019","work_date":"2026-03-02","days":1}"#,
];

fn args(dir: &Path, days: (Option<&str>, Option<&str>)) -> BacktestArgs {
    let rulebook = dir.join("new.toml");
    fs::write(&rulebook, "version = \"new\"\n[wages]\norange_after_days = 5").unwrap();
    let day = |text: Option<&str>| text.map(|text| Day::parse(text).unwrap());
    BacktestArgs {
        rulebook,
        against: None,
        from: day(days.0),
        to: day(days.1),
        report: Some(dir.join("report.ndjson")),
        reveal: false,
        config: None,
        data: None,
        files: vec![dir.join("records.ndjson")],
    }
}

fn told(args: BacktestArgs) -> Vec<[String; 5]> {
    let report = args.report.clone().unwrap();
    assert_eq!(code(args), 0);
    let text = fs::read_to_string(report).unwrap();
    let word = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .map(|row: Value| {
            ["rule", "effect", "first_day", "old_level", "new_level"].map(|name| word(&row, name))
        })
        .collect()
}

fn code(args: BacktestArgs) -> u8 {
    let exit = format!("{:?}", run(args));
    (0..4).find(|code| format!("{:?}", ExitCode::from(*code)) == exit).unwrap()
}

fn level(rule: &str, day: &str) -> [String; 5] {
    [rule, "level", day, "yellow", "orange"].map(ToOwned::to_owned)
}

#[test]
fn files_are_judged_day_by_day_or_on_one_day() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("records.ndjson"), RECORDS.join("\n")).unwrap();
    let both = |day| vec![level("wage-unpaid", day), level("project-arrears", day)];
    // Orange on the sixth day, before it was paid.
    assert_eq!(told(args(dir.path(), (None, None))), both("2026-04-21"));
    assert_eq!(told(args(dir.path(), (Some("2026-04-25"), Some("2026-06-01")))), both("2026-04-25"));
    assert_eq!(told(args(dir.path(), (Some("2026-04-01"), Some("2026-04-20")))), [[""; 5]; 0]);
    // The payment was not known before its day; on one day alone everything is.
    assert_eq!(told(args(dir.path(), (None, Some("2026-04-30")))), [[""; 5]; 0]);
    fs::write(dir.path().join("records.ndjson"), [RECORDS[0], RECORDS[2]].join("\n")).unwrap();
    assert_eq!(told(args(dir.path(), (None, Some("2026-04-30")))), both("2026-04-30"));
    // The same against itself is no difference.
    let same = args(dir.path(), (None, Some("2026-04-30")));
    assert_eq!(told(BacktestArgs { against: Some(same.rulebook.clone()), ..same }), [[""; 5]; 0]);
}

#[test]
fn the_log_of_a_data_folder_is_judged_by_its_own_days() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let folder = DataFolder::open(&data).unwrap();
    let (mut log, _) = SegmentLog::open(&data.join("log"), LogOptions::default()).unwrap();
    let record = |place: usize| Entry::Record(json::decode_line(RECORDS[place]).unwrap());
    let date = |text| Entry::Date(Day::parse(text).unwrap());
    log.append(0, &[date("2026-03-01"), record(0), record(2)]).unwrap();
    log.append(0, &[date("2026-05-01"), record(1)]).unwrap();
    drop(log);
    let from_log = |days| BacktestArgs { data: Some(data.clone()), files: vec![], ..args(dir.path(), days) };
    assert_eq!(code(from_log((None, None))), 1, "the folder is in use");
    drop(folder);
    let both = |day| vec![level("wage-unpaid", day), level("project-arrears", day)];
    assert_eq!(told(from_log((None, None))), both("2026-04-21"));
    assert_eq!(told(from_log((Some("2026-04-22"), None))), both("2026-04-22"));
    assert_eq!(told(from_log((None, Some("2026-04-22")))), both("2026-04-22"));
    assert_eq!(told(from_log((Some("2026-05-01"), Some("2026-07-01")))), [[""; 5]; 0]);
    assert_eq!(told(from_log((None, Some("2026-04-20")))), [[""; 5]; 0]);
}

#[test]
fn what_is_asked_wrongly_is_told_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("records.ndjson"), RECORDS.join("\n")).unwrap();
    assert_eq!(code(args(dir.path(), (Some("2026-05-01"), Some("2026-04-01")))), 2);
    let bad = args(dir.path(), (None, None));
    fs::write(&bad.rulebook, "version = \"new\"\n[wages]\norange_after_days = -5").unwrap();
    let report = bad.report.clone().unwrap();
    assert_eq!(code(bad), 2);
    let missing = args(dir.path(), (None, None));
    assert_eq!(code(BacktestArgs { files: vec!["no/such.ndjson".into()], ..missing }), 1);
    assert!(!report.exists());
}

/// What no single project tells is compared as well: employers, feeds, complaints without a project.
#[test]
fn rules_over_all_projects_are_compared_too() {
    let dir = tempfile::tempdir().unwrap();
    let employed = RECORDS[0].replace(r#""basis""#, r#""employer_uscc":"91110000600037341L","basis""#);
    let signal = r#"{"type":"business_signal","id":"x","source":"c","at":"2026-03-10T08:00:00+08:00","employer_uscc":"91110000600037341L","signal":"power","level":65,"observed_on":"2026-03-10"}"#;
    let complaint = r#"{"type":"complaint","id":"c","source":"h","at":"2026-03-05T08:00:00+08:00","complaint_id":"C1","channel":"12345","filed_on":"2026-03-05"}"#;
    fs::write(dir.path().join("records.ndjson"), [&employed, signal, complaint, RECORDS[2]].join("\n"))
        .unwrap();
    let args = args(dir.path(), (None, Some("2026-03-20")));
    let new = "version = \"new\"\n[business-signal]\narticle = \"Order 724, art. 38; county plan 2025, section 2 (2)\"\nlevel = 65\n\
               [complaint-open]\narticle = \"county plan 2025, section 2 (2)\"\norange_after_days = 10\n\
               [feed-silent]\narticle = \"Circular 2021-53, art. 23-24 (to be verified)\"\ndays = 30\n";
    fs::write(&args.rulebook, new).unwrap();
    let row = |rule: &str, effect: &str, levels: [&str; 2]| {
        [rule, effect, "2026-03-20", levels[0], levels[1]].map(ToOwned::to_owned)
    };
    let report = args.report.clone().unwrap();
    assert_eq!(
        told(args),
        [
            row("complaint-open", "level", ["yellow", "orange"]),
            row("business-signal", "comes", ["", "blue"]),
            row("feed-silent", "goes", ["blue", ""]),
        ]
    );
    let text = fs::read_to_string(report).unwrap();
    assert!(text.lines().all(|line| line.contains(r#""project_id":"~county""#)), "{text}");
    assert!(text.contains(r#""employer_uscc":"91110000600037341L""#) && text.contains(r#""source":"s""#));
}
