//! Seconds from the start of a process to ready, with millions of worker-months in the store: after
//! a clean stop, and after a kill under load. Files are dropped from the system's cache before.
//! `cargo bench --bench start [-- --worker-months 5000000]`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark ends at the first thing amiss")]
#![allow(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "ratios for people to read")]

mod house;

use house::crowd;
use house::{row, setting, text_setting};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use wagewatch::domain::Entry;

const MONTHS: u16 = 12;
const DAYS: i32 = 4;
/// How long the load goes on before the kill: longer than from one checkpoint to the next.
const LOAD: Duration = Duration::from_secs(25);

fn main() {
    let worker_months = setting("worker-months", 5_000_000);
    let workers = worker_months / u64::from(MONTHS);
    if let Some(part) = text_setting("part") {
        return child(&part, Path::new(&text_setting("dir").unwrap()), workers);
    }
    let dir = tempfile::tempdir().unwrap();
    let run = |part: &str| spawn(part, dir.path(), worker_months);
    let begun = Instant::now();
    let (mut filler, filled) = run("fill");
    assert!(filler.wait().unwrap().success());
    let filled = format!("{filled}, in {:.0} s", begun.elapsed().as_secs_f64());
    let clean = start(dir.path(), worker_months);
    let (mut loader, _) = run("load");
    std::thread::sleep(LOAD);
    loader.kill().unwrap();
    loader.wait().unwrap();
    let killed = start(dir.path(), worker_months);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap();
    house::table(
        &format!("{worker_months} worker-months; {filled}; machine's load {}", &load[..4]),
        &[
            row("ready after a clean stop", "10 s", clean),
            row("ready after a kill under full load", "10 s", killed),
        ],
    );
}

/// Starts a process, waits until it is ready, ends it.
fn start(dir: &Path, worker_months: u64) -> String {
    drop_from_cache(dir);
    let begun = Instant::now();
    let (mut child, told) = spawn("open", dir, worker_months);
    let seconds = begun.elapsed().as_secs_f64();
    assert!(child.wait().unwrap().success());
    format!("{seconds:.1} s ({told})")
}

/// Another process of this program, once it has said its line.
fn spawn(part: &str, dir: &Path, worker_months: u64) -> (Child, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--part", part, "--dir", dir.to_str().unwrap()]);
    command.args(["--worker-months", &worker_months.to_string()]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(!line.is_empty(), "{part} ended without a word");
    (child, line.trim().to_owned())
}

fn child(part: &str, dir: &Path, workers: u64) {
    let config = house::config(dir);
    let first = crowd::day("2026-01-01");
    let opened = wagewatch::app::Opened::open(&config, std::sync::Arc::new(wagewatch::engine::Unobserved));
    let engine = opened.unwrap().engine;
    let covered = engine.status().covered.0;
    house::await_ready(&engine);
    let status = engine.status();
    if part == "fill" {
        crowd::load(&engine, std::iter::once(Entry::Date(first)));
        for begin in (0..workers).step_by(20_000) {
            let some = begin..(begin + 20_000).min(workers);
            crowd::load(&engine, crowd::papers(some.clone(), first));
            crowd::load(&engine, crowd::months(some, first, MONTHS, DAYS));
        }
        let status = engine.status();
        engine.stop();
        println!("{} projects, {} workers", status.projects, status.workers);
        return;
    }
    println!(
        "{} projects, {} workers; {} blocks replayed",
        status.projects,
        status.workers,
        status.log_head.0 - covered
    );
    if part == "load" {
        for day in 0.. {
            let day = first.plus(400 + day);
            crowd::load(&engine, crowd::scattered(workers).map(|w| crowd::swipe(w, day, false)));
        }
    }
    engine.stop();
}

fn drop_from_cache(dir: &Path) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            drop_from_cache(&path);
        } else {
            let file = std::fs::File::open(&path).unwrap();
            let _ = file.sync_all();
            rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
        }
    }
}
