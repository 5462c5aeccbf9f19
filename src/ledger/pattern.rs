//! What in a worker's attendance may be made up: days longer than people work, swipes that hardly
//! vary, statements that came all at once. Counts and finds; what that means, rules say.

use super::month::DayCell;
use super::project::{ProjectLedger, WorkerIx};
use super::settle::worked;
use super::worker::Worker;
use crate::domain::{Day, DayStart, Days, PeriodView, Rulebook};

/// First and last second of a business day.
type Span = (u32, u32);

/// Goes along a worker's days in their order.
pub(super) struct Pattern<'a> {
    known: &'a Worker,
    book: &'a Rulebook,
    /// None before the first month.
    limits: Option<Limits>,
    /// The last worked day with swipes, and on how many days up to it each was near to the one before.
    last: Option<(Day, Span)>,
    run: u32,
}

/// The numbers of a month's due date.
#[derive(Clone, Copy)]
struct Limits {
    long_minutes: u32,
    steady_days: u32,
    steady_seconds: u32,
    /// The first and the last day that are shortly before the due date.
    bulk: (Day, Day),
}

impl<'a> Pattern<'a> {
    pub(super) fn new(known: &'a Worker, book: &'a Rulebook) -> Pattern<'a> {
        Pattern { known, book, limits: None, last: None, run: 0 }
    }

    /// A month begins, later than those before; the steps from presence to worked days that count in it.
    pub(super) fn month(&mut self, view: &PeriodView) -> &'a [(u32, u32)] {
        let numbers = self.book.at(view.due_on);
        let limits = Limits {
            long_minutes: small(numbers.suspicious_long_hours).saturating_mul(60),
            steady_days: small(numbers.suspicious_steady_days),
            steady_seconds: small(numbers.suspicious_steady_minutes).saturating_mul(60),
            bulk: (
                view.due_on.plus(-small(numbers.suspicious_bulk_days).cast_signed()),
                view.due_on.plus(-1),
            ),
        };
        let wider = self.limits.is_some_and(|before| limits.steady_seconds > before.steady_seconds);
        if wider && self.run > 0 {
            // What was too far apart by the numbers before may be near by these: look closely.
            self.run = u32::MAX / 2;
        }
        self.limits = Some(limits);
        steps(self.book, view.period.first_day())
    }

    /// A day of that month, later than those before.
    pub(super) fn day(&mut self, view: &mut PeriodView, cell: &DayCell, date: Day, days: Days) {
        let Some(limits) = self.limits else { return };
        let pattern = &mut view.pattern;
        pattern.long_days += u32::from(days.0 > 0 && cell.minutes() > limits.long_minutes);
        if let Some((at, _, _)) = cell.stated {
            // A statement's date is the civil one in China.
            let (stated_on, _) = at.business(DayStart(0));
            pattern.statements += 1;
            let (first, last) = limits.bulk;
            pattern.statements_bulk += u32::from((first..=last).contains(&stated_on));
        }
        let Some(span) = cell.span.filter(|_| days.0 > 0) else {
            self.last = None;
            self.run = 0;
            return;
        };
        let follows = self.last.is_some_and(|(before, other)| {
            before.plus(1) == date && is_near(span, other, limits.steady_seconds)
        });
        self.run = if follows { self.run.saturating_add(1) } else { 1 };
        self.last = Some((date, span));
        // Days that are all near each other are near one by one; the whole is looked at only then.
        if self.run >= limits.steady_days && pattern.steady_to.is_none() && self.is_steady(date, limits) {
            pattern.steady_to = Some(date);
        }
    }

    /// Whether the `steady_days` days that end with that one were all worked, with swipes within the limit.
    fn is_steady(&self, end: Day, limits: Limits) -> bool {
        let Limits { steady_days, steady_seconds, .. } = limits;
        let begin = end.plus(1 - steady_days.cast_signed());
        let (mut count, mut first, mut last) = (0, (u32::MAX, 0), (u32::MAX, 0));
        let at = self.known.months.partition_point(|month| month.period.day_or_last(31) < begin);
        for month in self.known.months[at..].iter().take_while(|m| m.period.first_day() <= end) {
            let steps = steps(self.book, month.period.first_day());
            for cell in month.days() {
                let date = month.period.first_day().plus(cell.index.cast_signed());
                let Some(span) = cell.span.filter(|_| (begin..=end).contains(&date)) else { continue };
                if worked(&cell, steps).0.0 > 0 {
                    count += 1;
                    first = (span.0.min(first.0), span.0.max(first.1));
                    last = (span.1.min(last.0), span.1.max(last.1));
                }
            }
        }
        count == steady_days && first.1 - first.0 < steady_seconds && last.1 - last.0 < steady_seconds
    }
}

