//! Which projects' figures hang on a feed that is silent now: what the alerts of feeds say, by project.

use super::Bureau;
use crate::domain::{Day, Doubt, DoubtKind, Doubts, Evidence, Fact, FactName, FactValue, Rule, Subject};

impl Bureau {
    /// The projects that depend on a feed that is silent now, if feeds were judged since the last call.
    pub fn take_doubts(&mut self) -> Option<Doubts> {
        std::mem::take(&mut self.feeds_judged).then(|| self.doubts())
    }

    /// The projects that depend on a feed that is silent.
    pub fn doubts(&self) -> Doubts {
        let mut doubts = Doubts::new();
        let Some(today) = self.meta.today else { return doubts };
        for alert in self.alerts.standing().filter(|alert| alert.finding.rule == Rule::FeedSilent) {
            let Subject::Source(name) = &alert.finding.subject else { continue };
            for (kind, since) in silences(&alert.finding.evidence) {
                for project in self.roster.waiting(name, kind, today) {
                    let doubt = Doubt { kind, source: name.clone(), since };
                    doubts.entry(project.clone()).or_default().push(doubt);
                }
            }
        }
        for reasons in doubts.values_mut() {
            reasons.sort();
            reasons.dedup();
        }
        doubts
    }
}

/// As what a feed is silent, and since when: what the finding itself says.
fn silences(evidence: &Evidence) -> Vec<(DoubtKind, Day)> {
    let Evidence::Facts(facts) = evidence else { return Vec::new() };
    let pair = |pair: &[Fact]| match (&pair[0].value, pair[0].name, pair[1].name) {
        (FactValue::Date(since), FactName::LastSeenOn, FactName::Projects) => {
            Some((DoubtKind::Attendance, *since))
        }
        (FactValue::Date(since), FactName::LastSeenOn, FactName::Accounts) => Some((DoubtKind::Bank, *since)),
        _ => None,
    };
    facts.windows(2).filter_map(pair).collect()
}
