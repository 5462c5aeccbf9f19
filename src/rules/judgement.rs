//! One judgement: the date, the rulebook and the sector that it is made under, and what comes of it.
//! Holds back what the rulebook has switched off. Knows no rule.

use crate::domain::{Day, Finding, Numbers, Rule, Rulebook};
use std::collections::BTreeSet;

pub struct Judgement<'a> {
    pub today: Day,
    pub book: &'a Rulebook,
    /// The project's sector, if a `project` record is known.
    pub sector: Option<&'a str>,
    findings: Vec<Finding>,
    again: BTreeSet<Day>,
}

impl<'a> Judgement<'a> {
    pub fn new(today: Day, book: &'a Rulebook, sector: Option<&'a str>) -> Judgement<'a> {
        Judgement { today, book, sector, findings: Vec::new(), again: BTreeSet::new() }
    }

    /// The numbers that count today.
    pub fn numbers(&self) -> &'a Numbers {
        self.book.at(self.today)
    }

    /// Whether the rule is on today in that sector (`None`: which it is is not known).
    pub fn judges(&self, rule: Rule, sector: Option<&str>) -> bool {
        self.numbers().is_on(rule, sector)
    }

    /// Something is true now. A rule that is switched off in the sector finds nothing.
    pub fn find(&mut self, finding: Finding) {
        if self.judges(finding.rule, self.sector) {
            self.findings.push(finding);
        }
    }

    /// On that day the answer may be another though no record comes. Days that are not ahead are no matter.
    pub fn look_again(&mut self, day: Day) {
        if day > self.today {
            self.again.insert(day);
        }
    }

    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What was found, in the order in which it was found, and the later days to look again, ascending.
    pub fn into_parts(self) -> (Vec<Finding>, BTreeSet<Day>) {
        (self.findings, self.again)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Level, ProjectId, Subject, Switch};

    #[test]
    fn what_is_switched_off_in_a_sector_is_not_found_there() {
        let mut numbers = Numbers::default();
        numbers.switches.insert(Rule::UnknownProject, Switch { off: false, off_in: vec!["solar".into()] });
        let book = Rulebook::of(numbers);
        for (sector, found) in [(Some("solar"), 0), (Some("wind"), 1), (None, 1)] {
            let mut on = Judgement::new(Day(100), &book, sector);
            let project = ProjectId::parse("project_id", "P1").unwrap();
            on.find(Finding::new(Rule::UnknownProject, &project, Subject::Project, Level::Yellow, vec![]));
            assert_eq!(on.findings().len(), found, "{sector:?}");
        }
    }

    #[test]
    fn only_days_ahead_are_looked_at_again() {
        let book = Rulebook::default();
        let mut on = Judgement::new(Day(100), &book, None);
        [99, 100, 102, 101, 102].map(Day).into_iter().for_each(|day| on.look_again(day));
        assert_eq!(on.into_parts().1.into_iter().collect::<Vec<_>>(), [Day(101), Day(102)]);
    }
}
