//! A flood is held: how many alerts of each rule one owner has raised on the business date, and what it
//! holds of those beyond its share of the budget. What is held is an alert like any other; it is only not told.
//! Counted row by row, so it is a function of the log like the rows themselves. Knows no project's facts.

use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{Alert, Change, Day, Numbers, ProjectId, Rule};
use std::collections::{BTreeMap, BTreeSet};

/// What one owner of alerts has raised and holds.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Floods {
    /// How many owners share the county's budget.
    sharers: u16,
    /// The first business date that there was.
    first_day: Option<Day>,
    day: Option<Day>,
    /// On that day, by rule; what is part of another alert is not told by itself and not counted.
    opened: BTreeMap<Rule, u64>,
    /// Released on that day: no more is held before the next.
    lifted: BTreeSet<Rule>,
    /// What is held by itself and stands, by rule and project. Not stored: the alerts tell it.
    held: BTreeMap<Rule, BTreeMap<ProjectId, u32>>,
}

/// Decides over what opens now.
#[derive(Clone, Copy, Debug)]
pub struct Gate<'a> {
    floods: &'a Floods,
    /// `None`: nothing is held.
    share: Option<u64>,
}

impl Gate<'_> {
    /// Whether an alert of that rule is held that opens after so many others of the same record or day.
    pub fn holds(&self, rule: Rule, before: u64) -> bool {
        let Some(share) = self.share.filter(|_| rule != Rule::AlertFlood) else { return false };
        let floods = self.floods;
        // Once something is held, all that follows is, until it is released or none of it stands.
        !floods.lifted.contains(&rule)
            && (floods.held.contains_key(&rule) || floods.opened_today(rule) + before >= share)
    }
}

impl Floods {
    pub fn new(sharers: u16) -> Floods {
        Floods { sharers, ..Floods::default() }
    }

    /// What decides today.
    pub fn gate(&self, numbers: &Numbers, today: Day) -> Gate<'_> {
        let grace = i32::try_from(numbers.flood_grace_days).unwrap_or(i32::MAX);
        let is_first_load = self.first_day.is_none_or(|first| today.since(first) < grace);
        let all = u64::try_from(numbers.flood_alerts).unwrap_or(0);
        let share = all.div_ceil(u64::from(self.sharers.max(1)));
        Gate { floods: self, share: (is_on(numbers) && !is_first_load).then_some(share) }
    }

    /// It is that day now.
    pub fn turn(&mut self, day: Day) {
        self.first_day.get_or_insert(day);
        if self.day != Some(day) {
            self.day = Some(day);
            self.opened.clear();
            self.lifted.clear();
        }
    }

    /// For the rest of the day nothing of that rule is held.
    pub fn lift(&mut self, rule: Rule) {
        self.lifted.insert(rule);
    }

    /// Counts a row; `before` is the alert as the row before told it.
    pub fn count(&mut self, before: Option<&Alert>, change: Change, after: &Alert) {
        let rule = after.finding.rule;
        let was_held = before.is_some_and(|alert| alert.held.is_some());
        if opens(change, after, was_held) && !after.rolled_up {
            *self.opened.entry(rule).or_default() += 1;
        }
        match (before.is_some_and(is_held_itself), is_held_itself(after)) {
            (false, true) => self.hold(after),
            (true, false) => self.let_go(after),
            _ => {}
        }
    }

    /// Takes an alert as it was stored.
    pub fn load(&mut self, alert: &Alert) {
        if is_held_itself(alert) {
            self.hold(alert);
        }
    }

    /// The projects with something held of that rule, ascending.
    pub fn projects(&self, rule: Rule) -> Vec<ProjectId> {
        self.held.get(&rule).map_or(Vec::new(), |projects| projects.keys().cloned().collect())
    }

    /// The rules of which anything is held.
    pub fn rules(&self) -> Vec<Rule> {
        self.held.keys().copied().collect()
    }

    fn opened_today(&self, rule: Rule) -> u64 {
        self.opened.get(&rule).copied().unwrap_or(0)
    }

    fn hold(&mut self, alert: &Alert) {
        let projects = self.held.entry(alert.finding.rule).or_default();
        *projects.entry(alert.finding.project_id.clone()).or_default() += 1;
    }

    fn let_go(&mut self, alert: &Alert) {
        let (rule, project) = (alert.finding.rule, &alert.finding.project_id);
        let Some(projects) = self.held.get_mut(&rule) else { return };
        if let Some(count) = projects.get_mut(project) {
            *count -= 1;
            if *count == 0 {
                projects.remove(project);
            }
        }
        if projects.is_empty() {
            self.held.remove(&rule);
        }
    }

    /// All but what the alerts tell themselves.
    pub fn write(&self, w: &mut Writer) {
        w.option(self.first_day, Writer::day);
        w.option(self.day, Writer::day);
        w.list(self.opened.iter(), |w, (rule, count)| {
            w.text(rule.as_str());
            w.varint(*count);
        });
        w.list(self.lifted.iter(), |w, rule| w.text(rule.as_str()));
    }

    pub fn read(r: &mut Reader<'_>, sharers: u16) -> Result<Floods, Corrupt> {
        let rule = |r: &mut Reader<'_>| Rule::parse(r.str()?).ok_or(Corrupt("a rule"));
        let (first_day, day) = (r.option(Reader::day)?, r.option(Reader::day)?);
        let opened = r.list(|r| Ok((rule(r)?, r.varint()?)))?.into_iter().collect();
        let lifted = r.list(rule)?.into_iter().collect();
        Ok(Floods { sharers, first_day, day, opened, lifted, held: BTreeMap::new() })
    }
}

