//! The decoders before hostile bytes: every mutant that once broke one (`fuzz/regressions`), a number of new ones by
//! seed, and bombs by hand. `MUTANTS=n` for more; `./fuzz SECONDS` goes on for as long as one likes, with coverage.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a target that breaks its promise ends the test"
)]

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use fuzz::{TARGETS, mutate, run, seeds};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use wagewatch::app::config::{NamedFile, problems_of};
use wagewatch::console::Requests;
use wagewatch::intake::csv::Decoder;
use wagewatch::intake::files::Files;
use wagewatch::intake::json;

/// Of each target, where `MUTANTS` says nothing.
const MUTANTS: u64 = 5000;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    entries.map(|name| name.to_string_lossy().trim_end_matches(".rs").to_owned()).collect()
}

#[test]
fn every_target_is_one_of_libfuzzer() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(names(&folder("fuzz_targets")), targets);
    let manifest = std::fs::read_to_string(folder("Cargo.toml")).unwrap();
    for target in &targets {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")), "{target}");
        let text = std::fs::read_to_string(folder("fuzz_targets").join(format!("{target}.rs"))).unwrap();
        assert!(text.contains(&format!("wagewatch_fuzz::run(\"{target}\", bytes)")), "{target}");
    }
    assert!(names(&folder("regressions")).is_subset(&targets), "a folder of regressions is a target's");
}

#[test]
fn what_once_broke_a_target_breaks_none() {
    let mut count = 0;
    for target in names(&folder("regressions")) {
        for name in names(&folder("regressions").join(&target)) {
            run(&target, &std::fs::read(folder("regressions").join(&target).join(name)).unwrap());
            count += 1;
        }
    }
    assert!(count > 0, "the regressions were not found");
}

#[test]
fn seeds_are_decoded_and_mutants_end_as_a_record_or_a_rejection() {
    let mutants = std::env::var("MUTANTS").map_or(MUTANTS, |text| text.parse().unwrap());
    for target in &TARGETS {
        let seeds = seeds::of(target.name);
        assert!(seeds.len() > 3, "{} has seeds", target.name);
        seeds.iter().for_each(|seed| run(target.name, seed));
        for seed in 0..mutants {
            let bytes = mutate::mutant(&seeds, &mut ChaCha8Rng::seed_from_u64(seed));
            let ran = std::panic::catch_unwind(|| run(target.name, &bytes));
            assert!(
                ran.is_ok(),
                "{} broke at seed {seed}: {:?}",
                target.name,
                String::from_utf8_lossy(&bytes)
            );
        }
    }
}

/// A few bytes that a parser of XML would make gigabytes of.
const XML: &str = "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\
                   <!ENTITY c SYSTEM \"file:///etc/passwd\">]><l>&b;&c;</l>";

/// No door reads XML, and each says what it reads instead.
#[test]
fn xml_is_refused_by_every_door() {
    let why = json::decode_bytes(XML.as_bytes()).unwrap_err().reason.to_string();
    assert!(why.contains("expected") && why.contains("JSON object a line"), "{why}");
    let (mut decoder, mut rows) = (Decoder::default(), Vec::new());
    decoder.feed(format!("{XML}\n{XML}\n{XML}\n").as_bytes(), true, &mut rows);
    assert!(!rows.is_empty() && rows.iter().all(|(_, row)| row.is_err()), "{rows:?}");
    let folder = tempfile::tempdir().unwrap();
    for name in ["records.xml", "records.xml.gz"] {
        let path = folder.path().join(name);
        std::fs::write(&path, XML).unwrap();
        let why = Files::open(&[path]).err().expect("it is not opened").to_string();
        assert!(why.contains("unknown kind of file; expected .ndjson, .jsonl or .csv"), "{why}");
    }
    let requests = Requests::new().unwrap();
    for (service, method) in requests.names() {
        if let Some(read) = requests.read(&service, &method, XML.as_bytes()) {
            assert_eq!(read.unwrap_err().code(), tonic::Code::InvalidArgument, "{service}/{method}");
        }
    }
    for file in NamedFile::ALL {
        assert!(!problems_of(file, XML).is_empty(), "{file:?}");
    }
}

/// Nesting that would use up a stack.
#[test]
fn what_is_nested_without_end_is_refused_by_every_door() {
    let requests = Requests::new().unwrap();
    for open in ["[", "{\"filter\":", "{\"a\":["] {
        let deep = open.repeat(100_000);
        assert!(json::decode_bytes(deep.as_bytes()).is_err());
        let read = requests.read("AlertService", "List", deep.as_bytes()).unwrap();
        assert_eq!(read.unwrap_err().code(), tonic::Code::InvalidArgument);
        for file in NamedFile::ALL {
            assert!(!problems_of(file, &format!("x = {deep}")).is_empty(), "{file:?}");
        }
    }
}
