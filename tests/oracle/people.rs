//! The oracle's rules about one worker beyond the wage alerts: minimum wage, leaving, returned pay, sheets,
//! ghosts, contracts, attendance that looks made up. Day by day and payment by payment, slow on purpose.

use super::{Facts, Placed, Row, Status, Truth, Worker, find_worker, raise};
use std::collections::{BTreeMap, BTreeSet};
use wagewatch::domain::*;

/// First and last swipe of each day, seconds of the business day, and when its statement was stated.
#[derive(Default)]
pub(super) struct Seen {
    swiped: BTreeMap<(Worker, Day), (u32, u32)>,
    stated: BTreeMap<(Worker, Day), Time>,
}

pub(super) fn seen(taken: &[&Record], book: &Rulebook) -> Seen {
    let mut seen = Seen::default();
    for record in taken {
        match &record.body {
            Body::Swipe(s) => {
                let (day, second) = s.swiped_at.business(book.day_starts_at);
                let key = ((s.project_id.clone(), s.id_number.clone()), day);
                let span = seen.swiped.entry(key).or_insert((second, second));
                *span = (span.0.min(second), span.1.max(second));
            }
            Body::WorkDay(w) => {
                let key = ((w.project_id.clone(), w.id_number.clone()), w.work_date);
                let at = seen.stated.entry(key).or_insert(record.head.at);
                *at = (*at).max(record.head.at);
            }
            _ => {}
        }
    }
    seen
}

pub(super) fn judge(facts: &Facts, placed: &[Placed], today: Day, book: &Rulebook, truth: &mut Truth) {
    let all: Vec<(Worker, Period, Row)> =
        truth.periods.iter().map(|((p, id, m), row)| ((p.clone(), id.clone()), *m, row.clone())).collect();
    for (worker, month, row) in &all {
        minimum(facts, placed, worker, *month, row, today, book, truth);
        sheet(facts, worker, *month, row, book, truth);
        ghost(facts, placed, worker, *month, row, truth);
        suspicious(facts, worker, *month, row, today, book, truth);
    }
    let mut workers: BTreeSet<Worker> = all.iter().map(|(worker, _, _)| worker.clone()).collect();
    workers.extend(facts.terms.keys().cloned());
    workers.extend(placed.iter().map(|p| p.worker.clone()));
    for worker in &workers {
        let rows: Vec<&Row> = all.iter().filter(|(w, _, _)| w == worker).map(|(_, _, row)| row).collect();
        left(facts, worker, &rows, today, book, truth);
        criminal(worker, &rows, today, book, truth);
        contract(facts, worker, today, book, truth);
        implausible(placed, worker, today, book, truth);
    }
    returned(facts, placed, today, book, truth);
}

fn month_of((_, id): &Worker, month: Period) -> Subject {
    Subject::WorkerPeriod(id.clone(), month)
}

/// The worked days of a worker, ascending.
fn worked<'a>(facts: &'a Facts, worker: &Worker) -> impl Iterator<Item = (Day, u32)> + 'a {
    let days = facts.days.get(worker).into_iter().flatten();
    days.filter(|(_, (days, _))| days.0 > 0).map(|(day, (_, minutes))| (*day, *minutes))
}

#[allow(clippy::too_many_arguments, reason = "naive: each rule is told everything")]
fn minimum(
    facts: &Facts,
    placed: &[Placed],
    worker: &Worker,
    month: Period,
    row: &Row,
    today: Day,
    book: &Rulebook,
    truth: &mut Truth,
) {
    let Some(terms) = facts.terms.get(worker) else { return };
    let Some((last, _)) = worked(facts, worker).filter(|(day, _)| day.period() == Some(month)).last() else {
        return;
    };
    let applies = terms.iter().rev().find(|t| t.effective_on <= last).unwrap_or(&terms[0]);
    let unpaid = row.paid == 0 && row.status == Status::Overdue;
    if applies.basis == Basis::Piece || today <= row.due_on || unpaid {
        return;
    }
    let numbers = book.at(month.plus(1).first_day().plus(-1));
    let monthly = Sum::from(numbers.minimum_monthly_fen);
    // More than was expected, if payments that name the month come to more.
    let naming = placed.iter().filter(|p| p.worker == *worker && p.counts && p.payment.period == Some(month));
    let paid = row.paid.max(naming.map(|p| p.payment.amount_fen.sum()).sum());
    let full = i64::from(row.days.0) >= numbers.minimum_full_month_days;
    let below = if full { paid < monthly } else { paid * 2175 < monthly * Sum::from(row.days.0) };
    if !below {
        return;
    }
    // The least whole sum that would do.
    let needed = if full {
        monthly
    } else {
        let whole = monthly * Sum::from(row.days.0) / 2175;
        if whole * 2175 == monthly * Sum::from(row.days.0) { whole } else { whole + 1 }
    };
    raise(truth, &worker.0, month_of(worker, month), Rule::BelowMinimumWage, Level::Yellow, |f| {
        f.amount = needed - paid;
    });
}

