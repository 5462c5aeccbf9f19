//! Those who may call, as they are known now: by a certificate's name or by a token. Replaced as a whole; who
//! is no longer in it as he was is told so, on streams too.

use super::certificate::Identity;
use super::pace::Pace;
use super::token::{StoredToken, Token, TokenId};
use crate::access::Principal;
use compact_str::CompactString;
use hashbrown::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// One entry of `principals.toml`, read and checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    pub principal: Principal,
    /// Names that stand in his certificates.
    pub certificates: Vec<CompactString>,
    pub tokens: Vec<StoredToken>,
}

/// A member while he is one.
#[derive(Debug)]
pub(super) struct Live {
    member: Member,
    pub principal: Arc<Principal>,
    /// Cancelled when he is no longer in the roster as he was.
    pub revoked: CancellationToken,
    pub meters: Arc<Meters>,
}

/// What one caller has had, whatever he showed and whatever else of him changes.
#[derive(Debug, Default)]
pub(super) struct Meters {
    pub reveals: Pace,
    pub calls: Pace,
    pub records: Pace,
    pub bytes: Pace,
    /// When he was last told to come again with records.
    pub again: Mutex<Option<Instant>>,
    pub streams: AtomicUsize,
    /// His part of the room that all have with the engine; made when he first hands something in.
    pub room: OnceLock<Arc<Semaphore>>,
}

#[derive(Debug, Default)]
pub(super) struct Roster {
    live: HashMap<CompactString, Arc<Live>>,
    by_certificate: HashMap<CompactString, Arc<Live>>,
    by_token: HashMap<TokenId, (StoredToken, Arc<Live>)>,
}

/// Who it is, and until when (Unix seconds) what he showed counts.
pub(super) type Known = (Arc<Live>, i64);

impl Roster {
    /// The members; those who were the same before stay as they are, the others of `before` are revoked.
    pub fn new(members: &[Member], before: &Roster) -> Roster {
        let mut roster = Roster::default();
        for member in members {
            let name = &member.principal.name;
            let kept = before.live.get(name).filter(|live| live.is_as(member));
            let live = Arc::new(Live {
                member: member.clone(),
                principal: Arc::new(member.principal.clone()),
                meters: before.live.get(name).map(|live| live.meters.clone()).unwrap_or_default(),
                revoked: kept.map_or_else(CancellationToken::new, |live| live.revoked.clone()),
            });
            for name in &member.certificates {
                roster.by_certificate.insert(name.clone(), live.clone());
            }
            for token in &member.tokens {
                roster.by_token.insert(token.id, (token.clone(), live.clone()));
            }
            roster.live.insert(name.clone(), live);
        }
        for (name, live) in &before.live {
            if !roster.live.get(name).is_some_and(|now| live.is_as(&now.member)) {
                live.revoked.cancel();
            }
        }
        roster
    }

    pub fn by_token(&self, token: &Token, now: i64) -> Option<Known> {
        let (stored, live) = self.by_token.get(&token.id)?;
        (stored.is(token) && now < stored.until).then(|| (live.clone(), stored.until))
    }

    /// A certificate that names two members names nobody.
    pub fn by_certificate(&self, identity: &Identity, now: i64) -> Option<Known> {
        let mut found: Option<&Arc<Live>> = None;
        for live in identity.names.iter().filter_map(|name| self.by_certificate.get(name)) {
            if found.is_some_and(|other| !Arc::ptr_eq(other, live)) {
                return None;
            }
            found = Some(live);
        }
        found.filter(|_| now < identity.until).map(|live| (live.clone(), identity.until))
    }
}

impl Live {
    /// A token more is no other caller: rotation cuts no stream. One that is gone may be the one in use.
    fn is_as(&self, member: &Member) -> bool {
        self.member.principal == member.principal
            && self.member.certificates.iter().all(|name| member.certificates.contains(name))
            && self.member.tokens.iter().all(|token| member.tokens.contains(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;

    fn member(name: &str, tokens: &[&Token]) -> Member {
        Member {
            principal: Principal { name: name.into(), role: Some(Role::Coordinator), ..Principal::default() },
            certificates: vec![format!("{name}.example").into()],
            tokens: tokens.iter().map(|t| StoredToken::parse(&t.hash_line(), 100).unwrap()).collect(),
        }
    }

    fn names(texts: &[&str]) -> Identity {
        Identity { names: texts.iter().map(|name| CompactString::from(*name)).collect(), until: 100 }
    }

    #[test]
    fn members_are_known_by_what_they_show_until_it_ends() {
        let (old, new, stranger) = (Token::new().unwrap(), Token::new().unwrap(), Token::new().unwrap());
        let roster = Roster::new(&[member("a", &[&old, &new]), member("b", &[])], &Roster::default());
        let who = |known: Option<Known>| known.map(|(live, _)| live.principal.name.to_string());
        for token in [&old, &new] {
            assert_eq!(who(roster.by_token(token, 99)).as_deref(), Some("a"));
            assert_eq!(who(roster.by_token(token, 100)), None, "it has ended");
        }
        assert_eq!(who(roster.by_token(&stranger, 0)), None);
        assert_eq!(who(roster.by_certificate(&names(&["x", "b.example"]), 0)).as_deref(), Some("b"));
        assert_eq!(who(roster.by_certificate(&names(&["a.example", "b.example"]), 0)), None, "two");
        assert_eq!(who(roster.by_certificate(&names(&["b.example"]), 100)), None, "it has ended");
    }

    #[test]
    fn who_changes_or_goes_is_revoked_and_rotation_revokes_nobody() {
        let (old, new) = (Token::new().unwrap(), Token::new().unwrap());
        let first =
            Roster::new(&[member("a", &[&old]), member("b", &[]), member("c", &[])], &Roster::default());
        let mut changed = member("b", &[]);
        changed.principal.role = Some(Role::Auditor);
        let second = Roster::new(&[member("a", &[&old, &new]), changed], &first);
        let revoked = |name: &str| first.live[name].revoked.is_cancelled();
        assert_eq!((revoked("a"), revoked("b"), revoked("c")), (false, true, true));
        assert!(second.by_token(&new, 0).is_some());
        let _third = Roster::new(&[member("a", &[&old])], &second);
        assert!(revoked("a"), "a token that is gone may be the one in use");
    }
}
