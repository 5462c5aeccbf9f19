//! What came in and went out of a project's wage accounts month by month, and a worker's days one by
//! one: read for people who look, never for a judgement. Changes nothing.

use super::books::booked_on;
use super::project::{ProjectLedger, WorkerIx};
use super::settle::worked;
use crate::domain::{
    AccountView, Day, DayStart, Days, EntryDirection, EntryKind, PaymentStatus, Period, Rulebook, Sum,
};
use std::collections::BTreeMap;

/// One month of a project's wage accounts, by the civil dates of the bookings. Fen.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct FundsMonth {
    pub labour_fee_in: Sum,
    pub other_in: Sum,
    /// Settled payments, and bookings out that bear the number of one.
    pub wages_out: Sum,
    pub other_out: Sum,
}

/// One day of a worker's attendance as it counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WorkedDay {
    pub day: Day,
    pub days: Days,
    pub minutes: u32,
    /// A statement stands, whatever the swipes say.
    pub is_stated: bool,
    /// First and last swipe, seconds of the business day.
    pub span: Option<(u32, u32)>,
}

impl ProjectLedger {
    /// By month, ascending. What a booking out of the same number counts already is counted once.
    pub fn funds(&self) -> BTreeMap<Period, FundsMonth> {
        let mut months: BTreeMap<Period, FundsMonth> = BTreeMap::new();
        for (account, book) in &self.papers.books {
            for entry in book.entries.values() {
                let Some(period) = booked_on(entry).period() else { continue };
                let month = months.entry(period).or_default();
                let sum = entry.amount_fen.sum();
                let is_wage = || {
                    entry.kind != EntryKind::Fee
                        && self.payments.of_number(*account, &entry.entry_id).next().is_some()
                };
                match (entry.direction, entry.kind) {
                    (EntryDirection::In, EntryKind::LabourFee) => month.labour_fee_in += sum,
                    (EntryDirection::In, _) => month.other_in += sum,
                    (EntryDirection::Out, _) if is_wage() => month.wages_out += sum,
                    (EntryDirection::Out, _) => month.other_out += sum,
                }
            }
            for kept in self.payments.paid_from(*account) {
                let payment = kept.payment;
                let booked = book.entries.get(&payment.txn_id);
                let is_booked = booked.is_some_and(|entry| entry.direction == EntryDirection::Out);
                if is_booked || payment.status != PaymentStatus::Settled {
                    continue;
                }
                if let Some(period) = payment.settled_at.business(DayStart(0)).0.period() {
                    months.entry(period).or_default().wages_out += payment.amount_fen.sum();
                }
            }
        }
        months
    }

    /// Its wage accounts by number, with what they hold and what restrains them.
    pub fn account_funds(&self) -> Vec<AccountView<'_>> {
        self.account_views()
    }

    /// The worker's days with a statement or swipes, ascending.
    pub fn worked_days(&self, worker: WorkerIx, book: &Rulebook) -> Vec<WorkedDay> {
        let mut all = Vec::new();
        for month in &self.workers[worker as usize].months {
            let steps = &book.at(month.period.first_day()).presence_steps;
            all.extend(month.days().map(|cell| {
                let (days, minutes) = worked(&cell, steps);
                let day = month.period.first_day().plus(cell.index.cast_signed());
                WorkedDay { day, days, minutes, is_stated: cell.stated.is_some(), span: cell.span }
            }));
        }
        all
    }
}
