//! What is known of each project's name, sector and territory, and which are in doubt, at hand for routing alerts to
//! subscribers without asking a shard. A copy: the shards hold the truth and feed it.

use crate::domain::{Doubts, ProjectId};
use crate::engine::api::ProjectFacts;
use hashbrown::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Answers at once, from memory.
pub trait ProjectDirectory: Send + Sync {
    /// `None` while no `project` record is known.
    fn facts(&self, project: &ProjectId) -> Option<Arc<ProjectFacts>>;
    /// The projects whose figures are in doubt.
    fn doubts(&self) -> Arc<Doubts>;
    /// Rises with every change of any project's facts, or of what is in doubt.
    fn generation(&self) -> u64;
}

/// The facts of all projects. Whoever feeds it does so before he publishes the project's alerts.
#[derive(Default)]
pub struct FactsCache {
    facts: RwLock<HashMap<ProjectId, Arc<ProjectFacts>>>,
    doubts: RwLock<Arc<Doubts>>,
    generation: AtomicU64,
}

impl FactsCache {
    pub fn new() -> FactsCache {
        FactsCache::default()
    }

    /// Puts one project's facts; the same ones again change nothing.
    pub fn put(&self, project: ProjectId, facts: ProjectFacts) {
        let known = self.facts.read().unwrap_or_else(PoisonError::into_inner).get(&project).cloned();
        if known.is_some_and(|known| *known == facts) {
            return;
        }
        self.facts.write().unwrap_or_else(PoisonError::into_inner).insert(project, Arc::new(facts));
        self.generation.fetch_add(1, Ordering::Release);
    }
}

impl FactsCache {
    pub fn put_doubts(&self, doubts: Arc<Doubts>) {
        *self.doubts.write().unwrap_or_else(PoisonError::into_inner) = doubts;
        self.generation.fetch_add(1, Ordering::Release);
    }
}

impl ProjectDirectory for FactsCache {
    fn facts(&self, project: &ProjectId) -> Option<Arc<ProjectFacts>> {
        self.facts.read().unwrap_or_else(PoisonError::into_inner).get(project).cloned()
    }

    fn doubts(&self) -> Arc<Doubts> {
        self.doubts.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }
}