fn sheet(facts: &Facts, worker: &Worker, month: Period, row: &Row, book: &Rulebook, truth: &mut Truth) {
    let sheets = facts.payrolls.iter().filter(|s| s.project_id == worker.0 && s.period == month);
    let lines: Vec<&PayrollLine> =
        sheets.flat_map(|s| &s.lines).filter(|l| l.id_number == worker.1 && l.signed).collect();
    if lines.is_empty() {
        return;
    }
    let payable: Sum = lines.iter().map(|line| line.payable_fen.sum()).sum();
    let numbers = book.at(row.due_on);
    // accrued - payable > accrued x percent / 100, and > fen
    let percent = Sum::from(numbers.payroll_below_percent);
    if payable * 100 < row.accrued * (100 - percent)
        && payable + Sum::from(numbers.payroll_below_fen) < row.accrued
    {
        let rule = Rule::PayrollBelowAttendance;
        raise(truth, &worker.0, month_of(worker, month), rule, Level::Yellow, |f| {
            f.amount = row.accrued - payable;
        });
    }
}

fn ghost(facts: &Facts, placed: &[Placed], worker: &Worker, month: Period, row: &Row, truth: &mut Truth) {
    let paid: Sum = placed
        .iter()
        .filter(|p| p.worker == *worker && p.counts && p.payment.period == Some(month))
        .map(|p| p.payment.amount_fen.sum())
        .sum();
    let here = |day: Day| day.period().is_some_and(|m| m == month || m.plus(1) == month);
    let pieces = facts.piecework.iter().any(|p| {
        p.project_id == worker.0 && p.id_number == worker.1 && p.period == month && p.amount_fen.0 > 0
    });
    let signed = facts.payrolls.iter().any(|s| {
        let mine = |line: &PayrollLine| line.id_number == worker.1 && line.signed;
        s.project_id == worker.0 && s.period == month && s.lines.iter().any(mine)
    });
    if paid > 0
        && !pieces
        && !signed
        && row.days == Days(0)
        && !worked(facts, worker).any(|(day, _)| here(day))
    {
        raise(truth, &worker.0, month_of(worker, month), Rule::GhostPayee, Level::Yellow, |f| {
            f.amount = paid;
        });
    }
}

fn suspicious(
    facts: &Facts,
    worker: &Worker,
    month: Period,
    row: &Row,
    today: Day,
    book: &Rulebook,
    truth: &mut Truth,
) {
    let numbers = book.at(row.due_on);
    let days: Vec<(Day, u32)> =
        worked(facts, worker).filter(|(day, _)| day.period() == Some(month)).collect();
    let hours = |minutes: &u32| i64::from(*minutes) > numbers.suspicious_long_hours * 60;
    let long = days.iter().filter(|(_, minutes)| hours(minutes)).count();
    let long = i64::try_from(long).unwrap() > numbers.suspicious_long_days;
    let steady = days.iter().any(|(day, _)| is_steady(facts, worker, *day, numbers));
    let stated: Vec<Day> = facts
        .seen
        .stated
        .iter()
        .filter(|((w, day), _)| w == worker && day.period() == Some(month))
        .map(|(_, at)| at.business(DayStart(0)).0)
        .collect();
    let before_due =
        |on: &Day| (1..=numbers.suspicious_bulk_days).contains(&i64::from(row.due_on.since(*on)));
    let bulk = stated.iter().filter(|on| before_due(on)).count();
    let percent = usize::try_from(numbers.suspicious_bulk_percent).unwrap();
    let bulk = today > row.due_on && stated.len() >= 5 && bulk * 100 > stated.len() * percent;
    if long || steady || bulk {
        raise(truth, &worker.0, month_of(worker, month), Rule::AttendanceSuspicious, Level::Yellow, |_| {});
    }
}

/// Every one of the days that end with that one was worked, and their swipes are within the minutes.
fn is_steady(facts: &Facts, worker: &Worker, end: Day, numbers: &Numbers) -> bool {
    let mut spans = Vec::new();
    for back in 0..i32::try_from(numbers.suspicious_steady_days).unwrap() {
        let day = end.plus(-back);
        let worked = facts.days.get(worker).and_then(|days| days.get(&day)).is_some_and(|(d, _)| d.0 > 0);
        let Some(span) = facts.seen.swiped.get(&(worker.clone(), day)).filter(|_| worked) else {
            return false;
        };
        spans.push(*span);
    }
    let within = |of: fn(&(u32, u32)) -> u32| {
        let (least, most) = (spans.iter().map(of).min().unwrap(), spans.iter().map(of).max().unwrap());
        i64::from(most - least) < numbers.suspicious_steady_minutes * 60
    };
    within(|span| span.0) && within(|span| span.1)
}

/// The day after so many working days, counted one by one.
fn workdays_after(book: &Rulebook, day: Day, count: i64) -> Day {
    let (mut at, mut left) = (day, count);
    while left > 0 {
        at = at.plus(1);
        if book.calendar.is_workday(at) {
            left -= 1;
        }
    }
    at
}

