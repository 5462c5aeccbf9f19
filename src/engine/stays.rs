//! What a project tells the second stage of who was there on which days. Decides nothing.

use super::bureau::PresenceTiding;
use super::project::ProjectState;
use crate::domain::{Period, Rulebook};
use crate::ledger::{Touched, Who, WorkerIx};

impl ProjectState {
    /// Says it of the day that a record made another one.
    pub(super) fn say_turned(&mut self, touched: &Touched, book: &Rulebook) {
        if let Who::Attendance { worker, period, turned: true, .. } = touched.who {
            self.say(worker, period, book);
        }
    }

    /// Says on which days of the month the worker was here.
    fn say(&mut self, worker: WorkerIx, period: Period, book: &Rulebook) {
        self.said.push(PresenceTiding {
            project_id: self.ledger.id().clone(),
            worker: self.ledger.worker_id(worker).clone(),
            period,
            days: self.ledger.presence(worker, period, book),
        });
    }

    /// Says it anew of all months of which it is another than by the rulebook before.
    pub fn say_presence(&mut self, before: &Rulebook, now: &Rulebook) {
        for worker in 0..self.workers() {
            let other = |period: &Period| {
                let by = |book: &Rulebook| self.ledger.presence(worker, *period, book);
                by(before) != by(now)
            };
            let others: Vec<Period> = self.ledger.attended_months(worker).filter(other).collect();
            others.into_iter().for_each(|period| self.say(worker, period, now));
        }
    }

    /// How many workers are known.
    pub(super) fn workers(&self) -> WorkerIx {
        // The ledger numbers workers with this type.
        WorkerIx::try_from(self.ledger.workers()).unwrap_or(WorkerIx::MAX)
    }
}
