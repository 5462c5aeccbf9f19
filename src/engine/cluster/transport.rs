//! What an instance of a cluster asks of whatever moves its messages: a few calls, which Kafka fulfils and
//! tests fulfil in memory. Knows no owner, no page's meaning.
//!
//! **Topics behind it**, by partition `p` of P that hold projects, and one more for the county:
//!
//! | topic | partitions | key -> value |
//! | --- | --- | --- |
//! | `records` | P, that of `Partition::Projects(p)` | project id -> [`super::Message`] (or what the shell makes one of) |
//! | `county` | 1, that of `Partition::County` | – -> the same |
//! | `changelog` | P + 1 (the county's is the last) | page's key -> page; a removed one is a tombstone; compacted |
//! | `alerts` | P + 1 | alert id -> row; compacted |
//! | `dead-letters` | any | the original bytes, the reason in headers |
//!
//! All that is read is read committed.

use crate::engine::api::DeadLetterId;
use crate::engine::partition::{Delivery, Outputs, Partition};
use crate::store::Changes;
use std::time::Duration;

/// The topics, as one instance reads and writes them. One thread uses it.
pub trait Transport: Send {
    /// What happened since the last call; waits at most so long for something to happen. Within it the
    /// group's business goes on (heartbeats, rebalances), so it is called often, without a wait while there
    /// is other work.
    fn next(&mut self, wait: Duration) -> Result<Vec<Event>, TransportError>;

    /// Where a partition stands that was just assigned. Answers only what no open transaction can still
    /// change: waits for those of the owner before to end (`read_committed` offsets are stable so).
    fn committed(&mut self, partition: Partition) -> Result<Committed, TransportError>;

    /// The oldest offset that the partition's topic still has, and the one behind its newest message.
    fn bounds(&mut self, partition: Partition) -> Result<(u64, u64), TransportError>;

    /// The next part of the partition's changelog, about so many pages: from an offset that an earlier part
    /// gave as `next`, or from the start. Must not wait long: it is called between other work.
    fn changelog(
        &mut self,
        partition: Partition,
        from: Option<u64>,
        pages_max: usize,
    ) -> Result<ChangelogPart, TransportError>;

    /// From here on deliver the partition's messages, those from this offset on. Nothing is delivered of a
    /// partition that was assigned before this is called.
    fn read_from(&mut self, partition: Partition, offset: u64) -> Result<(), TransportError>;

    /// Writes all of it in one transaction: outputs, pages, and the offsets that say what was read. When it
    /// answers, it is known whether it is written: an answer that was lost is asked for again here. Never writes for
    /// an instance that has lost one of the partitions: their new owner's `committed` fences it.
    fn publish(&mut self, batch: &[Part]) -> Result<Vec<Published>, PublishError>;

    /// What was revoked has been put down: somebody else may have it.
    fn release(&mut self, partitions: &[Partition]) -> Result<(), TransportError>;

    /// Whether something is to be written for a partition though nothing of it came: who owns it now.
    fn has_news(&self, _partition: Partition) -> bool {
        false
    }
}

/// What happens to an instance.
#[derive(Debug)]
pub enum Event {
    /// These are its own now.
    Assigned(Vec<Partition>),
    /// These are to be put down: what is done may still be published; then `release`.
    Revoked(Vec<Partition>),
    /// These are somebody else's already.
    Lost(Vec<Partition>),
    /// Messages of a partition, ascending. A shell that finds bytes that are no message delivers them as
    /// `Entry::Rejected`, a tombstone too: nothing is dropped.
    Arrived { partition: Partition, deliveries: Vec<Delivery>, end: u64 },
}

/// What is committed of a partition. Stands in the group's offsets: `covered` as their metadata.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Committed {
    /// The offset behind the last message whose outputs are written.
    pub next: u64,
    /// The offset up to which the changelog's newest pages cover the partition. A changelog that was read to
    /// its end and covers less was not read to its end.
    pub covered: u64,
}

/// A part of a changelog.
#[derive(Debug)]
pub enum ChangelogPart {
    /// In the order of the topic. `next`: where to go on; `is_end`: nothing is known to lie behind.
    Pages { changes: Vec<(Vec<u8>, Option<Vec<u8>>)>, next: u64, is_end: bool },
    /// A copy that has it up to there cannot be brought up to date: that place is no longer kept, or tombstones
    /// behind it may have been compacted away since the copy was there (`delete.retention.ms`). To be read
    /// from the start into an empty copy. Whoever keeps copies on disk gives an empty one in the place of one that
    /// was not written for that long.
    Gone,
}

/// What one partition adds to a transaction.
#[derive(Debug)]
pub struct Part {
    pub partition: Partition,
    /// What is committed of it with this.
    pub committed: Committed,
    pub outputs: Outputs,
    /// Pages of its changelog.
    pub changes: Option<Changes>,
}

/// Where a part's pages and letters stand; of parts that have any.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Published {
    pub partition: Partition,
    /// Where there were pages: an offset of the changelog behind which nothing is that this instance has not read or
    /// written: the one behind the last page, or any from which reading on gives that page again.
    pub changelog: Option<u64>,
    /// By which id whoever reads dead letters knows each: by the offset of the message that it is about.
    pub letters: Vec<(u64, DeadLetterId)>,
}

/// Why nothing was read or taken. The instance ends: a restart recovers.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TransportError(pub String);

/// Why a batch is not written. Nothing of it is or will be visible.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Another owner has the partitions, or the group thinks so.
    #[error("fenced: another instance owns what this one was writing for")]
    Fenced,
    /// To be done again from what is committed.
    #[error("the transaction was aborted: {0}")]
    Aborted(String),
    /// The instance ends.
    #[error(transparent)]
    Broken(#[from] TransportError),
}
