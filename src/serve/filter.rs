//! Which alerts a caller wants. Knows the alert, its project's facts and who is told; knows no stream.

use super::rows::Prepared;
use crate::access::{Home, Place};
use crate::domain::{AlertRow, AlertStatus, Change, Finding, Level, ProjectId, Rule};
use crate::proto::Refusal;
use crate::proto::v1 as pb;
use compact_str::CompactString;
use std::collections::BTreeSet;

/// A checked filter. An empty set means all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    sectors: BTreeSet<String>,
    /// Codes; one stands for all that begin with it.
    territories: BTreeSet<String>,
    departments: BTreeSet<String>,
    rules: BTreeSet<Rule>,
    min_level: Option<Level>,
    projects: BTreeSet<String>,
    include_rolled_up: bool,
    /// Those alone that are held in quarantine; else none of them.
    held: bool,
}

/// How many entries a list of a filter may have.
const MAX_ENTRIES: usize = 1000;
const MAX_CHARS: usize = 64;

impl Filter {
    /// `sees_county`: whether the caller sees everything, and so what nobody else is told of.
    pub fn parse(filter: Option<pb::AlertFilter>, sees_county: bool) -> Result<Filter, Refusal> {
        let filter = filter.unwrap_or_default();
        if filter.held && !sees_county {
            return Err(Refusal::Forbidden("what is held in quarantine is the coordinator's".into()));
        }
        Ok(Filter {
            sectors: codes("filter.sectors", filter.sectors)?,
            territories: codes("filter.territories", filter.territories)?,
            departments: codes("filter.departments", filter.departments)?,
            rules: rules(&filter.rules)?,
            min_level: known("filter.min_level", filter.min_level, Level::ALL, Level::WORDS)?,
            projects: projects(filter.project_ids)?,
            include_rolled_up: filter.include_rolled_up,
            held: filter.held,
        })
    }

    /// Everything of this level and worse that is not part of another alert.
    pub fn of_level(min_level: Option<Level>) -> Filter {
        Filter { min_level, ..Filter::default() }
    }

    /// Tells one filter from another in a cursor.
    pub fn fingerprint(&self) -> u32 {
        crc32fast::hash(format!("{self:?}").as_bytes())
    }

    /// Whether the level alone decides over alerts that pass all else.
    pub fn has_level(&self) -> bool {
        self.min_level.is_some()
    }

    pub fn level_passes(&self, level: Level) -> bool {
        self.min_level.is_none_or(|min| level >= min)
    }

    /// What the row alone says, without its project's facts: what fails here need not be made ready.
    pub fn row_passes(&self, row: &AlertRow) -> bool {
        self.level_passes(row.alert.finding.level)
            && self.held == row.alert.held.is_some()
            && (self.include_rolled_up || !row.alert.rolled_up)
            && self.finding_passes(&row.alert.finding)
    }

    /// Everything but the level.
    pub fn subject_passes(&self, alert: &Prepared) -> bool {
        self.held == alert.row.alert.held.is_some()
            && (self.include_rolled_up || !alert.row.alert.rolled_up)
            && self.others_pass(alert)
    }

    /// Whether this row takes an alert out of the caller's sight: it is part of another one now, or, where he
    /// looks at what is held, it is no longer.
    pub fn leaves(&self, alert: &Prepared) -> bool {
        let (change, held) = (alert.row.change, alert.row.alert.held.is_some());
        let rolls_up = !self.include_rolled_up && change == Change::RolledUp && self.held == held;
        let is_let_go = self.held && !held && matches!(change, Change::Released | Change::Shown);
        (rolls_up || is_let_go) && self.others_pass(alert)
    }

    /// Everything but the level and whether it is part of another.
    fn others_pass(&self, alert: &Prepared) -> bool {
        self.finding_passes(&alert.row.alert.finding) && self.place_passes(alert)
    }

    fn finding_passes(&self, finding: &Finding) -> bool {
        (self.rules.is_empty() || self.rules.contains(&finding.rule))
            && (self.projects.is_empty() || self.projects.contains(finding.project_id.as_str()))
    }

    pub fn passes(&self, alert: &Prepared) -> bool {
        self.level_passes(alert.row.alert.finding.level) && self.subject_passes(alert)
    }

