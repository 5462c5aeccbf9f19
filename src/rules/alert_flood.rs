//! `alert-flood`: a rule has raised more alerts than its budget of a day; what came beyond is held.
//!
//! **Article**: county plan 2025, section 3 (15).
//!
//! **Found when**: of a rule more alerts were raised on one business date than its budget (20,000 over the
//! county, which the shards share evenly), and some of those that came beyond stand and are not released. What is
//! part of another alert is not counted, and in the county's first 7 days nothing is held. Orange. The numbers
//! are those of today.
//!
//! **Clears when**: an operator releases the rule, or none of what is held stands any more.
//!
//! **Evidence**: the rule, how many are held at least (1, 2, 5, 10, 20 and so on, so that the report itself is
//! no flood), since when, two of them, the budget, and the command that releases them.
//!
//! **Not covered**: whether what is held is true: that is for a person to find out. It is judged and kept
//! like everything else, and the coordinator can read it.

use super::Judgement;
use crate::domain::{Fact, FactName, Finding, FloodView, Level, ProjectId, Rule, Subject};

pub(super) fn judge(view: &FloodView<'_>, on: &mut Judgement<'_>) {
    if view.held == 0 {
        return;
    }
    let mut facts = vec![
        Fact::text(FactName::Rule, view.rule.as_str()),
        Fact::count(FactName::AlertsHeld, at_least(view.held)),
        Fact::date(FactName::HeldSince, view.since),
        Fact::text(FactName::ReleasedBy, &format!("wagewatch quarantine --release {}", view.rule)),
        Fact::count(FactName::ThresholdCount, on.numbers().flood_alerts),
    ];
    facts.extend(view.examples.iter().map(|id| Fact::text(FactName::Example, &id.0)));
    let subject = Subject::Rule(view.rule);
    on.find(Finding::new(Rule::AlertFlood, &ProjectId::county(), subject, Level::Orange, facts));
}

/// The greatest of 1, 2, 5, 10, 20, 50 ... that is not above it.
fn at_least(count: u64) -> i64 {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let mut decade = 1;
    while count / 10 >= decade {
        decade *= 10;
    }
    [5, 2, 1].into_iter().map(|step| step * decade).find(|round| *round <= count).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sample::{day, judgement};

    #[test]
    fn the_report_changes_seldom() {
        for (count, told) in
            [(0, 0), (1, 1), (2, 2), (4, 2), (5, 5), (9, 5), (10, 10), (49, 20), (50, 50), (123_456, 100_000)]
        {
            assert_eq!(at_least(count), told, "{count}");
        }
        assert!(at_least(u64::MAX) > 0);
    }

    #[test]
    fn nothing_held_is_no_flood() {
        let view = |held| FloodView { rule: Rule::NoContract, held, since: day("2026-04-01"), examples: &[] };
        let mut on = judgement("2026-04-02");
        judge(&view(0), &mut on);
        assert!(on.findings().is_empty());
        judge(&view(3), &mut on);
        assert_eq!(on.findings()[0].subject, Subject::Rule(Rule::NoContract));
    }
}
