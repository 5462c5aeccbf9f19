//! The clock at the door: tells the engine when a new business day begins. The only place where
//! the time of day enters; the core sees dates as entries of the log.

use crate::domain::{Day, DayStart, Entry, Time};
use crate::engine::Engine;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio_util::sync::CancellationToken;

/// The business date at this moment (Asia/Shanghai, from `start` on).
pub fn business_date_now(start: DayStart) -> Day {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    Time::from_seconds(seconds).business(start).0
}

/// Submits each new business date until stopped. After a downtime the engine applies the missing
/// days one by one.
pub async fn run(engine: Engine, start: DayStart, stop: CancellationToken) {
    let mut said = engine.business_date();
    loop {
        let today = business_date_now(start);
        if said.is_none_or(|day| day < today) && engine.is_ready() && engine.keeps_clock() {
            let entry = vec![Entry::Date(today)];
            match engine.submit(entry, Box::new(|_| {})) {
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
