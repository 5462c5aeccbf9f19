//! One batch as a gRPC caller sent it, and the entries that it becomes: a record, or what could not
//! be taken with its reason and its bytes. Knows no call and no engine.

use super::json;
use super::proto;
use super::rejection::{MAX_LINE_BYTES, Rejection};
use crate::domain::{Door, Entry, Record, Rejected};
use crate::proto::Refusal;
use crate::proto::v1 as pb;
use compact_str::CompactString;
use prost::Message;
use prost::bytes::Bytes;
use std::time::Duration;

/// What the door takes at most.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Records and lines in one batch.
    pub batch_records: usize,
    /// Records that all calls together may have with the engine; beyond it they wait. At most the engine's own queue.
    pub waiting_records: usize,
    /// `SubmitStream` calls at once.
    pub streams: usize,
    /// How long a `Submit` waits for room and for its verdicts, if the caller gives no shorter time.
    pub patience: Duration,
    /// Bytes that are kept of input that could not be taken.
    pub kept_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            batch_records: 10_000,
            waiting_records: 100_000,
            streams: 1024,
            patience: Duration::from_secs(30),
            kept_bytes: 64 << 10,
        }
    }
}

/// Records, then lines of JSON.
pub struct Batch {
    pub records: Vec<pb::Record>,
    pub ndjson: Bytes,
}

impl Batch {
    /// How many verdicts the batch will get.
    pub fn count(&self) -> usize {
        self.records.len() + lines(&self.ndjson).count()
    }

    pub fn check(&self, limits: &Limits) -> Result<(), Refusal> {
        let count = self.count();
        if count > limits.batch_records {
            let field = if self.records.len() > limits.batch_records { "records" } else { "ndjson" };
            let expected = format!("at most {} records in one batch, found {count}", limits.batch_records);
            return Err(Refusal::invalid(field, expected));
        }
        Ok(())
    }

    /// One entry for each record and line, in their order.
    pub fn entries(&self, door: Door, limits: &Limits) -> Vec<Entry> {
        let mut entries = Vec::with_capacity(self.records.len());
        let mut place = 0;
        for record in &self.records {
            place += 1;
            let decoded = fits(record).and_then(|()| proto::decode(record));
            entries.push(taken(decoded, door, place, || record.encode_to_vec(), limits));
        }
        for line in lines(&self.ndjson) {
            place += 1;
            entries.push(taken(json::decode_bytes(line), door, place, || line.to_vec(), limits));
        }
        entries
    }
}

/// Only a payroll sheet can be valid and too large: the fields of the others are short, each by its own limit.
fn fits(record: &pb::Record) -> Result<(), Rejection> {
    if !matches!(record.body, Some(pb::record::Body::Payroll(_))) {
        return Ok(());
    }
    match record.encoded_len() {
        len if len > MAX_LINE_BYTES => Err(Rejection::too_large(len as u64, MAX_LINE_BYTES)),
        _ => Ok(()),
    }
}

/// Lines that are not empty, without their ends.
fn lines(ndjson: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ended = ndjson.split(|byte| *byte == b'\n');
    ended.map(|line| line.strip_suffix(b"\r").unwrap_or(line)).filter(|line| !line.trim_ascii().is_empty())
}

fn taken(
    decoded: Result<Record, Rejection>,
    door: Door,
    place: u64,
    raw: impl FnOnce() -> Vec<u8>,
    limits: &Limits,
) -> Entry {
    match decoded {
        Ok(record) => Entry::Record(record),
        Err(rejection) => rejected(rejection, door, place, &raw(), limits),
    }
}

fn rejected(rejection: Rejection, door: Door, place: u64, raw: &[u8], limits: &Limits) -> Entry {
    Entry::Rejected(Box::new(Rejected {
        door,
        file: CompactString::default(),
        line: place,
        id: rejection.id,
        source: rejection.source,
        reason: rejection.reason,
        raw: raw[..raw.len().min(limits.kept_bytes)].into(),
        raw_len: raw.len() as u64,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ReasonCode;

    fn swipe(id: &str, number: &str) -> pb::Record {
        let attendance = pb::Attendance {
            project_id: "P1".into(),
            id_number: number.into(),
            swiped_at: Some("2026-03-04T07:01:00+08:00".into()),
            ..pb::Attendance::default()
        };
        pb::Record {
            id: id.into(),
            source: "gate".into(),
            at: "2026-03-04T07:01:00+08:00".into(),
            body: Some(pb::record::Body::Attendance(attendance)),
        }
    }

    const GOOD: &str = "152722199001010019";

    #[test]
    fn records_come_before_lines_and_keep_their_places() {
        let line = format!(
            r#"{{"type":"attendance","id":"j1","source":"gate","at":"2026-03-04T07:01:00+08:00","project_id":"P1","id_number":"{GOOD}","swiped_at":"2026-03-04T07:01:00+08:00"}}"#
        );
        let ndjson = format!("{line}\r\n\n  \nnot json\n{line}");
        let batch = Batch { records: vec![swipe("a", GOOD), swipe("b", "1")], ndjson: ndjson.into() };
        assert_eq!(batch.count(), 5);
        let entries = batch.entries(Door::Submit, &Limits::default());
        let places: Vec<Option<u64>> = entries
            .iter()
            .map(|entry| match entry {
                Entry::Rejected(rejected) => Some(rejected.line),
                _ => None,
            })
            .collect();
        assert_eq!(places, [None, Some(2), None, Some(4), None]);
        let Entry::Rejected(bad) = &entries[1] else { panic!() };
        assert_eq!((bad.id.as_deref(), bad.reason.field.as_str()), (Some("b"), "id_number"));
        assert_eq!(pb::Record::decode(&*bad.raw).unwrap(), swipe("b", "1"));
    }

    #[test]
    fn what_is_too_large_is_kept_in_part() {
        let lines =
            vec![pb::PayrollLine { id_number: "x".repeat(MAX_LINE_BYTES), ..pb::PayrollLine::default() }];
        let payroll = Box::new(pb::Payroll { lines, ..pb::Payroll::default() });
        let big = pb::Record { body: Some(pb::record::Body::Payroll(payroll)), ..swipe("big", GOOD) };
        let limits = Limits { kept_bytes: 100, ..Limits::default() };
        let entries = Batch { records: vec![big], ndjson: Bytes::new() }.entries(Door::Submit, &limits);
        let Entry::Rejected(kept) = &entries[0] else { panic!() };
        assert_eq!((kept.reason.code, kept.raw.len()), (ReasonCode::TooLarge, 100));
        assert!(kept.raw_len > MAX_LINE_BYTES as u64);
    }

    #[test]
    fn a_batch_has_a_limit() {
        let limits = Limits { batch_records: 2, ..Limits::default() };
        let batch = |n| Batch { records: vec![swipe("a", GOOD); n], ndjson: "x\n".into() };
        assert!(batch(1).check(&limits).is_ok());
        assert!(matches!(batch(2).check(&limits), Err(Refusal::Invalid(_))));
    }
}
