//! `shared-payee`: one account takes the wages of several workers.
//!
//! **Article**: Order 724, art. 31.
//!
//! **Found when**: two workers or more of the project have named one payee account, or were paid to it
//! by settled payments that were not returned; the one who named it and the one who was paid to it
//! are two. Red. The project need not be known.
//!
//! **Clears when**: the bank returns the payments, or they turn out to be one worker's. A name stays
//! named: an account that an enrolment ever named is the worker's.
//!
//! **Evidence**: the account, how many workers, and the first ten of them by identity number; after each
//! who has not named it, a payment for him that went there.
//!
//! **Not covered**: couples who share an account with reason, which a supervisor dismisses; workers of
//! several projects; payments that no worker of the two can be told from (they wait in suspense).

use super::Judgement;
use crate::domain::{Fact, FactName, FactValue, Finding, Level, PapersView, Rule, SharedPayee, Subject};

pub(super) fn judge(view: &PapersView<'_>, on: &mut Judgement<'_>) {
    for payee in &view.shared_payees {
        let subject = Subject::Account(payee.account);
        let finding = Finding::new(Rule::SharedPayee, view.project_id, subject, Level::Red, facts(payee));
        on.find(Finding { workers: payee.workers, ..finding });
    }
}

fn facts(payee: &SharedPayee<'_>) -> Vec<Fact> {
    let mut facts = vec![
        Fact::new(FactName::Account, FactValue::Account(payee.account)),
        Fact::count(FactName::Workers, payee.workers),
    ];
    for worker in &payee.shown {
        facts.push(Fact::new(FactName::Worker, FactValue::Person(worker.id_number.clone())));
        let payment = worker.payment.as_ref().map(|line| FactValue::Payment(Box::new(line.clone())));
        facts.extend(payment.map(|payment| Fact::new(FactName::Payment, payment)));
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PayeeView;
    use crate::rules::sample::{judgement, papers, payment, person, project_id, wage_account};

    #[test]
    fn it_tells_who_named_the_account_and_who_was_paid_to_it() {
        let (id, who, account) = (project_id(), person(), wage_account("2026-01-05").account);
        let line = payment("T1", 5, None);
        let named = PayeeView { id_number: &who, named: true, payment: None };
        let paid = PayeeView { id_number: &who, named: false, payment: Some(line) };
        let payee = SharedPayee { account, workers: 12, shown: vec![named, paid] };
        let mut on = judgement("2026-04-20");
        judge(&PapersView { shared_payees: vec![payee], ..papers(&id) }, &mut on);
        let found = &on.findings()[0];
        assert_eq!((found.level, found.amount, found.workers), (Level::Red, 0, 12));
        assert_eq!(found.subject, Subject::Account(account));
        let crate::domain::Evidence::Facts(facts) = &found.evidence else { panic!() };
        let names: Vec<FactName> = facts.iter().map(|fact| fact.name).collect();
        use FactName::{Account, Payment, Worker, Workers};
        assert_eq!(names, [Account, Workers, Worker, Worker, Payment]);
    }

    #[test]
    fn accounts_of_one_worker_each_are_no_finding() {
        let id = project_id();
        let mut on = judgement("2026-04-20");
        judge(&papers(&id), &mut on);
        assert_eq!(on.findings(), []);
    }
}
