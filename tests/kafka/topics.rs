//! `wagewatch kafka init` and `wagewatch kafka check` against real brokers.

use super::brokers::Brokers;
use super::java;
use std::process::Command;
use wagewatch::kafka::{Admin, Settings};

pub const CASES: [(&str, fn(&Brokers)); 1] =
    [("topics_are_made_and_what_is_wrong_is_named", made_and_checked)];

/// For the brokers that there are, with topics of its own.
pub fn settings(brokers: &Brokers, partitions: u16) -> Settings {
    let replication = u16::try_from(brokers.count()).unwrap();
    let prefix = brokers.prefix();
    Settings {
        brokers: brokers.addresses(),
        group: format!("{prefix}group"),
        topic_prefix: prefix,
        partitions,
        replication,
        min_in_sync: replication.div_ceil(2),
        session_seconds: 6,
        ..Settings::default()
    }
}

/// With all its topics.
pub fn made(brokers: &Brokers, partitions: u16) -> Settings {
    let settings = settings(brokers, partitions);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let admin = Admin::new(&settings).unwrap();
        let missing = admin.look().await.unwrap().missing;
        assert_eq!(missing.len(), 5);
        admin.make(&missing).await.unwrap();
        assert_eq!(admin.settled().await.unwrap().wrong, []);
    });
    settings
}

fn run(settings: &Settings, command: &str, set: &[&str]) -> (i32, String) {
    let of_settings = [
        format!("kafka.brokers={}", settings.brokers),
        format!("kafka.topic_prefix={}", settings.topic_prefix),
        format!("kafka.replication={}", settings.replication),
        format!("kafka.min_in_sync={}", settings.min_in_sync),
        format!("engine.shards={}", settings.partitions),
    ];
    let output = Command::new(env!("CARGO_BIN_EXE_wagewatch"))
        .args(["kafka", command])
        .args(of_settings.iter().flat_map(|one| ["--set", one]))
        .args(set.iter().flat_map(|one| ["--set", one]))
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

fn made_and_checked(brokers: &Brokers) {
    let settings = settings(brokers, 3);
    let names = settings.topics();
    let (code, said) = run(&settings, "check", &[]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains(&format!(
            "wrong: topic {}: the topic is not there; needed: `wagewatch kafka init`",
            names.records
        )),
        "{said}"
    );
    let (code, said) = run(&settings, "init", &[]);
    assert_eq!((code, said.matches("\nmade: ").count()), (0, 5), "{said}");
    let (code, said) = run(&settings, "init", &[]);
    assert_eq!((code, said.matches("\ngood: ").count()), (0, 5), "{said}");
    // More shards than partitions, and records that must be kept longer than they are.
    java::alter(brokers, &names.county, "retention.ms=86400000");
    java::alter(brokers, &names.changelog, "cleanup.policy=delete");
    java::widen(brokers, &names.alerts, 9);
    for command in ["check", "init"] {
        let (code, said) = run(&settings, command, &["kafka.retain_days=2", "engine.shards=4"]);
        assert_eq!(code, 1, "{said}");
        for want in [
            format!(
                "wrong: topic {}: the number of partitions is 3; needed: 4 (engine.shards",
                names.records
            ),
            format!(
                "wrong: topic {}: retention.ms is 86400000; needed: 172800000 or more, or -1",
                names.county
            ),
            format!("wrong: topic {}: cleanup.policy is delete; needed: compact", names.changelog),
            format!("wrong: topic {}: the number of partitions is 9; needed: 5", names.alerts),
        ] {
            assert!(said.contains(&want), "{command}: {want}\n{said}");
        }
    }
    let (code, said) = run(&settings, "check", &["kafka.settings=x"]);
    assert_eq!(code, 2, "{said}");
}
