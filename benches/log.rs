//! The log's speed: swipes encoded and appended, each batch synced, and read back; and what encryption adds, plain and
//! encrypted logs taking turns in one run.
//! `cargo bench --bench log`. Uses the disk under `TMPDIR`.

#![allow(clippy::unwrap_used, reason = "a benchmark ends at the first thing amiss")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::time::{Duration, Instant};
use wagewatch::cipher::{DataKeys, Key, KeyRing, Suite};
use wagewatch::codec::{Reader, Writer, read_entry, write_entry};
use wagewatch::domain::{
    Body, Day, Entry, Head, IdNumber, Position, ProjectId, Record, Swipe, SwipeDirection, Time,
};
use wagewatch::log::{Log, LogOptions, SegmentLog};

fn swipes(count: u64) -> Vec<Entry> {
    let swipe = |n: u64| {
        let scattered = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let at = Time::from_seconds(1_772_000_000 + i64::try_from(n / 7).unwrap());
        Entry::Record(Record {
            head: Head {
                id: format!("g{:02}-20260304-{n:07}", n % 17).into(),
                source: "gate-15062".into(),
                at,
            },
            body: Body::Swipe(Swipe {
                project_id: ProjectId::parse("p", &format!("P{:05}", scattered % 1000)).unwrap(),
                id_number: IdNumber::from_packed(15_062_119_900_000_000 + scattered % 500_000),
                swiped_at: at,
                direction: Some(if n.is_multiple_of(2) { SwipeDirection::In } else { SwipeDirection::Out }),
                device: Some(format!("gate-{}", n % 4).into()),
            }),
        })
    };
    (0..count).map(swipe).collect()
}

fn codec(c: &mut Criterion) {
    let entries = swipes(4096);
    let mut group = c.benchmark_group("codec");
    group.throughput(Throughput::Elements(4096));
    let mut w = Writer::new();
    group.bench_function("write 4096 swipes", |b| {
        b.iter(|| {
            w.bytes.clear();
            entries.iter().for_each(|e| write_entry(&mut w, e));
            black_box(w.bytes.len())
        });
    });
    group.bench_function("read 4096 swipes", |b| {
        b.iter(|| {
            let mut r = Reader::new(&w.bytes);
            while !r.is_empty() {
                black_box(read_entry(&mut r).unwrap());
            }
        });
    });
}

fn append(c: &mut Criterion) {
    let mut group = c.benchmark_group("append, synced");
    for count in [1, 500, 4096] {
        let entries = swipes(count);
        let dir = tempfile::tempdir().unwrap();
        let (mut log, _) = SegmentLog::open(dir.path(), LogOptions::default()).unwrap();
        group.throughput(Throughput::Elements(count));
        group.bench_function(format!("{count} swipes"), |b| b.iter(|| log.append(0, &entries).unwrap()));
        let written = log.head().0 * count;
        println!("{} bytes a swipe on disk", log.bytes() / written.max(1));
    }
}

fn read(c: &mut Criterion) {
    let mut group = c.benchmark_group("read");
    for count in [500, 4096] {
        let entries = swipes(count);
        let dir = tempfile::tempdir().unwrap();
        let (mut log, _) = SegmentLog::open(dir.path(), LogOptions::default()).unwrap();
        let blocks = 400_000 / count;
        (0..blocks).for_each(|_| assert!(log.append(0, &entries).is_ok()));
        group.throughput(Throughput::Elements(blocks * count));
        group.sample_size(10);
        group.bench_function(format!("blocks of {count} swipes"), |b| {
            b.iter(|| {
                let mut seen = 0;
                log.read(Position(1), &mut |block| {
                    seen += block.entries.len();
                    Ok(())
                })
                .unwrap();
                black_box(seen)
            });
        });
    }
}

/// A log in a folder of its own: plain, or under a key of that suite.
fn log_under(suite: Option<Suite>) -> (tempfile::TempDir, SegmentLog) {
    let dir = tempfile::tempdir().unwrap();
    let keys = suite.map(|suite| {
        let key = Key::new(suite, Day(20_000), [7; 32]).unwrap();
        DataKeys::new(KeyRing::new(key), rand::random())
    });
    let (log, _) = SegmentLog::open_with(dir.path(), LogOptions::default(), keys).unwrap();
    (dir, log)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn told(what: &str, names: &[&str], times: Vec<Vec<Duration>>, records: u32) {
    let medians: Vec<Duration> = times.into_iter().map(median).collect();
    let plain = medians[0].as_nanos();
    for (name, time) in names.iter().zip(&medians) {
        // In tenths of a percent, without floats.
        let more = (time.as_nanos() * 1000 / plain).cast_signed() - 1000;
        let each = time.as_nanos() / u128::from(records);
        println!(
            "{what}, {name}: {time:?}, {each} ns a record, {}{}.{} %",
            if more < 0 { "-" } else { "+" },
            more.abs() / 10,
            more.abs() % 10
        );
    }
}

/// What encryption adds: the three logs take turns, so that a slow moment of the machine falls on all.
fn encrypted(_: &mut Criterion) {
    let suites = [None, Some(Suite::Aes256GcmSiv), Some(Suite::Sm4Gcm)];
    let names = suites.map(|suite| suite.map_or("plain", Suite::as_str));
    for (count, turns) in [(1, 300), (100, 200), (4096, 100)] {
        let entries = swipes(count);
        let mut logs = suites.map(log_under);
        let mut times = vec![Vec::new(); suites.len()];
        for turn in 0..turns {
            for step in 0..suites.len() {
                let which = (turn + step) % suites.len();
                let begun = Instant::now();
                for _ in 0..4 {
                    logs[which].1.append(0, &entries).unwrap();
                }
                times[which].push(begun.elapsed() / 4);
            }
        }
        let records = u32::try_from(count).unwrap();
        told(&format!("append and sync {count} swipes"), &names, times, records);
        let bytes = logs.each_ref().map(|(_, log)| log.bytes());
        println!("bytes on disk, {names:?}: {bytes:?}");
        let mut times = vec![Vec::new(); suites.len()];
        for turn in 0..15 {
            for step in 0..suites.len() {
                let which = (turn + step) % suites.len();
                let begun = Instant::now();
                let mut seen = 0;
                logs[which]
                    .1
                    .read(Position(1), &mut |block| {
                        seen += block.entries.len();
                        Ok(())
                    })
                    .unwrap();
                black_box(seen);
                times[which].push(begun.elapsed());
            }
        }
        let all = records * u32::try_from(turns).unwrap() * 4;
        told(&format!("read back blocks of {count}"), &names, times, all);
    }
}

criterion_group!(benches, codec, append, read, encrypted);
criterion_main!(benches);
