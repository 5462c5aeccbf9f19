//! Questions to a shard. They change nothing, though a cold project is made hot for its answer.

use super::{Shard, Slot};
use crate::domain::{Day, Project, ProjectId, Rulebook, SuspenseReason};
use crate::engine::api::{ProjectAsk, ProjectFacts, ProjectSummary};
use crate::engine::debts::Share;
use crate::engine::project::ProjectState;
use crate::engine::shadow::{Counts, Shadow};
use crate::engine::shadow_days::ShadowDays;
use crate::ledger::KeptPayment;
use crate::store::StoreError;

impl Shard {
    /// Every project, in the order in which it was first named; as of now for those that changed.
    pub fn projects(&self) -> Vec<ProjectSummary> {
        let summary = |slot: &Slot| match &slot.state {
            Some(state) if slot.is_dirty => summarise(state),
            _ => (*slot.summary).clone(),
        };
        self.slots.iter().map(summary).collect()
    }

    /// Asks a project; a cold one is made hot for it.
    pub fn ask<T>(
        &mut self,
        name: &ProjectId,
        question: impl FnOnce(Option<ProjectAsk<'_>>) -> T,
    ) -> Result<T, StoreError> {
        if !self.names.contains_key(name) {
            return Ok(question(None));
        }
        let (slot, _) = self.slot(name)?;
        let entry = &mut self.slots[slot as usize];
        entry.ticked = self.ticks;
        let Some(state) = &entry.state else { return Ok(question(None)) };
        Ok(ask_of(state, &self.book, self.meta.today, |ask| question(Some(ask))))
    }

    /// Judges one more project by the shadow rulebook; `None` if none waits for it. Answers which, and what its
    /// employers owe by that rulebook where that is another than before.
    pub fn judge_shadow(&mut self) -> Result<Option<(ProjectId, Option<Vec<Share>>)>, StoreError> {
        let Some(today) = self.meta.today else { return Ok(None) };
        let Some(slot) = self.shadow.as_ref().and_then(Shadow::next) else { return Ok(None) };
        let name = self.slots[slot as usize].summary.project_id.clone();
        self.slot(&name)?;
        let state = self.slots[slot as usize].state.as_mut();
        let shares = (self.shadow.as_mut().zip(state))
            .and_then(|(shadow, state)| shadow.judge(slot, &mut state.ledger, today));
        Ok(Some((name, shares)))
    }

    /// What a project that is hot has to say of who was there when, by the shadow rulebook; see [`Shadow::say_days`].
    pub(in crate::engine) fn say_shadow_days(&mut self, name: &ProjectId) -> Option<ShadowDays> {
        let slot = *self.names.get(name)?;
        let state = self.slots[slot as usize].state.as_deref()?;
        self.shadow.as_mut()?.say_days(slot, &state.ledger, &self.book)
    }

    /// Projects that wait for the shadow rulebook's judgement.
    pub fn shadow_waiting(&self) -> usize {
        self.shadow.as_ref().filter(|_| self.meta.today.is_some()).map_or(0, Shadow::waiting)
    }

    /// What stands by the shadow rulebook; `None` when there is none.
    pub fn shadow_counts(&self) -> Option<&Counts> {
        self.shadow.as_ref().map(Shadow::counts)
    }

    /// What employers owe by the shadow rulebook, by project.
    pub fn shadow_shares(&self) -> impl Iterator<Item = (&ProjectId, &[Share])> {
        let name = |slot: u32| &self.slots[slot as usize].summary.project_id;
        self.shadow.iter().flat_map(Shadow::shares).map(move |(slot, shares)| (name(slot), shares))
    }

    /// Payments that wait in this shard's projects, at most `max`.
    pub fn suspense(
        &mut self,
        max: usize,
    ) -> Result<Vec<(Option<ProjectId>, KeptPayment, SuspenseReason)>, StoreError> {
        // The summary of a project that changed since its checkpoint may not know of them yet.
        let waiting: Vec<ProjectId> = (self.slots.iter())
            .filter(|s| s.summary.suspense > 0 || s.is_dirty)
            .map(|s| s.summary.project_id.clone())
            .collect();
        let mut found = Vec::new();
        for name in waiting {
            if found.len() >= max {
                break;
            }
            let payments = self.ask(&name, |ask| ask.map_or(Vec::new(), |ask| ask.ledger.suspense()))?;
            found.extend(payments.into_iter().map(|(p, reason)| (Some(name.clone()), p, reason)));
        }
        Ok(found)
    }
}

/// Asks a project, wherever it lives.
pub(super) fn ask_of<T>(
    state: &ProjectState,
    book: &Rulebook,
    today: Option<Day>,
    question: impl FnOnce(ProjectAsk<'_>) -> T,
) -> T {
    question(ProjectAsk {
        ledger: &state.ledger,
        alerts: &state.alerts,
        rows: &state.rows,
        book,
        today,
        summary: &|| summarise(state),
        months: &|| today.map_or(Vec::new(), |today| state.months(today)),
    })
}

pub(super) fn summarise(state: &ProjectState) -> ProjectSummary {
    let owed = state.alerts.overdue_totals();
    ProjectSummary {
        project_id: state.ledger.id().clone(),
        facts: state.ledger.facts().map(facts_of),
        workers: u32::try_from(state.ledger.workers()).unwrap_or(u32::MAX),
        overdue_fen: owed.overdue_fen,
        overdue_workers: owed.overdue_workers,
        overdue_periods: owed.overdue_periods,
        oldest_due_on: owed.oldest_due_on,
        alerts: u32::try_from(state.alerts.standing().filter(|alert| alert.held.is_none()).count())
            .unwrap_or(u32::MAX),
        suspense: u32::try_from(state.ledger.suspense().len()).unwrap_or(u32::MAX),
    }
}

pub(super) fn facts_of(project: &Project) -> ProjectFacts {
    ProjectFacts {
        name: project.name.clone(),
        sector: project.sector.clone(),
        territory: project.territory.clone(),
        funding: project.funding,
        contractor_name: project.contractor_name.clone(),
        contract_fen: project.contract_fen,
    }
}
