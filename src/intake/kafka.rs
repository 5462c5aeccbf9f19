//! Messages of Kafka: what their bodies hold (JSON, protobuf, CloudEvents, our own entries), and whether they stand where
//! they belong. Pure: every message is taken, moved, or kept as a dead letter with its reason. Knows no broker.

use super::field::Field;
use super::rejection::{MAX_LINE_BYTES, Rejection};
use super::{json, proto, scan};
use crate::domain::{Body, Entry, ProjectId, Reason, ReasonCode, Record};
use crate::engine::shard_of;
use crate::kafka::Topics;
use crate::kafka::message::{self, Attributes, Content, Envelope, Outgoing, Received};
use crate::proto::v1 as pb;
use data_encoding::BASE64;
use prost::Message;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What becomes of a message.
#[derive(Clone, PartialEq, Debug)]
pub enum Sorted {
    Take(Entry),
    /// It stood in another partition than the one it belongs to, and is written there.
    Move(Outgoing),
    Dead(Outgoing, Reason),
}

/// Whose an entry is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Belongs<'a> {
    Project(&'a ProjectId),
    /// It belongs to no single project.
    County,
    /// It counts wherever it stands: a date, a rulebook.
    Everywhere,
}

/// The topics, and how many partitions projects have.
#[derive(Clone, Debug)]
pub struct Sorter {
    pub topics: Topics,
    pub partitions: u16,
}

impl Sorter {
    /// A message of the records or of the county.
    pub fn sort(&self, received: &Received<'_>) -> Sorted {
        let dead = |reason: Reason| Sorted::Dead(received.dead_letter(&self.topics, &reason), reason);
        let envelope = match received.envelope() {
            Ok(envelope) => envelope,
            Err(reason) => return dead(reason),
        };
        let entry = match decode(&envelope) {
            Ok(entry) => entry,
            Err(rejection) => return dead(rejection.reason),
        };
        let Some((topic, partition, key)) = self.home(&entry) else { return Sorted::Take(entry) };
        if topic == received.topic && partition == received.partition {
            return Sorted::Take(entry);
        }
        if envelope.is_moved {
            return dead(Reason::new(
                "message",
                ReasonCode::Conflict,
                format!("a record of partition {partition} of {topic}, moved once"),
                "the partition that its project's id says",
            ));
        }
        Sorted::Move(received.moved(topic, partition, key))
    }

    /// Topic, partition and key of an entry; `None` if it may stand anywhere.
    pub fn home<'a>(&'a self, entry: &'a Entry) -> Option<(&'a str, i32, &'a [u8])> {
        match belongs(entry) {
            Belongs::Project(project) => {
                let partition = i32::from(shard_of(project, self.partitions));
                Some((&self.topics.records, partition, project.as_str().as_bytes()))
            }
            Belongs::County => Some((&self.topics.county, 0, COUNTY_KEY)),
            Belongs::Everywhere => None,
        }
    }

    /// The message that puts an entry where it belongs; what belongs everywhere begins with the county's owner.
    pub fn message(&self, entry: &Entry) -> Outgoing {
        match belongs(entry) {
            Belongs::Project(project) => {
                let partition = i32::from(shard_of(project, self.partitions));
                message::entry_message(&self.topics, Some(project), partition, entry)
            }
            Belongs::County | Belongs::Everywhere => message::entry_message(&self.topics, None, 0, entry),
        }
    }
}

const COUNTY_KEY: &[u8] = b"county";

pub fn belongs(entry: &Entry) -> Belongs<'_> {
    match entry {
        Entry::Record(record) => match &record.body {
            // Payments name their project or not; which account is whose is the county's to know.
            Body::Payment(_)
            | Body::Account(_)
            | Body::AccountEntry(_)
            | Body::AccountRestraint(_)
            | Body::Complaint(_)
            | Body::BusinessSignal(_) => Belongs::County,
            body => body.project_id().map_or(Belongs::County, Belongs::Project),
        },
        Entry::Act(act) if act.project_id.is_county() => Belongs::County,
        Entry::Act(act) => Belongs::Project(&act.project_id),
        Entry::Rejected(_) => Belongs::County,
        Entry::Date(_) | Entry::Rulebook(_) => Belongs::Everywhere,
    }
}

