//! Made-up workers by number, a hundred to a project, and what gates and banks say of them: as the
//! engine takes it, and as senders encode it. The same number always says the same.

use prost::Message;
use prost::bytes::Bytes;
use wagewatch::domain::{
    Account, AccountEntry, Basis, Body, Day, Enrolment, Entry, EntryDirection, EntryKind, Fen, Head,
    IdNumber, Payment, PaymentStatus, Project, ProjectId, ProjectStatus, Record, Swipe, SwipeDirection, Time,
    Uscc, WageAccount,
};
use wagewatch::engine::Engine;
use wagewatch::proto::v1 as pb;

pub const PER_PROJECT: u64 = 100;
const MORNING: u32 = 7 * 3600;
const EVENING: u32 = 18 * 3600;

pub fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// A valid resident identity number.
pub fn id_number(worker: u64) -> IdNumber {
    let (serial, born) = (worker % 1000, worker / 1000);
    let date = (1960 + born / 336 % 40) * 10_000 + (1 + born / 28 % 12) * 100 + 1 + born % 28;
    IdNumber::from_packed((150_621 * 100_000_000 + date) * 1000 + serial)
}

pub fn project_name(worker: u64) -> String {
    format!("DLT-{:06}", worker / PER_PROJECT)
}

fn project_id(worker: u64) -> ProjectId {
    ProjectId::parse("project_id", &project_name(worker)).unwrap()
}

/// Seconds of the day of a worker's swipe: in before out, and never the same two days on end.
fn second(worker: u64, day: Day, out: bool) -> u32 {
    let day = u64::from(day.0.unsigned_abs());
    let scatter = u32::try_from((worker * 7919 + day * 1009) % 3600).unwrap();
    scatter + if out { EVENING } else { MORNING }
}

fn at(day: Day, second: u32) -> Time {
    Time::from_seconds(i64::from(day.0) * 86_400 + i64::from(second) - 8 * 3600)
}

pub fn swipe(worker: u64, day: Day, out: bool) -> Entry {
    let at = at(day, second(worker, day, out));
    Entry::Record(Record {
        head: Head {
            id: format!("{:x}-{}-{}", worker, day.0, u8::from(out)).into(),
            source: "gate-15062".into(),
            at,
        },
        body: Body::Swipe(Swipe {
            project_id: project_id(worker),
            id_number: id_number(worker),
            swiped_at: at,
            direction: Some(if out { SwipeDirection::Out } else { SwipeDirection::In }),
            device: Some("east-1".into()),
        }),
    })
}

fn enrolment(worker: u64, from: Day) -> Entry {
    Entry::Record(Record {
        head: Head { id: format!("e-{worker:x}").into(), source: "platform".into(), at: at(from, 0) },
        body: Body::Enrolment(Box::new(Enrolment {
            project_id: project_id(worker),
            id_number: id_number(worker),
            id_type: None,
            name: "张三".into(),
            employer_name: "示例劳务有限公司".into(),
            employer_uscc: None,
            team: Some("钢筋一班".into()),
            basis: Basis::Daily,
            rate_fen: Fen(30_000),
            effective_on: from,
            contract_signed_on: Some(from),
            left_on: None,
            account: None,
            pay_day: None,
            pay_month_offset: None,
        })),
    })
}

fn project(worker: u64, from: Day) -> Entry {
    Entry::Record(Record {
        head: Head { id: format!("p-{worker:x}").into(), source: "platform".into(), at: at(from, 0) },
        body: Body::Project(Box::new(Project {
            project_id: project_id(worker),
            name: "河畔家园".into(),
            sector: "housing".into(),
            territory: "150621100".into(),
            funding: wagewatch::domain::Funding::Private,
            owner_name: "示例置业".into(),
            owner_uscc: None,
            contractor_name: "示例建设".into(),
            contractor_uscc: Uscc::parse("uscc", "91150621MA0NTET009").unwrap(),
            contract_signed_on: from,
            contract_fen: Fen(500_000_000),
            labour_fee_fen: None,
            started_on: None,
            completed_on: None,
            pay_day: None,
            pay_month_offset: None,
            labour_officer: None,
            status: ProjectStatus::Active,
        })),
    })
}

