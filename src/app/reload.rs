//! Principals, certificates and keys (of connections, and of the data), read again when their files change or on SIGHUP. A file that is not right
//! keeps what stands, and this is said; open calls of those who are gone or changed end.

use super::config::Config;
use crate::cipher::DataKeys;
use crate::guard::{Guard, Tls};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Looks until stopped.
pub async fn watch(
    config: Config,
    guard: Arc<Guard>,
    tls: Option<Tls>,
    data_keys: Option<DataKeys>,
    stop: CancellationToken,
) {
    let files = files(&config);
    if files.is_empty() {
        return;
    }
    let mut hangup = signal(SignalKind::hangup()).ok();
    let mut known = state(&files);
    loop {
        let asked = async {
            match &mut hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        let is_asked = tokio::select! {
            () = stop.cancelled() => return,
            _ = asked => true,
            () = tokio::time::sleep(LOOK) => false,
        };
        let now = state(&files);
        if is_asked || now != known {
            known = now;
            read_again(&config, &guard, tls.as_ref(), data_keys.as_ref());
        }
    }
}

fn read_again(config: &Config, guard: &Guard, tls: Option<&Tls>, data_keys: Option<&DataKeys>) {
    if config.security.principals.is_some() {
        match config.members_again() {
            Ok(members) => {
                guard.replace(&members);
                tracing::info!(principals = members.len(), "principals are read again");
            }
            Err(errors) => tracing::error!("the principals stay as they were:\n{errors}"),
        }
    }
    if let (Some(tls), Some(files)) = (tls, &config.security.tls) {
        match tls.reload(files) {
            Ok(()) => tracing::info!("certificates and key are read again"),
            Err(error) => tracing::error!(%error, "certificates and key stay as they were"),
        }
    }
    if let Some(keys) = data_keys {
        read_data_keys(config, keys);
    }
}

/// What is written from the next block on is encrypted with the last key of the file.
fn read_data_keys(config: &Config, keys: &DataKeys) {
    let before = keys.current();
    match config.keys_again().map(|ring| ring.map(|ring| keys.replace(ring))) {
        Ok(Some(Ok(()))) if keys.current() != before => {
            tracing::info!(key = %keys.current(), %before, "what is written from now on is encrypted with another key");
        }
        Ok(Some(Err(gone))) => {
            tracing::error!(key = %gone, "the data keys stay as they were: one is gone from the file, and may be needed until the next start");
        }
        Ok(_) => {}
        Err(error) => tracing::error!("the data keys stay as they were: {error:#}"),
    }
}

fn files(config: &Config) -> Vec<PathBuf> {
    let security = &config.security;
    let tls = security.tls.iter().flat_map(|tls| {
        [Some(&tls.certificate), Some(&tls.key), tls.client_authorities.as_ref()].into_iter().flatten()
    });
    let data_keys = security.keys.iter().map(|file| &file.path);
    security.principals.iter().chain(tls).chain(data_keys).cloned().collect()
}

type State = Vec<Option<(SystemTime, u64)>>;

/// When each was written and how long it is; a file that is gone is a change too.
fn state(files: &[PathBuf]) -> State {
    let look = |path: &Path| {
        let meta = std::fs::metadata(path).ok()?;
        Some((meta.modified().ok()?, meta.len()))
    };
    files.iter().map(|path| look(path)).collect()
}
