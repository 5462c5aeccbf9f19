//! Output that stands or falls with the offsets that it was made of: one transaction of the brokers a batch. An instance
//! that has lost its partitions without knowing it is refused here, and must end. Knows nothing of what is written.

use super::KafkaError;
use super::context::Ears;
use super::counts::{Counted, Observer};
use super::door::with_body;
use super::member::Member;
use super::message::Outgoing;
use super::settings::Settings;
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Why a batch's output does not stand.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Nothing of it stands; the partitions are to be read again from what was committed last.
    #[error("kafka: output was taken back: {0}")]
    Aborted(String),
    /// This process cannot go on: another instance writes in its place, or the producer is broken.
    #[error(transparent)]
    Fatal(#[from] KafkaError),
}

/// So long may brokers be away before it is an error.
const RESTART: Duration = Duration::from_secs(60);

/// How far one partition is read with a batch.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Covered {
    pub topic: String,
    pub partition: i32,
    /// The next offset to read.
    pub next: i64,
    /// What whoever takes the partition over is told beside.
    pub note: String,
}

/// The transactional producer of one instance. One batch at a time.
pub struct Outbox {
    producer: ThreadedProducer<OutboxContext>,
    patience: Duration,
}

struct OutboxContext {
    ears: Ears,
}

impl Outbox {
    /// `instance` names this one among the others, the same after a restart: what an earlier process of this name left
    /// open is taken back, and that process fenced.
    pub fn open(
        settings: &Settings,
        instance: &str,
        observer: Arc<dyn Observer>,
    ) -> Result<Outbox, KafkaError> {
        let mut config = settings.outbox(instance);
        config.set("queue.buffering.max.messages", "1000000").set("queue.buffering.max.kbytes", "2097151");
        let context = OutboxContext { ears: Ears::new(observer) };
        let producer: ThreadedProducer<OutboxContext> = config
            .create_with_context(context)
            .map_err(KafkaError::client("start the transactional producer"))?;
        let patience = Duration::from_millis(settings.session_ms());
        // After all brokers were restarted it takes a while until one of them answers for transactions.
        let until = Instant::now() + RESTART;
        loop {
            match producer.init_transactions(patience) {
                Ok(()) => break,
                Err(error) if is_retriable(&error) && Instant::now() < until => {}
                Err(error) => return Err(KafkaError::client("begin to write by transactions")(error)),
            }
        }
        Ok(Outbox { producer, patience })
    }

    /// Writes a batch's output, and how far it covers what was read: all or nothing, visible to readers when this returns.
    pub fn commit(&self, member: &Member, output: &[Outgoing], covered: &[Covered]) -> Result<(), Refused> {
        self.producer.begin_transaction().map_err(|error| self.fatal("begin a transaction", error))?;
        if let Err(error) = self.write(member, output, covered) {
            return self.take_back(error);
        }
        // librdkafka commits nothing of which a message failed.
        match self.retried(RESTART, || self.producer.commit_transaction(self.patience)) {
            Ok(()) => {
                self.counted(Counted::Committed, 1);
                self.counted(Counted::Produced, output.len() as u64);
                member.covered(covered);
                Ok(())
            }
            Err(error) if requires_abort(&error) => self.take_back(error),
            // It may stand or not: the next process of this name asks what was committed.
            Err(error) => Err(self.fatal("commit a transaction", error)),
        }
    }

    fn write(&self, member: &Member, output: &[Outgoing], covered: &[Covered]) -> Result<(), ClientError> {
        for message in output {
            let mut record = with_body(BaseRecord::to(&message.topic), message);
            while let Err((error, back)) = self.producer.send(record) {
                if error.rdkafka_error_code() != Some(Code::QueueFull) {
                    return Err(error);
                }
                // The producer's own thread makes room.
                std::thread::sleep(Duration::from_millis(1));
                record = back;
            }
        }
        let mut offsets = TopicPartitionList::with_capacity(covered.len());
        for one in covered {
            let mut place = offsets.add_partition(&one.topic, one.partition);
            place.set_offset(Offset::Offset(one.next))?;
            place.set_metadata(one.note.as_str());
        }
        let Some(group) = member.group().filter(|_| member.owns(covered)) else {
            return Err(ClientError::Canceled);
        };
        self.retried(RESTART, || self.producer.send_offsets_to_transaction(&offsets, &group, self.patience))
    }

    fn take_back(&self, error: ClientError) -> Result<(), Refused> {
        tracing::info!("kafka: a transaction is taken back: {error}");
        if is_fatal(&error) || self.producer.client().fatal_error().is_some() {
            return Err(self.fatal("write", error));
        }
        self.counted(Counted::Aborted, 1);
        self.retried(RESTART, || self.producer.abort_transaction(self.patience))
            .map_err(|error| self.fatal("take back a transaction", error))?;
        if is_fenced(&error) {
            self.counted(Counted::Fenced, 1);
        }
        Err(Refused::Aborted(error.to_string()))
    }

    fn fatal(&self, what: &str, error: ClientError) -> Refused {
        let why = self.producer.client().fatal_error();
        let fenced = is_fenced(&error)
            || why.as_ref().is_some_and(|(code, _)| {
                matches!(code, Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch)
            });
        if !fenced {
            return Refused::Fatal(KafkaError::client(what)(error));
        }
        self.counted(Counted::Fenced, 1);
        let why = why.map_or_else(|| error.to_string(), |(_, why)| why);
        Refused::Fatal(KafkaError::Fenced(why))
    }

    /// What may be tried again is, for as long as brokers take to be restarted.
    fn retried(
        &self,
        patience: Duration,
        call: impl Fn() -> Result<(), ClientError>,
    ) -> Result<(), ClientError> {
        let until = Instant::now() + patience;
        loop {
            match call() {
                Err(error) if is_retriable(&error) && Instant::now() < until => {
                    tracing::info!("kafka: again: {error}");
                }
                result => return result,
            }
        }
    }

    fn counted(&self, what: Counted, by: u64) {
        self.producer.context().ears.observer.counted(what, by);
    }
}

fn is_retriable(error: &ClientError) -> bool {
    matches!(error, ClientError::Transaction(inner) if inner.is_retriable() && !inner.txn_requires_abort())
}

fn requires_abort(error: &ClientError) -> bool {
    matches!(error, ClientError::Transaction(inner) if inner.txn_requires_abort())
}

fn is_fatal(error: &ClientError) -> bool {
    matches!(error, ClientError::Transaction(inner) if inner.is_fatal())
}

/// The brokers know another one in this one's place.
fn is_fenced(error: &ClientError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::Fenced
                | Code::ProducerFenced
                | Code::InvalidProducerEpoch
                | Code::IllegalGeneration
                | Code::UnknownMemberId
                | Code::FencedInstanceId
        )
    )
}

impl ClientContext for OutboxContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.ears.log(level, facility, message);
    }
    fn stats(&self, statistics: Statistics) {
        self.ears.stats(statistics);
    }
    fn error(&self, error: ClientError, reason: &str) {
        self.ears.error(error, reason);
    }
}

impl ProducerContext for OutboxContext {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if result.is_err() {
            self.ears.observer.counted(Counted::ProduceFailed, 1);
        }
    }
}