impl ProjectLedger {
    /// Whether the day may be one of so many on end whose swipes lie within those minutes of each other,
    /// as far as the days around it tell. More days than really are, never fewer.
    pub fn may_be_steady(&self, worker: WorkerIx, day: Day, days: i64, minutes: i64) -> bool {
        let known = &self.workers[worker as usize];
        let (days, seconds) = (small(days), small(minutes).saturating_mul(60));
        let mut near = 1;
        for step in [-1, 1] {
            let mut at = day.plus(step);
            let mut before = None;
            while near < days {
                let Some(span) = span_of(known, at) else { break };
                if before.is_some_and(|before| !is_near(span, before, seconds)) {
                    break;
                }
                before = Some(span);
                near += 1;
                at = at.plus(step);
            }
        }
        near >= days
    }

    /// Whether the worker has a worked day before that one.
    pub fn has_worked_before(&self, worker: WorkerIx, day: Day, book: &Rulebook) -> bool {
        let months = &self.workers[worker as usize].months;
        // The newest first: a swipe has just touched it, and days before it are nearly always there.
        for month in months.iter().rev().filter(|month| month.period.first_day() < day) {
            let first = month.period.first_day();
            let steps = steps(book, first);
            // Of the months before, every day.
            let index = u32::try_from(day.since(first)).unwrap_or(0).min(31);
            if steps.is_empty() && month.is_swiped_before(index) {
                return true;
            }
            let mut days = month.days().take_while(|cell| cell.index < index);
            if days.any(|cell| worked(&cell, steps).0.0 > 0) {
                return true;
            }
        }
        false
    }
}

fn span_of(known: &Worker, day: Day) -> Option<Span> {
    let (period, index) = (day.period()?, day.day_of_month() - 1);
    known.month(period)?.span_of(index)
}

fn is_near(one: Span, other: Span, seconds: u32) -> bool {
    one.0.abs_diff(other.0) < seconds && one.1.abs_diff(other.1) < seconds
}

fn steps(book: &Rulebook, first: Day) -> &[(u32, u32)] {
    &book.at(first).presence_steps
}

