//! Which projects' figures are in doubt, put together from what stands: the second stage's silent feeds, and the
//! shards' silent sites. A function of the rows, so the same after a restart. Knows no rule.

use super::feed::Feed;
use crate::domain::{
    AlertRow, Day, Doubt, DoubtKind, Doubts, Evidence, FactName, FactValue, ProjectId, Rule,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is known of silence.
#[derive(Default)]
pub struct DoubtBook {
    /// Projects whose `attendance-silent` stands, with the last day on which anybody worked.
    sites: BTreeMap<ProjectId, Day>,
    feeds: Doubts,
    changed: bool,
}

impl DoubtBook {
    /// As all standing rows tell it.
    pub fn of(feed: &Feed) -> DoubtBook {
        let mut book = DoubtBook { changed: true, ..DoubtBook::default() };
        for shard in 0..feed.shards() {
            feed.standing(shard).1.iter().for_each(|row| book.row(row));
        }
        book
    }

    /// Takes over what a row says of its site.
    pub fn row(&mut self, row: &AlertRow) {
        let alert = &row.alert;
        if alert.finding.rule != Rule::AttendanceSilent {
            return;
        }
        let project = row.project_id();
        self.changed |= match alert.stands() {
            true => {
                let since = last_worked(&alert.finding.evidence).unwrap_or(alert.raised_on);
                self.sites.insert(project.clone(), since) != Some(since)
            }
            false => self.sites.remove(project).is_some(),
        };
    }

    /// What the second stage says of feeds.
    pub fn feeds(&mut self, feeds: Doubts) {
        self.changed |= self.feeds != feeds;
        self.feeds = feeds;
    }

    /// All of it, if it is another than at the last call.
    pub fn take_changed(&mut self) -> Option<Arc<Doubts>> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let mut all = self.feeds.clone();
        for (project, since) in &self.sites {
            let doubt = Doubt { kind: DoubtKind::Site, source: "".into(), since: *since };
            all.entry(project.clone()).or_default().push(doubt);
        }
        all.values_mut().for_each(|doubts| doubts.sort());
        Some(Arc::new(all))
    }
}

fn last_worked(evidence: &Evidence) -> Option<Day> {
    let Evidence::Facts(facts) = evidence else { return None };
    facts.iter().find_map(|fact| match (&fact.name, &fact.value) {
        (FactName::LastWorkedOn, FactValue::Date(day)) => Some(*day),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::sample::{alert, day, wage};
    use crate::domain::{Alert, AlertStatus, Change, Fact, Finding, Level, Position, Subject};

    fn row(status: AlertStatus, last: &str) -> AlertRow {
        let project = wage(1, "2026-03", 1).project_id;
        let facts = vec![Fact::date(FactName::LastWorkedOn, day(last))];
        let finding = Finding::new(Rule::AttendanceSilent, &project, Subject::Project, Level::Blue, facts);
        AlertRow {
            shard: 0,
            seq: 1,
            position: Position(1),
            written_ms: 0,
            change: Change::Raised,
            alert: Alert { status, ..alert(finding) },
            rulebook: "1".into(),
        }
    }

    #[test]
    fn a_silent_site_is_in_doubt_until_it_is_heard_of_and_each_change_is_told_once() {
        let mut book = DoubtBook::default();
        book.row(&row(AlertStatus::Open, "2026-03-02"));
        let told = book.take_changed().unwrap();
        let doubts: Vec<&Doubt> = told.values().flatten().collect();
        assert_eq!(doubts.len(), 1);
        assert_eq!((doubts[0].kind, doubts[0].since), (DoubtKind::Site, day("2026-03-02")));
        book.row(&row(AlertStatus::Acknowledged, "2026-03-02"));
        assert_eq!(book.take_changed(), None);
        let project = told.keys().next().unwrap().clone();
        let bank = Doubt { kind: DoubtKind::Bank, source: "ABC".into(), since: day("2026-01-05") };
        book.feeds([(project.clone(), vec![bank.clone()])].into());
        assert_eq!(book.take_changed().unwrap()[&project].len(), 2);
        book.row(&row(AlertStatus::Resolved, "2026-03-02"));
        assert_eq!(book.take_changed().unwrap()[&project], [bank]);
        book.feeds(Doubts::new());
        assert!(book.take_changed().unwrap().is_empty());
    }
}
