//! Who is told of a project's alerts: the sector's department and the territory at once, the
//! coordinator always. Departments and territories are data; reading their file is another's work.

use crate::domain::Funding;
use crate::domain::words;
use compact_str::CompactString;
use std::collections::BTreeMap;

words!(
    /// What a department is in the county's plan.
    Role {
        Coordinator = "coordinator",
        SectorConstruction = "sector-construction",
        SectorOther = "sector-other",
        Territory = "territory",
        Support = "support",
        /// The county's government: the top of the ladder. One at most.
        CountyHead = "county-head",
    }
);

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Department {
    pub code: CompactString,
    pub name: CompactString,
    pub role: Role,
    /// The codes of projects' sectors that it answers for.
    pub sectors: Vec<CompactString>,
    /// It is told, beside the others, of every project with such funding (rulebook: owner-based
    /// bodies are added, not put instead).
    pub funding: Vec<Funding>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Territory {
    /// Nine digits.
    pub code: CompactString,
    pub name: CompactString,
    /// The department that answers for it; absent = the first department of role `territory`.
    pub department: Option<CompactString>,
}

/// The county's departments and territories, checked.
#[derive(Clone, Debug)]
pub struct Directory {
    departments: Vec<Department>,
    coordinator: usize,
    by_sector: BTreeMap<CompactString, usize>,
    territories: BTreeMap<CompactString, (Territory, Option<usize>)>,
}

/// Why a directory cannot be used, with the code at fault.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DirectoryError {
    #[error("department {0:?} stands there twice; a code names one department")]
    DepartmentTwice(CompactString),
    #[error("sector {sector:?} stands under {first:?} and under {second:?}; a sector has one department")]
    SectorTwice { sector: CompactString, first: CompactString, second: CompactString },
    #[error("territory {0:?} stands there twice; a code names one territory")]
    TerritoryTwice(CompactString),
    #[error("territory {territory:?} names department {department:?}, which is none")]
    NoSuchDepartment { territory: CompactString, department: CompactString },
    #[error("found {0} departments of role \"coordinator\"; expected one")]
    Coordinators(usize),
}

/// Who is told of one project's alerts.
#[derive(Clone, PartialEq, Debug)]
pub struct Audience<'a> {
    /// Always told.
    pub coordinator: &'a Department,
    pub sector_department: Option<&'a Department>,
    pub territory: Option<&'a Territory>,
    pub territory_department: Option<&'a Department>,
    /// Owner-based bodies beside them.
    pub added: Vec<&'a Department>,
    /// The flag to the coordinator: the sector or the territory is unknown, so that nobody answers for it yet.
    pub unknown_sector: bool,
    pub unknown_territory: bool,
}

impl Directory {
    pub fn new(
        departments: Vec<Department>,
        territories: Vec<Territory>,
    ) -> Result<Directory, DirectoryError> {
        let mut by_code: BTreeMap<CompactString, usize> = BTreeMap::new();
        let mut by_sector: BTreeMap<CompactString, usize> = BTreeMap::new();
        for (at, department) in departments.iter().enumerate() {
            if by_code.insert(department.code.clone(), at).is_some() {
                return Err(DirectoryError::DepartmentTwice(department.code.clone()));
            }
            for sector in &department.sectors {
                if let Some(first) = by_sector.insert(sector.clone(), at) {
                    return Err(DirectoryError::SectorTwice {
                        sector: sector.clone(),
                        first: departments[first].code.clone(),
                        second: department.code.clone(),
                    });
                }
            }
        }
        let coordinator = only_coordinator(&departments)?;
        let general = departments.iter().position(|department| department.role == Role::Territory);
        let mut placed = BTreeMap::new();
        for territory in territories {
            let department = match &territory.department {
                None => general,
                Some(code) => Some(*by_code.get(code).ok_or_else(|| DirectoryError::NoSuchDepartment {
                    territory: territory.code.clone(),
                    department: code.clone(),
                })?),
            };
            let code = territory.code.clone();
            if placed.insert(code.clone(), (territory, department)).is_some() {
                return Err(DirectoryError::TerritoryTwice(code));
            }
        }
        Ok(Directory { departments, coordinator, by_sector, territories: placed })
    }

    /// Who is told of the alerts of a project; pass empty texts and no funding for an unknown one.
    pub fn route(&self, sector: &str, territory: &str, funding: Option<Funding>) -> Audience<'_> {
        let sector_department = self.by_sector.get(sector).and_then(|at| self.departments.get(*at));
        let placed = self.territories.get(territory);
        let is_added = |department: &&Department| funding.is_some_and(|f| department.funding.contains(&f));
        Audience {
            coordinator: &self.departments[self.coordinator],
            sector_department,
            territory: placed.map(|(territory, _)| territory),
            territory_department: placed.and_then(|(_, at)| self.departments.get((*at)?)),
            added: self.departments.iter().filter(is_added).collect(),
            unknown_sector: sector_department.is_none(),
            unknown_territory: placed.is_none(),
        }
    }

    /// To whom an alert goes that was so often not dealt with in time; `None` for no time, and where the
    /// county names nobody.
    pub fn ladder(&self, step: u8) -> Option<&Department> {
        match step {
            0 => None,
            1 => self.departments.get(self.coordinator),
            _ => self.departments.iter().find(|department| department.role == Role::CountyHead),
        }
    }

    pub fn department(&self, code: &str) -> Option<&Department> {
        self.departments.iter().find(|department| department.code == code)
    }

    pub fn departments(&self) -> &[Department] {
        &self.departments
    }

    pub fn territories(&self) -> impl Iterator<Item = &Territory> {
        self.territories.values().map(|(territory, _)| territory)
    }
}

