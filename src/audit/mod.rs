//! The audit trail: who asked for what, when, from where, why, and what became of it. Append-only files whose entries
//! are chained by their hashes; whoever changes or takes out one breaks the chain there. Knows no call and no role:
//! words come from outside.

mod chain;
mod entry;
#[cfg(test)]
mod tests;
mod trail;
mod verify;

pub use chain::Hash;
pub use entry::{Entry, Line};
pub use trail::{Settings, Trail, TrailError, Unwritten};
pub use verify::{Broken, Report, entries, page, verify};
