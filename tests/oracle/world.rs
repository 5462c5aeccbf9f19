//! Small random worlds for the oracle: few projects, few workers, few months, many troubles, and keys
//! that collide often. Makes records only; knows neither the judge nor the program.
//!
//! Swarm testing: every seed switches some actions off and skews the rest; the seed reproduces.

mod papers;
mod people;

use compact_str::{CompactString, ToCompactString, format_compact};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng as Dice;
use std::collections::BTreeMap;
use wagewatch::domain::*;

/// What can happen in a world.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Action {
    Project,
    Enrol,
    Swipes,
    NightSwipes,
    WorkDay,
    WorkMonth,
    SteadySwipes,
    LateMonth,
    Piecework,
    Payroll,
    PayLabelled,
    PayPool,
    PayWrong,
    PayUnplaced,
    Restate,
    Return,
    Account,
    Booking,
    Restraint,
    Repeat,
    Others,
    Paper,
}

const ACTIONS: [Action; 22] = [
    Action::Project,
    Action::Enrol,
    Action::Swipes,
    Action::NightSwipes,
    Action::WorkDay,
    Action::WorkMonth,
    Action::SteadySwipes,
    Action::LateMonth,
    Action::Piecework,
    Action::Payroll,
    Action::PayLabelled,
    Action::PayPool,
    Action::PayWrong,
    Action::PayUnplaced,
    Action::Restate,
    Action::Return,
    Action::Account,
    Action::Booking,
    Action::Restraint,
    Action::Repeat,
    Action::Others,
    Action::Paper,
];

/// Which actions a world knows, and how often.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Swarm {
    /// One weight an action; 0 = off.
    pub weights: Vec<(Action, u32)>,
    /// Records made by actions, beside the cast.
    pub actions: usize,
    /// Payments and bookings that contradict one before them (order shows in those).
    pub conflicts: bool,
    /// Amounts up to the largest that may be stated.
    pub huge: bool,
}

impl Swarm {
    /// The swarm of a seed: about a third of the actions off, no conflicts.
    pub fn of(seed: u64) -> Swarm {
        let mut dice = Dice::seed_from_u64(seed ^ 0x5357_4152_4d00);
        let mut weights: Vec<(Action, u32)> = ACTIONS
            .iter()
            .map(|a| {
                (*a, if dice.random_ratio(1, 3) { 0 } else { *[1, 2, 4, 8, 16].choose(&mut dice).unwrap() })
            })
            .collect();
        // A world in which nothing can happen proves nothing.
        if weights.iter().all(|(_, w)| *w == 0) {
            weights.iter_mut().for_each(|(_, w)| *w = 1);
        }
        let actions = dice.random_range(10..150);
        Swarm { weights, actions, conflicts: false, huge: dice.random_ratio(1, 12) }
    }

    pub fn with_conflicts(self) -> Swarm {
        Swarm { conflicts: true, ..self }
    }
}

/// The rulebook of a seed: mostly the default numbers, with a random calendar around the world's months.
pub fn book(seed: u64) -> Rulebook {
    let mut dice = Dice::seed_from_u64(seed ^ 0x424f_4f4b);
    let (first, last) = span(seed);
    let mut days = Vec::new();
    for _ in 0..dice.random_range(0..6) {
        let start = first.plus(dice.random_range(0..=last.since(first)));
        let kind = if dice.random_ratio(2, 3) { DayKind::Holiday } else { DayKind::Workday };
        days.extend((0..dice.random_range(1..10)).map(|n| (start.plus(n), kind)));
    }
    let mut book = Rulebook { calendar: Calendar::new(days), ..Rulebook::default() };
    let mut numbers = numbers(&mut dice);
    if dice.random_ratio(1, 6) {
        book.day_starts_at = DayStart(*[0, 1, 300, 719].choose(&mut dice).unwrap());
    }
    // Numbers that change while the world goes on.
    let mut editions = Vec::new();
    let mut effective_from = first;
    for _ in 0..dice.random_range(1..=3) {
        editions.push(Edition { effective_from, numbers });
        effective_from = first.plus(dice.random_range(0..=last.since(first)));
        numbers = self::numbers(&mut dice);
    }
    switch_in_sectors(&mut editions, seed);
    book.with_editions(editions)
}

