//! The engine with its threads, on a log and a store in memory and once on real files: batches from
//! several senders at once, dates between, questions meanwhile, projects that go cold, restarts.
//! At the end ledger, suspense, standing alerts and rejections are the oracle's of what stands in
//! the log, in the log's order; and alert rows keep their numbers for ever.
//!
//! A failing seed is printed; `SEED=n cargo test --test engine` runs it alone, `SEEDS=n` that many.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends by panicking")]

mod oracle;
mod support;

use oracle::world;
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::judge::{self, asked};
use wagewatch::alerts::PUBLIC_ID_KEY;
use wagewatch::domain::{
    AlertKey, AlertRow, Body, Day, Entry, Head, Inspection, InspectionOutcome, Numbers, Position, ProjectId,
    Record, Rule, Rulebook, Time, Verdict,
};
use wagewatch::engine::api::DeadContent;
use wagewatch::engine::{Engine, Parts, Read, Refused, Settings, StartError, Unobserved};
use wagewatch::log::{FailAt, Log, LogOptions, MemoryLog, SegmentLog};
use wagewatch::store::{MemoryStore, SledStore, Store};

type Rows = BTreeMap<(u16, u64), Arc<AlertRow>>;

/// Where an engine's log and store come from, life after life.
enum Ground {
    Memory(MemoryLog, MemoryStore),
    Files(tempfile::TempDir),
}

impl Ground {
    fn memory() -> Ground {
        Ground::Memory(MemoryLog::new(), MemoryStore::new())
    }

    fn files() -> Ground {
        Ground::Files(tempfile::tempdir().unwrap())
    }

    fn open(&self) -> (Box<dyn Log>, Arc<dyn Store>) {
        match self {
            Ground::Memory(log, store) => (Box::new(log.clone()), Arc::new(store.clone())),
            Ground::Files(dir) => {
                let options = LogOptions { segment_bytes: 20_000, ..LogOptions::default() };
                let (log, _) = SegmentLog::open(&dir.path().join("log"), options).unwrap();
                (Box::new(log), Arc::new(SledStore::open(&dir.path().join("store"), 8 << 20).unwrap()))
            }
        }
    }

    /// What stands in the log. No engine may be running on files.
    fn entries(&self) -> Vec<(Position, Entry)> {
        let mut all = Vec::new();
        let log = self.open().0;
        log.read(log.oldest(), &mut |block| {
            all.extend(block.entries.into_iter().map(|entry| (block.position, entry)));
            Ok(())
        })
        .unwrap();
        all
    }

    fn try_start(&self, settings: &Settings, book: &Rulebook) -> Result<Engine, StartError> {
        let (log, store) = self.open();
        let (book, observer) = (Arc::new(book.clone()), Arc::new(Unobserved));
        Engine::start(Parts { log, store, settings: settings.clone(), book, ids: PUBLIC_ID_KEY, observer })
    }

    fn start(&self, settings: &Settings, book: &Rulebook) -> Engine {
        let engine = self.try_start(settings, book).unwrap();
        wait(&engine, || engine.is_ready());
        engine
    }
}

