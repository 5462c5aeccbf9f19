//! The engine itself on real topics: several instances of their own processes share a county's partitions, and are killed.
//! The judge is the from-scratch oracle: the alerts that stand, by the alerts topic folded, are those that it finds.

use super::brokers::Brokers;
use super::copier::Copier;
use super::disk::Disk;
use super::doors::{send, sorter};
use super::oracle::Truth;
use super::support::judge;
use super::topics;
use super::{ledgers, poison};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use wagewatch::alerts::PUBLIC_ID_KEY;
use wagewatch::app::cluster::{ALERT, KafkaTransport};
use wagewatch::app::config::{Config, Sources};
use wagewatch::domain::{
    AlertKey, AlertRow, Day, Entry, Level, Period, ProjectId, Record, Rule, Rulebook, Sum,
};
use wagewatch::engine::Equipment;
use wagewatch::engine::cluster::{Instance, InstanceSettings, Partition, Told};
use wagewatch::fiction::{County, Plan, Share};
use wagewatch::intake::write_json::write_line;
use wagewatch::kafka::message::{CONTENT_TYPE, Outgoing};
use wagewatch::kafka::{Door, Reader, Settings, Unobserved};
use wagewatch::store::{MemoryStore, SledStore, Store};

pub const CASES: [(&str, fn(&Brokers)); 1] = [("a_county_on_instances_that_are_killed", killed)];

pub fn book() -> Rulebook {
    Config::load(&Sources::default()).unwrap().rulebook
}

/// All records of a small county in a wild order, and its first and last day.
pub fn county() -> (Vec<Record>, Day, Day) {
    let plan = Plan {
        seed: 7,
        projects: 8,
        workers: 120,
        months: 2,
        first: Period::parse("2026-03").unwrap(),
        troubles: Share::percent(60),
    };
    let days: Vec<(Day, Vec<Record>)> = County::new(&plan, book().calendar).collect();
    let (first, last) = (days[0].0, days[days.len() - 1].0);
    let mut records: Vec<Record> = days.into_iter().flat_map(|(_, records)| records).collect();
    records.shuffle(&mut ChaCha8Rng::seed_from_u64(7));
    (records, first, last)
}

