//! How early arrears are announced: made-up counties with known troubles are told day by day, and each
//! true arrear (a project's month that is not paid on its due date) is held against what the rules
//! announced before. Counties of seeds that were not used when rules and numbers were chosen.
//! `cargo bench --bench early_warning [-- --seeds 10 --first-seed 101 --working-days 5]`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark ends at the first thing amiss")]

mod house;

use house::setting;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wagewatch::alerts::PUBLIC_ID_KEY;
use wagewatch::app::config::Config;
use wagewatch::domain::{
    AlertId, AlertRow, Change, Day, Entry, Numbers, Period, Position, ProjectId, Rule, Rulebook,
};
use wagewatch::engine::{Desk, Equipment, Order, Routing, Shard};
use wagewatch::fiction::{County, Plan, Planted, Share, Trouble};
use wagewatch::log::Block;
use wagewatch::store::{MemoryStore, Store};

/// The rules that tell of a coming month or of the money for it.
const ANNOUNCING: [Rule; 4] =
    [Rule::BalanceShort, Rule::LabourFeeLate, Rule::LabourFeeShort, Rule::PayrollMissing];
/// Troubles that leave a whole project's month unpaid on its due date.
const UNPAID: [Trouble; 3] = [Trouble::ContractorStops, Trouble::Underpays, Trouble::AccountShort];
/// What stands longer before a due date than this was about months before.
const CYCLE_DAYS: i32 = 31;

/// A true arrear: a project's month, and what made it.
type Arrears = BTreeMap<(ProjectId, Period), (Day, Trouble)>;

/// From when until when an alert of an announcing rule stood.
#[derive(Clone)]
struct Announcement {
    rule: Rule,
    project: ProjectId,
    /// `None`: it names no month, and is for all that fall due while it stands.
    month: Option<Period>,
    from: Day,
    until: Option<Day>,
}

/// What came of one rule, or of all.
#[derive(Default)]
struct Outcome {
    announced: BTreeSet<(u64, ProjectId, Period)>,
    /// Working days ahead, an entry an arrear that was announced.
    leads: BTreeMap<(u64, ProjectId, Period), i64>,
    announcements: u32,
    empty: u32,
}

fn main() {
    let config = Config::default();
    let calendar = config.calendar.clone();
    let first = setting("first-seed", 101);
    let numbers = Numbers {
        balance_working_days: i64::try_from(setting("working-days", 5)).unwrap(),
        ..Numbers::default()
    };
    let book = Arc::new(Rulebook { calendar: calendar.clone(), ..Rulebook::of(numbers) });
    let mut outcomes: BTreeMap<&str, Outcome> = BTreeMap::new();
    let mut causes: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let mut arrears_in_all = 0;
    for seed in first..first + setting("seeds", 10) {
        let (arrears, announcements) = county(seed, &book);
        arrears_in_all += arrears.len();
        for ((project, period), (due, trouble)) in &arrears {
            let key = (seed, project.clone(), *period);
            let mut any = false;
            for a in announcements.iter().filter(|a| a.is_of(project, *period) && a.stands_on(*due)) {
                any = true;
                let lead = calendar.workdays_between(a.from.max(due.plus(-CYCLE_DAYS)), *due);
                for name in [a.rule.as_str(), "any of them"] {
                    let outcome = outcomes.entry(name).or_default();
                    outcome.announced.insert(key.clone());
                    let best = outcome.leads.entry(key.clone()).or_insert(lead);
                    *best = lead.max(*best);
                }
            }
            let cause = causes.entry(trouble.as_str()).or_default();
            *cause = (cause.0 + 1, cause.1 + u32::from(any));
        }
        for a in &announcements {
            for name in [a.rule.as_str(), "any of them"] {
                let outcome = outcomes.entry(name).or_default();
                outcome.announcements += 1;
                outcome.empty += u32::from(a.came_to_nothing(&arrears));
            }
        }
    }
    print(arrears_in_all, &outcomes, &causes);
}

/// A county's true arrears, and everything that was announced in it.
fn county(seed: u64, book: &Arc<Rulebook>) -> (Arrears, Vec<Announcement>) {
    let plan = Plan {
        seed,
        projects: u32::try_from(setting("projects", 60)).unwrap(),
        workers: u32::try_from(setting("workers", 600)).unwrap(),
        months: 4,
        first: Period::parse(["2026-03", "2025-10", "2026-01"][usize::try_from(seed % 3).unwrap()]).unwrap(),
        troubles: Share::percent(50),
    };
    let mut county = County::new(&plan, book.calendar.clone());
    let mut system = System::new(book);
    let mut announcements: BTreeMap<AlertId, Vec<Announcement>> = BTreeMap::new();
    for (today, records) in county.by_ref() {
        let mut entries = vec![Entry::Date(today)];
        entries.extend(records.into_iter().map(Entry::Record));
        for row in system.tell(entries) {
            note(&row, today, &mut announcements);
        }
    }
    let unpaid = county.planted().iter().filter(|planted| UNPAID.contains(&planted.trouble));
    let arrears = unpaid.filter_map(true_arrear).collect();
    (arrears, announcements.into_values().flatten().collect())
}

