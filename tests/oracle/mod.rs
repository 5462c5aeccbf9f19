//! The oracle: a second, naive model of contract sections 3 to 5. It collects all records, sorts them,
//! folds them, and says what is true, from scratch each time. It shares the nouns of `domain` with the
//! program and nothing else: no ledger, no rules, no alerts, no engine. Slow on purpose.
#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "test code that several test binaries share, each using its part of it"
)]

/// Picks one kind of body.
macro_rules! body {
    ($variant:ident) => {
        |body: &Body| match body {
            Body::$variant(value) => Some(&**value),
            _ => None,
        }
    };
}

mod county;
mod doubt;
mod money;
mod papers;
mod people;
mod totals;
mod wages;
pub mod world;

pub use county::silenced;

use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};
use wagewatch::domain::*;

/// What is true after all records, at one business date.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Truth {
    /// One row for every (project, worker, period) that the report lists.
    pub periods: BTreeMap<(ProjectId, IdNumber, Period), Row>,
    /// One for every alert that is open, before anybody acted on it.
    pub alerts: BTreeMap<(ProjectId, AlertKey), Found>,
    /// Payments that cannot be placed, by (bank, txn_id).
    pub suspense: BTreeMap<(CompactString, CompactString), (Fen, SuspenseReason)>,
    /// Every month in which anybody worked, or for which, soon due, anything is expected.
    pub months: BTreeMap<(ProjectId, Period), MonthTotals>,
    /// Projects that hang on a silent feed: as what, whose, and since when; whether the rule is on or not.
    pub doubts: BTreeMap<ProjectId, BTreeSet<(DoubtKind, CompactString, Day)>>,
    /// Indexes of the records that conflict with one before them in the order given.
    pub rejected: Vec<usize>,
}

/// A `worker_period` row. Sums in fen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    pub days: Days,
    pub minutes: u32,
    pub accrued: Sum,
    pub expected: Sum,
    pub paid: Sum,
    pub arrears: Sum,
    pub due_on: Day,
    /// 0 unless overdue.
    pub overdue_days: i32,
    pub status: Status,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Status {
    Unpriced,
    Paid,
    Overdue,
    NotDue,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Unpriced => "unpriced",
            Status::Paid => "paid",
            Status::Overdue => "overdue",
            Status::NotDue => "not_due",
        }
    }
}

/// What an alert says, but for its evidence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    pub level: Level,
    /// 0 where the rule is not about a sum.
    pub amount: Sum,
    /// 0 for `unknown-project`.
    pub workers: u32,
    /// The (oldest) due date, for wage alerts and the project's roll-up.
    pub due_on: Option<Day>,
    /// The month that a mismatched payment names.
    pub period: Option<Period>,
}

type Worker = (ProjectId, IdNumber);
/// Worked days and minutes of every day.
type Worked = BTreeMap<Day, (Days, u32)>;

/// Everything that the records say, each key with its winner.
#[derive(Default)]
struct Facts {
    projects: BTreeMap<ProjectId, Project>,
    /// Every project that any taken record names, superseded or not.
    named: BTreeSet<ProjectId>,
    /// Winning terms, ascending by `effective_on`.
    terms: BTreeMap<Worker, Vec<Enrolment>>,
    /// The accounts that any enrolment ever named.
    named_accounts: BTreeMap<Worker, BTreeSet<Account>>,
    /// Days and minutes of every day with a swipe or a statement, voided ones too.
    days: BTreeMap<Worker, Worked>,
    /// The statement that stands of every day with one: when it was stated, and its days.
    stated: BTreeMap<(Worker, Day), (Time, Days)>,
    seen: people::Seen,
    piecework: Vec<Piecework>,
    payrolls: Vec<Payroll>,
    wage_accounts: BTreeMap<Account, ProjectId>,
    /// Each with the time of the statement that stands.
    deposits: Vec<(Deposit, Time)>,
    guarantees: Vec<PaymentGuarantee>,
    inspections: Vec<Inspection>,
    /// The winning record of each wage account.
    account_papers: Vec<WageAccount>,
    /// The first booking of each number.
    entries: Vec<AccountEntry>,
    restraints: Vec<AccountRestraint>,
    complaints: Vec<Complaint>,
    /// Winning statement of each payment; its status is `returned` if any statement says so.
    payments: Vec<Payment>,
}

