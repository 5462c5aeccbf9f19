//! The engine in one thread under one seed: entries come in any order, any batches, repeated, with
//! dates and other rulebooks between; projects go cold; the power is cut around every write of log and store. Whatever
//! happens, ledger, suspense and standing alerts are the oracle's of what stands in the log, and a
//! subscriber who reads on after each cut sees rows without a gap, each with one content for ever.
//!
//! A failing seed is printed; `SEED=n cargo test --test simulation` runs it alone,
//! `SEEDS=n` runs that many.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends by panicking")]

mod oracle;
mod support;

use oracle::world;
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use support::flooding::{budget, flooded, is_switched, release};
use support::floods;
use support::machine::{Crash, Machine};
use wagewatch::domain::{
    Act, ActKind, AlertId, AlertRow, AlertStatus, Authority, Change, DismissReason, Entry, ExemptionKind,
    Fen, Rule, Rulebook, Sum, Time, WorkerWord,
};

#[test]
fn whatever_happens_the_state_is_the_oracles_of_the_log() {
    let seeds: Vec<u64> = match std::env::var("SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..std::env::var("SEEDS").map_or(400, |n| n.parse().unwrap())).collect(),
    };
    let (is_whole, mut at_two_projects, mut silenced) = (seeds.len() >= 400, 0, 0);
    for seed in seeds {
        println!("seed {seed}");
        match std::panic::catch_unwind(|| simulate(seed)) {
            Ok((raised, silent)) => {
                (at_two_projects, silenced) = (at_two_projects + raised, silenced + silent)
            }
            Err(_) => panic!("seed {seed} failed: SEED={seed} cargo test --test simulation"),
        }
    }
    println!("{at_two_projects} alerts of people at two projects on one day, {silenced} silenced by sector");
    assert!(!is_whole || at_two_projects >= 300, "hardly anybody was at two projects: {at_two_projects}");
    assert!(!is_whole || silenced >= 100, "hardly any of them where the rule is off: {silenced}");
}

/// How many alerts were raised of people at two projects on one day, and how many at the end there are not because
/// the rule is off in a sector.
fn simulate(seed: u64) -> (usize, usize) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let swarm = world::Swarm::of(seed);
    let swarm = if seed.is_multiple_of(4) { swarm.with_conflicts() } else { swarm };
    let book = Arc::new(flooded(world::book(seed), seed));
    let mut pending = entries(seed, &swarm, &mut rng);
    let mut machine = Machine::new(Arc::clone(&book), rng.random_range(1..6));
    let mut subscriber = Subscriber::default();
    let counted = budget(seed).filter(|_| !is_switched(seed));
    // Each seed skews what happens how often.
    let (crashes, checks) = (rng.random_range(0..12), rng.random_range(1..5));
    pending.reverse();
    while !pending.is_empty() {
        if rng.random_ratio(1, 6) {
            pending.extend(act(&machine, &mut rng));
        }
        if rng.random_ratio(1, 12) {
            pending.extend(release(&machine.rows(), &mut rng));
        }
        let count = rng.random_range(1..=24.min(pending.len()));
        let batch: Vec<Entry> = pending.split_off(pending.len() - count).into_iter().rev().collect();
        let crash = rng.random_ratio(crashes, 100).then(|| Crash::any(&mut rng));
        if machine.append(&batch, crash).is_err() {
            machine.reopen(rng.random());
            // Nobody heard that it was taken: the sender sends it again.
            pending.extend(batch.into_iter().rev());
        }
        if rng.random_bool(0.5) {
            let crash = rng.random_ratio(crashes, 50).then(|| Crash::any(&mut rng));
            if machine.checkpoint_step(crash).is_err() {
                machine.reopen(rng.random());
            }
        }
        if rng.random_ratio(crashes, 100) {
            machine.reopen(rng.random());
        }
        if rng.random_bool(0.2) {
            machine.evict();
        }
        subscriber.read(&machine);
        if rng.random_range(0..10) < checks {
            machine.check_against_oracle();
        }
    }
    machine.check_against_oracle();
    subscriber.check_whole(&machine, counted);
    machine.reopen(rng.random());
    machine.check_against_oracle();
    subscriber.read(&machine);
    subscriber.check_whole(&machine, counted);
    let is_shared = |row: &&Arc<AlertRow>| {
        row.change == Change::Raised && row.project_id().is_county() && row.id_number().is_some()
    };
    (machine.rows().iter().filter(is_shared).count(), silenced(&machine, &book))
}

/// By the last rulebook, of all records.
fn silenced(machine: &Machine, book: &Rulebook) -> usize {
    let (mut records, mut book) = (Vec::new(), book.clone());
    for (_, entry) in machine.entries() {
        match entry {
            Entry::Record(record) => records.push(record),
            Entry::Rulebook(other) => book = *other,
            _ => {}
        }
    }
    let today = machine.today().unwrap();
    oracle::silenced(&records, today, &book)
}

/// The world's records, shuffled, some of them twice, and the business dates in their order between them.
fn entries(seed: u64, swarm: &world::Swarm, rng: &mut ChaCha8Rng) -> Vec<Entry> {
    let mut records = world::world(seed, swarm);
    records.shuffle(rng);
    let repeats = rng.random_range(0..=records.len() / 5);
    for _ in 0..repeats {
        let again = records[rng.random_range(0..records.len())].clone();
        let at = rng.random_range(0..=records.len());
        records.insert(at, again);
    }
    let (first, last) = world::span(seed);
    let mut entries: Vec<Entry> = records.into_iter().map(Entry::Record).collect();
    let mut places: Vec<usize> =
        (0..rng.random_range(1..14)).map(|_| rng.random_range(0..=entries.len())).collect();
    places.sort_unstable();
    let mut day = first;
    for (added, place) in places.into_iter().enumerate() {
        entries.insert(place + added, Entry::Date(day));
        day = day.plus(rng.random_range(1..40)).min(last);
    }
    entries.push(Entry::Date(last));
    // Now and then others' numbers and holidays judge from there on; two may come together.
    for _ in 0..rng.random_range(0..4) {
        // When a day begins is a fact of the data: it never changes.
        let book = Rulebook {
            day_starts_at: world::book(seed).day_starts_at,
            ..flooded(world::book(seed.wrapping_add(rng.random_range(0..1000))), seed)
        };
        entries.insert(rng.random_range(0..=entries.len()), Entry::Rulebook(Box::new(book)));
    }
    entries
}

