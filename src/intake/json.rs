//! One JSON object to one record. Borrows from the line; reads numbers without a float.
//! Knows no file and no batch: a door gives it one line, checked for UTF-8.
//!
//! Unknown fields are ignored, `null` is the same as absent, and a known field that comes twice
//! rejects the record: which of two amounts a bank meant is not ours to guess.

use super::field::Field;
use super::read;
use super::rejection::{MAX_LINE_BYTES, Rejection};
use super::scan;
use super::wire::{Fields, Value};
use crate::domain::{Reason, ReasonCode, Record};
use compact_str::{CompactString, format_compact};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Decodes one line, of at most [`MAX_LINE_BYTES`].
pub fn decode_line(line: &str) -> Result<Record, Rejection> {
    // Nine of ten records are plain attendance lines; the scanner takes those and leaves the rest.
    match scan::attendance(line) {
        Some(record) => Ok(record),
        None => decode_any(line),
    }
}

/// Decodes one line that may be no UTF-8; the reason says at which byte.
pub fn decode_bytes(line: &[u8]) -> Result<Record, Rejection> {
    match std::str::from_utf8(line) {
        Ok(text) => decode_line(text),
        Err(why) => Err(Rejection::not_utf8(why.valid_up_to() + 1)),
    }
}

/// [`decode_line`] without the fast path: the two agree on every line.
pub fn decode_any(line: &str) -> Result<Record, Rejection> {
    decode_around(line, &[])
}

/// Decodes one record of which something may be said around it, where it does not say it itself.
pub fn decode_around<'a>(line: &'a str, around: &[(Field, &'a str)]) -> Result<Record, Rejection> {
    if line.len() > MAX_LINE_BYTES {
        return Err(Rejection::too_large(line.len() as u64, MAX_LINE_BYTES));
    }
    let mut fields = Fields::with_capacity(16);
    let mut json = serde_json::Deserializer::from_str(line);
    let whole = Object(&mut fields).deserialize(&mut json).and_then(|()| json.end());
    for (field, said) in around {
        if fields.get(*field).is_none() {
            fields.set(*field, Value::Text(Cow::Borrowed(said)));
        }
    }
    match whole {
        Ok(()) => read::record(&fields),
        Err(why) => Err(read::rejection(&fields, syntax(line, &why))),
    }
}

/// The reason for broken JSON: where, and what was expected there. Never what stands there.
fn syntax(line: &str, why: &serde_json::Error) -> Reason {
    if line.trim_start().starts_with('<') {
        return Reason::new("record", ReasonCode::Syntax, "XML or HTML", WHOLE);
    }
    if why.is_data() {
        let found = match line.trim_start().as_bytes().first() {
            Some(b'[') => "a list",
            Some(b'"') => "a text",
            Some(b'{') => "an object that cannot be read",
            _ => "a JSON value that is no object",
        };
        return Reason::new("record", ReasonCode::WrongType, found, "one JSON object a line");
    }
    // The parser's own messages bear fixed words and the place, nothing of the line.
    let message = why.to_string();
    let words = message.rsplit_once(" at line ").map_or(message.as_str(), |(words, _)| words);
    let column = why.column();
    let (found, expected): (CompactString, CompactString) = match words.strip_prefix("expected ") {
        Some(expected) => (format_compact!("something else at column {column}"), expected.into()),
        None if why.is_eof() => {
            let open = words.strip_prefix("EOF while parsing ").unwrap_or("a value");
            (format_compact!("the end of the line at column {column}, within {open}"), WHOLE.into())
        }
        None => {
            (format_compact!("{} at column {column}", words.replace(" found while", " while")), WHOLE.into())
        }
    };
    Reason::new("record", ReasonCode::Syntax, found, expected)
}

const WHOLE: &str = "one whole JSON object a line";

/// An object read into fields, those before a syntax error included.
struct Object<'f, 'a>(&'f mut Fields<'a>);

impl<'de> DeserializeSeed<'de> for Object<'_, 'de> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_, 'de> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key_seed(NameOf)? {
            let value = match name {
                None => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                Some(Field::Days) => days(map.next_value()?)?,
                Some(Field::Lines) => map.next_value_seed(Keep::Elements)?,
                Some(_) => map.next_value_seed(Keep::Nothing)?,
            };
            if let (Some(field), Some(value)) = (name, value) {
                self.0.set(field, value);
            }
        }
        Ok(())
    }
}

// The digits of `days` are read as they stand; any other kind of value is read as always.
fn days<'de, E: Error>(raw: &'de RawValue) -> Result<Option<Value<'de>>, E> {
    let written = raw.get();
    if written.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        return Ok(Some(Value::Number(written)));
    }
    Keep::Nothing.deserialize(&mut serde_json::Deserializer::from_str(written)).map_err(E::custom)
}

struct NameOf;
struct Name(Option<Field>);

impl<'de> DeserializeSeed<'de> for NameOf {
    type Value = Name;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for NameOf {
    type Value = Name;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }
    fn visit_str<E: Error>(self, name: &str) -> Result<Name, E> {
        Ok(Name(Field::parse(name)))
    }
}

/// What is kept of lists and objects: nothing but their shape, save in `lines`.
#[derive(Clone, Copy, PartialEq)]
enum Keep {
    Nothing,
    Elements,
    Fields,
}

impl<'de> DeserializeSeed<'de> for Keep {
    /// `None` for `null`.
    type Value = Option<Value<'de>>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Keep {
    type Value = Option<Value<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_bool<E: Error>(self, yes: bool) -> Result<Self::Value, E> {
        Ok(Some(Value::Bool(yes)))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(Value::Int(number)))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(i64::try_from(number).map_or(Value::Huge, Value::Int)))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        // Whole numbers beyond 64 bits come this way too; none of our fields is near either.
        Ok(Some(if number.abs() > 9e18 { Value::Huge } else { Value::Fraction }))
    }
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Value::Text(Cow::Borrowed(text))))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Value::Text(Cow::Owned(text.to_owned()))))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        if self == Keep::Elements {
            while let Some(element) = seq.next_element_seed(Keep::Fields)? {
                // A null line is no absent line: it has its number, and is no object.
                elements.push(element.unwrap_or(Value::Object(None)));
            }
        } else {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
        }
        Ok(Some(Value::Array(elements)))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        if self == Keep::Fields {
            let mut fields = Fields::with_capacity(5);
            Object(&mut fields).visit_map(map)?;
            return Ok(Some(Value::Object(Some(Box::new(fields)))));
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Some(Value::Object(None)))
    }
}
