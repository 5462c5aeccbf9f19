//! What people's acts do to one alert. Knows who may act as little as who must: the door asks.

use super::history::{remember, text};
use crate::domain::{
    Act, ActKind, Alert, AlertStatus, Change, Day, Dismissal, Exemption, ExemptionKind, Fen, Justification,
    Reason, ReasonCode, Release, Verdict,
};
use compact_str::CompactString;

/// Applies an act to an alert and says what changed; else the verdict why nothing did.
///
/// | act | status after it |
/// | --- | --- |
/// | acknowledge | acknowledged; handling stays. A dismissal or an exemption is taken back |
/// | handle | handling. A dismissal or an exemption is taken back |
/// | ask, justify, worker's word, advance, hand over | handling, if it was open or acknowledged |
/// | dismiss | dismissed |
/// | exempt | exempted, until its day is over |
/// | assign, note | as it was |
pub(super) fn apply(alert: &mut Alert, act: &Act, today: Day) -> Result<Change, Verdict> {
    if alert.knows(&act.act_id) {
        return Err(Verdict::Duplicate);
    }
    if !alert.stands() {
        return Err(rejected(
            "alert_id",
            ReasonCode::Conflict,
            "an alert that the facts have resolved",
            "an alert that stands",
        ));
    }
    let change = match &act.kind {
        ActKind::Acknowledge => acknowledge(alert),
        ActKind::Handle { .. } => handle(alert),
        ActKind::Assign { to } => assign(alert, to),
        ActKind::Note { text } if text.trim().is_empty() => {
            Err(rejected("text", ReasonCode::Missing, "nothing", "what is to be noted"))
        }
        ActKind::Note { .. } => Ok(Change::Noted),
        ActKind::Dismiss { reason, text } => {
            let (level, amount) = (alert.finding.level, alert.finding.amount);
            dismiss(alert, Dismissal { reason: *reason, text: text.clone(), level, amount })
        }
        ActKind::AskJustification { until, .. } => ask(alert, *until, today),
        ActKind::Justify { text } => justify(alert, text),
        ActKind::WorkerSays { word, .. } if alert.casework.worker == Some(*word) => Err(Verdict::Duplicate),
        ActKind::WorkerSays { word, .. } => {
            alert.casework.worker = Some(*word);
            Ok(worked(alert, Change::WorkerSaid))
        }
        ActKind::Exempt { kind, until, text } => exempt(alert, act, (*kind, *until, text), today),
        ActKind::Advance { amount, .. } => advance(alert, *amount),
        ActKind::HandOver { to, .. } if alert.casework.handed_to == Some(*to) => Err(Verdict::Duplicate),
        ActKind::HandOver { to, .. } => {
            alert.casework.handed_to = Some(*to);
            Ok(worked(alert, Change::HandedOver))
        }
    }?;
    let note = text(&act.kind);
    let is_note = !note.is_empty() && !matches!(act.kind, ActKind::Assign { .. });
    alert.note = is_note.then(|| note.into());
    alert.actor = Some(act.actor.clone());
    alert.changed_on = today;
    alert.revision = alert.revision.saturating_add(1);
    remember(alert, change, today, Some(act));
    Ok(change)
}

/// Notes down who let it go; the caller has done it.
pub(super) fn released(alert: &mut Alert, by: Option<&Release>, today: Day) {
    let act = by.map(|by| Act {
        alert_id: alert.id.clone(),
        project_id: alert.finding.project_id.clone(),
        actor: by.actor.clone(),
        at: by.at,
        act_id: by.act_id.clone(),
        kind: ActKind::Note { text: by.text.clone() },
    });
    alert.actor = by.map(|by| by.actor.clone());
    alert.note = by.map(|by| by.text.clone()).filter(|text| !text.is_empty());
    alert.changed_on = today;
    alert.revision = alert.revision.saturating_add(1);
    remember(alert, Change::Released, today, act.as_ref());
}

type Done = Result<Change, Verdict>;

fn acknowledge(alert: &mut Alert) -> Done {
    if matches!(alert.status, AlertStatus::Acknowledged | AlertStatus::Handling) {
        return Err(Verdict::Duplicate);
    }
    set_status(alert, AlertStatus::Acknowledged);
    Ok(Change::Acknowledged)
}

