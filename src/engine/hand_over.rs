//! What the doors of records need beside the handle's own way: entries handed over by whoever need not know where they
//! stand, and the desk's answers about accounts and dead letters.

use super::api::{DeadLetter, DeadLetterId, Refused, SubmitDone};
use super::handle::Engine;
use crate::domain::{Account, Entry};
use compact_str::CompactString;
use std::collections::BTreeMap;

impl Engine {
    /// Hands entries over; `done` is called once, on a thread of the engine, when they are durable
    /// and merged. An error: nothing was taken.
    pub fn submit(&self, entries: Vec<Entry>, done: SubmitDone) -> Result<(), Refused> {
        self.submit_placed(entries, Box::new(move |judged| done(judged.map(|(verdicts, _)| verdicts))))
    }

    /// The bank of each account that is known as a wage account.
    pub fn banks(
        &self,
        accounts: Vec<Account>,
        done: impl FnOnce(Result<BTreeMap<Account, CompactString>, Refused>) + Send + 'static,
    ) {
        self.ask_desk(move |desk| {
            done(Ok(desk.banks(&accounts)));
            Ok(())
        });
    }

    /// Dead letters above `after`, ascending, at most `max`.
    pub fn dead_letters(
        &self,
        after: Option<DeadLetterId>,
        max: usize,
        done: impl FnOnce(Result<Vec<DeadLetter>, Refused>) + Send + 'static,
    ) {
        self.ask_desk(move |desk| {
            done(Ok(desk.dead_letters(after, max)?));
            Ok(())
        });
    }
}
