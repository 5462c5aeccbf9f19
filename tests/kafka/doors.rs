//! Records written by our door and by strangers, read, sorted, and kept.

use super::brokers::Brokers;
use super::{java, topics};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use wagewatch::domain::{Entry, Record};
use wagewatch::engine::cluster::Message;
use wagewatch::intake::json::decode_line;
use wagewatch::intake::kafka::{Sorted, Sorter};
use wagewatch::kafka::message::{Outgoing, Received};
use wagewatch::kafka::{Door, Reader, Settings, Unobserved};

pub const CASES: [(&str, fn(&Brokers)); 4] = [
    ("a_wrong_clock_dates_nothing", wrong_clock),
    ("a_door_answers_when_the_brokers_have_acknowledged", acknowledged),
    ("strangers_records_find_their_partition", strangers),
    ("a_full_door_refuses_whole_batches", full),
];

pub fn swipe(project: &str, n: usize) -> String {
    format!(
        r#"{{"type":"attendance","id":"r{n}","source":"gate","at":"2026-03-04T07:01:00+08:00","project_id":"{project}","id_number":"152722199001010019","swiped_at":"2026-03-04T07:01:00+08:00"}}"#
    )
}

fn record(line: &str) -> Record {
    decode_line(line).unwrap()
}

pub fn sorter(settings: &Settings) -> Sorter {
    Sorter { topics: settings.topics(), partitions: settings.partitions }
}

/// Sends one batch and waits for its places.
pub fn send(door: &Door, messages: &[Outgoing]) -> Vec<(i32, i64)> {
    let (done, heard) = mpsc::channel();
    door.send(messages, move |sent| done.send(sent).unwrap()).unwrap();
    heard.recv_timeout(Duration::from_secs(60)).unwrap().unwrap()
}

/// Every message of a topic: (partition, offset) -> what it is.
fn all<T>(
    settings: &Settings,
    topic: &str,
    partitions: i32,
    of: impl Fn(&Received<'_>) -> T,
) -> BTreeMap<(i32, i64), T> {
    let partitions: Vec<i32> = (0..partitions).collect();
    let mut found = BTreeMap::new();
    let mut reader = Reader::open(settings, topic, &partitions).unwrap();
    reader
        .read_to_end(&mut |received| {
            found.insert((received.partition, received.offset), of(received));
        })
        .unwrap();
    found
}

/// Whoever writes with a clock that is hours ahead is taken, and what he wrote has the brokers' time.
fn wrong_clock(brokers: &Brokers) {
    let settings = topics::made(brokers, 2);
    let topics = settings.topics();
    let now = || i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", &settings.brokers).create().unwrap();
    let (before, line) = (now(), swipe("P1", 1));
    let ahead = BaseRecord::to(&topics.records).partition(0).key("P1").payload(&line);
    producer.send(ahead.timestamp(before + 7_200_000)).map_err(|(error, _)| error).unwrap();
    producer.flush(Duration::from_secs(30)).unwrap();
    let times = all(&settings, &topics.records, 2, |received| received.written_ms);
    assert_eq!(times.len(), 1, "it was taken");
    assert!(times.values().all(|at| (before - 60_000..=now() + 60_000).contains(at)), "{times:?}, {before}");
}

fn acknowledged(brokers: &Brokers) {
    let settings = topics::made(brokers, 4);
    let (topics, sorter) = (settings.topics(), sorter(&settings));
    let door = Door::open(&settings, 10_000, Arc::new(Unobserved)).unwrap();
    let entries: Vec<Entry> =
        (0..2000).map(|n| Entry::Record(record(&swipe(&format!("P{}", n % 50), n)))).collect();
    let messages: Vec<Outgoing> = entries.iter().map(|entry| sorter.entry(entry)).collect();
    let begun = Instant::now();
    let places = send(&door, &messages);
    println!("kafka: 2000 messages acknowledged in {:?}", begun.elapsed());
    let one = Instant::now();
    send(&door, &messages[..1]);
    println!("kafka: one message acknowledged in {:?}", one.elapsed());
    assert_eq!(door.waiting(), 0);
    let read = all(&settings, &topics.records, 4, |received| sorter.sort(received));
    assert_eq!(read.len(), 2001);
    for ((entry, message), place) in entries.iter().zip(&messages).zip(&places) {
        assert_eq!(message.partition, place.0);
        assert_eq!(read[place], Sorted::Take(Message::Entry(entry.clone())));
    }
    // What a stranger reads has its header and its key.
    let lines = java::consume(brokers, &topics.records, 3);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines.iter().all(|line| line.starts_with("content-type:application/vnd.wagewatch.entry\tP")),
        "{lines:?}"
    );
}

