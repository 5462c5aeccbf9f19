//! `replay` whole: a file of swipes to the finished report.
//! `cargo bench --bench replay` makes the file once (10 M records of 100,000 workers, 2.2 GB in
//! `target/tmp`) and reads it five times; `-- --records N` takes another size, `-- --make` only makes it.

#![allow(clippy::unwrap_used, reason = "a benchmark ends at the first thing amiss")]

use rand::seq::SliceRandom;
use rand::{SeedableRng, rngs::SmallRng};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;
use wagewatch::command::replay::{ReplayArgs, run};
use wagewatch::domain::{Day, Rulebook};

const WORKERS: u64 = 100_000;
const PROJECTS: u64 = 1_000;
const DAYS_PER_MONTH: u64 = 28;

/// A made-up resident with a right check character.
fn id_number(n: u64) -> String {
    let born = format!("{}{:02}{:02}", 1960 + n % 40, 1 + n / 40 % 12, 1 + n / 480 % 28);
    let digits = format!("150621{born}{:03}", n / 13_440 % 1000);
    let weights = [7u32, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.chars().zip(weights).map(|(d, w)| d.to_digit(10).unwrap() * w).sum();
    let check = b"10X98765432"[(sum % 11) as usize];
    format!("{digits}{}", char::from(check))
}

/// Two swipes a worker and day; within a day in the order in which many gates send at once: none.
fn make(path: &Path, records: u64) {
    let mut rng = SmallRng::seed_from_u64(724);
    let people: Vec<String> = (0..WORKERS).map(id_number).collect();
    let mut swipes: Vec<(u64, u64)> = (0..WORKERS).flat_map(|w| [(w, 0), (w, 1)]).collect();
    let part = path.with_extension("part");
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&part).unwrap());
    let mut number = 0;
    for day in 0.. {
        swipes.shuffle(&mut rng);
        let date = format!("2026-{:02}-{:02}", 3 + day / DAYS_PER_MONTH, 1 + day % DAYS_PER_MONTH);
        for (worker, side) in &swipes {
            if number == records {
                out.flush().unwrap();
                return std::fs::rename(&part, path).unwrap();
            }
            let project = worker % PROJECTS;
            let gate = format!("gate-{project}-{}", worker % 3);
            let at = format!(
                "{date}T{:02}:{:02}:{:02}+08:00",
                7 + 11 * side,
                worker % 60,
                (worker * 7 + day) % 60
            );
            writeln!(
                out,
                r#"{{"type":"attendance","id":"{gate}-{number:09}","source":"{gate}","at":"{at}","project_id":"DLT-2026-{project:04}","id_number":"{}","swiped_at":"{at}","direction":"{}"}}"#,
                people[usize::try_from(*worker).unwrap()],
                ["in", "out"][usize::try_from(*side).unwrap()],
            )
            .unwrap();
            number += 1;
        }
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let records = args.iter().position(|arg| arg == "--records").map(|at| args[at + 1].parse().unwrap());
    // `cargo test --benches` runs this too: a small file then.
    let bench = args.iter().any(|arg| arg == "--bench");
    let records = records.unwrap_or(if bench { 10_000_000 } else { 20_000 });
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(format!("swipes-{records}.ndjson"));
    if !path.exists() {
        make(&path, records);
    }
    if args.iter().any(|arg| arg == "--make") {
        return println!("{}", path.display());
    }
    let report = folder.join("report.ndjson");
    let replay = ReplayArgs {
        as_of: Day::parse("2026-08-01").unwrap(),
        report: Some(report),
        reveal: false,
        config: None,
        files: vec![path],
    };
    for turn in 1..=if bench { 5 } else { 1 } {
        let started = Instant::now();
        let _exit = run(&replay, &Rulebook::default());
        println!("turn {turn}: {:.0} records/s\n", records as f64 / started.elapsed().as_secs_f64());
    }
}
