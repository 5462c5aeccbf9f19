//! What is counted and gauged of Kafka, and who wants to know. Knows no registry of metrics.

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
    /// Messages that wait for the brokers' acknowledgement.
    InFlight,
    /// The slowest broker's round trip that one of a hundred requests exceeds, in microseconds.
    RoundTripMicros,
}

/// Hears what happens; called from many threads, and may not wait.
pub trait Observer: Send + Sync {
    fn counted(&self, what: Counted, by: u64);
    fn gauged(&self, what: Gauged, value: u64);
}

/// Nobody wants to know.
pub struct Unobserved;

impl Observer for Unobserved {
    fn counted(&self, _: Counted, _: u64) {}
    fn gauged(&self, _: Gauged, _: u64) {}
}
