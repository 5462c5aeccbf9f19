//! What the program answers, in lines of a transcript. Decides nothing.

use super::cast::{account_word, employer_word, name_of};
use super::line::yuan;
use wagewatch::domain::*;

/// One alert row.
pub fn row(row: &AlertRow, today: Day) -> String {
    let alert = &row.alert;
    let finding = &alert.finding;
    let mut line = format!("{} {} {}", row.change, finding.rule, finding.level);
    line += match finding.project_id.is_county() {
        true => " county".to_owned(),
        false => format!(" {}", finding.project_id),
    }
    .as_str();
    match &finding.subject {
        Subject::Project => {}
        Subject::Worker(id) => line += &format!(" {}", name_of(id)),
        Subject::WorkerPeriod(id, period) => line += &format!(" {} {period}", name_of(id)),
        Subject::Payment { id_number, txn_id, .. } => line += &format!(" {} {txn_id}", name_of(id_number)),
        other => line += &format!(" {}", paper(other)),
    }
    let said = match row.change {
        Change::Resolved | Change::RolledUp | Change::Shown => None,
        Change::Acknowledged | Change::Noted | Change::Handled | Change::Justified => Some(by(alert)),
        Change::Escalated => Some(format!("step {}", alert.clock.escalation)),
        Change::ExemptionEnded => Some(format!("{} again", alert.status)),
        Change::JustificationAsked => {
            let until = alert.casework.justification.as_ref().and_then(|asked| asked.until);
            until.map(|until| format!("until {until} {}", by(alert)))
        }
        Change::WorkerSaid => alert.casework.worker.map(|word| format!("{word} {}", by(alert))),
        Change::Exempted => {
            let exemption = alert.casework.exemption.as_ref();
            exemption.map(|e| format!("until {}, {} {}", e.until, e.kind, by(alert)))
        }
        Change::Advanced => Some(format!("{} in all {}", yuan(alert.casework.advanced), by(alert))),
        Change::HandedOver => alert.casework.handed_to.map(|to| format!("to {to} {}", by(alert))),
        Change::Assigned => alert.assignee.as_ref().map(|to| format!("to {to} {}", by(alert))),
        Change::Dismissed => alert.dismissal.as_ref().map(|d| format!("{} {}", d.reason, by(alert))),
        Change::Released if alert.actor.is_some() => Some(by(alert)),
        Change::Raised | Change::Changed | Change::Reopened | Change::Released => evidence(finding, today),
    };
    if alert.held.is_some() {
        line += " (held)";
    }
    line += &said.map(|said| format!(": {said}")).unwrap_or_default();
    let facts = matches!(row.change, Change::Changed | Change::Assigned | Change::Noted);
    if facts && alert.status != AlertStatus::Open {
        line += &format!(" [{}]", alert.status);
    }
    line
}

/// One step of an alert's life.
pub fn step(step: &Step) -> String {
    let deed = step.deed.as_ref().map(|deed| format!(" by {}", deed.actor)).unwrap_or_default();
    format!("{} {} {} {}{deed}", step.on, step.change, step.level, yuan(step.amount))
}

fn by(alert: &Alert) -> String {
    let note = alert.note.as_ref().map(|note| format!(", {note:?}")).unwrap_or_default();
    format!("by {}{note}", alert.actor.as_deref().unwrap())
}

fn evidence(finding: &Finding, today: Day) -> Option<String> {
    let age =
        || format!("overdue {}, due {}", count(finding.overdue_days(today), "day"), finding.due_on.unwrap());
    match &finding.evidence {
        Evidence::Wage(wage) if wage.paid == 0 => Some(format!("owed {}, {}", yuan(finding.amount), age())),
        Evidence::Wage(wage) => {
            Some(format!("owed {} of {}, {}", yuan(finding.amount), yuan(wage.expected), age()))
        }
        Evidence::ProjectArrears { workers, oldest_due_on, .. } => Some(format!(
            "owed {}, {}, overdue {}, oldest due {oldest_due_on}",
            yuan(finding.amount),
            count(*workers, "worker"),
            count(finding.overdue_days(today), "day"),
        )),
        Evidence::PayeeMismatch { payment, named_accounts } => {
            let named: Vec<String> = named_accounts.iter().map(|account| account_word(*account)).collect();
            let to = account_word(payment.payee_account);
            Some(format!("{} to {to}, named are {}", yuan(finding.amount), named.join(" ")))
        }
        Evidence::UnregisteredWorker { days, first_worked_on } => {
            Some(format!("{days} days since {}", first_worked_on.unwrap()))
        }
        Evidence::UnknownProject => None,
        Evidence::Facts(facts) => {
            let sum = (finding.amount != 0).then(|| yuan(finding.amount));
            let workers = (finding.workers > 1).then(|| count(finding.workers, "worker"));
            let facts = facts.iter().map(|fact| format!("{} {}", fact.name, value(&fact.value)));
            Some(sum.into_iter().chain(workers).chain(facts).collect::<Vec<_>>().join(", "))
        }
    }
}

