//! Every message comes back from its bytes, and no bytes make the reader panic.

use super::*;
use crate::alerts::Stance;
use crate::codec::entry_any::{account, fen, project_id};
use crate::codec::entry_any::{
    accounts, day, entry, id_number, others, pay, period, project, release, text, time, uscc,
};
use crate::domain::{AlertId, Body, MonthDays, Rule, Stamp};
use crate::engine::bureau::{ArrearsTiding, Claim, HeldTiding, PresenceTiding, WageTiding};
use crate::ledger::KeptPayment;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

fn stamp() -> BoxedStrategy<Stamp> {
    (time(), text()).prop_map(|(at, id)| Stamp { at, id }).boxed()
}

/// One of every kind that carries a paper of the county's.
fn of_papers() -> BoxedStrategy<Command> {
    let paper = prop_oneof![pay().boxed(), accounts().boxed(), others().boxed()];
    (project_id(), paper, stamp())
        .prop_map(|(project_id, body, stamp)| match body {
            Body::Payment(payment) => {
                let payment = Box::new(KeptPayment { payment: *payment, stamp });
                Command::Payment { project_id, payment }
            }
            Body::Account(account) => Command::Account { project_id, account },
            Body::Complaint(complaint) => Command::Complaint { project_id, complaint },
            Body::AccountEntry(entry) => {
                let (account, entries) = (entry.account, vec![*entry]);
                Command::Bookings { project_id, account, entries, restraints: Vec::new() }
            }
            Body::AccountRestraint(restraint) => {
                let (account, restraints) = (restraint.account, vec![*restraint]);
                Command::Bookings { project_id, account, entries: Vec::new(), restraints }
            }
            _ => Command::Named { project_id },
        })
        .boxed()
}

fn command() -> BoxedStrategy<Command> {
    prop_oneof![
        6 => of_papers(),
        1 => (project_id(), text(), text())
            .prop_map(|(project_id, bank, txn_id)| Command::TakePayment { project_id, bank, txn_id }),
        1 => (project_id(), account())
            .prop_map(|(project_id, account)| Command::TakeAccount { project_id, account }),
        1 => (project_id(), text())
            .prop_map(|(project_id, complaint_id)| Command::TakeComplaint { project_id, complaint_id }),
    ]
    .boxed()
}

fn tiding() -> BoxedStrategy<Tiding> {
    let claim =
        (uscc(), fen(), day()).prop_map(|(firm, fen, due_on)| Claim { firm, amount: fen.sum(), due_on });
    let wage = (project_id(), id_number(), period(), any::<bool>(), of(claim));
    let arrears = (project_id(), of(uscc()), day(), any::<[bool; 5]>());
    let held = (select(Rule::ALL), text(), of(day()));
    let presence = (project_id(), id_number(), period(), any::<u32>());
    prop_oneof![
        presence.prop_map(|(project_id, worker, period, days)| {
            Tiding::Presence(PresenceTiding { project_id, worker, period, days: MonthDays(days) })
        }),
        held.prop_map(|(rule, alert, since)| {
            Tiding::Held(HeldTiding { rule, alert: AlertId(alert), since })
        }),
        wage.prop_map(|(project_id, worker, period, under, claim)| {
            let rule = if under { Rule::WageUnderpaid } else { Rule::WageUnpaid };
            Tiding::Wage(WageTiding { project_id, worker, period, rule, claim })
        }),
        arrears.prop_map(|(project_id, contractor, on, is)| {
            let [begins, resolved, rejected, taken_up, spoken] = is;
            let stance = Stance { taken_up, spoken };
            Tiding::Arrears(ArrearsTiding { project_id, contractor, on, begins, resolved, rejected, stance })
        }),
    ]
    .boxed()
}

fn heard() -> BoxedStrategy<Heard> {
    prop_oneof![
        (text(), project_id(), day()).prop_map(|(source, project_id, on)| Heard::Attended {
            source,
            project_id,
            on
        }),
        uscc().prop_map(Heard::Employs),
        (project().boxed(), stamp()).prop_filter_map("a project", |(body, stamp)| match body {
            Body::Project(project) => Some(Heard::Stated { project, stamp }),
            _ => None,
        }),
    ]
    .boxed()
}

fn everyone() -> BoxedStrategy<Everyone> {
    prop_oneof![
        day().prop_map(Everyone::Date),
        any::<u32>().prop_map(|n| {
            let book = Rulebook { version: n.to_string(), ..Rulebook::default() };
            Everyone::Rulebook(Box::new(book))
        }),
        release().prop_map(|entry| match entry {
            Entry::Release(release) => Everyone::Release(release),
            _ => unreachable!("it is a release"),
        }),
    ]
    .boxed()
}

fn message() -> BoxedStrategy<Message> {
    let said = (any::<u16>(), any::<u64>(), vec(tiding(), 0..4), vec(heard(), 0..4));
    prop_oneof![
        1 => entry().boxed().prop_map(Message::Entry),
        4 => command().prop_map(Message::Command),
        1 => (any::<u64>(), everyone()).prop_map(|(number, order)| Message::Turn(Turn { number, order })),
        2 => said.prop_map(|(partition, turn, tidings, heard)| {
            Message::Said(Said { partition, turn, tidings, heard })
        }),
    ]
    .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn every_message_comes_back(message in message()) {
        prop_assert_eq!(Message::from_bytes(&message.to_bytes()), Ok(message));
    }

    #[test]
    fn a_cut_or_flipped_message_ends_in_a_message_or_corrupt(
        message in message(), at: prop::sample::Index, flip in 1u8..
    ) {
        let mut bytes = message.to_bytes();
        let at = at.index(bytes.len());
        prop_assert!(Message::from_bytes(&bytes[..at]).is_err());
        bytes[at] ^= flip;
        let _ = Message::from_bytes(&bytes);
    }

    #[test]
    fn any_bytes_end_in_a_message_or_corrupt(tag in 0u8..6, kind in 0u8..10, bytes: Vec<u8>) {
        let _ = Message::from_bytes(&bytes);
        let _ = Message::from_bytes(&[&[tag, kind], &bytes[..]].concat());
    }
}

/// Messages stand in topics while instances of two versions run: tags keep their meaning.
#[test]
fn the_bytes_of_what_owners_say_stay_the_same() {
    let check = |message: Message, want: &str| {
        assert_eq!(data_encoding::HEXLOWER.encode(&message.to_bytes()), want);
    };
    let day = Day::parse("2026-05-01").unwrap();
    let project_id = crate::domain::ProjectId::parse("p", "P1").unwrap();
    check(Message::Turn(Turn { number: 7, order: Everyone::Date(day) }), "030701bcc102");
    check(Message::Command(Command::Named { project_id: project_id.clone() }), "0208025031");
    let heard = vec![Heard::Attended { source: "gate".into(), project_id, on: day }];
    check(
        Message::Said(Said { partition: 3, turn: 7, tidings: Vec::new(), heard }),
        "0403070001010467617465025031bcc102",
    );
    let said = PresenceTiding {
        project_id: crate::domain::ProjectId::parse("p", "P1").unwrap(),
        worker: crate::domain::IdNumber::from_packed(5),
        period: crate::domain::Period::parse("2026-05").unwrap(),
        days: MonthDays(3),
    };
    let tidings = vec![Tiding::Presence(said)];
    check(
        Message::Said(Said { partition: 3, turn: 7, tidings, heard: Vec::new() }),
        "04030701040250310aa4050300",
    );
}