fn wait(engine: &Engine, until: impl Fn() -> bool) {
    let begun = Instant::now();
    while !until() {
        assert_eq!(engine.failure(), None);
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", engine.status());
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Every row that a subscriber can read; numbered without gaps.
fn rows(engine: &Engine) -> Rows {
    // The second stage may still be at what was answered just now.
    wait(engine, || engine.status().applied == engine.status().log_head);
    let mut all = Rows::new();
    for shard in 0..engine.feed().shards() {
        let Read::Rows(found) = engine.feed().read(shard, 0, usize::MAX) else { panic!("rows are gone") };
        for (index, row) in found.iter().enumerate() {
            assert_eq!((row.shard, row.seq), (shard, index as u64 + 1));
        }
        all.extend(found.into_iter().map(|row| ((row.shard, row.seq), row)));
    }
    all
}

fn submit(engine: &Engine, entries: Vec<Entry>) -> Vec<Verdict> {
    asked(|done| engine.submit(entries, done).unwrap())
}

/// A world in disorder: batches for any sender, and dates for one.
fn load(seed: u64, rng: &mut ChaCha8Rng) -> (VecDeque<Vec<Record>>, VecDeque<Day>) {
    let swarm = world::Swarm::of(seed);
    let swarm = if seed.is_multiple_of(4) { swarm.with_conflicts() } else { swarm };
    let mut records = world::world(seed, &swarm);
    for _ in 0..records.len() / 6 {
        records.push(records[rng.random_range(0..records.len())].clone());
    }
    records.shuffle(rng);
    let mut batches = VecDeque::new();
    while !records.is_empty() {
        let count = rng.random_range(1..=20.min(records.len()));
        batches.push_back(records.split_off(records.len() - count));
    }
    let (mut day, last) = world::span(seed);
    let mut dates = VecDeque::from([day]);
    while day < last {
        day = day.plus(rng.random_range(1..50)).min(last);
        dates.push_back(day);
    }
    (batches, dates)
}

/// Some batches from three senders at once, a date now and then, and somebody who asks.
/// Returns the records that were rejected.
fn work(engine: &Engine, batches: Vec<Vec<Record>>, dates: Vec<Day>, seed: u64) -> Vec<String> {
    let left = Mutex::new(VecDeque::from(batches));
    let rejected = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for sender in 0..3 {
            let (left, rejected) = (&left, &rejected);
            scope.spawn(move || {
                let mut waiting = VecDeque::new();
                loop {
                    let batch = left.lock().unwrap().pop_front();
                    let Some(batch) = batch else { break };
                    let (say, heard) = std::sync::mpsc::channel();
                    let entries = batch.iter().cloned().map(Entry::Record).collect();
                    engine.submit(entries, Box::new(move |v| say.send(v).unwrap())).unwrap();
                    waiting.push_back((batch, heard));
                    // Up to so many batches on the way, as a stream would have.
                    if waiting.len() > sender {
                        judge_verdicts(waiting.pop_front().unwrap(), rejected);
                    }
                }
                waiting.into_iter().for_each(|one| judge_verdicts(one, rejected));
            });
        }
        scope.spawn(|| {
            for day in dates {
                let again =
                    submit(engine, vec![Entry::Date(day), Entry::Date(day), Entry::Date(day.plus(-1))]);
                assert_eq!(again[1], Verdict::Duplicate);
                assert!(
                    matches!(again[2], Verdict::Rejected(_)) && !matches!(again[0], Verdict::Rejected(_))
                );
            }
        });
        scope.spawn(|| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            while !left.lock().unwrap().is_empty() {
                question(engine, &mut rng);
            }
        });
    });
    rejected.into_inner().unwrap()
}

type Waiting = (Vec<Record>, std::sync::mpsc::Receiver<Result<Vec<Verdict>, Refused>>);

fn judge_verdicts((batch, heard): Waiting, rejected: &Mutex<Vec<String>>) {
    let verdicts = heard.recv().unwrap().unwrap();
    assert_eq!(verdicts.len(), batch.len());
    let no = batch.iter().zip(&verdicts).filter(|(_, v)| matches!(v, Verdict::Rejected(_)));
    rejected.lock().unwrap().extend(no.map(|(record, _)| format!("{record:?}")));
}

fn question(engine: &Engine, rng: &mut ChaCha8Rng) {
    let projects = asked(|done| engine.projects(done));
    assert!(projects.windows(2).all(|two| two[0].project_id < two[1].project_id));
    match rng.random_range(0..3) {
        0 => drop(asked(|done| engine.suspense(None, 5, done))),
        1 => {
            let letters = asked(|done| engine.dead_letters(None, 1000, done));
            assert!(letters.windows(2).all(|two| two[0].id < two[1].id));
        }
        _ if projects.is_empty() => {}
        _ => {
            let name = projects[rng.random_range(0..projects.len())].project_id.clone();
            let standing = asked(|done| {
                engine.ask_project(name, |ask| ask.map(|a| a.ledger.workers()), done);
            });
            assert!(standing.is_some());
        }
    }
}

