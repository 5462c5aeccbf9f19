//! Starts the following of calls, where the config names a collector.

use super::config::Config;
use crate::domain::{AlertRow, Position, TraceMark};
use crate::engine::api::Marked;
use crate::log::Block;
use crate::serve::metrics::Metrics;
use crate::telemetry::{Settings, Telemetry};
use anyhow::anyhow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub(super) fn start(config: &Config, metrics: &Arc<Metrics>) -> anyhow::Result<Telemetry> {
    let telemetry = &config.telemetry;
    let Some(endpoint) = &telemetry.otlp_endpoint else { return Ok(Telemetry::default()) };
    let settings = Settings {
        endpoint: endpoint.to_string(),
        service_name: telemetry.service_name.clone(),
        sample_millionths: telemetry.sample_millionths,
    };
    let counted = metrics.clone();
    let tell = Arc::new(move |outcome, count| counted.spans(outcome, count));
    Telemetry::start(&settings, tell).map_err(|why| anyhow!("telemetry.otlp_endpoint: {why}"))
}

/// What the engine tells of batches that are followed.
#[derive(Default)]
pub(super) struct Ear(std::sync::OnceLock<Telemetry>);

impl Ear {
    /// The engine is started before it is served.
    pub fn listen(&self, telemetry: &Telemetry) {
        if telemetry.is_on() {
            // Nobody listens twice.
            let _ = self.0.set(telemetry.clone());
        }
    }

    /// Where somebody listens.
    pub fn telemetry(&self) -> Option<&Telemetry> {
        self.0.get()
    }

    /// A row came from the topic with what caused it.
    pub fn caused(&self, row: &AlertRow, mark: TraceMark) {
        if let Some(telemetry) = self.0.get() {
            telemetry.caused(row, mark);
        }
    }

    pub fn marked(&self, block: &Block, marked: &[Marked], micros: u64) {
        let Some(telemetry) = self.0.get() else { return };
        let to = SystemTime::now();
        let from = to - Duration::from_micros(micros);
        for one in marked {
            let entries = block.entries.get(one.entries.clone()).unwrap_or_default();
            telemetry.committed(block.position, one.mark, entries, (from, to));
        }
    }

    pub fn applying(&self, position: Position) {
        if let Some(telemetry) = self.0.get() {
            telemetry.applying(position);
        }
    }

    pub fn published(&self, rows: &[Arc<AlertRow>]) {
        if let Some(telemetry) = self.0.get() {
            telemetry.published(rows);
        }
    }

    pub fn finished(&self) {
        if let Some(telemetry) = self.0.get() {
            telemetry.applied();
        }
    }
}
