//! Every type of record from JSON: what is taken, and in which words the rest is rejected.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends by panicking")]

use wagewatch::domain::{Body, ReasonCode, RecordType};
use wagewatch::intake::json::{decode_bytes, decode_line};
use wagewatch::intake::rejection::{MAX_LINE_BYTES, Rejection};

const HEAD: &str = r#""id":"r-1","source":"s-1","at":"2026-03-02T07:01:00+08:00""#;
const USCC: &str = "91150621MA0NTET009";

/// One full record a type; the optional fields are there.
fn full(kind: RecordType) -> String {
    let body = match kind {
        RecordType::Project => {
            r#""project_id":"P1","name":"教学楼","sector":"building","territory":"150621100","funding":"government","owner_name":"o","owner_uscc":"USCC","contractor_name":"c","contractor_uscc":"USCC","contract_signed_on":"2026-01-20","contract_fen":0,"labour_fee_fen":1,"started_on":"2026-02-20","completed_on":"2026-02-21","pay_day":31,"pay_month_offset":0,"labour_officer":"l","status":"suspended""#
        }
        RecordType::Enrolment => {
            r#""project_id":"P1","id_number":"E12345678","id_type":"08","name":"n","employer_name":"e","employer_uscc":"USCC","team":"t","basis":"daily","rate_fen":32000,"effective_on":"2026-03-01","contract_signed_on":"2026-02-25","left_on":"2026-04-01","account":"6228480000000000000","pay_day":1,"pay_month_offset":1"#
        }
        RecordType::Attendance => {
            r#""project_id":"P1","id_number":"152722199001010019","work_date":"2026-03-05","days":1.5,"minutes":4320"#
        }
        RecordType::Piecework => {
            r#""project_id":"P1","id_number":"152722199001010019","period":"2026-03","lot":"l","amount_fen":0"#
        }
        RecordType::Payroll => {
            r#""project_id":"P1","employer_uscc":"USCC","period":"2026-03","submitted_on":"2026-04-01","approved_on":"2026-04-02","lines":[{"id_number":"152722199001010019","payable_fen":5,"deductions_fen":1,"signed":true},{"id_number":"E12345678","id_type":"08","payable_fen":5,"signed":false,"other":[1]}]"#
        }
        RecordType::Payment => {
            r#""bank":"103","txn_id":"t","account":"05370101040012345","payee_account":"6228480000000000000","payee_name":"张","id_number":"152722199001010019","project_id":"P1","period":"2026-03","amount_fen":50000,"settled_at":"2026-04-14T15:59:58+08:00","status":"settled""#
        }
        RecordType::Account => {
            r#""project_id":"P1","account":"05370101040012345","bank":"103","opened_on":"2026-02-10","agreement_signed":true,"closed_on":"2026-12-31""#
        }
        RecordType::AccountEntry => {
            r#""account":"05370101040012345","entry_id":"e","direction":"in","kind":"labour_fee","amount_fen":1,"booked_at":"2026-04-14T15:59:58Z","counterparty":"c","purpose":"p""#
        }
        RecordType::AccountRestraint => {
            r#""account":"05370101040012345","restraint_id":"x","kind":"seized","authority":"a","imposed_on":"2026-04-14","lifted_on":"2026-04-15""#
        }
        RecordType::Deposit => {
            r#""project_id":"P1","deposit_id":"d","form":"surety","amount_fen":1,"lodged_on":"2026-04-14","expires_on":"2027-04-14","on_demand":false,"status":"lodged""#
        }
        RecordType::PaymentGuarantee => {
            r#""project_id":"P1","guarantee_id":"g","amount_fen":1,"provided_on":"2026-04-14","expires_on":"2027-04-14""#
        }
        RecordType::Inspection => {
            r#""project_id":"P1","inspection_id":"i","department":"d","inspector":"i","inspected_on":"2026-04-14","outcome":"hazard","note":"n""#
        }
        RecordType::Complaint => {
            r#""complaint_id":"c","channel":"12345","filed_on":"2026-04-14","project_id":"P1","employer_uscc":"USCC","sector":"s","territory":"t","workers":3,"amount_fen":0,"closed_on":"2026-04-15""#
        }
        RecordType::BusinessSignal => {
            r#""employer_uscc":"USCC","signal":"licence","level":100,"observed_on":"2026-04-14""#
        }
    };
    format!(r#"{{"type":"{kind}",{HEAD},{}}}"#, body.replace("USCC", USCC))
}

fn rejection(line: &str) -> Rejection {
    decode_line(line).expect_err(line)
}

#[test]
fn every_type_is_taken_whole() {
    for kind in RecordType::ALL {
        let line = full(*kind);
        let record = decode_line(&line).unwrap_or_else(|why| panic!("{kind}: {}", why.reason));
        assert_eq!(record.body.record_type(), *kind);
        assert_eq!((record.head.id.as_str(), record.head.source.as_str()), ("r-1", "s-1"));
    }
}

// Each field alone taken away: either it was optional, or the reason names it.
#[test]
fn every_missing_field_is_named() {
    let optional = "owner_uscc labour_fee_fen started_on completed_on pay_day pay_month_offset labour_officer id_type employer_uscc team contract_signed_on left_on account minutes approved_on payee_name id_number project_id period closed_on counterparty purpose lifted_on expires_on note sector territory workers amount_fen status";
    for kind in RecordType::ALL {
        let line = full(*kind);
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&line).unwrap();
        for (name, _) in &object {
            for null in [false, true] {
                let mut less = object.clone();
                match null {
                    true => drop(less.insert(name.clone(), serde_json::Value::Null)),
                    false => drop(less.remove(name)),
                }
                match decode_line(&serde_json::to_string(&less).unwrap()) {
                    Ok(_) => assert!(optional.split(' ').any(|o| o == name), "{kind}.{name} was not needed"),
                    Err(why) if name == "id_type" => assert_eq!(why.reason.field, "id_number"),
                    Err(why) => {
                        assert_eq!(
                            (why.reason.code, why.reason.field.as_str()),
                            (ReasonCode::Missing, name.as_str())
                        );
                        assert_eq!(why.id.is_some(), name != "id");
                    }
                }
            }
        }
    }
}

