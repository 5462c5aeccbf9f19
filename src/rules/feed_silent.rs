//! `feed-silent`: a platform or a bank that used to send records sends none; the figures are in doubt.
//!
//! **Article**: Circular 2021-53, art. 23-24 (to be verified).
//!
//! **Found when**: the newest attendance of a source was stated 3 days ago or more, and a project that it
//! reports is at work and has no newer attendance from elsewhere; or the newest payment or booking of a bank was stated 40 days ago or more, and a
//! wage account with it is open whose project is at work. At work: active, not completed, or not
//! known. Blue. The numbers are those of today.
//!
//! **Clears when**: a record comes, from there or from elsewhere, or nothing that it reports on is at work or open.
//!
//! **Evidence**: the source, the day of its newest record, how many projects or accounts hang on it, and
//! the limit.
//!
//! **Not covered**: one site of a platform (`attendance-silent`); records that come, but late
//! (`upload-late`); holidays (their days count); sources of papers, which come when there is something to say.

use super::Judgement;
use super::aging::after;
use crate::domain::{Day, Fact, FactName, FeedView, Finding, Level, ProjectId, Rule, Subject};

pub(super) fn judge(view: &FeedView<'_>, on: &mut Judgement<'_>) {
    let numbers = on.numbers();
    let is_silent = |last: Day, days: i64| i64::from(on.today.since(last)) >= days;
    let mut facts = vec![Fact::text(FactName::Source, view.name)];
    let kinds = [
        (view.attendance, numbers.feed_silent_days, FactName::Projects),
        (view.bank, numbers.feed_silent_bank_days, FactName::Accounts),
    ];
    for (newest, days, what) in kinds {
        let Some((last, served)) = newest.filter(|(last, served)| *served > 0 && is_silent(*last, days))
        else {
            continue;
        };
        facts.push(Fact::date(FactName::LastSeenOn, last));
        facts.push(Fact::count(what, served));
        facts.push(Fact::count(FactName::ThresholdDays, days));
    }
    kinds
        .into_iter()
        .filter_map(|(newest, days, _)| Some(after(newest?.0, days)))
        .for_each(|day| on.look_again(day));
    if facts.len() > 1 {
        let subject = Subject::Source(view.name.into());
        on.find(Finding::new(Rule::FeedSilent, &ProjectId::county(), subject, Level::Blue, facts));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sample::{day, judgement};

    fn check(today: &str, attendance: Option<(&str, u32)>, bank: Option<(&str, u32)>, facts: usize) {
        let at = |newest: Option<(&str, u32)>| newest.map(|(on, served)| (day(on), served));
        let mut on = judgement(today);
        judge(&FeedView { name: "gates", attendance: at(attendance), bank: at(bank) }, &mut on);
        let found: Vec<usize> = on
            .findings()
            .iter()
            .map(|found| match &found.evidence {
                crate::domain::Evidence::Facts(facts) => facts.len(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(found, if facts == 0 { vec![] } else { vec![facts] }, "{today}");
    }

    #[test]
    fn a_platform_is_silent_after_three_days_and_a_bank_after_forty() {
        check("2026-03-12", Some(("2026-03-10", 1)), None, 0);
        check("2026-03-13", Some(("2026-03-10", 1)), None, 4);
        check("2026-04-18", None, Some(("2026-03-10", 2)), 0);
        check("2026-04-19", None, Some(("2026-03-10", 2)), 4);
        check("2026-04-19", Some(("2026-03-10", 1)), Some(("2026-03-10", 2)), 7);
    }

    #[test]
    fn nothing_is_asked_of_a_feed_that_serves_nobody_at_work() {
        check("2026-12-01", Some(("2026-03-10", 0)), Some(("2026-03-10", 0)), 0);
        check("2026-12-01", None, None, 0);
    }
}
