//! `implausible-pay`: somebody was paid more in a month or a year than site work brings.
//!
//! **Article**: Platform practice.
//!
//! **Found when**: the payments to a worker in the project that count, by the month of `settled_at` on
//! China's calendar, come to more than 50,000 yuan, or by its year to more than 300,000. The numbers of
//! the month's or year's last day count, or today's until then. Red: to be looked into.
//!
//! **Clears when**: payments are returned or no longer count, so that no month and no year is above.
//!
//! **Evidence**: each such month and year with its sum, and the sum at which it is found.
//!
//! **Not covered**: pay from several projects together; payments that do not count; months that are
//! paid late and fall together, which is often the explanation.

use super::Judgement;
use crate::domain::{
    Day, DayStart, Fact, FactName, Finding, Level, Numbers, PaymentLine, Period, Rule, Subject, Sum,
    WorkerView,
};
use std::collections::BTreeMap;

pub(super) fn judge(view: &WorkerView, on: &mut Judgement<'_>) {
    let counting = || view.payments.iter().filter(|payment| payment.counts);
    // Nearly nobody is near either sum: the whole is looked at before its parts.
    let all: Sum = counting().map(|payment| payment.amount_fen.sum()).sum();
    let least = on.book.editions().iter().map(|edition| &edition.numbers);
    let least = least.flat_map(|numbers| [numbers.implausible_month_fen, numbers.implausible_year_fen]).min();
    if all <= least.map_or(0, Sum::from) {
        return;
    }
    let (mut months, mut years) = (BTreeMap::<Period, Sum>::new(), BTreeMap::<i32, Sum>::new());
    for payment in counting() {
        let day = settled_on(payment);
        *years.entry(day.ymd().0).or_default() += payment.amount_fen.sum();
        if let Some(month) = day.period() {
            *months.entry(month).or_default() += payment.amount_fen.sum();
        }
    }
    let mut facts = Vec::new();
    let mut most = 0;
    let mut above = |fact: Fact, sum: Sum, last_day: Option<Day>, limit: fn(&Numbers) -> i64| {
        let limit = Sum::from(limit(on.book.at(last_day.unwrap_or(on.today).min(on.today))));
        if sum > limit {
            facts.extend([fact, Fact::fen(FactName::Sum, sum), Fact::fen(FactName::ThresholdSum, limit)]);
            most = sum.max(most);
        }
    };
    for (month, sum) in months {
        let fact = Fact::month(FactName::Period, month);
        above(fact, sum, Some(month.day_or_last(31)), |numbers| numbers.implausible_month_fen);
    }
    for (year, sum) in years {
        let fact = Fact::count(FactName::Year, year);
        above(fact, sum, Day::from_ymd(year, 12, 31), |numbers| numbers.implausible_year_fen);
    }
    if facts.is_empty() {
        return;
    }
    let subject = Subject::Worker(view.id_number.clone());
    let finding = Finding::new(Rule::ImplausiblePay, &view.project_id, subject, Level::Red, facts);
    on.find(Finding { amount: most, workers: 1, ..finding });
}

/// A bank's day begins at midnight in China.
fn settled_on(payment: &PaymentLine) -> Day {
    payment.settled_at.business(DayStart(0)).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Edition, Fen, Rulebook, Time};
    use crate::rules::sample::{day, judgement, payment, worker};

    fn view(paid: &[(&str, i64)]) -> WorkerView {
        let line = |(at, fen): &(&str, i64)| PaymentLine {
            settled_at: Time::parse(at).unwrap(),
            amount_fen: Fen(*fen),
            counts: true,
            ..payment("T", 0, None)
        };
        WorkerView { payments: paid.iter().map(line).collect(), ..worker(Vec::new()) }
    }

    fn most(paid: &[(&str, i64)]) -> Option<Sum> {
        let mut on = judgement("2027-01-20");
        judge(&view(paid), &mut on);
        on.findings().first().map(|finding| finding.amount)
    }

    #[test]
    fn a_month_is_that_of_china() {
        let (before, first) = ("2026-03-31T15:59:59Z", "2026-03-31T16:00:00Z");
        assert_eq!(most(&[(first, 2_500_000), ("2026-04-30T23:59:59+08:00", 2_500_000)]), None);
        assert_eq!(most(&[(first, 2_500_000), ("2026-04-30T23:59:59+08:00", 2_500_001)]), Some(5_000_001));
        assert_eq!(most(&[(before, 2_500_000), ("2026-04-30T23:59:59+08:00", 2_500_001)]), None);
    }

    #[test]
    fn a_year_is_found_though_none_of_its_months_is() {
        let paid: Vec<(String, i64)> =
            (1..=7).map(|month| (format!("2026-{month:02}-10T10:00:00+08:00"), 4_285_714)).collect();
        let mut paid: Vec<(&str, i64)> = paid.iter().map(|(at, fen)| (at.as_str(), *fen)).collect();
        assert_eq!(most(&paid), None); // 299,999.98 yuan
        paid.push(("2026-12-31T23:59:59+08:00", 2));
        assert_eq!(most(&paid), None);
        paid.push(("2026-12-31T23:59:59+08:00", 1));
        assert_eq!(most(&paid), Some(30_000_001));
    }

    #[test]
    fn what_does_not_count_is_no_pay() {
        let mut view = view(&[("2026-04-10T10:00:00+08:00", 9_000_000)]);
        view.payments[0].counts = false;
        let mut on = judgement("2026-04-20");
        judge(&view, &mut on);
        assert_eq!(on.findings(), []);
    }

    #[test]
    fn a_past_month_keeps_the_numbers_of_its_time() {
        let edition = |from: &str, fen| Edition {
            effective_from: day(from),
            numbers: Numbers { implausible_month_fen: fen, ..Numbers::default() },
        };
        let editions = vec![edition("2026-01-01", 1_000), edition("2026-04-20", 5_000)];
        let book = Rulebook::default().with_editions(editions);
        for (at, today, found) in [
            ("2026-03-10T10:00:00+08:00", "2026-05-01", 1),
            ("2026-04-10T10:00:00+08:00", "2026-04-19", 1),
            ("2026-04-10T10:00:00+08:00", "2026-04-20", 0),
        ] {
            let mut on = Judgement::new(day(today), &book, None);
            judge(&view(&[(at, 2_000)]), &mut on);
            assert_eq!(on.findings().len(), found, "{at} {today}");
        }
    }
}
