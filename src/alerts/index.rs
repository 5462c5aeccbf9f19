//! What a project's alerts come to and when they are due, kept up to date alert by alert: nothing
//! here needs a walk over all of them. Each alert is counted out as it stood and in as it stands.

use super::owed::Owed;
use crate::domain::{Alert, AlertId, AlertKey, Cause, Day, Rule};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Default, Debug)]
pub(super) struct Index {
    pub owed: Owed,
    /// When an alert is to be looked at because of what people said or did not say about it.
    days: BTreeSet<(Day, AlertKey)>,
    /// Those that stand and are the cause of another.
    causes: BTreeMap<Rule, BTreeMap<AlertKey, AlertId>>,
    /// How many stand and are held.
    pub held: usize,
}

impl Index {
    pub(super) fn add(&mut self, alert: &Alert) {
        self.owed.add(alert);
        self.held += usize::from(is_held(alert));
        self.days.extend(next_day(alert).map(|day| (day, alert.key())));
        if is_cause(alert) {
            let standing = self.causes.entry(alert.finding.rule).or_default();
            standing.insert(alert.key(), alert.id.clone());
        }
    }

    pub(super) fn remove(&mut self, alert: &Alert) {
        self.owed.remove(alert);
        self.held -= usize::from(is_held(alert));
        if let Some(day) = next_day(alert) {
            self.days.remove(&(day, alert.key()));
        }
        if is_cause(alert)
            && let Some(standing) = self.causes.get_mut(&alert.finding.rule)
        {
            standing.remove(&alert.key());
        }
    }

    /// The causes of an alert that stand, by rule: the first of each, and how many.
    pub(super) fn causes_of(&self, effect: Rule) -> Vec<Cause> {
        let of_it = self.causes.iter().filter(|(rule, _)| rule.is_cause_of() == Some(effect));
        let cause = |(rule, standing): (&Rule, &BTreeMap<AlertKey, AlertId>)| {
            let count = u32::try_from(standing.len()).unwrap_or(u32::MAX);
            standing.first_key_value().map(|(_, id)| Cause { rule: *rule, alert_id: id.clone(), count })
        };
        of_it.filter_map(cause).collect()
    }

    pub(super) fn first_day(&self) -> Option<Day> {
        self.days.first().map(|(day, _)| *day)
    }

    /// The alerts whose day has come, by their keys.
    pub(super) fn come(&self, today: Day) -> BTreeSet<AlertKey> {
        self.days.iter().take_while(|(day, _)| *day <= today).map(|(_, key)| key.clone()).collect()
    }
}

fn is_held(alert: &Alert) -> bool {
    alert.held.is_some() && alert.stands()
}

fn is_cause(alert: &Alert) -> bool {
    alert.finding.rule.is_cause_of().is_some() && alert.stands()
}

/// The first day on which an alert changes by the calendar alone: that after the last of what runs.
fn next_day(alert: &Alert) -> Option<Day> {
    let exemption = alert.casework.exemption.as_ref().map(|exemption| exemption.until);
    let times = alert.clock.running.map(|running| [running.acknowledge_by, running.settle_by]);
    let last = exemption.into_iter().chain(times.into_iter().flatten().flatten()).min();
    last.map(|day| day.plus(1))
}
