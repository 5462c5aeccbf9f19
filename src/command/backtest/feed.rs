//! Where a backtest's records come from: files, each record on the day on which its source stated it, or a
//! data folder's log, in whose order they came. Knows no rulebook.

use super::{BacktestArgs, Failure};
use crate::cipher::DataKeys;
use crate::domain::{Day, DayStart, Entry, Record};
use crate::engine::backtest::Backtest;
use crate::engine::batch::{PlainSwipe, RejectedLine, Sink, Source};
use crate::intake::files::Files;
use crate::intake::source::FileSource;
use crate::log::{LogError, read_folder};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, stderr};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What was read.
#[derive(Default)]
pub struct Read {
    pub records: u64,
    pub rejected: u64,
    /// First and last day that was compared.
    pub days: Option<(Day, Day)>,
}

impl Read {
    fn compared(&mut self, day: Day) {
        self.days = Some((self.days.map_or(day, |(first, _)| first), day));
    }
}

/// Every record goes in on the day that its `at` says; with `to` alone all of them before it.
pub fn files(test: &mut Backtest, args: &BacktestArgs, start: DayStart) -> Result<Read, Failure> {
    let files = Files::open(&args.files)?;
    let bar =
        bar("{bar:32} {percent:>3} %  {bytes}/{total_bytes}  {eta} left", Files::total_bytes(&args.files));
    let position = files.position();
    let mut source = FileSource::new(files, {
        let bar = bar.clone();
        move || bar.set_position(position.load(Ordering::Relaxed))
    });
    let mut read = Read::default();
    let mut dated: Vec<(Day, Record)> = Vec::new();
    let only = args.to.filter(|_| args.from.is_none());
    let mut spare = None;
    while let Some(mut part) = source.next(spare.take())? {
        let mut lines = Lines::default();
        FileSource::decode(&mut part, &mut lines);
        read.records += lines.records.len() as u64;
        read.rejected += lines.rejected;
        match only {
            Some(_) => test.take(lines.records)?,
            None => dated.extend(lines.records.into_iter().map(|r| (r.head.at.business(start).0, r))),
        }
        spare = Some(part);
    }
    bar.finish_and_clear();
    if let Some(day) = only {
        test.begin(day)?;
        test.compare();
        read.compared(day);
        return Ok(read);
    }
    dated.sort_by_key(|(day, _)| *day);
    by_day(test, dated, (args.from, args.to), &mut read)?;
    Ok(read)
}

fn by_day(
    test: &mut Backtest,
    dated: Vec<(Day, Record)>,
    (from, to): (Option<Day>, Option<Day>),
    read: &mut Read,
) -> Result<(), Failure> {
    let (Some(first), Some(last)) = (dated.first(), dated.last()) else { return Ok(()) };
    let from = from.unwrap_or(first.0);
    let to = to.unwrap_or(last.0);
    let mut records = dated.into_iter().peekable();
    let length = u64::try_from(to.since(from)).unwrap_or(0);
    let bar = bar("{bar:32} {pos}/{len} days  {eta} left", Some(length));
    let mut before = Vec::new();
    while let Some((_, record)) = records.next_if(|(day, _)| *day < from) {
        before.push(record);
    }
    // What was stated before the first day that is compared is known on it.
    test.take(before)?;
    for step in 0..=to.since(from) {
        let day = from.plus(step);
        test.begin(day)?;
        let mut today = Vec::new();
        while let Some((_, record)) = records.next_if(|(at, _)| *at <= day) {
            today.push(record);
        }
        test.take(today)?;
        test.compare();
        read.compared(day);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}

/// In the order in which the service took them, on its own business dates.
pub fn log(
    test: &mut Backtest,
    folder: &Path,
    keys: Option<DataKeys>,
    from: Option<Day>,
    to: Option<Day>,
) -> Result<Read, Failure> {
    let bar = bar("{spinner} {pos} records", None);
    let mut read = Read::default();
    let mut failed = None;
    // With a last day alone only that one is compared.
    let from = from.or(to);
    let counted = |day: Day| from.is_none_or(|from| day >= from) && to.is_none_or(|to| day <= to);
    let mut over = false;
    read_folder(folder, keys, &mut |block| {
        if over {
            return Ok(());
        }
        bar.inc(block.entries.len() as u64);
        let done = block_of(test, block.entries, to, &counted, &mut read);
        done.map(|ends| over = ends).map_err(|why| {
            let said = LogError::Unusable(why.to_string());
            failed = Some(why);
            said
        })
    })
    .map_err(|error| failed.take().unwrap_or(Failure::Log(error)))?;
    // Days after the last of the log, as far as they are asked for.
    if let Some(to) = to {
        days_until(test, to, &counted, &mut read)?;
    }
    if let Some(day) = test.today().filter(|day| counted(*day)) {
        test.compare();
        read.compared(day);
    }
    bar.finish_and_clear();
    Ok(read)
}

/// Answers whether the last day is over.
fn block_of(
    test: &mut Backtest,
    entries: Vec<Entry>,
    to: Option<Day>,
    counted: &impl Fn(Day) -> bool,
    read: &mut Read,
) -> Result<bool, Failure> {
    let mut records = Vec::new();
    for entry in entries {
        match entry {
            Entry::Record(record) => records.push(record),
            Entry::Rejected(_) => read.rejected += 1,
            // What people did, and by which rulebook was judged then, changes nothing of what is compared.
            Entry::Act(_) | Entry::Rulebook(_) | Entry::Erased(_) | Entry::Release(_) => {}
            Entry::Date(day) => {
                read.records += records.len() as u64;
                test.take(std::mem::take(&mut records))?;
                if to.is_some_and(|to| day > to) {
                    return Ok(true);
                }
                days_until(test, day, counted, read)?;
            }
        }
    }
    read.records += records.len() as u64;
    test.take(records)?;
    Ok(false)
}

/// Ends the days before `day`, one by one, and begins it.
fn days_until(
    test: &mut Backtest,
    day: Day,
    counted: &impl Fn(Day) -> bool,
    read: &mut Read,
) -> Result<(), Failure> {
    let Some(today) = test.today() else { return Ok(test.begin(day)?) };
    for step in 0..day.since(today) {
        let ended = today.plus(step);
        if counted(ended) {
            test.compare();
            read.compared(ended);
        }
        test.begin(ended.plus(1))?;
    }
    Ok(())
}

#[derive(Default)]
struct Lines {
    records: Vec<Record>,
    rejected: u64,
}

impl Sink for Lines {
    fn record(&mut self, _line: u64, record: Record) {
        self.records.push(record);
    }

    fn rejected(&mut self, _line: u64, _why: RejectedLine) {
        self.rejected += 1;
    }

    // Its paper says on which day it is to go in.
    fn swipe(&mut self, _swipe: PlainSwipe<'_>) -> bool {
        false
    }
}

/// On a terminal, once it takes longer than a moment; nothing in a pipe.
fn bar(template: &str, length: Option<u64>) -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = length.map_or_else(ProgressBar::new_spinner, ProgressBar::new).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
