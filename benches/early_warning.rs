//! How early arrears are announced: made-up counties with known troubles are told day by day, and what
//! the rules announced is held against what came.
//! `cargo bench --bench early_warning [-- --seeds 101..111 --projects 60 --workers 600 --months 6
//! --troubles 50 --working-days 5 --fee-grace-days 5 --labour-fee-days 31 --list 1]`
//! `--labour-fee-days 1` shows what comes of counting on no labour fee that is not there.
//! Without `--seeds` it reports two ranges: the seeds at which rules and numbers were chosen, and those
//! that were held out. Exit code 0 whatever comes out: it is a report, no test.
//!
//! - **A case** is a project's month, with its due date by the project's own pay terms.
//! - **A true arrear** is a case that is not paid in full on its due date, by `truth.ndjson` (what
//!   [`County::planted`] says), and about the whole project: the contractor stops or pays in part or late,
//!   the account does not hold enough, or days that were stated only later are not paid. One worker's
//!   wage gone astray in a project that pays is none; such wages are counted apart.
//! - **Unseen** is an arrear of which neither sheet nor account told before: the money was there and the
//!   papers in order. What may tell of it is how the contractor paid the last time, or what an inspector
//!   found; of the first time, nothing. They are counted in all, and apart.
//! - **Unpriced** is a case with workers whom nobody has enrolled by the due date: their wages are neither
//!   known nor paid, so that it is no arrear of the records and not paid in full either. They are left out.
//! - **Announced**: an alert was raised on a day before the due date, and stands when the due date comes.
//!   Alerts of `balance-short`, `payroll-missing` and `pay-day-doubtful` name their month. Those of `labour-fee-late` and
//!   `labour-fee-short` name none: they count for the month that falls due next after they were
//!   raised, and for every later one that falls due while they stand.
//! - **Lead**: working days from the day of the alert to the due date, over a run of days on which it
//!   stood without a break; of several alerts the earliest.
//! - **Empty**: an alert was raised before the due date, and be it for a day, and the case was paid in full
//!   in time. Where it still stood when the due date came it was false; where it had gone before, the
//!   money (or the sheet) came after the warning. Both are reported. `labour-fee-late`,
//!   `labour-fee-short` and `payroll-missing` are breaches in themselves: their alert was right even
//!   where it is empty as a forecast.
//! - **Not the project's first**: an earlier month of the project was an arrear, paid since or not, so that
//!   it was on a supervisor's screen. That is said beside the causes and counts as no announcement.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark ends at the first thing amiss")]

mod house;

use house::system::System;
use house::{setting, text_setting};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use wagewatch::app::config::Config;
use wagewatch::domain::{
    AlertId, AlertRow, Body, Calendar, Change, Day, Entry, Numbers, Period, ProjectId, Rule, Rulebook,
};
use wagewatch::fiction::{County, Plan, Planted, Share, Trouble};
use wagewatch::ledger;

/// The rules that tell of a coming month or of the money for it.
const ANNOUNCING: [Rule; 5] = [
    Rule::BalanceShort,
    Rule::PayrollMissing,
    Rule::PayDayDoubtful,
    Rule::LabourFeeLate,
    Rule::LabourFeeShort,
];
/// Of which any announces an arrear.
const WARNING: &[Rule] = &[Rule::BalanceShort, Rule::PayrollMissing, Rule::PayDayDoubtful];
/// Rows of the report, and the rules of which any will do.
const ROWS: [(&str, &[Rule]); 7] = [
    ("balance-short", &[Rule::BalanceShort]),
    ("payroll-missing", &[Rule::PayrollMissing]),
    ("pay-day-doubtful", &[Rule::PayDayDoubtful]),
    ("labour-fee-late", &[Rule::LabourFeeLate]),
    ("labour-fee-short", &[Rule::LabourFeeShort]),
    ("a warning (any of the first three)", WARNING),
    ("any of the five", &ANNOUNCING),
];
/// Troubles that leave a whole project's month unpaid on its due date, in full or in part.
const UNPAID: [Trouble; 5] = [
    Trouble::ContractorStops,
    Trouble::Underpays,
    Trouble::PaysLate,
    Trouble::AccountShort,
    Trouble::LateAttendance,
];
/// Rules and numbers were chosen at these.
const TUNING: Range<u64> = 1..11;
const HELD_OUT: Range<u64> = 101..111;

