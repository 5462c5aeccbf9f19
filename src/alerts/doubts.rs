//! Why figures are in doubt, in words. Decides nothing.

use super::words::Both;
use crate::domain::{Doubt, DoubtKind};

/// One sentence.
pub fn doubt_words(doubt: &Doubt) -> Both {
    let since = doubt.since;
    let name = super::text::plain(&doubt.source);
    match doubt.kind {
        DoubtKind::Attendance => Both::new(
            format!("考勤来源 {name} 自 {since} 起未再报送，数据存疑"),
            format!("attendance source {name} was last heard of on {since}: the figures are in doubt"),
        ),
        DoubtKind::Bank => Both::new(
            format!("银行 {name} 自 {since} 起未再报送，数据存疑"),
            format!("bank {name} was last heard of on {since}: the figures are in doubt"),
        ),
        DoubtKind::Site => Both::new(
            format!("本项目自 {since} 起无考勤，数据存疑"),
            format!("nobody is said to have worked since {since}: the figures are in doubt"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::sample::day;

    #[test]
    fn a_reason_names_who_is_silent_and_since_when() {
        let said = |kind, source: &str| {
            let words = doubt_words(&Doubt { kind, source: source.into(), since: day("2026-03-02") });
            assert!(words.zh.contains("存疑") && words.zh.contains("2026-03-02"), "{}", words.zh);
            words.en
        };
        assert!(said(DoubtKind::Attendance, "gates").contains("gates was last heard of on 2026-03-02"));
        assert!(said(DoubtKind::Bank, "A\u{1b}BC").starts_with("bank A\u{fffd}BC"));
        assert!(said(DoubtKind::Site, "").contains("since 2026-03-02"));
    }
}