/// Projects and enrolments of these workers, projects first.
pub fn papers(workers: std::ops::Range<u64>, from: Day) -> impl Iterator<Item = Entry> {
    let firsts = workers.clone().step_by(PER_PROJECT as usize);
    firsts.map(move |w| project(w, from)).chain(workers.map(move |w| enrolment(w, from)))
}

/// The same, of workers who are owed nothing whatever they attend: they are paid by the piece.
pub fn piece_papers(workers: std::ops::Range<u64>, from: Day) -> impl Iterator<Item = Entry> {
    papers(workers, from).map(|mut entry| {
        if let Entry::Record(Record { body: Body::Enrolment(enrolment), .. }) = &mut entry {
            (enrolment.basis, enrolment.rate_fen) = (Basis::Piece, Fen(0));
        }
        entry
    })
}

/// A project's wage account, without which its wages would be paid past it.
fn wage_account(project: u64, from: Day) -> Entry {
    Entry::Record(Record {
        head: Head { id: format!("k-{project:x}").into(), source: "bank-103".into(), at: at(from, 0) },
        body: Body::Account(Box::new(WageAccount {
            project_id: project_id(project * PER_PROJECT),
            account: account(project),
            bank: "103".into(),
            opened_on: from,
            agreement_signed: true,
            closed_on: None,
        })),
    })
}

fn account(project: u64) -> Account {
    Account::from_packed(10u128.pow(17) + 5_370_101_040_000_000 + u128::from(project))
}

/// Wage accounts of the projects of these workers, and a deposit into each that lasts.
pub fn accounts(workers: std::ops::Range<u64>, from: Day, fen: i64) -> impl Iterator<Item = Entry> {
    workers.step_by(PER_PROJECT as usize).flat_map(move |worker| {
        let project = worker / PER_PROJECT;
        let body = Body::AccountEntry(Box::new(AccountEntry {
            account: account(project),
            entry_id: "in-1".into(),
            direction: EntryDirection::In,
            kind: EntryKind::Other,
            amount_fen: Fen(fen),
            booked_at: at(from, 36_000),
            counterparty: None,
            purpose: None,
        }));
        let head =
            Head { id: format!("b-{project:x}").into(), source: "bank-103".into(), at: at(from, 36_000) };
        [wage_account(project, from), Entry::Record(Record { head, body })]
    })
}

/// A payment from the project's wage account to one worker, for the oldest of what he is owed.
pub fn payment(worker: u64, day: Day, amount_fen: i64) -> Entry {
    let at = at(day, 10 * 3600);
    let number = format!("{worker}-{}", day.0);
    Entry::Record(Record {
        head: Head { id: format!("pay-{number}").into(), source: "bank-103".into(), at },
        body: Body::Payment(Box::new(Payment {
            bank: "103".into(),
            txn_id: number.into(),
            account: account(worker / PER_PROJECT),
            payee_account: Account::from_packed(
                10u128.pow(19) + 6_228_480_000_000_000_000 + u128::from(worker),
            ),
            payee_name: None,
            id_number: Some(id_number(worker)),
            project_id: Some(project_id(worker)),
            period: None,
            amount_fen: Fen(amount_fen),
            settled_at: at,
            status: PaymentStatus::Settled,
        })),
    })
}

/// Worker-months project by project: in each of `months` months the first `days` days, one swipe each.
pub fn months(
    workers: std::ops::Range<u64>,
    first: Day,
    months: u16,
    days: i32,
) -> impl Iterator<Item = Entry> {
    let begin = first.period().unwrap();
    workers.clone().step_by(PER_PROJECT as usize).flat_map(move |project| {
        let end = (project + PER_PROJECT).min(workers.end);
        (0..months).flat_map(move |month| {
            let first = begin.plus(month).first_day();
            (0..days).flat_map(move |day| (project..end).map(move |w| swipe(w, first.plus(day), false)))
        })
    })
}

