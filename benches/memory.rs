//! Memory: what a hot worker-month takes, and whether the resident set keeps to its limit with many
//! more worker-months on disk than fit.
//! `cargo bench --bench memory [-- --hot 1000000 --days 22 --cold 10000000]`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark ends at the first thing amiss")]
#![allow(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "ratios for people to read")]

mod house;

use house::crowd;
use house::{Meter, mib, resident, row, setting, settled_resident};
use std::process::Command;
use std::time::Instant;
use wagewatch::domain::{Entry, Rule, Rulebook, Switch};

const MONTHS: u16 = 12;
const LIMIT: u64 = 512 << 20;

fn main() {
    // Each part in a process of its own: memory that one has freed is not the other's.
    match house::text_setting("part").as_deref() {
        Some("hot") => hot(setting("hot", 1_000_000)),
        Some("cold") => cold(setting("cold", 10_000_000)),
        _ => {
            for part in ["hot", "cold"] {
                let mut again = Command::new(std::env::current_exe().unwrap());
                let ended = again.args(std::env::args().skip(1)).args(["--part", part]).status().unwrap();
                assert!(ended.success(), "{part}");
            }
        }
    }
}

fn hot(worker_months: u64) {
    let dir = tempfile::tempdir().unwrap();
    let mut config = house::config(dir.path());
    // No checkpoint between the two measurements: nothing but the hot state grows.
    config.store.checkpoint_seconds = 3600;
    // Nor alerts about papers that these projects do not have: alerts are not worker-months.
    config.rulebook = without(&config.rulebook, &PAPERS);
    let opened = house::open(&config);
    let engine = &opened.engine;
    // The months are over when the date comes, with the last of them: nothing waits for days ahead.
    let (first, today) = (crowd::day("2025-01-01"), crowd::day("2026-01-01"));
    let workers = worker_months / u64::from(MONTHS);
    let days = i32::try_from(setting("days", 22)).unwrap();
    // The second half counts: queues, buffers and what the allocator keeps are there already.
    let halves = [0..workers / 2, workers / 2..workers];
    // What workers are owed are alerts, which are measured by nobody here.
    let papers = halves.clone().map(|half| {
        crowd::load(engine, crowd::piece_papers(half, first));
        settled_resident()
    });
    let months = halves.map(|half| {
        crowd::load(engine, crowd::months(half, first, MONTHS, days));
        settled_resident()
    });
    // What is counted of every worker once days are judged.
    crowd::load(engine, std::iter::once(Entry::Date(today)));
    let judged = settled_resident().saturating_sub(months[1]) as f64 / worker_months as f64;
    let each = |[half, whole]: [u64; 2]| {
        whole.saturating_sub(half) as f64 / ((workers - workers / 2) * u64::from(MONTHS)) as f64
    };
    let told = engine.status().hot_bytes;
    engine.stop();
    house::table(
        &format!("{workers} enrolled workers, {MONTHS} months of {days} days each, all hot"),
        &[
            row(
                "resident bytes a worker-month",
                "200",
                format!(
                    "{:.0} of attendance, {:.0} with the enrolment and what is counted each day",
                    each(months),
                    each(months) + each(papers) + judged
                ),
            ),
            row(
                "the engine's own estimate",
                "",
                format!("{:.0} bytes, all told {}", told as f64 / worker_months as f64, mib(told)),
            ),
        ],
    );
}

const PAPERS: [Rule; 9] = [
    Rule::CoverageLow,
    Rule::AccountNotOpened,
    Rule::DepositMissing,
    Rule::GuaranteeMissing,
    Rule::PayrollMissing,
    Rule::LabourOfficerMissing,
    Rule::AttendanceSilent,
    Rule::InspectionMissing,
    Rule::FeedSilent,
];

/// The rulebook with those rules off.
fn without(book: &Rulebook, rules: &[Rule]) -> Rulebook {
    let mut editions = book.editions().to_vec();
    for edition in &mut editions {
        let off = || Switch { off: true, off_in: Vec::new() };
        edition.numbers.switches.extend(rules.iter().map(|rule| (*rule, off())));
    }
    book.clone().with_editions(editions)
}

fn cold(worker_months: u64) {
    let dir = tempfile::tempdir().unwrap();
    let mut config = house::config(dir.path());
    config.engine.memory_bytes = LIMIT;
    let overhead = config.store.cache_bytes + (192 << 20);
    let before = resident();
    let opened = house::open(&config);
    let engine = &opened.engine;
    let first = crowd::day("2026-01-01");
    let workers = worker_months / u64::from(MONTHS);
    let days = i32::try_from(setting("cold-days", 6)).unwrap();
    crowd::load(engine, std::iter::once(Entry::Date(first)));
    let meter = Meter::start();
    let mut most = 0;
    const STEP: u64 = 20_000;
    for begin in (0..workers).step_by(STEP as usize) {
        let some = begin..(begin + STEP).min(workers);
        crowd::load(engine, crowd::papers(some.clone(), first));
        crowd::load(engine, crowd::months(some, first, MONTHS, days));
        most = most.max(resident());
    }
    let filled = meter.stop();
    let status = engine.status();
    // Gates of all projects, in an order that brings one cold project after the other back.
    let touches = setting("touches", 2000).min(workers / crowd::PER_PROJECT);
    let begun = Instant::now();
    let all = crowd::scattered(workers / crowd::PER_PROJECT).take(touches as usize);
    let mut returned = 0;
    for project in all {
        returned += crowd::load(
            engine,
            (0..10).map(|w| crowd::swipe(project * crowd::PER_PROJECT + w, first.plus(360), true)),
        );
        most = most.max(resident());
    }
    let seconds = begun.elapsed().as_secs_f64();
    let after = engine.status();
    engine.stop();
    house::table(
        &format!("{worker_months} worker-months of {days} days, engine.memory_bytes = {}", mib(LIMIT)),
        &[
            row(
                "largest resident set",
                format!("limit + {} for sled's cache, the log, queues", mib(overhead)),
                format!("{} (empty process {})", mib(most), mib(before)),
            ),
            row(
                "hot projects of all",
                "",
                format!("{} of {}, {} hot", status.hot_projects, status.projects, mib(after.hot_bytes)),
            ),
            row(
                "a batch of 10 records for a cold project",
                "",
                format!(
                    "{:.1} ms ({returned} records for {touches} projects)",
                    seconds * 1e3 / touches as f64
                ),
            ),
            row("store on disk", "", mib(after.store_bytes)),
            row("filled in", "", format!("{:.0} s; {}", filled.seconds, filled.machine())),
        ],
    );
}
