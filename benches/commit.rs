//! From `submit` to the verdicts, on a real log and store: one batch at a time, so that each pays
//! for its own sync.
//! `cargo bench --bench commit`. Uses the disk under `TMPDIR`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark ends at the first thing amiss")]
#![allow(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "ratios for people to read")]

mod house;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use house::crowd;
use wagewatch::domain::Entry;

const WORKERS: u64 = 10_000;

fn commit(c: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let opened = house::open(&house::config(dir.path()));
    let first = crowd::day("2026-03-01");
    crowd::load(&opened.engine, std::iter::once(Entry::Date(first)));
    crowd::load(&opened.engine, crowd::papers(0..WORKERS, first));
    let mut swipes = (0..).flat_map(|half| {
        crowd::scattered(WORKERS).map(move |w| crowd::swipe(w, first.plus(half / 2 % 300), half % 2 == 1))
    });
    let mut group = c.benchmark_group("commit");
    group.sample_size(20);
    for size in [1, 500, 8192] {
        group.throughput(Throughput::Elements(size));
        group.bench_function(format!("{size} swipes"), |b| {
            b.iter_batched(
                || swipes.by_ref().take(size as usize).collect::<Vec<_>>(),
                |batch| crowd::load(&opened.engine, batch.into_iter()),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
    opened.engine.stop();
}

criterion_group!(benches, commit);
criterion_main!(benches);
