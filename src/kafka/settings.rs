//! What clients of the brokers are set to: what an operator passes through to librdkafka, and what is not his to set,
//! because a promise rests on it. Opens no connection.

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use std::collections::BTreeMap;
use std::fmt;

/// A password that no message, log line or debug print shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// How the brokers are reached, and what the topics are to be.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// `host:port`, with commas between.
    pub brokers: String,
    /// The consumer group that the instances share.
    pub group: String,
    /// Before the name of every topic.
    pub topic_prefix: String,
    /// Of the topic of records; equal to the engine's shards.
    pub partitions: u16,
    pub replication: u16,
    pub min_in_sync: u16,
    /// So long records must be kept, for whoever builds his state from them; 0 = for ever.
    pub retain_days: u64,
    /// An instance that was not heard of for so long has lost its partitions.
    pub session_seconds: u64,
    /// Passed through to librdkafka.
    pub client: BTreeMap<String, String>,
    pub sasl_password: Option<Secret>,
    pub key_password: Option<Secret>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            brokers: String::new(),
            group: "wagewatch".into(),
            topic_prefix: "wagewatch.".into(),
            partitions: 32,
            replication: 3,
            min_in_sync: 2,
            retain_days: 0,
            session_seconds: 10,
            client: BTreeMap::new(),
            sasl_password: None,
            key_password: None,
        }
    }
}

/// The largest message that is written: a record of the largest size that the doors take, and its headers.
pub(super) const MESSAGE_BYTES_MAX: u64 = 2 << 20;

/// librdkafka's settings that are not passed through, with the reason.
const OURS: [(&str, &str); 22] = [
    ("bootstrap.servers", "kafka.brokers says it"),
    ("metadata.broker.list", "kafka.brokers says it"),
    ("group.id", "kafka.group says it"),
    ("group.instance.id", "two instances with one name would throw each other out"),
    ("group.protocol", "partitions are handed over one by one (cooperative-sticky)"),
    ("partition.assignment.strategy", "partitions are handed over one by one (cooperative-sticky)"),
    ("session.timeout.ms", "kafka.session_seconds says it"),
    ("acks", "what is answered was acknowledged by all replicas in sync"),
    ("request.required.acks", "what is answered was acknowledged by all replicas in sync"),
    ("enable.idempotence", "nothing is written twice"),
    ("transactional.id", "a lost owner is fenced by it"),
    ("transaction.timeout.ms", "kafka.session_seconds says it"),
    ("enable.auto.commit", "offsets are committed with what was made of them"),
    ("enable.auto.offset.store", "offsets are committed with what was made of them"),
    ("auto.offset.reset", "records that are gone are an error, not a place to skip"),
    ("isolation.level", "what was taken back is not read"),
    ("partitioner", "a project lives in the partition that its id says"),
    ("check.crcs", "what was damaged on its way is not read"),
    ("message.max.bytes", "the topics are made for the largest record"),
    ("allow.auto.create.topics", "`wagewatch kafka init` makes the topics"),
    ("sasl.password", "kafka.sasl_password_file names the file with it"),
    ("ssl.key.password", "kafka.key_password_file names the file with it"),
];

/// Whether a setting may be passed through, with such a value; else what is wrong, and what is expected. The value itself
/// is in no message.
pub fn check_setting(key: &str, value: &str) -> Result<(), (String, String)> {
    if let Some((_, why)) = OURS.iter().find(|(ours, _)| *ours == key) {
        return Err((format!("sets {key}"), format!("that left out: {why}")));
    }
    let secret = key.contains("password") || key.contains("secret") || key == "ssl.key.pem";
    if secret {
        return Err((
            format!("sets {key}"),
            "secrets in files of their own: kafka.sasl_password_file, kafka.key_password_file, ssl.key.location"
                .into(),
        ));
    }
    let mut config = ClientConfig::new();
    config.set(key, value);
    match config.create_native_config() {
        Ok(_) => Ok(()),
        Err(rdkafka::error::KafkaError::ClientConfig(_, said, ..)) => {
            Err((format!("{key}: {said}"), "a setting of librdkafka 2.12 with a value that it takes".into()))
        }
        Err(other) => Err((format!("{key}: {other}"), "a setting of librdkafka 2.12".into())),
    }
}

