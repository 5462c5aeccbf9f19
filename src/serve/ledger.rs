//! `LedgerService`: what the ledger says of a worker or a project, and what could not be placed or taken.
//! Asks the shard that owns the project; changes nothing.

use super::ask::ask;
use super::dead_letters::WriteLine;
use super::filter::{codes, territory_passes};
use super::letters::letters;
use super::page;
use super::papers;
use super::reveal::reveal;
use super::rows::Rows;
use super::suspense::suspense;
use crate::domain::{AlertRow, Day, IdNumber, ProjectId, Reason, Subject};
use crate::engine::{Engine, ProjectAsk, ProjectSummary};
use crate::guard::Visit;
use crate::proto::v1 as pb;
use crate::proto::v1::ledger_service_server::LedgerService;
use crate::proto::{Refusal, deadline};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tonic::{Request, Response, Status};

/// The door for case handlers.
pub struct Ledgers {
    pub(super) engine: Engine,
    pub(super) rows: Arc<Rows>,
    /// How long a call may take, if the caller gives no shorter time.
    patience: Duration,
    write_line: WriteLine,
}

impl Ledgers {
    pub fn new(engine: Engine, rows: Arc<Rows>, patience: Duration, write_line: WriteLine) -> Ledgers {
        Ledgers { engine, rows, patience, write_line }
    }

    pub(super) fn ready(&self) -> Result<(), Refusal> {
        if self.engine.is_ready() {
            return Ok(());
        }
        Err(Refusal::NotReady("the service is still reading its log; come again in a moment".into()))
    }

    pub(super) fn shown(&self, rows: &[Arc<AlertRow>], today: Option<Day>, visit: &Visit) -> Vec<pb::Alert> {
        rows.iter().map(|row| self.rows.alert(&self.rows.make(row), today, visit.sight())).collect()
    }

    pub(super) fn sees(&self, project: &ProjectId, visit: &Visit) -> bool {
        visit.sees_project(self.rows.home_of(project).place())
    }

    /// The project, if the caller sees it, noted as shown; of one that he does not see he is told what he would be
    /// told of none.
    pub(super) fn project_seen(&self, text: &str, visit: &Visit) -> Result<ProjectId, Refusal> {
        let project = project_id(text)?;
        if !self.sees(&project, visit) {
            return Err(no_project());
        }
        visit.saw([project.to_string()]);
        Ok(project)
    }

    async fn projects(
        &self,
        request: pb::ListProjectsRequest,
        visit: &Visit,
        until: Instant,
    ) -> Result<pb::ListProjectsResponse, Refusal> {
        self.ready()?;
        let sectors = codes("sectors", request.sectors)?;
        let territories = codes("territories", request.territories)?;
        let size = page::size(request.page_size, 100, 1000)?;
        let seal = self.rows.seal(&visit.caller.name);
        let after = page::token(&request.page_token, &seal, |r| r.project_id())?;
        let wanted = |summary: &&ProjectSummary| {
            after.as_ref().is_none_or(|after| summary.project_id > *after)
                && (!request.overdue_only || summary.overdue_periods > 0)
                && place_passes(summary, &sectors, &territories)
                && visit.sees_project(self.rows.home(summary.facts.as_ref()).place())
        };
        let all = ask(until, |done| self.engine.projects(done)).await?;
        let mut found = all.iter().filter(wanted).take(size + 1).collect::<Vec<_>>();
        let more = found.len() > size;
        found.truncate(size);
        visit.saw(found.iter().map(|summary| summary.project_id.to_string()));
        let last = found.last().filter(|_| more);
        Ok(pb::ListProjectsResponse {
            next_page_token: last
                .map_or_else(String::new, |last| page::write(&seal, |w| w.project_id(&last.project_id))),
            projects: found
                .into_iter()
                .map(|summary| papers::summary(summary, &self.rows.doubts_of(&summary.project_id)))
                .collect(),
        })
    }

    async fn suspense(
        &self,
        request: pb::ListSuspenseRequest,
        visit: &Visit,
        until: Instant,
    ) -> Result<pb::ListSuspenseResponse, Refusal> {
        self.ready()?;
        let project =
            request.project_id.as_deref().filter(|id| !id.is_empty()).map(project_id).transpose()?;
        let size = page::size(request.page_size, 1000, 10_000)?;
        let mut found = suspense(&self.engine, &self.rows, visit, project, size + 1, until).await?;
        let truncated = found.len() > size;
        found.truncate(size);
        visit.saw(found.iter().map(|(_, kept, _)| format!("{}/{}", kept.payment.bank, kept.payment.txn_id)));
        let payments = found
            .iter()
            .map(|(project, kept, reason)| papers::suspense(project.as_ref(), &kept.payment, *reason));
        Ok(pb::ListSuspenseResponse { payments: payments.collect(), truncated })
    }
}

