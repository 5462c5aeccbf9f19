//! `wagewatch backtest`: the same records under two rulebooks, before the new one judges anybody. A table
//! on screen, and every difference as a row. Knows no rule: it reads, runs, writes, and says how it went.

mod feed;
mod told;

use super::output::{NotWritten, Output};
use crate::app::config::{Config, ConfigErrors, Sources};
use crate::app::data_keys;
use crate::domain::{Day, Rulebook};
use crate::engine::backtest::Backtest;
use crate::intake::files::FileError;
use crate::log::LogError;
use crate::store::StoreError;
use std::path::PathBuf;
use std::process::ExitCode;

/// Judges the same records under two rulebooks, and tells which alerts would come, go, or change level.
#[derive(clap::Args, Clone, Debug)]
pub struct BacktestArgs {
    /// The rulebook to try
    #[arg(long, value_name = "FILE")]
    pub rulebook: PathBuf,
    /// The rulebook to hold it against; without it, that of the configuration
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,
    /// The first day that is compared; without it, that of the first record
    #[arg(long, value_name = "DATE", value_parser = super::date)]
    pub from: Option<Day>,
    /// The last day that is compared; alone, the only one: all records are then judged as of that day
    #[arg(long, value_name = "DATE", value_parser = super::date)]
    pub to: Option<Day>,
    /// Write every difference (NDJSON) to this file, or - for standard output
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Write identity numbers in full
    #[arg(long)]
    pub reveal: bool,
    /// Take calendar, sectors and the rulebook to compare with from this configuration
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Read the log of this data folder; no service may be running on it
    #[arg(long, value_name = "DIR", conflicts_with = "files")]
    pub data: Option<PathBuf>,
    /// .ndjson, .jsonl or .csv, each also .gz or .zst; - for standard input
    #[arg(required_unless_present = "data", value_name = "FILES")]
    pub files: Vec<PathBuf>,
}

/// Why a backtest failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    #[error("--from {from} is after --to {to}")]
    Dates { from: Day, to: Day },
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{0}")]
    Keys(String),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Report(#[from] NotWritten),
}

impl Failure {
    fn is_usage(&self) -> bool {
        matches!(
            self,
            Failure::Config(_)
                | Failure::Dates { .. }
                | Failure::File(FileError::UnknownKind(_) | FileError::Folder(_))
        )
    }
}

/// Exit codes: 0 done, 1 failed, 2 wrong usage.
pub fn run(args: BacktestArgs) -> ExitCode {
    match backtest(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            match &why {
                Failure::Config(errors) => anstream::eprintln!("{errors}"),
                other => anstream::eprintln!("wagewatch backtest: {other}"),
            }
            ExitCode::from(if why.is_usage() { 2 } else { 1 })
        }
    }
}

fn backtest(args: &BacktestArgs) -> Result<(), Failure> {
    let config = Config::load(&Sources::of_process(args.config.clone(), Vec::new()))?;
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from > to
    {
        return Err(Failure::Dates { from, to });
    }
    let (old, new) = rulebooks(args, &config)?;
    let names = [old.version.clone(), new.version.clone()];
    let output = args.report.as_deref().map(Output::open).transpose()?;
    let mut test = Backtest::new(old, new)?;
    let read = match &args.data {
        Some(folder) => {
            let ring = config.security.keys.map(|file| file.ring);
            let keys = ring.map(data_keys::open).transpose().map_err(|why| Failure::Keys(why.to_string()))?;
            feed::log(&mut test, folder, keys, args.from, args.to)
        }
        None => feed::files(&mut test, args, config.clock.day_starts_at),
    };
    let read = match read {
        Ok(read) => read,
        Err(why) => {
            output.into_iter().for_each(Output::discard);
            return Err(why);
        }
    };
    let to_stdout = matches!(output, Some(Output::Stdout));
    if let Some(output) = output {
        output.write(|out| told::rows(&test, args.reveal, out))?;
    }
    let words = told::table(&test, &names, &read);
    match to_stdout {
        true => anstream::eprint!("{words}"),
        false => anstream::print!("{words}"),
    }
    Ok(())
}

fn rulebooks(args: &BacktestArgs, config: &Config) -> Result<(Rulebook, Rulebook), ConfigErrors> {
    let old = match &args.against {
        Some(file) => config.rulebook_of(file)?,
        None => config.rulebook.clone(),
    };
    Ok((old, config.rulebook_of(&args.rulebook)?))
}
