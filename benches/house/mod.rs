//! What the benchmark programs share: a whole service on free ports with a folder of its own, the
//! machine's counters, and one form of table. Judges nothing.

#![allow(dead_code, reason = "each program uses a part")]
#![allow(clippy::unwrap_used, reason = "a benchmark ends at the first thing amiss")]
#![allow(
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ratios for people to read"
)]

pub mod crowd;
pub mod drive;
pub mod system;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use wagewatch::app::config::{ClockKind, Config};
use wagewatch::app::{Listeners, Opened, Service};
use wagewatch::engine::{Engine, Unobserved};

/// The config of every benchmark: defaults, dates by hand, free ports.
pub fn config(path: &Path) -> Config {
    let mut config = Config::default();
    config.data.path = path.to_owned();
    config.data.min_free_bytes = 0;
    config.clock.kind = ClockKind::Manual;
    config.server.grpc_addr.set_port(0);
    config.server.http_addr.set_port(0);
    config
}

/// An engine on its log and store, without doors.
pub fn open(config: &Config) -> Opened {
    let opened = Opened::open(config, Arc::new(Unobserved)).unwrap();
    await_ready(&opened.engine);
    opened
}

pub fn await_ready(engine: &Engine) {
    while !engine.is_ready() {
        assert_eq!(engine.failure(), None);
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A service that serves.
pub struct House {
    pub engine: Engine,
    pub grpc: SocketAddr,
    pub runtime: Runtime,
    stop: CancellationToken,
    serving: JoinHandle<anyhow::Result<()>>,
}

impl House {
    /// The service and its clients share one runtime, and so the same cores.
    pub fn start(mut config: Config) -> House {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        config.server.max_subscribers = 100_000;
        let listeners = runtime.block_on(Listeners::bind(&config)).unwrap();
        let grpc = listeners.grpc.local_addr().unwrap();
        let service = Service::open(config).unwrap();
        let engine = service.engine().clone();
        let stop = CancellationToken::new();
        let serving = runtime.spawn(service.run(listeners, stop.clone()));
        await_ready(&engine);
        House { engine, grpc, runtime, stop, serving }
    }

    pub fn end(self) {
        self.stop.cancel();
        self.runtime.block_on(self.serving).unwrap().unwrap();
        self.runtime.shutdown_timeout(Duration::from_secs(1));
    }
}

/// A number given on the command line as `--name value`.
pub fn setting(name: &str, default: u64) -> u64 {
    text_setting(name).map_or(default, |value| value.replace('_', "").parse().unwrap())
}

pub fn text_setting(name: &str) -> Option<String> {
    let flag = format!("--{name}");
    let mut arguments = std::env::args().skip_while(|argument| *argument != flag);
    arguments.nth(1)
}

/// What a stretch of time cost: on the clock, of processor time here, and what others took meanwhile.
pub struct Meter {
    begun: Instant,
    own: f64,
    all: f64,
}

#[derive(Clone, Copy)]
pub struct Cost {
    pub seconds: f64,
    /// Processor seconds of this process.
    pub own: f64,
    /// Cores that other processes kept busy.
    pub others: f64,
}

impl Meter {
    pub fn start() -> Meter {
        Meter { begun: Instant::now(), own: own_seconds(), all: machine_seconds() }
    }

    pub fn stop(&self) -> Cost {
        let seconds = self.begun.elapsed().as_secs_f64();
        let own = own_seconds() - self.own;
        let others = ((machine_seconds() - self.all - own) / seconds).max(0.0);
        Cost { seconds, own, others }
    }
}

impl Cost {
    pub fn machine(&self) -> String {
        format!("others kept {:.1} of {} cores busy", self.others, cores())
    }

    /// Records a second that this processor time allows on two cores.
    pub fn rate_on_two_cores(&self, records: u64) -> f64 {
        2.0 * records as f64 / self.own
    }
}

pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn own_seconds() -> f64 {
    stat_seconds("/proc/self").unwrap()
}

// Ticks of a hundredth of a second (man 5 proc).
fn stat_seconds(of: &str) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("{of}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
    Some((ticks(11) + ticks(12)) / 100.0)
}

/// Processor seconds of this process by the names of its threads, numbers at their ends left out.
pub fn thread_seconds() -> BTreeMap<String, f64> {
    let mut seconds = BTreeMap::new();
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        let task = task.unwrap().path();
        // A thread may end meanwhile.
        let Ok(name) = std::fs::read_to_string(task.join("comm")) else { continue };
        let Some(took) = stat_seconds(&task.to_string_lossy()) else { continue };
        let name = name.trim().trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
        *seconds.entry(name.to_owned()).or_insert(0.0) += took;
    }
    seconds
}

fn machine_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap();
    let fields: Vec<f64> =
        stat.lines().next().unwrap().split_whitespace().skip(1).map(|f| f.parse().unwrap()).collect();
    // user, nice, system; then idle and waiting; then interrupts and what the host took.
    (fields[0] + fields[1] + fields[2] + fields[5] + fields[6] + fields[7]) / 100.0
}

/// Resident bytes of this process, once the allocator has given back what it keeps for ten seconds.
pub fn settled_resident() -> u64 {
    std::thread::sleep(std::time::Duration::from_secs(13));
    resident()
}

/// Resident bytes of this process.
pub fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

pub fn mib(bytes: u64) -> String {
    format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20))
}

/// The value below which that share of the samples lies.
pub fn percentile(samples: &mut [f64], share: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    let last = samples.len().saturating_sub(1);
    let place = (last as f64 * share).round();
    samples.get(place as usize).copied().unwrap_or(f64::NAN)
}

/// Prints rows of (what, target, measured).
pub fn table(title: &str, rows: &[(String, String, String)]) {
    println!("\n{title}");
    println!("| what | target | measured |\n| --- | --- | --- |");
    for (what, target, measured) in rows {
        println!("| {what} | {target} | {measured} |");
    }
}

pub fn row(
    what: impl Into<String>,
    target: impl Into<String>,
    measured: impl Into<String>,
) -> (String, String, String) {
    (what.into(), target.into(), measured.into())
}
