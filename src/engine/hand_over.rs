//! Entries handed over by whoever need not know where they stand. Adds nothing to the handle's own way.

use super::api::{Refused, SubmitDone};
use super::handle::Engine;
use crate::domain::Entry;

impl Engine {
    /// Hands entries over; `done` is called once, on a thread of the engine, when they are durable
    /// and merged. An error: nothing was taken.
    pub fn submit(&self, entries: Vec<Entry>, done: SubmitDone) -> Result<(), Refused> {
        self.submit_placed(entries, Box::new(move |judged| done(judged.map(|(verdicts, _)| verdicts))))
    }
}
