//! Which attendance of an enrolled worker, in a month that is not due, may change what is found.
//! Swipes are nine of ten records: nearly all are known here to change nothing, without settling.

use crate::domain::{Day, Rulebook};
use crate::ledger::{ProjectLedger, WorkerIx};

/// Whether nothing that is found can be another because that day of the worker is. `minutes`: the
/// most that the day had before, or has now. `due`: when its month falls due.
pub(super) fn is_quiet(
    ledger: &ProjectLedger,
    worker: WorkerIx,
    day: Day,
    minutes: u32,
    due: Day,
    today: Day,
    book: &Rulebook,
) -> bool {
    let Some(period) = day.period() else { return true };
    // What a labelled payment does not need goes to the pool; and he may have been paid without work.
    let paid =
        ledger.has_labelled_payment(worker, period) || ledger.has_labelled_payment(worker, period.plus(1));
    // Who has left is owed what he earned, due or not.
    let left = || ledger.left_on(worker).is_some_and(|left_on| today > left_on);
    // What he signed for is held against what he earned.
    let signed = || ledger.has_sheet(worker, period);
    !paid && !left() && !signed() && !is_suspicious(ledger, worker, day, minutes, due, book)
        // A contract is waited for from the first worked day on.
        && (ledger.has_worked_before(worker, day, book) || ledger.has_contract(worker, today))
}

/// Whether the day may be one of those that look made up, or have been one.
fn is_suspicious(
    ledger: &ProjectLedger,
    worker: WorkerIx,
    day: Day,
    minutes: u32,
    due: Day,
    book: &Rulebook,
) -> bool {
    if i64::from(minutes) > book.at(due).suspicious_long_hours.saturating_mul(60) {
        return true;
    }
    // Days on end may reach into a later month, in which other numbers count: the widest of all do.
    let all = || book.editions().iter().map(|edition| &edition.numbers);
    let days = all().map(|numbers| numbers.suspicious_steady_days).min();
    let minutes = all().map(|numbers| numbers.suspicious_steady_minutes).max();
    ledger.may_be_steady(worker, day, days.unwrap_or(0), minutes.unwrap_or(0))
}