/// From when until when an alert stood.
#[derive(Clone, Copy)]
struct Stand {
    rule: Rule,
    from: Day,
    until: Option<Day>,
}

/// A project's month.
struct Case {
    period: Period,
    due: Day,
    /// What left the project's month before it unpaid.
    before: Option<Trouble>,
    /// What left it unpaid, and whether that was unseen.
    arrear: Option<(Trouble, bool)>,
    /// What else was planted in the project.
    trouble: Option<Trouble>,
    /// Somebody worked whose wage nobody has priced.
    is_unpriced: bool,
    /// The project's first month.
    is_new: bool,
    /// No month before it in the project was an arrear.
    is_first: bool,
    /// What was raised for it before it was due.
    stands: Vec<Stand>,
}

impl Case {
    /// Working days ahead, by the earliest of these rules' alerts that stands when the due date comes.
    fn lead(&self, rules: &[Rule], calendar: &Calendar) -> Option<i64> {
        let stands = self.stands.iter().filter(|stand| rules.contains(&stand.rule));
        let standing = stands.filter(|stand| stand.until.is_none_or(|until| until >= self.due));
        standing.map(|stand| calendar.workdays_between(stand.from, self.due)).max()
    }

    fn was_raised(&self, rules: &[Rule]) -> bool {
        self.stands.iter().any(|stand| rules.contains(&stand.rule))
    }

    fn is_unseen(&self) -> bool {
        self.arrear.is_some_and(|(_, unseen)| unseen)
    }

    fn was_paid(&self) -> bool {
        self.arrear.is_none() && !self.is_unpriced
    }
}

fn main() {
    let config = Config::default();
    let calendar = config.calendar.clone();
    let mut numbers = Numbers::default();
    let days = |name, default: i64| i64::try_from(setting(name, default.unsigned_abs())).unwrap();
    numbers.balance_working_days = days("working-days", numbers.balance_working_days);
    numbers.balance_fee_grace_days = days("fee-grace-days", numbers.balance_fee_grace_days);
    numbers.labour_fee_days = days("labour-fee-days", numbers.labour_fee_days);
    let book = Arc::new(Rulebook { calendar: calendar.clone(), ..Rulebook::of(numbers) });
    let ranges = match text_setting("seeds") {
        Some(text) => vec![("seeds", range(&text))],
        None => vec![("seeds at which rules and numbers were chosen", TUNING), ("held-out seeds", HELD_OUT)],
    };
    for (title, seeds) in ranges {
        let (mut cases, mut single) = (Vec::new(), 0);
        println!("\n## {title}: {}..{}", seeds.start, seeds.end);
        for seed in seeds {
            single += county(seed, &book, &mut cases);
        }
        report(&cases, single, &calendar);
    }
}

fn range(text: &str) -> Range<u64> {
    let (first, end) = text.split_once("..").expect("--seeds A..B");
    first.parse().unwrap()..end.parse().unwrap()
}

