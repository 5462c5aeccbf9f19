//! What a call leaves in the audit trail: which rows, why, and what became of it.

use super::visit::Visit;
use crate::access::{Call, Principal};
use crate::audit::{Entry, Trail};
use crate::proto::Refusal;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// Rows that an entry names; of more it has the number.
const ROWS: usize = 1000;

/// Gathered while the call runs.
#[derive(Debug, Default)]
pub(super) struct Trace(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    count: u64,
    rows: Vec<String>,
    why: String,
}

impl Trace {
    fn note(&self, rows: impl IntoIterator<Item = String>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            seen.count += 1;
            if seen.rows.len() < ROWS {
                seen.rows.push(row);
            }
        }
    }
}

impl Visit {
    /// Rows that he is shown or touches, by what they are called; never by a whole number of a person.
    pub fn saw(&self, rows: impl IntoIterator<Item = String>) {
        if self.trail().is_some() {
            self.trace.note(rows);
        }
    }

    /// Why he says he needs it.
    pub fn says_why(&self, why: String) {
        self.trace.0.lock().unwrap_or_else(PoisonError::into_inner).why = why;
    }

    /// Writes what he saw since the last entry, and waits until it is durable.
    ///
    /// # Errors
    /// `Untraced`: then nothing of it may leave.
    pub async fn record(&self, result: &str) -> Result<(), Refusal> {
        let Some(trail) = self.trail() else { return Ok(()) };
        let seen = std::mem::take(&mut *self.trace.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut entry = entry(&self.caller, self.call, self.from, result);
        (entry.count, entry.rows, entry.why) = (seen.count, seen.rows, seen.why);
        let (done, written) = oneshot::channel();
        trail.write(entry, move |answer| {
            let _ = done.send(answer);
        });
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Refusal::Untraced),
        }
    }

    /// What became of the call, as the gate sees it.
    pub(super) async fn leave(&self, status: Option<&Status>) -> Result<(), Refusal> {
        match status {
            None if is_everyday(self.call) => Ok(()),
            None => self.record("ok").await,
            Some(status) => self.record(&told(status)).await,
        }
    }
}

/// What is not remembered one by one when it is answered: records stand in the log with their source, how the service
/// stands is nobody's, and for whom an instance asks another stands in its own trail.
fn is_everyday(call: Call) -> bool {
    matches!(
        call,
        Call::Submit
            | Call::SubmitStream
            | Call::Ask
            | Call::GetStatus
            | Call::Reflection
            | Call::Metrics
            | Call::Health
    )
}

fn entry(who: &Principal, call: Call, from: Option<SocketAddr>, result: &str) -> Entry {
    Entry {
        who: who.name.to_string(),
        role: who.role.map(|role| role.as_str().to_owned()).unwrap_or_default(),
        from: from.map(|addr| addr.to_string()).unwrap_or_default(),
        call: call.as_str().to_owned(),
        result: result.to_owned(),
        ..Entry::default()
    }
}

/// Code and word of a refusal: no sentence, for that may name what was asked for.
fn told(status: &Status) -> String {
    let word = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    let code: Code = status.code();
    format!("{code:?} {word}").trim_end().to_owned()
}

/// Somebody who was turned away at the gate. Nobody waits for this entry.
pub(super) fn turned_away(
    trail: &Trail,
    who: Option<&Principal>,
    call: Call,
    from: Option<SocketAddr>,
    refusal: &Refusal,
) {
    let nobody = Principal::default();
    let status = Status::from(refusal.clone());
    trail.write(entry(who.unwrap_or(&nobody), call, from, &told(&status)), |_| {});
}
