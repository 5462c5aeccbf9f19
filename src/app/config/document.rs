//! TOML text as a tree that remembers its lines. Knows no key and no meaning.
//!
//! A derived deserialiser would stop at the first fault; this tree lets all of them be told at once.

use super::problem::{ConfigError, Place};
use toml::de::{DeTable, DeValue};

/// A value with the line that it stands on.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub line: usize,
    pub value: Value,
}

/// A key of a table with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub name: String,
    pub line: usize,
    pub node: Node,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Integer(i128),
    /// As it is written: never turned into a float.
    Decimal(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
    Boolean(bool),
    /// Text of an environment variable or a flag: becomes what the key wants.
    Loose(String),
    /// A date, an integer beyond all bounds: no key of ours takes one.
    Other(&'static str),
}

impl Value {
    /// What was found, as an error tells it.
    pub fn shown(&self) -> String {
        match self {
            Value::Text(text) => format!("{text:?}"),
            Value::Integer(number) => number.to_string(),
            Value::Boolean(yes) => yes.to_string(),
            Value::Decimal(text) | Value::Loose(text) => text.clone(),
            Value::List(_) => "a list".into(),
            Value::Table(_) => "a section".into(),
            Value::Other(what) => (*what).into(),
        }
    }
}

/// The top-level entries in the order of the file, or the faults of syntax.
pub(super) fn parse(path: &str, text: &str) -> Result<Vec<Entry>, Vec<ConfigError>> {
    let (table, faults) = DeTable::parse_recoverable(text);
    if faults.is_empty() {
        return Ok(Lines::of(text).table(table.get_ref()));
    }
    let lines = Lines::of(text);
    let mut errors: Vec<ConfigError> = faults
        .iter()
        .map(|fault| {
            let line = fault.span().map_or(0, |span| lines.at(span.start));
            ConfigError::new(Place::line(path, line), first_line(fault.message()), "TOML (https://toml.io)")
        })
        .collect();
    errors.dedup();
    Err(errors)
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or("unreadable").to_owned()
}

// Byte offsets of line starts, so that a span becomes a line number.
struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    fn of(text: &str) -> Lines {
        let ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1);
        Lines { starts: std::iter::once(0).chain(ends).collect() }
    }

    fn at(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }

    fn table(&self, table: &DeTable<'_>) -> Vec<Entry> {
        let mut entries: Vec<(usize, Entry)> = table
            .iter()
            .map(|(key, value)| {
                let start = key.span().start;
                let node = Node { line: self.at(value.span().start), value: self.value(value.get_ref()) };
                (start, Entry { name: key.get_ref().to_string(), line: self.at(start), node })
            })
            .collect();
        entries.sort_by_key(|(start, _)| *start);
        entries.into_iter().map(|(_, entry)| entry).collect()
    }

    fn value(&self, value: &DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => match i128::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Value::Integer(number),
                Err(_) => Value::Other("an integer of more digits than fit"),
            },
            DeValue::Float(number) => Value::Decimal(number.as_str().to_owned()),
            DeValue::Boolean(yes) => Value::Boolean(*yes),
            DeValue::Datetime(_) => Value::Other("a date without quotes"),
            DeValue::Array(items) => Value::List(
                items
                    .iter()
                    .map(|item| Node { line: self.at(item.span().start), value: self.value(item.get_ref()) })
                    .collect(),
            ),
            DeValue::Table(table) => Value::Table(self.table(table)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_the_file() {
        let entries = parse("f", "# a\n\n[b]\nc = 1_000\nd = [\n  [2, 0.50],\n]\n[a]\n").unwrap();
        let names: Vec<_> = entries.iter().map(|e| (e.name.as_str(), e.line)).collect();
        assert_eq!(names, [("b", 3), ("a", 8)]);
        let Value::Table(b) = &entries[0].node.value else { panic!("a table") };
        assert_eq!((b[0].line, b[0].node.value.shown().as_str()), (4, "1000"));
        let Value::List(d) = &b[1].node.value else { panic!("a list") };
        assert_eq!((b[1].line, d[0].line), (5, 6));
    }

    #[test]
    fn faults_of_syntax_name_their_line() {
        let errors = parse("f.toml", "[a]\nb = \n").unwrap_err();
        assert!(errors[0].to_string().starts_with("f.toml:2: "), "{}", errors[0]);
    }
}
