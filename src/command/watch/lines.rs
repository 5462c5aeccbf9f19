//! What is followed, one line a change: for pipes, and terminals that cannot do more. Scripts read these lines.

use super::follow::{Ended, Heard, follow};
use crate::command::client::{self, colour, one_line, sum};
use crate::proto::v1 as pb;
use crate::proto::{SubscribeEvent, SubscribeResponse};
use std::io::Write;
use std::ops::ControlFlow;
use std::process::ExitCode;

/// 1 when the service cannot be reached at first or refuses.
pub async fn run(service: client::Service, filter: pb::AlertFilter) -> ExitCode {
    let ended = follow(&service, filter, |heard| match heard {
        Heard::Live => ControlFlow::Continue(()),
        // Nobody reads what is printed.
        Heard::Message(message) => match show(&message) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        },
        Heard::Cut(why) => {
            eprintln!("-- {why}; going on where we were as soon as the service is back");
            ControlFlow::Continue(())
        }
    });
    match ended.await {
        Ended::Closed => ExitCode::SUCCESS,
        Ended::Refused(why) => {
            eprintln!("wagewatch watch: {why}");
            ExitCode::FAILURE
        }
        Ended::Unreachable(why) => {
            eprintln!("wagewatch watch: {}: {why}", service.addr);
            ExitCode::FAILURE
        }
    }
}

fn show(message: &SubscribeResponse) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    match &message.event {
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
    out.flush()
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
