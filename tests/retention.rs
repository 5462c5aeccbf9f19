//! The real program: a project that was finished and settled three years ago is erased, and then all is as if it had never
//! been; an earlier one is refused; what comes of it later is not taken.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends by panicking")]

mod oracle;
mod support;

use std::fs;
use std::process::{Command, Output};
use support::process::Process;
use tempfile::TempDir;
use wagewatch::app::config::Config;
use wagewatch::domain::{Body, Day, Entry, Period, Record};
use wagewatch::fiction::{County, Plan, Share};
use wagewatch::intake::json::decode_line;
use wagewatch::proto::v1 as pb;
use wagewatch::proto::v1::verdict::Code;

const NAME: &str = "Old-Bridge";
const NUMBER: &str = "150621199003077758";
const ACCOUNT: &str = "6228480099887766554";

/// A project of 2022, finished and paid; with a payment that only its account tells of, and input that names it.
fn old_project() -> Vec<Record> {
    let common = |id: &str, at: &str| format!(r#""id":"{id}","source":"old","at":"{at}""#);
    let (p, w) = (format!(r#""project_id":"{NAME}""#), format!(r#""id_number":"{NUMBER}""#));
    let lines = [
        format!(
            r#"{{"type":"project",{},{p},"name":"旧桥","sector":"transport","territory":"150621100","funding":"private","owner_name":"o","contractor_name":"c","contractor_uscc":"91110000600037341L","contract_signed_on":"2022-01-05","contract_fen":100,"started_on":"2022-02-01","completed_on":"2022-04-01","status":"completed"}}"#,
            common("o1", "2022-04-02T08:00:00+08:00")
        ),
        format!(
            r#"{{"type":"account",{},{p},"account":"{ACCOUNT}","bank":"OldBank","opened_on":"2022-01-10","agreement_signed":true,"closed_on":"2022-06-01"}}"#,
            common("o2", "2022-06-02T08:00:00+08:00")
        ),
        format!(
            r#"{{"type":"account_entry",{},"account":"{ACCOUNT}","entry_id":"e1","direction":"in","kind":"labour_fee","amount_fen":100000,"booked_at":"2022-02-10T08:00:00+08:00"}}"#,
            common("o3", "2022-02-10T08:00:00+08:00")
        ),
        format!(
            r#"{{"type":"enrolment",{},{p},{w},"name":"旧人","employer_name":"c","basis":"daily","rate_fen":20000,"effective_on":"2022-02-01","contract_signed_on":"2022-02-01","left_on":"2022-03-01","account":"6222021234567890128"}}"#,
            common("o4", "2022-02-01T08:00:00+08:00")
        ),
        format!(
            r#"{{"type":"payment",{},"bank":"OldBank","txn_id":"t1","account":"{ACCOUNT}","payee_account":"6222021234567890128",{w},"period":"2022-02","amount_fen":20000,"settled_at":"2022-03-10T08:00:00+08:00","status":"settled"}}"#,
            common("o5", "2022-03-10T08:00:00+08:00")
        ),
        format!(
            r#"{{"type":"attendance",{},{p},{w},"work_date":"2022-02-03","days":1}}"#,
            common("o6", "2022-02-03T18:00:00+08:00")
        ),
        format!(
            r#"{{"type":"payroll",{},{p},"employer_uscc":"91110000600037341L","period":"2022-02","submitted_on":"2022-03-02","approved_on":"2022-03-03","lines":[{{{w},"payable_fen":20000,"signed":true}}]}}"#,
            common("o7", "2022-03-02T18:00:00+08:00")
        ),
    ];
    lines.iter().map(|line| decode_line(line).unwrap_or_else(|why| panic!("{why:?}: {line}"))).collect()
}

fn county() -> (Vec<Record>, Day) {
    let plan = Plan {
        seed: 3,
        projects: 4,
        workers: 40,
        months: 1,
        first: Period::from_ym(2026, 3).unwrap(),
        troubles: Share::percent(60),
    };
    let days: Vec<(Day, Vec<Record>)> = County::new(&plan, Config::default().calendar).collect();
    let last = days[days.len() - 1].0;
    (days.into_iter().flat_map(|(_, records)| records).collect(), last)
}

struct Site {
    dir: TempDir,
}

impl Site {
    fn shown(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn retention(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wagewatch"));
        command.args(["retention", "run", "--config", &self.shown("wagewatch.toml")]).args(args);
        command.output().unwrap()
    }

    fn good(&self, args: &[&str]) -> String {
        let output = self.retention(args);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn refused(&self, args: &[&str]) -> String {
        let output = self.retention(args);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    }
}

fn holds(folder: &std::path::Path, needle: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => holds(&path, needle),
            false => fs::read(&path).unwrap().windows(needle.len()).any(|part| part == needle),
        }
    })
}

const WHO: [&str; 4] = ["--by", "archive office", "--why", "kept for three years: case 7"];

#[tokio::test(flavor = "multi_thread")]
async fn an_old_project_is_erased_and_all_is_as_if_it_had_never_been() {
    let site = Site { dir: tempfile::tempdir().unwrap() };
    let data = site.dir.path().join("data");
    let config = format!(
        "[data]\npath = \"{}\"\n[engine]\nshards = 4\n[clock]\nkind = \"manual\"\n",
        site.shown("data")
    );
    fs::write(site.dir.path().join("wagewatch.toml"), config).unwrap();
    let (records, last) = county();
    let old = old_project();
    let process = Process::start(&data, &[]).await;
    let client = process.client();
    client.submit(&old).await.unwrap();
    client
        .submit_ndjson(format!(r#"{{"type":"project","project_id":"{NAME}"}}"#).into_bytes())
        .await
        .unwrap();
    for batch in records.chunks(200) {
        client.submit(batch).await.unwrap();
    }
    client.set_date(last).await.unwrap();
    assert_eq!(client.status().await.unwrap().dead_letters, 1);
    let standing: Vec<_> =
        client.standing().await.into_values().filter(|alert| format!("{alert:?}").contains(NAME)).collect();
    assert!(standing.is_empty(), "{standing:#?}");
    assert!(site.refused(&["--dry-run"]).contains("in use"), "while a service works on it");
    assert!(process.stop().await.status.success());
    assert!(holds(&data, "旧人".as_bytes()), "it can be found");

    let listed = site.good(&["--dry-run"]);
    assert!(listed.contains(&format!("{NAME} may be erased")), "{listed}");
    let other = records.iter().find_map(|record| match &record.body {
        Body::Project(project) => Some(project.project_id.as_str().to_owned()),
        _ => None,
    });
    let other = other.unwrap();
    assert!(listed.contains(&format!("{other} is kept: ")), "{listed}");
    let mut args = vec!["--project", other.as_str()];
    args.extend(WHO);
    assert!(site.refused(&args).contains("Nothing was erased"));
    assert!(holds(&data, "旧人".as_bytes()), "nor by the look");
    let said = site.good(&WHO);
    assert!(said.contains(&format!("{NAME} is erased")) && said.contains("1 projects, 8 entries"), "{said}");
    for (what, needle) in [("name", "旧人"), ("project", "旧桥"), ("bank", "OldBank")] {
        assert!(!holds(&data.join("log"), needle.as_bytes()), "{what} in the log");
    }
    assert!(!data.join("store").exists());

    // As if it had never been: against the oracle, from scratch, over what is left.
    let process = Process::start(&data, &[]).await;
    let client = process.client();
    let mut entries: Vec<Entry> = records.iter().cloned().map(Entry::Record).collect();
    entries.push(Entry::Date(last));
    let book = Config::default().rulebook;
    client.check(&entries, &book).await;
    let get = pb::GetProjectRequest { project_id: NAME.into() };
    assert_eq!(client.ledgers().get_project(get.clone()).await.unwrap_err().code(), tonic::Code::NotFound);
    assert_eq!(client.status().await.unwrap().dead_letters, 0);
    // What comes of it later is not taken, in this life and the next, and stays without what it said.
    assert_eq!(client.submit(&old[3..4]).await.unwrap(), [Code::Rejected]);
    process.kill();
    let process = Process::start(&data, &[]).await;
    let client = process.client();
    assert_eq!(client.submit(&old[..1]).await.unwrap(), [Code::Rejected]);
    client.check(&entries, &book).await;
    assert_eq!(client.ledgers().get_project(get).await.unwrap_err().code(), tonic::Code::NotFound);
    let letters = pb::ListDeadLettersRequest { page_size: 10, ..Default::default() };
    let letters = client.ledgers().list_dead_letters(letters).await.unwrap().into_inner().dead_letters;
    assert_eq!(letters.len(), 2);
    assert!(format!("{letters:?}").contains("erased on"), "{letters:?}");
    assert!(process.stop().await.status.success());
    // A store that is lost is made again without it.
    fs::remove_dir_all(data.join("store")).unwrap();
    let process = Process::start(&data, &[]).await;
    process.client().check(&entries, &book).await;
    assert_eq!(process.client().submit(&old[..1]).await.unwrap(), [Code::Rejected]);
    assert!(process.stop().await.status.success());
    assert!(!holds(&data.join("log"), "旧人".as_bytes()) && !holds(&data.join("store"), "旧人".as_bytes()));

    // It was written down before it was done, and stands in a chain that is whole.
    let audit = |what: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wagewatch"));
        let output = command.args(["audit", what, "--dir", &site.shown("data/audit")]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(audit("verify").starts_with("good: "));
    let written = audit("export");
    assert!(
        written.contains("retention run") && written.contains(NAME) && written.contains("case 7"),
        "{written}"
    );
    assert!(written.contains("archive office"));
    assert_eq!(site.good(&WHO), "0 projects, 0 entries of the log. Backups of before still hold them\n");
}
