//! What a record costs the engine with 100,000 worker-months and with 5 million, in one process, with
//! the same mix of swipes, checkpoints included.
//! `cargo bench --bench scale [-- --workers 500000 --months 10 --records 4000000 --checkpoint-records N
//! --checkpoint-seconds N]`
//! Prints what each kind of thread took of it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark ends at the first thing amiss")]
#![allow(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "ratios for people to read")]

mod house;

use house::crowd;
use house::{Cost, Meter, row, setting};
use std::collections::BTreeMap;
use wagewatch::domain::{Day, Entry};
use wagewatch::engine::Engine;

const SMALL: u64 = 100_000;

fn main() {
    let workers = setting("workers", 500_000);
    let months = u16::try_from(setting("months", 10)).unwrap();
    let records = setting("records", 4_000_000);
    let dir = tempfile::tempdir().unwrap();
    let mut config = house::config(dir.path());
    // A number beyond all records: no checkpoint at all.
    config.store.checkpoint_records = setting("checkpoint-records", config.store.checkpoint_records);
    config.store.checkpoint_seconds = setting("checkpoint-seconds", config.store.checkpoint_seconds);
    let opened = house::open(&config);
    let engine = &opened.engine;
    let now = crowd::day("2026-10-01");
    let first = crowd::day("2026-01-01");
    crowd::load(engine, std::iter::once(Entry::Date(first)));
    crowd::load(engine, crowd::papers(0..SMALL, first));
    crowd::load(engine, crowd::months(0..SMALL, now, 1, 4));
    let small = mix(engine, SMALL, now.plus(4), records);
    let older = months - 1;
    for begin in (0..workers).step_by(20_000) {
        let some = begin..(begin + 20_000).min(workers);
        if begin >= SMALL {
            crowd::load(engine, crowd::papers(some.clone(), first));
            crowd::load(engine, crowd::months(some.clone(), now, 1, 4));
        }
        crowd::load(engine, crowd::months(some, first, older, 4));
    }
    // Days that the small crowd has not seen yet.
    let later = now.plus(5 + i32::try_from(records / SMALL / 2).unwrap());
    let large = mix(engine, workers, later, records);
    let again = mix(engine, SMALL, crowd::day("2026-12-01"), records);
    let status = engine.status();
    engine.stop();
    let each = 1e6 / records as f64;
    let threads = |(_, threads): &(Cost, BTreeMap<String, f64>)| {
        let share = |(name, seconds): (&String, &f64)| format!("{name} {:.2}", seconds * each);
        threads.iter().map(share).collect::<Vec<_>>().join(", ")
    };
    let shown = |(cost, _): &(Cost, BTreeMap<String, f64>)| {
        let machine = cost.machine();
        format!(
            "{:.2} µs of processor, {:.2} µs on the clock; {machine}",
            cost.own * each,
            cost.seconds * each
        )
    };
    let ratio = |a: f64, b: f64| format!("{:.2}", a / b);
    house::table(
        &format!("{records} swipes each; {} workers, {} MiB hot", status.workers, status.hot_bytes >> 20),
        &[
            row("a record at 100,000 worker-months", "", shown(&small)),
            row("  by threads, µs", "", threads(&small)),
            row(format!("at {} worker-months", workers * u64::from(months)), "", shown(&large)),
            row("  by threads, µs", "", threads(&large)),
            row("at the same, among 100,000 of the workers", "", shown(&again)),
            row("  by threads, µs", "", threads(&again)),
            row("ratio by processor time", "1.5", ratio(large.0.own, small.0.own)),
            row("ratio by the clock", "1.5", ratio(large.0.seconds, small.0.seconds)),
        ],
    );
}

/// Day after day: all go in, all come out.
fn mix(engine: &Engine, workers: u64, first: Day, records: u64) -> (Cost, BTreeMap<String, f64>) {
    let half_days = (0..).flat_map(|half| {
        crowd::scattered(workers).map(move |w| crowd::swipe(w, first.plus(half / 2), half % 2 == 1))
    });
    let (meter, before) = (Meter::start(), house::thread_seconds());
    crowd::load(engine, half_days.take(usize::try_from(records).unwrap()));
    let mut threads = house::thread_seconds();
    for (name, seconds) in &mut threads {
        *seconds -= before.get(name).copied().unwrap_or(0.0);
    }
    (meter.stop(), threads)
}
