//! The county: its sites, the post that carries their records, and the days going by. Knows nothing of
//! what is written where.

use super::people;
use super::site::{Hand, Site};
use super::trouble::{Planted, fates};
use super::{Plan, guests, papers, wages};
use crate::domain::*;
use compact_str::{CompactString, format_compact};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// A made-up county that tells its records day by day.
pub struct County {
    plan: Plan,
    calendar: Calendar,
    sites: Vec<Site>,
    post: Post,
    today: Day,
    last_attended: Day,
}

/// Numbers the records and keeps those that arrive on a later date.
#[derive(Default)]
pub(super) struct Post {
    waiting: BTreeMap<Day, Vec<Record>>,
    serial: u64,
    pub planted: Vec<Planted>,
}

impl Post {
    /// A record that is stated at `at` by `source`; `kind` begins its id.
    pub fn record(&mut self, kind: char, source: &'static str, at: Time, body: Body) -> Record {
        self.serial += 1;
        let id = format_compact!("{kind}{}", self.serial);
        Record { head: Head { id, source: CompactString::const_new(source), at }, body }
    }

    /// A record that arrives on the business date of `at`.
    pub fn send(&mut self, kind: char, source: &'static str, at: Time, body: Body) {
        let (day, _) = at.business(DayStart::default());
        let record = self.record(kind, source, at, body);
        self.waiting.entry(day).or_default().push(record);
    }

    /// A number that no other call gets.
    pub fn number(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Plants a trouble, unless it is about next to nothing.
    pub fn plant(&mut self, planted: Planted) {
        self.planted.push(planted);
    }

    fn arrivals(&mut self, today: Day, out: &mut Vec<Record>) {
        while let Some(entry) = self.waiting.first_entry().filter(|e| *e.key() <= today) {
            out.extend(entry.remove());
        }
    }
}

/// An instant of a civil day in China, `second` seconds after its midnight.
pub(super) fn at(day: Day, second: i64) -> Time {
    Time::from_seconds(i64::from(day.0) * 86_400 - 8 * 3600 + second)
}

impl County {
    /// The county of a plan. Wages are paid by the `calendar` that they will be judged by: a project
    /// without trouble is never late.
    pub fn new(plan: &Plan, calendar: Calendar) -> County {
        let mut plan = plan.clone();
        plan.projects = plan.projects.max(1);
        plan.workers = plan.workers.max(1);
        plan.months = plan.months.max(1);
        let mut dice = ChaCha8Rng::seed_from_u64(plan.seed);
        let fates = fates(&plan, &mut dice);
        let sizes = sizes(&plan, &mut dice);
        let mut post = Post::default();
        let mut person = 0u64;
        let mut sites: Vec<Site> = Vec::new();
        let mut names: BTreeMap<Uscc, CompactString> = BTreeMap::new();
        for (n, (fate, size)) in fates.into_iter().zip(sizes).enumerate() {
            let mut site = Site::new(&plan, n as u64, fate, dice.random());
            for _ in 0..size {
                site.hands.push(Hand::new(plan.seed, person, &site.employers, &mut site.dice));
                person += 1;
            }
            // A firm of several projects has one name.
            let contractor = &mut site.project;
            let name = names.entry(contractor.contractor_uscc);
            contractor.contractor_name = name.or_insert_with(|| contractor.contractor_name.clone()).clone();
            sites.push(site);
        }
        guests::invite(&plan, &mut sites);
        sites.iter_mut().for_each(|site| papers::open(site, &plan, &calendar, &mut post));
        let today = first_day(&plan);
        let last_attended = plan.first.plus(plan.months - 1).day_or_last(31);
        County { plan, calendar, sites, post, today, last_attended }
    }

    /// The date whose records come next.
    pub fn today(&self) -> Day {
        self.today
    }

    /// The troubles planted so far, in the order in which they were decided.
    pub fn planted(&self) -> &[Planted] {
        &self.post.planted
    }

    fn tell(&mut self, day: Day) -> Vec<Record> {
        let mut records = Vec::new();
        let working = day >= self.plan.first.first_day() && day <= self.last_attended;
        if let Some(period) = day.period().filter(|_| working) {
            for site in &mut self.sites {
                site.attend(day, &mut self.post, &mut records);
            }
            guests::attend(&mut self.sites, day, &mut self.post, &mut records);
            if day.day_of_month() == 1 {
                self.sites.iter_mut().for_each(|site| papers::month(site, period, &mut self.post));
            }
            if day == self.last_attended {
                let over = day.plus(1);
                self.sites.iter_mut().for_each(|s| papers::complete(s, over, &self.plan, &mut self.post));
            }
            if day == period.day_or_last(31) {
                for site in &mut self.sites {
                    wages::close(site, period, &self.plan, &self.calendar, &mut self.post);
                }
            }
        }
        self.post.arrivals(day, &mut records);
        in_order(records)
    }
}

impl Iterator for County {
    type Item = (Day, Vec<Record>);

