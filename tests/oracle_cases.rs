//! The oracle against hand cases, against the cases of `tests/cases`, and against itself: what must hold in
//! every random world. Knows no engine.
#![allow(clippy::unwrap_used, reason = "test code")]

mod oracle;
use oracle::world::{Swarm, book, span, world};
use oracle::{Status, Truth, judge};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;
use std::fs;
use wagewatch::app::config::Config;
use wagewatch::domain::*;
use wagewatch::intake::json::decode_line;
use wagewatch::intake::write_json::write_line;

fn id() -> IdNumber {
    IdNumber::parse("id_number", None, "152722199001010019").unwrap()
}

fn p1() -> ProjectId {
    ProjectId::parse("project_id", "P1").unwrap()
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn record(id: &str, at: &str, body: Body) -> Record {
    let at = Time::parse(at).unwrap();
    Record { head: Head { id: id.into(), source: "test".into(), at }, body }
}

fn terms(effective_on: &str, basis: Basis, rate: i64) -> Body {
    Body::Enrolment(Box::new(Enrolment {
        project_id: p1(),
        id_number: id(),
        id_type: None,
        name: "张三".into(),
        employer_name: "分包".into(),
        employer_uscc: None,
        team: None,
        basis,
        rate_fen: Fen(rate),
        effective_on: day(effective_on),
        contract_signed_on: None,
        left_on: None,
        account: None,
        pay_day: None,
        pay_month_offset: None,
    }))
}

fn worked(date: &str, hundredths: u32, minutes: Option<u16>) -> Body {
    Body::WorkDay(WorkDay {
        project_id: p1(),
        id_number: id(),
        work_date: day(date),
        days: Days(hundredths),
        minutes,
    })
}

fn swipe(at: &str) -> Body {
    Body::Swipe(Swipe {
        project_id: p1(),
        id_number: id(),
        swiped_at: Time::parse(at).unwrap(),
        direction: None,
        device: None,
    })
}

fn paid(txn: &str, period: Option<&str>, fen: i64, status: PaymentStatus) -> Body {
    Body::Payment(Box::new(Payment {
        bank: "B".into(),
        txn_id: txn.into(),
        account: Account::parse("account", "11111111").unwrap(),
        payee_account: Account::parse("account", "22222222").unwrap(),
        payee_name: None,
        id_number: Some(id()),
        project_id: Some(p1()),
        period: period.map(|p| Period::parse(p).unwrap()),
        amount_fen: Fen(fen),
        settled_at: Time::parse("2026-04-10T10:00:00+08:00").unwrap(),
        status,
    }))
}

const AT: &str = "2026-03-31T20:00:00+08:00";
const LATER: &str = "2026-04-01T20:00:00+08:00";

fn judge_at(bodies: Vec<(&str, Body)>, today: &str) -> Truth {
    let records: Vec<Record> =
        bodies.into_iter().enumerate().map(|(n, (at, body))| record(&format!("r{n}"), at, body)).collect();
    judge(&records, day(today), &Rulebook::default())
}

/// (days, accrued, paid, arrears, due, overdue days, status) of the worker's one period.
fn check(bodies: Vec<(&str, Body)>, today: &str, want: &str) {
    let truth = judge_at(bodies, today);
    let row = truth.periods.values().next().unwrap();
    let got = format!(
        "{} {} {} {} {} {} {}",
        row.days,
        row.accrued,
        row.paid,
        row.arrears,
        row.due_on,
        row.overdue_days,
        row.status.as_str()
    );
    assert_eq!(got, want);
}

#[test]
fn two_terms_in_a_month_round_each_on_its_own() {
    let bodies = vec![
        (AT, terms("2026-03-01", Basis::Daily, 28_735)),
        (AT, terms("2026-03-10", Basis::Monthly, 600_000)),
        (AT, worked("2026-03-09", 150, None)),
        (AT, worked("2026-03-10", 100, None)),
    ];
    // 28735 x 1.5 = 43102.5 -> 43103; 600000 / 21.75 = 27586.2 -> 27586.
    check(bodies, "2026-04-16", "2.5 70689 0 70689 2026-04-15 1 overdue");
}

#[test]
fn a_night_swipe_counts_for_the_day_before_and_its_minutes_for_hourly_pay() {
    let bodies = vec![
        (AT, terms("2026-03-01", Basis::Hourly, 2_000)),
        (AT, swipe("2026-03-31T20:00:30+08:00")),
        (AT, swipe("2026-04-01T03:59:59+08:00")),
    ];
    // 7 h 59 min 29 s are 479 minutes; 2000 x 479 / 60 = 15966.7.
    check(bodies, "2026-04-15", "1.0 15967 0 15967 2026-04-15 0 not_due");
}

#[test]
fn a_statement_overrides_swipes_and_the_later_one_wins() {
    let bodies = vec![
        (AT, terms("2026-03-01", Basis::Daily, 30_000)),
        (LATER, worked("2026-03-02", 50, None)),
        (AT, worked("2026-03-02", 300, None)),
        (AT, swipe("2026-03-02T08:00:00+08:00")),
    ];
    check(bodies, "2026-04-30", "0.5 15000 0 15000 2026-04-15 15 overdue");
}

#[test]
fn a_payment_returned_before_it_was_settled_never_counts() {
    let bodies = vec![
        (AT, terms("2026-03-01", Basis::Daily, 30_000)),
        (AT, worked("2026-03-02", 100, None)),
        (AT, paid("T1", Some("2026-03"), 30_000, PaymentStatus::Returned)),
        (LATER, paid("T1", Some("2026-03"), 30_000, PaymentStatus::Settled)),
        (LATER, paid("T2", None, 29_900, PaymentStatus::Settled)),
    ];
    check(bodies, "2026-04-30", "1.0 30000 29900 100 2026-04-15 0 paid");
}

#[test]
fn the_later_comer_of_a_conflict_is_rejected() {
    let first = record("a", LATER, paid("T1", None, 5, PaymentStatus::Settled));
    let second = record("b", AT, paid("T1", None, 6, PaymentStatus::Settled));
    let book = Rulebook::default();
    assert_eq!(judge(&[first.clone(), second.clone()], day("2026-04-30"), &book).rejected, [1]);
    assert_eq!(judge(&[second, first.clone(), first], day("2026-04-30"), &book).rejected, [1, 2]);
}

#[test]
fn unpriced_work_is_found_and_so_is_the_project_without_a_record() {
    let truth = judge_at(vec![(AT, swipe("2026-03-02T08:00:00+08:00"))], "2026-06-30");
    assert_eq!(truth.periods.values().next().unwrap().status, Status::Unpriced);
    let rules: Vec<Rule> = truth.alerts.keys().map(|(_, key)| key.rule).collect();
    // Its source has been silent since.
    assert_eq!(rules, [Rule::UnknownProject, Rule::UnregisteredWorker, Rule::FeedSilent]);
}

/// Records merge: neither order nor repetition shows, as long as nothing conflicts.
#[test]
fn order_and_repeats_do_not_show() {
    for seed in 0..60 {
        let (book, (_, last)) = (book(seed), span(seed));
        let mut records = world(seed, &Swarm::of(seed));
        let truth = judge(&records, last, &book);
        assert!(truth.rejected.is_empty(), "seed {seed}");
        let repeats = records[..records.len() / 3].to_vec();
        records.extend(repeats);
        records.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        assert_eq!(judge(&records, last, &book), truth, "seed {seed}");
    }
}

/// Worlds that never show a trouble would prove nothing about it.
#[test]
fn the_worlds_together_hit_everything() {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    // Of the rules beside the contract's.
    let mut others: BTreeSet<String> = BTreeSet::new();
    for seed in 0..400 {
        let swarm = if seed % 4 == 0 { Swarm::of(seed).with_conflicts() } else { Swarm::of(seed) };
        let (book, (first, last)) = (book(seed), span(seed));
        let records = world(seed, &swarm);
        for today in [first.plus(50), last] {
            let truth = judge(&records, today, &book);
            for ((_, key), found) in &truth.alerts {
                let seen = if key.rule.is_of_contract() { &mut seen } else { &mut others };
                seen.insert(format!("{} {}", key.rule, found.level));
            }
            seen.extend(truth.suspense.values().map(|(_, reason)| reason.to_string()));
            seen.extend(truth.periods.values().map(|row| row.status.as_str().to_string()));
            seen.extend(truth.rejected.iter().map(|_| "rejected".to_string()));
        }
    }
    let want = [
        "ambiguous-worker",
        "no-project",
        "no-worker",
        "not_due",
        "overdue",
        "paid",
        "payee-mismatch orange",
        "project-arrears orange",
        "project-arrears red",
        "project-arrears yellow",
        "rejected",
        "unknown-project yellow",
        "unpriced",
        "unregistered-worker yellow",
        "wage-underpaid orange",
        "wage-underpaid red",
        "wage-underpaid yellow",
        "wage-unpaid orange",
        "wage-unpaid red",
        "wage-unpaid yellow",
    ];
    assert_eq!(seen, want.map(str::to_string).into());
    let want = [
        "account-agreement-missing yellow",
        "account-closed-early red",
        "account-not-opened blue",
        "account-not-opened orange",
        "account-not-opened red",
        "account-restrained red",
        "forbidden-debit red",
        "labour-fee-late orange",
        "labour-fee-late red",
        "labour-fee-short orange",
        "labour-fee-short yellow",
        "paid-outside-account orange",
        "shared-payee red",
        "complaint-open orange",
        "complaint-open red",
        "complaint-open yellow",
        "deposit-expiring blue",
        "deposit-expiring red",
        "deposit-form yellow",
        "deposit-low yellow",
        "deposit-missing orange",
        "deposit-missing red",
        "deposit-not-refilled orange",
        "guarantee-missing yellow",
        "inspection-missing yellow",
        "labour-officer-missing yellow",
        "payroll-missing yellow",
    ];
    let unseen: Vec<_> = want.iter().filter(|one| !others.contains(**one)).collect();
    assert!(unseen.is_empty(), "{unseen:?}");
    // These hang on alerts, acts and when records came, which the oracle of facts does not know; their transcripts
    // show them.
    let of_acts = [Rule::AlertOverdue, Rule::RepeatOffender, Rule::AlertFlood];
    let of_facts = |rule: &Rule| !rule.is_of_contract() && !of_acts.contains(rule);
    for rule in Rule::ALL.iter().filter(|rule| of_facts(rule)) {
        assert!(others.iter().any(|one| one.starts_with(&format!("{rule} "))), "{rule} is found in no world");
    }
}

/// What the report of a case lists beside its total, from the oracle: one text a row.
fn report(truth: &Truth, today: Day) -> BTreeSet<String> {
    let mut rows = BTreeSet::new();
    for ((project_id, id_number, period), row) in &truth.periods {
        rows.insert(format!(
            "{project_id} {} {period} {} {} {} {} {} {} {} {}",
            id_number.reveal(),
            row.days,
            row.accrued,
            row.expected,
            row.paid,
            row.arrears,
            row.due_on,
            row.overdue_days,
            row.status.as_str()
        ));
    }
    let of_contract = truth.alerts.iter().filter(|((_, key), _)| key.rule.is_of_contract());
    for ((project_id, key), found) in of_contract {
        let id_number = key.subject.id_number().map(|id| id.reveal()).unwrap_or_default();
        let period = found.period.or(key.subject.period()).map(|p| p.to_string()).unwrap_or_default();
        let amount = if found.amount > 0 { found.amount.to_string() } else { String::new() };
        let overdue = found.due_on.map(|due| today.since(due).to_string()).unwrap_or_default();
        rows.insert(format!(
            "{} {} {project_id} {id_number} {period} {amount} {overdue}",
            key.rule, found.level
        ));
    }
    for ((bank, txn_id), (amount, reason)) in &truth.suspense {
        rows.insert(format!("{bank} {txn_id} {} {reason}", amount.0));
    }
    rows
}

/// The same texts from the report's own rows.
fn wanted(text: &str) -> BTreeSet<String> {
    let mut rows = BTreeSet::new();
    for line in text.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let fields: &[&str] = match row["row"].as_str().unwrap() {
            "worker_period" => &[
                "project_id",
                "id_number",
                "period",
                "days",
                "accrued_fen",
                "expected_fen",
                "paid_fen",
                "arrears_fen",
                "due_on",
                "overdue_days",
                "status",
            ],
            "alert" => &["rule", "level", "project_id", "id_number", "period", "amount_fen", "overdue_days"],
            "suspense" => &["bank", "txn_id", "amount_fen", "reason"],
            _ => continue,
        };
        let texts: Vec<String> = fields
            .iter()
            .map(|field| match &row[field] {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            })
            .collect();
        rows.insert(texts.join(" "));
    }
    rows
}

