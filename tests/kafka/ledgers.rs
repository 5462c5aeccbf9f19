//! What instances have in their ledgers, by their own word, against the oracle's. Knows no topic.

use super::copier::Copier;
use super::oracle::Truth;
use super::support::judge::Picture;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use wagewatch::app::cluster::KafkaTransport;
use wagewatch::engine::cluster::{Instance, Partition, Stage};
use wagewatch::engine::partition::Owner;

fn file(data: &Path) -> PathBuf {
    data.with_extension("ledger")
}

/// In the process itself: writes down what the partitions have that it serves.
pub fn tell(instance: &mut Instance<KafkaTransport>, data: &Path) {
    let mut picture = Picture::default();
    let serving = instance.progress().into_iter().filter(|(_, progress)| progress.stage == Stage::Serving);
    let serving: Vec<Partition> = serving.map(|(partition, _)| partition).collect();
    for partition in &serving {
        match instance.owner_mut(*partition).unwrap() {
            Owner::Projects(owner) => picture.shard(owner.shard_mut()),
            Owner::County(owner) => owner.ledger().suspense().for_each(|kept| picture.is_homeless(kept)),
        }
    }
    std::fs::write(file(data), picture.ledger().join("\n")).unwrap();
    println!("told of {serving:?}");
}

/// Asks them until their ledgers together are the oracle's, each line in one of them.
pub fn check(truth: &Truth, instances: &mut [(&mut Copier, PathBuf)]) {
    let wanted: BTreeSet<String> = Picture::wanted(truth).ledger().into_iter().collect();
    assert!(wanted.len() > 100);
    let begun = Instant::now();
    loop {
        let mut told = Vec::new();
        for (instance, data) in instances.iter_mut() {
            let before = instance.said().matches("told of").count();
            instance.ask("tell");
            let asked = Instant::now();
            while instance.said().matches("told of").count() == before {
                assert!(asked.elapsed() < Duration::from_secs(60), "{}", instance.tells());
                std::thread::sleep(Duration::from_millis(20));
            }
            let lines = std::fs::read_to_string(file(data)).unwrap();
            told.extend(lines.lines().map(ToOwned::to_owned));
        }
        let found: BTreeSet<String> = told.iter().cloned().collect();
        if found == wanted && told.len() == wanted.len() {
            println!("kafka: {} lines of the ledgers are the oracle's", wanted.len());
            return;
        }
        let wrong: Vec<&String> = found.symmetric_difference(&wanted).take(5).collect();
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{} of {} lines: {wrong:#?}",
            told.len(),
            wanted.len()
        );
        std::thread::sleep(Duration::from_millis(500));
    }
}
