//! The simplest instance there could be, on the shell that the real one stands on: takes what has come of each partition that it owns, and writes what was made of it together with
//! the offsets, one transaction a round. Owners come and go with their partitions. Knows nothing of what owners do.

use crossbeam_channel::{Receiver, Sender, bounded};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use wagewatch::kafka::message::{Outgoing, Received};
use wagewatch::kafka::{
    Assignment, Counted, Covered, Done, Event, KafkaError, Member, Observer, Outbox, Queue, Refused, Settings,
};

/// Who makes something of one partition's messages. Whatever fails ends the process.
pub trait Owner: Send {
    /// The next message, in order.
    fn take(&mut self, received: &Received<'_>) -> Result<(), String>;
    /// What is to be written of all that was taken since the last call.
    fn output(&mut self) -> Result<Vec<Outgoing>, String>;
    /// What was taken before this offset stands, with its output.
    fn committed(&mut self, next: i64) -> Result<(), String>;
}

/// Who makes owners.
pub trait Owners {
    /// An owner of a partition as it is at `committed`, the next offset to be taken (`None` = its beginning), and from
    /// which offset on he wants messages: an earlier one, if his state is behind.
    fn open(
        &mut self,
        topic: &str,
        partition: i32,
        committed: Option<i64>,
    ) -> Result<(Box<dyn Owner>, Option<i64>), String>;
}

/// How much one round takes of one partition.
#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    pub messages: usize,
    /// Nothing to do is looked at again so often.
    pub idle: Duration,
}

impl Default for Rounds {
    fn default() -> Self {
        Rounds { messages: 4096, idle: Duration::from_millis(100) }
    }
}

/// An instance, and the partitions that it owns now. Fields are dropped in this order: first what the member's thread may
/// wait for.
pub struct Instance<O: Owners> {
    events: Receiver<Event>,
    outbox: Outbox,
    observer: Arc<dyn Observer>,
    owners: O,
    owned: BTreeMap<(String, i32), Owned>,
    rounds: Rounds,
    wake: Sender<()>,
    woken: Receiver<()>,
    member: Member,
}

struct Owned {
    owner: Box<dyn Owner>,
    queue: Queue,
    /// The next offset to be taken, by what was committed.
    committed: Option<i64>,
}

impl<O: Owners> Instance<O> {
    /// Joins the group. `name` is this instance's among the others, the same after a restart.
    pub fn join(
        settings: &Settings,
        name: &str,
        owners: O,
        rounds: Rounds,
        observer: Arc<dyn Observer>,
    ) -> Result<Instance<O>, KafkaError> {
        let topics = settings.topics();
        // First the outbox: what an earlier process of this name left open is taken back before offsets are asked for.
        let outbox = Outbox::open(settings, name, observer.clone())?;
        let (member, events) = Member::join(settings, &[&topics.records, &topics.county], observer.clone())?;
        let (wake, woken) = bounded(1);
        let owned = BTreeMap::new();
        Ok(Instance { events, outbox, observer, owners, owned, rounds, wake, woken, member })
    }

    /// Works until `stop`, then gives its partitions back. An error: the process must end.
    pub fn run(mut self, stop: &AtomicBool) -> Result<(), KafkaError> {
        while !stop.load(Ordering::Acquire) {
            while let Ok(event) = self.events.try_recv() {
                self.heard(event)?;
            }
            if self.round()? == 0 {
                crossbeam_channel::select! {
                    recv(self.events) -> event => if let Ok(event) = event { self.heard(event)? },
                    recv(self.woken) -> _ => {}
                    default(self.rounds.idle) => {}
                }
            }
        }
        // What was taken was committed with its round; owners are not needed to give back.
        self.owned.clear();
        let events = self.events.clone();
        let answering =
            std::thread::spawn(move || while events.recv_timeout(Duration::from_secs(1)).is_ok() {});
        self.member.leave();
        drop(self);
        // A thread that panicked has said so.
        let _ = answering.join();
        Ok(())
    }

