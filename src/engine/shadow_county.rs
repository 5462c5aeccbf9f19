//! What the shadow rulebook finds of employers, feeds and complaints without a project: judged from scratch,
//! like its projects, when the second stage has nothing else to do. Employers owe what they owe by the shadow
//! rulebook; what people confirmed is the live alerts'. Tells nobody.

use super::bureau::Bureau;
use super::debts::{Debts, Share};
use super::shadow::Counts;
use crate::domain::{ProjectId, Rulebook};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) struct ShadowCounty {
    book: Arc<Rulebook>,
    /// What employers owe by the shadow rulebook, of each project in which one does.
    shares: BTreeMap<ProjectId, Vec<Share>>,
    /// How often the second stage had something to judge when this was judged last; `None` if it must be again.
    judged_at: Option<u64>,
    counts: Counts,
}

impl ShadowCounty {
    pub fn new(book: Arc<Rulebook>) -> ShadowCounty {
        ShadowCounty { book, shares: BTreeMap::new(), judged_at: None, counts: Counts::new() }
    }

    /// A project was judged by the shadow rulebook.
    pub fn owes(&mut self, project: ProjectId, shares: Vec<Share>) {
        self.judged_at = None;
        match shares.is_empty() {
            true => self.shares.remove(&project),
            false => self.shares.insert(project, shares),
        };
    }

    pub fn is_stale(&self, bureau: &Bureau) -> bool {
        self.judged_at != Some(bureau.stirs())
    }

    pub fn judge(&mut self, bureau: &Bureau) {
        let debts = Debts::of(self.shares.values().map(Vec::as_slice));
        let found = bureau.known_by(&debts, &self.book).map_or(Vec::new(), |known| known.all());
        self.counts = Counts::new();
        for finding in found {
            *self.counts.entry((finding.rule, finding.level)).or_default() += 1;
        }
        self.judged_at = Some(bureau.stirs());
    }

    pub fn counts(&self) -> &Counts {
        &self.counts
    }
}
