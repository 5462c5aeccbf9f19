//! From the configured departments and territories to the directory that alerts are routed by.

use super::config;
use crate::alerts::{self, Directory};
use anyhow::Context;
use compact_str::ToCompactString;

/// # Errors
/// The facts contradict each other; `Config::load` has said so with file and line before.
pub fn build(configured: &config::Directory) -> anyhow::Result<Directory> {
    let departments = configured.departments.iter().map(|d| alerts::Department {
        code: d.code.to_compact_string(),
        name: d.name.to_compact_string(),
        role: role(d.role),
        sectors: d.sectors.iter().map(ToCompactString::to_compact_string).collect(),
        funding: d.funding.clone(),
    });
    let territories = configured.territories.iter().map(|t| alerts::Territory {
        code: t.code.to_compact_string(),
        name: t.name.to_compact_string(),
        department: Some(t.department.to_compact_string()),
    });
    Directory::new(departments.collect(), territories.collect()).context("departments and territories")
}

fn role(role: config::Role) -> alerts::Role {
    match role {
        config::Role::Coordinator => alerts::Role::Coordinator,
        config::Role::SectorConstruction => alerts::Role::SectorConstruction,
        config::Role::SectorOther => alerts::Role::SectorOther,
        config::Role::Territory => alerts::Role::Territory,
        config::Role::Support => alerts::Role::Support,
    }
}
