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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::PUBLIC_ID_KEY;
    use crate::domain::{Day, IdNumber, Level, Position, Rule, Uscc};
    use crate::engine::shard::Equipment;
    use crate::store::MemoryStore;

    fn project(n: u8) -> ProjectId {
        ProjectId::parse("project_id", &format!("P{n}")).unwrap()
    }

    fn owes(amount: i128) -> Vec<Share> {
        let firm = Uscc::parse("employer_uscc", "91110000600037341L").unwrap();
        // Enough for `group-arrears` where they are owed in two projects.
        let workers = (10..20).map(|n| IdNumber::from_kept(&format!("Passport{n}"))).collect();
        vec![Share { firm, amount, workers, oldest_due_on: Day(20_000) }]
    }

    fn say(teller: &mut ShadowTeller, known: Option<Mark>, shares: &Shares) -> SharesSaid {
        let shares = shares.iter().map(|(project, shares)| (project, shares.as_slice()));
        SharesSaid::read(&teller.say(known, true, shares).to_bytes()).unwrap()
    }

    #[test]
    fn what_is_known_is_not_said_again_and_what_another_rulebook_finds_is_left_out() {
        let book = Arc::new(Rulebook { version: "next".into(), ..Rulebook::default() });
        let mut county = CountyShadow::new(book.clone(), 2);
        let mut teller = ShadowTeller::new(&book);
        let hear = |county: &mut CountyShadow, bytes: Option<Vec<u8>>| {
            let apart = county.hear([(0, bytes), (7, None)].into_iter());
            let heard = &county.heard[0];
            (apart, heard.mark, heard.is_level, heard.projects.len())
        };
        let mut shares: Shares = vec![(project(2), owes(7)), (project(1), owes(i128::MAX))];
        let first = say(&mut teller, None, &shares);
        assert!(first.shares.as_ref().is_some_and(|shares| shares[1] == (project(2), owes(7))));
        let mark = Some(first.mark);
        assert_eq!(hear(&mut county, Some(first.to_bytes())), (vec![], mark, true, 2));
        assert_eq!(county.marks().collect::<Vec<_>>(), [(0, mark), (1, None)]);
        // Whoever owns it says the same mark; what it stands for needs no saying.
        shares.reverse();
        let again = say(&mut ShadowTeller::new(&book), mark, &shares);
        assert!(again.shares.is_none() && Some(again.mark) == mark);
        assert_eq!(hear(&mut county, Some(again.to_bytes())), (vec![], mark, true, 2));
        // Nobody answers: it stands, and is waited for.
        assert_eq!(hear(&mut county, None), (vec![], mark, false, 2));
        // It is not taken for known by one who has not heard it.
        let mut next = CountyShadow::new(book.clone(), 2);
        assert_eq!(hear(&mut next, Some(again.to_bytes())), (vec![], None, false, 0));
        shares.pop();
        teller.changed();
        let fewer = say(&mut teller, mark, &shares);
        assert_eq!(hear(&mut county, Some(fewer.to_bytes())), (vec![], Some(fewer.mark), true, 1));
        let other = say(&mut ShadowTeller::new(&Rulebook::default()), None, &shares);
        for bytes in [other.to_bytes(), Vec::new(), b"of another version".to_vec()] {
            let mut county = CountyShadow::new(book.clone(), 2);
            hear(&mut county, Some(fewer.to_bytes()));
            assert_eq!(hear(&mut county, Some(bytes.clone())), (vec![0], None, false, 0));
            assert_eq!(hear(&mut county, Some(bytes)), (vec![], None, false, 0), "told once");
        }
        let bytes = fewer.to_bytes();
        assert!(SharesSaid::read(&bytes[..bytes.len() / 2]).is_err());
    }

    fn bureau(book: &Arc<Rulebook>) -> Bureau {
        let (store, book) = (Arc::new(MemoryStore::new()), book.clone());
        let with = Equipment { store, book, ids: PUBLIC_ID_KEY, rows_max: 0, shards: 2, shadow: None };
        let (mut bureau, _) = Bureau::open(2, with).unwrap();
        bureau.begin(Position(1), 0);
        bureau.turn_to(Day(20_100), Vec::new()).unwrap();
        bureau.end();
        bureau
    }

    #[test]
    fn the_county_counts_what_is_owed_now_once_for_each_time_that_it_asks() {
        let book = Arc::new(Rulebook::default());
        let (mut county, bureau) = (CountyShadow::new(book.clone(), 2), bureau(&book));
        let groups = |county: &CountyShadow| county.counts().get(&(Rule::GroupArrears, Level::Red)).copied();
        let tell = |county: &mut CountyShadow, at: [&Shares; 2]| {
            let said = (0..).zip(at).map(|(n, shares)| {
                let said = say(&mut ShadowTeller::new(&book), None, shares);
                (n, Some(said.to_bytes()))
            });
            assert!(county.hear(said).is_empty());
        };
        assert!(!county.waits(&bureau), "nobody was asked");
        assert_eq!(county.waiting(&bureau), 3);
        let (one, other, none) = (vec![(project(1), owes(7))], vec![(project(2), owes(7))], Shares::new());
        for (at, wanted) in [([&one, &other], Some(1)), ([&one, &none], None), ([&other, &one], Some(1))] {
            tell(&mut county, at);
            assert!(county.waits(&bureau) && county.waiting(&bureau) == 1);
            county.judge(&bureau);
            assert!(!county.waits(&bureau) && county.waiting(&bureau) == 0);
            assert_eq!(groups(&county), wanted);
        }
    }
}
