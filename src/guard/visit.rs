//! What a known caller takes with him through one call: who he is, and when he is no longer welcome. Doors ask
//! it about every row.

use super::revocation::Proof;
use super::roster::{Live, Meters};
use super::trace::Trace;
use super::{Equipment, now};
use crate::access::{Call, Decision, Place, Principal, Row, Sight, Statement, decide, sight};
use crate::audit::Trail;
use crate::proto::Refusal;
use axum::http::Extensions;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// One call of one caller.
pub struct Visit {
    pub caller: Arc<Principal>,
    pub call: Call,
    pub from: Option<SocketAddr>,
    /// Unix seconds from which on what he showed counts no more.
    until: Option<i64>,
    /// The certificates that he showed, where he is known by them.
    proof: Option<Proof>,
    revoked: CancellationToken,
    equipment: Arc<Equipment>,
    meters: Arc<Meters>,
    /// He has a stream open, as long as this visit lasts.
    has_stream: bool,
    pub(super) trace: Trace,
}

/// How often a long stream looks at the clock.
const LOOK: Duration = Duration::from_secs(5);

impl Visit {
    pub(super) fn of_anyone(
        caller: Arc<Principal>,
        call: Call,
        from: Option<SocketAddr>,
        equipment: Arc<Equipment>,
    ) -> Visit {
        Visit {
            caller,
            call,
            from,
            until: None,
            proof: None,
            revoked: CancellationToken::new(),
            equipment,
            meters: Arc::default(),
            has_stream: false,
            trace: Trace::default(),
        }
    }

    pub(super) fn of_member(
        live: &Live,
        call: Call,
        from: Option<SocketAddr>,
        (until, proof): (i64, Option<Proof>),
        equipment: Arc<Equipment>,
    ) -> Result<Visit, Refusal> {
        let (limits, meters) = (equipment.limits, live.meters.clone());
        let paced = |after| Refusal::Paced("calls", after);
        // What instances ask each other is asked for callers who were let in at their doors.
        if call != Call::Ask {
            meters.calls.take(1, limits.calls, Instant::now()).map_err(paced)?;
        }
        // Who comes sooner than he was told is not even read: to read and refuse would cost as much as to take.
        if call == Call::Submit
            && let Some(after) = sooner(&meters, Instant::now())
        {
            return Err(Refusal::Paced("records", after));
        }
        let has_stream = matches!(call, Call::Subscribe | Call::SubmitStream);
        if has_stream && meters.streams.fetch_add(1, Ordering::AcqRel) >= limits.streams {
            meters.streams.fetch_sub(1, Ordering::AcqRel);
            return Err(Refusal::TooMany("streams of yours", limits.streams));
        }
        Ok(Visit {
            caller: live.principal.clone(),
            call,
            from,
            until: Some(until),
            proof,
            revoked: live.revoked.clone(),
            equipment,
            meters,
            has_stream,
            trace: Trace::default(),
        })
    }

    pub(super) fn trail(&self) -> Option<&Trail> {
        self.equipment.trail.as_ref()
    }

    /// Takes so many records from what he may hand in; or after what time he may.
    pub fn take_records(&self, count: usize) -> Result<(), Duration> {
        if !self.is_bound() {
            return Ok(());
        }
        let now = Instant::now();
        let taken = self.meters.records.take(count as u64, self.equipment.limits.records, now);
        if let Err(after) = taken {
            *self.meters.again.lock().unwrap_or_else(PoisonError::into_inner) = Some(now + after);
        }
        taken
    }

    /// So many bytes of his came; for how long no more of them is to be read.
    pub(super) fn charge_bytes(&self, count: usize) -> Duration {
        match self.is_bound() {
            true => self.meters.bytes.charge(count as u64, self.equipment.limits.bytes, Instant::now()),
            false => Duration::ZERO,
        }
    }

    /// His part of the room that all callers have with the engine, and how much that is. `None`: it is all his.
    pub fn room(&self) -> Option<(Arc<Semaphore>, usize)> {
        let most = self.equipment.limits.waiting.min(Semaphore::MAX_PERMITS);
        let room = || self.meters.room.get_or_init(|| Arc::new(Semaphore::new(most))).clone();
        self.is_bound().then(|| (room(), most))
    }

    /// Takes one answer with full numbers from what he may have.
    pub fn take_reveal(&self) -> Result<(), Refusal> {
        let taken = self.meters.reveals.take(1, self.equipment.limits.reveals, Instant::now());
        taken.map_err(|after| Refusal::Paced("full numbers", after))
    }

    /// The visit that the gate has put into a request. Without a gate nobody is known.
    pub fn of(extensions: &Extensions) -> Result<Arc<Visit>, Refusal> {
        extensions.get::<Arc<Visit>>().cloned().ok_or(Refusal::Unknown)
    }

    /// Whether he sees the row.
    pub fn sees(&self, row: &Row<'_>) -> bool {
        decide(&self.caller, self.call, row) == Decision::Allowed
    }

    pub fn sees_project(&self, place: Place<'_>) -> bool {
        self.sees(&Row::Project(place))
    }

    /// Whether he sees all that belongs to no project, and so everything.
    pub fn sees_county(&self) -> bool {
        self.sees(&Row::County)
    }

    /// How much he sees of people.
    pub fn sight(&self) -> Sight {
        sight(&self.caller)
    }

    /// Whether his records are looked at one by one.
    pub fn is_bound(&self) -> bool {
        self.caller.role.is_some()
    }

    /// Whether he may hand in the record; `field` is its place in the request.
    pub fn check_record(
        &self,
        statement: Statement<'_>,
        field: impl FnOnce() -> String,
    ) -> Result<(), Refusal> {
        match decide(&self.caller, self.call, &Row::Record(statement)) {
            Decision::Allowed => Ok(()),
            Decision::Filtered => Err(Refusal::Forbidden(format!("{}: not yours", field()))),
            Decision::Refused(denied) => Err(Refusal::Forbidden(format!("{}: {}", field(), denied.why()))),
        }
    }

    /// Whether he was sent away since he came, or what he showed has ended.
    pub fn is_over(&self) -> bool {
        self.revoked.is_cancelled()
            || self.until.is_some_and(|until| now() >= until)
            || self.proof.as_ref().is_some_and(Proof::is_taken_back)
    }

    /// Resolves when he is no longer welcome: a stream then ends.
    pub async fn over(&self) {
        while !self.is_over() {
            tokio::select! {
                () = self.revoked.cancelled() => {}
                () = tokio::time::sleep(LOOK), if self.until.is_some() => {}
            }
        }
    }
}

/// How long before the time that he was told.
fn sooner(meters: &Meters, now: Instant) -> Option<Duration> {
    let mut again = meters.again.lock().unwrap_or_else(PoisonError::into_inner);
    let after = again.map(|again| again.saturating_duration_since(now)).filter(|after| !after.is_zero());
    *again = again.filter(|_| after.is_some());
    after
}

impl Drop for Visit {
    fn drop(&mut self) {
        if self.has_stream {
            self.meters.streams.fetch_sub(1, Ordering::AcqRel);
        }
    }
}
