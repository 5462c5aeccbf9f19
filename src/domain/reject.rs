//! Why a record cannot be taken, in words that the sender's operator understands:
//! the field, the shape of what was found (never the value), and what was expected.

use compact_str::{CompactString, ToCompactString, format_compact};
use std::fmt;

/// A reason names the field, the shape of the value and the expectation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    /// Path of the field, such as `lines[3].payable_fen`; `record` for the line as a whole.
    pub field: CompactString,
    pub code: ReasonCode,
    /// The shape of the value ("19 characters", "a negative number"): bears no personal data.
    pub found: CompactString,
    pub expected: CompactString,
}

/// The closed set of reasons; metrics are labelled with it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ReasonCode {
    /// Not JSON, not protobuf, not UTF-8.
    Syntax,
    Missing,
    /// A string where a number is expected, and the like.
    WrongType,
    Format,
    Range,
    Checksum,
    UnknownType,
    TooLarge,
    /// The key is known with another amount, account or payee (contract, section 3).
    Conflict,
}

impl ReasonCode {
    pub const ALL: [ReasonCode; 9] = [
        ReasonCode::Syntax,
        ReasonCode::Missing,
        ReasonCode::WrongType,
        ReasonCode::Format,
        ReasonCode::Range,
        ReasonCode::Checksum,
        ReasonCode::UnknownType,
        ReasonCode::TooLarge,
        ReasonCode::Conflict,
    ];

    pub fn parse(text: &str) -> Option<ReasonCode> {
        ReasonCode::ALL.into_iter().find(|code| code.as_str() == text)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            ReasonCode::Syntax => "syntax",
            ReasonCode::Missing => "missing",
            ReasonCode::WrongType => "wrong-type",
            ReasonCode::Format => "format",
            ReasonCode::Range => "range",
            ReasonCode::Checksum => "checksum",
            ReasonCode::UnknownType => "unknown-type",
            ReasonCode::TooLarge => "too-large",
            ReasonCode::Conflict => "conflict",
        }
    }
}

impl Reason {
    pub fn new(
        field: &str,
        code: ReasonCode,
        found: impl ToCompactString,
        expected: impl ToCompactString,
    ) -> Reason {
        Reason {
            field: field.to_compact_string(),
            code,
            found: found.to_compact_string(),
            expected: expected.to_compact_string(),
        }
    }

    /// A text of the wrong form; its shape is told by its length.
    pub fn format(field: &str, text: &str, expected: &str) -> Reason {
        Reason::new(field, ReasonCode::Format, shape(text), expected)
    }

    pub fn checksum(field: &str, text: &str, expected: &str) -> Reason {
        Reason::new(
            field,
            ReasonCode::Checksum,
            format_compact!("{} with a wrong check character", shape(text)),
            expected,
        )
    }

    pub fn missing(field: &str, expected: &str) -> Reason {
        Reason::new(field, ReasonCode::Missing, "nothing", expected)
    }

    pub fn range(field: &str, found: impl ToCompactString, expected: &str) -> Reason {
        Reason::new(field, ReasonCode::Range, found, expected)
    }

    /// The same reason with a plainer description of what was found.
    pub fn found(mut self, found: &str) -> Reason {
        self.found = found.to_compact_string();
        self
    }

    /// The same reason, its field put under `parent` (`lines[3]`).
    pub fn under(mut self, parent: &str) -> Reason {
        self.field = format_compact!("{parent}.{}", self.field);
        self
    }
}

fn shape(text: &str) -> CompactString {
    match text.chars().count() {
        0 => "an empty text".to_compact_string(),
        1 => "1 character".to_compact_string(),
        n => format_compact!("{n} characters"),
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: found {}; expected {}", self.field, self.found, self.expected)
    }
}