/// Over all projects a rule that is off in a sector is another thing than in one project: it happens often.
fn switch_in_sectors(editions: &mut [Edition], seed: u64) {
    let mut dice = Dice::seed_from_u64(seed ^ 0x5345_4354_4f52);
    for edition in editions {
        if dice.random_ratio(1, 4) {
            let off_in = vec![(*["building", "solar"].choose(&mut dice).unwrap()).into()];
            let switch = Switch { off: false, off_in };
            edition.numbers.switches.insert(Rule::AttendanceSuspicious, switch);
        }
    }
}

/// Mostly the default numbers.
fn numbers(dice: &mut Dice) -> Numbers {
    let mut numbers = Numbers::default();
    if dice.random_ratio(1, 6) {
        numbers.tolerance_fen = *[0, 1, 99, 100_000].choose(dice).unwrap();
    }
    if dice.random_ratio(1, 6) {
        numbers.presence_steps = vec![(1, 25), (240, 50), (420, 100), (900, 150)];
    }
    if dice.random_ratio(1, 4) {
        numbers.group_workers = dice.random_range(1..5);
        numbers.group_red_fen = dice.random_range(1..2_000_000);
    }
    if dice.random_ratio(1, 6) {
        numbers.orange_after_days = dice.random_range(0..20);
        numbers.red_after_days = numbers.orange_after_days + dice.random_range(0..30);
    }
    papers::numbers(dice, &mut numbers);
    if dice.random_ratio(2, 3) {
        totals(&mut numbers, dice);
    }
    people::numbers(dice, &mut numbers);
    if dice.random_ratio(2, 3) {
        county(&mut numbers, dice);
    }
    for rule in Rule::ALL.iter().filter(|rule| !rule.is_of_contract()) {
        let off_in = if dice.random_bool(0.5) { vec!["building".into()] } else { Vec::new() };
        if dice.random_ratio(1, 10) {
            numbers.switches.insert(*rule, Switch { off: dice.random_bool(0.5), off_in });
        }
    }
    numbers
}

/// Limits of the county's own rules that so few projects can reach.
fn county(numbers: &mut Numbers, dice: &mut Dice) {
    numbers.offender_cases = dice.random_range(1..4);
    numbers.offender_months = dice.random_range(1..24);
    numbers.offender_years = dice.random_range(1..4);
    numbers.signal_level = dice.random_range(40..=100);
    numbers.signal_pair_level = dice.random_range(20..=numbers.signal_level);
    numbers.feed_silent_days = dice.random_range(1..20);
    numbers.feed_silent_bank_days = dice.random_range(1..60);
    numbers.group_arrears_workers = dice.random_range(1..5);
}

/// Limits of a project's totals that so few people can reach.
fn totals(numbers: &mut Numbers, dice: &mut Dice) {
    numbers.coverage_least_heads = dice.random_range(1..5);
    numbers.coverage_red_below_percent = dice.random_range(20..=100);
    numbers.group_arrears_workers = dice.random_range(1..5);
    numbers.group_arrears_red_after_days = dice.random_range(0..40);
    numbers.criminal_group_workers = dice.random_range(1..5);
    numbers.criminal_group_fen = dice.random_range(1..2_000_000);
    numbers.unregistered_many_percent = dice.random_range(1..=60);
    numbers.silent_blue_days = dice.random_range(1..10);
    numbers.silent_yellow_days = numbers.silent_blue_days + dice.random_range(1..10);
    numbers.silent_orange_days = numbers.silent_yellow_days + dice.random_range(1..20);
    numbers.upload_percent = dice.random_range(0..=80);
    numbers.upload_hours = dice.random_range(1..300);
    numbers.balance_working_days = dice.random_range(1..=30);
    numbers.balance_yellow_working_days = dice.random_range(0..=numbers.balance_working_days);
    numbers.balance_fee_grace_days = dice.random_range(0..40);
    numbers.doubtful_in_time_below_percent = dice.random_range(1..=100);
}

