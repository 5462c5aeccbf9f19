//! The short way against the long one, on lines as they come and on mangled ones.

use super::*;
use crate::intake::json::decode_any;
use proptest::prelude::*;

const SWIPE: &str = r#"{"type":"attendance","id":"t-1","source":"gate-7","at":"2026-03-02T07:01:00+08:00","project_id":"DLT-2026-017","id_number":"152722199001010019","swiped_at":"2026-03-02T07:01:00+08:00","direction":"in","device":"东门-1"}"#;
const DAY: &str = r#"{"type": "attendance", "id": "t-5", "source": "officer", "at": "2026-03-31T20:00:00Z", "project_id": "P", "id_number": "15272219900101001X", "work_date": "2026-03-05", "days": 1.5, "minutes": 720}"#;

#[test]
fn plain_lines_take_the_fast_path() {
    assert!(attendance(SWIPE).is_some());
    let day = DAY.replace("15272219900101001X", "152722199001010019");
    assert!(attendance(&day).is_some());
    assert_eq!(attendance(&day), decode_any(&day).ok());
    assert!(attendance(&format!("{SWIPE}\r")).is_some());
    assert!(attendance(&SWIPE.replace("attendance", "payment")).is_none());
}

#[test]
fn what_the_scanner_leaves_is_left() {
    for (part, other) in [
        (r#""direction":"in""#, r#""direction":"in","direction":"in""#),
        (r#""direction":"in""#, r#""direction":"up""#),
        (r#""direction":"in""#, r#""direction":null"#),
        (r#""direction":"in""#, r#""other":1"#),
        ("gate-7", "gate\\u002d7"),
        ("gate-7", "gate\t7"),
        ("gate-7", ""),
        (r#"1"}"#, r#"1"} x"#),
        (r#"1"}"#, r#"1",}"#),
        (r#"1"}"#, r#"1"#),
    ] {
        assert!(SWIPE.contains(part));
        assert_eq!(attendance(&SWIPE.replacen(part, other, 1)), None, "{other}");
    }
}

// What the scanner takes, the full decoder takes for the same record; so a door may use either.
fn agree(line: &str) -> Result<(), TestCaseError> {
    if let Some(record) = attendance(line) {
        prop_assert_eq!(Ok(record), decode_any(line), "{}", line);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn both_decoders_agree_on_mangled_lines(
        pick in 0..3usize,
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0..4usize, prop::sample::select(PIECES)), 0..4),
    ) {
        let valid_day = DAY.replace("15272219900101001X", "152722199001010019");
        let mut text: Vec<char> = [SWIPE, &valid_day, DAY][pick].chars().collect();
        for (at, cut, piece) in edits {
            let from = at.index(text.len());
            let to = (from + cut).min(text.len());
            text.splice(from..to, piece.chars());
            if text.is_empty() {
                text.push('{');
            }
        }
        agree(&text.into_iter().collect::<String>())?;
    }

    #[test]
    fn both_decoders_agree_on_any_values(
        id in "[ -~]{0,3}|\\PC{0,140}", source in "\\PC{0,70}", device in "\\PC{0,5}",
        days in "[0-9]{1,2}(\\.[0-9]{0,3})?|1e0|-1", minutes in "[0-9]{1,5}|-?0[0-9]?|1\\.0", order: bool, whole: bool,
    ) {
        let own = if whole { format!(r#""work_date":"2026-03-05","days":{days},"minutes":{minutes}"#) }
            else { format!(r#""swiped_at":"2026-03-05T01:02:03.5Z","device":"{device}""#) };
        let head = format!(r#""type":"attendance","id":"{id}","source":"{source}","at":"2026-03-31T20:00:00Z""#);
        let person = r#""project_id":"P","id_number":"152722199001010019""#;
        let line = if order { format!("{{{head},{person},{own}}}") } else { format!("{{{own},{person},{head}}}") };
        agree(&line)?;
    }

    #[test]
    fn the_first_stop_is_found(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(0x1fu8), Just(0x20u8)], 0..40)) {
        let want = bytes.iter().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f)).unwrap_or(bytes.len());
        prop_assert_eq!(plain(&bytes), want);
    }
}

const PIECES: &[&str] = &[
    "",
    "\"",
    "\\",
    ",",
    "{",
    "}",
    ":",
    " ",
    "  ",
    "\n",
    "\u{1}",
    "0",
    "9",
    ".",
    "-",
    "x",
    "X",
    "é",
    "null",
    "true",
    "\"days\":1,",
    "\"id\":\"2\",",
    "\"minutes\":0,",
    "\\n",
    "e5",
    "Z",
    "+",
    "\t",
    "1970",
    "[",
    "]",
    "\"id_type\":\"08\",",
];
