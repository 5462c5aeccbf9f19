//! Follows the service's alerts and comes back after a cut, with the cursor of the last message that was handled.
//! Shows nothing: whoever asked is told.

use crate::command::client;
use crate::proto::SubscribeResponse;
use crate::proto::v1 as pb;
use crate::proto::v1::alert_service_client::AlertServiceClient;
use std::ops::ControlFlow;
use std::time::Duration;
use tonic::{Code, Status};

/// What there is to tell.
#[derive(Debug)]
pub enum Heard {
    /// The service answers.
    Live,
    Message(SubscribeResponse),
    /// The stream was cut, or the service cannot be reached; it is tried again. Told once a cut.
    Cut(String),
}

/// Why the following ended.
#[derive(Debug)]
pub enum Ended {
    /// Nobody listens any more.
    Closed,
    /// The service never answered.
    Unreachable(String),
    /// The service does not take the question; asking again is no use.
    Refused(String),
}

/// How one connection ended.
enum End {
    Closed,
    Cut(String),
    Refused(String),
}

const PAUSE_FIRST: Duration = Duration::from_millis(500);
const PAUSE_MOST: Duration = Duration::from_secs(10);

/// Until `tell` breaks, the service refuses, or it was never there. A message counts as handled when `tell` goes on.
pub async fn follow(
    service: &client::Service,
    filter: pb::AlertFilter,
    mut tell: impl FnMut(Heard) -> ControlFlow<()>,
) -> Ended {
    let mut cursor = String::new();
    let (mut ever_met, mut pause) = (false, PAUSE_FIRST);
    loop {
        let mut met = false;
        match connection(service, &filter, &mut cursor, &mut met, &mut tell).await {
            End::Closed => return Ended::Closed,
            End::Refused(why) => return Ended::Refused(why),
            End::Cut(why) if !met && !ever_met => return Ended::Unreachable(why),
            End::Cut(why) if met => {
                (ever_met, pause) = (true, PAUSE_FIRST);
                if tell(Heard::Cut(why)).is_break() {
                    return Ended::Closed;
                }
            }
            // Told already that it is cut.
            End::Cut(_) => {}
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MOST);
    }
}

async fn connection(
    service: &client::Service,
    filter: &pb::AlertFilter,
    cursor: &mut String,
    met: &mut bool,
    tell: &mut impl FnMut(Heard) -> ControlFlow<()>,
) -> End {
    let channel = match client::connect(service).await {
        Ok(channel) => channel,
        Err(why) => return End::Cut(why),
    };
    let request =
        pb::SubscribeRequest { cursor: cursor.clone(), filter: Some(filter.clone()), changes_only: false };
    let mut messages = match AlertServiceClient::new(channel).subscribe(request).await {
        Ok(response) => response.into_inner(),
        Err(status) => return ended(&status),
    };
    *met = true;
    if tell(Heard::Live).is_break() {
        return End::Closed;
    }
    loop {
        match messages.message().await {
            Ok(Some(message)) => {
                let reached = message.cursor.clone();
                if tell(Heard::Message(message)).is_break() {
                    return End::Closed;
                }
                *cursor = reached;
            }
            Ok(None) => return End::Cut("the service ended the stream".into()),
            Err(status) => return ended(&status),
        }
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
