//! On which days somebody was at which project by the numbers of the shadow rulebook, where the live one counts other
//! days: each project says of its months those that are others than it said before, and the second stage keeps a table
//! of them beside the live one. In memory alone, from scratch after a start. Knows no rule, no thread.

use super::bureau::{Doubles, Presence, PresenceTiding};
use crate::domain::{IdNumber, MonthDays, Period, ProjectId, Rulebook};
use crate::ledger::{ProjectLedger, WorkerIx};
use crate::store::{MemoryStore, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a project says.
pub(super) struct ShadowDays {
    pub project_id: ProjectId,
    stays: Vec<(IdNumber, Period, MonthDays)>,
}

/// What the projects of a shard have said, by the shard's number of the project.
#[derive(Default)]
pub(super) struct SaidDays(BTreeMap<u32, Vec<Said>>);

/// A worker's month as it was said last. 12 bytes.
#[derive(Clone, Copy)]
struct Said {
    worker: WorkerIx,
    period: Period,
    days: MonthDays,
}

impl SaidDays {
    /// What is another than was said before; `None` if nothing is.
    pub fn say(&mut self, slot: u32, ledger: &ProjectLedger, book: &Rulebook) -> Option<ShadowDays> {
        let said = self.0.entry(slot).or_default();
        let (mut now, mut stays) = (Vec::with_capacity(said.len()), Vec::new());
        // The ledger numbers workers with this type.
        for worker in 0..WorkerIx::try_from(ledger.workers()).unwrap_or(WorkerIx::MAX) {
            for period in ledger.attended_months(worker) {
                let days = ledger.presence(worker, period, book);
                let before = said.binary_search_by_key(&(worker, period), |said| (said.worker, said.period));
                if before.map_or(MonthDays::default(), |place| said[place].days) != days {
                    stays.push((ledger.worker_id(worker).clone(), period, days));
                }
                now.push(Said { worker, period, days });
            }
        }
        *said = now;
        (!stays.is_empty()).then(|| ShadowDays { project_id: ledger.id().clone(), stays })
    }
}

/// What all projects have said, and who was at two of them.
pub(super) struct DaysTable {
    presence: Presence,
    doubles: Doubles,
}

impl Default for DaysTable {
    fn default() -> DaysTable {
        // Nothing of it is ever written.
        DaysTable { presence: Presence::new(Arc::new(MemoryStore::new())), doubles: Doubles::default() }
    }
}

impl DaysTable {
    /// Answers whether anybody shares other days now.
    pub fn hear(&mut self, said: ShadowDays) -> Result<bool, StoreError> {
        for (worker, period, days) in said.stays {
            let said = PresenceTiding { project_id: said.project_id.clone(), worker, period, days };
            let shared = self.presence.take(&said)?;
            self.doubles.put(&said.worker, period, shared);
        }
        Ok(!self.doubles.take_stirred().is_empty())
    }

    pub fn doubles(&self) -> &Doubles {
        &self.doubles
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_small() {
        assert_eq!(size_of::<Said>(), 12);
    }
}
