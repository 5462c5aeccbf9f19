//! The log's speed: swipes encoded and appended, each batch synced, and read back.
//! `cargo bench --bench log`. Uses the disk under `TMPDIR`.

#![allow(clippy::unwrap_used, reason = "a benchmark ends at the first thing amiss")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use wagewatch::codec::{Reader, Writer, read_entry, write_entry};
use wagewatch::domain::{
    Body, Entry, Head, IdNumber, Position, ProjectId, Record, Swipe, SwipeDirection, Time,
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

criterion_group!(benches, codec, append, read);
criterion_main!(benches);
