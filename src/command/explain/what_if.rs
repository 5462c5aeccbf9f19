//! `explain --what-if "pay 2720.00 to W on 2026-05-01"`: the payment as it is written, and the answer in words.
//! Decides nothing: the service judges.

use crate::command::client::{colour, one_line};
use crate::proto::v1::{self as pb, WhatIfEffect};
use std::fmt::Write as _;

const EXPECTED: &str =
    "expected \"pay YUAN\", then any of \"to IDENTITY_NUMBER\", \"for YYYY-MM\", \"on YYYY-MM-DD\"";

/// Reads the sentence; dates and numbers are the service's to judge.
pub fn parse(text: &str) -> Result<pb::HypotheticalPayment, String> {
    let mut words = text.split_whitespace();
    let (Some("pay"), Some(yuan)) = (words.next(), words.next()) else { return Err(EXPECTED.into()) };
    let amount_fen = fen(yuan).ok_or("expected a sum in yuan, such as 2720.00")?;
    let mut payment = pb::HypotheticalPayment { amount_fen, ..pb::HypotheticalPayment::default() };
    while let Some(what) = words.next() {
        let value = words.next().map(ToOwned::to_owned);
        let place = match what {
            "to" => &mut payment.id_number,
            "for" => &mut payment.period,
            "on" => &mut payment.paid_on,
            _ => return Err(EXPECTED.into()),
        };
        if value.is_none() || place.is_some() {
            return Err(EXPECTED.into());
        }
        *place = value;
    }
    // A resident's number has 18 characters; any other document is none of that kind.
    let other = payment.id_number.as_ref().is_some_and(|id| id.len() != 18);
    payment.id_type = other.then(|| "99".to_owned());
    Ok(payment)
}

fn fen(yuan: &str) -> Option<i64> {
    let (whole, cents) = yuan.split_once('.').unwrap_or((yuan, "00"));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !(1..=2).contains(&cents.len()) || !digits(whole) || !digits(cents) {
        return None;
    }
    let tens = if cents.len() == 1 { 10 } else { 1 };
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents.parse::<i64>().ok()? * tens)
}

/// What would go, come and change.
pub fn told(payment: &pb::HypotheticalPayment, answer: &pb::WhatIfResponse) -> String {
    let mut text = String::new();
    let sum = yuan(payment.amount_fen);
    let _ = writeln!(text, "\n假设付款 {sum} 元（{}）/ What if {sum} yuan were paid", answer.as_of);
    if answer.changes.is_empty() {
        let _ = writeln!(text, "  没有变化 / no alert would be another");
    }
    for change in &answer.changes {
        let (zh, en) = match change.effect() {
            WhatIfEffect::Goes => ("消除", "goes"),
            WhatIfEffect::Comes => ("新增", "comes"),
            WhatIfEffect::Changes | WhatIfEffect::Unspecified => ("变化", "changes"),
        };
        let title = change.title.clone().unwrap_or_default();
        let _ = writeln!(text, "  {zh} / {en}: {}\n    {}", one_line(&title.zh), one_line(&title.en));
        let states: Vec<String> = [&change.before, &change.after].into_iter().flatten().map(state).collect();
        let _ = writeln!(text, "    {}  {}", states.join(" -> "), change.alert_id);
    }
    text
}

fn state(state: &pb::WhatIfState) -> String {
    let style = colour(state.level());
    let level = state.level().as_str_name().trim_start_matches("LEVEL_").to_lowercase();
    let people = if state.workers > 1 { format!(" / {} 人", state.workers) } else { String::new() };
    format!("{style}{level}{style:#} {} 元{people}", yuan(state.amount_fen))
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_read() {
        let all = parse("pay 2720.5 to E00000001 for 2026-03 on 2026-05-01").unwrap();
        assert_eq!((all.amount_fen, all.id_number.as_deref()), (272_050, Some("E00000001")));
        assert_eq!((all.period.as_deref(), all.paid_on.as_deref()), (Some("2026-03"), Some("2026-05-01")));
        assert_eq!(all.id_type.as_deref(), Some("99"));
        let resident = parse("pay 1 to 152722199001010019").unwrap();
        assert_eq!((resident.amount_fen, resident.id_type), (100, None));
        for bad in [
            "",
            "give 3",
            "pay",
            "pay x",
            "pay 1.234",
            "pay .5",
            "pay -1",
            "pay 1 to",
            "pay 1 on a on b",
            "pay 1 at 2026-05-01",
            "pay 99999999999999999999",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn answers_are_told_in_both_languages() {
        let change = pb::WhatIfChange {
            effect: WhatIfEffect::Changes.into(),
            alert_id: "project-arrears-x".into(),
            title: Some(pb::Text { zh: "项目\u{1b}".into(), en: "Project".into() }),
            before: Some(pb::WhatIfState { level: pb::Level::Red.into(), amount_fen: 300_001, workers: 3 }),
            after: Some(pb::WhatIfState { level: pb::Level::Yellow.into(), amount_fen: 100, workers: 1 }),
            ..pb::WhatIfChange::default()
        };
        let answer = pb::WhatIfResponse { as_of: "2026-05-01".into(), changes: vec![change] };
        let payment = pb::HypotheticalPayment { amount_fen: 272_000, ..Default::default() };
        let text = anstream::adapter::strip_str(&told(&payment, &answer)).to_string();
        assert_eq!(
            text,
            "\n假设付款 2720.00 元（2026-05-01）/ What if 2720.00 yuan were paid\n  变化 / changes: 项目\n    Project\n    \
             red 3000.01 元 / 3 人 -> yellow 1.00 元  project-arrears-x\n"
        );
        assert!(told(&payment, &pb::WhatIfResponse::default()).contains("no alert would be another"));
    }
}
