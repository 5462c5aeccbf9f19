//! Delivers every change to a webhook, one after the other: so the changes of one alert come in their order. The cursor
//! moves once a message's changes are taken, or buried as dead letters; after a crash some are delivered again, under
//! the same delivery id.

use super::body;
use super::counts::{Deliveries, Target};
use super::keep::Keep;
use super::post::{End, Post};
use super::sign::Secret;
use super::{Patience, Source, events};
use crate::proto::{SubscribeEvent, SubscribeResponse};
use crate::serve::filter::Filter;
use axum::http::Uri;
use prost::bytes::Bytes;
use serde_json::{Value, json};
use std::io;

/// The header that tells one delivery from another; the same for every try.
pub const DELIVERY: &str = "wagewatch-delivery";
/// Unix seconds at which a try was signed.
pub const TIMESTAMP: &str = "wagewatch-timestamp";
pub const SIGNATURE: &str = "wagewatch-signature";

/// In the audit trail: no principal has such a name.
const NAME: &str = "delivery/webhook";

/// Everything that a webhook is made of.
pub struct Webhook {
    pub source: Source,
    pub filter: Filter,
    pub uri: Uri,
    pub secret: Option<Secret>,
    pub patience: Patience,
    pub keep: Keep,
    pub counts: Deliveries,
}

/// Why it ends.
enum Stop {
    Stopping,
    /// Its own files cannot be written: the next start goes on from the cursor that is there.
    Disk(io::Error),
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
        let counts = self.counts.clone();
        let post = match Post::new(
            Target::Webhook,
            self.uri.clone(),
            self.patience,
            counts,
            self.source.stop.clone(),
        ) {
            Ok(post) => post,
            Err(why) => return tracing::error!(why, "nothing is delivered to the webhook"),
        };
        self.source.ready().await;
        let cursor = self.keep.cursor(&self.source.seal(NAME));
        let Some(mut messages) = self.source.follow(NAME, self.filter.clone(), cursor) else { return };
        let mut kept = String::new();
        while let Some(Ok(message)) = messages.recv().await {
            match self.handle(&post, &message, &mut kept).await {
                Ok(()) => {}
                Err(Stop::Stopping) => return,
                Err(Stop::Disk(error)) => {
                    return tracing::error!(%error, "the webhook's files cannot be written; nothing more is delivered until the next start");
                }
            }
        }
    }

    async fn handle(&self, post: &Post, message: &SubscribeResponse, kept: &mut String) -> Result<(), Stop> {
        match message.event {
            Some(SubscribeEvent::Reset(_)) => self.one(post, &body::mark("reset"), "").await?,
            Some(SubscribeEvent::SnapshotComplete(_)) => {
                self.one(post, &body::mark("snapshot-complete"), "").await?;
            }
            // The farewell's cursor lies behind what was read ahead, and that was handled or is handled again.
            Some(SubscribeEvent::GoingAway(_)) => return Ok(()),
            _ => {}
        }
        for event in events(message) {
            self.one(post, &body::change(&event), &body::delivery(&event)).await?;
        }
        if *kept != message.cursor {
            let (keep, cursor) = (self.keep.clone(), message.cursor.clone());
            on_disk(move || keep.set_cursor(&cursor)).await?;
            kept.clone_from(&message.cursor);
        }
        Ok(())
    }

    async fn one(&self, post: &Post, body: &Value, delivery: &str) -> Result<(), Stop> {
        let bytes = Bytes::from(body.to_string());
        let headers = || {
            let timestamp = body::now_ms() / 1000;
            let mut headers = vec![(TIMESTAMP, timestamp.to_string())];
            if !delivery.is_empty() {
                headers.push((DELIVERY, delivery.to_owned()));
            }
            if let Some(secret) = &self.secret {
                headers.push((SIGNATURE, secret.sign(timestamp, &bytes)));
            }
            headers
        };
        match post.deliver(&bytes, headers).await {
            End::Taken => Ok(()),
            End::Stopping => Err(Stop::Stopping),
            End::Dead(why) => {
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
