//! The real binary on machines whose clocks are a day off: the business date is the brokers', whoever says it, at every time of
//! day. Nothing else is looked at here; an hour is the matter of `serve`.

use super::brokers::Brokers;
use super::serve::{House, block_on};
use super::support::process::Process;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use wagewatch::domain::{Day, DayStart, Time};

pub const CASES: [(&str, fn(&Brokers)); 1] = [("the_date_is_the_brokers", dates)];

const PATIENCE: Duration = Duration::from_secs(90);
const DAY_SECONDS: i64 = 86_400;
const CLOCKS: &[(&str, &str)] = &[("ahead", "86400"), ("behind", "-86400")];

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