/// A number of the rulebook whose bounds are far below what does not fit.
fn small(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Edition, IdNumber, Numbers, Period, ProjectId, Time};

    /// A ledger with one worker, the first and last second of each day from 2026-03-01 on.
    fn ledger(spans: &[Option<Span>]) -> ProjectLedger {
        let mut ledger = ProjectLedger::new(ProjectId::parse("project_id", "P1").unwrap());
        let mut worker = Worker::new(IdNumber::from_packed(1));
        let first = Period::parse("2026-03").unwrap().first_day();
        for (n, span) in (0..).zip(spans) {
            let day = first.plus(n);
            let month = worker.month_mut(day.period().unwrap());
            for second in span.iter().flat_map(|(first, last)| [*first, *last]) {
                month.swipe(day.day_of_month() - 1, second);
            }
        }
        ledger.push_worker(worker);
        ledger
    }

    fn book(steady_days: i64) -> Rulebook {
        Rulebook::of(Numbers { suspicious_steady_days: steady_days, ..Numbers::default() })
    }

    fn steady(spans: &[Option<Span>], book: &Rulebook) -> Vec<Option<String>> {
        let view = ledger(spans).settle(0, book);
        view.periods.iter().map(|p| p.pattern.steady_to.map(|day| day.to_string())).collect()
    }

    #[test]
    fn a_run_is_steady_within_the_limit_as_a_whole() {
        let at = |second| Some((second, 40_000));
        // 119 s apart, then 120.
        assert_eq!(steady(&[at(100), at(219), at(150)], &book(3)), [Some("2026-03-03".to_owned())]);
        assert_eq!(steady(&[at(100), at(220), at(150)], &book(3)), [None]);
        // Each is near the one before, but the first and the third are not near each other.
        assert_eq!(steady(&[at(100), at(200), at(300)], &book(3)), [None]);
        assert_eq!(
            steady(&[at(100), at(200), at(300), at(250), at(200)], &book(3)),
            [Some("2026-03-04".to_owned())]
        );
        // A day without swipes ends it.
        assert_eq!(steady(&[at(100), None, at(100), at(100)], &book(3)), [None]);
        // The last swipe counts as the first does.
        assert_eq!(steady(&[Some((100, 900)), Some((100, 1020)), Some((100, 950))], &book(3)), [None]);
    }

    #[test]
    fn a_run_that_spans_months_is_found_where_it_ends() {
        let mut spans = vec![Some((100, 900)); 34];
        let found = |spans: &[Option<Span>], days| steady(spans, &book(days));
        assert_eq!(found(&spans, 32), [None, Some("2026-04-01".to_owned())]);
        assert_eq!(found(&spans, 31), [Some("2026-03-31".to_owned()), Some("2026-04-01".to_owned())]);
        spans[31] = None;
        assert_eq!(found(&spans, 32), [None, None]);
    }

    #[test]
    fn wider_numbers_of_a_later_month_look_back_by_themselves() {
        let from = |date: &str, minutes| Edition {
            effective_from: Day::parse(date).unwrap(),
            numbers: Numbers {
                suspicious_steady_days: 32,
                suspicious_steady_minutes: minutes,
                ..Numbers::default()
            },
        };
        // March is due on 2026-04-15, April on 2026-05-15.
        let book = Rulebook::default().with_editions(vec![from("2026-01-01", 2), from("2026-05-01", 10)]);
        let spans: Vec<_> = (0..33).map(|n| Some((100 + n % 2 * 300, 900))).collect();
        assert_eq!(steady(&spans, &book), [None, Some("2026-04-01".to_owned())]);
    }

    #[test]
    fn what_may_be_steady_is_seen_from_each_of_its_days() {
        let mut spans = vec![Some((100, 900)); 10];
        spans[4] = Some((5_000, 9_000));
        let ledger = ledger(&spans);
        let first = Day::parse("2026-03-01").unwrap();
        let may = |n: i32, days| ledger.may_be_steady(0, first.plus(n), days, 2);
        // The day itself may have been another before, so only those around it are asked.
        assert!(may(4, 10) && !may(4, 11));
        assert!(may(5, 6) && may(0, 4));
        assert!(!may(9, 7) && may(9, 5) && !may(20, 2));
    }

    #[test]
    fn long_days_and_statements_are_counted() {
        let mut ledger = ledger(&[Some((0, 57_600)), Some((0, 57_660)), Some((0, 70_000))]);
        let stated = |text: &str| Time::parse(text).unwrap();
        // Due on 2026-04-15: the five days before are the 10th to the 14th, by the civil date.
        for (index, at) in [
            (2, "2026-04-09T23:59:59+08:00"),
            (3, "2026-04-10T00:00:00+08:00"),
            (4, "2026-04-14T23:59:59+08:00"),
            (5, "2026-04-15T00:00:00+08:00"),
        ] {
            let month = ledger.workers[0].month_mut(Period::parse("2026-03").unwrap());
            month.state(index, stated(at), Days(100), (index == 2).then_some(480));
        }
        let pattern = ledger.settle(0, &Rulebook::default()).periods[0].pattern;
        assert_eq!((pattern.long_days, pattern.statements, pattern.statements_bulk), (1, 4, 2));
    }

    #[test]
    fn the_first_worked_day_is_known_without_going_through_all() {
        let mut ledger = ledger(&[None, Some((100, 900)), Some((100, 900))]);
        let first = Day::parse("2026-03-01").unwrap();
        let worked = |ledger: &ProjectLedger, n: i32, book: &Rulebook| {
            ledger.has_worked_before(0, first.plus(n), book)
        };
        let book = Rulebook::default();
        assert!(!worked(&ledger, 1, &book) && worked(&ledger, 2, &book) && worked(&ledger, 40, &book));
        let strict = Rulebook::of(Numbers { presence_steps: vec![(14, 50)], ..Numbers::default() });
        assert!(!worked(&ledger, 40, &strict));
        ledger.workers[0].month_mut(Period::parse("2026-03").unwrap()).state(1, Time(5), Days(0), None);
        assert!(!worked(&ledger, 2, &book) && worked(&ledger, 3, &book));
    }
}
