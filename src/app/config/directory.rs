//! Who answers for what: departments with their sectors, territories with their department.
//! Plain data, checked against itself; knows no alert and no routing.

use super::Text;
use super::problem::{ConfigError, Place};
use super::row::{NAME, Row, rows};
use crate::domain::Funding;
use std::collections::BTreeMap;

/// What a department is to an alert.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Role {
    /// Coordinates all; gets what nobody else answers for. There is exactly one.
    Coordinator,
    SectorConstruction,
    SectorOther,
    /// Answers for an area.
    Territory,
    /// Acts on some alerts, or feeds records in; gets none by itself.
    Support,
    /// Gets what was not dealt with in time for the second time. There is one at most.
    CountyHead,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Department {
    pub code: String,
    pub name: String,
    pub role: Role,
    /// What it has to do, in words.
    pub duty: String,
    /// The sector codes that it answers for.
    pub sectors: Vec<String>,
    /// It is told, beside the others, of every project with such funding.
    pub funding: Vec<Funding>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Territory {
    pub code: String,
    pub name: String,
    /// Code of the department that answers for the area.
    pub department: String,
}

/// Both files, in their order; every reference holds and nothing stands twice.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Directory {
    pub departments: Vec<Department>,
    pub territories: Vec<Territory>,
}

impl Role {
    const WORDS: [(&'static str, Role); 6] = [
        ("coordinator", Role::Coordinator),
        ("sector-construction", Role::SectorConstruction),
        ("sector-other", Role::SectorOther),
        ("territory", Role::Territory),
        ("support", Role::Support),
        ("county-head", Role::CountyHead),
    ];

    pub fn as_str(self) -> &'static str {
        Role::WORDS.iter().find(|(_, role)| *role == self).map_or("support", |(word, _)| word)
    }
}

impl Directory {
    /// Every sector that a department answers for.
    pub fn sectors(&self) -> Vec<&str> {
        self.departments.iter().flat_map(|d| &d.sectors).map(String::as_str).collect()
    }

    /// The one department that gets everything (and what nobody else answers for).
    pub fn coordinator(&self) -> Option<&Department> {
        self.departments.iter().find(|d| d.role == Role::Coordinator)
    }
}

pub(super) fn built_in_departments() -> Text {
    Text {
        path: "config/departments.toml (built in)".into(),
        text: include_str!("../../../config/departments.toml").into(),
    }
}

pub(super) fn built_in_territories() -> Text {
    Text {
        path: "config/territories.toml (built in)".into(),
        text: include_str!("../../../config/territories.toml").into(),
    }
}

/// Both files; what is wrong in them, or between them, goes to `problems`.
pub(super) fn parse(departments: &Text, territories: &Text, problems: &mut Vec<ConfigError>) -> Directory {
    let (departments, whole) = parse_departments(departments, problems);
    let territories = parse_territories(territories, whole.then_some(departments.as_slice()), problems);
    Directory { departments, territories }
}

// Also says whether the file could be judged whole, so that one fault is not told a hundred times.
fn parse_departments(file: &Text, problems: &mut Vec<ConfigError>) -> (Vec<Department>, bool) {
    let before = problems.len();
    let mut departments = Vec::new();
    let mut codes = BTreeMap::new();
    let mut sectors: BTreeMap<String, (String, usize)> = BTreeMap::new();
    let mut coordinators: Vec<usize> = Vec::new();
    for mut row in rows(file, "department", &["code", "name", "role", "duty", "sectors", "funding"], problems)
    {
        let code = row.code("code", &mut codes);
        let name = row.text("name", NAME);
        let duty = row.optional_text("duty");
        let role = row.role();
        let own = row.texts("sectors");
        let funding = row.funding();
        for (line, sector) in &own {
            match sectors.get(sector) {
                Some((other, first)) => row.problem(
                    *line,
                    format!("sector \"{sector}\" is also claimed by \"{other}\" in line {first}"),
                    "one department a sector",
                ),
                None => {
                    sectors.insert(sector.clone(), (code.clone().unwrap_or_default(), *line));
                }
            }
        }
        if role == Some(Role::Coordinator) {
            coordinators.push(row.line);
        }
        if let (Some(code), Some(name), Some(role)) = (code, name, role) {
            let sectors = own.into_iter().map(|(_, sector)| sector).collect();
            departments.push(Department { code, name, role, duty, sectors, funding });
        }
        problems.append(&mut row.problems);
    }
    let whole = problems.len() == before;
    match coordinators.as_slice() {
        [] if whole => problems.push(ConfigError::new(
            Place::line(&file.path, 0),
            "no department has the role \"coordinator\"",
            "exactly one",
        )),
        [first, more @ ..] => problems.extend(more.iter().map(|line| {
            let what = format!("a second coordinator, beside the one in line {first}");
            ConfigError::new(Place::line(&file.path, *line), what, "exactly one")
        })),
        [] => {}
    }
    (departments, whole)
}

fn parse_territories(
    file: &Text,
    departments: Option<&[Department]>,
    problems: &mut Vec<ConfigError>,
) -> Vec<Territory> {
    let mut territories = Vec::new();
    let mut codes = BTreeMap::new();
    for mut row in rows(file, "territory", &["code", "name", "department"], problems) {
        let code = row.code("code", &mut codes);
        let name = row.text("name", NAME);
        let department = row.text("department", "the code of a department with the role \"territory\"");
        if let (Some(code), Some(departments)) = (&department, departments) {
            match departments.iter().find(|d| d.code == *code) {
                Some(found) if found.role == Role::Territory => {}
                found => {
                    let known = found
                        .map_or("is unknown".to_owned(), |d| format!("has the role \"{}\"", d.role.as_str()));
                    row.problem(
                        row.line_of("department"),
                        format!("department \"{code}\" {known}"),
                        "the code of a department with the role \"territory\"",
                    );
                }
            }
        }
        if let (Some(code), Some(name), Some(department)) = (code, name, department) {
            territories.push(Territory { code, name, department });
        }
        problems.append(&mut row.problems);
    }
    territories
}

impl Row<'_> {
    fn role(&mut self) -> Option<Role> {
        let list: Vec<&str> = Role::WORDS.iter().map(|(word, _)| *word).collect();
        let expected = format!("one of {}", list.join(", "));
        let text = self.text("role", &expected)?;
        let role = Role::WORDS.iter().find(|(word, _)| *word == text).map(|(_, role)| *role);
        if role.is_none() {
            self.problem(self.line_of("role"), format!("role is {text:?}"), &expected);
        }
        role
    }

    fn funding(&mut self) -> Vec<Funding> {
        let mut all = Vec::new();
        for (line, word) in self.texts("funding") {
            match Funding::parse(&word) {
                Some(funding) => all.push(funding),
                None => {
                    let expected = format!("one of {}", Funding::WORDS.join(", "));
                    self.problem(line, format!("funding has {word:?}"), &expected);
                }
            }
        }
        all
    }
}
