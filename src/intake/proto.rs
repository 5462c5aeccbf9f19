//! One protobuf `Record` to one record. Puts its fields into the same table as the JSON form, so
//! that one validation and one set of reasons serve both. Knows no batch and no door.
//!
//! An empty text and an enum of `UNSPECIFIED` are fields left out.

mod fields;

use super::field::Field as F;
use super::read;
use super::rejection::Rejection;
use super::wire::Fields;
use crate::domain::{
    Body, Days, Head, IdNumber, ProjectId, Record, RecordType, Swipe, SwipeDirection, Time, WorkDay,
};
use crate::proto::v1 as pb;
use crate::proto::v1::record::Body as PbBody;
use compact_str::CompactString;
use fields::{fill, text};

/// Decodes one record.
pub fn decode(record: &pb::Record) -> Result<Record, Rejection> {
    // Nine of ten records are plain attendance; what is not plain takes the long way, which says why.
    match plain(record) {
        Some(plain) => Ok(plain),
        None => decode_any(record),
    }
}

/// [`decode`] without the fast path: the two agree on every record.
pub fn decode_any(record: &pb::Record) -> Result<Record, Rejection> {
    let mut f = Fields::with_capacity(20);
    text(&mut f, F::Id, &record.id);
    text(&mut f, F::Source, &record.source);
    text(&mut f, F::At, &record.at);
    if let Some(body) = &record.body {
        text(&mut f, F::Type, record_type(body).as_str());
        fill(&mut f, body);
    }
    read::record(&f)
}

/// The body's type, for metrics and for the `type` field.
pub fn record_type(body: &PbBody) -> RecordType {
    match body {
        PbBody::Project(_) => RecordType::Project,
        PbBody::Enrolment(_) => RecordType::Enrolment,
        PbBody::Attendance(_) => RecordType::Attendance,
        PbBody::Piecework(_) => RecordType::Piecework,
        PbBody::Payroll(_) => RecordType::Payroll,
        PbBody::Payment(_) => RecordType::Payment,
        PbBody::Account(_) => RecordType::Account,
        PbBody::AccountEntry(_) => RecordType::AccountEntry,
        PbBody::AccountRestraint(_) => RecordType::AccountRestraint,
        PbBody::Deposit(_) => RecordType::Deposit,
        PbBody::PaymentGuarantee(_) => RecordType::PaymentGuarantee,
        PbBody::Inspection(_) => RecordType::Inspection,
        PbBody::Complaint(_) => RecordType::Complaint,
        PbBody::BusinessSignal(_) => RecordType::BusinessSignal,
    }
}

