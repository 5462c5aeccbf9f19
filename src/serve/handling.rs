//! How long alerts take: from raised to acknowledged, and from raised to resolved, in business days. Counts what is
//! published, once, by the level that an alert then had.

use super::registrar::Registrar;
use crate::domain::{AlertRow, Change, Day, Level};
use prometheus::{Error, HistogramVec};

const DAY_SECONDS: f64 = 86_400.0;
/// 0 to 90 days.
const DAYS: [f64; 10] = [0.0, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 30.0, 60.0, 90.0];

pub(super) struct Handling {
    acknowledged: HistogramVec,
    resolved: HistogramVec,
}

impl Handling {
    pub fn new(r: &Registrar) -> Result<Handling, Error> {
        #[allow(clippy::float_arithmetic, reason = "bounds of a histogram")]
        let bounds = DAYS.map(|days| days * DAY_SECONDS);
        let handling = Handling {
            acknowledged: r.histogram_vec(
                "wagewatch_alert_acknowledged_after_seconds",
                "Business days, in seconds, from an alert being raised to its being acknowledged, by level.",
                &bounds,
                &["level"],
            )?,
            resolved: r.histogram_vec(
                "wagewatch_alert_resolved_after_seconds",
                "Business days, in seconds, from an alert being raised to the facts resolving it, by level.",
                &bounds,
                &["level"],
            )?,
        };
        for level in Level::ALL {
            handling.acknowledged.with_label_values(&[level.as_str()]);
            handling.resolved.with_label_values(&[level.as_str()]);
        }
        Ok(handling)
    }

    pub fn published(&self, row: &AlertRow) {
        let alert = &row.alert;
        if alert.held.is_some() {
            return;
        }
        let times = match row.change {
            Change::Acknowledged => &self.acknowledged,
            Change::Resolved => &self.resolved,
            _ => return,
        };
        let level = alert.finding.level.as_str();
        times.with_label_values(&[level]).observe(seconds(began(row), alert.changed_on));
    }
}

/// When the trouble began that ends now: a reopened alert began anew, and one that was held when it was told.
fn began(row: &AlertRow) -> Day {
    let steps = row.alert.history.steps.iter().rev();
    let mut starts =
        steps.filter(|step| matches!(step.change, Change::Raised | Change::Reopened | Change::Released));
    starts.next().map_or(row.alert.raised_on, |step| step.on)
}

#[allow(clippy::float_arithmetic, reason = "a histogram takes nothing else")]
fn seconds(from: Day, to: Day) -> f64 {
    f64::from(to.since(from).max(0)) * DAY_SECONDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_told_in_seconds_and_never_below_nothing() {
        assert_eq!(seconds(Day(10), Day(12)).to_bits(), 172_800.0_f64.to_bits());
        assert_eq!(seconds(Day(12), Day(10)).to_bits(), 0.0_f64.to_bits());
    }
}