    /// The next business date and the records that arrive on it, by the time of their statement; ends
    /// when work is over and everything that will be paid is paid.
    fn next(&mut self) -> Option<(Day, Vec<Record>)> {
        if self.today > self.last_attended && self.post.waiting.is_empty() {
            return None;
        }
        let day = self.today;
        self.today = day.plus(1);
        Some((day, self.tell(day)))
    }
}

/// The county opens a week before the first day of work.
pub(super) fn first_day(plan: &Plan) -> Day {
    plan.first.first_day().plus(-7)
}

/// Sorts by time of statement. Records are large: their places are sorted, and each is moved twice.
fn in_order(records: Vec<Record>) -> Vec<Record> {
    let mut places: Vec<(Time, usize)> = records.iter().enumerate().map(|(n, r)| (r.head.at, n)).collect();
    places.sort_unstable();
    let mut slots: Vec<Option<Record>> = records.into_iter().map(Some).collect();
    places.iter().filter_map(|(_, n)| slots[*n].take()).collect()
}

/// Workers a project: uneven, at least one each as long as there are enough.
fn sizes(plan: &Plan, dice: &mut impl Rng) -> Vec<u64> {
    let weights: Vec<u64> = (0..plan.projects).map(|_| dice.random_range(1..=8)).collect();
    let total: u64 = weights.iter().sum();
    let (workers, projects) = (u64::from(plan.workers), u64::from(plan.projects));
    let spare = workers.saturating_sub(projects);
    let mut sizes = Vec::new();
    let (mut weight, mut given) = (0, 0);
    for (n, w) in weights.iter().enumerate() {
        weight += w;
        let upto = spare * weight / total + workers.min(n as u64 + 1);
        sizes.push(upto - given);
        given = upto;
    }
    sizes
}

/// The county's banks, one a site.
pub(super) fn bank(dice: &mut impl Rng) -> CompactString {
    CompactString::const_new(people::pick(dice, &people::BANKS))
}

#[cfg(test)]
mod tests {
    use super::super::{Share, Trouble};
    use super::*;
    use std::collections::BTreeSet;

    fn plan(projects: u32, workers: u32) -> Plan {
        let first = Period::parse("2026-03").unwrap();
        Plan { seed: 7, projects, workers, months: 2, first, troubles: Share::percent(30) }
    }

    #[test]
    fn the_same_seed_tells_the_same_story() {
        let tell = |seed| {
            let plan = Plan { seed, ..plan(9, 60) };
            County::new(&plan, Calendar::default()).collect::<Vec<_>>()
        };
        assert_eq!(tell(1), tell(1));
        assert_ne!(tell(1), tell(2));
    }

    #[test]
    fn days_follow_each_other_and_records_arrive_on_theirs() {
        let mut ids = BTreeSet::new();
        let mut before: Option<Day> = None;
        for (day, records) in County::new(&plan(9, 60), Calendar::default()) {
            assert!(before.is_none_or(|b| day == b.plus(1)));
            before = Some(day);
            assert!(records.is_sorted_by_key(|r| r.head.at));
            for record in records {
                assert_eq!(record.head.at.business(DayStart::default()).0, day, "{record:?}");
                assert!(ids.insert(record.head.id));
            }
        }
    }

    #[test]
    fn every_trouble_is_planted_and_every_type_of_record_told() {
        let mut county = County::new(&plan(40, 400), Calendar::default());
        let mut types = BTreeSet::new();
        for (_, records) in county.by_ref() {
            types.extend(records.iter().map(|r| r.body.record_type()));
        }
        let troubles: BTreeSet<Trouble> = county.planted().iter().map(|p| p.trouble).collect();
        assert_eq!(troubles, Trouble::ALL.into());
        // Nobody freezes an account here.
        assert_eq!(types.len(), RecordType::ALL.len() - 1, "{types:?}");
    }

    #[test]
    fn a_firm_has_one_name() {
        let mut names: BTreeMap<Uscc, BTreeSet<CompactString>> = BTreeMap::new();
        for (_, records) in County::new(&plan(40, 100), Calendar::default()) {
            for record in records {
                let (firm, name) = match record.body {
                    Body::Project(project) => (Some(project.contractor_uscc), project.contractor_name),
                    Body::Enrolment(enrolment) => (enrolment.employer_uscc, enrolment.employer_name),
                    _ => continue,
                };
                names.entry(firm.unwrap()).or_default().insert(name);
            }
        }
        assert!(names.len() > 40 && names.values().all(|names| names.len() == 1), "{names:?}");
    }

    #[test]
    fn workers_are_spread_over_the_projects() {
        for (projects, workers) in [(3, 3), (5, 2), (7, 1000), (1, 1)] {
            let sizes = sizes(&plan(projects, workers), &mut ChaCha8Rng::seed_from_u64(1));
            assert_eq!(sizes.iter().sum::<u64>(), u64::from(workers));
            assert!(projects > workers || sizes.iter().all(|s| *s > 0), "{sizes:?}");
        }
    }
}
