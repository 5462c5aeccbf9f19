//! A machine of the cluster: its local copies, which outlive the member that runs on it.

use super::topics::{Mishap, Topics, letter_id};
use rand::Rng;
use rand_chacha::ChaCha8Rng as Dice;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wagewatch::alerts::PUBLIC_ID_KEY;
use wagewatch::domain::{Rulebook, Verdict};
use wagewatch::engine::Equipment;
use wagewatch::engine::api::DeadLetter;
use wagewatch::engine::cluster::{ClusterError, Instance, InstanceSettings, Partition};
use wagewatch::store::{CrashAt, MemoryStore, Store};

use super::topics::Member;

type Copies = Arc<Mutex<BTreeMap<Partition, MemoryStore>>>;

pub struct Node {
    pub id: usize,
    copies: Copies,
    /// Judges beside the live one.
    shadow: Option<Arc<Rulebook>>,
    /// `None` while it is down.
    pub instance: Option<Instance<Member>>,
    pub is_frozen: bool,
    /// Senders that were told by which id their dead letter is known.
    pub lettered: usize,
}

impl Node {
    pub fn new(id: usize, shadow: Option<Arc<Rulebook>>) -> Node {
        Node { id, copies: Copies::default(), shadow, instance: None, is_frozen: false, lettered: 0 }
    }

    /// A new process on what the machine has kept.
    pub fn start(&mut self, topics: &Topics, book: &Arc<Rulebook>, dice: &mut Dice) {
        let copies = self.copies.clone();
        let settings = InstanceSettings {
            partitions: u16::try_from(topics.all().len() - 1).unwrap(),
            checkpoint_messages: dice.random_range(1..80),
            checkpoint_every: Duration::MAX,
            partition_bytes: if dice.random_bool(0.3) { 0 } else { usize::MAX },
        };
        let with = Equipment { shadow: self.shadow.clone(), ..equipment(book) };
        let stores = move |partition| {
            let store = copies.lock().unwrap().entry(partition).or_default().clone();
            Ok(Arc::new(store) as Arc<dyn Store>)
        };
        self.instance = Some(Instance::new(topics.member(self.id), settings, with, Box::new(stores)));
        self.is_frozen = false;
    }

    /// The process is gone; writes of copies that were under way are there or not.
    pub fn die(&mut self, topics: &Topics, dice: &mut Dice) {
        self.instance = None;
        self.is_frozen = false;
        topics.forget_mail(self.id);
        for copy in self.copies.lock().unwrap().values_mut() {
            *copy = copy.crash(dice.random());
        }
    }

    /// Somebody deletes the copies of a machine that is down.
    pub fn lose_copies(&mut self) {
        self.copies.lock().unwrap().clear();
    }

    /// Some pages of the copies, of those that an owner reads when it opens, or of who was where later on, are no
    /// pages any more.
    pub fn spoil_copies(&mut self, dice: &mut Dice) {
        for copy in self.copies.lock().unwrap().values_mut() {
            let mut pages = copy.pages();
            for (key, page) in &mut pages {
                if [b"M/", b"C/", b"U/", b"W/"].iter().any(|kind| key.starts_with(*kind))
                    && dice.random_ratio(1, 10)
                {
                    *page = vec![0xff; 3];
                }
            }
            *copy = MemoryStore::from_pages(pages);
        }
    }

    pub fn runs(&self) -> bool {
        self.instance.is_some() && !self.is_frozen
    }

    /// The next transaction, or the next write of a copy, goes wrong.
    pub fn befall(&mut self, dice: &mut Dice) {
        let Some(instance) = &mut self.instance else { return };
        match dice.random_range(0..5) {
            0 => instance.transport_mut().mishap = Some(Mishap::DiesBefore),
            1 => instance.transport_mut().mishap = Some(Mishap::DiesAfter),
            2 => instance.transport_mut().mishap = Some(Mishap::Aborted),
            n => {
                let copies = self.copies.lock().unwrap();
                let at = if n == 3 { CrashAt::Before } else { CrashAt::After };
                if let Some(copy) = copies.values().nth(dice.random_range(0..copies.len().max(1))) {
                    copy.crash_at(1, at);
                }
            }
        }
    }

    pub fn receive(&mut self) -> Result<(), ClusterError> {
        self.instance.as_mut().map_or(Ok(()), |instance| instance.receive(Duration::ZERO))
    }

    pub fn work(&mut self) -> Result<(), ClusterError> {
        let Some(instance) = &mut self.instance else { return Ok(()) };
        instance.work()?;
        let verdicts = instance.take_verdicts();
        let letters = instance.transport_mut().topics().dead_letters();
        for (partition, offset, judged) in verdicts {
            let Verdict::Rejected(reason) = judged.verdict else {
                assert_eq!(judged.letter, None);
                continue;
            };
            let is_of_it =
                |letter: &DeadLetter| letter.id.position.0 == offset + 1 && letter.reason == reason;
            match judged.letter {
                Some(id) => {
                    let at = (0..letters.len()).find(|at| letter_id(*at) == id).unwrap();
                    assert!(is_of_it(&letters[at]), "{partition:?} {offset}: another's letter");
                    self.lettered += 1;
                }
                // An act that may not be done is kept nowhere.
                None => {
                    assert!(!letters.iter().any(is_of_it), "{partition:?} {offset}: a letter without an id")
                }
            }
        }
        Ok(())
    }
}

/// What owners are given, without a shadow; the store is a new one.
pub fn equipment(book: &Arc<Rulebook>) -> Equipment {
    let store = Arc::new(MemoryStore::new());
    Equipment { store, book: book.clone(), ids: PUBLIC_ID_KEY, rows_max: 0, shards: 1, shadow: None }
}
