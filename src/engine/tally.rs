//! A project's totals over its workers, month by month: who worked, whose he is, who is paid, and what
//! a month that is soon due asks for. Kept up with each worker that is settled, and always what a
//! count of all workers would find: a worker's share in a month is remembered in four bytes, and
//! what a month asks for only while that is asked. Knows no rule; judges nothing.

use crate::domain::{
    Coming, Day, MonthTotals, Period, PeriodView, ProjectView, Rulebook, Sum, Uscc, WorkerView,
};
use crate::ledger::{self, ProjectLedger, WorkerIx};
use std::collections::BTreeMap;

/// By what months are counted.
pub(super) struct Count<'a> {
    pub book: &'a Rulebook,
    pub today: Day,
    /// The project's own `pay_day` and `pay_month_offset`.
    pub pay_terms: (u8, u8),
}

/// What one worker changed.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Changed {
    /// Heads, or whose they are: papers ask for these, too.
    pub heads: bool,
    /// Anything that the totals tell.
    pub any: bool,
    /// From these days on months that were not known before are asked for.
    pub opens: Vec<Day>,
}

#[derive(Default)]
pub(super) struct Tally {
    /// Ascending by period.
    months: Vec<Month>,
    /// Those whom shares name by their place here.
    employers: Vec<Uscc>,
    /// By worker: `WORKED`, `UNREGISTERED`.
    people: Vec<u8>,
    worked: u32,
    unregistered: u32,
    last_worked_on: Option<Day>,
}

struct Month {
    period: Period,
    due_on: Day,
    /// From this day on it is known who is paid, and until it is due what it asks for.
    opens_on: Day,
    heads: u32,
    heads_paid: u32,
    heads_in_time: u32,
    /// By place of the employer; the first is nobody.
    by_employer: Vec<u32>,
    /// By worker: 0, or `HEAD`, `PAID` and `IN_TIME` if he is, and the place of his employer.
    shares: Vec<u32>,
    asked: Option<Box<Asked>>,
}

#[derive(Default)]
struct Asked {
    /// By worker: expected and paid. Fen; what does not fit an i64 is its greatest number.
    shares: Vec<(i64, i64)>,
    expected: Sum,
    paid: Sum,
}

const WORKED: u8 = 1;
const UNREGISTERED: u8 = 2;

const HEAD: u32 = 1;
const PAID: u32 = 2;
const IN_TIME: u32 = 4;
const EMPLOYER_SHIFT: u32 = 3;

impl Count<'_> {
    /// The due date of a month of the project, and the day from which on it is asked for.
    fn dates(&self, period: Period) -> (Day, Day) {
        let (pay_day, offset) = self.pay_terms;
        let (_, due_on) = ledger::due_date(period, pay_day, offset, &self.book.calendar);
        let ahead = self.book.at(due_on).balance_working_days;
        (due_on, self.book.calendar.minus_workdays(due_on, ahead))
    }
}

impl Tally {
    /// All workers of the ledger, counted anew.
    pub fn of(ledger: &ProjectLedger, count: &Count<'_>) -> Tally {
        let mut tally = Tally::default();
        for worker in 0..WorkerIx::try_from(ledger.workers()).unwrap_or(WorkerIx::MAX) {
            tally.put(worker, &ledger.settle(worker, count.book), count);
        }
        tally
    }

    /// Puts a worker's months, as they are settled now, in the place of what was remembered of them.
    pub fn put(&mut self, worker: WorkerIx, view: &WorkerView, count: &Count<'_>) -> Changed {
        let mut changed = Changed::default();
        for period in &view.periods {
            if (period.days.0 > 0 || period.expected > 0) && self.month(period.period).is_err() {
                let opens_on = self.add_month(period.period, count);
                changed.opens.push(opens_on);
            }
        }
        let mut periods = view.periods.iter().enumerate().peekable();
        for at in 0..self.months.len() {
            while periods.next_if(|(_, p)| p.period < self.months[at].period).is_some() {}
            let place = periods.next_if(|(_, p)| p.period == self.months[at].period).map(|(place, _)| place);
            let period = place.and_then(|place| view.periods.get(place));
            let share = self.share(view, place, at, count.today);
            let month = &mut self.months[at];
            let before = month.put(worker, share);
            changed.heads |= (before ^ share) & !(PAID | IN_TIME) != 0;
            changed.any |= before != share;
            changed.any |= month.ask(worker, period, count.today);
        }
        changed.any |= self.person(worker, view) | self.last_worked(view.last_worked_on);
        changed
    }

