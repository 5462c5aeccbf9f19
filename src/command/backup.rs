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
    let (data, trail) = match folders(args.data, args.config) {
        Ok(folders) => folders,
        Err(code) => return code,
    };
    match backup(&data, &trail, &args.out) {
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

/// The data folder and that of the audit trail: as they were named, or those of the configuration.
pub(super) fn folders(
    data: Option<PathBuf>,
    config: Option<PathBuf>,
) -> Result<(PathBuf, PathBuf), ExitCode> {
    let configured = match (&data, &config) {
        (Some(_), None) => None,
        _ => match Config::load(&Sources::of_process(config, Vec::new())) {
            Ok(config) => Some(config),
            Err(errors) => {
                anstream::eprintln!("{errors}");
                return Err(ExitCode::from(2));
            }
        },
    };
    let (own, trail) = configured.map(|config| (config.data.path, config.security.audit_path)).unzip();
    let data = data.or(own).unwrap_or_default();
    let trail = trail.flatten().unwrap_or_else(|| data.join("audit"));
    Ok((data, trail))
}

/// What a backup holds, in words.
pub(super) fn told(manifest: &Manifest, folder: &Path) -> String {
    let Manifest { oldest_block, last_block, taken_at, files, .. } = manifest;
    let bytes: u64 = files.iter().map(|file| file.bytes).sum();
    let folder = folder.display();
    let needs = match manifest.keys.join(", ") {
        none if none.is_empty() => String::new(),
        keys => format!("; to be read it needs key {keys}, which is not in it"),
    };
    format!(
        "good: {folder}: blocks {oldest_block} to {last_block}, {bytes} bytes, taken at {taken_at}{needs}"
    )
}
