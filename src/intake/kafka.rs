//! Messages of Kafka: what their bodies hold (JSON, protobuf, CloudEvents, our own), and where ours are written. Pure: every
//! message is taken, or kept as a dead letter with its reason. Knows no broker.

use super::field::Field;
use super::rejection::{MAX_LINE_BYTES, Rejection};
use super::{json, proto, scan};
use crate::domain::{Door, Entry, ProjectId, Reason, ReasonCode, Record, Rejected};
use crate::engine::cluster::{Message, Partition};
use crate::kafka::Topics;
use crate::kafka::message::{self, Attributes, Content, Envelope, Outgoing, Received};
use crate::proto::v1 as pb;
use compact_str::format_compact;
use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What becomes of a message of the records or of the county.
#[derive(Clone, PartialEq, Debug)]
pub enum Sorted {
    /// Its owner takes it, or hands it on to the partition in which it belongs.
    Take(Message),
    /// It goes where dead letters are, as it came.
    Dead(Outgoing, Rejected),
}

/// The topics, and how many partitions projects have.
#[derive(Clone, Debug)]
pub struct Sorter {
    pub topics: Topics,
    pub partitions: u16,
}

impl Sorter {
    pub fn sort(&self, received: &Received<'_>) -> Sorted {
        let envelope = received.envelope().map_err(Rejection::of);
        match envelope.and_then(|envelope| decode(&envelope)) {
            Ok(message) => Sorted::Take(message),
            Err(rejection) => {
                let letter = received.dead_letter(&self.topics, &rejection.reason);
                let letter = letter.about(rejection.id.as_deref(), rejection.source.as_deref());
                Sorted::Dead(letter, rejected(received, rejection))
            }
        }
    }

    /// Where messages for a partition stand.
    pub fn place(&self, partition: Partition) -> (&str, i32) {
        match partition {
            Partition::Projects(partition) => (&self.topics.records, i32::from(partition)),
            Partition::County => (&self.topics.county, 0),
        }
    }

    /// Whose messages stand there.
    pub fn partition(&self, topic: &str, partition: i32) -> Option<Partition> {
        if topic == self.topics.county {
            return (partition == 0).then_some(Partition::County);
        }
        let partition = u16::try_from(partition).ok().filter(|partition| *partition < self.partitions);
        partition.filter(|_| topic == self.topics.records).map(Partition::Projects)
    }

    /// The message as it is written for the owner of that partition.
    pub fn message(&self, partition: Partition, message: &Message) -> Outgoing {
        let (topic, at) = self.place(partition);
        let project = match message {
            Message::Entry(Entry::Record(record)) => record.body.project_id(),
            Message::Entry(Entry::Act(act)) => Some(&act.project_id),
            Message::Command(command) => Some(command.project_id()),
            Message::Entry(_) | Message::Turn(_) | Message::Said(_) => None,
        };
        let key = project.filter(|_| partition != Partition::County).map(ProjectId::as_str);
        message::own(topic, at, key.unwrap_or("county").as_bytes(), message.to_bytes())
    }

    /// An entry as a door writes it: where it belongs.
    pub fn entry(&self, entry: &Entry) -> Outgoing {
        self.message(Partition::of(entry, self.partitions), &Message::Entry(entry.clone()))
    }
}

/// What is kept of what came, cut at the length that doors keep.
fn rejected(received: &Received<'_>, rejection: Rejection) -> Rejected {
    let body = received.body.unwrap_or_default();
    Rejected {
        door: Door::Kafka,
        file: format_compact!("{}/{}", received.topic, received.partition),
        line: u64::try_from(received.offset).unwrap_or(0),
        id: rejection.id,
        source: rejection.source,
        reason: rejection.reason,
        raw: body[..body.len().min(KEPT_BYTES)].into(),
        raw_len: body.len() as u64,
    }
}

const KEPT_BYTES: usize = 64 << 10;

/// What a body holds.
pub fn decode(envelope: &Envelope<'_>) -> Result<Message, Rejection> {
    let body = envelope.body;
    if body.len() > MAX_LINE_BYTES && envelope.content != Content::Entry {
        return Err(Rejection::too_large(body.len() as u64, MAX_LINE_BYTES));
    }
    match envelope.content {
        Content::Json => json_record(text(body)?, &envelope.attributes).map(record),
        Content::Protobuf => proto_record(body, &envelope.attributes).map(record),
        Content::CloudEvent => event(text(body)?).map(record),
        Content::Entry => Message::from_bytes(body).map_err(|corrupt| {
            let found = corrupt.to_string();
            Rejection::of(Reason::new("message", ReasonCode::Syntax, found, "a message of wagewatch"))
        }),
    }
}

fn record(record: Record) -> Message {
    Message::Entry(Entry::Record(record))
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
    let mut record = <pb::Record as prost::Message>::decode(body).map_err(|_| {
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
