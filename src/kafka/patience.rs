//! What is asked of brokers that may be away for a while: what a restart or an election answers meanwhile passes by itself, and is
//! asked again. Decides nothing about what was asked.

use super::KafkaError;
use super::context::Place;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::time::{Duration, Instant};

/// So long may brokers be away before it is an error. That one has died, the others know after nine seconds as Kafka is
/// shipped; then leaders move.
pub(super) const RESTART: Duration = Duration::from_secs(60);

/// What one question may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// A place, where its committed output ends, and what was noted beside; `None` = nothing ever was committed.
pub(super) type Ended = (Place, Option<(i64, String)>);

/// Where the committed output of each partition ends. Transactions that an owner before has left open are waited for: the
/// brokers end them by their age.
pub(super) fn committed<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    list: &TopicPartitionList,
) -> Result<Vec<Ended>, ClientError> {
    let found = patiently(RESTART, || {
        let found = consumer.committed_offsets(list.clone(), PATIENCE)?;
        found.elements().iter().try_for_each(|one| one.error())?;
        Ok(found)
    })?;
    let ended = found.elements().into_iter().map(|one| {
        let next = match one.offset() {
            Offset::Offset(next) => Some((next, one.metadata().to_owned())),
            _ => None,
        };
        ((one.topic().to_owned(), one.partition()), next)
    });
    Ok(ended.collect())
}

/// The oldest message, and where the next one will stand.
pub(super) fn bounds<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    partition: i32,
) -> Result<(i64, i64), KafkaError> {
    let what = format!("ask where partition {partition} of {topic} ends");
    patiently(RESTART, || consumer.fetch_watermarks(topic, partition, PATIENCE))
        .map_err(KafkaError::client(what))
}

/// Asks until there is an answer, or until brokers have been away for too long.
fn patiently<T>(
    patience: Duration,
    mut ask: impl FnMut() -> Result<T, ClientError>,
) -> Result<T, ClientError> {
    let until = Instant::now() + patience;
    loop {
        match ask() {
            Err(error) if passes(&error) && Instant::now() < until => {
                tracing::info!("kafka: again: {error}");
                std::thread::sleep(PAUSE);
            }
            result => return result,
        }
    }
}

/// Whether it is of brokers that are away, of a leader or coordinator that is being elected, or of a transaction that is
/// still open.
fn passes(error: &ClientError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::BrokerTransportFailure
                | Code::AllBrokersDown
                | Code::BrokerNotAvailable
                | Code::OperationTimedOut
                | Code::RequestTimedOut
                | Code::NetworkException
                | Code::LeaderNotAvailable
                | Code::NotLeaderForPartition
                | Code::ReplicaNotAvailable
                | Code::FencedLeaderEpoch
                | Code::UnknownLeaderEpoch
                | Code::OffsetNotAvailable
                | Code::CoordinatorNotAvailable
                | Code::CoordinatorLoadInProgress
                | Code::NotCoordinator
                | Code::WaitingForCoordinator
                | Code::UnstableOffsetCommit
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn asked(code: Code, patience: Duration) -> (Result<(), ClientError>, u32) {
        let times = Cell::new(0);
        let answer = patiently(patience, || {
            times.set(times.get() + 1);
            if times.get() < 3 { Err(ClientError::MetadataFetch(code)) } else { Ok(()) }
        });
        (answer, times.get())
    }

    #[test]
    fn what_passes_is_asked_again_and_nothing_else_is() {
        let (answer, times) = asked(Code::NotLeaderForPartition, RESTART);
        assert_eq!((answer.is_ok(), times), (true, 3));
        let (answer, times) = asked(Code::TopicAuthorizationFailed, RESTART);
        assert_eq!((answer.is_ok(), times), (false, 1));
        let (answer, times) = asked(Code::NotLeaderForPartition, Duration::ZERO);
        assert_eq!((answer.is_ok(), times), (false, 1));
    }
}
