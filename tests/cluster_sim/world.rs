//! What happens in one seed, and what must hold when all is at rest.

use super::node::{Node, equipment};
use super::oracle::world;
use super::shadow::Shadow;
use super::support::flooding::{flooded, release};
use super::support::floods;
use super::support::judge::{Picture, truth};
use super::support::offenders::offenders;
use super::topics::{Planted, Topics};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng as Dice;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wagewatch::domain::{
    Act, ActKind, Alert, AlertId, AlertRow, Change, DismissReason, Entry, ProjectId, Rule, Rulebook, Subject,
    Time, WorkerWord,
};
use wagewatch::engine::ProjectAsk;
use wagewatch::engine::ProjectCopy;
use wagewatch::engine::cluster::{Partition, Question, Stage, question};
use wagewatch::engine::due::due_within;
use wagewatch::engine::partition::Owner;

/// How often things happened, to see that they do.
#[derive(Default, Debug)]
pub struct Seen {
    deaths: u32,
    freezes: u32,
    fenced: u64,
    moves: u32,
    acts: u32,
    rows: usize,
    raised: usize,
    held: usize,
    let_go: usize,
    /// Alerts of people at two projects on one day.
    pub at_two_projects: usize,
    said: (usize, usize),
    /// Alerts that the shadow rulebook counted, and of those what employers owe over projects.
    pub in_shadow: (u64, u64),
    /// Senders that were told by which id their dead letter is known.
    pub lettered: usize,
    /// Months that fell due of projects, as their owners said.
    pub due: usize,
}

impl Seen {
    pub fn add(&mut self, other: &Seen) {
        self.deaths += other.deaths;
        self.freezes += other.freezes;
        self.fenced += other.fenced;
        self.moves += other.moves;
        self.acts += other.acts;
        self.rows += other.rows;
        self.raised += other.raised;
        self.held += other.held;
        self.lettered += other.lettered;
        self.due += other.due;
        self.let_go += other.let_go;
        self.at_two_projects += other.at_two_projects;
        self.said = (self.said.0 + other.said.0, self.said.1 + other.said.1);
        self.in_shadow = (self.in_shadow.0 + other.in_shadow.0, self.in_shadow.1 + other.in_shadow.1);
    }
}

pub struct World {
    dice: Dice,
    book: Arc<Rulebook>,
    topics: Topics,
    nodes: Vec<Node>,
    pending: Vec<Entry>,
    /// In half of the seeds.
    shadow: Option<Shadow>,
    seen: Seen,
}

impl World {
    /// A cluster of some size, and the seed's records that doors will write.
    pub fn new(seed: u64, planted: Planted) -> World {
        let swarm = world::Swarm::of(seed);
        let swarm = if seed.is_multiple_of(4) { swarm.with_conflicts() } else { swarm };
        let shadow = seed.is_multiple_of(2).then(|| Shadow::new(seed));
        let mut world = World::with(seed, flooded(world::book(seed), seed), shadow, planted);
        world.pending = entries(seed, &swarm, &mut world.dice);
        world.pending.reverse();
        world
    }

    /// A cluster of some size, to which nobody has written.
    pub fn empty(seed: u64, book: Rulebook, planted: Planted) -> World {
        World::with(seed, book, None, planted)
    }

    fn with(seed: u64, book: Rulebook, shadow: Option<Shadow>, planted: Planted) -> World {
        let mut dice = Dice::seed_from_u64(seed);
        let book = Arc::new(book);
        let topics = Topics::new(dice.random_range(1..6), seed, planted);
        let beside = shadow.as_ref().map(|shadow| shadow.book.clone());
        let node = |id| Node::new(id, beside.clone());
        let mut nodes: Vec<Node> = (0..dice.random_range(1..5)).map(node).collect();
        nodes.iter_mut().for_each(|node| node.start(&topics, &book, &mut dice));
        for partition in topics.all() {
            topics.seize(partition, dice.random_range(0..nodes.len()));
        }
        World { dice, book, topics, nodes, pending: Vec::new(), shadow, seen: Seen::default() }
    }

