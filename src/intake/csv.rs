//! CSV rows to records (`docs/csv.md`): a header row of field names, an empty cell is an absent
//! field, the rows of one payroll sheet stand together. The same fields, bounds and reasons as in
//! JSON. Knows no file: it is fed bytes in order, and keeps what is begun.
//!
//! Cells are quoted as in RFC 4180. A quote that never closes costs its own line only: reading
//! goes on at the next.

use super::field::Field;
use super::read;
use super::rejection::{MAX_LINE_BYTES, Rejection};
use super::wire::{Fields, Value};
use crate::domain::{Reason, ReasonCode, Record, RecordType};
use compact_str::format_compact;
use std::borrow::Cow;

/// A decoded row: the line that it begins on, counted from 1.
pub type Row = (u64, Result<Record, Rejection>);

/// Decodes one file, fed piece by piece.
#[derive(Default)]
pub struct Decoder {
    /// The columns' fields, once the header is read; `None` for a column that no record has.
    header: Option<Vec<Option<Field>>>,
    /// Lines read so far.
    line: u64,
    /// A row whose end has not come yet.
    carry: Vec<u8>,
    sheet: Option<Sheet>,
}

/// A payroll sheet, row by row.
struct Sheet {
    line: u64,
    fields: Fields<'static>,
    lines: Vec<Fields<'static>>,
    /// The first trouble with a later row: a sheet is taken whole or not at all.
    broken: Option<Reason>,
}

const OF_A_LINE: [Field; 5] =
    [Field::IdNumber, Field::IdType, Field::PayableFen, Field::DeductionsFen, Field::Signed];

impl Decoder {
    /// Takes more of the file; `last` when nothing follows. Rows that are whole go to `out`.
    pub fn feed(&mut self, bytes: &[u8], last: bool, out: &mut Vec<Row>) {
        let mut data = std::mem::take(&mut self.carry);
        data.extend_from_slice(bytes);
        let mut rest = data.as_slice();
        while !rest.is_empty() {
            let Some(end) = row_end(rest, last) else { break };
            let first_line = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |at| at + 1);
            // A row of several lines that makes no sense is more likely a stray quote.
            let end = match end {
                Some(end) if end == first_line || self.makes_sense(&rest[..end]) => end,
                _ => first_line,
            };
            self.row(&rest[..end], out);
            rest = &rest[end..];
        }
        self.carry = rest.to_vec();
        if last {
            self.close_sheet(out);
        }
    }

    /// A line that was too long to be read whole.
    pub fn skip_line(&mut self, len: u64, out: &mut Vec<Row>) {
        self.line += 1;
        out.push((self.line, Err(Rejection::too_large(len, MAX_LINE_BYTES))));
    }

    fn makes_sense(&self, row: &[u8]) -> bool {
        let columns = self.header.as_ref().map(Vec::len);
        match std::str::from_utf8(row).map(cells) {
            Ok(Ok(cells)) => columns.is_none_or(|columns| cells.len() == columns),
            _ => false,
        }
    }

    fn row(&mut self, row: &[u8], out: &mut Vec<Row>) {
        let line = self.line + 1;
        self.line += row.iter().filter(|b| **b == b'\n').count().max(1) as u64;
        if row.iter().all(|b| matches!(b, b'\r' | b'\n')) {
            return;
        }
        match self.fields(row) {
            Ok(Some(fields)) => self.take(line, fields, out),
            Ok(None) => {}
            Err(why) => {
                self.close_sheet(out);
                out.push((line, Err(why)));
            }
        }
    }

    // The row's fields; `None` for the header.
    fn fields(&mut self, row: &[u8]) -> Result<Option<Fields<'static>>, Rejection> {
        if row.len() > MAX_LINE_BYTES {
            return Err(Rejection::too_large(row.len() as u64, MAX_LINE_BYTES));
        }
        let text = std::str::from_utf8(row).map_err(|why| Rejection::not_utf8(why.valid_up_to() + 1))?;
        let syntax =
            |found: &str, expected| Rejection::of(Reason::new("record", ReasonCode::Syntax, found, expected));
        let cells = cells(text).map_err(|found| syntax(found, "cells quoted as in RFC 4180"))?;
        let Some(header) = &self.header else {
            self.header = Some(cells.iter().map(|name| Field::parse(name.trim())).collect());
            return Ok(None);
        };
        if cells.len() != header.len() {
            let found = format_compact!("{} cells", cells.len());
            return Err(syntax(&found, &format!("{}, as in the header", header.len())));
        }
        let mut fields = Fields::with_capacity(cells.len());
        for (field, cell) in header.iter().zip(cells) {
            if let Some(field) = field.filter(|_| !cell.is_empty()) {
                fields.set(field, Value::Cell(Cow::Owned(cell.into_owned())));
            }
        }
        Ok(Some(fields))
    }

    fn take(&mut self, line: u64, fields: Fields<'static>, out: &mut Vec<Row>) {
        if read::record_type(&fields) != Ok(RecordType::Payroll) {
            self.close_sheet(out);
            out.push((line, read::record(&fields)));
            return;
        }
        let (of_line, of_sheet) = fields.split(&OF_A_LINE);
        let same = |sheet: &Sheet| {
            [Field::Id, Field::Source].iter().all(|f| sheet.fields.get(*f) == of_sheet.get(*f))
        };
        if !self.sheet.as_ref().is_some_and(same) {
            self.close_sheet(out);
            self.sheet = Some(Sheet { line, fields: of_sheet.clone(), lines: Vec::new(), broken: None });
        }
        let Some(sheet) = &mut self.sheet else { return };
        if let Some(field) = Field::ALL.iter().find(|f| sheet.fields.get(**f) != of_sheet.get(**f)) {
            let found = "another value than in the sheet's first row";
            sheet.broken.get_or_insert(Reason::new(
                field.name(),
                ReasonCode::Format,
                found,
                "the same in every row of a sheet",
            ));
        }
        // A row that names nobody makes a sheet without lines.
        if !of_line.is_empty() {
            sheet.lines.push(of_line);
        }
    }

    fn close_sheet(&mut self, out: &mut Vec<Row>) {
        let Some(mut sheet) = self.sheet.take() else { return };
        let result = match sheet.broken {
            Some(reason) => Err(read::rejection(&sheet.fields, reason)),
            None => {
                sheet.fields.set_lines(sheet.lines);
                read::record(&sheet.fields)
            }
        };
        out.push((sheet.line, result));
    }
}

