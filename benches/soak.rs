//! The same workers for a long time: swipes that widen days and sheets that are corrected again and
//! again. Memory, log and store level off, and the store is no more than some times what lives in it,
//! or the program ends with an error.
//! `cargo bench --bench soak [-- --minutes 3 --workers 100000 --rate 0]`; `--rate`: records a second at
//! most, for a run beside other work.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark ends at the first thing amiss")]
#![allow(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "ratios for people to read")]

mod house;

use house::crowd;
use house::{Meter, mib, resident, row, setting};
use std::time::{Duration, Instant};
use wagewatch::domain::{Body, Days, Entry, Time, WorkDay};
use wagewatch::store::{SledStore, Store};

/// What the store may be: so many times the pages that live in it, or so large in any case.
const STORE_TO_LIVE_MAX: f64 = 4.0;
const STORE_FLOOR_BYTES: u64 = 48 << 20;

fn main() {
    let length = Duration::from_secs(setting("minutes", 3) * 60);
    let (workers, rate) = (setting("workers", 100_000), setting("rate", 0));
    let dir = tempfile::tempdir().unwrap();
    let mut config = house::config(dir.path());
    config.engine.memory_bytes = 256 << 20;
    config.store.checkpoint_seconds = 5;
    config.log.segment_bytes = 16 << 20;
    config.log.retain_bytes = 128 << 20;
    let opened = house::open(&config);
    let engine = &opened.engine;
    let first = crowd::day("2026-03-01");
    crowd::load(engine, std::iter::once(Entry::Date(first)));
    crowd::load(engine, crowd::papers(0..workers, first));
    println!("| seconds | records | resident | log | store | hot |\n| --- | --- | --- | --- | --- | --- |");
    let (begun, meter) = (Instant::now(), Meter::start());
    let mut samples = Vec::new();
    let (mut records, mut turn) = (0, 0);
    let mut next = Duration::ZERO;
    while begun.elapsed() < length {
        records += crowd::load(engine, crowd::scattered(workers).map(|worker| say(worker, turn)));
        turn += 1;
        if rate > 0 {
            let due = Duration::from_secs_f64(records as f64 / rate as f64);
            std::thread::sleep(due.saturating_sub(begun.elapsed()));
        }
        if begun.elapsed() >= next {
            next += Duration::from_secs(5);
            let status = engine.status();
            let sample = [resident(), status.log_bytes, status.store_bytes, status.hot_bytes];
            let [rss, log, store, hot] = sample.map(mib);
            println!("| {} | {records} | {rss} | {log} | {store} | {hot} |", begun.elapsed().as_secs());
            samples.push(sample);
        }
    }
    let cost = meter.stop();
    engine.stop();
    drop(opened);
    let (store, live) = store_and_live(&config);
    let (mut rows, mut level) = (Vec::new(), true);
    for (at, what) in ["resident", "log", "store"].iter().enumerate() {
        let most = |part: &[[u64; 4]]| part.iter().map(|sample| sample[at]).max().unwrap_or(0);
        let third = samples.len() / 3;
        let (middle, last) = (most(&samples[third..2 * third]), most(&samples[2 * third..]));
        let growth = last as f64 / middle.max(1) as f64;
        level &= growth <= 1.2;
        rows.push(row(
            format!("{what}, most of the last third to that of the middle"),
            "1.2",
            format!("{growth:.2} ({} to {})", mib(middle), mib(last)),
        ));
    }
    let times = store as f64 / live.max(1) as f64;
    level &= times <= STORE_TO_LIVE_MAX || store <= STORE_FLOOR_BYTES;
    rows.push(row(
        "store to the pages that live in it",
        format!("{STORE_TO_LIVE_MAX}, or {}", mib(STORE_FLOOR_BYTES)),
        format!("{times:.1} ({} to {})", mib(store), mib(live)),
    ));
    let rate = records as f64 / cost.seconds;
    house::table(&format!("{records} records, {rate:.0} a second; {}", cost.machine()), &rows);
    assert!(level, "something grows");
}

/// The store's size when the engine has stopped, and that of all keys and values in it.
fn store_and_live(config: &wagewatch::app::config::Config) -> (u64, u64) {
    let store = SledStore::open(&config.data.path.join("store"), config.store.cache_bytes).unwrap();
    let (bytes, mut live) = (store.bytes(), 0);
    store
        .scan(b"", &mut |key, value| {
            live += (key.len() + value.len()) as u64;
            Ok(())
        })
        .unwrap();
    (bytes, live)
}

/// Every other turn a swipe, at another minute each time; else a sheet that corrects a day.
fn say(worker: u64, turn: u64) -> Entry {
    let day = crowd::day("2026-03-01").plus(i32::try_from(turn / 2 % 28).unwrap());
    let Entry::Record(mut record) = crowd::swipe(worker, day, turn.is_multiple_of(4)) else { unreachable!() };
    if turn % 2 == 1 {
        record.head.at = Time::from_seconds(1_800_000_000 + i64::try_from(turn).unwrap());
        record.head.id = format!("s-{worker:x}-{turn}").into();
        record.body = Body::WorkDay(WorkDay {
            project_id: wagewatch::domain::ProjectId::parse("p", &crowd::project_name(worker)).unwrap(),
            id_number: crowd::id_number(worker),
            work_date: day,
            days: Days(u32::try_from(turn % 3 * 50).unwrap()),
            minutes: None,
        });
    }
    Entry::Record(record)
}
