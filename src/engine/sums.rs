//! How many alerts of a kind stand in a project, and what they sum up to: kept as rows come, so that whoever counts them
//! walks kinds and projects and not alerts. Knows no caller and no filter: a group's members are alike in all that either
//! asks about.

use crate::domain::{Address, AlertRow, AlertStatus, Level, ProjectId, Rule, Sum};
use hashbrown::HashMap;
use std::sync::Arc;

/// Alerts that are alike but for whom they are about, and how much.
#[derive(Clone)]
pub struct Group {
    /// One that is, or was, of it.
    pub sample: Arc<AlertRow>,
    pub count: u64,
    pub amount: Sum,
    pub workers: u64,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    place: Place,
    rule: Rule,
    level: Level,
    status: AlertStatus,
    rolled_up: bool,
    is_held: bool,
    escalation: u8,
}

/// What says for whom an alert is.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Place {
    Project(ProjectId),
    /// Of no single project: the sectors and territories that it names itself.
    Addressed(Vec<Address>),
}

/// The groups of one shard.
#[derive(Default)]
pub(super) struct Sums(HashMap<Key, Group, foldhash::fast::FixedState>);

impl Sums {
    /// An alert stands, as the row says.
    pub fn add(&mut self, row: &Arc<AlertRow>) {
        let finding = &row.alert.finding;
        let empty = || Group { sample: row.clone(), count: 0, amount: 0, workers: 0 };
        let group = self.0.entry(key(row)).or_insert_with(empty);
        group.count += 1;
        group.amount += finding.amount;
        group.workers += u64::from(finding.workers);
    }

    /// An alert stands no longer as that row says.
    pub fn take(&mut self, row: &AlertRow) {
        let (key, finding) = (key(row), &row.alert.finding);
        let Some(group) = self.0.get_mut(&key) else { return };
        group.count -= 1;
        group.amount -= finding.amount;
        group.workers -= u64::from(finding.workers);
        if group.count == 0 {
            self.0.remove(&key);
        }
    }

    pub fn all(&self) -> Vec<Group> {
        self.0.values().cloned().collect()
    }
}

fn key(row: &AlertRow) -> Key {
    let (alert, finding) = (&row.alert, &row.alert.finding);
    let place = match row.project_id().is_county() {
        true => Place::Addressed(finding.evidence.addresses()),
        false => Place::Project(row.project_id().clone()),
    };
    Key {
        place,
        rule: finding.rule,
        level: finding.level,
        status: alert.status,
        rolled_up: alert.rolled_up,
        is_held: alert.held.is_some(),
        escalation: alert.clock.escalation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::sample::{alert, wage};
    use crate::domain::{Change, Position};

    fn row(seq: u64, n: u8, project: &str, amount: Sum, status: AlertStatus) -> Arc<AlertRow> {
        let mut alert = alert(wage(n, "2026-03", amount));
        alert.finding.project_id = ProjectId::parse("project_id", project).unwrap();
        alert.status = status;
        let (position, change) = (Position(seq), Change::Raised);
        Arc::new(AlertRow { shard: 0, seq, position, written_ms: 0, change, alert, rulebook: "1".into() })
    }

    #[test]
    fn groups_are_as_many_as_projects_and_kinds_however_many_alerts_stand() {
        let mut sums = Sums::default();
        let mut rows = Vec::new();
        for seq in 0..100_000_u64 {
            let project = ["P1", "P2", "P3"][usize::try_from(seq % 3).unwrap()];
            let status = if seq % 7 == 0 { AlertStatus::Acknowledged } else { AlertStatus::Open };
            let amount = Sum::from(i32::try_from(seq % 1000).unwrap());
            rows.push(row(seq, u8::try_from(seq % 250).unwrap(), project, amount, status));
        }
        rows.iter().for_each(|row| sums.add(row));
        // What is taken was added before, in whatever order.
        rows.iter().step_by(2).for_each(|row| sums.take(row));
        let left: Vec<&Arc<AlertRow>> = rows.iter().skip(1).step_by(2).collect();
        let groups = sums.all();
        assert_eq!(groups.len(), 6, "three projects, two states");
        for group in &groups {
            let like = left.iter().filter(|row| key(row) == key(&group.sample));
            let (mut count, mut amount) = (0, 0);
            like.for_each(|row| {
                count += 1;
                amount += row.alert.finding.amount;
            });
            assert_eq!((group.count, group.amount, group.workers), (count, amount, count));
        }
        left.iter().for_each(|row| sums.take(row));
        assert!(sums.all().is_empty());
    }
}