// Where the first row ends: behind the first line end outside quotes. `None`: not known yet;
// `Some(None)`: nowhere within the longest row that there may be.
fn row_end(data: &[u8], last: bool) -> Option<Option<usize>> {
    let mut quoted = false;
    for (at, byte) in data.iter().enumerate().take(MAX_LINE_BYTES) {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => return Some(Some(at + 1)),
            _ => {}
        }
    }
    match last || data.len() >= MAX_LINE_BYTES {
        true if quoted || data.len() > MAX_LINE_BYTES => Some(None),
        true => Some(Some(data.len())),
        false => None,
    }
}

fn cells(row: &str) -> Result<Vec<Cow<'_, str>>, &'static str> {
    let mut rest = row.strip_suffix('\n').unwrap_or(row);
    rest = rest.strip_suffix('\r').unwrap_or(rest);
    let mut out = Vec::with_capacity(16);
    loop {
        let (cell, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_cell(quoted)?,
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                if rest[..end].contains('"') {
                    return Err("a quote within a cell that is not quoted");
                }
                (Cow::Borrowed(&rest[..end]), &rest[end..])
            }
        };
        out.push(cell);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(out),
            None => return Err("text behind a closing quote"),
        }
    }
}

// The cell that begins behind a quote, and what follows its closing one.
fn quoted_cell(text: &str) -> Result<(Cow<'_, str>, &str), &'static str> {
    let mut from = 0;
    loop {
        let at = from + text[from..].find('"').ok_or("a quote that is not closed")?;
        if !text[at + 1..].starts_with('"') {
            let cell = &text[..at];
            let cell =
                if cell.contains('"') { Cow::Owned(cell.replace("\"\"", "\"")) } else { Cow::Borrowed(cell) };
            return Ok((cell, &text[at + 1..]));
        }
        from = at + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Body, Fen};
    use crate::intake::json::decode_line;

    const HEADER: &str = "type,id,source,at,project_id,id_number,swiped_at,work_date,days,minutes,amount_fen,period,lot,other\n";

    // Fed whole, and cut at every place: the same rows.
    fn rows(text: &str) -> Vec<Row> {
        let mut whole = Vec::new();
        Decoder::default().feed(text.as_bytes(), true, &mut whole);
        for at in (0..text.len()).step_by(7) {
            let (mut decoder, mut cut) = (Decoder::default(), Vec::new());
            decoder.feed(&text.as_bytes()[..at], false, &mut cut);
            decoder.feed(&text.as_bytes()[at..], true, &mut cut);
            assert_eq!(cut, whole, "cut at {at}");
        }
        whole
    }

    fn reasons(text: &str) -> Vec<(u64, String)> {
        let told = |(line, row): Row| row.err().map(|why| (line, why.reason.to_string()));
        rows(text).into_iter().filter_map(told).collect()
    }

    #[test]
    fn rows_and_json_make_the_same_records() {
        let at = "2026-03-02T07:01:00Z";
        let person = "152722199001010019";
        let text = format!(
            "{HEADER}attendance,a,s,{at},P1,{person},{at},,,,,,,x\r\n\r\nattendance,b,s,{at},P1,{person},,2026-03-05,1.5,60,,,,\n\"piecework\",\"c \"\"1\"\", two\nlines\",s,{at},P1,{person},,,,,7,2026-03,l,"
        );
        let json = [
            format!(
                r#"{{"type":"attendance","id":"a","source":"s","at":"{at}","project_id":"P1","id_number":"{person}","swiped_at":"{at}"}}"#
            ),
            format!(
                r#"{{"type":"attendance","id":"b","source":"s","at":"{at}","project_id":"P1","id_number":"{person}","work_date":"2026-03-05","days":1.5,"minutes":60}}"#
            ),
            format!(
                r#"{{"type":"piecework","id":"c \"1\", two\nlines","source":"s","at":"{at}","project_id":"P1","id_number":"{person}","period":"2026-03","lot":"l","amount_fen":7}}"#
            ),
        ];
        let want: Vec<Row> = [2, 4, 5].into_iter().zip(json.iter().map(|line| decode_line(line))).collect();
        assert!(want.iter().all(|(_, record)| record.is_ok()));
        assert_eq!(rows(&text), want);
    }

    #[test]
    fn reasons_are_those_of_json() {
        let row = |own: &str| format!("{HEADER}{own}\n");
        let check = |own: &str, want: &str| assert_eq!(reasons(&row(own)), [(2, want.to_string())], "{own}");
        let start = "piecework,c,s,2026-03-02T07:01:00Z,P1,152722199001010019,,,,";
        check(
            &format!("{start},-7,2026-03,l,"),
            "amount_fen: found a negative number; expected an integer of 0 to 10000000000000 (fen)",
        );
        check(
            &format!("{start},7.5,2026-03,l,"),
            "amount_fen: found a text; expected an integer of 0 to 10000000000000 (fen)",
        );
        check(
            &format!("{start},,2026-03,l,"),
            "amount_fen: found nothing; expected an integer of 0 to 10000000000000 (fen)",
        );
        check(
            &format!("{start},99999999999999999999,2026-03,l,"),
            "amount_fen: found a number above 10000000000000; expected an integer of 0 to 10000000000000 (fen)",
        );
        check("piecework,c", "record: found 2 cells; expected 14, as in the header");
        check("x,\"c\"x", "record: found text behind a closing quote; expected cells quoted as in RFC 4180");
    }

    #[test]
    fn a_stray_quote_costs_its_own_line_only() {
        let good = "piecework,c,s,2026-03-02T07:01:00Z,P1,152722199001010019,,,,,7,2026-03,l,\n";
        let text = format!("{HEADER}{good}piecework,\"c,s\n{good}{good}piecework,c\"d\n{good}");
        let all = rows(&text);
        let lines: Vec<(u64, bool)> = all.iter().map(|(line, row)| (*line, row.is_ok())).collect();
        assert_eq!(lines, [(2, true), (3, false), (4, true), (5, true), (6, false), (7, true)]);
    }

    #[test]
    fn the_rows_of_a_sheet_make_one_record() {
        let header = "type,id,source,at,project_id,employer_uscc,period,submitted_on,id_number,id_type,payable_fen,deductions_fen,signed\n";
        let sheet = |id: &str, own: &str| {
            format!("payroll,{id},s,2026-03-02T07:01:00Z,P1,91150621MA0NTET009,2026-02,2026-03-01,{own}\n")
        };
        let text = [
            header,
            &sheet("a", "152722199001010019,,500,20,true"),
            &sheet("a", "E12345678,08,700,,false"),
            &sheet("b", ",,,,"),
            &sheet("c", "152722199001010019,,-1,,true"),
        ]
        .concat();
        let all = rows(&text);
        let sizes: Vec<(u64, usize)> = all
            .iter()
            .filter_map(|(line, row)| match row.as_ref().map(|r| &r.body) {
                Ok(Body::Payroll(payroll)) => Some((*line, payroll.lines.len())),
                _ => None,
            })
            .collect();
        assert_eq!(sizes, [(2, 2), (4, 0)]);
        let Ok(Record { body: Body::Payroll(payroll), .. }) = &all[0].1 else { panic!("no sheet") };
        assert_eq!((payroll.lines[0].deductions_fen, payroll.lines[1].payable_fen), (Fen(20), Fen(700)));
        assert_eq!(reasons(&text), [(5, "lines[0].payable_fen: found a negative number; expected an integer of 0 to 10000000000000 (fen)".into())]);
        let torn = [
            header,
            &sheet("a", "152722199001010019,,500,20,true"),
            &sheet("a", "152722199001010019,,500,20,true").replace("2026-02", "2026-01"),
        ]
        .concat();
        assert_eq!(reasons(&torn), [(2, "period: found another value than in the sheet's first row; expected the same in every row of a sheet".into())]);
    }
}
