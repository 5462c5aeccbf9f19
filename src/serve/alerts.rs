//! `AlertService`: alerts as they change, as they stand, one by one, counted; and what supervisors do
//! about them. Reads the feed and the shards; changes nothing but through an entry of the log.

use super::act;
use super::ask::ask;
use super::cursor::Cursor;
use super::doubted;
use super::figures::{Figures, Span};
use super::filter::{Filter, statuses};
use super::follow::{Follower, fingerprint, follow};
use super::hub::Hub;
use super::impersonal;
use super::life;
use super::page;
use super::ranked::{Place, Ranked, place_of, read_place, write_place};
use super::rows::{Prepared, Rows};
use super::seal::Unsealed;
use super::stats;
use super::what_if::what_if;
use crate::access::Sight;
use crate::domain::{AlertId, AlertRow, AlertStatus, Day, TraceMark};
use crate::engine::Engine;
use crate::guard::Visit;
use crate::proto::v1 as pb;
use crate::proto::v1::alert_service_server::AlertService;
use crate::proto::{Refusal, SubscribeResponse, deadline};
use crate::telemetry::Traced;
use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

/// What the door gives at most.
#[derive(Clone, Debug)]
pub struct AlertLimits {
    pub subscribers: usize,
    /// A subscriber who gets nothing else gets a heartbeat so often.
    pub heartbeat: Duration,
    /// How long a call may take, if the caller gives no shorter time.
    pub patience: Duration,
}

impl Default for AlertLimits {
    fn default() -> Self {
        AlertLimits {
            subscribers: 20_000,
            heartbeat: Duration::from_secs(15),
            patience: Duration::from_secs(30),
        }
    }
}

/// The door for the monitoring platform.
pub struct Alerts {
    engine: Engine,
    rows: Arc<Rows>,
    hub: Arc<Hub>,
    limits: AlertLimits,
    stop: CancellationToken,
}

/// Messages that wait for one slow subscriber; then his rows are no longer read.
const SUBSCRIBER_DEPTH: usize = 4;
/// So many rows are looked at before other calls have their turn.
const WALKED: usize = 1000;
/// Workers' alerts shown with their project's.
const ROLLED_UP_MAX: usize = 1000;

impl Alerts {
    pub fn new(
        engine: Engine,
        rows: Arc<Rows>,
        hub: Arc<Hub>,
        limits: AlertLimits,
        stop: CancellationToken,
    ) -> Alerts {
        Alerts { engine, rows, hub, limits, stop }
    }

    /// Before it is level with the log, the service would show old alerts as if they stood.
    fn ready(&self) -> Result<(), Refusal> {
        if self.engine.is_ready() {
            return Ok(());
        }
        Err(Refusal::NotReady("the service is still reading its log; come again in a moment".into()))
    }

    fn today(&self) -> Option<Day> {
        self.engine.business_date()
    }

    fn shown(&self, row: &Arc<AlertRow>, visit: &Visit) -> pb::Alert {
        self.rows.alert(&self.rows.make(row), self.today(), visit.sight())
    }

    fn filter(&self, filter: Option<pb::AlertFilter>, visit: &Visit) -> Result<Filter, Refusal> {
        Filter::parse(filter, visit.sees_county())
    }

    /// The alert, if the caller sees it; of one that he does not see he is told what he would be told of none.
    fn row(&self, id: &str, visit: &Visit) -> Result<Arc<AlertRow>, Refusal> {
        let found = self.engine.feed().get(&AlertId(id.into()));
        let seen = found.filter(|row| self.rows.is_seen(row, visit));
        seen.ok_or_else(|| Refusal::NotFound("no alert of this id stands or was resolved lately".into()))
    }