/// What a body holds.
pub fn decode(envelope: &Envelope<'_>) -> Result<Entry, Rejection> {
    let body = envelope.body;
    if body.len() > MAX_LINE_BYTES && envelope.content != Content::Entry {
        return Err(Rejection::too_large(body.len() as u64, MAX_LINE_BYTES));
    }
    match envelope.content {
        Content::Json => json_record(text(body)?, &envelope.attributes).map(Entry::Record),
        Content::Protobuf => proto_record(body, &envelope.attributes).map(Entry::Record),
        Content::CloudEvent => event(text(body)?).map(Entry::Record),
        Content::Entry => message::read_entry(body).map_err(Rejection::of),
    }
}

fn text(body: &[u8]) -> Result<&str, Rejection> {
    std::str::from_utf8(body).map_err(|why| Rejection::not_utf8(why.valid_up_to() + 1))
}

fn json_record<'a>(body: &'a str, attributes: &Attributes<'a>) -> Result<Record, Rejection> {
    if let Some(record) = scan::attendance(body) {
        return Ok(record);
    }
    let said = [
        (Field::Id, attributes.id),
        (Field::Source, attributes.source),
        (Field::Type, attributes.kind.map(last_word)),
        (Field::At, attributes.time),
    ];
    let around: Vec<(Field, &str)> =
        said.into_iter().filter_map(|(field, said)| Some((field, said?))).collect();
    json::decode_around(body, &around)
}

/// Types of events are written `cn.example.attendance`.
fn last_word(kind: &str) -> &str {
    kind.rsplit('.').next().unwrap_or(kind)
}

fn proto_record(body: &[u8], attributes: &Attributes<'_>) -> Result<Record, Rejection> {
    let mut record = pb::Record::decode(body).map_err(|_| {
        let found = "bytes that cannot be read";
        Rejection::of(Reason::new("record", ReasonCode::Syntax, found, "a protobuf wagewatch.v1.Record"))
    })?;
    for (field, said) in [
        (&mut record.id, attributes.id),
        (&mut record.source, attributes.source),
        (&mut record.at, attributes.time),
    ] {
        if let (true, Some(said)) = (field.is_empty(), said) {
            said.clone_into(field);
        }
    }
    proto::decode(&record)
}

/// A CloudEvent in structured mode, JSON format.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    source: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    time: Option<Cow<'a, str>>,
    #[serde(borrow)]
    datacontenttype: Option<Cow<'a, str>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    data_base64: Option<Cow<'a, str>>,
}

fn event(body: &str) -> Result<Record, Rejection> {
    let broken = |field: &str, found: &str, expected: &str| {
        Rejection::of(Reason::new(field, ReasonCode::Syntax, found, expected))
    };
    let event: Event<'_> = serde_json::from_str(body)
        .map_err(|_| broken("event", "something else", "a CloudEvent as one JSON object"))?;
    let attributes = Attributes {
        id: event.id.as_deref(),
        source: event.source.as_deref(),
        kind: event.kind.as_deref(),
        time: event.time.as_deref(),
    };
    let is_json = event.datacontenttype.as_deref().is_none_or(|said| said.starts_with("application/json"));
    match (event.data, event.data_base64.as_deref()) {
        (Some(data), None) if is_json => json_record(data.get(), &attributes),
        (Some(_), None) => Err(Rejection::of(Reason::format(
            "datacontenttype",
            event.datacontenttype.as_deref().unwrap_or_default(),
            "application/json beside data; other bytes as data_base64",
        ))),
        (None, Some(encoded)) => {
            let bytes = BASE64
                .decode(encoded.as_bytes())
                .map_err(|_| broken("data_base64", "something else", "bytes in base64"))?;
            if is_json { json_record(text(&bytes)?, &attributes) } else { proto_record(&bytes, &attributes) }
        }
        (None, None) => Err(Rejection::of(Reason::missing("data", "data or data_base64"))),
        (Some(_), Some(_)) => Err(broken("data", "data and data_base64", "one of the two")),
    }
}

#[cfg(test)]
#[path = "kafka_tests.rs"]
mod tests;
