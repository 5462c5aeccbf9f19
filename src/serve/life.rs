//! What people did about an alert, as messages. Decides nothing.

use super::present::{
    authority, both, change, dismiss_reason, exemption_kind, fen, level, rule, worker_word,
};
use crate::alerts::{Both, info};
use crate::domain::{ActKind, Cause, Deed, Dismissal, Exemption, Justification, Step};
use crate::proto::v1 as pb;

pub fn dismissal(dismissal: &Dismissal) -> pb::Dismissal {
    pb::Dismissal {
        reason: dismiss_reason(dismissal.reason),
        text: dismissal.text.to_string(),
        level: level(dismissal.level),
        amount_fen: fen(dismissal.amount),
    }
}

pub fn justification(justification: &Justification) -> pb::Justification {
    pb::Justification {
        until: justification.until.map(|day| day.to_string()),
        said: justification.said.as_ref().map(|said| said.to_string()),
    }
}

pub fn exemption(exemption: &Exemption) -> pb::Exemption {
    pb::Exemption {
        kind: exemption_kind(exemption.kind),
        until: exemption.until.to_string(),
        by: exemption.by.to_string(),
        text: exemption.text.to_string(),
        amount_fen: fen(exemption.amount),
    }
}

pub fn cause(cause: &Cause) -> pb::Cause {
    let info = info(cause.rule);
    let text = |zh: &str, en: &str| Some(both(Both::new(zh, en)));
    pb::Cause {
        rule: rule(cause.rule),
        alert_id: cause.alert_id.0.to_string(),
        count: cause.count,
        title: text(info.title_zh, info.title_en),
        article: text(info.article_zh, info.article_en),
        must_act: text(info.must_act_zh, info.must_act_en),
    }
}

pub fn step(step: &Step) -> pb::HistoryStep {
    let shown = pb::HistoryStep {
        change: change(step.change),
        on: step.on.to_string(),
        level: level(step.level),
        amount_fen: fen(step.amount),
        ..pb::HistoryStep::default()
    };
    match &step.deed {
        Some(deed) => done(deed, shown),
        None => shown,
    }
}

fn done(deed: &Deed, mut shown: pb::HistoryStep) -> pb::HistoryStep {
    let text = match &deed.kind {
        ActKind::Acknowledge => "",
        ActKind::Assign { to: text }
        | ActKind::Note { text }
        | ActKind::Handle { text }
        | ActKind::Justify { text } => text,
        ActKind::Dismiss { reason, text } => {
            shown.dismiss_reason = dismiss_reason(*reason);
            text
        }
        ActKind::AskJustification { until, text } => {
            shown.until = Some(until.to_string());
            text
        }
        ActKind::WorkerSays { word, text } => {
            shown.worker_word = worker_word(*word);
            text
        }
        ActKind::Exempt { kind, until, text } => {
            shown.exemption_kind = exemption_kind(*kind);
            shown.until = Some(until.to_string());
            text
        }
        ActKind::Advance { amount, text } => {
            shown.advanced_fen = Some(amount.0);
            text
        }
        ActKind::HandOver { to, text } => {
            shown.authority = authority(*to);
            text
        }
    };
    shown.text = (!text.is_empty()).then(|| text.to_string());
    shown.actor = Some(deed.actor.to_string());
    shown.at = Some(deed.at.to_string());
    shown
}
