//! `complaint-open`: somebody has complained about the project, and nobody has closed the case.
//!
//! **Article**: county plan 2025, section 2 (2).
//!
//! **Found when**: a complaint was filed by today and is not closed by today. At once, yellow; orange when
//! it is older than 30 days, red when older than 60. Amount and workers as the complaint says. One that
//! names a project stands among that project's alerts, one that names none among the county's. It
//! goes to the territory and to the sector's department at once: the project's, or those that the
//! complaint itself names.
//!
//! **Clears when**: the complaint is closed, or stated anew with another project or none.
//!
//! **Evidence**: the complaint, its channel, when it was filed, the employer, workers and sum that it names;
//! where it names an employer and no project, what that employer owes in all projects, to how many.
//!
//! **Not covered**: whether what is complained about is true.

use super::Judgement;
use super::aging::after;
use crate::domain::{
    Complaint, Fact, FactName, FactValue, Finding, FirmView, Level, PapersView, ProjectId, Rule, Subject,
};
use compact_str::CompactString;

pub(super) fn judge(view: &PapersView<'_>, on: &mut Judgement<'_>) {
    for complaint in &view.complaints {
        find(complaint, view.project_id, Vec::new(), on);
    }
}

/// A complaint that names no project; `firm` is the employer that it names.
pub(super) fn judge_homeless(complaint: &Complaint, firm: Option<&FirmView<'_>>, on: &mut Judgement<'_>) {
    let mut owed = Vec::new();
    if let Some(firm) = firm.filter(|firm| firm.overdue_workers > 0) {
        owed.push(Fact::count(FactName::Projects, firm.overdue_projects));
        owed.push(Fact::count(FactName::Heads, firm.overdue_workers));
        owed.push(Fact::fen(FactName::Arrears, firm.overdue_fen));
        owed.extend(firm.oldest_due_on.map(|day| Fact::date(FactName::OldestDueOn, day)));
    }
    let text = |name, text: &Option<CompactString>| text.as_ref().map(|text| Fact::text(name, text));
    owed.extend(text(FactName::Sector, &complaint.sector));
    owed.extend(text(FactName::Territory, &complaint.territory));
    find(complaint, &ProjectId::county(), owed, on);
}

fn find(complaint: &Complaint, home: &ProjectId, more: Vec<Fact>, on: &mut Judgement<'_>) {
    let closed_on = complaint.closed_on;
    [Some(complaint.filed_on), closed_on].into_iter().flatten().for_each(|day| on.look_again(day));
    if complaint.filed_on > on.today || closed_on.is_some_and(|day| day <= on.today) {
        return;
    }
    let subject = Subject::Complaint(complaint.complaint_id.clone());
    let mut facts = evidence(complaint);
    facts.extend(more);
    let finding = Finding::new(Rule::ComplaintOpen, home, subject, level(complaint, on), facts);
    on.find(Finding {
        amount: complaint.amount_fen.map_or(0, |fen| fen.sum()),
        workers: complaint.workers.unwrap_or(0),
        ..finding
    });
}

fn level(complaint: &Complaint, on: &mut Judgement<'_>) -> Level {
    let numbers = on.numbers();
    let orange_from = after(complaint.filed_on, numbers.complaint_orange_after_days).plus(1);
    let red_from = after(complaint.filed_on, numbers.complaint_red_after_days).plus(1);
    on.look_again(orange_from);
    on.look_again(red_from);
    match on.today {
        today if today >= red_from => Level::Red,
        today if today >= orange_from => Level::Orange,
        _ => Level::Yellow,
    }
}

fn evidence(complaint: &Complaint) -> Vec<Fact> {
    let mut facts = vec![
        Fact::text(FactName::Complaint, &complaint.complaint_id),
        Fact::text(FactName::Channel, complaint.channel.as_str()),
        Fact::date(FactName::FiledOn, complaint.filed_on),
    ];
    facts.extend(complaint.amount_fen.map(|fen| Fact::fen(FactName::Sum, fen.sum())));
    facts.extend(complaint.workers.map(|count| Fact::count(FactName::Workers, count)));
    let firm = complaint.employer_uscc;
    facts.extend(firm.map(|firm| Fact::new(FactName::Employer, FactValue::Firm(firm))));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Channel, Fen, ProjectId};
    use crate::rules::sample::{day, judgement, papers};

    fn complaint(filed_on: &str, closed_on: Option<&str>) -> Complaint {
        Complaint {
            complaint_id: "C1".into(),
            channel: Channel::Petition,
            filed_on: day(filed_on),
            project_id: ProjectId::parse("project_id", "P1").ok(),
            employer_uscc: None,
            sector: None,
            territory: None,
            workers: Some(7),
            amount_fen: Some(Fen(900)),
            closed_on: closed_on.map(day),
        }
    }

    fn check(today: &str, complaint: &Complaint, want: Option<Level>) {
        let id = ProjectId::parse("project_id", "P1").unwrap();
        let mut on = judgement(today);
        judge(&PapersView { complaints: vec![complaint], ..papers(&id) }, &mut on);
        assert_eq!(on.findings().first().map(|found| found.level), want, "{today} {complaint:?}");
        for found in on.findings() {
            assert_eq!(
                (found.amount, found.workers, &found.subject),
                (900, 7, &Subject::Complaint("C1".into()))
            );
        }
    }

    #[test]
    fn it_ages_from_the_day_on_which_it_was_filed() {
        for (today, want) in [
            ("2026-02-28", None),
            ("2026-03-01", Some(Level::Yellow)),
            ("2026-03-31", Some(Level::Yellow)),
            ("2026-04-01", Some(Level::Orange)),
            ("2026-04-30", Some(Level::Orange)),
            ("2026-05-01", Some(Level::Red)),
        ] {
            check(today, &complaint("2026-03-01", None), want);
        }
    }

    #[test]
    fn it_ends_on_the_day_on_which_it_is_closed() {
        let closed = complaint("2026-03-01", Some("2026-03-20"));
        check("2026-03-19", &closed, Some(Level::Yellow));
        check("2026-03-20", &closed, None);
    }

    #[test]
    fn every_turn_is_looked_at_again() {
        let (id, closed) =
            (ProjectId::parse("project_id", "P1").unwrap(), complaint("2026-03-01", Some("2026-09-01")));
        let mut on = judgement("2026-03-02");
        judge(&PapersView { complaints: vec![&closed], ..papers(&id) }, &mut on);
        let again: Vec<_> = on.into_parts().1.into_iter().collect();
        assert_eq!(again, ["2026-04-01", "2026-05-01", "2026-09-01"].map(day));
        let later = complaint("2026-05-01", None);
        let mut on = judgement("2026-03-02");
        judge(&PapersView { complaints: vec![&later], ..papers(&id) }, &mut on);
        assert_eq!(on.into_parts().1.into_iter().collect::<Vec<_>>(), [day("2026-05-01")]);
    }
}
