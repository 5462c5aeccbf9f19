//! What an owner of alerts is given to judge by, and what comes back. Decides nothing.

use crate::alerts::{Floods, Gate, IdKey};
use crate::domain::{Alert, Change, Day, Deadlines, Level, Rule, Rulebook, Time};
use crate::rules;

/// What a judgement needs beside what is judged.
pub(super) struct Bench<'a> {
    pub book: &'a Rulebook,
    pub ids: &'a IdKey,
    /// Nothing is judged before the first business date.
    pub today: Option<Day>,
    /// When the log was written that says so, in Unix milliseconds.
    pub written_ms: i64,
    /// What the owner has raised today, and holds.
    pub floods: &'a Floods,
}

/// One change of one alert, before it has its number.
pub(super) type Changed = (Change, Alert);

impl<'a> Bench<'a> {
    /// What is held of that which opens now.
    pub fn gate(&self, today: Day) -> Gate<'a> {
        self.floods.gate(self.book.at(today), today)
    }

    /// By when what begins to ask now is to be acknowledged and settled; none where that is switched off.
    pub fn times(&self, today: Day, sector: Option<&str>) -> impl Fn(Level) -> Option<Deadlines> + use<'a> {
        let book = self.book;
        let is_on = book.at(today).is_on(Rule::AlertOverdue, sector);
        let (_, second) = Time(self.written_ms.saturating_mul(1_000_000)).business(book.day_starts_at);
        let minute = i64::from(book.day_starts_at.0) + i64::from(second / 60);
        move |level| is_on.then(|| rules::deadlines(level, today, minute, book))
    }
}
