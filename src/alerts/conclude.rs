//! What follows from the changes of a project's alerts, once all of one record or day are known: which
//! are part of another, what is the cause of what, whose times run or have passed. Knows no finding's meaning.

use super::book::{ProjectAlerts, Times, apply};
use super::clock;
use super::flood::{Gate, opens};
use crate::domain::{Alert, AlertKey, Change, Day, Rule, Subject};
use std::collections::{BTreeMap, BTreeSet};

type Changed = (Change, Alert);

impl ProjectAlerts {
    /// What the calendar alone changes: exemptions whose last day is over, and times that have passed. To be
    /// called after the day's findings: what the facts resolve that day needs nothing more.
    pub fn turn(&mut self, today: Day, times: &Times, out: &mut Vec<Changed>) {
        for key in self.index.come(today) {
            let Some(alert) = self.alerts.get_mut(&key) else { continue };
            self.index.remove(alert);
            if let Some(exemption) = alert.casework.exemption.take_if(|exemption| exemption.until < today) {
                alert.status = exemption.before;
                apply(alert, Change::ExemptionEnded, None, today);
                out.push((Change::ExemptionEnded, alert.clone()));
            } else if alert.asks() && clock::escalate(alert, today, times) {
                apply(alert, Change::Escalated, None, today);
                out.push((Change::Escalated, alert.clone()));
            }
            self.index.add(alert);
        }
    }

    /// Brings everything in line with the changes in `out`, and adds those that follow from it.
    pub fn conclude(&mut self, today: Day, times: &Times, gate: &Gate<'_>, out: &mut Vec<Changed>) {
        self.name_causes(today, out);
        self.roll_up(today, out);
        self.hold(today, gate, out);
        self.wind(times, out);
    }

    /// An alert that has causes names those that stand in its project.
    fn name_causes(&mut self, today: Day, out: &mut Vec<Changed>) {
        let of = |rule: Rule| rule.is_cause_of().into_iter().chain(rule.has_causes().then_some(rule));
        let effects: BTreeSet<Rule> = out.iter().flat_map(|(_, alert)| of(alert.finding.rule)).collect();
        for rule in effects {
            let causes = self.index.causes_of(rule);
            let key = AlertKey { subject: Subject::Project, rule };
            let Some(alert) = self.alerts.get_mut(&key) else { continue };
            if !alert.stands() || alert.causes == causes {
                continue;
            }
            alert.causes = causes;
            match last_of(out, &key) {
                Some((_, told)) => told.causes.clone_from(&alert.causes),
                None => self.tell(&key, Change::Changed, today, out),
            }
        }
    }

    /// What is part of another alert is shown when that one does not stand, and only then.
    fn roll_up(&mut self, today: Day, out: &mut Vec<Changed>) {
        let mut turned: BTreeSet<AlertKey> = BTreeSet::new();
        for (change, alert) in out.iter() {
            let rule = alert.finding.rule;
            if alert.finding.rule.rolls_up_into().is_some() {
                turned.insert(alert.key());
            } else if matches!(change, Change::Raised | Change::Reopened | Change::Resolved) {
                let parts = self.alerts.keys().filter(|key| key.rule.rolls_up_into() == Some(rule));
                turned.extend(parts.cloned());
            }
        }
        // Each alert is told of once more at most, so places stay what they are.
        let last: BTreeMap<AlertKey, usize> =
            out.iter().enumerate().map(|(place, (_, alert))| (alert.key(), place)).collect();
        for key in turned {
            let Some(into) = key.rule.rolls_up_into() else { continue };
            let parent = AlertKey { subject: Subject::Project, rule: into };
            let hidden = self.alerts.get(&parent).is_some_and(Alert::stands);
            let Some(alert) = self.alerts.get_mut(&key) else { continue };
            if !alert.stands() || alert.rolled_up == hidden {
                continue;
            }
            alert.rolled_up = hidden;
            match last.get(&key).and_then(|place| out.get_mut(*place)) {
                // Nobody has heard of it yet.
                Some((Change::Raised, told)) => told.rolled_up = hidden,
                _ if hidden => self.tell(&key, Change::RolledUp, today, out),
                _ => self.tell(&key, Change::Shown, today, out),
            }
        }
    }