fn handle(alert: &mut Alert) -> Done {
    if alert.status == AlertStatus::Handling {
        return Err(Verdict::Duplicate);
    }
    set_status(alert, AlertStatus::Handling);
    Ok(Change::Handled)
}

/// Whoever does this works on the alert; one that is dismissed or exempted stays so.
fn worked(alert: &mut Alert, change: Change) -> Change {
    if alert.asks() {
        alert.status = AlertStatus::Handling;
    }
    change
}

/// What was said against its asking for somebody no longer counts.
fn set_status(alert: &mut Alert, status: AlertStatus) {
    alert.status = status;
    alert.dismissal = None;
    alert.casework.exemption = None;
}

fn assign(alert: &mut Alert, to: &CompactString) -> Done {
    if to.trim().is_empty() {
        return Err(rejected("to", ReasonCode::Missing, "nothing", "an office or a person"));
    }
    if alert.assignee.as_ref() == Some(to) {
        return Err(Verdict::Duplicate);
    }
    alert.assignee = Some(to.clone());
    Ok(Change::Assigned)
}

fn dismiss(alert: &mut Alert, dismissal: Dismissal) -> Done {
    if alert.dismissal.as_ref() == Some(&dismissal) {
        return Err(Verdict::Duplicate);
    }
    set_status(alert, AlertStatus::Dismissed);
    alert.dismissal = Some(dismissal);
    Ok(Change::Dismissed)
}

fn ask(alert: &mut Alert, until: Day, today: Day) -> Done {
    not_past("until", until, today)?;
    let justification = alert.casework.justification.get_or_insert_default();
    if justification.until == Some(until) {
        return Err(Verdict::Duplicate);
    }
    *justification = Justification { until: Some(until), said: None };
    Ok(worked(alert, Change::JustificationAsked))
}

fn justify(alert: &mut Alert, text: &CompactString) -> Done {
    if text.trim().is_empty() {
        return Err(rejected("text", ReasonCode::Missing, "nothing", "what the employer says"));
    }
    let justification = alert.casework.justification.get_or_insert_default();
    if justification.said.as_ref() == Some(text) {
        return Err(Verdict::Duplicate);
    }
    justification.said = Some(text.clone());
    // The worker is to answer this word, not the one before.
    alert.casework.worker = None;
    Ok(worked(alert, Change::Justified))
}

fn exempt(
    alert: &mut Alert,
    act: &Act,
    (kind, until, text): (ExemptionKind, Day, &CompactString),
    today: Day,
) -> Done {
    not_past("until", until, today)?;
    let before = match (&alert.casework.exemption, alert.status) {
        (Some(exemption), _) => exemption.before,
        // Somebody had seen it.
        (None, AlertStatus::Dismissed) => AlertStatus::Acknowledged,
        (None, status) => status,
    };
    let (by, amount) = (act.actor.clone(), alert.finding.amount);
    let exemption = Exemption { kind, until, by, text: text.clone(), amount, before };
    if alert.casework.exemption.as_ref() == Some(&exemption) {
        return Err(Verdict::Duplicate);
    }
    set_status(alert, AlertStatus::Exempted);
    alert.casework.exemption = Some(exemption);
    Ok(Change::Exempted)
}

/// Advances pay workers; more than they are owed is a slip of the pen.
fn advance(alert: &mut Alert, amount: Fen) -> Done {
    let open = alert.finding.amount - alert.casework.advanced;
    if amount.0 <= 0 || amount.sum() > open {
        let found = format!("{} fen", amount.0);
        let expected = format!("1 to {open} fen: what is owed less what has been advanced");
        return Err(rejected("amount_fen", ReasonCode::Range, &found, &expected));
    }
    alert.casework.advanced += amount.sum();
    Ok(worked(alert, Change::Advanced))
}

fn not_past(field: &str, until: Day, today: Day) -> Result<(), Verdict> {
    match until < today {
        true => Err(rejected(
            field,
            ReasonCode::Range,
            &format!("{until}, which is before {today}"),
            "a day that is not past",
        )),
        false => Ok(()),
    }
}

