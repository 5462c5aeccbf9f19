//! `wagewatch restore`: puts a backup into an empty data folder, or only checks it.

use super::backup::{folders, told};
use crate::app::TrailBack;
use crate::app::restore::{restore, verify, verify_trail};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Puts a backup into an empty data folder. The next start of the service makes the store of it.
#[derive(clap::Args, Debug)]
pub struct RestoreArgs {
    /// The folder of the backup
    #[arg(long, value_name = "DIR")]
    pub from: PathBuf,
    /// The data folder, empty or not there; without it, that of the configuration
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The config file that names the data folder; without it the defaults and the environment count
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Only check the backup, and write nothing
    #[arg(long)]
    pub check: bool,
}

/// 0 when all is as it was backed up, 1 when it is not, 2 for a config that is not right.
pub fn run(args: RestoreArgs) -> ExitCode {
    let answer = match args.check {
        true => check(&args.from),
        false => match folders(args.data, args.config) {
            Ok((data, trail)) => put_back(&args.from, &data, &trail),
            Err(code) => return code,
        },
    };
    match answer {
        Ok(said) => {
            anstream::println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            anstream::eprintln!("wagewatch restore: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn check(from: &Path) -> anyhow::Result<String> {
    let manifest = verify(from)?;
    let trail = verify_trail(from, &manifest)?;
    Ok(told(&manifest, from) + &told_trail(&trail))
}

fn put_back(from: &Path, data: &Path, trail: &Path) -> anyhow::Result<String> {
    let (manifest, trail) = restore(from, data, trail)?;
    Ok(told(&manifest, data) + &told_trail(&trail))
}

/// A broken chain keeps nobody from going on: it was broken when it was backed up, and must be looked into.
fn told_trail(trail: &TrailBack) -> String {
    match trail {
        TrailBack::None => String::new(),
        TrailBack::Whole { last, head } => format!("\naudit trail: whole up to entry {last}, head {head}"),
        TrailBack::Broken(what) => format!("\naudit trail: BROKEN when it was backed up: {what}"),
        TrailBack::Left(folder) => {
            format!("\naudit trail: {} has one, which was left as it is", folder.display())
        }
    }
}
