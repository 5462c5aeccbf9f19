//! `SubscribeResponse`, written by hand for one reason: a row that ten thousand subscribers get is
//! encoded once, and its bytes are put into each one's message. The wire form is that of the proto file.

use super::v1::{AlertBatch, GoingAway, Heartbeat, Reset, SnapshotComplete};
use prost::Message;
use prost::bytes::{Buf, BufMut, Bytes};
use prost::encoding::{self, DecodeContext, WireType};

/// One message of a subscription.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SubscribeResponse {
    /// Come back with this one after the message has been handled.
    pub cursor: String,
    pub event: Option<SubscribeEvent>,
    /// Encoded `AlertEvent`s. If there are any, they are what is sent, and `event` is not.
    pub encoded: Vec<Bytes>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum SubscribeEvent {
    #[prost(message, tag = "2")]
    Alerts(AlertBatch),
    #[prost(message, tag = "3")]
    SnapshotComplete(SnapshotComplete),
    #[prost(message, tag = "4")]
    Reset(Reset),
    #[prost(message, tag = "5")]
    Heartbeat(Heartbeat),
    #[prost(message, tag = "6")]
    GoingAway(GoingAway),
}

const CURSOR: u32 = 1;
const ALERTS: u32 = 2;
const EVENTS: u32 = 1;

impl SubscribeResponse {
    pub fn event(cursor: String, event: SubscribeEvent) -> SubscribeResponse {
        SubscribeResponse { cursor, event: Some(event), encoded: Vec::new() }
    }

    /// A batch of rows that are encoded already.
    pub fn rows(cursor: String, encoded: Vec<Bytes>) -> SubscribeResponse {
        SubscribeResponse { cursor, event: None, encoded }
    }

    fn batch_len(&self) -> usize {
        let field = |bytes: &Bytes| {
            encoding::key_len(EVENTS) + encoding::encoded_len_varint(bytes.len() as u64) + bytes.len()
        };
        self.encoded.iter().map(field).sum()
    }
}

impl Message for SubscribeResponse {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        if !self.cursor.is_empty() {
            encoding::string::encode(CURSOR, &self.cursor, buf);
        }
        if self.encoded.is_empty() {
            if let Some(event) = &self.event {
                event.encode(buf);
            }
            return;
        }
        encoding::encode_key(ALERTS, WireType::LengthDelimited, buf);
        encoding::encode_varint(self.batch_len() as u64, buf);
        for row in &self.encoded {
            encoding::encode_key(EVENTS, WireType::LengthDelimited, buf);
            encoding::encode_varint(row.len() as u64, buf);
            buf.put_slice(row);
        }
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), prost::DecodeError> {
        match tag {
            CURSOR => encoding::string::merge(wire_type, &mut self.cursor, buf, ctx),
            2..=6 => SubscribeEvent::merge(&mut self.event, tag, wire_type, buf, ctx),
            _ => encoding::skip_field(wire_type, tag, buf, ctx),
        }
    }

    fn encoded_len(&self) -> usize {
        let cursor =
            if self.cursor.is_empty() { 0 } else { encoding::string::encoded_len(CURSOR, &self.cursor) };
        let event = if self.encoded.is_empty() {
            self.event.as_ref().map_or(0, SubscribeEvent::encoded_len)
        } else {
            let batch = self.batch_len();
            encoding::key_len(ALERTS) + encoding::encoded_len_varint(batch as u64) + batch
        };
        cursor + event
    }

    fn clear(&mut self) {
        *self = SubscribeResponse::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::v1::AlertEvent;

    #[test]
    fn encoded_rows_read_as_a_batch() {
        let events: Vec<AlertEvent> = (1..=3)
            .map(|seq| AlertEvent { shard: 7, seq, written_ms: 1 << 40, ..AlertEvent::default() })
            .collect();
        let rows = events.iter().map(|e| Bytes::from(e.encode_to_vec())).collect();
        let sent = SubscribeResponse::rows("here".into(), rows);
        let bytes = sent.encode_to_vec();
        assert_eq!(bytes.len(), sent.encoded_len());
        let read = SubscribeResponse::decode(bytes.as_slice()).unwrap();
        let want = SubscribeResponse::event("here".into(), SubscribeEvent::Alerts(AlertBatch { events }));
        assert_eq!(read, want);
        assert_eq!(want.encode_to_vec(), bytes);
    }

    #[test]
    fn a_mark_keeps_its_kind_and_cursor() {
        let sent = SubscribeResponse::event("c".into(), SubscribeEvent::GoingAway(GoingAway {}));
        assert_eq!(SubscribeResponse::decode(sent.encode_to_vec().as_slice()).unwrap(), sent);
    }
}
