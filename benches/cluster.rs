//! One instance on a real Kafka of its own (one broker on this machine, which counts in): records a second from the topic to
//! state, alerts and committed offsets; bytes of changelog and alerts a record; how long a partition takes that is built
//! from its changelog; payments a second, all of which the county's one partition places. Needs Kafka's jars, which `./test kafka` brings.
//! `WAGEWATCH_TEST_KAFKA=target/tools/kafka/lib cargo bench --bench cluster [-- --workers 100000 --days 15 --payments 5 --form json]`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark ends at the first thing amiss")]
#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation,
    reason = "figures for people to read"
)]
#![allow(dead_code, reason = "of the tests' brokers and of the house a part is used")]

#[path = "../tests/kafka/brokers.rs"]
mod brokers;
#[path = "../tests/kafka/guarded.rs"]
mod guarded;
mod house;

use brokers::Brokers;
use house::{Meter, crowd, row, setting, text_setting};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use wagewatch::alerts::PUBLIC_ID_KEY;
use wagewatch::app::cluster::KafkaTransport;
use wagewatch::app::config::{Config, Sources};
use wagewatch::domain::{Day, Entry};
use wagewatch::engine::Equipment;
use wagewatch::engine::cluster::{Instance, InstanceSettings, Partition, Stage};
use wagewatch::intake::kafka::Sorter;
use wagewatch::intake::write_json::write_line;
use wagewatch::kafka::message::Outgoing;
use wagewatch::kafka::{Admin, Door, Reader, Settings, Unobserved};
use wagewatch::store::{MemoryStore, SledStore, Store};

const BATCH: usize = 2000;

fn main() {
    if brokers::jars().is_none() {
        println!("cluster: passed over, for WAGEWATCH_TEST_KAFKA names no folder of jars");
        return;
    }
    let (workers, days) = (setting("workers", 100_000), setting("days", 15));
    let json = text_setting("form").is_some_and(|form| form == "json");
    let brokers = Brokers::start(1);
    let dir = tempfile::tempdir().unwrap();
    let settings = made(&brokers, u16::try_from(setting("partitions", 8)).unwrap());
    let first = crowd::day("2026-03-01");
    let papers = crowd::papers(0..workers, first).chain([Entry::Date(first.plus(20))]);
    let records = fill(&settings, papers.chain(swipes(workers, first, days)), json);
    let mut one = instance(&settings, "a", dir.path());
    let meter = Meter::start();
    let begun = Instant::now();
    catch_up(&mut one, records);
    let seconds = begun.elapsed().as_secs_f64();
    let cost = meter.stop();
    one.checkpoint().unwrap();
    drop(one);
    let on_disk = |topic: &str| log_bytes(&brokers, topic) as f64 / records as f64;
    let topics = settings.topics();
    let disk = [&topics.records, &topics.changelog, &topics.alerts].map(|topic| on_disk(topic));
    let (pages, page_bytes) = size(&settings, &settings.topics().changelog);
    let (rows, row_bytes) = size(&settings, &settings.topics().alerts);
    // All that it had is gone: each partition is built from its changelog.
    std::fs::remove_dir_all(dir.path().join("a")).unwrap();
    let begun = Instant::now();
    let mut again = instance(&settings, "a", dir.path());
    serve(&mut again);
    let rebuilt = begun.elapsed().as_secs_f64();
    let paid = workers * setting("payments", 5);
    let before = read(&again);
    fill(
        &settings,
        (0..paid).map(|n| crowd::payment(n % workers, first.plus(day_of(n / workers)), 30_000)),
        json,
    );
    let meter = Meter::start();
    catch_up(&mut again, before + paid);
    let paying = meter.stop();
    drop(again);
    let form = if json { "JSON" } else { "our own form" };
    let months = workers as f64 * (1.0 + (days as f64 / 30.0).floor());
    house::table(
        &format!("one instance, {records} records in {form}, {workers} workers; {}", cost.machine()),
        &[
            row("records a second, topic to alerts", "300,000", format!("{:.0}", records as f64 / seconds)),
            row("records on a broker's disk, bytes a record", "", format!("{:.0}", disk[0])),
            row("changelog on a broker's disk, bytes a record", "", format!("{:.1}", disk[1])),
            row("alerts on a broker's disk, bytes a record", "", format!("{:.2}", disk[2])),
            row(
                "changelog, bytes a record",
                "",
                format!("{:.1} ({pages} pages)", page_bytes as f64 / records as f64),
            ),
            row(
                "alerts, bytes a record",
                "",
                format!("{:.2} ({rows} messages)", row_bytes as f64 / records as f64),
            ),
            row(
                "built from the changelog, joining included",
                "",
                format!(
                    "{rebuilt:.1} s for {months:.0} worker-months: {:.1} s a 100,000",
                    rebuilt * 100_000.0 / months
                ),
            ),
            row(
                "payments a second, all placed by the county's partition",
                "",
                format!(
                    "{:.0} ({paid}; {:.1} s of processor time)",
                    paid as f64 / paying.seconds,
                    paying.own
                ),
            ),
        ],
    );
    brokers.stop();
}

fn made(brokers: &Brokers, partitions: u16) -> Settings {
    let settings = Settings {
        brokers: brokers.addresses(),
        topic_prefix: brokers.prefix(),
        partitions,
        replication: 1,
        min_in_sync: 1,
        ..Settings::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let admin = Admin::new(&settings).unwrap();
        let missing = admin.look().await.unwrap().missing;
        admin.make(&missing).await.unwrap();
        admin.settled().await.unwrap();
    });
    settings
}

