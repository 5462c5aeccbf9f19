//! `wagewatch demo`: the whole service on one machine with a county's worth of made-up records in
//! quick time. Needs no config, leaves nothing behind. The records go in as any sender's would, and
//! what the screen shows is read from the feed that subscribers read.

mod screen;

use super::serve::stop_on_signal;
use crate::app::config::{ClockKind, Config};
use crate::app::{Listeners, Service, logging};
use crate::domain::{Day, Entry, Period, Record};
use crate::engine::{Engine, Refused};
use crate::fiction::{County, Plan, Share};
use screen::Screen;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

#[derive(clap::Args, Debug)]
pub struct DemoArgs {
    /// Projects of the made-up county
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    pub projects: u32,
    /// Workers in them
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=500_000))]
    pub workers: u32,
    /// How long the story takes, at least
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub seconds: u64,
    /// The same seed tells the same story
    #[arg(long, value_name = "S", default_value_t = 7)]
    pub seed: u64,
    /// End with the story instead of serving on
    #[arg(long)]
    pub once: bool,
}

const MONTHS: u16 = 3;
/// After the last payday the story goes on until late returns and settlements are through.
const AFTERMATH_DAYS: i32 = 40;
/// Records handed over at once.
const BATCH: usize = 5_000;

/// 0 when it was stopped or the story is told, 1 when it could not go on.
pub fn run(args: DemoArgs) -> ExitCode {
    let folder = std::env::temp_dir().join(format!("wagewatch-demo-{}", std::process::id()));
    let told = tell(&args, &folder);
    let _ = std::fs::remove_dir_all(&folder);
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("wagewatch demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn tell(args: &DemoArgs, folder: &Path) -> anyhow::Result<()> {
    let mut config = Config::default();
    config.data.path = PathBuf::from(folder);
    config.clock.kind = ClockKind::Manual;
    logging::quiet();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let told = runtime.block_on(async {
        let stop = CancellationToken::new();
        stop_on_signal(stop.clone())?;
        let listeners = listen(&mut config).await?;
        let (grpc, http) = (listeners.grpc.local_addr()?, listeners.http.local_addr()?);
        let calendar = config.calendar.clone();
        let service = tokio::task::spawn_blocking(move || Service::open(config)).await??;
        let engine = service.engine().clone();
        let serving = tokio::spawn(service.run(listeners, stop.clone()));
        let plan = plan(args);
        let mut screen = Screen::new(engine.feed().clone());
        screen.begin(&plan, &grpc.to_string(), &http.to_string());
        let story = story(args, County::new(&plan, calendar), &engine, &mut screen, &stop);
        let told = story.await;
        if told.is_ok() && !args.once && !stop.is_cancelled() {
            screen.end(&engine.status());
            stop.cancelled().await;
        }
        stop.cancel();
        serving.await??;
        told
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    told
}

/// The usual ports, or any free ones when somebody has them.
async fn listen(config: &mut Config) -> anyhow::Result<Listeners> {
    if let Ok(listeners) = Listeners::bind(config).await {
        return Ok(listeners);
    }
    config.server.grpc_addr.set_port(0);
    config.server.http_addr.set_port(0);
    Listeners::bind(config).await
}

fn plan(args: &DemoArgs) -> Plan {
    Plan {
        seed: args.seed,
        projects: args.projects,
        workers: args.workers,
        months: MONTHS,
        first: Period::from_ym(2026, 3).unwrap_or(Period::FIRST),
        troubles: Share::percent(8),
    }
}

async fn story(
    args: &DemoArgs,
    county: County,
    engine: &Engine,
    screen: &mut Screen,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let last = last_day();
    let first = county.today();
    let days = u32::try_from(last.since(first).max(1)).unwrap_or(1);
    let pace = Duration::from_secs(args.seconds) / days;
    for (day, records) in county {
        if day > last || stop.is_cancelled() {
            break;
        }
        let begun = Instant::now();
        let count = records.len();
        submit(engine, vec![Entry::Date(day)]).await?;
        for batch in batches(records) {
            submit(engine, batch).await?;
        }
        screen.day(day, count);
        tokio::select! {
            () = tokio::time::sleep(pace.saturating_sub(begun.elapsed())) => {}
            () = stop.cancelled() => break,
        }
    }
    Ok(())
}

/// The day on which the story ends: the last payday's returns and settlements are through.
fn last_day() -> Day {
    let first = Period::from_ym(2026, 3).unwrap_or(Period::FIRST);
    first.plus(MONTHS).day_or_last(15).plus(AFTERMATH_DAYS)
}

fn batches(records: Vec<Record>) -> Vec<Vec<Entry>> {
    let mut batches = Vec::with_capacity(records.len() / BATCH + 1);
    let mut rest = records.into_iter().map(Entry::Record).peekable();
    while rest.peek().is_some() {
        batches.push(rest.by_ref().take(BATCH).collect());
    }
    batches
}

/// Hands over until it is taken, and waits until it is durable.
async fn submit(engine: &Engine, entries: Vec<Entry>) -> anyhow::Result<()> {
    loop {
        let (sender, answer) = oneshot::channel();
        let done = Box::new(move |verdicts| {
            let _ = sender.send(verdicts);
        });
        match engine.submit(entries.clone(), done) {
            Ok(()) => {
                answer.await??;
                return Ok(());
            }
            Err(Refused::Busy) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(refused) => return Err(refused.into()),
        }
    }
}
