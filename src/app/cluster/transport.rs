//! Kafka as an instance of a cluster sees it: the engine's transport, fulfilled by a member of the group, a transactional
//! outbox and readers of the changelog. Decides nothing about partitions: the instance does.

use super::super::telemetry::Ear;
use super::letters;
use super::output::read_committed;
use super::table::Table;
use crate::domain::Entry;
use crate::engine::cluster::{
    ChangelogPart, Committed, Delivery, Event, Message, Part, Partition, PublishError, Published, Spans,
    Terms, Transport, TransportError,
};
use crate::intake::kafka::{Sorted, Sorter};
use crate::kafka::message::{Outgoing, Received};
use crate::kafka::{
    Counted, Done, Event as Heard, KafkaError, Member, Observer, Outbox, Queue, Reader, Refused, Settings,
};
use crate::serve::sources::now_ms;
use crate::telemetry::{Taken, Touched};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Messages that one call hands over of one partition.
const MESSAGES_MAX: usize = 4096;

/// One instance's hold on the topics. Fields are dropped in this order: first what the member's thread may wait for.
pub struct KafkaTransport {
    pub(super) owned: BTreeMap<Partition, Owned>,
    events: Receiver<Heard>,
    pub(super) changelogs: BTreeMap<Partition, Reader>,
    /// What could not be read, as it came, until its letter is written.
    pub(super) letters: BTreeMap<(Partition, u64), Outgoing>,
    pub(super) settings: Settings,
    pub(super) sorter: Sorter,
    pub(super) outbox: Outbox,
    pub(super) observer: Arc<dyn Observer>,
    wiring: Wiring,
    pub(super) news: Option<News>,
    pub(super) member: Member,
}

/// How the instance is woken.
pub struct Wiring {
    pub wake: Sender<()>,
    pub woken: Receiver<()>,
}

/// What is said to every instance beside what follows from messages.
pub struct News {
    /// The address of this one.
    pub me: String,
    pub table: Arc<Table>,
    /// Said where nobody has said any yet.
    pub terms: Terms,
    pub(in crate::app) traces: Arc<Ear>,
    /// What of the partitions was counted here.
    pub spans: Arc<Mutex<Spans>>,
}

impl News {
    fn spans(&self) -> MutexGuard<'_, Spans> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A partition that was given to this instance.
pub(super) struct Owned {
    queue: Option<Queue>,
    committed: Committed,
    /// It is asked back: dropped when it is put down.
    done: Option<Done>,
    is_read: bool,
    end: u64,
    /// Every instance has been told whose it is.
    pub is_told: bool,
    /// What its messages that are being worked on belong to; `None` where nobody follows.
    pub taken: Option<Taken>,
}

impl KafkaTransport {
    /// Joins the group. `name` is this instance's among the others, the same after a restart.
    pub fn join(
        settings: &Settings,
        name: &str,
        observer: Arc<dyn Observer>,
    ) -> Result<KafkaTransport, KafkaError> {
        let (wake, woken) = bounded(1);
        KafkaTransport::join_with(settings, name, observer, Wiring { wake, woken }, None)
    }

    /// The same with what others share with it.
    pub fn join_with(
        settings: &Settings,
        name: &str,
        observer: Arc<dyn Observer>,
        wiring: Wiring,
        news: Option<News>,
    ) -> Result<KafkaTransport, KafkaError> {
        let topics = settings.topics();
        // What an earlier process of this name left open is taken back before offsets are asked for.
        let outbox = Outbox::open(settings, name, observer.clone())?;
        let (member, events) = Member::join(settings, &[&topics.records, &topics.county], observer.clone())?;
        Ok(KafkaTransport {
            owned: BTreeMap::new(),
            events,
            changelogs: BTreeMap::new(),
            letters: BTreeMap::new(),
            sorter: Sorter { topics, partitions: settings.partitions },
            settings: settings.clone(),
            outbox,
            observer,
            wiring,
            news,
            member,
        })
    }

    /// What the group says; `None` of what concerns nobody.
    fn heard(&mut self, event: Heard) -> Result<Option<Event>, TransportError> {
        match event {
            Heard::Assigned(assignment) => {
                let mut queue = assignment.queue;
                let partition = self.sorter.partition(&queue.topic, queue.partition);
                let Some(partition) = partition else {
                    return Err(broken(format!(
                        "kafka: partition {} of {} is nobody's; the topics are not those of `wagewatch kafka init`",
                        queue.partition, queue.topic
                    )));
                };
                let wake = self.wiring.wake.clone();
                queue.on_message(move || {
                    // One wake-up that waits is enough.
                    let _ = wake.try_send(());
                });
                let committed = read_committed(assignment.committed)?;
                if let Some(news) = &self.news {
                    news.spans().begin(partition, committed.next, now_ms());
                }
                let owned = Owned {
                    queue: Some(queue),
                    committed,
                    done: None,
                    is_read: false,
                    end: 0,
                    is_told: false,
                    taken: None,
                };
                self.owned.insert(partition, owned);
                Ok(Some(Event::Assigned(vec![partition])))
            }
            Heard::Revoked { topic, partition, done } => {
                let Some(partition) = self.sorter.partition(&topic, partition) else { return Ok(None) };
                let Some(owned) = self.owned.get_mut(&partition) else { return Ok(None) };
                (owned.done, owned.is_read) = (Some(done), false);
                Ok(Some(Event::Revoked(vec![partition])))
            }
            Heard::Lost { topic, partition, done } => {
                let Some(partition) = self.sorter.partition(&topic, partition) else { return Ok(None) };
                self.forget(partition);
                drop(done);
                Ok(Some(Event::Lost(vec![partition])))
            }
            Heard::Failed(why) => Err(broken(why)),
        }
    }

