//! What a project is given to judge by, and what comes back. Decides nothing.

use crate::alerts::IdKey;
use crate::domain::{Alert, Change, Day, Rulebook};

/// What a judgement needs beside the project.
pub(super) struct Bench<'a> {
    pub book: &'a Rulebook,
    pub ids: &'a IdKey,
    /// Nothing is judged before the first business date.
    pub today: Option<Day>,
    /// When the log was written that says so, in Unix milliseconds.
    pub written_ms: i64,
}

/// One change of one alert, before it has its number.
pub(super) type Changed = (Change, Alert);
