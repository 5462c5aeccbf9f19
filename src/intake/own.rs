//! Whether the records of a batch are the caller's to hand in. One that is not refuses its whole batch before
//! anything of it is taken: it is no bad record, it is a caller who speaks for another.

use crate::access::{Home, Statement};
use crate::domain::{Account, Body, Entry, ProjectId, RecordType};
use crate::engine::Engine;
use crate::guard::Visit;
use crate::proto::Refusal;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Where a project is, by what is known of it now.
pub type Homes = Arc<dyn Fn(&ProjectId) -> Home + Send + Sync>;

/// How long the engine may take to say whose accounts they are.
const PATIENCE: Duration = Duration::from_secs(10);

pub async fn check(entries: &[Entry], visit: &Visit, engine: &Engine, homes: &Homes) -> Result<(), Refusal> {
    if visit.is_over() {
        return Err(Refusal::Revoked);
    }
    if !visit.is_bound() {
        return Ok(());
    }
    let records = || {
        entries.iter().enumerate().filter_map(|(at, entry)| match entry {
            Entry::Record(record) => Some((at, &record.body)),
            _ => None,
        })
    };
    let accounts: BTreeSet<Account> = records().filter_map(|(_, body)| account(body)).collect();
    let banks = if accounts.is_empty() { BTreeMap::new() } else { banks(engine, accounts).await? };
    for (at, body) in records() {
        let home = match body {
            Body::Inspection(inspection) => homes(&inspection.project_id),
            _ => Home::default(),
        };
        let bank = account(body).and_then(|account| banks.get(&account));
        let statement = Statement::of(body, bank.map(|bank| bank.as_str()), home.place());
        visit.check_record(statement, || format!("record {} of the batch", at + 1))?;
    }
    Ok(())
}

/// Whether what came and could not be taken is his, as far as it says whose it is. What says nothing of that, because
/// it is no JSON, is anybody's: nothing of it is put in again.
pub fn came_from_him(came: &Value, visit: &Visit, homes: &Homes) -> bool {
    if !visit.is_bound() || came.is_null() {
        return true;
    }
    let text = |field: &str| came.get(field).and_then(Value::as_str);
    let Some(kind) = text("type").and_then(RecordType::parse) else { return false };
    let project_id = text("project_id");
    let project = project_id.and_then(|id| ProjectId::parse("project_id", id).ok());
    let home = project.map(|project| homes(&project)).unwrap_or_default();
    let (bank, department) = (text("bank"), text("department"));
    let place = home.place();
    let statement = Statement { kind, project_id, bank, account_bank: None, department, place };
    visit.check_record(statement, String::new).is_ok()
}

/// The wage account that a record is about.
fn account(body: &Body) -> Option<Account> {
    match body {
        Body::Payment(record) => Some(record.account),
        Body::Account(record) => Some(record.account),
        Body::AccountEntry(record) => Some(record.account),
        Body::AccountRestraint(record) => Some(record.account),
        _ => None,
    }
}

async fn banks(
    engine: &Engine,
    accounts: BTreeSet<Account>,
) -> Result<BTreeMap<Account, compact_str::CompactString>, Refusal> {
    let (answer, answered) = oneshot::channel();
    engine.banks(accounts.into_iter().collect(), move |found| {
        // Whoever asked may have left.
        let _ = answer.send(found);
    });
    match tokio::time::timeout(PATIENCE, answered).await {
        Ok(Ok(found)) => found.map_err(Refusal::from),
        Ok(Err(_)) => Err(Refusal::Stopping),
        Err(_) => Err(Refusal::Busy),
    }
}
