//! `wagewatch watch`: follows alerts in a terminal, one line a change, and comes back by itself after a
//! cut. Decides nothing: what is shown is what the service sends.

use super::client::{self, colour, level_number, one_line, sum};
use crate::proto::v1 as pb;
use crate::proto::v1::alert_service_client::AlertServiceClient;
use crate::proto::{SubscribeEvent, SubscribeResponse};
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;
use tonic::{Code, Status};

#[derive(clap::Args, Debug)]
pub struct WatchArgs {
    #[command(flatten)]
    pub service: client::Service,
    /// Only projects of this sector; may be given more than once
    #[arg(long, value_name = "CODE")]
    pub sector: Vec<String>,
    /// Only projects in this territory, or in those whose codes begin so; may be given more than once
    #[arg(long, value_name = "CODE")]
    pub territory: Vec<String>,
    /// This level and worse
    #[arg(long, value_parser = ["blue", "yellow", "orange", "red"])]
    pub level: Option<String>,
    /// Also the workers' alerts that are part of their project's
    #[arg(long)]
    pub workers: bool,
}

/// Why the following ended.
enum End {
    /// Nobody reads what is printed.
    Closed,
    /// The service cannot be reached, or the stream was cut.
    Cut(String),
    /// The service does not take the question; asking again is no use.
    Refused(String),
}

const PAUSE_FIRST: Duration = Duration::from_millis(500);
const PAUSE_MOST: Duration = Duration::from_secs(10);

/// 0 when interrupted, 1 when the service cannot be reached at first or refuses.
pub fn run(args: WatchArgs) -> ExitCode {
    client::block_on(async move {
        tokio::select! {
            code = follow(args) => code,
            _ = tokio::signal::ctrl_c() => ExitCode::SUCCESS,
        }
    })
}

async fn follow(args: WatchArgs) -> ExitCode {
    let filter = pb::AlertFilter {
        sectors: args.sector.clone(),
        territories: args.territory.clone(),
        min_level: args.level.as_deref().map_or(0, level_number),
        include_rolled_up: args.workers,
        ..pb::AlertFilter::default()
    };
    let mut screen = Screen { cursor: String::new(), met: false, seen: false };
    let mut pause = PAUSE_FIRST;
    loop {
        screen.met = false;
        match screen.stream(&args.service, &filter).await {
            End::Closed => return ExitCode::SUCCESS,
            End::Refused(why) => {
                eprintln!("wagewatch watch: {why}");
                return ExitCode::FAILURE;
            }
            End::Cut(why) if !screen.seen => {
                eprintln!("wagewatch watch: {}: {why}", args.service.addr);
                return ExitCode::FAILURE;
            }
            End::Cut(why) => {
                if screen.met {
                    eprintln!("-- {why}; going on where we were as soon as the service is back");
                    pause = PAUSE_FIRST;
                }
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MOST);
    }
}

/// What has been shown.
struct Screen {
    cursor: String,
    /// The service answered on this connection.
    met: bool,
    /// It ever did.
    seen: bool,
}

impl Screen {
    async fn stream(&mut self, service: &client::Service, filter: &pb::AlertFilter) -> End {
        let channel = match client::connect(service).await {
            Ok(channel) => channel,
            Err(why) => return End::Cut(why),
        };
        let request = pb::SubscribeRequest {
            cursor: self.cursor.clone(),
            filter: Some(filter.clone()),
            changes_only: false,
        };
        let mut messages = match AlertServiceClient::new(channel).subscribe(request).await {
            Ok(response) => response.into_inner(),
            Err(status) => return ended(&status),
        };
        (self.met, self.seen) = (true, true);
        loop {
            match messages.message().await {
                Ok(Some(message)) => {
                    if self.show(message).is_err() {
                        return End::Closed;
                    }
                }
                Ok(None) => return End::Cut("the service ended the stream".into()),
                Err(status) => return ended(&status),
            }
        }
    }

    /// The cursor moves when the whole message is on the screen.
    fn show(&mut self, message: SubscribeResponse) -> std::io::Result<()> {
        let mut out = anstream::stdout().lock();
        match message.event {
            Some(SubscribeEvent::Alerts(batch)) => {
                for event in &batch.events {
                    line(&mut out, event)?;
                }
            }
            Some(SubscribeEvent::SnapshotComplete(_)) => {
                eprintln!("-- this is what stands; changes follow");
            }
            Some(SubscribeEvent::Reset(_)) => {
                eprintln!("-- away for too long: what stands now follows afresh");
            }
            _ => {}
        }
        out.flush()?;
        self.cursor = message.cursor;
        Ok(())
    }
}

fn ended(status: &Status) -> End {
    match status.code() {
        Code::InvalidArgument | Code::Unimplemented | Code::PermissionDenied | Code::Unauthenticated => {
            End::Refused(status.message().to_owned())
        }
        _ => End::Cut(status.message().to_owned()),
    }
}

/// Date, level, what happened, what is the matter, how much, and the id for `explain`.
fn line(out: &mut impl Write, event: &pb::AlertEvent) -> std::io::Result<()> {
    let Some(alert) = &event.alert else { return Ok(()) };
    let style = colour(alert.level());
    let title = alert.title.clone().unwrap_or_default();
    let project = alert.project.clone().unwrap_or_default();
    let who = [alert.actor.as_deref(), alert.note.as_deref()];
    let acted: String = who.into_iter().flatten().map(|text| format!("  {}", one_line(text))).collect();
    writeln!(
        out,
        "{} {style}{:<6}{style:#} {:<12} {}  {}  {}{}  {}",
        alert.changed_on,
        client::word(alert.level().as_str_name(), "LEVEL_"),
        client::word(event.change().as_str_name(), "CHANGE_"),
        one_line(&title.zh),
        one_line(&project.name),
        sum(alert),
        acted,
        alert.id,
    )
}
