//! Keys, their names, and the file that they are kept in. A key's name is made from the key, so that no name ever stands for
//! two keys and no list of names need be kept beside the data. Reads and writes text; knows no file.
//!
//! One line a key: name, suite, the day on which it was made, 64 hexadecimal digits. The last line is the key that
//! encrypts; those above only decrypt what stands.

use super::suite::Suite;
use crate::domain::Day;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use std::fmt;
use zeroize::Zeroizing;

/// The name of a key; never 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(u32);

/// One key: 256 random bits, and what they are for.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    pub id: KeyId,
    pub suite: Suite,
    /// On which day it was made.
    pub made: Day,
    secret: Zeroizing<[u8; 32]>,
}

/// All keys that a service has. Never empty.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRing {
    keys: Vec<Key>,
}

/// What is wrong with a text of keys; never a word of a key.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct WrongKeys {
    /// 0: of the text as a whole.
    pub line: usize,
    pub what: String,
}

const KEY_NAME: &[u8] = b"wagewatch 2026 name of a data key";
const SESSION_KEY: &[u8] = b"wagewatch 2026 session key of a data key";

const HEADER: &str = "\
# Keys by which wagewatch encrypts what stands on disk. Whoever has this file can read the data; without it nobody can, ever.
# Keep a copy apart from the data and from its backups. The last key encrypts; the others decrypt what is older.
# name, suite, made on, key
";

impl KeyId {
    /// As it stands on disk; `None` for 0, which stands for plain text.
    pub fn from_number(number: u32) -> Option<KeyId> {
        (number != 0).then_some(KeyId(number))
    }

    pub fn number(self) -> u32 {
        self.0
    }

    pub fn parse(text: &str) -> Option<KeyId> {
        let number = (text.len() == 8).then(|| u32::from_str_radix(text, 16).ok())??;
        KeyId::from_number(number)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl Key {
    /// A key of bits that were drawn at random; `None` for the one draw in four billion whose name would be 0.
    pub fn new(suite: Suite, made: Day, drawn: [u8; 32]) -> Option<Key> {
        let secret = Zeroizing::new(drawn);
        let name = suite.keyed_hash(&secret, &[KEY_NAME, suite.as_str().as_bytes()]);
        let id = KeyId::from_number(u32::from_be_bytes([name[0], name[1], name[2], name[3]]))?;
        Some(Key { id, suite, made, secret })
    }

    /// What it encrypts with in one session.
    pub(super) fn session_key(&self, session: &[u8; 16]) -> Zeroizing<[u8; 32]> {
        let suite = self.suite.as_str().as_bytes();
        self.suite.keyed_hash(&self.secret, &[SESSION_KEY, suite, session])
    }

    fn line(&self) -> Zeroizing<String> {
        let secret = Zeroizing::new(HEXLOWER.encode(&*self.secret));
        Zeroizing::new(format!("{} {} {} {}\n", self.id, self.suite.as_str(), self.made, *secret))
    }

    fn parse(line: &str) -> Result<Key, String> {
        let mut words = line.split_whitespace();
        let (id, suite, made, secret, None) =
            (words.next(), words.next(), words.next(), words.next(), words.next())
        else {
            return Err("expected four words: name, suite, made on, key".into());
        };
        let suites = Suite::ALL.map(Suite::as_str).join(", ");
        let suite = suite.and_then(Suite::parse).ok_or(format!("the suite is none of {suites}"))?;
        let made = made.and_then(Day::parse).ok_or("the day on which it was made is none (YYYY-MM-DD)")?;
        let secret = secret.and_then(|text| {
            let bytes = Zeroizing::new(HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?);
            <[u8; 32]>::try_from(&bytes[..]).ok()
        });
        let secret = secret.ok_or("the key is not 64 hexadecimal digits")?;
        let key = Key::new(suite, made, secret).ok_or("this key cannot have a name: make another")?;
        match id.and_then(KeyId::parse) {
            Some(id) if id == key.id => Ok(key),
            _ => Err(format!(
                "the name does not belong to the key, which is {}: one of them was changed",
                key.id
            )),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({} {})", self.id, self.suite.as_str())
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.keys).finish()
    }
}

impl KeyRing {
    pub fn new(key: Key) -> KeyRing {
        KeyRing { keys: vec![key] }
    }

    /// # Errors
    /// The first line that is not right.
    pub fn parse(text: &str) -> Result<KeyRing, WrongKeys> {
        let mut keys: Vec<Key> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let wrong = |what| WrongKeys { line: index + 1, what };
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            let key = Key::parse(line).map_err(wrong)?;
            if keys.iter().any(|known| known.id == key.id) {
                return Err(wrong(format!("key {} stands there twice", key.id)));
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(WrongKeys { line: 0, what: "there is no key in it".into() });
        }
        Ok(KeyRing { keys })
    }

    /// The text of the file.
    pub fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(HEADER.len() + 128 * self.keys.len()));
        text.push_str(HEADER);
        self.keys.iter().for_each(|key| text.push_str(&key.line()));
        text
    }

