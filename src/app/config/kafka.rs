//! The sections `[log]`, as far as it says where the log is, and `[kafka]`. What each key means to an operator stands in
//! `config/wagewatch.toml`, not twice.

use super::document::Value;
use super::keys::Keys;
use super::problem::ConfigError;
use crate::kafka::{Secret, Settings, check_setting};
use std::collections::BTreeMap;
use std::path::Path;

/// Where records stand in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogKind {
    /// Files in the data folder.
    Local,
    /// Topics of Kafka.
    Kafka,
}

pub(super) const KINDS: [(&str, LogKind); 2] = [("local", LogKind::Local), ("kafka", LogKind::Kafka)];

const NAME: &str = "1 to 100 of A-Z a-z 0-9 . _ -";
const SETTINGS: &str =
    "a section [kafka.settings] of librdkafka's settings: \"security.protocol\" = \"sasl_ssl\"";

/// `None` = no brokers are named.
pub(super) fn read(keys: &mut Keys, kind: LogKind, shards: u16, folder: &Path) -> Option<Settings> {
    let default = Settings::default();
    let mut s = keys.section("kafka");
    let brokers = s.text("brokers", "host:port, with commas between", is_brokers);
    let settings = Settings {
        brokers: brokers.clone().unwrap_or_default(),
        group: s.text("group", NAME, is_name).unwrap_or(default.group),
        topic_prefix: s.text("topic_prefix", NAME, is_name).unwrap_or(default.topic_prefix),
        partitions: shards,
        replication: s.number("replication", default.replication, 1, 32),
        min_in_sync: s.number("min_in_sync", default.min_in_sync, 1, 32),
        retain_days: s.number("retain_days", default.retain_days, 0, 36_500),
        session_seconds: s.number("session_seconds", default.session_seconds, 6, 300),
        client: BTreeMap::new(),
        sasl_password: None,
        key_password: None,
    };
    let sasl = s.path("sasl_password_file");
    let key = s.path("key_password_file");
    let given = s.table("settings", SETTINGS);
    let client = client(keys, given);
    let sasl_password = secret(keys, "sasl_password_file", sasl, folder);
    let key_password = secret(keys, "key_password_file", key, folder);
    if settings.min_in_sync > settings.replication {
        let place = keys.place("kafka", "min_in_sync").min(keys.place("kafka", "replication"));
        let what = format!("kafka.min_in_sync is {}", settings.min_in_sync);
        let expected = format!("at most kafka.replication, {}", settings.replication);
        keys.problems.push(ConfigError::new(place, what, expected));
    }
    if kind == LogKind::Kafka && brokers.is_none() {
        let place = keys.place("log", "kind");
        let what = "log.kind is \"kafka\" without kafka.brokers";
        keys.problems.push(ConfigError::new(place, what, "kafka.brokers = \"host:port,host:port\""));
    }
    brokers.map(|_| Settings { client, sasl_password, key_password, ..settings })
}

fn client(keys: &mut Keys, given: Vec<super::keys::Pair>) -> BTreeMap<String, String> {
    let mut client = BTreeMap::new();
    for pair in given {
        let value = match &pair.value {
            Value::Text(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Boolean(yes) => yes.to_string(),
            other => {
                let what = format!("kafka.settings: {} is {}", pair.name, other.shown());
                keys.problems.push(ConfigError::new(
                    pair.place,
                    what,
                    "a text, a whole number, true or false",
                ));
                continue;
            }
        };
        match check_setting(&pair.name, &value) {
            Ok(()) => {
                client.insert(pair.name, value);
            }
            Err((what, expected)) => {
                keys.problems.push(ConfigError::new(pair.place, format!("kafka.settings {what}"), expected));
            }
        }
    }
    client
}

// The secret itself is in no message. A line's end does not belong to it.
fn secret(keys: &mut Keys, key: &str, path: Option<String>, folder: &Path) -> Option<Secret> {
    let path = folder.join(path?);
    let read = std::fs::read_to_string(&path);
    let what = match read.as_ref().map(|text| text.trim_end_matches(['\r', '\n'])) {
        Ok("") => "holds nothing".to_owned(),
        Ok(secret) => return Some(Secret(secret.to_owned())),
        Err(error) => format!("cannot be read: {error}"),
    };
    let what = format!("kafka.{key} {} {what}", path.display());
    keys.problems.push(ConfigError::new(keys.place("kafka", key), what, "a file with the password alone"));
    None
}

fn is_name(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (1..=100).contains(&text.len()) && text.bytes().all(good)
}

fn is_brokers(text: &str) -> bool {
    let one = |broker: &str| {
        let parts = broker.trim().rsplit_once(':');
        parts.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0))
    };
    text.split(',').all(one)
}
