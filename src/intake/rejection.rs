//! A record that could not be taken, and what of it could be read. The door that met it adds
//! where it stood and the bytes as they came.

use crate::domain::{Reason, ReasonCode};
use compact_str::{CompactString, format_compact};

/// The longest line, or batch element, that a door decodes. A payroll sheet of 5,000 lines fits.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// Why a record was not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejection {
    pub reason: Reason,
    /// The record's `id`, if it could be read and is a valid one.
    pub id: Option<CompactString>,
    /// The record's `source`, likewise.
    pub source: Option<CompactString>,
}

impl Rejection {
    /// A rejection of something of which nothing could be read.
    pub fn of(reason: Reason) -> Rejection {
        Rejection { reason, id: None, source: None }
    }

    /// `len` bytes, more than `max`.
    pub fn too_large(len: u64, max: usize) -> Rejection {
        let found = format_compact!("{len} bytes");
        Rejection::of(Reason::new(
            "record",
            ReasonCode::TooLarge,
            found,
            format_compact!("at most {max} bytes"),
        ))
    }

    /// Bytes that are no UTF-8 from byte `at` on, counted from 1.
    pub fn not_utf8(at: usize) -> Rejection {
        let found = format_compact!("bytes that are not UTF-8 at byte {at}");
        Rejection::of(Reason::new("record", ReasonCode::Syntax, found, "UTF-8 text"))
    }
}
