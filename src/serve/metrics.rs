//! What Prometheus reads. Labels come from closed sets only, never from people or projects.
//! The registry is given by whoever wires the process; nothing here is global.

use super::deliver::Deliveries;
use super::handling::Handling;
use super::hub::Hub;
use super::kafka_counts::KafkaCounts;
use super::registrar::{Listed, Registrar};
use super::senders::Senders;
use crate::domain::{AlertRow, Change, Door, Level, Origins, ReasonCode, Rule, Verdict};
use crate::engine::{Engine, Observer};
use crate::proto::REASONS;
use crate::telemetry::Outcome;
use prometheus::{
    Encoder, Error, Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry, TextEncoder,
};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Everything that is counted, timed and gauged.
pub struct Metrics {
    registry: Registry,
    listed: Vec<Listed>,
    /// What was written to the log before that is read again, not new.
    began_ms: i64,
    records: IntCounterVec,
    rejected: IntCounterVec,
    refused: IntCounterVec,
    append: Histogram,
    apply: Histogram,
    checkpoint: Histogram,
    checkpoint_pages: IntCounter,
    checkpoint_written: IntCounter,
    batch: Histogram,
    alert_rows: IntCounterVec,
    latency: Histogram,
    alerts: IntGaugeVec,
    held: IntGaugeVec,
    shadow: IntGaugeVec,
    senders: Senders,
    handling: Handling,
    deliveries: Deliveries,
    spans: IntCounterVec,
    kafka: KafkaCounts,
    disk_free: IntGauge,
    disk_reserve: IntGauge,
    gauges: Gauges,
}

/// Read from the engine when somebody asks.
struct Gauges {
    ready: IntGauge,
    business_date: IntGauge,
    checkpoint_age: IntGauge,
    log_bytes: IntGauge,
    store_bytes: IntGauge,
    hot_bytes: IntGauge,
    replay_blocks: IntGauge,
    queued: IntGauge,
    dead_letters: IntGauge,
    projects: IntGauge,
    hot_projects: IntGauge,
    workers: IntGauge,
    subscribers: IntGauge,
    lag: IntGauge,
}

/// 50 microseconds to 10 seconds.
const SECONDS: [f64; 16] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    10.0,
];
const ENTRIES: [f64; 10] = [1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 2048.0, 4096.0, 8192.0, 16_384.0];