    /// An answer that was lost may have said that all of it stands.
    fn ask_committed(&mut self, batch: &[Part]) -> Result<(), TransportError> {
        for part in batch {
            let Some(owned) = self.owned.get_mut(&part.partition) else { continue };
            owned.taken.iter_mut().for_each(Taken::taken_back);
            let (topic, at) = self.sorter.place(part.partition);
            owned.committed = read_committed(self.member.committed(topic, at).map_err(failed)?)?;
        }
        Ok(())
    }

    fn forget(&mut self, partition: Partition) {
        self.owned.remove(&partition);
        self.changelogs.remove(&partition);
        self.letters.retain(|(of, _), _| *of != partition);
    }

    fn arrived(&mut self) -> Result<Vec<Event>, TransportError> {
        let mut events = Vec::new();
        for (partition, owned) in self.owned.iter_mut().filter(|(_, owned)| owned.is_read) {
            let Some(queue) = &owned.queue else { continue };
            let mut deliveries = Vec::new();
            let (sorter, letters) = (&self.sorter, &mut self.letters);
            let telemetry = self.news.as_ref().and_then(|news| news.traces.telemetry());
            let (taken, committed) = (&mut owned.taken, owned.committed.next);
            queue
                .take(MESSAGES_MAX, Duration::ZERO, &mut |received| {
                    let (delivery, letter) = deliver(sorter, received);
                    if let (Some(telemetry), true) = (telemetry, delivery.offset >= committed) {
                        let taken = taken.get_or_insert_with(|| Taken::new(telemetry));
                        taken.take(received.trace(), touched(&delivery.message));
                    }
                    if let Some(letter) = letter {
                        letters.insert((*partition, delivery.offset), letter);
                    }
                    deliveries.push(delivery);
                })
                .map_err(failed)?;
            let Some(last) = deliveries.last() else { continue };
            owned.end = owned.end.max(last.offset + 1);
            if let Some(news) = &self.news {
                // What is only read again was counted by somebody before.
                let new = deliveries.partition_point(|one| one.offset < owned.committed.next);
                news.table.arrived(&deliveries[new..]);
                news.spans().reached(*partition, last.offset + 1);
            }
            self.observer.counted(Counted::Consumed, deliveries.len() as u64);
            events.push(Event::Arrived { partition: *partition, deliveries, end: owned.end });
        }
        Ok(events)
    }
}

impl Transport for KafkaTransport {
    fn next(&mut self, wait: Duration) -> Result<Vec<Event>, TransportError> {
        let mut happened = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            happened.extend(self.heard(event)?);
        }
        happened.extend(self.arrived()?);
        if happened.is_empty() && !wait.is_zero() {
            crossbeam_channel::select! {
                recv(self.events) -> event => match event {
                    Ok(event) => happened.extend(self.heard(event)?),
                    Err(_) => return Err(broken("kafka: the member's thread has ended")),
                },
                recv(self.wiring.woken) -> _ => happened.extend(self.arrived()?),
                default(wait) => {}
            }
        }
        Ok(happened)
    }

    fn committed(&mut self, partition: Partition) -> Result<Committed, TransportError> {
        // Asked for when it came, and kept with each transaction since.
        self.owned
            .get(&partition)
            .map(|owned| owned.committed)
            .ok_or_else(|| broken(format!("{partition:?} is not this instance's")))
    }

    fn bounds(&mut self, partition: Partition) -> Result<(u64, u64), TransportError> {
        let (topic, at) = self.sorter.place(partition);
        let (oldest, end) = self.member.bounds(topic, at).map_err(failed)?;
        let (oldest, end) = (offset(oldest), offset(end));
        if let Some(owned) = self.owned.get_mut(&partition) {
            owned.end = end;
        }
        Ok((oldest, end))
    }

