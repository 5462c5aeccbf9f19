//! Record files as a batch reads them: chunks of NDJSON that any thread decodes, and CSV, whose
//! rows depend on the header and on their sheet, decoded as it is read. Knows no ledger.

use super::csv::{Decoder, Row};
use super::files::{Chunk, FileError, Files, Format};
use super::json;
use super::rejection::{MAX_LINE_BYTES, Rejection};
use super::scan::{self, What};
use crate::domain::Record;
use crate::engine::batch::{Extent, PlainSwipe, RejectedLine, Sink, Source};
use std::sync::Arc;

/// Files in their order, each line decoded.
pub struct FileSource {
    files: Files,
    csv: Decoder,
    /// Called with every chunk, for a progress bar.
    read: Box<dyn FnMut() + Send>,
}

/// What is decoded at once.
pub enum Part {
    Lines(Chunk),
    Rows { file: Arc<str>, rows: Vec<Row> },
}

impl FileSource {
    /// `read` is called whenever more was read.
    pub fn new(files: Files, read: impl FnMut() + Send + 'static) -> FileSource {
        FileSource { files, csv: Decoder::default(), read: Box::new(read) }
    }

    fn rows(&mut self, chunk: &Chunk) -> Vec<Row> {
        let mut rows = Vec::new();
        if chunk.first {
            self.csv = Decoder::default();
        }
        match chunk.cut_from {
            Some(length) => self.csv.skip_line(length, &mut rows),
            None => self.csv.feed(&chunk.bytes, false, &mut rows),
        }
        if chunk.last {
            self.csv.feed(&[], true, &mut rows);
        }
        rows
    }
}

impl Source for FileSource {
    type Chunk = Part;
    type Error = FileError;

    fn next(&mut self, done: Option<Part>) -> Result<Option<Part>, FileError> {
        let spare = match done {
            Some(Part::Lines(chunk)) => chunk.bytes,
            _ => Vec::new(),
        };
        let Some(chunk) = self.files.next(spare)? else { return Ok(None) };
        (self.read)();
        Ok(Some(match chunk.format {
            Format::Ndjson => Part::Lines(chunk),
            Format::Csv => Part::Rows { rows: self.rows(&chunk), file: chunk.file },
        }))
    }

    fn decode(part: &mut Part, sink: &mut impl Sink) -> Extent {
        match part {
            Part::Lines(chunk) => {
                let lines = lines(chunk, sink);
                Extent { file: chunk.file.clone(), first: chunk.first, lines }
            }
            Part::Rows { file, rows } => {
                rows.drain(..).for_each(|(line, row)| put(line, row, sink));
                // Rows bear their file's line numbers.
                Extent { file: file.clone(), first: true, lines: 0 }
            }
        }
    }
}

fn put(line: u64, decoded: Result<Record, Rejection>, sink: &mut impl Sink) {
    match decoded {
        Ok(record) => sink.record(line, record),
        Err(Rejection { reason, id, .. }) => sink.rejected(line, RejectedLine { id, reason }),
    }
}

// Decodes every line; how many there were.
fn lines(chunk: &Chunk, sink: &mut impl Sink) -> u64 {
    if let Some(length) = chunk.cut_from {
        put(1, Err(Rejection::too_large(length, MAX_LINE_BYTES)), sink);
        return 1;
    }
    let mut line = 0;
    match std::str::from_utf8(&chunk.bytes) {
        Ok(mut text) => {
            while !text.is_empty() {
                line += 1;
                text = first_line(line, text, sink);
            }
        }
        // Some line is no UTF-8: each is looked at alone.
        Err(_) => {
            for bytes in chunk.bytes.split_inclusive(|b| *b == b'\n') {
                line += 1;
                if !bytes.trim_ascii().is_empty() {
                    put(line, json::decode_bytes(bytes.strip_suffix(b"\n").unwrap_or(bytes)), sink);
                }
            }
        }
    }
    line
}

// Decodes the first of the lines; the others.
fn first_line<'a>(line: u64, text: &'a str, sink: &mut impl Sink) -> &'a str {
    if let Some((plain, rest)) = scan::first(text) {
        let swipe = |swiped_at| PlainSwipe {
            source: plain.source,
            stated_at: plain.at,
            project_id: plain.project_id,
            id_number: &plain.id_number,
            swiped_at,
        };
        match plain.what {
            // What else a swipe says, no sum depends on.
            What::Swipe { swiped_at, .. } if sink.swipe(swipe(swiped_at)) => return rest,
            _ => {
                if let Some(record) = plain.record() {
                    sink.record(line, record);
                    return rest;
                }
            }
        }
    }
    let (own, rest) = text.split_once('\n').unwrap_or((text, ""));
    if !own.trim_ascii().is_empty() {
        put(line, json::decode_any(own), sink);
    }
    rest
}
