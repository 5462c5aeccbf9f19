//! One entry, and the line that it is on disk: its text as JSON, a blank, and the hash of the chain up to it.

use super::chain::Hash;
use serde::{Deserialize, Serialize};

/// What is to be remembered of one call. Bears no number and no name of a person whole: rows are named by what they
/// are called on the wire, and by masked numbers.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// From 1, without a gap.
    pub seq: u64,
    /// RFC 3339.
    pub at: String,
    /// The caller's name, and his role.
    pub who: String,
    pub role: String,
    /// The address that he came from.
    pub from: String,
    pub call: String,
    /// How many rows he was shown, or touched; `rows` names the first of them.
    pub count: u64,
    pub rows: Vec<String>,
    /// The reason that he gave.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// `ok`, or the code and the word of the refusal.
    pub result: String,
}

/// A line of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    pub entry: Entry,
    pub hash: Hash,
}

impl Entry {
    /// Its line behind that hash, without the line's end.
    pub(super) fn written(&self, before: Hash) -> serde_json::Result<(String, Hash)> {
        let text = serde_json::to_string(self)?;
        let hash = before.link(&text);
        Ok((format!("{text} {hash}"), hash))
    }
}

impl Line {
    /// What a line says, and its text that the hash is of; `None` for what is no line.
    pub(super) fn parse(line: &str) -> Option<(Line, &str)> {
        let (text, hash) = line.rsplit_once(' ')?;
        let entry = serde_json::from_str(text).ok()?;
        Some((Line { entry, hash: Hash::parse(hash)? }, text))
    }
}
