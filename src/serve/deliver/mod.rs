//! Alerts delivered to other systems: each target is one more subscriber of the feed, with a cursor of its own, who sees no
//! person, and reads at its own pace. Nothing here decides what an alert is, and nothing waits for a target but its own queue.

pub mod alertmanager;
mod body;
mod counts;
mod keep;
mod lines;
mod post;
mod sign;
pub mod webhook;

pub use counts::Deliveries;
pub use keep::Keep;
pub use sign::Secret;

use super::cursor::Cursor;
pub use super::filter::Filter;
use super::follow::{Follower, follow};
use super::hub::Hub;
use super::rows::Rows;
use super::seal::Seal;
use crate::domain::Day;
use crate::engine::Engine;
use crate::guard::Guard;
use crate::proto::v1 as pb;
use crate::proto::{Refusal, SubscribeResponse};
use crate::telemetry::Telemetry;
use prost::Message;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What a deliverer reads from.
#[derive(Clone)]
pub struct Source {
    pub engine: Engine,
    pub rows: Arc<Rows>,
    pub hub: Arc<Hub>,
    pub guard: Arc<Guard>,
    pub telemetry: Telemetry,
    pub stop: CancellationToken,
}

/// How long a target may take, and how long it is tried.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For one answer.
    pub answer: Duration,
    /// The pause after a first failure; it doubles up to `pause_most`.
    pub pause_first: Duration,
    pub pause_most: Duration,
    /// After so long a delivery is given up.
    pub give_up: Duration,
}

/// Messages read ahead of what was delivered.
const DEPTH: usize = 1;
const HEARTBEAT: Duration = Duration::from_secs(15);
const READY_POLL: Duration = Duration::from_millis(100);

type Messages = mpsc::Receiver<Result<SubscribeResponse, Refusal>>;

impl Source {
    /// Until the engine is level with its log: before that, old alerts would be told as if they stood.
    async fn ready(&self) {
        while !self.engine.is_ready() {
            tokio::time::sleep(READY_POLL).await;
        }
    }

    /// What binds a deliverer's cursor to him.
    fn seal(&self, name: &str) -> Seal {
        self.rows.seal(name)
    }

    /// What stands, then every change, from the cursor on, for the deliverer of that name.
    fn follow(&self, name: &str, filter: Filter, resume: Option<Cursor>) -> Option<Messages> {
        let seat = self.hub.enter(usize::MAX)?;
        let (out, messages) = mpsc::channel(DEPTH);
        let engine = self.engine.clone();
        let follower = Follower {
            feed: self.engine.feed().clone(),
            rows: self.rows.clone(),
            filter,
            visit: Arc::new(self.guard.deliverer(name)),
            seal: self.seal(name),
            heads: seat.watch(),
            today: Arc::new(move || engine.business_date()),
            out,
            seat,
            heartbeat: HEARTBEAT,
            stop: self.stop.clone(),
            trace: None,
        };
        tokio::spawn(follow(follower, resume));
        Some(messages)
    }

    fn today(&self) -> Option<Day> {
        self.engine.business_date()
    }
}

/// The alerts of a message, as any subscriber gets them.
fn events(message: &SubscribeResponse) -> Vec<pb::AlertEvent> {
    // Our own bytes: what does not decode was never encoded.
    message.encoded.iter().filter_map(|bytes| pb::AlertEvent::decode(bytes.clone()).ok()).collect()
}
