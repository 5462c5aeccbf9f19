//! What the county, where it is owned here, asks of all partitions for the shadow rulebook's sake, now and then: what their
//! employers owe by it. Judges nothing.

use super::core::Inner;
use super::thread::Job;
use crate::engine::cluster::{Partition, Question};
use std::collections::BTreeMap;
use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::oneshot;

/// So far the county's counts may be behind those of the projects.
const EVERY: Duration = Duration::from_secs(5);

type Answers = Vec<(Partition, Option<Vec<u8>>)>;

/// Until the instance ends.
pub(super) async fn follow(instance: Weak<Inner>) {
    loop {
        tokio::time::sleep(EVERY).await;
        let Some(inner) = instance.upgrade().filter(|inner| !inner.stopping.load(Ordering::Acquire)) else {
            return;
        };
        inner.ask_shares().await;
    }
}

impl Inner {
    /// Asks each owner once: whoever does not answer is asked the next time.
    async fn ask_shares(&self) {
        let questions = self.shadow(Answers::new()).await;
        let mut by_owner: BTreeMap<String, Vec<(Partition, Question)>> = BTreeMap::new();
        let mut answers = Answers::new();
        for (partition, question) in questions {
            match self.parts.table.owner(partition) {
                Some(owner) => by_owner.entry(owner).or_default().push((partition, question)),
                None => answers.push((partition, None)),
            }
        }
        for (owner, asked) in by_owner {
            let told = self.answer_at(&owner, &asked).await;
            answers.extend(asked.into_iter().map(|(partition, _)| partition).zip(told));
        }
        if !answers.is_empty() {
            self.shadow(answers).await;
        }
    }

    async fn shadow(&self, answers: Answers) -> Vec<(Partition, Question)> {
        let (done, answered) = oneshot::channel();
        let next = Box::new(move |questions| {
            // Whoever asked may have left.
            let _ = done.send(questions);
        });
        self.send(Job::Shadow(answers, next));
        // Where the thread has ended there is nothing to ask.
        answered.await.unwrap_or_default()
    }
}
