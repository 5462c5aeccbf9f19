//! Dead letters as messages: why each could not be taken, and what came, with its numbers masked.

use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{Position, Record, Rejected, mask_numbers, masked_name};
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
        id: letter.id.to_string(),
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
                raw: names_masked(&masked(line)),
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
        raw: names_masked(&masked(&input.raw)),
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

/// Fields of JSON that name a person.
const NAMES: [&str; 4] = ["name", "payee_name", "labour_officer", "inspector"];

/// The text with persons' names masked: in JSON the values of the fields that have them, elsewhere (protobuf, or what
/// is neither) every run of Chinese characters, for there it is not known what they are.
fn names_masked(text: &str) -> String {
    if !text.trim_start().starts_with('{') {
        return runs_masked(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, value)) = next_name(rest) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        // A value that does not end is a name to its end.
        let end = value.find('"').unwrap_or(value.len());
        out.push_str(&masked_name(&value[..end]));
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Where the next such value begins, and the text from there on.
fn next_name(text: &str) -> Option<(usize, &str)> {
    let starts = NAMES.iter().filter_map(|name| {
        let key = format!("\"{name}\"");
        text.match_indices(&key).find_map(|(at, _)| {
            let behind = at + key.len();
            let value = text[behind..].trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
            Some(text.len() - value.len())
        })
    });
    starts.min().map(|at| (at, &text[at..]))
}

fn runs_masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars().chain([' ']) {
        if ('\u{3400}'..='\u{9fff}').contains(&c) {
            run.push(c);
            continue;
        }
        out.push_str(&masked_name(&run));
        run.clear();
        out.push(c);
    }
    out.pop();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_masked() {
        let check = |raw: &str, want: &str| assert_eq!(names_masked(raw), want);
        check(
            r#"{"name": "张三丰","employer_name":"劳务公司","payee_name":"欧阳修","n":1}"#,
            r#"{"name": "张*","employer_name":"劳务公司","payee_name":"欧阳*","n":1}"#,
        );
        check(r#"{"name":"","name":"李四"#, r#"{"name":"","name":"李*"#);
        check(" P1 张三 6228 分包公司 x", " P1 张* 6228 分* x");
    }

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
        check(b"E1234567 H123456 P-2026003", "E1*****7 H1****6 P-2026003");
    }
}
