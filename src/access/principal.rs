//! A caller with a name: his role, and how far it reaches.

use super::call::Role;
use super::decide::Place;
use compact_str::CompactString;
use std::collections::BTreeSet;

/// Somebody who may call. What does not belong to his role is empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Principal {
    /// Names him in the audit trail and in metrics' absence: never a person's number.
    pub name: CompactString,
    /// `None`: no principals are configured, so whoever reaches the loopback address may do everything.
    pub role: Option<Role>,
    /// May ask for full numbers, with a reason.
    pub reveal: bool,
    /// Of a bank: the `bank` of its records.
    pub banks: BTreeSet<CompactString>,
    /// Of a site platform: projects by id; `P1-*` stands for all that begin so.
    pub projects: BTreeSet<CompactString>,
    /// Of an office: the departments that it acts for.
    pub departments: BTreeSet<CompactString>,
    pub sectors: BTreeSet<CompactString>,
    /// Codes; one stands for all that begin with it.
    pub territories: BTreeSet<CompactString>,
}

impl Principal {
    /// Whoever reaches a service without principals.
    pub fn anyone() -> Principal {
        Principal { name: "anyone".into(), ..Principal::default() }
    }

    /// Tells one reach from another: what was reached with another one counts no more.
    pub fn fingerprint(&self) -> u32 {
        match self.role {
            None => 0,
            Some(_) => crc32fast::hash(format!("{self:?}").as_bytes()),
        }
    }

    /// Whether a project, or an alert of it, is his office's: by sector, by area, or because one of his
    /// departments is told.
    pub(super) fn covers(&self, place: &Place<'_>) -> bool {
        self.sectors.contains(place.sector)
            || self.territories.iter().any(|code| place.territory.starts_with(code.as_str()))
            || place.departments.iter().any(|code| self.departments.contains(code))
    }

    pub(super) fn has_project(&self, project_id: &str) -> bool {
        self.projects.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => project_id.starts_with(prefix),
            None => pattern == project_id,
        })
    }
}
