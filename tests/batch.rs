//! The batch against the oracle: random worlds, cut into chunks and read by several threads, and all rules, those
//! of employers, feeds and complaints without a project among them. Knows no file and no format.
#![allow(clippy::unwrap_used, reason = "a test ends by panicking")]

mod oracle;

use oracle::world::{Swarm, book, span, world};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::convert::Infallible;
use std::sync::atomic::AtomicU64;
use wagewatch::domain::{AlertKey, Body, Day, Level, ProjectId, Record, Rule, Rulebook, Sum};
use wagewatch::engine::batch::{self, Extent, PlainSwipe, Report, Sink, Source};

/// Records in their order, some at a time.
struct Chunks(VecDeque<Vec<Record>>);

impl Source for Chunks {
    type Chunk = Vec<Record>;
    type Error = Infallible;

    fn next(&mut self, _done: Option<Vec<Record>>) -> Result<Option<Vec<Record>>, Infallible> {
        Ok(self.0.pop_front())
    }

    fn decode(chunk: &mut Vec<Record>, sink: &mut impl Sink) -> Extent {
        let lines = chunk.len() as u64;
        for (line, record) in (1..).zip(chunk.drain(..)) {
            // Every other one takes the short way.
            let taken = match &record.body {
                Body::Swipe(swipe) if line % 2 == 0 => sink.swipe(PlainSwipe {
                    source: &record.head.source,
                    stated_at: record.head.at,
                    project_id: swipe.project_id.as_str(),
                    id_number: &swipe.id_number,
                    swiped_at: swipe.swiped_at,
                }),
                _ => false,
            };
            if !taken {
                sink.record(line, record);
            }
        }
        Extent { file: "world".into(), first: false, lines }
    }
}

fn run(records: &[Record], cut: usize, today: Day, book: &Rulebook) -> Report {
    let chunks = records.chunks(cut).map(<[Record]>::to_vec).collect();
    let Ok(report) = batch::run(Chunks(chunks), today, book, 3, &AtomicU64::new(0));
    report
}

type Told = BTreeMap<(ProjectId, AlertKey), (Level, Sum, u32, Option<i32>)>;

fn told(report: &Report) -> Told {
    let mut told = Told::new();
    for project in &report.projects {
        for row in &project.alerts {
            let key = AlertKey { subject: row.subject.clone(), rule: row.rule };
            let said = (row.level, row.amount, row.workers, row.overdue_days);
            assert_eq!(told.insert((project.project_id.clone(), key), said), None, "twice");
        }
    }
    let all = report.totals.alerts + report.totals.other_alerts;
    assert_eq!(all, told.len() as u64);
    told
}

#[test]
fn all_rules_find_in_a_batch_what_the_oracle_finds() {
    let (mut rules, mut at_two_projects, mut silenced): (BTreeSet<Rule>, usize, usize) = Default::default();
    for seed in 0..300 {
        let swarm = if seed % 4 == 0 { Swarm::of(seed).with_conflicts() } else { Swarm::of(seed) };
        let (book, (first, last)) = (book(seed), span(seed));
        let records = world(seed, &swarm);
        let middle = first.plus(last.since(first) * i32::try_from(seed % 10).unwrap() / 10);
        for today in [middle, last] {
            let truth = oracle::judge(&records, today, &book);
            let wanted: Told = (truth.alerts.iter())
                .map(|(key, found)| {
                    let age = found.due_on.map(|due_on| today.since(due_on));
                    (key.clone(), (found.level, found.amount, found.workers, age))
                })
                .collect();
            let found = told(&run(&records, 1 + usize::try_from(seed).unwrap() % 40, today, &book));
            for (key, said) in &found {
                assert_eq!(wanted.get(key), Some(said), "seed {seed} {today} {key:?}");
            }
            let missing: Vec<_> = wanted.keys().filter(|key| !found.contains_key(key)).collect();
            assert!(missing.is_empty(), "seed {seed} {today} {missing:?}");
            rules.extend(found.keys().map(|(_, key)| key.rule));
            let people = found
                .keys()
                .filter(|(project, key)| project.is_county() && key.subject.id_number().is_some());
            at_two_projects += people.count();
            silenced += oracle::silenced(&records, today, &book);
        }
    }
    println!(
        "{at_two_projects} months of people at two projects on one day, {silenced} more where nobody looks"
    );
    assert!(
        silenced >= 100,
        "hardly any sector in which the rule is off has people of two projects: {silenced}"
    );
    assert!(
        at_two_projects > 200,
        "the worlds have hardly anybody at two projects on one day: {at_two_projects}"
    );
    // What hangs on people's acts is in no record; and a flood is one of alerts that are told: a batch tells nobody.
    let absent: Vec<Rule> = Rule::ALL.iter().copied().filter(|rule| !rules.contains(rule)).collect();
    assert_eq!(absent, [Rule::RepeatOffender, Rule::AlertOverdue, Rule::AlertFlood]);
}

#[test]
fn the_report_is_the_same_however_the_records_are_cut() {
    let (seed, today) = (7, span(7).1);
    let (book, records) = (book(seed), world(seed, &Swarm::of(seed)));
    let whole = told(&run(&records, records.len(), today, &book));
    for cut in [1, 2, 13] {
        assert_eq!(told(&run(&records, cut, today, &book)), whole);
    }
}
