//! `wagewatch kafka init` makes the topics that are missing, `wagewatch kafka check` asks what they are. Neither changes a
//! topic that there is: what is wrong is named, and what is needed.

use crate::app::config::{Config, Sources};
use crate::kafka::{Admin, Looked, Settings};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args, Debug)]
pub struct KafkaArgs {
    #[command(subcommand)]
    pub command: KafkaCommand,
}

#[derive(clap::Subcommand, Debug)]
pub enum KafkaCommand {
    /// Makes the topics that are missing; changes none that there is
    Init(TopicArgs),
    /// Asks the brokers whether every topic is as it must be
    Check(TopicArgs),
}

#[derive(clap::Args, Debug)]
pub struct TopicArgs {
    /// The config file; without it the defaults and the environment count
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Sets one key over file and environment
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    pub set: Vec<String>,
}

/// 0 when every topic is as it must be, 1 when one is not or the brokers cannot be asked, 2 for a config that is not right.
pub fn run(args: KafkaArgs) -> ExitCode {
    let (args, makes) = match args.command {
        KafkaCommand::Init(args) => (args, true),
        KafkaCommand::Check(args) => (args, false),
    };
    let config = match Config::load(&Sources::of_process(args.config, args.set)) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(2);
        }
    };
    let Some(settings) = &config.kafka else {
        eprintln!("wagewatch kafka: no brokers are named; expected kafka.brokers = \"host:port,host:port\"");
        return ExitCode::from(2);
    };
    match look(settings, makes) {
        Ok((made, looked)) => {
            // Whoever closes the pipe early has read enough; the code still tells.
            let _ = std::io::stdout().write_all(told(settings, &made, &looked).as_bytes());
            if looked.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("wagewatch kafka: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The topics that were made, and how all of them are then.
fn look(settings: &Settings, makes: bool) -> anyhow::Result<(Vec<String>, Looked)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let admin = Admin::new(settings)?;
        let looked = admin.look().await?;
        // Beside a topic that is wrong none is made: the group of them would be of two minds.
        let good = looked.wrong.len() == looked.missing.len();
        if !makes || looked.missing.is_empty() || !good {
            return Ok((Vec::new(), looked));
        }
        admin.make(&looked.missing).await?;
        Ok((looked.missing, admin.settled().await?))
    })
}

fn told(settings: &Settings, made: &[String], looked: &Looked) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "brokers: {} at {}", looked.brokers, settings.brokers);
    if !settings.is_encrypted() {
        text.push_str(
            "warning: plain text: kafka.settings has no \"security.protocol\" of \"ssl\" or \"sasl_ssl\"\n",
        );
    }
    for topic in &looked.good {
        let how = if made.contains(topic) { "made" } else { "good" };
        let _ = writeln!(text, "{how}: {topic}");
    }
    for wrong in &looked.wrong {
        let _ = writeln!(text, "wrong: {wrong}");
    }
    text
}
