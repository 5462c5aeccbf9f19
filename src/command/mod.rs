//! One file a command: arguments -> config -> run -> exit code. No logic.

pub mod check;
<<<<<<< HEAD
pub mod demo;
pub mod generate;
pub mod replay;
pub mod serve;
=======
mod client;
pub mod explain;
pub mod watch;
>>>>>>> serve