impl Settings {
    /// Whether what goes to the brokers is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.client.get("security.protocol").is_some_and(|way| way.to_ascii_lowercase().ends_with("ssl"))
    }

    /// What every client is set to, over what this kind of it begins with.
    fn client(&self, first: &[(&str, &str)]) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set_log_level(RDKafkaLogLevel::Info);
        config.set("client.id", "wagewatch").set("statistics.interval.ms", "5000");
        // A broker that is restarted is found again within a second.
        config.set("reconnect.backoff.max.ms", "1000");
        config.extend(first.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        config.extend(self.client.clone());
        config.set("bootstrap.servers", &self.brokers).set("allow.auto.create.topics", "false");
        for (key, secret) in
            [("sasl.password", &self.sasl_password), ("ssl.key.password", &self.key_password)]
        {
            if let Some(secret) = secret {
                config.set(key, &secret.0);
            }
        }
        config
    }

    /// Whoever makes topics, and asks what they are.
    pub(super) fn admin(&self) -> ClientConfig {
        let mut config = self.client(&[]);
        config.set("statistics.interval.ms", "0");
        config
    }

    /// Whoever writes what was sent to us.
    pub(super) fn door(&self) -> ClientConfig {
        // Whoever waits for his answer waits for the linger too.
        let first = [("linger.ms", "1"), ("compression.type", "lz4"), ("message.timeout.ms", "30000")];
        let mut config = self.client(&first);
        config
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("partitioner", "consistent")
            .set("message.max.bytes", MESSAGE_BYTES_MAX.to_string());
        config
    }

    /// Whoever writes what was made of what was read.
    pub(super) fn outbox(&self, instance: &str) -> ClientConfig {
        let mut config = self.door();
        let timeout = self.session_ms();
        // No message, and no request, may outlive its transaction.
        config
            .set("message.timeout.ms", timeout.to_string())
            .set("socket.timeout.ms", timeout.saturating_sub(100).to_string())
            .set("transaction.timeout.ms", timeout.to_string())
            .set("transactional.id", format!("{}-{instance}", self.group));
        config
    }

    /// Whoever owns partitions.
    pub(super) fn member(&self) -> ClientConfig {
        let mut config = self.reader();
        config
            .set("group.id", &self.group)
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", self.session_ms().to_string())
            .set("heartbeat.interval.ms", (self.session_ms() / 4).max(1).to_string());
        config
    }

    /// Whoever reads partitions from a place that he names.
    pub(super) fn reader(&self) -> ClientConfig {
        // As shipped, librdkafka waits a second whenever its queue is full, and keeps up with a fifth of this.
        let first = [
            ("fetch.queue.backoff.ms", "2"),
            ("queued.min.messages", "400000"),
            ("queued.max.messages.kbytes", "131072"),
            ("fetch.wait.max.ms", "50"),
        ];
        let mut config = self.client(&first);
        config
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("isolation.level", "read_committed")
            .set("check.crcs", "true");
        config
    }

    pub(super) fn session_ms(&self) -> u64 {
        self.session_seconds.saturating_mul(1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_promise_rests_on_is_not_passed_through() {
        let check = |key: &str, value: &str, said: &str| {
            let (what, expected) = check_setting(key, value).unwrap_err();
            assert_eq!(format!("{what}; expected {expected}"), said);
        };
        check(
            "acks",
            "1",
            "sets acks; expected that left out: what is answered was acknowledged by all replicas in sync",
        );
        check(
            "sasl.password",
            "x",
            "sets sasl.password; expected that left out: kafka.sasl_password_file names the file with it",
        );
        check(
            "no.such.thing",
            "1",
            "no.such.thing: No such configuration property: \"no.such.thing\"; expected a setting of librdkafka 2.12 with a value that it takes",
        );
        for (key, value) in [
            ("security.protocol", "sasl_ssl"),
            ("sasl.mechanisms", "SCRAM-SHA-512"),
            ("sasl.username", "wagewatch"),
            ("compression.type", "zstd"),
            ("linger.ms", "20"),
        ] {
            check_setting(key, value).unwrap();
        }
        assert!(check_setting("ssl.keystore.password", "x").is_err());
    }

    #[test]
    fn secrets_reach_every_client_and_no_print() {
        let settings = Settings {
            sasl_password: Some(Secret("hush".into())),
            client: BTreeMap::from([("linger.ms".into(), "7".into())]),
            ..Settings::default()
        };
        for config in
            [settings.admin(), settings.door(), settings.outbox("i"), settings.member(), settings.reader()]
        {
            assert_eq!(config.get("sasl.password"), Some("hush"));
            assert!(!format!("{config:?} {settings:?}").contains("hush"));
            config.create_native_config().unwrap();
        }
        assert_eq!(settings.door().get("linger.ms"), Some("7"));
        assert_eq!(settings.outbox("i").get("transactional.id"), Some("wagewatch-i"));
    }
}
