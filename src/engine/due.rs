//! Which months of a project fall due within some days, what they ask for, and whether the wage account holds it. The same
//! forecast as `balance-short`, told further ahead. Knows no name, no door.

use super::api::ProjectAsk;
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{Coming, Day, MonthTotals, Period, ProjectId, Sum};
use crate::ledger::WorkerIx;
use crate::rules::{Needed, needed};
use std::collections::BTreeMap;

/// What one month asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DueMonth {
    pub period: Period,
    pub due_on: Day,
    pub workers: u32,
    pub so_far: Coming,
    /// While the month runs: the days that `so_far` rests on.
    pub days_elapsed: Option<u32>,
    /// Of the whole month, at the pace so far.
    pub expected: Sum,
    /// Not paid yet, the months before included.
    pub needed: Sum,
    /// What the wage accounts hold; `None` of a project that has none.
    pub balance: Option<Sum>,
    pub short: Sum,
}

/// Projects with what falls due of them; those of which nothing does are left out.
pub type Due = Vec<(ProjectId, Vec<DueMonth>)>;

/// The project's months that are due from today on, within so many days.
pub fn due_within(asked: &ProjectAsk<'_>, days: u8) -> Vec<DueMonth> {
    let Some(today) = asked.today else { return Vec::new() };
    let last = today.plus(i32::from(days));
    let mut months: Vec<MonthTotals> =
        (asked.months)().into_iter().filter(|month| (today..=last).contains(&month.due_on)).collect();
    if months.is_empty() {
        return Vec::new();
    }
    // The totals tell what a month asks for only when it is nearly due.
    let (asks, last_worked_on) = settle(asked);
    for month in &mut months {
        month.coming = asks.get(&month.period).copied();
    }
    let balance = asked.ledger.balance();
    needed(&months, last_worked_on, today).iter().map(|asked| due(asked, balance)).collect()
}

/// What each month asks for over all workers, and the last day on which anybody worked.
fn settle(asked: &ProjectAsk<'_>) -> (BTreeMap<Period, Coming>, Option<Day>) {
    let mut asks: BTreeMap<Period, Coming> = BTreeMap::new();
    let mut last_worked_on = None;
    for worker in 0..WorkerIx::try_from(asked.ledger.workers()).unwrap_or(WorkerIx::MAX) {
        let view = asked.ledger.settle(worker, asked.book);
        last_worked_on = last_worked_on.max(view.last_worked_on);
        for period in &view.periods {
            let coming = asks.entry(period.period).or_insert(Coming { expected: 0, paid: 0 });
            coming.expected += period.expected;
            coming.paid += period.paid;
        }
    }
    (asks, last_worked_on)
}

fn due(asked: &Needed<'_>, balance: Option<Sum>) -> DueMonth {
    let is_open = asked.expected > asked.coming.paid;
    DueMonth {
        period: asked.month.period,
        due_on: asked.month.due_on,
        workers: asked.month.heads,
        so_far: asked.coming,
        days_elapsed: asked.days_elapsed,
        expected: asked.expected,
        needed: asked.needed,
        balance,
        short: if is_open { (asked.needed - balance.unwrap_or(0)).max(0) } else { 0 },
    }
}

impl DueMonth {
    fn write(&self, w: &mut Writer) {
        w.period(self.period);
        w.day(self.due_on);
        w.u32(self.workers);
        w.sum(self.so_far.expected);
        w.sum(self.so_far.paid);
        w.option(self.days_elapsed, Writer::u32);
        w.sum(self.expected);
        w.sum(self.needed);
        w.option(self.balance, Writer::sum);
        w.sum(self.short);
    }

    fn read(r: &mut Reader<'_>) -> Result<DueMonth, Corrupt> {
        Ok(DueMonth {
            period: r.period()?,
            due_on: r.day()?,
            workers: r.u32()?,
            so_far: Coming { expected: r.sum()?, paid: r.sum()? },
            days_elapsed: r.option(Reader::u32)?,
            expected: r.sum()?,
            needed: r.sum()?,
            balance: r.option(Reader::sum)?,
            short: r.sum()?,
        })
    }
}

pub(super) fn write(w: &mut Writer, due: &Due) {
    w.list(due.iter(), |w, (project, months)| {
        w.project_id(project);
        w.list(months.iter(), |w, month| month.write(w));
    });
}

pub(super) fn read(r: &mut Reader<'_>) -> Result<Due, Corrupt> {
    r.list(|r| Ok((r.project_id()?, r.list(DueMonth::read)?)))
}
