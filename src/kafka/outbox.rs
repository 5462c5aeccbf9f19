//! Output that stands or falls with the offsets that it was made of: one transaction of the brokers a batch. An instance
//! that has lost its partitions without knowing it is refused here, and must end. Knows nothing of what is written.

use super::KafkaError;
use super::context::Ears;
use super::counts::{Client, Counted, Observer};
use super::door::with_body;
use super::member::Member;
use super::message::Outgoing;
use super::patience::{PAUSE, RESTART};
use super::settings::Settings;
use crossbeam_channel::bounded;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use rdkafka::message::Message;
use rdkafka::producer::{
    BaseRecord, DeliveryResult, Producer, ProducerContext, PurgeConfig, ThreadedProducer,
};
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::{ClientConfig, ClientContext};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Why a batch's output does not stand.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// To be done again from what is committed, which is to be asked: as a rule nothing of it stands, but when the brokers'
    /// last answer was lost, all of it may.
    #[error("kafka: output was taken back: {0}")]
    Aborted(String),
    /// This process cannot go on: another instance writes in its place, or the producer is broken.
    #[error(transparent)]
    Fatal(#[from] KafkaError),
}

/// Why a transaction has not come to its end.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("librdkafka has not come back from sending offsets")]
    NoAnswer,
}

/// What librdkafka needs beyond the time that it was given, if it keeps to it.
const GRACE: Duration = Duration::from_secs(1);

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
    /// What the next one is made by, should this one break.
    config: ClientConfig,
    observer: Arc<dyn Observer>,
    /// The brokers take a transaction back that lasts longer.
    patience: Duration,
}