    /// A door writes these, in their order; then members run for a while, and things happen to some.
    pub fn send(&mut self, entries: &[Entry]) {
        entries.iter().for_each(|entry| self.topics.write(entry, false, false));
        for _ in 0..self.dice.random_range(0..6) {
            let node = self.dice.random_range(0..self.nodes.len());
            self.let_run(node);
        }
        match self.dice.random_range(0..40) {
            0 => self.trouble(),
            1 => self.move_one(),
            _ => {}
        }
    }

    /// Every row that was told, once all is read.
    pub fn told(&mut self) -> Vec<Arc<AlertRow>> {
        self.come_to_rest();
        self.check();
        self.all_rows()
    }

    pub fn run(mut self) -> Seen {
        // Each seed skews what happens how often.
        let (trouble, moves, checks) =
            (self.dice.random_range(0..8), self.dice.random_range(0..8), self.dice.random_range(0..3));
        while !self.pending.is_empty() {
            self.write();
            for _ in 0..self.dice.random_range(1..8) {
                let node = self.dice.random_range(0..self.nodes.len());
                self.let_run(node);
            }
            if self.dice.random_ratio(trouble, 60) {
                self.trouble();
            }
            if self.dice.random_ratio(moves, 60) {
                self.move_one();
            }
            if self.dice.random_ratio(1, 10) {
                let all = self.topics.all();
                self.topics.compact(*all.choose(&mut self.dice).unwrap());
            }
            if self.dice.random_ratio(checks, 80) {
                self.come_to_rest();
                self.check();
            }
        }
        self.come_to_rest();
        self.check();
        // Whoever takes everything over now, from whatever copy, finds the same.
        for node in 0..self.nodes.len() {
            self.kill(node);
            if self.dice.random_bool(0.5) {
                self.nodes[node].lose_copies();
            }
        }
        self.come_to_rest();
        self.check();
        self.check_replay();
        self.seen.said = self.topics.said();
        self.seen.lettered = self.nodes.iter().map(|node| node.lettered).sum();
        self.seen
    }

    fn write(&mut self) {
        if self.dice.random_ratio(1, 5) {
            self.act();
        }
        if self.dice.random_ratio(1, 15) {
            let rows = self.all_rows();
            if let Some(entry) = release(&rows, &mut self.dice) {
                self.topics.write(&entry, self.dice.random_ratio(1, 10), false);
            }
        }
        let count = self.dice.random_range(1..=12.min(self.pending.len()));
        for entry in self.pending.split_off(self.pending.len() - count).into_iter().rev() {
            let (twice, astray) = (self.dice.random_ratio(1, 20), self.dice.random_ratio(1, 20));
            self.topics.write(&entry, twice, astray);
        }
    }

    /// By partition, each in its order.
    fn all_rows(&self) -> Vec<Arc<AlertRow>> {
        self.topics.rows().into_values().flatten().collect()
    }

    /// Somebody does something about an alert of which the topic tells.
    fn act(&mut self) {
        let rows = self.all_rows();
        let Some(row) = rows.choose(&mut self.dice) else { return };
        let text = || "".into();
        let kind = match self.dice.random_range(0..7) {
            0 | 1 => ActKind::Acknowledge,
            2 => ActKind::Assign { to: "housing".into() },
            3 => ActKind::Dismiss { reason: DismissReason::WorkerAgreed, text: text() },
            4 => ActKind::Handle { text: text() },
            5 => ActKind::WorkerSays { word: WorkerWord::Rejects, text: text() },
            _ => ActKind::Note { text: "called the contractor".into() },
        };
        let act = Act {
            alert_id: row.alert.id.clone(),
            project_id: row.project_id().clone(),
            actor: "wang".into(),
            at: Time(0),
            act_id: self.dice.random_range(0..50u32).to_string().into(),
            kind,
        };
        self.seen.acts += 1;
        self.topics.write(&Entry::Act(Box::new(act)), self.dice.random_ratio(1, 10), false);
    }