/// Whether anything may be held by these numbers; where nothing may, what was held before is let go.
pub fn is_on(numbers: &Numbers) -> bool {
    numbers.flood_alerts > 0 && numbers.is_on(Rule::AlertFlood, None)
}

/// Whether it is held for its own sake, and not as a part of another alert that is.
pub fn is_held_itself(alert: &Alert) -> bool {
    alert.held.is_some() && alert.stands() && !alert.rolled_up
}

/// Whether a row tells of a trouble that nobody was told of before, or that was over.
pub(super) fn opens(change: Change, alert: &Alert, was_held: bool) -> bool {
    let before_last = || alert.history.steps.iter().rev().nth(1).map(|step| step.change);
    match change {
        Change::Raised => true,
        // A dismissed one was told before.
        Change::Reopened => before_last() == Some(Change::Resolved),
        Change::Shown => was_held,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::sample::{alert, day, wage};

    fn numbers(flood_alerts: i64, flood_grace_days: i64) -> Numbers {
        Numbers { flood_alerts, flood_grace_days, ..Numbers::default() }
    }

    #[test]
    fn beyond_a_share_of_the_budget_alerts_of_the_day_are_held() {
        let mut floods = Floods::new(4);
        floods.turn(day("2026-04-01"));
        let holds =
            |floods: &Floods, on: &str| floods.gate(&numbers(9, 3), day(on)).holds(Rule::WageUnpaid, 0);
        for n in 0..3 {
            // Nine by four, rounded up.
            assert!(!holds(&floods, "2026-04-04"), "{n}");
            floods.count(None, Change::Raised, &alert(wage(n, "2026-03", 1)));
        }
        assert!(holds(&floods, "2026-04-04"));
        assert!(!holds(&floods, "2026-04-03"), "the county's first days");
        assert!(!floods.gate(&numbers(0, 0), day("2026-04-04")).holds(Rule::WageUnpaid, 99), "no budget");
        assert!(!floods.gate(&numbers(9, 3), day("2026-04-04")).holds(Rule::NoContract, 2), "another rule");
        assert!(floods.gate(&numbers(9, 3), day("2026-04-04")).holds(Rule::NoContract, 3));
        floods.turn(day("2026-04-05"));
        assert!(!holds(&floods, "2026-04-05"), "another day");
    }

    #[test]
    fn what_is_held_keeps_its_rule_held_until_none_of_it_stands() {
        let mut floods = Floods::new(1);
        floods.turn(day("2026-04-01"));
        let mut held = alert(wage(1, "2026-03", 1));
        held.held = Some(day("2026-04-01"));
        floods.count(None, Change::Raised, &held);
        floods.turn(day("2026-04-09"));
        let holds =
            |floods: &Floods| floods.gate(&numbers(100, 0), day("2026-04-09")).holds(Rule::WageUnpaid, 0);
        assert!(holds(&floods));
        assert_eq!(floods.projects(Rule::WageUnpaid), [held.finding.project_id.clone()]);
        floods.lift(Rule::WageUnpaid);
        assert!(!holds(&floods), "released");
        floods.turn(day("2026-04-09"));
        assert!(!holds(&floods), "the same day");
        floods.turn(day("2026-04-10"));
        let mut over = held.clone();
        over.status = crate::domain::AlertStatus::Resolved;
        floods.count(Some(&held), Change::Resolved, &over);
        assert!(!holds(&floods) && floods.rules().is_empty());
    }

    #[test]
    fn bytes_bring_back_what_the_alerts_do_not_tell() {
        let mut floods = Floods::new(3);
        floods.turn(day("2026-04-01"));
        floods.count(None, Change::Raised, &alert(wage(1, "2026-03", 1)));
        floods.lift(Rule::NoContract);
        let mut w = Writer::new();
        floods.write(&mut w);
        let mut r = Reader::new(&w.bytes);
        assert_eq!(Floods::read(&mut r, 3).unwrap(), floods);
        r.end().unwrap();
    }
}
