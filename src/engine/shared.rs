//! What the engine's threads and its handle share: counters, the feed, and whether it has failed.

use super::api::{Observer, Refused, ShadowStatus, Status};
use super::feed::Feed;
use super::shadow::Counts;
use crate::domain::{Day, Position};
use std::sync::atomic::Ordering::{self, Relaxed};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, PoisonError};

pub(super) struct Shared {
    pub feed: Arc<Feed>,
    pub observer: Arc<dyn Observer>,
    /// Entries that were handed over and are not in the log yet.
    pub queued: AtomicUsize,
    pub stopping: AtomicBool,
    pub ready: AtomicBool,
    /// A shard cannot keep its memory limit before a checkpoint.
    pub pressure: AtomicBool,
    pub log_head: AtomicU64,
    pub log_oldest: AtomicU64,
    pub log_bytes: AtomicU64,
    pub covered: AtomicU64,
    pub checkpoint_ms: AtomicI64,
    pub dead_letters: AtomicU64,
    pub county_bytes: AtomicU64,
    /// Days since the epoch; `i64::MIN` = none yet.
    today: AtomicI64,
    pub workers: Vec<WorkerGauge>,
    /// The last block that the second stage has applied.
    pub second: AtomicU64,
    /// By shard, the second stage last: the position up to which its checkpoints are in the store.
    pub durable: Vec<AtomicU64>,
    disk: Mutex<Option<(u64, u64)>>,
    failed: Mutex<Option<String>>,
    rulebook: String,
    shadow: Option<ShadowGauge>,
}

/// What the threads tell of the shadow rulebook.
struct ShadowGauge {
    version: String,
    /// By thread, the second stage last: projects that wait (there: whether it waits), alerts that would stand.
    threads: Mutex<Vec<(u64, Counts)>>,
    /// What projects owe that is on its way to the second stage.
    owed: AtomicU64,
}

/// What one thread tells of its shards.
#[derive(Default)]
pub(super) struct WorkerGauge {
    pub applied: AtomicU64,
    pub hot_bytes: AtomicU64,
    pub projects: AtomicU64,
    pub hot_projects: AtomicU64,
    pub workers: AtomicU64,
}

impl Shared {
    /// `versions`: of the rulebook that judges, and of the one beside it.
    pub fn new(
        feed: Arc<Feed>,
        observer: Arc<dyn Observer>,
        threads: usize,
        shards: u16,
        [rulebook, shadow]: [Option<String>; 2],
    ) -> Shared {
        let gauge = |version| ShadowGauge {
            version,
            threads: Mutex::new(vec![(0, Counts::new()); threads + 1]),
            owed: AtomicU64::new(0),
        };
        Shared {
            feed,
            observer,
            queued: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
            ready: AtomicBool::new(false),
            pressure: AtomicBool::new(false),
            log_head: AtomicU64::new(0),
            log_oldest: AtomicU64::new(0),
            log_bytes: AtomicU64::new(0),
            covered: AtomicU64::new(0),
            checkpoint_ms: AtomicI64::new(0),
            dead_letters: AtomicU64::new(0),
            county_bytes: AtomicU64::new(0),
            today: AtomicI64::new(i64::MIN),
            workers: (0..threads).map(|_| WorkerGauge::default()).collect(),
            second: AtomicU64::new(0),
            durable: (0..=shards).map(|_| AtomicU64::new(0)).collect(),
            disk: Mutex::new(None),
            failed: Mutex::new(None),
            rulebook: rulebook.unwrap_or_default(),
            shadow: shadow.map(gauge),
        }
    }

    /// How many shards own projects; behind them comes the second stage.
    pub fn shards(&self) -> u16 {
        // The number of shards is a u16 in the settings.
        u16::try_from(self.durable.len() - 1).unwrap_or(u16::MAX)
    }

    pub fn today(&self) -> Option<Day> {
        i32::try_from(self.today.load(Relaxed)).ok().map(Day)
    }

    pub fn set_today(&self, day: Option<Day>) {
        self.today.store(day.map_or(i64::MIN, |d| i64::from(d.0)), Relaxed);
    }

