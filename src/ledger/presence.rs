//! Who worked on which day, read from attendance alone, and which day statements stand: what a
//! project's totals ask for with every swipe. Settles nothing, knows no money.

use super::month::{DayCell, Month};
use super::project::{ProjectLedger, WorkerIx};
use super::settle::worked;
use crate::domain::{Day, Days, IdNumber, Period, Rulebook, Time, Uscc};

impl ProjectLedger {
    /// The last day of the month on which the worker has worked days.
    pub fn last_worked_in(&self, worker: WorkerIx, period: Period, book: &Rulebook) -> Option<Day> {
        let month = self.workers[worker as usize].month(period)?;
        let steps = &book.at(period.first_day()).presence_steps;
        let cell = month.days_back().find(|cell| is_worked(cell, steps))?;
        Some(period.first_day().plus(cell.index.cast_signed()))
    }

    /// The last day on which the worker has worked days.
    pub fn last_worked(&self, worker: WorkerIx, book: &Rulebook) -> Option<Day> {
        let months = self.workers[worker as usize].months.iter().rev();
        months.map(|month| month.period).find_map(|period| self.last_worked_in(worker, period, book))
    }

    /// Whether the worker has worked days on that day.
    pub fn has_worked_on(&self, worker: WorkerIx, day: Day, book: &Rulebook) -> bool {
        let Some((period, index)) = place(day) else { return false };
        let steps = &book.at(period.first_day()).presence_steps;
        let month = self.workers[worker as usize].month(period);
        month.is_some_and(|month| is_worked(&month.day(index), steps))
    }

    /// Whether another day may have another employer.
    pub fn has_several_terms(&self, worker: WorkerIx) -> bool {
        self.workers[worker as usize].brief.varies
    }

    /// The employer whom the terms that apply on that day name.
    pub fn employer_on(&self, worker: WorkerIx, day: Day) -> Option<Uscc> {
        let enrolments = self.workers[worker as usize].enrolments();
        let after = enrolments.partition_point(|kept| kept.effective_on <= day);
        enrolments.get(after.saturating_sub(1)).and_then(|kept| kept.employer_uscc)
    }

    /// The statement that stands of a worker's day: when it was stated, and its days.
    pub fn statement_on(&self, id: &IdNumber, day: Day) -> Option<(Time, Days)> {
        let (period, index) = place(day)?;
        let month = self.workers[self.worker_ix(id)? as usize].month(period)?;
        month.statement(index).map(|(at, days, _)| (at, days))
    }

    /// The statements that stand of all workers' days from that day on.
    pub fn statements_since(&self, first: Day) -> impl Iterator<Item = (Day, Time, Days)> + '_ {
        let lasts = move |month: &&Month| month.period.day_or_last(31) >= first;
        let months = self.workers.iter().flat_map(move |worker| worker.months.iter().rev().take_while(lasts));
        let statements = months.flat_map(|month| {
            month.days().filter_map(|cell| {
                let (at, days, _) = cell.stated?;
                Some((month.period.first_day().plus(cell.index.cast_signed()), at, days))
            })
        });
        statements.filter(move |(day, _, _)| *day >= first)
    }
}

fn is_worked(cell: &DayCell, steps: &[(u32, u32)]) -> bool {
    if cell.stated.is_none() && cell.span.is_none() {
        return false;
    }
    worked(cell, steps).0.0 > 0
}

/// The day's month and its place in it.
fn place(day: Day) -> Option<(Period, u32)> {
    let (year, month, day_of_month) = day.ymd();
    Some((Period::from_ym(year, month)?, day_of_month - 1))
}
