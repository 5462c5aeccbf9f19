//! `wagewatch check`: reads every config file as `serve` would, and says what is wrong.
//! Opens nothing but the files that the config names.

use crate::app::business_date_now;
use crate::app::config::{Config, Sources};
use crate::domain::{Day, DayStart};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args, Debug)]
pub struct CheckArgs {
    /// The config file; without it the defaults and the environment are checked
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Sets one key over file and environment
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    pub set: Vec<String>,
}

/// 0 when all is good (warnings may be printed), 1 otherwise.
pub fn run(args: CheckArgs) -> ExitCode {
    let file = args.config.clone();
    let answer = Config::load(&Sources::of_process(args.config, args.set));
    let (text, code) = match &answer {
        Ok(config) => (approval(config, file.as_deref(), today()), ExitCode::SUCCESS),
        Err(errors) => (format!("{errors}\n"), ExitCode::FAILURE),
    };
    // Whoever closes the pipe early has read enough; the code still tells.
    let _ = std::io::stdout().write_all(text.as_bytes());
    code
}

fn approval(config: &Config, file: Option<&Path>, today: Day) -> String {
    let mut text = String::new();
    for warning in config.warnings(today) {
        text.push_str(&format!("warning: {warning}\n"));
    }
    let named = [
        ("config", file),
        ("rulebook", config.files.rulebook.as_deref()),
        ("calendar", config.files.calendar.as_deref()),
        ("departments", config.files.departments.as_deref()),
        ("territories", config.files.territories.as_deref()),
    ];
    let shadow = config.files.shadow_rulebook.as_deref().map(|path| ("shadow rulebook", Some(path)));
    let principals = config.security.principals.as_deref().map(|path| ("principals", Some(path)));
    for (what, path) in named.into_iter().chain(shadow).chain(principals) {
        let path = path.map_or("built in".into(), |path| path.display().to_string());
        text.push_str(&format!("good: {what} ({path})\n"));
    }
    text
}

fn today() -> Day {
    business_date_now(DayStart(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_files_are_named_and_silent_years_warned_of() {
        let config = Config::default();
        let day = |year| Day::from_ymd(year, 6, 1).unwrap();
        let text = approval(&config, Some(Path::new("w.toml")), day(2025));
        assert_eq!(
            text,
            "good: config (w.toml)\ngood: rulebook (built in)\ngood: calendar (built in)\ngood: departments (built in)\ngood: territories (built in)\n"
        );
        assert!(
            approval(&config, None, day(2026))
                .starts_with("warning: config/calendar.csv (built in): no holidays of 2027; ")
        );
    }
}
