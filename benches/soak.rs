//! The same workers for a long time: swipes that widen days and sheets that are corrected again and
//! again. Memory, log and store level off, or the program ends with an error.
//! `cargo bench --bench soak [-- --minutes 3 --workers 100000]`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark ends at the first thing amiss")]
#![allow(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "ratios for people to read")]

mod house;

use house::crowd;
use house::{Meter, mib, resident, row, setting};
use std::time::{Duration, Instant};
use wagewatch::domain::{Body, Days, Entry, Time, WorkDay};

fn main() {
    let length = Duration::from_secs(setting("minutes", 3) * 60);
    let workers = setting("workers", 100_000);
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
    let rows: Vec<_> = ["resident", "log", "store"]
        .iter()
        .enumerate()
        .map(|(at, what)| {
            let most = |part: &[[u64; 4]]| part.iter().map(|sample| sample[at]).max().unwrap_or(0);
            let third = samples.len() / 3;
            let (middle, last) = (most(&samples[third..2 * third]), most(&samples[2 * third..]));
            let growth = last as f64 / middle.max(1) as f64;
            row(
                format!("{what}, most of the last third to that of the middle"),
                "1.2",
                format!("{growth:.2}"),
            )
        })
        .collect();
    let rate = records as f64 / cost.seconds;
    house::table(&format!("{records} records, {rate:.0} a second; {}", cost.machine()), &rows);
    assert!(rows.iter().all(|row| row.2.as_str() <= "1.20"), "something grows");
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
