//! What a replay says on screen when it is done. Counts only: no person, no account.

use crate::domain::{Level, Sum};
use crate::engine::batch::Report;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// The summary, a few lines.
pub fn words(report: &Report, took: Duration) -> String {
    let totals = &report.totals;
    let mut text = String::new();
    let mut line = |label: &str, value: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{label:<12}{value}");
    };
    line("as of", report.as_of.to_string());
    line("records", grouped(Sum::from(totals.records)));
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for row in &report.rejected {
        *reasons.entry(row.reason.code.as_str()).or_default() += 1;
    }
    let listed: Vec<String> = reasons.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
    let listed = if listed.is_empty() { String::new() } else { format!("  ({})", listed.join(", ")) };
    line("rejected", format!("{}{listed}", grouped(Sum::from(totals.rejected))));
    line("projects", grouped(Sum::from(totals.projects)));
    line("workers", grouped(Sum::from(totals.workers)));
    line("arrears", format!("{} yuan", yuan(totals.arrears)));
    line("suspense", grouped(report.suspense.len() as Sum));
    line("alerts", grouped(Sum::from(totals.alerts)));
    let mut alerts: BTreeMap<(&str, Level), u64> = BTreeMap::new();
    for row in report.projects.iter().flat_map(|project| &project.alerts) {
        *alerts.entry((row.rule.as_str(), row.level)).or_default() += 1;
    }
    for ((rule, level), count) in alerts.iter().rev() {
        line("", format!("{rule:<22}{:<8}{:>10}", level.as_str(), grouped(Sum::from(*count))));
    }
    let millis = took.as_millis().max(1);
    let rate = u128::from(totals.records) * 1000 / millis;
    let rate = Sum::try_from(rate).unwrap_or(Sum::MAX);
    line("time", format!("{}.{:03} s, {} records/s", millis / 1000, millis % 1000, grouped(rate)));
    text
}

fn yuan(fen: Sum) -> String {
    format!("{}.{:02}", grouped(fen / 100), fen % 100)
}

// 1,234,567
fn grouped(number: Sum) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_read_as_people_write_them() {
        for (fen, want) in [(0, "0.00"), (5, "0.05"), (99_999, "999.99"), (123_456_789, "1,234,567.89")] {
            assert_eq!(yuan(fen), want);
        }
    }
}