/// Judges all records at the business date `today`.
pub fn judge(records: &[Record], today: Day, book: &Rulebook) -> Truth {
    let rejected = conflicts(records);
    let taken: Vec<&Record> =
        records.iter().enumerate().filter(|(i, _)| !rejected.contains(i)).map(|(_, r)| r).collect();
    let facts = collect(&taken, book);
    let mut truth = Truth { rejected, ..Truth::default() };
    let placed = place(&facts, &mut truth);
    wages::settle(&facts, &placed, today, book, &mut truth);
    unregistered(&facts, &mut truth);
    totals::judge(&facts, &placed, today, book, &mut truth);
    papers::judge(&facts, &mut truth, today, book);
    money::judge(&facts, &placed, &mut truth, today, book);
    people::judge(&facts, &placed, today, book, &mut truth);
    for project_id in facts.named.iter().filter(|p| !facts.projects.contains_key(*p)) {
        raise(&mut truth, project_id, Subject::Project, Rule::UnknownProject, Level::Yellow, |_| ());
    }
    county::judge(records, &facts, today, book, &mut truth);
    let numbers = book.at(today);
    truth.alerts.retain(|(project_id, key), _| {
        let sector = facts.projects.get(project_id).map(|p| p.sector.as_str());
        numbers.is_on(key.rule, sector)
    });
    truth
}

fn raise(
    truth: &mut Truth,
    project_id: &ProjectId,
    subject: Subject,
    rule: Rule,
    level: Level,
    fill: impl FnOnce(&mut Found),
) {
    let workers = u32::from(subject.id_number().is_some());
    let mut found = Found { level, amount: 0, workers, due_on: None, period: None };
    fill(&mut found);
    truth.alerts.insert((project_id.clone(), AlertKey { subject, rule }), found);
}

/// Who comes later with the same key and other money is rejected.
fn conflicts(records: &[Record]) -> Vec<usize> {
    let mut payments: BTreeMap<(&str, &str), (Fen, Account, Account)> = BTreeMap::new();
    let mut entries: BTreeMap<(Account, &str), &AccountEntry> = BTreeMap::new();
    let mut rejected = Vec::new();
    for (index, record) in records.iter().enumerate() {
        let agrees = match &record.body {
            Body::Payment(p) => {
                let money = (p.amount_fen, p.account, p.payee_account);
                *payments.entry((&p.bank, &p.txn_id)).or_insert(money) == money
            }
            Body::AccountEntry(e) => **entries.entry((e.account, &e.entry_id)).or_insert(e) == **e,
            _ => true,
        };
        if !agrees {
            rejected.push(index);
        }
    }
    rejected
}

/// The greatest (`at`, `id`) of each key.
fn winners<K: Ord, T: Clone>(mut all: Vec<(K, Stamp, T)>) -> Vec<T> {
    all.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    let mut last: BTreeMap<K, T> = BTreeMap::new();
    for (key, _, value) in all {
        last.insert(key, value);
    }
    last.into_values().collect()
}

/// All records of one kind with their key and stamp.
fn all_of<K, T: Clone>(
    taken: &[&Record],
    pick: impl Fn(&Body) -> Option<&T>,
    key: impl Fn(&T) -> K,
) -> Vec<(K, Stamp, T)> {
    let with_stamp = |r: &&Record| pick(&r.body).map(|v| (key(v), r.head.stamp(), v.clone()));
    taken.iter().filter_map(with_stamp).collect()
}

