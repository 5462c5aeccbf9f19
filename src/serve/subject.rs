//! What an alert is about, and the facts that it rests on, as messages: people and accounts masked.

use super::present::{both, fen, payment_line, rule};
use crate::alerts::{Both, fact_words};
use crate::domain::{Fact, FactValue, Subject};
use crate::proto::v1 as pb;
use pb::fact::Value;

/// `period`: the month that the finding is about, where its subject names none.
pub fn subject(subject: &Subject, period: Option<String>) -> pb::Subject {
    let mut shown = pb::Subject {
        id_number: subject.id_number().map(|id| id.masked().to_string()),
        period: subject.period().map(|p| p.to_string()).or(period),
        ..pb::Subject::default()
    };
    match subject {
        Subject::Payment { bank, txn_id, .. } | Subject::StrayPayment { bank, txn_id } => {
            shown.bank = Some(bank.to_string());
            shown.txn_id = Some(txn_id.to_string());
        }
        Subject::Week(day) => shown.week_from = Some(day.to_string()),
        Subject::Account(account) => shown.account = Some(account.masked().to_string()),
        Subject::Booking { account, entry_id } => {
            shown.account = Some(account.masked().to_string());
            shown.entry_id = Some(entry_id.to_string());
        }
        Subject::Restraint { account, restraint_id } => {
            shown.account = Some(account.masked().to_string());
            shown.restraint_id = Some(restraint_id.to_string());
        }
        Subject::Deposit(id) => shown.deposit_id = Some(id.to_string()),
        Subject::Sheet(firm, _) | Subject::Employer(firm) => shown.employer_uscc = Some(firm.to_string()),
        Subject::Complaint(id) => shown.complaint_id = Some(id.to_string()),
        Subject::Source(name) => shown.source = Some(name.to_string()),
        Subject::Rule(one) => shown.rule = rule(*one),
        Subject::Project | Subject::Worker(_) | Subject::WorkerPeriod(..) | Subject::Month(_) => {}
    }
    shown
}

pub fn fact(fact: &Fact) -> pb::Fact {
    let (zh, en) = fact_words(fact.name);
    let value = match &fact.value {
        FactValue::Fen(sum) => Value::Fen(fen(*sum)),
        FactValue::Days(days) => Value::Days(days.to_string()),
        FactValue::Date(day) => Value::Date(day.to_string()),
        FactValue::Month(period) => Value::Period(period.to_string()),
        FactValue::Count(count) => Value::Count(*count),
        FactValue::Share(share) => Value::Share(*share),
        FactValue::Time(time) => Value::Time(time.to_string()),
        FactValue::Firm(uscc) => Value::Uscc(uscc.to_string()),
        FactValue::Person(id) => Value::IdNumber(id.masked().to_string()),
        FactValue::Account(account) => Value::Account(account.masked().to_string()),
        FactValue::Text(text) => Value::Text(text.to_string()),
        FactValue::Payment(line) => Value::Payment(payment_line(line)),
    };
    pb::Fact { name: fact.name.as_str().to_owned(), label: Some(both(Both::new(zh, en))), value: Some(value) }
}
