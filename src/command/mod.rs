//! One file a command: arguments -> config -> run -> exit code. No logic.

pub mod check;
mod client;
pub mod explain;
pub mod watch;
