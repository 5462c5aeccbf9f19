//! The second stage where its input comes message by message and not with the blocks of a log: the same
//! changes, one at a time, each judged when its message is done.

use super::{Bureau, ByDay, Tiding};
use crate::domain::{Act, Day, Position, Record, Release, Rulebook, Verdict};
use crate::ledger::Heard;

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

    /// Takes in a record of the county's own.
    pub(in crate::engine) fn merge(&mut self, record: &Record) {
        self.roster.merge(record, &mut self.stirred);
    }

    /// Takes in what the owners of projects say.
    pub(in crate::engine) fn learn<'a>(
        &mut self,
        tidings: impl IntoIterator<Item = &'a Tiding>,
        heard: impl IntoIterator<Item = &'a Heard>,
    ) {
        tidings.into_iter().for_each(|said| self.take(said));
        heard.into_iter().for_each(|heard| self.roster.hear(heard, &mut self.stirred));
    }

    /// What a supervisor did about one of its alerts.
    pub(in crate::engine) fn do_act(&mut self, act: &Act) -> Verdict {
        self.act(act)
    }

    /// The date is this one now; `tidings` are of it.
    pub(in crate::engine) fn turn_to(&mut self, day: Day, tidings: Vec<Tiding>) {
        self.turn(day, &mut ByDay::from([(day, tidings)]));
    }

    /// What is held of a rule is told from here on; `tidings` are of what was told by it.
    pub(in crate::engine) fn let_go_of(&mut self, release: &Release, tidings: Vec<Tiding>) {
        self.let_go(release);
        self.learn(&tidings, &[]);
    }

    /// This rulebook judges from here on; `tidings` are of what was judged by it.
    pub(in crate::engine) fn judge_by(&mut self, book: &Rulebook, tidings: Vec<Tiding>) {
        let today = self.meta.today.unwrap_or(Day(0));
        self.change_rulebook(book, &mut ByDay::from([(today, tidings)]));
    }
}
