//! `payroll-missing`: pay day is near, and an employer's payroll sheet of the month is not there, not
//! signed, or not approved.
//!
//! **Article**: Order 724, art. 31, 56.
//!
//! **Found when**: from 5 working days before the project's due date of a month on, an employer of
//! workers who worked in it has no sheet of that month with any line, or one with lines that are not
//! signed, or one that is not approved by today. A worker without an employer is the contractor's. One an
//! employer and month, yellow, overdue since that day; workers = those of the employer who worked. The
//! number of working days is that of the due date.
//!
//! **Clears when**: the sheet stands whole, signed and approved; or nobody of the employer worked in the
//! month after all.
//!
//! **Evidence**: the employer, the month, the project's due date, the deadline, how many worked, and what
//! the sheet lacks: all of it (missing), signatures (unsigned, with their number), approval (unapproved).
//!
//! **Not covered**: whether every worker stands on the sheet, and with how much; sheets of employers
//! nobody of whom worked; a worker's own pay day where it differs from the project's.

use super::Judgement;
use crate::domain::{
    Day, Fact, FactName, FactValue, Finding, Level, MonthTotals, PapersView, Payroll, Rule, Subject, Uscc,
};

pub(super) fn judge(view: &PapersView<'_>, on: &mut Judgement<'_>) {
    for month in &view.months {
        let allowed = on.book.at(month.due_on).payroll_working_days;
        let deadline = on.book.calendar.minus_workdays(month.due_on, allowed);
        on.look_again(deadline);
        if on.today < deadline {
            continue;
        }
        for (employer, heads) in &month.by_employer {
            let lacks = lacks(sheet(view, *employer, month), on);
            if lacks.is_empty() {
                continue;
            }
            let mut facts = vec![
                Fact::new(FactName::Employer, FactValue::Firm(*employer)),
                Fact::month(FactName::Period, month.period),
                Fact::date(FactName::DueOn, month.due_on),
                Fact::date(FactName::DeadlineOn, deadline),
                Fact::count(FactName::Heads, *heads),
            ];
            facts.extend(lacks);
            facts.push(Fact::count(FactName::ThresholdWorkingDays, allowed));
            on.find(finding(view, (*employer, *heads), month, deadline, facts));
        }
    }
}

fn finding(
    view: &PapersView<'_>,
    (employer, heads): (Uscc, u32),
    month: &MonthTotals,
    deadline: Day,
    facts: Vec<Fact>,
) -> Finding {
    let subject = Subject::Sheet(employer, month.period);
    let finding = Finding::new(Rule::PayrollMissing, view.project_id, subject, Level::Yellow, facts);
    Finding { workers: heads, due_on: Some(deadline), ..finding }
}

/// Sheets come by (month, employer).
fn sheet<'a>(view: &PapersView<'a>, employer: Uscc, month: &MonthTotals) -> Option<&'a Payroll> {
    let key = (month.period, employer);
    let at = view.sheets.binary_search_by(|sheet| (sheet.period, sheet.employer_uscc).cmp(&key)).ok()?;
    view.sheets.get(at).copied()
}

