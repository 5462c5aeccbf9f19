//! The real binary on real brokers: whichever instance is asked, it takes records, shows all alerts, answers for every
//! project; they are killed and stopped, and what every one of them shows is what the from-scratch oracle finds.

use super::brokers::Brokers;
use super::county::{book, county};
use super::support::process::{Client, Ended, Process, lone, tellable};
use super::support::subscriber::{Subscriber, brief};
use super::{poison, topics};
use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tonic::{Status, Streaming};
use wagewatch::domain::{Body, Day, Entry, Fen, Record};
use wagewatch::intake::write_json::write_line;
use wagewatch::kafka::{Door, Settings, Unobserved};
use wagewatch::proto::SubscribeResponse;
use wagewatch::proto::v1::{self as pb, verdict::Code};

pub const CASES: [(&str, fn(&Brokers)); 2] =
    [("any_instance_serves_anyone", anyone), ("instances_that_do_not_agree_are_refused", disagreeing)];

pub const PATIENCE: Duration = Duration::from_secs(90);

/// Several instances' folders, and how each is started.
pub struct House {
    settings: Settings,
    folder: TempDir,
    /// Preloaded into a process, its clock is wrong.
    skew: PathBuf,
    /// The instances whose clock is, and by how many seconds it is ahead.
    clocks: &'static [(&'static str, &'static str)],
}

