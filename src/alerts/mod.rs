//! What changed, for whom, until when: identity, life, routing and words of alerts. Knows no rule, no clock.
//!
//! Findings say what is true now; an alert is what that means to people over time. Everything here
//! is a function of its arguments: the same findings and acts in the same order make the same rows.

mod acts;
mod arithmetic;
mod book;
mod clock;
mod conclude;
mod doubts;
mod facts;
mod flood;
mod history;
mod id;
mod index;
mod life;
mod owed;
mod route;
#[cfg(test)]
pub(crate) mod sample;
mod tally;
mod text;
mod words;

pub use arithmetic::wage_arithmetic;
pub use book::{ProjectAlerts, Times};
pub use doubts::doubt_words;
pub use flood::{Floods, Gate, is_held_itself, is_on as holds_floods};
pub use id::{IdKey, PUBLIC_ID_KEY, alert_id};
pub use life::change_of;
pub use owed::Overdue;
pub use route::{Audience, Department, Directory, DirectoryError, Role, Territory};
pub use tally::{RedSpell, Stance, Tallies, Tally, TallyKey, rejects};
pub use text::{Numbers, Text, text};
pub use words::{Both, CASE_TERMS, CASE_WORDS, Named, RuleInfo, fact_words, info, level_words, named};