impl<'a> Audience<'a> {
    /// Whether nobody but the coordinator answers for the sector or for the territory.
    pub fn unknown(&self) -> bool {
        self.unknown_sector || self.unknown_territory
    }

    /// Every department that is told, once each: sector, territory, coordinator, added.
    pub fn departments(&self) -> Vec<&'a Department> {
        let mut told: Vec<&Department> = Vec::new();
        let first = [self.sector_department, self.territory_department, Some(self.coordinator)];
        for department in first.into_iter().flatten().chain(self.added.iter().copied()) {
            if told.iter().all(|one| one.code != department.code) {
                told.push(department);
            }
        }
        told
    }

    /// Whether that department is told.
    pub fn includes(&self, code: &str) -> bool {
        self.departments().iter().any(|department| department.code == code)
    }
}

fn only_coordinator(departments: &[Department]) -> Result<usize, DirectoryError> {
    let mut found = (0..departments.len()).filter(|at| departments[*at].role == Role::Coordinator);
    match (found.next(), found.count()) {
        (Some(at), 0) => Ok(at),
        (None, _) => Err(DirectoryError::Coordinators(0)),
        (Some(_), more) => Err(DirectoryError::Coordinators(more + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn department(code: &str, role: Role, sectors: &[&str]) -> Department {
        Department {
            code: code.into(),
            name: code.into(),
            role,
            sectors: sectors.iter().map(|sector| CompactString::from(*sector)).collect(),
            funding: if code == "state-assets" { vec![Funding::StateOwned] } else { Vec::new() },
        }
    }

    fn departments() -> Vec<Department> {
        vec![
            department("hrss", Role::Coordinator, &["training"]),
            department("housing", Role::SectorConstruction, &["building", "municipal"]),
            department("state-assets", Role::SectorConstruction, &["state-owned-works"]),
            department("township", Role::Territory, &[]),
            department("dev-zone", Role::Territory, &[]),
        ]
    }

    fn territory(code: &str, department: Option<&str>) -> Territory {
        Territory { code: code.into(), name: code.into(), department: department.map(CompactString::from) }
    }

    fn directory() -> Directory {
        let territories = vec![territory("150621100", None), territory("150621400", Some("dev-zone"))];
        Directory::new(departments(), territories).unwrap()
    }

    fn check(sector: &str, place: &str, funding: Option<Funding>, told: &[&str], unknown: bool) {
        let directory = directory();
        let audience = directory.route(sector, place, funding);
        let codes: Vec<&str> = audience.departments().iter().map(|d| d.code.as_str()).collect();
        assert_eq!((codes.as_slice(), audience.unknown()), (told, unknown), "{sector} {place}");
    }

    #[test]
    fn sector_and_territory_are_told_at_once() {
        let private = Some(Funding::Private);
        check("building", "150621100", private, &["housing", "township", "hrss"], false);
        check("building", "150621400", private, &["housing", "dev-zone", "hrss"], false);
    }

    #[test]
    fn owner_based_bodies_are_added_and_nobody_is_told_twice() {
        let state = Some(Funding::StateOwned);
        check("building", "150621100", state, &["housing", "township", "hrss", "state-assets"], false);
        check("state-owned-works", "150621100", state, &["state-assets", "township", "hrss"], false);
        check("training", "150621100", None, &["hrss", "township"], false);
    }

    #[test]
    fn the_unknown_goes_to_the_coordinator_with_a_flag() {
        check("shipyard", "150621100", None, &["township", "hrss"], true);
        check("building", "999999999", None, &["housing", "hrss"], true);
        check("", "", None, &["hrss"], true);
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let refused =
            |departments, territories| Directory::new(departments, territories).unwrap_err().to_string();
        let with = |extra: Department| departments().into_iter().chain([extra]).collect::<Vec<_>>();
        for (error, part) in [
            (
                refused(with(department("housing", Role::Support, &[])), vec![]),
                "\"housing\" stands there twice",
            ),
            (
                refused(with(department("x", Role::Support, &["building"])), vec![]),
                "under \"housing\" and under \"x\"",
            ),
            (refused(with(department("x", Role::Coordinator, &[])), vec![]), "found 2 departments"),
            (refused(vec![], vec![]), "found 0 departments"),
            (refused(departments(), vec![territory("1", Some("navy"))]), "\"navy\", which is none"),
            (refused(departments(), vec![territory("1", None), territory("1", None)]), "territory \"1\""),
        ] {
            assert!(error.contains(part), "{error}");
        }
    }
}
