//! Opens a data folder and starts the engine on it: lock, log, store, and what to do when the
//! store cannot be used. The log decides; a store is only ever rebuilt from it, and loudly.

use super::config::Config;
use super::{cluster, data_keys, store};
use crate::alerts::PUBLIC_ID_KEY;
use crate::cipher::{DataKeys, KeyId};
use crate::engine::{Engine, Observer, Parts, Settings, StartError};
use crate::log::{self, DataFolder, Log, LogError, LogOptions, SegmentLog};
use crate::serve::peers::Answers;
use crate::serve::sources::AllSources;
use crate::store::{SledStore, StoreError};
use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A running engine and the lock on its folder.
pub struct Opened {
    pub engine: Engine,
    /// What it is encrypted with; `None`: it is plain.
    pub encryption: Option<Encryption>,
    /// Of an instance of a cluster: for the others.
    pub answers: Option<Arc<dyn Answers>>,
    /// Likewise: of all instances.
    pub sources: Option<Arc<dyn AllSources>>,
    folder: DataFolder,
}

/// The keys of a running service.
#[derive(Clone)]
pub struct Encryption {
    pub keys: DataKeys,
    /// Segments of the log that were plain when it was opened.
    pub plain_segments: usize,
    /// And those under other keys than the one that encrypted then.
    pub older_segments: usize,
}

/// The log's folder in the data folder.
pub(super) const LOG: &str = "log";

/// Facts of a folder that must stay as they were when it was created: the meaning of what stands
/// in it depends on them.
const SHARDS: &str = "shards";
const DAY_STARTS_AT: &str = "day_starts_at_minutes";
/// When the folder was put back from a backup.
pub(super) const RESTORED_AT: &str = "restored_at";
/// When projects were last erased from the folder.
pub(super) const ERASED_AT: &str = "erased_at";
/// Set when a page was found damaged: the next start rebuilds the store.
pub(super) const REBUILD: &str = "rebuild_store";

impl Opened {
    /// # Errors
    /// With the folder, the file or the fact that is wrong, and what to do.
    pub fn open(config: &Config, observer: Arc<dyn Observer>) -> anyhow::Result<Opened> {
        let path = &config.data.path;
        let mut folder = DataFolder::open(path)?;
        let shards = hold_fact(&mut folder, SHARDS, config.engine.shards, "engine.shards")?;
        let minutes = config.clock.day_starts_at.0;
        hold_fact(&mut folder, DAY_STARTS_AT, minutes, "clock.day_starts_at")?;
        let mut settings = settings(config);
        settings.shards = shards;
        let life = |fact| folder.get(fact).map_or(0, |at| crc32fast::hash(at.as_bytes()));
        // Either makes other rows of the same numbers: cursors of before mean nothing.
        settings.life = life(RESTORED_AT) ^ life(ERASED_AT).rotate_left(1);
        let marked = folder.get(REBUILD) == Some("yes");
        for name in [LOG, store::STORE] {
            if log::settle(path, name)? {
                tracing::warn!(name, "a change of keys was interrupted: what it left is cleared up");
            }
        }
        let ring = config.security.keys.as_ref().map(|file| file.ring.clone());
        let keys = ring.map(data_keys::open).transpose()?;
        let keys = keys.as_ref();
        let (engine, used) = match start(config, keys, &settings, marked, observer.clone()) {
            Err(Failure::StoreDamaged(what)) => {
                tracing::error!(what, "the store is damaged; it is rebuilt from the log");
                start(config, keys, &settings, true, observer).map_err(Failure::into_error)?
            }
            other => other.map_err(Failure::into_error)?,
        };
        if marked {
            folder.put(REBUILD, "no")?;
        }
        let encryption = keys.map(|keys| Encryption::of(keys, &used));
        Ok(Opened { engine, encryption, answers: None, sources: None, folder })
    }

    /// An instance of a cluster; what stands in the folder are copies, and it is made anew when it is empty.
    ///
    /// # Errors
    /// With the folder, the topic or the setting that is wrong, and what is needed.
    pub fn join(config: &Config, ears: cluster::Ears) -> anyhow::Result<Opened> {
        let folder = DataFolder::open(&config.data.path)?;
        let ring = config.security.keys.as_ref().map(|file| file.ring.clone());
        let keys = ring.map(data_keys::open).transpose()?;
        let encryption = keys.as_ref().map(|keys| Encryption::of(keys, &BTreeMap::new()));
        let joined = cluster::join(config, keys, ears)?;
        let (answers, sources) = (Some(joined.answers), Some(joined.sources));
        Ok(Opened { engine: joined.engine, encryption, answers, sources, folder })
    }

    /// The engine has failed: if the store is to blame, the next start rebuilds it.
    pub fn note_failure(&mut self, reason: &str) {
        if reason.contains("store is damaged") {
            // The process is ending for a worse reason than this write could fail for.
            let _ = self.folder.put(REBUILD, "yes");
        }
    }

    pub fn path(&self) -> &Path {
        &self.folder.path
    }
}

