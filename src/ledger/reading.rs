//! What a project's ledger tells of its project and its workers, beside their settled months.
//! Changes nothing.

use super::project::{ProjectLedger, WorkerIx};
use crate::domain::{
    Account, Complaint, Day, DepositView, Enrolment, IdNumber, Inspection, PapersView, PaymentGuarantee,
    Payroll, Period, Project, WageAccount,
};

impl ProjectLedger {
    /// The project's papers as rules see them; the months are its totals' to tell.
    pub fn papers(&self, in_arrears: bool) -> PapersView<'_> {
        PapersView {
            project_id: &self.id,
            facts: self.facts(),
            accounts: self.account_views(),
            strays: self.stray_payments(),
            shared_payees: self.shared_payees(),
            deposits: self.deposits().collect(),
            guarantees: self.guarantees().collect(),
            inspections: self.inspections().collect(),
            complaints: self.complaints().collect(),
            sheets: self.payrolls().collect(),
            in_arrears,
            months: Vec::new(),
        }
    }

    /// The project's own record, if it is known.
    pub fn facts(&self) -> Option<&Project> {
        self.papers.facts.as_ref().map(|kept| &kept.value)
    }

    /// Panics for a number that this ledger did not give.
    pub fn worker_id(&self, worker: WorkerIx) -> &IdNumber {
        &self.workers[worker as usize].id
    }

    /// How many workers any record of the project names.
    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    pub fn is_enrolled(&self, worker: WorkerIx) -> bool {
        self.workers[worker as usize].brief.enrolled
    }

    /// The worker's enrolment with the greatest `effective_on`, be it in the future.
    pub fn newest_enrolment(&self, worker: WorkerIx) -> Option<Enrolment> {
        let known = &self.workers[worker as usize];
        known.enrolments().last().and_then(|terms| terms.read(&self.id, &known.id))
    }

    /// When the worker leaves, by the newest terms.
    pub fn left_on(&self, worker: WorkerIx) -> Option<Day> {
        let known = &self.workers[worker as usize];
        if known.brief.leaves { known.enrolments().last()?.left_on } else { None }
    }

    /// (`pay_day`, `pay_month_offset`): each from the worker's newest terms, else the project, else 15 and 1.
    pub fn pay_terms(&self, worker: WorkerIx) -> (u8, u8) {
        let (day, offset) = self.workers[worker as usize].brief.due();
        let day = day.or_else(|| self.facts()?.pay_day);
        let offset = offset.or_else(|| self.facts()?.pay_month_offset);
        (day.unwrap_or(15), offset.unwrap_or(1))
    }

    /// The project's own `pay_day` and `pay_month_offset`, else 15 and 1.
    pub fn project_pay_terms(&self) -> (u8, u8) {
        let facts = self.facts();
        let day = facts.and_then(|f| f.pay_day);
        (day.unwrap_or(15), facts.and_then(|f| f.pay_month_offset).unwrap_or(1))
    }

    /// Whether a payment placed with the worker, not returned, names that period.
    pub fn has_labelled_payment(&self, worker: WorkerIx, period: Period) -> bool {
        let known = &self.workers[worker as usize];
        known.brief.paid && known.placed().iter().any(|p| p.period == Some(period) && !p.returned)
    }

    /// Whether a payroll sheet of that period has a line of the worker.
    pub fn has_sheet(&self, worker: WorkerIx, period: Period) -> bool {
        let known = &self.workers[worker as usize];
        known.brief.sheets && known.sheets().iter().any(|(of, _)| *of == period)
    }

    /// Whether some terms of the worker say that a contract was signed on that day or before.
    pub fn has_contract(&self, worker: WorkerIx, by: Day) -> bool {
        let enrolments = self.workers[worker as usize].enrolments();
        enrolments.iter().any(|terms| terms.contract_signed_on.is_some_and(|signed| signed <= by))
    }

    /// The accounts that the worker has named in this project, ascending.
    pub fn named_accounts(&self, worker: WorkerIx) -> Vec<Account> {
        self.workers[worker as usize].accounts().to_vec()
    }

    /// The project's wage accounts by number.
    pub fn accounts(&self) -> impl Iterator<Item = &WageAccount> {
        self.papers.books.values().map(|book| &book.account)
    }

    pub fn deposits(&self) -> impl Iterator<Item = DepositView<'_>> {
        let all = self.papers.deposits.values();
        all.map(|kept| DepositView { deposit: &kept.value, stated_at: kept.stamp.at })
    }

    pub fn guarantees(&self) -> impl Iterator<Item = &PaymentGuarantee> {
        self.papers.guarantees.values().map(|kept| &kept.value)
    }

    pub fn inspections(&self) -> impl Iterator<Item = &Inspection> {
        self.papers.inspections.values().map(|kept| &kept.value)
    }

    /// The complaints that name the project, by id.
    pub fn complaints(&self) -> impl Iterator<Item = &Complaint> {
        self.papers.complaints.values()
    }

    /// The payroll sheets that stand, by (period, employer); lines by worker.
    pub fn payrolls(&self) -> impl Iterator<Item = &Payroll> {
        self.sheets.iter().map(|kept| &kept.value)
    }
}
