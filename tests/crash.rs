//! The real binary is killed (`kill -9`) under load, again and again. What was acknowledged is there
//! afterwards, open alerts are the oracle's, and a subscriber who comes back with his cursor each
//! time has got every row once, in order.
//!
//! `CRASH_ROUNDS=n` kills it n times. A seed is printed; `SEED=n` runs with it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends by panicking")]

mod oracle;
mod support;

use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::judge;
use support::process::{Client, Process, lone, tellable};
use support::subscriber::{Subscriber, brief};
use tokio::sync::watch;
use wagewatch::domain::{Day, Entry, Period, Record, Rulebook};
use wagewatch::fiction::{County, Plan, Share};
use wagewatch::proto::v1::verdict::Code;

/// What senders share, across all lives of the service.
#[derive(Default)]
struct Load {
    fresh: Vec<Vec<Record>>,
    /// Sent, and no answer came: it may stand in the log or not.
    unsure: Vec<Vec<Record>>,
    acknowledged: Vec<Record>,
    /// The ids of records that no other record supersedes.
    lone: BTreeSet<String>,
}

/// All records of a small county in a wild order, cut into batches.
fn load(rng: &mut ChaCha8Rng) -> (Load, Day, Day) {
    let (mut records, first, last) = std::iter::repeat_with(|| county(rng.random()))
        .find_map(|days| {
            let (first, last) = (days[0].0, days[days.len() - 1].0);
            let records: Vec<Record> = days.into_iter().flat_map(|(_, records)| records).collect();
            let entries: Vec<Entry> =
                records.iter().cloned().map(Entry::Record).chain([Entry::Date(last)]).collect();
            // One whose troubles are all over at the end proves little.
            (judge::truth(&entries, &book()).0.alerts.len() > 20).then_some((records, first, last))
        })
        .unwrap();
    let all = records.len();
    records = tellable(records);
    assert_eq!(records.len(), all);
    records.shuffle(rng);
    let lone = lone(&records).iter().map(|record| record.head.id.to_string()).collect();
    let mut fresh = Vec::new();
    while !records.is_empty() {
        let count = rng.random_range(1..=12.min(records.len()));
        fresh.push(records.split_off(records.len() - count));
    }
    (Load { fresh, lone, ..Load::default() }, first, last)
}

fn county(seed: u64) -> Vec<(Day, Vec<Record>)> {
    let plan = Plan {
        seed,
        projects: 7,
        workers: 90,
        months: 2,
        first: Period::parse("2026-03").unwrap(),
        troubles: Share::percent(60),
    };
    County::new(&plan, book().calendar).collect()
}

/// The numbers that the binary judges by when nothing is configured.
fn book() -> Rulebook {
    let sources = wagewatch::app::config::Sources::default();
    wagewatch::app::config::Config::load(&sources).unwrap().rulebook
}

/// Sends until the connection breaks: fresh batches, unsure ones, and now and then known ones.
async fn send(client: Client, load: Arc<Mutex<Load>>, mut rng: ChaCha8Rng, pace: Duration) {
    let (begun, mut sent) = (Instant::now(), 0);
    loop {
        let (batch, known) = {
            let mut load = load.lock().unwrap();
            // What is new is spread over the whole life: some of it is under way when the end comes.
            let again = rng.random_bool(0.1) || begun.elapsed() < pace * sent;
            match load.unsure.pop() {
                Some(batch) => (batch, false),
                None if again && !load.acknowledged.is_empty() => {
                    let from = rng.random_range(load.acknowledged.len() / 2..load.acknowledged.len());
                    (load.acknowledged[from..].iter().take(9).cloned().collect(), true)
                }
                None => match load.fresh.pop() {
                    Some(batch) => {
                        sent += 1;
                        (batch, false)
                    }
                    None => return,
                },
            }
        };
        match client.submit(&batch).await {
            Ok(codes) => {
                for (code, record) in codes.iter().zip(&batch) {
                    assert_ne!(*code, Code::Rejected, "{record:?}");
                    let lone = load.lock().unwrap().lone.contains(record.head.id.as_str());
                    assert!(
                        !known || !lone || *code == Code::Duplicate,
                        "acknowledged, then {code:?}: {record:?}"
                    );
                }
                if !known {
                    load.lock().unwrap().acknowledged.extend(batch);
                }
            }
            Err(status) => {
                assert_ne!(status.code(), tonic::Code::InvalidArgument, "{status:?}");
                if !known {
                    load.lock().unwrap().unsure.push(batch);
                }
                return;
            }
        }
    }
}

/// Moves the date on until the connection breaks; remembers what was acknowledged.
async fn turn_days(client: Client, said: Arc<Mutex<Day>>, last: Day, pause: Duration) {
    loop {
        let next = said.lock().unwrap().plus(1);
        if next > last {
            return;
        }
        match client.set_date(next).await {
            Ok(_) => *said.lock().unwrap() = next,
            Err(status) if status.code() == tonic::Code::FailedPrecondition => {
                // It was in flight when the service was killed, and stands.
                *said.lock().unwrap() = next;
            }
            Err(_) => return,
        }
        tokio::time::sleep(pause).await;
    }
}