/// Plays a county; how many single wages went astray in projects that pay.
fn county(seed: u64, book: &Arc<Rulebook>, cases: &mut Vec<Case>) -> usize {
    let number = |name, default| u32::try_from(setting(name, default)).unwrap();
    let firsts = ["2026-03", "2025-10", "2026-01", "2025-07"];
    let plan = Plan {
        seed,
        projects: number("projects", 60),
        workers: number("workers", 600),
        months: u16::try_from(setting("months", 6)).unwrap(),
        first: Period::parse(firsts[usize::try_from(seed % 4).unwrap()]).unwrap(),
        troubles: Share::percent(number("troubles", 50)),
    };
    let mut county = County::new(&plan, book.calendar.clone());
    let mut system = System::new(book);
    let mut told: BTreeMap<AlertId, Vec<(Stand, ProjectId, Option<Period>)>> = BTreeMap::new();
    let mut pay_days: BTreeMap<ProjectId, (u8, u8)> = BTreeMap::new();
    for (today, records) in county.by_ref() {
        for record in &records {
            if let Some(project) = record.body.project_id() {
                let terms = pay_days.entry(project.clone()).or_insert((15, 1));
                if let Body::Project(facts) = &record.body {
                    *terms = (facts.pay_day.unwrap_or(15), facts.pay_month_offset.unwrap_or(1));
                }
            }
        }
        let mut entries = vec![Entry::Date(today)];
        entries.extend(records.into_iter().map(Entry::Record));
        for row in system.tell(entries) {
            note(&row, today, &mut told);
        }
    }
    let stands: Vec<_> = told.into_values().flatten().collect();
    for (project, (pay_day, offset)) in pay_days {
        let months = (0..plan.months).map(|n| plan.first.plus(n));
        let dues: Vec<(Period, Day)> =
            months.map(|month| (month, ledger::due_date(month, pay_day, offset, &book.calendar).1)).collect();
        let planted: Vec<&Planted> = county.planted().iter().filter(|p| p.project_id == project).collect();
        let (mut earlier, mut before) = (0, None);
        for (month, due) in &dues {
            let raised = stands.iter().filter(|(stand, of, named)| {
                *of == project && stand.from < *due && is_about(stand, *named, *month, *due, &dues)
            });
            let arrear = planted.iter().find(|p| {
                let is_whole = p.id_number.is_none() && p.amount_fen.0 > book.at(*due).tolerance_fen;
                p.period == Some(*month) && UNPAID.contains(&p.trouble) && is_whole
            });
            let is_unpriced = planted.iter().any(|p| {
                let is_open = p.from <= *due && p.until.is_none_or(|until| until > *due);
                p.trouble == Trouble::UnregisteredWorkers && is_open
            });
            let case = Case {
                period: *month,
                before: before.replace(arrear.map(|p| p.trouble)).flatten(),
                due: *due,
                arrear: arrear.map(|p| (p.trouble, p.unseen)),
                trouble: planted.iter().map(|p| p.trouble).next(),
                is_unpriced,
                is_new: *month == plan.first,
                is_first: earlier == 0,
                stands: raised.map(|(stand, ..)| *stand).collect(),
            };
            earlier += u32::from(case.arrear.is_some());
            cases.push(case);
        }
    }
    county.planted().iter().filter(|p| p.id_number.is_some() && p.amount_fen.0 > 0).count()
}

/// Keeps when an announcing alert was raised, and when it was resolved.
fn note(row: &AlertRow, today: Day, told: &mut BTreeMap<AlertId, Vec<(Stand, ProjectId, Option<Period>)>>) {
    let finding = &row.alert.finding;
    if !ANNOUNCING.contains(&finding.rule) {
        return;
    }
    let stands = told.entry(row.alert.id.clone()).or_default();
    match row.change {
        // Resolved and raised again on one day: it was not away.
        Change::Raised | Change::Reopened => match stands.last_mut() {
            Some((stand, ..)) if stand.until == Some(today) => stand.until = None,
            _ => {
                let stand = Stand { rule: finding.rule, from: today, until: None };
                stands.push((stand, finding.project_id.clone(), month_of(row)));
            }
        },
        Change::Resolved => stands.last_mut().unwrap().0.until = Some(today),
        _ => {}
    }
}

fn month_of(row: &AlertRow) -> Option<Period> {
    use wagewatch::domain::Subject;
    match &row.alert.finding.subject {
        Subject::Month(period) | Subject::Sheet(_, period) => Some(*period),
        _ => None,
    }
}

/// Whether an alert that stood so is about the month.
fn is_about(stand: &Stand, named: Option<Period>, month: Period, due: Day, dues: &[(Period, Day)]) -> bool {
    let is_next = || dues.iter().map(|(_, due)| *due).find(|due| *due > stand.from) == Some(due);
    match named {
        Some(named) => named == month,
        None => is_next() || stand.until.is_none_or(|until| until >= due),
    }
}

fn report(cases: &[Case], single: usize, calendar: &Calendar) {
    let arrears: Vec<&Case> = cases.iter().filter(|case| case.arrear.is_some()).collect();
    let unseen = arrears.iter().filter(|case| case.is_unseen()).count();
    let unpriced = cases.iter().filter(|case| case.arrear.is_none() && case.is_unpriced).count();
    println!(
        "{} cases: {} true arrears, {unseen} of them unseen; {unpriced} unpriced; \
         besides {single} single wages astray\n",
        cases.len(),
        arrears.len()
    );
    println!(
        "| rule | announced, of all | of those not unseen | working days ahead (median) | \
         empty, of all that were raised | empty, of those that stood when the due date came |\n\
         | --- | --- | --- | --- | --- | --- |"
    );
    for (name, rules) in ROWS {
        row(name, rules, cases, &arrears, calendar);
    }
    causes(&arrears, calendar);
    empties(cases);
    if setting("list", 0) > 0 {
        list(cases, calendar);
    }
}