    /// Whether a project is asked for, whatever alerts it has.
    pub fn project_passes(&self, project: &ProjectId, home: &Home) -> bool {
        (self.projects.is_empty() || self.projects.contains(project.as_str()))
            && (self.sectors.is_empty() || self.sectors.contains(home.sector.as_str()))
            && territory_passes(&self.territories, &home.territory)
            && (self.departments.is_empty()
                || home.departments.iter().any(|code| self.departments.contains(code.as_str())))
    }

    /// Whether counts of such alerts are asked for.
    pub fn tally_passes(&self, rule: Rule, sector: &str, territory: &str, told: &[CompactString]) -> bool {
        (self.rules.is_empty() || self.rules.contains(&rule))
            && (self.sectors.is_empty() || self.sectors.contains(sector))
            && territory_passes(&self.territories, territory)
            && (self.departments.is_empty()
                || told.iter().any(|code| self.departments.contains(code.as_str())))
    }

    /// The same filter, with rolled-up alerts.
    pub fn with_rolled_up(&self) -> Filter {
        Filter { include_rolled_up: true, ..self.clone() }
    }

    fn place_passes(&self, alert: &Prepared) -> bool {
        let passes = |place: Place<'_>| {
            (self.sectors.is_empty() || self.sectors.contains(place.sector))
                && territory_passes(&self.territories, place.territory)
        };
        alert.places().any(passes)
            && (self.departments.is_empty()
                || alert.departments.iter().any(|code| self.departments.contains(code.as_str())))
    }
}

/// Whether a territory's code begins with one of those asked for; none asked for are all.
pub fn territory_passes<'a>(asked: impl IntoIterator<Item = &'a String>, code: &str) -> bool {
    let mut asked = asked.into_iter().peekable();
    asked.peek().is_none() || asked.any(|prefix| code.starts_with(prefix.as_str()))
}

/// The word of a number on the wire, 1 being the first; 0 is none.
pub fn known<T: Copy>(field: &str, number: i32, all: &[T], words: &[&str]) -> Result<Option<T>, Refusal> {
    if number == 0 {
        return Ok(None);
    }
    let place = usize::try_from(number).ok().and_then(|n| n.checked_sub(1));
    match place.and_then(|place| all.get(place)) {
        Some(one) => Ok(Some(*one)),
        None => Err(Refusal::invalid(field, format!("one of {}", words.join(", ")))),
    }
}

/// The numbers on the wire of some statuses.
pub fn statuses(numbers: &[i32]) -> Result<BTreeSet<AlertStatus>, Refusal> {
    let one = |number: &i32| known("statuses", *number, AlertStatus::ALL, AlertStatus::WORDS);
    Ok(numbers.iter().map(one).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

fn rules(numbers: &[i32]) -> Result<BTreeSet<Rule>, Refusal> {
    if numbers.len() > MAX_ENTRIES {
        return Err(Refusal::invalid("filter.rules", format!("at most {MAX_ENTRIES} rules")));
    }
    let one = |number: &i32| known("filter.rules", *number, Rule::ALL, Rule::WORDS);
    Ok(numbers.iter().map(one).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// A list of codes from a request.
pub fn codes(field: &str, codes: Vec<String>) -> Result<BTreeSet<String>, Refusal> {
    if codes.len() > MAX_ENTRIES {
        return Err(Refusal::invalid(field, format!("at most {MAX_ENTRIES} codes")));
    }
    if let Some(at) = codes.iter().position(|code| code.is_empty() || code.len() > MAX_CHARS) {
        return Err(Refusal::invalid(format!("{field}[{at}]"), format!("a code of 1 to {MAX_CHARS} bytes")));
    }
    Ok(codes.into_iter().collect())
}

fn projects(ids: Vec<String>) -> Result<BTreeSet<String>, Refusal> {
    if ids.len() > MAX_ENTRIES {
        return Err(Refusal::invalid("filter.project_ids", format!("at most {MAX_ENTRIES} projects")));
    }
    for (at, id) in ids.iter().enumerate() {
        ProjectId::parse("project_id", id)
            .map_err(|why| Refusal::invalid(format!("filter.project_ids[{at}]"), why.expected.as_str()))?;
    }
    Ok(ids.into_iter().collect())
}
