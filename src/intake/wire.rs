//! A record as it came: fields and plain values, of no type yet. JSON and CSV both fill this;
//! [`Want`] says how a value becomes one of the domain's, or a reason that names field, shape and
//! expectation. Knows no syntax and no record type.

use super::field::Field;
use crate::domain::{Account, Day, Days, Fen, Period, ProjectId, Reason, ReasonCode, Time, Uscc};
use compact_str::{CompactString, ToCompactString, format_compact};
use std::borrow::Cow;

/// A value as the sender wrote it.
#[derive(Clone, PartialEq, Debug)]
pub enum Value<'a> {
    Text(Cow<'a, str>),
    /// A cell of a CSV row: text that stands for a number or a truth value as well.
    Cell(Cow<'a, str>),
    Int(i64),
    /// A whole number beyond 64 bits.
    Huge,
    /// A number written with a decimal point or an exponent.
    Fraction,
    /// A number as it was written, where that matters (`days`).
    Number(&'a str),
    Bool(bool),
    /// The elements are kept where they are wanted (`lines`), else dropped.
    Array(Vec<Value<'a>>),
    /// The same.
    Object(Option<Box<Fields<'a>>>),
}

/// The fields of one record, each at most once.
#[derive(Clone, PartialEq, Debug)]
pub struct Fields<'a> {
    /// Place in `values` and 1; 0 = absent.
    places: [u8; Field::ALL.len()],
    values: Vec<Value<'a>>,
    twice: Option<Field>,
}

impl<'a> Fields<'a> {
    pub fn with_capacity(fields: usize) -> Fields<'a> {
        Fields { places: [0; Field::ALL.len()], values: Vec::with_capacity(fields), twice: None }
    }

    /// A field that comes twice makes the record ambiguous: the first such one is remembered.
    pub fn set(&mut self, field: Field, value: Value<'a>) {
        let place = &mut self.places[field as usize];
        if *place != 0 {
            self.twice.get_or_insert(field);
            return;
        }
        self.values.push(value);
        // There are fewer fields than 255, and each is pushed once.
        *place = u8::try_from(self.values.len()).unwrap_or(0);
    }

    pub fn get(&self, field: Field) -> Option<&Value<'a>> {
        let place = usize::from(self.places[field as usize]);
        place.checked_sub(1).map(|at| &self.values[at])
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Puts the lines of a payroll sheet, gathered elsewhere.
    pub fn set_lines(&mut self, lines: Vec<Fields<'a>>) {
        let lines = lines.into_iter().map(|line| Value::Object(Some(Box::new(line)))).collect();
        self.set(Field::Lines, Value::Array(lines));
    }

    /// These fields, and the others.
    pub fn split(self, these: &[Field]) -> (Fields<'a>, Fields<'a>) {
        let (mut chosen, mut others) = (Fields::with_capacity(these.len()), Fields::with_capacity(16));
        chosen.twice = self.twice.filter(|field| these.contains(field));
        others.twice = self.twice.filter(|field| !these.contains(field));
        let places = self.places;
        let mut values: Vec<Option<Value<'a>>> = self.values.into_iter().map(Some).collect();
        for field in Field::ALL {
            let place = usize::from(places[*field as usize]);
            if let Some(value) = place.checked_sub(1).and_then(|at| values.get_mut(at)?.take()) {
                let into = if these.contains(field) { &mut chosen } else { &mut others };
                into.set(*field, value);
            }
        }
        (chosen, others)
    }

    /// A reason if any field came more than once.
    pub fn once_each(&self) -> Result<(), Reason> {
        match self.twice {
            None => Ok(()),
            Some(field) => Err(Reason::new(
                field.name(),
                ReasonCode::Syntax,
                "the field more than once",
                "each field at most once",
            )),
        }
    }

    /// A field that must be there.
    pub fn need<W: Want>(&self, field: Field, want: W) -> Result<W::Out, Reason> {
        match self.get(field) {
            Some(value) => want.take(field.name(), value),
            None => Err(Reason::missing(field.name(), &want.expected())),
        }
    }

    /// A field that may be absent.
    pub fn may<W: Want>(&self, field: Field, want: W) -> Result<Option<W::Out>, Reason> {
        self.get(field).map(|value| want.take(field.name(), value)).transpose()
    }
}

impl<'a> Value<'a> {
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) | Value::Cell(text) => Some(text),
            _ => None,
        }
    }

    /// What kind of value it is, without the value.
    pub fn shape(&self) -> &'static str {
        match self {
            Value::Text(_) | Value::Cell(_) => "a text",
            Value::Int(_) | Value::Huge | Value::Number(_) => "a number",
            Value::Fraction => "a number with a decimal point or an exponent",
            Value::Bool(_) => "true or false",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}

