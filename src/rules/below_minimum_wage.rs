//! `below-minimum-wage`: what was paid for a month is less than the minimum wage for the days worked.
//!
//! **Article**: Inner Mongolia minimum wage table, class 1.
//!
//! **Found when**: the business date is after the due date, an enrolled worker has worked days in the
//! month, the terms of his last worked day in it are not by the piece, and what was paid for it is less
//! than the monthly minimum of the month's last day; for less than a full month, than minimum x days /
//! 21.75. What was paid for it is what settled of it, or what the payments that count and name it come
//! to, if that is more. Yellow. Where nothing is paid and `wage-unpaid` says so, this rule does not say it again.
//!
//! **Clears when**: more is paid, days are voided, or the due date moves into the future.
//!
//! **Evidence**: the minimum a month, the days, the least for those days, what was paid, the due date.
//!
//! **Not covered**: piecework below the minimum; an hourly minimum; overtime and allowances that the
//! minimum must not contain; money without a month beyond the expected wage.

use super::Judgement;
use super::aging::{after, is_owed};
use crate::domain::{
    Basis, Day, Days, Fact, FactName, FactValue, Finding, Level, PeriodView, Rule, Rulebook, Subject, Sum,
    WorkerView,
};

/// A month's wage is paid for 21.75 days; days are hundredths.
const DAYS_A_MONTH: Sum = 2175;

pub(super) fn judge(view: &WorkerView, period: &PeriodView, on: &mut Judgement<'_>) {
    if !period.last_worked_on.is_some_and(|day| is_by_time(view, day)) {
        return;
    }
    on.look_again(after(period.due_on, 1));
    let (minimum, needed) = least(period, on.book);
    // Who makes up to the minimum pays more than the terms say is owed.
    let paid = period.paid.max(period.labelled);
    let said = period.paid == 0 && is_owed(period, on.book);
    if on.today <= period.due_on || paid >= needed || said {
        return;
    }
    let facts = vec![
        Fact::fen(FactName::MinimumWage, minimum),
        Fact::new(FactName::Days, FactValue::Days(period.days)),
        Fact::fen(FactName::LeastWage, needed),
        Fact::fen(FactName::Paid, paid),
        Fact::date(FactName::DueOn, period.due_on),
    ];
    let subject = Subject::WorkerPeriod(view.id_number.clone(), period.period);
    let finding = Finding::new(Rule::BelowMinimumWage, &view.project_id, subject, Level::Yellow, facts);
    on.find(Finding { amount: needed - paid, workers: 1, ..finding });
}

/// Whether the terms of that day pay by time.
fn is_by_time(view: &WorkerView, day: Day) -> bool {
    view.enrolled && view.terms_on(day).is_some_and(|terms| terms.basis != Basis::Piece)
}

