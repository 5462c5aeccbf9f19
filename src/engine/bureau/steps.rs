//! The second stage where its input comes message by message and not with the blocks of a log: the same
//! changes, one at a time, each judged when its message is done.

use super::{Bureau, ByDay, Tiding};
use crate::domain::{Act, Day, Position, Release, Rulebook, Verdict};
use crate::ledger::Heard;
use crate::store::StoreError;

impl Bureau {
    /// What follows up to [`Bureau::end`] is said by the message there.
    pub(in crate::engine) fn begin(&mut self, position: Position, written_ms: i64) {
        self.current = (position, written_ms);
    }

    /// The message is done: judges what it stirred.
    pub(in crate::engine) fn end(&mut self) {
        self.judge_stirred();
        self.meta.position = self.current.0;
    }

    pub(in crate::engine) fn today(&self) -> Option<Day> {
        self.meta.today
    }

    /// Takes in what the owners of projects say.
    pub(in crate::engine) fn learn<'a>(
        &mut self,
        tidings: impl IntoIterator<Item = &'a Tiding>,
        heard: impl IntoIterator<Item = &'a Heard>,
    ) -> Result<(), StoreError> {
        tidings.into_iter().try_for_each(|said| self.take(said))?;
        for heard in heard {
            self.roster.hear(heard, &mut self.stirred);
            if let Heard::Stated { project, .. } = heard {
                self.doubles.stir_project(&project.project_id);
            }
        }
        Ok(())
    }

    /// What a supervisor did about one of its alerts.
    pub(in crate::engine) fn do_act(&mut self, act: &Act) -> Verdict {
        self.act(act)
    }

    /// The date is this one now; `tidings` are of it.
    pub(in crate::engine) fn turn_to(&mut self, day: Day, tidings: Vec<Tiding>) -> Result<(), StoreError> {
        self.turn(day, &mut ByDay::from([(day, tidings)]))
    }

    /// What is held of a rule is told from here on; `tidings` are of what was told by it.
    pub(in crate::engine) fn let_go_of(
        &mut self,
        release: &Release,
        tidings: &[Tiding],
    ) -> Result<(), StoreError> {
        self.let_go(release);
        self.learn(tidings, &[])
    }

    /// This rulebook judges from here on; `tidings` are of what was judged by it.
    pub(in crate::engine) fn judge_by(
        &mut self,
        book: &Rulebook,
        tidings: Vec<Tiding>,
    ) -> Result<(), StoreError> {
        let today = self.meta.today.unwrap_or(Day(i32::MIN));
        self.change_rulebook(book, &mut ByDay::from([(today, tidings)]))
    }
}