/// Numbers below `count`, each once, in an order that jumps about.
pub fn scattered(count: u64) -> impl Iterator<Item = u64> {
    // The step and the count have no common divisor, so that none is met twice before all were.
    let step = (count * 618 / 1000..).find(|step| gcd(*step, count) == 1).unwrap();
    (0..count).map(move |n| n * step % count)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Hands entries to the engine in full batches and waits until all have their verdicts.
pub fn load(engine: &Engine, entries: impl Iterator<Item = Entry>) -> u64 {
    const BATCH: usize = 8192;
    const UNDERWAY: usize = 8;
    let (done, answered) = crossbeam_channel::bounded(UNDERWAY);
    let mut entries = entries.peekable();
    let (mut total, mut underway) = (0, 0);
    while entries.peek().is_some() {
        let batch: Vec<Entry> = entries.by_ref().take(BATCH).collect();
        total += batch.len() as u64;
        let done = done.clone();
        let told = move |verdicts: Result<Vec<_>, _>| done.send(verdicts.map(|v| v.len())).unwrap();
        engine.submit(batch, Box::new(told)).unwrap();
        underway += 1;
        if underway == UNDERWAY {
            answered.recv().unwrap().unwrap();
            underway -= 1;
        }
    }
    (0..underway).for_each(|_| assert!(answered.recv().unwrap().is_ok()));
    total
}

fn text_at(day: Day, second: u32) -> String {
    let (y, m, d) = day.ymd();
    format!("{y}-{m:02}-{d:02}T{:02}:{:02}:{:02}+08:00", second / 3600, second / 60 % 60, second % 60)
}

pub fn pb_swipe(worker: u64, day: Day, out: bool) -> pb::Record {
    let at = text_at(day, second(worker, day, out));
    let body = pb::Attendance {
        project_id: project_name(worker),
        id_number: id_number(worker).reveal().into(),
        swiped_at: Some(at.clone()),
        direction: if out { pb::SwipeDirection::Out.into() } else { pb::SwipeDirection::In.into() },
        device: Some("east-1".into()),
        ..pb::Attendance::default()
    };
    pb::Record {
        id: format!("{:x}-{}-{}", worker, day.0, u8::from(out)),
        source: "gate-15062".into(),
        at,
        body: Some(pb::record::Body::Attendance(body)),
    }
}

/// A payment to one worker of a project, who is named.
pub fn pb_payment(worker: u64, day: Day, amount_fen: i64) -> pb::Record {
    let at = text_at(day, 10 * 3600);
    let body = pb::Payment {
        bank: "103".into(),
        txn_id: format!("103-{worker:08}"),
        account: "05370101040012345".into(),
        payee_account: "6228480000000000001".into(),
        id_number: Some(id_number(worker).reveal().into()),
        project_id: Some(project_name(worker)),
        amount_fen: Some(amount_fen),
        settled_at: at.clone(),
        status: pb::PaymentStatus::Settled.into(),
        ..pb::Payment::default()
    };
    pb::Record {
        id: format!("pay-{worker}"),
        source: "bank-103".into(),
        at,
        body: Some(pb::record::Body::Payment(Box::new(body))),
    }
}

/// How a batch is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Submit,
    Stream,
}

/// A batch as the bytes of one message.
pub fn encode(records: Vec<pb::Record>, call: Call) -> Bytes {
    let bytes = match call {
        Call::Submit => pb::SubmitRequest { records, ..pb::SubmitRequest::default() }.encode_to_vec(),
        Call::Stream => {
            pb::SubmitStreamRequest { records, ..pb::SubmitStreamRequest::default() }.encode_to_vec()
        }
    };
    bytes.into()
}

/// Swipes of so many workers, day after day, in and out, in an order that jumps about; encoded
/// batches of `size`.
pub fn requests(workers: u64, first: Day, batches: u64, size: u64, call: Call) -> Vec<Bytes> {
    let mut swipes = (0..).flat_map(|half_day| {
        let day = first.plus(half_day / 2);
        scattered(workers).map(move |w| pb_swipe(w, day, half_day % 2 == 1))
    });
    (0..batches).map(|_| encode(swipes.by_ref().take(size as usize).collect(), call)).collect()
}
