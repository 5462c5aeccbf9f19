//! `keys rewrite`: the whole data folder under the key that encrypts now, so that older keys can be thrown away and nothing
//! plain is left. On a folder that nobody works on. Whatever interrupts it, log and store stand whole, old or new.

use super::config::Config;
use super::data::LOG;
use super::{data_keys, store};
use crate::cipher::KeyId;
use crate::log::{self, DataFolder, Rewritten};
use crate::store::{SledStore, Standing, keys_of, standing};
use anyhow::Context;
use std::collections::BTreeSet;
use std::path::Path;

/// What was done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Done {
    pub key: KeyId,
    /// `None`: it stood under that key already.
    pub log: Option<Rewritten>,
    /// Pages.
    pub store: Option<u64>,
}

/// # Errors
/// A folder that is in use, a key that is missing, damage. What stood there then stands as it was.
pub fn rewrite(config: &Config) -> anyhow::Result<Done> {
    config.needs_local_log()?;
    let ring = config.security.keys.clone().context("no keys are configured (security.keys_file)")?.ring;
    let keys = data_keys::open(ring)?;
    let key = keys.current();
    let data = &config.data.path;
    let _held = DataFolder::open(data)?;
    log::settle(data, LOG)?;
    log::settle(data, store::STORE)?;
    let only = |id: &KeyId| *id == key;
    let log_dir = data.join(LOG);
    let mut done = Done { key, log: None, store: None };
    if log_dir.exists() && !log::keys_of(&log_dir)?.iter().all(|id| id.as_ref().is_some_and(only)) {
        done.log = Some(log::rewrite(&log_dir, &log::new_beside(data, LOG), &keys)?);
        log::swap(data, LOG)?;
    }
    if data.join(store::STORE).exists() {
        let cache = config.store.cache_bytes;
        let (stands, used) = of_store(data, cache)?;
        match stands {
            Standing::Empty => {}
            Standing::Plain => done.store = Some(store::rewrite(data, cache, None, &keys)?),
            Standing::Encrypted if used.iter().all(only) => {}
            Standing::Encrypted => done.store = Some(store::rewrite(data, cache, Some(&keys), &keys)?),
        }
    }
    Ok(done)
}

/// What a data folder that nobody works on is encrypted with; `None` stands for what is plain.
pub fn keys_in_use(config: &Config) -> anyhow::Result<BTreeSet<Option<KeyId>>> {
    config.needs_local_log()?;
    let data = &config.data.path;
    let _held = DataFolder::open(data)?;
    let mut used = log::keys_of(&data.join(LOG))?;
    if data.join(store::STORE).exists() {
        let (stands, of_store) = of_store(data, config.store.cache_bytes)?;
        used.extend(of_store.into_iter().map(Some));
        used.extend((stands == Standing::Plain).then_some(None));
    }
    Ok(used)
}

fn of_store(data: &Path, cache_bytes: u64) -> anyhow::Result<(Standing, BTreeSet<KeyId>)> {
    let sled = SledStore::open(&data.join(store::STORE), cache_bytes)?;
    let stands = standing(&sled)?;
    let used = if stands == Standing::Encrypted { keys_of(&sled)? } else { BTreeSet::new() };
    Ok((stands, used))
}
