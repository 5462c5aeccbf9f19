//! The identity of an alert: the same trouble has the same id on every machine and after every
//! replay. Knows neither when it was found nor how bad it is.

use crate::domain::{AlertId, ProjectId, Rule, Subject};
use compact_str::format_compact;
use data_encoding::BASE32_NOPAD;

/// The key of the hash that makes ids.
///
/// An alert's id is shown to people who may not see whom it is about. There are few identity numbers
/// (a region, a birth date, four more characters), so an unkeyed hash of one is undone by trying them
/// all. A secret key from the config prevents that; machines that share alerts share the key.
pub type IdKey = [u8; 32];

/// The key where none is configured: public, so ids are comparable between installations, and
/// whoever holds one can search for the identity number behind it.
pub const PUBLIC_ID_KEY: IdKey = *b"wagewatch/alert-id/public-key/v1";

/// `<rule>-` and 26 letters and digits: 128 bits of a keyed hash over rule, project and subject.
pub fn alert_id(key: &IdKey, rule: Rule, project: &ProjectId, subject: &Subject) -> AlertId {
    let mut hasher = blake3::Hasher::new_keyed(key);
    // Texts with their lengths and one fixed shape a kind, so that no two subjects make the same
    // bytes. Not through the codec: its bytes may change one day, ids may not.
    let mut part = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    part(rule.as_str());
    part(project.as_str());
    match subject {
        Subject::Project => part("project"),
        Subject::Worker(id) => {
            part("worker");
            part(&id.reveal());
        }
        Subject::WorkerPeriod(id, period) => {
            part("worker-period");
            part(&id.reveal());
            part(&period.to_string());
        }
        Subject::Payment { id_number, bank, txn_id } => {
            part("payment");
            part(&id_number.reveal());
            part(bank);
            part(txn_id);
        }
        Subject::Month(period) => {
            part("month");
            part(&period.to_string());
        }
        Subject::Week(day) => {
            part("week");
            part(&day.to_string());
        }
        Subject::Account(account) => {
            part("account");
            part(&account.reveal());
        }
        Subject::Booking { account, entry_id } => {
            part("booking");
            part(&account.reveal());
            part(entry_id);
        }
        Subject::Restraint { account, restraint_id } => {
            part("restraint");
            part(&account.reveal());
            part(restraint_id);
        }
        Subject::StrayPayment { bank, txn_id } => {
            part("stray-payment");
            part(bank);
            part(txn_id);
        }
        Subject::Deposit(id) => {
            part("deposit");
            part(id);
        }
        Subject::Sheet(firm, period) => {
            part("sheet");
            part(&firm.to_string());
            part(&period.to_string());
        }
        Subject::Complaint(id) => {
            part("complaint");
            part(id);
        }
        Subject::Employer(firm) => {
            part("employer");
            part(&firm.to_string());
        }
        Subject::Rule(rule) => {
            part("rule");
            part(rule.as_str());
        }
        Subject::Source(name) => {
            part("source");
            part(name);
        }
    }
    let digest = BASE32_NOPAD.encode(&hasher.finalize().as_bytes()[..16]).to_ascii_lowercase();
    AlertId(format_compact!("{rule}-{digest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::finding_any as any;
    use crate::domain::{IdNumber, Period};
    use proptest::prelude::*;

    fn project(text: &str) -> ProjectId {
        ProjectId::parse("project_id", text).unwrap()
    }

    /// Ids that others keep: a change here cuts every alert off from its past.
    #[test]
    fn ids_stay_as_they_were() {
        let person = IdNumber::from_kept("152722199001010019");
        let month = Period::parse("2026-03").unwrap();
        let payment = Subject::Payment { id_number: person.clone(), bank: "B".into(), txn_id: "T1".into() };
        let ids: Vec<_> = [
            (Rule::ProjectArrears, Subject::Project),
            (Rule::UnregisteredWorker, Subject::Worker(person.clone())),
            (Rule::WageUnpaid, Subject::WorkerPeriod(person, month)),
            (Rule::PayeeMismatch, payment),
        ]
        .into_iter()
        .map(|(rule, subject)| alert_id(&PUBLIC_ID_KEY, rule, &project("P1"), &subject).0)
        .collect();
        assert_eq!(
            ids,
            [
                "project-arrears-a7jdi52bcmxo4lb6dmvacdacs4",
                "unregistered-worker-ukkcufsunjlokyf2fb5vxpmyk4",
                "wage-unpaid-qol6w3sjhrpdg2dhzzsf47zl4y",
                "payee-mismatch-uawdw3yth2ikhecsvjsironsmu",
            ]
        );
    }

    proptest! {
        #[test]
        fn different_troubles_have_different_ids(a in any::subject(), b in any::subject()) {
            let id = |subject| alert_id(&PUBLIC_ID_KEY, Rule::WageUnpaid, &project("P1"), subject);
            prop_assert_eq!(id(&a) == id(&b), a == b);
            prop_assert_ne!(id(&a), alert_id(&PUBLIC_ID_KEY, Rule::WageUnderpaid, &project("P1"), &a));
            prop_assert_ne!(id(&a), alert_id(&PUBLIC_ID_KEY, Rule::WageUnpaid, &project("P2"), &a));
            prop_assert_ne!(id(&a), alert_id(&[7; 32], Rule::WageUnpaid, &project("P1"), &a));
            let text = id(&a).0;
            let tail = text.strip_prefix("wage-unpaid-").unwrap();
            prop_assert!(tail.len() == 26 && tail.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        }
    }
}