    /// Whether attendance of the worker in the month is counted as it stands, and the month does not
    /// ask for money yet: nothing of the totals depends on more.
    pub fn agrees(
        &self,
        worker: WorkerIx,
        period: Period,
        ledger: &ProjectLedger,
        today: Day,
        book: &Rulebook,
    ) -> bool {
        let Ok(at) = self.month(period) else { return false };
        let month = &self.months[at];
        if today >= month.opens_on {
            return false;
        }
        let share = month.shares.get(worker as usize).copied().unwrap_or(0);
        match ledger.last_worked_in(worker, period, book) {
            None => share == 0,
            // Other terms would have been counted when they came.
            Some(_) if !ledger.has_several_terms(worker) => share & HEAD != 0,
            Some(last) => {
                let employer = match share >> EMPLOYER_SHIFT {
                    0 => None,
                    place => self.employers.get(place as usize - 1).copied(),
                };
                share & HEAD != 0 && employer == ledger.employer_on(worker, last)
            }
        }
    }

    /// A record tells of that day of the worker: whether the last day on which anybody worked is
    /// another now.
    pub fn attend(&mut self, worker: WorkerIx, day: Day, ledger: &ProjectLedger, book: &Rulebook) -> bool {
        match self.last_worked_on {
            Some(last) if day < last => false,
            Some(last) if day == last && !ledger.has_worked_on(worker, day, book) => {
                let workers = 0..WorkerIx::try_from(ledger.workers()).unwrap_or(WorkerIx::MAX);
                let now = workers.filter_map(|worker| ledger.last_worked(worker, book)).max();
                std::mem::replace(&mut self.last_worked_on, now) != now
            }
            Some(last) if day == last => false,
            _ => ledger.has_worked_on(worker, day, book) && self.last_worked(Some(day)),
        }
    }

    /// Tells the view what is counted here. Heads without an employer are the contractor's.
    pub fn tell(&self, view: &mut ProjectView<'_>, today: Day) {
        view.worked = self.worked;
        view.unregistered = self.unregistered;
        view.last_worked_on = self.last_worked_on;
        view.months = self.months(view.facts.map(|facts| facts.contractor_uscc), today);
    }

    /// The months in which anybody worked or for which anything is asked, ascending.
    pub fn months(&self, contractor: Option<Uscc>, today: Day) -> Vec<MonthTotals> {
        let asks = |month: &MonthTotals| month.coming.is_some_and(|coming| coming.expected > 0);
        let months = self.months.iter().map(|month| self.month_totals(month, contractor, today));
        months.filter(|month| month.heads > 0 || asks(month)).collect()
    }

    pub fn heap_bytes(&self) -> usize {
        let asked = |asked: &Asked| asked.shares.capacity() * 16 + size_of::<Asked>();
        let month = |month: &Month| {
            size_of::<Month>()
                + (month.shares.capacity() + month.by_employer.capacity()) * 4
                + month.asked.as_deref().map_or(0, asked)
        };
        self.people.capacity()
            + self.employers.capacity() * size_of::<Uscc>()
            + self.months.iter().map(month).sum::<usize>()
    }

    fn month_totals(&self, month: &Month, contractor: Option<Uscc>, today: Day) -> MonthTotals {
        let nobody = month.by_employer.first().copied().unwrap_or(0);
        let named = self.employers.iter().copied().zip(month.by_employer.iter().copied().skip(1));
        let mut by_employer: BTreeMap<Uscc, u32> = BTreeMap::new();
        for (employer, heads) in named.chain(contractor.map(|contractor| (contractor, nobody))) {
            if heads > 0 {
                *by_employer.entry(employer).or_default() += heads;
            }
        }
        let is_open = today >= month.opens_on;
        let coming = month.asked.as_deref().map(|a| Coming { expected: a.expected, paid: a.paid });
        MonthTotals {
            period: month.period,
            due_on: month.due_on,
            heads: month.heads,
            by_employer: by_employer.into_iter().collect(),
            heads_paid: is_open.then_some(month.heads_paid),
            heads_in_time: (today > month.due_on).then_some(month.heads_in_time),
            coming: (is_open && today <= month.due_on).then(|| coming.unwrap_or(NOTHING)),
        }
    }

    fn month(&self, period: Period) -> Result<usize, usize> {
        // Records are mostly of the newest month.
        match self.months.last() {
            Some(last) if last.period == period => Ok(self.months.len() - 1),
            _ => self.months.binary_search_by_key(&period, |month| month.period),
        }
    }

    /// Makes place for a month; the day from which on it is asked for.
    fn add_month(&mut self, period: Period, count: &Count<'_>) -> Day {
        let (due_on, opens_on) = count.dates(period);
        let at = self.months.partition_point(|month| month.period < period);
        let new = Month {
            period,
            due_on,
            opens_on,
            heads: 0,
            heads_paid: 0,
            heads_in_time: 0,
            by_employer: Vec::new(),
            shares: Vec::new(),
            asked: None,
        };
        self.months.insert(at, new);
        opens_on
    }

