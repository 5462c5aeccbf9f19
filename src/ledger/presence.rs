//! Who worked on which day, read from attendance alone, and which day statements stand: what a
//! project's totals ask for with every swipe. Settles nothing, knows no money.

use super::month::{DayCell, Month};
use super::project::{ProjectLedger, WorkerIx};
use super::settle::worked;
use crate::domain::{Day, Days, IdNumber, MonthDays, Period, Rulebook, Time, Uscc};

/// When a day is one on which nobody works at another project as well, by the numbers of its month's first day.
pub(super) struct Worth<'a> {
    steps: &'a [(u32, u32)],
    least: Days,
}

impl<'a> Worth<'a> {
    pub(super) fn of(period: Period, book: &'a Rulebook) -> Worth<'a> {
        let numbers = book.at(period.first_day());
        let least = Days(u32::try_from(numbers.suspicious_shared_day).unwrap_or(u32::MAX));
        Worth { steps: &numbers.presence_steps, least }
    }

    pub(super) fn counts(&self, cell: &DayCell) -> bool {
        (cell.stated.is_some() || cell.span.is_some()) && worked(cell, self.steps).0 >= self.least
    }

    fn days(&self, month: &Month) -> MonthDays {
        // As nearly everywhere: any swipe makes a whole day, and nobody states another.
        if let Some(swiped) =
            month.swiped_alone().filter(|_| self.steps.is_empty() && self.least <= Days(100))
        {
            return MonthDays(swiped);
        }
        let days = month.days().filter(|cell| self.counts(cell));
        MonthDays(days.fold(0, |bits, cell| bits | 1 << cell.index))
    }
}

/// Whether by both rulebooks the same days are as good as whole ones, in every month.
pub fn count_days_alike(one: &Rulebook, other: &Rulebook) -> bool {
    one.agrees_on(other, |numbers| (numbers.suspicious_shared_day, numbers.presence_steps.clone()))
}

impl ProjectLedger {
    /// The days of the month that are as good as a whole one of that worker.
    pub fn presence(&self, worker: WorkerIx, period: Period, book: &Rulebook) -> MonthDays {
        let month = self.workers[worker as usize].month(period);
        month.map_or(MonthDays::default(), |month| Worth::of(period, book).days(month))
    }

    /// Every month in which the worker has attendance.
    pub fn attended_months(&self, worker: WorkerIx) -> impl Iterator<Item = Period> + '_ {
        self.workers[worker as usize].months.iter().map(|month| month.period)
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Numbers;

    #[test]
    fn a_day_counts_from_so_many_worked_days_on_however_they_came_about() {
        let period = Period::parse("2026-03").unwrap();
        let mut month = Month::new(period);
        for (index, last) in [(0, 8 * 3600), (1, 4 * 3600), (2, 0)] {
            month.swipe(index, 0);
            month.swipe(index, last);
        }
        let days = |month: &Month, least, steps: &[(u32, u32)]| {
            let (suspicious_shared_day, presence_steps) = (least, steps.to_vec());
            let numbers = Numbers { suspicious_shared_day, presence_steps, ..Numbers::default() };
            Worth::of(period, &Rulebook::of(numbers)).days(month).0
        };
        let steps = [(240, 50), (480, 100)];
        assert_eq!((days(&month, 100, &[]), days(&month, 101, &[])), (0b111, 0));
        assert_eq!((days(&month, 100, &steps), days(&month, 50, &steps)), (0b001, 0b011));
        // What is stated counts, whatever was swiped.
        for (index, worked) in [(0, 50), (2, 150), (9, 300), (30, 0)] {
            month.state(index, Time(1), Days(worked), None);
        }
        assert_eq!((days(&month, 100, &[]), days(&month, 151, &[])), (0b10_0000_0110, 0b10_0000_0000));
        assert_eq!(days(&month, 1, &steps), 0b10_0000_0111);
    }
}
