//! Opens the store of a data folder: plain, encrypted, or plain until now and from now on encrypted. Knows no page.

use super::data_keys;
use crate::cipher::DataKeys;
use crate::engine::open_part;
use crate::log::{new_beside, swap};
use crate::store::{EncryptedStore, SledStore, Standing, Store, StoreError, copy, standing};
use std::path::Path;
use std::sync::Arc;

/// The store's folder in the data folder.
pub(super) const STORE: &str = "store";

/// Opens it, making it if there is none. One that is plain is written anew at once where keys are configured.
pub(super) fn open(data: &Path, cache_bytes: u64, keys: Option<&DataKeys>) -> anyhow::Result<Arc<dyn Store>> {
    let path = data.join(STORE);
    let plain = SledStore::open(&path, cache_bytes)?;
    match (standing(&plain)?, keys) {
        (Standing::Encrypted, None) => Err(StoreError::Unusable(format!(
            "{} is encrypted, and no keys are configured (security.keys_file)",
            path.display()
        ))
        .into()),
        (_, None) => Ok(Arc::new(plain)),
        (Standing::Plain, Some(keys)) => {
            tracing::warn!(store = %path.display(), "the store is plain: it is written anew, encrypted");
            drop(plain);
            rewrite(data, cache_bytes, None, keys)?;
            encrypted(SledStore::open(&path, cache_bytes)?, keys)
        }
        (_, Some(keys)) => encrypted(plain, keys),
    }
}

fn encrypted(sled: SledStore, keys: &DataKeys) -> anyhow::Result<Arc<dyn Store>> {
    Ok(Arc::new(EncryptedStore::open(sled, keys.clone(), open_part, data_keys::draw()?)?))
}

/// Writes the store anew under the key that encrypts now, and puts it in the old one's place. `old`: what it is encrypted
/// with, `None` if it is plain.
pub(super) fn rewrite(
    data: &Path,
    cache_bytes: u64,
    old: Option<&DataKeys>,
    keys: &DataKeys,
) -> anyhow::Result<u64> {
    let from = SledStore::open(&data.join(STORE), cache_bytes)?;
    let from: Arc<dyn Store> = match old {
        None => Arc::new(from),
        Some(old) => encrypted(from, old)?,
    };
    let to = SledStore::open(&new_beside(data, STORE), cache_bytes)?;
    let to = encrypted(to, keys)?;
    let pages = copy(&*from, &*to)?;
    drop((from, to));
    swap(data, STORE)?;
    Ok(pages)
}
