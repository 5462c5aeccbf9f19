//! One file a command: arguments -> config -> run -> exit code. No logic.

pub mod audit;
pub mod backtest;
pub mod backup;
mod casefile;
pub mod check;
mod client;
pub mod demo;
pub mod explain;
pub mod generate;
pub mod kafka;
pub mod keys;
mod output;
pub mod quarantine;
pub mod replay;
pub mod restore;
pub mod retention;
pub mod serve;
pub mod stats;
mod table;
pub mod token;
pub mod watch;

/// A date among the arguments.
fn date(text: &str) -> Result<crate::domain::Day, String> {
    crate::domain::Day::parse(text).ok_or_else(|| "expected a real date as YYYY-MM-DD".into())
}
