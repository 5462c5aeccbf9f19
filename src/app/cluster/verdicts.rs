//! What became of messages that this instance took, kept for a while for whoever waits for an answer: the door that wrote a
//! message asks the instance that took it. Bounded; what is no longer kept was taken long ago.

use crate::engine::cluster::{Judged, Partition, Verdicts};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Verdicts of each partition that are kept.
const KEPT: usize = 50_000;

/// The latest verdicts, by partition and offset.
#[derive(Default)]
pub struct VerdictBook {
    /// Ascending by offset.
    kept: Mutex<BTreeMap<Partition, VecDeque<(u64, Judged)>>>,
    changed: Notify,
}

impl VerdictBook {
    pub fn put(&self, verdicts: Verdicts) {
        if verdicts.is_empty() {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for (partition, offset, verdict) in verdicts {
            let of = kept.entry(partition).or_default();
            // A partition that began again says again what it said.
            if of.back().is_some_and(|(last, _)| *last >= offset) {
                let at = of.partition_point(|(known, _)| *known < offset);
                if of.get(at).is_some_and(|(known, _)| *known == offset) {
                    of[at].1 = verdict;
                } else {
                    of.insert(at, (offset, verdict));
                }
            } else {
                of.push_back((offset, verdict));
            }
            if of.len() > KEPT {
                of.pop_front();
            }
        }
        drop(kept);
        self.changed.notify_waiters();
    }

    /// What is known of each of these, in their order.
    pub fn find(&self, partition: Partition, offsets: &[u64]) -> Vec<Option<Judged>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(of) = kept.get(&partition) else { return vec![None; offsets.len()] };
        let find =
            |offset: &u64| of.binary_search_by_key(offset, |(at, _)| *at).ok().map(|at| of[at].1.clone());
        offsets.iter().map(find).collect()
    }

    /// The same, as soon as all are known, or at last by then.
    pub async fn wait(&self, partition: Partition, offsets: &[u64], until: Instant) -> Vec<Option<Judged>> {
        loop {
            // Registered before it is asked, so that nothing is missed in between.
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let found = self.find(partition, offsets);
            if found.iter().all(Option::is_some) || tokio::time::timeout_at(until, changed).await.is_err() {
                return found;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Verdict;
    use std::time::Duration;

    #[tokio::test]
    async fn verdicts_are_found_until_there_are_too_many_and_waited_for() {
        let book = VerdictBook::default();
        let here = Partition::Projects(3);
        book.put(vec![(here, 5, Verdict::Accepted.into()), (here, 9, Verdict::Duplicate.into())]);
        // Said again, and one that stood between.
        book.put(vec![(here, 9, Verdict::Duplicate.into()), (here, 7, Verdict::Accepted.into())]);
        assert_eq!(
            book.find(here, &[9, 6, 7, 5]),
            [
                Some(Verdict::Duplicate.into()),
                None,
                Some(Verdict::Accepted.into()),
                Some(Verdict::Accepted.into())
            ]
        );
        assert_eq!(book.find(Partition::County, &[5]), [None]);
        let waits = book.wait(here, &[11], Instant::now() + Duration::from_secs(30));
        let (found, ()) = tokio::join!(waits, async { book.put(vec![(here, 11, Verdict::Accepted.into())]) });
        assert_eq!(found, [Some(Verdict::Accepted.into())]);
        assert_eq!(book.wait(here, &[99], Instant::now()).await, [None]);
        let many = (100..100 + KEPT as u64).map(|offset| (here, offset, Verdict::Accepted.into()));
        book.put(many.collect());
        assert_eq!(book.find(here, &[11, 100]), [None, Some(Verdict::Accepted.into())]);
    }
}
