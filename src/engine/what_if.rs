//! What would stand if one more payment were made: judged on a copy of the project, which is thrown away.
//! Changes nothing, and nothing of it comes into the log.

use super::api::ProjectAsk;
use super::bench::Bench;
use super::project::ProjectState;
use crate::alerts::{Floods, PUBLIC_ID_KEY};
use crate::domain::{AlertKey, Day, Finding, Payment, Stamp};
use crate::ledger::{KeptPayment, ProjectLedger};
use std::collections::{BTreeMap, BTreeSet};

/// An alert as it would be without the payment, and with it; different in level, sum or number of
/// workers, or there in one case only.
#[derive(Clone, PartialEq, Debug)]
pub struct Otherwise {
    pub before: Option<Finding>,
    pub after: Option<Finding>,
}

impl ProjectAsk<'_> {
    /// Both as of that day, by the rulebook that judges now. Ascending by what the alerts are about.
    pub fn what_if(&self, payment: Payment, as_of: Day) -> Vec<Otherwise> {
        let stamp = Stamp { at: payment.settled_at, id: payment.txn_id.clone() };
        let mut copy = self.ledger.clone();
        copy.put_payment(&KeptPayment { payment, stamp });
        let before = self.stand(self.ledger.clone(), as_of);
        let after = self.stand(copy, as_of);
        let keys: BTreeSet<&AlertKey> = before.keys().chain(after.keys()).collect();
        let said = |finding: &Finding| (finding.level, finding.amount, finding.workers);
        keys.into_iter()
            .map(|key| Otherwise { before: before.get(key).cloned(), after: after.get(key).cloned() })
            .filter(|one| one.before.as_ref().map(said) != one.after.as_ref().map(said))
            .collect()
    }

    fn stand(&self, ledger: ProjectLedger, as_of: Day) -> BTreeMap<AlertKey, Finding> {
        let floods = Floods::default();
        let (ids, today) = (&PUBLIC_ID_KEY, Some(as_of));
        let bench = Bench { book: self.book, ids, today, written_ms: 0, floods: &floods };
        let mut state = ProjectState::new(ledger);
        state.visit(&bench, &mut Vec::new());
        state.alerts.standing().map(|alert| (alert.key(), alert.finding.clone())).collect()
    }
}
