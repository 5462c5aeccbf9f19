//! `wagewatch replay`: a batch over record files, a summary on screen, and the report.
//! Knows no rule and no format: it opens, runs, writes, and says how it went.

pub(super) mod rows;
mod summary;

use super::output::{NotWritten, Output};
use crate::app::config::{Config, Sources};
use crate::domain::{Day, Rulebook};
use crate::engine::batch::{self, Report};
use crate::intake::files::{FileError, Files};
use crate::intake::source::FileSource;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Judges record files as of a date: a summary on screen, and a report if one is asked for.
#[derive(clap::Args, Clone, Debug)]
pub struct ReplayArgs {
    /// The business date to judge by, YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = super::date)]
    pub as_of: Day,
    /// Write the report (NDJSON) to this file, or - for standard output
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Write identity numbers in full
    #[arg(long)]
    pub reveal: bool,
    /// Take rules and calendar from this configuration
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// .ndjson, .jsonl or .csv, each also .gz or .zst; - for standard input
    #[arg(required = true, value_name = "FILES")]
    pub files: Vec<PathBuf>,
}

/// Why a replay failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Report(#[from] NotWritten),
}

/// As [`run`], by the rulebook of the configuration that the arguments name.
pub fn run_with_config(args: ReplayArgs) -> ExitCode {
    match Config::load(&Sources::of_process(args.config.clone(), Vec::new())) {
        Ok(config) => run(&args, &config.rulebook),
        Err(errors) => {
            anstream::eprintln!("{errors}");
            ExitCode::from(2)
        }
    }
}

/// Exit codes: 0 done, 1 failed, 2 wrong usage, 3 records were rejected (the report is written).
pub fn run(args: &ReplayArgs, book: &Rulebook) -> ExitCode {
    match replay(args, book) {
        Ok(report) if report.totals.rejected > 0 => ExitCode::from(3),
        Ok(_) => ExitCode::SUCCESS,
        Err(why) => {
            anstream::eprintln!("wagewatch replay: {why}");
            let usage = matches!(why, Failure::File(FileError::UnknownKind(_) | FileError::Folder(_)));
            ExitCode::from(if usage { 2 } else { 1 })
        }
    }
}

fn replay(args: &ReplayArgs, book: &Rulebook) -> Result<Report, Failure> {
    let started = Instant::now();
    let files = Files::open(&args.files)?;
    let output = args.report.as_deref().map(Output::open).transpose()?;
    let bar = bar(&args.files);
    let position = files.position();
    let source = FileSource::new(files, {
        let bar = bar.clone();
        move || bar.set_position(position.load(Ordering::Relaxed))
    });
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let report = batch::run(source, args.as_of, book, threads, &AtomicU64::new(0));
    bar.finish_and_clear();
    let report = match report {
        Ok(report) => report,
        Err(why) => {
            output.into_iter().for_each(Output::discard);
            return Err(why.into());
        }
    };
    let to_stdout = matches!(output, Some(Output::Stdout));
    if let Some(output) = output {
        output.write(|out| rows::write(&report, args.reveal, out))?;
    }
    let words = summary::words(&report, started.elapsed());
    match to_stdout {
        true => anstream::eprint!("{words}"),
        false => anstream::print!("{words}"),
    }
    Ok(report)
}

/// A bar on a terminal, once it takes longer than a moment; nothing in a pipe.
fn bar(paths: &[PathBuf]) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = |template: &str| {
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
    };
    let bar = match Files::total_bytes(paths) {
        Some(total) => ProgressBar::new(total)
            .with_style(style("{bar:32} {percent:>3} %  {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left")),
        None => ProgressBar::new_spinner().with_style(style("{spinner} {bytes}  {bytes_per_sec}")),
    };
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
