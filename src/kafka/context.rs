//! What librdkafka tells each of its clients beside messages: log lines, errors, statistics.
//! None of them holds a message's content.

use super::counts::{Client, Gauged, Observer, Stamp, Unobserved};
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message, Timestamp};
use rdkafka::statistics::Statistics;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// A partition of a topic.
pub(super) type Place = (String, i32);

/// What every client has.
pub(super) struct Ears {
    client: Client,
    pub observer: Arc<dyn Observer>,
    /// Up to where what was read is covered by what was committed, of each partition that is owned.
    pub covered: Mutex<BTreeMap<Place, i64>>,
    /// Why the brokers, or this client, would not have the other.
    refused: Mutex<Option<String>>,
    /// Another client has this one's place.
    replaced: AtomicBool,
}

impl Ears {
    pub fn new(client: Client, observer: Arc<dyn Observer>) -> Ears {
        Ears {
            client,
            observer,
            covered: Mutex::default(),
            refused: Mutex::default(),
            replaced: AtomicBool::new(false),
        }
    }

    /// Of a client that nobody watches.
    pub fn unobserved() -> Ears {
        Ears::new(Client::Member, Arc::new(Unobserved))
    }

    /// From now on another one tells how clients of this kind stand.
    pub fn replace(&self) {
        self.replaced.store(true, Ordering::Release);
    }

    /// A message that was sent then was acknowledged now, with a time of the brokers'.
    pub fn acknowledged(&self, message: &BorrowedMessage<'_>, sent: Instant) {
        // Any other time is not the brokers'.
        let Timestamp::LogAppendTime(stamped_ms) = message.timestamp() else { return };
        let (topic, partition, acknowledged) = (message.topic(), message.partition(), Instant::now());
        self.observer.stamped(Stamp { topic, partition, stamped_ms, sent, acknowledged });
    }

    pub fn covered<T>(&self, with: impl FnOnce(&mut BTreeMap<Place, i64>) -> T) -> T {
        with(&mut self.covered.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why no broker is spoken to, if that is a matter of names, passwords or certificates: it does not pass by itself.
    pub fn refused(&self) -> Option<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many messages are not covered yet.
    fn lag(&self, statistics: &Statistics) -> u64 {
        self.covered(|covered| {
            let behind = covered.iter().filter_map(|((topic, partition), covered)| {
                let end = statistics.topics.get(topic)?.partitions.get(partition)?.ls_offset;
                u64::try_from(end - covered).ok()
            });
            behind.sum()
        })
    }
}

impl ConsumerContext for Ears {}

impl ClientContext for Ears {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            // librdkafka tells of each setting that is not for this kind of client.
            _ if facility == "CONFWARN" => tracing::debug!(facility, "{message}"),
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error => tracing::warn!(facility, "kafka: {message}"),
            RDKafkaLogLevel::Warning | RDKafkaLogLevel::Notice => {
                tracing::info!(facility, "kafka: {message}")
            }
            RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => tracing::debug!(facility, "kafka: {message}"),
        }
    }

    fn stats(&self, statistics: Statistics) {
        if self.replaced.load(Ordering::Acquire) {
            return;
        }
        for topic in statistics.topics.values() {
            for one in topic.partitions.values().filter(|one| one.leader >= 0) {
                self.observer.led(&topic.topic, one.partition, one.leader);
            }
        }
        let slowest = statistics.brokers.values().filter_map(|broker| broker.rtt.as_ref()).map(|rtt| rtt.p99);
        let slowest = u64::try_from(slowest.max().unwrap_or(0)).unwrap_or(0);
        self.observer.gauged(Gauged::RoundTripMicros(self.client), slowest);
        if statistics.client_type == "producer" {
            self.observer.gauged(Gauged::InFlight(self.client), statistics.msg_cnt);
        } else {
            self.observer.gauged(Gauged::Lag, self.lag(&statistics));
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::PartitionEOF) {
            return;
        }
        let look_at = match error.rdkafka_error_code() {
            Some(
                RDKafkaErrorCode::Authentication
                | RDKafkaErrorCode::SaslAuthenticationFailed
                | RDKafkaErrorCode::UnsupportedSASLMechanism,
            ) => Some("sasl.mechanisms and sasl.username in kafka.settings, and kafka.sasl_password_file"),
            Some(RDKafkaErrorCode::SSL) => Some("ssl.ca.location and security.protocol in kafka.settings"),
            _ => None,
        };
        if let Some(look_at) = look_at {
            let why = format!("{error}: {reason}; to be looked at: {look_at}");
            *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        }
        // It goes on trying; what cannot be tried again comes back to whoever asked.
        tracing::warn!("kafka: {error}: {reason}");
    }
}
