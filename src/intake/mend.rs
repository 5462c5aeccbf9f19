//! A dead letter that somebody mended. What he saw masked and left as it was is put in again from what came,
//! but only where it stood: a number never moves into another field, where it might be shown.

use super::write_json::write_line;
use crate::domain::{Position, mask_numbers, masked_name};
use crate::engine::api::{DeadContent, DeadLetter, DeadLetterId};
use crate::proto::Refusal;
use prost::bytes::Bytes;
use serde_json::Value;

/// `17.3`: the block of the log, and the place in it.
pub fn letter_id(text: &str) -> Result<DeadLetterId, Refusal> {
    let read = || {
        let (position, index) = text.split_once('.')?;
        Some(DeadLetterId { position: Position(position.parse().ok()?), index: index.parse().ok()? })
    };
    read().ok_or_else(|| Refusal::invalid("dead_letter_id", "the id of a dead letter, as it was listed"))
}

/// The place behind which that letter comes first.
pub fn before(id: DeadLetterId) -> Option<DeadLetterId> {
    match id.index.checked_sub(1) {
        Some(index) => Some(DeadLetterId { index, ..id }),
        None => Some(DeadLetterId { position: Position(id.position.0.checked_sub(1)?), index: u32::MAX }),
    }
}

/// What came, as JSON; `Null` for what came as protobuf or cut short: then every number must be written out.
pub fn came(letter: &DeadLetter) -> Value {
    match &letter.content {
        DeadContent::Input(input) => serde_json::from_slice(&input.raw).unwrap_or_default(),
        DeadContent::Conflict(record) => {
            let mut line = Vec::new();
            write_line(record, &mut line);
            serde_json::from_slice(&line).unwrap_or_default()
        }
    }
}

/// The mended record as a line, with what was masked put in again.
pub fn line(mended: &[u8], came: &Value) -> Result<Bytes, Refusal> {
    let expected = || Refusal::invalid("record", "one object of JSON");
    let mut value: Value = serde_json::from_slice(mended).map_err(|_| expected())?;
    if !value.is_object() {
        return Err(expected());
    }
    restore(&mut value, came, "record")?;
    Ok(Bytes::from(value.to_string()))
}

/// Masked values become what stood in the same place; one that stood nowhere is refused.
fn restore(mended: &mut Value, came: &Value, path: &str) -> Result<(), Refusal> {
    match mended {
        Value::Object(fields) => {
            for (name, value) in fields {
                restore(value, came.get(name).unwrap_or(&Value::Null), &format!("{path}.{name}"))?;
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter_mut().enumerate() {
                restore(value, came.get(at).unwrap_or(&Value::Null), &format!("{path}[{at}]"))?;
            }
        }
        Value::String(text) if is_masked(text) => {
            let known = match came {
                Value::String(was) => shown(was).contains(text),
                Value::Number(was) => mask_numbers(&was.to_string()) == *text,
                _ => false,
            };
            if !known {
                let expected = "the number or name in full, or as the dead letter shows it in this field";
                return Err(Refusal::invalid(path, expected));
            }
            *mended = came.clone();
        }
        _ => {}
    }
    Ok(())
}

/// How a dead letter may show a text: its numbers masked, and where it names a person, the name too.
fn shown(was: &str) -> [String; 2] {
    let numbers = mask_numbers(was);
    let name = masked_name(&numbers);
    [numbers, name]
}

/// Stars beside a digit, or one behind a name and nothing after: no name and no note looks so.
fn is_masked(text: &str) -> bool {
    if (2..4).contains(&text.chars().count()) && text.ends_with('*') {
        return true;
    }
    let bytes = text.as_bytes();
    let beside = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    text.match_indices("**").any(|(at, _)| at.checked_sub(1).is_some_and(beside) || beside(at + 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Door, Reason, Rejected};
    use serde_json::json;

    const NUMBER: &str = "152722199001010019";

    fn letter(raw: &str) -> DeadLetter {
        let input = Rejected {
            door: Door::Submit,
            file: "".into(),
            line: 1,
            id: None,
            source: None,
            reason: Reason::range("field", "found", "expected"),
            raw: raw.as_bytes().into(),
            raw_len: raw.len() as u64,
        };
        let id = DeadLetterId { position: Position(1), index: 0 };
        DeadLetter { id, written_ms: 0, reason: input.reason.clone(), content: DeadContent::Input(input) }
    }

    fn check(came: &Value, mended: &Value, want: Option<&Value>) {
        let got = line(mended.to_string().as_bytes(), &super::came(&letter(&came.to_string())));
        let got = got.ok().map(|line| serde_json::from_slice::<Value>(&line).unwrap());
        assert_eq!(got.as_ref(), want, "{mended}");
    }

    #[test]
    fn what_was_masked_comes_back_where_it_stood() {
        let came = json!({"id_number": NUMBER, "days": 9, "amount_fen": 123_456_789_u64});
        let mended = json!({"id_number": mask_numbers(NUMBER), "days": 1, "amount_fen": "12*****89"});
        check(&came, &mended, Some(&json!({"id_number": NUMBER, "days": 1, "amount_fen": 123_456_789_u64})));
        let lines = json!({"lines": [{"id_number": NUMBER}]});
        check(&lines, &json!({"lines": [{"id_number": mask_numbers(NUMBER)}]}), Some(&lines));
        let named = json!({"name": "欧阳修", "payee_name": "李四"});
        check(
            &named,
            &json!({"name": "欧阳*", "payee_name": "王五"}),
            Some(&json!({"name": "欧阳修", "payee_name": "王五"})),
        );
        check(&named, &json!({"name": "李*"}), None);
        check(&came, &json!({"note": "** 见附件 **"}), Some(&json!({"note": "** 见附件 **"})));
    }

    #[test]
    fn a_number_never_moves_into_another_field() {
        let came = json!({"id_number": NUMBER, "note": "x"});
        for mended in [
            json!({"note": mask_numbers(NUMBER)}),
            json!({"note": format!("see {}", mask_numbers(NUMBER))}),
            json!({"other": {"id_number": mask_numbers(NUMBER)}}),
            json!({"id_number": "152722********0020"}),
        ] {
            check(&came, &mended, None);
        }
        assert!(line(b"{", &json!({})).is_err() && line(b"[]", &json!({})).is_err());
        // No JSON came: nothing is known of any field.
        assert!(
            line(br#"{"id_number":"152722********0019"}"#, &super::came(&letter("\u{8}\u{12}"))).is_err()
        );
    }

    #[test]
    fn letters_are_named_by_block_and_place() {
        let id = letter_id("17.3").unwrap();
        assert_eq!((id.position, id.index), (Position(17), 3));
        assert_eq!(before(id).map(|id| id.index), Some(2));
        assert_eq!(before(letter_id("17.0").unwrap()).map(|id| id.position), Some(Position(16)));
        assert!(["", "17", "a.b", "17.-1"].iter().all(|text| letter_id(text).is_err()));
    }
}
