//! The clock at the door: tells the engine when a new business day begins. The only place where
//! the time of day enters; the core sees dates as entries of the log.

use crate::domain::{Day, DayStart, Entry, Time};
use crate::engine::Engine;
use crate::engine::api::{Refused, Timekeeper};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio_util::sync::CancellationToken;

/// The business date at this moment by this machine's clock (Asia/Shanghai, from `start` on).
pub fn business_date_now(start: DayStart) -> Day {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    Time::from_seconds(seconds).business(start).0
}

/// The date that is for this instance to say now, if it is.
fn date_to_say(engine: &Engine, start: DayStart) -> Option<Day> {
    if !engine.is_ready() {
        return None;
    }
    match engine.timekeeper() {
        Timekeeper::Machine => Some(business_date_now(start)),
        // Before they were heard nothing is guessed.
        Timekeeper::Brokers(now) => Some(Time::from_seconds(now?.div_euclid(1000)).business(start).0),
        Timekeeper::Another => None,
    }
}

/// Submits each new business date until stopped; none twice, and none before one that was said. After a downtime the engine
/// applies the missing days one by one.
pub async fn run(engine: Engine, start: DayStart, stop: CancellationToken) {
    let mut said = None;
    // What the brokers did not acknowledge is said again.
    let is_unsaid = Arc::new(AtomicBool::new(false));
    loop {
        if is_unsaid.swap(false, Ordering::AcqRel) {
            said = None;
        }
        let known = said.max(engine.business_date());
        if let Some(today) = date_to_say(&engine, start).filter(|today| known.is_none_or(|day| day < *today))
        {
            let unsaid = is_unsaid.clone();
            let done = move |done| {
                if matches!(done, Err(Refused::Unacknowledged)) {
                    unsaid.store(true, Ordering::Release);
                }
            };
            match engine.submit(vec![Entry::Date(today)], Box::new(done)) {
                Ok(()) => {
                    tracing::info!(business_date = %today, "a business day begins");
                    said = Some(today);
                }
                Err(refused) => tracing::warn!(%refused, "the business date could not be set yet"),
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
        }
    }
}
