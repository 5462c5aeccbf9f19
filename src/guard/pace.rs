//! How much one caller may ask for in a time: a bucket that fills evenly. Whoever took more than was in it waits until
//! it is paid. Knows no caller and no clock but the one that it is shown.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many, in so much time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// 0 = no limit.
    pub most: u32,
    pub within: Duration,
}

/// One caller's account of one thing.
#[derive(Debug, Default)]
pub struct Pace {
    /// What was taken is paid for until then.
    paid: Mutex<Option<Instant>>,
}

impl Pace {
    /// Takes `count` whatever is owed, and says for how long nothing more is to be taken.
    pub fn charge(&self, count: u64, rate: Rate, now: Instant) -> Duration {
        if rate.most == 0 {
            return Duration::ZERO;
        }
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        let owed =
            paid.map_or(Duration::ZERO, |paid| paid.saturating_duration_since(now)) + cost(count, rate);
        *paid = Some(now + owed);
        owed.saturating_sub(rate.within)
    }

    /// Takes `count`, or says after what time it may be tried again. All of `rate` may be taken at once; a batch larger
    /// than that is let through when nothing is owed, and owed afterwards.
    pub fn take(&self, count: u64, rate: Rate, now: Instant) -> Result<(), Duration> {
        if rate.most == 0 {
            return Ok(());
        }
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        let owed = paid.map_or(Duration::ZERO, |paid| paid.saturating_duration_since(now));
        let cost = cost(count, rate);
        if !owed.is_zero() && owed + cost > rate.within {
            return Err(owed.saturating_sub(rate.within.saturating_sub(cost)));
        }
        *paid = Some(now + owed + cost);
        Ok(())
    }
}

/// The time that it takes to earn so many.
fn cost(count: u64, rate: Rate) -> Duration {
    let nanos = rate.within.as_nanos().saturating_mul(u128::from(count)) / u128::from(rate.most.max(1));
    // Longer than a day is a batch that no limit of ours lets in.
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)).min(Duration::from_secs(86_400))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Rate = Rate { most: 10, within: Duration::from_secs(1) };

    #[test]
    fn ten_at_once_and_then_one_each_tenth() {
        let (pace, start) = (Pace::default(), Instant::now());
        let at = |ms: u64| start + Duration::from_millis(ms);
        for _ in 0..10 {
            assert_eq!(pace.take(1, TEN, start), Ok(()));
        }
        assert_eq!(pace.take(1, TEN, start), Err(Duration::from_millis(100)));
        assert_eq!(pace.take(1, TEN, at(100)), Ok(()));
        assert_eq!(pace.take(1, TEN, at(150)), Err(Duration::from_millis(50)));
        assert_eq!(pace.take(10, TEN, at(1100)), Ok(()), "all is paid");
    }

    #[test]
    fn what_is_charged_is_waited_for() {
        let (pace, start) = (Pace::default(), Instant::now());
        assert_eq!(pace.charge(10, TEN, start), Duration::ZERO, "a whole second's at once");
        assert_eq!(pace.charge(5, TEN, start), Duration::from_millis(500));
        let later = start + Duration::from_secs(1);
        assert_eq!(pace.charge(5, TEN, later), Duration::ZERO);
        assert_eq!(pace.charge(1, TEN, later), Duration::from_millis(100));
        assert_eq!(pace.charge(1_000_000, Rate { most: 0, ..TEN }, later), Duration::ZERO, "no limit");
    }

    #[test]
    fn a_large_batch_goes_through_and_is_owed() {
        let (pace, start) = (Pace::default(), Instant::now());
        assert_eq!(pace.take(25, TEN, start), Ok(()));
        assert_eq!(pace.take(1, TEN, start), Err(Duration::from_millis(1600)));
        assert_eq!(pace.take(1, TEN, start + Duration::from_millis(1600)), Ok(()));
    }

    #[test]
    fn no_limit_is_none() {
        let (pace, now) = (Pace::default(), Instant::now());
        let none = Rate { most: 0, ..TEN };
        assert!((0..1000).all(|_| pace.take(1000, none, now).is_ok()));
    }
}