// Each field alone replaced by a value of every wrong kind: a reason that names it, never its value.
#[test]
fn every_wrong_type_is_named() {
    for kind in RecordType::ALL {
        let line = full(*kind);
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&line).unwrap();
        for name in object.keys() {
            for wrong in [r#"{"a":[1]}"#, "[[]]", "-7777777", "777777.5", r#""""#, r#""\u0000 7777777""#] {
                let mut less = object.clone();
                less.remove(name);
                let mut text = serde_json::to_string(&less).unwrap();
                text.truncate(text.len() - 1);
                match decode_line(&format!("{text},\"{name}\":{wrong}}}")) {
                    Ok(_) => assert!(wrong.starts_with('"'), "{kind}.{name}: {wrong}"),
                    Err(why) => {
                        assert!(
                            why.reason.field.starts_with(name.as_str()) || name == "id_type",
                            "{kind}.{name}: {}",
                            why.reason
                        );
                        assert!(
                            name == "days" || !why.reason.to_string().contains("7777"),
                            "{kind}.{name}: {}",
                            why.reason
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn reasons_are_said_in_plain_words() {
    use RecordType::*;
    let check = |kind: RecordType, part: &str, other: &str, code: ReasonCode, want: &str| {
        let line = full(kind);
        assert!(line.contains(part), "{line}");
        let why = rejection(&line.replacen(part, other, 1)).reason;
        assert_eq!((why.code, why.to_string().as_str()), (code, want), "{other}");
    };
    use ReasonCode::{Checksum, Format, Missing, Range, Syntax, UnknownType, WrongType};
    let paid = "expected an integer above 0 and at most 10000000000000 (fen)";
    let money = "expected an integer of 0 to 10000000000000 (fen)";
    let amount = r#""amount_fen":50000"#;
    check(
        Payment,
        amount,
        r#""amount_fen":-1"#,
        Range,
        &format!("amount_fen: found a negative number; {paid}"),
    );
    check(Payment, amount, r#""amount_fen":0"#, Range, &format!("amount_fen: found 0; {paid}"));
    check(
        Payment,
        amount,
        r#""amount_fen":10000000000001"#,
        Range,
        &format!("amount_fen: found a number above 10000000000000; {paid}"),
    );
    check(
        Payment,
        amount,
        r#""amount_fen":9223372036854775808"#,
        Range,
        &format!("amount_fen: found a number beyond 64 bits; {paid}"),
    );
    check(
        Payment,
        amount,
        r#""amount_fen":99999999999999999999999"#,
        Range,
        &format!("amount_fen: found a number beyond 64 bits; {paid}"),
    );
    check(
        Payment,
        amount,
        r#""amount_fen":100.0"#,
        WrongType,
        &format!("amount_fen: found a number with a decimal point or an exponent; {paid}"),
    );
    check(Payment, amount, r#""amount_fen":"100""#, WrongType, &format!("amount_fen: found a text; {paid}"));
    check(
        Payment,
        amount,
        r#""amount_fen":1,"amount_fen":1"#,
        Syntax,
        "amount_fen: found the field more than once; expected each field at most once",
    );
    check(
        Payment,
        r#""status":"settled""#,
        r#""status":"done""#,
        Format,
        "status: found 4 characters; expected one of settled, returned",
    );
    check(
        Payment,
        r#""period":"2026-03""#,
        r#""period":"2026-13""#,
        Format,
        "period: found 7 characters; expected a month of 1970 to 2999 as YYYY-MM",
    );
    check(
        Payment,
        "6228480000000000000",
        "622848000000000000x",
        Format,
        "payee_account: found 19 characters; expected 8 to 32 digits",
    );
    let days = "expected a number of 0 to 3 with at most two decimals (days)";
    check(Attendance, "1.5", "1.005", Range, &format!("days: found 1.005; {days}"));
    check(Attendance, "1.5", "-1", Range, &format!("days: found -1; {days}"));
    check(Attendance, "1.5", "1e0", Range, &format!("days: found 1e0; {days}"));
    check(
        Attendance,
        "1.5",
        "1.0000000000000000000001",
        Range,
        &format!("days: found a number of 24 characters; {days}"),
    );
    check(Attendance, "1.5", r#""1""#, WrongType, &format!("days: found a text; {days}"));
    check(
        Attendance,
        "4320",
        "4321",
        Range,
        "minutes: found a number above 4320; expected an integer of 0 to 4320 (minutes)",
    );
    check(
        Attendance,
        "2026-03-05",
        "2026-02-30",
        Format,
        "work_date: found 10 characters; expected a real date of 1970 to 2199 as YYYY-MM-DD",
    );
    check(
        Attendance,
        "2026-03-05",
        "2200-01-01",
        Format,
        "work_date: found 10 characters; expected a real date of 1970 to 2199 as YYYY-MM-DD",
    );
    let either = "expected either swiped_at (a swipe) or work_date and days (a day)";
    check(
        Attendance,
        r#""work_date":"2026-03-05","days":1.5,"minutes":4320"#,
        r#""device":"d""#,
        Missing,
        &format!("swiped_at: found nothing; {either}"),
    );
    check(
        Attendance,
        r#""minutes":4320"#,
        r#""swiped_at":"2026-03-02T07:01:00Z""#,
        Format,
        &format!("record: found swiped_at and work_date in one record; {either}"),
    );
    check(
        Attendance,
        "152722199001010019",
        "152722199001010018",
        Checksum,
        "id_number: found 18 characters with a wrong check character; expected a resident identity number: 17 digits with a real birth date and the GB 11643 check character (or an id_type other than 01)",
    );
    check(
        Attendance,
        "+08:00",
        "",
        Format,
        "at: found 19 characters; expected a timestamp of 1970 to 2199 with an offset, such as 2026-03-02T07:01:00+08:00 (RFC 3339)",
    );
    check(
        Enrolment,
        "32000",
        "0",
        Range,
        "rate_fen: found 0; expected an integer above 0 and at most 10000000000000 (fen); 0 only with basis piece",
    );
    check(
        Project,
        r#""pay_day":31"#,
        r#""pay_day":32"#,
        Range,
        "pay_day: found a number above 31; expected an integer of 1 to 31 (day of the month)",
    );
    check(
        Project,
        r#""pay_month_offset":0"#,
        r#""pay_month_offset":2"#,
        Range,
        "pay_month_offset: found a number above 1; expected 0 (in the month of work) or 1 (in the next month)",
    );
    check(
        BusinessSignal,
        "100",
        "101",
        Range,
        "level: found a number above 100; expected an integer of 0 to 100 (100 = worst)",
    );
    check(
        Payroll,
        r#""payable_fen":5"#,
        r#""payable_fen":-5"#,
        Range,
        &format!("lines[0].payable_fen: found a negative number; {money}"),
    );
    check(
        Payroll,
        r#""signed":false"#,
        r#""signed":0"#,
        WrongType,
        "lines[1].signed: found a number; expected true or false",
    );
    check(
        Payroll,
        r#""lines":["#,
        r#""lines":[null,"#,
        WrongType,
        "lines[0]: found null; expected {id_number, payable_fen, deductions_fen, signed}",
    );
    check(
        Payment,
        r#""type":"payment""#,
        r#""type":"wages""#,
        UnknownType,
        &format!("type: found 5 characters; expected one of {}", RecordType::WORDS.join(", ")),
    );
    check(
        Payment,
        r#""id":"r-1""#,
        r#""id":"""#,
        Format,
        "id: found an empty text; expected a text of 1 to 128 characters",
    );
    check(
        Payment,
        r#""source":"s-1""#,
        &format!(r#""source":"{}""#, "源".repeat(65)),
        Format,
        "source: found 65 characters; expected a text of 1 to 64 characters",
    );
}

#[test]
fn broken_json_is_said_with_its_column_and_without_its_content() {
    let check = |line: &str, want: &str| {
        let why = rejection(line);
        assert_eq!((why.reason.code, why.reason.to_string().as_str()), (ReasonCode::Syntax, want), "{line}");
    };
    check(
        r#"{"type":"payment","#,
        "record: found the end of the line at column 18, within a value; expected one whole JSON object a line",
    );
    check(r#"{"type" "payment"}"#, "record: found something else at column 9; expected `:`");
    check(
        r#"{"type":"a"} {}"#,
        "record: found trailing characters at column 14; expected one whole JSON object a line",
    );
    check(
        "{\"id\":\"a\u{1}\"}",
        "record: found control character (\\u0000-\\u001F) while parsing a string at column 9; expected one whole JSON object a line",
    );
    check("secret", "record: found something else at column 1; expected value");
    check(
        &format!(r#"{{"lines":{}"#, "[".repeat(200)),
        "record: found the end of the line at column 209, within a list; expected one whole JSON object a line",
    );
    assert_eq!(rejection("[1]").reason.to_string(), "record: found a list; expected one JSON object a line");
    assert_eq!(
        rejection("\"secret\"").reason.to_string(),
        "record: found a text; expected one JSON object a line"
    );
    assert_eq!(rejection("17").reason.code, ReasonCode::WrongType);
    let cut = rejection(r#"{"type":"payment","id":"b-1","source":"bank","#);
    assert_eq!((cut.id.as_deref(), cut.source.as_deref()), (Some("b-1"), Some("bank")));
}

#[test]
fn depth_length_and_bytes_are_bounded() {
    for bomb in [r#"{"lines":"#, r#"{"x":"#, r#"{"days":"#, r#"{"lines":[{"lines":"#] {
        for open in ["[", r#"[{"lines":"#, r#"{"lines":["#, r#"{"x":"#] {
            let line = format!("{bomb}{}", open.repeat(100_000));
            let want = if line.len() > MAX_LINE_BYTES { ReasonCode::TooLarge } else { ReasonCode::Syntax };
            assert_eq!(rejection(&line).reason.code, want);
        }
    }
    let deep = full(RecordType::Account).replacen(
        '{',
        &format!("{{\"x\":{}{},", "[".repeat(9000), "]".repeat(9000)),
        1,
    );
    assert!(decode_line(&deep).is_ok(), "a field that is ignored may be of any shape");
    let long = full(RecordType::Account).replace("P1", &"P".repeat(10 << 20));
    let why = rejection(&long).reason;
    assert_eq!((why.code, why.expected.as_str()), (ReasonCode::TooLarge, "at most 1048576 bytes"));
    let why = decode_bytes(b"{\"id\":\"\xff\"}").expect_err("no UTF-8").reason;
    assert_eq!(why.to_string(), "record: found bytes that are not UTF-8 at byte 8; expected UTF-8 text");
}

#[test]
fn escapes_order_and_space_make_no_difference() {
    let plain = decode_line(&full(RecordType::Payment)).unwrap();
    let spaced = full(RecordType::Payment)
        .replace("\":", "\" :\t")
        .replace("103", "\\u00310\\u0033")
        .replace('张', "\\u5f20");
    assert_eq!(decode_line(&spaced).unwrap(), plain);
    let Body::Payment(payment) = plain.body else { panic!("no payment") };
    assert_eq!((payment.bank.as_str(), payment.payee_name.as_deref()), ("103", Some("张")));
}
