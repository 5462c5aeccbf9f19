//! Bytes that are no message, and tombstones, in every topic: what of them is kept, and that nothing else changes by them.

use super::doors::send;
use wagewatch::kafka::message::{CONTENT_TYPE, ENTRY, JSON, Outgoing, PROTOBUF};
use wagewatch::kafka::{Door, Reader, Settings};

/// Whatever a broken program, or a wicked one, may write.
fn poison(topic: &str, partition: i32) -> Vec<Outgoing> {
    let header = |value: &[u8]| vec![(CONTENT_TYPE.to_owned(), value.to_vec())];
    let one = |key: &[u8], body: Option<&[u8]>, headers: Vec<(String, Vec<u8>)>| Outgoing {
        topic: topic.to_owned(),
        partition,
        key: key.to_vec(),
        body: body.map(<[u8]>::to_vec),
        headers,
    };
    vec![
        one(b"P1", None, Vec::new()),
        one(b"", None, header(ENTRY.as_bytes())),
        one(b"", Some(b""), Vec::new()),
        one(b"P1", Some(b"\xff\xfe no text"), Vec::new()),
        one(b"P1", Some(b"{\"type\":\"attendance\""), header(JSON.as_bytes())),
        one(b"P1", Some(&[0x0a; 300]), header(PROTOBUF.as_bytes())),
        one(b"P1", Some(&[1, 1, 9]), header(ENTRY.as_bytes())),
        one(b"P1", Some(&[0xff; 40]), header(ENTRY.as_bytes())),
        one(b"\xff\x00", Some(&[0; 40]), header(b"\xff\xff")),
    ]
}

/// Writes it to every partition of every topic; how many letters must come of it.
pub fn spread(settings: &Settings, door: &Door) -> usize {
    let topics = settings.topics();
    let projects = i32::from(settings.partitions);
    let all = [
        (&topics.records, projects),
        (&topics.county, 1),
        (&topics.changelog, projects + 1),
        (&topics.alerts, projects + 1),
        (&topics.dead_letters, 1),
    ];
    let mut letters = 0;
    for (topic, partitions) in all {
        for partition in 0..partitions {
            let poison = poison(topic, partition);
            // What stands there is read as messages, and must be kept.
            letters += if topic == &topics.records || topic == &topics.county { poison.len() } else { 0 };
            send(door, &poison);
        }
    }
    letters
}

/// Overwrites pages of one partition with bytes that are none.
pub fn spoil_pages(settings: &Settings, door: &Door, partition: i32) -> usize {
    let changelog = settings.topics().changelog;
    let mut keys = std::collections::BTreeSet::new();
    Reader::open(settings, &changelog, &[partition])
        .unwrap()
        .read_to_end(&mut |received| {
            keys.insert(received.key.unwrap_or_default().to_vec());
        })
        .unwrap();
    let page = |key: Vec<u8>| Outgoing {
        topic: changelog.clone(),
        partition,
        key,
        body: Some(b"no page".to_vec()),
        headers: Vec::new(),
    };
    let pages: Vec<Outgoing> = keys.into_iter().map(page).collect();
    send(door, &pages);
    pages.len()
}

/// The dead letters that instances wrote: each says where it stood.
pub fn letters(settings: &Settings) -> usize {
    let mut places = std::collections::BTreeSet::new();
    let mut count = 0;
    Reader::open(settings, &settings.topics().dead_letters, &[0])
        .unwrap()
        .read_to_end(&mut |received| {
            let said =
                |name: &str| received.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.to_vec());
            let place = ["wagewatch-topic", "wagewatch-partition", "wagewatch-offset"].map(said);
            if place.iter().all(Option::is_some) {
                count += 1;
                places.insert(place);
            }
        })
        .unwrap();
    assert_eq!(count, places.len(), "a letter was written twice");
    count
}