/// Follows from address to address, until there are no more.
async fn follow(mut addrs: watch::Receiver<String>) -> Subscriber {
    let mut subscriber = Subscriber::default();
    loop {
        let addr = addrs.borrow_and_update().clone();
        if let Ok(stream) = subscriber.open(&Client::new(&addr)).await {
            subscriber.follow(stream).await;
        }
        // The stream was cut: on to the next life.
        if addrs.changed().await.is_err() {
            return subscriber;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_under_load_it_loses_nothing_and_says_nothing_twice() {
    killed(std::env::var("CRASH_ROUNDS").map_or(20, |n| n.parse().unwrap()), false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_when_all_is_encrypted_and_keys_change_between_lives() {
    killed(std::env::var("CRASH_ROUNDS").map_or(8, |n| n.parse().unwrap()), true).await;
}

/// Makes a key, or adds one.
fn new_key(file: &std::path::Path) {
    let what = if file.exists() { "rotate" } else { "new" };
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_wagewatch"));
    assert!(command.args(["keys", what, "--file"]).arg(file).output().unwrap().status.success());
}

async fn killed(rounds: u32, is_encrypted: bool) {
    let seed: u64 = std::env::var("SEED").map_or_else(|_| rand::random(), |n| n.parse().unwrap());
    println!("SEED={seed} CRASH_ROUNDS={rounds}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let keys = dir.path().join("data.keys");
    let keys_file = format!("security.keys_file={}", keys.display());
    let mut set = vec!["engine.memory_bytes=16777216", "log.segment_bytes=1048576", "engine.threads=2"];
    if is_encrypted {
        set.push(&keys_file);
    }
    let (all, first, last) = load(&mut rng);
    let most = u32::try_from(all.fresh.len()).unwrap() / rounds / 3 + 1;
    let all = Arc::new(Mutex::new(all));
    let today = Arc::new(Mutex::new(first.plus(-1)));
    let days = u32::try_from(last.since(first)).unwrap();
    let (address, addresses) = watch::channel(String::new());
    let mut follower = None;
    let begun = Instant::now();
    for round in 0..rounds {
        if is_encrypted && round.is_multiple_of(2) {
            new_key(&keys);
        }
        let process = Process::start(&data, &set).await;
        let client = process.client();
        address.send(process.addr.clone()).unwrap();
        if follower.is_none() {
            follower = Some(tokio::spawn(follow(addresses.clone())));
        }
        let date = client.status().await.unwrap().business_date;
        assert!(
            round == 0
                || date.as_deref().is_some_and(|d| d >= today.lock().unwrap().to_string().as_str())
                || *today.lock().unwrap() < first,
            "{date:?}"
        );
        let life = Duration::from_millis(rng.random_range(200..1500));
        let mut tasks = Vec::new();
        for _ in 0..3 {
            let rng = ChaCha8Rng::seed_from_u64(rng.random());
            tasks.push(tokio::spawn(send(process.client(), all.clone(), rng, life / most)));
        }
        let pause = life * rounds / days.max(1);
        tasks.push(tokio::spawn(turn_days(process.client(), today.clone(), last, pause)));
        tokio::time::sleep(life).await;
        process.kill();
        for task in tasks {
            task.await.unwrap();
        }
    }
    println!("{rounds} lives in {:?}", begun.elapsed());
    drop(address);
    let subscriber = follower.unwrap().await.unwrap();
    println!("{} rows were followed", subscriber.rows);
    let process = Process::start(&data, &set).await;
    let load = std::mem::take(&mut *all.lock().unwrap());
    check(&process.client(), load, last, subscriber).await;
    let ended = process.stop().await;
    assert!(ended.status.success(), "{}", ended.said);
}

async fn check(client: &Client, load: Load, last: Day, mut subscriber: Subscriber) {
    // Whatever was acknowledged is known.
    let mut records = load.acknowledged;
    client.check_known(&records).await;
    println!("{} records were acknowledged before", records.len());
    for batch in load.unsure.into_iter().chain(load.fresh) {
        client.submit(&batch).await.unwrap();
        records.extend(batch);
    }
    client.set_date(last).await.unwrap();
    let mut entries: Vec<Entry> = records.into_iter().map(Entry::Record).collect();
    entries.push(Entry::Date(last));
    client.check(&entries, &book()).await;
    let standing = client.standing().await;
    let wanted: BTreeMap<_, _> = standing.iter().map(|(id, alert)| (id.clone(), brief(alert))).collect();
    let mut stream = subscriber.open(client).await.unwrap();
    while subscriber.picture() != wanted {
        let message = tokio::time::timeout(Duration::from_secs(20), stream.message()).await;
        subscriber.handle(message.expect("the subscriber's picture becomes the list's").unwrap().unwrap());
    }
}
