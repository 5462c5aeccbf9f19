//! Principals, certificates, keys (of connections, and of the data) and lists of revoked certificates, read again when
//! their files change or on SIGHUP. A file that is not right keeps what stands, and this is said; open calls of those who
//! are gone or changed end.

use super::config::Config;
use crate::cipher::DataKeys;
use crate::guard::{Guard, ListPolicy, Tls, list_files};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
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
    if files(&config).is_empty() {
        return;
    }
    let mut hangup = signal(SignalKind::hangup()).ok();
    let mut known = state(&files(&config));
    let mut ended = Vec::new();
    loop {
        say_ended(tls.as_ref(), &config, &mut ended);
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
        let now = state(&files(&config));
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
            Ok(()) => tracing::info!("certificates, key and lists of revoked ones are read again"),
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

/// Each list of revoked certificates that has ended, once: what is decided without a newer one is the config's matter.
fn say_ended(tls: Option<&Tls>, config: &Config, said: &mut Vec<PathBuf>) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let ended = tls.map(|tls| tls.ended_lists(i64::try_from(since.as_secs()).unwrap_or(i64::MAX)));
    let ended = ended.unwrap_or_default();
    for file in ended.iter().filter(|file| !said.contains(file)) {
        let then = match config.security.tls.as_ref().map(|tls| tls.crl_policy) {
            Some(ListPolicy::Lenient) => "those that it does not name are let in all the same (lenient)",
            _ => "certificates of its authority are refused until there is a newer one (strict)",
        };
        tracing::error!(file = %file.display(), "a list of revoked certificates has ended: {then}");
    }
    *said = ended;
}

fn files(config: &Config) -> Vec<PathBuf> {
    let security = &config.security;
    let tls = security.tls.iter().flat_map(|tls| {
        [Some(&tls.certificate), Some(&tls.key), tls.client_authorities.as_ref()].into_iter().flatten()
    });
    let crls = security.tls.iter().filter_map(|tls| tls.client_crls.as_ref());
    let lists = crls.flat_map(|path| list_files(path).unwrap_or_else(|_| vec![path.clone()]));
    let data_keys = security.keys.iter().map(|file| &file.path);
    security.principals.iter().chain(tls).chain(data_keys).cloned().chain(lists).collect()
}

type State = Vec<(PathBuf, Option<(SystemTime, u64)>)>;

/// When each was written and how long it is; a file that is gone is a change too.
fn state(files: &[PathBuf]) -> State {
    let look = |path: &Path| {
        let meta = std::fs::metadata(path).ok()?;
        Some((meta.modified().ok()?, meta.len()))
    };
    files.iter().map(|path| (path.clone(), look(path))).collect()
}
