//! What became of deliveries, for metrics.

use crate::serve::registrar::Registrar;
use prometheus::{Error, IntCounterVec, IntGaugeVec};

/// Whom alerts are delivered to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    Webhook,
    Alertmanager,
}

impl Target {
    const ALL: [Target; 2] = [Target::Webhook, Target::Alertmanager];

    pub fn as_str(self) -> &'static str {
        match self {
            Target::Webhook => "webhook",
            Target::Alertmanager => "alertmanager",
        }
    }
}

/// Counted by target.
#[derive(Clone)]
pub struct Deliveries {
    done: IntCounterVec,
    failing: IntGaugeVec,
}

impl Deliveries {
    pub(in crate::serve) fn new(r: &Registrar) -> Result<Deliveries, Error> {
        let counts = Deliveries {
            done: r.counter_vec(
                "wagewatch_deliveries_total",
                "Deliveries of alerts to other systems, by target and outcome: taken, again (it failed and is tried again), dead (given up).",
                &["target", "outcome"],
            )?,
            failing: r.gauge_vec(
                "wagewatch_delivery_failing",
                "1 while a target does not take what is delivered; 0 also where no target is configured.",
                &["target"],
            )?,
        };
        for target in Target::ALL {
            for outcome in ["taken", "again", "dead"] {
                counts.done.with_label_values(&[target.as_str(), outcome]);
            }
            counts.failing.with_label_values(&[target.as_str()]);
        }
        Ok(counts)
    }

    pub(super) fn taken(&self, target: Target) {
        self.done.with_label_values(&[target.as_str(), "taken"]).inc();
    }

    pub(super) fn again(&self, target: Target) {
        self.done.with_label_values(&[target.as_str(), "again"]).inc();
    }

    /// Whether anything waits to be tried again.
    pub(super) fn failing(&self, target: Target, is_failing: bool) {
        self.failing.with_label_values(&[target.as_str()]).set(i64::from(is_failing));
    }

    pub(super) fn dead(&self, target: Target) {
        self.done.with_label_values(&[target.as_str(), "dead"]).inc();
    }
}