/// Everything the engine says against the oracle's of the log.
fn check(engine: &Engine, entries: &[(Position, Entry)], book: &Rulebook, rejected: &mut Vec<String>) {
    let plain: Vec<Entry> = entries.iter().map(|(_, entry)| entry.clone()).collect();
    let truth = judge::check_engine(engine, &plain, book);
    let records: Vec<(Position, &Record)> = entries
        .iter()
        .filter_map(|(position, entry)| match entry {
            Entry::Record(record) => Some((*position, record)),
            _ => None,
        })
        .collect();
    let wanted: Vec<(Position, &Record)> = truth.rejected.iter().map(|index| records[*index]).collect();
    let letters = asked(|done| engine.dead_letters(None, usize::MAX, done));
    let found: Vec<(Position, &Record)> = letters
        .iter()
        .map(|letter| match &letter.content {
            DeadContent::Conflict(record) => (letter.id.position, record),
            DeadContent::Input(_) => panic!("no input was sent"),
        })
        .collect();
    assert_eq!(found, wanted);
    let mut said: Vec<String> = wanted.iter().map(|(_, record)| format!("{record:?}")).collect();
    said.sort();
    rejected.sort();
    assert_eq!(*rejected, said, "verdicts and dead letters tell the same");
}

fn settings(rng: &mut ChaCha8Rng) -> Settings {
    Settings {
        shards: rng.random_range(1..6),
        threads: rng.random_range(1..4),
        batch_entries: rng.random_range(1..60),
        // From everything cold to everything hot.
        memory_bytes: *[1, 40_000, 200_000, 1 << 30].get(rng.random_range(0..4)).unwrap(),
        checkpoint_ms: rng.random_range(1..30),
        ..Settings::default()
    }
}

fn live(ground: &Ground, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut batches, mut dates) = load(seed, &mut rng);
    let (book, settings) = (world::book(seed), settings(&mut rng));
    let (mut known, mut rejected) = (Rows::new(), Vec::new());
    let lives = rng.random_range(1..4);
    for life in (0..lives).rev() {
        let engine = ground.start(&settings, &book);
        let again = rows(&engine);
        assert_eq!(again, known, "rows are the same in the next life");
        let share = |len: usize| if life == 0 { len } else { len / 2 };
        let (records, days) = (share(batches.len()), share(dates.len()));
        let now = batches.drain(..records).collect();
        rejected.extend(work(&engine, now, dates.drain(..days).collect(), rng.random()));
        known = rows(&engine);
        assert!(again.iter().all(|(key, row)| known.get(key) == Some(row)));
        engine.stop();
        assert_eq!(engine.failure(), None);
        assert!(engine.submit(Vec::new(), Box::new(|_| {})).is_err());
    }
    let entries = ground.entries();
    let engine = ground.start(&settings, &book);
    assert_eq!(rows(&engine), known);
    assert_eq!(engine.status().covered, engine.status().log_head, "the stop wrote a last checkpoint");
    check(&engine, &entries, &book, &mut rejected);
    engine.stop();
}

#[test]
fn many_senders_and_lives_end_as_the_oracle_says() {
    let seeds: Vec<u64> = match std::env::var("SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..std::env::var("SEEDS").map_or(60, |n| n.parse().unwrap())).collect(),
    };
    for seed in seeds {
        println!("seed {seed}");
        let outcome = std::panic::catch_unwind(|| live(&Ground::memory(), seed));
        assert!(outcome.is_ok(), "seed {seed} failed: SEED={seed} cargo test --test engine");
    }
}

#[test]
fn on_real_files_too() {
    for seed in [1000, 1004, 1009] {
        live(&Ground::files(), seed);
    }
}

/// A world with several projects, run to its last date.
fn full(ground: &Ground, settings: &Settings, seed: u64) -> Rulebook {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (batches, dates) = load(seed, &mut rng);
    let book = world::book(seed);
    let engine = ground.start(settings, &book);
    work(&engine, batches.into(), dates.into(), seed);
    engine.stop();
    book
}

