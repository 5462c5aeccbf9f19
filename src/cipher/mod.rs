//! What stands on disk is encrypted here: suites, keys with their names, bytes under a key and back. Knows no file and no
//! clock, and draws no randomness: the shell reads the key file and gives what was drawn.
//!
//! **Bytes under a key**, as they stand in a block of the log or a page of the store:
//!
//! | at | bytes | what |
//! | --- | --- | --- |
//! | 0 | 4 | name of the key (little-endian) |
//! | 4 | 16 | session: drawn at random when a process opened its keys |
//! | 20 | 8 | number in the session, from 1 (little-endian) |
//! | 28 | n | ciphertext |
//! | 28 + n | 16 | tag, over the ciphertext and over what it is about (which is not kept) |
//!
//! **No nonce is used twice with one cipher key.** A key of the file never encrypts: it only derives, by HMAC, the session
//! key of each session that it is used in. Under a session key the nonce is the number in the session, which comes from one
//! atomic counter of 64 bits that only grows ([`DataKeys`] is the one place where it stands; its clones share it). So two
//! equal pairs of session key and nonce would take two sessions with the same 128 random bits: after 2^40 starts of the
//! service that has a chance below 2^-48. A crash ends the session: a block that was torn and is written again has a
//! new session, and so another key. What this cannot know is a machine that was copied while it ran (a snapshot with
//! memory that is started twice): there AES-256-GCM-SIV tells at most that two texts are equal, while SM4-GCM would lose its
//! secrecy for what both copies wrote. Do not start such a copy.
//!
//! **What it is about** (which block of which log, which key of the store) is bound by the tag, so that bytes which were
//! moved elsewhere do not open. That a whole file was put back to an older state cannot be told from it alone.

mod data_keys;
mod ring;
mod suite;

pub use data_keys::{DataKeys, Denied, HEAD, OVERHEAD, Session, Stamp, TAG};
pub use ring::{Key, KeyId, KeyRing, WrongKeys};
pub use suite::Suite;
