//! The sections of other systems that alerts are delivered to. What each key means to an operator stands in
//! `config/wagewatch.toml`, not twice.

use super::keys::Keys;
use super::problem::ConfigError;
use crate::domain::Level;
use crate::serve::deliver::Secret;
use axum::http::Uri;
use std::path::Path;

/// `url`: `None` = nothing is delivered.
#[derive(Clone, PartialEq, Debug)]
pub struct Webhook {
    pub url: Option<Uri>,
    /// The content of `secret_file`, where one is named.
    pub secret: Option<Secret>,
    pub min_level: Level,
    pub timeout_seconds: u64,
    pub give_up_hours: u64,
    /// Posts at once.
    pub concurrency: usize,
}

/// `url`: `None` = nothing is delivered.
#[derive(Clone, PartialEq, Debug)]
pub struct Alertmanager {
    pub url: Option<Uri>,
    pub min_level: Level,
    pub timeout_seconds: u64,
    pub resend_seconds: u64,
}

/// `otlp_endpoint`: `None` = nothing is followed.
#[derive(Clone, PartialEq, Debug)]
pub struct Telemetry {
    pub otlp_endpoint: Option<Uri>,
    /// `sample_ratio`, as so many of a million.
    pub sample_millionths: u32,
    pub service_name: String,
}

const LEVELS: [(&str, Level); 4] =
    [("blue", Level::Blue), ("yellow", Level::Yellow), ("orange", Level::Orange), ("red", Level::Red)];
/// A shorter one is guessed.
const SECRET_BYTES_LEAST: usize = 16;

pub(super) fn webhook(keys: &mut Keys, folder: &Path) -> Webhook {
    let mut s = keys.section("webhook");
    let url = s.url("url");
    let secret_file = s.path("secret_file");
    let min_level = s.word("min_level", Level::Blue, &LEVELS);
    let timeout_seconds = s.number("timeout_seconds", 10, 1, 300);
    let give_up_hours = s.number("give_up_hours", 72, 1, 8760);
    let concurrency = s.number("concurrency", 8, 1, 256);
    let secret = secret_file.and_then(|path| match read_secret(&folder.join(path)) {
        Ok(secret) => Some(secret),
        Err(what) => {
            let place = keys.place("webhook", "secret_file");
            let what = format!("webhook.secret_file {what}");
            keys.problems.push(ConfigError::new(place, what, "a file with 16 characters or more"));
            None
        }
    });
    Webhook { url, secret, min_level, timeout_seconds, give_up_hours, concurrency }
}

// The secret itself is in no message. A line's end does not belong to it.
fn read_secret(path: &Path) -> Result<Secret, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let secret = bytes.trim_ascii();
    if secret.len() < SECRET_BYTES_LEAST {
        return Err(format!("{} holds {} characters", path.display(), secret.len()));
    }
    Ok(Secret::new(secret.to_vec()))
}

pub(super) fn alertmanager(keys: &mut Keys) -> Alertmanager {
    let mut s = keys.section("alertmanager");
    Alertmanager {
        url: s.url("url"),
        min_level: s.word("min_level", Level::Orange, &LEVELS),
        timeout_seconds: s.number("timeout_seconds", 10, 1, 300),
        resend_seconds: s.number("resend_seconds", 120, 1, 3600),
    }
}

pub(super) fn telemetry(keys: &mut Keys) -> Telemetry {
    let mut s = keys.section("telemetry");
    Telemetry {
        otlp_endpoint: s.url("otlp_endpoint"),
        sample_millionths: s.share("sample_ratio", 10_000),
        service_name: s.name("service_name").unwrap_or_else(|| "wagewatch".to_owned()),
    }
}
