//! Who comes in: connections, certificates and tokens, and what a caller who is known takes with him through a
//! call. What he may do is `access`'s decision, asked here for the call and by the doors for each row.

mod body;
mod certificate;
mod claim;
mod crowd;
mod gate;
mod pace;
mod revocation;
mod roster;
mod tls;
mod token;
mod trace;
mod visit;
mod wire;

pub use certificate::{Identity, identity};
pub use claim::{Claim, account_of};
pub use gate::{Gate, GateLayer};
pub use pace::Rate;
pub use revocation::{ListPolicy, Proof, files as list_files};
pub use roster::Member;
pub use tls::{Language, Tls, TlsError, TlsFiles};
pub use token::{StoredToken, Token};
pub use visit::Visit;
pub use wire::{Peer, Threshold, Wire, incoming};

use crate::access::{Call, Principal, Role, may_call};
use crate::audit::Trail;
use crate::proto::{CROWDED, Refusal, reason};
use axum::http::{HeaderMap, header};
use pace::Pace;
use roster::{Known, Roster};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tonic::Status;

/// What a guard has beside its list.
#[derive(Clone, Default)]
pub struct Equipment {
    /// Where it is written who asked for what; `None` = nowhere.
    pub trail: Option<Trail>,
    pub limits: Limits,
    /// Told the word of each refusal, of connections too, for metrics.
    pub refused: Option<Arc<dyn Fn(&'static str) + Send + Sync>>,
}

/// How much one caller may have. Whoever has no name has no limits of his own: he is alone on his machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Answers with full numbers.
    pub reveals: Rate,
    pub calls: Rate,
    /// Records handed in.
    pub records: Rate,
    /// Bytes of messages.
    pub bytes: Rate,
    /// Records with the engine at once.
    pub waiting: usize,
    /// Streams at once.
    pub streams: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let second = |most| Rate { most, within: Duration::from_secs(1) };
        Limits {
            reveals: Rate { most: 60, within: Duration::from_secs(3600) },
            calls: second(1000),
            records: second(100_000),
            bytes: second(64 << 20),
            waiting: 16_384,
            streams: 64,
        }
    }
}

/// Entries of the trail about those who were turned away: a flood of them fills no disk.
const TURNED_AWAY: Rate = Rate { most: 10, within: Duration::from_secs(1) };

/// The guard of all doors.
pub struct Guard {
    equipment: Arc<Equipment>,
    turned_away: Pace,
    /// `None`: no principals are configured. The config lets that be on the loopback address alone.
    roster: RwLock<Option<Arc<Roster>>>,
    anyone: Arc<Principal>,
}

impl Guard {
    /// Lets in whoever comes.
    pub fn open(equipment: Equipment) -> Arc<Guard> {
        Guard::with(None, equipment)
    }

    /// Lets in these.
    pub fn of(members: &[Member], equipment: Equipment) -> Arc<Guard> {
        Guard::with(Some(Roster::new(members, &Roster::default())), equipment)
    }

    fn with(roster: Option<Roster>, equipment: Equipment) -> Arc<Guard> {
        Arc::new(Guard {
            equipment: Arc::new(equipment),
            turned_away: Pace::default(),
            roster: RwLock::new(roster.map(Arc::new)),
            anyone: Arc::new(Principal::anyone()),
        })
    }

    /// From now on these: who is gone or has changed is sent away, from open streams too. A guard that lets in
    /// everybody goes on doing so: that is decided at the start.
    pub fn replace(&self, members: &[Member]) {
        let mut roster = self.roster.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = roster.take() {
            *roster = Some(Arc::new(Roster::new(members, &before)));
        }
    }

    /// The visit of one of our own deliverers, who brings alerts to another system: he sees all of them, and no person.
    /// What he brought stands in the trail like anybody's.
    pub fn deliverer(&self, name: &str) -> Visit {
        let caller = Principal { name: name.into(), role: Some(Role::Platform), ..Principal::default() };
        Visit::of_anyone(Arc::new(caller), Call::Subscribe, None, self.equipment.clone())
    }

    /// Writes what of the audit trail waits.
    pub fn stop(&self) {
        if let Some(trail) = &self.equipment.trail {
            trail.stop();
        }
    }

    /// Whether principals are configured.
    pub fn is_closed(&self) -> bool {
        self.roster.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Who it is that makes this call, if he may make it at all. Any door asks this first, with what the
    /// connection and the request's head show.
    ///
    /// # Errors
    /// `Unknown` for somebody without a name, `Forbidden` for a call that is not his.
    pub fn admit(&self, call: Call, headers: &HeaderMap, peer: &Peer) -> Result<Visit, Refusal> {
        let roster = self.roster.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(roster) = roster else {
            if let Err(denied) = may_call(&self.anyone, call) {
                let refusal = Refusal::Forbidden(denied.why().into());
                return Err(self.turn_away(None, call, peer, refusal));
            }
            return Ok(Visit::of_anyone(self.anyone.clone(), call, peer.from, self.equipment.clone()));
        };
        let now = now();
        let Some((live, until)) = identify(&roster, headers, peer, now) else {
            return Err(self.turn_away(None, call, peer, Refusal::Unknown));
        };
        if let Err(denied) = may_call(&live.principal, call) {
            let refusal = Refusal::Forbidden(denied.why().into());
            return Err(self.turn_away(Some(&live.principal), call, peer, refusal));
        }
        // A token goes before a certificate: whoever shows both is known by it.
        let proof = peer.proof.clone().filter(|_| !headers.contains_key(header::AUTHORIZATION));
        Visit::of_member(&live, call, peer.from, (until, proof), self.equipment.clone())
            .map_err(|refusal| self.turn_away(Some(&live.principal), call, peer, refusal))
    }

    /// A connection that is closed because there are so many from its address.
    pub(crate) fn crowded(&self) {
        if let Some(count) = &self.equipment.refused {
            count(CROWDED);
        }
    }

    fn count(&self, refused: &Status) {
        if let Some(count) = &self.equipment.refused {
            count(reason(refused));
        }
    }

    fn turn_away(&self, who: Option<&Principal>, call: Call, peer: &Peer, refusal: Refusal) -> Refusal {
        self.count(&refusal.clone().into());
        if let Some(trail) = &self.equipment.trail
            && self.turned_away.take(1, TURNED_AWAY, Instant::now()).is_ok()
        {
            trace::turned_away(trail, who, call, peer.from, &refusal);
        }
        refusal
    }
}

/// A token counts before a certificate: who shows a bad one is nobody, whatever else he shows.
fn identify(roster: &Roster, headers: &HeaderMap, peer: &Peer, now: i64) -> Option<Known> {
    match headers.get(header::AUTHORIZATION) {
        Some(value) => {
            let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
            let token = Token::parse(token.trim()).filter(|_| scheme.eq_ignore_ascii_case("bearer"))?;
            roster.by_token(&token, now)
        }
        None if peer.proof.as_ref().is_some_and(Proof::is_taken_back) => None,
        None => roster.by_certificate(peer.certificate.as_deref()?, now),
    }
}

/// Unix seconds.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