    /// Holds back what opens beyond the day's budget. What is part of a held alert is held with it, and let
    /// go with it; what was told once is never held before it is over.
    fn hold(&mut self, today: Day, gate: &Gate<'_>, out: &mut Vec<Changed>) {
        if self.index.held == 0 && !is_flooded(gate, out) {
            return;
        }
        let mut opened: BTreeMap<Rule, u64> = BTreeMap::new();
        // What takes in parts that were told is told as well: nobody is to lose sight of them.
        let told_parts =
            out.iter().filter(|(change, part)| *change == Change::RolledUp && part.held.is_none());
        let told_parts: BTreeSet<Rule> =
            told_parts.filter_map(|(_, part)| part.finding.rule.rolls_up_into()).collect();
        // Parts after what they are part of.
        for parts in [false, true] {
            let mut now: BTreeMap<AlertKey, Option<Day>> = BTreeMap::new();
            for (change, told) in out.iter_mut() {
                let rule = told.finding.rule;
                if rule.rolls_up_into().is_some() != parts {
                    continue;
                }
                let whole = rule.rolls_up_into().map(|rule| AlertKey { subject: Subject::Project, rule });
                let whole = whole.and_then(|key| self.alerts.get(&key)).and_then(|alert| alert.held);
                let before = now.get(&told.key()).copied().unwrap_or(told.held);
                let opens = opens(*change, told, before.is_some());
                told.held = if told.rolled_up && told.stands() {
                    whole.and(if opens { Some(today) } else { before })
                } else if opens {
                    let count = opened.entry(rule).or_default();
                    *count += 1;
                    let holds = !told_parts.contains(&rule) && gate.holds(rule, *count - 1);
                    // A part that is shown now was held before; what is there again is held from now on.
                    let since = before.filter(|_| *change == Change::Shown).unwrap_or(today);
                    holds.then_some(since)
                } else {
                    before
                };
                now.insert(told.key(), told.held);
            }
            for (key, held) in now {
                self.set_held(&key, held);
            }
        }
        self.let_parts_go(today, out);
    }

    /// Nothing is held as a part of what is not held itself.
    fn let_parts_go(&mut self, today: Day, out: &mut Vec<Changed>) {
        if self.index.held == 0 {
            return;
        }
        let is_free = |rule: Rule| {
            let whole = self.alerts.get(&AlertKey { subject: Subject::Project, rule });
            whole.is_none_or(|alert| alert.held.is_none())
        };
        let parts =
            self.alerts.values().filter(|alert| alert.stands() && alert.rolled_up && alert.held.is_some());
        let freed = parts.filter(|alert| alert.finding.rule.rolls_up_into().is_some_and(is_free));
        for key in freed.map(Alert::key).collect::<Vec<_>>() {
            self.set_held(&key, None);
            self.tell(&key, Change::Released, today, out);
        }
    }

    fn set_held(&mut self, key: &AlertKey, held: Option<Day>) {
        if let Some(alert) = self.alerts.get_mut(key)
            && alert.held != held
        {
            self.index.remove(alert);
            alert.held = held;
            self.index.add(alert);
        }
    }

    /// Starts, shortens and stops the times of the alerts that `out` tells of.
    fn wind(&mut self, times: &Times, out: &mut [Changed]) {
        let mut done: BTreeSet<AlertKey> = BTreeSet::new();
        for (_, told) in out.iter_mut().rev() {
            let key = told.key();
            let Some(alert) = self.alerts.get_mut(&key).filter(|_| done.insert(key)) else { continue };
            self.index.remove(alert);
            clock::wind(alert, times);
            self.index.add(alert);
            told.clock.clone_from(&alert.clock);
        }
    }

    fn tell(&mut self, key: &AlertKey, change: Change, today: Day, out: &mut Vec<Changed>) {
        if let Some(alert) = self.alerts.get_mut(key) {
            apply(alert, change, None, today);
            out.push((change, alert.clone()));
        }
    }
}

/// Whether anything of that opens beyond the budget. Nearly always not, and then nothing is to be done.
fn is_flooded(gate: &Gate<'_>, out: &[Changed]) -> bool {
    let mut opened: BTreeMap<Rule, u64> = BTreeMap::new();
    let opening = out.iter().filter(|(change, alert)| !alert.rolled_up && opens(*change, alert, false));
    opening.map(|(_, alert)| alert.finding.rule).any(|rule| {
        let count = opened.entry(rule).or_default();
        *count += 1;
        gate.holds(rule, *count - 1)
    })
}

