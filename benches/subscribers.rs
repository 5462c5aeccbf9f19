//! Ten thousand subscribers on ten connections: what they cost senders of records while little
//! happens, and whether each gets the row when something does.
//! `cargo bench --bench subscribers [-- --subscribers 10000 --batches 2000]`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark ends at the first thing amiss")]
#![allow(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "ratios for people to read")]

mod house;

use house::crowd::{self, Call};
use house::drive::{self, Driven};
use house::{House, mib, percentile, resident, row, setting};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use wagewatch::domain::Entry;
use wagewatch::proto::SubscribeEvent as Event;
use wagewatch::proto::v1 as pb;
use wagewatch::proto::v1::alert_service_client::AlertServiceClient;

const WORKERS: u64 = 100_000;
const CONNECTIONS: u64 = 10;
/// Nobody's worker: a swipe in a project that no record describes raises one alert.
const STRANGER: u64 = 9_000_000;

fn main() {
    let (subscribers, batches) = (setting("subscribers", 10_000), setting("batches", 2000));
    let dir = tempfile::tempdir().unwrap();
    let house = House::start(house::config(dir.path()));
    let first = crowd::day("2026-03-01");
    crowd::load(&house.engine, std::iter::once(Entry::Date(first)));
    crowd::load(&house.engine, crowd::papers(0..WORKERS, first));
    let drive = |month: u16| {
        let begin = first.period().unwrap().plus(month).first_day();
        let requests = crowd::requests(WORKERS, begin, batches, 500, Call::Submit);
        house.runtime.block_on(drive::unary(house.grpc, 4, 4, requests))
    };
    let _warm = drive(0);
    let (without, before) = (drive(1), resident());
    let counted = Arc::new(Counted::default());
    let begun = Instant::now();
    house.runtime.block_on(subscribe(house.grpc, subscribers, &counted));
    let entered = begun.elapsed().as_secs_f64();
    let (with, after) = (drive(2), resident());
    let begun = Instant::now();
    crowd::load(&house.engine, std::iter::once(crowd::swipe(STRANGER, first, false)));
    let acknowledged = Instant::now();
    while counted.told.load(Ordering::Relaxed) < subscribers && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(1));
    }
    let told = counted.told.load(Ordering::Relaxed);
    let all_ms = acknowledged.elapsed().as_secs_f64() * 1e3;
    house.runtime.block_on(async { counted.tasks.lock().await.shutdown().await });
    house.end();
    let rate = |driven: &Driven| driven.records as f64 / driven.cost.seconds;
    let own = |driven: &Driven| driven.cost.own * 1e6 / driven.records as f64;
    let shown = |mut driven: Driven| {
        let (p50, p99) = (percentile(&mut driven.batch_ms, 0.5), percentile(&mut driven.batch_ms, 0.99));
        let machine = driven.cost.machine();
        format!("{:.0} records/s, batch p50 {p50:.1} p99 {p99:.1} ms; {machine}", rate(&driven))
    };
    let ratio = format!(
        "{:.2} by the clock, {:.2} by processor",
        rate(&with) / rate(&without),
        own(&without) / own(&with)
    );
    let each = after.saturating_sub(before) / subscribers;
    house::table(
        &format!("{subscribers} subscribers, client and service in one process"),
        &[
            row("Submit without them", "", shown(without)),
            row("Submit with them", "", shown(with)),
            row("ratio of rates", "about 1", ratio),
            row(
                "all are subscribed after",
                "",
                format!("{entered:.1} s, {} ({each} bytes each, both ends)", mib(after)),
            ),
            row(
                "got the row of a new alert",
                subscribers.to_string(),
                format!("{told}, the last {all_ms:.0} ms after the acknowledgement"),
            ),
        ],
    );
    assert_eq!(told, subscribers);
}

#[derive(Default)]
struct Counted {
    told: AtomicU64,
    tasks: tokio::sync::Mutex<tokio::task::JoinSet<()>>,
}

/// Returns when every stream has seen the end of its snapshot.
async fn subscribe(addr: SocketAddr, subscribers: u64, counted: &Arc<Counted>) {
    let entered = Arc::new(tokio::sync::Semaphore::new(0));
    let mut tasks = counted.tasks.lock().await;
    for number in 0..CONNECTIONS {
        let channel = drive::connect(addr).await;
        // A connection has a limit of calls that are not answered yet.
        let opening = Arc::new(tokio::sync::Semaphore::new(100));
        for _ in (number..subscribers).step_by(CONNECTIONS as usize) {
            let (channel, opening) = (channel.clone(), opening.clone());
            let (counted, entered) = (counted.clone(), entered.clone());
            tasks.spawn(async move {
                let mut client = AlertServiceClient::new(channel);
                let filter = pb::AlertFilter {
                    project_ids: vec![crowd::project_name(STRANGER)],
                    include_rolled_up: true,
                    ..pb::AlertFilter::default()
                };
                let request =
                    pb::SubscribeRequest { filter: Some(filter), ..pb::SubscribeRequest::default() };
                let turn = opening.acquire().await.unwrap();
                let mut stream = client.subscribe(request).await.unwrap().into_inner();
                drop(turn);
                let mut told = false;
                while let Ok(Some(message)) = stream.message().await {
                    match message.event {
                        Some(Event::SnapshotComplete(_)) => entered.add_permits(1),
                        Some(Event::Alerts(_)) if !told => {
                            told = true;
                            counted.told.fetch_add(1, Ordering::Relaxed);
                        }
                        _ => {}
                    }
                }
            });
        }
    }
    drop(tasks);
    let all = u32::try_from(subscribers).unwrap();
    drop(entered.acquire_many(all).await.unwrap());
}