fn left(facts: &Facts, worker: &Worker, rows: &[&Row], today: Day, book: &Rulebook, truth: &mut Truth) {
    let newest = facts.terms.get(worker).and_then(|terms| terms.last());
    let Some(left_on) = newest.and_then(|terms| terms.left_on) else { return };
    let numbers = book.at(left_on);
    let arrears: Sum = rows.iter().map(|row| row.arrears).sum();
    let passed = today > workdays_after(book, left_on, numbers.left_working_days);
    if !passed || arrears <= Sum::from(numbers.tolerance_fen) {
        return;
    }
    let red = i64::from(today.since(left_on)) > numbers.left_red_after_days;
    let level = if red { Level::Red } else { Level::Yellow };
    raise(truth, &worker.0, Subject::Worker(worker.1.clone()), Rule::LeftUnsettled, level, |f| {
        f.amount = arrears;
        f.due_on = Some(left_on);
    });
}

fn criminal(worker: &Worker, rows: &[&Row], today: Day, book: &Rulebook, truth: &mut Truth) {
    let overdue: Vec<&&Row> = rows.iter().filter(|row| row.status == Status::Overdue).collect();
    let arrears: Sum = overdue.iter().map(|row| row.arrears).sum();
    let numbers = book.at(today);
    if i64::try_from(overdue.len()).unwrap() >= numbers.criminal_worker_months
        && arrears >= Sum::from(numbers.criminal_worker_fen)
    {
        let subject = Subject::Worker(worker.1.clone());
        raise(truth, &worker.0, subject, Rule::CriminalThreshold, Level::Red, |f| {
            f.amount = arrears;
            f.due_on = overdue.iter().map(|row| row.due_on).min();
        });
    }
}

fn contract(facts: &Facts, worker: &Worker, today: Day, book: &Rulebook, truth: &mut Truth) {
    let Some(terms) = facts.terms.get(worker) else { return };
    let Some((first, _)) = worked(facts, worker).next() else { return };
    let signed = terms.iter().any(|t| t.contract_signed_on.is_some_and(|on| on <= today));
    let since = i64::from(today.since(first.max(terms[0].effective_on)));
    if !signed && since > book.at(today).no_contract_days {
        let subject = Subject::Worker(worker.1.clone());
        raise(truth, &worker.0, subject, Rule::NoContract, Level::Yellow, |_| {});
    }
}

fn implausible(placed: &[Placed], worker: &Worker, today: Day, book: &Rulebook, truth: &mut Truth) {
    let mine = placed.iter().filter(|p| p.worker == *worker && p.counts);
    let paid: Vec<(Day, Sum)> =
        mine.map(|p| (p.payment.settled_at.business(DayStart(0)).0, p.payment.amount_fen.sum())).collect();
    let mut above = Vec::new();
    for (day, _) in &paid {
        let (year, _, _) = day.ymd();
        let month_sum: Sum =
            paid.iter().filter(|(d, _)| d.period() == day.period()).map(|(_, fen)| fen).sum();
        let year_sum: Sum = paid.iter().filter(|(d, _)| d.ymd().0 == year).map(|(_, fen)| fen).sum();
        let month_end = day.period().unwrap().plus(1).first_day().plus(-1).min(today);
        let year_end = Day::from_ymd(year, 12, 31).unwrap().min(today);
        above
            .extend(Some(month_sum).filter(|sum| *sum > Sum::from(book.at(month_end).implausible_month_fen)));
        above.extend(Some(year_sum).filter(|sum| *sum > Sum::from(book.at(year_end).implausible_year_fen)));
    }
    if let Some(most) = above.into_iter().max() {
        let subject = Subject::Worker(worker.1.clone());
        raise(truth, &worker.0, subject, Rule::ImplausiblePay, Level::Red, |f| f.amount = most);
    }
}

fn returned(facts: &Facts, placed: &[Placed], today: Day, book: &Rulebook, truth: &mut Truth) {
    for p in facts.payments.iter().filter(|p| p.status == PaymentStatus::Returned) {
        let Ok(worker) = find_worker(facts, p) else { continue };
        let again = placed.iter().filter(|other| other.worker == worker && other.counts).any(|other| {
            other.payment.amount_fen >= p.amount_fen && other.payment.settled_at >= p.settled_at
        });
        let (day, _) = p.settled_at.business(book.day_starts_at);
        let numbers = book.at(day);
        if again || today <= workdays_after(book, day, numbers.returned_working_days) {
            continue;
        }
        let late = today > workdays_after(book, day, numbers.returned_orange_working_days);
        let level = if late { Level::Orange } else { Level::Yellow };
        let subject =
            Subject::Payment { id_number: worker.1.clone(), bank: p.bank.clone(), txn_id: p.txn_id.clone() };
        raise(truth, &worker.0, subject, Rule::PayoutReturned, level, |f| f.amount = p.amount_fen.sum());
    }
}