fn collect(taken: &[&Record], book: &Rulebook) -> Facts {
    let mut facts = Facts::default();
    for project in winners(all_of(taken, body!(Project), |p: &Project| p.project_id.clone())) {
        facts.projects.insert(project.project_id.clone(), project);
    }
    facts.named = taken.iter().filter_map(|r| r.body.project_id().cloned()).collect();

    let enrolments = all_of(taken, body!(Enrolment), |e: &Enrolment| {
        (e.project_id.clone(), e.id_number.clone(), e.effective_on)
    });
    for (_, _, e) in &enrolments {
        let worker = (e.project_id.clone(), e.id_number.clone());
        facts.named_accounts.entry(worker).or_default().extend(e.account);
    }
    for e in winners(enrolments) {
        facts.terms.entry((e.project_id.clone(), e.id_number.clone())).or_default().push(e);
    }
    facts.days = worked_days(taken, book);
    facts.stated = statements(taken);
    facts.seen = people::seen(taken, book);
    facts.piecework = winners(all_of(taken, body!(Piecework), |p: &Piecework| {
        (p.project_id.clone(), p.id_number.clone(), p.period, p.lot.clone())
    }));
    facts.payrolls = winners(all_of(taken, body!(Payroll), |p: &Payroll| {
        (p.project_id.clone(), p.employer_uscc, p.period)
    }));
    for account in winners(all_of(taken, body!(Account), |a: &WageAccount| a.account)) {
        facts.wage_accounts.insert(account.account, account.project_id.clone());
        facts.account_papers.push(account);
    }
    collect_papers(taken, &mut facts);
    // All of one number are the same: those that are not were rejected.
    let entries = all_of(taken, body!(AccountEntry), |e: &AccountEntry| (e.account, e.entry_id.clone()));
    facts.entries = winners(entries);
    facts.restraints = winners(all_of(taken, body!(AccountRestraint), |r: &AccountRestraint| {
        (r.account, r.restraint_id.clone())
    }));

    let payments = all_of(taken, body!(Payment), |p: &Payment| (p.bank.clone(), p.txn_id.clone()));
    let returned: BTreeSet<_> = payments
        .iter()
        .filter(|(_, _, p)| p.status == PaymentStatus::Returned)
        .map(|(key, _, _)| key.clone())
        .collect();
    facts.payments = winners(payments);
    for p in &mut facts.payments {
        if returned.contains(&(p.bank.clone(), p.txn_id.clone())) {
            p.status = PaymentStatus::Returned;
        }
    }
    facts
}

fn collect_papers(taken: &[&Record], facts: &mut Facts) {
    let deposits = all_of(taken, body!(Deposit), |d: &Deposit| (d.project_id.clone(), d.deposit_id.clone()));
    let dated = deposits.into_iter().map(|(key, stamp, deposit)| {
        let at = stamp.at;
        (key, stamp, (deposit, at))
    });
    facts.deposits = winners(dated.collect());
    facts.guarantees = winners(all_of(taken, body!(PaymentGuarantee), |g: &PaymentGuarantee| {
        (g.project_id.clone(), g.guarantee_id.clone())
    }));
    facts.inspections = winners(all_of(taken, body!(Inspection), |i: &Inspection| {
        (i.project_id.clone(), i.inspection_id.clone())
    }));
    facts.complaints = winners(all_of(taken, body!(Complaint), |c: &Complaint| c.complaint_id.clone()));
}

/// Swipes make a day, a statement overrides it (contract, section 4, "Worked days").
fn worked_days(taken: &[&Record], book: &Rulebook) -> BTreeMap<Worker, Worked> {
    let mut swipes: BTreeMap<(Worker, Day), Vec<i64>> = BTreeMap::new();
    let mut stated: BTreeMap<(Worker, Day), Vec<Statement>> = BTreeMap::new();
    for record in taken {
        match &record.body {
            Body::Swipe(s) => {
                let (day, _) = s.swiped_at.business(book.day_starts_at);
                let key = ((s.project_id.clone(), s.id_number.clone()), day);
                swipes.entry(key).or_default().push(s.swiped_at.seconds());
            }
            Body::WorkDay(w) => {
                let key = ((w.project_id.clone(), w.id_number.clone()), w.work_date);
                stated.entry(key).or_default().push((record.head.at, w.days, w.minutes));
            }
            _ => {}
        }
    }
    let mut out: BTreeMap<Worker, Worked> = BTreeMap::new();
    let keys: BTreeSet<_> = swipes.keys().chain(stated.keys()).cloned().collect();
    for key in keys {
        let seconds = swipes.get(&key).map_or(0, |s| s.iter().max().unwrap() - s.iter().min().unwrap());
        let present = u32::try_from(seconds / 60).unwrap();
        let (days, minutes) = match stated.get(&key).map(|all| all.iter().max().unwrap()) {
            Some((_, days, minutes)) => (*days, minutes.map_or(present, u32::from)),
            None => (presence(present, key.1, book), present),
        };
        out.entry(key.0).or_default().insert(key.1, (days, minutes));
    }
    out
}

