//! The case file of one alert as text: the sections of the page that the console prints, in its order and by its words,
//! Chinese first with English beside it. Decides nothing; knows no terminal but for the level's colour.

mod facts;
mod history;

use super::client::{colour, one_line};
use crate::alerts::{CASE_TERMS, CASE_WORDS, named};
use crate::proto::v1 as pb;
use std::fmt::Write as _;

/// Alerts shown of those that are part of it.
const PARTS_SHOWN: usize = 20;

/// The whole text.
pub fn told(answer: &pb::GetResponse) -> String {
    let alert = answer.alert.clone().unwrap_or_default();
    let mut file = File { text: String::new() };
    file.head(&alert);
    facts::facts(&mut file, &alert);
    file.arithmetic(&alert);
    file.payments(&alert);
    file.causes(&alert);
    file.parts(&answer.rolled_up);
    history::history(&mut file, answer);
    file.foot(&alert);
    file.text
}

/// What has been written of it.
struct File {
    text: String,
}

/// A name of the case file in both tongues: `事实 / Facts`.
fn label(key: &str) -> String {
    filled(key, "")
}

/// The same, with a value in its place.
fn filled(key: &str, value: &str) -> String {
    let (zh, en) = named(CASE_WORDS, key);
    format!("{} / {}", zh.replace("{0}", value), en.replace("{0}", value))
}

/// A word of a closed list in both tongues.
fn term(key: &str) -> String {
    let (zh, en) = named(CASE_TERMS, key);
    format!("{zh} / {en}")
}

fn both(text: Option<&pb::Text>) -> String {
    text.map_or_else(String::new, |text| format!("{} / {}", one_line(&text.zh), one_line(&text.en)))
}

/// `1234.05`.
fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