/// The first world of several projects and alerts.
fn crowded() -> u64 {
    (1..)
        .step_by(4)
        .find(|seed| {
            let records = world::world(*seed, &world::Swarm::of(*seed));
            let entries: Vec<Entry> = records.into_iter().map(Entry::Record).collect();
            let truth = judge::truth(
                &[entries, vec![Entry::Date(world::span(*seed).1)]].concat(),
                &world::book(*seed),
            )
            .0;
            let projects: std::collections::BTreeSet<_> = truth.alerts.keys().map(|(p, _)| p).collect();
            projects.len() >= 4 && truth.alerts.len() > 15
        })
        .unwrap()
}

#[test]
fn cold_projects_leave_memory_and_come_back() {
    let ground = Ground::memory();
    let settings =
        Settings { shards: 2, threads: 2, memory_bytes: 1, checkpoint_ms: 1, ..Settings::default() };
    let seed = crowded();
    let book = full(&ground, &settings, seed);
    let entries = ground.entries();
    let engine = ground.start(&settings, &book);
    let plain: Vec<Entry> = entries.iter().map(|(_, entry)| entry.clone()).collect();
    assert!(engine.status().projects >= 4);
    for _ in 0..3 {
        judge::check_engine(&engine, &plain, &book);
        // Questions alone do not keep them hot: what is clean and durable leaves again.
        wait(&engine, || engine.status().hot_projects == 0);
    }
    // A record makes its project hot; when it is safe in the store, the next block sends it away.
    let record =
        plain.iter().find(|e| matches!(e, Entry::Record(r) if r.body.project_id().is_some())).unwrap();
    // Known already; or superseded, which the ledger cannot tell from new.
    assert!(!matches!(submit(&engine, vec![record.clone()])[0], Verdict::Rejected(_)));
    wait(&engine, || {
        asked(|done| engine.suspense(None, 1, done));
        engine.status().hot_projects == 0
    });
    engine.stop();
}

#[test]
fn other_numbers_in_the_rulebook_judge_anew() {
    for seed in [crowded(), 4, 17, 23, 31] {
        let ground = Ground::memory();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let settings = settings(&mut rng);
        let (mut batches, mut dates) = load(seed, &mut rng);
        let (first, other) = (world::book(seed), world::book(seed + 1));
        let later = Rulebook {
            // A fact of the folder: it never changes.
            day_starts_at: first.day_starts_at,
            calendar: other.calendar,
            ..Rulebook::of(Numbers {
                tolerance_fen: 250_000,
                orange_after_days: 2,
                red_after_days: 9,
                group_workers: 1,
                ..Numbers::default()
            })
        };
        let engine = ground.start(&settings, &first);
        let half = batches.split_off(batches.len() / 2);
        let days = dates.split_off(dates.len() / 2);
        let mut rejected = work(&engine, batches.into(), dates.into(), seed);
        engine.stop();
        let engine = ground.start(&settings, &later);
        let plain = |ground: &Ground| ground.entries().into_iter().map(|(_, e)| e).collect::<Vec<_>>();
        judge::check_engine(&engine, &plain(&ground), &later);
        rejected.extend(work(&engine, half.into(), days.into(), seed));
        check(&engine, &ground.entries(), &later, &mut rejected);
        let known = rows(&engine);
        engine.stop();
        let engine = ground.start(&settings, &later);
        assert_eq!(rows(&engine), known, "nothing is judged anew when nothing changed");
        engine.stop();
    }
}

