//! Holds shards and desk against the oracle.

use super::super::oracle;
use std::collections::BTreeMap;
use wagewatch::domain::{Day, Entry, Record, Rule, Rulebook, Verdict};
use wagewatch::engine::{Desk, Shard};

/// The state as it is against the oracle's of the same entries.
pub fn check(desk: &Desk, shards: &mut [Shard], entries: &[Entry], book: &Rulebook) {
    let records: Vec<Record> = entries
        .iter()
        .filter_map(|e| match e {
            Entry::Record(record) => Some(record.clone()),
            _ => None,
        })
        .collect();
    let today = entries.iter().filter_map(|e| match e {
        Entry::Date(day) => Some(*day),
        _ => None,
    });
    let today = today.max();
    let truth = oracle::judge(&records, today.unwrap_or(Day(0)), book);
    check_periods(shards, &truth);
    check_suspense(desk, shards, &truth);
    if today.is_some() {
        check_alerts(shards, &truth);
    }
}

fn check_periods(shards: &mut [Shard], truth: &oracle::Truth) {
    let mut found = BTreeMap::new();
    for shard in shards.iter_mut() {
        for summary in shard.projects() {
            let name = summary.project_id.clone();
            shard
                .ask(&summary.project_id, |ask| {
                    let ask = ask.unwrap();
                    for ix in 0..u32::try_from(ask.ledger.workers()).unwrap() {
                        let view = ask.ledger.settle(ix, ask.book);
                        for p in view.periods {
                            let row = (p.days, p.minutes, p.accrued, p.expected, p.paid, p.arrears, p.due_on);
                            found.insert((name.clone(), view.id_number.clone(), p.period), row);
                        }
                    }
                })
                .unwrap();
        }
    }
    let wanted: BTreeMap<_, _> = truth
        .periods
        .iter()
        .map(|(k, r)| (k.clone(), (r.days, r.minutes, r.accrued, r.expected, r.paid, r.arrears, r.due_on)))
        .collect();
    same("worker periods", &found, &wanted);
}

fn check_suspense(desk: &Desk, shards: &mut [Shard], truth: &oracle::Truth) {
    let mut found = BTreeMap::new();
    for kept in desk.suspense(usize::MAX) {
        let key = (kept.payment.bank.clone(), kept.payment.txn_id.clone());
        found.insert(key, (kept.payment.amount_fen, wagewatch::domain::SuspenseReason::NoProject));
    }
    for shard in shards {
        for (_, kept, reason) in shard.suspense(usize::MAX).unwrap() {
            let key = (kept.payment.bank.clone(), kept.payment.txn_id.clone());
            found.insert(key, (kept.payment.amount_fen, reason));
        }
    }
    same("suspense", &found, &truth.suspense);
}

fn check_alerts(shards: &mut [Shard], truth: &oracle::Truth) {
    let mut found = BTreeMap::new();
    for shard in shards {
        for summary in shard.projects() {
            shard
                .ask(&summary.project_id, |ask| {
                    for alert in ask.unwrap().alerts.standing() {
                        let f = &alert.finding;
                        // The subject of a wage alert names its month; the oracle does not say it twice.
                        let period = f.period.filter(|_| f.rule == Rule::PayeeMismatch);
                        let said = (f.level, f.amount, f.workers, f.due_on, period);
                        found.insert((f.project_id.clone(), alert.key()), said);
                    }
                })
                .unwrap();
        }
    }
    let wanted: BTreeMap<_, _> = truth
        .alerts
        .iter()
        .map(|(k, f)| (k.clone(), (f.level, f.amount, f.workers, f.due_on, f.period)))
        .collect();
    same("alerts", &found, &wanted);
}

/// Verdicts against the oracle: which records were rejected.
pub fn check_rejected(verdicts: &[Verdict], truth: &oracle::Truth) {
    let rejected = |v: &Verdict| matches!(v, Verdict::Rejected(_));
    let found: Vec<usize> =
        verdicts.iter().enumerate().filter(|(_, v)| rejected(v)).map(|(i, _)| i).collect();
    assert_eq!(found, truth.rejected);
}

fn same<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    what: &str,
    found: &BTreeMap<K, V>,
    wanted: &BTreeMap<K, V>,
) {
    let mut wrong = Vec::new();
    for (key, value) in wanted.iter().filter(|(key, value)| found.get(key) != Some(value)) {
        wrong.push(format!("{key:?}: found {:?}, wanted {value:?}", found.get(key)));
    }
    for (key, value) in found.iter().filter(|(key, _)| !wanted.contains_key(key)) {
        wrong.push(format!("{key:?}: found {value:?}, wanted nothing"));
    }
    assert!(wrong.is_empty(), "{what}:\n{}", wrong.join("\n"));
}
