//! What a project's standing wage alerts come to, kept up to date alert by alert, so that the
//! project's own alert costs the same with three workers owed as with three thousand.

use crate::domain::{Alert, Day, IdNumber, Rule, Sum};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Totals over the standing wage alerts of a project, dismissed ones included: a dismissal is about
/// an alert, not about the debt. Sums in fen.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Overdue {
    pub overdue_fen: Sum,
    /// Different workers.
    pub overdue_workers: u32,
    /// Worker-months.
    pub overdue_periods: u32,
    pub oldest_due_on: Option<Day>,
}

#[derive(Clone, Default, Debug)]
pub(super) struct Owed {
    total: Sum,
    periods: u32,
    /// Sum and number of months of each worker who is owed.
    by_worker: BTreeMap<IdNumber, (Sum, u32)>,
    /// The same workers, the one who is owed most first.
    by_sum: BTreeSet<(Reverse<Sum>, IdNumber)>,
    /// How many months are due on each day.
    by_due: BTreeMap<Day, u32>,
}

impl Owed {
    /// Counts an alert in, if it is a standing wage alert.
    pub(super) fn add(&mut self, alert: &Alert) {
        let Some((id, due_on)) = wage(alert) else { return };
        let amount = alert.finding.amount;
        let (sum, months) = self.by_worker.get(id).copied().unwrap_or_default();
        self.set_worker(id, (sum, months), (sum + amount, months + 1));
        self.total += amount;
        self.periods += 1;
        *self.by_due.entry(due_on).or_default() += 1;
    }

    /// Counts out an alert as it stood when it was counted in.
    pub(super) fn remove(&mut self, alert: &Alert) {
        let Some((id, due_on)) = wage(alert) else { return };
        let amount = alert.finding.amount;
        let (sum, months) = self.by_worker.get(id).copied().unwrap_or_default();
        let due = self.by_due.get(&due_on).copied().unwrap_or_default();
        assert!(
            months > 0 && due > 0 && self.periods > 0,
            "bug: an alert left the totals that never came in"
        );
        self.set_worker(id, (sum, months), (sum - amount, months - 1));
        self.total -= amount;
        self.periods -= 1;
        match due {
            1 => self.by_due.remove(&due_on),
            _ => self.by_due.insert(due_on, due - 1),
        };
    }

    fn set_worker(&mut self, id: &IdNumber, old: (Sum, u32), new: (Sum, u32)) {
        if old.1 > 0 {
            self.by_sum.remove(&(Reverse(old.0), id.clone()));
        }
        if new.1 > 0 {
            self.by_sum.insert((Reverse(new.0), id.clone()));
            self.by_worker.insert(id.clone(), new);
        } else {
            self.by_worker.remove(id);
        }
    }

    pub(super) fn totals(&self) -> Overdue {
        Overdue {
            overdue_fen: self.total,
            overdue_workers: u32::try_from(self.by_worker.len()).unwrap_or(u32::MAX),
            overdue_periods: self.periods,
            oldest_due_on: self.by_due.keys().next().copied(),
        }
    }

    pub(super) fn worst(&self, count: usize) -> Vec<(IdNumber, Sum)> {
        self.by_sum.iter().take(count).map(|(sum, id)| (id.clone(), sum.0)).collect()
    }
}

/// Worker and due date of a standing wage alert.
fn wage(alert: &Alert) -> Option<(&IdNumber, Day)> {
    let is_wage = matches!(alert.finding.rule, Rule::WageUnpaid | Rule::WageUnderpaid);
    match (alert.finding.subject.id_number(), alert.finding.due_on) {
        (Some(id), Some(due_on)) if is_wage && alert.stands() => Some((id, due_on)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::sample::{day, person, unregistered, wage};
    use crate::alerts::{PUBLIC_ID_KEY, ProjectAlerts};
    use crate::domain::Finding;
    use proptest::prelude::*;

    /// The same, added up from all alerts.
    fn from_scratch(book: &ProjectAlerts) -> (Overdue, Vec<(IdNumber, Sum)>) {
        let mut totals = Overdue::default();
        let mut workers: BTreeMap<IdNumber, Sum> = BTreeMap::new();
        for (alert, (id, due_on)) in book.iter().filter_map(|alert| Some((alert, wage_of(alert)?))) {
            totals.overdue_fen += alert.finding.amount;
            totals.overdue_periods += 1;
            totals.oldest_due_on = totals.oldest_due_on.into_iter().chain([due_on]).min();
            *workers.entry(id.clone()).or_default() += alert.finding.amount;
        }
        totals.overdue_workers = u32::try_from(workers.len()).unwrap();
        let mut worst: Vec<_> = workers.into_iter().collect();
        worst.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        worst.truncate(3);
        (totals, worst)
    }

    fn wage_of(alert: &Alert) -> Option<(&IdNumber, Day)> {
        super::wage(alert)
    }

    fn findings(n: u8, months: &[(u8, i64)]) -> Vec<Finding> {
        let wages = months.iter().map(|(month, fen)| wage(n, &format!("2026-{month:02}"), Sum::from(*fen)));
        wages.chain([unregistered(n)]).collect()
    }

    proptest! {
        #[test]
        fn the_running_totals_are_those_from_scratch(
            steps in prop::collection::vec((0u8..5, prop::collection::vec((1u8..4, 101i64..105), 0..4)), 0..30)
        ) {
            let mut book = ProjectAlerts::new();
            for (n, months) in steps {
                book.diff_worker(&person(n), findings(n, &months), day("2026-09-01"), &PUBLIC_ID_KEY, &mut Vec::new());
                prop_assert_eq!((book.overdue_totals(), book.worst(3)), from_scratch(&book));
            }
            let mut again = ProjectAlerts::new();
            book.iter().chain(book.iter()).for_each(|alert| again.load(alert.clone()));
            prop_assert_eq!((again.overdue_totals(), again.worst(3)), from_scratch(&book));
        }
    }
}
