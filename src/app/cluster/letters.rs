//! Dead letters of a cluster: read from their topic, for whoever asks. A letter's number is its place there.

use crate::domain::{Door, Position, Reason, ReasonCode, Rejected};
use crate::engine::api::{DeadContent, DeadLetter, DeadLetterId};
use crate::kafka::message::{
    FROM_OFFSET, FROM_PARTITION, FROM_TOPIC, REASON, REASON_EXPECTED, REASON_FIELD, REASON_FOUND, RECORD_ID,
    Received, SOURCE,
};
use crate::kafka::{KafkaError, Reader, Settings};
use compact_str::{CompactString, format_compact};
use std::time::Duration;

/// Our own letters stand in one partition.
const PARTITION: i32 = 0;
const WAIT: Duration = Duration::from_millis(200);
/// Brokers that give nothing for so long are not waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Letters above `after`, ascending, at most `max`. Waits for brokers: not for a thread that serves others.
pub fn read(
    settings: &Settings,
    after: Option<DeadLetterId>,
    max: usize,
) -> Result<Vec<DeadLetter>, KafkaError> {
    let topic = settings.topics().dead_letters;
    // The number of a letter is the offset behind it: the next one stands there, or further on.
    let from = after.map(|id| i64::try_from(id.position.0).unwrap_or(i64::MAX));
    let opened = match from {
        Some(_) => Reader::open_from(settings, &topic, PARTITION, from)?,
        None => None,
    };
    // What is asked for may be gone by the topic's retention: then from the oldest that there is.
    let mut reader = match opened {
        Some(reader) => reader,
        None => match Reader::open_from(settings, &topic, PARTITION, None)? {
            Some(reader) => reader,
            None => return Ok(Vec::new()),
        },
    };
    let (mut letters, mut idle) = (Vec::new(), Duration::ZERO);
    while letters.len() < max && reader.stand().left() > 0 {
        let wanted = max - letters.len();
        let came = reader.take(wanted, WAIT, &mut |received| letters.push(letter(received)))?;
        idle = if came == 0 { idle + WAIT } else { Duration::ZERO };
        if idle > PATIENCE {
            return Err(KafkaError::Unusable(format!("the messages of {topic} do not come")));
        }
    }
    letters.retain(|letter| after.is_none_or(|after| letter.id > after));
    Ok(letters)
}

/// The number of the letter that stands there.
pub fn number(offset: i64) -> DeadLetterId {
    DeadLetterId { position: Position(u64::try_from(offset).unwrap_or(0) + 1), index: 0 }
}

fn letter(received: &Received<'_>) -> DeadLetter {
    let said = |name: &str| {
        let value = received.headers.iter().find(|(header, _)| *header == name).map(|(_, value)| *value);
        value.map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
    };
    let known = |name: &str| Some(said(name)).filter(|said| !said.is_empty()).map(CompactString::from);
    let code = ReasonCode::parse(&said(REASON)).unwrap_or(ReasonCode::Syntax);
    let reason = Reason::new(&said(REASON_FIELD), code, said(REASON_FOUND), said(REASON_EXPECTED));
    let body = received.body.unwrap_or_default();
    DeadLetter {
        id: number(received.offset),
        written_ms: received.written_ms,
        reason: reason.clone(),
        content: DeadContent::Input(Rejected {
            door: Door::Kafka,
            file: format_compact!("{}/{}", said(FROM_TOPIC), said(FROM_PARTITION)),
            line: said(FROM_OFFSET).parse().unwrap_or(0),
            id: known(RECORD_ID),
            source: known(SOURCE),
            reason,
            raw: body.into(),
            raw_len: body.len() as u64,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::Topics;

    #[test]
    fn a_letter_comes_back_with_its_reason_and_where_it_stood() {
        let topics = Topics::new("w.");
        let came = Received {
            topic: "w.records",
            partition: 3,
            offset: 17,
            written_ms: 5,
            body: Some(b"{\"type\":\"paymnt\"}"),
            ..Received::default()
        };
        let reason = Reason::range("type", "\"paymnt\"", "a type of record");
        let dead = came.dead_letter(&topics, &reason).about(None, Some("gate"));
        let headers = dead.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        let stands = Received { topic: &dead.topic, offset: 41, body: dead.body.as_deref(), headers, ..came };
        let letter = letter(&stands);
        assert_eq!(letter.id, number(41));
        assert_eq!(letter.reason, reason);
        let DeadContent::Input(input) = letter.content else { panic!("an input") };
        assert_eq!((input.file.as_str(), input.line), ("w.records/3", 17));
        assert_eq!((input.id, input.source.as_deref()), (None, Some("gate")));
        assert_eq!(&*input.raw, b"{\"type\":\"paymnt\"}");
    }
}
