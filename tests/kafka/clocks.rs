//! The real binary on machines whose clocks are a day off: the business date is the brokers', whoever says it, at every time of
//! day. Nothing else is looked at here; an hour is the matter of `serve`.

use super::brokers::Brokers;
use super::serve::{House, block_on};
use super::support::process::Process;
use super::topics;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use wagewatch::domain::{Day, DayStart, Time};
use wagewatch::kafka::message::Outgoing;
use wagewatch::kafka::{Counted, Door, Gauged, Observer, Stamp};

pub const CASES: [(&str, fn(&Brokers)); 2] =
    [("the_date_is_the_brokers", dates), ("what_is_written_bears_its_leaders_time", stamped)];

const PATIENCE: Duration = Duration::from_secs(90);
const DAY_SECONDS: i64 = 86_400;
const CLOCKS: &[(&str, &str)] = &[("ahead", "86400"), ("behind", "-86400")];

#[derive(Default)]
struct Heard {
    stamps: Mutex<Vec<(String, i32, i64)>>,
    leaders: Mutex<BTreeMap<(String, i32), i32>>,
}

impl Observer for Heard {
    fn counted(&self, _: Counted, _: u64) {}
    fn gauged(&self, _: Gauged, _: u64) {}
    fn stamped(&self, stamp: Stamp<'_>) {
        assert!(stamp.sent <= stamp.acknowledged);
        let told = (stamp.topic.to_owned(), stamp.partition, stamp.stamped_ms);
        self.stamps.lock().unwrap().push(told);
    }
    fn led(&self, topic: &str, partition: i32, broker: i32) {
        self.leaders.lock().unwrap().insert((topic.to_owned(), partition), broker);
    }
}

fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// A door hears with each batch what time the broker put on it, and by and by who that is.
fn stamped(brokers: &Brokers) {
    let settings = topics::made(brokers, 4);
    let heard = Arc::new(Heard::default());
    let door = Door::open(&settings, 100, heard.clone()).unwrap();
    let topic = settings.topics().dead_letters;
    let before = now_ms();
    let message = Outgoing { topic: topic.clone(), body: Some(b"x".to_vec()), ..Outgoing::default() };
    door.send(&[message.clone(), message], |sent| assert_eq!(sent.unwrap().len(), 2)).unwrap();
    door.flush(PATIENCE).unwrap();
    let begun = Instant::now();
    let is_led = || heard.leaders.lock().unwrap().contains_key(&(topic.clone(), 0));
    while heard.stamps.lock().unwrap().is_empty() || !is_led() {
        assert!(begun.elapsed() < PATIENCE, "{:?} {:?}", heard.stamps, heard.leaders);
        std::thread::sleep(Duration::from_millis(100));
    }
    let stamps = heard.stamps.lock().unwrap().clone();
    let [(of, 0, at)] = &stamps[..] else { panic!("{stamps:?}") };
    assert!(*of == topic && (before..=now_ms()).contains(at), "{stamps:?}");
    assert_eq!(heard.leaders.lock().unwrap().get(&(topic.clone(), 0)), Some(&1), "there is one broker");
}

/// The brokers stand on this machine.
fn today() -> Day {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Time::from_seconds(i64::try_from(since.as_secs()).unwrap()).business(DayStart::default()).0
}

fn dates(brokers: &Brokers) {
    let houses = [(); 2].map(|()| House::new(brokers, CLOCKS));
    block_on(async {
        let [first, second] = &houses;
        let from = today();
        let ahead = says(first, "ahead", DAY_SECONDS, from).await;
        let ended = ahead.stop().await;
        assert!(ended.status.success(), "{}", ended.said);
        assert!(ended.said.contains("this machine's clock is not the brokers'"), "{}", ended.said);
        let behind = says(second, "behind", -DAY_SECONDS, from).await;
        handed_over(second, behind, from).await;
    });
}

/// Alone, an instance owns the county's partition.
async fn says(house: &House, name: &str, ahead_seconds: i64, from: Day) -> Process {
    let owner = begin(house, name).await;
    assert!((from..=today()).contains(&date(&owner).await), "{name}");
    offset(&owner, ahead_seconds).await;
    owner
}

/// Whoever takes the county over believes his own clock no more than the one before him.
async fn handed_over(house: &House, behind: Process, first: Day) {
    let ahead = begin(house, "ahead").await;
    let ended = behind.stop().await;
    assert!(ended.status.success(), "{}", ended.said);
    let begun = Instant::now();
    // Four of projects, and the county.
    while gauge(&ahead, "wagewatch_kafka_partitions{stage=\"serving\"}") != 5 {
        assert!(begun.elapsed() < PATIENCE, "{}", ahead.said());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    offset(&ahead, DAY_SECONDS).await;
    // It looks at the clock twice a second.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!((first..=today()).contains(&date(&ahead).await));
    let ended = ahead.stop().await;
    assert!(ended.status.success(), "{}", ended.said);
}

async fn begin(house: &House, name: &str) -> Process {
    match house.try_start(name, &["clock.kind=system"]).await {
        Ok(process) => process,
        Err(ended) => panic!("{name} did not come up: {}\n{}", ended.status, ended.said),
    }
}

/// The business date, once one was said.
async fn date(process: &Process) -> Day {
    let begun = Instant::now();
    loop {
        let status = process.client().status().await.unwrap();
        if let Some(day) = status.business_date {
            return Day::parse(&day).unwrap();
        }
        assert!(begun.elapsed() < PATIENCE, "no date is said:\n{}", process.said());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Until the metric says by how much its clock is ahead.
async fn offset(process: &Process, wanted: i64) {
    let begun = Instant::now();
    loop {
        let found = gauge(process, "wagewatch_kafka_clock_offset_seconds");
        if (found - wanted).abs() < 600 {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "ahead by {found} instead of {wanted}:\n{}", process.said());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Without its fraction.
fn gauge(process: &Process, name: &str) -> i64 {
    let said = process.said();
    let line = said.lines().find(|line| line.contains(r#""message":"serving""#)).unwrap();
    let said: serde_json::Value = serde_json::from_str(line).unwrap();
    let mut stream = TcpStream::connect(said["fields"]["http"].as_str().unwrap()).unwrap();
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim().split('.').next()?.parse().ok());
    value.unwrap_or_else(|| panic!("no {name} in\n{text}"))
}
