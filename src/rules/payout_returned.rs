//! `payout-returned`: the bank sent a wage payment back, and nobody has paid it again.
//!
//! **Article**: Order 724, art. 31.
//!
//! **Found when**: a payment placed with a worker is returned, more than 3 working days have passed
//! since the business date of its `settled_at`, and no payment of at least that sum to the worker in
//! the project that counts was settled then or later. The numbers of that date count. Yellow; orange
//! after 10 working days.
//!
//! **Clears when**: such a payment arrives, or one that was there begins to count.
//!
//! **Evidence**: the payment, the day, the working days allowed and the day on which they end.
//!
//! **Not covered**: when the bank sent it back (statements do not say); several returned payments made
//! good by one, which clears each that it is large enough for; one made good in smaller parts.

use super::Judgement;
use super::aging::after;
use crate::domain::{Evidence, Fact, FactName, FactValue, Finding, Level, PaymentLine, Rule, WorkerView};

pub(super) fn judge(view: &WorkerView, on: &mut Judgement<'_>) {
    for payment in view.payments.iter().filter(|payment| payment.returned && !is_paid_again(payment, view)) {
        let (day, _) = payment.settled_at.business(on.book.day_starts_at);
        let numbers = on.book.at(day);
        let deadline = on.book.calendar.plus_workdays(day, numbers.returned_working_days);
        let orange_after = on.book.calendar.plus_workdays(day, numbers.returned_orange_working_days);
        on.look_again(after(deadline, 1));
        on.look_again(after(orange_after, 1));
        if on.today <= deadline {
            continue;
        }
        let facts = vec![
            Fact::new(FactName::Payment, FactValue::Payment(Box::new(payment.clone()))),
            Fact::date(FactName::ReturnedOn, day),
            Fact::count(FactName::ThresholdWorkingDays, numbers.returned_working_days),
            Fact::date(FactName::DeadlineOn, deadline),
        ];
        let level = if on.today > orange_after { Level::Orange } else { Level::Yellow };
        let evidence = Evidence::Facts(facts);
        on.find(Finding::of_payment(Rule::PayoutReturned, view, payment, level, evidence));
    }
}

fn is_paid_again(returned: &PaymentLine, view: &WorkerView) -> bool {
    view.payments.iter().any(|later| {
        later.counts && later.amount_fen >= returned.amount_fen && later.settled_at >= returned.settled_at
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Sum, Time};
    use crate::rules::sample::{judgement, payment, worker};

    /// Settled on Friday, 2026-04-10, at 10:00: three working days end on the 15th, ten on the 24th.
    fn returned(txn: &str, fen: i64) -> PaymentLine {
        PaymentLine { returned: true, ..payment(txn, fen, Some("2026-03")) }
    }

    fn later(fen: i64, settled_at: &str, counts: bool) -> PaymentLine {
        PaymentLine { settled_at: Time::parse(settled_at).unwrap(), counts, ..payment("T9", fen, None) }
    }

    fn found(today: &str, payments: Vec<PaymentLine>) -> Vec<(Level, Sum)> {
        let mut on = judgement(today);
        judge(&crate::domain::WorkerView { payments, ..worker(Vec::new()) }, &mut on);
        on.findings().iter().map(|finding| (finding.level, finding.amount)).collect()
    }

    #[test]
    fn it_is_found_after_three_working_days_and_orange_after_ten() {
        let one = || vec![returned("T1", 5_000)];
        assert_eq!(found("2026-04-15", one()), []);
        assert_eq!(found("2026-04-16", one()), [(Level::Yellow, 5_000)]);
        assert_eq!(found("2026-04-24", one()), [(Level::Yellow, 5_000)]);
        assert_eq!(found("2026-04-25", one()), [(Level::Orange, 5_000)]);
    }

    #[test]
    fn a_later_payment_of_that_sum_makes_it_good() {
        let check =
            |fen, at, counts| found("2026-04-16", vec![returned("T1", 5_000), later(fen, at, counts)]).len();
        assert_eq!(check(5_000, "2026-04-10T10:00:00+08:00", true), 0);
        assert_eq!(check(5_000, "2026-04-10T09:59:59+08:00", true), 1);
        assert_eq!(check(4_999, "2026-04-12T10:00:00+08:00", true), 1);
        assert_eq!(check(6_000, "2026-04-12T10:00:00+08:00", false), 1);
    }

    #[test]
    fn each_is_a_finding_of_its_own() {
        let two = vec![
            returned("T1", 5_000),
            returned("T2", 7_000),
            later(5_500, "2026-04-11T10:00:00+08:00", true),
        ];
        assert_eq!(found("2026-04-16", two), [(Level::Yellow, 7_000)]);
        assert_eq!(found("2026-04-16", vec![payment("T1", 5_000, None)]), []);
    }
}
