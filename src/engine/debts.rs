//! What employers owe over all projects, added up from scratch, a project's share after the other: for
//! those who keep no rows (a batch, the shadow rulebook). Knows no rule.

use super::bureau::Owes;
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{Day, Evidence, Finding, FirmView, IdNumber, Rule, Sum, Uscc};
use std::collections::BTreeMap;

/// What one employer owes in one project.
#[derive(Clone, PartialEq, Debug)]
pub struct Share {
    pub firm: Uscc,
    pub amount: Sum,
    /// Each once, ascending.
    pub workers: Vec<IdNumber>,
    pub oldest_due_on: Day,
}

impl Share {
    pub fn write(&self, w: &mut Writer) {
        w.uscc(&self.firm);
        w.sum(self.amount);
        w.list(self.workers.iter(), Writer::id_number);
        w.day(self.oldest_due_on);
    }

    /// # Errors
    /// The bytes are no share.
    pub fn read(r: &mut Reader<'_>) -> Result<Share, Corrupt> {
        let (firm, amount) = (r.uscc()?, r.sum()?);
        Ok(Share { firm, amount, workers: r.list(Reader::id_number)?, oldest_due_on: r.day()? })
    }
}

/// The shares of a project's employers in what was found of its wages, ascending by employer.
pub fn shares<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<Share> {
    let mut shares: BTreeMap<Uscc, Share> = BTreeMap::new();
    for finding in findings {
        let (Rule::WageUnpaid | Rule::WageUnderpaid, Evidence::Wage(wage)) =
            (finding.rule, &finding.evidence)
        else {
            continue;
        };
        let (Some(firm), Some(worker)) = (wage.employer_uscc, finding.subject.id_number()) else { continue };
        let due_on = wage.due_on;
        let none = || Share { firm, amount: 0, workers: Vec::new(), oldest_due_on: due_on };
        let share = shares.entry(firm).or_insert_with(none);
        share.amount += finding.amount;
        share.workers.push(worker.clone());
        share.oldest_due_on = share.oldest_due_on.min(due_on);
    }
    let mut shares: Vec<Share> = shares.into_values().collect();
    for share in &mut shares {
        share.workers.sort_unstable();
        share.workers.dedup();
    }
    shares
}

/// The sums of all shares.
#[derive(Default)]
pub struct Debts<'a>(BTreeMap<Uscc, Debt<'a>>);

struct Debt<'a> {
    amount: Sum,
    workers: Vec<&'a IdNumber>,
    projects: u32,
    oldest_due_on: Day,
}

impl<'a> Debts<'a> {
    /// Of the shares of each project.
    pub fn of(projects: impl Iterator<Item = &'a [Share]>) -> Debts<'a> {
        let mut all = Debts::default();
        for share in projects.flatten() {
            let none =
                Debt { amount: 0, workers: Vec::new(), projects: 0, oldest_due_on: share.oldest_due_on };
            let debt = all.0.entry(share.firm).or_insert(none);
            debt.amount += share.amount;
            debt.workers.extend(&share.workers);
            debt.projects += 1;
            debt.oldest_due_on = debt.oldest_due_on.min(share.oldest_due_on);
        }
        for debt in all.0.values_mut() {
            // Who is owed in two projects counts once.
            debt.workers.sort_unstable();
            debt.workers.dedup();
        }
        all
    }
}

impl Owes for Debts<'_> {
    fn firms(&self) -> Vec<Uscc> {
        self.0.keys().copied().collect()
    }

    fn tell(&self, view: &mut FirmView<'_>) {
        let Some(debt) = self.0.get(&view.uscc) else { return };
        view.overdue_fen = debt.amount;
        view.overdue_workers = u32::try_from(debt.workers.len()).unwrap_or(u32::MAX);
        view.overdue_projects = debt.projects;
        view.oldest_due_on = Some(debt.oldest_due_on);
    }
}
