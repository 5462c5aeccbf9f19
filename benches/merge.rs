//! Merging attendance into a project's ledger: days that are new, and repeats.
//! `cargo bench --bench merge`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark ends at the first thing amiss")]
#![allow(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "ratios for people to read")]

mod house;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use house::crowd;
use wagewatch::domain::{Entry, ProjectId, Record, Rulebook};
use wagewatch::ledger::ProjectLedger;

const WORKERS: u64 = 100;

fn records(entries: impl Iterator<Item = Entry>) -> Vec<Record> {
    let record = |entry| match entry {
        Entry::Record(record) => record,
        _ => unreachable!(),
    };
    entries.map(record).collect()
}

fn merge(c: &mut Criterion) {
    let book = Rulebook::default();
    let first = crowd::day("2026-03-01");
    let month = records((0..22).flat_map(|day| {
        [false, true]
            .into_iter()
            .flat_map(move |out| (0..WORKERS).map(move |w| crowd::swipe(w, first.plus(day), out)))
    }));
    let empty = || {
        let mut ledger = ProjectLedger::new(ProjectId::parse("p", &crowd::project_name(0)).unwrap());
        for record in records(crowd::papers(0..WORKERS, first)) {
            ledger.merge(&record, &book);
        }
        ledger
    };
    let mut group = c.benchmark_group("merge");
    group.throughput(Throughput::Elements(month.len() as u64));
    group.bench_function("a month of swipes, new", |b| {
        let fill = |mut ledger: ProjectLedger| {
            month.iter().for_each(|record| assert!(ledger.merge(record, &book).changed));
            ledger
        };
        b.iter_batched(empty, fill, BatchSize::LargeInput);
    });
    let mut full = empty();
    month.iter().for_each(|record| assert!(full.merge(record, &book).changed));
    group.bench_function("a month of swipes, repeated", |b| {
        b.iter(|| month.iter().for_each(|record| assert!(!full.merge(record, &book).changed)));
    });
    group.finish();
}

criterion_group!(benches, merge);
criterion_main!(benches);
