//! `wagewatch generate`: a made-up county as files: `records.ndjson`, and `truth.ndjson` with the troubles
//! that were planted. The same arguments make the same bytes. Needs no config and opens no port.

use crate::app::config::Config;
use crate::domain::{Day, Period, Record};
use crate::fiction::{County, Disorder, Plan, Planted, Share};
use crate::intake::write_json::write_line;
use anyhow::Context;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args, Debug)]
pub struct GenerateArgs {
    /// Workers in the county
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=50_000_000))]
    pub workers: u32,
    /// Projects that they work in
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    pub projects: u32,
    /// Months of attendance; the payments of the last one follow
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=120))]
    pub months: u16,
    /// The same seed makes the same county
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// The first month of attendance
    #[arg(long, value_name = "YYYY-MM", default_value = "2026-01", value_parser = period)]
    pub from: Period,
    /// Share of projects in trouble (0.05 or 5%); single wages are in trouble a fifth as often
    #[arg(long, value_name = "P", default_value = "0.05", value_parser = share)]
    pub troubles: Share,
    /// Share of records that come late, after up to 100,000 others
    #[arg(long, value_name = "P", default_value = "0", value_parser = share)]
    pub disorder: Share,
    /// Share of records that come once more, later
    #[arg(long, value_name = "P", default_value = "0", value_parser = share)]
    pub duplicates: Share,
    /// The folder to write to; it is made if need be, files of these names in it are replaced
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

fn share(text: &str) -> Result<Share, String> {
    Share::parse(text).ok_or_else(|| "expected a share of 0 to 1, as 0.05 or 5%".into())
}

fn period(text: &str) -> Result<Period, String> {
    let sensible = Period::from_ym(2000, 1)..=Period::from_ym(2150, 1);
    Period::parse(text)
        .filter(|p| sensible.contains(&Some(*p)))
        .ok_or_else(|| "expected a month from 2000-01 to 2150-01, as 2026-03".into())
}

