//! A project's own papers: its facts, wage accounts, deposits, guarantees, inspections, complaints.
//! Knows no worker.

use super::books::{Book, Books};
use super::kept::{Kept, Outcome};
use super::stored::Stored;
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{
    AccountRestraint, Complaint, Deposit, Inspection, PaymentGuarantee, Project, Stamp, WageAccount,
};
use compact_str::CompactString;
use std::collections::BTreeMap;

#[derive(Clone, Default)]
pub(super) struct Papers {
    pub(super) facts: Option<Kept<Project>>,
    /// Of its wage accounts. Their bookings have pages of their own.
    pub(super) books: Books,
    pub(super) deposits: BTreeMap<CompactString, Kept<Deposit>>,
    pub(super) guarantees: BTreeMap<CompactString, Kept<PaymentGuarantee>>,
    pub(super) inspections: BTreeMap<CompactString, Kept<Inspection>>,
    /// As the county has them: those that name this project.
    pub(super) complaints: BTreeMap<CompactString, Complaint>,
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
        let papers = papers + self.complaints.len();
        papers * 320 + self.books.values().map(Book::heap_bytes).sum::<usize>()
    }

    pub(super) fn put(&self, w: &mut Writer) {
        self.facts.put(w);
        w.list(self.books.values(), |w, book| {
            book.account.put(w);
            w.list(book.restraints.values(), |w, v| v.put(w));
        });
        w.list(self.deposits.values(), |w, v| v.put(w));
        w.list(self.guarantees.values(), |w, v| v.put(w));
        w.list(self.inspections.values(), |w, v| v.put(w));
        w.list(self.complaints.values(), |w, v| v.put(w));
        w.bool(self.named);
    }

    pub(super) fn get(r: &mut Reader<'_>) -> Result<Papers, Corrupt> {
        Ok(Papers {
            facts: Stored::get(r)?,
            books: r.list(get_book)?.into_iter().map(|book| (book.account.account, book)).collect(),
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
            complaints: r.list(Complaint::get)?.into_iter().map(|v| (v.complaint_id.clone(), v)).collect(),
            named: r.bool()?,
        })
    }
}

/// A book without its bookings, which are not tallied yet.
fn get_book(r: &mut Reader<'_>) -> Result<Book, Corrupt> {
    let mut book = Book::new(WageAccount::get(r)?);
    for restraint in r.list(AccountRestraint::get)? {
        book.restrain(&restraint);
    }
    Ok(book)
}