/// Attendance in which everything is as it should be, by the domain's own parsers.
fn plain(record: &pb::Record) -> Option<Record> {
    let Some(PbBody::Attendance(a)) = &record.body else { return None };
    // In bytes: what is longer may still be short enough in characters, and takes the long way.
    let short = |text: &str, max: usize| (1..=max).contains(&text.len());
    if a.id_type.is_some() || !short(&record.id, 128) || !short(&record.source, 64) {
        return None;
    }
    let head = Head {
        id: CompactString::from(record.id.as_str()),
        source: CompactString::from(record.source.as_str()),
        at: Time::parse(&record.at)?,
    };
    let project_id = ProjectId::parse("project_id", &a.project_id).ok()?;
    let id_number = IdNumber::parse("id_number", None, &a.id_number).ok()?;
    let body = match (&a.swiped_at, &a.work_date, &a.days, a.minutes) {
        (Some(at), None, None, None) => Body::Swipe(Swipe {
            project_id,
            id_number,
            swiped_at: Time::parse(at)?,
            direction: match a.direction {
                0 => None,
                1 => Some(SwipeDirection::In),
                2 => Some(SwipeDirection::Out),
                _ => return None,
            },
            device: match &a.device {
                None => None,
                Some(device) if short(device, 256) => Some(device.into()),
                Some(_) => return None,
            },
        }),
        (None, Some(date), Some(days), minutes) => Body::WorkDay(WorkDay {
            project_id,
            id_number,
            work_date: crate::domain::Day::parse(date).filter(|day| (1970..=2199).contains(&day.ymd().0))?,
            days: Days::parse(days)?,
            minutes: match minutes {
                None => None,
                Some(minutes) => Some(u16::try_from(minutes).ok().filter(|m| *m <= 4320)?),
            },
        }),
        _ => return None,
    };
    Some(Record { head, body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        Basis, Channel, DepositForm, DepositStatus, EntryDirection, EntryKind, Funding, InspectionOutcome,
        PaymentStatus, ProjectStatus, ReasonCode, RestraintKind, Signal,
    };

    fn head(body: PbBody) -> pb::Record {
        pb::Record {
            id: "r1".into(),
            source: "bank".into(),
            at: "2026-03-31T08:00:00+08:00".into(),
            body: Some(body),
        }
    }

    fn swipe() -> pb::Attendance {
        pb::Attendance {
            project_id: "P1".into(),
            id_number: "152722199001010019".into(),
            swiped_at: Some("2026-03-04T07:01:00+08:00".into()),
            direction: 1,
            device: Some("gate 2".into()),
            ..pb::Attendance::default()
        }
    }

    #[test]
    fn both_ways_agree_on_attendance() {
        let day = pb::Attendance {
            swiped_at: None,
            direction: 0,
            device: None,
            work_date: Some("2026-03-04".into()),
            days: Some("1.5".into()),
            ..swipe()
        };
        let mut cases = vec![swipe(), day.clone(), pb::Attendance { minutes: Some(480), ..day.clone() }];
        for case in &cases {
            assert!(plain(&head(PbBody::Attendance(case.clone()))).is_some(), "{case:?}");
        }
        cases.extend([
            pb::Attendance { minutes: Some(5000), ..day.clone() },
            pb::Attendance { days: Some("3.5".into()), ..day.clone() },
            pb::Attendance { days: Some(String::new()), ..day.clone() },
            pb::Attendance { work_date: Some("2026-02-30".into()), ..day.clone() },
            pb::Attendance { work_date: Some(String::new()), ..swipe() },
            pb::Attendance { device: Some(String::new()), ..swipe() },
            pb::Attendance { device: Some("字".repeat(200)), ..swipe() },
            pb::Attendance { device: Some("字".repeat(300)), ..swipe() },
            pb::Attendance { direction: 7, ..swipe() },
            pb::Attendance { id_type: Some("08".into()), id_number: "E12345678".into(), ..swipe() },
            pb::Attendance { id_number: "152722199001010018".into(), ..swipe() },
            pb::Attendance { project_id: String::new(), ..swipe() },
            pb::Attendance { work_date: Some("2026-03-04".into()), ..swipe() },
        ]);
        for case in cases {
            let record = head(PbBody::Attendance(case));
            assert_eq!(decode(&record), decode_any(&record), "{record:?}");
        }
    }

    #[test]
    fn reasons_are_those_of_json() {
        let check = |record: &pb::Record, field: &str, code: ReasonCode| {
            let rejection = decode(record).unwrap_err();
            assert_eq!(
                (rejection.reason.field.as_str(), rejection.reason.code),
                (field, code),
                "{rejection:?}"
            );
        };
        let none = pb::Record { body: None, ..head(PbBody::Attendance(swipe())) };
        check(&none, "type", ReasonCode::Missing);
        let payment = pb::Payment {
            bank: "ABC".into(),
            txn_id: "t".into(),
            account: "12345678".into(),
            ..pb::Payment::default()
        };
        check(&head(PbBody::Payment(Box::new(payment))), "payee_account", ReasonCode::Missing);
        let line = pb::PayrollLine {
            id_number: "152722199001010019".into(),
            payable_fen: Some(-1),
            ..pb::PayrollLine::default()
        };
        let payroll = pb::Payroll {
            project_id: "P1".into(),
            employer_uscc: "91150621MA0NTET009".into(),
            period: "2026-03".into(),
            submitted_on: "2026-04-01".into(),
            lines: vec![line],
            ..pb::Payroll::default()
        };
        check(&head(PbBody::Payroll(Box::new(payroll))), "lines[0].payable_fen", ReasonCode::Range);
        let rejection =
            decode(&pb::Record { at: "yesterday".into(), ..head(PbBody::Attendance(swipe())) }).unwrap_err();
        assert_eq!((rejection.id.as_deref(), rejection.source.as_deref()), (Some("r1"), Some("bank")));
    }

    /// Number n of an enum on the wire is the n-th word of the domain's.
    #[test]
    fn enums_have_the_words_of_json() {
        fn check(words: &[&str], prefix: &str, name: impl Fn(i32) -> Option<&'static str>) {
            for (number, word) in (1..).zip(words) {
                let name = name(number).unwrap_or_default();
                let want = if *word == "12345" { "hotline" } else { word };
                assert_eq!(
                    name.strip_prefix(prefix).unwrap_or(name).to_lowercase(),
                    want,
                    "{prefix}{number}"
                );
            }
            let past = i32::try_from(words.len()).unwrap() + 1;
            assert_eq!(name(past), None, "{prefix}");
        }
        macro_rules! check_all { ($($domain:ident $prefix:literal;)+) => {$(
            check($domain::WORDS, $prefix, |n| pb::$domain::try_from(n).ok().map(|e| e.as_str_name()));
        )+}}
        check_all! {
            Funding "FUNDING_"; ProjectStatus "PROJECT_STATUS_"; Basis "BASIS_"; SwipeDirection "SWIPE_DIRECTION_";
            PaymentStatus "PAYMENT_STATUS_"; EntryDirection "ENTRY_DIRECTION_"; EntryKind "ENTRY_KIND_";
            RestraintKind "RESTRAINT_KIND_"; DepositForm "DEPOSIT_FORM_"; DepositStatus "DEPOSIT_STATUS_";
            InspectionOutcome "INSPECTION_OUTCOME_"; Channel "CHANNEL_"; Signal "SIGNAL_";
        }
    }
}