    fn heard(&mut self, event: Event) -> Result<(), KafkaError> {
        match event {
            Event::Assigned(assignment) => self.come(assignment),
            Event::Revoked { topic, partition, done } => self.go(&topic, partition, done, "given back"),
            Event::Lost { topic, partition, done } => self.go(&topic, partition, done, "lost"),
            Event::Failed(why) => Err(KafkaError::Unusable(why)),
        }
    }

    fn come(&mut self, assignment: Assignment) -> Result<(), KafkaError> {
        let Assignment { mut queue, committed } = assignment;
        let committed = noted(committed);
        let (topic, partition) = (queue.topic.clone(), queue.partition);
        let wake = self.wake.clone();
        queue.on_message(move || {
            // One wake-up that waits is enough.
            let _ = wake.try_send(());
        });
        let (owner, from) = self.owners.open(&topic, partition, committed).map_err(KafkaError::Unusable)?;
        self.member.start(&topic, partition, from)?;
        self.owned.insert((topic, partition), Owned { owner, queue, committed });
        Ok(())
    }

    // Rounds end before events are heard: nothing is open here.
    fn go(&mut self, topic: &str, partition: i32, done: Done, how: &str) -> Result<(), KafkaError> {
        if self.owned.remove(&(topic.to_owned(), partition)).is_some() {
            println!("{how} {topic}/{partition}");
        }
        drop(done);
        Ok(())
    }

    /// Takes what has come; how many messages that was.
    fn round(&mut self) -> Result<usize, KafkaError> {
        let (mut output, mut covered, mut taken) = (Vec::new(), Vec::new(), 0);
        for ((topic, partition), owned) in &mut self.owned {
            let (mut next, mut failed) = (None, None);
            let owner = &mut owned.owner;
            let count = owned.queue.take(self.rounds.messages, Duration::ZERO, &mut |received| {
                next = Some(received.offset + 1);
                if failed.is_none() {
                    failed = owner.take(received).err();
                }
            })?;
            taken += count;
            if let Some(why) = failed {
                return Err(KafkaError::Unusable(why));
            }
            if let Some(next) = next {
                output.extend(owner.output().map_err(KafkaError::Unusable)?);
                // What a state that was behind takes again was committed long ago.
                let next = owned.committed.map_or(next, |old| old.max(next));
                let (topic, note) = (topic.clone(), format!("before {next}"));
                covered.push(Covered { topic, partition: *partition, next, note });
            }
        }
        if covered.is_empty() {
            return Ok(0);
        }
        self.observer.counted(Counted::Consumed, taken as u64);
        match self.outbox.commit(&self.member, &output, &covered) {
            Ok(_) => self.stands(&covered)?,
            Err(Refused::Fatal(error)) => return Err(error),
            Err(Refused::Aborted(why)) => {
                println!("taken back: {why}");
                self.again(&covered)?;
            }
        }
        Ok(taken)
    }

    fn stands(&mut self, covered: &[Covered]) -> Result<(), KafkaError> {
        for Covered { topic, partition, next, .. } in covered {
            if let Some(owned) = self.owned.get_mut(&(topic.clone(), *partition)) {
                owned.committed = Some(*next);
                owned.owner.committed(*next).map_err(KafkaError::Unusable)?;
            }
        }
        Ok(())
    }

    /// The output of these partitions was taken back: their owners know what never was, and new ones take their place.
    fn again(&mut self, covered: &[Covered]) -> Result<(), KafkaError> {
        for Covered { topic, partition, .. } in covered {
            let Some(owned) = self.owned.get_mut(&(topic.clone(), *partition)) else { continue };
            owned.committed = noted(self.member.committed(topic, *partition)?);
            let (owner, from) =
                self.owners.open(topic, *partition, owned.committed).map_err(KafkaError::Unusable)?;
            owned.owner = owner;
            self.member.start(topic, *partition, from)?;
        }
        Ok(())
    }
}

/// What was noted beside the offset comes back as it was.
fn noted(committed: Option<(i64, String)>) -> Option<i64> {
    assert!(committed.iter().all(|(next, note)| *note == format!("before {next}")), "{committed:?}");
    committed.map(|(next, _)| next)
}
