//! What makes floods in a world: rulebooks with a budget of alerts that is soon used up, and operators who let go.

use rand::Rng;
use std::sync::Arc;
use wagewatch::domain::{AlertRow, Entry, Release, Rule, Rulebook, Time};

/// In a third of the seeds a budget of alerts that is soon used up. In most of those it is the same and on
/// for all time, so that it can be counted again from the rows.
pub fn flooded(book: Rulebook, seed: u64) -> Rulebook {
    let Some((alerts, grace_days)) = budget(seed) else { return book };
    let mut editions = book.editions().to_vec();
    for edition in &mut editions {
        (edition.numbers.flood_alerts, edition.numbers.flood_grace_days) = (alerts, grace_days);
        if !is_switched(seed) {
            edition.numbers.switches.remove(&Rule::AlertFlood);
        }
    }
    book.with_editions(editions)
}

/// How many alerts a rule may open on a day, and the days of grace.
pub fn budget(seed: u64) -> Option<(i64, i64)> {
    let number = |most: u64, salt: u64| i64::try_from((seed / 3 + salt) % most).unwrap();
    seed.is_multiple_of(3).then(|| (1 + number(7, 0), number(11, 5)))
}

/// Whether rulebooks may switch the holding of floods off and on.
pub fn is_switched(seed: u64) -> bool {
    seed.is_multiple_of(12)
}

/// An operator lets go what is held of a rule, or of one of which nothing is.
pub fn release(rows: &[Arc<AlertRow>], rng: &mut impl Rng) -> Option<Entry> {
    let held: Vec<Rule> =
        rows.iter().filter(|row| row.alert.held.is_some()).map(|row| row.alert.finding.rule).collect();
    let rule = match held.get(rng.random_range(0..held.len().max(1))) {
        Some(rule) => *rule,
        None => *Rule::ALL.get(rng.random_range(0..Rule::ALL.len()))?,
    };
    let act_id = rng.random_range(0..50u32).to_string().into();
    let (actor, text) = ("operator".into(), "".into());
    Some(Entry::Release(Box::new(Release { rule, actor, at: Time(0), act_id, text })))
}
