//! `LedgerService.Reveal`: the full numbers and names behind one alert. The gate has asked whether the caller may; here
//! his reason is read, one answer is taken from what he may have, and what he is shown is noted for the audit trail,
//! in which it stands before the answer leaves.

use super::ask::ask;
use super::rows::Rows;
use crate::domain::{Account, AlertId, AlertRow, Evidence, FactValue, IdNumber, PaymentLine, Subject};
use crate::engine::{Engine, ProjectAsk};
use crate::guard::Visit;
use crate::proto::Refusal;
use crate::proto::v1 as pb;
use std::collections::BTreeSet;
use tokio::time::Instant;

const TEXT_CHARS: usize = 500;

pub async fn reveal(
    engine: &Engine,
    rows: &Rows,
    visit: &Visit,
    request: pb::RevealRequest,
    until: Instant,
) -> Result<pb::RevealResponse, Refusal> {
    let why = why(&request)?;
    let row = engine.feed().get(&AlertId(request.alert_id.as_str().into()));
    let row = row.filter(|row| rows.is_seen(row, visit));
    let unknown = "no alert of this id stands or was resolved lately";
    let row = row.ok_or_else(|| Refusal::NotFound(unknown.into()))?;
    visit.take_reveal()?;
    let named = Named::of(&row);
    let (persons, project) = (named.persons.clone(), row.project_id().clone());
    let question = move |asked: Option<ProjectAsk<'_>>| {
        persons.iter().map(|id| person(asked.as_ref(), id)).collect::<Vec<_>>()
    };
    let persons = ask(until, |done| engine.ask_project(project, question, done)).await?;
    let masked = named.persons.iter().map(ToString::to_string);
    let masked_accounts = named.accounts.iter().map(ToString::to_string);
    visit.saw(std::iter::once(row.alert.id.0.to_string()).chain(masked).chain(masked_accounts));
    visit.says_why(why);
    let theirs: BTreeSet<&String> = persons.iter().flat_map(|person| &person.accounts).collect();
    let accounts = named.accounts.iter().map(|account| account.reveal().to_string());
    let accounts = accounts.filter(|account| !theirs.contains(account)).collect();
    Ok(pb::RevealResponse { persons, accounts })
}

fn why(request: &pb::RevealRequest) -> Result<String, Refusal> {
    let words: Vec<&str> = (1..=5)
        .filter_map(|number| pb::RevealReason::try_from(number).ok())
        .map(|reason| reason.as_str_name())
        .collect();
    let reason = match request.reason() {
        pb::RevealReason::Unspecified => {
            return Err(Refusal::invalid("reason", format!("one of {}", words.join(", "))));
        }
        reason => reason.as_str_name(),
    };
    let text = request.text.trim();
    if text.is_empty() || text.chars().count() > TEXT_CHARS {
        return Err(Refusal::invalid("text", format!("the case in 1 to {TEXT_CHARS} characters")));
    }
    Ok(format!("{}: {text}", reason.trim_start_matches("REVEAL_REASON_")))
}

fn person(asked: Option<&ProjectAsk<'_>>, id: &IdNumber) -> pb::RevealedPerson {
    let mut shown = pb::RevealedPerson { id_number: id.reveal().to_string(), ..Default::default() };
    if let Some(asked) = asked
        && let Some(worker) = asked.ledger.worker_ix(id)
    {
        shown.name = asked.ledger.newest_enrolment(worker).map(|e| e.name.to_string()).unwrap_or_default();
        shown.accounts = asked.ledger.named_accounts(worker).iter().map(|a| a.reveal().to_string()).collect();
    }
    shown
}

/// Whom and which accounts an alert names.
#[derive(Default)]
struct Named {
    persons: BTreeSet<IdNumber>,
    accounts: BTreeSet<Account>,
}

impl Named {
    fn of(row: &AlertRow) -> Named {
        let finding = &row.alert.finding;
        let mut named = Named::default();
        named.persons.extend(row.id_number().cloned());
        match &finding.subject {
            Subject::Account(account)
            | Subject::Booking { account, .. }
            | Subject::Restraint { account, .. } => {
                named.accounts.insert(*account);
            }
            _ => {}
        }
        match &finding.evidence {
            Evidence::Wage(wage) => wage.payments.iter().for_each(|line| named.payment(line)),
            Evidence::ProjectArrears { worst, .. } => {
                named.persons.extend(worst.iter().map(|(id, _)| id.clone()));
            }
            Evidence::PayeeMismatch { payment, named_accounts } => {
                named.payment(payment);
                named.accounts.extend(named_accounts.iter().copied());
            }
            Evidence::Facts(facts) => facts.iter().for_each(|fact| match &fact.value {
                FactValue::Person(id) => {
                    named.persons.insert(id.clone());
                }
                FactValue::Account(account) => {
                    named.accounts.insert(*account);
                }
                FactValue::Payment(line) => named.payment(line),
                _ => {}
            }),
            Evidence::UnregisteredWorker { .. } | Evidence::UnknownProject => {}
        }
        named
    }

    fn payment(&mut self, line: &PaymentLine) {
        self.accounts.insert(line.payee_account);
    }
}
