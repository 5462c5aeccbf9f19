//! Whether the records of a batch are the caller's to hand in. One that is not refuses its whole batch before
//! anything of it is taken: it is no bad record, it is a caller who speaks for another.

use crate::access::{Home, Row, Statement};
use crate::domain::{Account, Body, Entry, ProjectId};
use crate::engine::Engine;
use crate::engine::api::{DeadContent, DeadLetter};
use crate::guard::{Claim, Visit, account_of};
use crate::proto::Refusal;
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
    let accounts: BTreeSet<Account> = records().filter_map(|(_, body)| account_of(body)).collect();
    let banks = if accounts.is_empty() { BTreeMap::new() } else { banks(engine, accounts).await? };
    for (at, body) in records() {
        let home = match body {
            Body::Inspection(inspection) => homes(&inspection.project_id),
            _ => Home::default(),
        };
        let bank = account_of(body).and_then(|account| banks.get(&account));
        let statement = Statement::of(body, bank.map(|bank| bank.as_str()), home.place());
        visit.check_record(statement, || format!("record {} of the batch", at + 1))?;
    }
    Ok(())
}

/// Whether what came and could not be taken is his, as far as it says whose it is. What says nothing of that is
/// anybody's: nothing of it is put in again.
pub async fn came_from_him(
    letter: &DeadLetter,
    visit: &Visit,
    engine: &Engine,
    homes: &Homes,
) -> Result<bool, Refusal> {
    let claim = match &letter.content {
        _ if !visit.is_bound() => return Ok(true),
        DeadContent::Conflict(record) => Some(Claim::of_body(&record.body)),
        DeadContent::Input(input) => Claim::of_bytes(&input.raw),
    };
    let Some(claim) = claim else { return Ok(true) };
    let account_bank = match claim.account {
        Some(account) => banks(engine, BTreeSet::from([account])).await?.remove(&account),
        None => None,
    };
    let project = claim.project_id.as_deref().and_then(|id| ProjectId::parse("project_id", id).ok());
    let home = project.map(|project| homes(&project)).unwrap_or_default();
    let statement = claim.statement(account_bank.as_deref(), home.place());
    Ok(visit.sees(&Row::Letter(statement)))
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
