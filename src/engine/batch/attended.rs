//! The newest attendance that each source has stated of each project, for the feeds that go silent. Nine of
//! ten records come here, and a project has few sources: one name is compared, or a few. Knows projects by
//! their number.

use crate::domain::{ProjectId, Time};
use crate::ledger::{Roster, Stirred};
use compact_str::CompactString;
use std::collections::BTreeMap;

/// By the project's number.
#[derive(Default)]
pub(super) struct Attended(Vec<Sources>);

#[derive(Default)]
struct Sources {
    few: Vec<(CompactString, Time)>,
    /// Those beyond [`FEW`].
    more: BTreeMap<CompactString, Time>,
}

/// So many names of a project are compared one by one.
const FEW: usize = 16;

impl Attended {
    pub fn note(&mut self, source: &str, project: u32, at: Time) {
        let project = project as usize;
        if self.0.len() <= project {
            self.0.resize_with(project + 1, Sources::default);
        }
        self.0[project].note(source, at);
    }

    /// Tells the register all that was noted; `projects` by number.
    pub fn tell(&self, projects: &[ProjectId], roster: &mut Roster) {
        let mut stirred = Stirred::default();
        for (project, sources) in projects.iter().zip(&self.0) {
            let few = sources.few.iter().map(|(source, at)| (source, at));
            for (source, at) in few.chain(&sources.more) {
                roster.attended(source, project, *at, &mut stirred);
            }
        }
    }
}

impl Sources {
    #[inline]
    fn note(&mut self, source: &str, at: Time) {
        let newest = match self.few.iter().position(|(name, _)| name == source) {
            Some(place) => &mut self.few[place].1,
            None if self.few.len() < FEW => return self.few.push((source.into(), at)),
            None => self.more.entry(source.into()).or_insert(at),
        };
        if *newest < at {
            *newest = at;
        }
    }
}
