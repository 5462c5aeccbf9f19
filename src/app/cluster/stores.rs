//! The local copies of partitions: a folder each in the data folder. One that was not written for long is not believed.

use super::super::store;
use crate::cipher::DataKeys;
use crate::engine::cluster::Partition;
use crate::store::{SledStore, Store, StoreError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The folder of the copies in the data folder.
pub const FOLDER: &str = "partitions";
/// Behind a copy that is older, tombstones of the changelog may have been compacted away (`delete.retention.ms`, a day):
/// pages that are gone would stand in it for ever.
const OLD: Duration = Duration::from_secs(20 * 3600);
/// sled keeps so much in memory at least.
const CACHE_LEAST: u64 = 1 << 20;

/// Opens copies.
pub struct Stores {
    pub data: PathBuf,
    /// For all of them together.
    pub cache_bytes: u64,
    pub partitions: u16,
    pub keys: Option<DataKeys>,
}

impl Stores {
    pub fn open(&self, partition: Partition) -> Result<Arc<dyn Store>, StoreError> {
        let folder = self.data.join(FOLDER).join(name(partition));
        std::fs::create_dir_all(&folder)
            .map_err(|error| StoreError::Io(format!("{}: {error}", folder.display())))?;
        let path = folder.join(store::STORE);
        if is_old(&path) {
            tracing::info!(?partition, "the local copy is old: it is read anew from the changelog");
            SledStore::destroy(&path)?;
        }
        let cache = (self.cache_bytes / (u64::from(self.partitions) + 1)).max(CACHE_LEAST);
        let open = || store::open(&folder, cache, self.keys.as_ref());
        let opened = open().or_else(|error| match error.downcast_ref::<StoreError>() {
            // What it was made of is still there.
            Some(StoreError::Damaged(what)) => {
                tracing::error!(
                    ?partition,
                    what,
                    "the local copy is damaged: it is read anew from the changelog"
                );
                SledStore::destroy(&path)?;
                open()
            }
            _ => Err(error),
        });
        opened.map_err(|error| match error.downcast::<StoreError>() {
            Ok(error) => error,
            Err(other) => StoreError::Unusable(format!("{other:#}")),
        })
    }
}

fn name(partition: Partition) -> String {
    match partition {
        Partition::Projects(id) => format!("projects-{id}"),
        Partition::County => "county".into(),
    }
}

/// Whether nothing in the folder was written lately. A clock that goes wrong costs a rebuild, no more.
fn is_old(path: &Path) -> bool {
    let Ok(files) = std::fs::read_dir(path) else { return false };
    let written = files.filter_map(|file| file.ok()?.metadata().ok()?.modified().ok()).max();
    written.is_some_and(|written| SystemTime::now().duration_since(written).is_ok_and(|age| age > OLD))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Changes;

    #[test]
    fn a_copy_is_kept_while_it_is_young() {
        let dir = tempfile::tempdir().unwrap();
        let stores = Stores { data: dir.path().to_owned(), cache_bytes: 8 << 20, partitions: 2, keys: None };
        let here = Partition::Projects(1);
        let put = vec![(b"k".to_vec(), b"v".to_vec())];
        let store = stores.open(here).unwrap();
        store.write(Changes { put, remove: Vec::new() }).unwrap();
        drop(store);
        let again = stores.open(here).unwrap();
        assert_eq!(again.get(b"k").unwrap().as_deref(), Some(&b"v"[..]));
        drop(again);
        assert_eq!(stores.open(Partition::County).unwrap().get(b"k").unwrap(), None);
        let long_ago = SystemTime::now() - OLD - Duration::from_secs(1);
        for file in std::fs::read_dir(dir.path().join("partitions/projects-1/store")).unwrap() {
            let path = file.unwrap().path();
            std::fs::File::open(path).unwrap().set_modified(long_ago).unwrap();
        }
        assert_eq!(stores.open(here).unwrap().get(b"k").unwrap(), None);
    }
}
