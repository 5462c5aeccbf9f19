//! The turn of a business day with 5 million worker-months in memory: whom it looks at, and how long it
//! takes. All projects work and swipe on the days that are measured.
//! `cargo bench --bench turn [-- --workers 500000 --months 10 --swiping 10]`
//! A worker-month has four days here, so that it fits; old months are paid, and of the last one every
//! fiftieth worker is not. One worker in `--swiping` swipes each day, so that every project has
//! attendance. Pay days are spread over the month's 15th, 20th, 25th and 28th, a quarter of the
//! projects each.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark ends at the first thing amiss")]
#![allow(clippy::float_arithmetic, reason = "ratios for people to read")]

mod house;

use house::crowd;
use house::system::System;
use house::{Meter, mib, resident, setting};
use std::collections::BTreeMap;
use std::sync::Arc;
use wagewatch::app::config::Config;
use wagewatch::domain::{Body, Calendar, Day, Entry, Period, Rulebook};
use wagewatch::ledger::due_date;

const PAY_DAYS: [u8; 4] = [15, 20, 25, 28];
const PAID: i64 = 4 * 30_000;
const STEP: u64 = 5_000;

fn main() {
    let workers = setting("workers", 500_000);
    let months = u16::try_from(setting("months", 10)).unwrap();
    let swiping = usize::try_from(setting("swiping", 10)).unwrap();
    let calendar = Config::default().calendar;
    let book = Arc::new(Rulebook { calendar, ..Rulebook::default() });
    let mut system = System::new(&book);
    let first = crowd::day("2025-09-01");
    let last = first.period().unwrap().plus(months - 1);
    fill(&mut system, workers, first, months);
    println!(
        "\n{} worker-months of {workers} workers in {} projects; {} resident",
        workers * u64::from(months),
        system.shard.project_count(),
        mib(resident())
    );
    println!("| day | what it is | projects visited | workers visited | alert rows | turn |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let (from, until) = (last.plus(1).first_day(), last.plus(1).day_or_last(31));
    // The last month goes by day by day, so that what it leaves to look at is as in a service that runs.
    for back in (0..=from.since(last.first_day())).rev() {
        system.tell(vec![Entry::Date(from.plus(-back))]);
    }
    system.shard.take_visited();
    let mut sums: BTreeMap<&str, (u32, u64, u64, f64)> = BTreeMap::new();
    for n in 1..=until.since(from) {
        let today = from.plus(n);
        pay(&mut system, workers, last, today, &book.calendar);
        let swipes: Vec<Entry> =
            (0..workers).step_by(swiping).map(|w| crowd::swipe(w, today.plus(-1), false)).collect();
        swipes.chunks(8192).for_each(|block| drop(system.tell(block.to_vec())));
        system.shard.take_visited();
        let meter = Meter::start();
        let rows = system.tell(vec![Entry::Date(today)]).len();
        let cost = meter.stop();
        let visited = system.shard.take_visited();
        let what = kind(today, last, &book);
        let ms = cost.own * 1e3;
        println!("| {today} | {what} | {} | {} | {rows} | {ms:.0} ms |", visited.projects, visited.workers);
        let sum = sums.entry(what).or_default();
        *sum = (sum.0 + 1, sum.1 + visited.projects, sum.2 + visited.workers, sum.3 + ms);
    }
    println!("\n| what | days | projects visited a day | workers visited a day | processor time a turn |");
    println!("| --- | --- | --- | --- | --- |");
    for (what, (days, projects, workers, ms)) in sums {
        let each = u64::from(days);
        println!(
            "| {what} | {days} | {} | {} | {:.0} ms |",
            projects / each,
            workers / each,
            ms / f64::from(days)
        );
    }
}

/// What is due on such a day for a quarter of the projects.
fn kind(today: Day, last: Period, book: &Rulebook) -> &'static str {
    let dues = PAY_DAYS.map(|pay_day| due_date(last, pay_day, 1, &book.calendar).1);
    let ahead = book.at(today).balance_working_days;
    match today {
        day if dues.iter().any(|due| due.plus(1) == day) => "the day after a due date",
        day if dues.iter().any(|due| book.calendar.minus_workdays(*due, ahead) == day) => {
            "the month is asked for from today"
        }
        day if dues.iter().any(|due| (book.calendar.minus_workdays(*due, ahead)..=*due).contains(&day)) => {
            "an ordinary day, some month soon due"
        }
        _ => "an ordinary day",
    }
}

fn pay_day(worker: u64) -> u8 {
    PAY_DAYS[usize::try_from(worker / crowd::PER_PROJECT % 4).unwrap()]
}

fn fill(system: &mut System, workers: u64, first: Day, months: u16) {
    for begin in (0..workers).step_by(usize::try_from(STEP).unwrap()) {
        let some = begin..(begin + STEP).min(workers);
        let papers = crowd::papers(some.clone(), first).map(|mut entry| {
            if let Entry::Record(record) = &mut entry
                && let Body::Project(project) = &mut record.body
            {
                let number: u64 = project.project_id.as_str()[4..].parse().unwrap();
                project.pay_day = Some(pay_day(number * crowd::PER_PROJECT));
            }
            entry
        });
        let accounts = crowd::accounts(some.clone(), first, PAID * 100 * i64::from(months));
        system.tell(papers.chain(accounts).collect());
        system.tell(crowd::months(some.clone(), first, months, 4).collect());
        // All months but the last.
        let sum = PAID * i64::from(months - 1);
        system.tell(some.map(|w| crowd::payment(w, first, sum)).collect());
    }
}

/// The wages of the last month, two days before they are due; every fiftieth is forgotten.
fn pay(system: &mut System, workers: u64, last: Period, today: Day, calendar: &Calendar) {
    for paid_on in PAY_DAYS {
        if due_date(last, paid_on, 1, calendar).1 != today.plus(2) {
            continue;
        }
        let of_day = (0..workers).filter(|w| pay_day(*w) == paid_on && w % 50 != 7);
        let payments: Vec<Entry> = of_day.map(|w| crowd::payment(w, today, PAID)).collect();
        payments.chunks(8192).for_each(|block| drop(system.tell(block.to_vec())));
    }
}
