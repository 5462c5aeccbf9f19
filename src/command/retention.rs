//! `wagewatch retention`: erases what has been kept long enough. On a data folder that no service works on.

use crate::app::config::{Config, Sources};
use crate::app::retention::{self, Wish};
use crate::domain::ProjectId;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args, Debug)]
pub struct RetentionArgs {
    #[command(subcommand)]
    pub what: What,
}

#[derive(clap::Subcommand, Debug)]
pub enum What {
    /// Erases every project that was finished and settled three years ago, for good; what is not that old is kept
    Run {
        /// Only list which projects would go, and why the others are kept
        #[arg(long)]
        dry_run: bool,
        /// Only this project; may be given again
        #[arg(long, value_name = "ID", value_parser = project)]
        project: Vec<ProjectId>,
        /// Whose decision it is: stands in the audit trail
        #[arg(long, value_name = "NAME", required_unless_present = "dry_run")]
        by: Option<String>,
        /// Why: stands in the audit trail
        #[arg(long, value_name = "TEXT", required_unless_present = "dry_run")]
        why: Option<String>,
        /// The config file; without it the defaults and the environment count
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

fn project(text: &str) -> Result<ProjectId, String> {
    ProjectId::parse("project", text).map_err(|_| "expected the id of a project".into())
}

/// 0 when it was done or listed, 1 when it was refused or failed, 2 for a config that is not right.
pub fn run(args: RetentionArgs) -> ExitCode {
    let What::Run { dry_run, project, by, why, config } = args.what;
    let config = match Config::load(&Sources::of_process(config, Vec::new())) {
        Ok(config) => config,
        Err(errors) => {
            anstream::eprintln!("{errors}");
            return ExitCode::from(2);
        }
    };
    let projects = (!project.is_empty()).then(|| project.into_iter().collect());
    let wish = Wish { projects, by: by.unwrap_or_default(), why: why.unwrap_or_default() };
    match erase(&config, &wish, dry_run) {
        Ok(said) => {
            anstream::print!("{said}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            anstream::eprintln!("wagewatch retention: {why:#}");
            ExitCode::FAILURE
        }
    }
}

fn erase(config: &Config, wish: &Wish, dry_run: bool) -> anyhow::Result<String> {
    let looked = retention::look(config)?;
    if dry_run {
        let line = |(id, kept): (&ProjectId, &Option<_>)| match kept {
            None => format!("{} may be erased\n", id.as_str()),
            Some(kept) => format!("{} is kept: {kept}\n", id.as_str()),
        };
        return Ok(looked.projects.iter().map(line).collect());
    }
    let (gone, entries) = retention::run(config, &looked, wish)?;
    let mut said: String = gone.iter().map(|id| format!("{} is erased\n", id.as_str())).collect();
    said.push_str(&format!(
        "{} projects, {entries} entries of the log. Backups of before still hold them\n",
        gone.len()
    ));
    Ok(said)
}
