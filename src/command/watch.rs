//! `wagewatch watch`: follows alerts in a terminal: a live view where somebody looks at it, else one line a change. Comes
//! back by itself after a cut. Decides nothing: what is shown is what the service sends.

mod follow;
mod lines;
mod screen;
mod view;

use super::client::{self, level_number};
use crate::proto::v1 as pb;
use std::io::IsTerminal;
use std::process::ExitCode;

#[derive(clap::Args, Debug)]
pub struct WatchArgs {
    #[command(flatten)]
    pub service: client::Service,
    /// Only projects of this sector; may be given more than once
    #[arg(long, value_name = "CODE")]
    pub sector: Vec<String>,
    /// Only projects in this territory, or in those whose codes begin so; may be given more than once
    #[arg(long, value_name = "CODE")]
    pub territory: Vec<String>,
    /// This level and worse
    #[arg(long, value_parser = ["blue", "yellow", "orange", "red"])]
    pub level: Option<String>,
    /// Also the workers' alerts that are part of their project's
    #[arg(long)]
    pub workers: bool,
    /// One line a change, as in a pipe, also in a terminal
    #[arg(long)]
    pub plain: bool,
}

/// 0 when interrupted, 1 when the service cannot be reached at first or refuses.
pub fn run(args: WatchArgs) -> ExitCode {
    let filter = pb::AlertFilter {
        sectors: args.sector.clone(),
        territories: args.territory.clone(),
        min_level: args.level.as_deref().map_or(0, level_number),
        include_rolled_up: args.workers,
        ..pb::AlertFilter::default()
    };
    if !args.plain && somebody_looks() {
        return client::block_on(screen::run(args.service, filter));
    }
    client::block_on(async move {
        tokio::select! {
            code = lines::run(args.service, filter) => code,
            _ = tokio::signal::ctrl_c() => ExitCode::SUCCESS,
        }
    })
}

/// A terminal at both ends that can be written all over.
fn somebody_looks() -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    std::io::stdout().is_terminal() && std::io::stdin().is_terminal() && !is_dumb
}
