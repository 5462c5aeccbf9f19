//! What several tests share.
#![allow(dead_code, reason = "every test binary uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

pub mod flooding;
pub mod floods;
pub mod judge;
pub mod machine;
pub mod offenders;
pub mod process;
pub mod subscriber;
