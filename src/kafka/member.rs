//! A member of the consumer group: one thread polls, so that the group knows that this instance lives, whatever its
//! owners do; each partition has a queue of its own, from which its owner reads. Partitions come and go one by one
//! (cooperative-sticky). Knows nothing of what is read.

use super::KafkaError;
use super::context::Ears;
use super::counts::{Client, Counted, Gauged, Observer};
use super::message::Received;
use super::outbox::Covered;
use super::patience::{self, Ended, PATIENCE};
use super::settings::Settings;
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaRespErr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// So long may owners take to finish what they have begun when a partition is asked back. Well within the time that the
/// group waits for a member (`max.poll.interval.ms`).
const GIVE_BACK: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(100);

/// What happens to an instance's partitions, in order.
pub enum Event {
    /// The partition is this instance's. Nothing of it is fetched until [`Member::start`].
    Assigned(Assignment),
    /// The partition goes to another: what was begun is to be finished and committed, then `done` dropped.
    Revoked { topic: String, partition: i32, done: Done },
    /// The partition is another's already: nothing may be committed.
    Lost { topic: String, partition: i32, done: Done },
    /// The member cannot go on; the process must end.
    Failed(String),
}

/// A partition that has come, and where its committed output ends.
pub struct Assignment {
    pub queue: Queue,
    /// The next offset to read, by what was committed, and what was noted beside; `None` = nothing ever was.
    pub committed: Option<(i64, String)>,
}

/// Held until whoever gives a partition back is ready.
pub struct Done {
    _held: Sender<()>,
}

/// This instance in its group.
pub struct Member {
    consumer: Arc<BaseConsumer<MemberContext>>,
    stop: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What came of one partition, in order.
pub struct Queue {
    pub topic: String,
    pub partition: i32,
    queue: PartitionQueue<MemberContext>,
}

pub(super) struct MemberContext {
    ears: Ears,
    /// What the callback has seen and the polling thread is to tell.
    come: Mutex<Vec<Ended>>,
    events: Sender<Event>,
}

impl Member {
    /// Joins the group for these topics.
    pub fn join(
        settings: &Settings,
        topics: &[&str],
        observer: Arc<dyn Observer>,
    ) -> Result<(Member, Receiver<Event>), KafkaError> {
        let (events, heard) = unbounded();
        let ears = Ears::new(Client::Member, observer);
        let context = MemberContext { ears, come: Mutex::default(), events };
        let consumer: BaseConsumer<MemberContext> = settings
            .member()
            .create_with_context(context)
            .map_err(KafkaError::client("start the consumer"))?;
        consumer.subscribe(topics).map_err(KafkaError::client("join the group"))?;
        let consumer = Arc::new(consumer);
        let stop = Arc::new(AtomicBool::new(false));
        let (polling, ending) = (consumer.clone(), stop.clone());
        let thread = std::thread::Builder::new()
            .name("kafka-member".into())
            .spawn(move || poll(&polling, &ending))
            .map_err(|error| KafkaError::Unusable(format!("no thread for the consumer: {error}")))?;
        Ok((Member { consumer, stop, thread: Mutex::new(Some(thread)) }, heard))
    }

