//! `AdminService`: how the service stands, and the business date where the clock is manual.

use super::ask::ask;
use super::dead_letters::instant;
use super::hub::Hub;
use super::present;
use super::quarantine;
use super::sources::{self, AllSources, Sources};
use crate::access::Row;
use crate::domain::{Day, Entry, Verdict};
use crate::engine::Engine;
use crate::engine::api::ShadowStatus;
use crate::guard::Visit;
use crate::proto::v1 as pb;
use crate::proto::v1::admin_service_server::AdminService;
use crate::proto::{Refusal, deadline};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tonic::{Request, Response, Status};

/// Who sets the business date.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DateSource {
    /// The machine's clock.
    System,
    /// `SetBusinessDate` alone.
    Manual,
}

/// The door for operators.
pub struct Admin {
    engine: Engine,
    hub: Arc<Hub>,
    dates: DateSource,
    patience: Duration,
    sources: Arc<dyn AllSources>,
    encryption: EncryptionTold,
}

/// How what stands on disk is encrypted at this moment; `None`: it is plain.
pub type EncryptionTold = Arc<dyn Fn() -> Option<pb::DataEncryption> + Send + Sync>;

impl Admin {
    pub fn new(engine: Engine, hub: Arc<Hub>, dates: DateSource, patience: Duration) -> Admin {
        Admin {
            engine,
            hub,
            dates,
            patience,
            sources: Arc::new(Sources::default()),
            encryption: Arc::new(|| None),
        }
    }

    /// The count of senders, kept by whoever hears the engine.
    pub fn with_sources(self, sources: Arc<dyn AllSources>) -> Admin {
        Admin { sources, ..self }
    }

    pub fn with_encryption(self, encryption: EncryptionTold) -> Admin {
        Admin { encryption, ..self }
    }

    async fn set_date(&self, text: &str, until: Instant) -> Result<Day, Refusal> {
        let expected = "a real date as YYYY-MM-DD";
        let day = Day::parse(text).ok_or_else(|| Refusal::invalid("business_date", expected))?;
        if self.dates != DateSource::Manual {
            let why =
                "business dates follow the machine's clock; set clock.kind = \"manual\" to set them yourself";
            return Err(Refusal::Precondition("CLOCK_NOT_MANUAL", why.into()));
        }
        let back = |now: Day| {
            let why = format!("the business date is {now} and does not go back; found {day}");
            Refusal::Precondition("DATE_GOES_BACK", why)
        };
        match self.engine.business_date() {
            Some(now) if day < now => return Err(back(now)),
            Some(now) if day == now => return Ok(day),
            _ => {}
        }
        let mut refused = None;
        let verdicts =
            ask(until, |done| refused = self.engine.submit(vec![Entry::Date(day)], done).err()).await;
        if let Some(refused) = refused {
            return Err(refused.into());
        }
        match verdicts?.first() {
            // Another caller was faster, and further.
            Some(Verdict::Rejected(_)) => Err(back(self.engine.business_date().unwrap_or(day))),
            _ => Ok(day),
        }
    }

    fn status(&self) -> pb::GetStatusResponse {
        let status = self.engine.status();
        pb::GetStatusResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ready: status.ready,
            business_date: status.business_date.map(|day| day.to_string()),
            clock: match self.dates {
                DateSource::System => "system".to_owned(),
                DateSource::Manual => "manual".to_owned(),
            },
            log_oldest: status.log_oldest.0,
            log_head: status.log_head.0,
            log_applied: status.applied.0,
            log_covered: status.covered.0,
            checkpoint_at: (status.checkpoint_ms > 0).then(|| instant(status.checkpoint_ms)),
            log_bytes: status.log_bytes,
            store_bytes: status.store_bytes,
            hot_bytes: status.hot_bytes,
            shards: u32::from(status.shards),
            projects: status.projects,
            hot_projects: status.hot_projects,
            workers: status.workers,
            dead_letters: status.dead_letters,
            queued_entries: status.queued_entries,
            subscribers: self.hub.subscribers() as u64,
            failed: status.failed,
            rulebook_version: status.rulebook,
            shadow: status.shadow.map(shadow),
            disk_shortage: (status.disk_shortage)
                .map(|(free_bytes, needed_bytes)| pb::DiskShortage { free_bytes, needed_bytes }),
            encryption: (self.encryption)(),
        }
    }
}

