//! One alert as a line of the view: no more than is shown or filtered by, for there may be very many.

use crate::command::client::{one_line, sum, word};
use crate::proto::v1 as pb;
use std::cmp::{Ordering, Reverse};
use std::time::Duration;

pub(super) struct Row {
    pub id: String,
    pub level: pb::Level,
    pub status: pb::AlertStatus,
    pub change: pb::Change,
    pub rule: String,
    pub title: Both,
    pub project: String,
    /// Code and name.
    pub department: (String, String),
    pub territory: (String, String),
    pub sum: String,
    pub changed_on: String,
    /// Who acted, and what he wrote.
    pub said: String,
    pub at: Duration,
    pub number: u64,
    /// Came when all that stood was known already.
    pub is_new: bool,
    /// Resolved, or out of sight.
    pub is_gone: bool,
}

/// The same in both tongues.
pub(super) struct Both {
    pub zh: String,
    pub en: String,
}

impl Row {
    pub fn of(event: &pb::AlertEvent, number: u64, at: Duration) -> Option<Row> {
        let alert = event.alert.as_ref()?;
        let title = alert.title.clone().unwrap_or_default();
        let project = alert.project.clone().unwrap_or_default();
        let audience = alert.audience.clone().unwrap_or_default();
        let office = |office: Option<pb::Office>| {
            office.map(|office| (one_line(&office.code), one_line(&office.name))).unwrap_or_default()
        };
        let said = [alert.actor.as_deref(), alert.note.as_deref()];
        let name = if project.name.is_empty() { &project.project_id } else { &project.name };
        Some(Row {
            id: alert.id.clone(),
            level: alert.level(),
            status: alert.status(),
            change: event.change(),
            rule: word(alert.rule().as_str_name(), "RULE_"),
            title: Both { zh: one_line(&title.zh), en: one_line(&title.en) },
            project: one_line(name),
            department: office(audience.department),
            territory: office(audience.territory),
            sum: sum(alert),
            changed_on: one_line(&alert.changed_on),
            said: said.into_iter().flatten().map(one_line).collect::<Vec<_>>().join("  "),
            at,
            number,
            is_new: false,
            is_gone: alert.status() == pb::AlertStatus::Resolved,
        })
    }
}

/// What stands first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// The worst level, within it what changed last.
    Worst,
    /// What changed last.
    Newest,
}

impl Order {
    pub fn compare(self, a: &Row, b: &Row) -> Ordering {
        let newest = |row: &Row| Reverse(row.number);
        match self {
            Order::Worst => (Reverse(a.level), newest(a)).cmp(&(Reverse(b.level), newest(b))),
            Order::Newest => newest(a).cmp(&newest(b)),
        }
    }
}
