//! `attendance-suspicious`: a month's attendance looks made up.
//!
//! **Article**: judicial interpretation 2013-3, art. 2(3).
//!
//! **Found when**: any of these holds, by the numbers of the month's due date. More than 5 worked days
//! of the month have more than 16 hours on site. A day of the month ends 30 worked days on end, none left
//! out, whose first swipes lie within less than 2 minutes of each other, and whose last swipes do. After
//! the due date, more than 50 % of the month's standing day statements (if there are 5 or more) were
//! stated within the 5 days before the due date, that day not included. Or, over all projects and by the
//! numbers of the month's first day: on a day of the month two projects or more have 1 worked day, each, of the
//! same person; that finding is one of the county's own, for it is of no single project, and goes to the departments of
//! all sectors and territories concerned. In a sector in which the rule is off nothing is looked at, and over all
//! projects those of that sector are left out. Yellow: to be looked into.
//!
//! **Clears when**: records that arrive later leave none of these.
//!
//! **Evidence**: for each that holds, its days or statements and the numbers at which it is found; of a person at two
//! projects on one day, which projects, and which days.
//!
//! **Not covered**: how far two projects lie apart, and whether anybody can be at both in time: no record says where a
//! project is. Cards swiped by somebody else at plausible times.

use super::Judgement;
use super::aging::after;
use crate::domain::{
    Fact, FactName, Finding, Level, Numbers, PatternView, PeriodView, Rule, Subject, WorkerView,
};

/// Of fewer statements a share says nothing.
const STATEMENTS_LEAST: u32 = 5;

pub(super) fn judge(view: &WorkerView, period: &PeriodView, on: &mut Judgement<'_>) {
    let (pattern, numbers) = (&period.pattern, on.book.at(period.due_on));
    let mut facts = Vec::new();
    add_long_days(pattern, numbers, &mut facts);
    add_steady(pattern, numbers, &mut facts);
    if is_bulk(pattern, numbers) {
        on.look_again(after(period.due_on, 1));
        if on.today > period.due_on {
            add_bulk(period, numbers, &mut facts);
        }
    }
    if facts.is_empty() {
        return;
    }
    let subject = Subject::WorkerPeriod(view.id_number.clone(), period.period);
    let finding = Finding::new(Rule::AttendanceSuspicious, &view.project_id, subject, Level::Yellow, facts);
    on.find(Finding { workers: 1, ..finding });
}

fn add_long_days(pattern: &PatternView, numbers: &Numbers, facts: &mut Vec<Fact>) {
    if i64::from(pattern.long_days) > numbers.suspicious_long_days {
        facts.extend([
            Fact::count(FactName::ThresholdHours, numbers.suspicious_long_hours),
            Fact::count(FactName::LongDays, pattern.long_days),
            Fact::count(FactName::ThresholdCount, numbers.suspicious_long_days),
        ]);
    }
}

fn add_steady(pattern: &PatternView, numbers: &Numbers, facts: &mut Vec<Fact>) {
    if let Some(steady_to) = pattern.steady_to {
        facts.extend([
            Fact::date(FactName::SteadyFrom, after(steady_to, 1 - numbers.suspicious_steady_days)),
            Fact::date(FactName::SteadyTo, steady_to),
            Fact::count(FactName::ThresholdMinutes, numbers.suspicious_steady_minutes),
        ]);
    }
}

fn is_bulk(pattern: &PatternView, numbers: &Numbers) -> bool {
    let share = i64::from(pattern.statements_bulk) * 100;
    pattern.statements >= STATEMENTS_LEAST
        && share > i64::from(pattern.statements) * numbers.suspicious_bulk_percent
}

fn add_bulk(period: &PeriodView, numbers: &Numbers, facts: &mut Vec<Fact>) {
    facts.extend([
        Fact::date(FactName::DueOn, period.due_on),
        Fact::count(FactName::ThresholdDays, numbers.suspicious_bulk_days),
        Fact::count(FactName::Statements, period.pattern.statements),
        Fact::count(FactName::StatementsBulk, period.pattern.statements_bulk),
        Fact::count(FactName::ThresholdPercent, numbers.suspicious_bulk_percent),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sample::{day, judgement, period, worker};

    /// Due on 2026-04-15. The names of the facts that are found.
    fn facts(today: &str, pattern: PatternView) -> Vec<&'static str> {
        let month = PeriodView { pattern, ..period("2026-03", 0, 0) };
        let mut on = judgement(today);
        judge(&worker(vec![]), &month, &mut on);
        let told = |finding: &Finding| match &finding.evidence {
            crate::domain::Evidence::Facts(facts) => facts.iter().map(|fact| fact.name.as_str()).collect(),
            _ => Vec::new(),
        };
        on.findings().first().map(told).unwrap_or_default()
    }

    #[test]
    fn more_than_five_long_days() {
        let long = |long_days| facts("2026-03-20", PatternView { long_days, ..PatternView::default() });
        assert!(long(5).is_empty());
        assert_eq!(long(6), ["threshold-hours", "long-days", "threshold-count"]);
    }

    #[test]
    fn thirty_days_that_hardly_vary() {
        let pattern = PatternView { steady_to: Some(day("2026-03-31")), ..PatternView::default() };
        let month = PeriodView { pattern, ..period("2026-03", 0, 0) };
        let mut on = judgement("2026-03-31");
        judge(&worker(vec![]), &month, &mut on);
        let crate::domain::Evidence::Facts(facts) = &on.findings()[0].evidence else { panic!() };
        assert_eq!(facts[0], Fact::date(FactName::SteadyFrom, day("2026-03-02")));
    }

    #[test]
    fn statements_all_at_once_show_after_the_due_date() {
        let bulk = |today, statements, statements_bulk| {
            !facts(today, PatternView { statements, statements_bulk, ..PatternView::default() }).is_empty()
        };
        assert!(!bulk("2026-04-15", 22, 22) && bulk("2026-04-16", 22, 22));
        assert!(!bulk("2026-04-16", 22, 11) && bulk("2026-04-16", 22, 12));
        assert!(!bulk("2026-04-16", 4, 4) && bulk("2026-04-16", 5, 3));
        let month = PeriodView {
            pattern: PatternView { statements: 5, statements_bulk: 3, ..PatternView::default() },
            ..period("2026-03", 0, 0)
        };
        let mut on = judgement("2026-04-14");
        judge(&worker(vec![]), &month, &mut on);
        assert_eq!(on.into_parts().1.into_iter().collect::<Vec<_>>(), [day("2026-04-16")]);
    }

    #[test]
    fn an_ordinary_month_is_no_finding() {
        assert!(facts("2026-05-01", PatternView { statements: 22, ..PatternView::default() }).is_empty());
    }
}
