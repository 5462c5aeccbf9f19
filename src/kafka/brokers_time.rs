//! What time it is by the brokers, from the times that they stamp on what an instance writes. Pure: values in, values out;
//! knows no clock.
//!
//! A stamp is given between the sending of a message and its acknowledgement. Both are told here by a *count*: milliseconds
//! since the process began, by a clock that nobody sets. So one stamp says between which bounds the brokers' time lies, at that
//! moment and at every later one; a machine's own date and time are not asked.
//!
//! - **Sound**: the brokers' time is never before `earliest_ms`, however late an acknowledgement was heard. A machine that was
//!   suspended counts too little: its `earliest_ms` is too early, never too late.
//! - **Followed**: what a broker stamps now counts, not what agreed before. If the two cannot both be so, its clock was set, or
//!   this machine was suspended, and what was known of it is forgotten.
//! - **One of several**: each broker has a clock of its own, and a voice. The middle one is believed, of an even number the earlier
//!   of the two in the middle: of three, one that is off is outvoted; of two, a day rather begins late than early. Until it is known
//!   who leads a partition, the partition itself has the voice.

use std::collections::BTreeMap;

/// A broker that has stamped nothing for so long beside others is asked no more: it may be gone, or its clock may have been set.
const KEPT_MS: i64 = 3_600_000;

/// What one acknowledged message says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading<'a> {
    /// Where it stands: whoever leads that partition has stamped it.
    pub topic: &'a str,
    pub partition: i32,
    /// Unix milliseconds, cut off.
    pub stamped_ms: i64,
    /// The count when it was sent, or earlier,
    pub sent_ms: i64,
    /// and when it was known to be acknowledged, or later.
    pub acknowledged_ms: i64,
}

/// Between which times the brokers' clock stands, Unix milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    pub earliest_ms: i64,
    pub latest_ms: i64,
}

/// All that was read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BrokersTime {
    clocks: BTreeMap<Voice, Clock>,
    leaders: BTreeMap<String, BTreeMap<i32, i32>>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Voice {
    Broker(i32),
    Partition(String, i32),
}

/// By how much one broker's time is more than the count, at least and at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Clock {
    least: i64,
    most: i64,
    /// The count when it was read last.
    read_ms: i64,
}

impl BrokersTime {
    pub fn take(&mut self, reading: Reading<'_>) {
        let Reading { topic, partition, stamped_ms, sent_ms, acknowledged_ms } = reading;
        if acknowledged_ms < sent_ms {
            return;
        }
        let leader = self.leaders.get(topic).and_then(|leaders| leaders.get(&partition));
        let voice = leader.map_or_else(|| Voice::Partition(topic.into(), partition), |it| Voice::Broker(*it));
        let clock = Clock {
            least: stamped_ms.saturating_sub(acknowledged_ms),
            most: stamped_ms.saturating_add(1).saturating_sub(sent_ms),
            read_ms: acknowledged_ms,
        };
        self.put(voice, clock);
        self.clocks.retain(|_, clock| acknowledged_ms.saturating_sub(clock.read_ms) <= KEPT_MS);
    }

    /// Which broker leads a partition, from now on.
    pub fn led(&mut self, topic: &str, partition: i32, broker: i32) {
        let Some(leaders) = self.leaders.get_mut(topic) else {
            self.leaders.insert(topic.into(), BTreeMap::new());
            return self.led(topic, partition, broker);
        };
        if leaders.insert(partition, broker).is_none()
            && let Some(clock) = self.clocks.remove(&Voice::Partition(topic.into(), partition))
        {
            self.put(Voice::Broker(broker), clock);
        }
    }

    fn put(&mut self, voice: Voice, clock: Clock) {
        self.clocks.entry(voice).and_modify(|known| *known = known.with(clock)).or_insert(clock);
    }

    /// The brokers' time at a count; `None` as long as nothing was read.
    pub fn at(&self, count_ms: i64) -> Option<Bounds> {
        let mut clocks: Vec<Clock> = self.clocks.values().copied().collect();
        clocks.sort_unstable_by_key(|clock| (clock.least, clock.most));
        let middle = clocks.get(clocks.len().checked_sub(1)? / 2)?;
        let at = |more: i64| more.saturating_add(count_ms);
        Some(Bounds { earliest_ms: at(middle.least), latest_ms: at(middle.most) })
    }
}

impl Clock {
    /// What both say; the one that was read last alone, where they cannot both be right.
    fn with(self, other: Clock) -> Clock {
        let (least, most) = (self.least.max(other.least), self.most.min(other.most));
        if least <= most {
            return Clock { least, most, read_ms: self.read_ms.max(other.read_ms) };
        }
        if self.read_ms > other.read_ms { self } else { other }
    }
}

impl Bounds {
    /// By how much a clock that says `own_ms` is ahead of them for certain; negative: behind. 0 between the bounds.
    pub fn ahead_ms(self, own_ms: i64) -> i64 {
        own_ms.saturating_sub(own_ms.clamp(self.earliest_ms, self.latest_ms))
    }
}

#[cfg(test)]
#[path = "brokers_time_tests.rs"]
mod tests;