/// What the gates say, day by day.
fn swipes(workers: u64, first: Day, days: u64) -> impl Iterator<Item = Entry> {
    (0..days).flat_map(move |day| {
        (0..workers).flat_map(move |worker| {
            [false, true].map(|out| crowd::swipe(worker, first.plus(day_of(day)), out))
        })
    })
}

fn day_of(number: u64) -> i32 {
    i32::try_from(number).unwrap()
}

/// Writes all that to the topic of records; how many they are.
fn fill(settings: &Settings, entries: impl Iterator<Item = Entry>, json: bool) -> u64 {
    let sorter = Sorter { topics: settings.topics(), partitions: settings.partitions };
    let door = Door::open(settings, 200_000, Arc::new(Unobserved)).unwrap();
    let (mut batch, mut count) = (Vec::with_capacity(BATCH), 0);
    let (done, acknowledged) = mpsc::channel();
    let mut sent = 0;
    for entry in entries {
        batch.push(message(&sorter, &entry, json));
        count += 1;
        if batch.len() == BATCH {
            sent += 1;
            send(&door, std::mem::take(&mut batch), &done);
        }
    }
    send(&door, batch, &done);
    for _ in 0..=sent {
        acknowledged.recv().unwrap();
    }
    count
}

fn send(door: &Door, batch: Vec<Outgoing>, done: &mpsc::Sender<()>) {
    loop {
        let done = done.clone();
        let sent = door.send(&batch, move |sent| {
            sent.unwrap();
            done.send(()).unwrap();
        });
        if sent.is_ok() {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn message(sorter: &Sorter, entry: &Entry, json: bool) -> Outgoing {
    let ours = sorter.entry(entry);
    match entry {
        Entry::Record(record) if json => {
            let mut line = Vec::new();
            write_line(record, &mut line);
            Outgoing { body: Some(line), headers: Vec::new(), ..ours }
        }
        _ => ours,
    }
}

fn instance(settings: &Settings, name: &str, folder: &Path) -> Instance<KafkaTransport> {
    let with = Equipment {
        store: Arc::new(MemoryStore::new()),
        book: Arc::new(Config::load(&Sources::default()).unwrap().rulebook),
        ids: PUBLIC_ID_KEY,
        shards: 1,
        rows_max: 0,
        shadow: None,
    };
    let folder = folder.join(name);
    let stores = move |partition: Partition| {
        let store = SledStore::open(&folder.join(format!("{partition:?}")), 8 << 20)?;
        Ok(Arc::new(store) as Arc<dyn Store>)
    };
    let sizes = InstanceSettings {
        partitions: settings.partitions,
        checkpoint_messages: 200_000,
        checkpoint_every: Duration::from_secs(10),
        partition_bytes: 512 << 20,
    };
    let transport = KafkaTransport::join(settings, name, Arc::new(Unobserved)).unwrap();
    Instance::new(transport, sizes, with, Box::new(stores))
}

/// Until so many records, and what owners say to each other because of them, are done.
fn catch_up(one: &mut Instance<KafkaTransport>, records: u64) {
    let mut quiet = 0;
    loop {
        one.receive(Duration::from_millis(100)).unwrap();
        one.work().unwrap();
        let done = one.take_verdicts();
        let progress = one.progress();
        let is_level = !progress.is_empty()
            && progress.values().all(|one| one.stage == Stage::Serving && one.next >= one.committed);
        quiet = if done.is_empty() && is_level && read(one) >= records { quiet + 1 } else { 0 };
        if quiet >= 5 {
            return;
        }
    }
}

/// How far all partitions are read, together.
fn read(one: &Instance<KafkaTransport>) -> u64 {
    one.progress().values().map(|one| one.next).sum()
}

/// Until all partitions are served.
fn serve(one: &mut Instance<KafkaTransport>) {
    let all = usize::from(one.partitions()) + 1;
    loop {
        one.receive(Duration::from_millis(10)).unwrap();
        one.work().unwrap();
        let progress = one.progress();
        if progress.len() == all && progress.values().all(|one| one.stage == Stage::Serving) {
            return;
        }
    }
}

/// Of a topic's segments, as the broker keeps them, before compaction.
fn log_bytes(brokers: &Brokers, topic: &str) -> u64 {
    let mut bytes = 0;
    for partition in std::fs::read_dir(brokers.folder().join("data-0")).unwrap() {
        let folder = partition.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if folder.is_dir() && name.rsplit_once('-').is_some_and(|(of, _)| of == topic) {
            let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap());
            let logs = files.filter(|file| file.path().extension().is_some_and(|end| end == "log"));
            bytes += logs.map(|file| file.metadata().unwrap().len()).sum::<u64>();
        }
    }
    bytes
}

/// Messages of a topic, and their bytes: keys and bodies.
fn size(settings: &Settings, topic: &str) -> (u64, u64) {
    let partitions: Vec<i32> = (0..=i32::from(settings.partitions)).collect();
    let (mut count, mut bytes) = (0, 0);
    Reader::open(settings, topic, &partitions)
        .unwrap()
        .read_to_end(&mut |received| {
            count += 1;
            bytes += received.key.map_or(0, <[u8]>::len) as u64 + received.body.map_or(0, <[u8]>::len) as u64;
        })
        .unwrap();
    (count, bytes)
}
