//! A second rulebook that judges beside, on whichever members: at any moment, from whatever they have heard of each other,
//! and counted anew wherever a partition goes. At rest the counts of all members together are the oracle's by that rulebook.

use super::node::Node;
use super::oracle::world;
use super::support::judge::truth;
use super::topics::Topics;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng as Dice;
use std::collections::BTreeMap;
use std::sync::Arc;
use wagewatch::domain::{Entry, Level, Rule, Rulebook};
use wagewatch::engine::Equipment;
use wagewatch::engine::cluster::{ClusterError, Partition, Question, question};
use wagewatch::engine::partition::Owner;
use wagewatch::store::{MemoryStore, StoreError};

type Answers = Vec<(Partition, Option<Vec<u8>>)>;
type Counts = BTreeMap<(Rule, Level), u64>;

pub struct Shadow {
    pub book: Arc<Rulebook>,
    dice: Dice,
    /// On their way to a member that had the county when it asked.
    answers: Vec<(usize, Answers)>,
}

impl Shadow {
    pub fn new(seed: u64) -> Shadow {
        let (day_starts_at, other) = (world::book(seed).day_starts_at, world::book(seed + 1));
        let book = Arc::new(Rulebook { version: "shadow".into(), day_starts_at, ..other });
        Shadow { book, dice: Dice::seed_from_u64(seed ^ 0x0053_4841_444f), answers: Vec::new() }
    }

    /// An owner of a partition that has the shadow beside, on a store of its own.
    pub fn owner(
        &self,
        partition: Partition,
        partitions: u16,
        with: &Equipment,
    ) -> Result<Owner, StoreError> {
        let (store, shadow) = (Arc::new(MemoryStore::new()), Some(self.book.clone()));
        Owner::open(partition, partitions, Equipment { store, shadow, ..with.clone() })
    }

    /// A member judges a little; the county asks now and then, and hears of it sooner or later, or never.
    pub fn let_judge(&mut self, nodes: &mut [Node], at: usize, topics: &Topics) -> Result<(), ClusterError> {
        let Some(instance) = &mut nodes[at].instance else { return Ok(()) };
        for _ in 0..self.dice.random_range(0..4) {
            instance.judge_shadow()?;
        }
        let questions = instance.shadow_questions();
        if self.dice.random_ratio(1, 4) {
            let asked = ask(nodes, topics, &questions, |_| self.dice.random_ratio(4, 5))?;
            self.answers.push((at, asked));
        }
        if self.dice.random_bool(0.5) && !self.answers.is_empty() {
            let (at, answers) = self.answers.remove(0);
            nodes[at].instance.iter_mut().for_each(|one| one.shadow_answers(answers.clone()));
        }
        Ok(())
    }

    /// Members are at rest: after they have judged all, and the county has asked all, their counts are the oracle's.
    /// Answers how many alerts there are, and how many employers owe over projects.
    pub fn check(&self, nodes: &mut [Node], topics: &Topics, live: &Rulebook) -> (u64, u64) {
        let judge_all = |nodes: &mut [Node]| {
            for node in nodes {
                while node.instance.as_mut().unwrap().judge_shadow().unwrap() {}
            }
        };
        judge_all(nodes);
        for at in 0..nodes.len() {
            let instance = nodes[at].instance.as_mut().unwrap();
            let questions = instance.shadow_questions();
            if !questions.is_empty() {
                let answers = ask(nodes, topics, &questions, |_| true).unwrap();
                nodes[at].instance.as_mut().unwrap().shadow_answers(answers);
            }
        }
        judge_all(nodes);
        let mut found = Counts::new();
        for node in nodes.iter() {
            let shadow = node.instance.as_ref().unwrap().shadow().unwrap();
            assert_eq!((shadow.waiting, shadow.version.as_str()), (0, "shadow"), "member {}", node.id);
            for (what, count) in shadow.alerts {
                *found.entry(what).or_default() += count;
            }
        }
        let entries = topics.entries();
        let last = entries.iter().rev().find_map(|entry| match entry {
            Entry::Rulebook(book) => Some(&**book),
            _ => None,
        });
        let mut wanted = wanted(entries.iter(), &self.book);
        // Whose confirmed cases are many hangs on what people did: the oracle knows of records alone.
        found.retain(|(rule, _), _| *rule != Rule::RepeatOffender);
        // On which days somebody has a whole day at a project is counted by the live rulebook.
        let of_days = |numbers: &wagewatch::domain::Numbers| {
            (numbers.suspicious_shared_day, numbers.presence_steps.clone())
        };
        if !self.book.agrees_on(last.unwrap_or(live), of_days) {
            for counts in [&mut found, &mut wanted] {
                counts.retain(|(rule, _), _| *rule != Rule::AttendanceSuspicious);
            }
        }
        assert_eq!(found, wanted, "what the shadow finds on all members together");
        let groups = wanted.iter().filter(|((rule, _), _)| *rule == Rule::GroupArrears);
        (wanted.values().sum(), groups.map(|(_, count)| count).sum())
    }
}

/// What the oracle finds by a rulebook; those of the topics are the live judgement's.
fn wanted<'a>(entries: impl Iterator<Item = &'a Entry>, book: &Rulebook) -> Counts {
    let records: Vec<Entry> = entries.filter(|entry| !matches!(entry, Entry::Rulebook(_))).cloned().collect();
    let mut counts = Counts::new();
    let (truth, today) = truth(&records, book);
    // Before the first date there are no alerts.
    for (key, finding) in truth.alerts.iter().filter(|_| today.is_some()) {
        *counts.entry((key.1.rule, finding.level)).or_default() += 1;
    }
    counts
}

/// Asks whoever owns the partitions, as instances do: bytes to bytes. Some answers are lost.
fn ask(
    nodes: &mut [Node],
    topics: &Topics,
    questions: &[(Partition, Question)],
    mut arrives: impl FnMut(Partition) -> bool,
) -> Result<Answers, ClusterError> {
    let questions = question::read_questions(&question::write_questions(questions)).unwrap();
    let mut answers = Answers::new();
    for (partition, question) in questions {
        let owner = topics.owner(partition).unwrap();
        let runs = nodes[owner].runs() && arrives(partition);
        let instance = nodes[owner].instance.as_mut().filter(|_| runs);
        let answer = instance.map(|one| one.ask(partition, |owner| question.answer(owner)));
        answers.push((partition, answer.transpose()?.flatten()));
    }
    Ok(answers)
}
