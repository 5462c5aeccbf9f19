//! An alert for those who see no person: what names one, whole or in part, and whatever somebody wrote by hand,
//! is taken out. Sums, days, dates, firms and offices stay.

use crate::proto::v1 as pb;
use pb::evidence::Kind;
use pb::fact::Value;

pub fn alert(alert: &mut pb::Alert) {
    if let Some(subject) = &mut alert.subject {
        subject.id_number = None;
        subject.account = None;
    }
    if let Some(evidence) = &mut alert.evidence {
        of_evidence(evidence);
    }
    (alert.assignee, alert.actor, alert.note) = (None, None, None);
    if let Some(dismissal) = &mut alert.dismissal {
        dismissal.text.clear();
    }
    if let Some(justification) = &mut alert.justification {
        justification.said = None;
    }
    if let Some(exemption) = &mut alert.exemption {
        exemption.by.clear();
        exemption.text.clear();
    }
}

pub fn step(step: &mut pb::HistoryStep) {
    (step.actor, step.text) = (None, None);
}

fn of_evidence(evidence: &mut pb::Evidence) {
    match &mut evidence.kind {
        Some(Kind::Wage(wage)) => wage.payments.iter_mut().for_each(payment),
        Some(Kind::ProjectArrears(arrears)) => {
            arrears.worst.iter_mut().for_each(|worker| worker.id_number.clear());
        }
        Some(Kind::PayeeMismatch(mismatch)) => {
            mismatch.payment.iter_mut().for_each(payment);
            mismatch.named_accounts.clear();
        }
        Some(Kind::Facts(facts)) => {
            facts.facts.retain(|fact| {
                !matches!(fact.value, Some(Value::IdNumber(_) | Value::Account(_) | Value::Text(_)))
            });
            for fact in &mut facts.facts {
                if let Some(Value::Payment(line)) = &mut fact.value {
                    payment(line);
                }
            }
        }
        Some(Kind::UnregisteredWorker(_) | Kind::UnknownProject(_)) | None => {}
    }
}

fn payment(line: &mut pb::PaymentLine) {
    line.payee_account.clear();
}
