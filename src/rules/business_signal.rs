//! `business-signal`: an employer with workers in the county whose business looks bad elsewhere; a warning.
//!
//! **Article**: Order 724, art. 38; county plan 2025, section 2 (2).
//!
//! **Found when**: some enrolment names the employer, or some project has it as its contractor, and one
//! signal of it (power, tax, licence, credit, litigation) stands at 70 or above, or two at 50 or above.
//! Blue. The numbers are those of today; what is observed later than today does not count yet.
//!
//! **Clears when**: the signals are stated anew and are lower.
//!
//! **Evidence**: each signal that counts, its level and the day on which it was observed, and the limits.
//!
//! **Not covered**: what is behind a signal; signals of owners and of firms that employ nobody here.

use super::Judgement;
use crate::domain::{Fact, FactName, Finding, FirmView, Level, ProjectId, Rule, Subject};

pub(super) fn judge(view: &FirmView<'_>, on: &mut Judgement<'_>) {
    if !view.employs {
        return;
    }
    let numbers = on.numbers();
    let (alone, pair) = (numbers.signal_level, numbers.signal_pair_level);
    view.signals.iter().for_each(|signal| on.look_again(signal.observed_on));
    let seen = || view.signals.iter().filter(|signal| signal.observed_on <= on.today);
    let at = |limit: i64| seen().filter(move |signal| i64::from(signal.level) >= limit);
    if at(alone).next().is_none() && at(pair).count() < 2 {
        return;
    }
    let mut facts = vec![Fact::firm(view.uscc)];
    for signal in at(alone.min(pair)) {
        facts.push(Fact::text(FactName::Signal, signal.signal.as_str()));
        facts.push(Fact::count(FactName::SignalLevel, signal.level));
        facts.push(Fact::date(FactName::ObservedOn, signal.observed_on));
    }
    facts.push(Fact::count(FactName::ThresholdCount, alone));
    facts.push(Fact::count(FactName::ThresholdPair, pair));
    let subject = Subject::Employer(view.uscc);
    on.find(Finding::new(Rule::BusinessSignal, &ProjectId::county(), subject, Level::Blue, facts));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BusinessSignal, Signal};
    use crate::rules::sample::{day, firm, judgement};

    fn check(levels: &[(Signal, u8)], employs: bool, found: bool) {
        let uscc = firm().uscc;
        let observed_on = day("2026-03-01");
        let signals: Vec<BusinessSignal> = levels
            .iter()
            .map(|(signal, level)| BusinessSignal {
                employer_uscc: uscc,
                signal: *signal,
                level: *level,
                observed_on,
            })
            .collect();
        let view = FirmView { employs, signals: signals.iter().collect(), ..firm() };
        let mut on = judgement("2026-03-01");
        judge(&view, &mut on);
        assert_eq!(on.findings().len(), usize::from(found), "{levels:?}");
        let mut on = judgement("2026-02-28");
        judge(&view, &mut on);
        assert!(on.findings().is_empty());
        assert_eq!(on.into_parts().1.contains(&observed_on), employs && !levels.is_empty());
    }

    #[test]
    fn one_at_seventy_or_two_at_fifty() {
        check(&[(Signal::Power, 70)], true, true);
        check(&[(Signal::Power, 69)], true, false);
        check(&[(Signal::Power, 50), (Signal::Tax, 50)], true, true);
        check(&[(Signal::Power, 69), (Signal::Tax, 49)], true, false);
        check(&[], true, false);
    }

    #[test]
    fn who_employs_nobody_here_is_none_of_ours() {
        check(&[(Signal::Power, 100)], false, false);
    }
}
