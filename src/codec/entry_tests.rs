//! Every shape of entry comes back from its bytes, and no bytes make the reader panic.

use super::*;
use crate::domain::*;
use compact_str::{CompactString, ToCompactString};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

pub(crate) fn text() -> impl Strategy<Value = CompactString> {
    "[a-z0-9\u{4e00}-\u{4e20}-]{0,40}".prop_map(|s| s.to_compact_string())
}

pub(crate) fn time() -> impl Strategy<Value = Time> {
    prop_oneof![
        (0i64..7_258_118_400).prop_map(Time::from_seconds),
        (0i64..7_258_118_400_000_000_000).prop_map(Time)
    ]
}

fn rulebook() -> impl Strategy<Value = Entry> {
    crate::codec::rulebook::tests::rulebook().prop_map(|book| Entry::Rulebook(Box::new(book)))
}

fn erased() -> impl Strategy<Value = Entry> {
    (project_id(), day()).prop_map(|(project_id, on)| Entry::Erased(Box::new(Erased { project_id, on })))
}

pub(crate) fn day() -> impl Strategy<Value = Day> {
    (-719_162i32..2_932_896).prop_map(Day)
}

pub(crate) fn period() -> impl Strategy<Value = Period> {
    (0u16..=Period::LAST.0).prop_map(Period)
}

pub(crate) fn fen() -> impl Strategy<Value = Fen> {
    (0i64..=Fen::MAX.0).prop_map(Fen)
}

pub(crate) fn project_id() -> impl Strategy<Value = ProjectId> {
    "[A-Za-z0-9._-]{1,64}".prop_map(|s| ProjectId::parse("p", &s).unwrap())
}

pub(crate) fn id_number() -> impl Strategy<Value = IdNumber> {
    prop_oneof![
        (0u64..100_000_000_000_000_000).prop_map(IdNumber::from_packed),
        "[A-Za-z][A-Za-z0-9]{3,20}".prop_map(|s| IdNumber::from_kept(&s))
    ]
}

pub(crate) fn account() -> impl Strategy<Value = Account> {
    "[0-9]{8,32}".prop_map(|s| Account::parse("a", &s).unwrap())
}

pub(crate) fn uscc() -> impl Strategy<Value = Uscc> {
    select(vec!["91110000600037341L", "91150621MA0NTET009"]).prop_map(|s| Uscc::parse("u", s).unwrap())
}

pub(crate) fn project() -> impl Strategy<Value = Body> {
    let names = (project_id(), text(), text(), text(), select(Funding::ALL), text(), of(uscc()), text());
    let facts = (uscc(), day(), fen(), of(fen()), of(day()), of(day()));
    (names, facts, of(1u8..32), of(0u8..2), of(text()), select(ProjectStatus::ALL)).prop_map(
        |(n, f, pay_day, pay_month_offset, labour_officer, status)| {
            Body::Project(Box::new(Project {
                project_id: n.0,
                name: n.1,
                sector: n.2,
                territory: n.3,
                funding: n.4,
                owner_name: n.5,
                owner_uscc: n.6,
                contractor_name: n.7,
                contractor_uscc: f.0,
                contract_signed_on: f.1,
                contract_fen: f.2,
                labour_fee_fen: f.3,
                started_on: f.4,
                completed_on: f.5,
                pay_day,
                pay_month_offset,
                labour_officer,
                status,
            }))
        },
    )
}

fn enrolment() -> impl Strategy<Value = Body> {
    let names = (project_id(), id_number(), of(text()), text(), text(), of(uscc()), of(text()));
    let facts = (select(Basis::ALL), fen(), day(), of(day()), of(day()), of(account()));
    (names, facts, of(1u8..32), of(0u8..2)).prop_map(|(n, f, pay_day, pay_month_offset)| {
        Body::Enrolment(Box::new(Enrolment {
            project_id: n.0,
            id_number: n.1,
            id_type: n.2,
            name: n.3,
            employer_name: n.4,
            employer_uscc: n.5,
            team: n.6,
            basis: f.0,
            rate_fen: f.1,
            effective_on: f.2,
            contract_signed_on: f.3,
            left_on: f.4,
            account: f.5,
            pay_day,
            pay_month_offset,
        }))
    })
}

