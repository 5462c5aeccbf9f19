//! Decoders of what others send: records in every format, requests, configs, credentials, what a person types.

use prost::Message;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tonic::metadata::MetadataMap;
use wagewatch::access::Call;
use wagewatch::app::config::{NamedFile, problems_of};
use wagewatch::codec::{self, Reader, Writer};
use wagewatch::command::explain::what_if;
use wagewatch::console::Requests;
use wagewatch::domain::{
    Account, Day, Days, Door, Entry, IdNumber, Period, ProjectId, Record, Time, Uscc, mask_numbers,
    masked_name,
};
use wagewatch::guard::{Equipment, Guard, Peer, StoredToken, Token, Visit, identity};
use wagewatch::intake::batch::{Batch, Limits};
use wagewatch::intake::csv::{Decoder, Row};
use wagewatch::intake::{json, mend, proto, write_json};
use wagewatch::proto::{Refusal, deadline, v1 as pb};
use wagewatch::serve::act;
use wagewatch::serve::deliver::Filter;

/// A line: the quick way and the long one agree, and a record comes back from the line that it makes.
pub fn json(bytes: &[u8]) {
    let read = json::decode_bytes(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        assert_eq!(read, json::decode_any(text));
    }
    if let Ok(record) = &read {
        comes_back(record);
    }
}

fn comes_back(record: &Record) {
    let mut line = Vec::new();
    write_json::write_line(record, &mut line);
    let line = line.strip_suffix(b"\n").expect("a line has its end");
    assert_eq!(json::decode_bytes(line).as_ref(), Ok(record));
    let mut w = Writer::new();
    codec::write_record(&mut w, record);
    assert_eq!(codec::read_record(&mut Reader::new(&w.bytes)).as_ref(), Ok(record));
}

/// A `SubmitRequest`: as many entries as verdicts, and each entry is one that the log can keep.
pub fn protobuf(bytes: &[u8]) {
    let Ok(request) = pb::SubmitRequest::decode(bytes) else { return };
    for record in &request.records {
        assert_eq!(proto::decode(record), proto::decode_any(record));
    }
    let batch = Batch { records: request.records, ndjson: request.ndjson };
    let entries = batch.entries(Door::Submit, &Limits::default());
    assert_eq!(entries.len(), batch.count(), "a verdict each");
    for entry in &entries {
        if let Entry::Record(record) = entry {
            comes_back(record);
        }
        let mut w = Writer::new();
        codec::write_entry(&mut w, entry);
        assert_eq!(codec::read_entry(&mut Reader::new(&w.bytes)).as_ref(), Ok(entry));
    }
}

/// A file: cut anywhere it makes the same rows, and lines are counted forwards.
pub fn csv(bytes: &[u8]) {
    let (at, bytes) = match bytes.split_first() {
        Some((at, rest)) => (usize::from(*at).min(rest.len()), rest),
        None => (0, bytes),
    };
    let whole = rows(&[bytes]);
    assert_eq!(rows(&[&bytes[..at], &bytes[at..]]), whole);
    assert!(whole.iter().all(|(line, _)| *line >= 1));
    for (_, row) in &whole {
        if let Ok(record) = row {
            comes_back(record);
        }
    }
}

fn rows(pieces: &[&[u8]]) -> Vec<Row> {
    let (mut decoder, mut rows) = (Decoder::default(), Vec::new());
    for (at, piece) in pieces.iter().enumerate() {
        decoder.feed(piece, at + 1 == pieces.len(), &mut rows);
    }
    rows
}

/// The first byte says which file an operator has written. What is wrong is told with its place.
pub fn config(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let file = NamedFile::ALL[usize::from(*kind) % NamedFile::ALL.len()];
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for problem in problems_of(file, text) {
        assert!(!problem.to_string().is_empty());
    }
}

static REQUESTS: LazyLock<(Requests, Vec<(String, String)>)> = LazyLock::new(|| {
    let requests = Requests::new().expect("what was compiled in");
    let names = requests.names();
    (requests, names)
});

/// What is made once, and is no target's doing.
pub fn warm() {
    LazyLock::force(&REQUESTS);
}

/// The first byte says which method the page calls; the others are the body of the call.
pub fn console(bytes: &[u8]) {
    let Some((which, body)) = bytes.split_first() else { return };
    let (requests, names) = &*REQUESTS;
    let (service, method) = &names[usize::from(*which) % names.len()];
    if let Some(Err(status)) = requests.read(service, method, body) {
        assert_eq!(status.code(), tonic::Code::InvalidArgument);
    }
}

