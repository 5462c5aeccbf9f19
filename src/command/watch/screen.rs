//! The terminal around the view: raw mode, keys, the clock, the connection and the case files that the view asks for. All
//! that is shown is decided by [`View`].

use super::follow::{Ended, Heard, follow};
use super::view::{Effect, Event, View, draw};
use crate::command::{casefile, client};
use crate::proto::v1 as pb;
use crate::proto::v1::alert_service_client::AlertServiceClient;
use ratatui::crossterm::event;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// How often the times that are shown move on.
const TICK: Duration = Duration::from_millis(500);
/// Changes that come together are drawn together.
const FRAME: Duration = Duration::from_millis(40);

/// 0 when somebody quits, 1 when the service cannot be reached at first or refuses.
pub async fn run(service: client::Service, filter: pb::AlertFilter) -> ExitCode {
    let (told, mut events) = mpsc::unbounded_channel();
    let heard = told.clone();
    let (asked, asks) = watch::channel(None);
    tokio::spawn(fetch(service.clone(), asks, told.clone()));
    let tell = move |one: Heard| {
        let event = match one {
            Heard::Live => Event::Live,
            Heard::Message(message) => Event::Message(Box::new(message)),
            Heard::Cut(why) => Event::Cut(why),
        };
        if heard.send(event).is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let least = filter.min_level;
    let rolled_up = filter.include_rolled_up;
    let mut ended = std::pin::pin!(follow(&service, filter, tell));
    // A service that is not there is told in a line, not on a screen of its own.
    let first = tokio::select! {
        ended = &mut ended => return said(&service.addr, ended),
        _ = tokio::signal::ctrl_c() => return ExitCode::SUCCESS,
        first = events.recv() => first,
    };
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let mut view = View::new(&service.addr, least, rolled_up, is_plain);
    let mut terminal = match ratatui::try_init() {
        Ok(terminal) => terminal,
        Err(why) => {
            eprintln!("wagewatch watch: the terminal: {why}");
            return ExitCode::FAILURE;
        }
    };
    read_keys(told);
    let begun = Instant::now();
    first.into_iter().for_each(|event| drop(view.on(event, Duration::ZERO)));
    let code = tokio::select! {
        ended = &mut ended => Err(ended),
        shown = show(&mut terminal, &mut view, &mut events, &asked, begun) => Ok(shown),
        () = told_to_end() => Ok(Ok(())),
    };
    ratatui::restore();
    match code {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(why)) => {
            eprintln!("wagewatch watch: the terminal: {why}");
            ExitCode::FAILURE
        }
        Err(ended) => said(&service.addr, ended),
    }
}

/// Until somebody quits.
async fn show(
    terminal: &mut ratatui::DefaultTerminal,
    view: &mut View,
    events: &mut mpsc::UnboundedReceiver<Event>,
    asked: &watch::Sender<Option<String>>,
    begun: Instant,
) -> std::io::Result<()> {
    let mut tick = tokio::time::interval(TICK);
    loop {
        terminal.draw(|frame| draw(view, frame, begun.elapsed()))?;
        let event = tokio::select! {
            event = events.recv() => event,
            _ = tick.tick() => Some(Event::Tick),
        };
        let mut next = event;
        let gather_until = Instant::now() + FRAME;
        while let Some(event) = next {
            let is_message = matches!(event, Event::Message(_));
            match view.on(event, begun.elapsed()) {
                Some(Effect::Quit) => return Ok(()),
                Some(Effect::Fetch(id)) => drop(asked.send(Some(id))),
                None => {}
            }
            next = events.try_recv().ok().filter(|_| Instant::now() < gather_until);
            if next.is_none() && is_message {
                // A burst is drawn once.
                tokio::time::sleep(FRAME).await;
            }
        }
    }
}

/// Keys and resizes are waited for on a thread of their own, which ends with the process.
fn read_keys(told: mpsc::UnboundedSender<Event>) {
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            let event = match event {
                event::Event::Key(key) => Event::Key(key),
                // Drawn anew in its new size.
                _ => Event::Tick,
            };
            if told.send(event).is_err() {
                return;
            }
        }
    });
}

/// Asks for case files, the last that was wanted.
async fn fetch(
    service: client::Service,
    mut asks: watch::Receiver<Option<String>>,
    told: mpsc::UnboundedSender<Event>,
) {
    while asks.changed().await.is_ok() {
        let Some(id) = asks.borrow_and_update().clone() else { continue };
        let text = case_file(&service, &id).await;
        if told.send(Event::CaseFile { id, text }).is_err() {
            return;
        }
    }
}

async fn case_file(service: &client::Service, id: &str) -> Result<String, String> {
    let channel = client::connect(service).await?;
    let mut alerts = AlertServiceClient::new(channel).max_decoding_message_size(client::MESSAGE_BYTES);
    let answer = alerts.get(pb::GetRequest { id: id.to_owned() }).await;
    let answer = answer.map_err(|status| status.message().to_owned())?;
    Ok(anstream::adapter::strip_str(&casefile::told(&answer.into_inner())).to_string())
}

fn said(addr: &str, ended: Ended) -> ExitCode {
    match ended {
        Ended::Closed => return ExitCode::SUCCESS,
        Ended::Refused(why) => eprintln!("wagewatch watch: {why}"),
        Ended::Unreachable(why) => eprintln!("wagewatch watch: {addr}: {why}"),
    }
    ExitCode::FAILURE
}

/// The terminal is put back as it was also when the process is told to end.
async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut hangup)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = hangup.recv() => {}
    }
}