    /// A worker's share in the month `at`; his own is that at `place`, if he has it.
    fn share(&mut self, view: &WorkerView, place: Option<usize>, at: usize, today: Day) -> u32 {
        let own = place.and_then(|place| Some((place, view.periods.get(place)?)));
        let Some((place, period, last)) = own.and_then(|(place, p)| Some((place, p, p.last_worked_on?)))
        else {
            return 0;
        };
        let employer = view.terms_on(last).and_then(|terms| terms.employer_uscc);
        let employer = employer.map_or(0, |employer| self.employer(employer));
        let share = HEAD | employer << EMPLOYER_SHIFT;
        let month = &self.months[at];
        if today < month.opens_on {
            return share;
        }
        let paid = if period.paid > 0 { PAID } else { 0 };
        let in_time = ledger::half_paid_by(view, place, month.due_on.max(period.due_on));
        share | paid | if in_time { IN_TIME } else { 0 }
    }

    /// The employer's place, 1 and on.
    fn employer(&mut self, employer: Uscc) -> u32 {
        let at = self.employers.iter().position(|known| *known == employer).unwrap_or_else(|| {
            self.employers.push(employer);
            self.employers.len() - 1
        });
        // One a record at most, and a project has far fewer records than that.
        u32::try_from(at + 1).unwrap_or(u32::MAX >> EMPLOYER_SHIFT)
    }

    fn person(&mut self, worker: WorkerIx, view: &WorkerView) -> bool {
        let worked = view.days.0 > 0;
        let now = if worked { WORKED | if view.enrolled { 0 } else { UNREGISTERED } } else { 0 };
        let before = std::mem::replace(slot(&mut self.people, worker), now);
        self.worked = self.worked + u32::from(now & WORKED) - u32::from(before & WORKED);
        self.unregistered += u32::from(now & UNREGISTERED != 0);
        self.unregistered -= u32::from(before & UNREGISTERED != 0);
        now != before
    }

    fn last_worked(&mut self, day: Option<Day>) -> bool {
        let later = day > self.last_worked_on;
        if later {
            self.last_worked_on = day;
        }
        later
    }
}

const NOTHING: Coming = Coming { expected: 0, paid: 0 };

impl Month {
    /// The worker's share, and what it was before.
    fn put(&mut self, worker: WorkerIx, share: u32) -> u32 {
        if share == 0 && self.shares.len() <= worker as usize {
            return 0;
        }
        let before = std::mem::replace(slot(&mut self.shares, worker), share);
        if before == share {
            return before;
        }
        for (share, add) in [(share, true), (before, false)] {
            if share & HEAD == 0 {
                continue;
            }
            let of_employer = slot(&mut self.by_employer, share >> EMPLOYER_SHIFT);
            let paid = u32::from(share & PAID != 0);
            let in_time = u32::from(share & IN_TIME != 0);
            if add {
                *of_employer += 1;
                (self.heads, self.heads_paid) = (self.heads + 1, self.heads_paid + paid);
                self.heads_in_time += in_time;
            } else {
                *of_employer -= 1;
                (self.heads, self.heads_paid) = (self.heads - 1, self.heads_paid - paid);
                self.heads_in_time -= in_time;
            }
        }
        before
    }

    /// What the month asks for of the worker, while it is asked; whether that is another sum now.
    fn ask(&mut self, worker: WorkerIx, period: Option<&PeriodView>, today: Day) -> bool {
        if today < self.opens_on || today > self.due_on {
            self.asked = None;
            return false;
        }
        let whole = |sum: Sum| i64::try_from(sum).unwrap_or(i64::MAX);
        let now = period.map_or((0, 0), |p| (whole(p.expected), whole(p.paid)));
        let asked = self.asked.get_or_insert_default();
        if now == (0, 0) && asked.shares.len() <= worker as usize {
            return false;
        }
        let before = std::mem::replace(slot(&mut asked.shares, worker), now);
        asked.expected += Sum::from(now.0) - Sum::from(before.0);
        asked.paid += Sum::from(now.1) - Sum::from(before.1);
        now != before
    }
}

/// The place in the list, which is made long enough.
fn slot<T: Default + Clone>(list: &mut Vec<T>, place: u32) -> &mut T {
    let place = place as usize;
    if list.len() <= place {
        list.reserve_exact(place + 1 - list.len() + list.len() / 8);
        list.resize(place + 1, T::default());
    }
    &mut list[place]
}