    /// A member hears, or works, or both; it may freeze between the two.
    fn let_run(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        if !node.runs() {
            return;
        }
        let mut outcome = Ok(());
        if self.dice.random_ratio(4, 5) {
            outcome = node.receive();
        }
        if outcome.is_ok() && self.dice.random_ratio(4, 5) {
            outcome = node.work();
        }
        if let (Ok(()), Some(shadow)) = (&outcome, &mut self.shadow) {
            outcome = shadow.let_judge(&mut self.nodes, at, &self.topics);
        }
        if outcome.is_err() {
            self.kill(at);
        }
    }

    fn trouble(&mut self) {
        let at = self.dice.random_range(0..self.nodes.len());
        match self.dice.random_range(0..6) {
            0 => self.kill(at),
            1 | 2 => self.freeze(at),
            _ => {
                let node = &mut self.nodes[at];
                node.befall(&mut self.dice);
            }
        }
        // Those that are down come back sooner or later, some without their copies.
        for at in 0..self.nodes.len() {
            if self.nodes[at].instance.is_none() && self.dice.random_bool(0.6) {
                match self.dice.random_range(0..6) {
                    0 | 1 => self.nodes[at].lose_copies(),
                    2 => self.nodes[at].spoil_copies(&mut self.dice),
                    _ => {}
                }
                self.join(at);
            } else if self.nodes[at].is_frozen && self.dice.random_bool(0.4) {
                self.thaw(at);
            }
        }
    }

    /// It goes on where it stopped: with what it had heard, before it hears that it has lost it.
    fn thaw(&mut self, at: usize) {
        self.nodes[at].is_frozen = false;
        if self.dice.random_ratio(4, 5) && self.nodes[at].work().is_err() {
            self.kill(at);
        }
    }

    /// A new process joins the group, which gives it what nobody has who runs.
    fn join(&mut self, at: usize) {
        self.nodes[at].start(&self.topics, &self.book, &mut self.dice);
        for partition in self.topics.all() {
            let owner = self.topics.owner(partition).unwrap();
            if owner == at || !self.nodes[owner].runs() {
                self.topics.seize(partition, at);
            }
        }
    }

    fn kill(&mut self, at: usize) {
        self.seen.deaths += 1;
        self.nodes[at].die(&self.topics, &mut self.dice);
        self.give_away(at);
    }

    /// It stops, with what it has heard and not done; the group gives its partitions to others.
    fn freeze(&mut self, at: usize) {
        if self.nodes[at].runs() {
            self.seen.freezes += 1;
            // It may have a good deal before it.
            let heard = (0..3).try_for_each(|_| self.nodes[at].receive());
            self.nodes[at].is_frozen = true;
            self.give_away(at);
            if heard.is_err() {
                self.kill(at);
            }
        }
    }

    fn give_away(&mut self, from: usize) {
        for partition in self.topics.all() {
            let others: Vec<usize> = self.nodes.iter().filter(|node| node.runs()).map(|n| n.id).collect();
            if self.topics.owner(partition) == Some(from)
                && let Some(to) = others.choose(&mut self.dice)
            {
                self.topics.seize(partition, *to);
            }
        }
    }

    fn move_one(&mut self) {
        let all = self.topics.all();
        let partition = *all.choose(&mut self.dice).unwrap();
        let runs: Vec<usize> = self.nodes.iter().filter(|node| node.runs()).map(|n| n.id).collect();
        let Some(to) = runs.choose(&mut self.dice).copied() else { return };
        let owner_runs = self.topics.owner(partition).is_some_and(|owner| self.nodes[owner].runs());
        if self.dice.random_bool(0.3)
            && let Some(instance) = &mut self.nodes[to].instance
        {
            // A standby, if it has nothing of it yet.
            if self.topics.owner(partition) != Some(to) && instance.follow(partition).is_err() {
                self.kill(to);
                return;
            }
        }
        self.seen.moves += 1;
        match owner_runs && self.dice.random_ratio(2, 3) {
            true => self.topics.move_to(partition, to),
            false => self.topics.seize(partition, to),
        }
    }

