//! Arrears cases that were confirmed, by employer: rows of the projects' arrears alerts in, days out.
//! A case counts once for each time that its alert is raised. Knows no shard, no rule.

use crate::alerts::{Stance, confirms};
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{AlertRow, Change, Day, Evidence, ProjectId, Uscc};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(in crate::engine) struct Cases {
    /// Ascending days, by employer.
    firms: BTreeMap<Uscc, Vec<Day>>,
    projects: BTreeMap<ProjectId, Spell>,
    dirty_firms: BTreeSet<Uscc>,
    dirty_projects: BTreeSet<ProjectId>,
}

/// The arrears of one project since they were raised last.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Spell {
    stance: Stance,
    counted: bool,
}

impl Cases {
    /// Takes over what a row says. Answers the employer who has a case more.
    pub fn row(&mut self, row: &AlertRow) -> Option<Uscc> {
        let Evidence::ProjectArrears { contractor_uscc, .. } = &row.alert.finding.evidence else {
            return None;
        };
        let project = row.project_id();
        let before = self.projects.get(project).copied().unwrap_or_default();
        let mut spell = before;
        if matches!(row.change, Change::Raised | Change::Reopened) {
            spell = Spell::default();
        }
        let confirmed = confirms(spell.stance, row.change, &row.alert);
        let firm = contractor_uscc.filter(|_| confirmed && !spell.counted);
        spell.counted |= confirmed;
        spell.stance = Stance::of(&row.alert);
        if spell != before {
            self.projects.insert(project.clone(), spell);
            self.dirty_projects.insert(project.clone());
        }
        let firm = firm?;
        let days = self.firms.entry(firm).or_default();
        let day = row.alert.changed_on;
        days.insert(days.partition_point(|other| *other <= day), day);
        self.dirty_firms.insert(firm);
        Some(firm)
    }

    pub fn of(&self, firm: Uscc) -> &[Day] {
        self.firms.get(&firm).map_or(&[], Vec::as_slice)
    }

    /// All employers with a case.
    pub fn firms(&self) -> impl Iterator<Item = Uscc> {
        self.firms.keys().copied()
    }

    /// The employers' pages that changed since the last call.
    pub fn dirty_firms(&mut self) -> Vec<(Uscc, Vec<u8>)> {
        let page = |firm: Uscc| {
            let mut w = Writer::new();
            w.list(self.of(firm).iter(), |w, day| w.day(*day));
            (firm, w.bytes)
        };
        let pages = self.dirty_firms.iter().copied().map(page).collect();
        self.dirty_firms.clear();
        pages
    }

    /// The projects' pages that changed since the last call.
    pub fn dirty_projects(&mut self) -> Vec<(ProjectId, Vec<u8>)> {
        let dirty = std::mem::take(&mut self.dirty_projects);
        let page = |project: ProjectId| {
            let spell = self.projects.get(&project).copied().unwrap_or_default();
            let mut w = Writer::new();
            w.bool(spell.stance.taken_up);
            w.bool(spell.stance.spoken);
            w.bool(spell.counted);
            (project, w.bytes)
        };
        dirty.into_iter().map(page).collect()
    }

    pub fn load_firm(&mut self, firm: Uscc, bytes: &[u8]) -> Result<(), Corrupt> {
        let mut r = Reader::new(bytes);
        self.firms.insert(firm, r.list(Reader::day)?);
        r.end()
    }

    pub fn load_project(&mut self, project: ProjectId, bytes: &[u8]) -> Result<(), Corrupt> {
        let mut r = Reader::new(bytes);
        let stance = Stance { taken_up: r.bool()?, spoken: r.bool()? };
        self.projects.insert(project, Spell { stance, counted: r.bool()? });
        r.end()
    }
}
