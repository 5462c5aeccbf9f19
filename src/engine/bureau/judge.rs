//! What the county's own rules find of employers, complaints, feeds and people in what is known now. Remembers
//! nothing and compares nothing: the second stage, the batch and the shadow rulebook all judge by it.

use super::doubles::PersonMonth;
use super::{Bureau, Cases, Doubles};
use crate::domain::{
    Day, Finding, FirmView, MonthDays, PersonView, ProjectId, Rulebook, StayView, Subject, Uscc,
};
use crate::ledger::{Roster, count_days_alike};
use crate::rules::{self, Judgement};
use std::collections::BTreeSet;

/// Who owes what over all projects.
pub trait Owes {
    /// All employers that owe.
    fn firms(&self) -> Vec<Uscc>;
    /// Adds what the employer owes.
    fn tell(&self, view: &mut FirmView<'_>);
}

/// All that the county's rules see, and by what it is judged.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    pub(in crate::engine) roster: &'a Roster,
    pub(in crate::engine) owed: &'a dyn Owes,
    /// Confirmed arrears cases hang on what people did; where nobody does anything there are none.
    pub(in crate::engine) cases: Option<&'a Cases>,
    /// Days as the rulebook that told them counts them.
    pub(in crate::engine) doubles: &'a Doubles,
    pub(in crate::engine) today: Day,
    pub(in crate::engine) book: &'a Rulebook,
}

/// What was found, and the later days to look again.
type Found = (Vec<Finding>, BTreeSet<Day>);

impl Bureau {
    /// What the county's rules see by another rulebook, by which employers owe that, and by which people share those
    /// days where it counts other days than its own does; where nobody has counted them, its own stand for them.
    /// `None` before the first date.
    pub(in crate::engine) fn known_by<'a>(
        &'a self,
        owed: &'a dyn Owes,
        doubles: Option<&'a Doubles>,
        book: &'a Rulebook,
    ) -> Option<Known<'a>> {
        let (cases, own) = (Some(&self.cases), &self.doubles);
        let doubles = doubles.filter(|_| !count_days_alike(book, &self.book)).unwrap_or(own);
        self.meta.today.map(|today| Known { roster: &self.roster, owed, cases, doubles, today, book })
    }
}

impl<'a> Known<'a> {
    /// Everybody of whom anything is known.
    pub fn firms(&self) -> BTreeSet<Uscc> {
        let cases = self.cases.into_iter().flat_map(Cases::firms);
        self.roster.firms().chain(self.owed.firms()).chain(cases).collect()
    }

    pub fn of_firm(&self, firm: Uscc) -> Found {
        let mut on = self.judgement();
        rules::judge_firm(&self.firm(firm), &mut on);
        on.into_parts()
    }

    /// A complaint that names a project is judged there.
    pub fn of_complaint(&self, id: &str) -> Found {
        let mut on = self.judgement();
        if let Some(complaint) = self.roster.complaint(id).filter(|c| c.project_id.is_none()) {
            let firm = complaint.employer_uscc.map(|firm| self.firm(firm));
            rules::judge_complaint(complaint, firm.as_ref(), &mut on);
        }
        on.into_parts()
    }

    /// Somebody's month over all projects.
    pub fn of_person(&self, person: &PersonMonth) -> Found {
        let mut on = self.judgement();
        if let Some(stays) = self.doubles.of_person(person) {
            let stay = |(project_id, days): (&'a ProjectId, &MonthDays)| {
                let facts = self.roster.project(project_id);
                StayView { project_id, days: *days, facts }
            };
            let stays = stays.iter().map(stay).collect();
            rules::judge_person(&PersonView { id_number: &person.0, period: person.1, stays }, &mut on);
        }
        on.into_parts()
    }

    /// What is found of each feed.
    pub fn of_feeds(&self) -> Vec<(Subject, Vec<Finding>)> {
        let judge = |feed: crate::domain::FeedView<'_>| {
            let mut on = self.judgement();
            rules::judge_feed(&feed, &mut on);
            (Subject::Source(feed.name.into()), on.into_parts().0)
        };
        self.roster.feeds(self.today).into_iter().map(judge).collect()
    }

    /// All that is found, by subject.
    pub fn all(&self) -> Vec<Finding> {
        let firms = self.firms().into_iter().flat_map(|firm| self.of_firm(firm).0);
        let complaints = self.roster.complaints().flat_map(|c| self.of_complaint(&c.complaint_id).0);
        let people = self.doubles.people().flat_map(|person| self.of_person(person).0);
        let mut all: Vec<Finding> = firms.chain(complaints).chain(people).collect();
        all.extend(self.of_feeds().into_iter().flat_map(|(_, findings)| findings));
        all
    }

    /// An employer with what it owes and was found to have owed.
    fn firm(&self, uscc: Uscc) -> FirmView<'_> {
        let mut view = self.roster.firm(uscc);
        view.cases = self.cases.map_or(&[], |cases| cases.of(uscc));
        self.owed.tell(&mut view);
        view
    }

    fn judgement(&self) -> Judgement<'_> {
        Judgement::new(self.today, self.book, None)
    }
}
