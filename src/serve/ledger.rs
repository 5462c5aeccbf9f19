//! `LedgerService`: what the ledger says of a worker or a project, and what could not be placed or taken.
//! Asks the shard that owns the project; changes nothing.

use super::ask::ask;
use super::dead_letters::{self, WriteLine};
use super::filter::{codes, territory_passes};
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
    engine: Engine,
    rows: Arc<Rows>,
    /// How long a call may take, if the caller gives no shorter time.
    patience: Duration,
    write_line: WriteLine,
}

impl Ledgers {
    pub fn new(engine: Engine, rows: Arc<Rows>, patience: Duration, write_line: WriteLine) -> Ledgers {
        Ledgers { engine, rows, patience, write_line }
    }

    fn ready(&self) -> Result<(), Refusal> {
        if self.engine.is_ready() {
            return Ok(());
        }
        Err(Refusal::NotReady("the service is still reading its log; come again in a moment".into()))
    }

    fn shown(&self, rows: &[Arc<AlertRow>], today: Option<Day>, visit: &Visit) -> Vec<pb::Alert> {
        rows.iter().map(|row| self.rows.alert(&self.rows.make(row), today, visit.sight())).collect()
    }

    /// Whether the caller sees the project; of one that he does not see he is told what he would be told of none.
    fn sees(&self, project: &ProjectId, visit: &Visit) -> bool {
        visit.sees_project(self.rows.home_of(project).place())
    }

    async fn worker(
        &self,
        request: pb::GetWorkerLedgerRequest,
        visit: &Visit,
        until: Instant,
    ) -> Result<pb::GetWorkerLedgerResponse, Refusal> {
        self.ready()?;
        let project = project_id(&request.project_id)?;
        let id_number = IdNumber::parse("id_number", request.id_type.as_deref(), &request.id_number)
            .map_err(|why| field(&why))?;
        let unknown = || Refusal::NotFound("no record names this worker in this project".into());
        if !self.sees(&project, visit) {
            return Err(unknown());
        }
        visit.saw([format!("{project} {id_number}")]);
        let whom = id_number.clone();
        let question = move |asked: Option<ProjectAsk<'_>>| {
            let asked = asked?;
            let worker = asked.ledger.worker_ix(&whom)?;
            let view = asked.ledger.settle(worker, asked.book);
            let named = asked.ledger.newest_enrolment(worker);
            let shown = papers::worker(&view, named.as_ref(), asked.book, asked.today);
            Some((shown, standing(&asked, Some(&whom)), asked.today))
        };
        let found = ask(until, |done| self.engine.ask_project(project, question, done)).await?;
        let (shown, rows, today) = found.ok_or_else(unknown)?;
        Ok(pb::GetWorkerLedgerResponse {
            worker: Some(shown),
            alerts: self.shown(&rows, today, visit),
            business_date: today.map(|day| day.to_string()),
        })
    }

    async fn project(
        &self,
        request: pb::GetProjectRequest,
        visit: &Visit,
        until: Instant,
    ) -> Result<pb::GetProjectResponse, Refusal> {
        self.ready()?;
        let project = project_id(&request.project_id)?;
        let unknown = || Refusal::NotFound("no record names this project".into());
        if !self.sees(&project, visit) {
            return Err(unknown());
        }
        visit.saw([project.to_string()]);
        let question = move |asked: Option<ProjectAsk<'_>>| {
            let asked = asked?;
            let summary = (asked.summary)();
            let accounts = asked.ledger.accounts().map(papers::account).collect();
            let deposits = asked.ledger.deposits().map(|paper| papers::deposit(paper.deposit)).collect();
            let facts = asked.ledger.facts().map(papers::project);
            Some((summary, facts, accounts, deposits, standing(&asked, None), asked.today))
        };
        let found = ask(until, |done| self.engine.ask_project(project, question, done)).await?;
        let (summary, facts, accounts, deposits, rows, today) = found.ok_or_else(unknown)?;
        Ok(pb::GetProjectResponse {
            summary: Some(papers::summary(&summary)),
            project: facts,
            accounts,
            deposits,
            alerts: self.shown(&rows, today, visit),
            business_date: today.map(|day| day.to_string()),
        })
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
            projects: found.into_iter().map(papers::summary).collect(),
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

    async fn dead_letters(
        &self,
        request: pb::ListDeadLettersRequest,
        visit: &Visit,
        until: Instant,
    ) -> Result<pb::ListDeadLettersResponse, Refusal> {
        let size = page::size(request.page_size, 100, 1000)?;
        if !visit.sees_county() {
            return Ok(pb::ListDeadLettersResponse::default());
        }
        let seal = self.rows.seal(&visit.caller.name);
        let after = page::token(&request.page_token, &seal, dead_letters::read_id)?;
        let mut found = ask(until, |done| self.engine.dead_letters(after, size + 1, done)).await?;
        let more = found.len() > size;
        found.truncate(size);
        visit.saw(found.iter().map(|letter| format!("{}.{}", letter.id.position.0, letter.id.index)));
        let last = found.last().filter(|_| more).map(|letter| letter.id);
        Ok(pb::ListDeadLettersResponse {
            next_page_token: last
                .map_or_else(String::new, |id| page::write(&seal, |w| dead_letters::write_id(w, id))),
            dead_letters: found.iter().map(|letter| dead_letters::shown(letter, self.write_line)).collect(),
        })
    }
}

/// The last rows of the alerts that stand: of one worker, or of the project itself.
fn standing(asked: &ProjectAsk<'_>, whom: Option<&IdNumber>) -> Vec<Arc<AlertRow>> {
    let about = |row: &&Arc<AlertRow>| match whom {
        Some(id) => row.id_number() == Some(id),
        None => row.alert.finding.subject == Subject::Project,
    };
    asked.rows.values().filter(|row| row.alert.stands()).filter(about).cloned().collect()
}

fn project_id(text: &str) -> Result<ProjectId, Refusal> {
    ProjectId::parse("project_id", text).map_err(|why| field(&why))
}

fn field(why: &Reason) -> Refusal {
    Refusal::invalid(why.field.as_str(), format!("{}; found {}", why.expected, why.found))
}

fn place_passes(
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
        Ok(Response::new(self.dead_letters(request.into_inner(), &visit, until).await?))
    }
}