    /// Begins to fetch a partition that has come, from this offset on. Of one that is gone already nothing comes: the group
    /// tells of it next.
    pub fn start(&self, topic: &str, partition: i32, from: Option<i64>) -> Result<(), KafkaError> {
        let what = || format!("start to read partition {partition} of {topic}");
        let offset = from.map_or(Offset::Beginning, Offset::Offset);
        let until = Instant::now() + PATIENCE;
        // The assignment takes effect in librdkafka's own thread, a moment after the callback.
        while let Err(error) = self.consumer.seek(topic, partition, offset, PATIENCE) {
            let assigned = self.consumer.assignment().map_err(KafkaError::client(what()))?;
            if assigned.find_partition(topic, partition).is_none() {
                return Ok(());
            }
            if error.rdkafka_error_code() != Some(RDKafkaErrorCode::State) || Instant::now() > until {
                return Err(KafkaError::client(what())(error));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let place = (topic.to_owned(), partition);
        self.consumer.context().ears.covered(|covered| covered.insert(place, from.unwrap_or(0)));
        let mut one = TopicPartitionList::new();
        one.add_partition(topic, partition);
        self.consumer.resume(&one).map_err(KafkaError::client(what()))
    }

    /// The oldest offset of a partition, and the one behind what is committed there.
    pub fn bounds(&self, topic: &str, partition: i32) -> Result<(i64, i64), KafkaError> {
        patience::bounds(&self.consumer, topic, partition)
    }

    /// Where the committed output of a partition ends, and what was noted beside; `None` = nothing ever was committed.
    pub fn committed(&self, topic: &str, partition: i32) -> Result<Option<(i64, String)>, KafkaError> {
        let mut list = TopicPartitionList::new();
        list.add_partition(topic, partition);
        let what = || format!("ask what was committed of partition {partition} of {topic}");
        let found = patience::committed(&self.consumer, &list).map_err(KafkaError::client(what()))?;
        Ok(found.into_iter().next().and_then(|(_, committed)| committed))
    }

    /// Whether all of these are still this instance's.
    pub(super) fn owns(&self, places: &[Covered]) -> bool {
        let ears = &self.consumer.context().ears;
        ears.covered(|owned| places.iter().all(|one| owned.contains_key(&(one.topic.clone(), one.partition))))
    }

    /// How this member is known to the group now; for the transaction that commits its offsets.
    pub(super) fn group(&self) -> Option<ConsumerGroupMetadata> {
        self.consumer.group_metadata()
    }

    /// The offsets were committed.
    pub(super) fn covered(&self, places: &[Covered]) {
        self.consumer.context().ears.covered(|covered| {
            for one in places {
                covered.insert((one.topic.clone(), one.partition), one.next);
            }
        });
    }

    /// Leaves the group: partitions are given back as if they were asked for, and others have them at once.
    pub fn leave(&self) {
        self.stop.store(true, Ordering::Release);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Serves the group until it is to end: messages come by the queues.
fn poll(consumer: &Arc<BaseConsumer<MemberContext>>, stop: &AtomicBool) {
    let context = consumer.context().clone();
    let mut leaving: Option<Instant> = None;
    loop {
        if stop.load(Ordering::Acquire) && leaving.is_none() {
            leaving = Some(Instant::now());
            consumer.unsubscribe();
        }
        match consumer.poll(TICK) {
            None => {}
            // Of a partition that is paused or has a queue of its own nothing comes here.
            Some(Ok(message)) => {
                let place = format!("{}/{}/{}", message.topic(), message.partition(), message.offset());
                context.say(Event::Failed(format!("kafka: message {place} came by no queue")));
                return;
            }
            Some(Err(error)) => {
                if let Some(why) = failure(&error) {
                    context.say(Event::Failed(why));
                    return;
                }
                tracing::warn!("kafka: {error}");
            }
        }
        let come = std::mem::take(&mut *context.come.lock().unwrap_or_else(PoisonError::into_inner));
        for ((topic, partition), committed) in come {
            match consumer.split_partition_queue(&topic, partition) {
                Some(queue) => {
                    let queue = Queue { topic, partition, queue };
                    context.say(Event::Assigned(Assignment { queue, committed }));
                }
                None => context
                    .say(Event::Failed(format!("kafka: no queue for partition {partition} of {topic}"))),
            }
        }
        let owns = consumer.assignment().map_or(0, |list| list.count());
        context.ears.observer.gauged(Gauged::Owned, owns as u64);
        // Brokers that do not answer are not waited for: they miss this instance after its session.
        if leaving.is_some_and(|since| owns == 0 || since.elapsed() > GIVE_BACK) {
            return;
        }
    }
}

/// What does not pass by itself.
pub(super) fn failure(error: &ClientError) -> Option<String> {
    let code = error.rdkafka_error_code();
    let fatal = matches!(error, ClientError::MessageConsumptionFatal(_));
    match code {
        Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => Some(format!(
            "kafka: {error}: what is to be read next is no longer kept; the topic's retention is shorter than this instance was away"
        )),
        Some(RDKafkaErrorCode::TopicAuthorizationFailed | RDKafkaErrorCode::GroupAuthorizationFailed) => {
            Some(format!("kafka: {error}: the brokers do not allow it"))
        }
        _ if fatal => Some(format!("kafka: {error}")),
        _ => None,
    }
}

impl Queue {
    /// `wake` is called when something comes to a queue that was empty.
    pub fn on_message(&mut self, wake: impl Fn() + Send + Sync + 'static) {
        self.queue.set_nonempty_callback(wake);
    }

    /// Hands over what has come, at most so many messages, waiting for the first of them; how many there were.
    pub fn take(
        &self,
        most: usize,
        wait: Duration,
        each: &mut dyn FnMut(&Received<'_>),
    ) -> Result<usize, KafkaError> {
        let mut count = 0;
        while count < most {
            let wait = if count == 0 { wait } else { Duration::ZERO };
            match self.queue.poll(wait) {
                None => break,
                Some(Ok(message)) => {
                    each(&received(&message));
                    count += 1;
                }
                Some(Err(error)) => match failure(&error) {
                    Some(why) => return Err(KafkaError::Unusable(why)),
                    None => tracing::warn!("kafka: {error}"),
                },
            }
        }
        Ok(count)
    }
}

/// The message, as the pure part knows it.
pub(super) fn received<'a>(message: &'a BorrowedMessage<'_>) -> Received<'a> {
    let headers = message
        .headers()
        .map(|headers| headers.iter().map(|header| (header.key, header.value.unwrap_or_default())).collect());
    Received {
        topic: message.topic(),
        partition: message.partition(),
        offset: message.offset(),
        written_ms: message.timestamp().to_millis().unwrap_or(0),
        key: message.key(),
        body: message.payload(),
        headers: headers.unwrap_or_default(),
    }
}

impl MemberContext {
    /// Of a consumer that is in no group.
    pub(super) fn alone() -> MemberContext {
        MemberContext { ears: Ears::unobserved(), come: Mutex::default(), events: unbounded().0 }
    }

    fn say(&self, event: Event) {
        // Whoever listened is ending the process.
        let _ = self.events.send(event);
    }

    /// Where the committed output of each partition ends, then the partitions, still: nothing is fetched before
    /// whoever owns them has said from where.
    fn come(
        &self,
        consumer: &BaseConsumer<MemberContext>,
        list: &TopicPartitionList,
    ) -> Result<(), ClientError> {
        let places = patience::committed(consumer, list)?;
        let mut from = TopicPartitionList::new();
        for ((topic, partition), next) in &places {
            let offset = next.as_ref().map_or(Offset::Beginning, |(next, _)| Offset::Offset(*next));
            from.add_partition_offset(topic, *partition, offset)?;
        }
        consumer.incremental_assign(&from)?;
        consumer.pause(&from)?;
        self.ears.observer.counted(Counted::PartitionsAssigned, places.len() as u64);
        self.come.lock().unwrap_or_else(PoisonError::into_inner).extend(places);
        Ok(())
    }

    /// Tells the owners and waits for them, then lets the partitions go.
    fn go(
        &self,
        consumer: &BaseConsumer<MemberContext>,
        list: &TopicPartitionList,
    ) -> Result<(), ClientError> {
        let lost = consumer.assignment_lost();
        let what = if lost { Counted::PartitionsLost } else { Counted::PartitionsRevoked };
        self.ears.observer.counted(what, list.count() as u64);
        let (held, ready) = bounded::<()>(0);
        for one in list.elements() {
            let (topic, partition) = (one.topic().to_owned(), one.partition());
            let place = (topic.clone(), partition);
            self.come.lock().unwrap_or_else(PoisonError::into_inner).retain(|(come, _)| *come != place);
            let done = Done { _held: held.clone() };
            self.say(if lost {
                Event::Lost { topic, partition, done }
            } else {
                Event::Revoked { topic, partition, done }
            });
        }
        drop(held);
        // Nobody sends: it ends when the last of them has dropped his, or by time.
        let waited = ready.recv_timeout(GIVE_BACK);
        if waited == Err(crossbeam_channel::RecvTimeoutError::Timeout) {
            tracing::warn!("kafka: partitions are given back before their owners were ready");
        }
        // Whatever its owner believes: from here on nothing is committed for it.
        self.ears.covered(|covered| {
            list.elements().iter().for_each(|one| {
                covered.remove(&(one.topic().to_owned(), one.partition()));
            });
        });
        consumer.incremental_unassign(list)
    }
}

impl ClientContext for MemberContext {
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

impl ConsumerContext for MemberContext {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, kind: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let result = match kind {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => self.come(consumer, list),
            _ => self.go(consumer, list),
        };
        if let Err(error) = result {
            self.say(Event::Failed(format!("kafka: partitions could not change hands: {error}")));
        }
    }
}