    fn changelog(
        &mut self,
        partition: Partition,
        from: Option<u64>,
        pages_max: usize,
    ) -> Result<ChangelogPart, TransportError> {
        let at = self.table(partition);
        let known = self.changelogs.remove(&partition);
        let read = |reader: &Reader| reader.stand().read.get(&at).map(|read| offset(*read));
        let reader = known.filter(|reader| from.is_some() && read(reader) == from);
        let mut reader = match reader {
            Some(reader) => reader,
            None => {
                let topic = &self.sorter.topics.changelog;
                let from = from.map(|from| i64::try_from(from).unwrap_or(i64::MAX));
                match Reader::open_from(&self.settings, topic, at, from).map_err(failed)? {
                    Some(reader) => reader,
                    None => return Ok(ChangelogPart::Gone),
                }
            }
        };
        let mut changes = Vec::new();
        // Whoever only follows must not hold up those who serve.
        let is_owned = self.owned.contains_key(&partition);
        let wait = if is_owned { Duration::from_millis(20) } else { Duration::ZERO };
        reader
            .take(pages_max, wait, &mut |received| {
                let key = received.key.unwrap_or_default().to_vec();
                changes.push((key, received.body.map(<[u8]>::to_vec)));
            })
            .map_err(failed)?;
        let next = read(&reader).unwrap_or(0);
        let is_end = reader.stand().left() == 0;
        self.changelogs.insert(partition, reader);
        Ok(ChangelogPart::Pages { changes, next, is_end })
    }

    fn read_from(&mut self, partition: Partition, from: u64) -> Result<(), TransportError> {
        self.changelogs.remove(&partition);
        let (topic, at) = self.sorter.place(partition);
        let start = i64::try_from(from).unwrap_or(i64::MAX);
        let Some(owned) = self.owned.get_mut(&partition).filter(|owned| owned.done.is_none()) else {
            // It is asked back already: the instance hears of it next.
            return Ok(());
        };
        self.member.start(topic, at, Some(start)).map_err(failed)?;
        owned.is_read = true;
        Ok(())
    }

    fn publish(&mut self, batch: &[Part]) -> Result<Vec<Published>, PublishError> {
        let (mut out, mut covered, mut written) = (Vec::new(), Vec::new(), Vec::new());
        for part in batch {
            let mut changelog = None;
            if part.changes.is_some() {
                // Reading on from where the changelog ends now gives these pages again.
                let at = self.table(part.partition);
                let (_, end) = self.member.bounds(&self.sorter.topics.changelog, at).map_err(failed)?;
                changelog = Some(offset(end));
            }
            let letters = self.written(part, &mut out);
            if changelog.is_some() || !letters.is_empty() {
                written.push((part.partition, changelog, letters));
            }
            covered.push(self.covered(part));
        }
        match self.outbox.commit(&self.member, &out, &covered) {
            Ok(places) => {
                for part in batch {
                    if let Some(owned) = self.owned.get_mut(&part.partition) {
                        owned.committed = part.committed;
                        owned.is_told = true;
                        owned.taken.iter_mut().for_each(|taken| taken.wrote(&part.outputs.rows));
                    }
                }
                let number = |(offset, at): (u64, usize)| {
                    Some((offset, letters::number(places.get(at).copied().flatten()?)))
                };
                let published = written.into_iter().map(|(partition, changelog, letters)| Published {
                    partition,
                    changelog,
                    letters: letters.into_iter().filter_map(number).collect(),
                });
                Ok(published.collect())
            }
            Err(Refused::Aborted(why)) => {
                self.ask_committed(batch)?;
                // The owners begin again; if the partitions are gone, the group says so next.
                Err(PublishError::Aborted(why))
            }
            Err(Refused::Fatal(error)) => Err(failed(error).into()),
        }
    }

    fn has_news(&self, partition: Partition) -> bool {
        self.news.is_some() && self.owned.get(&partition).is_some_and(|owned| !owned.is_told)
    }

    fn release(&mut self, partitions: &[Partition]) -> Result<(), TransportError> {
        partitions.iter().for_each(|partition| self.forget(*partition));
        Ok(())
    }
}

/// A message for the partition's owner; and as it came, if it is none.
fn deliver(sorter: &Sorter, received: &Received<'_>) -> (Delivery, Option<Outgoing>) {
    let (message, letter) = match sorter.sort(received) {
        Sorted::Take(message) => (message, None),
        Sorted::Dead(letter, rejected) => (Message::Entry(Entry::Rejected(Box::new(rejected))), Some(letter)),
    };
    (Delivery { offset: offset(received.offset), written_ms: received.written_ms, message }, letter)
}

/// Of which projects a message may change alerts.
fn touched(message: &Message) -> Touched<'_> {
    match message {
        Message::Entry(entry) => Touched::by(entry),
        Message::Command(command) => Touched::One(command.project_id()),
        Message::Turn(_) | Message::Said(_) => Touched::Any,
    }
}

/// Kafka's offsets are never negative where there is one.
pub(super) fn offset(offset: i64) -> u64 {
    u64::try_from(offset).unwrap_or(0)
}

pub(super) fn broken(why: impl Into<String>) -> TransportError {
    TransportError(why.into())
}

fn failed(error: KafkaError) -> TransportError {
    TransportError(error.to_string())
}
