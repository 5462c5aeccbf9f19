//! What a project's alerts come to and when they are due, kept up to date alert by alert: nothing
//! here needs a walk over all of them. Each alert is counted out as it stood and in as it stands.

use super::owed::Owed;
use crate::domain::{Alert, AlertKey, Day};
use std::collections::BTreeSet;

#[derive(Clone, Default, Debug)]
pub(super) struct Index {
    pub owed: Owed,
    /// When an alert is to be looked at because of what people said or did not say about it.
    days: BTreeSet<(Day, AlertKey)>,
}

impl Index {
    pub(super) fn add(&mut self, alert: &Alert) {
        self.owed.add(alert);
        self.days.extend(next_day(alert).map(|day| (day, alert.key())));
    }

    pub(super) fn remove(&mut self, alert: &Alert) {
        self.owed.remove(alert);
        if let Some(day) = next_day(alert) {
            self.days.remove(&(day, alert.key()));
        }
    }

    pub(super) fn first_day(&self) -> Option<Day> {
        self.days.first().map(|(day, _)| *day)
    }

    /// The alerts whose day has come, by their keys.
    pub(super) fn come(&self, today: Day) -> BTreeSet<AlertKey> {
        self.days.iter().take_while(|(day, _)| *day <= today).map(|(_, key)| key.clone()).collect()
    }
}

/// The first day on which an alert changes by the calendar alone: that after the last of what runs.
fn next_day(alert: &Alert) -> Option<Day> {
    let exemption = alert.casework.exemption.as_ref().map(|exemption| exemption.until);
    let times = alert.clock.running.map(|running| [running.acknowledge_by, running.settle_by]);
    let last = exemption.into_iter().chain(times.into_iter().flatten().flatten()).min();
    last.map(|day| day.plus(1))
}
