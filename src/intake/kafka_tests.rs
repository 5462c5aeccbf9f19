//! The same record in every form is the same record; poison is kept.

use super::*;
use crate::engine::shard_of;
use proptest::prelude::*;
use prost::Message as _;

const SWIPE: &str =
    r#""project_id":"P1","id_number":"152722199001010019","swiped_at":"2026-03-04T07:01:00+08:00""#;
const HEAD: &str = r#""id":"r1","source":"gate","at":"2026-03-04T07:01:00+08:00""#;

fn whole() -> String {
    format!(r#"{{"type":"attendance",{HEAD},{SWIPE}}}"#)
}

fn sorter() -> Sorter {
    Sorter { topics: Topics::new("wagewatch."), partitions: 8 }
}

fn partition_of(project: &str) -> i32 {
    i32::from(shard_of(&ProjectId::parse("project_id", project).unwrap(), 8))
}

fn received<'a>(partition: i32, headers: &[(&'a str, &'a [u8])], body: &'a [u8]) -> Received<'a> {
    let headers = headers.to_vec();
    Received {
        topic: "wagewatch.records",
        partition,
        offset: 5,
        body: Some(body),
        headers,
        ..Received::default()
    }
}

fn taken(headers: &[(&str, &[u8])], body: &[u8]) -> Record {
    match sorter().sort(&received(partition_of("P1"), headers, body)) {
        Sorted::Take(Message::Entry(Entry::Record(record))) => record,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_record_in_every_form() {
    let want = json::decode_line(&whole()).unwrap();
    assert_eq!(taken(&[], whole().as_bytes()), want);
    let ce: [(&str, &[u8]); 4] = [
        ("ce_id", b"r1"),
        ("ce_source", b"gate"),
        ("ce_type", b"cn.example.attendance"),
        ("ce_time", b"2026-03-04T07:01:00+08:00"),
    ];
    let bare = format!("{{{SWIPE}}}");
    assert_eq!(taken(&ce, bare.as_bytes()), want);
    // What the record says itself counts.
    assert_eq!(taken(&[("ce_id", b"other"), ("ce_type", b"payment")], whole().as_bytes()), want);
    let event = |inner: &str| {
        format!(
            r#"{{"specversion":"1.0","id":"r1","source":"gate","type":"cn.example.attendance","time":"2026-03-04T07:01:00+08:00",{inner}}}"#
        )
    };
    let structured: [(&str, &[u8]); 1] = [("content-type", b"application/cloudevents+json")];
    let json = event(&format!(r#""data":{bare}"#));
    assert_eq!(taken(&structured, json.as_bytes()), want);
    let message = pb::Record {
        body: Some(pb::record::Body::Attendance(pb::Attendance {
            project_id: "P1".into(),
            id_number: "152722199001010019".into(),
            swiped_at: Some("2026-03-04T07:01:00+08:00".into()),
            ..pb::Attendance::default()
        })),
        ..pb::Record::default()
    };
    let bytes = message.encode_to_vec();
    let protobuf: (&str, &[u8]) = ("content-type", b"application/protobuf");
    assert_eq!(taken(&[&ce[..], &[protobuf]].concat(), &bytes), want);
    let encoded = BASE64.encode(&bytes);
    let inner = format!(r#""datacontenttype":"application/protobuf","data_base64":"{encoded}""#);
    assert_eq!(taken(&structured, event(&inner).as_bytes()), want);
    let entry = Message::Entry(Entry::Record(want.clone())).to_bytes();
    assert_eq!(taken(&[("content-type", b"application/vnd.wagewatch.entry")], &entry), want);
}

#[test]
fn places_are_those_of_the_core() {
    let sorter = sorter();
    for partition in (0..8).map(Partition::Projects).chain([Partition::County]) {
        let (topic, at) = sorter.place(partition);
        assert_eq!(sorter.partition(topic, at), Some(partition));
    }
    assert_eq!(sorter.partition("wagewatch.records", 8), None);
    assert_eq!(sorter.partition("wagewatch.county", 1), None);
    assert_eq!(sorter.partition("other", 0), None);
}

#[test]
fn events_that_cannot_be_read_have_a_reason() {
    let check = |body: &str, field: &str| {
        let headers: [(&str, &[u8]); 1] = [("content-type", b"application/cloudevents+json")];
        let Sorted::Dead(letter, kept) = sorter().sort(&received(0, &headers, body.as_bytes())) else {
            panic!()
        };
        let reason = &kept.reason;
        assert_eq!((reason.field.as_str(), letter.body.as_deref()), (field, Some(body.as_bytes())), "{body}");
    };
    check("{", "event");
    check("[]", "event");
    check(r#"{"id":"1","id":"2","data":{}}"#, "event");
    check("{}", "data");
    check(r#"{"data":{},"data_base64":""}"#, "data");
    check(r#"{"data_base64":"?"}"#, "data_base64");
    check(r#"{"datacontenttype":"text/xml","data":"<x/>"}"#, "datacontenttype");
    check(r#"{"data":{"type":"nonsense"}}"#, "type");
}

proptest! {
    #[test]
    fn any_bytes_are_taken_or_kept(
        kind in "(application/json|application/protobuf|application/cloudevents\\+json|application/vnd.wagewatch.entry|x)",
        body in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..300)),
        partition in 0i32..8,
    ) {
        let message = Received { body: body.as_deref(), ..received(partition, &[("content-type", kind.as_bytes())], b"") };
        match sorter().sort(&message) {
            Sorted::Take(_) => {}
            Sorted::Dead(out, _) => {
                prop_assert_eq!(out.topic.as_str(), "wagewatch.dead-letters");
                prop_assert_eq!(out.body, body);
            }
        }
    }

    #[test]
    fn what_a_door_writes_is_taken_where_it_is_written(project in "[A-Z][0-9]{1,4}") {
        let line = whole().replace("\"P1\"", &format!("\"{project}\""));
        let entry = Entry::Record(json::decode_line(&line).unwrap());
        let sorter = sorter();
        let out = sorter.entry(&entry);
        let headers: Vec<(&str, &[u8])> = out.headers.iter().map(|(n, v)| (n.as_str(), v.as_slice())).collect();
        let message = Received { topic: &out.topic, ..received(out.partition, &headers, out.body.as_deref().unwrap()) };
        prop_assert_eq!(sorter.sort(&message), Sorted::Take(Message::Entry(entry)));
        prop_assert_eq!(message.partition, partition_of(&project));
    }
}