    async fn subscription(
        &self,
        request: pb::SubscribeRequest,
        visit: Arc<Visit>,
        trace: Option<Traced>,
    ) -> Result<Subscription, Refusal> {
        self.ready()?;
        let filter = self.filter(request.filter, &visit)?;
        let seal = self.rows.seal(&visit.caller.name);
        let cursor = match request.cursor.as_str() {
            "" => None,
            text => Some(Cursor::decode(text, &seal).map_err(|why| match why {
                Unsealed::OfAnother => Refusal::OthersCursor("cursor"),
                Unsealed::Broken => {
                    Refusal::invalid("cursor", "a cursor that this service gave, as it gave it, or none")
                }
            })?),
        };
        if self.stop.is_cancelled() {
            return Err(Refusal::Stopping);
        }
        let seat = self.hub.enter(self.limits.subscribers);
        let seat = seat.ok_or(Refusal::TooMany("subscriptions", self.limits.subscribers))?;
        let (out, messages) = mpsc::channel(SUBSCRIBER_DEPTH);
        let engine = self.engine.clone();
        // Whoever lists for himself what stands wants what changes from now on.
        let cursor = cursor.or_else(|| {
            let reached = fingerprint(&filter, self.engine.feed(), &visit);
            request.changes_only.then(|| Cursor::now(reached, &self.engine.feed().heads()))
        });
        let follower = Follower {
            feed: self.engine.feed().clone(),
            rows: self.rows.clone(),
            filter,
            visit,
            seal,
            heads: seat.watch(),
            today: Arc::new(move || engine.business_date()),
            out,
            seat,
            heartbeat: self.limits.heartbeat,
            stop: self.stop.clone(),
            trace,
        };
        tokio::spawn(follow(follower, cursor));
        Ok(ReceiverStream::new(messages).map(told as fn(_) -> _))
    }

    async fn page(&self, request: pb::ListRequest, visit: &Visit) -> Result<pb::ListResponse, Refusal> {
        self.ready()?;
        let filter = self.filter(request.filter, visit)?;
        let wanted = statuses(&request.statuses)?;
        let size = page::size(request.page_size, 100, 1000)?;
        let seal = self.rows.seal(&visit.caller.name);
        let after: Option<Place> = page::token(&request.page_token, &seal, read_place)?;
        let mut found: Vec<Arc<AlertRow>> = Vec::new();
        for (walked, row) in Ranked::after(self.engine.feed(), after).enumerate() {
            // Levels only fall from here on; and one more than the page says whether there is another.
            if !filter.level_passes(row.alert.finding.level) || found.len() > size {
                break;
            }
            if has_status(&wanted, row.alert.status) && filter.row_passes(&row) {
                let prepared = self.rows.make(&row);
                if prepared.is_of(visit) && filter.passes(&prepared) {
                    found.push(row);
                }
            }
            if walked % WALKED == WALKED - 1 {
                tokio::task::yield_now().await;
            }
        }
        let next_page_token = if found.len() > size {
            found.truncate(size);
            found.last().map_or_else(String::new, |row| page::write(&seal, |w| write_place(w, place_of(row))))
        } else {
            String::new()
        };
        visit.saw(found.iter().map(|row| row.alert.id.0.to_string()));
        let alerts = found.iter().map(|row| self.shown(row, visit)).collect();
        Ok(pb::ListResponse { alerts, next_page_token })
    }

    async fn one(&self, id: &str, visit: &Visit, until: Instant) -> Result<pb::GetResponse, Refusal> {
        self.ready()?;
        let row = self.row(id, visit)?;
        let rule = row.alert.finding.rule;
        let mut rolled_up: Vec<Arc<AlertRow>> = Vec::new();
        if crate::domain::Rule::ALL.iter().any(|r| r.rolls_up_into() == Some(rule)) {
            let project = row.project_id().clone();
            rolled_up = ask(until, |done| {
                let question = move |asked: Option<crate::engine::ProjectAsk<'_>>| {
                    let rows = asked.map(|asked| asked.rows.values().cloned().collect::<Vec<_>>());
                    rows.unwrap_or_default().into_iter().filter(|r| is_part(r, rule)).collect()
                };
                self.engine.ask_project(project, question, done);
            })
            .await?;
        }
        rolled_up.retain(|row| self.rows.is_seen(row, visit));
        rolled_up.sort_by_key(|row| (Reverse(row.alert.finding.amount), row.seq));
        rolled_up.truncate(ROLLED_UP_MAX);
        visit.saw(std::iter::once(&row).chain(&rolled_up).map(|row| row.alert.id.0.to_string()));
        let rolled_up = rolled_up.iter().map(|row| self.shown(row, visit)).collect();
        let history = &row.alert.history;
        let mut steps: Vec<_> = history.steps.iter().map(life::step).collect();
        if visit.sight() == Sight::NoPersons {
            steps.iter_mut().for_each(impersonal::step);
        }
        Ok(pb::GetResponse {
            alert: Some(self.shown(&row, visit)),
            rolled_up,
            history: steps,
            history_dropped: history.dropped,
        })
    }

    async fn do_act(
        &self,
        request: pb::ActRequest,
        visit: &Visit,
        trace: Option<TraceMark>,
        until: Instant,
    ) -> Result<pb::ActResponse, Refusal> {
        self.ready()?;
        visit.saw([request.alert_id.clone()]);
        visit.says_why(request.act_id.clone());
        let act = act::parse(request, visit, |id| self.row(id, visit))?;
        let (row, duplicate) = act::perform(&self.engine, &self.hub, act, trace, until).await?;
        Ok(pb::ActResponse { alert: Some(self.shown(&row, visit)), duplicate })
    }

    async fn count(
        &self,
        request: pb::StatsRequest,
        visit: &Visit,
        until: Instant,
    ) -> Result<pb::StatsResponse, Refusal> {
        self.ready()?;
        let span = Span::parse(&request)?;
        let filter = self.filter(request.filter, visit)?;
        let all = filter.with_rolled_up();
        let mut counts = stats::Counts::default();
        for shard in 0..self.engine.feed().shards() {
            for group in self.engine.feed().groups(shard) {
                let prepared: Prepared = self.rows.make(&group.sample);
                if prepared.is_of(visit) && all.passes(&prepared) {
                    counts.add(&group, &prepared);
                }
            }
            tokio::task::yield_now().await;
        }
        let tallies = ask(until, |done| self.engine.tallies(done)).await?;
        let figures = Figures::of(&tallies, &span, &filter, &self.rows, visit);
        let mut response = counts.into_response(self.today(), self.rows.routes());
        doubted::add(&mut response, &filter, &self.rows, visit);
        Ok(figures.into_response(response))
    }
}