/// First and last business date worth judging a seed's world at.
pub fn span(seed: u64) -> (Day, Day) {
    let (first, months) = months(seed);
    (first.first_day().plus(-3), first.plus(months).day_or_last(31).plus(100))
}

/// First month and how many.
fn months(seed: u64) -> (Period, u16) {
    let mut dice = Dice::seed_from_u64(seed ^ 0x4d4f_4e54_4853);
    // Leap February, the turn of a year, Spring Festival, October, and plain spring.
    let first = *["2024-01", "2025-12", "2026-01", "2025-09", "2026-03"].choose(&mut dice).unwrap();
    (Period::parse(first).unwrap(), dice.random_range(1..=4))
}

/// The records of a seed, in the order in which they were made (about the order of time, not quite).
pub fn world(seed: u64, swarm: &Swarm) -> Vec<Record> {
    let mut maker = Maker::new(seed, swarm);
    maker.cast();
    let total: u32 = swarm.weights.iter().map(|(_, w)| w).sum();
    for _ in 0..swarm.actions {
        let mut at = maker.dice.random_range(0..total);
        let action = swarm.weights.iter().find(|(_, w)| match at.checked_sub(*w) {
            Some(rest) => {
                at = rest;
                false
            }
            None => true,
        });
        maker.act(action.unwrap().0);
    }
    maker.out
}

struct Maker {
    dice: Dice,
    conflicts: bool,
    huge: bool,
    first: Period,
    months: u16,
    projects: Vec<ProjectId>,
    workers: Vec<(IdNumber, Option<CompactString>)>,
    /// Accounts that workers may name; few, so that two name the same one at times.
    cards: Vec<Account>,
    wage_accounts: Vec<Account>,
    employers: Vec<Uscc>,
    /// Every payment and booking made, by key: repeated statements keep their money.
    payments: BTreeMap<(CompactString, CompactString), Payment>,
    entries: Vec<AccountEntry>,
    labour_fee: i64,
    out: Vec<Record>,
}

impl Maker {
    fn new(seed: u64, swarm: &Swarm) -> Maker {
        let mut dice = Dice::seed_from_u64(seed);
        let (first, months) = months(seed);
        let projects = (0..dice.random_range(1..=4)).map(project_id).collect();
        let workers = (0..dice.random_range(2..=12)).map(|n| worker(&mut dice, n)).collect();
        let cards =
            (0..dice.random_range(3..20)).map(|n| account(&format!("62284800000000{n:05}"))).collect();
        let wage_accounts =
            (0..dice.random_range(1..6)).map(|n| account(&format!("0537010104{n:03}"))).collect();
        let employers = (0..3).map(|n| uscc(&format!("91150621MA0NTET{n:02}"))).collect();
        Maker {
            dice,
            conflicts: swarm.conflicts,
            huge: swarm.huge,
            first,
            months,
            projects,
            workers,
            cards,
            wage_accounts,
            employers,
            payments: BTreeMap::new(),
            entries: Vec::new(),
            labour_fee: LABOUR_FEES[usize::try_from(seed % 4).unwrap()],
            out: Vec::new(),
        }
    }

