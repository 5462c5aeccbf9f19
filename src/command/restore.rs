//! `wagewatch restore`: puts a backup into an empty data folder, or only checks it.

use super::backup::{data_folder, told};
use crate::app::restore::{restore, verify};
use std::path::PathBuf;
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
        true => verify(&args.from).map(|manifest| (manifest, args.from)),
        false => match data_folder(args.data, args.config) {
            Ok(data) => restore(&args.from, &data).map(|manifest| (manifest, data)),
            Err(code) => return code,
        },
    };
    match answer {
        Ok((manifest, folder)) => {
            anstream::println!("{}", told(&manifest, &folder));
            ExitCode::SUCCESS
        }
        Err(error) => {
            anstream::eprintln!("wagewatch restore: {error:#}");
            ExitCode::FAILURE
        }
    }
}
