//! What happens to instances and brokers while records flow; the judge is what stands in the topics afterwards: each
//! message that stands has exactly one alert, and each that was acknowledged stands.

use super::brokers::Brokers;
use super::copier::Copier;
use super::doors::{sorter, swipe};
use super::topics;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use wagewatch::domain::Entry;
use wagewatch::intake::json::decode_line;
use wagewatch::kafka::{Door, Reader, Settings, Unobserved};

pub const ONE: [(&str, fn(&Brokers)); 4] = [
    ("instances_are_killed_in_turn", killed),
    ("a_frozen_instance_comes_back_too_late", frozen),
    ("two_of_one_name_are_not_two", same_name),
    ("a_deploy_pauses_a_partition_for_seconds", deploy),
];
pub const THREE: [(&str, fn(&Brokers)); 2] =
    [("a_broker_is_killed_and_comes_back", one_broker), ("all_brokers_are_restarted", all_brokers)];

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(90);

const PARTITIONS: u16 = 4;

/// Sends small batches until it is told to stop; remembers what was acknowledged.
struct Load {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
    acknowledged: Arc<Mutex<Vec<(String, i32, i64)>>>,
}

impl Load {
    fn start(settings: &Settings) -> Load {
        let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (stopping, places, settings) = (stop.clone(), acknowledged.clone(), settings.clone());
        let thread = std::thread::spawn(move || {
            let door = Door::open(&settings, 5000, Arc::new(Unobserved)).unwrap();
            let sorter = sorter(&settings);
            let mut n = 0;
            while !stopping.load(Ordering::Acquire) {
                let record = |n: usize| decode_line(&swipe(&format!("P{}", n % 40), n)).unwrap();
                let batch: Vec<_> = (n..n + 40).map(|n| sorter.entry(&Entry::Record(record(n)))).collect();
                n += 40;
                let (places, topics) =
                    (places.clone(), batch.iter().map(|m| m.topic.clone()).collect::<Vec<_>>());
                // One that is full, or was not acknowledged, is no loss: nobody was told that it stands.
                let _ = door.send(&batch, move |sent| {
                    if let Ok(sent) = sent {
                        let sent =
                            topics.into_iter().zip(sent).map(|(topic, (p, offset))| (topic, p, offset));
                        places.lock().unwrap().extend(sent);
                    }
                });
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = door.flush(Duration::from_secs(60));
            assert_eq!(door.failure(), None);
        });
        Load { stop, thread, acknowledged }
    }

    fn end(self) -> Vec<(String, i32, i64)> {
        self.stop.store(true, Ordering::Release);
        self.thread.join().unwrap();
        std::mem::take(&mut *self.acknowledged.lock().unwrap())
    }
}

/// Each message of a topic by its key (or its place), with who wrote it and when.
fn all(settings: &Settings, topic: &str, partitions: u16) -> Vec<(String, String, i32, i64)> {
    let partitions: Vec<i32> = (0..i32::from(partitions)).collect();
    let mut found = Vec::new();
    let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
    Reader::open(settings, topic, &partitions)
        .unwrap()
        .read_to_end(&mut |received| {
            let place = format!("{}/{}/{}", received.topic, received.partition, received.offset);
            let key = if topic.ends_with("alerts") { text(received.key) } else { place };
            found.push((key, text(received.body), received.partition, received.written_ms));
        })
        .unwrap();
    found
}

/// Waits until every message has its alert, then holds one against the other.
fn judge(
    settings: &Settings,
    acknowledged: &[(String, i32, i64)],
    copiers: &[&Copier],
) -> Vec<(String, String, i32, i64)> {
    let topics = settings.topics();
    let records = all(settings, &topics.records, settings.partitions);
    let begun = Instant::now();
    let alerts = loop {
        let alerts = all(settings, &topics.alerts, settings.partitions + 1);
        if alerts.len() >= records.len() || begun.elapsed() > Duration::from_secs(60) {
            break alerts;
        }
        std::thread::sleep(Duration::from_millis(300));
    };
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for (key, ..) in &alerts {
        *count.entry(key).or_default() += 1;
    }
    let twice: Vec<_> = count.iter().filter(|(_, n)| **n > 1).take(5).collect();
    assert!(twice.is_empty(), "said twice: {twice:?}");
    let missing: Vec<_> =
        records.iter().filter(|(key, ..)| !count.contains_key(key.as_str())).take(5).collect();
    assert!(
        missing.is_empty() && alerts.len() == records.len(),
        "{} of {}; never said: {missing:?}\n{}",
        alerts.len(),
        records.len(),
        copiers.iter().map(|copier| copier.tells()).collect::<Vec<_>>().join("\n")
    );
    assert!(!acknowledged.is_empty());
    for (topic, partition, offset) in acknowledged {
        assert!(
            count.contains_key(format!("{topic}/{partition}/{offset}").as_str()),
            "{topic}/{partition}/{offset} was acknowledged"
        );
    }
    println!(
        "kafka: {} acknowledged, {} records, {} alerts",
        acknowledged.len(),
        records.len(),
        alerts.len()
    );
    alerts
}

fn rest(seconds: u64) {
    let longer = if std::env::var_os("LONG").is_some() { 5 } else { 1 };
    std::thread::sleep(Duration::from_secs(seconds * longer));
}

fn killed(brokers: &Brokers) {
    let settings = topics::made(brokers, PARTITIONS);
    let a = Copier::start(&settings, brokers, "a");
    let b = Copier::start(&settings, brokers, "b");
    a.wait_for("owned");
    b.wait_for("owned");
    let load = Load::start(&settings);
    rest(2);
    a.kill();
    rest(2);
    let a = Copier::start(&settings, brokers, "a");
    a.wait_for("owned");
    rest(1);
    b.kill();
    rest(8);
    let alerts = judge(&settings, &load.end(), &[&a]);
    for name in ["a", "b"] {
        assert!(alerts.iter().any(|(_, by, ..)| by == name), "{name} wrote nothing");
    }
}

fn frozen(brokers: &Brokers) {
    let settings = topics::made(brokers, PARTITIONS);
    let mut a = Copier::start(&settings, brokers, "a");
    a.wait_for("owned");
    let load = Load::start(&settings);
    rest(2);
    // It owns everything, and is in the middle of it.
    a.freeze();
    let mut b = Copier::start(&settings, brokers, "b");
    // Beyond the session: the other one has all partitions.
    b.wait_for("owned");
    rest(3);
    let before = a.said();
    a.thaw();
    // It finds out, one way or another; how soon is the machine's matter.
    let found_out = |said: &str| ["lost", "taken back", "ended"].iter().any(|word| said.contains(word));
    let since = Instant::now();
    while !found_out(&a.said()[before.len()..]) && since.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(100));
    }
    rest(2);
    let alerts = judge(&settings, &load.end(), &[&a, &b]);
    let after = a.said()[before.len()..].to_owned();
    println!("kafka: the frozen one: {}", after.replace('\n', "; "));
    // That nothing was said twice the judge has seen.
    assert!(found_out(&after), "{after}");
    for name in ["a", "b"] {
        assert!(alerts.iter().any(|(_, by, ..)| by == name), "{name} wrote nothing");
    }
    a.end(true);
    assert!(b.end(true), "{}", b.said());
}