/// What an alert is about that is about no person and not the whole project.
fn paper(subject: &Subject) -> String {
    match subject {
        Subject::Month(period) => period.to_string(),
        Subject::Week(day) => format!("week-of {day}"),
        Subject::Account(account) => account_word(*account),
        Subject::Booking { account, entry_id: id } | Subject::Restraint { account, restraint_id: id } => {
            format!("{} {id}", account_word(*account))
        }
        Subject::StrayPayment { txn_id, .. } => txn_id.to_string(),
        Subject::Deposit(id) | Subject::Complaint(id) | Subject::Source(id) => id.to_string(),
        Subject::Sheet(firm, period) => format!("{} {period}", employer_word(*firm)),
        Subject::Employer(firm) => employer_word(*firm).to_owned(),
        Subject::Rule(rule) => rule.to_string(),
        Subject::Project | Subject::Worker(_) | Subject::WorkerPeriod(..) | Subject::Payment { .. } => {
            panic!("{subject:?} is shown by its names")
        }
    }
}

fn value(value: &FactValue) -> String {
    match value {
        FactValue::Fen(sum) => yuan(*sum),
        FactValue::Days(days) => days.to_string(),
        FactValue::Date(day) => day.to_string(),
        FactValue::Month(period) => period.to_string(),
        FactValue::Count(count) => count.to_string(),
        FactValue::Share(share) => format!("{}.{:02}%", share / 100, share % 100),
        FactValue::Time(time) => time.business(DayStart(0)).0.to_string(),
        FactValue::Firm(firm) => employer_word(*firm).to_owned(),
        FactValue::Person(id) => name_of(id).to_owned(),
        FactValue::Account(account) => account_word(*account),
        FactValue::Text(text) => text.to_string(),
        FactValue::Payment(line) => {
            format!("{} {} to {}", line.txn_id, yuan(line.amount_fen.sum()), account_word(line.payee_account))
        }
    }
}

/// A worker's months, and his advance if there is one.
pub fn ledger(view: &WorkerView, today: Option<Day>, book: &Rulebook) -> Vec<String> {
    let mut lines: Vec<String> = view.periods.iter().map(|p| period(view, p, today, book)).collect();
    if view.advance > 0 {
        lines.push(format!("advance {}", yuan(view.advance)));
    }
    lines
}

fn period(view: &WorkerView, p: &PeriodView, today: Option<Day>, book: &Rulebook) -> String {
    let mut line = format!("{}: {} days", p.period, p.days);
    if p.minutes > 0 {
        line += &format!(" {} minutes", p.minutes);
    }
    line += &format!(", accrued {}", yuan(p.accrued));
    if let Some(signed) = p.signed {
        line += &format!(", signed {}", yuan(signed));
    }
    line += &format!(", paid {}, owed {}, due {}", yuan(p.paid), yuan(p.arrears), p.due_on);
    if p.due_on != p.due_nominal {
        line += &format!(" (moved from {})", p.due_nominal);
    }
    let late = today.is_some_and(|today| today > p.due_on);
    let status = match () {
        () if p.days > Days(0) && !view.enrolled && p.expected == 0 => "unpriced",
        () if p.arrears <= Sum::from(book.at(p.due_on).tolerance_fen) => "paid",
        () if late => "overdue",
        () => "not due",
    };
    format!("{line}: {status}")
}

fn count<T: Into<i64> + Copy + std::fmt::Display>(n: T, what: &str) -> String {
    format!("{n} {what}{}", if n.into() == 1 { "" } else { "s" })
}
