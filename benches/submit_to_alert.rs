//! From a payment to the resolved alert at a gRPC subscriber, while 10,000 attendance records a
//! second come in on other connections. Payments go one by one, each settling one worker's wage alert.
//! `cargo bench --bench submit_to_alert [-- --payments 1000 --load 10000]`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark ends at the first thing amiss")]
#![allow(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "ratios for people to read")]

mod house;

use house::crowd::{self, Call};
use house::drive;
use house::{House, Meter, percentile, row, setting};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use wagewatch::domain::Entry;
use wagewatch::proto::SubscribeEvent as Event;
use wagewatch::proto::v1 as pb;
use wagewatch::proto::v1::alert_service_client::AlertServiceClient;

/// Workers who swipe meanwhile; those who are owed come after them.
const CROWD: u64 = 100_000;
const OWED_DAYS: i32 = 10;
const OWED_FEN: i64 = 10 * 30_000;
/// A batch of the load.
const SIZE: u64 = 100;

fn main() {
    let (payments, load) = (setting("payments", 1000), setting("load", 10_000));
    let dir = tempfile::tempdir().unwrap();
    let house = House::start(house::config(dir.path()));
    let (march, april) = (crowd::day("2026-03-01"), crowd::day("2026-04-01"));
    let owed = CROWD..CROWD + payments;
    let date = |text| std::iter::once(Entry::Date(crowd::day(text)));
    crowd::load(&house.engine, date("2026-03-01"));
    crowd::load(&house.engine, crowd::papers(0..CROWD, april).chain(crowd::papers(owed.clone(), march)));
    crowd::load(&house.engine, crowd::months(owed.clone(), march, 1, OWED_DAYS));
    crowd::load(&house.engine, date("2026-04-20"));
    let seconds = payments / 20 + 10;
    let batches = crowd::requests(CROWD, april, load * seconds / SIZE, SIZE, Call::Submit);
    let done = Arc::new(AtomicBool::new(false));
    let meter = Meter::start();
    let background = house.runtime.spawn(background(house.grpc, batches, load, done.clone()));
    let (mut from_send, mut from_ack) = house.runtime.block_on(pay(house.grpc, owed));
    done.store(true, Ordering::Relaxed);
    let achieved = house.runtime.block_on(background).unwrap();
    let cost = meter.stop();
    house.end();
    let shown = |samples: &mut Vec<f64>| {
        let (p50, p99) = (percentile(samples, 0.5), percentile(samples, 0.99));
        format!("p50 {p50:.1}, p99 {p99:.1}, most {:.1} ms", percentile(samples, 1.0))
    };
    house::table(
        &format!("{payments} payments, one by one; {}", cost.machine()),
        &[
            row("acknowledged payment to resolved alert", "p99 < 20 ms", shown(&mut from_ack)),
            row("sent payment to resolved alert", "", shown(&mut from_send)),
            row("load meanwhile", format!("{load} records/s"), format!("{achieved:.0} records/s")),
        ],
    );
}

/// Sends at an even pace, whatever the answers do; answers the records a second that came about.
async fn background(
    addr: SocketAddr,
    batches: Vec<prost::bytes::Bytes>,
    rate: u64,
    done: Arc<AtomicBool>,
) -> f64 {
    let channels = [drive::connect(addr).await, drive::connect(addr).await];
    let begun = Instant::now();
    let mut pace = tokio::time::interval(Duration::from_micros(SIZE * 1_000_000 / rate));
    let mut sends = tokio::task::JoinSet::new();
    let mut sent = 0;
    for (at, batch) in batches.into_iter().enumerate() {
        if done.load(Ordering::Relaxed) {
            break;
        }
        pace.tick().await;
        let channel = channels[at % channels.len()].clone();
        sends.spawn(async move { drive::submit(&channel, batch).await.len() });
        sent += SIZE;
    }
    while let Some(answered) = sends.join_next().await {
        answered.unwrap();
    }
    sent as f64 / begun.elapsed().as_secs_f64()
}

/// Milliseconds from sending, and from the acknowledgement, to the resolved alert. One that comes
/// before its acknowledgement counts as 0.
async fn pay(addr: SocketAddr, owed: std::ops::Range<u64>) -> (Vec<f64>, Vec<f64>) {
    let channel = drive::connect(addr).await;
    let mut resolved = resolved(addr, owed.end - owed.start).await;
    let (mut from_send, mut from_ack) = (Vec::new(), Vec::new());
    for worker in owed {
        let payment = crowd::pb_payment(worker, crowd::day("2026-04-20"), OWED_FEN);
        let request = crowd::encode(vec![payment], Call::Submit);
        let begun = Instant::now();
        drive::submit(&channel, request).await;
        let acknowledged = Instant::now();
        let patience = tokio::time::timeout(Duration::from_secs(30), resolved.recv());
        let seen = patience.await.expect("an alert resolves").unwrap();
        from_send.push((seen - begun).as_secs_f64() * 1e3);
        from_ack.push(seen.saturating_duration_since(acknowledged).as_secs_f64() * 1e3);
        // Not in step with the load's batches.
        tokio::time::sleep(Duration::from_micros(10_000 + worker * 7919 % 20_000)).await;
    }
    (from_send, from_ack)
}

/// The moments at which wage alerts are seen to resolve, once the snapshot has shown that all stand.
async fn resolved(addr: SocketAddr, expected: u64) -> mpsc::UnboundedReceiver<Instant> {
    let mut client = AlertServiceClient::new(drive::connect(addr).await);
    let filter = pb::AlertFilter {
        rules: vec![pb::Rule::WageUnpaid.into()],
        include_rolled_up: true,
        ..pb::AlertFilter::default()
    };
    let request = pb::SubscribeRequest { filter: Some(filter), ..pb::SubscribeRequest::default() };
    let mut stream = client.subscribe(request).await.unwrap().into_inner();
    let mut standing = 0;
    loop {
        match stream.message().await.unwrap().unwrap().event {
            Some(Event::Alerts(batch)) => standing += batch.events.len() as u64,
            Some(Event::SnapshotComplete(_)) => break,
            _ => {}
        }
    }
    assert_eq!(standing, expected, "every worker's alert stands");
    let (seen, moments) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok(Some(message)) = stream.message().await {
            let now = Instant::now();
            let Some(Event::Alerts(batch)) = message.event else { continue };
            for event in batch.events.iter().filter(|e| e.change() == pb::Change::Resolved) {
                assert!(event.alert.is_some());
                if seen.send(now).is_err() {
                    return;
                }
            }
        }
    });
    moments
}
