//! Payments in suspense, of those projects that a caller sees: asked for project by project where he does not see
//! all, so that what he does not see takes no place of what he does.

use super::ask::ask;
use super::rows::Rows;
use crate::domain::ProjectId;
use crate::engine::{Engine, ProjectSummary, Waiting};
use crate::guard::Visit;
use crate::proto::Refusal;
use tokio::time::Instant;

/// Ascending by bank and number, at most `max`.
pub async fn suspense(
    engine: &Engine,
    rows: &Rows,
    visit: &Visit,
    project: Option<ProjectId>,
    max: usize,
    until: Instant,
) -> Result<Vec<Waiting>, Refusal> {
    match project {
        Some(project) if visit.sees_project(rows.home_of(&project).place()) => {
            ask(until, |done| engine.suspense(Some(project), max, done)).await
        }
        Some(_) => Ok(Vec::new()),
        None if visit.sees_county() => ask(until, |done| engine.suspense(None, max, done)).await,
        None => of_his(engine, rows, visit, max, until).await,
    }
}

async fn of_his(
    engine: &Engine,
    rows: &Rows,
    visit: &Visit,
    max: usize,
    until: Instant,
) -> Result<Vec<Waiting>, Refusal> {
    let all = ask(until, |done| engine.projects(done)).await?;
    let has = |summary: &&ProjectSummary| {
        summary.suspense > 0 && visit.sees_project(rows.home(summary.facts.as_ref()).place())
    };
    let mut found: Vec<Waiting> = Vec::new();
    for summary in all.iter().filter(has) {
        let project = Some(summary.project_id.clone());
        found.extend(ask(until, |done| engine.suspense(project, max, done)).await?);
        found.sort_by(|(_, a, _), (_, b, _)| {
            (&a.payment.bank, &a.payment.txn_id).cmp(&(&b.payment.bank, &b.payment.txn_id))
        });
        found.truncate(max);
    }
    Ok(found)
}