impl House {
    pub fn new(brokers: &Brokers, clocks: &'static [(&'static str, &'static str)]) -> House {
        let (settings, folder) = (topics::made(brokers, 4), tempfile::tempdir().unwrap());
        let skew = folder.path().join("skew.so");
        let made = Command::new("cc")
            .args(["-shared", "-fPIC", "-O2", "-o"])
            .arg(&skew)
            .args([concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kafka/skew.c"), "-ldl"])
            .status();
        assert!(made.unwrap().success());
        House { settings, folder, skew, clocks }
    }

    pub fn data(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub async fn try_start(&self, name: &str, set: &[&str]) -> Result<Process, Ended> {
        let Settings { brokers, group, topic_prefix, replication, min_in_sync, .. } = &self.settings;
        // Where the others reach it must be known before it is there.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let own = [
            "log.kind=kafka".to_owned(),
            format!("kafka.brokers={brokers}"),
            format!("kafka.group={group}"),
            format!("kafka.topic_prefix={topic_prefix}"),
            format!("kafka.replication={replication}"),
            format!("kafka.min_in_sync={min_in_sync}"),
            "kafka.session_seconds=6".to_owned(),
            format!("cluster.name={name}"),
            format!("server.grpc_addr=127.0.0.1:{port}"),
        ];
        let all: Vec<&str> = own.iter().map(String::as_str).chain(set.iter().copied()).collect();
        let ahead = self.clocks.iter().find(|(of, _)| *of == name).map(|(_, seconds)| Path::new(seconds));
        let wrong = ahead.map(|ahead| [("LD_PRELOAD", self.skew.as_path()), ("SKEW_SECONDS", ahead)]);
        let environment = wrong.as_ref().map_or(&[][..], |wrong| &wrong[..]);
        Process::try_start_in(&self.data(name), &all, environment).await
    }

    /// The second one keeps copies of the first one's partitions.
    async fn start(&self, name: &str) -> Process {
        let standby = format!("cluster.standby={}", u8::from(name == "b"));
        match self.try_start(name, &[&standby]).await {
            Ok(process) => process,
            Err(ended) => panic!("{name} did not come up: {}\n{}", ended.status, ended.said),
        }
    }
}

pub fn block_on(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(work);
}

/// Whatever is refused for a moment is asked for again, as every client does it.
pub async fn again<T, F: Future<Output = Result<T, Status>>>(mut ask: impl FnMut() -> F) -> T {
    let begun = Instant::now();
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(status) => {
                let code = status.code();
                let passes = matches!(code, tonic::Code::Unavailable | tonic::Code::DeadlineExceeded);
                assert!(passes && begun.elapsed() < PATIENCE, "{status:?}");
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Until an instance shows what the oracle finds; what is under way between owners takes a moment.
async fn shows(client: &Client, what: &str, wanted: &BTreeMap<String, pb::Alert>) {
    let begun = Instant::now();
    loop {
        let found = client.standing().await;
        if found.keys().eq(wanted.keys()) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{what} shows {} of {} alerts", found.len(), wanted.len());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The second one's clock is an hour ahead: nothing is another for it.
fn anyone(brokers: &Brokers) {
    let house = House::new(brokers, &[("b", "3600")]);
    let door = Door::open(&house.settings, 10_000, Arc::new(Unobserved)).unwrap();
    // What others have written there harms nobody.
    poison::spread(&house.settings, &door);
    block_on(async {
        let (records, first, last) = county();
        let records = tellable(records);
        let (a, b) = tokio::join!(house.start("a"), house.start("b"));
        let clients = [a.client(), b.client()];
        let subscriber = Subscriber::default();
        let stream = subscriber.open(&clients[0]).await.unwrap();
        let subscribed = follow(subscriber, stream);
        again(|| clients[0].set_date(first)).await;
        let mut sent: Vec<Record> = Vec::new();
        for (at, batch) in records.chunks(records.len().div_ceil(20)).enumerate() {
            let codes = again(|| clients[at % 2].submit(batch)).await;
            assert!(
                codes.iter().all(|code| *code == Code::Accepted || *code == Code::Duplicate),
                "{codes:?}"
            );
            sent.extend_from_slice(batch);
        }
        let begun = Instant::now();
        due(&clients).await;
        let told = again(|| clients[1].set_date(last)).await;
        println!("kafka: {} days in {:?}", last.0 - first.0, begun.elapsed());
        assert_eq!(told, last.to_string(), "the date is in force when it is answered");
        let entries: Vec<Entry> =
            sent.iter().cloned().map(Entry::Record).chain([Entry::Date(last)]).collect();
        level(&clients[0], &entries).await;
        let stamps = super::county::stamps(&house.settings);
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
        assert!(stamps.iter().all(|at| (now - 600_000..=now).contains(at)), "times are the brokers'");
        let all = clients[0].standing().await;
        assert!(all.len() > 20);
        shows(&clients[1], "b", &all).await;
        for client in &clients {
            client.check(&entries, &book()).await;
        }
        questions(&clients, &sent).await;
        let since = senders(&clients, &sent).await;
        known(&clients, &sent).await;
        acts(&clients, &all).await;
        letters(&clients, &sent).await;
        moved(&house, a, b, subscribed, &entries, &since).await;
    });
}

pub async fn level(client: &Client, entries: &[Entry]) {
    let (truth, _) = super::support::judge::truth(entries, &book());
    let begun = Instant::now();
    while client.standing().await.len() != truth.alerts.len() {
        assert!(begun.elapsed() < PATIENCE, "{} of {}", client.standing().await.len(), truth.alerts.len());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Each answers for every project, wherever it lives, in the same words.
async fn questions(clients: &[Client; 2], sent: &[Record]) {
    let mut projects: Vec<String> =
        sent.iter().filter_map(|record| Some(record.body.project_id()?.to_string())).collect();
    projects.sort();
    projects.dedup();
    for project_id in projects {
        let mut told = Vec::new();
        for client in clients {
            let request = pb::GetProjectRequest { project_id: project_id.clone() };
            let project = client.ledgers().get_project(request).await.unwrap().into_inner();
            let request = pb::ListWorkersRequest {
                project_id: project_id.clone(),
                page_size: 1000,
                ..Default::default()
            };
            let workers = client.ledgers().list_workers(request).await.unwrap().into_inner().workers;
            told.push((project, workers));
        }
        assert_eq!(told[0], told[1], "{project_id}");
        assert!(!told[0].1.is_empty());
    }
    let mut lists = Vec::new();
    for client in clients {
        lists.push(client.alerts().stats(pb::StatsRequest::default()).await.unwrap().into_inner());
    }
    assert_eq!(lists[0], lists[1]);
}

/// Each tells of every project what falls due, by scope, wherever it lives.
async fn due(clients: &[Client; 2]) {
    // March's wages fall due in April.
    again(|| clients[0].set_date("2026-04-01")).await;
    let ask = async |client: &Client, sectors: Vec<String>| {
        let request = pb::ListDueRequest { within_days: 31, sectors, ..Default::default() };
        again(|| async { client.ledgers().list_due(request.clone()).await }).await.into_inner()
    };
    let [one, other] = [ask(&clients[0], vec![]).await, ask(&clients[1], vec![]).await];
    assert_eq!(one, other);
    assert_eq!(one.business_date.as_deref(), Some("2026-04-01"));
    let projects: BTreeSet<&str> = one.months.iter().map(|month| month.project_id.as_str()).collect();
    assert!(projects.len() > 2, "{projects:?}");
    let sector = &one.months[0].sector;
    let of_it: Vec<_> = one.months.iter().filter(|month| month.sector == *sector).cloned().collect();
    for client in clients {
        assert_eq!(ask(client, vec![sector.clone()]).await.months, of_it);
    }
}

async fn sources(client: &Client) -> pb::ListSourcesResponse {
    again(|| async { client.admin().list_sources(pb::ListSourcesRequest {}).await }).await.into_inner()
}

/// Each tells of all senders what both have counted; since when.
async fn senders(clients: &[Client; 2], sent: &[Record]) -> String {
    let [one, other] = [sources(&clients[0]).await, sources(&clients[1]).await];
    assert_eq!(one, other);
    assert!(!one.truncated);
    let mut wanted: BTreeMap<&str, u64> = BTreeMap::new();
    sent.iter().for_each(|record| *wanted.entry(record.head.source.as_str()).or_default() += 1);
    for (source, records) in wanted {
        let found = one.sources.iter().find(|found| found.source == source).expect(source);
        // What was sent again is counted again, as on one machine.
        assert!(found.records >= records && found.rejected == 0, "{found:?}, of {records}");
    }
    one.since
}

/// Whoever sends again, to whom he likes, is told that it is known.
async fn known(clients: &[Client; 2], sent: &[Record]) {
    for (client, part) in clients.iter().zip(lone(sent).chunks(200)) {
        for code in again(|| client.submit(part)).await {
            assert_eq!(code, Code::Duplicate);
        }
    }
}

/// An act on any alert may be done at any door, and is seen at every other.
async fn acts(clients: &[Client; 2], all: &BTreeMap<String, pb::Alert>) {
    for (at, alert_id) in all.keys().take(8).enumerate() {
        let note = pb::act_request::Action::Note(pb::Note { text: "已电话联系".into() });
        let request = pb::ActRequest {
            alert_id: alert_id.clone(),
            act_id: format!("act-{at}"),
            actor: "李四".into(),
            action: Some(note),
        };
        for (door, duplicate) in [(at % 2, false), ((at + 1) % 2, true)] {
            let done =
                again(|| async { clients[door].alerts().act(request.clone()).await }).await.into_inner();
            assert_eq!(done.duplicate, duplicate, "act {at} at door {door}");
        }
        for client in clients {
            let begun = Instant::now();
            loop {
                let got =
                    client.alerts().get(pb::GetRequest { id: alert_id.clone() }).await.unwrap().into_inner();
                if got.history.iter().any(|step| step.actor.as_deref() == Some("李四")) {
                    break;
                }
                assert!(begun.elapsed() < PATIENCE, "the act is not seen");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// What cannot be taken is kept under the id that its sender is told; any instance shows it, and takes it mended.
async fn letters(clients: &[Client; 2], sent: &[Record]) {
    let broken = br#"{"type":"attendance","id":"broken","source":"gate","at":"yesterday"}"#.to_vec();
    let (other, first) = conflicting(sent);
    let known = lone(sent).swap_remove(0);
    for (at, (wrong, mended)) in [(broken, &known), (other, &first)].into_iter().enumerate() {
        let verdicts =
            again(|| clients[at].submit_ndjson([&wrong[..], b"\n", &line(mended)[..]].concat())).await;
        assert_eq!(verdicts[0].code(), Code::Rejected);
        assert_eq!((verdicts[1].code(), &verdicts[1].dead_letter_id), (Code::Duplicate, &None));
        let reason = verdicts[0].reason.as_ref().unwrap();
        let id = verdicts[0].dead_letter_id.clone().expect("by which id it is kept");
        for client in clients {
            let request = pb::ListDeadLettersRequest { page_size: 1000, ..Default::default() };
            let told = again(|| async { client.ledgers().list_dead_letters(request.clone()).await }).await;
            let letters = told.into_inner().dead_letters;
            let letter = letters.iter().find(|letter| letter.id == id).expect("its letter");
            assert_eq!(letter.reason.as_ref(), Some(reason));
            let said: serde_json::Value = serde_json::from_slice(&wrong).unwrap();
            assert_eq!(letter.record_id.as_deref(), said["id"].as_str());
            assert_eq!(letter.source.as_deref(), said["source"].as_str());
            let request = pb::ResubmitRequest { dead_letter_id: id.clone(), record: line(mended).into() };
            let told = again(|| async { client.intake().resubmit(request.clone()).await }).await.into_inner();
            assert_eq!(told.verdict.unwrap().code(), Code::Duplicate);
        }
    }
}

fn line(record: &Record) -> Vec<u8> {
    let mut line = Vec::new();
    write_line(record, &mut line);
    line
}

/// A payment that was told, and another of the same number.
fn conflicting(sent: &[Record]) -> (Vec<u8>, Record) {
    let payment = lone(sent).into_iter().find(|record| matches!(record.body, Body::Payment(_))).unwrap();
    let mut other = payment.clone();
    if let Body::Payment(payment) = &mut other.body {
        payment.amount_fen = Fen(payment.amount_fen.0 + 1);
    }
    (line(&other), payment)
}

/// Reads until the stream ends.
fn follow(mut subscriber: Subscriber, stream: Streaming<SubscribeResponse>) -> JoinHandle<Subscriber> {
    tokio::spawn(async move {
        subscriber.follow(stream).await;
        subscriber
    })
}

/// A subscriber goes on at another instance where one was killed, without a gap and without a double; the one that stays
/// serves everything, and one that comes back without its folder, too.
async fn moved(
    house: &House,
    a: Process,
    b: Process,
    subscribed: JoinHandle<Subscriber>,
    entries: &[Entry],
    since: &str,
) {
    // All partitions have to answer for that.
    let request = pb::ListProjectsRequest::default();
    let answers = async |process: &Process| {
        let ledgers = process.client().ledgers();
        again(|| async { ledgers.clone().list_projects(request.clone()).await }).await;
    };
    a.kill();
    let subscriber = subscribed.await.unwrap();
    let begun = Instant::now();
    // Until the group misses it, questions are refused with a hint.
    answers(&b).await;
    println!("kafka: all partitions answered {:?} after an instance was killed", begun.elapsed());
    // What it had counted went with it, and that is said.
    let left = sources(&b.client()).await;
    assert!(!left.truncated && *left.since > *since, "{left:?}");
    let stream = subscriber.open(&b.client()).await.unwrap();
    let subscribed = follow(subscriber, stream);
    b.client().check(entries, &book()).await;
    std::fs::remove_dir_all(house.data("a")).unwrap();
    let a = house.start("a").await;
    a.client().check(entries, &book()).await;
    // Something new, so that there is something to be told after all that.
    let second = b.client();
    let day = again(|| second.status()).await.business_date.unwrap();
    let next = Day::parse(&day).unwrap().plus(1);
    again(|| second.set_date(next)).await;
    let ended = b.stop().await;
    assert!(ended.status.success(), "{}", ended.said);
    let subscriber = subscribed.await.unwrap();
    assert!(subscriber.went_away, "it was told to come back");
    let stream = subscriber.open(&a.client()).await.unwrap();
    let subscribed = follow(subscriber, stream);
    answers(&a).await;
    let entries: Vec<Entry> = entries.iter().cloned().chain([Entry::Date(next)]).collect();
    level(&a.client(), &entries).await;
    a.client().check(&entries, &book()).await;
    let standing = a.client().standing().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let ended = a.stop().await;
    assert!(ended.status.success(), "{}", ended.said);
    let subscriber = subscribed.await.unwrap();
    let told = subscriber.picture();
    let wanted: BTreeMap<_, _> = standing.iter().map(|(id, alert)| (id.clone(), brief(alert))).collect();
    assert_eq!(told, wanted);
}

/// The start of the day is one for all.
fn disagreeing(brokers: &Brokers) {
    let house = House::new(brokers, &[]);
    block_on(async {
        let a = house.start("a").await;
        let Err(ended) = house.try_start("b", &["clock.day_starts_at=05:00"]).await else {
            panic!("it came up")
        };
        assert!(!ended.status.success());
        let wanted = "clock.day_starts_at is 05:00, and the cluster was begun with 04:00";
        assert!(ended.said.contains(wanted), "{}", ended.said);
        let Err(ended) = house.try_start("c", &["engine.shards=5"]).await else { panic!("it came up") };
        let wanted = "the number of partitions is 4; needed: 5";
        assert!(ended.said.contains(wanted), "{}", ended.said);
        assert!(a.stop().await.status.success());
    });
}