fn attendance() -> impl Strategy<Value = Body> {
    prop_oneof![
        (project_id(), id_number(), time(), of(select(SwipeDirection::ALL)), of(text())).prop_map(
            |(project_id, id_number, swiped_at, direction, device)| {
                Body::Swipe(Swipe { project_id, id_number, swiped_at, direction, device })
            }
        ),
        (project_id(), id_number(), day(), 0u32..=300, of(0u16..=4320)).prop_map(
            |(project_id, id_number, work_date, days, minutes)| {
                Body::WorkDay(WorkDay { project_id, id_number, work_date, days: Days(days), minutes })
            }
        ),
    ]
}

pub(crate) fn pay() -> impl Strategy<Value = Body> {
    let line = (id_number(), fen(), fen(), any::<bool>()).prop_map(|l| PayrollLine {
        id_number: l.0,
        payable_fen: l.1,
        deductions_fen: l.2,
        signed: l.3,
    });
    let payment = (text(), text(), account(), account(), of(text()), of(id_number()), of(project_id()));
    prop_oneof![
        (project_id(), id_number(), period(), text(), fen()).prop_map(
            |(project_id, id_number, period, lot, amount_fen)| {
                Body::Piecework(Box::new(Piecework { project_id, id_number, period, lot, amount_fen }))
            }
        ),
        (project_id(), uscc(), period(), day(), of(day()), vec(line, 0..20)).prop_map(
            |(project_id, employer_uscc, period, submitted_on, approved_on, lines)| {
                Body::Payroll(Box::new(Payroll {
                    project_id,
                    employer_uscc,
                    period,
                    submitted_on,
                    approved_on,
                    lines,
                }))
            }
        ),
        (payment, of(period()), fen(), time(), select(PaymentStatus::ALL)).prop_map(
            |(p, period, amount_fen, settled_at, status)| {
                Body::Payment(Box::new(Payment {
                    bank: p.0,
                    txn_id: p.1,
                    account: p.2,
                    payee_account: p.3,
                    payee_name: p.4,
                    id_number: p.5,
                    project_id: p.6,
                    period,
                    amount_fen,
                    settled_at,
                    status,
                }))
            }
        ),
    ]
}

pub(crate) fn accounts() -> impl Strategy<Value = Body> {
    let booked = (account(), text(), select(EntryDirection::ALL), select(EntryKind::ALL));
    prop_oneof![
        (project_id(), account(), text(), day(), any::<bool>(), of(day())).prop_map(
            |(project_id, account, bank, opened_on, agreement_signed, closed_on)| {
                Body::Account(Box::new(WageAccount {
                    project_id,
                    account,
                    bank,
                    opened_on,
                    agreement_signed,
                    closed_on,
                }))
            }
        ),
        (booked, fen(), time(), of(text()), of(text())).prop_map(
            |(b, amount_fen, booked_at, counterparty, purpose)| {
                Body::AccountEntry(Box::new(AccountEntry {
                    account: b.0,
                    entry_id: b.1,
                    direction: b.2,
                    kind: b.3,
                    amount_fen,
                    booked_at,
                    counterparty,
                    purpose,
                }))
            }
        ),
        (account(), text(), select(RestraintKind::ALL), text(), day(), of(day())).prop_map(
            |(account, restraint_id, kind, authority, imposed_on, lifted_on)| {
                Body::AccountRestraint(Box::new(AccountRestraint {
                    account,
                    restraint_id,
                    kind,
                    authority,
                    imposed_on,
                    lifted_on,
                }))
            }
        ),
    ]
}

