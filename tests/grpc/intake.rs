//! Records in: verdicts, what is malformed or too much, and a sender who is faster than the disk.

use crate::house::{House, Plan, enrolment, payment, project_record, work_day};
use prost::bytes::{Buf, BufMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use tokio_stream::StreamExt;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;
use wagewatch::domain::{Entry, Position};
use wagewatch::intake::batch::Limits;
use wagewatch::log::{Block, Log, LogError, MemoryLog};
use wagewatch::proto::v1::{self as pb, verdict::Code as Judged};
use wagewatch::serve::server::ServerLimits;

fn codes(verdicts: &[pb::Verdict]) -> Vec<Judged> {
    verdicts.iter().map(pb::Verdict::code).collect()
}

fn batch(records: Vec<pb::Record>) -> pb::SubmitRequest {
    pb::SubmitRequest { records, ..pb::SubmitRequest::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_record_gets_its_verdict_and_rejected_ones_are_kept() {
    let house = House::start().await;
    let records = vec![
        project_record("P1", "building"),
        enrolment("P1", 1),
        project_record("P1", "building"),
        pb::Record { at: "yesterday".into(), ..work_day("P1", 1, "2026-03-02") },
        payment("P1", 1, "t1", 100),
        payment("P1", 1, "t1", 200),
    ];
    let line = r#"{"type":"attendance","id":"j","source":"gate","at":"2026-03-04T07:01:00+08:00","project_id":"P1","id_number":"152722199001010018","swiped_at":"2026-03-04T07:01:00+08:00"}"#;
    let request = pb::SubmitRequest { records, ndjson: format!("{line}\n").into() };
    let verdicts = house.intake().submit(request).await.unwrap().into_inner().verdicts;
    let (yes, twice, no) = (Judged::Accepted, Judged::Duplicate, Judged::Rejected);
    assert_eq!(codes(&verdicts), [yes, yes, twice, no, yes, no, no]);
    let reason = verdicts[3].reason.clone().unwrap();
    assert_eq!((reason.field.as_str(), reason.code.as_str()), ("at", "format"));
    assert!(!reason.message.contains("yesterday") && reason.message.contains("RFC 3339"), "{reason:?}");
    assert_eq!(verdicts[5].reason.as_ref().unwrap().code, "conflict");
    assert_eq!(verdicts[6].reason.as_ref().unwrap().code, "checksum");
    let mut letters = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListDeadLettersRequest { page_size: 1, page_token };
        let page = house.ledgers().list_dead_letters(request).await.unwrap().into_inner();
        letters.extend(page.dead_letters);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(letters.len(), 3, "{letters:?}");
    assert!(letters.iter().any(|l| l.line == 4 && l.raw.contains("yesterday") && l.door == "submit"));
    assert!(letters.iter().all(|l| !l.raw.contains("152722199001010018")));
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_batch_is_answered() {
    let house = House::start().await;
    assert!(house.submit(Vec::new()).await.is_empty());
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_is_refused_with_what_is_allowed() {
    let intake = Limits { batch_records: 5, ..Limits::default() };
    let server = ServerLimits { message_bytes: 64 << 10, ..ServerLimits::default() };
    let house = House::build(Plan { intake, server, ..Plan::default() }).await;
    let many = vec![enrolment("P1", 1); 6];
    let status = house.intake().submit(batch(many.clone())).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let violation = status.get_details_bad_request().unwrap().field_violations.remove(0);
    assert!(violation.field == "records" && violation.description.contains("at most 5"), "{violation:?}");
    let mut large = enrolment("P1", 1);
    large.id = "x".repeat(1 << 20);
    let status = house.intake().submit(batch(vec![large.clone()])).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().contains("limit"), "{status:?}");
    // A stream ends with the reason, after what it has earned.
    let request = |sequence, records| pb::SubmitStreamRequest { sequence, records, ..Default::default() };
    let requests = vec![request(1, vec![enrolment("P1", 1)]), request(2, many), request(3, Vec::new())];
    let mut answers = house.intake().submit_stream(tokio_stream::iter(requests)).await.unwrap().into_inner();
    assert_eq!(answers.message().await.unwrap().unwrap().sequence, 1);
    assert_eq!(answers.message().await.unwrap_err().code(), Code::InvalidArgument);
    let mut answers = house
        .intake()
        .submit_stream(tokio_stream::iter(vec![request(1, vec![large])]))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answers.message().await.unwrap_err().code(), Code::ResourceExhausted);
    house.end().await;
}

/// Sends bytes as they are.
#[derive(Clone, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = ();
    type Encoder = Raw;
    type Decoder = Raw;
    fn encoder(&mut self) -> Raw {
        Raw
    }
    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;
    fn encode(&mut self, bytes: Vec<u8>, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put_slice(&bytes);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = ();
    type Error = Status;
    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
        from.advance(from.remaining());
        Ok(Some(()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_protobuf_are_the_callers_fault() {
    let house = House::start().await;
    let mut client = tonic::client::Grpc::new(house.channel.clone());
    client.ready().await.unwrap();
    let path = "/wagewatch.v1.IntakeService/Submit".parse().unwrap();
    let status = client.unary(Request::new(vec![0xff; 40]), path, Raw).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    house.end().await;
}

/// A disk that takes its time: nothing is written until the gate opens.
struct SlowLog {
    log: MemoryLog,
    gate: Arc<Gate>,
}

#[derive(Default)]
pub struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}

impl Log for SlowLog {
    fn append(&mut self, written_ms: i64, entries: &[Entry]) -> Result<Position, LogError> {
        // The first start's rulebook goes before any sender.
        if matches!(entries, [Entry::Rulebook(_)]) {
            return self.log.append(written_ms, entries);
        }
        let open = self.gate.open.lock().unwrap();
        drop(self.gate.opened.wait_while(open, |open| !*open).unwrap());
        self.log.append(written_ms, entries)
    }
    fn identity(&self) -> u64 {
        self.log.identity()
    }
    fn head(&self) -> Position {
        self.log.head()
    }
    fn oldest(&self) -> Position {
        self.log.oldest()
    }
    fn read(
        &self,
        from: Position,
        each: &mut dyn FnMut(Block) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        self.log.read(from, each)
    }
    fn retain(&mut self, keep_from: Position, now_ms: i64) -> Result<(), LogError> {
        self.log.retain(keep_from, now_ms)
    }
    fn bytes(&self) -> u64 {
        self.log.bytes()
    }
}

/// A log on such a disk.
pub fn slow_log() -> (Box<dyn Log>, Arc<Gate>) {
    let gate = Arc::new(Gate::default());
    (Box::new(SlowLog { log: MemoryLog::new(), gate: gate.clone() }), gate)
}

async fn slow_house(intake: Limits) -> (House, Arc<Gate>) {
    let (log, gate) = slow_log();
    (House::build(Plan { log, intake, ..Plan::default() }).await, gate)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_disk_slows_the_sender_and_loses_nothing() {
    const BATCHES: u64 = 120;
    let (house, gate) = slow_house(Limits { waiting_records: 2000, ..Limits::default() }).await;
    let made = Arc::new(AtomicUsize::new(0));
    let count = made.clone();
    let requests = tokio_stream::iter(0..BATCHES).map(move |sequence| {
        count.fetch_add(1, Ordering::Relaxed);
        let day = |worker| work_day("P1", worker, &format!("2026-03-{:02}", sequence % 28 + 1));
        let project = format!("P{sequence}");
        let records = (0..1000).map(|n| pb::Record { id: format!("{project}-{n}"), ..day(n) }).collect();
        pb::SubmitStreamRequest { sequence, records, ..Default::default() }
    });
    let mut answers = house.intake().submit_stream(requests).await.unwrap().into_inner();
    // Two batches fill the room, some more the windows of the connection; then the sender has to wait.
    let flooded = async {
        while made.load(Ordering::Relaxed) < 60 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(
        tokio::time::timeout(Duration::from_secs(2), flooded).await.is_err(),
        "the sender was not slowed"
    );
    gate.open();
    for sequence in 0..BATCHES {
        let answer = answers.message().await.unwrap().unwrap();
        assert_eq!((answer.sequence, answer.verdicts.len()), (sequence, 1000));
    }
    assert!(answers.message().await.unwrap().is_none());
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submit_that_finds_no_room_is_told_when_to_come_again() {
    let limits = Limits { waiting_records: 10, patience: Duration::from_millis(300), ..Limits::default() };
    let (house, gate) = slow_house(limits).await;
    let mut intake = house.intake();
    let first = tokio::spawn(async move { intake.submit(batch(vec![enrolment("P1", 1); 10])).await });
    while house.engine.status().queued_entries == 0 {
        tokio::task::yield_now().await;
    }
    let status = house.intake().submit(batch(vec![enrolment("P1", 2)])).await.unwrap_err();
    assert_eq!(first.await.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
    assert_eq!(status.get_details_error_info().unwrap().reason, "BUSY");
    gate.open();
    // What was taken is durable although its answer came too late.
    let verdicts = loop {
        match house.intake().submit(batch(vec![enrolment("P1", 1)])).await {
            Ok(answer) => break answer.into_inner().verdicts,
            Err(status) => assert_eq!(status.code(), Code::ResourceExhausted),
        }
    };
    assert_eq!(codes(&verdicts), [Judged::Duplicate]);
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_named() {
    let house = House::start().await;
    house.engine.set_disk_shortage(Some((10, 100)));
    let status = house.intake().submit(batch(vec![enrolment("P1", 1)])).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(status.get_details_error_info().unwrap().reason, "DISK_FULL");
    house.engine.set_disk_shortage(None);
    assert_eq!(codes(&house.submit(vec![enrolment("P1", 1)]).await), [Judged::Accepted]);
    house.end().await;
}
