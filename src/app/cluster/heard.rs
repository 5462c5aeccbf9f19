//! What is known of senders over all instances: each owner of a partition is asked at once what it has counted, and those that
//! do not answer in time are left out, which is said. Keeps no count.

use super::core::{ClusterCore, Inner};
use crate::engine::cluster::{Partition, Question, Span, Spans, heard};
use crate::engine::sources::SourceCounts;
use crate::serve::sources::{AllSources, Counted, Sources};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

/// So long the others are waited for.
const PATIENCE: Duration = Duration::from_secs(4);

/// What this instance has counted.
pub struct Heard {
    pub counts: Arc<Sources>,
    pub spans: Arc<Mutex<Spans>>,
}

impl Heard {
    /// As another instance is told.
    pub fn answer(&self) -> Vec<u8> {
        let spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner).all();
        heard::write_sources(&self.counts.counts(), &spans)
    }
}

/// What came together.
#[derive(Default)]
struct Gathered {
    counts: SourceCounts,
    spans: Vec<Span>,
    is_part: bool,
}

impl Gathered {
    fn take(&mut self, answer: Option<Vec<u8>>) {
        // Of another version while instances are upgraded: as good as none.
        match answer.and_then(|bytes| heard::read_sources(&bytes).ok()) {
            Some((counts, spans)) => {
                self.counts.merge(&counts);
                self.spans.extend(spans);
            }
            None => self.is_part = true,
        }
    }
}

impl Inner {
    async fn all_sources(self: &Arc<Inner>, until: Instant) -> Gathered {
        let until = until.min(Instant::now() + PATIENCE);
        let owners =
            self.projects().chain([Partition::County]).map(|partition| self.parts.table.owner(partition));
        let owners: Vec<Option<String>> = owners.collect();
        let mut gathered = Gathered { is_part: owners.contains(&None), ..Gathered::default() };
        let all: BTreeSet<String> = owners.into_iter().flatten().chain([self.parts.me.clone()]).collect();
        let mut asked = JoinSet::new();
        for address in all {
            let inner = self.clone();
            asked.spawn(async move {
                inner.answer_at(&address, &[(Partition::County, Question::Sources)]).await.pop().flatten()
            });
        }
        while !asked.is_empty() {
            match timeout_at(until, asked.join_next()).await {
                Ok(Some(answer)) => gathered.take(answer.ok().flatten()),
                Ok(None) => break,
                Err(_) => {
                    gathered.is_part = true;
                    break;
                }
            }
        }
        gathered
    }
}

#[tonic::async_trait]
impl AllSources for ClusterCore {
    async fn all(&self, until: Instant) -> Counted {
        let inner = self.inner();
        let Gathered { counts, spans, is_part } = inner.all_sources(until).await;
        let since_ms = heard::counted_since(&spans).unwrap_or_else(|| inner.parts.heard.counts.since_ms());
        Counted { counts, since_ms, is_part }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::sources::SourceCount;

    #[test]
    fn answers_come_together_and_a_missing_one_is_said() {
        let answer = |records, (from, next), since_ms| {
            let mut counts = SourceCounts::default();
            counts.add("gate", &SourceCount { records, ..SourceCount::default() });
            let partition = Partition::Projects(0);
            Some(heard::write_sources(&counts, &[Span { partition, from, next, since_ms }]))
        };
        let mut gathered = Gathered::default();
        gathered.take(answer(7, (0, 10), 7));
        gathered.take(answer(90, (10, 20), 8));
        assert_eq!((gathered.counts.by_name["gate"].records, gathered.is_part), (97, false));
        assert_eq!(heard::counted_since(&gathered.spans), Some(7));
        gathered.take(Some(b"of another version".to_vec()));
        assert!(gathered.is_part);
        let mut gathered = Gathered::default();
        gathered.take(None);
        assert!(gathered.is_part && gathered.counts.by_name.is_empty());
    }
}
