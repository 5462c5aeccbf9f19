//! The shadow rulebook on one instance: judges what is served here, when there is nothing else to do, and says what stands by
//! it. What others own is not counted here, so that the instances' counts add up. Writes nothing.

use super::question::Question;
use super::tenure::Stage;
use super::{ClusterError, Instance, Partition, Transport};
use crate::engine::api::ShadowStatus;
use crate::engine::partition::Owner;

impl<T: Transport> Instance<T> {
    /// Whether anything that is served here waits to be judged.
    pub fn shadow_waits(&self) -> bool {
        self.with.shadow.is_some() && self.waiting().is_some()
    }

    fn waiting(&self) -> Option<Partition> {
        let serving = self.tenures.iter().filter(|(_, tenure)| tenure.stage() == Stage::Serving);
        let mut waiting = serving.filter(|(_, tenure)| tenure.owner().is_some_and(Owner::shadow_waits));
        waiting.next().map(|(partition, _)| *partition)
    }

    /// Judges one project more, or the county when no project waits. Answers whether there was something to judge.
    ///
    /// # Errors
    /// Those of [`Instance::ask`].
    pub fn judge_shadow(&mut self) -> Result<bool, ClusterError> {
        let Some(partition) = self.waiting() else { return Ok(false) };
        self.ask(partition, Owner::judge_shadow)?;
        // It has made a cold project hot.
        self.is_pressed(partition);
        Ok(true)
    }

    /// How it stands here; `None` without a shadow rulebook. A partition that is not served yet waits as one project.
    pub fn shadow(&self) -> Option<ShadowStatus> {
        let version = self.with.shadow.as_ref()?.version.clone();
        let mut status = ShadowStatus { version, ..ShadowStatus::default() };
        for tenure in self.tenures.values().filter(|tenure| tenure.stage() != Stage::Following) {
            let found = tenure.owner().filter(|_| tenure.stage() == Stage::Serving).and_then(Owner::shadow);
            let Some((waiting, counts)) = found else {
                status.waiting += 1;
                continue;
            };
            status.waiting += waiting;
            for (what, count) in counts {
                *status.alerts.entry(*what).or_default() += count;
            }
        }
        Some(status)
    }

    /// What the county, if it is served here, has to ask of all partitions for the shadow rulebook's sake.
    pub fn shadow_questions(&mut self) -> Vec<(Partition, Question)> {
        let Some(Owner::County(owner)) = self.owner_mut(Partition::County) else { return Vec::new() };
        let known = owner.shares_known().into_iter();
        known.map(|(partition, mark)| (partition, Question::Shares(mark))).collect()
    }

    /// What was answered to them; `None` of a partition that nobody answered for. The county may have moved away meanwhile, and
    /// come back: what it does not know it asks again.
    pub fn shadow_answers(&mut self, answers: Vec<(Partition, Option<Vec<u8>>)>) {
        if let Some(Owner::County(owner)) = self.owner_mut(Partition::County) {
            for partition in owner.hear_shares(answers) {
                tracing::warn!(
                    partition,
                    "the owner of this partition judges by another shadow rulebook, or none: what its employers owe is left out of the county's counts"
                );
            }
        }
    }
}
