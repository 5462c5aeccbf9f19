//! An instance of a cluster on Kafka, put together: the topics are checked, the alerts topic is followed, the group is
//! joined, and doors are given a handle that works on any instance.

mod asking;
mod clock;
mod core;
mod heard;
mod letters;
mod output;
mod peers;
mod shadow;
mod stores;
mod table;
mod thread;
mod transport;
mod verdicts;
mod writing;

pub use output::ALERT;
pub use transport::KafkaTransport;

use super::config::Config;
use super::{data_keys, telemetry};
use crate::alerts::PUBLIC_ID_KEY;
use crate::cipher::DataKeys;
use crate::domain::Entry;
use crate::engine::cluster::{Instance, InstanceSettings, Partition, Spans, Terms};
use crate::engine::{Engine, Equipment, Observer};
use crate::intake::kafka::Sorter;
use crate::kafka::{self, Admin, Door, Settings};
use crate::serve::peers::Answers;
use crate::serve::sources::{AllSources, Sources};
use crate::store::MemoryStore;
use anyhow::{Context, bail};
use clock::{BrokersClock, Listening};
use crossbeam_channel::{bounded, unbounded};
use heard::Heard;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use stores::Stores;
use table::Table;
use thread::{InstanceThread, Shared};
use transport::{News, Wiring};
use verdicts::VerdictBook;

/// Messages of our doors that may wait for acknowledgement.
const DOOR_MAX: usize = 200_000;

/// A running instance.
pub struct Joined {
    pub engine: Engine,
    /// For the other instances.
    pub answers: Arc<dyn Answers>,
    pub sources: Arc<dyn AllSources>,
}

/// Who hears of it.
pub struct Ears {
    pub engine: Arc<dyn Observer>,
    pub kafka: Arc<dyn kafka::Observer>,
    pub(super) traces: Arc<telemetry::Ear>,
    /// Who counts what `engine` is told of senders.
    pub sources: Arc<Sources>,
}

/// Starts an instance; it joins the group in the background. Waits for the brokers once, to hold the topics against what
/// they must be.
///
/// # Errors
/// With the topic, its setting, what was found and what is needed; or what of the config cannot be used.
pub fn join(config: &Config, keys: Option<DataKeys>, ears: Ears) -> anyhow::Result<Joined> {
    let settings = config.kafka.as_ref().context("kafka.brokers: no brokers are named")?;
    let cluster = config.cluster.as_ref().context("log.kind is not \"kafka\"")?;
    let name = cluster.name.clone().context(
        "cluster.name: this instance has none; each needs a name of its own, the same after a restart",
    )?;
    let runtime = tokio::runtime::Handle::try_current().context("no runtime")?;
    runtime.block_on(check(settings))?;
    let history = usize::try_from(config.alerts.history_rows).unwrap_or(usize::MAX);
    let table = Arc::new(Table::new(settings.partitions, history, ears.engine));
    let clock = Arc::new(BrokersClock::new());
    let observer: Arc<dyn kafka::Observer> = Arc::new(Listening { clock: clock.clone(), counts: ears.kafka });
    let door = Arc::new(Door::open(settings, DOOR_MAX, observer.clone())?);
    let (wake, woken) = bounded(1);
    let (jobs, asked) = unbounded();
    let (shared, verdicts) = (Arc::new(Shared::default()), Arc::new(VerdictBook::default()));
    let heard = Heard { counts: ears.sources, spans: Arc::default() };
    let stop = Arc::new(AtomicBool::new(false));
    let following = {
        let (table, settings, stop) = (table.clone(), settings.clone(), stop.clone());
        spawn("alerts-topic", &shared, move || table.follow(&settings, &stop))?
    };
    let sorter = Sorter { topics: settings.topics(), partitions: settings.partitions };
    let joining = Joining {
        config: config.clone(),
        name,
        me: cluster.advertise.clone(),
        standby: if cluster.standby { settings.partitions } else { 0 },
        settings: settings.clone(),
        keys,
        table: table.clone(),
        door: door.clone(),
        wiring: Wiring { wake: wake.clone(), woken },
        jobs: asked,
        shared: shared.clone(),
        verdicts: verdicts.clone(),
        observer,
        traces: ears.traces.clone(),
        spans: heard.spans.clone(),
        stop: stop.clone(),
    };
    let failing = shared.clone();
    let working = spawn("instance", &shared, move || {
        if let Err(error) = joining.work() {
            failing.fail(&format!("{error:#}"));
        }
    })?;
    let core = core::ClusterCore::new(core::Parts {
        table,
        verdicts,
        heard,
        jobs,
        wake,
        shared,
        door,
        sorter,
        settings: settings.clone(),
        peers: peers::Peers::new(cluster, config.security.tls.is_some())?,
        me: cluster.advertise.clone(),
        clock,
        traces: ears.traces,
        runtime,
        rulebook: config.rulebook.version.clone(),
        stop_following: stop,
        threads: Mutex::new(vec![working, following]),
    });
    if config.shadow.is_some() {
        core.follow_shadow();
    }
    Ok(Joined {
        engine: Engine::of(Arc::new(core.clone())),
        answers: Arc::new(core.clone()),
        sources: Arc::new(core),
    })
}

