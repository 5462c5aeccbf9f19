//! The oracle's word on whether the next pay day is in doubt: who paid late the last time, and what the
//! inspector found. Replays each worker's payments anew; reads rows and months of `truth`.

use super::totals::fees_until;
use super::{Facts, Placed, Truth, Worker, raise};
use std::collections::BTreeMap;
use wagewatch::domain::*;

/// Raises `pay-day-doubtful`.
pub(super) fn judge(facts: &Facts, today: Day, book: &Rulebook, truth: &mut Truth) {
    for ((project, period), month) in truth.months.clone() {
        let Some(Coming { expected, paid }) = month.coming else { continue };
        let is_half_open = expected - paid > paid;
        let doubtful = paid_late_before(facts, &project, &month, today, book, truth)
            || was_found_amiss(facts, &project, period, today);
        if is_half_open && doubtful {
            raise(truth, &project, Subject::Month(period), Rule::PayDayDoubtful, Level::Blue, |f| {
                f.amount = expected - paid;
                f.workers = month.heads;
            });
        }
    }
}

/// Most of the month that fell due before it was not paid in time, and not for want of the owner's fee.
fn paid_late_before(
    facts: &Facts,
    id: &ProjectId,
    month: &MonthTotals,
    today: Day,
    book: &Rulebook,
    truth: &Truth,
) -> bool {
    let mut earlier: Vec<&MonthTotals> =
        truth.months.iter().filter(|(key, _)| key.0 == *id).map(|(_, m)| m).collect();
    earlier
        .retain(|m| m.heads > 0 && m.due_on < today && (m.due_on, m.period) < (month.due_on, month.period));
    earlier.sort_by_key(|m| (m.due_on, m.period));
    let Some(last) = earlier.last() else { return false };
    let in_time = i64::from(last.heads_in_time.unwrap());
    if in_time * 100 >= book.at(month.due_on).doubtful_in_time_below_percent * i64::from(last.heads) {
        return false;
    }
    let Some(project) = facts.projects.get(id) else { return true };
    let Some(fee) = project.labour_fee_fen else { return true };
    // A whole month is one whose first day is none before the start.
    let start = project.started_on.unwrap_or(project.contract_signed_on);
    let whole = (0..=last.period.0).filter(|n| Period(*n).first_day() >= start).count();
    let received: Sum = fees_until(facts, id, last.due_on).values().sum();
    received >= fee.sum() * Sum::try_from(whole).unwrap()
}

/// The month's last inspection found something, and none was clear after it.
fn was_found_amiss(facts: &Facts, id: &ProjectId, period: Period, today: Day) -> bool {
    let mut seen: Vec<&Inspection> =
        facts.inspections.iter().filter(|i| i.project_id == *id && i.inspected_on <= today).collect();
    seen.sort_by_key(|i| (i.inspected_on, i.inspection_id.clone()));
    let Some(of_month) = seen.iter().rposition(|i| i.inspected_on.period() == Some(period)) else {
        return false;
    };
    seen[of_month..].iter().all(|i| i.outcome != InspectionOutcome::Clear)
}

/// Whether half of what a worker is to have for the month was there on the evening of that day.
pub(super) fn had_half(placed: &[Placed], truth: &Truth, worker: &Worker, period: Period, by: Day) -> bool {
    let rows = truth.periods.iter().filter(|(key, _)| (&key.0, &key.1) == (&worker.0, &worker.1));
    let expected: BTreeMap<Period, Sum> = rows.map(|(key, row)| (key.2, row.expected)).collect();
    let mut open = expected.clone();
    let mut pool = 0;
    for p in placed.iter().filter(|p| p.worker == *worker && p.counts) {
        if p.payment.settled_at.business(DayStart(0)).0 > by {
            continue;
        }
        pool += p.payment.amount_fen.sum();
        if let Some(named) = p.payment.period.and_then(|named| open.get_mut(&named)) {
            let fits = p.payment.amount_fen.sum().min(*named);
            *named -= fits;
            pool -= fits;
        }
    }
    for left in open.values_mut() {
        let fits = pool.min(*left);
        *left -= fits;
        pool -= fits;
    }
    open[&period] * 2 <= expected[&period]
}