/// `--list 1`: each announcement that came to nothing, and each arrear that nobody announced.
fn list(cases: &[Case], calendar: &Calendar) {
    for case in cases.iter().filter(|case| case.was_paid()) {
        for stand in &case.stands {
            let ahead = |day: Day| calendar.workdays_between(day, case.due);
            println!(
                "empty {} {} due {} in {} raised {} ahead, gone {} ahead, new {} after {:?}",
                stand.rule,
                case.period,
                case.due,
                case.trouble.map_or("none", Trouble::as_str),
                ahead(stand.from),
                stand.until.map_or(-1, ahead),
                case.is_new,
                case.before.map(Trouble::as_str),
            );
        }
    }
    for case in cases {
        let Some((trouble, unseen)) = case.arrear else { continue };
        if case.lead(WARNING, calendar).is_none() {
            let before = case.before.map(Trouble::as_str);
            println!("missed {trouble:?} {} due {} unseen {unseen} after {before:?}", case.period, case.due);
        }
    }
}

fn row(name: &str, rules: &[Rule], cases: &[Case], arrears: &[&Case], calendar: &Calendar) {
    let told = |case: &&&Case| case.lead(rules, calendar).is_some();
    let seen: Vec<&Case> = arrears.iter().filter(|case| !case.is_unseen()).copied().collect();
    let leads = arrears.iter().filter_map(|case| case.lead(rules, calendar)).collect();
    let is_known = |case: &&Case| case.arrear.is_some() || !case.is_unpriced;
    let raised: Vec<&Case> = cases.iter().filter(is_known).filter(|case| case.was_raised(rules)).collect();
    let stood: Vec<&Case> = raised.iter().filter(told).copied().collect();
    let empty = |cases: &[&Case]| share(cases.iter().filter(|case| case.was_paid()).count(), cases.len());
    println!(
        "| {name} | {} | {} | {} | {} | {} |",
        share(arrears.iter().filter(told).count(), arrears.len()),
        share(seen.iter().filter(told).count(), seen.len()),
        median(leads),
        empty(&raised),
        empty(&stood),
    );
}

fn causes(arrears: &[&Case], calendar: &Calendar) {
    let mut causes: BTreeMap<(Trouble, bool), (usize, usize, Vec<i64>)> = BTreeMap::new();
    for case in arrears {
        let (all, later, leads) = causes.entry(case.arrear.unwrap()).or_default();
        *all += 1;
        *later += usize::from(!case.is_first);
        leads.extend(case.lead(WARNING, calendar));
    }
    println!(
        "\n| what made them | arrears | not the project's first | announced by forecast or sheet | \
         working days ahead (median) |\n| --- | --- | --- | --- | --- |"
    );
    for ((trouble, unseen), (all, later, leads)) in causes {
        let name = format!("{}{}", trouble.as_str(), if unseen { ", unseen" } else { "" });
        println!("| {name} | {all} | {later} | {} | {} |", share(leads.len(), all), median(leads));
    }
}

/// In whose projects announcements came to nothing, and how many of them in the first month, in which
/// nothing is known of the owner's ways yet.
fn empties(cases: &[Case]) {
    let mut empties: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for case in cases.iter().filter(|case| case.was_paid()) {
        let (balance, sheet) =
            (case.was_raised(&[Rule::BalanceShort]), case.was_raised(&[Rule::PayrollMissing]));
        if balance || sheet {
            let empty = empties.entry(case.trouble.map_or("none", Trouble::as_str)).or_default();
            empty[0] += usize::from(balance);
            empty[1] += usize::from(balance && case.is_new);
            empty[2] += usize::from(sheet);
        }
    }
    println!("\n| empty in projects with | balance-short | in the first month | payroll-missing |");
    println!("| --- | --- | --- | --- |");
    for (trouble, [balance, new, sheets]) in empties {
        println!("| {trouble} | {balance} | {new} | {sheets} |");
    }
}

fn median(mut leads: Vec<i64>) -> String {
    leads.sort_unstable();
    leads.get(leads.len() / 2).map_or("-".to_owned(), ToString::to_string)
}

fn share(part: usize, whole: usize) -> String {
    format!("{part} of {whole} ({} %)", (part * 100 + whole / 2) / whole.max(1))
}
