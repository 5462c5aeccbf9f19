//! The command line.

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use wagewatch::command::{
    audit, backtest, backup, check, demo, explain, generate, kafka, keys, quarantine, replay, restore,
    retention, serve, stats, token, watch,
};

/// Says which construction project will not pay, or has not paid, which worker.
#[derive(Parser)]
#[command(name = "wagewatch", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The whole service with a made-up county in quick time: nothing to configure
    Demo(demo::DemoArgs),
    /// The service
    Serve(serve::ServeArgs),
    /// A batch over record files: a summary, and the report
    Replay(replay::ReplayArgs),
    /// The same records under two rulebooks: what would change
    Backtest(backtest::BacktestArgs),
    /// Made-up records, the same for the same seed
    Generate(generate::GenerateArgs),
    /// Follows alerts in a terminal
    Watch(watch::WatchArgs),
    /// The evidence and the arithmetic of one alert, in words
    Explain(explain::ExplainArgs),
    /// What became of alerts, by department, territory and rule; the firms to be published
    Stats(stats::StatsArgs),
    /// What is held of a flood of alerts, and letting it go
    Quarantine(quarantine::QuarantineArgs),
    /// Makes a bearer token, and the line that lets its owner in
    Token(token::TokenArgs),
    /// Makes and changes the keys by which the data folder is encrypted
    Keys(keys::KeysArgs),
    /// Proves the audit trail, or prints it
    Audit(audit::AuditArgs),
    /// Checks every config file
    Check(check::CheckArgs),
    /// Makes or checks the topics of Kafka
    Kafka(kafka::KafkaArgs),
    /// A checked copy of the data folder, taken while serving
    Backup(backup::BackupArgs),
    /// Puts a backup into an empty data folder, or only checks it
    Restore(restore::RestoreArgs),
    /// Erases projects that were finished and settled three years ago
    Retention(retention::RetentionArgs),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Demo(args) => demo::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Replay(args) => replay::run_with_config(args),
        Command::Backtest(args) => backtest::run(args),
        Command::Generate(args) => generate::run(args),
        Command::Watch(args) => watch::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Stats(args) => stats::run(args),
        Command::Quarantine(args) => quarantine::run(args),
        Command::Token(args) => token::run(args),
        Command::Keys(args) => keys::run(args),
        Command::Audit(args) => audit::run(args),
        Command::Check(args) => check::run(args),
        Command::Kafka(args) => kafka::run(args),
        Command::Backup(args) => backup::run(args),
        Command::Restore(args) => restore::run(args),
        Command::Retention(args) => retention::run(args),
    }
}
