//! CSV rows to records (`docs/csv.md`): a header row of field names, an empty cell is an absent
//! field, the rows of one payroll sheet stand together. The same fields, bounds and reasons as in
//! JSON. Knows no file and no quoting: it is fed bytes in order, and keeps what is begun.
//!
//! Cells are quoted as in RFC 4180. A quote that never closes costs its own line only: reading
//! goes on at the next.

mod cells;

use super::field::Field;
use super::read;
use super::rejection::{MAX_LINE_BYTES, Rejection};
use super::wire::{Fields, Value};
use crate::domain::{Reason, ReasonCode, Record, RecordType};
use cells::Cells;
use compact_str::format_compact;
use std::borrow::Cow;
use std::str::Utf8Error;

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
    /// The row that is being read.
    cells: Cells,
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
    /// Takes more of the file; `last` when nothing follows. Rows that are whole go to `out`. A line of more
    /// than [`MAX_LINE_BYTES`] comes in one piece, or by `skip_line`.
    pub fn feed(&mut self, bytes: &[u8], last: bool, out: &mut Vec<Row>) {
        let mut data = std::mem::take(&mut self.carry);
        data.extend_from_slice(bytes);
        self.carry = self.rows(&data, last, out).to_vec();
        if last {
            self.close_sheet(out);
        }
    }

    /// A line that was too long to be read whole. What was begun before it ends there.
    pub fn skip_line(&mut self, len: u64, out: &mut Vec<Row>) {
        let begun = std::mem::take(&mut self.carry);
        self.rows(&begun, true, out);
        self.close_sheet(out);
        self.line += 1;
        out.push((self.line, Err(Rejection::too_large(len, MAX_LINE_BYTES))));
    }

    // Takes the rows that are whole; what is left of the data.
    fn rows<'a>(&mut self, data: &'a [u8], last: bool, out: &mut Vec<Row>) -> &'a [u8] {
        let mut rest = data;
        while let Some(first) = rest.first() {
            // The library passes over empty lines; here they are counted.
            let end = match first {
                b'\n' => 1,
                _ => match self.row_end(rest, last) {
                    Some(end) => end,
                    None => break,
                },
            };
            self.row(&rest[..end], out);
            rest = &rest[end..];
        }
        rest
    }

    // Reads the cells of the first row, and says where it ends; `None`: its end has not come yet.
    fn row_end(&mut self, rest: &[u8], last: bool) -> Option<usize> {
        let held = &rest[..rest.len().min(MAX_LINE_BYTES)];
        let end = self.cells.read(held, last && held.len() == rest.len());
        if end.is_none() && rest.len() < MAX_LINE_BYTES {
            return None;
        }
        let line = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        let line_end = rest.len().min(line + 1);
        match end {
            Some(end) if end == line_end || self.makes_sense() => Some(end),
            // The library would read on to any other quote. A row of several lines that makes no sense,
            // or does not end, is more likely a stray quote: its first line stands for itself.
            _ => {
                if line <= MAX_LINE_BYTES {
                    self.cells.read(&rest[..line], true);
                }
                Some(line_end)
            }
        }
    }

    fn makes_sense(&self) -> bool {
        let columns = self.header.as_ref().map_or(self.cells.len(), Vec::len);
        self.cells.flaw().is_none()
            && self.cells.len() == columns
            && self.cells.iter().all(|cell| std::str::from_utf8(cell).is_ok())
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

    // The fields of the row whose cells were read; `None` for the header.
    fn fields(&mut self, row: &[u8]) -> Result<Option<Fields<'static>>, Rejection> {
        if row.len() > MAX_LINE_BYTES {
            return Err(Rejection::too_large(row.len() as u64, MAX_LINE_BYTES));
        }
        let not_utf8 = |why: Utf8Error| Rejection::not_utf8(why.valid_up_to() + 1);
        std::str::from_utf8(row).map_err(not_utf8)?;
        let syntax =
            |found: &str, expected| Rejection::of(Reason::new("record", ReasonCode::Syntax, found, expected));
        if let Some(found) = self.cells.flaw() {
            return Err(syntax(found, "cells quoted as in RFC 4180"));
        }
        let cells = self.cells.iter().map(std::str::from_utf8);
        let cells = cells.collect::<Result<Vec<&str>, _>>().map_err(not_utf8)?;
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
                fields.set(field, Value::Cell(Cow::Owned(cell.to_owned())));
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
    fn a_row_that_is_too_long_costs_nothing_else() {
        let good = "piecework,c,s,2026-03-02T07:01:00Z,P1,152722199001010019,,,,,7,2026-03,l,\n";
        let long = "x".repeat(MAX_LINE_BYTES);
        let lines = |text: String| -> Vec<(u64, bool)> {
            let (mut decoder, mut out) = (Decoder::default(), Vec::new());
            decoder.feed(text.as_bytes(), false, &mut out);
            decoder.feed(&[], true, &mut out);
            out.iter().map(|(line, row)| (*line, row.is_ok())).collect()
        };
        let of_one = format!("{HEADER}{good}{long}\n{good}");
        assert_eq!(lines(of_one), [(2, true), (3, false), (4, true)]);
        // Quoted, over two lines: too long as one row, and its second line is no row either.
        let of_two = format!("{HEADER}piecework,\"c\n{long}\"\n{good}");
        assert_eq!(lines(of_two), [(2, false), (3, false), (4, true)]);
        let (mut decoder, mut out) = (Decoder::default(), Vec::new());
        decoder.feed(format!("{HEADER}piecework,\"c\n").as_bytes(), false, &mut out);
        decoder.skip_line(5_000_000, &mut out);
        decoder.feed(good.as_bytes(), true, &mut out);
        let lines: Vec<(u64, bool)> = out.iter().map(|(line, row)| (*line, row.is_ok())).collect();
        assert_eq!(lines, [(2, false), (3, false), (4, true)]);
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