    /// Most projects, accounts and enrolments are known from the start; some are not.
    fn cast(&mut self) {
        for n in 0..self.projects.len() {
            let project_id = self.projects[n].clone();
            if self.one_in(5) {
                continue;
            }
            self.project(project_id.clone());
            if !self.one_in(4) {
                let account = self.wage_accounts[n % self.wage_accounts.len()];
                self.wage_account(project_id, account);
            }
        }
        for n in 0..self.workers.len() {
            // Most in the first project, so that groups form there.
            let project_id = if self.one_in(3) { self.any_project() } else { self.projects[0].clone() };
            if !self.one_in(6) {
                self.enrol(project_id.clone(), n);
            }
            if !self.one_in(3) {
                self.work_month(project_id, n);
            }
        }
    }

    fn act(&mut self, action: Action) {
        let (project_id, n) = (self.any_project(), self.any_worker());
        match action {
            Action::Project => self.project(project_id),
            Action::Enrol => self.enrol(project_id, n),
            Action::Swipes => self.swipes(project_id, n, 5 * 3600, 15 * 3600),
            Action::NightSwipes => self.swipes(project_id, n, 2 * 3600, 8 * 3600),
            Action::WorkDay => self.work_day(project_id, n),
            Action::WorkMonth => self.work_month(project_id, n),
            Action::SteadySwipes => self.steady_swipes(project_id, n),
            Action::LateMonth => self.late_month(project_id, n),
            Action::Piecework => self.piecework(project_id, n),
            Action::Payroll => self.payroll(project_id),
            Action::PayLabelled => self.pay(n, Some(project_id), true, true),
            Action::PayPool => self.pay(n, Some(project_id), true, false),
            Action::PayWrong => self.pay_wrong(project_id, n),
            Action::PayUnplaced => self.pay_unplaced(n),
            Action::Restate => self.restate(None),
            Action::Return => self.restate(Some(PaymentStatus::Returned)),
            Action::Account => {
                let account = *self.wage_accounts.choose(&mut self.dice).unwrap();
                self.wage_account(project_id, account);
            }
            Action::Booking => self.booking(),
            Action::Restraint => self.restraint(),
            Action::Repeat => {
                if let Some(again) = self.out.choose(&mut self.dice) {
                    self.out.push(again.clone());
                }
            }
            Action::Others => self.other(project_id),
            Action::Paper => self.paper(project_id),
        }
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.dice.random_ratio(1, n)
    }

    fn any_project(&mut self) -> ProjectId {
        self.projects.choose(&mut self.dice).unwrap().clone()
    }

    fn any_worker(&mut self) -> usize {
        self.dice.random_range(0..self.workers.len())
    }

    fn any_period(&mut self) -> Period {
        self.first.plus(self.dice.random_range(0..self.months))
    }

    /// A day of the world, often at a month's end or beginning.
    fn any_day(&mut self) -> Day {
        let period = self.any_period();
        let day = match self.dice.random_range(0..4) {
            0 => 31,
            1 => 1,
            _ => self.dice.random_range(1..=31),
        };
        period.day_or_last(day)
    }

    fn put(&mut self, body: Body) {
        // Few instants and ids of uneven length, so that the id often has to break the tie.
        let base = i64::from(self.first.first_day().0) * 86_400;
        let at = Time::from_seconds(base + self.dice.random_range(0..40) * 43_200);
        self.put_at(at, body);
    }

    fn put_at(&mut self, at: Time, body: Body) {
        let number = self.out.len();
        let id = if self.one_in(2) { format_compact!("r{number}") } else { format_compact!("r{number:05}x") };
        let source = if self.one_in(2) { "platform" } else { "bank" };
        self.out.push(Record { head: Head { id, source: source.into(), at }, body });
    }

    fn amount(&mut self) -> Fen {
        Fen(match self.dice.random_range(0..10) {
            0 => self.dice.random_range(1..=101),
            1 if self.huge => self.dice.random_range(1..=Fen::MAX.0),
            2 if self.huge => Fen::MAX.0,
            1..=3 => self.dice.random_range(1..100_000),
            4 => 30_000 * self.dice.random_range(1..30),
            _ => self.dice.random_range(100_000..1_000_000),
        })
    }

