//! Against a real Kafka: brokers of Apache Kafka in KRaft mode on loopback, started and stopped here, and Java's own console
//! producer and consumer as foreign clients. `./test kafka` installs what they need and runs this; without it every case is
//! passed over, and that is said. `LONG=1` makes the faults longer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

mod brokers;
mod clocks;
mod copier;
mod county;
mod disk;
mod doors;
mod faults;
mod guarded;
mod instance;
mod java;
mod ledgers;
#[path = "../oracle/mod.rs"]
mod oracle;
mod poison;
mod secure;
mod serve;
mod shadow;
#[path = "../support/mod.rs"]
mod support;
mod topics;

use brokers::Brokers;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

/// One case: its name, and what it does with the brokers.
type Case = (&'static str, fn(&Brokers));

/// On one broker, which all of them share: each has topics of its own.
const ONE: [&[Case]; 8] = [
    &topics::CASES,
    &secure::CASES,
    &doors::CASES,
    &county::CASES,
    &serve::CASES,
    &shadow::CASES,
    &clocks::CASES,
    &faults::ONE,
];
/// On three brokers.
const THREE: [&[Case]; 1] = [&faults::THREE];

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let first = args.next().unwrap_or_default();
    if first == "--copier" || first == "--county" {
        let run = if first == "--county" { county::run } else { copier::run };
        run(&args.collect::<Vec<_>>());
        return ExitCode::SUCCESS;
    }
    let chosen: Vec<String> =
        std::iter::once(first).chain(args).filter(|arg| !arg.is_empty() && !arg.starts_with('-')).collect();
    if brokers::jars().is_none() {
        println!(
            "kafka: passed over, for WAGEWATCH_TEST_KAFKA names no folder of jars; `./test kafka` runs it"
        );
        return ExitCode::SUCCESS;
    }
    let wanted = |name: &str| chosen.is_empty() || chosen.iter().any(|part| name.contains(part.as_str()));
    let mut failed = Vec::new();
    for (count, groups) in [(1, &ONE[..]), (3, &THREE[..])] {
        let cases: Vec<Case> =
            groups.iter().flat_map(|group| group.iter()).filter(|(name, _)| wanted(name)).copied().collect();
        if cases.is_empty() {
            continue;
        }
        let brokers = Brokers::start(count);
        for (name, case) in cases {
            println!("kafka: {name} ...");
            let begun = Instant::now();
            if catch_unwind(AssertUnwindSafe(|| case(&brokers))).is_err() {
                failed.push(name);
            }
            println!("kafka: {name}: {:.1} s", begun.elapsed().as_secs_f64());
        }
        brokers.stop();
    }
    println!(
        "kafka: {} failed{}{}",
        failed.len(),
        if failed.is_empty() { "" } else { ": " },
        failed.join(", ")
    );
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
