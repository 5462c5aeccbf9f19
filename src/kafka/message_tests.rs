//! Any key, headers and body end in an envelope or a reason; what is written is read; what is no message is kept whole.

use super::*;
use proptest::prelude::*;

fn with<'a>(headers: &[(&'a str, &'a [u8])], body: Option<&'a [u8]>) -> Received<'a> {
    Received {
        topic: "wagewatch.records",
        partition: 3,
        offset: 17,
        body,
        headers: headers.to_vec(),
        ..Received::default()
    }
}

#[test]
fn a_header_says_what_the_body_is() {
    let check = |said: &str, want: Content| {
        let received = with(&[("content-type", said.as_bytes())], Some(b"{}"));
        assert_eq!(received.envelope().unwrap().content, want, "{said}");
    };
    check("application/json", Content::Json);
    check("Application/JSON; charset=utf-8", Content::Json);
    check("application/protobuf", Content::Protobuf);
    check("application/x-protobuf;proto=wagewatch.v1.Record", Content::Protobuf);
    check("application/cloudevents+json; charset=UTF-8", Content::CloudEvent);
    check("application/vnd.wagewatch.entry", Content::Entry);
    assert_eq!(with(&[], Some(b"{}")).envelope().unwrap().content, Content::Json);
    // Names of headers are read as HTTP reads them.
    assert_eq!(
        with(&[("Content-Type", b"application/protobuf")], Some(b"")).envelope().unwrap().content,
        Content::Protobuf
    );
}

#[test]
fn what_is_no_message_has_a_reason_that_names_the_field() {
    let check = |received: Received<'_>, field: &str, found: &str| {
        let reason = received.envelope().unwrap_err();
        assert_eq!((reason.field.as_str(), reason.found.as_str()), (field, found));
    };
    check(with(&[], None), "message", "no body (a tombstone)");
    check(with(&[("content-type", b"\xff")], Some(b"x")), "content-type", "bytes that are not UTF-8");
    check(with(&[("content-type", b"text/plain")], Some(b"x")), "content-type", "10 characters");
    check(
        with(&[("content-type", b"application/json"), ("content-type", b"application/protobuf")], Some(b"x")),
        "content-type",
        "two different values",
    );
    check(with(&[("ce_id", b"\xff")], Some(b"x")), "ce_id", "bytes that are not UTF-8");
    assert!(with(&[("ce_id", b"1"), ("ce_id", b"1")], Some(b"x")).envelope().is_ok());
}

#[test]
fn the_attributes_of_an_event_are_read() {
    let headers: [(&str, &[u8]); 5] = [
        ("ce_id", b"7"),
        ("ce_source", b"gate"),
        ("ce_type", b"attendance"),
        ("ce_time", b"t"),
        ("ce_specversion", b"1.0"),
    ];
    let received = with(&headers, Some(b"{}"));
    let envelope = received.envelope().unwrap();
    let want = Attributes { id: Some("7"), source: Some("gate"), kind: Some("attendance"), time: Some("t") };
    assert_eq!(envelope.attributes, want);
}

proptest! {
    #[test]
    fn any_message_ends_in_an_envelope_or_a_reason_and_is_kept_whole(
        key in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..20)),
        body in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..200)),
        headers in proptest::collection::vec(
            ("(content-type|ce_id|ce_type|wagewatch-reason|[a-z]{0,6})", proptest::collection::vec(any::<u8>(), 0..40)), 0..6),
    ) {
        let named: Vec<(&str, &[u8])> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        let received = Received { key: key.as_deref(), ..with(&named, body.as_deref()) };
        let reason = match received.envelope() {
            Ok(envelope) => {
                prop_assert_eq!(Some(envelope.body), body.as_deref());
                Reason::missing("x", "y")
            }
            Err(reason) => reason,
        };
        let topics = Topics::new("wagewatch.");
        let letter = received.dead_letter(&topics, &reason);
        prop_assert_eq!(&letter.body, &body);
        prop_assert_eq!(&letter.key, &key.unwrap_or_default());
        // One reason, one place, and it is ours.
        let of = |name: &str| letter.headers.iter().filter(|(n, _)| n == name).map(|(_, v)| v.clone()).collect::<Vec<_>>();
        prop_assert_eq!(of(REASON), vec![reason.code.as_str().as_bytes().to_vec()]);
        prop_assert_eq!(of(FROM_OFFSET), vec![b"17".to_vec()]);
        for (name, value) in headers.iter().filter(|(name, _)| !name.starts_with("wagewatch-")) {
            prop_assert!(letter.headers.contains(&(name.clone(), value.clone())));
        }
    }
}
