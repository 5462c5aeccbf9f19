//! One instance of a cluster: the life of the partitions that it is given. It restores their state, catches up,
//! serves, and puts them down; it writes what follows from messages in transactions, and answers questions about
//! projects that live here. Knows no Kafka: a [`Transport`] moves the messages.
//!
//! The life of a partition here:
//! 1. **Restoring**: the local copy is brought up to date from the changelog, from where it had it last, or from the
//!    start. It is whole once it covers what the committed offset's metadata says.
//! 2. **Catching up**: the owner is opened and steps from what the copy covers to the committed offset; what
//!    follows was written by the owner before and is let go.
//! 3. **Serving**: what follows is written, in one transaction with the offsets. Now and then the changed pages go
//!    with it; when they are written they go to the local copy.
//! 4. **Put down**: revoked, lost, fenced. Its state is dropped; the local copy stays, and is good for the next time.
//!
//! A partition that is only *followed* stays in the first stage for ever: its copy here makes a takeover quick.
//!
//! Whatever goes wrong with a transaction, the state that went into it is dropped, never mended: the partition begins
//! at 1 again, if it is still ours.

pub mod heard;
mod instance;
pub mod question;
mod shadow;
mod tenure;
mod told;
mod transport;

pub use crate::engine::partition::{Delivery, Message, Outputs, Partition};
pub use heard::{Span, Spans};
pub use instance::{ClusterError, Instance, InstanceSettings, Judged, Verdicts};
pub use question::Question;
pub use tenure::{Progress, Stage};
pub use told::{Terms, Told};
pub use transport::{
    ChangelogPart, Committed, Event, Part, PublishError, Published, Transport, TransportError,
};
