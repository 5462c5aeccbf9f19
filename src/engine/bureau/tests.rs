//! What the second stage does that worlds of chance hardly meet.

use super::*;
use crate::alerts::PUBLIC_ID_KEY;
use crate::domain::{
    Account, AccountEntry, Body, Change, EntryDirection, EntryKind, Fen, Head, ProjectId, Record, Time,
    WageAccount,
};
use crate::store::MemoryStore;

fn time(text: &str) -> Time {
    Time::parse(text).unwrap()
}

fn record(id: &str, at: &str, body: Body) -> Entry {
    Entry::Record(Record { head: Head { id: id.into(), source: "bank".into(), at: time(at) }, body })
}

fn account(id: &str, at: &str, bank: &str) -> Entry {
    let body = Body::Account(Box::new(WageAccount {
        project_id: ProjectId::parse("project_id", "P1").unwrap(),
        account: Account::parse("account", "0537010400000001").unwrap(),
        bank: bank.into(),
        opened_on: Day::parse("2026-03-01").unwrap(),
        agreement_signed: true,
        closed_on: None,
    }));
    record(id, at, body)
}

/// A feed may stop being one: nobody will send for it, and its alert must not stand for ever.
#[test]
fn a_silent_bank_whose_only_account_turns_out_to_be_elsewhere_is_silent_no_more() {
    let with = Equipment {
        store: Arc::new(MemoryStore::new()),
        book: Arc::new(Rulebook::default()),
        ids: PUBLIC_ID_KEY,
        rows_max: 100,
        shards: 1,
        shadow: None,
    };
    let (mut bureau, _) = Bureau::open(1, with).unwrap();
    let mut position = Position(0);
    let mut tell = |entries: Vec<Entry>| {
        position = position.next();
        bureau.apply(&Block { position, written_ms: 0, entries }, &Made::default()).unwrap();
        let rows = bureau.take_rows();
        let said = |row: &Arc<AlertRow>| (row.change, row.alert.finding.subject.clone());
        rows.iter().map(said).collect::<Vec<_>>()
    };
    let booking = Body::AccountEntry(Box::new(AccountEntry {
        account: Account::parse("account", "0537010400000001").unwrap(),
        entry_id: "B1".into(),
        direction: EntryDirection::In,
        kind: EntryKind::LabourFee,
        amount_fen: Fen(1),
        booked_at: time("2026-03-02T10:00:00+08:00"),
        counterparty: None,
        purpose: None,
    }));
    tell(vec![
        account("a1", "2026-03-01T10:00:00+08:00", "old"),
        record("b1", "2026-03-02T10:00:00+08:00", booking),
        Entry::Date(Day::parse("2026-03-02").unwrap()),
    ]);
    let silent = |name: &str| Subject::Source(name.into());
    let day = Entry::Date(Day::parse("2026-04-11").unwrap());
    assert_eq!(tell(vec![day]), [(Change::Raised, silent("old"))]);
    let moved = tell(vec![account("a2", "2026-03-03T10:00:00+08:00", "new")]);
    assert_eq!(moved, [(Change::Raised, silent("new")), (Change::Resolved, silent("old"))]);
}
