//! Starts the delivery of alerts to the systems that the config names; without any, nothing is started.

use super::config::{Alertmanager, Config, Webhook};
use crate::domain::Level;
use crate::serve::deliver::{Deliveries, Filter, Keep, Patience, Source, alertmanager, webhook};
use anyhow::{Context, anyhow};
use axum::http::Uri;
use std::path::Path;
use std::time::Duration;
use tokio::task::JoinSet;

/// The folder of the webhook in the data folder.
const FOLDER: &str = "webhook";
/// Of dead letters two files of this size are kept.
const DEAD_BYTES: u64 = 32 << 20;
const PAUSE_FIRST: Duration = Duration::from_secs(1);
const PAUSE_MOST: Duration = Duration::from_secs(60);

pub(super) fn start(
    tasks: &mut JoinSet<()>,
    config: &Config,
    data: &Path,
    source: &Source,
    counts: &Deliveries,
) -> anyhow::Result<()> {
    if let Some(url) = &config.webhook.url {
        tasks.spawn(hook(&config.webhook, url, data, source, counts)?.run());
    }
    if let Some(url) = &config.alertmanager.url {
        tasks.spawn(manager(&config.alertmanager, url, source, counts)?.run());
    }
    Ok(())
}

fn hook(
    webhook: &Webhook,
    url: &Uri,
    data: &Path,
    source: &Source,
    counts: &Deliveries,
) -> anyhow::Result<webhook::Webhook> {
    let keep = Keep::open(data.join(FOLDER), DEAD_BYTES).context("the folder of the webhook")?;
    Ok(webhook::Webhook {
        source: source.clone(),
        filter: Filter::of_level(least(webhook.min_level)),
        uri: url.clone(),
        secret: webhook.secret.clone(),
        patience: Patience {
            answer: Duration::from_secs(webhook.timeout_seconds),
            pause_first: PAUSE_FIRST,
            pause_most: PAUSE_MOST,
            give_up: Duration::from_secs(webhook.give_up_hours * 3600),
        },
        keep,
        concurrency: webhook.concurrency,
        counts: counts.clone(),
    })
}

fn manager(
    manager: &Alertmanager,
    url: &Uri,
    source: &Source,
    counts: &Deliveries,
) -> anyhow::Result<alertmanager::Alertmanager> {
    let base = url.to_string();
    let uri = format!("{}/api/v2/alerts", base.trim_end_matches('/'));
    let resend = Duration::from_secs(manager.resend_seconds);
    let min_level = least(manager.min_level);
    Ok(alertmanager::Alertmanager {
        source: source.clone(),
        filter: Filter::of_level(min_level),
        min_level,
        uri: uri.parse().map_err(|why| anyhow!("alertmanager.url: {why}"))?,
        resend,
        patience: Patience {
            answer: Duration::from_secs(manager.timeout_seconds),
            pause_first: PAUSE_FIRST,
            pause_most: PAUSE_MOST,
            // Two rounds may be missed before it believes that a trouble is over.
            give_up: resend,
        },
        believed: resend * 3,
        counts: counts.clone(),
    })
}

/// A filter by the lowest level is none.
fn least(level: Level) -> Option<Level> {
    (level > Level::Blue).then_some(level)
}
