//! Who may do what: the one decision that every door and every stream asks, row by row. A function of its
//! arguments; knows no connection, no token, no file and no clock.

mod call;
mod decide;
#[cfg(test)]
mod decide_tests;
mod principal;

pub use call::{Call, Role};
pub use decide::{Decision, Denied, Home, Place, Row, Sight, Statement, decide, may_call, sight};
pub use principal::Principal;
