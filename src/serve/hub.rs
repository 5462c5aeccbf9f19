//! Wakes subscribers when rows were published. The thread that publishes wakes one task and goes on,
//! however many subscribers there are; that task tells them, some at a time, how far each shard has come.
//!
//! To wake everyone at every change would leave nothing for the shards once there are thousands, though
//! most of them are told of rows that they do not want. So they are told at a bounded pace: a few at
//! once, ten thousand twice a second. Nobody misses anything by that: he reads all rows after his cursor.

use crate::engine::Feed;
use hashbrown::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// The number of each shard's newest row, as subscribers were last told.
pub type Heads = Arc<Vec<u64>>;

/// One for all subscribers.
pub struct Hub {
    /// For callers who wait for one row and go: told at once.
    heads: watch::Sender<Heads>,
    /// Subscribers are told one bench after the other.
    benches: Vec<Bench>,
    lags: Mutex<Lags>,
}

struct Bench {
    heads: watch::Sender<Heads>,
    taken: AtomicUsize,
}

#[derive(Default)]
struct Lags {
    next: usize,
    by_subscriber: HashMap<usize, Arc<AtomicU64>>,
}

/// A subscriber among the others; gone when dropped.
pub struct Seat {
    hub: Arc<Hub>,
    number: usize,
    lag: Arc<AtomicU64>,
}

const BENCHES: usize = 64;
/// On average so much time passes for each subscriber who is told,
const EACH: Duration = Duration::from_micros(50);
/// but when all was quiet before, so many are told at once.
const AT_ONCE: u32 = 256;

/// How many may be told by now.
struct Pace {
    /// Telling is paid for until then.
    paid: Instant,
}

impl Pace {
    /// Waits until `count` more may be told; answers whether that took time.
    async fn spend(&mut self, count: usize) -> bool {
        let now = Instant::now();
        self.paid = self.paid.max(now.checked_sub(EACH * AT_ONCE).unwrap_or(now));
        self.paid += EACH * u32::try_from(count).unwrap_or(u32::MAX);
        let wait = self.paid.saturating_duration_since(now);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        !wait.is_zero()
    }
}

impl Hub {
    /// Begins to tell; ends with `stop`.
    pub fn start(feed: Arc<Feed>, stop: CancellationToken) -> Arc<Hub> {
        let heads = || watch::Sender::new(Arc::new(feed.heads()));
        let bench = |_| Bench { heads: heads(), taken: AtomicUsize::new(0) };
        let benches = (0..BENCHES).map(bench).collect();
        let hub = Arc::new(Hub { heads: heads(), benches, lags: Mutex::default() });
        for many in [false, true] {
            let changed = Arc::new(Notify::new());
            let (hub, feed, stop, wake) = (hub.clone(), feed.clone(), stop.clone(), changed.clone());
            feed.on_change(move || wake.notify_one());
            tokio::spawn(async move {
                let telling = async {
                    let mut pace = Pace { paid: Instant::now() };
                    loop {
                        changed.notified().await;
                        if many {
                            hub.tell_subscribers(&feed, &mut pace).await;
                        } else {
                            hub.heads.send_replace(Arc::new(feed.heads()));
                        }
                    }
                };
                tokio::select! {
                    () = telling => {}
                    () = stop.cancelled() => {}
                }
            });
        }
        hub
    }

    async fn tell_subscribers(&self, feed: &Feed, pace: &mut Pace) {
        let mut heads = Arc::new(feed.heads());
        // An empty one is told too: who sits down on it begins with what it was last told.
        for bench in &self.benches {
            if pace.spend(bench.taken.load(Ordering::Acquire)).await {
                heads = Arc::new(feed.heads());
            }
            bench.heads.send_replace(heads.clone());
        }
    }

    /// For a caller who waits for one row: told of every change at once.
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
        let seat = Seat { hub: self.clone(), number, lag };
        seat.bench().taken.fetch_add(1, Ordering::AcqRel);
        Some(seat)
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
    pub fn watch(&self) -> watch::Receiver<Heads> {
        self.bench().heads.subscribe()
    }

    pub fn set_lag(&self, rows: u64) {
        self.lag.store(rows, Ordering::Relaxed);
    }

    fn bench(&self) -> &Bench {
        &self.hub.benches[self.number % BENCHES]
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.bench().taken.fetch_sub(1, Ordering::AcqRel);
        self.hub.lags.lock().unwrap_or_else(PoisonError::into_inner).by_subscriber.remove(&self.number);
    }
}