/// What keeps the sheet from being whole today; nothing if it is.
fn lacks(sheet: Option<&Payroll>, on: &mut Judgement<'_>) -> Vec<Fact> {
    let state = |word: &str| Fact::text(FactName::SheetState, word);
    let Some(sheet) = sheet.filter(|sheet| !sheet.lines.is_empty()) else { return vec![state("missing")] };
    let mut lacks = Vec::new();
    let unsigned = sheet.lines.iter().filter(|line| !line.signed).fold(0, |count: i64, _| count + 1);
    if unsigned > 0 {
        lacks.extend([state("unsigned"), Fact::count(FactName::LinesUnsigned, unsigned)]);
    }
    match sheet.approved_on {
        Some(day) if day <= on.today => {}
        later => {
            later.into_iter().for_each(|day| on.look_again(day));
            lacks.push(state("unapproved"));
        }
    }
    lacks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Fen, PayrollLine, Period, ProjectId};
    use crate::rules::sample::{day, judgement, papers, person};

    fn employer(n: usize) -> Uscc {
        Uscc::parse("uscc", ["91110000600037341L", "91150621MA0NTET009"][n]).unwrap()
    }

    /// Sheets of 2026-03, due on Wednesday 15 April: five working days before is the 8th.
    fn sheet_of(n: usize, signed: &[bool], approved_on: Option<&str>) -> Payroll {
        let line = |signed: &bool| PayrollLine {
            id_number: person(),
            payable_fen: Fen(1),
            deductions_fen: Fen(0),
            signed: *signed,
        };
        Payroll {
            project_id: ProjectId::parse("project_id", "P1").unwrap(),
            employer_uscc: employer(n),
            period: Period::parse("2026-03").unwrap(),
            submitted_on: day("2026-04-01"),
            approved_on: approved_on.map(day),
            lines: signed.iter().map(line).collect(),
        }
    }

    fn found(today: &str, by_employer: Vec<(Uscc, u32)>, sheets: &[Payroll]) -> Vec<(Uscc, Vec<String>)> {
        let id = ProjectId::parse("project_id", "P1").unwrap();
        let heads = by_employer.iter().map(|(_, heads)| heads).sum();
        let period = Period::parse("2026-03").unwrap();
        let month = MonthTotals {
            period,
            due_on: day("2026-04-15"),
            heads,
            by_employer,
            heads_paid: None,
            heads_in_time: None,
            coming: None,
        };
        let mut on = judgement(today);
        judge(&PapersView { months: vec![month], sheets: sheets.iter().collect(), ..papers(&id) }, &mut on);
        let states = |found: &Finding| match &found.evidence {
            crate::domain::Evidence::Facts(facts) => facts
                .iter()
                .filter_map(|fact| match &fact.value {
                    FactValue::Text(word) => Some(word.to_string()),
                    _ => None,
                })
                .collect(),
            other => panic!("{other:?}"),
        };
        on.findings()
            .iter()
            .map(|found| match found.subject {
                Subject::Sheet(employer, _) => (employer, states(found)),
                ref other => panic!("{other:?}"),
            })
            .collect()
    }

    fn check(today: &str, sheet: Option<Payroll>, lacks: &[&str]) {
        let sheets: Vec<Payroll> = sheet.into_iter().collect();
        let found = found(today, vec![(employer(0), 3)], &sheets);
        let states: Vec<String> = found.into_iter().flat_map(|(_, states)| states).collect();
        assert_eq!(states, lacks, "{today} {sheets:?}");
    }

    #[test]
    fn it_is_asked_for_five_working_days_before_pay_day() {
        check("2026-04-07", None, &[]);
        check("2026-04-08", None, &["missing"]);
        check("2026-12-31", None, &["missing"]);
    }

    #[test]
    fn a_sheet_has_to_have_lines_signatures_and_approval() {
        let today = "2026-04-08";
        check(today, Some(sheet_of(0, &[true, true], Some("2026-04-08"))), &[]);
        check(today, Some(sheet_of(0, &[], Some("2026-04-08"))), &["missing"]);
        check(today, Some(sheet_of(0, &[true, false], Some("2026-04-08"))), &["unsigned"]);
        check(today, Some(sheet_of(0, &[true], None)), &["unapproved"]);
        check(today, Some(sheet_of(0, &[true], Some("2026-04-09"))), &["unapproved"]);
        check(today, Some(sheet_of(0, &[false], None)), &["unsigned", "unapproved"]);
    }

    #[test]
    fn each_employer_has_a_sheet_of_its_own() {
        let heads = vec![(employer(0), 3), (employer(1), 1)];
        let sheets = [sheet_of(0, &[true], Some("2026-04-02"))];
        assert_eq!(found("2026-04-10", heads, &sheets), [(employer(1), vec!["missing".to_owned()])]);
        assert_eq!(found("2026-04-10", vec![], &[]), []);
    }

    #[test]
    fn the_deadline_and_a_later_approval_are_looked_at_again() {
        let mut on = judgement("2026-04-08");
        lacks(Some(&sheet_of(0, &[true], Some("2026-04-20"))), &mut on);
        assert_eq!(on.into_parts().1.into_iter().collect::<Vec<_>>(), [day("2026-04-20")]);
    }
}
