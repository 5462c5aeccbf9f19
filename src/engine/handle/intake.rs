//! What the doors of records need: entries handed over, and the desk's answers about accounts and dead letters.
//! Knows no door.

use super::Engine;
use crate::domain::{Account, Entry, TraceMark};
use crate::engine::api::{DeadLetter, DeadLetterId, PlacedDone, Refused, SubmitDone, weight};
use crate::engine::committer::Job;
use compact_str::CompactString;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

impl Engine {
    /// Hands entries over; `done` is called once, on a thread of the engine, when they are durable
    /// and merged. An error: nothing was taken.
    pub fn submit(&self, entries: Vec<Entry>, done: SubmitDone) -> Result<(), Refused> {
        self.submit_marked(entries, None, done)
    }

    /// The same; whoever observes is told what became of it, by its mark.
    pub fn submit_marked(
        &self,
        entries: Vec<Entry>,
        mark: Option<TraceMark>,
        done: SubmitDone,
    ) -> Result<(), Refused> {
        self.submit_placed(entries, mark, Box::new(|judged| done(judged.map(|(verdicts, _)| verdicts))))
    }

    /// The same; `done` is told where the entries stand, too.
    pub fn submit_placed(
        &self,
        entries: Vec<Entry>,
        mark: Option<TraceMark>,
        done: PlacedDone,
    ) -> Result<(), Refused> {
        let shared = &self.inner.shared;
        if let Some(refused) = shared.refusal() {
            return Err(refused);
        }
        let load = entries.iter().map(weight).sum();
        // A batch larger than the whole queue is taken when nothing else waits.
        let waiting = shared.queued.fetch_add(load, Relaxed);
        if waiting > 0 && waiting + load > self.inner.queue_entries {
            shared.queued.fetch_sub(load, Relaxed);
            return Err(Refused::Busy);
        }
        self.inner.jobs.send(Job::Submit((entries, done, mark))).map_err(|_| Refused::Stopping)
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
