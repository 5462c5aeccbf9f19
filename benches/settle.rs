//! Settling one worker of a project: a month, and a year of months, and what the rules find in it.
//! `cargo bench --bench settle`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark ends at the first thing amiss")]
#![allow(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "ratios for people to read")]

mod house;

use criterion::{Criterion, criterion_group, criterion_main};
use house::crowd;
use std::hint::black_box;
use wagewatch::domain::{Entry, ProjectId, Rulebook};
use wagewatch::ledger::ProjectLedger;
use wagewatch::rules::{self, Judgement};

fn settle(c: &mut Criterion) {
    let book = Rulebook::default();
    let first = crowd::day("2026-01-01");
    let mut group = c.benchmark_group("settle");
    for months in [1, 12] {
        let mut ledger = ProjectLedger::new(ProjectId::parse("p", &crowd::project_name(0)).unwrap());
        for entry in crowd::papers(0..100, first).chain(crowd::months(0..100, first, months, 22)) {
            let Entry::Record(record) = entry else { unreachable!() };
            ledger.merge(&record, &book);
        }
        group.bench_function(format!("{months} months"), |b| b.iter(|| black_box(ledger.settle(17, &book))));
        let view = ledger.settle(17, &book);
        let today = crowd::day("2027-03-01");
        group.bench_function(format!("{months} months, judged"), |b| {
            b.iter(|| {
                let mut on = Judgement::new(today, &book, None);
                rules::judge_worker(&view, &mut on);
                assert!(!on.findings().is_empty());
                on.into_parts()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, settle);
criterion_main!(benches);