fn true_arrear(planted: &Planted) -> Option<((ProjectId, Period), (Day, Trouble))> {
    // It can be seen on the day after the due date.
    let due = planted.from.plus(-1);
    Some(((planted.project_id.clone(), planted.period?), (due, planted.trouble)))
}

fn note(row: &AlertRow, today: Day, announcements: &mut BTreeMap<AlertId, Vec<Announcement>>) {
    let finding = &row.alert.finding;
    if !ANNOUNCING.contains(&finding.rule) {
        return;
    }
    let of_alert = announcements.entry(row.alert.id.clone()).or_default();
    match row.change {
        Change::Raised | Change::Reopened => of_alert.push(Announcement {
            rule: finding.rule,
            project: finding.project_id.clone(),
            month: finding.period,
            from: today,
            until: None,
        }),
        Change::Resolved => of_alert.last_mut().unwrap().until = Some(today),
        _ => {}
    }
}

impl Announcement {
    fn is_of(&self, project: &ProjectId, period: Period) -> bool {
        self.project == *project && self.month.is_none_or(|month| month == period)
    }

    /// On the evening of that day.
    fn stands_on(&self, day: Day) -> bool {
        self.from <= day && self.until.is_none_or(|until| until > day)
    }

    /// The month that it names is paid in time; or none that falls due while it stands, or within a
    /// cycle after, is not.
    fn came_to_nothing(&self, arrears: &Arrears) -> bool {
        let of_project = |period: Period, due: Day| match self.month {
            Some(month) => month == period,
            None => due >= self.from && self.until.is_none_or(|until| due <= until.plus(CYCLE_DAYS)),
        };
        !arrears
            .iter()
            .any(|((project, period), (due, _))| *project == self.project && of_project(*period, *due))
    }
}

fn print(arrears: usize, outcomes: &BTreeMap<&str, Outcome>, causes: &BTreeMap<&str, (u32, u32)>) {
    println!("\n{arrears} true arrears (a project's month not paid on its due date)");
    println!("| rule | announced | working days ahead (median) | announcements | came to nothing |");
    println!("| --- | --- | --- | --- | --- |");
    for (rule, outcome) in outcomes {
        let mut leads: Vec<i64> = outcome.leads.values().copied().collect();
        leads.sort_unstable();
        let median = leads.get(leads.len() / 2).map_or("-".to_owned(), ToString::to_string);
        let announced = share(outcome.announced.len(), arrears);
        let empty = share(outcome.empty as usize, outcome.announcements as usize);
        println!("| {rule} | {announced} | {median} | {} | {empty} |", outcome.announcements);
    }
    println!("\n| what made them | arrears | announced |\n| --- | --- | --- |");
    for (trouble, (all, announced)) in causes {
        println!("| {trouble} | {all} | {announced} |");
    }
}

fn share(part: usize, whole: usize) -> String {
    format!("{part} ({} %)", (part * 100 + whole / 2) / whole.max(1))
}

/// Desk and one shard in memory: what a day's records lead to.
struct System {
    desk: Desk,
    shard: Shard,
    position: Position,
}

impl System {
    fn new(book: &Arc<Rulebook>) -> System {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let desk = Desk::open(store.clone(), 1).unwrap();
        let with = Equipment { store, book: book.clone(), ids: PUBLIC_ID_KEY, rows_max: 1_000, shadow: None };
        let (shard, _) = Shard::open(0, with).unwrap();
        System { desk, shard, position: Position(0) }
    }

    fn tell(&mut self, entries: Vec<Entry>) -> Vec<Arc<AlertRow>> {
        self.position = self.position.next();
        let block = Block { position: self.position, written_ms: 0, entries };
        for routing in self.desk.open_block(&block).unwrap().orders {
            let order = match &routing {
                Routing::County { command, .. } => Order::County(command),
                Routing::Entry { entry, .. } | Routing::Everyone { entry } => {
                    match &block.entries[*entry as usize] {
                        Entry::Record(record) => Order::Record(record),
                        Entry::Date(day) => Order::Date(*day),
                        other => panic!("{other:?} is told by nobody here"),
                    }
                }
            };
            self.shard.apply(self.position, 0, &order).unwrap();
        }
        self.shard.finish_block(self.position);
        self.shard.take_rows()
    }
}
