//! The oracle's arithmetic: accrued, expected, paid, due, overdue (contract, section 4), and the wage alerts.
//! Works on the facts that `mod.rs` collected; knows nothing of how they came about.

use super::{Facts, Placed, Row, Status, Truth, Worker, raise};
use std::collections::{BTreeMap, BTreeSet};
use wagewatch::domain::*;

/// Fills `truth.periods` and raises the wage alerts.
pub(super) fn settle(facts: &Facts, placed: &[Placed], today: Day, book: &Rulebook, truth: &mut Truth) {
    let mut periods: BTreeMap<Worker, BTreeSet<Period>> = BTreeMap::new();
    for (project_id, id_number, period) in listed(facts, placed) {
        periods.entry((project_id, id_number)).or_default().insert(period);
    }
    for (worker, periods) in periods {
        let mut rows: Vec<(Period, Row)> =
            periods.iter().map(|period| (*period, price(facts, &worker, *period, book))).collect();
        pay(&worker, &mut rows, placed);
        for (period, mut row) in rows {
            close(&mut row, facts.terms.contains_key(&worker), today, book);
            truth.periods.insert((worker.0.clone(), worker.1.clone(), period), row);
        }
    }
    wage_alerts(today, book, truth);
    project_alerts(today, book, truth);
}

/// Every (project, worker, period) with attendance, piecework, payroll lines or placed payments that name it.
fn listed(facts: &Facts, placed: &[Placed]) -> BTreeSet<(ProjectId, IdNumber, Period)> {
    let mut out = BTreeSet::new();
    for ((project_id, id_number), days) in &facts.days {
        for day in days.keys() {
            out.insert((project_id.clone(), id_number.clone(), day.period().unwrap()));
        }
    }
    for p in &facts.piecework {
        out.insert((p.project_id.clone(), p.id_number.clone(), p.period));
    }
    for sheet in &facts.payrolls {
        for line in &sheet.lines {
            out.insert((sheet.project_id.clone(), line.id_number.clone(), sheet.period));
        }
    }
    for p in placed {
        if let Some(period) = p.payment.period {
            out.insert((p.worker.0.clone(), p.worker.1.clone(), period));
        }
    }
    out
}

/// Days, accrued, expected and the due date of one month; nothing paid yet.
fn price(facts: &Facts, worker: &Worker, period: Period, book: &Rulebook) -> Row {
    let none = BTreeMap::new();
    let in_month = facts.days.get(worker).unwrap_or(&none).iter().filter(|(d, _)| d.period() == Some(period));
    let worked: Vec<(Day, Days, u32)> =
        in_month.map(|(day, (days, minutes))| (*day, *days, *minutes)).collect();
    let accrued = by_terms(facts, worker, &worked) + by_piece(facts, worker, period);
    Row {
        days: Days(worked.iter().map(|(_, days, _)| days.0).sum()),
        minutes: worked.iter().map(|(_, _, minutes)| *minutes).sum(),
        accrued,
        expected: signed(facts, worker, period).unwrap_or(accrued),
        paid: 0,
        arrears: 0,
        due_on: due_on(facts, worker, period, book),
        overdue_days: 0,
        status: Status::NotDue,
    }
}

/// The days summed per terms, each sum priced and rounded once.
fn by_terms(facts: &Facts, worker: &Worker, worked: &[(Day, Days, u32)]) -> Sum {
    let Some(terms) = facts.terms.get(worker) else { return 0 };
    let mut total = 0;
    for (index, t) in terms.iter().enumerate() {
        // From its own day (the first terms: from ever) until the day before the next terms.
        let applies = |day: Day| {
            (index == 0 || t.effective_on <= day)
                && terms.get(index + 1).is_none_or(|next| day < next.effective_on)
        };
        let mine: Vec<_> = worked.iter().filter(|(day, _, _)| applies(*day)).collect();
        let days: Sum = mine.iter().map(|(_, days, _)| Sum::from(days.0)).sum();
        let minutes: Sum = mine.iter().map(|(_, _, minutes)| Sum::from(*minutes)).sum();
        let rate = t.rate_fen.sum();
        total += match t.basis {
            Basis::Daily => div_half_up(rate * days, 100),
            // 21.75 days a month, both sides in hundredths.
            Basis::Monthly => div_half_up(rate * days, 2175).min(rate),
            Basis::Hourly => div_half_up(rate * minutes, 60),
            Basis::Piece => 0,
        };
    }
    total
}

fn by_piece(facts: &Facts, worker: &Worker, period: Period) -> Sum {
    let mine = |p: &&Piecework| p.project_id == worker.0 && p.id_number == worker.1 && p.period == period;
    facts.piecework.iter().filter(mine).map(|p| p.amount_fen.sum()).sum()
}