    /// The engine is broken: nothing more is taken, the process is to end. The first reason stays.
    pub fn fail(&self, reason: &str) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.is_none() {
            tracing::error!(reason, "the engine has failed; the process must end, a restart recovers");
            *failed = Some(reason.to_owned());
        }
    }

    pub fn failure(&self) -> Option<String> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set_disk(&self, shortage: Option<(u64, u64)>) {
        *self.disk.lock().unwrap_or_else(PoisonError::into_inner) = shortage;
    }

    /// Why nothing can be taken now, apart from the length of the queue.
    pub fn refusal(&self) -> Option<Refused> {
        if let Some(reason) = self.failure() {
            return Some(Refused::Failed(reason));
        }
        if self.stopping.load(Relaxed) {
            return Some(Refused::Stopping);
        }
        let disk = *self.disk.lock().unwrap_or_else(PoisonError::into_inner);
        disk.map(|(free_bytes, needed_bytes)| Refused::DiskFull { free_bytes, needed_bytes })
    }

    pub fn tell_shadow(&self, thread: usize, waiting: usize, counts: Counts) {
        if let Some(shadow) = &self.shadow {
            let mut threads = shadow.threads.lock().unwrap_or_else(PoisonError::into_inner);
            threads[thread] = (waiting as u64, counts);
        }
    }

    /// So many projects' debts more are on their way to the second stage.
    pub fn shadow_owes(&self, count: u64) {
        self.shadow.iter().for_each(|shadow| {
            shadow.owed.fetch_add(count, Ordering::AcqRel);
        });
    }

    /// So many have arrived; it has said already that it waits for its judgement.
    pub fn shadow_owed(&self, count: u64) {
        self.shadow.iter().for_each(|shadow| {
            shadow.owed.fetch_sub(count, Ordering::AcqRel);
        });
    }

    fn shadow(&self) -> Option<ShadowStatus> {
        let shadow = self.shadow.as_ref()?;
        let mut status = ShadowStatus { version: shadow.version.clone(), ..ShadowStatus::default() };
        // Read first: what arrives meanwhile is said by the second stage then.
        status.waiting = shadow.owed.load(Ordering::Acquire);
        for (waiting, counts) in shadow.threads.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            status.waiting += waiting;
            for (what, count) in counts {
                *status.alerts.entry(*what).or_default() += count;
            }
        }
        Some(status)
    }

    /// The last block that every thread has applied.
    pub fn applied(&self) -> u64 {
        let workers = self.workers.iter().map(|worker| worker.applied.load(Relaxed));
        workers.chain([self.second.load(Relaxed)]).min().unwrap_or(0)
    }

    pub fn status(&self, store_bytes: u64) -> Status {
        let sum = |gauge: fn(&WorkerGauge) -> &AtomicU64| -> u64 {
            self.workers.iter().map(|w| gauge(w).load(Relaxed)).sum()
        };
        Status {
            partitions: None,
            clock_ahead_ms: None,
            ready: self.ready.load(Relaxed) && self.failure().is_none(),
            disk_shortage: *self.disk.lock().unwrap_or_else(PoisonError::into_inner),
            business_date: self.today(),
            log_head: Position(self.log_head.load(Relaxed)),
            log_oldest: Position(self.log_oldest.load(Relaxed)),
            applied: Position(self.applied()),
            covered: Position(self.covered.load(Relaxed)),
            checkpoint_ms: self.checkpoint_ms.load(Relaxed),
            log_bytes: self.log_bytes.load(Relaxed),
            store_bytes,
            hot_bytes: sum(|w| &w.hot_bytes) + self.county_bytes.load(Relaxed),
            shards: self.shards(),
            projects: sum(|w| &w.projects),
            hot_projects: sum(|w| &w.hot_projects),
            workers: sum(|w| &w.workers),
            dead_letters: self.dead_letters.load(Relaxed),
            queued_entries: self.queued.load(Relaxed) as u64,
            rulebook: self.rulebook.clone(),
            shadow: self.shadow(),
            failed: self.failure(),
        }
    }
}

/// Unix milliseconds. The shells' clock: the core only ever copies what stands in a block.
pub(super) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
