//! Where what was sent to us is written: a batch is answered when every message of it was acknowledged by all replicas
//! in sync, or when one of them was not. Knows no sender.

use super::KafkaError;
use super::context::Ears;
use super::counts::{Client, Counted, Observer};
use super::message::Outgoing;
use super::settings::Settings;
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::message::{Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use rdkafka::statistics::Statistics;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What became of a batch: where each message stands, or why not all of them stand. Those of a batch that failed may
/// stand all the same: whoever sends them again changes nothing.
pub type Sent = Result<Vec<(i32, i64)>, KafkaError>;

type Done = Box<dyn FnOnce(Sent) + Send>;

/// A producer that many threads share.
pub struct Door {
    producer: ThreadedProducer<DoorContext>,
    /// Batches whose messages librdkafka has not taken yet must not be torn apart by others' full queues.
    limit: usize,
    waiting: Arc<AtomicUsize>,
}

/// One batch on its way.
pub(super) struct Batch {
    state: Mutex<State>,
    waiting: Arc<AtomicUsize>,
    sent: Instant,
}

struct State {
    places: Vec<(i32, i64)>,
    left: usize,
    failed: Option<KafkaError>,
    done: Option<Done>,
}

pub(super) struct DoorContext(pub Ears);

impl Door {
    /// `limit`: messages that may wait for acknowledgement.
    pub fn open(settings: &Settings, limit: usize, observer: Arc<dyn Observer>) -> Result<Door, KafkaError> {
        let mut config = settings.door();
        // Room for what is counted here, so that librdkafka's own queue is never what is full.
        config
            .set("queue.buffering.max.messages", limit.saturating_mul(2).max(1000).to_string())
            .set("queue.buffering.max.kbytes", "2097151");
        let producer = config
            .create_with_context(DoorContext(Ears::new(Client::Door, observer)))
            .map_err(KafkaError::client("start the producer"))?;
        Ok(Door { producer, limit, waiting: Arc::default() })
    }

    /// Messages that wait for acknowledgement.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    /// Sends a batch; `done` hears what became of it, once. `Err` = too many wait: nothing of it was sent.
    pub fn send(&self, messages: &[Outgoing], done: impl FnOnce(Sent) + Send + 'static) -> Result<(), usize> {
        let before = self.waiting.fetch_add(messages.len(), Ordering::AcqRel);
        if before > 0 && before + messages.len() > self.limit {
            self.waiting.fetch_sub(messages.len(), Ordering::AcqRel);
            return Err(before);
        }
        if messages.is_empty() {
            done(Ok(Vec::new()));
            return Ok(());
        }
        let state = State {
            places: vec![(0, 0); messages.len()],
            left: messages.len(),
            failed: None,
            done: Some(Box::new(done)),
        };
        let batch =
            Arc::new(Batch { state: Mutex::new(state), waiting: self.waiting.clone(), sent: Instant::now() });
        for (at, message) in messages.iter().enumerate() {
            let record =
                with_body(BaseRecord::with_opaque_to(&message.topic, Box::new((batch.clone(), at))), message);
            if let Err((error, record)) = self.producer.send(record) {
                let (batch, at) = *record.delivery_opaque;
                batch.settle(
                    at,
                    Err(KafkaError::Client { what: format!("write to {}", message.topic), source: error }),
                );
            }
        }
        Ok(())
    }

    /// Why nothing more can be written by this process, if so.
    pub fn failure(&self) -> Option<String> {
        let (code, why) = self.producer.client().fatal_error()?;
        Some(format!("kafka: the producer cannot go on: {code}: {why}"))
    }

    /// Waits until what was sent is settled.
    pub fn flush(&self, patience: Duration) -> Result<(), KafkaError> {
        self.producer.flush(patience).map_err(KafkaError::client("wait for acknowledgements"))
    }
}

/// Key, partition, body and headers.
pub(super) fn with_body<'a, D: rdkafka::util::IntoOpaque>(
    record: BaseRecord<'a, [u8], [u8], D>,
    message: &'a Outgoing,
) -> BaseRecord<'a, [u8], [u8], D> {
    let mut record = record.partition(message.partition).key(&message.key);
    if let Some(body) = &message.body {
        record = record.payload(body);
    }
    if message.headers.is_empty() {
        return record;
    }
    let empty = OwnedHeaders::new_with_capacity(message.headers.len());
    let headers = message
        .headers
        .iter()
        .fold(empty, |headers, (key, value)| headers.insert(Header { key, value: Some(value.as_slice()) }));
    record.headers(headers)
}

impl Batch {
    /// Whether it was the last of the batch.
    fn settle(&self, at: usize, result: Result<(i32, i64), KafkaError>) -> bool {
        self.waiting.fetch_sub(1, Ordering::AcqRel);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(place) => state.places[at] = place,
            Err(error) => {
                state.failed.get_or_insert(error);
            }
        }
        state.left -= 1;
        if state.left > 0 {
            return false;
        }
        let (places, failed, done) =
            (std::mem::take(&mut state.places), state.failed.take(), state.done.take());
        drop(state);
        if let Some(done) = done {
            done(failed.map_or(Ok(places), Err));
        }
        true
    }
}

impl ClientContext for DoorContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.0.log(level, facility, message);
    }
    fn stats(&self, statistics: Statistics) {
        self.0.stats(statistics);
    }
    fn error(&self, error: rdkafka::error::KafkaError, reason: &str) {
        self.0.error(error, reason);
    }
}

impl ProducerContext for DoorContext {
    type DeliveryOpaque = Box<(Arc<Batch>, usize)>;

    fn delivery(&self, result: &DeliveryResult<'_>, opaque: Self::DeliveryOpaque) {
        let (batch, at) = *opaque;
        match result {
            Ok(message) => {
                self.0.observer.counted(Counted::Produced, 1);
                // One time of each batch is enough.
                if batch.settle(at, Ok((message.partition(), message.offset()))) {
                    self.0.acknowledged(message, batch.sent);
                }
            }
            Err((error, message)) => {
                self.0.observer.counted(Counted::ProduceFailed, 1);
                let what = format!("write to {}", message.topic());
                batch.settle(at, Err(KafkaError::Client { what, source: error.clone() }));
            }
        }
    }
}
