//! Counts and sums over alerts that stand.

use super::present;
use super::rows::Prepared;
use crate::domain::{AlertStatus, Day, Sum};
use crate::proto::v1 as pb;
use compact_str::{CompactString, ToCompactString};
use std::collections::BTreeMap;

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
}

impl Count {
    fn add(&mut self, alert: &Prepared) {
        let alert = &alert.row.alert;
        match alert.status {
            AlertStatus::Open => self.open += 1,
            AlertStatus::Acknowledged => self.acknowledged += 1,
            AlertStatus::Dismissed => self.dismissed += 1,
            AlertStatus::Handling => self.handling += 1,
            AlertStatus::Exempted => self.exempted += 1,
            AlertStatus::Resolved => {}
        }
        if alert.asks() {
            self.amount += alert.finding.amount;
            self.workers += u64::from(alert.finding.workers);
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
        }
    }
}

impl Counts {
    pub fn add(&mut self, alert: &Prepared) {
        let finding = &alert.row.alert.finding;
        self.by_rule.entry(finding.rule.as_str().to_compact_string()).or_default().add(alert);
        if alert.row.alert.rolled_up {
            return;
        }
        self.total.add(alert);
        self.by_level.entry(finding.level.as_str().to_compact_string()).or_default().add(alert);
        for department in &alert.departments {
            self.by_department.entry(department.clone()).or_default().add(alert);
        }
        let territory = alert.facts.as_ref().map(|facts| facts.territory.clone()).unwrap_or_default();
        self.by_territory.entry(territory).or_default().add(alert);
    }

    pub fn into_response(self, today: Option<Day>) -> pb::StatsResponse {
        let all = |counts: BTreeMap<CompactString, Count>| {
            counts.iter().map(|(key, count)| count.shown(key)).collect()
        };
        pb::StatsResponse {
            business_date: today.map(|day| day.to_string()),
            total: Some(self.total.shown("")),
            by_rule: all(self.by_rule),
            by_level: all(self.by_level),
            by_department: all(self.by_department),
            by_territory: all(self.by_territory),
            ..pb::StatsResponse::default()
        }
    }
}
