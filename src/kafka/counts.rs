//! What is counted, gauged and heard of Kafka, and who wants to know. Knows no registry of metrics.

use std::time::Instant;

/// What only grows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Counted {
    /// Messages that the brokers acknowledged.
    Produced,
    /// Messages that were not acknowledged in time.
    ProduceFailed,
    /// Messages that were read.
    Consumed,
    /// Messages that could not be taken.
    DeadLetters,
    /// Messages that stood in another partition than their project's, and were handed on.
    Moved,
    PartitionsAssigned,
    PartitionsRevoked,
    /// Taken away without being asked: this instance was not heard of for too long.
    PartitionsLost,
    Committed,
    Aborted,
    /// Writes that were refused, because another instance has taken over.
    Fenced,
}

/// What rises and falls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gauged {
    /// Messages between what was committed and the end of the partitions that this instance owns.
    Lag,
    /// Partitions that this instance owns.
    Owned,
    /// Messages of one client that wait for the brokers' acknowledgement.
    InFlight(Client),
    /// One client's slowest broker: the round trip that one of a hundred requests exceeds, in microseconds.
    RoundTripMicros(Client),
}

/// An instance's clients of the brokers: each has connections and a queue of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Client {
    /// Writes what was sent to the instance.
    Door,
    /// Writes what was made of what was read, by transactions.
    Outbox,
    /// Reads the partitions that are owned.
    Member,
}

impl Client {
    pub fn as_str(self) -> &'static str {
        match self {
            Client::Door => "door",
            Client::Outbox => "outbox",
            Client::Member => "member",
        }
    }
}

/// The time that a broker put on a message when it wrote it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamp<'a> {
    pub topic: &'a str,
    pub partition: i32,
    pub stamped_ms: i64,
    /// It was sent then, or later,
    pub sent: Instant,
    /// and acknowledged before.
    pub acknowledged: Instant,
}

/// Hears what happens; called from many threads, and may not wait.
pub trait Observer: Send + Sync {
    fn counted(&self, what: Counted, by: u64);
    fn gauged(&self, what: Gauged, value: u64);
    fn stamped(&self, _stamp: Stamp<'_>) {}
    /// Which broker leads a partition.
    fn led(&self, _topic: &str, _partition: i32, _broker: i32) {}
}

/// Nobody wants to know.
pub struct Unobserved;

impl Observer for Unobserved {
    fn counted(&self, _: Counted, _: u64) {}
    fn gauged(&self, _: Gauged, _: u64) {}
}