/// The last word on an alert.
fn last_of<'a>(out: &'a mut [Changed], key: &AlertKey) -> Option<&'a mut Changed> {
    let is_it =
        |(_, alert): &&mut Changed| alert.finding.rule == key.rule && alert.finding.subject == key.subject;
    out.iter_mut().rev().find(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::sample::{day, person, wage};
    use crate::alerts::{Floods, PUBLIC_ID_KEY};
    use crate::domain::{Deadlines, Finding, Level, Numbers, Part};

    fn whole(rule: Rule) -> Finding {
        Finding::new(rule, &wage(1, "2026-03", 1).project_id, Subject::Project, Level::Yellow, Vec::new())
    }

    /// A project whose findings are set part by part; what was told, as `change rule`.
    #[derive(Default)]
    struct Play {
        book: ProjectAlerts,
        out: Vec<Changed>,
        floods: Floods,
        /// 0: none.
        budget: i64,
        /// As told last.
        last: BTreeMap<AlertKey, Alert>,
    }

    impl Play {
        fn part(&mut self, part: Part, rules: &[Rule]) -> &mut Play {
            let findings = rules.iter().map(|rule| whole(*rule)).collect();
            self.book.diff_part(part, findings, day("2026-04-16"), &PUBLIC_ID_KEY, &mut self.out);
            self
        }

        fn owed(&mut self, sums: &[i128]) -> &mut Play {
            let findings = sums.iter().map(|sum| wage(1, "2026-03", *sum)).collect();
            self.book.diff_worker(&person(1), findings, day("2026-04-16"), &PUBLIC_ID_KEY, &mut self.out);
            self
        }

        fn told(&mut self) -> Vec<String> {
            let today = day("2026-04-16");
            let times = |_| Some(Deadlines { acknowledge_by: today, settle_by: Some(today.plus(9)) });
            let numbers = Numbers { flood_alerts: self.budget, flood_grace_days: 0, ..Numbers::default() };
            self.floods.turn(today);
            self.book.conclude(today, &times, &self.floods.gate(&numbers, today), &mut self.out);
            for (_, alert) in &self.out {
                let asks = alert.stands() && !alert.rolled_up && alert.held.is_none();
                let last = self.book.get(&alert.key()) == Some(alert);
                assert!(!last || alert.clock.running.is_some() == asks, "{alert:?}");
            }
            for (change, alert) in &self.out {
                self.floods.count(self.last.get(&alert.key()), *change, alert);
                self.last.insert(alert.key(), alert.clone());
            }
            let shown = |(change, alert): Changed| {
                let held = if alert.held.is_some() { " held" } else { "" };
                format!("{change} {}{held}", alert.finding.rule)
            };
            self.out.drain(..).map(shown).collect()
        }

        fn is_hidden(&self, rule: Rule) -> bool {
            self.book.iter().find(|alert| alert.finding.rule == rule).unwrap().rolled_up
        }

        fn causes(&self) -> Vec<(Rule, u32)> {
            let key = AlertKey { subject: Subject::Project, rule: Rule::ProjectArrears };
            self.book.get(&key).unwrap().causes.iter().map(|cause| (cause.rule, cause.count)).collect()
        }
    }

    use Rule::{CoverageLow, LabourFeeLate, LabourFeeShort, ProjectArrears, WageUnpaid};

    #[test]
    fn what_is_raised_with_its_parent_is_never_shown() {
        let mut play = Play::default();
        let told = play.owed(&[500]).part(Part::Totals, &[CoverageLow, ProjectArrears]).told();
        assert_eq!(told, ["raised wage-unpaid", "raised project-arrears", "raised coverage-low"]);
        assert!(play.is_hidden(WageUnpaid) && play.is_hidden(CoverageLow) && !play.is_hidden(ProjectArrears));
        // It resolves hidden, and nothing but the parent is told to those who did not see it.
        assert_eq!(play.owed(&[]).part(Part::Totals, &[]).told().len(), 3);
        assert!(play.is_hidden(WageUnpaid));
    }

    #[test]
    fn what_is_shown_is_rolled_up_when_the_parent_comes_and_shown_when_it_goes() {
        let mut play = Play::default();
        assert_eq!(play.part(Part::Totals, &[CoverageLow]).told(), ["raised coverage-low"]);
        assert!(!play.is_hidden(CoverageLow));
        let told = play.part(Part::Totals, &[CoverageLow, ProjectArrears]).told();
        assert_eq!(told, ["raised project-arrears", "rolled-up coverage-low"]);
        let told = play.part(Part::Totals, &[CoverageLow]).told();
        assert_eq!(told, ["resolved project-arrears", "shown coverage-low"]);
        assert!(!play.is_hidden(CoverageLow));
    }

    #[test]
    fn causes_that_stand_are_named_and_each_change_of_them_is_told() {
        let mut play = Play::default();
        play.part(Part::Papers, &[LabourFeeLate]).told();
        assert_eq!(play.part(Part::Totals, &[ProjectArrears]).told(), ["raised project-arrears"]);
        assert_eq!(play.causes(), [(LabourFeeLate, 1)]);
        let told = play.part(Part::Papers, &[LabourFeeLate, LabourFeeShort]).told();
        assert_eq!(told, ["raised labour-fee-short", "changed project-arrears"]);
        assert_eq!(play.causes(), [(LabourFeeLate, 1), (LabourFeeShort, 1)]);
        let told = play.part(Part::Papers, &[]).told();
        assert_eq!(told[2..], ["changed project-arrears"]);
        assert_eq!(play.causes(), []);
    }

    #[test]
    fn a_book_that_was_stored_knows_its_causes() {
        let mut play = Play::default();
        play.part(Part::Papers, &[LabourFeeLate, LabourFeeShort]).told();
        let mut again = Play::default();
        play.book.iter().for_each(|alert| again.book.load(alert.clone()));
        again.part(Part::Totals, &[ProjectArrears]).told();
        assert_eq!(again.causes(), [(LabourFeeLate, 1), (LabourFeeShort, 1)]);
    }

    /// A book that may raise so many alerts of a rule.
    fn within(budget: i64) -> Play {
        Play { budget, floods: Floods::new(1), ..Play::default() }
    }

    #[test]
    fn what_comes_beyond_the_budget_is_held_until_it_is_released() {
        let mut play = within(1);
        assert_eq!(play.part(Part::Totals, &[CoverageLow]).told(), ["raised coverage-low"]);
        assert_eq!(play.part(Part::Totals, &[]).told(), ["resolved coverage-low"]);
        assert_eq!(play.part(Part::Totals, &[CoverageLow]).told(), ["reopened coverage-low held"]);
        assert_eq!(play.floods.rules(), [CoverageLow]);
        play.book.release(CoverageLow, None, day("2026-04-16"), &mut play.out);
        play.floods.lift(CoverageLow);
        assert_eq!(play.told(), ["released coverage-low"]);
        assert!(play.floods.rules().is_empty());
        // It ends, and is there again on the same day: nothing more of it is held.
        assert_eq!(play.part(Part::Totals, &[]).told(), ["resolved coverage-low"]);
        assert_eq!(play.part(Part::Totals, &[CoverageLow]).told(), ["reopened coverage-low"]);
    }

    #[test]
    fn what_resolves_while_it_is_held_is_never_told() {
        let mut play = within(1);
        play.part(Part::Totals, &[CoverageLow]).told();
        play.part(Part::Totals, &[]).told();
        play.part(Part::Totals, &[CoverageLow]).told();
        assert_eq!(play.part(Part::Totals, &[]).told(), ["resolved coverage-low held"]);
        play.book.release(CoverageLow, None, day("2026-04-16"), &mut play.out);
        assert_eq!(play.told(), [""; 0]);
    }

    #[test]
    fn parts_are_held_and_let_go_with_what_they_are_part_of() {
        let mut play = within(1);
        play.part(Part::Totals, &[ProjectArrears]).told();
        play.part(Part::Totals, &[]).told();
        let told = play.owed(&[500]).part(Part::Totals, &[ProjectArrears]).told();
        assert_eq!(told, ["raised wage-unpaid held", "reopened project-arrears held"]);
        assert_eq!(play.floods.rules(), [ProjectArrears]);
        play.book.release(ProjectArrears, None, day("2026-04-16"), &mut play.out);
        assert_eq!(play.told(), ["released project-arrears", "released wage-unpaid"]);
    }

    #[test]
    fn a_part_whose_whole_goes_is_counted_for_itself() {
        let mut play = within(1);
        play.part(Part::Totals, &[ProjectArrears]).told();
        play.part(Part::Totals, &[]).told();
        play.owed(&[500]).part(Part::Totals, &[ProjectArrears]).told();
        let told = play.part(Part::Totals, &[]).told();
        assert_eq!(told, ["resolved project-arrears held", "shown wage-unpaid"]);
        // What was told must not vanish in what nobody is told of.
        let told = play.part(Part::Totals, &[ProjectArrears]).told();
        assert_eq!(told, ["reopened project-arrears", "rolled-up wage-unpaid"]);
    }
}
