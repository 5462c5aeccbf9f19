//! One row of CSV, cut into cells by the `csv-core` library. The library never refuses: to it any text is
//! CSV. Here a stray quote is a flaw of its row, found by holding each cell against the bytes that it
//! was read from. Knows no field and no line number.

use csv_core::{ReadFieldResult, Reader, ReaderBuilder, Terminator};

/// The row that was read last.
pub struct Cells {
    reader: Reader,
    /// The cells without their quotes, one behind the other. Grows to the longest row.
    text: Vec<u8>,
    ends: Vec<usize>,
    flaw: Option<&'static str>,
}

impl Default for Cells {
    fn default() -> Cells {
        // Only LF ends a row: a CR by itself is part of its cell, and that of CRLF is cut off below.
        let reader = ReaderBuilder::new().terminator(Terminator::Any(b'\n')).build();
        Cells { reader, text: vec![0; 1024], ends: Vec::new(), flaw: None }
    }
}

impl Cells {
    /// Reads the row that `data` begins with, and says how long it is with its line end. `None`: it does
    /// not end there; with `last` it ends with the data. The library passes over empty lines in front.
    pub fn read(&mut self, data: &[u8], last: bool) -> Option<usize> {
        self.reader.reset();
        // In what it reads first the library passes over a byte order mark: here, in any row.
        self.reader.read_field(b"\n", &mut [0]);
        self.ends.clear();
        self.flaw = None;
        let (mut at, mut filled, mut begun) = (0, 0, 0);
        loop {
            // The library takes no more data for the end.
            if at == data.len() && !last {
                return None;
            }
            let (result, read, written) = self.reader.read_field(&data[at..], &mut self.text[filled..]);
            (at, filled) = (at + read, filled + written);
            match result {
                ReadFieldResult::InputEmpty => {}
                ReadFieldResult::OutputFull => self.text.resize(2 * self.text.len(), 0),
                ReadFieldResult::Field { record_end } => {
                    filled = self.close(&data[begun..at], filled, record_end);
                    begun = at;
                    if record_end {
                        return Some(at);
                    }
                }
                ReadFieldResult::End => return Some(at),
            }
        }
    }

    /// Cells of the row.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// What of the row is no CSV as in RFC 4180.
    pub fn flaw(&self) -> Option<&'static str> {
        self.flaw
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.text[start..*end])
    }

    // A cell is whole: `raw` is all of it with what ended it. Where its text ends.
    fn close(&mut self, raw: &[u8], filled: usize, record_end: bool) -> usize {
        let start = self.ends.last().copied().unwrap_or(0);
        let (mut raw, mut end) = (raw, filled);
        if record_end {
            raw = raw.strip_suffix(b"\n").unwrap_or(raw);
            if let Some(without) = raw.strip_suffix(b"\r") {
                (raw, end) = (without, filled - 1);
            }
        } else {
            raw = raw.strip_suffix(b",").unwrap_or(raw);
        }
        self.flaw = self.flaw.or_else(|| flaw(raw, &self.text[start..end]));
        self.ends.push(end);
        end
    }
}

// A quoted cell is longer than its text by two quotes, and by one for each quote within.
fn flaw(raw: &[u8], text: &[u8]) -> Option<&'static str> {
    let quotes = text.iter().filter(|b| **b == b'"').count();
    match raw {
        [b'"', inner @ .., b'"'] if inner.len() == text.len() + quotes => None,
        [b'"', inner @ ..] if inner.len() == text.len() + quotes => Some("a quote that is not closed"),
        [b'"', ..] => Some("text behind a closing quote"),
        _ if quotes > 0 => Some("a quote within a cell that is not quoted"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(data: &str, last: bool) -> (Option<usize>, Vec<String>, Option<&'static str>) {
        let mut cells = Cells::default();
        let end = cells.read(data.as_bytes(), last);
        let texts = cells.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
        (end, texts, cells.flaw())
    }

    #[test]
    fn a_row_and_its_cells() {
        let check = |data: &str, end: usize, want: &[&str]| {
            let want = (Some(end), want.iter().map(|text| text.to_string()).collect(), None);
            assert_eq!(read(data, true), want, "{data:?}");
        };
        check("a,b\nc", 4, &["a", "b"]);
        check("a,b\r\nc", 5, &["a", "b"]);
        check("a,\"b\"\r\nc", 7, &["a", "b"]);
        check(",\n", 2, &["", ""]);
        check("a,", 2, &["a", ""]);
        check("\"\"", 2, &[""]);
        check("\"a\n,\"\"b\"\"\",c", 12, &["a\n,\"b\"", "c"]);
        check("a\rb,c", 5, &["a\rb", "c"]);
        let long = "x".repeat(5000);
        check(&format!("{long},\"{long}\"\n"), 10_004, &[&long, &long]);
        assert_eq!(read("a,b", false).0, None);
        assert_eq!(read("a,\"b\n", false).0, None);
    }

    #[test]
    fn what_rfc_4180_does_not_allow_is_a_flaw() {
        let check = |data: &str, want: &str| assert_eq!(read(data, true).2, Some(want), "{data:?}");
        check("a,b\"c\n", "a quote within a cell that is not quoted");
        check("a\"\",b\n", "a quote within a cell that is not quoted");
        check("\"a\"b,c\n", "text behind a closing quote");
        check("\"a\" ,c\r\n", "text behind a closing quote");
        for open in ["\"", "a,\"b", "\"a\"\"", "\"a\r", "\"a,b"] {
            check(open, "a quote that is not closed");
        }
    }
}
