//! Ten thousand subscribers on ten connections: what they cost senders of records while little
//! happens, and whether each gets the row when something does.
//! `cargo bench --bench subscribers [-- --subscribers 10000 --batches 1000 --turns 7 --alerts 0]`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark ends at the first thing amiss")]
#![allow(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "ratios for people to read")]

mod house;

use house::crowd::{self, Call};
use house::drive;
use house::{Cost, House, percentile, resident, row, setting};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use wagewatch::domain::Entry;
use wagewatch::proto::SubscribeEvent as Event;
use wagewatch::proto::v1 as pb;
use wagewatch::proto::v1::alert_service_client::AlertServiceClient;

const WORKERS: u64 = 100_000;
const CONNECTIONS: u64 = 10;
/// Nobody's worker: a swipe in a project that no record describes raises one alert.
const STRANGER: u64 = 9_000_000;
const NOBODYS: u64 = 20_000_000;

/// One turn: a drive without subscribers, one with them, one without. What comes later costs more in
/// itself, so the one in the middle is compared with the mean of its neighbours.
struct Turn {
    before: Cost,
    with: Cost,
    after: Cost,
    records: u64,
    entered_seconds: f64,
    last_told_ms: f64,
    each_bytes: u64,
}

fn main() {
    let subscribers = setting("subscribers", 10_000);
    let (batches, turns) = (setting("batches", 1000), setting("turns", 7));
    let alerts = setting("alerts", 0);
    let dir = tempfile::tempdir().unwrap();
    let house = House::start(house::config(dir.path()));
    let first = crowd::day("2026-03-01");
    crowd::load(&house.engine, std::iter::once(Entry::Date(first)));
    crowd::load(&house.engine, crowd::papers(0..WORKERS, first));
    let mut month = 0;
    let mut drive = || {
        let begin = first.period().unwrap().plus(month).first_day();
        month += 1;
        let requests = crowd::requests(WORKERS, begin, batches, 500, Call::Submit);
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| elsewhere(&house, alerts, &over));
            let driven = house.runtime.block_on(drive::unary(house.grpc, 4, 4, requests));
            over.store(true, Ordering::Relaxed);
            driven
        })
    };
    let _warm = drive();
    let mut done: Vec<Turn> = Vec::new();
    let mut before = drive().cost;
    for turn in 0..turns {
        let bare = resident();
        let counted = Arc::new(Counted::default());
        let begun = Instant::now();
        // Another project in each turn, so that what one raised is not what the next one waits for.
        let stranger = STRANGER + turn * crowd::PER_PROJECT;
        house.runtime.block_on(subscribe(house.grpc, subscribers, stranger, &counted));
        let entered_seconds = begun.elapsed().as_secs_f64();
        let each_bytes = resident().saturating_sub(bare) / subscribers.max(1);
        let with = drive();
        let last_told_ms = tell(&house, stranger, &counted, subscribers);
        house.runtime.block_on(async { counted.tasks.lock().await.shutdown().await });
        // The service hears of it a little later.
        std::thread::sleep(Duration::from_secs(2));
        let after = drive().cost;
        let told = Turn {
            before,
            with: with.cost,
            after,
            records: with.records,
            entered_seconds,
            last_told_ms,
            each_bytes,
        };
        println!("turn {}: {}", turn + 1, shown(&told));
        done.push(told);
        before = after;
    }
    house.end();
    report(subscribers, alerts, &done);
}

/// So many alerts a second in projects that nobody follows, until it is over.
fn elsewhere(house: &House, alerts: u64, over: &AtomicBool) {
    static NEXT: AtomicU64 = AtomicU64::new(NOBODYS);
    let begun = Instant::now();
    let mut raised = 0;
    while alerts > 0 && !over.load(Ordering::Relaxed) {
        let worker = NEXT.fetch_add(crowd::PER_PROJECT, Ordering::Relaxed);
        crowd::load(&house.engine, std::iter::once(crowd::swipe(worker, crowd::day("2026-03-01"), false)));
        raised += 1;
        let due = Duration::from_secs_f64(raised as f64 / alerts as f64);
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
    }
}

/// One alert is raised: how long after its acknowledgement the last subscriber has it.
fn tell(house: &House, worker: u64, counted: &Counted, subscribers: u64) -> f64 {
    let begun = Instant::now();
    crowd::load(&house.engine, std::iter::once(crowd::swipe(worker, crowd::day("2026-03-01"), false)));
    let acknowledged = Instant::now();
    while counted.told.load(Ordering::Relaxed) < subscribers {
        assert!(begun.elapsed() < Duration::from_secs(60), "not all subscribers got the row");
        std::thread::sleep(Duration::from_millis(1));
    }
    acknowledged.elapsed().as_secs_f64() * 1e3
}

impl Turn {
    /// Processor time with them to that without; above 1 is what they cost.
    fn processor(&self) -> f64 {
        2.0 * self.with.own / (self.before.own + self.after.own)
    }

    fn clock(&self) -> f64 {
        2.0 * self.with.seconds / (self.before.seconds + self.after.seconds)
    }

    /// The same of two drives without, for what chance alone does.
    fn drift(&self) -> f64 {
        self.after.own / self.before.own
    }
}

fn shown(turn: &Turn) -> String {
    let each = |cost: &Cost| {
        let rate = turn.records as f64 / cost.seconds;
        let micros = cost.own * 1e6 / turn.records as f64;
        format!("{rate:.0}/s {micros:.2} µs ({:.1} cores others)", cost.others)
    };
    let Turn { before, with, after, .. } = turn;
    format!(
        "without {}, with {}, without {}: processor {:.3}, clock {:.3}",
        each(before),
        each(with),
        each(after),
        turn.processor(),
        turn.clock()
    )
}

fn report(subscribers: u64, alerts: u64, turns: &[Turn]) {
    let of = |what: fn(&Turn) -> f64| {
        let mut all: Vec<f64> = turns.iter().map(what).collect();
        let [low, middle, high] = [0.0, 0.5, 1.0].map(|share| percentile(&mut all, share));
        format!("{middle:.2} ({low:.2} to {high:.2})")
    };
    house::table(
        &format!(
            "{subscribers} subscribers, {alerts} alerts a second elsewhere, client and service in one process; medians of {} turns",
            turns.len()
        ),
        &[
            row("processor time of Submit, with them to without", "about 1", of(Turn::processor)),
            row("time by the clock, the same", "about 1", of(Turn::clock)),
            row("processor time of the drive after to that before, both without", "", of(Turn::drift)),
            row("all are subscribed after, seconds", "", of(|turn| turn.entered_seconds)),
            row("bytes for each, both ends (first turn)", "", turns[0].each_bytes.to_string()),
            row(
                "the last one has the row of a new alert, ms after the acknowledgement",
                "",
                of(|turn| turn.last_told_ms),
            ),
        ],
    );
}

#[derive(Default)]
struct Counted {
    told: AtomicU64,
    tasks: tokio::sync::Mutex<tokio::task::JoinSet<()>>,
}

/// Returns when every stream has seen the end of its snapshot.
async fn subscribe(addr: SocketAddr, subscribers: u64, stranger: u64, counted: &Arc<Counted>) {
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
                    project_ids: vec![crowd::project_name(stranger)],
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