/// The sum of signed lines, if there are any.
fn signed(facts: &Facts, worker: &Worker, period: Period) -> Option<Sum> {
    let lines: Vec<Sum> = facts
        .payrolls
        .iter()
        .filter(|sheet| sheet.project_id == worker.0 && sheet.period == period)
        .flat_map(|sheet| &sheet.lines)
        .filter(|line| line.id_number == worker.1 && line.signed)
        .map(|line| (line.payable_fen.sum() - line.deductions_fen.sum()).max(0))
        .collect();
    (!lines.is_empty()).then(|| lines.iter().sum())
}

fn due_on(facts: &Facts, worker: &Worker, period: Period, book: &Rulebook) -> Day {
    let newest = facts.terms.get(worker).and_then(|terms| terms.last());
    let project = facts.projects.get(&worker.0);
    let pay_day = newest.and_then(|t| t.pay_day).or_else(|| project.and_then(|p| p.pay_day)).unwrap_or(15);
    let offset = newest
        .and_then(|t| t.pay_month_offset)
        .or_else(|| project.and_then(|p| p.pay_month_offset))
        .unwrap_or(1);
    let mut day = period.plus(u16::from(offset)).day_or_last(u32::from(pay_day));
    while !book.calendar.is_workday(day) {
        day = day.plus(-1);
    }
    day
}

/// Labelled payments first, then the pool over the open remainders, oldest first.
fn pay(worker: &Worker, rows: &mut [(Period, Row)], placed: &[Placed]) {
    let counting: Vec<&Payment> =
        placed.iter().filter(|p| p.worker == *worker && p.counts).map(|p| &p.payment).collect();
    let mut pool: Sum = counting.iter().filter(|p| p.period.is_none()).map(|p| p.amount_fen.sum()).sum();
    for (period, row) in rows.iter_mut() {
        let labelled: Sum =
            counting.iter().filter(|p| p.period == Some(*period)).map(|p| p.amount_fen.sum()).sum();
        row.paid = labelled.min(row.expected);
        pool += labelled - row.paid;
    }
    for (_, row) in rows.iter_mut() {
        let filled = pool.min(row.expected - row.paid);
        row.paid += filled;
        pool -= filled;
    }
}

/// Arrears, and the first status that holds.
fn close(row: &mut Row, enrolled: bool, today: Day, book: &Rulebook) {
    row.arrears = row.expected - row.paid;
    row.status = if row.days.0 > 0 && !enrolled && row.expected == 0 {
        Status::Unpriced
    } else if row.arrears <= Sum::from(book.at(row.due_on).tolerance_fen) {
        Status::Paid
    } else if today > row.due_on {
        Status::Overdue
    } else {
        Status::NotDue
    };
    if row.status == Status::Overdue {
        row.overdue_days = today.since(row.due_on);
    }
}

/// By the numbers of the day on which it was due.
fn level(due_on: Day, today: Day, book: &Rulebook) -> Level {
    let (overdue_days, numbers) = (i64::from(today.since(due_on)), book.at(due_on));
    if overdue_days > numbers.red_after_days {
        Level::Red
    } else if overdue_days > numbers.orange_after_days {
        Level::Orange
    } else {
        Level::Yellow
    }
}

fn overdue(truth: &Truth) -> Vec<((ProjectId, IdNumber, Period), Row)> {
    let rows = truth.periods.iter().filter(|(_, row)| row.status == Status::Overdue);
    rows.map(|(key, row)| (key.clone(), row.clone())).collect()
}

fn wage_alerts(today: Day, book: &Rulebook, truth: &mut Truth) {
    for ((project_id, id_number, period), row) in overdue(truth) {
        let rule = if row.paid == 0 { Rule::WageUnpaid } else { Rule::WageUnderpaid };
        let subject = Subject::WorkerPeriod(id_number, period);
        raise(truth, &project_id, subject, rule, level(row.due_on, today, book), |f| {
            f.amount = row.arrears;
            f.due_on = Some(row.due_on);
        });
    }
}

fn project_alerts(today: Day, book: &Rulebook, truth: &mut Truth) {
    let mut by_project: BTreeMap<ProjectId, Vec<(IdNumber, Row)>> = BTreeMap::new();
    for ((project_id, id_number, _), row) in overdue(truth) {
        by_project.entry(project_id).or_default().push((id_number, row));
    }
    for (project_id, rows) in by_project {
        let ids: BTreeSet<&IdNumber> = rows.iter().map(|(id, _)| id).collect();
        let workers = u32::try_from(ids.len()).unwrap();
        let amount: Sum = rows.iter().map(|(_, row)| row.arrears).sum();
        let oldest = rows.iter().map(|(_, row)| row.due_on).min().unwrap();
        let group = i64::from(workers) >= book.at(today).group_workers;
        let level = match level(oldest, today, book) {
            Level::Red => Level::Red,
            _ if group && amount >= Sum::from(book.at(today).group_red_fen) => Level::Red,
            _ if group => Level::Orange,
            by_age => by_age,
        };
        raise(truth, &project_id, Subject::Project, Rule::ProjectArrears, level, |f| {
            f.amount = amount;
            f.workers = workers;
            f.due_on = Some(oldest);
        });
    }
}
