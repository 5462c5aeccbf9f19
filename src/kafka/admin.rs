//! Makes the topics, and asks the brokers what they are. Changes no topic that there is.

use super::KafkaError;
use super::context::Ears;
use super::settings::Settings;
use super::topics::{Found, Mismatch, Wanted, compare};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::metadata::Metadata;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// So long may the brokers take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

const ASK_AGAIN: Duration = Duration::from_secs(3);

/// A connection to the brokers for questions about topics.
pub struct Admin {
    client: AdminClient<Ears>,
    settings: Settings,
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Looked {
    pub brokers: usize,
    /// The topics that are as they must be.
    pub good: Vec<String>,
    /// The topics that there are not.
    pub missing: Vec<String>,
    pub wrong: Vec<Mismatch>,
}

impl Admin {
    pub fn new(settings: &Settings) -> Result<Admin, KafkaError> {
        let ears = Ears::unobserved();
        let client = settings.admin().create_with_context(ears).map_err(KafkaError::client("connect"))?;
        Ok(Admin { client, settings: settings.clone() })
    }

    /// Holds every topic against what it must be.
    pub async fn look(&self) -> Result<Looked, KafkaError> {
        let mut looked = Looked::default();
        let wanted = self.settings.wanted();
        let mut found = self.found(&wanted, &mut looked).await?;
        for wanted in &wanted {
            let found = found.remove(&wanted.topic);
            let wrong = compare(wanted, found.as_ref());
            match found {
                None => looked.missing.push(wanted.topic.clone()),
                Some(_) if wrong.is_empty() => looked.good.push(wanted.topic.clone()),
                Some(_) => {}
            }
            looked.wrong.extend(wrong);
        }
        Ok(looked)
    }

    /// Makes the topics of the list.
    pub async fn make(&self, topics: &[String]) -> Result<(), KafkaError> {
        let wanted: Vec<Wanted> =
            self.settings.wanted().into_iter().filter(|wanted| topics.contains(&wanted.topic)).collect();
        let values: Vec<Vec<(&str, String)>> = wanted
            .iter()
            .map(|wanted| wanted.settings.iter().map(|(key, need)| (*key, need.value())).collect())
            .collect();
        let new: Vec<NewTopic<'_>> = wanted
            .iter()
            .zip(&values)
            .map(|(wanted, values)| {
                let replication = TopicReplication::Fixed(wanted.replication);
                let topic = NewTopic::new(&wanted.topic, wanted.partitions, replication);
                values.iter().fold(topic, |topic, (key, value)| topic.set(key, value))
            })
            .collect();
        let options = options();
        let made =
            self.client.create_topics(&new, &options).await.map_err(KafkaError::client("make topics"))?;
        for result in made {
            if let Err((topic, code)) = result {
                return Err(KafkaError::Unusable(format!("topic {topic} could not be made: {code}")));
            }
        }
        Ok(())
    }

    /// [`Admin::look`] once every broker knows of the topics that were just made, or after a while.
    pub async fn settled(&self) -> Result<Looked, KafkaError> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.look().await {
                Ok(looked) if looked.missing.is_empty() || Instant::now() > until => return Ok(looked),
                Err(error) if Instant::now() > until => return Err(error),
                _ => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
    }

    /// Asks as long as the brokers may take, but not beyond their refusal: of that a consumer hears, and an admin's client
    /// does not.
    fn metadata(&self) -> Result<Metadata, KafkaError> {
        let what = || format!("ask {} for its topics", self.settings.brokers);
        let mut config = self.settings.admin();
        // It joins no group; without the name of one nothing is handed to whoever polls.
        config.set("group.id", format!("{}-admin", self.settings.group));
        let asking: BaseConsumer<Ears> =
            config.create_with_context(Ears::unobserved()).map_err(KafkaError::client("connect"))?;
        let until = Instant::now() + PATIENCE;
        loop {
            let error = match asking.fetch_metadata(None, ASK_AGAIN) {
                Ok(metadata) => return Ok(metadata),
                Err(error) => error,
            };
            // Errors come by the way of messages, of which there are none.
            while asking.poll(Duration::from_millis(50)).is_some() {}
            if let Some(why) = asking.context().refused() {
                return Err(KafkaError::Unusable(format!("{}: {why}", what())));
            }
            if Instant::now() > until {
                return Err(KafkaError::client(what())(error));
            }
        }
    }

    async fn found(
        &self,
        wanted: &[Wanted],
        looked: &mut Looked,
    ) -> Result<BTreeMap<String, Found>, KafkaError> {
        // Of all topics: to ask for one by name may make it.
        let metadata = self.metadata()?;
        looked.brokers = metadata.brokers().len();
        let mut found = BTreeMap::new();
        for topic in metadata.topics().iter().filter(|t| wanted.iter().any(|w| w.topic == t.name())) {
            let partitions = i32::try_from(topic.partitions().len()).unwrap_or(i32::MAX);
            let replicas = topic.partitions().iter().map(|partition| partition.replicas().len()).min();
            let replication = i32::try_from(replicas.unwrap_or(0)).unwrap_or(i32::MAX);
            found.insert(
                topic.name().to_owned(),
                Found { partitions, replication, settings: BTreeMap::new() },
            );
        }
        let asked: Vec<String> = found.keys().cloned().collect();
        let resources: Vec<ResourceSpecifier<'_>> =
            asked.iter().map(|topic| ResourceSpecifier::Topic(topic)).collect();
        if resources.is_empty() {
            return Ok(found);
        }
        let told = self
            .client
            .describe_configs(&resources, &options())
            .await
            .map_err(KafkaError::client("ask for the topics' settings"))?;
        for (topic, told) in asked.iter().zip(told) {
            let told = told.map_err(|code| {
                KafkaError::Unusable(format!("the settings of topic {topic} are not told: {code}"))
            })?;
            let settings =
                told.entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?))).collect();
            if let Some(found) = found.get_mut(topic) {
                found.settings = settings;
            }
        }
        Ok(found)
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(PATIENCE)).operation_timeout(Some(PATIENCE))
}
