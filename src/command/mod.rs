//! One file a command: arguments -> config -> run -> exit code. No logic.

pub mod check;
