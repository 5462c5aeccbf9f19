//! Kafka: the log of those who outgrow one machine. Topics and what they must be, the form of a message, producers that
//! answer when the brokers have acknowledged, a member of the consumer group, and output that stands or falls with the
//! offsets that it was made of. Knows no record's fields: bodies are read and written behind the doors.

mod admin;
mod brokers_time;
mod context;
mod counts;
mod door;
mod member;
pub mod message;
mod outbox;
mod patience;
mod reader;
mod settings;
mod topics;
mod traced;

pub use admin::{Admin, Looked};
pub use brokers_time::{Bounds, BrokersTime, Reading};
pub use counts::{Client, Counted, Gauged, Observer, Stamp, Unobserved};
pub use door::{Door, Sent};
pub use member::{Assignment, Done, Event, Member, Queue};
pub use outbox::{Covered, Outbox, Refused};
pub use reader::{Reader, Stand};
pub use settings::{Secret, Settings, check_setting};
pub use topics::{Found, Mismatch, Topics, Wanted, compare};
pub use traced::TRACEPARENT;

/// Why Kafka could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum KafkaError {
    /// What librdkafka said, and while doing what.
    #[error("kafka: {what}: {source}")]
    Client { what: String, source: rdkafka::error::KafkaError },
    /// Something in this program or this machine's way stands in between.
    #[error("kafka: {0}")]
    Unusable(String),
    /// Another instance has taken over: this one may not write any more, and must end.
    #[error("kafka: fenced: {0}")]
    Fenced(String),
}

impl KafkaError {
    pub(crate) fn client(what: impl Into<String>) -> impl FnOnce(rdkafka::error::KafkaError) -> KafkaError {
        let what = what.into();
        move |source| KafkaError::Client { what, source }
    }
}