async fn check(settings: &Settings) -> anyhow::Result<()> {
    let looked = Admin::new(settings)?.look().await?;
    let mut wrong: Vec<String> = looked.wrong.iter().map(ToString::to_string).collect();
    if !looked.missing.is_empty() {
        wrong.push(format!(
            "no topic {}: `wagewatch kafka init` makes what is missing",
            looked.missing.join(", ")
        ));
    }
    if !wrong.is_empty() {
        bail!("the topics are not as they must be:\n  {}", wrong.join("\n  "));
    }
    Ok(())
}

/// A thread whose panic fails the instance: a broken invariant ends the process, a restart recovers.
fn spawn(
    name: &'static str,
    shared: &Arc<Shared>,
    body: impl FnOnce() + Send + 'static,
) -> anyhow::Result<std::thread::JoinHandle<()>> {
    let shared = shared.clone();
    let run = move || {
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).is_err() {
            shared.fail(&format!("thread {name} met a bug"));
        }
    };
    std::thread::Builder::new().name(name.into()).spawn(run).with_context(|| format!("thread {name}"))
}

/// What an instance is made of, on its own thread.
struct Joining {
    config: Config,
    name: String,
    me: String,
    standby: u16,
    settings: Settings,
    keys: Option<DataKeys>,
    table: Arc<Table>,
    door: Arc<Door>,
    wiring: Wiring,
    jobs: crossbeam_channel::Receiver<thread::Job>,
    shared: Arc<Shared>,
    verdicts: Arc<VerdictBook>,
    observer: Arc<dyn kafka::Observer>,
    traces: Arc<telemetry::Ear>,
    spans: Arc<Mutex<Spans>>,
    stop: Arc<AtomicBool>,
}

impl Joining {
    fn work(self) -> anyhow::Result<()> {
        // What all instances have to agree on stands there.
        while !self.table.is_level() {
            if self.stop.load(Ordering::Acquire) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let terms = self.terms()?;
        let partitions = self.settings.partitions;
        let sizes = InstanceSettings {
            partitions,
            checkpoint_messages: usize::try_from(self.config.store.checkpoint_records).unwrap_or(usize::MAX)
                / (usize::from(partitions) + 1),
            checkpoint_every: Duration::from_secs(self.config.store.checkpoint_seconds),
            partition_bytes: usize::try_from(self.config.engine.memory_bytes).unwrap_or(usize::MAX)
                / (usize::from(partitions) + 1),
        };
        let book = Arc::new(self.config.rulebook.clone());
        let with = Equipment {
            store: Arc::new(MemoryStore::new()),
            book: book.clone(),
            ids: self.config.alerts.id_key.as_ref().map_or(PUBLIC_ID_KEY, |key| key.0),
            rows_max: 0,
            shards: partitions,
            shadow: self.config.shadow.map(Arc::new),
        };
        let stores = Stores {
            data: self.config.data.path.clone(),
            cache_bytes: self.config.store.cache_bytes,
            partitions,
            keys: self.keys,
        };
        let news = News { me: self.me, table: self.table, terms, traces: self.traces, spans: self.spans };
        let (door, sorter) = (self.door.clone(), Sorter { topics: self.settings.topics(), partitions });
        let transport =
            KafkaTransport::join_with(&self.settings, &self.name, self.observer, self.wiring, Some(news))?;
        let opens = Box::new(move |partition: Partition| stores.open(partition));
        InstanceThread {
            instance: Instance::new(transport, sizes, with, opens),
            jobs: self.jobs,
            verdicts: self.verdicts,
            shared: self.shared,
            book,
            standby: self.standby,
            say: Box::new(move |entry: Entry| {
                let message = sorter.entry(&entry);
                if door.send(&[message], drop).is_err() {
                    tracing::warn!(
                        "too much waits for the brokers: what the instance had to say was not written"
                    );
                }
            }),
            busy_rounds: 0,
        }
        .run();
        Ok(())
    }

    /// What this instance holds to be so; an error if the others hold something else.
    fn terms(&self) -> anyhow::Result<Terms> {
        let ids = self.config.alerts.id_key.as_ref().map_or(PUBLIC_ID_KEY, |key| key.0);
        let [a, b, c, d] = data_keys::draw()?;
        let own = Terms {
            life: u32::from_be_bytes([a, b, c, d]),
            day_starts_at: self.config.clock.day_starts_at.0,
            ids: crc32fast::hash(&ids),
        };
        let Some(all) = self.table.terms() else { return Ok(own) };
        let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        if own.day_starts_at != all.day_starts_at {
            bail!(
                "clock.day_starts_at is {}, and the cluster was begun with {}: it is one for all instances and cannot change later",
                time(own.day_starts_at),
                time(all.day_starts_at)
            );
        }
        if own.ids != all.ids {
            bail!(
                "alerts.id_key_file is another than the one that the cluster was begun with: it is one for all instances and cannot change later"
            );
        }
        Ok(all)
    }
}
