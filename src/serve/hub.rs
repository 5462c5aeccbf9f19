//! Wakes subscribers when rows were published. The thread that publishes wakes one task and goes on,
//! however many subscribers there are; that task tells them how far each shard has come.

use crate::engine::Feed;
use hashbrown::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// The number of each shard's newest row, as subscribers were last told.
pub type Heads = Arc<Vec<u64>>;

/// One for all subscribers.
pub struct Hub {
    heads: watch::Sender<Heads>,
    lags: Mutex<Lags>,
}

#[derive(Default)]
struct Lags {
    next: u64,
    by_subscriber: HashMap<u64, Arc<AtomicU64>>,
}

/// A subscriber among the others; gone when dropped.
pub struct Seat {
    hub: Arc<Hub>,
    number: u64,
    lag: Arc<AtomicU64>,
}

/// With thousands of subscribers, wake-ups are gathered for so long.
const GATHER: Duration = Duration::from_millis(2);
const MANY_SUBSCRIBERS: usize = 1000;

impl Hub {
    /// Begins to tell; ends with `stop`.
    pub fn start(feed: Arc<Feed>, stop: CancellationToken) -> Arc<Hub> {
        let hub = Arc::new(Hub { heads: watch::Sender::new(Arc::new(feed.heads())), lags: Mutex::default() });
        let changed = Arc::new(Notify::new());
        let wake = changed.clone();
        feed.on_change(move || wake.notify_one());
        let teller = hub.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = changed.notified() => {}
                    () = stop.cancelled() => return,
                }
                if teller.subscribers() > MANY_SUBSCRIBERS {
                    tokio::time::sleep(GATHER).await;
                }
                teller.heads.send_replace(Arc::new(feed.heads()));
            }
        });
        hub
    }

    pub fn watch(&self) -> watch::Receiver<Heads> {
        self.heads.subscribe()
    }

    /// Takes a seat, unless `max` are taken.
    pub fn enter(self: &Arc<Self>, max: usize) -> Option<Seat> {
        let mut lags = self.lags.lock().unwrap_or_else(PoisonError::into_inner);
        if lags.by_subscriber.len() >= max {
            return None;
        }
        lags.next += 1;
        let (number, lag) = (lags.next, Arc::new(AtomicU64::new(0)));
        lags.by_subscriber.insert(number, lag.clone());
        Some(Seat { hub: self.clone(), number, lag })
    }

    pub fn subscribers(&self) -> usize {
        self.lags.lock().unwrap_or_else(PoisonError::into_inner).by_subscriber.len()
    }

    /// Rows that the slowest subscriber is behind.
    pub fn lag_max(&self) -> u64 {
        let lags = self.lags.lock().unwrap_or_else(PoisonError::into_inner);
        lags.by_subscriber.values().map(|lag| lag.load(Ordering::Relaxed)).max().unwrap_or(0)
    }
}

impl Seat {
    pub fn set_lag(&self, rows: u64) {
        self.lag.store(rows, Ordering::Relaxed);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.lags.lock().unwrap_or_else(PoisonError::into_inner).by_subscriber.remove(&self.number);
    }
}