fn same_name(brokers: &Brokers) {
    let settings = topics::made(brokers, PARTITIONS);
    let mut first = Copier::start(&settings, brokers, "a");
    first.wait_for("owned");
    let load = Load::start(&settings);
    rest(1);
    let mut second = Copier::start(&settings, brokers, "a");
    second.wait_for("joined");
    assert!(!first.end(false), "{}", first.said());
    assert!(first.said().contains("ended: kafka: fenced"), "{}", first.said());
    rest(8);
    judge(&settings, &load.end(), &[&second]);
    assert!(second.end(true), "{}", second.said());
}

fn deploy(brokers: &Brokers) {
    let settings = topics::made(brokers, PARTITIONS);
    let mut copiers: Vec<Copier> = ["a", "b"].map(|name| Copier::start(&settings, brokers, name)).into();
    copiers.iter().for_each(|copier| copier.wait_for("owned"));
    let load = Load::start(&settings);
    rest(2);
    for (at, name) in ["a", "b"].into_iter().enumerate() {
        assert!(copiers[at].end(true), "{}", copiers[at].said());
        rest(1);
        copiers[at] = Copier::start(&settings, brokers, name);
        copiers[at].wait_for("owned");
        rest(2);
    }
    let mut alerts = judge(&settings, &load.end(), &[&copiers[0], &copiers[1]]);
    alerts.sort_by_key(|(_, _, partition, written_ms)| (*partition, *written_ms));
    let gap = |two: &[(String, String, i32, i64)]| if two[0].2 == two[1].2 { two[1].3 - two[0].3 } else { 0 };
    let longest = alerts.windows(2).map(gap).max().unwrap_or_default();
    println!("kafka: the longest pause of a partition was {longest} ms");
    assert!(longest < 10_000);
}

fn one_broker(brokers: &Brokers) {
    let settings = topics::made(brokers, PARTITIONS);
    let copier = Copier::start(&settings, brokers, "a");
    copier.wait_for("owned");
    let load = Load::start(&settings);
    rest(2);
    brokers.kill(0);
    rest(5);
    brokers.launch(0);
    brokers.wait_for(3);
    rest(3);
    judge(&settings, &load.end(), &[&copier]);
    assert!(!copier.said().contains("ended"), "{}", copier.said());
}

fn all_brokers(brokers: &Brokers) {
    let settings = topics::made(brokers, PARTITIONS);
    let mut copier = Copier::start(&settings, brokers, "a");
    copier.wait_for("owned");
    let load = Load::start(&settings);
    rest(2);
    (0..3).for_each(|at| brokers.kill(at));
    rest(1);
    (0..3).for_each(|at| brokers.launch(at));
    brokers.wait_for(3);
    rest(5);
    let acknowledged = load.end();
    // One that could not go on is started again by whoever watches over it.
    if copier.said().contains("ended") {
        copier.end(false);
        copier = Copier::start(&settings, brokers, "a");
        copier.wait_for("owned");
    }
    judge(&settings, &acknowledged, &[&copier]);
}