/// Somebody does something about an alert that stands; now and then twice, or about one that does not stand.
fn act(machine: &Machine, rng: &mut ChaCha8Rng) -> Option<Entry> {
    let rows = machine.rows();
    let row = rows.get(rng.random_range(0..rows.len().max(1)))?;
    let act = rng.random_range(0..12);
    let today = machine.today()?;
    let mut until = || today.plus(rng.random_range(-2..60));
    let text = || "".into();
    let kind = match act {
        0 => ActKind::Acknowledge,
        1 => ActKind::Assign { to: "housing".into() },
        2 => ActKind::Note { text: "called the contractor".into() },
        3 => ActKind::Dismiss { reason: DismissReason::WorkerAgreed, text: text() },
        4 => ActKind::Handle { text: text() },
        5 => ActKind::AskJustification { until: until(), text: text() },
        6 => ActKind::Justify { text: "paid in cash".into() },
        7 => ActKind::WorkerSays { word: WorkerWord::Rejects, text: text() },
        8 => ActKind::Advance { amount: Fen(rng.random_range(0..100_000)), text: text() },
        9 => ActKind::HandOver { to: Authority::Police, text: text() },
        _ => ActKind::Exempt { kind: ExemptionKind::InProceedings, until: until(), text: text() },
    };
    Some(Entry::Act(Box::new(Act {
        alert_id: row.alert.id.clone(),
        project_id: row.project_id().clone(),
        actor: "wang".into(),
        at: Time(0),
        act_id: rng.random_range(0..50u32).to_string().into(),
        kind,
    })))
}

/// Whether those are told who get no parts of other alerts.
fn is_told(row: &AlertRow) -> bool {
    !row.alert.rolled_up && row.alert.held.is_none()
}

/// Somebody who follows all alerts, across every cut.
#[derive(Default)]
struct Subscriber {
    rows: BTreeMap<(u16, u64), Arc<AlertRow>>,
}

impl Subscriber {
    fn read(&mut self, machine: &Machine) {
        for row in machine.rows() {
            let key = (row.shard, row.seq);
            let known = self.rows.entry(key).or_insert_with(|| row.clone());
            // A replay may write the same row again, never another one under its number.
            assert_eq!((known.change, &known.alert, known.position), (row.change, &row.alert, row.position));
        }
    }

    /// Every row is counted once, whatever crashed when.
    fn check_counts(&self, machine: &Machine) {
        let rows = |is: &dyn Fn(&AlertRow) -> bool| {
            u64::try_from(self.rows.values().filter(|row| is(row)).count()).unwrap()
        };
        let (total, _) = machine.tallies();
        let opens = |row: &AlertRow| {
            is_told(row)
                && matches!(row.change, Change::Raised | Change::Reopened | Change::Shown | Change::Released)
        };
        let closes = |row: &AlertRow| is_told(row) && row.change == Change::Resolved;
        assert_eq!(total.opened, rows(&opens));
        assert_eq!(total.settled_in_time + total.settled_late, rows(&closes));
        assert_eq!(total.escalated, rows(&|row| row.change == Change::Escalated));
        let arrears: Sum = self.standing_arrears();
        assert_eq!(total.found - total.cleared, arrears);
    }

    /// What the project-arrears alerts that stand come to.
    fn standing_arrears(&self) -> Sum {
        let mut last: BTreeMap<&AlertId, &AlertRow> = BTreeMap::new();
        self.rows.values().for_each(|row| {
            last.insert(&row.alert.id, row);
        });
        let owed =
            last.values().filter(|row| row.alert.stands() && row.alert.finding.rule == Rule::ProjectArrears);
        owed.map(|row| row.alert.finding.amount).sum()
    }

    fn check_whole(&self, machine: &Machine, budget: Option<(i64, i64)>) {
        let rows: Vec<Arc<AlertRow>> = self.rows.values().cloned().collect();
        floods::check_told(&rows);
        let entries = machine.entries();
        floods::check_released(&rows, &entries);
        if let Some(budget) = budget {
            floods::check_budget(&rows, machine.shard_count(), budget, &entries);
        }
        let mut standing = BTreeSet::new();
        let mut heads: BTreeMap<u16, u64> = BTreeMap::new();
        for ((shard, seq), row) in &self.rows {
            let head = heads.entry(*shard).or_default();
            assert_eq!(*seq, *head + 1, "rows of shard {shard} have a gap");
            *head = *seq;
            let first = row.alert.revision == 1;
            assert_eq!(first, row.change == Change::Raised, "the first row raises: {row:?}");
            match row.alert.status {
                AlertStatus::Resolved => {
                    assert!(standing.remove(&row.alert.id), "resolved what did not stand")
                }
                _ => {
                    let fresh = standing.insert(row.alert.id.clone());
                    let opens = matches!(row.change, Change::Raised | Change::Reopened);
                    assert!(fresh == opens || row.change == Change::Reopened, "{row:?}");
                }
            }
        }
        assert_eq!(standing, machine.standing_ids());
        self.check_counts(machine);
    }
}