/// What a field is to be, and how a value becomes it.
pub trait Want {
    type Out;
    /// For the sender's operator.
    fn expected(&self) -> CompactString;
    fn take(&self, field: &str, value: &Value<'_>) -> Result<Self::Out, Reason>;
}

fn wrong_type<W: Want>(want: &W, field: &str, value: &Value<'_>) -> Reason {
    Reason::new(field, ReasonCode::WrongType, value.shape(), want.expected())
}

fn text_of<'v, W: Want>(want: &W, field: &str, value: &'v Value<'_>) -> Result<&'v str, Reason> {
    value.as_text().ok_or_else(|| wrong_type(want, field, value))
}

/// A text of 1 to so many characters.
#[derive(Clone, Copy)]
pub struct Text(pub usize);

impl Want for Text {
    type Out = CompactString;
    fn expected(&self) -> CompactString {
        format_compact!("a text of 1 to {} characters", self.0)
    }
    fn take(&self, field: &str, value: &Value<'_>) -> Result<CompactString, Reason> {
        let text = text_of(self, field, value)?;
        // No text has more characters than bytes: the count is needed for few.
        if text.is_empty() || (text.len() > self.0 && text.chars().count() > self.0) {
            return Err(Reason::format(field, text, &self.expected()));
        }
        Ok(text.to_compact_string())
    }
}

/// A text of at most so many characters that says nothing when it is empty.
#[derive(Clone, Copy)]
pub struct Remark(pub usize);

impl Want for Remark {
    type Out = Option<CompactString>;
    fn expected(&self) -> CompactString {
        format_compact!("a text of at most {} characters", self.0)
    }
    fn take(&self, field: &str, value: &Value<'_>) -> Result<Option<CompactString>, Reason> {
        let text = text_of(self, field, value)?;
        if text.len() > self.0 && text.chars().count() > self.0 {
            return Err(Reason::format(field, text, &self.expected()));
        }
        Ok((!text.is_empty()).then(|| text.to_compact_string()))
    }
}

/// An integer between two bounds.
#[derive(Clone, Copy)]
pub struct Whole {
    pub min: i64,
    pub max: i64,
    pub words: &'static str,
}

impl Want for Whole {
    type Out = i64;
    fn expected(&self) -> CompactString {
        self.words.to_compact_string()
    }
    fn take(&self, field: &str, value: &Value<'_>) -> Result<i64, Reason> {
        let number = match value {
            Value::Int(number) => *number,
            Value::Cell(text) => cell_integer(text).ok_or_else(|| wrong_type(self, field, value))?,
            Value::Huge => return Err(Reason::range(field, "a number beyond 64 bits", self.words)),
            _ => return Err(wrong_type(self, field, value)),
        };
        if number > self.max {
            return Err(Reason::range(field, format_compact!("a number above {}", self.max), self.words));
        }
        match number {
            n if n >= self.min => Ok(n),
            n if n < 0 => Err(Reason::range(field, "a negative number", self.words)),
            n => Err(Reason::range(field, n, self.words)),
        }
    }
}

// As in JSON: digits with an optional minus; anything longer is out of every range too.
fn cell_integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let beyond = if digits.len() < text.len() { i64::MIN } else { i64::MAX };
    Some(text.parse().unwrap_or(beyond))
}

/// Money in fen, from a [`Whole`].
#[derive(Clone, Copy)]
pub struct Money(pub Whole);