    /// All members run until everything is read.
    fn come_to_rest(&mut self) {
        for at in 0..self.nodes.len() {
            if self.nodes[at].is_frozen {
                self.thaw(at);
            }
            if self.nodes[at].instance.is_none() {
                self.join(at);
            }
        }
        for _ in 0..20_000 {
            for at in 0..self.nodes.len() {
                let node = &mut self.nodes[at];
                if node.receive().and_then(|()| node.work()).is_err() {
                    self.kill(at);
                    self.join(at);
                }
            }
            if self.is_settled() {
                return;
            }
        }
        panic!("it does not come to rest: {:?}", self.nodes.iter_mut().map(progress).collect::<Vec<_>>());
    }

    fn is_settled(&mut self) -> bool {
        if !self.topics.is_at_rest() {
            return false;
        }
        let all = self.topics.all();
        let topics = &self.topics;
        let nodes = &self.nodes;
        all.into_iter().all(|partition| {
            let owner = topics.owner(partition).unwrap();
            let progress = nodes[owner].instance.as_ref().map(|instance| instance.progress());
            progress
                .and_then(|all| all.get(&partition).copied())
                .is_some_and(|p| p.stage == Stage::Serving && p.next >= p.committed)
        })
    }

    fn check(&mut self) {
        let entries = self.topics.entries();
        let (truth, today) = truth(&entries, &self.book);
        let rows = self.topics.rows();
        let folded = fold(&rows);
        let mut picture = Picture::default();
        let mut standing: BTreeMap<AlertId, Alert> = BTreeMap::new();
        for partition in self.topics.all() {
            let owner = self.topics.owner(partition).unwrap();
            let instance = self.nodes[owner].instance.as_mut().unwrap();
            match instance.owner_mut(partition).expect("it serves") {
                Owner::Projects(owner) => {
                    let shard = owner.shard_mut();
                    picture.shard(shard);
                    for summary in shard.projects() {
                        let alerts = shard.ask(&summary.project_id, |ask| {
                            ask.unwrap().alerts.standing().cloned().collect::<Vec<_>>()
                        });
                        standing.extend(alerts.unwrap().into_iter().map(|alert| (alert.id.clone(), alert)));
                    }
                }
                Owner::County(owner) => {
                    assert!(owner.is_settled(), "a turn waits for {:?}", owner.awaited());
                    owner.ledger().suspense().for_each(|kept| picture.is_homeless(kept));
                    picture.bureau(owner.bureau());
                    let alerts = owner.bureau().alerts().standing().cloned();
                    standing.extend(alerts.map(|alert| (alert.id.clone(), alert)));
                    if let Some(today) = today {
                        let last = entries.iter().rev().find_map(|entry| match entry {
                            Entry::Rulebook(book) => Some(&**book),
                            _ => None,
                        });
                        let all: Vec<Arc<AlertRow>> = rows.values().flatten().cloned().collect();
                        let (book, own) = (last.unwrap_or(&self.book), owner.bureau().alerts());
                        assert_eq!(repeat_offenders(own), offenders(&all, today, book), "repeat offenders");
                        floods::check_reports(own, &all, book.at(today));
                        floods::check_told(&all);
                        self.seen.held = all.iter().filter(|row| row.alert.held.is_some()).count();
                        let let_go = |row: &&Arc<AlertRow>| row.change == Change::Released;
                        self.seen.let_go = all.iter().filter(let_go).count();
                    }
                }
            }
        }
        picture.check(&truth, today);
        self.check_questions();
        assert_eq!(folded, standing, "the alerts topic, folded, and what the owners have");
        self.check_rejections(&entries, truth.rejected.len());
        if let Some(shadow) = &self.shadow {
            self.seen.in_shadow = shadow.check(&mut self.nodes, &self.topics, &self.book);
        }
        self.seen.rows = rows.values().map(Vec::len).sum();
        let is_shared = |row: &&Arc<AlertRow>| {
            row.change == Change::Raised && row.project_id().is_county() && row.id_number().is_some()
        };
        self.seen.at_two_projects = rows.values().flatten().filter(is_shared).count();
        self.seen.raised = rows.values().flatten().filter(|row| row.change == Change::Raised).count();
        self.seen.fenced = self.topics.fenced();
    }