/// The first byte says which request. What is no act, no filter, no mended letter is refused with its field.
pub fn act(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    match kind % 3 {
        0 => {
            let Ok(request) = pb::ActRequest::decode(bytes) else { return };
            let nobody = |_: &str| Err(Refusal::NotFound("there is no such alert".into()));
            assert!(act::parse(request, &visitor(Call::Act), nobody).is_err(), "its alert is not there");
        }
        1 => {
            let Ok(request) = pb::SubscribeRequest::decode(bytes) else { return };
            if let Ok(filter) = Filter::parse(request.filter.clone(), true) {
                let same = Filter::parse(request.filter, true).expect("the same filter");
                assert_eq!(filter.fingerprint(), same.fingerprint());
            }
        }
        _ => {
            let at = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            let (mended, came) = bytes.split_at(at);
            let came = serde_json::from_slice(came.get(1..).unwrap_or_default()).unwrap_or_default();
            if let Ok(line) = mend::line(mended, &came) {
                assert!(serde_json::from_slice::<serde_json::Value>(&line).is_ok_and(|one| one.is_object()));
            }
        }
    }
}

fn visitor(call: Call) -> Visit {
    static OPEN: LazyLock<Arc<Guard>> = LazyLock::new(|| Guard::open(Equipment::default()));
    OPEN.admit(call, &axum::http::HeaderMap::new(), &Peer::default()).expect("an open guard")
}

/// What people and programs write as one word or one sentence.
pub fn phrase(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = what_if::parse(&text);
    let _ = mend::letter_id(&text).map(mend::before);
    if let Some(day) = Day::parse(&text) {
        assert_eq!(day.to_string(), text);
    }
    if let Some(period) = Period::parse(&text) {
        assert_eq!(period.to_string(), text);
    }
    if let Some(time) = Time::parse(&text) {
        assert_eq!(Time::parse(&time.to_string()), Some(time));
    }
    if let Some(days) = Days::parse(&text) {
        assert_eq!(Days::parse(&days.to_string()), Some(days));
    }
    if let Ok(project) = ProjectId::parse("field", &text) {
        assert_eq!(project.as_str(), text);
    }
    if let Ok(firm) = Uscc::parse("field", &text) {
        assert_eq!(Uscc::parse("field", firm.as_str()), Ok(firm));
    }
    if let Ok(account) = Account::parse("field", &text) {
        assert_eq!(account.reveal(), text);
        assert!(!format!("{account:?} {account}").contains(&*text), "an account is shown in part");
    }
    for id_type in [None, Some("08")] {
        if let Ok(number) = IdNumber::parse("field", id_type, &text) {
            assert_eq!(IdNumber::from_kept(&number.reveal()), number);
            assert!(!format!("{number:?} {number}").contains(&*text), "a number is shown in part");
        }
    }
    let masked = mask_numbers(&text);
    assert!(!masked.as_bytes().windows(8).any(|run| run.iter().all(u8::is_ascii_digit)), "{masked}");
    let _ = masked_name(&text);
}

/// The first byte says how somebody shows who he is. Nobody comes in by what was made up.
pub fn credential(bytes: &[u8]) {
    static CLOSED: LazyLock<Arc<Guard>> = LazyLock::new(|| Guard::of(&[], Equipment::default()));
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let text = String::from_utf8_lossy(bytes);
    match kind % 4 {
        0 => {
            if let Some(token) = Token::parse(&text) {
                assert_eq!(token.reveal(), text, "a token is written in one way only");
                assert!(StoredToken::parse(&token.hash_line(), 1).is_some_and(|stored| stored.is(&token)));
            }
            let _ = StoredToken::parse(&text, 1);
        }
        1 => {
            if let Some(identity) = identity(bytes) {
                assert!(identity.names.len() <= 32);
            }
        }
        2 => {
            let Ok(value) = axum::http::HeaderValue::from_bytes(bytes) else { return };
            let headers = [(axum::http::header::AUTHORIZATION, value)].into_iter().collect();
            let answer = CLOSED.admit(Call::Submit, &headers, &Peer::default());
            assert!(matches!(answer, Err(Refusal::Unknown)));
        }
        _ => {
            let Ok(value) = axum::http::HeaderValue::from_bytes(bytes) else { return };
            let mut headers = axum::http::HeaderMap::new();
            headers.insert("grpc-timeout", value);
            let most = Duration::from_secs(30);
            let latest = tokio::time::Instant::now() + most + Duration::from_secs(5);
            assert!(deadline(&MetadataMap::from_headers(headers), most) <= latest);
        }
    }
}