    fn pay_terms(&mut self) -> (Option<u8>, Option<u8>) {
        let day =
            *[None, None, Some(1), Some(5), Some(10), Some(28), Some(31)].choose(&mut self.dice).unwrap();
        (day, *[None, None, Some(0), Some(1)].choose(&mut self.dice).unwrap())
    }

    fn project(&mut self, project_id: ProjectId) {
        let (pay_day, pay_month_offset) = self.pay_terms();
        let signed = self.first.first_day().plus(*[-60, -20, 0, 20, 25].choose(&mut self.dice).unwrap());
        let labour_fee_fen = self.one_in(2).then_some(Fen(self.labour_fee));
        // Mostly active: others owe little.
        let statuses = [ProjectStatus::ALL, &[ProjectStatus::Active; 4]].concat();
        let status = *statuses.choose(&mut self.dice).unwrap();
        let started_on = match self.dice.random_range(0..4) {
            0 => None,
            1 => Some(self.any_day()),
            _ => Some(signed),
        };
        let completed_on = self.one_in(6).then(|| self.any_day());
        let sector = if self.one_in(3) { "solar" } else { "building" };
        let mut project = Project {
            name: format_compact!("项目 {project_id}"),
            project_id,
            sector: sector.into(),
            territory: "150621100".into(),
            funding: Funding::Private,
            owner_name: "建设单位".into(),
            owner_uscc: None,
            contractor_name: "总包公司".into(),
            contractor_uscc: self.employers[0],
            contract_signed_on: signed,
            contract_fen: Fen(1_000_000_000),
            labour_fee_fen,
            started_on,
            completed_on,
            pay_day,
            pay_month_offset,
            labour_officer: None,
            status,
        };
        self.on_paper(&mut project);
        self.put(Body::Project(Box::new(project)));
    }

    fn enrol(&mut self, project_id: ProjectId, n: usize) {
        let (pay_day, pay_month_offset) = if self.one_in(3) { self.pay_terms() } else { (None, None) };
        let basis = *Basis::ALL.choose(&mut self.dice).unwrap();
        let rate = match basis {
            Basis::Piece => 0,
            Basis::Hourly => *[5_319, 2_000, 3_333, 1].choose(&mut self.dice).unwrap(),
            Basis::Daily => *[28_735, 30_000, 32_001, 1].choose(&mut self.dice).unwrap(),
            Basis::Monthly => *[600_000, 777_777, 1_001].choose(&mut self.dice).unwrap(),
        };
        let rate = if self.huge && self.one_in(3) { Fen::MAX.0 } else { rate };
        let effective_on = if self.one_in(3) { self.any_day() } else { self.first.first_day() };
        let account = if self.one_in(4) { None } else { Some(self.card_of(n)) };
        let employer_uscc =
            if self.one_in(5) { None } else { self.employers.choose(&mut self.dice).copied() };
        let contract_signed_on = self.contract(effective_on);
        let left_on = self.one_in(4).then(|| self.any_day());
        let (id_number, id_type) = self.workers[n].clone();
        self.put(Body::Enrolment(Box::new(Enrolment {
            project_id,
            id_number,
            id_type,
            name: "张三".into(),
            employer_name: "分包".into(),
            employer_uscc,
            team: None,
            basis,
            rate_fen: Fen(rate),
            effective_on,
            contract_signed_on,
            left_on,
            account,
            pay_day,
            pay_month_offset,
        })));
    }

    /// Mostly the worker's own card; at times another's, or a second one.
    fn card_of(&mut self, n: usize) -> Account {
        if self.one_in(6) {
            return *self.cards.choose(&mut self.dice).unwrap();
        }
        self.cards[n % self.cards.len()]
    }