    /// Whoever reads a partition from its start, in any cuts, says word for word what its owners said; without a shadow, too,
    /// and with the same pages.
    fn check_replay(&mut self) {
        for (partition, said) in self.topics.rows() {
            let with = equipment(&self.book);
            let partitions = u16::try_from(self.topics.all().len() - 1).unwrap();
            let beside = self.shadow.as_ref().map(|shadow| shadow.owner(partition, partitions, &with));
            let mut beside = beside.transpose().unwrap();
            let mut owner = Owner::open(partition, partitions, with).unwrap();
            let mut rows = Vec::new();
            let messages = self.topics.messages(partition);
            let mut rest = &messages[..];
            while !rest.is_empty() {
                let (batch, behind) = rest.split_at(self.dice.random_range(1..=30.min(rest.len())));
                let out = owner.step(batch).unwrap();
                if let Some(beside) = &mut beside {
                    let said = beside.step(batch).unwrap();
                    assert!(said.rows == out.rows && said.messages == out.messages, "a shadow is heard");
                    beside.judge_shadow().unwrap();
                }
                rows.extend(out.rows);
                rest = behind;
            }
            assert!(rows == said, "{partition:?}: a replay says something else than was said");
            if let Some(mut beside) = beside {
                let of = |owner: &mut Owner| owner.checkpoint().map(|pages| (pages.put, pages.remove));
                assert_eq!(of(&mut beside), of(&mut owner), "{partition:?}: pages of an owner with a shadow");
            }
        }
    }

    /// The owner of a project answers for it, by a copy that says what the project itself says; the others have no
    /// answer.
    fn check_questions(&mut self) {
        for row in self.topics.rows().into_values().filter_map(|rows| rows.last().cloned()) {
            let project = row.project_id();
            if project.is_county() {
                continue;
            }
            let partitions = u16::try_from(self.topics.all().len() - 1).unwrap();
            let home = Partition::of_project(project, partitions);
            let owner = self.topics.owner(home).unwrap();
            let asked = [(home, Question::Project(project.clone()))];
            let asked = question::read_questions(&question::write_questions(&asked)).unwrap();
            for node in &mut self.nodes {
                let instance = node.instance.as_mut().unwrap();
                let copy = instance.ask(asked[0].0, |owner| asked[0].1.answer(owner)).unwrap();
                if node.id != owner {
                    assert_eq!(copy, None);
                    continue;
                }
                let copy = ProjectCopy::read(&copy.unwrap()).unwrap();
                let itself = instance.ask(home, |owner| match owner {
                    Owner::Projects(owner) => owner.shard_mut().ask(project, what_it_says),
                    Owner::County(_) => unreachable!(),
                });
                assert_eq!(copy.ask(what_it_says), itself.unwrap().unwrap(), "a copy of {project}");
                let nobody = ProjectId::parse("project_id", "nobody").unwrap();
                let due = Question::Due { projects: vec![nobody, project.clone()], days: u8::MAX };
                let found = instance.ask(home, |owner| due.answer(owner)).unwrap().unwrap();
                let wanted = copy.ask(|ask| due_within(&ask.unwrap(), u8::MAX));
                self.seen.due += wanted.len();
                let wanted = if wanted.is_empty() { vec![] } else { vec![(project.clone(), wanted)] };
                assert_eq!(question::read_due(&found), Ok(wanted));
            }
        }
    }