    /// From now on this one encrypts; `false` if it is there already.
    pub fn add(&mut self, key: Key) -> bool {
        if self.get(key.id).is_some() {
            return false;
        }
        self.keys.push(key);
        true
    }

    /// Takes a key out, unless it is the one that encrypts, or is none of these.
    pub fn take_out(&mut self, id: KeyId) -> bool {
        let before = self.keys.len();
        let current = self.current().id;
        self.keys.retain(|key| key.id != id || key.id == current);
        self.keys.len() < before
    }

    /// The one that encrypts.
    pub fn current(&self) -> &Key {
        &self.keys[self.keys.len() - 1]
    }

    pub fn get(&self, id: KeyId) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// Oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8, suite: Suite) -> Key {
        Key::new(suite, Day::parse("2026-11-26").unwrap(), [n; 32]).unwrap()
    }

    #[test]
    fn a_ring_comes_back_from_its_text_and_tells_no_key() {
        let mut ring = KeyRing::new(key(7, Suite::Aes256GcmSiv));
        assert!(ring.add(key(8, Suite::Sm4Gcm)));
        assert!(!ring.add(key(8, Suite::Sm4Gcm)));
        let again = KeyRing::parse(&ring.text()).unwrap();
        assert_eq!(again, ring);
        assert_eq!(again.current().id, key(8, Suite::Sm4Gcm).id);
        assert_ne!(key(7, Suite::Sm4Gcm).id, key(7, Suite::Aes256GcmSiv).id);
        let shown = format!("{ring:?}");
        assert!(!shown.contains("0707") && !shown.contains("7, 7") && shown.contains("sm4-gcm"), "{shown}");
        assert!(!ring.take_out(key(8, Suite::Sm4Gcm).id), "the one that encrypts stays");
        assert!(ring.take_out(key(7, Suite::Aes256GcmSiv).id));
        assert_eq!(ring.iter().count(), 1);
    }

    #[test]
    fn what_is_wrong_is_told_by_line_and_without_the_key() {
        let good = KeyRing::new(key(7, Suite::Aes256GcmSiv)).text();
        let line = good.lines().last().unwrap();
        let id = key(7, Suite::Aes256GcmSiv).id.to_string();
        for (text, at, want) in [
            (String::new(), 0, "no key"),
            (format!("{line}\n{line}\n"), 2, "twice"),
            (line.replace("07 ", "08 ").replacen("0707", "0807", 1), 1, "the name does not belong"),
            (line.replace(&id, "00000001"), 1, "the name does not belong"),
            (line.replace("aes-256-gcm-siv", "des"), 1, "the suite is none of aes-256-gcm-siv, sm4-gcm"),
            (line.replace("2026-11-26", "2026-13-26"), 1, "the day"),
            (format!("# x\n\n{}", &line[..line.len() - 2]), 3, "64 hexadecimal digits"),
            (format!("{line} more"), 1, "four words"),
        ] {
            let wrong = KeyRing::parse(&text).unwrap_err();
            assert_eq!(wrong.line, at, "{wrong}");
            assert!(wrong.what.contains(want), "{wrong}");
            assert!(!wrong.to_string().contains("0707"), "{wrong}");
        }
    }
}
