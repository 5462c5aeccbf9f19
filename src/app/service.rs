//! A whole service in one value: opens the data folder, starts the engine, opens the doors, and ends
//! in order: doors say goodbye with their cursors, what was taken becomes durable, the engine stops.
//! Listeners and the wish to stop come from outside, so that tests start it on port 0.

use super::config::{ClockKind, Config, LogKind};
use super::data::{Encryption, Opened};
use super::{clock, cluster, deliver, disk, reload, telemetry};
use crate::alerts::PUBLIC_ID_KEY;
use crate::audit::{self, Trail};
use crate::console;
use crate::domain::{AlertRow, Day, Doubts, Entry, Position, ProjectId, TraceMark};
use crate::engine::api::{Marked, ProjectFacts};
use crate::engine::{Engine, Observer};
use crate::guard::{self, Equipment, Guard, Rate, Tls};
use crate::intake::batch::Limits;
use crate::intake::grpc::{Intake, Tally};
use crate::intake::write_json::write_line;
use crate::log::Block;
use crate::proto::v1 as pb;
use crate::serve::admin::{Admin, DateSource, EncryptionTold};
use crate::serve::alerts::{AlertLimits, Alerts};
use crate::serve::audits::Audits;
use crate::serve::deliver::Source;
use crate::serve::facts::FactsCache;
use crate::serve::http::{self, HttpDoor, Watched};
use crate::serve::hub::Hub;
use crate::serve::ledger::Ledgers;
use crate::serve::metrics::Metrics;
use crate::serve::peers::Peers;
use crate::serve::rows::Rows;
use crate::serve::server::{self, Doors, Entrance, ServerLimits};
use crate::serve::sources::Sources;
use anyhow::{Context, anyhow, bail};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The doors' listeners, bound.
pub struct Listeners {
    pub grpc: TcpListener,
    pub http: TcpListener,
}

impl Listeners {
    /// # Errors
    /// Names the setting and the address that cannot be had.
    pub async fn bind(config: &Config) -> anyhow::Result<Listeners> {
        let bind = async |setting: &str, addr: SocketAddr| {
            TcpListener::bind(addr).await.with_context(|| format!("{setting}: could not listen on {addr}"))
        };
        Ok(Listeners {
            grpc: bind("server.grpc_addr", config.server.grpc_addr).await?,
            http: bind("server.http_addr", config.server.http_addr).await?,
        })
    }
}

/// A service that is not serving yet.
pub struct Service {
    config: Config,
    opened: Opened,
    metrics: Arc<Metrics>,
    facts: Arc<FactsCache>,
    guard: Arc<Guard>,
    tls: Option<Tls>,
    sources: Arc<Sources>,
    traces: Arc<telemetry::Ear>,
}

/// Metrics and routing both learn from the engine.
struct Ears {
    metrics: Arc<Metrics>,
    facts: Arc<FactsCache>,
    sources: Arc<Sources>,
    traces: Arc<telemetry::Ear>,
}

impl Observer for Ears {
    fn opened(&self, block: &Block, today: Option<Day>) {
        self.sources.opened(block, today);
    }

    fn arrived(&self, entries: &mut dyn Iterator<Item = &Entry>, written_ms: i64, today: Option<Day>) {
        self.sources.heard(entries, written_ms, today);
    }

    fn caused(&self, row: &AlertRow, mark: TraceMark) {
        self.traces.caused(row, mark);
    }

    fn marked(&self, block: &Block, marked: &[Marked], micros: u64) {
        self.traces.marked(block, marked, micros);
    }

    fn applying(&self, position: Position) {
        self.traces.applying(position);
    }

    fn finished(&self, _position: Position) {
        self.traces.finished();
    }

    fn appended(&self, entries: usize, micros: u64) {
        self.metrics.appended(entries, micros);
    }

    fn applied(&self, entries: usize, micros: u64) {
        self.metrics.applied(entries, micros);
    }

    fn project(&self, project: &ProjectId, facts: &ProjectFacts) {
        self.facts.put(project.clone(), facts.clone());
    }

    fn doubted(&self, doubts: &Arc<Doubts>) {
        self.facts.put_doubts(doubts.clone());
    }

    fn published(&self, rows: &[Arc<AlertRow>]) {
        self.metrics.published(rows);
        self.traces.published(rows);
    }

    fn checkpointed(&self, pages: usize, bytes: usize, micros: u64) {
        self.metrics.checkpointed(pages, bytes, micros);
    }
}

