//! A project's own papers: its facts, wage accounts, deposits, guarantees, inspections.
//! Knows no worker.

use super::kept::{Kept, Outcome};
use super::stored::Stored;
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{Account, Deposit, Inspection, PaymentGuarantee, Project, Stamp, WageAccount};
use compact_str::CompactString;
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct Papers {
    pub(super) facts: Option<Kept<Project>>,
    pub(super) accounts: BTreeMap<Account, WageAccount>,
    pub(super) deposits: BTreeMap<CompactString, Kept<Deposit>>,
    pub(super) guarantees: BTreeMap<CompactString, Kept<PaymentGuarantee>>,
    pub(super) inspections: BTreeMap<CompactString, Kept<Inspection>>,
    /// Some record that the project does not keep names it.
    pub(super) named: bool,
}

impl Papers {
    /// What the record did, and whether a worker's findings depend on what is others now
    /// (known at all, `pay_day`, `pay_month_offset`, the contractor, the sector).
    pub(super) fn merge_facts(&mut self, project: &Project, stamp: &Stamp) -> (Outcome, bool) {
        let Some(facts) = &mut self.facts else {
            self.facts = Some(Kept { value: project.clone(), stamp: stamp.clone() });
            return (Outcome::Stands, true);
        };
        let terms = |p: &Project| (p.pay_day, p.pay_month_offset, p.contractor_uscc, p.sector.clone());
        let before = terms(&facts.value);
        let outcome = facts.merge(project, stamp);
        (outcome, before != terms(&facts.value))
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let papers = self.deposits.len() + self.guarantees.len() + self.inspections.len();
        papers * 320 + self.accounts.len() * 160
    }

    pub(super) fn put(&self, w: &mut Writer) {
        self.facts.put(w);
        w.list(self.accounts.values(), |w, v| v.put(w));
        w.list(self.deposits.values(), |w, v| v.put(w));
        w.list(self.guarantees.values(), |w, v| v.put(w));
        w.list(self.inspections.values(), |w, v| v.put(w));
        w.bool(self.named);
    }

    pub(super) fn get(r: &mut Reader<'_>) -> Result<Papers, Corrupt> {
        Ok(Papers {
            facts: Stored::get(r)?,
            accounts: r.list(WageAccount::get)?.into_iter().map(|v| (v.account, v)).collect(),
            deposits: r
                .list(Kept::<Deposit>::get)?
                .into_iter()
                .map(|v| (v.value.deposit_id.clone(), v))
                .collect(),
            guarantees: r
                .list(Kept::<PaymentGuarantee>::get)?
                .into_iter()
                .map(|v| (v.value.guarantee_id.clone(), v))
                .collect(),
            inspections: r
                .list(Kept::<Inspection>::get)?
                .into_iter()
                .map(|v| (v.value.inspection_id.clone(), v))
                .collect(),
            named: r.bool()?,
        })
    }
}