/// A change of the rulebook stands in the log: whatever the store covers, however often and by whichever
/// rulebook it is started, rows that were told keep their numbers and contents, so that cursors stay good.
#[test]
fn rows_outlive_a_change_of_rulebook() {
    let seed = crowded();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut batches, mut dates) = load(seed, &mut rng);
    let (half, days) = (batches.split_off(batches.len() / 2), dates.split_off(dates.len() / 2));
    let settings = Settings { shards: 2, threads: 2, checkpoint_ms: u64::MAX, ..Settings::default() };
    let first = world::book(seed);
    let other = Rulebook {
        version: "other".into(),
        calendar: first.calendar.clone(),
        day_starts_at: first.day_starts_at,
        ..Rulebook::of(Numbers { tolerance_fen: 300_000, ..Numbers::default() })
    };
    let (log, store) = (MemoryLog::new(), MemoryStore::new());
    let engine = Ground::Memory(log.clone(), store.clone()).start(&settings, &first);
    work(&engine, batches.into(), dates.into(), seed);
    let by_first = rows(&engine);
    assert!(by_first.values().all(|row| row.rulebook == first.version));
    // Killed before anything was covered, and started by other numbers.
    let (log, store) = (log.crash(0), store.crash(0));
    assert!(store.pages().len() < 3, "nothing was covered");
    drop(engine);
    let engine = Ground::Memory(log.clone(), store.clone()).start(&settings, &other);
    let turned = rows(&engine);
    let goes_on = |before: &Rows, now: &Rows| before.iter().all(|(key, row)| now.get(key) == Some(row));
    assert!(goes_on(&by_first, &turned) && turned.len() > by_first.len());
    let new = turned.iter().filter(|(key, _)| !by_first.contains_key(key));
    assert!(new.clone().all(|(_, row)| row.rulebook == "other"));
    work(&engine, half.into(), days.into(), seed);
    let known = rows(&engine);
    assert!(goes_on(&turned, &known));
    let mut blocks = engine.status().log_head;
    // Killed again: from the log alone, by the numbers that judged last, it is all the same.
    let (log, store) = (log.crash(0), store.crash(0));
    drop(engine);
    for (store, book, changes) in [
        (MemoryStore::new(), &other, false),
        (MemoryStore::from_pages(store.pages()), &other, false),
        (MemoryStore::new(), &first, true),
        (MemoryStore::new(), &first, false),
    ] {
        let ground = Ground::Memory(log.clone(), store);
        let engine = ground.start(&settings, book);
        assert!(goes_on(&known, &rows(&engine)));
        assert_eq!(rows(&engine).len() > known.len(), *book == first);
        blocks = if changes { blocks.next() } else { blocks };
        assert_eq!(engine.status().log_head, blocks, "one entry for one change");
        let plain: Vec<Entry> = ground.entries().into_iter().map(|(_, entry)| entry).collect();
        judge::check_engine(&engine, &plain, book);
        engine.stop();
    }
}

#[test]
fn a_power_cut_around_the_change_of_rulebook_leaves_one_or_none() {
    let seed = crowded();
    let book = world::book(seed);
    let other = Rulebook {
        version: "other".into(),
        day_starts_at: book.day_starts_at,
        ..Rulebook::of(Numbers { tolerance_fen: 300_000, ..Numbers::default() })
    };
    for at in [FailAt::Before, FailAt::After] {
        let (log, store) = (MemoryLog::new(), MemoryStore::new());
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (batches, dates) = load(seed, &mut rng);
        let settings = Settings { shards: 3, threads: 2, ..Settings::default() };
        let engine = Ground::Memory(log.clone(), store.clone()).start(&settings, &book);
        work(&engine, batches.into(), dates.into(), seed);
        let known = rows(&engine);
        engine.stop();
        let head = log.head();
        log.fail_at(1, at);
        let failed = Ground::Memory(log.clone(), store.clone()).try_start(&settings, &other).unwrap();
        while failed.failure().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(!failed.is_ready(), "nothing is answered by numbers that are not in the log");
        failed.stop();
        // Seed 2: what was not acknowledged is gone.
        let ground = Ground::Memory(log.crash(2), store.crash(2));
        let engine = ground.start(&settings, &other);
        let entries = ground.entries();
        assert_eq!(engine.status().log_head, head.next());
        let plain: Vec<Entry> = entries.iter().map(|(_, entry)| entry.clone()).collect();
        judge::check_engine(&engine, &plain, &other);
        let now = rows(&engine);
        assert!(known.iter().all(|(key, row)| now.get(key) == Some(row)) && now.len() > known.len());
        engine.stop();
    }
}