impl Service {
    /// Opens the data folder and starts the engine; it catches up with its log in the background.
    pub fn open(config: Config) -> anyhow::Result<Service> {
        let metrics = Arc::new(Metrics::new(prometheus::Registry::new()).context("metrics")?);
        let facts = Arc::new(FactsCache::new());
        let sources = Arc::new(Sources::default());
        let traces = Arc::new(telemetry::Ear::default());
        let ears = Ears {
            metrics: metrics.clone(),
            facts: facts.clone(),
            sources: sources.clone(),
            traces: traces.clone(),
        };
        let tls = config.security.tls.as_ref().map(Tls::read).transpose().context("security")?;
        let opened = match config.log.kind {
            LogKind::Local => Opened::open(&config, Arc::new(ears))?,
            LogKind::Kafka => {
                let kafka = Arc::new(metrics.kafka().clone());
                Opened::join(
                    &config,
                    cluster::Ears {
                        engine: Arc::new(ears),
                        kafka,
                        traces: traces.clone(),
                        sources: sources.clone(),
                    },
                )?
            }
        };
        // The folder is locked: nobody else writes the trail.
        let counted = metrics.clone();
        let guard = guard(&config, Arc::new(move |reason| counted.refused(reason)))?;
        Ok(Service { config, opened, metrics, facts, guard, tls, sources, traces })
    }

    pub fn engine(&self) -> &Engine {
        &self.opened.engine
    }

    /// Serves until `stop`, then drains. An error: the service could not go on, the process must end.
    pub async fn run(mut self, listeners: Listeners, stop: CancellationToken) -> anyhow::Result<()> {
        let engine = self.opened.engine.clone();
        let followed = telemetry::start(&self.config, &self.metrics)?;
        self.traces.listen(&followed);
        let end = CancellationToken::new();
        let hub = Hub::start(engine.feed().clone(), stop.clone());
        let watched = Watched {
            engine: engine.clone(),
            hub: hub.clone(),
            metrics: self.metrics.clone(),
            guard: self.guard.clone(),
            stop: stop.clone(),
        };
        // On the loopback address nobody else listens.
        let outside = !listeners.http.local_addr()?.ip().is_loopback();
        let http_tls = self.tls.clone().filter(|_| outside);
        let rows = self.rows(&engine)?;
        let limits = self.server_limits();
        let services = server::services(self.doors(&engine, &rows, &hub, &stop), &limits);
        let hosts = self.config.http.hosts.clone();
        let (asks, follows) = (self.guard.clone(), followed.clone());
        let pages = console::pages(services.clone(), asks, follows, hosts, limits.message_bytes)?;
        let door = HttpDoor { listener: listeners.http, tls: http_tls, pages };
        let http = tokio::spawn(http::serve(door, watched, end.clone()));
        let drain = limits.drain;
        let (guard, tls) = (self.guard.clone(), self.tls.clone());
        let entrance = Entrance { listener: listeners.grpc, guard, tls, telemetry: followed.clone() };
        let serving = server::serve(entrance, services, engine.clone(), limits, stop.clone());
        let mut tasks = tokio::task::JoinSet::new();
        let needed = self.config.data.min_free_bytes;
        let metrics = self.metrics.clone();
        let seen = move |free| metrics.disk_seen(free, needed);
        tasks.spawn(disk::watch(engine.clone(), self.opened.path().to_owned(), needed, seen, stop.clone()));
        let data_keys = self.opened.encryption.as_ref().map(|encryption| encryption.keys.clone());
        let (config, guard, tls) = (self.config.clone(), self.guard.clone(), self.tls.clone());
        tasks.spawn(reload::watch(config, guard, tls, data_keys, stop.clone()));
        if self.config.clock.kind == ClockKind::System {
            tasks.spawn(clock::run(engine.clone(), self.config.clock.day_starts_at, stop.clone()));
        }
        let source = Source {
            engine: engine.clone(),
            rows,
            hub,
            guard: self.guard.clone(),
            telemetry: followed.clone(),
            stop: stop.clone(),
        };
        let cluster = self.config.cluster.as_ref();
        if cluster.is_none_or(|own| own.deliverer.is_some() && own.deliverer == own.name) {
            deliver::start(&mut tasks, &self.config, self.opened.path(), &source, self.metrics.deliveries())?;
        }
        let served = tokio::select! {
            served = serving => served.context("the gRPC door"),
            failure = failure(&engine) => Err(anyhow!(failure)),
        };
        stop.cancel();
        if let Err(error) = &served {
            self.opened.note_failure(&error.to_string());
        }
        let stopping = engine.clone();
        let stopped = tokio::task::spawn_blocking(move || stopping.stop());
        // What was taken is durable already; the rest is a checkpoint that makes the next start quick.
        if tokio::time::timeout(drain + Duration::from_secs(60), stopped).await.is_err() {
            bail!("the engine did not stop in time; the next start replays the log");
        }
        end.cancel();
        let guard = self.guard.clone();
        let _ = tokio::task::spawn_blocking(move || {
            followed.stop();
            guard.stop();
        })
        .await;
        let _ = tokio::time::timeout(Duration::from_secs(1), http).await;
        served
    }

