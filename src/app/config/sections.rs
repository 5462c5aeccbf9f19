//! The sections of a config with their keys, defaults and bounds. What each key means to an
//! operator stands in `config/wagewatch.toml`, not twice.

use super::kafka::{KINDS, LogKind};
use super::keys::Keys;
use super::problem::ConfigError;
use crate::domain::DayStart;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

#[derive(Clone, PartialEq, Debug)]
pub struct Server {
    pub grpc_addr: SocketAddr,
    pub http_addr: SocketAddr,
    pub max_message_bytes: usize,
    pub max_batch_records: usize,
    pub max_connections: usize,
    /// 0 = no limit.
    pub max_connections_per_address: usize,
    pub max_streams: usize,
    pub max_subscribers: usize,
    pub request_timeout_seconds: u64,
    pub drain_seconds: u64,
}

/// Names by which the console may be called, beside addresses and `localhost`.
#[derive(Clone, PartialEq, Debug)]
pub struct Http {
    pub hosts: Vec<String>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Data {
    pub path: PathBuf,
    pub min_free_bytes: u64,
}

/// 0 in either retention = for ever.
#[derive(Clone, PartialEq, Debug)]
pub struct Log {
    pub kind: LogKind,
    pub segment_bytes: u64,
    pub retain_bytes: u64,
    pub retain_days: u64,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Store {
    pub cache_bytes: u64,
    pub checkpoint_seconds: u64,
    pub checkpoint_records: u64,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Engine {
    pub shards: u16,
    /// 0 = one a core.
    pub threads: usize,
    pub batch_records: usize,
    pub queue_records: usize,
    pub memory_bytes: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClockKind {
    /// Business dates follow the machine's clock.
    System,
    /// Business dates come by `SetBusinessDate` alone.
    Manual,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Clock {
    pub kind: ClockKind,
    pub day_starts_at: DayStart,
}

/// A secret that alert ids are made with, so that nobody can try out identity numbers on them.
#[derive(Clone, PartialEq, Eq)]
pub struct IdKey(pub [u8; 32]);

impl fmt::Debug for IdKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdKey(secret)")
    }
}

#[derive(Clone, PartialEq, Debug)]
pub struct Alerts {
    pub history_rows: u64,
    /// The content of `id_key_file`, where one is named.
    pub id_key: Option<IdKey>,
}

/// `None` = the copy that is built in.
#[derive(Clone, PartialEq, Debug)]
pub struct Files {
    pub rulebook: Option<PathBuf>,
    /// Judged beside the live one, told to nobody; `None` = there is none.
    pub shadow_rulebook: Option<PathBuf>,
    pub calendar: Option<PathBuf>,
    pub departments: Option<PathBuf>,
    pub territories: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    Human,
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Logging {
    pub format: LogFormat,
    pub level: LogLevel,
}

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;
const TIB: u64 = 1024 * GIB;
const MIB_SIZE: usize = 1024 * 1024;
// A gRPC message beyond this would be copied about for seconds; nobody needs one.
const MESSAGE_MAX: usize = 256 * MIB_SIZE;

pub(super) fn server(keys: &mut Keys) -> Server {
    let mut s = keys.section("server");
    let server = Server {
        grpc_addr: s.address("grpc_addr", SocketAddr::from(([127, 0, 0, 1], 7443))),
        http_addr: s.address("http_addr", SocketAddr::from(([127, 0, 0, 1], 7480))),
        max_message_bytes: s.number("max_message_bytes", 8 * MIB_SIZE, 64 * 1024, MESSAGE_MAX),
        max_batch_records: s.number("max_batch_records", 10_000, 1, 1_000_000),
        max_connections: s.number("max_connections", 25_000, 16, 1_000_000),
        max_connections_per_address: s.number("max_connections_per_address", 1000, 0, 1_000_000),
        max_streams: s.number("max_streams", 1024, 1, 100_000),
        max_subscribers: s.number("max_subscribers", 20_000, 1, 1_000_000),
        request_timeout_seconds: s.number("request_timeout_seconds", 30, 1, 3600),
        drain_seconds: s.number("drain_seconds", 10, 0, 3600),
    };
    // Port 0 asks the system for a free one: those never clash.
    if server.grpc_addr == server.http_addr && server.grpc_addr.port() != 0 {
        let place = keys.place("server", "http_addr").min(keys.place("server", "grpc_addr"));
        let what = format!("server.grpc_addr and server.http_addr are both {}", server.grpc_addr);
        keys.problems.push(ConfigError::new(place, what, "two different addresses"));
    }
    server
}

pub(super) fn data(keys: &mut Keys) -> Data {
    let mut s = keys.section("data");
    Data {
        path: s.path("path").map_or_else(|| PathBuf::from("data"), PathBuf::from),
        min_free_bytes: s.number("min_free_bytes", 512 * MIB, 0, TIB),
    }
}

pub(super) fn log(keys: &mut Keys) -> Log {
    let mut s = keys.section("log");
    Log {
        kind: s.word("kind", LogKind::Local, &KINDS),
        segment_bytes: s.number("segment_bytes", 64 * MIB, MIB, 4 * GIB),
        retain_bytes: s.number("retain_bytes", 0, 0, 1024 * TIB),
        retain_days: s.number("retain_days", 0, 0, 36_500),
    }
}

pub(super) fn store(keys: &mut Keys) -> Store {
    let mut s = keys.section("store");
    Store {
        cache_bytes: s.number("cache_bytes", 64 * MIB, MIB, TIB),
        checkpoint_seconds: s.number("checkpoint_seconds", 10, 1, 3600),
        checkpoint_records: s.number("checkpoint_records", 2_000_000, 1000, 1_000_000_000),
    }
}

pub(super) fn engine(keys: &mut Keys) -> Engine {
    let mut s = keys.section("engine");
    let engine = Engine {
        shards: s.number("shards", 32, 1, 1024),
        threads: s.number("threads", 0, 0, 1024),
        batch_records: s.number("batch_records", 8192, 1, 1_000_000),
        queue_records: s.number("queue_records", 200_000, 1, 100_000_000),
        memory_bytes: s.number("memory_bytes", 4 * GIB, 16 * MIB, 64 * TIB),
    };
    if engine.queue_records < engine.batch_records {
        let place = keys.place("engine", "queue_records").min(keys.place("engine", "batch_records"));
        let what = format!("engine.queue_records is {}", engine.queue_records);
        let expected = format!("at least engine.batch_records, {}", engine.batch_records);
        keys.problems.push(ConfigError::new(place, what, expected));
    }
    engine
}

pub(super) fn clock(keys: &mut Keys) -> Clock {
    let mut s = keys.section("clock");
    let kinds = [("system", ClockKind::System), ("manual", ClockKind::Manual)];
    Clock {
        kind: s.word("kind", ClockKind::System, &kinds),
        day_starts_at: s.day_start("day_starts_at", DayStart::default()),
    }
}

pub(super) fn alerts(keys: &mut Keys, folder: &Path) -> Alerts {
    let mut s = keys.section("alerts");
    let history_rows = s.number("history_rows", 200_000, 1000, 1_000_000_000);
    let id_key = match s.path("id_key_file") {
        None => None,
        Some(path) => match read_id_key(&folder.join(path)) {
            Ok(key) => Some(key),
            Err((what, expected)) => {
                let place = keys.place("alerts", "id_key_file");
                let what = format!("alerts.id_key_file {what}");
                keys.problems.push(ConfigError::new(place, what, expected));
                None
            }
        },
    };
    Alerts { history_rows, id_key }
}

// The secret itself is in no message.
fn read_id_key(path: &Path) -> Result<IdKey, (String, &'static str)> {
    let expected = "a file with 64 hexadecimal digits";
    let text = std::fs::read_to_string(path)
        .map_err(|error| (format!("{} cannot be read: {error}", path.display()), expected))?;
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok();
    match bytes.and_then(|b| <[u8; 32]>::try_from(b).ok()) {
        Some(key) => Ok(IdKey(key)),
        None => Err((format!("{} holds something else", path.display()), expected)),
    }
}

pub(super) fn files(keys: &mut Keys, folder: &Path) -> Files {
    let mut s = keys.section("files");
    let mut file = |key| s.path(key).map(|path| folder.join(path));
    Files {
        rulebook: file("rulebook"),
        shadow_rulebook: file("shadow_rulebook"),
        calendar: file("calendar"),
        departments: file("departments"),
        territories: file("territories"),
    }
}

pub(super) fn http(keys: &mut Keys) -> Http {
    Http { hosts: keys.section("http").hosts("hosts") }
}

pub(super) fn logging(keys: &mut Keys) -> Logging {
    let mut s = keys.section("logging");
    let formats = [("human", LogFormat::Human), ("json", LogFormat::Json)];
    Logging {
        format: s.word("format", LogFormat::Human, &formats),
        level: s.word("level", LogLevel::Info, &LogLevel::WORDS),
    }
}

impl LogLevel {
    const WORDS: [(&'static str, LogLevel); 5] = [
        ("error", LogLevel::Error),
        ("warn", LogLevel::Warn),
        ("info", LogLevel::Info),
        ("debug", LogLevel::Debug),
        ("trace", LogLevel::Trace),
    ];

    pub fn as_str(self) -> &'static str {
        LogLevel::WORDS.iter().find(|(_, level)| *level == self).map_or("info", |(word, _)| word)
    }
}