fn rejected(field: &str, code: ReasonCode, found: &str, expected: &str) -> Verdict {
    Verdict::Rejected(Reason::new(field, code, found, expected))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::sample::{alert, day, wage};
    use crate::domain::{Authority, DismissReason, Time, WorkerWord};

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

    fn exempt_kind(until: &str) -> ActKind {
        let kind = ExemptionKind::InstalmentsAgreed;
        ActKind::Exempt { kind, until: day(until), text: "agreement 7".into() }
    }

    #[test]
    fn work_on_an_alert_makes_it_handled() {
        let ask = |until: &str| ActKind::AskJustification { until: day(until), text: "".into() };
        let said = |text: &str| ActKind::Justify { text: text.into() };
        let worker = |word| ActKind::WorkerSays { word, text: "".into() };
        let (answers, alert) = play(&[
            ActKind::Handle { text: "on site".into() },
            ActKind::Handle { text: "again".into() },
            ActKind::Acknowledge,
            ask("2026-04-19"),
            ask("2026-04-20"),
            ask("2026-04-20"),
            said("paid in cash"),
            worker(WorkerWord::Rejects),
            worker(WorkerWord::Rejects),
            said(" "),
        ]);
        assert_eq!(answers[..3], ["handled", "duplicate", "duplicate"]);
        assert_eq!(answers[3..6], ["rejected", "justification-asked", "duplicate"]);
        assert_eq!(answers[6..], ["justified", "worker-said", "duplicate", "rejected"]);
        assert_eq!((alert.status, alert.revision), (AlertStatus::Handling, 5));
        let work = &alert.casework;
        assert_eq!(work.worker, Some(WorkerWord::Rejects));
        assert_eq!(work.justification.as_ref().unwrap().said.as_deref(), Some("paid in cash"));
        assert_eq!(alert.history.steps.len(), 5);
    }

    #[test]
    fn a_new_word_of_the_employer_waits_for_a_new_one_of_the_worker() {
        let said = |text: &str| ActKind::Justify { text: text.into() };
        let worker = ActKind::WorkerSays { word: WorkerWord::Accepts, text: "".into() };
        let (_, alert) = play(&[said("a"), worker, said("b")]);
        assert_eq!(alert.casework.worker, None);
    }

    #[test]
    fn an_exemption_needs_a_day_that_is_not_past_and_knows_what_was_before() {
        let (answers, alert) = play(&[exempt_kind("2026-04-19"), exempt_kind("2026-04-20")]);
        assert_eq!(answers, ["rejected", "exempted"]);
        let exemption = alert.casework.exemption.unwrap();
        assert_eq!((exemption.before, exemption.amount), (AlertStatus::Open, 100_000));
        let (answers, alert) = play(&[
            ActKind::Handle { text: "".into() },
            exempt_kind("2026-05-01"),
            exempt_kind("2026-06-01"),
            exempt_kind("2026-06-01"),
        ]);
        assert_eq!(answers, ["handled", "exempted", "exempted", "duplicate"]);
        assert_eq!(alert.casework.exemption.unwrap().before, AlertStatus::Handling);
        let (answers, alert) = play(&[dismiss_kind("x"), exempt_kind("2026-05-01"), ActKind::Acknowledge]);
        assert_eq!(answers, ["dismissed", "exempted", "acknowledged"]);
        assert_eq!((alert.dismissal, alert.casework.exemption), (None, None));
    }

    #[test]
    fn an_advance_leaves_the_debt_and_is_no_more_than_it() {
        let advance = |fen| ActKind::Advance { amount: Fen(fen), text: "".into() };
        let (answers, alert) = play(&[advance(0), advance(60_000), advance(40_001), advance(40_000)]);
        assert_eq!(answers, ["rejected", "advanced", "rejected", "advanced"]);
        assert_eq!((alert.casework.advanced, alert.finding.amount), (100_000, 100_000));
    }

    #[test]
    fn a_case_is_handed_over_once_to_each() {
        let over = |to| ActKind::HandOver { to, text: "".into() };
        let (answers, _) = play(&[over(Authority::Police), over(Authority::Police), over(Authority::Court)]);
        assert_eq!(answers, ["handed-over", "duplicate", "handed-over"]);
    }
}
