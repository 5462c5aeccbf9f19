//! What a caller is told when he may not, or asked wrongly: `google.rpc.Status` with details.
//! Bears no personal data: fields and shapes, never values.

use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

/// The domain in every `ErrorInfo`.
const DOMAIN: &str = "wagewatch";

/// A refusal on its way to becoming a [`Status`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Fields of the request that are not as they must be: path, then what was expected.
    Invalid(Vec<(String, String)>),
    NotFound(String),
    /// The world is not in the state that the request needs; a word for programs, a sentence for people.
    Precondition(&'static str, String),
    /// More than the service can write now; send again after a while.
    Busy,
    /// No room on disk: only an operator can help.
    DiskFull {
        free_bytes: u64,
        needed_bytes: u64,
    },
    /// So many calls of this kind are open already.
    TooMany(&'static str, usize),
    /// A message of a stream that could not be read at all.
    Broken(Code, String),
    /// Nobody who is known: no token or certificate, or one that does not count.
    Unknown,
    /// Known, and not allowed to.
    Forbidden(String),
    /// A cursor or page token that another caller was given.
    OthersCursor(&'static str),
    /// More than he may have in the time; again after a while.
    Paced(&'static str, Duration),
    /// What he asks for may not happen unseen, and the audit trail cannot be written.
    Untraced,
    /// No longer known while the call was open.
    Revoked,
    Stopping,
    /// Of a cluster: a partition is on its way to another instance.
    Moving,
    /// Of a cluster: what was sent may stand or not; sent again it changes nothing.
    Unacknowledged,
    NotReady(String),
    Deadline,
    Failed,
}

/// The words of all refusals: what metrics are labelled with. `other` is what a library refuses.
pub const REASONS: [&str; 23] = [
    "UNKNOWN_CALLER",
    "FORBIDDEN",
    "CURSOR_OF_ANOTHER",
    "REVOKED",
    "PACED",
    "TOO_MANY",
    "NO_TRAIL",
    "BUSY",
    "DISK_FULL",
    "UNREADABLE",
    "INVALID_FIELD",
    "NOT_FOUND",
    "STOPPING",
    "MOVING",
    "UNACKNOWLEDGED",
    "NOT_READY",
    "DEADLINE",
    "FAILED",
    "CLOCK_NOT_MANUAL",
    "DATE_GOES_BACK",
    "ALERT_STATE",
    CROWDED,
    "other",
];

/// No call, a connection: there are as many from its address as there may be.
pub const CROWDED: &str = "CROWDED";

/// The word of a status that refuses.
pub fn reason(status: &Status) -> &'static str {
    let said = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    REASONS.iter().find(|reason| **reason == said).copied().unwrap_or("other")
}

impl Refusal {
    pub fn invalid(field: impl Into<String>, expected: impl Into<String>) -> Refusal {
        Refusal::Invalid(vec![(field.into(), expected.into())])
    }

    /// A message that the library could not read, in the words that gRPC has for it elsewhere: too large is
    /// RESOURCE_EXHAUSTED, and what is no protobuf is the caller's fault.
    pub fn unreadable(status: &Status) -> Refusal {
        let code = match status.code() {
            Code::OutOfRange => Code::ResourceExhausted,
            Code::Internal if status.message().starts_with("failed to decode") => Code::InvalidArgument,
            code => code,
        };
        Refusal::Broken(code, status.message().to_owned())
    }
}

/// How long a sender waits before he sends again.
const RETRY_AFTER: Duration = Duration::from_millis(200);
const RETRY_AFTER_RESTART: Duration = Duration::from_secs(2);

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Status {
        let with = |code: Code, word: &str, message: String, mut details: ErrorDetails| {
            details.set_error_info(word, DOMAIN, std::collections::HashMap::new());
            Status::with_error_details(code, message, details)
        };
        let plain = |code, word, message: String| with(code, word, message, ErrorDetails::new());
        match refusal {
            Refusal::Invalid(fields) => {
                let message = fields.iter().map(|(f, e)| format!("{f}: expected {e}")).collect::<Vec<_>>();
                let violations =
                    fields.into_iter().map(|(f, e)| FieldViolation::new(f, format!("expected {e}")));
                let details = ErrorDetails::with_bad_request(violations.collect::<Vec<_>>());
                with(Code::InvalidArgument, "INVALID_FIELD", message.join("; "), details)
            }
            Refusal::NotFound(what) => plain(Code::NotFound, "NOT_FOUND", what),
            Refusal::Precondition(word, message) => plain(Code::FailedPrecondition, word, message),
            Refusal::Busy => with(
                Code::ResourceExhausted,
                "BUSY",
                "more is waiting than can be written in time; send the same again in a moment".into(),
                ErrorDetails::with_retry_info(Some(RETRY_AFTER)),
            ),
            Refusal::DiskFull { free_bytes, needed_bytes } => plain(
                Code::ResourceExhausted,
                "DISK_FULL",
                format!(
                    "the disk is nearly full: {free_bytes} bytes free, {needed_bytes} needed; nothing is taken until an operator makes room"
                ),
            ),
            Refusal::TooMany(what, most) => with(
                Code::ResourceExhausted,
                "TOO_MANY",
                format!("{most} {what} are open already; close some or come again later"),
                ErrorDetails::with_retry_info(Some(RETRY_AFTER_RESTART)),
            ),
            Refusal::Broken(code, message) => plain(code, "UNREADABLE", message),
            Refusal::Unknown => plain(
                Code::Unauthenticated,
                "UNKNOWN_CALLER",
                "expected a client certificate or a bearer token that counts; found none".into(),
            ),
            Refusal::Forbidden(why) => plain(Code::PermissionDenied, "FORBIDDEN", why),
            Refusal::OthersCursor(field) => plain(
                Code::PermissionDenied,
                "CURSOR_OF_ANOTHER",
                format!("{field}: it was given to another caller; begin without one"),
            ),
            Refusal::Paced(what, after) => with(
                Code::ResourceExhausted,
                "PACED",
                format!("more {what} than you may have in the time; come again after {} ms", after.as_millis()),
                ErrorDetails::with_retry_info(Some(after)),
            ),
            Refusal::Untraced => with(
                Code::Unavailable,
                "NO_TRAIL",
                "the audit trail cannot be written, and nothing is shown without it; tell the operator".into(),
                ErrorDetails::with_retry_info(Some(RETRY_AFTER_RESTART)),
            ),
            Refusal::Revoked => plain(
                Code::Unauthenticated,
                "REVOKED",
                "what you showed counts no more: it has ended, or you were taken from the list or changed in it"
                    .into(),
            ),
            Refusal::Moving => with(
                Code::Unavailable,
                "MOVING",
                "what was asked for is moving to another instance; send the same again in a moment".into(),
                ErrorDetails::with_retry_info(Some(RETRY_AFTER)),
            ),
            Refusal::Unacknowledged => with(
                Code::Unavailable,
                "UNACKNOWLEDGED",
                "the brokers have not acknowledged in time; send the same again".into(),
                ErrorDetails::with_retry_info(Some(RETRY_AFTER_RESTART)),
            ),
            Refusal::Stopping => with(
                Code::Unavailable,
                "STOPPING",
                "the service is stopping; connect again".into(),
                ErrorDetails::with_retry_info(Some(RETRY_AFTER_RESTART)),
            ),
            Refusal::NotReady(why) => with(
                Code::Unavailable,
                "NOT_READY",
                why,
                ErrorDetails::with_retry_info(Some(RETRY_AFTER_RESTART)),
            ),
            Refusal::Deadline => {
                plain(Code::DeadlineExceeded, "DEADLINE", "the answer did not come in time".into())
            }
            Refusal::Failed => {
                plain(Code::Internal, "FAILED", "the service has failed and is ending; see its log".into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A new word belongs into the list, or metrics call it another.
    #[test]
    fn every_refusal_has_its_word() {
        let refusals = [
            Refusal::invalid("a", "b"),
            Refusal::NotFound(String::new()),
            Refusal::Busy,
            Refusal::DiskFull { free_bytes: 0, needed_bytes: 1 },
            Refusal::TooMany("streams", 1),
            Refusal::Broken(Code::Internal, String::new()),
            Refusal::Unknown,
            Refusal::Forbidden(String::new()),
            Refusal::OthersCursor("cursor"),
            Refusal::Paced("calls", Duration::ZERO),
            Refusal::Untraced,
            Refusal::Revoked,
            Refusal::Stopping,
            Refusal::Moving,
            Refusal::Unacknowledged,
            Refusal::NotReady(String::new()),
            Refusal::Deadline,
            Refusal::Failed,
        ];
        for refusal in refusals {
            assert_ne!(reason(&refusal.clone().into()), "other", "{refusal:?}");
        }
        assert_eq!(reason(&Status::out_of_range("too large")), "other");
    }

    #[test]
    fn fields_and_retry_reach_the_caller() {
        let status: Status = Refusal::invalid("page_size", "1 to 1000").into();
        assert_eq!(status.code(), Code::InvalidArgument);
        let violations = status.get_details_bad_request().unwrap().field_violations;
        assert_eq!(
            (violations[0].field.as_str(), violations[0].description.as_str()),
            ("page_size", "expected 1 to 1000")
        );
        let status: Status = Refusal::Busy.into();
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert_eq!(status.get_details_retry_info().unwrap().retry_delay, Some(RETRY_AFTER));
        assert_eq!(status.get_details_error_info().unwrap().reason, "BUSY");
    }
}