    /// One to four swipes of one day, `from` and `length` in seconds after civil midnight.
    fn swipes(&mut self, project_id: ProjectId, n: usize, from: i64, length: i64) {
        let midnight = i64::from(self.any_day().0) * 86_400 - 8 * 3600;
        for _ in 0..self.dice.random_range(1..=4) {
            let second = midnight + from + self.dice.random_range(0..length);
            let nanos = if self.one_in(5) { self.dice.random_range(0..1_000_000_000) } else { 0 };
            self.put(Body::Swipe(Swipe {
                project_id: project_id.clone(),
                id_number: self.workers[n].0.clone(),
                swiped_at: Time(Time::from_seconds(second).0 + nanos),
                direction: Some(SwipeDirection::In),
                device: None,
            }));
        }
    }

    fn work_day(&mut self, project_id: ProjectId, n: usize) {
        let work_date = self.any_day();
        self.day(project_id, n, work_date);
    }

    fn day(&mut self, project_id: ProjectId, n: usize, work_date: Day) {
        let days = Days(*[0, 25, 33, 50, 100, 100, 100, 150, 300].choose(&mut self.dice).unwrap());
        let minutes = *[None, Some(0), Some(1), Some(479), Some(480), Some(960), Some(961), Some(4320)]
            .choose(&mut self.dice)
            .unwrap();
        let id_number = self.workers[n].0.clone();
        self.put(Body::WorkDay(WorkDay { project_id, id_number, work_date, days, minutes }));
    }

    fn work_month(&mut self, project_id: ProjectId, n: usize) {
        let period = self.any_period();
        for day in 1..=self.dice.random_range(1..=28) {
            self.day(project_id.clone(), n, period.day_or_last(day));
        }
    }

    fn piecework(&mut self, project_id: ProjectId, n: usize) {
        let amount_fen = if self.one_in(4) { Fen(0) } else { self.amount() };
        let lot = format_compact!("L{}", self.dice.random_range(0..3));
        let (id_number, period) = (self.workers[n].0.clone(), self.any_period());
        self.put(Body::Piecework(Box::new(Piecework { project_id, id_number, period, lot, amount_fen })));
    }

    fn payroll(&mut self, project_id: ProjectId) {
        let mut lines = Vec::new();
        let all_signed = self.one_in(2);
        for _ in 0..self.dice.random_range(0..5) {
            let n = self.any_worker();
            let deductions = if self.one_in(3) { self.amount() } else { Fen(0) };
            lines.push(PayrollLine {
                id_number: self.workers[n].0.clone(),
                payable_fen: if self.one_in(8) { Fen(0) } else { self.amount() },
                deductions_fen: deductions,
                signed: all_signed || !self.one_in(3),
            });
        }
        let period = self.any_period();
        let employer_uscc = *self.employers.choose(&mut self.dice).unwrap();
        let submitted_on = period.day_or_last(28);
        let approved_on = self.approved_on(period);
        let sheet = Payroll { project_id, employer_uscc, period, submitted_on, approved_on, lines };
        self.put(Body::Payroll(Box::new(sheet)));
    }

    /// A payment to worker `n`, from a wage account or from nowhere known.
    fn pay(&mut self, n: usize, project_id: Option<ProjectId>, name_worker: bool, label: bool) {
        let payee_account = self.card_of(n);
        let period = label.then(|| self.any_period());
        let amount_fen = self.amount();
        let id_number = (name_worker && !self.one_in(3)).then(|| self.workers[n].0.clone());
        let account = if self.one_in(8) {
            account("99999999")
        } else {
            *self.wage_accounts.choose(&mut self.dice).unwrap()
        };
        let project_id = if self.one_in(3) { None } else { project_id };
        let settled_at = Time::from_seconds(i64::from(self.any_day().0) * 86_400 + 36_000);
        let returned = self.one_in(15);
        let payment = Payment {
            bank: if self.one_in(4) { "ICBC".into() } else { "CCB".into() },
            txn_id: format_compact!("T{}", self.payments.len()),
            account,
            payee_account,
            payee_name: None,
            id_number,
            project_id,
            period,
            amount_fen,
            settled_at,
            status: if returned { PaymentStatus::Returned } else { PaymentStatus::Settled },
        };
        self.payments.insert((payment.bank.clone(), payment.txn_id.clone()), payment.clone());
        self.put(Body::Payment(Box::new(payment)));
    }

