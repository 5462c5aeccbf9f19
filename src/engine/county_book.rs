//! The county's ledger with its pages in the store: those that a record needs are read before it is
//! routed, those that changed are encoded, clean ones leave memory. Knows no log, no shard.

use super::keys;
use crate::codec::{self, Corrupt};
use crate::domain::Record;
use crate::ledger::{Command, County, CountyPage, PageImage, Routed};
use crate::store::{Changes, Store, StoreError};
use std::sync::Arc;

pub(super) struct CountyBook {
    county: County,
    store: Arc<dyn Store>,
}

impl CountyBook {
    /// The county as the store has it.
    pub fn open(store: Arc<dyn Store>) -> Result<CountyBook, StoreError> {
        let mut county = County::default();
        let prefix = keys::county();
        store.scan(&prefix, &mut |key, bytes| {
            let page =
                CountyPage::from_bytes(&key[prefix.len()..]).ok_or_else(|| damaged(Corrupt("a page key")))?;
            if page.is_lazy() {
                county.exists(page);
                return Ok(());
            }
            county.load_page(page, &codec::unpack(bytes).map_err(damaged)?).map_err(damaged)
        })?;
        Ok(CountyBook { county, store })
    }

    pub fn ledger(&self) -> &County {
        &self.county
    }

    pub fn heap_bytes(&self) -> usize {
        self.county.heap_bytes()
    }

    /// [`County::route`], with what it needs in memory.
    pub fn route<'a>(
        &mut self,
        record: &'a Record,
        commands: &mut Vec<Command>,
    ) -> Result<Routed<'a>, StoreError> {
        for page in self.county.needs(record) {
            let bytes =
                self.store.get(&key(page))?.ok_or_else(|| damaged(Corrupt("a page that was there")))?;
            self.county.load_page(page, &codec::unpack(&bytes).map_err(damaged)?).map_err(damaged)?;
        }
        Ok(self.county.route(record, commands))
    }

    /// The pages that changed since the last call, as they are now.
    pub fn image(&mut self) -> CountyImage {
        CountyImage(self.county.dirty_images())
    }

    /// Lets pages leave memory. The store must have all of them as they are now.
    pub fn evict(&mut self, limit_bytes: usize) {
        if self.county.heap_bytes() > limit_bytes {
            self.county.evict_clean(self.county.heap_bytes() - limit_bytes);
        }
    }
}

/// Pages of the county as they were, to be encoded where nobody waits for it.
pub(super) struct CountyImage(Vec<(CountyPage, PageImage)>);

impl CountyImage {
    pub fn encode(self, changes: &mut Changes) {
        let pages = self.0.into_iter();
        changes.put.extend(pages.map(|(page, image)| (key(page), codec::pack(&image.bytes()))));
    }
}

fn key(page: CountyPage) -> Vec<u8> {
    let mut key = keys::county();
    key.extend_from_slice(&page.to_bytes());
    key
}

fn damaged(corrupt: Corrupt) -> StoreError {
    StoreError::Damaged(corrupt.to_string())
}
