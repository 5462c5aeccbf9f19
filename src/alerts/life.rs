//! Whether a finding, or its absence, changes an alert, and what that change is called.
//! Decides only; writes nothing.

use crate::domain::{Alert, AlertStatus, Change, Finding};

/// What the facts do to an alert; `None` when there is nothing to tell.
///
/// | alert | found | change |
/// | --- | --- | --- |
/// | none | yes | raised |
/// | stands | the same | - |
/// | stands | other level, sum, workers, dates or evidence | changed |
/// | dismissed | worse than what was dismissed | reopened |
/// | exempted | a larger sum than was exempted | reopened |
/// | stands | no | resolved |
/// | resolved | yes | reopened |
///
/// Days pass without a change: overdue days follow from the due date.
pub fn change_of(alert: Option<&Alert>, found: Option<&Finding>) -> Option<Change> {
    match (alert, found) {
        (None, None) => None,
        (None, Some(_)) => Some(Change::Raised),
        (Some(alert), None) => alert.stands().then_some(Change::Resolved),
        (Some(alert), Some(_)) if !alert.stands() => Some(Change::Reopened),
        (Some(alert), Some(found)) if is_beyond(alert, found) => Some(Change::Reopened),
        (Some(alert), Some(found)) => (alert.finding != *found).then_some(Change::Changed),
    }
}

/// A dismissal covers the level and the sum that it was given for; an exemption the sum, however old
/// it grows. No more than that.
fn is_beyond(alert: &Alert, found: &Finding) -> bool {
    match alert.status {
        AlertStatus::Dismissed => alert
            .dismissal
            .as_ref()
            .is_some_and(|covers| found.level > covers.level || found.amount > covers.amount),
        AlertStatus::Exempted => {
            alert.casework.exemption.as_ref().is_some_and(|covers| found.amount > covers.amount)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::sample::{alert, wage};
    use crate::domain::{DismissReason, Dismissal, Exemption, ExemptionKind, Level};

    fn with_status(status: AlertStatus) -> Alert {
        let mut alert = alert(wage(1, "2026-03", 100_000));
        alert.status = status;
        if status == AlertStatus::Dismissed {
            alert.dismissal = Some(Dismissal {
                reason: DismissReason::WorkerAgreed,
                text: "".into(),
                level: alert.finding.level,
                amount: alert.finding.amount,
            });
        }
        if status == AlertStatus::Exempted {
            alert.casework.exemption = Some(Exemption {
                kind: ExemptionKind::InProceedings,
                until: alert.raised_on.plus(30),
                by: "housing".into(),
                text: "".into(),
                amount: alert.finding.amount,
                before: AlertStatus::Open,
            });
        }
        alert
    }

    #[test]
    fn every_row_of_the_table() {
        use AlertStatus::{Acknowledged, Dismissed, Exempted, Handling, Open, Resolved};
        let same = wage(1, "2026-03", 100_000);
        let (less, more) = (wage(1, "2026-03", 99_999), wage(1, "2026-03", 100_001));
        let mut older = same.clone();
        older.level = Level::Red;
        for (status, found, change) in [
            (None, None, None),
            (None, Some(&same), Some(Change::Raised)),
            (Some(Open), Some(&same), None),
            (Some(Open), Some(&less), Some(Change::Changed)),
            (Some(Acknowledged), Some(&more), Some(Change::Changed)),
            (Some(Acknowledged), Some(&older), Some(Change::Changed)),
            (Some(Open), None, Some(Change::Resolved)),
            (Some(Acknowledged), None, Some(Change::Resolved)),
            (Some(Dismissed), None, Some(Change::Resolved)),
            (Some(Dismissed), Some(&same), None),
            (Some(Dismissed), Some(&less), Some(Change::Changed)),
            (Some(Dismissed), Some(&more), Some(Change::Reopened)),
            (Some(Dismissed), Some(&older), Some(Change::Reopened)),
            (Some(Handling), Some(&more), Some(Change::Changed)),
            (Some(Handling), None, Some(Change::Resolved)),
            (Some(Exempted), None, Some(Change::Resolved)),
            (Some(Exempted), Some(&same), None),
            (Some(Exempted), Some(&older), Some(Change::Changed)),
            (Some(Exempted), Some(&more), Some(Change::Reopened)),
            (Some(Resolved), None, None),
            (Some(Resolved), Some(&same), Some(Change::Reopened)),
        ] {
            let alert = status.map(with_status);
            assert_eq!(change_of(alert.as_ref(), found), change, "{status:?} {:?}", found.map(|f| f.amount));
        }
    }
}
