//! `paid-outside-account`: a wage was paid, but not from the project's wage account.
//!
//! **Article**: Order 724, art. 31.
//!
//! **Found when**: a payment counts for a worker of the project (settled, not returned, to an account
//! that he named, or he named none), and the account that it was paid from is none of the project's
//! wage accounts. Orange; each payment is a finding of its own. A project without a known wage account
//! pays every wage from elsewhere.
//!
//! **Clears when**: the payer's account turns out to be a wage account of the project, the bank returns
//! the payment, or the payment does not count any more (`payee-mismatch`).
//!
//! **Evidence**: the payment, the account that it was paid from, and the project's wage accounts.
//!
//! **Not covered**: wages in cash, which no record shows; a wage account that was closed, or not yet
//! opened, on the day of the payment; a payment from another project's wage account is covered.

use super::Judgement;
use crate::domain::{Evidence, Fact, FactName, FactValue, Finding, Level, PaymentLine, Rule, WorkerView};

/// How many of the project's wage accounts the evidence names.
const ACCOUNTS: usize = 10;

pub(super) fn judge(view: &WorkerView, on: &mut Judgement<'_>) {
    for payment in view.payments.iter().filter(|payment| payment.counts && payment.outside_account) {
        let evidence = Evidence::Facts(facts(view, payment));
        on.find(Finding::of_payment(Rule::PaidOutsideAccount, view, payment, Level::Orange, evidence));
    }
}

fn facts(view: &WorkerView, payment: &PaymentLine) -> Vec<Fact> {
    let account = |name, account| Fact::new(name, FactValue::Account(account));
    let paid = Fact::new(FactName::Payment, FactValue::Payment(Box::new(payment.clone())));
    let own = view.wage_accounts.iter().take(ACCOUNTS).map(|own| account(FactName::WageAccount, *own));
    [paid, account(FactName::PayerAccount, payment.payer_account)].into_iter().chain(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sample::{judgement, payment, wage_account, worker};

    fn found(counts: bool, outside_account: bool, returned: bool) -> Vec<Finding> {
        let mut view = worker(Vec::new());
        view.wage_accounts = vec![wage_account("2026-01-05").account];
        let line = payment("T1", 100_000, Some("2026-03"));
        view.payments = vec![PaymentLine { counts, outside_account, returned, ..line }];
        let mut on = judgement("2026-04-20");
        judge(&view, &mut on);
        on.into_parts().0
    }

    #[test]
    fn a_counting_payment_from_elsewhere_is_found() {
        let found = found(true, true, false);
        assert_eq!((found.len(), found[0].level, found[0].amount), (1, Level::Orange, 100_000));
        let Evidence::Facts(facts) = &found[0].evidence else { panic!() };
        let names: Vec<FactName> = facts.iter().map(|fact| fact.name).collect();
        assert_eq!(names, [FactName::Payment, FactName::PayerAccount, FactName::WageAccount]);
    }

    #[test]
    fn one_from_the_wage_account_or_one_that_does_not_count_is_not() {
        assert_eq!(found(true, false, false), []);
        assert_eq!(found(false, true, false), []);
        assert_eq!(found(false, true, true), []);
    }
}
