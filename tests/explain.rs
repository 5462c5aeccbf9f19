//! Two alerts in words, as an inspector reads them: golden texts under `tests/golden/`.
//! `UPDATE=1 cargo test --test explain` writes them anew; the diff is then for a human to read.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends by panicking")]

use std::path::Path;
use wagewatch::alerts::{Numbers, text};
use wagewatch::domain::*;
use wagewatch::rules::{Judgement, judge_totals, judge_worker};

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn account(text: &str) -> Account {
    Account::parse("account", text).unwrap()
}

fn payment(txn: &str, fen: i64, on: &str, payee: &str, returned: bool, counts: bool) -> PaymentLine {
    PaymentLine {
        bank: "ICBC".into(),
        txn_id: txn.into(),
        amount_fen: Fen(fen),
        payer_account: Account::parse("account", "05370101040000001").unwrap(),
        payee_account: account(payee),
        outside_account: false,
        settled_at: Time::parse(on).unwrap(),
        period: Period::parse("2026-03"),
        returned,
        counts,
    }
}

fn terms(from: &str, basis: Basis, rate: i64, days: u32, minutes: u32, accrued: Sum) -> AccrualLine {
    AccrualLine::Terms {
        effective_on: day(from),
        basis,
        rate_fen: Fen(rate),
        days: Days(days),
        minutes,
        accrued,
    }
}

/// Four terms in one month (rounded, capped, by the hour), piecework, a returned payment, one to a
/// stranger's account, two that count, and a due date on a Sunday.
fn busy_month() -> WorkerView {
    let accrual = vec![
        terms("2026-01-01", Basis::Daily, 32_001, 325, 0, 104_003),
        terms("2026-03-09", Basis::Monthly, 800_000, 2200, 0, 800_000),
        terms("2026-03-12", Basis::Hourly, 4_000, 100, 485, 32_333),
        terms("2026-03-16", Basis::Piece, 0, 200, 0, 0),
        AccrualLine::Piecework { lot: "3号楼抹灰".into(), amount_fen: Fen(50_000) },
    ];
    let period = PeriodView {
        employer_uscc: None,
        period: Period::parse("2026-03").unwrap(),
        days: Days(2825),
        minutes: 485,
        last_worked_on: Some(day("2026-03-31")),
        pattern: PatternView::default(),
        accrual,
        accrued: 986_336,
        signed: None,
        payable: None,
        expected: 986_336,
        labelled: 300_000,
        direct: 300_000,
        filled: 20_000,
        paid: 320_000,
        arrears: 666_336,
        due_nominal: day("2026-04-19"),
        due_on: day("2026-04-17"),
    };
    WorkerView {
        project_id: ProjectId::parse("project_id", "P1").unwrap(),
        id_number: IdNumber::parse("id_number", None, "152722199001010019").unwrap(),
        enrolled: true,
        days: Days(2825),
        terms: Vec::new(),
        first_worked_on: Some(day("2026-03-02")),
        last_worked_on: Some(day("2026-03-31")),
        periods: vec![period],
        payments: vec![
            payment("T-100", 200_000, "2026-04-10T23:30:00+08:00", "6228480000000000011", false, true),
            payment("T-101", 100_000, "2026-04-11T10:00:00+08:00", "6228480000000000011", false, true),
            payment("T-102", 150_000, "2026-04-12T10:00:00+08:00", "6228480000000000011", true, false),
            payment("T-103", 250_000, "2026-04-13T10:00:00+08:00", "6228480000000000099", false, false),
        ],
        named_accounts: vec![account("6228480000000000011")],
        wage_accounts: vec![account("05370101040000001")],
        advance: 0,
    }
}

fn worker_findings() -> Vec<Finding> {
    let book = Rulebook::default();
    let mut on = Judgement::new(day("2026-05-20"), &book, None);
    judge_worker(&busy_month(), &mut on);
    on.into_parts().0
}

fn check(name: &str, finding: &Finding) {
    let told = text(finding, day("2026-05-20"), Some("树林召镇安置房三期"), Numbers::Masked).to_string();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &told).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert_eq!(told, kept, "{name} is stale: UPDATE=1 cargo test --test explain");
}

#[test]
fn a_wage_paid_in_part() {
    check("wage-underpaid.txt", &worker_findings()[0]);
}

#[test]
fn a_payment_to_a_strangers_account() {
    check("payee-mismatch.txt", &worker_findings()[1]);
}

#[test]
fn a_project_in_arrears() {
    let view = ProjectView {
        overdue_fen: 2_250_336,
        overdue_workers: 12,
        overdue_periods: 14,
        oldest_due_on: Some(day("2026-03-13")),
        ..ProjectView::unknown(ProjectId::parse("project_id", "P1").unwrap())
    };
    let worst: Vec<(IdNumber, Sum)> = ["152722199001010019", "150621200301010012", "150621199001010015"]
        .into_iter()
        .zip([666_336, 500_000, 400_000])
        .map(|(id, sum)| (IdNumber::parse("id_number", None, id).unwrap(), sum))
        .collect();
    let book = Rulebook::default();
    let mut on = Judgement::new(day("2026-05-20"), &book, None);
    judge_totals(&view, &worst, &mut on);
    check("project-arrears.txt", &on.findings()[0]);
}

/// The arithmetic must follow from its own lines: every `a + b = c` and `a − b = c` in it is true.
#[test]
fn sums_in_the_words_are_true() {
    let fen = |text: &str| text.trim().replace('.', "").parse::<i64>().unwrap();
    let mut seen = 0;
    for line in text(&worker_findings()[0], day("2026-05-20"), None, Numbers::Masked).arithmetic {
        let Some((left, right)) = line.zh.rsplit_once(" = ") else { continue };
        let result = fen(right.split(' ').next().unwrap().trim_matches('元'));
        let terms = left.rsplit_once(" = ").map_or(left, |(_, terms)| terms);
        if terms.contains(" + ") {
            assert_eq!(terms.split(" + ").map(fen).sum::<i64>(), result, "{}", line.zh);
            seen += 1;
        } else if let Some((a, b)) = terms.split_once(" − ").filter(|(a, _)| a.contains('.')) {
            assert_eq!(fen(a) - fen(b), result, "{}", line.zh);
            seen += 1;
        }
    }
    assert_eq!(seen, 3, "accrued, paid and arrears");
}
