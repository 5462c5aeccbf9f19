//! A shadow rulebook beside the live one on two instances: their metrics together count what the oracle finds by it, and those
//! of the one that stays do so alone when the other is killed. The live alerts are as without it.

use super::brokers::Brokers;
use super::county::{book, county};
use super::serve::{House, PATIENCE, again, block_on, level};
use super::support::judge::truth;
use super::support::process::{Process, tellable};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};
use wagewatch::app::config::{Config, Sources};
use wagewatch::domain::{Entry, Rulebook};
use wagewatch::proto::v1::verdict::Code;

pub const CASES: [(&str, fn(&Brokers)); 1] = [("a_shadow_is_counted_by_whoever_owns", beside)];

/// By rule and level.
type Counts = BTreeMap<(String, String), u64>;

fn beside(brokers: &Brokers) {
    let house = House::new(brokers, &[]);
    let path = house.data("next.toml");
    std::fs::write(&path, "version = \"next\"\n[wages]\norange_after_days = 1\nred_after_days = 2\n")
        .unwrap();
    block_on(async {
        let set = setting(&path);
        let beside = [set.as_str()];
        let (a, b) = tokio::join!(house.try_start("a", &beside), house.try_start("b", &beside));
        let (a, b) = (a.unwrap(), b.unwrap());
        let (first_door, other_door) = (a.client(), b.client());
        let (records, first, last) = county();
        let records = tellable(records);
        again(|| first_door.set_date(first)).await;
        for batch in records.chunks(records.len().div_ceil(8)) {
            let codes = again(|| other_door.submit(batch)).await;
            assert!(codes.iter().all(|code| matches!(code, Code::Accepted | Code::Duplicate)), "{codes:?}");
        }
        again(|| first_door.set_date(last)).await;
        let entries: Vec<Entry> = records.into_iter().map(Entry::Record).chain([Entry::Date(last)]).collect();
        let next = Config::load(&Sources { set: vec![set], ..Sources::default() }).unwrap().shadow.unwrap();
        let wanted = counts(&entries, &next);
        assert_ne!(wanted, counts(&entries, &book()), "it judges otherwise");
        counted(&[&a, &b], &wanted).await;
        // It is of the instance that is asked.
        let mut told = 0;
        for process in [&a, &b] {
            let client = process.client();
            let shadow = again(|| client.status()).await.shadow.unwrap();
            assert_eq!(shadow.rulebook_version, next.version);
            told += shadow.alerts.iter().map(|count| count.alerts).sum::<u64>();
        }
        assert_eq!(told, wanted.values().sum::<u64>());
        level(&first_door, &entries).await;
        first_door.check(&entries, &book()).await;
        a.kill();
        counted(&[&b], &wanted).await;
        other_door.check(&entries, &book()).await;
        assert!(b.stop().await.status.success());
    });
}

fn setting(path: &Path) -> String {
    format!("files.shadow_rulebook={}", path.display())
}

fn counts(entries: &[Entry], book: &Rulebook) -> Counts {
    let mut counts = Counts::new();
    for (key, finding) in &truth(entries, book).0.alerts {
        let what = (key.1.rule.as_str().to_owned(), finding.level.as_str().to_owned());
        *counts.entry(what).or_default() += 1;
    }
    counts
}

/// Until these instances together show that, and nothing waits: the county has then heard of each partition what is owed there.
async fn counted(processes: &[&Process], wanted: &Counts) {
    let begun = Instant::now();
    loop {
        let (mut found, mut waiting) = (Counts::new(), 0);
        for process in processes {
            for (what, count) in metrics(process) {
                *found.entry(what).or_default() += count;
            }
            let client = process.client();
            waiting += again(|| client.status()).await.shadow.unwrap().projects_waiting;
        }
        if found == *wanted && waiting == 0 {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{waiting} wait\n{found:?}\n{wanted:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn metrics(process: &Process) -> Counts {
    let said = process.said();
    let line = said.lines().find(|line| line.contains(r#""message":"serving""#)).unwrap();
    let said: serde_json::Value = serde_json::from_str(line).unwrap();
    let mut stream = TcpStream::connect(said["fields"]["http"].as_str().unwrap()).unwrap();
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let count = |line: &str| {
        let (labels, count) = line.strip_prefix("wagewatch_shadow_alerts{")?.split_once("} ")?;
        let label = |name: &str| {
            let (_, rest) = labels.split_once(&format!("{name}=\""))?;
            Some(rest.split_once('"')?.0.to_owned())
        };
        Some(((label("rule")?, label("level")?), count.parse().ok()?))
    };
    answer.lines().filter_map(count).filter(|(_, count)| *count > 0).collect()
}
