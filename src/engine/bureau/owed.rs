//! What each employer owes over all projects, from the wage alerts that stand: rows in, sums out.
//! The last row of an alert says what holds. Knows no shard, no rule.

use super::judge::Owes;
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{AlertRow, Day, Evidence, FirmView, IdNumber, Period, ProjectId, Rule, Sum, Uscc};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct Owed {
    /// What stands, by project.
    months: BTreeMap<ProjectId, BTreeMap<Month, Claim>>,
    firms: BTreeMap<Uscc, FirmOwed>,
    dirty: BTreeSet<ProjectId>,
}

/// A wage alert's worker, month and rule.
type Month = (IdNumber, Period, Rule);

#[derive(Clone, Copy, PartialEq, Eq)]
struct Claim {
    firm: Uscc,
    amount: Sum,
    due_on: Day,
}

/// Counts of one employer: each map has how many months lie behind an entry.
#[derive(Default)]
struct FirmOwed {
    amount: Sum,
    workers: BTreeMap<IdNumber, u32>,
    projects: BTreeMap<ProjectId, u32>,
    dues: BTreeMap<Day, u32>,
}

impl Owed {
    /// Takes over what a row says. Answers whose sums are others now.
    pub fn row(&mut self, row: &AlertRow) -> Vec<Uscc> {
        let finding = &row.alert.finding;
        let (Rule::WageUnpaid | Rule::WageUnderpaid, Evidence::Wage(wage)) =
            (finding.rule, &finding.evidence)
        else {
            return Vec::new();
        };
        let (Some(worker), Some(period)) = (finding.subject.id_number(), finding.period) else {
            return Vec::new();
        };
        let (project, key) = (&finding.project_id, (worker.clone(), period, finding.rule));
        let claim = |firm| Claim { firm, amount: finding.amount, due_on: wage.due_on };
        let now = wage.employer_uscc.filter(|_| row.alert.stands()).map(claim);
        if self.months.get(project).and_then(|months| months.get(&key)) == now.as_ref() {
            return Vec::new();
        }
        self.dirty.insert(project.clone());
        let before = self.put(project, key, now);
        let mut firms: Vec<Uscc> = before.iter().chain(&now).map(|claim| claim.firm).collect();
        firms.dedup();
        firms
    }

    /// Puts a claim, or none, in the place of what stood.
    fn put(&mut self, project: &ProjectId, key: Month, now: Option<Claim>) -> Option<Claim> {
        let months = self.months.entry(project.clone()).or_default();
        let before = months.remove(&key);
        if let Some(claim) = before
            && let Some(firm) = self.firms.get_mut(&claim.firm)
        {
            firm.take(project, &key.0, &claim);
            if firm.dues.is_empty() {
                self.firms.remove(&claim.firm);
            }
        }
        if let Some(claim) = now {
            self.firms.entry(claim.firm).or_default().add(project, &key.0, &claim);
            months.insert(key, claim);
        } else if months.is_empty() {
            self.months.remove(project);
        }
        before
    }

    /// The projects whose claims changed since the last call, each with its page; `None` = it has none left.
    pub fn dirty_pages(&mut self) -> Vec<(ProjectId, Option<Vec<u8>>)> {
        let dirty = std::mem::take(&mut self.dirty);
        dirty.into_iter().map(|project| (project.clone(), self.page(&project))).collect()
    }

    fn page(&self, project: &ProjectId) -> Option<Vec<u8>> {
        let mut w = Writer::new();
        w.list(self.months.get(project)?.iter(), |w, ((worker, period, rule), claim)| {
            w.id_number(worker);
            w.period(*period);
            w.bool(*rule == Rule::WageUnderpaid);
            w.uscc(&claim.firm);
            w.sum(claim.amount);
            w.day(claim.due_on);
        });
        Some(w.bytes)
    }

    /// Takes a project's page as it was stored.
    pub fn load_page(&mut self, project: &ProjectId, bytes: &[u8]) -> Result<(), Corrupt> {
        let mut r = Reader::new(bytes);
        let claims = r.list(|r| {
            let (worker, period) = (r.id_number()?, r.period()?);
            let rule = if r.bool()? { Rule::WageUnderpaid } else { Rule::WageUnpaid };
            let claim = Claim { firm: r.uscc()?, amount: r.sum()?, due_on: r.day()? };
            Ok(((worker, period, rule), claim))
        })?;
        for (key, claim) in claims {
            self.put(project, key, Some(claim));
        }
        r.end()
    }
}

impl Owes for Owed {
    fn firms(&self) -> Vec<Uscc> {
        self.firms.keys().copied().collect()
    }

    fn tell(&self, view: &mut FirmView<'_>) {
        let Some(firm) = self.firms.get(&view.uscc) else { return };
        view.overdue_fen = firm.amount;
        view.overdue_workers = u32::try_from(firm.workers.len()).unwrap_or(u32::MAX);
        view.overdue_projects = u32::try_from(firm.projects.len()).unwrap_or(u32::MAX);
        view.oldest_due_on = firm.dues.keys().next().copied();
    }
}

impl FirmOwed {
    fn add(&mut self, project: &ProjectId, worker: &IdNumber, claim: &Claim) {
        self.amount += claim.amount;
        *self.workers.entry(worker.clone()).or_default() += 1;
        *self.projects.entry(project.clone()).or_default() += 1;
        *self.dues.entry(claim.due_on).or_default() += 1;
    }

    fn take(&mut self, project: &ProjectId, worker: &IdNumber, claim: &Claim) {
        self.amount -= claim.amount;
        leave(&mut self.workers, worker);
        leave(&mut self.projects, project);
        leave(&mut self.dues, &claim.due_on);
    }
}

/// One month fewer lies behind that entry.
fn leave<K: Ord>(counts: &mut BTreeMap<K, u32>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}