fn killed(brokers: &Brokers) {
    let settings = topics::made(brokers, 4);
    let folder = tempfile::tempdir().unwrap();
    let start = |name: &str| {
        let data = folder.path().join(name);
        Copier::start_as("--county", &settings, brokers, name, &data.display().to_string())
    };
    let (a, b) = (start("a"), start("b"));
    a.wait_for("joined");
    b.wait_for("joined");
    // Each has partitions of its own before anything is sent.
    let begun = Instant::now();
    while !["a", "b"].iter().all(|name| folder.path().join(name).exists()) {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}\n{}", a.said(), b.said());
        std::thread::sleep(Duration::from_millis(50));
    }
    let (records, first, last) = county();
    let (sorter, door) = (sorter(&settings), Door::open(&settings, 10_000, Arc::new(Unobserved)).unwrap());
    send(&door, &[sorter.entry(&Entry::Date(first))]);
    let letters = poison::spread(&settings, &door);
    let batches = records.chunks(records.len().div_ceil(60));
    let (mut a, mut b, mut disk) = (Some(a), Some(b), None);
    for (at, batch) in batches.enumerate() {
        let messages: Vec<Outgoing> =
            batch.iter().enumerate().map(|(n, record)| message(&sorter, record, n)).collect();
        send(&door, &messages);
        match at {
            10 => a.take().unwrap().kill(),
            20 => a = Some(start("a")),
            // Its local state is lost with it, and one partition's pages are spoilt for whoever takes it over.
            30 => {
                b.take().unwrap().kill();
                std::fs::remove_dir_all(folder.path().join("b")).unwrap();
                assert!(poison::spoil_pages(&settings, &door, 1) > 0);
            }
            35 => {
                disk = Disk::mount(&folder.path().join("b"));
                b = Some(start("b"));
            }
            // It has something again, and can keep nothing more.
            45 => {
                b.as_ref().unwrap().wait_for("joined");
                disk.iter().for_each(Disk::fill);
            }
            55 if disk.is_some() => {
                let mut full = b.take().unwrap();
                assert!(!full.end(false), "{}", full.tells());
                assert!(full.said().contains("No space left"), "{}", full.tells());
                disk = None;
                std::fs::remove_dir_all(folder.path().join("b")).unwrap();
                b = Some(start("b"));
            }
            _ => {}
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    send(&door, &[sorter.entry(&Entry::Date(last))]);
    let entries: Vec<Entry> = records.iter().cloned().map(Entry::Record).chain([Entry::Date(last)]).collect();
    let (truth, _) = judge::truth(&entries, &book());
    let (mut a, mut b) = (a.unwrap(), b.unwrap());
    level(&settings, &truth, &[&a, &b]);
    let data = |name: &str| folder.path().join(name);
    ledgers::check(&truth, &mut [(&mut a, data("a")), (&mut b, data("b"))]);
    assert_eq!(poison::letters(&settings), letters);
    assert!(a.end(true), "{}", a.tells());
    assert!(b.end(true), "{}", b.tells());
}

/// Until the alerts that stand are the oracle's.
fn level(settings: &Settings, truth: &Truth, instances: &[&Copier]) {
    assert!(truth.alerts.len() > 20);
    let begun = Instant::now();
    loop {
        let wrong = differences(&standing(settings), truth);
        if wrong.is_empty() {
            break;
        }
        let told: Vec<String> = instances.iter().map(|one| one.tells()).collect();
        assert!(
            begun.elapsed() < Duration::from_secs(90),
            "{}\n{}",
            wrong[..wrong.len().min(10)].join("\n"),
            told.join("\n")
        );
        std::thread::sleep(Duration::from_millis(500));
    }
    println!("kafka: {} alerts stand, level after {:?}", truth.alerts.len(), begun.elapsed());
}

/// Most as our door writes them; some as a stranger would who places records by another rule.
fn message(sorter: &wagewatch::intake::kafka::Sorter, record: &Record, n: usize) -> Outgoing {
    let ours = sorter.entry(&Entry::Record(record.clone()));
    if !n.is_multiple_of(7) {
        return ours;
    }
    let mut line = Vec::new();
    write_line(record, &mut line);
    let partition = (ours.partition + 1) % i32::from(sorter.partitions);
    Outgoing {
        topic: sorter.topics.records.clone(),
        partition,
        body: Some(line),
        headers: Vec::new(),
        ..ours
    }
}

/// When the causes of all alert rows were written.
pub fn stamps(settings: &Settings) -> Vec<i64> {
    let partitions: Vec<i32> = (0..=i32::from(settings.partitions)).collect();
    let mut stamps = Vec::new();
    Reader::open(settings, &settings.topics().alerts, &partitions)
        .unwrap()
        .read_to_end(&mut |received| {
            if let Ok(Told::Row(row)) =
                Told::read(received.key.unwrap_or_default(), received.body.unwrap_or_default())
            {
                stamps.push(row.written_ms);
            }
        })
        .unwrap();
    assert!(!stamps.is_empty());
    stamps
}

type Alerts = BTreeMap<(ProjectId, AlertKey), (Level, Sum, u32, Option<Day>)>;

/// The alerts topic, folded: the last row of each alert, of those that stand. Each row is there once, in the order of its
/// numbers.
fn standing(settings: &Settings) -> Alerts {
    let partitions: Vec<i32> = (0..=i32::from(settings.partitions)).collect();
    let mut last: BTreeMap<String, Arc<AlertRow>> = BTreeMap::new();
    let mut heads: BTreeMap<u16, u64> = BTreeMap::new();
    Reader::open(settings, &settings.topics().alerts, &partitions)
        .unwrap()
        .read_to_end(&mut |received| {
            // What others wrote there is nobody's alert.
            if !received
                .headers
                .iter()
                .any(|(name, value)| *name == CONTENT_TYPE && *value == ALERT.as_bytes())
            {
                return;
            }
            let Told::Row(row) = Told::read(received.key.unwrap(), received.body.unwrap()).unwrap() else {
                return;
            };
            let head = heads.entry(row.shard).or_default();
            // Compaction may have dropped some; none comes twice, or late.
            assert!(row.seq > *head, "row {} of shard {} behind row {head}", row.seq, row.shard);
            *head = row.seq;
            last.insert(row.alert.id.0.to_string(), row);
        })
        .unwrap();
    let rows = last.into_values().filter(|row| row.alert.stands());
    let rows = rows.filter(|row| row.alert.finding.rule != Rule::RepeatOffender);
    rows.map(|row| {
        let f = &row.alert.finding;
        ((f.project_id.clone(), row.alert.key()), (f.level, f.amount, f.workers, f.due_on))
    })
    .collect()
}

fn differences(found: &Alerts, truth: &Truth) -> Vec<String> {
    let wanted: Alerts =
        truth.alerts.iter().map(|(key, f)| (key.clone(), (f.level, f.amount, f.workers, f.due_on))).collect();
    let missing = wanted.iter().filter(|(key, value)| found.get(key) != Some(value));
    let mut wrong: Vec<String> = missing
        .map(|(key, value)| format!("{key:?}: wanted {value:?}, found {:?}", found.get(key)))
        .collect();
    let strange = found.keys().filter(|key| !wanted.contains_key(key));
    wrong.extend(strange.map(|key| format!("{key:?}: wanted nothing")));
    wrong
}

/// The process itself: works until its standard input ends.
pub fn run(args: &[String]) {
    let (settings, name, data) = super::copier::settings_of(args);
    let data = PathBuf::from(data);
    let stop = Arc::new(AtomicBool::new(false));
    let stopping = stop.clone();
    let (ask, asked) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            ask.send(line).unwrap();
        }
        stopping.store(true, Ordering::Release);
    });
    let with = Equipment {
        store: Arc::new(MemoryStore::new()),
        book: Arc::new(book()),
        ids: PUBLIC_ID_KEY,
        shards: 1,
        rows_max: 0,
        shadow: None,
    };
    let folder = data.clone();
    let stores = move |partition: Partition| {
        let store = SledStore::open(&folder.join(format!("{partition:?}")), 4 << 20)?;
        Ok(Arc::new(store) as Arc<dyn Store>)
    };
    let sizes = InstanceSettings {
        partitions: settings.partitions,
        checkpoint_messages: 2000,
        checkpoint_every: Duration::from_secs(1),
        partition_bytes: 64 << 20,
    };
    let transport = KafkaTransport::join(&settings, &name, Arc::new(Unobserved)).unwrap();
    let mut instance = Instance::new(transport, sizes, with, Box::new(stores));
    println!("joined");
    while !stop.load(Ordering::Acquire) {
        let worked = instance.receive(Duration::from_millis(100)).and_then(|()| instance.work());
        if let Err(error) = worked {
            println!("ended: {error}");
            std::process::exit(3);
        }
        instance.take_verdicts();
        if asked.try_recv().is_ok() {
            ledgers::tell(&mut instance, &data);
        }
    }
}
