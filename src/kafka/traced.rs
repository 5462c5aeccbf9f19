//! The trace that a message belongs to, in its headers: whoever writes it says so, whoever takes it goes on. No answer depends
//! on it, so what cannot be read is no trace, never a reason to refuse a message. Pure.

use super::message::{Outgoing, Received};
use crate::domain::{TraceMark, Traceparent};

/// The header, as HTTP and gRPC call it.
pub const TRACEPARENT: &str = "traceparent";

impl Outgoing {
    /// The message as a part of that trace; `None` = nobody follows it.
    #[must_use]
    pub fn traced(mut self, mark: Option<TraceMark>) -> Outgoing {
        if let Some(mark) = mark {
            let said = Traceparent { mark, is_followed: true };
            // One that came along (a dead letter's, a message that is handed on) is the way so far; this is the next step.
            self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(TRACEPARENT));
            self.headers.push((TRACEPARENT.to_owned(), said.to_string().into_bytes()));
        }
        self
    }
}

impl Received<'_> {
    /// Where to go on, if whoever wrote the message follows it. Said twice with two values it is not said.
    pub fn trace(&self) -> Option<TraceMark> {
        let mut said = self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(TRACEPARENT));
        let (_, first) = said.next()?;
        if said.any(|(_, other)| other != first) {
            return None;
        }
        let said = Traceparent::parse(std::str::from_utf8(first).ok()?)?;
        said.is_followed.then_some(said.mark)
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::{CONTENT_TYPE, ENTRY, own};
    use super::super::topics::Topics;
    use super::*;
    use crate::domain::{Reason, ReasonCode};
    use proptest::prelude::*;

    const MARK: TraceMark = TraceMark { trace: [7; 16], span: [9; 8] };
    const SAID: &[u8] = b"00-07070707070707070707070707070707-0909090909090909-01";

    fn received<'a>(headers: &[(&'a str, &'a [u8])]) -> Received<'a> {
        Received { body: Some(b"{}"), headers: headers.to_vec(), ..Received::default() }
    }

    fn read(message: &Outgoing) -> Received<'_> {
        let headers = message.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        Received { body: message.body.as_deref(), headers, ..Received::default() }
    }

    #[test]
    fn what_a_door_writes_is_gone_on_with() {
        let plain = own("t", 0, b"k", b"body".to_vec());
        assert_eq!(plain.clone().traced(None), plain);
        let traced = plain.traced(Some(MARK));
        let headers = [(CONTENT_TYPE, ENTRY.as_bytes()), (TRACEPARENT, SAID)];
        assert_eq!(traced.headers, headers.map(|(name, value)| (name.to_owned(), value.to_vec())));
        assert_eq!(read(&traced).trace(), Some(MARK));
        // The next step takes the place of the one before.
        let next = TraceMark { span: [1; 8], ..MARK };
        let again = traced.traced(Some(next));
        assert_eq!((again.headers.len(), read(&again).trace()), (2, Some(next)));
    }

    #[test]
    fn what_is_no_trace_is_none_and_no_reason() {
        let unfollowed = b"00-07070707070707070707070707070707-0909090909090909-00";
        let other = b"00-08070707070707070707070707070707-0909090909090909-01";
        let cases: [&[&[u8]]; 5] = [&[], &[b""], &[b"\xff\xfe"], &[unfollowed], &[SAID, other]];
        for values in cases {
            let headers: Vec<(&str, &[u8])> = values.iter().map(|value| (TRACEPARENT, *value)).collect();
            let received = received(&headers);
            assert_eq!(received.trace(), None, "{headers:?}");
            assert!(received.envelope().is_ok());
        }
        let twice = received(&[("Traceparent", SAID), (TRACEPARENT, SAID)]);
        assert_eq!(twice.trace(), Some(MARK));
    }

    #[test]
    fn a_dead_letter_keeps_its_trace() {
        let reason = Reason::new("message", ReasonCode::Syntax, "x", "y");
        let letter = received(&[(TRACEPARENT, SAID)]).dead_letter(&Topics::new("w."), &reason);
        assert_eq!(read(&letter).trace(), Some(MARK));
    }

    proptest! {
        #[test]
        fn any_header_ends_in_a_trace_or_none(said: Vec<u8>) {
            let _ = received(&[(TRACEPARENT, &said)]).trace();
        }
    }
}
