//! `account-closed-early`: the wage account is closed although the project is not through with its wages.
//!
//! **Article**: Order 724, art. 27.
//!
//! **Found when**: every wage account of the project that was opened is closed, and, for the one that
//! was closed last: some month of a worker is overdue, or a complaint that names the project is
//! open, or it was closed less than 30 days after the project was completed, or before. Red. While the
//! project is unknown, arrears and complaints alone count; where it is stated as completed without a
//! day, too.
//!
//! **Clears when**: another account is opened or this one is again, the wages are paid and the
//! complaints closed; a day of completion more than that long ago becomes known.
//!
//! **Evidence**: the account, the day on which it was closed, the day of completion and the days that
//! it had to stay open, and what else of the project is open.
//!
//! **Not covered**: whether the bank published the closing; an account that was closed early while
//! another of the project was open.

use super::Judgement;
use super::aging::after;
use crate::domain::{
    Complaint, Day, Fact, FactName, FactValue, Finding, Level, PapersView, ProjectStatus, Rule, Subject,
    WageAccount,
};

pub(super) fn judge(view: &PapersView<'_>, on: &mut Judgement<'_>) {
    for account in &view.accounts {
        on.look_again(account.account.opened_on);
        account.account.closed_on.into_iter().for_each(|day| on.look_again(day));
    }
    for complaint in &view.complaints {
        on.look_again(complaint.filed_on);
        complaint.closed_on.into_iter().for_each(|day| on.look_again(day));
    }
    let Some((closed_on, last)) = closed_last(view, on.today) else { return };
    let reasons = reasons(view, closed_on, on);
    if reasons.is_empty() {
        return;
    }
    for account in last {
        let mut evidence = vec![
            Fact::new(FactName::Account, FactValue::Account(account.account)),
            Fact::date(FactName::ClosedOn, closed_on),
        ];
        evidence.extend(reasons.iter().cloned());
        let subject = Subject::Account(account.account);
        on.find(Finding::new(Rule::AccountClosedEarly, view.project_id, subject, Level::Red, evidence));
    }
}

/// The accounts that were closed last, if none is open.
fn closed_last<'a>(view: &PapersView<'a>, today: Day) -> Option<(Day, Vec<&'a WageAccount>)> {
    let opened = view.accounts.iter().filter(|account| account.was_opened(today));
    let opened: Vec<&WageAccount> = opened.map(|account| account.account).collect();
    let closed: Option<Vec<Day>> =
        opened.iter().map(|account| account.closed_on.filter(|day| *day <= today)).collect();
    let last = closed?.into_iter().max()?;
    Some((last, opened.into_iter().filter(|account| account.closed_on == Some(last)).collect()))
}

/// Why it was too early; none if it was not.
fn reasons(view: &PapersView<'_>, closed_on: Day, on: &Judgement<'_>) -> Vec<Fact> {
    let mut reasons = Vec::new();
    if let Some(facts) = view.facts {
        let days = on.numbers().closed_days;
        match facts.completed_on {
            Some(completed_on) if closed_on < after(completed_on, days) => {
                reasons.push(Fact::date(FactName::CompletedOn, completed_on));
                reasons.push(Fact::count(FactName::ThresholdDays, days));
            }
            None if facts.status != ProjectStatus::Completed => {
                reasons.push(Fact::text(FactName::Cause, "未竣工 / not completed"));
            }
            _ => {}
        }
    }
    if view.in_arrears {
        reasons.push(Fact::text(FactName::Cause, Rule::ProjectArrears.as_str()));
    }
    let open = view.complaints.iter().filter(|complaint| is_open(complaint, on.today));
    reasons.extend(open.map(|complaint| Fact::text(FactName::Complaint, &complaint.complaint_id)));
    reasons
}

