//! Dead letters as messages: why each could not be taken, and what came, with its numbers masked.

use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{Position, Record, Rejected, mask_numbers};
use crate::engine::api::{DeadContent, DeadLetter, DeadLetterId};
use crate::proto::v1 as pb;
use std::time::Duration;

/// Writes a record as a line of JSON. That is another door's language: it comes from outside.
pub type WriteLine = fn(&Record, &mut Vec<u8>);

pub fn write_id(w: &mut Writer, id: DeadLetterId) {
    w.varint(id.position.0);
    w.u32(id.index);
}

pub fn read_id(r: &mut Reader<'_>) -> Result<DeadLetterId, Corrupt> {
    Ok(DeadLetterId { position: Position(r.varint()?), index: r.u32()? })
}

pub fn shown(letter: &DeadLetter, write_line: WriteLine) -> pb::DeadLetter {
    let reason = &letter.reason;
    let shown = pb::DeadLetter {
        id: format!("{}.{}", letter.id.position.0, letter.id.index),
        reason: Some(pb::Reason {
            field: reason.field.to_string(),
            code: reason.code.as_str().to_owned(),
            found: reason.found.to_string(),
            expected: reason.expected.to_string(),
            message: reason.to_string(),
        }),
        written_at: instant(letter.written_ms),
        ..pb::DeadLetter::default()
    };
    match &letter.content {
        DeadContent::Input(input) => of_input(shown, input),
        DeadContent::Conflict(record) => {
            let mut line = Vec::new();
            write_line(record, &mut line);
            let line = line.strip_suffix(b"\n").unwrap_or(&line);
            pb::DeadLetter {
                record_id: Some(record.head.id.to_string()),
                source: Some(record.head.source.to_string()),
                raw: masked(line),
                full_bytes: line.len() as u64,
                ..shown
            }
        }
    }
}

fn of_input(shown: pb::DeadLetter, input: &Rejected) -> pb::DeadLetter {
    pb::DeadLetter {
        door: input.door.to_string(),
        file: input.file.to_string(),
        line: input.line,
        record_id: input.id.as_ref().map(|id| id.to_string()),
        source: input.source.as_ref().map(|source| source.to_string()),
        raw: masked(&input.raw),
        full_bytes: input.raw_len,
        ..shown
    }
}

/// RFC 3339 in China's offset.
pub fn instant(ms: i64) -> String {
    let since = Duration::from_millis(u64::try_from(ms).unwrap_or(0));
    crate::domain::Time(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)).to_string()
}

/// The text of the bytes, its long numbers masked.
fn masked(raw: &[u8]) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in String::from_utf8_lossy(raw).chars() {
        if !c.is_control() && c != char::REPLACEMENT_CHARACTER || c == '\t' {
            out.push(c);
        } else if !out.ends_with(' ') {
            // The tags and lengths of protobuf.
            out.push(' ');
        }
    }
    mask_numbers(&out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_masked() {
        let check = |raw: &[u8], want: &str| assert_eq!(masked(raw), want);
        check(
            br#"{"id_number":"152722199001010019","n":12}"#,
            r#"{"id_number":"152722********0019","n":12}"#,
        );
        check(b"15272219900101001X 12345678 1234567", "152722*******1001X 12****78 1234567");
        check(b"\x0a\x03abc\x12\xff\xfe6228480000000000000", " abc 622848*********0000");
        check("工资 2026-03".as_bytes(), "工资 2026-03");
    }
}
