//! What the commands share that ask a running service: the connection, and how values are printed.

use crate::proto::v1 as pb;
use anstyle::{AnsiColor, Style};
use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;
use tonic::transport::{Channel, Endpoint};

/// Where `serve` listens unless it is told otherwise.
pub const ADDR: &str = "http://127.0.0.1:7443";
/// Answers that are taken.
pub const MESSAGE_BYTES: usize = 64 << 20;

const CONNECT: Duration = Duration::from_secs(5);
const KEEPALIVE: Duration = Duration::from_secs(60);

/// For a flag: an address that can be connected to, `http://` put before it if it says nothing.
pub fn address(text: &str) -> Result<String, String> {
    let addr = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let expected = || "expected an address such as http://127.0.0.1:7443".to_owned();
    Endpoint::from_shared(addr.clone()).map(|_| addr).map_err(|_| expected())
}

pub async fn connect(addr: &str) -> Result<Channel, String> {
    let addr = addr.to_owned();
    let endpoint = Endpoint::from_shared(addr)
        .map_err(|_| "expected an address such as http://127.0.0.1:7443".to_owned())?;
    let endpoint = endpoint.connect_timeout(CONNECT).http2_keep_alive_interval(KEEPALIVE);
    endpoint.connect().await.map_err(|why| {
        let cause = std::error::Error::source(&why).map(|cause| cause.to_string());
        format!("cannot connect: {}", cause.unwrap_or_else(|| why.to_string()))
    })
}

/// Runs a command's conversation on this thread.
pub fn block_on(work: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(why) => {
            eprintln!("wagewatch: {why}");
            ExitCode::FAILURE
        }
    }
}

pub fn block_on_result<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|why| why.to_string())?.block_on(work)
}

pub fn colour(level: pb::Level) -> Style {
    let colour = match level {
        pb::Level::Red => AnsiColor::Red,
        // Sixteen colours have no orange.
        pb::Level::Orange => AnsiColor::Magenta,
        pb::Level::Yellow => AnsiColor::Yellow,
        pb::Level::Blue => AnsiColor::Blue,
        pb::Level::Unspecified => return Style::new(),
    };
    Style::new().bold().fg_color(Some(colour.into()))
}

/// The number on the wire of a level's word; 0 for no level.
pub fn level_number(word: &str) -> i32 {
    let name = format!("LEVEL_{}", word.to_uppercase());
    pb::Level::from_str_name(&name).map_or(0, i32::from)
}

/// An enum's name as people read it: `WAGE_UNPAID` is `wage-unpaid`.
pub fn word(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_lowercase().replace('_', "-")
}

/// A text that another machine sent, fit for a line of a terminal.
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim_end().to_owned()
}

/// Money in yuan and how many people, where the alert is about any.
pub fn sum(alert: &pb::Alert) -> String {
    if alert.amount_fen == 0 {
        return String::new();
    }
    let (yuan, fen) = (alert.amount_fen / 100, alert.amount_fen % 100);
    match alert.workers {
        0 | 1 => format!("{yuan}.{fen:02} 元"),
        workers => format!("{yuan}.{fen:02} 元 / {workers} 人"),
    }
}
