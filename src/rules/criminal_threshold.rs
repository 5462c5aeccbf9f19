//! `criminal-threshold`: arrears of a size from which refusing to pay may be a crime; a candidate, to be
//! verified.
//!
//! **Article**: judicial interpretation 2013-3, art. 3.
//!
//! **Found when**: a worker has 3 months or more of the project overdue, and is owed 5,000 yuan or more
//! over them. Red.
//!
//! **Clears when**: so much is paid that fewer months are overdue, or less is owed.
//!
//! **Evidence**: how many months, what is owed over them, the oldest due date, and both limits.
//!
//! **Not covered**: whether the employer could pay, hid or was ordered to (the labour bureau verifies);
//! one worker's arrears at several projects together.

use super::Judgement;
use super::aging::{after, is_overdue, is_owed};
use crate::domain::{Fact, FactName, Finding, Level, PeriodView, Rule, Subject, Sum, WorkerView};

/// The worker's own threshold.
pub(super) fn judge_worker(view: &WorkerView, on: &mut Judgement<'_>) {
    let numbers = on.numbers();
    let enough = |months: usize, owed: Sum| {
        i64::try_from(months).is_ok_and(|months| months >= numbers.criminal_worker_months)
            && owed >= Sum::from(numbers.criminal_worker_fen)
    };
    let owed: Vec<&PeriodView> = view.periods.iter().filter(|period| is_owed(period, on.book)).collect();
    let sum = |of: &[&PeriodView]| of.iter().map(|period| period.arrears).sum::<Sum>();
    if !enough(owed.len(), sum(&owed)) {
        return;
    }
    owed.iter().for_each(|period| on.look_again(after(period.due_on, 1)));
    let overdue: Vec<&PeriodView> =
        owed.into_iter().filter(|period| is_overdue(period, on.today, on.book)).collect();
    let (arrears, oldest) = (sum(&overdue), overdue.iter().map(|period| period.due_on).min());
    let Some(oldest) = oldest.filter(|_| enough(overdue.len(), arrears)) else { return };
    let facts = vec![
        Fact::count(FactName::Months, i64::try_from(overdue.len()).unwrap_or(i64::MAX)),
        Fact::count(FactName::ThresholdCount, numbers.criminal_worker_months),
        Fact::fen(FactName::Arrears, arrears),
        Fact::fen(FactName::ThresholdSum, Sum::from(numbers.criminal_worker_fen)),
        Fact::date(FactName::OldestDueOn, oldest),
    ];
    let subject = Subject::Worker(view.id_number.clone());
    let finding = Finding::new(Rule::CriminalThreshold, &view.project_id, subject, Level::Red, facts);
    on.find(Finding { amount: arrears, workers: 1, due_on: Some(oldest), ..finding });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Day;
    use crate::rules::sample::{day, judgement, period, worker};

    /// Months from January 2026 on, due on the 15th of the next, with those arrears.
    fn found(today: &str, arrears: &[Sum]) -> (Option<(Sum, Option<Day>)>, Vec<Day>) {
        let months = ["2026-01", "2026-02", "2026-03", "2026-04"];
        let periods = months.iter().zip(arrears).map(|(month, owed)| period(month, *owed, 0)).collect();
        let mut on = judgement(today);
        judge_worker(&worker(periods), &mut on);
        let found = on.findings().first().map(|finding| (finding.amount, finding.due_on));
        (found, on.into_parts().1.into_iter().collect())
    }

    #[test]
    fn three_months_and_five_thousand_yuan() {
        let oldest = Some(day("2026-02-15"));
        assert_eq!(found("2026-04-16", &[200_000, 200_000, 100_000]).0, Some((500_000, oldest)));
        assert_eq!(found("2026-04-16", &[200_000, 200_000, 99_999]).0, None);
        assert_eq!(found("2026-04-16", &[200_000, 900_000]).0, None);
        // What is within the tolerance is no month.
        assert_eq!(found("2026-04-16", &[200_000, 900_000, 100]).0, None);
    }

    #[test]
    fn a_month_counts_from_the_day_after_it_was_due() {
        let owed = [200_000, 200_000, 100_000];
        assert_eq!(found("2026-04-15", &owed), (None, vec![day("2026-04-16")]));
        let (sum, again) = found("2026-04-16", &[200_000, 200_000, 100_000, 700_000]);
        assert_eq!(sum, Some((500_000, Some(day("2026-02-15")))));
        assert_eq!(again, [day("2026-05-16")]);
    }
}