impl File {
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.text, "{text}");
    }

    /// The English below the Chinese, under it.
    fn two_lines(&mut self, lead: &str, line: Option<&pb::Text>) {
        let Some(line) = line else { return };
        let below = " ".repeat(lead.chars().count());
        let _ = writeln!(self.text, "{lead}{}\n{below}{}", one_line(&line.zh), one_line(&line.en));
    }

    fn heading(&mut self, text: &str) {
        let _ = writeln!(self.text, "\n{text}");
    }

    fn head(&mut self, alert: &pb::Alert) {
        let style = colour(alert.level());
        let title = alert.title.clone().unwrap_or_default();
        self.line(&format!("{}  {}", label("case.file"), one_line(&alert.id)));
        self.line(&format!("{style}{}{style:#}", one_line(&title.zh)));
        self.line(&format!("{}\n", one_line(&title.en)));
        self.two_lines("", alert.body.as_ref());
        for doubt in &alert.doubts {
            self.line(&format!("{}: {}", label("doubt"), both(doubt.text.as_ref())));
        }
    }

    fn arithmetic(&mut self, alert: &pb::Alert) {
        if alert.arithmetic.is_empty() {
            return;
        }
        self.heading(&label("arithmetic"));
        for (n, line) in alert.arithmetic.iter().enumerate() {
            self.two_lines(&format!("  {:<3} ", format!("{}.", n + 1)), Some(line));
        }
    }

    fn payments(&mut self, alert: &pb::Alert) {
        use pb::evidence::Kind;
        let kind = alert.evidence.as_ref().and_then(|evidence| evidence.kind.as_ref());
        let payments: Vec<&pb::PaymentLine> = match kind {
            Some(Kind::Wage(wage)) => wage.payments.iter().collect(),
            Some(Kind::PayeeMismatch(found)) => found.payment.iter().collect(),
            _ => Vec::new(),
        };
        if payments.is_empty() {
            return;
        }
        self.heading(&label("payments"));
        for payment in payments {
            let counts = match (payment.returned, payment.counts) {
                (true, _) => "counts.returned",
                (false, true) => "counts.yes",
                (false, false) => "counts.no",
            };
            let outside = if payment.outside_account {
                format!("; {}", label("counts.outside"))
            } else {
                String::new()
            };
            let line = format!(
                "  {}  {} {}  → {}  {}  {} {}  {}{outside}",
                one_line(&payment.settled_at),
                one_line(&payment.bank),
                one_line(&payment.txn_id),
                one_line(&payment.payee_account),
                payment.period.as_deref().map_or_else(|| "—".to_owned(), one_line),
                yuan(payment.amount_fen),
                named(CASE_WORDS, "yuan").0,
                label(counts),
            );
            self.line(&line);
        }
    }

    /// The alerts that are its cause, and who must act there.
    fn causes(&mut self, alert: &pb::Alert) {
        if alert.causes.is_empty() {
            return;
        }
        self.heading(&label("causes"));
        for cause in &alert.causes {
            let title = both(cause.title.as_ref());
            self.line(&format!("  {title} × {}  {}", cause.count, one_line(&cause.alert_id)));
            self.line(&format!("    {}  {}", both(cause.must_act.as_ref()), both(cause.article.as_ref())));
        }
    }

    fn parts(&mut self, alerts: &[pb::Alert]) {
        if alerts.is_empty() {
            return;
        }
        self.heading(&filled("rolled.up", &alerts.len().to_string()));
        for alert in alerts.iter().take(PARTS_SHOWN) {
            let title = alert.title.clone().unwrap_or_default();
            let due = alert.due_on.as_deref().map_or_else(String::new, one_line);
            let sum = format!("{} {}", yuan(alert.amount_fen), named(CASE_WORDS, "yuan").0);
            self.line(&format!("  {}  {due}  {sum}  {}", one_line(&title.zh), one_line(&alert.id)));
        }
        if alerts.len() > PARTS_SHOWN {
            self.line(&format!("  … {}", filled("more.n", &(alerts.len() - PARTS_SHOWN).to_string())));
        }
    }

    /// Where it is signed.
    fn foot(&mut self, alert: &pb::Alert) {
        let blank = "_".repeat(16);
        self.heading(&format!("{} {blank}  {} {blank}", label("case.sign"), label("case.date")));
        let as_of = alert.as_of.as_deref().map(one_line).unwrap_or_default();
        let version = one_line(&alert.rulebook_version);
        self.line(&format!(
            "{} · {} · {} {version} · {}",
            named(CASE_WORDS, "case.app").0,
            one_line(&alert.id),
            label("rulebook"),
            filled("as.of", &as_of),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_sent_can_steer_the_terminal() {
        let line = |text: &str| Some(pb::Text { zh: text.into(), en: text.into() });
        let alert = pb::Alert {
            title: line("标题\x1b[2Jx"),
            body: line("正文\r\n"),
            note: Some("a\x07b\u{9b}c".into()),
            arithmetic: vec![pb::Text { zh: "1 + 1 = 2".into(), en: "1 + 1 = 2".into() }; 11],
            level: pb::Level::Red.into(),
            ..pb::Alert::default()
        };
        let step = pb::HistoryStep { text: Some("a\x1b[1mb".into()), ..pb::HistoryStep::default() };
        let text = told(&pb::GetResponse {
            alert: Some(alert),
            rolled_up: vec![pb::Alert::default(); 25],
            history: vec![step],
            history_dropped: 1,
        });
        let plain = anstream::adapter::strip_str(&text).to_string();
        assert!(plain.chars().all(|c| c == '\n' || !c.is_control()), "{plain:?}");
        assert!(plain.contains("  11. 1 + 1 = 2\n      1 + 1 = 2\n"), "{plain}");
        assert!(plain.contains("另有 5 条 / 5 more"), "{plain}");
    }

    #[test]
    fn the_sections_stand_in_the_order_of_the_printed_page() {
        let payment = pb::PaymentLine { amount_fen: 200_000, counts: true, ..pb::PaymentLine::default() };
        let wage = pb::WageEvidence { payments: vec![payment], ..pb::WageEvidence::default() };
        let alert = pb::Alert {
            evidence: Some(pb::Evidence { kind: Some(pb::evidence::Kind::Wage(wage)) }),
            arithmetic: vec![pb::Text::default()],
            causes: vec![pb::Cause::default()],
            ..pb::Alert::default()
        };
        let text = told(&pb::GetResponse {
            alert: Some(alert),
            rolled_up: vec![pb::Alert::default()],
            history: vec![pb::HistoryStep::default()],
            history_dropped: 0,
        });
        let keys = ["case.file", "evidence", "arithmetic", "payments", "causes", "history", "case.sign"];
        let places: Vec<Option<usize>> = keys.iter().map(|key| text.find(&label(key))).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}\n{text}");
        assert!(text.contains("2000.00 元  计入 / Counts"), "{text}");
    }
}
