//! What people did about an alert, as messages. Decides nothing.

use super::present::{authority, change, dismiss_reason, exemption_kind, fen, level, worker_word};
use crate::domain::{ActKind, Deed, Dismissal, Exemption, Justification, Step};
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
