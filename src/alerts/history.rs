//! What an alert remembers of its own life: every act, and every change of the facts that says
//! more than the one before. Bounded, because each row of the alert carries it.

use crate::domain::{Act, ActKind, Alert, Change, Day, Deed, Step};

const STEPS_MAX: usize = 64;
/// Texts may be long: beyond this sum of their bytes only the latest [`STEPS_LEAST`] are kept.
const BYTES_MAX: usize = 32 << 10;
const STEPS_LEAST: usize = 16;

/// Adds the change that has just been made. A fact's change that follows another one at the same
/// level takes its place: sums that move with every payment would push out what people did.
pub(super) fn remember(alert: &mut Alert, change: Change, today: Day, act: Option<&Act>) {
    let deed = |act: &Act| {
        let Act { actor, at, act_id, kind, .. } = act.clone();
        Box::new(Deed { actor, at, act_id, kind })
    };
    let step = Step {
        change,
        on: today,
        level: alert.finding.level,
        amount: alert.finding.amount,
        deed: act.map(deed),
    };
    let history = &mut alert.history;
    if let Some(last) = history.steps.last_mut()
        && change == Change::Changed
        && last.change == Change::Changed
        && last.level == step.level
    {
        *last = step;
        return;
    }
    history.steps.push(step);
    while history.steps.len() > STEPS_MAX
        || (history.steps.len() > STEPS_LEAST && history.steps.iter().map(bytes).sum::<usize>() > BYTES_MAX)
    {
        history.steps.remove(0);
        history.dropped = history.dropped.saturating_add(1);
    }
}

fn bytes(step: &Step) -> usize {
    step.deed.as_ref().map_or(0, |deed| deed.actor.len() + deed.act_id.len() + text(&deed.kind).len())
}

/// What was written beside an act.
pub(super) fn text(kind: &ActKind) -> &str {
    match kind {
        ActKind::Acknowledge => "",
        ActKind::Assign { to } => to,
        ActKind::Note { text }
        | ActKind::Dismiss { text, .. }
        | ActKind::Handle { text }
        | ActKind::AskJustification { text, .. }
        | ActKind::Justify { text }
        | ActKind::WorkerSays { text, .. }
        | ActKind::Exempt { text, .. }
        | ActKind::Advance { text, .. }
        | ActKind::HandOver { text, .. } => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::sample::{alert, day, wage};
    use crate::domain::{Level, Time};

    fn note(alert: &Alert, n: usize, text: &str) -> Act {
        Act {
            alert_id: alert.id.clone(),
            project_id: alert.finding.project_id.clone(),
            actor: "housing".into(),
            at: Time(0),
            act_id: n.to_string().into(),
            kind: ActKind::Note { text: text.into() },
        }
    }

    #[test]
    fn changes_of_the_facts_at_one_level_are_one_step() {
        let mut alert = alert(wage(1, "2026-03", 100_000));
        for (amount, level) in
            [(5, Level::Yellow), (4, Level::Yellow), (3, Level::Orange), (2, Level::Orange)]
        {
            (alert.finding.amount, alert.finding.level) = (amount, level);
            remember(&mut alert, Change::Changed, day("2026-04-20"), None);
        }
        let told: Vec<_> = alert.history.steps.iter().map(|step| (step.change, step.amount)).collect();
        assert_eq!(told, [(Change::Raised, 100_000), (Change::Changed, 4), (Change::Changed, 2)]);
    }

    #[test]
    fn a_long_life_loses_its_beginning_and_says_so() {
        let mut alert = alert(wage(1, "2026-03", 100_000));
        for n in 0..100 {
            let act = note(&alert, n, "called");
            remember(&mut alert, Change::Noted, day("2026-04-20"), Some(&act));
        }
        assert_eq!((alert.history.steps.len(), alert.history.dropped), (64, 37));
        assert!(alert.knows("99") && alert.knows("36") && !alert.knows("35"));
        for n in 100..120 {
            let act = note(&alert, n, &"长".repeat(2000));
            remember(&mut alert, Change::Noted, day("2026-04-20"), Some(&act));
        }
        assert_eq!(alert.history.steps.len(), 16);
    }
}
