//! Whether a worker's month had been paid by a day: what came by then, spread over the months as everything
//! that is paid is. Knows no date of today, no project.

use crate::domain::{Day, DayStart, PaymentLine, Sum, WorkerView};

/// Whether at least half of what the month at that place is expected to pay had been paid by the end of
/// that day. A month of which nothing is expected had.
pub fn half_paid_by(view: &WorkerView, at: usize, by: Day) -> bool {
    let Some(period) = view.periods.get(at) else { return false };
    let is_half = |paid: Sum| paid * 2 >= period.expected;
    if is_half(0) {
        return true;
    }
    // What came later cannot have been there.
    if !is_half(period.paid) {
        return false;
    }
    let early = |line: &&PaymentLine| line.counts && line.settled_at.business(DayStart(0)).0 <= by;
    let labelled = |place: usize| -> Sum {
        let naming = view.payments_naming(view.periods[place].period);
        naming.filter(early).map(|line| line.amount_fen.sum()).sum()
    };
    if is_half(labelled(at)) {
        return true;
    }
    let has_pool = view.payments.iter().any(|line| line.counts && line.period.is_none())
        || view.periods.iter().any(|period| period.labelled > period.expected);
    has_pool && is_half(spread(view, at, &labelled, view.payments.iter().filter(early)))
}

/// What the month at that place gets of those payments (contract, section 4, "Paid").
fn spread<'a>(
    view: &WorkerView,
    at: usize,
    labelled: &dyn Fn(usize) -> Sum,
    payments: impl Iterator<Item = &'a PaymentLine>,
) -> Sum {
    let free = payments.filter(|line| line.period.is_none());
    let mut pool: Sum = free.map(|line| line.amount_fen.sum()).sum();
    let named: Vec<Sum> = (0..view.periods.len()).map(labelled).collect();
    let expected = |place: usize| view.periods[place].expected;
    pool += (0..named.len()).map(|place| (named[place] - expected(place)).max(0)).sum::<Sum>();
    let open = |place: usize| (expected(place) - named[place]).max(0);
    pool -= (0..at).map(open).sum::<Sum>();
    expected(at) - (open(at) - pool.max(0)).max(0)
}

#[cfg(test)]
mod tests {
    use super::super::settle::empty_period;
    use super::*;
    use crate::domain::{Account, Days, Fen, IdNumber, Period, PeriodView, ProjectId, Rulebook, Time};

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn line(fen: i64, period: Option<&str>, on: &str) -> PaymentLine {
        let account = Account::parse("account", "05370101040000001").unwrap();
        PaymentLine {
            bank: "B".into(),
            txn_id: "T".into(),
            amount_fen: Fen(fen),
            payer_account: account,
            payee_account: account,
            outside_account: false,
            settled_at: Time::parse(&format!("{on}T23:59:00+08:00")).unwrap(),
            period: period.map(|month| Period::parse(month).unwrap()),
            returned: false,
            counts: true,
        }
    }

    /// January to March, 1000 a month; of March and its payments it is asked.
    fn worker(payments: Vec<PaymentLine>) -> WorkerView {
        let months = ["2026-01", "2026-02", "2026-03"].map(|month| Period::parse(month).unwrap());
        let settled = months.map(|month| {
            let named = payments.iter().filter(|line| line.counts && line.period == Some(month));
            let labelled: Sum = named.map(|line| line.amount_fen.sum()).sum();
            // Enough for the test: what is paid by now, whenever it came.
            let paid = 1000;
            PeriodView {
                expected: 1000,
                labelled,
                paid,
                ..empty_period(month, (15, 1), &Rulebook::default())
            }
        });
        WorkerView {
            project_id: ProjectId::parse("project_id", "P1").unwrap(),
            id_number: IdNumber::from_kept("152722199001010019"),
            enrolled: true,
            terms: Vec::new(),
            days: Days(0),
            first_worked_on: None,
            last_worked_on: None,
            periods: settled.into(),
            payments,
            named_accounts: Vec::new(),
            wage_accounts: Vec::new(),
            advance: 0,
        }
    }

    fn check(payments: Vec<PaymentLine>, in_time: bool) {
        let view = worker(payments);
        assert_eq!(half_paid_by(&view, 2, day("2026-04-15")), in_time, "{:?}", view.payments);
    }

    #[test]
    fn half_of_the_month_by_the_end_of_the_day_is_in_time() {
        check(vec![], false);
        check(vec![line(500, Some("2026-03"), "2026-04-15")], true);
        check(vec![line(499, Some("2026-03"), "2026-04-15")], false);
        check(vec![line(1000, Some("2026-03"), "2026-04-16")], false);
        let astray = PaymentLine { counts: false, ..line(1000, Some("2026-03"), "2026-04-15") };
        check(vec![astray], false);
        check(vec![line(250, Some("2026-03"), "2026-04-01"), line(250, Some("2026-03"), "2026-04-02")], true);
    }

    #[test]
    fn what_names_no_month_fills_the_oldest_first() {
        check(vec![line(2499, None, "2026-04-15")], false);
        check(vec![line(2500, None, "2026-04-15")], true);
        check(vec![line(2500, None, "2026-04-16")], false);
        // January is paid by name, and 500 too much.
        let january = line(1500, Some("2026-01"), "2026-02-10");
        check(vec![january.clone(), line(1000, None, "2026-04-15")], true);
        check(vec![january.clone(), line(999, None, "2026-04-15")], false);
        check(vec![january, line(1000, Some("2026-02"), "2026-03-10")], true);
    }

    #[test]
    fn nothing_expected_is_paid_and_a_month_that_is_not_there_is_none() {
        let mut view = worker(vec![]);
        view.periods[2].expected = 0;
        assert!(half_paid_by(&view, 2, day("2026-04-15")));
        assert!(!half_paid_by(&view, 3, day("2026-04-15")));
        // What is not paid by now was not then.
        let mut view = worker(vec![line(1000, Some("2026-03"), "2026-04-01")]);
        view.periods[2].paid = 499;
        assert!(!half_paid_by(&view, 2, day("2026-04-15")));
    }
}
