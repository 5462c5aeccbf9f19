//! `payee-mismatch`: wage money went to an account that the worker has not named.
//!
//! **Article**: Order 724, art. 31.
//!
//! **Found when**: a payment placed with a worker is settled and not returned, the worker has named
//! at least one account in the project, and the payee account is none of them. Orange.
//!
//! **Clears when**: an enrolment of the worker names that account (it then counts, for the time
//! before too), or the bank returns the payment.
//!
//! **Evidence**: the payment, and the accounts that the worker has named.
//!
//! **Not covered**: one account that serves several workers; a card of the worker's that somebody
//! else holds; money that was paid back in cash.

use super::Judgement;
use crate::domain::{Evidence, Finding, Level, Rule, WorkerView};

pub(super) fn judge(view: &WorkerView, on: &mut Judgement<'_>) {
    for payment in view.mismatched() {
        let evidence =
            Evidence::PayeeMismatch { payment: payment.clone(), named_accounts: view.named_accounts.clone() };
        on.find(Finding::of_payment(Rule::PayeeMismatch, view, payment, Level::Orange, evidence));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Period, Subject};
    use crate::rules::sample::{day, judgement, payment, worker};

    fn found(payments: &[(&str, i64, Option<&str>)]) -> Vec<Finding> {
        let mut view = worker(Vec::new());
        view.payments = payments.iter().map(|(txn, fen, month)| payment(txn, *fen, *month)).collect();
        let mut on = judgement("2026-04-20");
        judge(&view, &mut on);
        on.into_parts().0
    }

    #[test]
    fn no_such_payment_is_no_finding() {
        assert_eq!(found(&[]), []);
    }

    #[test]
    fn each_payment_is_a_finding_of_its_own() {
        let found = found(&[("T1", 100_000, Some("2026-03")), ("T2", 1, None)]);
        let seen: Vec<_> = found.iter().map(|f| (f.level, f.amount, f.workers, f.period)).collect();
        let march = Period::parse("2026-03");
        assert_eq!(seen, [(Level::Orange, 100_000, 1, march), (Level::Orange, 1, 1, None)]);
        assert!(matches!(&found[1].subject, Subject::Payment { txn_id, .. } if txn_id == "T2"));
    }

    #[test]
    fn it_does_not_age() {
        assert_eq!(found(&[("T1", 100_000, None)])[0].overdue_days(day("2030-01-01")), 0);
    }
}
