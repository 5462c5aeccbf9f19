//! `wagewatch backup`: a checked copy of the data folder, taken while the service works on it. Talks to no service:
//! it reads files.

use crate::app::backup::{Manifest, backup};
use crate::app::config::{Config, Sources};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Copies the log of a data folder, and checks every block of it. Taken again into the same folder, only what is new
/// is copied.
#[derive(clap::Args, Debug)]
pub struct BackupArgs {
    /// The folder of the backup: made, or an older backup of the same log
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// The data folder; without it, that of the configuration
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The config file that names the data folder; without it the defaults and the environment count
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// 0 when the backup is whole and durable, 1 when it is not, 2 for a config that is not right.
pub fn run(args: BackupArgs) -> ExitCode {
    let data = match data_folder(args.data, args.config) {
        Ok(data) => data,
        Err(code) => return code,
    };
    match backup(&data, &args.out) {
        Ok(manifest) => {
            anstream::println!("{}", told(&manifest, &args.out));
            ExitCode::SUCCESS
        }
        Err(error) => {
            anstream::eprintln!("wagewatch backup: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The folder that was named, or that of the configuration.
pub(super) fn data_folder(data: Option<PathBuf>, config: Option<PathBuf>) -> Result<PathBuf, ExitCode> {
    match data {
        Some(data) => Ok(data),
        None => match Config::load(&Sources::of_process(config, Vec::new())) {
            Ok(config) => Ok(config.data.path),
            Err(errors) => {
                anstream::eprintln!("{errors}");
                Err(ExitCode::from(2))
            }
        },
    }
}

/// What a backup holds, in words.
pub(super) fn told(manifest: &Manifest, folder: &Path) -> String {
    let Manifest { oldest_block, last_block, taken_at, files, .. } = manifest;
    let bytes: u64 = files.iter().map(|file| file.bytes).sum();
    let folder = folder.display();
    format!("good: {folder}: blocks {oldest_block} to {last_block}, {bytes} bytes, taken at {taken_at}")
}
