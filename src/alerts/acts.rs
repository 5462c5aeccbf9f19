//! What supervisors' acts do to one alert. Knows who may act as little as who must: the door asks.

use crate::domain::{Act, ActKind, Alert, AlertStatus, Change, Day, Dismissal, Reason, ReasonCode, Verdict};
use compact_str::CompactString;

/// How many acts an alert remembers, to know a repeated one.
const ACT_IDS_MAX: usize = 16;

/// Applies an act to an alert and says what changed; else the verdict why nothing did.
///
/// Acknowledging a dismissed alert takes the dismissal back. Assigning and noting leave the status.
pub(super) fn apply(alert: &mut Alert, act: &Act, today: Day) -> Result<Change, Verdict> {
    if alert.act_ids.contains(&act.act_id) {
        return Err(Verdict::Duplicate);
    }
    if !alert.stands() {
        return Err(rejected(
            "alert_id",
            ReasonCode::Conflict,
            "an alert that the facts have resolved",
            "an alert that stands (open, acknowledged or dismissed)",
        ));
    }
    let (change, note) = match &act.kind {
        ActKind::Acknowledge => acknowledge(alert)?,
        ActKind::Assign { to } => assign(alert, to)?,
        ActKind::Note { text } if text.trim().is_empty() => {
            return Err(rejected("text", ReasonCode::Missing, "nothing", "what is to be noted"));
        }
        ActKind::Note { text } => (Change::Noted, Some(text.clone())),
        ActKind::Dismiss { reason, text } => {
            let dismissal = Dismissal {
                reason: *reason,
                text: text.clone(),
                level: alert.finding.level,
                amount: alert.finding.amount,
            };
            dismiss(alert, dismissal)?
        }
    };
    if alert.act_ids.len() >= ACT_IDS_MAX {
        alert.act_ids.remove(0);
    }
    alert.act_ids.push(act.act_id.clone());
    alert.actor = Some(act.actor.clone());
    alert.note = note;
    alert.changed_on = today;
    alert.revision = alert.revision.saturating_add(1);
    Ok(change)
}

type Done = Result<(Change, Option<CompactString>), Verdict>;

fn acknowledge(alert: &mut Alert) -> Done {
    if alert.status == AlertStatus::Acknowledged {
        return Err(Verdict::Duplicate);
    }
    alert.status = AlertStatus::Acknowledged;
    alert.dismissal = None;
    Ok((Change::Acknowledged, None))
}

fn assign(alert: &mut Alert, to: &CompactString) -> Done {
    if to.trim().is_empty() {
        return Err(rejected("to", ReasonCode::Missing, "nothing", "an office or a person"));
    }
    if alert.assignee.as_ref() == Some(to) {
        return Err(Verdict::Duplicate);
    }
    alert.assignee = Some(to.clone());
    Ok((Change::Assigned, None))
}

fn dismiss(alert: &mut Alert, dismissal: Dismissal) -> Done {
    if alert.dismissal.as_ref() == Some(&dismissal) {
        return Err(Verdict::Duplicate);
    }
    let note = (!dismissal.text.is_empty()).then(|| dismissal.text.clone());
    alert.status = AlertStatus::Dismissed;
    alert.dismissal = Some(dismissal);
    Ok((Change::Dismissed, note))
}