fn is_open(complaint: &Complaint, today: Day) -> bool {
    complaint.filed_on <= today && complaint.closed_on.is_none_or(|closed_on| closed_on > today)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Account, Channel, Project};
    use crate::rules::sample::{
        account, day, days_again, facts, judgement, papers_of, project_id, wage_account,
    };

    fn closed(on: &str) -> WageAccount {
        WageAccount { closed_on: Some(day(on)), ..wage_account("2026-01-10") }
    }

    fn other(paper: WageAccount) -> WageAccount {
        WageAccount { account: Account::parse("account", "05370101040000002").unwrap(), ..paper }
    }

    /// What else is known of the project.
    #[derive(Default)]
    struct Known {
        facts: Option<Project>,
        complaint: Option<Complaint>,
        in_arrears: bool,
    }

    /// What is found on 2026-06-01, by account.
    fn found(papers: &[WageAccount], known: Known) -> Vec<Account> {
        let id = project_id();
        let view = papers_of(&id, papers.iter().map(account).collect());
        let (facts, complaints) = (known.facts.as_ref(), known.complaint.iter().collect());
        let mut on = judgement("2026-06-01");
        judge(&PapersView { facts, complaints, in_arrears: known.in_arrears, ..view }, &mut on);
        let of = |finding: &Finding| match finding.subject {
            Subject::Account(account) => account,
            _ => panic!("{finding:?}"),
        };
        on.findings().iter().map(of).collect()
    }

    #[test]
    fn thirty_days_after_completion_it_may_be_closed() {
        let project = |completed_on: Option<&str>, status| Project {
            completed_on: completed_on.map(day),
            status,
            ..facts()
        };
        for (completed_on, closed_on, early) in [
            (Some("2026-04-01"), "2026-04-30", 1),
            (Some("2026-04-01"), "2026-05-01", 0),
            (Some("2026-04-01"), "2026-03-01", 1),
            (Some("2026-04-01"), "2026-06-02", 0), // not closed yet
            (None, "2026-05-01", 1),
        ] {
            let facts = Some(project(completed_on, ProjectStatus::Active));
            let count = found(&[closed(closed_on)], Known { facts, ..Known::default() }).len();
            assert_eq!(count, early, "{completed_on:?} {closed_on}");
        }
        let facts = Some(project(None, ProjectStatus::Completed));
        assert_eq!(found(&[closed("2026-05-01")], Known { facts, ..Known::default() }), []);
        assert_eq!(found(&[closed("2026-05-01")], Known::default()), []);
    }

    #[test]
    fn arrears_and_open_complaints_keep_it_open() {
        let paper = [closed("2026-05-01")];
        assert_eq!(found(&paper, in_arrears()), [paper[0].account]);
        for (filed_on, closed_on, early) in [
            ("2026-06-01", None, 1),
            ("2026-06-02", None, 0),
            ("2026-05-01", Some("2026-06-01"), 0),
            ("2026-05-01", Some("2026-06-02"), 1),
        ] {
            let complaint = Complaint {
                complaint_id: "C1".into(),
                channel: Channel::Petition,
                filed_on: day(filed_on),
                project_id: Some(project_id()),
                employer_uscc: None,
                sector: None,
                territory: None,
                workers: None,
                amount_fen: None,
                closed_on: closed_on.map(day),
            };
            let complaint = Some(complaint);
            let count = found(&paper, Known { complaint, ..Known::default() }).len();
            assert_eq!(count, early, "{filed_on} {closed_on:?}");
        }
    }

    fn in_arrears() -> Known {
        Known { in_arrears: true, ..Known::default() }
    }

    #[test]
    fn another_account_takes_its_place() {
        let first = closed("2026-03-01");
        assert_eq!(found(&[first.clone(), other(wage_account("2026-03-01"))], in_arrears()), []);
        // It is the last one that was closed too early.
        let last = other(closed("2026-05-01"));
        assert_eq!(found(&[first.clone(), last.clone()], in_arrears()), [last.account]);
        // One that is not opened yet pays nobody.
        let later = other(wage_account("2026-06-02"));
        assert_eq!(found(&[first.clone(), later], in_arrears()), [first.account]);
    }

    #[test]
    fn it_looks_again_when_an_account_opens_or_closes() {
        let (id, paper) = (project_id(), closed("2026-07-01"));
        let mut on = judgement("2026-01-01");
        judge(&papers_of(&id, vec![account(&paper)]), &mut on);
        assert_eq!(days_again(on), ["2026-01-10", "2026-07-01"]);
    }
}
