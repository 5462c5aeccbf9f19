//! `forbidden-debit`: money left a wage account for something else than a worker's wage.
//!
//! **Article**: Circular 2021-53, art. 7 (to be verified); county plan 2025, section 3 (4).
//!
//! **Found when**: a booking out of a wage account of the project is no bank fee, and no payment of
//! the project from that account has its number (the booking's `entry_id` is the payment's `txn_id`);
//! or a payment from a wage account of the project is placed with none of its workers, and not
//! returned. Red; each booking and each such payment is a finding of its own, and a payment's own
//! booking is none. The project need not be known.
//!
//! **Clears when**: the payment of that number arrives, an enrolment names the account that it went
//! to, the bank returns the payment, or the wage account turns out to be another project's.
//!
//! **Evidence**: the account, the number, the day, the sum; of a booking its kind and purpose, of a
//! payment the account that it went to.
//!
//! **Not covered**: payments to an account that several workers have named (`shared-payee`), and to one that its
//! worker has not named (`payee-mismatch`); a wage that was paid for somebody who never worked.

use super::Judgement;
use crate::domain::{
    AccountEntry, DayStart, Fact, FactName, FactValue, Finding, Level, PapersView, Payment, Rule, Subject,
    Sum,
};

pub(super) fn judge(view: &PapersView<'_>, on: &mut Judgement<'_>) {
    for entry in view.accounts.iter().flat_map(|account| &account.unexplained) {
        on.find(booked(view, entry));
    }
    for payment in &view.strays {
        on.find(paid(view, payment));
    }
}

fn booked(view: &PapersView<'_>, entry: &AccountEntry) -> Finding {
    let mut evidence = vec![
        Fact::new(FactName::Account, FactValue::Account(entry.account)),
        Fact::text(FactName::Entry, &entry.entry_id),
        Fact::date(FactName::BookedOn, entry.booked_at.business(DayStart(0)).0),
        Fact::fen(FactName::Sum, entry.amount_fen.sum()),
        Fact::text(FactName::EntryKind, entry.kind.as_str()),
    ];
    evidence.extend(entry.purpose.as_deref().map(|purpose| Fact::text(FactName::Purpose, purpose)));
    let subject = Subject::Booking { account: entry.account, entry_id: entry.entry_id.clone() };
    finding(view, subject, entry.amount_fen.sum(), evidence)
}

fn paid(view: &PapersView<'_>, payment: &Payment) -> Finding {
    let evidence = vec![
        Fact::new(FactName::PayerAccount, FactValue::Account(payment.account)),
        Fact::text(FactName::Bank, &payment.bank),
        Fact::text(FactName::Entry, &payment.txn_id),
        Fact::date(FactName::BookedOn, payment.settled_at.business(DayStart(0)).0),
        Fact::fen(FactName::Sum, payment.amount_fen.sum()),
        Fact::new(FactName::Account, FactValue::Account(payment.payee_account)),
    ];
    let (bank, txn_id) = (payment.bank.clone(), payment.txn_id.clone());
    finding(view, Subject::StrayPayment { bank, txn_id }, payment.amount_fen.sum(), evidence)
}

fn finding(view: &PapersView<'_>, subject: Subject, amount: Sum, evidence: Vec<Fact>) -> Finding {
    let finding = Finding::new(Rule::ForbiddenDebit, view.project_id, subject, Level::Red, evidence);
    Finding { amount, ..finding }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EntryDirection, EntryKind, Fen, PaymentStatus, Time};
    use crate::rules::sample::{account, judgement, papers_of, project_id, wage_account};

    #[test]
    fn each_booking_without_a_payment_and_each_stray_payment_is_found() {
        let (id, paper) = (project_id(), wage_account("2026-01-05"));
        let at = Time::parse("2026-03-31T23:30:00+08:00").unwrap();
        let entry = AccountEntry {
            account: paper.account,
            entry_id: "E1".into(),
            direction: EntryDirection::Out,
            kind: EntryKind::Other,
            amount_fen: Fen(70_000),
            booked_at: at,
            counterparty: Some("somebody".into()),
            purpose: Some("steel".into()),
        };
        let stray = Payment {
            bank: "B".into(),
            txn_id: "T9".into(),
            account: paper.account,
            payee_account: paper.account,
            payee_name: None,
            id_number: None,
            project_id: None,
            period: None,
            amount_fen: Fen(5),
            settled_at: at,
            status: PaymentStatus::Settled,
        };
        let mut view = account(&paper);
        view.unexplained.push(&entry);
        let mut papers = papers_of(&id, vec![view]);
        papers.strays.push(stray);
        let mut on = judgement("2026-04-20");
        judge(&papers, &mut on);
        let found: Vec<_> = on.findings().iter().map(|f| (f.level, f.amount, f.workers)).collect();
        assert_eq!(found, [(Level::Red, 70_000, 0), (Level::Red, 5, 0)]);
        let crate::domain::Evidence::Facts(facts) = &on.findings()[0].evidence else { panic!() };
        assert!(facts.contains(&Fact::text(FactName::Purpose, "steel")));
        assert!(facts.contains(&Fact::date(FactName::BookedOn, crate::rules::sample::day("2026-03-31"))));
        assert!(!format!("{facts:?}").contains("somebody"));
    }

    #[test]
    fn an_account_whose_money_all_went_to_workers_is_no_finding() {
        let (id, paper) = (project_id(), wage_account("2026-01-05"));
        let mut on = judgement("2026-04-20");
        judge(&papers_of(&id, vec![account(&paper)]), &mut on);
        assert_eq!(on.findings(), []);
    }
}