/// What the shadow rulebook finds is what the oracle finds by it; and nobody hears of it.
#[test]
fn a_shadow_judges_beside_and_tells_nobody() {
    for seed in [crowded(), 4, 17, 23, 31] {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut batches, mut dates) = load(seed, &mut rng);
        let (half, days) = (batches.split_off(batches.len() / 2), dates.split_off(dates.len() / 2));
        let (book, other) = (world::book(seed), world::book(seed + 1));
        let shadow = Rulebook { version: "shadow".into(), day_starts_at: book.day_starts_at, ..other };
        let settings = Settings { shadow: Some(Arc::new(shadow.clone())), ..settings(&mut rng) };
        let ground = Ground::memory();
        let agrees = |engine: &Engine| shadow_agrees(engine, &ground, &book, &shadow, seed);
        let engine = ground.start(&settings, &book);
        let mut rejected = work(&engine, batches.into(), dates.into(), seed);
        agrees(&engine);
        engine.stop();
        // After a start it is judged anew from what is stored.
        let engine = ground.start(&settings, &book);
        agrees(&engine);
        rejected.extend(work(&engine, half.into(), days.into(), seed));
        agrees(&engine);
        check(&engine, &ground.entries(), &book, &mut rejected);
        let told = rows(&engine);
        engine.stop();
        // Without it the same log makes the same rows.
        let Ground::Memory(log, _) = &ground else { panic!("in memory") };
        let plain = Ground::Memory(log.clone(), MemoryStore::new());
        let engine = plain.start(&Settings { shadow: None, ..settings }, &book);
        assert_eq!(rows(&engine), told);
        assert_eq!(engine.status().shadow, None);
        engine.stop();
    }
}

/// What the shadow counts is what the oracle finds by it.
fn shadow_agrees(engine: &Engine, ground: &Ground, book: &Rulebook, shadow: &Rulebook, seed: u64) {
    wait(engine, || engine.status().shadow.is_some_and(|shadow| shadow.waiting == 0));
    // The rulebooks of the log are those of the live judgement.
    let records = ground.entries().into_iter().map(|(_, entry)| entry);
    let records: Vec<Entry> = records.filter(|e| !matches!(e, Entry::Rulebook(_))).collect();
    let truth = judge::truth(&records, shadow).0;
    let mut wanted = BTreeMap::new();
    for (key, finding) in &truth.alerts {
        *wanted.entry((key.1.rule, finding.level)).or_insert(0) += 1;
    }
    let status = engine.status();
    let found = status.shadow.unwrap();
    assert_eq!((found.version.as_str(), status.rulebook), ("shadow", book.version.clone()));
    assert_eq!(found.alerts, wanted, "seed {seed}");
}

/// Whole days are others by the shadow rulebook, and people share others: first while the live one counts as it always
/// did, then while it counts as the shadow does, then again.
#[test]
fn a_shadow_counts_whole_days_by_its_own_numbers() {
    let mut met = 0;
    for seed in (0..).filter(|seed| at_two_projects(*seed, &with_days(world::book(*seed), *seed)) > 0).take(8)
    {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut batches, mut dates) = load(seed, &mut rng);
        let (half, days) = (batches.split_off(batches.len() / 2), dates.split_off(dates.len() / 2));
        let book = world::book(seed);
        let alike = Rulebook { version: "alike".into(), ..with_days(book.clone(), seed) };
        let shadow = Rulebook { version: "shadow".into(), ..alike.clone() };
        met += usize::from(at_two_projects(seed, &shadow) != at_two_projects(seed, &book));
        let settings = Settings { shadow: Some(Arc::new(shadow.clone())), ..settings(&mut rng) };
        let ground = Ground::memory();
        for (live, batches, dates) in
            [(&book, batches, dates), (&alike, VecDeque::new(), VecDeque::new()), (&book, half, days)]
        {
            let engine = ground.start(&settings, live);
            work(&engine, batches.into(), dates.into(), seed);
            shadow_agrees(&engine, &ground, live, &shadow, seed);
            engine.stop();
        }
    }
    assert!(met >= 4, "people share the same number of months by both in most worlds: {met}");
}

