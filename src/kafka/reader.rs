//! Reads partitions from their beginning, or from a place, outside of any group: a compacted topic as a table, the
//! changelog of a partition that has come. Knows nothing of what is read.

use super::KafkaError;
use super::member::{self, MemberContext};
use super::message::Received;
use super::patience::bounds;
use super::settings::Settings;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError as ClientError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);

/// Up to where partitions were read, and where they ended when that was asked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Stand {
    pub read: BTreeMap<i32, i64>,
    pub end: BTreeMap<i32, i64>,
}

impl Stand {
    /// Messages between what was read and the end.
    pub fn left(&self) -> u64 {
        let left = |(partition, end): (&i32, &i64)| {
            u64::try_from(end - self.read.get(partition).copied().unwrap_or(0)).unwrap_or(0)
        };
        self.end.iter().map(left).sum()
    }
}

/// Reads some partitions of one topic.
pub struct Reader {
    consumer: BaseConsumer<MemberContext>,
    topic: String,
    stand: Stand,
}

/// Whoever reads committed messages only is told an end that lies before the first transaction that is still open.
const UNCOMMITTED: &str = "read_uncommitted";

impl Reader {
    /// From the oldest message of each partition on, to where it ends now. Transactions that are open now are waited for:
    /// what a lost owner has begun ends with his session.
    pub fn open(settings: &Settings, topic: &str, partitions: &[i32]) -> Result<Reader, KafkaError> {
        let partitions: Vec<(i32, Option<i64>)> = partitions.iter().map(|at| (*at, None)).collect();
        let opened = Reader::open_at(settings, topic, &partitions)?;
        opened.ok_or_else(|| KafkaError::Unusable(format!("{topic} cannot be read from its beginning")))
    }

    /// One partition from an offset on; `None` if that place is not kept, or was never reached.
    pub fn open_from(
        settings: &Settings,
        topic: &str,
        partition: i32,
        from: Option<i64>,
    ) -> Result<Option<Reader>, KafkaError> {
        Reader::open_at(settings, topic, &[(partition, from)])
    }

    fn open_at(
        settings: &Settings,
        topic: &str,
        partitions: &[(i32, Option<i64>)],
    ) -> Result<Option<Reader>, KafkaError> {
        let mut config = settings.reader();
        // A consumer without a group does not hand its events to whoever polls; it never joins this one.
        config.set("group.id", format!("{}-reader", settings.group)).set("enable.partition.eof", "true");
        let start = |config: &ClientConfig| -> Result<BaseConsumer<MemberContext>, KafkaError> {
            let context = MemberContext::alone();
            config.create_with_context(context).map_err(KafkaError::client("start a reader"))
        };
        let ends = start(config.clone().set("isolation.level", UNCOMMITTED))?;
        let consumer = start(&config)?;
        let (mut stand, mut list) = (Stand::default(), TopicPartitionList::new());
        for (partition, from) in partitions {
            let (low, end) = bounds(&ends, topic, *partition)?;
            // The brokers end one by its age, which they look at every ten seconds as they are shipped.
            let until = Instant::now() + PATIENCE + Duration::from_millis(settings.session_ms());
            while bounds(&consumer, topic, *partition)?.1 < end {
                if Instant::now() > until {
                    return Err(KafkaError::Unusable(format!(
                        "partition {partition} of {topic}: a transaction does not end"
                    )));
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            let from = from.unwrap_or(low);
            if from < low || from > end {
                return Ok(None);
            }
            stand.read.insert(*partition, from);
            stand.end.insert(*partition, end);
            list.add_partition_offset(topic, *partition, Offset::Offset(from))
                .map_err(KafkaError::client(format!("read {topic}")))?;
        }
        consumer.assign(&list).map_err(KafkaError::client(format!("read {topic}")))?;
        Ok(Some(Reader { consumer, topic: topic.to_owned(), stand }))
    }

    pub fn stand(&self) -> &Stand {
        &self.stand
    }

    /// Hands over what has come, at most so many messages, waiting for the first of them; how many there were.
    pub fn take(
        &mut self,
        most: usize,
        wait: Duration,
        each: &mut dyn FnMut(&Received<'_>),
    ) -> Result<usize, KafkaError> {
        let mut count = 0;
        while count < most {
            let wait = if count == 0 { wait } else { Duration::ZERO };
            match self.consumer.poll(wait) {
                None => break,
                Some(Ok(message)) => {
                    let received = member::received(&message);
                    each(&received);
                    self.stand.read.insert(received.partition, received.offset + 1);
                    count += 1;
                }
                // All that was committed was read: at least to where it ended.
                Some(Err(ClientError::PartitionEOF(partition))) => {
                    let end = self.stand.end.get(&partition).copied().unwrap_or(0);
                    let read = self.stand.read.entry(partition).or_insert(0);
                    *read = end.max(*read);
                    if self.stand.left() == 0 {
                        break;
                    }
                }
                Some(Err(error)) => match member::failure(&error) {
                    Some(why) => return Err(KafkaError::Unusable(why)),
                    None => tracing::warn!("kafka: {error}"),
                },
            }
        }
        Ok(count)
    }

    /// Reads until the end as it was when the reader was opened.
    pub fn read_to_end(&mut self, each: &mut dyn FnMut(&Received<'_>)) -> Result<(), KafkaError> {
        const WAIT: Duration = Duration::from_millis(100);
        let mut idle = Duration::ZERO;
        while self.stand.left() > 0 {
            idle = if self.take(100_000, WAIT, each)? == 0 { idle + WAIT } else { Duration::ZERO };
            if idle > PATIENCE {
                let left = self.stand.left();
                return Err(KafkaError::Unusable(format!("{left} messages of {} do not come", self.topic)));
            }
        }
        Ok(())
    }
}