/// The last rows of the alerts that stand: of one worker, or of the project itself.
/// `held`: also what is held in quarantine.
pub(super) fn standing(asked: &ProjectAsk<'_>, whom: Option<&IdNumber>, held: bool) -> Vec<Arc<AlertRow>> {
    let about = |row: &&Arc<AlertRow>| match whom {
        Some(id) => row.id_number() == Some(id),
        None => row.alert.finding.subject == Subject::Project,
    };
    let told = |row: &&Arc<AlertRow>| row.alert.stands() && (held || row.alert.held.is_none());
    asked.rows.values().filter(told).filter(about).cloned().collect()
}

pub(super) fn no_project() -> Refusal {
    Refusal::NotFound("no record names this project".into())
}

pub(super) fn project_id(text: &str) -> Result<ProjectId, Refusal> {
    ProjectId::parse("project_id", text).map_err(|why| field(&why))
}

pub(super) fn field(why: &Reason) -> Refusal {
    Refusal::invalid(why.field.as_str(), format!("{}; found {}", why.expected, why.found))
}

pub(super) fn place_passes(
    summary: &ProjectSummary,
    sectors: &BTreeSet<String>,
    territories: &BTreeSet<String>,
) -> bool {
    let (sector, territory) = match &summary.facts {
        Some(facts) => (facts.sector.as_str(), facts.territory.as_str()),
        None => ("", ""),
    };
    (sectors.is_empty() || sectors.contains(sector)) && territory_passes(territories, territory)
}

#[tonic::async_trait]
impl LedgerService for Ledgers {
    async fn get_worker_ledger(
        &self,
        request: Request<pb::GetWorkerLedgerRequest>,
    ) -> Result<Response<pb::GetWorkerLedgerResponse>, Status> {
        let until = deadline(request.metadata(), self.patience);
        let visit = Visit::of(request.extensions())?;
        Ok(Response::new(self.worker(request.into_inner(), &visit, until).await?))
    }

    async fn get_project(
        &self,
        request: Request<pb::GetProjectRequest>,
    ) -> Result<Response<pb::GetProjectResponse>, Status> {
        let until = deadline(request.metadata(), self.patience);
        let visit = Visit::of(request.extensions())?;
        Ok(Response::new(self.project(request.into_inner(), &visit, until).await?))
    }

    async fn get_project_funds(
        &self,
        request: Request<pb::GetProjectFundsRequest>,
    ) -> Result<Response<pb::GetProjectFundsResponse>, Status> {
        let until = deadline(request.metadata(), self.patience);
        let visit = Visit::of(request.extensions())?;
        Ok(Response::new(self.funds(request.into_inner(), &visit, until).await?))
    }

    async fn list_workers(
        &self,
        request: Request<pb::ListWorkersRequest>,
    ) -> Result<Response<pb::ListWorkersResponse>, Status> {
        let until = deadline(request.metadata(), self.patience);
        let visit = Visit::of(request.extensions())?;
        Ok(Response::new(self.list_of_workers(request.into_inner(), &visit, until).await?))
    }

    async fn list_due(
        &self,
        request: Request<pb::ListDueRequest>,
    ) -> Result<Response<pb::ListDueResponse>, Status> {
        let until = deadline(request.metadata(), self.patience);
        let visit = Visit::of(request.extensions())?;
        Ok(Response::new(self.due(request.into_inner(), &visit, until).await?))
    }

    async fn list_projects(
        &self,
        request: Request<pb::ListProjectsRequest>,
    ) -> Result<Response<pb::ListProjectsResponse>, Status> {
        let until = deadline(request.metadata(), self.patience);
        let visit = Visit::of(request.extensions())?;
        Ok(Response::new(self.projects(request.into_inner(), &visit, until).await?))
    }

    async fn list_suspense(
        &self,
        request: Request<pb::ListSuspenseRequest>,
    ) -> Result<Response<pb::ListSuspenseResponse>, Status> {
        let until = deadline(request.metadata(), self.patience);
        let visit = Visit::of(request.extensions())?;
        Ok(Response::new(self.suspense(request.into_inner(), &visit, until).await?))
    }

    async fn reveal(
        &self,
        request: Request<pb::RevealRequest>,
    ) -> Result<Response<pb::RevealResponse>, Status> {
        let until = deadline(request.metadata(), self.patience);
        let visit = Visit::of(request.extensions())?;
        self.ready()?;
        Ok(Response::new(reveal(&self.engine, &self.rows, &visit, request.into_inner(), until).await?))
    }

    async fn list_dead_letters(
        &self,
        request: Request<pb::ListDeadLettersRequest>,
    ) -> Result<Response<pb::ListDeadLettersResponse>, Status> {
        let until = deadline(request.metadata(), self.patience);
        let visit = Visit::of(request.extensions())?;
        let request = request.into_inner();
        let letters = letters(&self.engine, &self.rows, &visit, request, self.write_line, until);
        Ok(Response::new(letters.await?))
    }
}