/// Other days are whole ones: less is enough, or more is wanted.
fn with_days(book: Rulebook, seed: u64) -> Rulebook {
    let mut editions = book.editions().to_vec();
    for edition in &mut editions {
        edition.numbers.suspicious_shared_day = if seed.is_multiple_of(3) { 150 } else { 25 };
        edition.numbers.presence_steps = vec![(1, 25), (240, 50), (420, 100)];
        edition.numbers.switches.remove(&Rule::AttendanceSuspicious);
    }
    book.with_editions(editions)
}

/// Months of people at two projects on one day, at the end of the world.
fn at_two_projects(seed: u64, book: &Rulebook) -> usize {
    let records = world::world(seed, &world::Swarm::of(seed));
    let truth = oracle::judge(&records, world::span(seed).1, book);
    let is_found = |(project, key): &&(ProjectId, AlertKey)| {
        project.is_county() && key.rule == Rule::AttendanceSuspicious
    };
    truth.alerts.keys().filter(is_found).count()
}

#[test]
fn a_store_that_is_empty_or_old_is_brought_level_with_the_same_rows() {
    let seed = crowded();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut batches, mut dates) = load(seed, &mut rng);
    let (log, store) = (MemoryLog::new(), MemoryStore::new());
    let book = world::book(seed);
    let settings = Settings { shards: 3, threads: 2, checkpoint_ms: 5, ..Settings::default() };
    let ground = Ground::Memory(log.clone(), store.clone());
    let half = batches.split_off(batches.len() / 2);
    let days = dates.split_off(dates.len() / 2);
    let engine = ground.start(&settings, &book);
    let mut rejected = work(&engine, batches.into(), dates.into(), seed);
    engine.stop();
    let older = store.pages();
    let engine = ground.start(&settings, &book);
    rejected.extend(work(&engine, half.into(), days.into(), seed));
    let known = rows(&engine);
    engine.stop();
    for pages in [BTreeMap::new(), older, store.pages()] {
        let ground = Ground::Memory(log.clone(), MemoryStore::from_pages(pages));
        let engine = ground.start(&settings, &book);
        assert_eq!(rows(&engine), known);
        check(&engine, &ground.entries(), &book, &mut rejected.clone());
        engine.stop();
    }
}

#[test]
fn a_project_of_which_hardly_anything_is_known_is_still_listed_after_a_restart() {
    let ground = Ground::memory();
    let project_id = ProjectId::parse("project_id", "P-9").unwrap();
    let inspection = |number: u32| {
        let at = Time::from_seconds(i64::from(number));
        let body = Body::Inspection(Box::new(Inspection {
            project_id: project_id.clone(),
            inspection_id: number.to_string().into(),
            department: "housing".into(),
            inspector: "a".into(),
            inspected_on: Day(20_500),
            outcome: InspectionOutcome::Clear,
            note: None,
        }));
        Entry::Record(Record { head: Head { id: number.to_string().into(), source: "s".into(), at }, body })
    };
    for life in 1..4 {
        let engine = ground.start(&Settings::default(), &Rulebook::default());
        assert_eq!(submit(&engine, vec![inspection(life)]), [Verdict::Accepted]);
        engine.stop();
        // What it is now stands in the store: nothing is replayed.
        let engine = ground.start(&Settings::default(), &Rulebook::default());
        let listed = asked(|done| engine.projects(done));
        let names: Vec<&str> = listed.iter().map(|summary| summary.project_id.as_str()).collect();
        assert_eq!(names, ["P-9"]);
        let kept = asked(|done| {
            engine.ask_project(
                project_id.clone(),
                |ask| ask.map(|ask| ask.ledger.inspections().count()),
                done,
            );
        });
        assert_eq!(kept, Some(usize::try_from(life).unwrap()));
        engine.stop();
    }
}

