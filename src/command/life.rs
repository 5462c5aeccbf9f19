//! What people did about an alert, in words for a terminal. Decides nothing.

use super::client::{one_line, word};
use crate::proto::v1 as pb;
use std::fmt::Write as _;

/// Where the alert is, and what was said about it.
pub fn status(text: &mut String, alert: &pb::Alert) {
    let _ = writeln!(
        text,
        "\n状态 / Status: {}; 始于 / since {}; 最近变化 / last change {} (#{})",
        word(alert.status().as_str_name(), "ALERT_STATUS_"),
        alert.raised_on,
        alert.changed_on,
        alert.revision,
    );
    for (what, value) in [
        ("承办 / assigned to", &alert.assignee),
        ("经办 / by", &alert.actor),
        ("备注 / note", &alert.note),
        ("并入 / part of", &alert.rolled_up_into),
        ("隔离始于 / held since", &alert.held_since),
    ] {
        if let Some(value) = value {
            let _ = writeln!(text, "  {what}: {}", one_line(value));
        }
    }
    if let Some(dismissal) = &alert.dismissal {
        let reason = word(dismissal.reason().as_str_name(), "DISMISS_REASON_");
        let _ = writeln!(text, "  销号 / dismissed: {reason}: {}", one_line(&dismissal.text));
    }
    doubts(text, &alert.doubts);
    casework(text, alert);
    times(text, alert);
}

/// Why its figures may be less than the truth.
fn doubts(text: &mut String, doubts: &[pb::Doubt]) {
    for doubt in doubts {
        let said = doubt.text.clone().unwrap_or_default();
        let _ = writeln!(text, "  存疑 / in doubt: {} / {}", one_line(&said.zh), one_line(&said.en));
    }
}

fn times(text: &mut String, alert: &pb::Alert) {
    for (what, day) in [
        ("限期签收 / to be acknowledged by", &alert.acknowledge_by),
        ("限期办结 / to be settled by", &alert.settle_by),
        ("逾期升级 / escalated on", &alert.escalated_on),
    ] {
        if let Some(day) = day {
            let _ = writeln!(text, "  {what}: {}", one_line(day));
        }
    }
    if let Some(to) = &alert.escalated_to {
        let _ = writeln!(text, "  上报 / escalated to: {} ({})", one_line(&to.name), one_line(&to.code));
    }
}

fn casework(text: &mut String, alert: &pb::Alert) {
    if let Some(justification) = &alert.justification {
        if let Some(until) = &justification.until {
            let _ = writeln!(text, "  限期说明 / to be justified until: {}", one_line(until));
        }
        if let Some(said) = &justification.said {
            let _ = writeln!(text, "  用人单位说明 / the employer says: {}", one_line(said));
        }
    }
    if alert.worker_word() != pb::WorkerWord::Unspecified {
        let said = word(alert.worker_word().as_str_name(), "WORKER_WORD_");
        let _ = writeln!(text, "  工人核实 / the worker: {said}");
    }
    if let Some(exemption) = &alert.exemption {
        let kind = word(exemption.kind().as_str_name(), "EXEMPTION_KIND_");
        let (until, by, why) =
            (one_line(&exemption.until), one_line(&exemption.by), one_line(&exemption.text));
        let _ = writeln!(text, "  豁免至 / exempted until: {until}, {kind}, {by}: {why}");
    }
    if alert.advanced_fen > 0 {
        let (yuan, fen) = (alert.advanced_fen / 100, alert.advanced_fen % 100);
        let _ = writeln!(text, "  应急周转金垫付 / advanced by the emergency fund: {yuan}.{fen:02} yuan");
    }
    if alert.handed_to() != pb::Authority::Unspecified {
        let to = word(alert.handed_to().as_str_name(), "AUTHORITY_");
        let _ = writeln!(text, "  移送 / handed over to: {to}");
    }
}

/// The alerts that are its cause, and who must act there.
pub fn causes(text: &mut String, alert: &pb::Alert) {
    if alert.causes.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n起因 / Causes");
    for cause in &alert.causes {
        let (title, duty) =
            (cause.title.clone().unwrap_or_default(), cause.must_act.clone().unwrap_or_default());
        let _ = writeln!(
            text,
            "  {} / {} ×{}  {}",
            one_line(&title.zh),
            one_line(&title.en),
            cause.count,
            one_line(&cause.alert_id)
        );
        let _ = writeln!(text, "    {} / {}", one_line(&duty.zh), one_line(&duty.en));
    }
}

/// Each step of its life, the first one first.
pub fn history(text: &mut String, answer: &pb::GetResponse) {
    if answer.history.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n经过 / History");
    if answer.history_dropped > 0 {
        let gone = answer.history_dropped;
        let _ = writeln!(text, "  … 更早 {gone} 步已不存 / {gone} earlier steps are gone");
    }
    for step in &answer.history {
        let _ = writeln!(text, "  {}", line(step));
    }
}

fn line(step: &pb::HistoryStep) -> String {
    let mut line = format!(
        "{} {} {} {}.{:02}",
        one_line(&step.on),
        word(step.change().as_str_name(), "CHANGE_"),
        word(step.level().as_str_name(), "LEVEL_"),
        step.amount_fen / 100,
        step.amount_fen % 100,
    );
    if let (Some(actor), Some(at)) = (&step.actor, &step.at) {
        let _ = write!(line, "; {} ({})", one_line(actor), one_line(at));
    }
    let words = [
        (step.dismiss_reason != 0).then(|| word(step.dismiss_reason().as_str_name(), "DISMISS_REASON_")),
        (step.exemption_kind != 0).then(|| word(step.exemption_kind().as_str_name(), "EXEMPTION_KIND_")),
        (step.worker_word != 0).then(|| word(step.worker_word().as_str_name(), "WORKER_WORD_")),
        (step.authority != 0).then(|| word(step.authority().as_str_name(), "AUTHORITY_")),
        step.until.as_ref().map(|until| format!("until {}", one_line(until))),
        step.advanced_fen.map(|fen| format!("{}.{:02} yuan", fen / 100, fen % 100)),
        step.text.as_ref().map(|text| one_line(text)),
    ];
    for word in words.into_iter().flatten() {
        let _ = write!(line, ", {word}");
    }
    line
}