struct OutboxContext {
    ears: Ears,
    /// When the transaction began whose messages are on their way.
    begun: Mutex<Instant>,
    /// Where each message of the transaction that is open was written, as far as that is known.
    places: Mutex<Vec<Option<i64>>>,
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
        let patience = Duration::from_millis(settings.session_ms());
        let producer = producer(&config, &observer, patience)?;
        Ok(Outbox { producer, config, observer, patience })
    }

    /// Writes a batch's output, and how far it covers what was read: all or nothing, visible to readers when this returns.
    /// Answers at which offset each message of the output stands; `None` where the brokers have not said it.
    pub fn commit(
        &mut self,
        member: &Member,
        output: &[Outgoing],
        covered: &[Covered],
    ) -> Result<Vec<Option<i64>>, Refused> {
        let begun = Instant::now();
        let Err(failed) = self.transaction(member, output, covered) else {
            self.counted(Counted::Committed, 1);
            self.counted(Counted::Produced, output.len() as u64);
            member.covered(covered);
            return Ok(std::mem::take(&mut *self.places()));
        };
        tracing::info!("kafka: a transaction is taken back: {failed}");
        self.counted(Counted::Aborted, 1);
        match self.take_back(&failed) {
            Ok(()) if matches!(&failed, Failed::Client(error) if is_fenced(error)) => {
                self.counted(Counted::Fenced, 1);
            }
            Ok(()) => {}
            Err(None) => self.renew(begun, &failed)?,
            Err(Some(why)) => self.renew(begun, &why)?,
        }
        Err(Refused::Aborted(failed.to_string()))
    }

    fn transaction(&self, member: &Member, output: &[Outgoing], covered: &[Covered]) -> Result<(), Failed> {
        *self.producer.context().begun() = Instant::now();
        // Nothing of an earlier one is under way any more: what was taken back was waited for.
        *self.places() = vec![None; output.len()];
        self.producer.begin_transaction()?;
        self.write(member, output, covered)?;
        self.wait_until_written();
        // librdkafka commits nothing of which a message failed.
        self.retried(RESTART, || Ok(self.producer.commit_transaction(self.patience)?))
    }

    /// Its commit begins with a flush that looks again every 100 ms while another thread is told of what was written: by far
    /// the longest part of a small transaction. What is left here after a while the flush waits for.
    fn wait_until_written(&self) {
        const LOOK_AGAIN: Duration = Duration::from_micros(200);
        let until = Instant::now() + self.patience;
        while self.producer.in_flight_count() > 0 && Instant::now() < until {
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    fn write(&self, member: &Member, output: &[Outgoing], covered: &[Covered]) -> Result<(), Failed> {
        for (at, message) in output.iter().enumerate() {
            let mut record = with_body(BaseRecord::with_opaque_to(&message.topic, at), message);
            while let Err((error, back)) = self.producer.send(record) {
                if error.rdkafka_error_code() != Some(Code::QueueFull) {
                    return Err(error.into());
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
            return Err(ClientError::Canceled.into());
        };
        let (offsets, group) = (Arc::new(offsets), Arc::new(group));
        self.retried(RESTART, || self.send_offsets(offsets.clone(), group.clone()))
    }

    /// When the group's coordinator dies, librdkafka may never come back from this call, whatever its timeout (its issues
    /// 5456 and 5511): a thread of its own makes it, and is left behind then, with its producer.
    fn send_offsets(
        &self,
        offsets: Arc<TopicPartitionList>,
        group: Arc<ConsumerGroupMetadata>,
    ) -> Result<(), Failed> {
        let (producer, patience) = (self.producer.clone(), self.patience);
        let (answer, answered) = bounded(1);
        let call = move || {
            // Whoever waited may have given up.
            let _ = answer.send(producer.send_offsets_to_transaction(&offsets, &group, patience));
        };
        let thread = std::thread::Builder::new().name("kafka-offsets".into()).spawn(call);
        thread.map_err(|_| ClientError::Canceled)?;
        match answered.recv_timeout(patience + GRACE) {
            Ok(result) => Ok(result?),
            Err(_) => Err(Failed::NoAnswer),
        }
    }

    /// `Err`: this producer can do no more, and why, if that is another reason.
    fn take_back(&self, failed: &Failed) -> Result<(), Option<Failed>> {
        let is_over = match failed {
            Failed::Client(error) => is_fatal(error) || self.producer.client().fatal_error().is_some(),
            Failed::NoAnswer => {
                self.producer.purge(PurgeConfig::default().queue().inflight());
                true
            }
        };
        if is_over {
            return Err(None);
        }
        self.retried(RESTART, || Ok(self.producer.abort_transaction(self.patience)?)).map_err(Some)
    }

    /// Another producer in the place of a broken one. When a broker dies, librdkafka may ask to take back what the next one
    /// has never heard of, and breaks at the answer; or the brokers take a transaction back by its age, and refuse its
    /// producer from then on. Whatever was open has ended, one way or the other, when this returns. Only where another process has
    /// taken this one's name, that one is left in its place.
    fn renew(&mut self, begun: Instant, failed: &Failed) -> Result<(), KafkaError> {
        let why = self.producer.client().fatal_error();
        let is_refused = matches!(failed, Failed::Client(error) if is_replaced(error.rdkafka_error_code()))
            || is_replaced(why.as_ref().map(|(code, _)| *code));
        if is_refused && begun.elapsed() < self.patience {
            self.counted(Counted::Fenced, 1);
            return Err(KafkaError::Fenced(why.map_or_else(|| failed.to_string(), |(_, why)| why)));
        }
        tracing::warn!("kafka: the transactional producer is broken, another takes its place: {failed}");
        let next = producer(&self.config, &self.observer, self.patience)?;
        // A thread that does not come back may hold on to the broken one.
        std::mem::replace(&mut self.producer, next).context().ears.replace();
        Ok(())
    }

    /// What may be tried again is, for as long as brokers take to be restarted.
    fn retried(&self, patience: Duration, call: impl Fn() -> Result<(), Failed>) -> Result<(), Failed> {
        let until = Instant::now() + patience;
        loop {
            match call() {
                Err(Failed::Client(error)) if is_retriable(&error) && Instant::now() < until => {
                    tracing::info!("kafka: again: {error}");
                    std::thread::sleep(PAUSE);
                }
                result => return result,
            }
        }
    }

    fn places(&self) -> MutexGuard<'_, Vec<Option<i64>>> {
        self.producer.context().places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counted(&self, what: Counted, by: u64) {
        self.producer.context().ears.observer.counted(what, by);
    }
}

/// One that may write: what an earlier one of its name left open has ended.
fn producer(
    config: &ClientConfig,
    observer: &Arc<dyn Observer>,
    patience: Duration,
) -> Result<ThreadedProducer<OutboxContext>, KafkaError> {
    let ears = Ears::new(Client::Outbox, observer.clone());
    let context = OutboxContext { ears, begun: Mutex::new(Instant::now()), places: Mutex::default() };
    let producer: ThreadedProducer<OutboxContext> = config
        .create_with_context(context)
        .map_err(KafkaError::client("start the transactional producer"))?;
    // After all brokers were restarted it takes a while until one of them answers for transactions.
    let until = Instant::now() + RESTART;
    loop {
        match producer.init_transactions(patience) {
            Ok(()) => return Ok(producer),
            Err(error) if is_retriable(&error) && Instant::now() < until => {
                if let Some(why) = producer.context().ears.refused() {
                    return Err(KafkaError::Unusable(why));
                }
            }
            Err(error) => return Err(KafkaError::client("begin to write by transactions")(error)),
        }
    }
}

fn is_retriable(error: &ClientError) -> bool {
    matches!(error, ClientError::Transaction(inner) if inner.is_retriable() && !inner.txn_requires_abort())
}

fn is_fatal(error: &ClientError) -> bool {
    matches!(error, ClientError::Transaction(inner) if inner.is_fatal())
}

/// The brokers know another producer by this one's name, or none any more.
fn is_replaced(code: Option<Code>) -> bool {
    matches!(code, Some(Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch))
}

/// The group knows another owner.
fn is_fenced(error: &ClientError) -> bool {
    let code = error.rdkafka_error_code();
    is_replaced(code)
        || matches!(code, Some(Code::IllegalGeneration | Code::UnknownMemberId | Code::FencedInstanceId))
}

impl OutboxContext {
    fn begun(&self) -> MutexGuard<'_, Instant> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
    /// The message's place in the output.
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, at: usize) {
        match result {
            Ok(message) => {
                self.ears.acknowledged(message, *self.begun());
                let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(place) = places.get_mut(at) {
                    // One that was sent twice, and stands once, has none.
                    *place = Some(message.offset()).filter(|offset| *offset >= 0);
                }
            }
            Err(_) => self.ears.observer.counted(Counted::ProduceFailed, 1),
        }
    }
}