    /// To another's account, with the worker's number on it.
    fn pay_wrong(&mut self, project_id: ProjectId, n: usize) {
        let other = self.any_worker();
        let named = self.workers[n].0.clone();
        let worker = std::mem::replace(&mut self.workers[other].0, named);
        self.pay(other, Some(project_id), true, true);
        self.workers[other].0 = worker;
    }

    /// Without project or worker: it has to be found by accounts, or waits.
    fn pay_unplaced(&mut self, n: usize) {
        let label = self.one_in(2);
        self.pay(n, None, false, label);
    }

    /// A payment stated once more: other words, the same money. The status as told, or any.
    fn restate(&mut self, status: Option<PaymentStatus>) {
        let count = self.payments.len();
        if count == 0 {
            return;
        }
        let at = self.dice.random_range(0..count);
        let mut payment = self.payments.values().nth(at).unwrap().clone();
        payment.status = match status {
            Some(status) => status,
            None => PaymentStatus::Settled,
        };
        if self.one_in(3) {
            payment.period = if self.one_in(2) { Some(self.any_period()) } else { None };
        }
        if self.one_in(4) {
            payment.project_id = if self.one_in(2) { Some(self.any_project()) } else { None };
        }
        if self.one_in(4) {
            let n = self.any_worker();
            payment.id_number = if self.one_in(2) { Some(self.workers[n].0.clone()) } else { None };
        }
        if self.conflicts && self.one_in(2) {
            match self.dice.random_range(0..3) {
                0 => payment.amount_fen = Fen(payment.amount_fen.0 % Fen::MAX.0 + 1),
                1 => payment.account = account("88888888"),
                _ => payment.payee_account = account("77777777"),
            }
        }
        self.put(Body::Payment(Box::new(payment)));
    }

    fn wage_account(&mut self, project_id: ProjectId, account: Account) {
        let opened_on = if self.one_in(3) { self.any_day() } else { self.first.first_day().plus(-10) };
        let agreement_signed = !self.one_in(4);
        let closed_on = self.one_in(3).then(|| self.any_day());
        let bank = if self.one_in(3) { "CCB" } else { "ICBC" };
        self.put(Body::Account(Box::new(WageAccount {
            project_id,
            account,
            bank: bank.into(),
            opened_on,
            agreement_signed,
            closed_on,
        })));
    }

    /// The records that no wage depends on; some name projects all the same.
    fn other(&mut self, project_id: ProjectId) {
        let day = self.any_day();
        let body = match self.dice.random_range(2..8) {
            2 => return self.deposit(project_id),
            3 => return self.guarantee(project_id),
            4 => return self.inspection(project_id),
            5 | 6 => return self.complaint(project_id),
            _ => Body::BusinessSignal(Box::new(BusinessSignal {
                employer_uscc: *self.employers.choose(&mut self.dice).unwrap(),
                signal: *Signal::ALL.choose(&mut self.dice).unwrap(),
                level: self.dice.random_range(0..=100),
                observed_on: day,
            })),
        };
        self.put(body);
    }

    fn restraint(&mut self) {
        let imposed_on = self.any_day();
        let lifted_on = self.one_in(2).then(|| self.any_day());
        let account = *self.wage_accounts.choose(&mut self.dice).unwrap();
        let restraint_id = format_compact!("N{}", self.dice.random_range(0..3));
        let kind = *RestraintKind::ALL.choose(&mut self.dice).unwrap();
        self.put(Body::AccountRestraint(Box::new(AccountRestraint {
            account,
            restraint_id,
            kind,
            authority: "法院".into(),
            imposed_on,
            lifted_on,
        })));
    }