    fn rows(&self, engine: &Engine) -> anyhow::Result<Arc<Rows>> {
        let ids = self.config.alerts.id_key.as_ref().map_or(PUBLIC_ID_KEY, |key| key.0);
        let routes = Arc::new(self.config.directory.routes()?);
        Ok(Arc::new(Rows::new(self.facts.clone(), routes, ids, engine.feed().shards())))
    }

    fn doors(
        &self,
        engine: &Engine,
        rows: &Arc<Rows>,
        hub: &Arc<Hub>,
        stop: &CancellationToken,
    ) -> Doors<Intake> {
        let server = &self.config.server;
        let patience = Duration::from_secs(server.request_timeout_seconds);
        let metrics = self.metrics.clone();
        let tally: Tally = Arc::new(move |door, origins, verdicts| metrics.tally(door, origins, verdicts));
        let limits = Limits {
            batch_records: server.max_batch_records,
            waiting_records: self.config.engine.queue_records,
            streams: server.max_streams,
            patience,
            ..Limits::default()
        };
        let alerts = AlertLimits { subscribers: server.max_subscribers, patience, ..AlertLimits::default() };
        let dates = match self.config.clock.kind {
            ClockKind::System => DateSource::System,
            ClockKind::Manual => DateSource::Manual,
        };
        let known = rows.clone();
        let homes = Arc::new(move |project: &ProjectId| known.home_of(project));
        let audit = self.config.security.members.as_ref().map(|_| audit_folder(&self.config));
        Doors {
            intake: Intake::new(engine.clone(), limits, tally, homes, stop.clone()),
            alerts: Alerts::new(engine.clone(), rows.clone(), hub.clone(), alerts, stop.clone()),
            ledgers: Ledgers::new(engine.clone(), rows.clone(), patience, write_line),
            admin: Admin::new(engine.clone(), hub.clone(), dates, patience)
                .with_sources(self.opened.sources.clone().unwrap_or_else(|| self.sources.clone()))
                .with_encryption(encryption_told(self.opened.encryption.clone())),
            audits: Audits::new(audit),
            peers: Peers::new(self.opened.answers.clone()),
        }
    }

    fn server_limits(&self) -> ServerLimits {
        let server = &self.config.server;
        ServerLimits {
            message_bytes: server.max_message_bytes,
            connections: server.max_connections,
            connections_of_address: server.max_connections_per_address,
            patience: Duration::from_secs(server.request_timeout_seconds),
            drain: Duration::from_secs(server.drain_seconds),
            ..ServerLimits::default()
        }
    }
}

/// What the status says of what stands on disk.
fn encryption_told(encryption: Option<Encryption>) -> EncryptionTold {
    let count = |segments: usize| u32::try_from(segments).unwrap_or(u32::MAX);
    Arc::new(move || {
        let Encryption { keys, plain_segments, older_segments } = encryption.as_ref()?;
        Some(pb::DataEncryption {
            suite: keys.suite().as_str().to_owned(),
            key: keys.current().to_string(),
            plain_segments: count(*plain_segments),
            older_segments: count(*older_segments),
        })
    })
}

pub(super) fn audit_folder(config: &Config) -> PathBuf {
    config.security.audit_path.clone().unwrap_or_else(|| config.data.path.join("audit"))
}

/// With principals what they ask for is written down; without, nobody has a name.
fn guard(config: &Config, refused: Arc<dyn Fn(&'static str) + Send + Sync>) -> anyhow::Result<Arc<Guard>> {
    let security = &config.security;
    let refused = Some(refused);
    let Some(members) = &security.members else {
        return Ok(Guard::open(Equipment { refused, ..Equipment::default() }));
    };
    let folder = audit_folder(config);
    let trail = Trail::open(&audit::Settings { folder, retain_days: security.audit_retain_days })?;
    let second = |most| Rate { most, within: Duration::from_secs(1) };
    let limits = guard::Limits {
        reveals: Rate { most: security.reveals_per_hour, within: Duration::from_secs(3600) },
        calls: second(security.calls_per_second),
        records: second(security.records_per_second),
        bytes: second(security.bytes_per_second),
        waiting: security.records_waiting,
        streams: security.streams_per_caller,
    };
    Ok(Guard::of(members, Equipment { trail: Some(trail), limits, refused }))
}

/// Resolves when the engine can no longer go on.
async fn failure(engine: &Engine) -> String {
    loop {
        if let Some(reason) = engine.failure() {
            return reason;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