/// Java places a key by another hash than ours: what it writes is read all the same, and handed on by the partition's
/// owner; poison is kept as it came.
fn strangers(brokers: &Brokers) {
    let settings = topics::made(brokers, 4);
    let (topics, sorter) = (settings.topics(), sorter(&settings));
    let plain: Vec<String> = (0..40).map(|n| format!("P{n}\t{}", swipe(&format!("P{n}"), n))).collect();
    java::produce(brokers, &topics.records, false, &plain);
    let bare =
        r#"{"project_id":"P7","id_number":"152722199001010019","swiped_at":"2026-03-04T08:00:00+08:00"}"#;
    let headers =
        "ce_specversion:1.0,ce_id:e1,ce_source:gate,ce_type:cn.example.attendance,ce_time:yesterday";
    let strange = [
        format!("{headers}\tP7\t{bare}"),
        format!("content-type:text/plain\tP8\t{}", swipe("P8", 1000)),
        "content-type:application/json\tP9\tno json".to_owned(),
        "content-type:application/json\tP9\tNULL".to_owned(),
        "content-type:application/protobuf\tP9\tnot protobuf".to_owned(),
    ];
    java::produce(brokers, &topics.records, true, &strange);
    let door = Door::open(&settings, 10_000, Arc::new(Unobserved)).unwrap();
    let (mut taken, mut misplaced, mut dead) = (0, 0, Vec::new());
    for ((partition, _), sorted) in all(&settings, &topics.records, 4, |received| sorter.sort(received)) {
        match sorted {
            Sorted::Take(message) => {
                let Message::Entry(entry) = &message else { panic!("{message:?}") };
                taken += 1;
                misplaced += usize::from(sorter.entry(entry).partition != partition);
            }
            Sorted::Dead(out, _) => dead.push(out),
        }
    }
    assert_eq!((taken, dead.len()), (40, 5));
    assert!(misplaced > 10, "{misplaced} misplaced");
    send(&door, &dead);
    let letters = all(&settings, &topics.dead_letters, 1, |received| {
        let header = |name: &str| {
            let value = received.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
            String::from_utf8(value.unwrap_or_default().to_vec()).unwrap()
        };
        let body = received.body.map(|body| String::from_utf8(body.to_vec()).unwrap());
        (header("wagewatch-reason"), header("wagewatch-reason-field"), header("wagewatch-topic"), body)
    });
    let mut letters: Vec<_> = letters.into_values().collect();
    letters.sort();
    let from = topics.records;
    let letter = |reason: &str, field: &str, body: Option<&str>| {
        (reason.to_owned(), field.to_owned(), from.clone(), body.map(ToOwned::to_owned))
    };
    let mut want = vec![
        letter("format", "at", Some(bare)),
        letter("format", "content-type", Some(&swipe("P8", 1000))),
        letter("syntax", "record", Some("no json")),
        letter("missing", "message", None),
        letter("syntax", "record", Some("not protobuf")),
    ];
    want.sort();
    assert_eq!(letters, want);
}

fn full(brokers: &Brokers) {
    let settings = topics::made(brokers, 1);
    let door = Door::open(&settings, 100, Arc::new(Unobserved)).unwrap();
    let sorter = sorter(&settings);
    let batch: Vec<Outgoing> =
        (0..80).map(|n| sorter.entry(&Entry::Record(record(&swipe("P1", n))))).collect();
    let (done, heard) = mpsc::channel();
    let again = done.clone();
    door.send(&batch, move |sent| done.send(sent.is_ok()).unwrap()).unwrap();
    // The first is on its way still, or it is not; a batch that is refused is refused whole.
    let second = door.send(&batch, move |sent| again.send(sent.is_ok()).unwrap());
    let sent = 1 + usize::from(second.is_ok());
    let answers: Vec<bool> = heard.iter().take(sent).collect();
    assert_eq!(answers, vec![true; sent]);
    let read = all(&settings, &settings.topics().records, 1, |_| ());
    assert_eq!((read.len(), door.waiting()), (80 * sent, 0));
}