    /// Often a labour fee, or what a bank books of a payment; at times neither.
    fn booking(&mut self) {
        let booked_on = self.any_day();
        let at = self.dice.random_range(0..self.payments.len().max(1));
        let mut fresh = AccountEntry {
            account: *self.wage_accounts.choose(&mut self.dice).unwrap(),
            entry_id: format_compact!("N{}", self.dice.random_range(0..12)),
            direction: *EntryDirection::ALL.choose(&mut self.dice).unwrap(),
            kind: *EntryKind::ALL.choose(&mut self.dice).unwrap(),
            amount_fen: self.amount(),
            booked_at: Time::from_seconds(i64::from(booked_on.0) * 86_400 + 3600),
            counterparty: None,
            purpose: None,
        };
        if self.one_in(2) {
            (fresh.direction, fresh.kind) = (EntryDirection::In, EntryKind::LabourFee);
            let fee = self.labour_fee;
            let share = [fee, fee * 4 / 5, fee * 4 / 5 - 1, fee * 2];
            fresh.amount_fen = Fen(*share.choose(&mut self.dice).unwrap());
        } else if self.one_in(2)
            && let Some(paid) = self.payments.values().nth(at)
        {
            fresh.account = paid.account;
            fresh.entry_id = paid.txn_id.clone();
            fresh.amount_fen = paid.amount_fen;
            fresh.direction = EntryDirection::Out;
        }
        let (account, entry_id) = (fresh.account, fresh.entry_id.clone());
        let known = self.entries.iter().find(|e| e.account == account && e.entry_id == entry_id).cloned();
        let entry = match known {
            Some(known) if self.conflicts => {
                AccountEntry { amount_fen: Fen(known.amount_fen.0 % Fen::MAX.0 + 1), ..known }
            }
            Some(known) => known,
            None => {
                self.entries.push(fresh.clone());
                fresh
            }
        };
        self.put(Body::AccountEntry(Box::new(entry)));
    }
}

/// What an owner pays a month, where it is agreed: more than all wages, or about what one earns in days.
const LABOUR_FEES: [i64; 4] = [5_000_000, 300_000, 100_000, 30_000];

fn project_id(n: u32) -> ProjectId {
    // Not in the order of their numbers: `P.1` sorts before `P0`.
    project_id_of(&if n % 2 == 1 { format!("P.{n}") } else { format!("P{n}") })
}

fn project_id_of(text: &str) -> ProjectId {
    ProjectId::parse("project_id", text).unwrap()
}

fn account(text: &str) -> Account {
    Account::parse("account", text).unwrap()
}

/// The code that begins with those 17 characters.
fn uscc(first: &str) -> Uscc {
    let codes = "0123456789ABCDEFGHJKLMNPQRTUWXY".chars().map(|c| format!("{first}{c}"));
    codes.filter_map(|code| Uscc::parse("uscc", &code).ok()).next().unwrap()
}

/// A made-up person; one in eight has a passport.
fn worker(dice: &mut Dice, n: u32) -> (IdNumber, Option<CompactString>) {
    if dice.random_ratio(1, 8) {
        let number = IdNumber::parse("id_number", Some("03"), &format!("E{n:07}")).unwrap();
        return (number, Some("03".to_compact_string()));
    }
    let first = format!("150621{}{:02}{:02}{n:03}", 1960 + n * 3, 1 + n % 12, 1 + n * 2);
    let numbers = "0123456789X".chars().map(|c| format!("{first}{c}"));
    let number = numbers.filter_map(|text| IdNumber::parse("id_number", None, &text).ok()).next().unwrap();
    (number, if dice.random_ratio(1, 2) { Some("01".into()) } else { None })
}
