//! `wagewatch serve`: the service, until it is told to stop. SIGTERM or Ctrl-C drains it, a second
//! one ends it at once.

use crate::app::config::{Config, Sources};
use crate::app::{Listeners, Service, business_date_now, logging};
use crate::domain::DayStart;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

#[derive(clap::Args, Debug)]
pub struct ServeArgs {
    /// The config file; without it the defaults and the environment count
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Sets one key over file and environment
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    pub set: Vec<String>,
}

/// 0 after a drain, 1 when it could not start or go on, 2 for a config that is not right.
pub fn run(args: ServeArgs) -> ExitCode {
    let config = match Config::load(&Sources::of_process(args.config, args.set)) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(2);
        }
    };
    logging::init(&config.logging);
    match serve(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve(config: Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        let stop = CancellationToken::new();
        stop_on_signal(stop.clone())?;
        let listeners = Listeners::bind(&config).await?;
        let grpc = listeners.grpc.local_addr()?;
        let http = listeners.http.local_addr()?;
        say_who_may_come(&config);
        let path = config.data.path.display().to_string();
        let service = tokio::task::spawn_blocking(move || Service::open(config)).await??;
        tracing::info!(%grpc, %http, data = path, "serving");
        service.run(listeners, stop).await
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    done
}

/// What an operator must not overlook.
fn say_who_may_come(config: &Config) {
    let security = &config.security;
    if security.members.is_none() {
        tracing::warn!(
            "no principals are configured: whoever reaches this machine's loopback address may do everything"
        );
    }
    if security.tls.is_none() {
        tracing::warn!("plain text: without security.certificate connections are not encrypted");
    }
    if security.keys.is_none() {
        tracing::warn!(
            "what stands on disk is not encrypted: make keys by `wagewatch keys new` and name them in security.keys_file"
        );
    }
    for warning in config.warnings(business_date_now(DayStart(0))) {
        tracing::warn!("{warning}");
    }
}

/// The first signal asks for a drain, the second ends the process.
pub(super) fn stop_on_signal(stop: CancellationToken) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if stop.is_cancelled() {
                tracing::warn!("a second signal: ending at once; what was acknowledged is durable");
                std::process::exit(1);
            }
            tracing::info!("stopping: calls in progress end, streams get their cursors");
            stop.cancel();
        }
    });
    Ok(())
}