fn statements(taken: &[&Record]) -> BTreeMap<(Worker, Day), (Time, Days)> {
    let mut all: BTreeMap<(Worker, Day), Statement> = BTreeMap::new();
    for record in taken {
        if let Body::WorkDay(w) = &record.body {
            let key = ((w.project_id.clone(), w.id_number.clone()), w.work_date);
            let said = (record.head.at, w.days, w.minutes);
            let kept = all.entry(key).or_insert(said);
            *kept = (*kept).max(said);
        }
    }
    all.into_iter().map(|(key, (at, days, _))| (key, (at, days))).collect()
}

/// By the numbers of the month's first day.
fn presence(minutes: u32, day: Day, book: &Rulebook) -> Days {
    let steps = &book.at(day.period().unwrap().first_day()).presence_steps;
    if steps.is_empty() {
        return Days(100);
    }
    Days(steps.iter().filter(|(from, _)| minutes >= *from).map(|(_, d)| *d).next_back().unwrap_or(0))
}

/// In the order by which the greatest wins.
type Statement = (Time, Days, Option<u16>);

/// A payment that has found its worker.
struct Placed {
    worker: Worker,
    payment: Payment,
    /// To an account that the worker named, or the worker named none.
    counts: bool,
}

/// Finds the worker of every payment that is not returned; says what waits and what went astray.
fn place(facts: &Facts, truth: &mut Truth) -> Vec<Placed> {
    let mut placed = Vec::new();
    for p in facts.payments.iter().filter(|p| p.status == PaymentStatus::Settled) {
        let worker = match find_worker(facts, p) {
            Ok(worker) => worker,
            Err(reason) => {
                truth.suspense.insert((p.bank.clone(), p.txn_id.clone()), (p.amount_fen, reason));
                continue;
            }
        };
        let counts = facts
            .named_accounts
            .get(&worker)
            .is_none_or(|named| named.is_empty() || named.contains(&p.payee_account));
        if !counts {
            let subject = Subject::Payment {
                id_number: worker.1.clone(),
                bank: p.bank.clone(),
                txn_id: p.txn_id.clone(),
            };
            raise(truth, &worker.0, subject, Rule::PayeeMismatch, Level::Orange, |f| {
                f.amount = p.amount_fen.sum();
                f.period = p.period;
            });
        }
        placed.push(Placed { worker, payment: p.clone(), counts });
    }
    placed
}

fn find_worker(facts: &Facts, p: &Payment) -> Result<Worker, SuspenseReason> {
    let project = p.project_id.as_ref().or_else(|| facts.wage_accounts.get(&p.account));
    let project = project.ok_or(SuspenseReason::NoProject)?;
    if let Some(id_number) = &p.id_number {
        return Ok((project.clone(), id_number.clone()));
    }
    let named_it: Vec<&Worker> = facts
        .named_accounts
        .iter()
        .filter(|(worker, named)| worker.0 == *project && named.contains(&p.payee_account))
        .map(|(worker, _)| worker)
        .collect();
    match named_it[..] {
        [] => Err(SuspenseReason::NoWorker),
        [one] => Ok(one.clone()),
        _ => Err(SuspenseReason::AmbiguousWorker),
    }
}

fn unregistered(facts: &Facts, truth: &mut Truth) {
    for (worker, days) in &facts.days {
        let worked = days.values().any(|(days, _)| days.0 > 0);
        if worked && !facts.terms.contains_key(worker) {
            let subject = Subject::Worker(worker.1.clone());
            raise(truth, &worker.0, subject, Rule::UnregisteredWorker, Level::Yellow, |_| {});
        }
    }
}
