//! Findings of every shape, for tests that go through bytes.

use crate::domain::*;
use compact_str::CompactString;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

pub(crate) fn text() -> impl Strategy<Value = CompactString> {
    ".{0,12}".prop_map(CompactString::from)
}

pub(crate) fn day() -> impl Strategy<Value = Day> {
    (-1000i32..40_000).prop_map(Day)
}

pub(crate) fn sum() -> impl Strategy<Value = Sum> {
    prop_oneof![0i128..10_000_000, any::<i128>()]
}

fn period() -> impl Strategy<Value = Period> {
    (0..=Period::LAST.0).prop_map(Period)
}

pub(crate) fn id_number() -> impl Strategy<Value = IdNumber> {
    prop_oneof![
        Just(IdNumber::from_kept("152722199001010019")),
        Just(IdNumber::from_kept("150621200301010012")),
        "[A-Z][0-9]{8}".prop_map(|text| IdNumber::from_kept(&text)),
    ]
}

fn account() -> impl Strategy<Value = Account> {
    "[0-9]{8,32}".prop_map(|text| Account::parse("account", &text).unwrap())
}

fn payment() -> impl Strategy<Value = PaymentLine> {
    (
        text(),
        text(),
        any::<i64>(),
        (account(), account()),
        0i64..i64::MAX / 4,
        of(period()),
        any::<(bool, bool, bool)>(),
    )
        .prop_map(
            |(
                bank,
                txn_id,
                fen,
                (payer_account, payee_account),
                nanos,
                period,
                (returned, counts, outside_account),
            )| {
                PaymentLine {
                    bank,
                    txn_id,
                    amount_fen: Fen(fen),
                    payer_account,
                    payee_account,
                    outside_account,
                    settled_at: Time(nanos),
                    period,
                    returned,
                    counts,
                }
            },
        )
}

fn accrual() -> impl Strategy<Value = AccrualLine> {
    prop_oneof![
        (text(), any::<i64>()).prop_map(|(lot, fen)| AccrualLine::Piecework { lot, amount_fen: Fen(fen) }),
        (day(), select(Basis::ALL), any::<i64>(), any::<(u32, u32)>(), sum()).prop_map(
            |(effective_on, basis, fen, (days, minutes), accrued)| AccrualLine::Terms {
                effective_on,
                basis,
                rate_fen: Fen(fen),
                days: Days(days),
                minutes,
                accrued,
            }
        ),
    ]
}

fn wage() -> impl Strategy<Value = WagePeriod> {
    let sums = (sum(), of(sum()), sum(), sum(), sum(), sum(), sum(), sum());
    let lists = (prop::collection::vec(accrual(), 0..4), prop::collection::vec(payment(), 0..4));
    (any::<(u32, u32)>(), sums, (day(), day(), of(firm())), lists).prop_map(
        |((days, minutes), s, (due_nominal, due_on, employer_uscc), (accrual, payments))| WagePeriod {
            employer_uscc,
            days: Days(days),
            minutes,
            accrual,
            accrued: s.0,
            signed: s.1,
            expected: s.2,
            direct: s.3,
            filled: s.4,
            paid: s.5,
            arrears: s.6,
            tolerance: s.7,
            due_nominal,
            due_on,
            payments,
        },
    )
}

fn firm() -> impl Strategy<Value = Uscc> {
    select(vec!["91150621MA0NTET009", "91110000600037341L"])
        .prop_map(|code| Uscc::parse("uscc", code).unwrap())
}

fn fact() -> impl Strategy<Value = Fact> {
    let value = prop_oneof![
        sum().prop_map(FactValue::Fen),
        any::<u32>().prop_map(|days| FactValue::Days(Days(days))),
        day().prop_map(FactValue::Date),
        period().prop_map(FactValue::Month),
        any::<i64>().prop_map(FactValue::Count),
        any::<i64>().prop_map(FactValue::Share),
        (0i64..i64::MAX / 4).prop_map(|nanos| FactValue::Time(Time(nanos))),
        firm().prop_map(FactValue::Firm),
        id_number().prop_map(FactValue::Person),
        account().prop_map(FactValue::Account),
        text().prop_map(FactValue::Text),
        payment().prop_map(|line| FactValue::Payment(Box::new(line))),
    ];
    (select(FactName::ALL), value).prop_map(|(name, value)| Fact { name, value })
}

fn evidence() -> impl Strategy<Value = Evidence> {
    let worst = prop::collection::vec((id_number(), sum()), 0..10);
    prop_oneof![
        wage().prop_map(|wage| Evidence::Wage(Box::new(wage))),
        (sum(), any::<(u32, u32)>(), day(), of(firm()), worst).prop_map(
            |(overdue_fen, (workers, periods), oldest_due_on, contractor_uscc, worst)| {
                Evidence::ProjectArrears {
                    overdue_fen,
                    workers,
                    periods,
                    oldest_due_on,
                    contractor_uscc,
                    worst,
                }
            }
        ),
        (payment(), prop::collection::vec(account(), 0..3))
            .prop_map(|(payment, named_accounts)| { Evidence::PayeeMismatch { payment, named_accounts } }),
        (any::<u32>(), of(day())).prop_map(|(days, first_worked_on)| Evidence::UnregisteredWorker {
            days: Days(days),
            first_worked_on
        }),
        Just(Evidence::UnknownProject),
        prop::collection::vec(fact(), 0..6).prop_map(Evidence::Facts),
    ]
}

pub(crate) fn subject() -> impl Strategy<Value = Subject> {
    prop_oneof![
        Just(Subject::Project),
        id_number().prop_map(Subject::Worker),
        (id_number(), period()).prop_map(|(id, period)| Subject::WorkerPeriod(id, period)),
        (id_number(), text(), text()).prop_map(|(id_number, bank, txn_id)| Subject::Payment {
            id_number,
            bank,
            txn_id
        }),
        period().prop_map(Subject::Month),
        day().prop_map(Subject::Week),
        account().prop_map(Subject::Account),
        (account(), text()).prop_map(|(account, entry_id)| Subject::Booking { account, entry_id }),
        (account(), text()).prop_map(|(account, restraint_id)| Subject::Restraint { account, restraint_id }),
        (text(), text()).prop_map(|(bank, txn_id)| Subject::StrayPayment { bank, txn_id }),
        text().prop_map(Subject::Deposit),
        (firm(), period()).prop_map(|(firm, period)| Subject::Sheet(firm, period)),
        text().prop_map(Subject::Complaint),
        firm().prop_map(Subject::Employer),
        text().prop_map(Subject::Source),
        select(Rule::ALL).prop_map(Subject::Rule),
    ]
}

pub(crate) fn finding() -> impl Strategy<Value = Finding> {
    let words = (select(Rule::ALL), select(Level::ALL));
    let rest = (sum(), any::<u32>(), of(day()), of(period()), evidence());
    (words, "[A-Za-z0-9._-]{1,64}", subject(), rest).prop_map(
        |((rule, level), project, subject, (amount, workers, due_on, period, evidence))| Finding {
            rule,
            project_id: ProjectId::parse("project_id", &project).unwrap(),
            subject,
            level,
            amount,
            workers,
            due_on,
            period,
            evidence,
        },
    )
}