impl Want for Money {
    type Out = Fen;
    fn expected(&self) -> CompactString {
        self.0.expected()
    }
    fn take(&self, field: &str, value: &Value<'_>) -> Result<Fen, Reason> {
        self.0.take(field, value).map(Fen)
    }
}

/// One of a closed set of words.
pub struct Word<T: 'static>(pub fn(&str) -> Option<T>, pub &'static [&'static str]);

impl<T> Want for Word<T> {
    type Out = T;
    fn expected(&self) -> CompactString {
        format_compact!("one of {}", self.1.join(", "))
    }
    fn take(&self, field: &str, value: &Value<'_>) -> Result<T, Reason> {
        let text = text_of(self, field, value)?;
        self.0(text).ok_or_else(|| Reason::format(field, text, &self.expected()))
    }
}

/// true or false.
#[derive(Clone, Copy)]
pub struct YesNo;

impl Want for YesNo {
    type Out = bool;
    fn expected(&self) -> CompactString {
        "true or false".into()
    }
    fn take(&self, field: &str, value: &Value<'_>) -> Result<bool, Reason> {
        match value {
            Value::Bool(yes) => Ok(*yes),
            Value::Cell(text) if matches!(text.as_ref(), "true" | "false") => Ok(text == "true"),
            _ => Err(wrong_type(self, field, value)),
        }
    }
}

/// Worked days, read from the digits as they were written.
#[derive(Clone, Copy)]
pub struct Worked;

impl Want for Worked {
    type Out = Days;
    fn expected(&self) -> CompactString {
        "a number of 0 to 3 with at most two decimals (days)".into()
    }
    fn take(&self, field: &str, value: &Value<'_>) -> Result<Days, Reason> {
        let (Value::Number(written) | Value::Cell(Cow::Borrowed(written))) = value else {
            let Value::Cell(Cow::Owned(written)) = value else { return Err(wrong_type(self, field, value)) };
            return self.parse(field, written);
        };
        self.parse(field, written)
    }
}

impl Worked {
    fn parse(self, field: &str, written: &str) -> Result<Days, Reason> {
        Days::parse(written).ok_or_else(|| {
            let numeric = written.len() <= 16
                && written
                    .bytes()
                    .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E'));
            let found = match numeric {
                true => written.to_compact_string(),
                false => format_compact!("a number of {} characters", written.chars().count()),
            };
            Reason::range(field, found, &self.expected())
        })
    }
}

macro_rules! parsed {
    ($($(#[$meta:meta])* $name:ident -> $out:ty, $expected:literal, $parse:expr;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy)]
        pub struct $name;

        impl Want for $name {
            type Out = $out;
            fn expected(&self) -> CompactString {
                CompactString::const_new($expected)
            }
            fn take(&self, field: &str, value: &Value<'_>) -> Result<$out, Reason> {
                let text = text_of(self, field, value)?;
                let parse: fn(&str, &str) -> Result<$out, Option<Reason>> = $parse;
                parse(field, text).map_err(|why| why.unwrap_or_else(|| Reason::format(field, text, $expected)))
            }
        }
    )+};
}

parsed! {
    Instant -> Time, "a timestamp of 1970 to 2199 with an offset, such as 2026-03-02T07:01:00+08:00 (RFC 3339)",
        |_, text| Time::parse(text).ok_or(None);
    Date -> Day, "a real date as YYYY-MM-DD", |_, text| Day::parse(text).ok_or(None);
    /// The date of attendance: its month must be a period.
    WorkDate -> Day, "a real date of 1970 to 2199 as YYYY-MM-DD",
        |_, text| Day::parse(text).filter(|day| (1970..=2199).contains(&day.ymd().0)).ok_or(None);
    Month -> Period, "a month of 1970 to 2999 as YYYY-MM", |_, text| Period::parse(text).ok_or(None);
    Project -> ProjectId, "1 to 64 of A-Z a-z 0-9 . _ -",
        |field, text| ProjectId::parse(field, text).map_err(Some);
    CreditCode -> Uscc, "a unified social credit code: 18 characters with a valid GB 32100 check",
        |field, text| Uscc::parse(field, text).map_err(Some);
    AccountNumber -> Account, "8 to 32 digits", |field, text| Account::parse(field, text).map_err(Some);
}
