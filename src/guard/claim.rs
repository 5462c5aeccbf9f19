//! What a record that could not be taken says of whose it is. It may be broken in any way: what cannot be read says
//! nothing, and what says nothing is nobody's but the county's.

use crate::access::{Place, Statement};
use crate::domain::{Account, Body, RecordType};
use crate::proto::v1::{self as pb, record::Body as PbBody};
use prost::Message;
use serde_json::{Map, Value};

/// The parts of a record by which `access` decides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    pub kind: RecordType,
    pub project_id: Option<String>,
    pub bank: Option<String>,
    pub department: Option<String>,
    /// The wage account that it is about: its bank may be known.
    pub account: Option<Account>,
}

impl Claim {
    /// Of the bytes as they came: JSON, or a protobuf `Record`.
    pub fn of_bytes(raw: &[u8]) -> Option<Claim> {
        match serde_json::from_slice::<Value>(raw) {
            Ok(Value::Object(fields)) => Claim::of_json(&fields),
            _ => Claim::of_message(pb::Record::decode(raw).ok()?.body?),
        }
    }

    pub fn of_body(body: &Body) -> Claim {
        let statement = Statement::of(body, None, Place::default());
        let own = |text: Option<&str>| text.map(ToOwned::to_owned);
        Claim {
            kind: statement.kind,
            project_id: own(statement.project_id),
            bank: own(statement.bank),
            department: own(statement.department),
            account: account_of(body),
        }
    }

    fn of_json(fields: &Map<String, Value>) -> Option<Claim> {
        let text = |field: &str| fields.get(field).and_then(Value::as_str);
        let kind = text("type").and_then(RecordType::parse)?;
        Some(Claim::new(kind, text("project_id"), text("bank"), text("department"), text("account")))
    }

    fn of_message(body: PbBody) -> Option<Claim> {
        let none = None;
        Some(match body {
            PbBody::Project(r) => Claim::new(RecordType::Project, Some(&r.project_id), none, none, none),
            PbBody::Enrolment(r) => Claim::new(RecordType::Enrolment, Some(&r.project_id), none, none, none),
            PbBody::Attendance(r) => {
                Claim::new(RecordType::Attendance, Some(&r.project_id), none, none, none)
            }
            PbBody::Piecework(r) => Claim::new(RecordType::Piecework, Some(&r.project_id), none, none, none),
            PbBody::Payroll(r) => Claim::new(RecordType::Payroll, Some(&r.project_id), none, none, none),
            PbBody::Payment(r) => {
                let project_id = r.project_id.as_deref();
                Claim::new(RecordType::Payment, project_id, Some(&r.bank), none, Some(&r.account))
            }
            PbBody::Account(r) => {
                Claim::new(RecordType::Account, Some(&r.project_id), Some(&r.bank), none, Some(&r.account))
            }
            PbBody::AccountEntry(r) => {
                Claim::new(RecordType::AccountEntry, none, none, none, Some(&r.account))
            }
            PbBody::AccountRestraint(r) => {
                Claim::new(RecordType::AccountRestraint, none, none, none, Some(&r.account))
            }
            PbBody::Inspection(r) => {
                Claim::new(RecordType::Inspection, Some(&r.project_id), none, Some(&r.department), none)
            }
            // The county's own, whatever they say.
            PbBody::Deposit(_)
            | PbBody::PaymentGuarantee(_)
            | PbBody::Complaint(_)
            | PbBody::BusinessSignal(_) => return None,
        })
    }

    fn new(
        kind: RecordType,
        project_id: Option<&str>,
        bank: Option<&str>,
        department: Option<&str>,
        account: Option<&str>,
    ) -> Claim {
        let said = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(ToOwned::to_owned);
        Claim {
            kind,
            project_id: said(project_id),
            bank: said(bank),
            department: said(department),
            account: account.and_then(|text| Account::parse("account", text).ok()),
        }
    }

    /// `account_bank`: of its account, where that is known as a wage account.
    pub fn statement<'a>(&'a self, account_bank: Option<&'a str>, place: Place<'a>) -> Statement<'a> {
        Statement {
            kind: self.kind,
            project_id: self.project_id.as_deref(),
            bank: self.bank.as_deref(),
            account_bank,
            department: self.department.as_deref(),
            place,
        }
    }
}

/// The wage account that a record is about.
pub fn account_of(body: &Body) -> Option<Account> {
    match body {
        Body::Payment(record) => Some(record.account),
        Body::Account(record) => Some(record.account),
        Body::AccountEntry(record) => Some(record.account),
        Body::AccountRestraint(record) => Some(record.account),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_whose_they_are_and_what_says_nothing_is_none() {
        let account = "05370101040012345";
        let json = format!(r#"{{"type":"payment","bank":"ABC","account":"{account}","amount_fen":"x"}}"#);
        let claim = Claim::of_bytes(json.as_bytes()).unwrap();
        assert_eq!((claim.kind, claim.bank.as_deref()), (RecordType::Payment, Some("ABC")));
        let payment = pb::Payment { bank: "ABC".into(), account: account.into(), ..pb::Payment::default() };
        let body = Some(PbBody::Payment(Box::new(payment)));
        let record = pb::Record { body, ..pb::Record::default() };
        assert_eq!(Claim::of_bytes(&record.encode_to_vec()), Some(claim));
        for nothing in [&b""[..], b"{", b"[]", b"{}", br#"{"type":"king"}"#, b"\xff\xff", b"<?xml?>"] {
            assert_eq!(Claim::of_bytes(nothing), None, "{nothing:?}");
        }
    }
}
