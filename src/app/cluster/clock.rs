//! The brokers' clock, as far as this process has heard it: every topic's times are the brokers', and what it writes is stamped by
//! them. Hears what clients of the brokers tell, and passes it on. Knows no date.

use crate::kafka::{Bounds, BrokersTime, Counted, Gauged, Observer, Reading, Stamp};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A machine's clock that is off by more than this is told of.
const OFF_MS: i64 = 60_000;

/// Shared by all who hear or ask it.
pub struct BrokersClock {
    /// Where counting begins; nobody sets this clock.
    began: Instant,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    time: BrokersTime,
    /// That this machine's clock is off was told.
    is_off: bool,
}

impl BrokersClock {
    pub fn new() -> BrokersClock {
        BrokersClock { began: Instant::now(), known: Mutex::default() }
    }

    /// Unix milliseconds: it is at least that late by the brokers; `None` before they have stamped anything.
    pub fn now_ms(&self) -> Option<i64> {
        let bounds = self.known().time.at(self.count_ms(Instant::now()));
        bounds.map(|bounds| bounds.earliest_ms)
    }

    /// By how much this machine's clock is ahead of theirs for certain; negative: behind.
    pub fn ahead_ms(&self) -> Option<i64> {
        let bounds = self.known().time.at(self.count_ms(Instant::now()))?;
        Some(ahead_ms(bounds))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count_ms(&self, at: Instant) -> i64 {
        i64::try_from(at.duration_since(self.began).as_millis()).unwrap_or(i64::MAX)
    }

    fn stamped(&self, stamp: Stamp<'_>) {
        let mut known = self.known();
        known.time.take(Reading {
            topic: stamp.topic,
            partition: stamp.partition,
            stamped_ms: stamp.stamped_ms,
            sent_ms: self.count_ms(stamp.sent),
            // The rest of the millisecond, too.
            acknowledged_ms: self.count_ms(stamp.acknowledged).saturating_add(1),
        });
        let Some(bounds) = known.time.at(self.count_ms(Instant::now())) else { return };
        let ahead_ms = ahead_ms(bounds);
        let is_off = ahead_ms.saturating_abs() > OFF_MS;
        if is_off == std::mem::replace(&mut known.is_off, is_off) {
            return;
        }
        let ahead_seconds = ahead_ms / 1000;
        if is_off {
            tracing::warn!(
                ahead_seconds,
                "this machine's clock is not the brokers': set it right (NTP); the business date goes by theirs"
            );
        } else {
            tracing::info!("this machine's clock is the brokers' again");
        }
    }
}

fn ahead_ms(bounds: Bounds) -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    bounds.ahead_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// What is told of Kafka goes to whoever counts it, times to the clock.
pub(super) struct Listening {
    pub clock: Arc<BrokersClock>,
    pub counts: Arc<dyn Observer>,
}

impl Observer for Listening {
    fn counted(&self, what: Counted, by: u64) {
        self.counts.counted(what, by);
    }

    fn gauged(&self, what: Gauged, value: u64) {
        self.counts.gauged(what, value);
    }

    fn stamped(&self, stamp: Stamp<'_>) {
        self.clock.stamped(stamp);
    }

    fn led(&self, topic: &str, partition: i32, broker: i32) {
        self.clock.known().time.led(topic, partition, broker);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::Unobserved;

    #[test]
    fn the_brokers_time_is_told_and_how_far_this_machine_is_from_it() {
        const HOUR: i64 = 3_600_000;
        let clock = Arc::new(BrokersClock::new());
        let listening = Listening { clock: clock.clone(), counts: Arc::new(Unobserved) };
        let now =
            || i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
        assert_eq!((clock.now_ms(), clock.ahead_ms()), (None, None));
        for (off, hours) in [(HOUR, -1), (0, 0), (-2 * HOUR, 2)] {
            let (sent, stamped_ms) = (Instant::now(), now() + off);
            let stamp =
                Stamp { topic: "alerts", partition: 0, stamped_ms, sent, acknowledged: Instant::now() };
            listening.stamped(stamp);
            let near = |found: i64, wanted: i64| (found - wanted).abs() < HOUR / 2;
            assert!(near(clock.ahead_ms().unwrap(), hours * HOUR));
            assert!(near(clock.now_ms().unwrap(), now() + off));
            assert_eq!(clock.known().is_off, hours != 0);
        }
    }
}