impl Encryption {
    /// Says what an operator must not overlook.
    fn of(keys: &DataKeys, used: &BTreeMap<Option<KeyId>, usize>) -> Encryption {
        let (key, suite) = (keys.current(), keys.suite().as_str());
        let count = |which: fn(&Option<KeyId>, KeyId) -> bool| {
            used.iter().filter(|(id, _)| which(id, key)).map(|(_, segments)| segments).sum::<usize>()
        };
        let plain_segments = count(|id, _| id.is_none());
        let older_segments = count(|id, key| id.is_some_and(|id| id != key));
        tracing::info!(%key, suite, "what is written from now on is encrypted");
        if plain_segments > 0 {
            tracing::warn!(
                plain_segments,
                "older segments of the log are not encrypted: stop the service and run `wagewatch keys rewrite`"
            );
        }
        if older_segments > 0 {
            tracing::info!(
                older_segments,
                "segments of the log need older keys, until `wagewatch keys rewrite`"
            );
        }
        Encryption { keys: keys.clone(), plain_segments, older_segments }
    }
}

enum Failure {
    StoreDamaged(String),
    Other(anyhow::Error),
}

impl Failure {
    fn into_error(self) -> anyhow::Error {
        match self {
            Failure::StoreDamaged(what) => anyhow::anyhow!("the store is damaged: {what}"),
            Failure::Other(error) => error,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        match error {
            StoreError::Damaged(what) => Failure::StoreDamaged(what),
            other => Failure::Other(other.into()),
        }
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Failure {
        Failure::Other(error.into())
    }
}

/// An engine on the folder, and how many segments of its log stood under which key.
fn start(
    config: &Config,
    keys: Option<&DataKeys>,
    settings: &Settings,
    rebuild: bool,
    observer: Arc<dyn Observer>,
) -> Result<(Engine, BTreeMap<Option<KeyId>, usize>), Failure> {
    let path = &config.data.path;
    let options = LogOptions {
        segment_bytes: config.log.segment_bytes,
        retain_bytes: config.log.retain_bytes,
        retain_days: u32::try_from(config.log.retain_days).unwrap_or(u32::MAX),
    };
    let (log, recovery) = SegmentLog::open_with(&path.join(LOG), options, keys.cloned())?;
    if let Some(torn) = &recovery.torn {
        tracing::error!(
            file = %torn.file.display(), offset = torn.offset, bytes = torn.bytes, what = torn.what,
            kept_as = %torn.kept_as.display(),
            "the last write to the log was interrupted; what was acknowledged before it stands"
        );
    }
    if rebuild {
        if log.oldest().0 > 1 {
            let oldest = log.oldest().0;
            return Err(Failure::Other(anyhow::anyhow!(
                "the store cannot be rebuilt: the log begins at block {oldest}, older blocks were dropped by retention; restore store or log from a backup"
            )));
        }
        tracing::warn!(blocks = log.head().0, "rebuilding the store from the log");
        SledStore::destroy(&path.join(store::STORE))?;
    }
    let store = store::open(path, config.store.cache_bytes, keys)
        .map_err(|error| error.downcast::<StoreError>().map_or_else(Failure::Other, Failure::from))?;
    let (head, used) = (log.head().0, log.keys_used());
    let parts = Parts {
        log: Box::new(log),
        store,
        settings: settings.clone(),
        book: Arc::new(config.rulebook.clone()),
        ids: config.alerts.id_key.as_ref().map_or(PUBLIC_ID_KEY, |key| key.0),
        observer,
    };
    let engine = Engine::start(parts).map_err(|error| match error {
        StartError::Store(error) => error.into(),
        other => Failure::Other(other.into()),
    })?;
    let covered = engine.status().covered.0;
    if covered == 0 && head > 0 {
        tracing::warn!(blocks = head, "the store is empty: rebuilding all state from the log");
    } else if covered < head {
        tracing::info!(covered, head, "the store is behind the log: replaying what follows");
    }
    Ok((engine, used))
}

fn settings(config: &Config) -> Settings {
    Settings {
        shards: config.engine.shards,
        threads: config.engine.threads,
        batch_entries: config.engine.batch_records,
        queue_entries: config.engine.queue_records,
        memory_bytes: usize::try_from(config.engine.memory_bytes).unwrap_or(usize::MAX),
        checkpoint_ms: config.store.checkpoint_seconds.saturating_mul(1000),
        checkpoint_entries: usize::try_from(config.store.checkpoint_records).unwrap_or(usize::MAX),
        history_rows: usize::try_from(config.alerts.history_rows).unwrap_or(usize::MAX),
        shadow: config.shadow.clone().map(Arc::new),
        life: 0,
    }
}

/// Records the fact in a new folder; refuses another value in one that has it.
fn hold_fact(folder: &mut DataFolder, key: &str, wanted: u16, setting: &str) -> anyhow::Result<u16> {
    match folder.get(key).map(str::to_owned) {
        None => {
            folder.put(key, &wanted.to_string()).context("could not record the folder's facts")?;
            Ok(wanted)
        }
        Some(known) if known == wanted.to_string() => Ok(wanted),
        Some(known) => bail!(
            "{}: {setting} is {wanted}, but this data folder was created with {known}; it cannot change later (start with an empty folder and send the records again)",
            folder.path.display()
        ),
    }
}