fn rejected(field: &str, code: ReasonCode, found: &str, expected: &str) -> Verdict {
    Verdict::Rejected(Reason::new(field, code, found, expected))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::sample::{alert, day, wage};
    use crate::domain::{DismissReason, Time};

    fn act(id: &str, kind: ActKind) -> Act {
        Act {
            alert_id: alert(wage(1, "2026-03", 100_000)).id,
            project_id: wage(1, "2026-03", 100_000).project_id,
            actor: "housing".into(),
            at: Time::parse("2026-04-20T09:00:00+08:00").unwrap(),
            act_id: id.into(),
            kind,
        }
    }

    fn dismiss_kind(text: &str) -> ActKind {
        ActKind::Dismiss { reason: DismissReason::WorkerAgreed, text: text.into() }
    }

    /// Each act gets a number as its id; the answers, and the alert after all of them.
    fn play(kinds: &[ActKind]) -> (Vec<&'static str>, Alert) {
        let mut alert = alert(wage(1, "2026-03", 100_000));
        let answers = kinds
            .iter()
            .enumerate()
            .map(|(n, kind)| match apply(&mut alert, &act(&n.to_string(), kind.clone()), day("2026-04-20")) {
                Ok(change) => change.as_str(),
                Err(verdict) => verdict.as_str(),
            })
            .collect();
        (answers, alert)
    }

    #[test]
    fn an_alert_is_acknowledged_once() {
        let (answers, alert) = play(&[ActKind::Acknowledge, ActKind::Acknowledge]);
        assert_eq!(answers, ["acknowledged", "duplicate"]);
        assert_eq!((alert.status, alert.revision), (AlertStatus::Acknowledged, 2));
        assert_eq!((alert.actor.as_deref(), alert.changed_on), (Some("housing"), day("2026-04-20")));
    }

    #[test]
    fn assigning_and_noting_leave_the_status() {
        let to = |to: &str| ActKind::Assign { to: to.into() };
        let note = |text: &str| ActKind::Note { text: text.into() };
        let (answers, alert) = play(&[to("Bai"), to("Bai"), to(" "), note("called"), note(""), to("Wang")]);
        assert_eq!(answers, ["assigned", "duplicate", "rejected", "noted", "rejected", "assigned"]);
        assert_eq!((alert.status, alert.revision), (AlertStatus::Open, 4));
        assert_eq!((alert.assignee.as_deref(), alert.note), (Some("Wang"), None));
    }

    #[test]
    fn a_dismissal_remembers_what_it_covers_and_can_be_taken_back() {
        let (answers, alert) = play(&[dismiss_kind("paid in cash"), dismiss_kind("paid in cash")]);
        assert_eq!(answers, ["dismissed", "duplicate"]);
        assert_eq!(alert.note.as_deref(), Some("paid in cash"));
        assert_eq!(alert.dismissal.map(|d| (d.level, d.amount)), Some((alert.finding.level, 100_000)));
        let (answers, alert) = play(&[dismiss_kind(""), dismiss_kind("why"), ActKind::Acknowledge]);
        assert_eq!(answers, ["dismissed", "dismissed", "acknowledged"]);
        assert_eq!((alert.status, alert.dismissal), (AlertStatus::Acknowledged, None));
    }

    #[test]
    fn a_repeated_act_is_a_duplicate_whatever_came_between() {
        let mut alert = alert(wage(1, "2026-03", 100_000));
        let note = |n: usize| act(&n.to_string(), ActKind::Note { text: "called".into() });
        for n in 0..20 {
            assert_eq!(apply(&mut alert, &note(n), day("2026-04-20")), Ok(Change::Noted));
        }
        assert_eq!(alert.act_ids.len(), ACT_IDS_MAX);
        let before = alert.clone();
        assert_eq!(apply(&mut alert, &note(4), day("2026-04-21")), Err(Verdict::Duplicate));
        alert.status = AlertStatus::Resolved;
        assert_eq!(apply(&mut alert, &note(19), day("2026-04-21")), Err(Verdict::Duplicate));
        assert_eq!(Alert { status: AlertStatus::Open, ..alert }, before);
    }

    #[test]
    fn nothing_is_done_about_a_resolved_alert() {
        for kind in [ActKind::Acknowledge, dismiss_kind("x"), ActKind::Note { text: "x".into() }] {
            let mut alert = alert(wage(1, "2026-03", 100_000));
            alert.status = AlertStatus::Resolved;
            let before = alert.clone();
            let verdict = apply(&mut alert, &act("a", kind), day("2026-04-20")).unwrap_err();
            assert!(matches!(verdict, Verdict::Rejected(reason) if reason.code == ReasonCode::Conflict));
            assert_eq!(alert, before);
        }
    }
}
