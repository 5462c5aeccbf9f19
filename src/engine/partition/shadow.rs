//! The shadow rulebook where projects live with several owners: what the owner of a partition says its employers owe by it,
//! and how the county's owner adds that up. He asks for it; nothing of it is written to any topic, and whoever comes after him
//! asks anew. Knows no instance, no address.

use super::orders::fingerprint;
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{ProjectId, Rulebook};
use crate::engine::bureau::Bureau;
use crate::engine::debts::Share;
use crate::engine::pages::{open, page};
use crate::engine::shadow::Counts;
use crate::engine::shadow_county::ShadowCounty;
use std::sync::Arc;

/// Of a partition's shares: others have another one, whoever owns them.
pub type Mark = u128;

type Shares = Vec<(ProjectId, Vec<Share>)>;

/// What employers owe in a partition's projects by the shadow rulebook.
pub struct SharesSaid {
    /// A fingerprint of the rulebook.
    book: u32,
    /// Every project is judged.
    is_level: bool,
    mark: Mark,
    /// `None`: those that are known already.
    shares: Option<Shares>,
}

impl SharesSaid {
    pub fn to_bytes(&self) -> Vec<u8> {
        page(|w| {
            w.u32(self.book);
            w.bool(self.is_level);
            w.u128(self.mark);
            w.option(self.shares.as_ref(), |w, shares| {
                write_shares(w, shares.iter().map(|(project, shares)| (project, shares.as_slice())));
            });
        })
    }

    /// # Errors
    /// The bytes are nobody's, or of another version.
    pub fn read(bytes: &[u8]) -> Result<SharesSaid, Corrupt> {
        open(bytes, |r| {
            let (book, is_level, mark) = (r.u32()?, r.bool()?, r.u128()?);
            let of_project = |r: &mut Reader<'_>| Ok((r.project_id()?, r.list(Share::read)?));
            Ok(SharesSaid { book, is_level, mark, shares: r.option(|r| r.list(of_project))? })
        })
    }
}

fn write_shares<'a>(w: &mut Writer, shares: impl ExactSizeIterator<Item = (&'a ProjectId, &'a [Share])>) {
    w.list(shares, |w, (project, shares)| {
        w.project_id(project);
        w.list(shares.iter(), |w, share| share.write(w));
    });
}

/// What a partition of projects has to tell the county.
pub(super) struct ShadowTeller {
    book: u32,
    /// Of what is owed now; `None` until somebody asks.
    mark: Option<Mark>,
}

impl ShadowTeller {
    pub fn new(book: &Rulebook) -> ShadowTeller {
        ShadowTeller { book: fingerprint(book), mark: None }
    }

    /// Somebody owes something else than before.
    pub fn changed(&mut self) {
        self.mark = None;
    }

    /// For somebody who knows the shares of that mark.
    pub fn say<'a>(
        &mut self,
        known: Option<Mark>,
        is_level: bool,
        shares: impl Iterator<Item = (&'a ProjectId, &'a [Share])>,
    ) -> SharesSaid {
        let book = self.book;
        if let Some(mark) = self.mark.filter(|mark| Some(*mark) == known) {
            return SharesSaid { book, is_level, mark, shares: None };
        }
        let mut all: Shares = shares.map(|(project, shares)| (project.clone(), shares.to_vec())).collect();
        all.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let mark = mark_of(&all);
        self.mark = Some(mark);
        SharesSaid { book, is_level, mark, shares: (Some(mark) != known).then_some(all) }
    }
}

fn mark_of(shares: &Shares) -> Mark {
    let mut w = Writer::new();
    write_shares(&mut w, shares.iter().map(|(project, shares)| (project, shares.as_slice())));
    let hash = blake3::hash(&w.bytes);
    hash.as_bytes().iter().take(16).fold(0, |mark, byte| (mark << 8) | Mark::from(*byte))
}

/// What the county's owner was told by the partitions, and what he finds by it.
pub(super) struct CountyShadow {
    book: u32,
    county: ShadowCounty,
    /// By partition.
    heard: Vec<Heard>,
    /// All were asked since it was judged last.
    is_asked: bool,
}

#[derive(Default)]
struct Heard {
    mark: Option<Mark>,
    projects: Vec<ProjectId>,
    /// When it was asked last, it said all that it will say.
    is_level: bool,
    /// It is judged by another rulebook, or by none.
    is_apart: bool,
}

impl CountyShadow {
    pub fn new(book: Arc<Rulebook>, partitions: u16) -> CountyShadow {
        let heard = (0..partitions).map(|_| Heard::default()).collect();
        CountyShadow { book: fingerprint(&book), county: ShadowCounty::new(book), heard, is_asked: false }
    }

    /// What is known of each partition: those that say another mark have something to say.
    pub fn marks(&self) -> impl Iterator<Item = (u16, Option<Mark>)> {
        (0..).zip(self.heard.iter().map(|heard| heard.mark))
    }

    /// What the partitions answered: bytes, none of one that has no such rulebook; `None` of one that nobody could ask.
    /// What was said last holds until something else is said. Answers of which the rulebook is another all of a sudden.
    pub fn hear(&mut self, answers: impl Iterator<Item = (u16, Option<Vec<u8>>)>) -> Vec<u16> {
        self.is_asked = true;
        let mut apart = Vec::new();
        for (partition, answer) in answers {
            let Some(heard) = self.heard.get_mut(usize::from(partition)) else { continue };
            heard.is_level = false;
            let Some(bytes) = answer else { continue };
            let said = match bytes.is_empty() {
                true => None,
                // Two versions at work during a deploy: as if it were not there.
                false => SharesSaid::read(&bytes).ok(),
            };
            match said {
                Some(said) if said.book == self.book => {
                    heard.is_apart = false;
                    heard.is_level =
                        said.is_level && (said.shares.is_some() || heard.mark == Some(said.mark));
                    if let Some(shares) = said.shares {
                        heard.mark = Some(said.mark);
                        heard.put(shares, &mut self.county);
                    }
                }
                _ => {
                    // What another rulebook finds must not be counted as this one's.
                    if !std::mem::replace(&mut heard.is_apart, true) {
                        apart.push(partition);
                    }
                    heard.mark = None;
                    heard.put(Shares::new(), &mut self.county);
                }
            }
        }
        apart
    }

    /// Whether there is something to judge. Once for each time that all are asked.
    pub fn waits(&self, bureau: &Bureau) -> bool {
        self.is_asked && self.county.is_stale(bureau)
    }

    pub fn judge(&mut self, bureau: &Bureau) {
        self.is_asked = false;
        self.county.judge(bureau);
    }

    /// Partitions that have not said all; the county itself while it is to be judged.
    pub fn waiting(&self, bureau: &Bureau) -> usize {
        self.heard.iter().filter(|heard| !heard.is_level).count() + usize::from(self.county.is_stale(bureau))
    }

    pub fn counts(&self) -> &Counts {
        self.county.counts()
    }
}

impl Heard {
    /// Puts these shares in the place of what was said before.
    fn put(&mut self, shares: Shares, county: &mut ShadowCounty) {
        let now: Vec<ProjectId> = shares.iter().map(|(project, _)| project.clone()).collect();
        for gone in std::mem::take(&mut self.projects) {
            if now.binary_search(&gone).is_err() {
                county.owes(gone, Vec::new());
            }
        }
        for (project, shares) in shares {
            county.owes(project, shares);
        }
        self.projects = now;
    }
}