    /// What was rejected is kept, and told once.
    fn check_rejections(&self, entries: &[Entry], conflicts: usize) {
        let input = entries.iter().filter(|entry| matches!(entry, Entry::Rejected(_))).count();
        let letters = self.topics.dead_letters();
        assert_eq!(letters.len(), input + conflicts, "dead letters");
    }
}

/// All that a question may see of a project, in one text.
fn what_it_says(ask: Option<ProjectAsk<'_>>) -> String {
    let ask = ask.unwrap();
    let count = u32::try_from(ask.ledger.workers()).unwrap();
    let workers: Vec<_> = (0..count).map(|worker| ask.ledger.settle(worker, ask.book)).collect();
    let alerts: Vec<_> = ask.alerts.standing().collect();
    let (summary, months, suspense) = ((ask.summary)(), (ask.months)(), ask.ledger.suspense());
    format!("{workers:?} {alerts:?} {:?} {summary:?} {months:?} {suspense:?} {:?}", ask.rows, ask.today)
}

fn progress(node: &mut Node) -> impl std::fmt::Debug {
    node.instance.as_mut().map(|instance| (instance.progress(), instance.transport_mut().reads()))
}

fn repeat_offenders(alerts: &wagewatch::alerts::ProjectAlerts) -> BTreeSet<wagewatch::domain::Uscc> {
    let standing = alerts.standing().map(|alert| &alert.finding);
    let found = standing.filter(|f| f.rule == Rule::RepeatOffender).map(|f| match f.subject {
        Subject::Employer(firm) => firm,
        ref other => panic!("{other:?}"),
    });
    found.collect()
}

/// The last row of each alert that stands; on the way, that no row is missing, and none is there twice.
fn fold(rows: &BTreeMap<Partition, Vec<Arc<AlertRow>>>) -> BTreeMap<AlertId, Alert> {
    let mut last: BTreeMap<AlertId, Alert> = BTreeMap::new();
    for (partition, rows) in rows {
        for (number, row) in (1..).zip(rows) {
            assert_eq!(row.seq, number, "a row of {partition:?} is missing, or there twice");
            let before = last.insert(row.alert.id.clone(), row.alert.clone());
            let revision = before.as_ref().map_or(0, |alert| alert.revision);
            assert_eq!(row.alert.revision, revision + 1, "the steps of an alert's life");
            assert_eq!(before.is_none(), row.change == Change::Raised, "the first row raises");
        }
    }
    last.retain(|_, alert| alert.stands());
    last
}

/// The world's records, shuffled, some of them twice, and dates and rulebooks in their order between them.
fn entries(seed: u64, swarm: &world::Swarm, dice: &mut Dice) -> Vec<Entry> {
    let mut records = world::world(seed, swarm);
    records.shuffle(dice);
    let (first, last) = world::span(seed);
    let mut entries: Vec<Entry> = records.into_iter().map(Entry::Record).collect();
    let mut places: Vec<usize> =
        (0..dice.random_range(1..14)).map(|_| dice.random_range(0..=entries.len())).collect();
    places.sort_unstable();
    let mut day = first;
    for (added, place) in places.into_iter().enumerate() {
        entries.insert(place + added, Entry::Date(day));
        day = day.plus(dice.random_range(1..40)).min(last);
    }
    entries.push(Entry::Date(last));
    for _ in 0..dice.random_range(0..4) {
        // When a day begins is a fact of the data: it never changes.
        let book = Rulebook {
            day_starts_at: world::book(seed).day_starts_at,
            ..flooded(world::book(seed.wrapping_add(dice.random_range(0..1000))), seed)
        };
        entries.insert(dice.random_range(0..=entries.len()), Entry::Rulebook(Box::new(book)));
    }
    entries
}
