//! Delivers every change to a webhook: those of one alert in their order, those of different alerts side by side. The
//! cursor moves once everything before it is taken, or buried as dead letters; after a crash some are delivered again,
//! under the same delivery id.

use super::body;
use super::counts::{Deliveries, Target};
use super::keep::Keep;
use super::lines::{Lines, Progress};
use super::post::{End, Post};
use super::sign::Secret;
use super::{Messages, Patience, Source, events};
use crate::domain::TraceMark;
use crate::proto::{SubscribeEvent, SubscribeResponse};
use crate::serve::filter::Filter;
use crate::telemetry::{Kind, Open, TRACEPARENT, Telemetry, traceparent};
use axum::http::Uri;
use prost::bytes::Bytes;
use serde_json::{Value, json};
use std::io;
use std::sync::Arc;
use tokio::task::JoinSet;

/// The header that tells one delivery from another; the same for every try.
pub const DELIVERY: &str = "wagewatch-delivery";
/// Unix seconds at which a try was signed.
pub const TIMESTAMP: &str = "wagewatch-timestamp";
pub const SIGNATURE: &str = "wagewatch-signature";

/// In the audit trail: no principal has such a name.
const NAME: &str = "delivery/webhook";
/// Deliveries, and messages, that are read ahead of the oldest one that is not done; then nothing more is read.
const AHEAD: usize = 10_000;

/// Everything that a webhook is made of.
pub struct Webhook {
    pub source: Source,
    pub filter: Filter,
    pub uri: Uri,
    pub secret: Option<Secret>,
    pub patience: Patience,
    pub keep: Keep,
    /// Posts at once.
    pub concurrency: usize,
    pub counts: Deliveries,
}

/// Why it ends.
enum Stop {
    Stopping,
    /// Its own files cannot be written: the next start goes on from the cursor that is there.
    Disk(io::Error),
}

/// One delivery.
struct Job {
    /// The message that it came with.
    message: u64,
    alert: String,
    body: Value,
    delivery: String,
    cause: Option<TraceMark>,
}

/// What a delivery takes with it.
struct Sender {
    post: Post,
    secret: Option<Secret>,
    keep: Keep,
    telemetry: Telemetry,
}

/// Which message and which alert a delivery was of, and how it ended.
type Ended = (u64, String, Result<(), Stop>);

/// What is on its way.
struct Round {
    sender: Arc<Sender>,
    tasks: JoinSet<Ended>,
    lines: Lines<Job>,
    progress: Progress,
    /// The message that says that all that stood was told; it is said once that is so, and holds up nobody.
    snapshot_complete: Option<u64>,
}

impl Webhook {
    pub async fn run(self) {
        let stop = self.source.stop.clone();
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.deliver() => {}
        }
    }

    async fn deliver(&self) {
        let (counts, stop) = (self.counts.clone(), self.source.stop.clone());
        let (uri, many) = (self.uri.clone(), self.concurrency);
        let post = match Post::new(Target::Webhook, uri, self.patience, many, counts, stop) {
            Ok(post) => post,
            Err(why) => return tracing::error!(why, "nothing is delivered to the webhook"),
        };
        self.source.ready().await;
        let cursor = self.keep.cursor(&self.source.seal(NAME));
        let Some(messages) = self.source.follow(NAME, self.filter.clone(), cursor) else { return };
        let sender = Sender {
            post,
            secret: self.secret.clone(),
            keep: self.keep.clone(),
            telemetry: self.source.telemetry.clone(),
        };
        let round = Round {
            sender: Arc::new(sender),
            tasks: JoinSet::new(),
            lines: Lines::default(),
            progress: Progress::default(),
            snapshot_complete: None,
        };
        if let Err(Stop::Disk(error)) = round.run(messages).await {
            tracing::error!(%error, "the webhook's files cannot be written; nothing more is delivered until the next start");
        }
    }
}

impl Round {
    /// Until no more messages come. Tasks end with the round.
    async fn run(mut self, mut messages: Messages) -> Result<(), Stop> {
        loop {
            let has_room = self.lines.undone() < AHEAD && self.progress.len() < AHEAD;
            tokio::select! {
                message = messages.recv(), if has_room => match message {
                    Some(Ok(message)) => self.take(message).await?,
                    Some(Err(_)) | None => return Ok(()),
                },
                Some(ended) = self.tasks.join_next() => self.ended(ended)?,
            }
            self.keep_cursor().await?;
        }
    }

