//! Bearer tokens: made once, shown once, kept as a keyed hash. Knows no file and no clock.
//!
//! A token is `ww_<id>_<secret>`: the id finds the line, the secret is 256 random bits. The hash is keyed by
//! the id, so that two lines never share one. It need not be slow: nobody chose the secret, so there is no
//! list to try, and a slow hash would let strangers keep the processors busy.

use compact_str::CompactString;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use rand::TryRngCore;
use rand::rngs::OsRng;
use std::fmt;

const ID_BYTES: usize = 16;
const SECRET_BYTES: usize = 32;
const PREFIX: &str = "ww_";
const CONTEXT: &str = "wagewatch 2026 bearer token v1";

/// What finds a token's line.
pub type TokenId = [u8; ID_BYTES];

/// A token as it is kept: nobody can call with it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredToken {
    pub id: TokenId,
    hash: [u8; 32],
    /// Unix seconds from which on it counts no more.
    pub until: i64,
}

impl fmt::Debug for StoredToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredToken({})", HEXLOWER.encode(&self.id))
    }
}

/// A token as its owner presents it.
pub struct Token {
    pub id: TokenId,
    secret: [u8; SECRET_BYTES],
}

impl Token {
    /// A new one.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn new() -> Result<Token, <OsRng as TryRngCore>::Error> {
        let mut token = Token { id: [0; ID_BYTES], secret: [0; SECRET_BYTES] };
        OsRng.try_fill_bytes(&mut token.id)?;
        OsRng.try_fill_bytes(&mut token.secret)?;
        Ok(token)
    }

    /// What its owner keeps.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}_{}", HEXLOWER.encode(&self.id), BASE64URL_NOPAD.encode(&self.secret))
    }

    pub fn parse(text: &str) -> Option<Token> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        Some(Token {
            id: HEXLOWER.decode(id.as_bytes()).ok()?.try_into().ok()?,
            secret: BASE64URL_NOPAD.decode(secret.as_bytes()).ok()?.try_into().ok()?,
        })
    }

    /// What `principals.toml` keeps: `<id>:<hash>`.
    pub fn hash_line(&self) -> CompactString {
        format!("{}:{}", HEXLOWER.encode(&self.id), HEXLOWER.encode(self.hash().as_bytes())).into()
    }

    fn hash(&self) -> blake3::Hash {
        blake3::keyed_hash(&blake3::derive_key(CONTEXT, &self.id), &self.secret)
    }
}

impl StoredToken {
    pub fn parse(line: &str, until: i64) -> Option<StoredToken> {
        let (id, hash) = line.split_once(':')?;
        Some(StoredToken {
            id: HEXLOWER.decode(id.as_bytes()).ok()?.try_into().ok()?,
            hash: HEXLOWER.decode(hash.as_bytes()).ok()?.try_into().ok()?,
            until,
        })
    }

    /// Whether that is the token; takes as long for a wrong secret as for the right one.
    pub fn is(&self, token: &Token) -> bool {
        self.id == token.id && token.hash() == blake3::Hash::from_bytes(self.hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_hash_alone() {
        let token = Token::new().unwrap();
        let stored = StoredToken::parse(&token.hash_line(), 9).unwrap();
        let shown = token.reveal();
        assert!(stored.is(&Token::parse(&shown).unwrap()));
        assert!(!stored.is(&Token::new().unwrap()));
        let other = Token { id: token.id, secret: [7; SECRET_BYTES] };
        assert!(!stored.is(&other));
        let secret = shown.rsplit('_').next().unwrap();
        assert!(!token.hash_line().contains(secret) && !format!("{stored:?}").contains(secret));
    }

    #[test]
    fn what_is_no_token_is_none() {
        let good = Token::new().unwrap().reveal();
        for bad in ["", "ww_", "ww__", "x", &good[1..], &good[..good.len() - 1], &format!("{good}A")] {
            assert!(Token::parse(bad).is_none(), "{bad}");
        }
        assert!(StoredToken::parse("00:11", 0).is_none() && StoredToken::parse("", 0).is_none());
    }
}
