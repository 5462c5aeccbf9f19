//! What became of alerts over some months, by department, territory and rule; and the firms that were red
//! in a quarter. Sums up what the shards have counted.

use super::filter::Filter;
use super::present;
use super::rows::Rows;
use crate::access::Place;
use crate::alerts::{Directory, RedSpell, Tallies, Tally, TallyKey};
use crate::domain::{Day, DismissReason, Period, ProjectId, Rule};
use crate::guard::Visit;
use crate::proto::Refusal;
use crate::proto::v1 as pb;
use compact_str::{CompactString, ToCompactString};
use std::collections::BTreeMap;

/// The months, and the quarter to be published.
pub struct Span {
    from: Option<Period>,
    to: Option<Period>,
    quarter: Option<(Day, Day)>,
}

impl Span {
    pub fn parse(request: &pb::StatsRequest) -> Result<Span, Refusal> {
        let month = |field: &str, text: Option<&String>| match text {
            None => Ok(None),
            Some(text) => match Period::parse(text) {
                Some(month) => Ok(Some(month)),
                None => Err(Refusal::invalid(field, "a month as YYYY-MM")),
            },
        };
        let quarter = match &request.publication_quarter {
            None => None,
            Some(text) => {
                let expected = || Refusal::invalid("publication_quarter", "a quarter such as 2026Q2");
                Some(quarter(text).ok_or_else(expected)?)
            }
        };
        let from = month("from_month", request.from_month.as_ref())?;
        let to = month("to_month", request.to_month.as_ref())?;
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(Refusal::invalid("to_month", "a month not before from_month"));
        }
        Ok(Span { from, to, quarter })
    }

    fn covers(&self, month: Period) -> bool {
        self.from.is_none_or(|from| month >= from) && self.to.is_none_or(|to| month <= to)
    }
}

/// The first and the last day of `2026Q2`.
fn quarter(text: &str) -> Option<(Day, Day)> {
    let (year, quarter) = text.split_once('Q')?;
    let quarter: u32 = Some(quarter).filter(|q| q.len() == 1)?.parse().ok()?;
    let year: i32 = Some(year).filter(|y| y.len() == 4)?.parse().ok()?;
    let first = (1..=4).contains(&quarter).then(|| Period::from_ym(year, quarter * 3 - 2))??;
    Some((first.first_day(), first.plus(2).day_or_last(31)))
}

#[derive(Default)]
pub struct Figures {
    total: Tally,
    by_department: BTreeMap<CompactString, Tally>,
    by_territory: BTreeMap<CompactString, Tally>,
    by_rule: BTreeMap<CompactString, Tally>,
    by_month: BTreeMap<Period, Tally>,
    publication: Vec<pb::PublicationEntry>,
}

impl Figures {
    pub fn of(all: &[Tallies], span: &Span, filter: &Filter, rows: &Rows, visit: &Visit) -> Figures {
        let mut figures = Figures::default();
        for tallies in all {
            for (key, tally) in tallies.counts.iter().filter(|(key, _)| span.covers(key.month)) {
                figures.add(key, tally, filter, rows.routes(), visit);
            }
            for ((project, rule), spells) in &tallies.red {
                let quarter = span.quarter.filter(|_| visit.sees_project(rows.home_of(project).place()));
                if let Some(quarter) = quarter {
                    let red = spells.iter().filter(|spell| overlaps(spell, quarter));
                    figures.publication.extend(red.map(|spell| entry(project, *rule, spell)));
                }
            }
        }
        let order = |e: &pb::PublicationEntry| {
            (e.contractor_uscc.clone(), e.project_id.clone(), e.rule, e.red_since.clone())
        };
        figures.publication.sort_by_key(order);
        figures
    }

    fn add(&mut self, key: &TallyKey, tally: &Tally, filter: &Filter, routes: &Directory, visit: &Visit) {
        let audience = routes.route(&key.sector, &key.territory, None);
        let told: Vec<CompactString> = audience.departments().iter().map(|d| d.code.clone()).collect();
        let place = Place { sector: &key.sector, territory: &key.territory, departments: &told };
        if !visit.sees_project(place) || !filter.tally_passes(key.rule, &key.sector, &key.territory, &told) {
            return;
        }
        // Whoever answers for the sector; for an unknown one, who coordinates.
        let department = audience.sector_department.unwrap_or(audience.coordinator);
        self.total.add(tally);
        self.by_department.entry(department.code.clone()).or_default().add(tally);
        self.by_territory.entry(key.territory.clone()).or_default().add(tally);
        self.by_rule.entry(key.rule.as_str().to_compact_string()).or_default().add(tally);
        self.by_month.entry(key.month).or_default().add(tally);
    }

    pub fn into_response(self, mut response: pb::StatsResponse) -> pb::StatsResponse {
        let all = |tallies: &BTreeMap<CompactString, Tally>| {
            tallies.iter().map(|(key, tally)| shown(key, tally)).collect()
        };
        response.figures = Some(shown("", &self.total));
        response.figures_by_department = all(&self.by_department);
        response.figures_by_territory = all(&self.by_territory);
        response.figures_by_rule = all(&self.by_rule);
        let month = |(month, tally): (&Period, &Tally)| shown(&month.to_string(), tally);
        response.figures_by_month = self.by_month.iter().map(month).collect();
        response.publication = self.publication;
        response
    }
}

fn overlaps(spell: &RedSpell, (first, last): (Day, Day)) -> bool {
    spell.since <= last && spell.until.is_none_or(|until| until >= first)
}

fn entry(project: &ProjectId, rule: Rule, spell: &RedSpell) -> pb::PublicationEntry {
    pb::PublicationEntry {
        contractor_name: spell.contractor_name.to_string(),
        contractor_uscc: spell.contractor_uscc.to_string(),
        project_id: project.to_string(),
        project_name: spell.project_name.to_string(),
        rule: present::rule(rule),
        amount_fen: present::fen(spell.amount),
        red_since: spell.since.to_string(),
        red_until: spell.until.map(|day| day.to_string()),
    }
}

fn shown(key: &str, tally: &Tally) -> pb::Figures {
    let dismissed = DismissReason::ALL.iter().zip(tally.dismissed);
    let dismissed = dismissed.filter(|(_, count)| *count > 0);
    pb::Figures {
        key: key.to_owned(),
        opened: tally.opened,
        acknowledged_in_time: tally.acknowledged_in_time,
        acknowledged_late: tally.acknowledged_late,
        settled_in_time: tally.settled_in_time,
        settled_late: tally.settled_late,
        escalated: tally.escalated,
        dismissed: tally.dismissals(),
        dismissed_by_reason: dismissed
            .map(|(reason, count)| pb::DismissCount { reason: present::dismiss_reason(*reason), count })
            .collect(),
        confirmed: tally.confirmed,
        precision: tally.precision(),
        arrears_found_fen: present::fen(tally.found),
        arrears_cleared_fen: present::fen(tally.cleared),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_are_three_months() {
        let days = |text: &str| quarter(text).map(|(first, last)| format!("{first} {last}"));
        assert_eq!(days("2026Q1").as_deref(), Some("2026-01-01 2026-03-31"));
        assert_eq!(days("2026Q4").as_deref(), Some("2026-10-01 2026-12-31"));
        for wrong in ["2026Q0", "2026Q5", "2026Q", "Q1", "2026q1", "26Q1", "2026Q11", ""] {
            assert_eq!(days(wrong), None, "{wrong}");
        }
    }
}