/// The minimum a month, and the least for the days worked, rounded up to a whole fen.
fn least(period: &PeriodView, book: &Rulebook) -> (Sum, Sum) {
    let numbers = book.at(period.period.day_or_last(31));
    let minimum = Sum::from(numbers.minimum_monthly_fen);
    let Days(days) = period.days;
    if i64::from(days) >= numbers.minimum_full_month_days {
        return (minimum, minimum);
    }
    (minimum, (minimum * Sum::from(days) + DAYS_A_MONTH - 1).div_euclid(DAYS_A_MONTH))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Edition, Numbers};
    use crate::rules::sample::{day, judgement, period, terms, worker};

    /// March 2026 of an enrolled worker, due on 2026-04-15: what is missing to the minimum of 2,270 yuan.
    fn missing(today: &str, days: u32, expected: Sum, paid: Sum, basis: Basis) -> Option<Sum> {
        let mut view = worker(vec![PeriodView { days: Days(days), ..period("2026-03", expected, paid) }]);
        view.terms = vec![terms("2026-01-01", basis)];
        let mut on = judgement(today);
        judge(&view, &view.periods[0], &mut on);
        on.findings().first().map(|finding| finding.amount)
    }

    #[test]
    fn a_full_month_has_the_whole_minimum() {
        let check = |days, paid| missing("2026-04-16", days, 600_000, paid, Basis::Monthly);
        assert_eq!(check(2_067, 226_999), Some(1));
        assert_eq!(check(2_067, 227_000), None);
        assert_eq!(check(3_000, 200_000), Some(27_000));
        // 227,000 x 20.66 / 21.75 = 215,623.8 fen.
        assert_eq!(check(2_066, 215_623), Some(1));
        assert_eq!(check(2_066, 215_624), None);
        // 227,000 x 1 / 21.75 = 10,436.8 fen.
        assert_eq!(check(100, 10_436), Some(1));
        assert_eq!(check(100, 10_437), None);
    }

    #[test]
    fn it_is_found_from_the_day_after_the_due_date() {
        assert_eq!(missing("2026-04-15", 2_100, 600_000, 200_000, Basis::Daily), None);
        assert_eq!(missing("2026-04-16", 2_100, 600_000, 200_000, Basis::Daily), Some(27_000));
        let mut on = judgement("2026-04-01");
        let mut view = worker(vec![period("2026-03", 600_000, 600_000)]);
        view.terms = vec![terms("2026-01-01", Basis::Daily)];
        judge(&view, &view.periods[0], &mut on);
        assert_eq!(on.into_parts().1.into_iter().collect::<Vec<_>>(), [day("2026-04-16")]);
    }

    #[test]
    fn nothing_paid_is_said_by_another_rule_unless_nothing_is_owed() {
        assert_eq!(missing("2026-04-16", 2_100, 600_000, 0, Basis::Daily), None);
        assert_eq!(missing("2026-04-16", 2_100, 100, 0, Basis::Daily), Some(227_000));
        assert_eq!(missing("2026-04-16", 2_100, 101, 0, Basis::Daily), None);
    }

    #[test]
    fn what_names_the_month_counts_beyond_what_was_expected() {
        let check = |labelled| {
            let mut view = worker(vec![PeriodView { labelled, ..period("2026-03", 100_000, 100_000) }]);
            view.terms = vec![terms("2026-01-01", Basis::Daily)];
            let mut on = judgement("2026-04-16");
            judge(&view, &view.periods[0], &mut on);
            on.findings().first().map(|finding| finding.amount)
        };
        // 20 days: 227,000 x 20 / 21.75 = 208,735.6 fen.
        assert_eq!(check(208_735), Some(1));
        assert_eq!(check(208_736), None);
        assert_eq!(check(50_000), Some(108_736));
    }

    #[test]
    fn piecework_and_who_is_not_enrolled_are_left_out() {
        assert_eq!(missing("2026-04-16", 2_100, 600_000, 100, Basis::Piece), None);
        let view = worker(vec![period("2026-03", 600_000, 100)]);
        let mut on = judgement("2026-04-16");
        judge(&WorkerView { enrolled: false, ..view.clone() }, &view.periods[0], &mut on);
        judge(&view, &PeriodView { last_worked_on: None, ..view.periods[0].clone() }, &mut on);
        assert_eq!(on.findings(), []);
    }

    #[test]
    fn the_terms_of_the_last_worked_day_and_the_minimum_of_the_last_day_count() {
        let mut view = worker(vec![period("2026-03", 600_000, 100)]);
        view.periods[0].last_worked_on = Some(day("2026-03-20"));
        let edition = |from: &str, minimum_monthly_fen| Edition {
            effective_from: day(from),
            numbers: Numbers { minimum_monthly_fen, ..Numbers::default() },
        };
        let book =
            Rulebook::default().with_editions(vec![edition("2026-01-01", 90), edition("2026-03-31", 200)]);
        for (from, days, expected) in
            [("2026-03-20", 2_100, None), ("2026-03-21", 2_100, Some(100)), ("2026-03-21", 1_087, None)]
        {
            view.terms = vec![terms("2026-01-01", Basis::Daily), terms(from, Basis::Piece)];
            view.periods[0].days = Days(days);
            let mut on = Judgement::new(day("2026-04-16"), &book, None);
            judge(&view, &view.periods[0], &mut on);
            assert_eq!(on.findings().first().map(|f| f.amount), expected, "{from} {days}");
        }
    }
}
