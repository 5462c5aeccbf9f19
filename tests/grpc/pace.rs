//! What one caller may have: beyond it he is told when to come again, on a stream he is read more slowly, and the others
//! notice nothing of it.

use crate::access::{As, County};
use crate::house::payment;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tonic::{Code, Status};
use tonic_types::StatusExt;
use wagewatch::access::Role;
use wagewatch::guard::{Equipment, Limits, Member, Rate, StoredToken, Token};
use wagewatch::proto::v1 as pb;

fn second(most: u32) -> Rate {
    Rate { most, within: Duration::from_secs(1) }
}

async fn county(limits: Limits) -> (County, Arc<Mutex<Vec<&'static str>>>) {
    let told: Arc<Mutex<Vec<&'static str>>> = Arc::default();
    let heard = told.clone();
    let refused: Arc<dyn Fn(&'static str) + Send + Sync> =
        Arc::new(move |reason| heard.lock().unwrap().push(reason));
    let equipment = Equipment { limits, refused: Some(refused), ..Equipment::default() };
    (County::with(equipment).await, told)
}

fn paced(status: &Status) -> Duration {
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    assert_eq!(status.get_details_error_info().unwrap().reason, "PACED");
    status.get_details_retry_info().unwrap().retry_delay.unwrap()
}

/// Each to another worker: hundreds to one would measure how long his ledger has become.
fn payments(from: u32, count: u32) -> Vec<pb::Record> {
    (from..from + count).map(|n| payment("P1", n, &format!("flood-{n}"), 100)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_calls_are_told_when_to_come_again_and_only_their_caller_is() {
    let (county, told) = county(Limits { calls: second(20), ..Limits::default() }).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (flood, quiet) = (county.who(Role::Platform), county.who(Role::Coordinator));
    let mut refused = Vec::new();
    for _ in 0..200 {
        if let Err(status) = flood.list(1, "").await {
            refused.push(paced(&status));
        }
    }
    assert!(refused.len() > 20, "{}", refused.len());
    assert!(refused.iter().all(|after| *after > Duration::ZERO && *after <= Duration::from_secs(1)));
    for _ in 0..10 {
        quiet.list(1, "").await.unwrap();
    }
    tokio::time::sleep(refused[refused.len() - 1]).await;
    flood.list(1, "").await.unwrap();
    assert_eq!(told.lock().unwrap().iter().filter(|reason| **reason == "PACED").count(), refused.len());
    county.house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_streams_of_one_caller_are_refused_until_one_ends() {
    let (county, _) = county(Limits { streams: 2, ..Limits::default() }).await;
    let (many, other) = (county.who(Role::Platform), county.who(Role::Coordinator));
    let (first, second) = (many.subscribe("").await.unwrap(), many.subscribe("").await.unwrap());
    let status = many.subscribe("").await.map(|_| ()).unwrap_err();
    assert_eq!(status.get_details_error_info().unwrap().reason, "TOO_MANY");
    other.subscribe("").await.unwrap();
    drop(first);
    let begun = Instant::now();
    while many.subscribe("").await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30), "its place was not given back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(second);
    county.house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_records_than_his_share_are_refused_by_submit_and_waited_for_by_a_stream() {
    let (county, _) = county(Limits { records: second(100), ..Limits::default() }).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let bank = county.who(Role::Bank);
    bank.submit(payments(0, 100)).await.unwrap();
    let after = paced(&bank.submit(payments(100, 100)).await.unwrap_err());
    assert!(after > Duration::ZERO && after <= Duration::from_secs(1), "{after:?}");
    let begun = Instant::now();
    // Three seconds' share, of which no more than one can be there by now.
    for part in 1..=3 {
        bank.submit_stream(payments(100 * part, 100)).await.unwrap();
    }
    assert!(begun.elapsed() > Duration::from_millis(1900), "{:?}", begun.elapsed());
    // Who comes sooner than he was told is not read, be it ever so little that he brings, and hears of it when his time
    // has come: asking again at once is of no use.
    let after = paced(&bank.submit(payments(400, 100)).await.unwrap_err());
    let begun = Instant::now();
    let sooner = paced(&bank.submit(payments(500, 1)).await.unwrap_err());
    assert!(sooner <= after && begun.elapsed() >= sooner, "{sooner:?} {:?}", begun.elapsed());
    bank.submit(payments(600, 1)).await.expect("now it is his time");
    county.house.end().await;
}

/// Figures of this machine and profile are printed; held is that nobody but the flood is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_bank_is_answered_beside_a_flooding_one() {
    let (county, _) = county(Limits { records: second(50), ..Limits::default() }).await;
    let token = Token::new().unwrap();
    let mut members = county.members.clone();
    let mut quiet: Member = members[0].clone();
    quiet.principal.name = "quiet-bank".into();
    quiet.tokens = vec![StoredToken::parse(&token.hash_line(), i64::MAX).unwrap()];
    members.push(quiet);
    county.guard.replace(&members);
    let quiet = As::apart(&county.house, Some(&token));
    let alone = times(&quiet, 0).await;
    let begun = Instant::now();
    let ends = begun + Duration::from_secs(3);
    let floods: Vec<_> = (0..4)
        .map(|lane| {
            let bank = county.who(Role::Bank);
            tokio::spawn(async move {
                let (mut taken, mut refused, mut from) = (0u64, 0, 1_000 * (lane + 1));
                while Instant::now() < ends {
                    match bank.submit(payments(from, 10)).await {
                        Ok(_) => (taken, from) = (taken + 10, from + 10),
                        Err(status) => {
                            paced(&status);
                            refused += 1;
                        }
                    }
                }
                (taken, refused)
            })
        })
        .collect();
    let beside = times(&quiet, 1000).await;
    let (mut taken, mut refused) = (0u64, 0);
    for flood in floods {
        let (t, r) = flood.await.unwrap();
        (taken, refused) = (taken + t, refused + r);
    }
    eprintln!(
        "quiet bank, p50 and p99: alone {alone:?}, beside {beside:?}; flood: {taken} records taken, {refused} calls refused"
    );
    assert!(refused > 0, "the flood was never held back");
    let most = 50 * (begun.elapsed().as_secs() + 2);
    assert!(taken <= most, "{taken} records were taken of the flood, at most {most} may be");
    county.house.end().await;
}

/// The median and the 99th of 100 payments one by one, at most 40 a second: within the bank's own share, however fast
/// the machine is.
async fn times(bank: &As, from: u32) -> [Duration; 2] {
    let mut times = Vec::new();
    for n in 0..100 {
        let begun = Instant::now();
        bank.submit(payments(50_000 + from + n, 1)).await.unwrap();
        times.push(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    times.sort();
    [times[49], times[98]]
}
