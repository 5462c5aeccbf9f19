//! What the shadow rulebook finds of employers, feeds and complaints without a project: judged from scratch,
//! like its projects, when the second stage has nothing else to do. Employers owe what they owe, and people worked
//! on the days that count, by the shadow rulebook; what people confirmed is the live alerts'. Tells nobody.

use super::bureau::Bureau;
use super::debts::{Debts, Share};
use super::shadow::Counts;
use super::shadow_days::{DaysTable, ShadowDays};
use crate::domain::{ProjectId, Rulebook};
use crate::store::StoreError;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) struct ShadowCounty {
    book: Arc<Rulebook>,
    /// What employers owe by the shadow rulebook, of each project in which one does.
    shares: BTreeMap<ProjectId, Vec<Share>>,
    /// How often the second stage had something to judge when this was judged last; `None` if it must be again.
    judged_at: Option<u64>,
    /// Blocks for which it waits already.
    blocks: u32,
    counts: Counts,
    /// Who shares which days by the shadow rulebook, as projects tell where the live one counts others; `None` where
    /// nobody tells, and the live one's days stand for them.
    days: Option<DaysTable>,
}

/// After so many blocks without an idle moment it is judged all the same.
const BLOCKS: u32 = 1024;

impl ShadowCounty {
    pub fn new(book: Arc<Rulebook>) -> ShadowCounty {
        let (shares, counts) = (BTreeMap::new(), Counts::new());
        ShadowCounty { book, shares, judged_at: None, blocks: 0, counts, days: None }
    }

    /// Projects tell who was there when.
    #[must_use]
    pub fn hearing_days(self) -> ShadowCounty {
        ShadowCounty { days: Some(DaysTable::default()), ..self }
    }

    /// A project was judged by the shadow rulebook.
    pub fn owes(&mut self, project: ProjectId, shares: Vec<Share>) {
        self.judged_at = None;
        match shares.is_empty() {
            true => self.shares.remove(&project),
            false => self.shares.insert(project, shares),
        };
    }

    /// A project tells who was there when by the shadow rulebook.
    pub fn hear(&mut self, said: ShadowDays) -> Result<(), StoreError> {
        if let Some(days) = &mut self.days
            && days.hear(said)?
        {
            self.judged_at = None;
        }
        Ok(())
    }

    pub fn is_stale(&self, bureau: &Bureau) -> bool {
        self.judged_at != Some(bureau.stirs())
    }

    /// A block more was applied; whether it has waited for too long.
    pub fn block(&mut self, bureau: &Bureau) -> bool {
        self.blocks = if self.is_stale(bureau) { self.blocks + 1 } else { 0 };
        self.blocks >= BLOCKS
    }

    pub fn judge(&mut self, bureau: &Bureau) {
        self.blocks = 0;
        let debts = Debts::of(self.shares.values().map(Vec::as_slice));
        let doubles = self.days.as_ref().map(DaysTable::doubles);
        let found = bureau.known_by(&debts, doubles, &self.book).map_or(Vec::new(), |known| known.all());
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