type Subscription = tokio_stream::adapters::Map<
    ReceiverStream<Result<SubscribeResponse, Refusal>>,
    fn(Result<SubscribeResponse, Refusal>) -> Result<SubscribeResponse, Status>,
>;

fn told(message: Result<SubscribeResponse, Refusal>) -> Result<SubscribeResponse, Status> {
    message.map_err(Status::from)
}

fn has_status(wanted: &std::collections::BTreeSet<AlertStatus>, status: AlertStatus) -> bool {
    wanted.is_empty() || wanted.contains(&status)
}

fn is_part(row: &AlertRow, of: crate::domain::Rule) -> bool {
    row.alert.stands() && row.alert.rolled_up && row.alert.finding.rule.rolls_up_into() == Some(of)
}

#[tonic::async_trait]
impl AlertService for Alerts {
    type SubscribeStream = Subscription;

    async fn subscribe(
        &self,
        request: Request<pb::SubscribeRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let visit = Visit::of(request.extensions())?;
        let trace = Traced::of(request.extensions());
        Ok(Response::new(self.subscription(request.into_inner(), visit, trace).await?))
    }

    async fn list(&self, request: Request<pb::ListRequest>) -> Result<Response<pb::ListResponse>, Status> {
        let visit = Visit::of(request.extensions())?;
        Ok(Response::new(self.page(request.into_inner(), &visit).await?))
    }

    async fn get(&self, request: Request<pb::GetRequest>) -> Result<Response<pb::GetResponse>, Status> {
        let until = deadline(request.metadata(), self.limits.patience);
        let visit = Visit::of(request.extensions())?;
        Ok(Response::new(self.one(&request.into_inner().id, &visit, until).await?))
    }

    async fn act(&self, request: Request<pb::ActRequest>) -> Result<Response<pb::ActResponse>, Status> {
        let until = deadline(request.metadata(), self.limits.patience);
        let visit = Visit::of(request.extensions())?;
        let trace = Traced::of(request.extensions()).map(|traced| traced.mark);
        Ok(Response::new(self.do_act(request.into_inner(), &visit, trace, until).await?))
    }

    async fn what_if(
        &self,
        request: Request<pb::WhatIfRequest>,
    ) -> Result<Response<pb::WhatIfResponse>, Status> {
        let until = deadline(request.metadata(), self.limits.patience);
        let visit = Visit::of(request.extensions())?;
        self.ready()?;
        let request = request.into_inner();
        let row = self.row(&request.alert_id, &visit)?;
        visit.saw([row.alert.id.0.to_string()]);
        let payment = request.payment.unwrap_or_default();
        Ok(Response::new(what_if(&self.engine, &self.rows, &row, payment, visit.sees_county(), until).await?))
    }

    async fn stats(&self, request: Request<pb::StatsRequest>) -> Result<Response<pb::StatsResponse>, Status> {
        let until = deadline(request.metadata(), self.limits.patience);
        let visit = Visit::of(request.extensions())?;
        Ok(Response::new(self.count(request.into_inner(), &visit, until).await?))
    }
}
