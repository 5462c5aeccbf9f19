//! What it costs to settle and judge by all rules: a worker that a record touches, and a project.
//! `cargo bench --bench judge [-- --workers 50000 --months 3]`
//! The rulebook is changed, so that everybody is settled, judged by every rule and held against his
//! alerts: once where projects have 100 workers, once where each has one. From the two follows what a
//! worker costs and what a project does beside its workers. Then payments come, one a worker: what a
//! record costs that is placed, settles its worker and has him and his project judged.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark ends at the first thing amiss")]
#![allow(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "ratios for people to read")]

mod house;

use house::crowd;
use house::system::System;
use house::{Cost, Meter, row, setting};
use std::sync::Arc;
use wagewatch::app::config::Config;
use wagewatch::domain::{Entry, Rulebook};

const PAID: i64 = 4 * 30_000;

fn main() {
    let workers = setting("workers", 50_000);
    let months = u16::try_from(setting("months", 3)).unwrap();
    let step = usize::try_from(crowd::PER_PROJECT).unwrap();
    let full = run((0..workers).collect(), months);
    let lone =
        run((0..workers * crowd::PER_PROJECT).step_by(step).take(workers as usize / 10).collect(), months);
    let (full_count, lone_count) = (workers as f64, workers as f64 / 10.0);
    let each = |cost: Cost, count: f64| cost.own * 1e9 / count;
    // x workers a project: full = worker + project / 100, lone = worker + project.
    let (of_full, of_lone) = (each(full.judged, full_count), each(lone.judged, lone_count));
    let project = (of_lone - of_full) * 100.0 / 99.0;
    let ns = |ns: f64| format!("{ns:.0} ns");
    house::table(
        &format!("{months} months of 4 days and a payment each; processor time"),
        &[
            row(
                "a worker settled and judged, in projects of 100, his share of the project included",
                "",
                ns(of_full),
            ),
            row("a worker and a project of his own", "", ns(of_lone)),
            row("so a worker", "", ns(of_lone - project)),
            row("so a project beside its workers", "", ns(project)),
            row("a payment that touches a worker in a project of 100", "", ns(each(full.paid, full_count))),
            row("a payment that touches a worker in a project of one", "", ns(each(lone.paid, lone_count))),
            row("alerts that stood", "", format!("{} and {}", full.alerts, lone.alerts)),
            row("the machine", "", full.judged.machine()),
        ],
    );
}

struct Ran {
    judged: Cost,
    paid: Cost,
    alerts: usize,
}

fn run(workers: Vec<u64>, months: u16) -> Ran {
    let calendar = Config::default().calendar;
    let book = Arc::new(Rulebook { calendar, ..Rulebook::default() });
    let mut system = System::new(&book);
    let first = crowd::day("2026-01-01");
    let after = first.period().unwrap().plus(months);
    system.tell(vec![Entry::Date(first)]);
    for some in workers.chunks(1000) {
        let of = |w: &u64| *w..*w + 1;
        let known = |w: &u64| w.is_multiple_of(crowd::PER_PROJECT);
        let accounts =
            some.iter().filter(|w| known(w)).flat_map(|w| crowd::accounts(of(w), first, PAID * 100_000));
        let papers =
            some.iter().flat_map(|w| crowd::papers(of(w), first).filter(move |entry| keeps(entry, *w)));
        let mut entries: Vec<Entry> = papers.chain(accounts).collect();
        entries.extend(some.iter().flat_map(|w| crowd::months(of(w), first, months, 4)));
        system.tell(entries);
    }
    let today = after.day_or_last(20);
    let mut alerts = system.tell(vec![Entry::Date(today)]).len();
    let meter = Meter::start();
    let other = Rulebook { version: "other".into(), ..(*book).clone() };
    alerts += system.tell(vec![Entry::Rulebook(Box::new(other))]).len();
    let judged = meter.stop();
    let payments: Vec<Entry> =
        workers.iter().map(|w| crowd::payment(*w, today, PAID * i64::from(months))).collect();
    let mut blocks: Vec<Vec<Entry>> = payments.chunks(1000).map(<[Entry]>::to_vec).collect();
    let meter = Meter::start();
    blocks.drain(..).for_each(|block| drop(system.tell(block)));
    Ran { judged, paid: meter.stop(), alerts }
}

/// A project's own record once, with its first worker.
fn keeps(entry: &Entry, worker: u64) -> bool {
    let Entry::Record(record) = entry else { return false };
    !matches!(record.body, wagewatch::domain::Body::Project(_)) || worker.is_multiple_of(crowd::PER_PROJECT)
}
