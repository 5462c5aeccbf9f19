//! The labour fees that came in on a project's wage accounts, and since when they are owed. Shared by
//! the rules on labour fees; knows none.

use super::Judgement;
use super::running::{is_running, started_on};
use crate::domain::{Day, PapersView, Project, Sum};
use std::collections::BTreeMap;

/// What an owner has paid of the labour fee until today, while he owes it.
pub(super) struct LabourFees<'a> {
    pub(super) facts: &'a Project,
    /// The day of the start, else that of the contract.
    pub(super) started_on: Day,
    /// Booked in by civil date, on all accounts together.
    pub(super) booked: BTreeMap<Day, Sum>,
}

/// None while no record says what the project is, and while it does not run. Looks again on the day
/// on which it starts or ends, and on that of a booking with a later date.
pub(super) fn labour_fees<'a>(view: &PapersView<'a>, on: &mut Judgement<'_>) -> Option<LabourFees<'a>> {
    let facts = view.facts?;
    let started_on = started_on(facts);
    on.look_again(started_on);
    facts.completed_on.into_iter().for_each(|day| on.look_again(day));
    if !is_running(facts, on.today) {
        return None;
    }
    let mut booked: BTreeMap<Day, Sum> = BTreeMap::new();
    for (day, sum) in view.accounts.iter().flat_map(|account| account.labour_fees) {
        on.look_again(*day);
        if *day <= on.today {
            *booked.entry(*day).or_default() += *sum;
        }
    }
    Some(LabourFees { facts, started_on, booked })
}
