//! The form of a message: its key, its headers, and what they say of its body. Pure: any key, headers and body end in an
//! envelope or in the reason why not. Knows no broker, and reads no JSON and no protobuf.

use super::topics::Topics;
use crate::domain::{Reason, ReasonCode};

/// What the body is.
pub const CONTENT_TYPE: &str = "content-type";
/// One of our own messages: a record that a door has checked, a date, an act, what owners say to each other.
pub const ENTRY: &str = "application/vnd.wagewatch.entry";
pub const JSON: &str = "application/json";
pub const PROTOBUF: &str = "application/protobuf";
/// An event in structured mode: one JSON object around the record.
pub const CLOUD_EVENT: &str = "application/cloudevents+json";

/// Why a message is a dead letter, and where it stood.
pub const REASON: &str = "wagewatch-reason";
pub const REASON_FIELD: &str = "wagewatch-reason-field";
pub const REASON_FOUND: &str = "wagewatch-reason-found";
pub const REASON_EXPECTED: &str = "wagewatch-reason-expected";
/// What it says of itself, where that could be read.
pub const RECORD_ID: &str = "wagewatch-record-id";
pub const SOURCE: &str = "wagewatch-source";
pub const FROM_TOPIC: &str = "wagewatch-topic";
pub const FROM_PARTITION: &str = "wagewatch-partition";
pub const FROM_OFFSET: &str = "wagewatch-offset";

/// A message as it was read.
#[derive(Clone, Debug, Default)]
pub struct Received<'a> {
    pub topic: &'a str,
    pub partition: i32,
    pub offset: i64,
    pub written_ms: i64,
    pub key: Option<&'a [u8]>,
    pub body: Option<&'a [u8]>,
    /// In their order; a name may come more than once.
    pub headers: Vec<(&'a str, &'a [u8])>,
}

/// A message to be written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outgoing {
    pub topic: String,
    pub partition: i32,
    pub key: Vec<u8>,
    /// `None`: the key is no more (a tombstone).
    pub body: Option<Vec<u8>>,
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Outgoing {
    /// A dead letter with what is known of the record in it.
    #[must_use]
    pub fn about(mut self, record_id: Option<&str>, source: Option<&str>) -> Outgoing {
        let said = [(RECORD_ID, record_id), (SOURCE, source)];
        let said = said.into_iter().filter_map(|(name, said)| Some((name.to_owned(), said?.into())));
        self.headers.extend(said);
        self
    }
}

/// What a body holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Content {
    Json,
    Protobuf,
    /// A CloudEvent in structured mode.
    CloudEvent,
    Entry,
}

/// What the headers of a CloudEvent in binary mode say of the record, where it does not say it itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Attributes<'a> {
    pub id: Option<&'a str>,
    pub source: Option<&'a str>,
    pub kind: Option<&'a str>,
    pub time: Option<&'a str>,
}

/// A message whose body can be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Envelope<'a> {
    pub content: Content,
    pub attributes: Attributes<'a>,
    pub body: &'a [u8],
}

const CONTENTS: [(&str, Content); 5] = [
    (JSON, Content::Json),
    (PROTOBUF, Content::Protobuf),
    ("application/x-protobuf", Content::Protobuf),
    (CLOUD_EVENT, Content::CloudEvent),
    (ENTRY, Content::Entry),
];

const EXPECTED: &str =
    "application/json, application/protobuf, application/cloudevents+json or application/vnd.wagewatch.entry";

impl<'a> Received<'a> {
    /// What the message is; a reason if it is nothing that is taken.
    pub fn envelope(&self) -> Result<Envelope<'a>, Reason> {
        let body = self.body.ok_or_else(|| {
            Reason::new("message", ReasonCode::Missing, "no body (a tombstone)", "a record")
        })?;
        let content = match self.header(CONTENT_TYPE)? {
            // What says nothing is JSON, as a console or a connector writes it.
            None => Content::Json,
            Some(said) => content(said)?,
        };
        let attributes = Attributes {
            id: self.text("ce_id")?,
            source: self.text("ce_source")?,
            kind: self.text("ce_type")?,
            time: self.text("ce_time")?,
        };
        Ok(Envelope { content, attributes, body })
    }

    /// The message as it came, with the reason beside.
    pub fn dead_letter(&self, topics: &Topics, reason: &Reason) -> Outgoing {
        let mut headers = self.owned_headers();
        // What a sender calls so is not ours.
        headers.retain(|(name, _)| !name.starts_with("wagewatch-"));
        let mut say = |name: &str, value: String| headers.push((name.into(), value.into_bytes()));
        say(REASON, reason.code.as_str().into());
        say(REASON_FIELD, reason.field.to_string());
        say(REASON_FOUND, reason.found.to_string());
        say(REASON_EXPECTED, reason.expected.to_string());
        say(FROM_TOPIC, self.topic.into());
        say(FROM_PARTITION, self.partition.to_string());
        say(FROM_OFFSET, self.offset.to_string());
        let (key, body) = (self.key.unwrap_or_default().to_vec(), self.body.map(<[u8]>::to_vec));
        Outgoing { topic: topics.dead_letters.clone(), partition: 0, key, body, headers }
    }

    fn owned_headers(&self) -> Vec<(String, Vec<u8>)> {
        self.headers.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect()
    }

    /// A header that may be absent and may not come twice with different values.
    fn header(&self, name: &'static str) -> Result<Option<&'a [u8]>, Reason> {
        let mut found = self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        let Some((_, first)) = found.next() else { return Ok(None) };
        if found.any(|(_, other)| other != first) {
            return Err(Reason::new(name, ReasonCode::Syntax, "two different values", "one value"));
        }
        Ok(Some(first))
    }

    fn text(&self, name: &'static str) -> Result<Option<&'a str>, Reason> {
        let Some(bytes) = self.header(name)? else { return Ok(None) };
        let text = std::str::from_utf8(bytes)
            .map_err(|_| Reason::new(name, ReasonCode::Syntax, "bytes that are not UTF-8", "UTF-8 text"))?;
        Ok((!text.is_empty()).then_some(text))
    }
}

/// `application/json; charset=utf-8` is JSON; so is `APPLICATION/JSON`.
fn content(said: &[u8]) -> Result<Content, Reason> {
    let said = std::str::from_utf8(said)
        .map_err(|_| Reason::new(CONTENT_TYPE, ReasonCode::Syntax, "bytes that are not UTF-8", EXPECTED))?;
    let plain = said.split(';').next().unwrap_or_default().trim();
    let known = CONTENTS.iter().find(|(name, _)| name.eq_ignore_ascii_case(plain));
    known.map(|(_, content)| *content).ok_or_else(|| Reason::format(CONTENT_TYPE, plain, EXPECTED))
}

/// One of our own messages.
pub fn own(topic: &str, partition: i32, key: &[u8], body: Vec<u8>) -> Outgoing {
    let headers = vec![(CONTENT_TYPE.to_owned(), ENTRY.as_bytes().to_vec())];
    Outgoing { topic: topic.to_owned(), partition, key: key.to_vec(), body: Some(body), headers }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