pub(crate) fn others() -> impl Strategy<Value = Body> {
    let deposit = (project_id(), text(), select(DepositForm::ALL), fen(), day(), of(day()), any::<bool>());
    let complaint = (text(), select(Channel::ALL), day(), of(project_id()), of(uscc()), of(text()));
    prop_oneof![
        (deposit, select(DepositStatus::ALL)).prop_map(|(d, status)| {
            Body::Deposit(Box::new(Deposit {
                project_id: d.0,
                deposit_id: d.1,
                form: d.2,
                amount_fen: d.3,
                lodged_on: d.4,
                expires_on: d.5,
                on_demand: d.6,
                status,
            }))
        }),
        (project_id(), text(), fen(), day(), of(day())).prop_map(
            |(project_id, guarantee_id, amount_fen, provided_on, expires_on)| {
                Body::PaymentGuarantee(Box::new(PaymentGuarantee {
                    project_id,
                    guarantee_id,
                    amount_fen,
                    provided_on,
                    expires_on,
                }))
            }
        ),
        (project_id(), text(), text(), text(), day(), select(InspectionOutcome::ALL), of(text())).prop_map(
            |(project_id, inspection_id, department, inspector, inspected_on, outcome, note)| {
                Body::Inspection(Box::new(Inspection {
                    project_id,
                    inspection_id,
                    department,
                    inspector,
                    inspected_on,
                    outcome,
                    note,
                }))
            }
        ),
        (complaint, of(text()), of(any::<u32>()), of(fen()), of(day())).prop_map(
            |(c, territory, workers, amount_fen, closed_on)| {
                Body::Complaint(Box::new(Complaint {
                    complaint_id: c.0,
                    channel: c.1,
                    filed_on: c.2,
                    project_id: c.3,
                    employer_uscc: c.4,
                    sector: c.5,
                    territory,
                    workers,
                    amount_fen,
                    closed_on,
                }))
            }
        ),
        (uscc(), select(Signal::ALL), 0u8..=100, day()).prop_map(
            |(employer_uscc, signal, level, observed_on)| {
                Body::BusinessSignal(Box::new(BusinessSignal { employer_uscc, signal, level, observed_on }))
            }
        ),
    ]
}

fn rejected() -> impl Strategy<Value = Entry> {
    let reason = (text(), select(&ReasonCode::ALL[..]), text(), text()).prop_map(|r| Reason {
        field: r.0,
        code: r.1,
        found: r.2,
        expected: r.3,
    });
    let place = (select(Door::ALL), text(), any::<u64>(), of(text()), of(text()));
    (place, reason, vec(any::<u8>(), 0..300), any::<u64>()).prop_map(|(p, reason, raw, raw_len)| {
        Entry::Rejected(Box::new(Rejected {
            door: p.0,
            file: p.1,
            line: p.2,
            id: p.3,
            source: p.4,
            reason,
            raw: raw.into(),
            raw_len,
        }))
    })
}

pub(crate) fn act_kind() -> impl Strategy<Value = ActKind> {
    let simple = prop_oneof![
        Just(ActKind::Acknowledge),
        text().prop_map(|to| ActKind::Assign { to }),
        text().prop_map(|text| ActKind::Note { text }),
        text().prop_map(|text| ActKind::Handle { text }),
        text().prop_map(|text| ActKind::Justify { text }),
    ];
    prop_oneof![
        simple,
        (select(DismissReason::ALL), text()).prop_map(|(reason, text)| ActKind::Dismiss { reason, text }),
        (day(), text()).prop_map(|(until, text)| ActKind::AskJustification { until, text }),
        (select(WorkerWord::ALL), text()).prop_map(|(word, text)| ActKind::WorkerSays { word, text }),
        (select(ExemptionKind::ALL), day(), text()).prop_map(|(kind, until, text)| ActKind::Exempt {
            kind,
            until,
            text
        }),
        (fen(), text()).prop_map(|(amount, text)| ActKind::Advance { amount, text }),
        (select(Authority::ALL), text()).prop_map(|(to, text)| ActKind::HandOver { to, text }),
    ]
}

fn act() -> impl Strategy<Value = Entry> {
    (text(), project_id(), text(), time(), text(), act_kind()).prop_map(
        |(alert_id, project_id, actor, at, act_id, kind)| {
            let alert_id = AlertId(alert_id);
            Entry::Act(Box::new(Act { alert_id, project_id, actor, at, act_id, kind }))
        },
    )
}

pub(crate) fn release() -> impl Strategy<Value = Entry> {
    (select(Rule::ALL), text(), time(), text(), text()).prop_map(|(rule, actor, at, act_id, text)| {
        Entry::Release(Box::new(Release { rule, actor, at, act_id, text }))
    })
}