impl Admin {
    /// Whoever runs the service, or coordinates the county, and not before the log is read.
    fn check_quarantine(&self, visit: &Visit) -> Result<(), Refusal> {
        if !visit.sees_county() {
            check(visit)?;
        }
        match self.engine.is_ready() {
            true => Ok(()),
            false => {
                Err(Refusal::NotReady("the service is still reading its log; come again in a moment".into()))
            }
        }
    }
}

fn check(visit: &Visit) -> Result<(), Refusal> {
    match visit.sees(&Row::Service) {
        true => Ok(()),
        false => Err(Refusal::Forbidden("how the service stands is the operator's".into())),
    }
}

fn shadow(status: ShadowStatus) -> pb::ShadowStatus {
    let alerts = status.alerts.into_iter().map(|((rule, level), alerts)| pb::ShadowCount {
        rule: present::rule(rule),
        level: present::level(level),
        alerts,
    });
    pb::ShadowStatus {
        rulebook_version: status.version,
        projects_waiting: status.waiting,
        alerts: alerts.collect(),
    }
}

#[tonic::async_trait]
impl AdminService for Admin {
    async fn get_status(
        &self,
        request: Request<pb::GetStatusRequest>,
    ) -> Result<Response<pb::GetStatusResponse>, Status> {
        check(Visit::of(request.extensions())?.as_ref())?;
        Ok(Response::new(self.status()))
    }

    async fn set_business_date(
        &self,
        request: Request<pb::SetBusinessDateRequest>,
    ) -> Result<Response<pb::SetBusinessDateResponse>, Status> {
        let until = deadline(request.metadata(), self.patience);
        let visit = Visit::of(request.extensions())?;
        check(&visit)?;
        let request = request.into_inner();
        visit.saw([request.business_date.chars().take(10).collect()]);
        let day = self.set_date(&request.business_date, until).await?;
        Ok(Response::new(pb::SetBusinessDateResponse { business_date: day.to_string() }))
    }

    async fn list_sources(
        &self,
        request: Request<pb::ListSourcesRequest>,
    ) -> Result<Response<pb::ListSourcesResponse>, Status> {
        let until = deadline(request.metadata(), self.patience);
        let visit = Visit::of(request.extensions())?;
        // Who sends and who has fallen silent: for him who runs the service, and him who calls them up.
        if !visit.sees_county() {
            check(&visit)?;
        }
        let counted = self.sources.all(until).await;
        Ok(Response::new(sources::shown(&counted, self.engine.business_date())))
    }

    async fn list_quarantine(
        &self,
        request: Request<pb::ListQuarantineRequest>,
    ) -> Result<Response<pb::ListQuarantineResponse>, Status> {
        let visit = Visit::of(request.extensions())?;
        self.check_quarantine(&visit)?;
        let business_date = self.engine.business_date().map(|day| day.to_string());
        let rules = quarantine::list(self.engine.feed()).await;
        visit.saw(rules.iter().flat_map(|held| held.examples.clone()));
        Ok(Response::new(pb::ListQuarantineResponse { rules, business_date }))
    }

    async fn release_rule(
        &self,
        request: Request<pb::ReleaseRuleRequest>,
    ) -> Result<Response<pb::ReleaseRuleResponse>, Status> {
        let until = deadline(request.metadata(), self.patience);
        let visit = Visit::of(request.extensions())?;
        self.check_quarantine(&visit)?;
        let alerts = quarantine::release(&self.engine, &request.into_inner(), &visit, until).await?;
        Ok(Response::new(pb::ReleaseRuleResponse { alerts }))
    }
}
