//! Counts and sums over alerts that stand.

use super::present;
use super::rows::Prepared;
use crate::alerts::Directory;
use crate::domain::{AlertStatus, Day, Sum};
use crate::engine::Group;
use crate::proto::v1 as pb;
use compact_str::{CompactString, ToCompactString};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Default)]
struct Count {
    open: u64,
    acknowledged: u64,
    dismissed: u64,
    handling: u64,
    exempted: u64,
    amount: Sum,
    workers: u64,
}

/// Counts by rule, level, department and territory. A worker's alert that is part of its project's
/// counts by rule only: what is owed is not counted twice.
#[derive(Default)]
pub struct Counts {
    total: Count,
    by_rule: BTreeMap<CompactString, Count>,
    by_level: BTreeMap<CompactString, Count>,
    by_department: BTreeMap<CompactString, Count>,
    by_territory: BTreeMap<CompactString, Count>,
    by_sector: BTreeMap<CompactString, Count>,
}

impl Count {
    fn add(&mut self, group: &Group) {
        let alert = &group.sample.alert;
        match alert.status {
            AlertStatus::Open => self.open += group.count,
            AlertStatus::Acknowledged => self.acknowledged += group.count,
            AlertStatus::Dismissed => self.dismissed += group.count,
            AlertStatus::Handling => self.handling += group.count,
            AlertStatus::Exempted => self.exempted += group.count,
            AlertStatus::Resolved => {}
        }
        if alert.asks() {
            self.amount += group.amount;
            self.workers += group.workers;
        }
    }

    fn shown(&self, key: &str) -> pb::AlertCount {
        pb::AlertCount {
            key: key.to_owned(),
            open: self.open,
            acknowledged: self.acknowledged,
            dismissed: self.dismissed,
            amount_fen: present::fen(self.amount),
            workers: self.workers,
            handling: self.handling,
            exempted: self.exempted,
            name: String::new(),
            projects_in_doubt: 0,
        }
    }
}

impl Counts {
    /// Alerts that are alike; `alert` is one of them, made ready.
    pub fn add(&mut self, group: &Group, alert: &Prepared) {
        let finding = &alert.row.alert.finding;
        self.by_rule.entry(finding.rule.as_str().to_compact_string()).or_default().add(group);
        if alert.row.alert.rolled_up {
            return;
        }
        self.total.add(group);
        self.by_level.entry(finding.level.as_str().to_compact_string()).or_default().add(group);
        for department in &alert.departments {
            self.by_department.entry(department.clone()).or_default().add(group);
        }
        // Once for each, be it at home there with several projects.
        let sectors: BTreeSet<&str> = alert.places().map(|place| place.sector).collect();
        let territories: BTreeSet<&str> = alert.places().map(|place| place.territory).collect();
        for sector in sectors {
            self.by_sector.entry(sector.into()).or_default().add(group);
        }
        for territory in territories {
            self.by_territory.entry(territory.into()).or_default().add(group);
        }
    }

    pub fn into_response(self, today: Option<Day>, routes: &Directory) -> pb::StatsResponse {
        let all = |counts: BTreeMap<CompactString, Count>| {
            counts.iter().map(|(key, count)| count.shown(key)).collect()
        };
        let named = |counts: BTreeMap<CompactString, Count>, name: &dyn Fn(&str) -> Option<CompactString>| {
            let one = |(key, count): (&CompactString, &Count)| pb::AlertCount {
                name: name(key).map_or_else(String::new, |name| name.to_string()),
                ..count.shown(key)
            };
            counts.iter().map(one).collect()
        };
        let department = |code: &str| routes.department(code).map(|d| d.name.clone());
        let territory = |code: &str| routes.route("", code, None).territory.map(|t| t.name.clone());
        let sector = |code: &str| routes.route(code, "", None).sector_department.map(|d| d.name.clone());
        pb::StatsResponse {
            business_date: today.map(|day| day.to_string()),
            total: Some(self.total.shown("")),
            by_rule: all(self.by_rule),
            by_level: all(self.by_level),
            by_department: named(self.by_department, &department),
            by_territory: named(self.by_territory, &territory),
            by_sector: named(self.by_sector, &sector),
            ..pb::StatsResponse::default()
        }
    }
}