/// 0 when the files are written, 1 when they could not be.
pub fn run(args: GenerateArgs) -> ExitCode {
    match generate(&args) {
        Ok(summary) => {
            // Whoever closes the pipe early has read enough; the files are written.
            let _ = writeln!(std::io::stdout(), "{summary}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "wagewatch generate: {why:#}");
            ExitCode::FAILURE
        }
    }
}

/// Writes both files and says what is in them.
pub fn generate(args: &GenerateArgs) -> anyhow::Result<String> {
    let plan = Plan {
        seed: args.seed,
        projects: args.projects,
        workers: args.workers,
        months: args.months,
        first: args.from,
        troubles: args.troubles,
    };
    fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot make the folder {}", args.out.display()))?;
    let path = args.out.join("records.ndjson");
    let mut file = Lines::create(&path)?;
    let mut county = County::new(&plan, Config::default().calendar);
    let mut disorder = Disorder::new(args.seed, args.disorder, args.duplicates);
    let progress = progress(&plan, county.today());
    let mut out = Vec::new();
    for (day, records) in county.by_ref() {
        for record in records {
            disorder.pass(record, &mut out);
        }
        file.write(&out)?;
        out.clear();
        progress.set_message(format!("{day}  {} records", HumanCount(file.count)));
        progress.inc(1);
    }
    disorder.end(&mut out);
    file.write(&out)?;
    let count = file.end()?;
    progress.finish_and_clear();
    let troubles = write_truth(&args.out.join("truth.ndjson"), county.planted())?;
    Ok(format!("{}: {} records; truth.ndjson: {troubles} troubles", path.display(), HumanCount(count)))
}

/// Drawn on a terminal only.
fn progress(plan: &Plan, first: Day) -> ProgressBar {
    // Payments follow for about four months after the last month of work.
    let last = plan.first.plus(plan.months + 2).day_or_last(31);
    let bar = ProgressBar::new(u64::from(last.since(first).unsigned_abs()));
    let style = ProgressStyle::with_template("{bar:30} {msg}  {elapsed}");
    style.map(|style| bar.clone().with_style(style)).unwrap_or(bar)
}

/// A file of lines that knows its name when it cannot be written.
struct Lines {
    path: PathBuf,
    file: BufWriter<File>,
    buffer: Vec<u8>,
    count: u64,
}

impl Lines {
    fn create(path: &Path) -> anyhow::Result<Lines> {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        let file = BufWriter::with_capacity(1 << 20, file);
        Ok(Lines { path: path.into(), file, buffer: Vec::new(), count: 0 })
    }

    fn write(&mut self, records: &[Record]) -> anyhow::Result<()> {
        for record in records {
            self.buffer.clear();
            write_line(record, &mut self.buffer);
            self.file
                .write_all(&self.buffer)
                .with_context(|| format!("cannot write {}", self.path.display()))?;
            self.count += 1;
        }
        Ok(())
    }

    fn end(mut self) -> anyhow::Result<u64> {
        self.file.flush().with_context(|| format!("cannot write {}", self.path.display()))?;
        Ok(self.count)
    }
}

/// One planted trouble a line, in the order of (project, period, kind, worker). Returns how many.
fn write_truth(path: &Path, planted: &[Planted]) -> anyhow::Result<usize> {
    let mut sorted: Vec<&Planted> = planted.iter().collect();
    sorted.sort_by_key(|p| (&p.project_id, p.period, p.trouble, &p.id_number));
    let text: String = sorted.iter().map(|p| truth_line(p)).collect();
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(planted.len())
}

/// Fields as in the report: what is absent is left out. `from` and `until` are business dates;
/// `other_project_id`: where somebody works who is on this project's lists, too; `unseen`: neither sheet nor
/// account told of it before.
fn truth_line(p: &Planted) -> String {
    let text =
        |key: &str, value: Option<String>| value.map_or(String::new(), |v| format!(",\"{key}\":\"{v}\""));
    format!(
        "{{\"kind\":\"{}\"{}{}{}{},\"amount_fen\":{}{}{}{}}}\n",
        p.trouble.as_str(),
        text("project_id", Some(p.project_id.to_string())),
        text("other_project_id", p.other_id.as_ref().map(ToString::to_string)),
        text("id_number", p.id_number.as_ref().map(|id| id.reveal().into())),
        text("period", p.period.map(|p| p.to_string())),
        p.amount_fen.0,
        text("from", Some(p.from.to_string())),
        text("until", p.until.map(|day| day.to_string())),
        if p.unseen { ",\"unseen\":true" } else { "" },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::json::decode_line;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: GenerateArgs,
    }

    fn args(out: &Path, more: &[&str]) -> GenerateArgs {
        let out = out.display().to_string();
        let all = ["generate", "--workers", "40", "--projects", "10", "--months", "1", "--out", &out];
        Cli::try_parse_from(all.iter().chain(more)).unwrap().args
    }

    #[test]
    fn every_line_is_a_record_and_every_truth_names_its_kind() {
        let dir = tempfile::tempdir().unwrap();
        let said = generate(&args(dir.path(), &["--duplicates", "0.1", "--disorder", "20%"])).unwrap();
        let records = fs::read_to_string(dir.path().join("records.ndjson")).unwrap();
        for line in records.lines() {
            assert!(decode_line(line).is_ok(), "{line}");
        }
        let truth = fs::read_to_string(dir.path().join("truth.ndjson")).unwrap();
        for line in truth.lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(value["kind"].is_string() && value["amount_fen"].is_u64(), "{line}");
        }
        assert!(said.contains(&format!("{} records", HumanCount(records.lines().count() as u64))), "{said}");
        assert!(said.contains(&format!("{} troubles", truth.lines().count())), "{said}");
    }

    #[test]
    fn the_same_seed_makes_the_same_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let bytes = |seed: &str| {
            generate(&args(dir.path(), &["--seed", seed, "--disorder", "0.2"])).unwrap();
            fs::read(dir.path().join("records.ndjson")).unwrap()
        };
        assert_eq!(bytes("5"), bytes("5"));
        assert_ne!(bytes("5"), bytes("6"));
    }

    #[test]
    fn wrong_usage_says_what_was_expected() {
        for (more, part) in [
            (["--disorder", "1.5"], "0 to 1"),
            (["--from", "2026-13"], "2026-03"),
            (["--workers", "0"], "50000000"),
            (["--troubles", "5"], "5%"),
            (["--months", "121"], "120"),
        ] {
            let why = Cli::try_parse_from(["generate", "--out", "unused"].iter().chain(&more)).err().unwrap();
            let why = why.to_string();
            assert!(why.contains(part), "{why}");
        }
    }
}