pub(crate) fn entry() -> impl Strategy<Value = Entry> {
    let body = prop_oneof![project(), enrolment(), attendance(), pay(), accounts(), others()];
    let record = (text(), text(), time(), body)
        .prop_map(|(id, source, at, body)| Entry::Record(Record { head: Head { id, source, at }, body }));
    prop_oneof![12 => record, 1 => rejected(), 1 => day().prop_map(Entry::Date), 1 => act(), 1 => rulebook(), 1 => erased(), 1 => release()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn every_entry_comes_back(entries in vec(entry(), 1..4)) {
        let mut w = Writer::new();
        entries.iter().for_each(|e| write_entry(&mut w, e));
        let mut r = Reader::new(&w.bytes);
        for entry in &entries {
            prop_assert_eq!(&read_entry(&mut r).unwrap(), entry);
        }
        prop_assert!(r.end().is_ok());
    }

    #[test]
    fn a_cut_or_flipped_entry_ends_in_an_entry_or_corrupt(entry in entry(), at: prop::sample::Index, flip in 1u8..) {
        let mut w = Writer::new();
        write_entry(&mut w, &entry);
        let at = at.index(w.bytes.len());
        prop_assert!(read_entry(&mut Reader::new(&w.bytes[..at])).is_err());
        w.bytes[at] ^= flip;
        let _ = read_entry(&mut Reader::new(&w.bytes));
    }

    #[test]
    fn any_bytes_end_in_an_entry_or_corrupt(tag in 0u8..40, bytes: Vec<u8>) {
        let _ = read_entry(&mut Reader::new(&bytes));
        let _ = read_entry(&mut Reader::new(&[&[tag], &bytes[..]].concat()));
    }
}

/// A word is kept as its place: a new word goes behind the others, none is ever moved or taken out.
#[test]
fn words_keep_their_places() {
    let check = |words: &[&str], want: &str| {
        let now = words.join(" ");
        assert!(now == want || now.starts_with(&format!("{want} ")), "kept as `{want}`, now `{now}`");
    };
    check(Funding::WORDS, "government state_owned private");
    check(ProjectStatus::WORDS, "active suspended completed");
    check(Basis::WORDS, "daily monthly hourly piece");
    check(PaymentStatus::WORDS, "settled returned");
    check(EntryDirection::WORDS, "in out");
    check(EntryKind::WORDS, "labour_fee refund fee other");
    check(RestraintKind::WORDS, "frozen seized deducted");
    check(DepositForm::WORDS, "cash bank_guarantee insurance surety");
    check(DepositStatus::WORDS, "lodged drawn released");
    check(InspectionOutcome::WORDS, "clear hazard violation");
    check(Channel::WORDS, "12345 petition platform online court");
    check(Signal::WORDS, "power tax licence credit litigation");
    check(Door::WORDS, "submit submit_stream file demo kafka");
    check(DismissReason::WORDS, "record-wrong paid-outside-records worker-agreed not-a-worker test-data");
    check(
        &ReasonCode::ALL.map(ReasonCode::as_str),
        "syntax missing wrong-type format range checksum unknown-type too-large conflict",
    );
}

/// Bytes that stand in logs: whoever changes them must also raise the log's format.
#[test]
fn the_bytes_of_a_swipe_stay_the_same() {
    let swipe = Entry::Record(Record {
        head: Head {
            id: "g1-1".into(),
            source: "gate".into(),
            at: Time::parse("2026-03-04T07:01:00+08:00").unwrap(),
        },
        body: Body::Swipe(Swipe {
            project_id: ProjectId::parse("p", "P1").unwrap(),
            id_number: IdNumber::from_kept("152722199001010019"),
            swiped_at: Time::parse("2026-03-04T07:00:58+08:00").unwrap(),
            direction: Some(SwipeDirection::In),
            device: None,
        }),
    });
    let mut w = Writer::new();
    write_entry(&mut w, &swipe);
    let hex = data_encoding::HEXLOWER.encode(&w.bytes);
    assert_eq!(hex, "010467312d310467617465b0c1f6b41a0102503192869ea19980a13607");
}