    async fn take(&mut self, message: SubscribeResponse) -> Result<(), Stop> {
        match message.event {
            Some(SubscribeEvent::Reset(_)) => self.reset().await?,
            Some(SubscribeEvent::SnapshotComplete(_)) => {
                self.snapshot_complete = Some(self.progress.begin(message.cursor, 1));
                return Ok(());
            }
            // The farewell's cursor lies behind what was read ahead, and that was handled or is handled again.
            Some(SubscribeEvent::GoingAway(_)) => return Ok(()),
            _ => {}
        }
        let events = events(&message);
        let number = self.progress.begin(message.cursor, events.len());
        for event in events {
            let alert = event.alert.as_ref().map(|alert| alert.id.clone()).unwrap_or_default();
            let shard = u16::try_from(event.shard).unwrap_or(u16::MAX);
            let job = Job {
                message: number,
                body: body::change(&event),
                delivery: body::delivery(&event),
                cause: self.sender.telemetry.cause(shard, event.seq),
                alert,
            };
            let alert = job.alert.clone();
            if let Some(job) = self.lines.push(&alert, job) {
                self.start(job);
            }
        }
        Ok(())
    }

    /// Comes behind all that was before, and before all that follows.
    async fn reset(&mut self) -> Result<(), Stop> {
        while let Some(ended) = self.tasks.join_next().await {
            self.ended(ended)?;
        }
        // What stands is told anew, and its end with it.
        if let Some(number) = self.snapshot_complete.take() {
            self.progress.done(number);
        }
        self.sender.send(&body::mark("reset"), "", None).await
    }

    fn tell_snapshot_complete(&mut self) {
        let Some(message) = self.snapshot_complete.take_if(|number| self.progress.is_first(*number)) else {
            return;
        };
        let body = body::mark("snapshot-complete");
        let job = Job { message, alert: String::new(), body, delivery: String::new(), cause: None };
        if let Some(job) = self.lines.push("", job) {
            self.start(job);
        }
    }

    fn start(&mut self, job: Job) {
        let sender = self.sender.clone();
        self.tasks.spawn(async move {
            let ended = sender.send(&job.body, &job.delivery, job.cause).await;
            (job.message, job.alert, ended)
        });
    }

    fn ended(&mut self, ended: Result<Ended, tokio::task::JoinError>) -> Result<(), Stop> {
        let Ok((message, alert, ended)) = ended else { return Err(Stop::Stopping) };
        ended?;
        self.progress.done(message);
        if let Some(next) = self.lines.done(&alert) {
            self.start(next);
        }
        Ok(())
    }

    async fn keep_cursor(&mut self) -> Result<(), Stop> {
        let reached = self.progress.reached();
        self.tell_snapshot_complete();
        let Some(cursor) = reached else { return Ok(()) };
        let keep = self.sender.keep.clone();
        on_disk(move || keep.set_cursor(&cursor)).await
    }
}

impl Sender {
    async fn send(&self, body: &Value, delivery: &str, cause: Option<TraceMark>) -> Result<(), Stop> {
        let bytes = Bytes::from(body.to_string());
        // Only what came of a call that is followed.
        let mut span =
            cause.and_then(|cause| self.telemetry.begin("webhook.deliver", Kind::Client, Some(cause)));
        let parent = span.as_ref().and_then(Open::mark).map(traceparent);
        let headers = || {
            let timestamp = body::now_ms() / 1000;
            let mut headers = vec![(TIMESTAMP, timestamp.to_string())];
            if !delivery.is_empty() {
                headers.push((DELIVERY, delivery.to_owned()));
            }
            headers.extend(parent.clone().map(|parent| (TRACEPARENT, parent)));
            if let Some(secret) = &self.secret {
                headers.push((SIGNATURE, secret.sign(timestamp, &bytes)));
            }
            headers
        };
        match self.post.deliver(&bytes, headers).await {
            End::Taken => Ok(()),
            End::Stopping => Err(Stop::Stopping),
            End::Dead(why) => {
                if let Some(span) = &mut span {
                    span.fail("dead");
                }
                tracing::error!(
                    delivery,
                    why,
                    "a delivery to the webhook is dead; it is kept in dead.ndjson"
                );
                let line = json!({"why": why, "at": body::time(body::now_ms()), "body": body}).to_string();
                let keep = self.keep.clone();
                on_disk(move || keep.bury(&line)).await
            }
        }
    }
}

/// A sync may take its time: other tasks are not to wait for it.
async fn on_disk(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> Result<(), Stop> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(Stop::Disk),
        Err(_) => Err(Stop::Stopping),
    }
}