impl Metrics {
    pub fn new(registry: Registry) -> Result<Metrics, Error> {
        let r = &Registrar::new(registry);
        process(r.registry())?;
        let build = r.gauge_vec("wagewatch_build_info", "The version that runs; always 1.", &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let metrics = Metrics {
            records: r.counter_vec(
                "wagewatch_records_total",
                "Records judged, by door and verdict.",
                &["door", "verdict"],
            )?,
            rejected: r.counter_vec(
                "wagewatch_rejected_records_total",
                "Records that could not be taken, by reason.",
                &["reason"],
            )?,
            refused: r.counter_vec(
                "wagewatch_refused_calls_total",
                "Calls that were refused, by reason.",
                &["reason"],
            )?,
            append: r.histogram("wagewatch_append_seconds", "Time to make a batch durable.", &SECONDS)?,
            apply: r.histogram(
                "wagewatch_apply_seconds",
                "Time to merge, settle and judge a batch on one thread.",
                &SECONDS,
            )?,
            checkpoint: r.histogram(
                "wagewatch_checkpoint_seconds",
                "Time to write a shard's checkpoint.",
                &SECONDS,
            )?,
            checkpoint_pages: r
                .counter("wagewatch_checkpoint_pages_total", "Pages written by checkpoints.")?,
            checkpoint_written: r
                .counter("wagewatch_checkpoint_bytes_total", "Bytes written by checkpoints.")?,
            batch: r.histogram("wagewatch_batch_entries", "Entries in a batch.", &ENTRIES)?,
            alert_rows: r.counter_vec(
                "wagewatch_alert_rows_total",
                "Changes of alerts published, by kind.",
                &["change"],
            )?,
            latency: r.histogram(
                "wagewatch_alert_latency_seconds",
                "From a record's block being written to its alert being published.",
                &SECONDS,
            )?,
            alerts: r.gauge_vec(
                "wagewatch_open_alerts",
                "Alerts that stand and are told, by rule and level.",
                &["rule", "level"],
            )?,
            held: r.gauge_vec(
                "wagewatch_held_alerts",
                "Alerts that stand and are held in quarantine, by rule; told to nobody before a release.",
                &["rule"],
            )?,
            shadow: r.gauge_vec(
                "wagewatch_shadow_alerts",
                "Alerts that would stand by the shadow rulebook, by rule and level; none without one. On a cluster, of the partitions that this instance owns.",
                &["rule", "level"],
            )?,
            senders: Senders::new(r)?,
            handling: Handling::new(r)?,
            deliveries: Deliveries::new(r)?,
            spans: r.counter_vec(
                "wagewatch_spans_total",
                "Spans of calls that are followed, by outcome: sent to the collector, dropped; none without a collector.",
                &["outcome"],
            )?,
            kafka: KafkaCounts::new(r)?,
            disk_free: r.gauge("wagewatch_disk_free_bytes", "Free on the disk of the data folder.")?,
            disk_reserve: r.gauge(
                "wagewatch_disk_reserve_bytes",
                "With less than this free no more records are taken; 0 = never looked.",
            )?,
            gauges: Gauges::new(r)?,
            began_ms: now_ms(),
            registry: r.registry().clone(),
            listed: r.listed(),
        };
        metrics.name_all();
        Ok(metrics)
    }

    /// A series that never was is no series: each begins at 0.
    fn name_all(&self) {
        for door in Door::ALL {
            for verdict in ["accepted", "duplicate", "rejected"] {
                self.records.with_label_values(&[door.as_str(), verdict]);
            }
        }
        ReasonCode::ALL.iter().for_each(|code| {
            self.rejected.with_label_values(&[code.as_str()]);
        });
        for outcome in [Outcome::Sent, Outcome::Dropped] {
            self.spans(outcome, 0);
        }
        REASONS.iter().for_each(|reason| {
            self.refused.with_label_values(&[*reason]);
        });
        Change::ALL.iter().for_each(|change| {
            self.alert_rows.with_label_values(&[change.as_str()]);
        });
    }

    /// Counts a refusal by its word, one of [`REASONS`].
    pub fn refused(&self, reason: &'static str) {
        self.refused.with_label_values(&[reason]).inc();
    }

    /// What became of spans.
    pub fn spans(&self, outcome: Outcome, count: usize) {
        let word = match outcome {
            Outcome::Sent => "sent",
            Outcome::Dropped => "dropped",
        };
        self.spans.with_label_values(&[word]).inc_by(count as u64);
    }

    /// Every metric of the program itself, for the manual.
    pub fn listed(&self) -> &[Listed] {
        &self.listed
    }

    /// For whoever delivers alerts.
    pub fn deliveries(&self) -> &Deliveries {
        &self.deliveries
    }

    /// For whoever reads and writes topics.
    pub fn kafka(&self) -> &KafkaCounts {
        &self.kafka
    }

    /// What the disk was last seen to have.
    pub fn disk_seen(&self, free_bytes: u64, reserve_bytes: u64) {
        self.disk_free.set(i64::try_from(free_bytes).unwrap_or(i64::MAX));
        self.disk_reserve.set(i64::try_from(reserve_bytes).unwrap_or(i64::MAX));
    }

    /// Counts the verdicts of a batch.
    pub fn tally(&self, door: Door, origins: &Origins, verdicts: &[Verdict]) {
        self.senders.tally(origins, verdicts, now_ms() / 1000);
        let (mut accepted, mut duplicate) = (0, 0);
        for verdict in verdicts {
            match verdict {
                Verdict::Accepted => accepted += 1,
                Verdict::Duplicate => duplicate += 1,
                Verdict::Rejected(reason) => {
                    self.records.with_label_values(&[door.as_str(), "rejected"]).inc();
                    self.rejected.with_label_values(&[reason.code.as_str()]).inc();
                }
            }
        }
        self.records.with_label_values(&[door.as_str(), "accepted"]).inc_by(accepted);
        self.records.with_label_values(&[door.as_str(), "duplicate"]).inc_by(duplicate);
    }

    /// The text that Prometheus reads, as of now.
    pub fn text(&self, engine: &Engine, hub: &Hub) -> Result<String, Error> {
        self.gauges.read(engine, hub);
        self.count_alerts(engine);
        self.count_shadow(engine);
        let status = engine.status();
        if let Some(partitions) = status.partitions {
            self.kafka.stages(partitions);
            self.kafka.clock(status.clock_ahead_ms.unwrap_or(0));
        }
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    fn count_alerts(&self, engine: &Engine) {
        let counts = engine.feed().counts();
        for rule in Rule::ALL {
            let held = i64::try_from(counts.held(*rule)).unwrap_or(i64::MAX);
            self.held.with_label_values(&[rule.as_str()]).set(held);
            for level in Level::ALL {
                let count = i64::try_from(counts.get(*rule, *level)).unwrap_or(i64::MAX);
                self.alerts.with_label_values(&[rule.as_str(), level.as_str()]).set(count);
            }
        }
    }

    fn count_shadow(&self, engine: &Engine) {
        let Some(shadow) = engine.status().shadow else { return };
        for rule in Rule::ALL {
            for level in Level::ALL {
                let count = shadow.alerts.get(&(*rule, *level)).copied().unwrap_or(0);
                let gauge = self.shadow.with_label_values(&[rule.as_str(), level.as_str()]);
                gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
            }
        }
    }
}

impl Gauges {
    fn new(r: &Registrar) -> Result<Gauges, Error> {
        let g = |name, help| r.gauge(name, help);
        Ok(Gauges {
            ready: g("wagewatch_ready", "1 when level with the log.")?,
            business_date: g(
                "wagewatch_business_date_timestamp_seconds",
                "The business date, as Unix time of its midnight; 0 before the first.",
            )?,
            checkpoint_age: g(
                "wagewatch_checkpoint_age_seconds",
                "Since the last finished round of checkpoints; 0 before the first.",
            )?,
            log_bytes: g("wagewatch_log_bytes", "Size of the log on disk.")?,
            store_bytes: g("wagewatch_store_bytes", "Size of the store on disk.")?,
            hot_bytes: g("wagewatch_hot_bytes", "Memory of the projects that are being worked on.")?,
            replay_blocks: g("wagewatch_replay_blocks", "Blocks of the log that a start would read again.")?,
            queued: g("wagewatch_queued_entries", "Entries that wait to be written.")?,
            dead_letters: g("wagewatch_dead_letters", "Records kept that could not be taken.")?,
            projects: g("wagewatch_projects", "Projects that any record names.")?,
            hot_projects: g("wagewatch_hot_projects", "Projects in memory.")?,
            workers: g("wagewatch_workers", "Workers by project, those in memory.")?,
            subscribers: g("wagewatch_subscribers", "Subscriptions that are open.")?,
            lag: g("wagewatch_subscriber_lag_rows", "Rows that the slowest subscriber is behind.")?,
        })
    }

    fn read(&self, engine: &Engine, hub: &Hub) {
        let status = engine.status();
        let set = |gauge: &IntGauge, value: u64| gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        self.ready.set(i64::from(status.ready));
        self.business_date.set(status.business_date.map_or(0, |day| i64::from(day.0) * 86_400));
        let age =
            if status.checkpoint_ms > 0 { now_ms().saturating_sub(status.checkpoint_ms) / 1000 } else { 0 };
        self.checkpoint_age.set(age.max(0));
        set(&self.log_bytes, status.log_bytes);
        set(&self.store_bytes, status.store_bytes);
        set(&self.hot_bytes, status.hot_bytes);
        set(&self.replay_blocks, status.log_head.0.saturating_sub(status.covered.0));
        set(&self.queued, status.queued_entries);
        set(&self.dead_letters, status.dead_letters);
        set(&self.projects, status.projects);
        set(&self.hot_projects, status.hot_projects);
        set(&self.workers, status.workers);
        set(&self.subscribers, hub.subscribers() as u64);
        set(&self.lag, hub.lag_max());
    }
}

/// Called from the engine's threads: counts, and nothing that could wait.
impl Observer for Metrics {
    fn appended(&self, entries: usize, micros: u64) {
        self.batch.observe(f64::from(u32::try_from(entries).unwrap_or(u32::MAX)));
        self.append.observe(seconds(micros));
    }

    fn applied(&self, _entries: usize, micros: u64) {
        self.apply.observe(seconds(micros));
    }

    fn published(&self, rows: &[Arc<AlertRow>]) {
        let now = now_ms();
        for row in rows.iter().filter(|row| row.written_ms >= self.began_ms) {
            self.handling.published(row);
            self.alert_rows.with_label_values(&[row.change.as_str()]).inc();
            let ms = u64::try_from(now.saturating_sub(row.written_ms)).unwrap_or(0);
            self.latency.observe(Duration::from_millis(ms).as_secs_f64());
        }
    }

    fn checkpointed(&self, pages: usize, bytes: usize, micros: u64) {
        self.checkpoint_pages.inc_by(pages as u64);
        self.checkpoint_written.inc_by(bytes as u64);
        self.checkpoint.observe(seconds(micros));
    }
}

fn seconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64()
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Memory, files and processor time of the process, where the machine tells them.
#[cfg(target_os = "linux")]
fn process(r: &Registry) -> Result<(), Error> {
    r.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))
}

#[cfg(not(target_os = "linux"))]
fn process(_: &Registry) -> Result<(), Error> {
    Ok(())
}
