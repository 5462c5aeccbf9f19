//! What Kafka tells of itself, for metrics; all of it 0 where the log is local.

use super::registrar::Registrar;
use crate::engine::api::PartitionStatus;
use crate::kafka::{Client, Counted, Gauged, Observer};
use prometheus::{Error, Gauge, GaugeVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};
use std::time::Duration;

/// Counted and gauged by whoever reads and writes topics.
#[derive(Clone)]
pub struct KafkaCounts {
    produced: IntCounterVec,
    consumed: IntCounter,
    dead: IntCounter,
    moved: IntCounter,
    rebalanced: IntCounterVec,
    transactions: IntCounterVec,
    fenced: IntCounter,
    lag: IntGauge,
    owned: IntGauge,
    stages: IntGaugeVec,
    restored: IntGauge,
    in_flight: IntGaugeVec,
    round_trip: GaugeVec,
    clock: Gauge,
}

impl KafkaCounts {
    pub(super) fn new(r: &Registrar) -> Result<KafkaCounts, Error> {
        let counts = KafkaCounts {
            produced: r.counter_vec(
                "wagewatch_kafka_produced_messages_total",
                "Messages written to Kafka, by outcome: acknowledged (by all replicas in sync), failed.",
                &["outcome"],
            )?,
            consumed: r.counter("wagewatch_kafka_consumed_messages_total", "Messages read from Kafka.")?,
            dead: r.counter(
                "wagewatch_kafka_dead_letters_total",
                "Messages of Kafka that could not be taken, and were kept.",
            )?,
            moved: r.counter(
                "wagewatch_kafka_moved_messages_total",
                "Messages that stood in another partition than their project's, and were handed on to it.",
            )?,
            rebalanced: r.counter_vec(
                "wagewatch_kafka_partition_changes_total",
                "Partitions that came and went, by change: assigned, revoked, lost (taken away without being asked).",
                &["change"],
            )?,
            transactions: r.counter_vec(
                "wagewatch_kafka_transactions_total",
                "Batches whose output was written, by outcome: committed, aborted.",
                &["outcome"],
            )?,
            fenced: r.counter(
                "wagewatch_kafka_fenced_writes_total",
                "Writes that the brokers refused, because another instance had taken over.",
            )?,
            lag: r.gauge(
                "wagewatch_kafka_lag_messages",
                "Messages between what was committed and the end of the partitions that this instance owns.",
            )?,
            owned: r.gauge("wagewatch_kafka_owned_partitions", "Partitions that this instance owns.")?,
            stages: r.gauge_vec(
                "wagewatch_kafka_partitions",
                "Partitions of this instance by stage: following (a copy of another's), restoring (from the changelog), catching-up, serving.",
                &["stage"],
            )?,
            restored: r.gauge(
                "wagewatch_kafka_restored_pages",
                "Pages read from the changelog by partitions that are being taken over.",
            )?,
            in_flight: r.gauge_vec(
                "wagewatch_kafka_in_flight_messages",
                "Messages that wait for the brokers' acknowledgement, by client: door (what was sent to the instance), outbox (what it made of what it read).",
                &["client"],
            )?,
            round_trip: r.fine_gauge_vec(
                "wagewatch_kafka_round_trip_seconds",
                "What one of a hundred requests to the slowest broker exceeds, by client: door, outbox, member (reads the partitions that are owned).",
                &["client"],
            )?,
            clock: r.fine_gauge(
                "wagewatch_kafka_clock_offset_seconds",
                "By how much this machine's clock is ahead of the brokers' for certain (below 0: behind); 0 before they were heard.",
            )?,
        };
        for client in [Client::Door, Client::Outbox] {
            counts.in_flight.with_label_values(&[client.as_str()]);
        }
        for client in [Client::Door, Client::Outbox, Client::Member] {
            counts.round_trip.with_label_values(&[client.as_str()]);
        }
        for outcome in ["acknowledged", "failed"] {
            counts.produced.with_label_values(&[outcome]);
        }
        for change in ["assigned", "revoked", "lost"] {
            counts.rebalanced.with_label_values(&[change]);
        }
        for outcome in ["committed", "aborted"] {
            counts.transactions.with_label_values(&[outcome]);
        }
        counts.stages(PartitionStatus::default());
        Ok(counts)
    }

    /// How partitions stand now.
    pub(super) fn stages(&self, now: PartitionStatus) {
        let PartitionStatus { following, restoring, catching_up, serving, restored_pages } = now;
        for (stage, count) in [
            ("following", following),
            ("restoring", restoring),
            ("catching-up", catching_up),
            ("serving", serving),
        ] {
            self.stages.with_label_values(&[stage]).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        self.restored.set(i64::try_from(restored_pages).unwrap_or(i64::MAX));
    }

    /// By how much this machine's clock is ahead of the brokers'.
    pub(super) fn clock(&self, ahead_ms: i64) {
        let seconds = Duration::from_millis(ahead_ms.unsigned_abs()).as_secs_f64();
        let sign = if ahead_ms < 0 { -1_i8 } else { 1 };
        self.clock.set(seconds.copysign(f64::from(sign)));
    }
}

impl Observer for KafkaCounts {
    fn counted(&self, what: Counted, by: u64) {
        let of = |family: &IntCounterVec, word: &str| family.with_label_values(&[word]);
        match what {
            Counted::Produced => of(&self.produced, "acknowledged").inc_by(by),
            Counted::ProduceFailed => of(&self.produced, "failed").inc_by(by),
            Counted::Consumed => self.consumed.inc_by(by),
            Counted::DeadLetters => self.dead.inc_by(by),
            Counted::Moved => self.moved.inc_by(by),
            Counted::PartitionsAssigned => of(&self.rebalanced, "assigned").inc_by(by),
            Counted::PartitionsRevoked => of(&self.rebalanced, "revoked").inc_by(by),
            Counted::PartitionsLost => of(&self.rebalanced, "lost").inc_by(by),
            Counted::Committed => of(&self.transactions, "committed").inc_by(by),
            Counted::Aborted => of(&self.transactions, "aborted").inc_by(by),
            Counted::Fenced => self.fenced.inc_by(by),
        }
    }

    fn gauged(&self, what: Gauged, value: u64) {
        let gauge = match what {
            Gauged::Lag => &self.lag,
            Gauged::Owned => &self.owned,
            Gauged::InFlight(client) => &self.in_flight.with_label_values(&[client.as_str()]),
            Gauged::RoundTripMicros(client) => {
                let of = self.round_trip.with_label_values(&[client.as_str()]);
                return of.set(Duration::from_micros(value).as_secs_f64());
            }
        };
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    }
}
