//! Binds cursors and page tokens to the caller they were given to. They are no secrets: what they point at is
//! decided anew for every row. But one that was made up, or handed on, is told as such.

use crate::alerts::IdKey;

/// The seal of one caller.
#[derive(Clone)]
pub struct Seal {
    key: [u8; 32],
    caller: [u8; TAG],
}

/// What is not as this caller was given it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unsealed {
    /// None of ours.
    Broken,
    /// Ours, and another caller's.
    OfAnother,
}

const TAG: usize = 8;
const CONTEXT: &str = "wagewatch 2026 seal of cursors v1";

impl Seal {
    pub fn new(ids: &IdKey, caller: &str) -> Seal {
        let key = blake3::derive_key(CONTEXT, ids);
        let caller = tag(&key, &[b"caller", caller.as_bytes()]);
        Seal { key, caller }
    }

    /// Adds the caller and the seal.
    pub fn close(&self, body: &mut Vec<u8>) {
        body.extend_from_slice(&self.caller);
        let seal = tag(&self.key, &[b"sealed", body]);
        body.extend_from_slice(&seal);
    }

    /// What was sealed.
    pub fn open<'b>(&self, bytes: &'b [u8]) -> Result<&'b [u8], Unsealed> {
        let (sealed, seal) = bytes.split_last_chunk::<TAG>().ok_or(Unsealed::Broken)?;
        let (body, caller) = sealed.split_last_chunk::<TAG>().ok_or(Unsealed::Broken)?;
        if tag(&self.key, &[b"sealed", sealed]) != *seal {
            return Err(Unsealed::Broken);
        }
        if *caller == self.caller { Ok(body) } else { Err(Unsealed::OfAnother) }
    }
}

fn tag(key: &[u8; 32], parts: &[&[u8]]) -> [u8; TAG] {
    let mut hasher = blake3::Hasher::new_keyed(key);
    parts.iter().for_each(|part| {
        hasher.update(part);
    });
    let mut tag = [0; TAG];
    hasher.finalize_xof().fill(&mut tag);
    tag
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::PUBLIC_ID_KEY;

    #[test]
    fn only_his_own_opens() {
        let (his, hers) = (Seal::new(&PUBLIC_ID_KEY, "a"), Seal::new(&PUBLIC_ID_KEY, "b"));
        for body in [&b""[..], b"x", b"a longer body"] {
            let mut bytes = body.to_vec();
            his.close(&mut bytes);
            assert_eq!(his.open(&bytes), Ok(body));
            assert_eq!(hers.open(&bytes), Err(Unsealed::OfAnother));
            for at in 0..bytes.len() {
                let mut forged = bytes.clone();
                forged[at] ^= 1;
                assert_eq!(his.open(&forged), Err(Unsealed::Broken));
            }
        }
        assert_eq!(his.open(b"short"), Err(Unsealed::Broken));
        let other = Seal::new(&[7; 32], "a");
        let mut bytes = b"x".to_vec();
        other.close(&mut bytes);
        assert_eq!(his.open(&bytes), Err(Unsealed::Broken));
    }
}
