//! A backup of the real program, taken while it serves under load, and put back after it was killed: what was
//! acknowledged before the backup is there, and with what is sent again the alerts are the oracle's.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends by panicking")]

mod oracle;
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use support::process::{Client, Process, lone, segments, tellable};
use support::subscriber::Subscriber;
use wagewatch::domain::{Day, Entry, Period, Record, Rulebook};
use wagewatch::fiction::{County, Plan, Share};

const SET: [&str; 2] = ["log.segment_bytes=1048576", "engine.threads=2"];

fn book() -> Rulebook {
    let sources = wagewatch::app::config::Sources::default();
    wagewatch::app::config::Config::load(&sources).unwrap().rulebook
}

/// A county with enough records for several segments, and its last day.
fn county() -> (Vec<Record>, Day) {
    let plan = Plan {
        seed: 11,
        projects: 6,
        workers: 150,
        months: 2,
        first: Period::parse("2026-03").unwrap(),
        troubles: Share::percent(60),
    };
    let days: Vec<(Day, Vec<Record>)> = County::new(&plan, book().calendar).collect();
    let last = days[days.len() - 1].0;
    (tellable(days.into_iter().flat_map(|(_, records)| records).collect()), last)
}

fn run(args: &[&str], folders: &[(&str, &Path)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wagewatch"));
    command.args(args);
    folders.iter().for_each(|(flag, folder)| {
        command.arg(flag).arg(folder);
    });
    command.output().unwrap()
}

fn good(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn refused(output: &Output, why: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(why), "{said}");
}

/// Sends batch after batch; what was acknowledged is pushed.
async fn send(client: Client, batches: Vec<Vec<Record>>, acknowledged: Arc<Mutex<Vec<Record>>>) {
    for batch in batches {
        if client.submit(&batch).await.is_err() {
            return;
        }
        acknowledged.lock().unwrap().extend(batch);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn taken_under_load_killed_put_back_and_whole_again() {
    under_load(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn encrypted_it_is_taken_without_its_keys_and_needs_them_when_it_is_put_back() {
    under_load(true).await;
}

async fn under_load(is_encrypted: bool) {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let (data, out, back) = (path("data"), path("backup"), path("back"));
    let (records, last) = county();
    let keys = format!("security.keys_file={}", path("data.keys").display());
    let mut set = SET.to_vec();
    if is_encrypted {
        good(&run(&["keys", "new"], &[("--file", &path("data.keys"))]));
        set.push(&keys);
    }
    let process = Process::start(&data, &set).await;
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let batches: Vec<Vec<Record>> = records.chunks(20).map(<[Record]>::to_vec).collect();
    let sending = tokio::spawn(send(process.client(), batches, acknowledged.clone()));
    // Again and again into the same folder, while it is written to.
    let mut known = Vec::new();
    let mut taken = 0;
    while !sending.is_finished() {
        known = acknowledged.lock().unwrap().clone();
        let (data, out) = (data.clone(), out.clone());
        let backup = move || good(&run(&["backup"], &[("--data", &data), ("--out", &out)]));
        let said = tokio::task::spawn_blocking(backup).await.unwrap();
        assert!(said.starts_with("good: "), "{said}");
        taken += 1;
    }
    sending.await.unwrap();
    assert!(taken > 2 && known.len() > 100, "{taken} backups of {} records", known.len());
    let mut subscriber = Subscriber::default();
    process.client().set_date(last).await.unwrap();
    let mut stream = subscriber.open(&process.client()).await.unwrap();
    while subscriber.standing.is_empty() {
        subscriber.handle(stream.message().await.unwrap().unwrap());
    }
    process.kill();

    good(&run(&["restore", "--check"], &[("--from", &out)]));
    good(&run(&["restore"], &[("--from", &out), ("--data", &back)]));
    refused(&run(&["restore"], &[("--from", &out), ("--data", &back)]), "is not empty");
    if is_encrypted {
        let ended = Process::try_start(&back, &SET).await.err().unwrap();
        assert!(ended.said.contains("no keys are configured"), "{}", ended.said);
    }
    let process = Process::start(&back, &set).await;
    let client = process.client();
    println!("{taken} backups; {} of {} records were known to the last one", known.len(), records.len());
    // The backup may hold later statements about what was known when it began: those are not asked for.
    let alone: BTreeSet<_> = lone(&records).into_iter().map(|record| record.head.id).collect();
    known.retain(|record| alone.contains(&record.head.id));
    client.check_known(&known).await;
    // A cursor of the life that was lost says nothing in this one.
    let mut stream = subscriber.open(&client).await.unwrap();
    let first = stream.message().await.unwrap().unwrap();
    assert!(matches!(first.event, Some(wagewatch::proto::SubscribeEvent::Reset(_))), "{first:?}");
    // Senders send again what they cannot be sure of.
    for batch in records.chunks(500) {
        client.submit(batch).await.unwrap();
    }
    client.set_date(last).await.unwrap();
    let mut entries: Vec<Entry> = records.into_iter().map(Entry::Record).collect();
    entries.push(Entry::Date(last));
    client.check(&entries, &book()).await;
    assert!(process.stop().await.status.success());
    // The life that was lost had its own blocks behind the backup: the two do not mix in one folder.
    let mixed = run(&["backup"], &[("--data", &back), ("--out", &path("other"))]);
    good(&mixed);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_as_it_was_backed_up_is_never_put_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let (data, out, back) = (path("data"), path("backup"), path("back"));
    refused(&run(&["backup"], &[("--data", &data), ("--out", &out)]), "log");
    let process = Process::start(&data, &SET).await;
    let (records, _) = county();
    process.client().submit(&records[..100]).await.unwrap();
    good(&run(&["backup"], &[("--data", &data), ("--out", &out)]));
    process.client().submit(&records[100..200]).await.unwrap();
    assert!(process.stop().await.status.success());

    let log = segments(&out).pop().unwrap();
    let sound = fs::read(&log).unwrap();
    let mut bytes = sound.clone();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(&log, &bytes).unwrap();
    refused(&run(&["restore", "--check"], &[("--from", &out)]), "is not what was backed up");
    refused(&run(&["restore"], &[("--from", &out), ("--data", &back)]), "is not what was backed up");
    assert!(!back.exists(), "nothing is written before all is checked");
    // A longer file is as good: a later backup was interrupted.
    fs::write(&log, [&sound[..], b"more"].concat()).unwrap();
    good(&run(&["restore"], &[("--from", &out), ("--data", &back)]));
    fs::write(&log, &sound[..sound.len() - 1]).unwrap();
    refused(&run(&["restore", "--check"], &[("--from", &out)]), "is not what was backed up");
    fs::write(&log, &sound).unwrap();
    let manifest = fs::read_to_string(out.join("MANIFEST.json")).unwrap();
    fs::write(out.join("MANIFEST.json"), manifest.replace("log/", "../log/")).unwrap();
    refused(&run(&["restore", "--check"], &[("--from", &out)]), "lies elsewhere");
    fs::write(out.join("MANIFEST.json"), manifest.replace("\"format\": 2", "\"format\": 9")).unwrap();
    refused(&run(&["restore", "--check"], &[("--from", &out)]), "newer version");
    fs::write(out.join("MANIFEST.json"), &manifest).unwrap();

    // The copy that was put back goes on in its own way: its backup does not go over the other's.
    let process = Process::start(&back, &SET).await;
    process.client().submit(&records[300..400]).await.unwrap();
    assert!(process.stop().await.status.success());
    good(&run(&["backup"], &[("--data", &data), ("--out", &out)]));
    refused(&run(&["backup"], &[("--data", &back), ("--out", &out)]), "other");
    good(&run(&["restore", "--check"], &[("--from", &out)]));
    let strangers = path("strangers");
    fs::create_dir(&strangers).unwrap();
    fs::write(strangers.join("thesis.doc"), "").unwrap();
    refused(&run(&["backup"], &[("--data", &data), ("--out", &strangers)]), "is no backup");
}

#[tokio::test(flavor = "multi_thread")]
async fn once_retention_has_cut_the_log_the_store_comes_along_and_the_service_must_be_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let (data, out, back) = (path("data"), path("backup"), path("back"));
    let set = [SET[0], SET[1], "log.retain_bytes=1"];
    let process = Process::start(&data, &set).await;
    let client = process.client();
    // Rejected input of a kilobyte a line fills segments quickly.
    let mut number: u32 = 0;
    while segments(&data).first().unwrap().ends_with("00000000000000000001.log") {
        let line = |n: u32| format!("{{\"n\":{n},\"x\":\"{:x<1000}\"}}\n", number.wrapping_mul(n));
        let ndjson: String = (0..2000_u32).map(|n| line(n.wrapping_mul(2_654_435_761))).collect();
        client.submit_ndjson(ndjson.into_bytes()).await.unwrap();
        number += 1;
        assert!(number < 500, "the log is never cut");
    }
    let (records, last) = county();
    client.submit(&records[..2000]).await.unwrap();
    client.set_date(last).await.unwrap();
    let standing = client.standing().await;
    assert!(!standing.is_empty());
    refused(&run(&["backup"], &[("--data", &data), ("--out", &out)]), "Stop the service");
    assert!(process.stop().await.status.success());
    good(&run(&["backup"], &[("--data", &data), ("--out", &out)]));
    good(&run(&["restore"], &[("--from", &out), ("--data", &back)]));
    let process = Process::start(&back, &set).await;
    assert_eq!(
        process.client().standing().await.keys().collect::<Vec<_>>(),
        standing.keys().collect::<Vec<_>>()
    );
    assert!(process.stop().await.status.success());
}
