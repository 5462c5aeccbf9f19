//! One file a command: arguments -> config -> run -> exit code. No logic.

pub mod check;
pub mod generate;
pub mod replay;