#[test]
fn the_cases_are_judged_row_by_row() {
    // With the holidays as published.
    let book = Rulebook { calendar: Config::default().calendar, ..Rulebook::default() };
    for (case, today, unreadable) in
        [("first", "2026-05-20", 1), ("disorder", "2026-05-20", 0), ("winter", "2026-02-25", 0)]
    {
        let read = |name: &str| fs::read_to_string(format!("tests/cases/{case}/{name}.ndjson")).unwrap();
        let text = read("records");
        let records: Vec<Record> = text.lines().filter_map(|line| decode_line(line).ok()).collect();
        assert_eq!(text.lines().count() - records.len(), unreadable, "{case}");
        let truth = judge(&records, day(today), &book);
        let (got, want) = (report(&truth, day(today)), wanted(&read("report")));
        let missing: Vec<_> = want.difference(&got).take(5).collect();
        let extra: Vec<_> = got.difference(&want).take(5).collect();
        assert!(missing.is_empty() && extra.is_empty(), "{case}: missing {missing:#?}, extra {extra:#?}");
        assert!(truth.rejected.is_empty());
    }
}

#[test]
fn a_written_record_reads_back_the_same() {
    for seed in 0..60 {
        for record in world(seed, &Swarm::of(seed)) {
            let mut line = Vec::new();
            write_line(&record, &mut line);
            let text = String::from_utf8(line).unwrap();
            assert_eq!(decode_line(text.trim_end()).as_ref(), Ok(&record), "seed {seed}: {text}");
        }
    }
}
