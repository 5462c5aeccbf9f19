//! Tells Alertmanager what stands: every change at once, and everything that stands again and again, since Alertmanager
//! forgets what it is not told of. So nothing need be kept: what was missed is told the next time, and what is over
//! ends by itself.

use super::body;
use super::counts::{Deliveries, Target};
use super::post::{End, Post};
use super::{Patience, Source, events};
use crate::access::Sight;
use crate::domain::Level;
use crate::proto::SubscribeResponse;
use crate::proto::v1 as pb;
use crate::serve::filter::Filter;
use axum::http::Uri;
use prost::bytes::Bytes;
use serde_json::Value;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// Everything that its deliverer is made of.
pub struct Alertmanager {
    pub source: Source,
    pub filter: Filter,
    pub min_level: Option<Level>,
    /// `.../api/v2/alerts`.
    pub uri: Uri,
    /// All that stands is told so often.
    pub resend: Duration,
    pub patience: Patience,
    /// How long it believes what it was told.
    pub believed: Duration,
    pub counts: Deliveries,
}

/// In the audit trail: no principal has such a name.
const NAME: &str = "delivery/alertmanager";
/// Alerts in one call.
const BATCH: usize = 200;

impl Alertmanager {
    pub async fn run(self) {
        let stop = self.source.stop.clone();
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.deliver() => {}
        }
    }

    async fn deliver(&self) {
        let (counts, stop) = (self.counts.clone(), self.source.stop.clone());
        let post = match Post::new(Target::Alertmanager, self.uri.clone(), self.patience, 1, counts, stop) {
            Ok(post) => post,
            Err(why) => return tracing::error!(why, "nothing is delivered to Alertmanager"),
        };
        self.source.ready().await;
        let Some(mut messages) = self.source.follow(NAME, self.filter.clone(), None) else { return };
        let mut again = tokio::time::interval_at(tokio::time::Instant::now() + self.resend, self.resend);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = messages.recv() => match message {
                    Some(Ok(message)) => self.changed(&post, &message).await,
                    Some(Err(_)) | None => return,
                },
                _ = again.tick() => self.all(&post).await,
            }
        }
    }

    async fn changed(&self, post: &Post, message: &SubscribeResponse) {
        let now = body::now_ms();
        let mut alerts = Vec::new();
        for event in events(message) {
            let Some(alert) = &event.alert else { continue };
            let level = body::level(alert.level());
            alerts.push(body::for_alertmanager(alert, &level, self.asks(alert), now, self.believed));
            // With another level it is another alert to Alertmanager: those that it may have been are over.
            if event.change() != pb::Change::Raised {
                let others = Level::WORDS.iter().filter(|word| **word != level);
                alerts.extend(
                    others.map(|word| body::for_alertmanager(alert, word, false, now, self.believed)),
                );
            }
        }
        for batch in alerts.chunks(BATCH) {
            self.send(post, batch).await;
        }
    }

    /// Everything that stands, shard by shard.
    async fn all(&self, post: &Post) {
        let feed = self.source.engine.feed();
        for shard in 0..feed.shards() {
            let mut after = 0;
            loop {
                let rows = feed.standing_after(shard, after, BATCH);
                let Some(last) = rows.last() else { break };
                after = last.seq;
                let (today, now) = (self.source.today(), body::now_ms());
                let prepared = rows.iter().map(|row| self.source.rows.make(row));
                let wanted = prepared.filter(|prepared| self.filter.passes(prepared));
                let shown = |one| self.source.rows.alert(&one, today, Sight::NoPersons);
                let alerts: Vec<pb::Alert> = wanted.map(shown).collect();
                let standing = alerts.iter().filter(|alert| self.asks(alert));
                let told = standing.map(|alert| {
                    body::for_alertmanager(alert, &body::level(alert.level()), true, now, self.believed)
                });
                let told: Vec<Value> = told.collect();
                if !told.is_empty() {
                    self.send(post, &told).await;
                }
            }
        }
    }

    /// Whether anybody is asked to do something about it, and it is in sight.
    fn asks(&self, alert: &pb::Alert) -> bool {
        let place = |level: &Level| Level::ALL.iter().position(|one| one == level);
        let least = self.min_level.as_ref().and_then(place).and_then(|place| i32::try_from(place + 1).ok());
        let asks = matches!(
            alert.status(),
            pb::AlertStatus::Open | pb::AlertStatus::Acknowledged | pb::AlertStatus::Handling
        );
        asks && alert.rolled_up_into.is_none() && alert.level >= least.unwrap_or(0)
    }

    async fn send(&self, post: &Post, alerts: &[Value]) {
        let bytes = Bytes::from(Value::Array(alerts.to_vec()).to_string());
        if let End::Dead(why) = post.deliver(&bytes, Vec::new).await {
            tracing::debug!(why, alerts = alerts.len(), "given up; what stands is told again");
        }
    }
}
