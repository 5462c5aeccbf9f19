//! Alert rows made ready for subscribers: routed and encoded once, however many get them.
//! A small cache by shard and number; what is not in it is made again.

use super::facts::ProjectDirectory;
use super::present;
use super::seal::Seal;
use crate::access::{Home, Place, Sight};
use crate::alerts::{Directory, IdKey};
use crate::domain::{Address, AlertRow, Day, Doubt, Doubts, Fen, Funding, ProjectId};
use crate::engine::api::ProjectFacts;
use crate::guard::Visit;
use compact_str::CompactString;
use prost::Message;
use prost::bytes::Bytes;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A row, its project's facts and who is told, as of one moment.
pub struct Prepared {
    pub row: Arc<AlertRow>,
    pub facts: Option<Arc<ProjectFacts>>,
    /// Of no single project: where else it is at home.
    pub also: Vec<ProjectFacts>,
    /// Codes of all departments that are told.
    pub departments: Vec<CompactString>,
    /// Why its project's figures are in doubt.
    pub doubts: Vec<Doubt>,
    encoded: OnceLock<Bytes>,
    /// The same for those who see no person.
    impersonal: OnceLock<Bytes>,
}

impl Prepared {
    /// Where its project is, or its projects are.
    pub fn places(&self) -> impl Iterator<Item = Place<'_>> {
        let homes = std::iter::once(self.facts.as_deref()).chain(self.also.iter().map(Some));
        homes.map(|facts| Place {
            sector: facts.map_or("", |facts| facts.sector.as_str()),
            territory: facts.map_or("", |facts| facts.territory.as_str()),
            departments: &self.departments,
        })
    }

    /// Whether the caller sees what is there.
    pub fn is_of(&self, visit: &Visit) -> bool {
        self.places().any(|place| visit.sees_project(place))
    }
}

/// What a prepared row depends on beside the row.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Epoch {
    today: Option<Day>,
    generation: u64,
}

struct Slot {
    seq: u64,
    epoch: Epoch,
    prepared: Arc<Prepared>,
}

/// Prepares rows. Shared by all callers.
pub struct Rows {
    directory: Arc<dyn ProjectDirectory>,
    routes: Arc<Directory>,
    ids: IdKey,
    /// By shard, each a ring by number.
    cache: Vec<Mutex<Vec<Option<Slot>>>>,
}

/// Rows kept ready in all; a prepared row takes 2 to 4 KB.
const CACHED_ROWS: usize = 16_384;

impl Rows {
    pub fn new(
        directory: Arc<dyn ProjectDirectory>,
        routes: Arc<Directory>,
        ids: IdKey,
        shards: u16,
    ) -> Rows {
        let ring = (CACHED_ROWS / usize::from(shards.max(1))).max(64);
        let cache = (0..shards).map(|_| Mutex::new((0..ring).map(|_| None).collect())).collect();
        Rows { directory, routes, ids, cache }
    }

    pub fn ids(&self) -> &IdKey {
        &self.ids
    }

    /// Whether the caller sees the alert: it is of a project of his, and not held, or he sees everything.
    pub fn is_seen(&self, row: &Arc<AlertRow>, visit: &Visit) -> bool {
        (row.alert.held.is_none() || visit.sees_county()) && self.make(row).is_of(visit)
    }

    pub fn routes(&self) -> &Directory {
        &self.routes
    }

    /// The row with its facts, from the cache if it is there.
    pub fn prepare(&self, row: &Arc<AlertRow>, today: Option<Day>) -> Arc<Prepared> {
        let epoch = Epoch { today, generation: self.directory.generation() };
        let Some(ring) = self.cache.get(usize::from(row.shard)) else { return Arc::new(self.make(row)) };
        let mut ring = ring.lock().unwrap_or_else(PoisonError::into_inner);
        let place = usize::try_from(row.seq).unwrap_or(0) % ring.len();
        if let Some(slot) = &ring[place]
            && slot.seq == row.seq
            && slot.epoch == epoch
        {
            return slot.prepared.clone();
        }
        let prepared = Arc::new(self.make(row));
        ring[place] = Some(Slot { seq: row.seq, epoch, prepared: prepared.clone() });
        prepared
    }

    /// What binds a caller's cursors to him.
    pub fn seal(&self, caller: &str) -> Seal {
        Seal::new(&self.ids, caller)
    }

    /// The row's `AlertEvent` as bytes, encoded by whoever wants it first.
    pub fn encoded(&self, prepared: &Prepared, today: Option<Day>, sight: Sight) -> Bytes {
        let kept = match sight {
            Sight::Masked => &prepared.encoded,
            Sight::NoPersons => &prepared.impersonal,
        };
        let make = || present::event(prepared, &self.routes, &self.ids, today, sight).encode_to_vec();
        kept.get_or_init(|| Bytes::from(make())).clone()
    }

    pub fn alert(&self, prepared: &Prepared, today: Option<Day>, sight: Sight) -> crate::proto::v1::Alert {
        present::alert(prepared, &self.routes, &self.ids, today, sight)
    }

    /// Where a project is, by what is known of it now.
    pub fn home(&self, facts: Option<&ProjectFacts>) -> Home {
        let audience = present::audience(&self.routes, facts);
        Home {
            sector: facts.map(|facts| facts.sector.clone()).unwrap_or_default(),
            territory: facts.map(|facts| facts.territory.clone()).unwrap_or_default(),
            departments: audience.departments().iter().map(|d| d.code.clone()).collect(),
        }
    }

    pub fn home_of(&self, project: &ProjectId) -> Home {
        self.home(self.directory.facts(project).as_deref())
    }

    /// Why a project's figures are in doubt.
    pub fn doubts_of(&self, project: &ProjectId) -> Vec<Doubt> {
        self.directory.doubts().get(project).cloned().unwrap_or_default()
    }

    /// All projects in doubt.
    pub fn doubts(&self) -> Arc<Doubts> {
        self.directory.doubts()
    }

    /// A row that is asked for once: not put into the cache.
    pub fn make(&self, row: &Arc<AlertRow>) -> Prepared {
        let (facts, also) = match row.project_id().is_county() {
            true => {
                let mut homes = row.alert.finding.evidence.addresses().into_iter().map(addressed);
                (homes.next().map(Arc::new), homes.collect())
            }
            false => (self.directory.facts(row.project_id()), Vec::new()),
        };
        let audience = present::audience_of_all(&self.routes, facts.as_deref(), &also);
        let mut departments: Vec<CompactString> =
            audience.departments().iter().map(|d| d.code.clone()).collect();
        // The coordinator is told of everything; the county head of what reached the top of the ladder.
        let above = self.routes.ladder(row.alert.clock.escalation).map(|d| d.code.clone());
        departments.extend(above.filter(|code| !departments.contains(code)));
        Prepared {
            row: row.clone(),
            facts,
            also,
            departments,
            doubts: self.doubts_of(row.project_id()),
            encoded: OnceLock::new(),
            impersonal: OnceLock::new(),
        }
    }
}

/// One of those for whom an alert of no single project is, as it says itself.
fn addressed(address: Address) -> ProjectFacts {
    ProjectFacts {
        name: "".into(),
        sector: address.sector,
        territory: address.territory,
        funding: Funding::Private,
        contractor_name: "".into(),
        contract_fen: Fen(0),
    }
}