#[test]
fn an_engine_that_has_failed_can_be_stopped() {
    let (log, store) = (MemoryLog::new(), MemoryStore::new());
    let ground = Ground::Memory(log.clone(), store);
    let settings = Settings { shards: 3, threads: 2, ..Settings::default() };
    let engine = ground.start(&settings, &Rulebook::default());
    submit(&engine, vec![Entry::Date(Day(20_000))]);
    log.fail_at(1, FailAt::Before);
    let (say, heard) = std::sync::mpsc::channel();
    engine.submit(vec![Entry::Date(Day(20_001))], Box::new(move |v| say.send(v).unwrap())).unwrap();
    assert!(matches!(heard.recv().unwrap(), Err(Refused::Failed(_))));
    while engine.failure().is_none() {
        std::thread::yield_now();
    }
    assert!(matches!(engine.submit(Vec::new(), Box::new(|_| {})), Err(Refused::Failed(_))));
    // Every thread ends.
    engine.stop();
}

#[test]
fn a_store_that_does_not_fit_its_log_is_refused() {
    let seed = crowded();
    let (log, store) = (MemoryLog::new(), MemoryStore::new());
    let settings = Settings { shards: 3, threads: 1, ..Settings::default() };
    let book = full(&Ground::Memory(log.clone(), store.clone()), &settings, seed);
    let head = log.head().0;
    // The log was lost, wholly or in part.
    let shorter = MemoryLog::new();
    let mut copy = shorter.clone();
    log.read(Position(1), &mut |block| {
        if block.position.0 < head {
            copy.append(block.written_ms, &block.entries)?;
        }
        Ok(())
    })
    .unwrap();
    for (log, ends) in [(MemoryLog::new(), 0), (shorter, head - 1)] {
        let ground = Ground::Memory(log, store.clone());
        let refused = ground.try_start(&settings, &book).err().unwrap();
        assert!(
            matches!(refused, StartError::LogBehind { covered, head: h } if covered == head && h == ends),
            "{refused}"
        );
    }
    // The store was lost, and the log's beginning is gone.
    log.retain_blocks(2);
    let mut cut = log.clone();
    cut.retain(log.head().next(), 0).unwrap();
    let ground = Ground::Memory(log.clone(), MemoryStore::new());
    let refused = ground.try_start(&settings, &book).err().unwrap();
    assert!(matches!(refused, StartError::Gap { covered: 0, oldest } if oldest == head - 1), "{refused}");
    // With its store it goes on.
    Ground::Memory(log, store).start(&settings, &book).stop();
}

/// The same records in another log have the same positions and the same row numbers.
#[test]
fn a_store_of_another_log_is_refused_and_its_cursors_mean_nothing() {
    let seed = crowded();
    let settings = Settings { shards: 3, threads: 1, ..Settings::default() };
    let (log, store) = (MemoryLog::with_salt(1), MemoryStore::new());
    let book = full(&Ground::Memory(log.clone(), store.clone()), &settings, seed);
    let other = MemoryLog::with_salt(2);
    let mut copy = other.clone();
    log.read(Position(1), &mut |block| copy.append(block.written_ms, &block.entries).map(|_| ())).unwrap();
    let refused = Ground::Memory(other.clone(), store.clone()).try_start(&settings, &book).err().unwrap();
    assert!(matches!(refused, StartError::OtherLog), "{refused}");
    let told = |log: MemoryLog, store: MemoryStore| {
        let engine = Ground::Memory(log, store).start(&settings, &book);
        let found = (engine.feed().heads(), engine.feed().history());
        engine.stop();
        found
    };
    let (heads, history) = told(log.clone(), store.clone());
    // Its own log takes it again, and one that was made anew of the same log.
    assert_eq!(told(log.clone(), store), (heads.clone(), history));
    assert_eq!(told(log, MemoryStore::new()), (heads.clone(), history));
    let (other_heads, other_history) = told(other, MemoryStore::new());
    assert_eq!(other_heads, heads);
    assert_ne!(other_history, history);
}
