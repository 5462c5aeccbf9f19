//! What is held in quarantine, by rule, and letting it go. Reads the feed; changes nothing but through an entry of
//! the log. Shows of an alert its id alone.

use super::act::{ID_CHARS, actor, now, one_of, remark, text};
use super::ask::ask;
use super::present::{both, rule};
use super::standing::standing;
use crate::alerts::{Both, info, is_held_itself};
use crate::domain::{Day, Entry, Release, Rule};
use crate::engine::{Engine, Feed};
use crate::guard::Visit;
use crate::proto::Refusal;
use crate::proto::v1 as pb;
use std::collections::BTreeMap;
use tokio::time::Instant;

/// Ids that are shown of each rule.
const EXAMPLES: usize = 5;

#[derive(Default)]
struct Held {
    alerts: u64,
    since: Option<Day>,
    examples: Vec<String>,
}

pub async fn list(feed: &Feed) -> Vec<pb::HeldRule> {
    let mut rules: BTreeMap<Rule, Held> = BTreeMap::new();
    if Rule::ALL.iter().all(|rule| feed.counts().held(*rule) == 0) {
        return Vec::new();
    }
    standing(feed, |row| {
        if is_held_itself(&row.alert) {
            let held = rules.entry(row.alert.finding.rule).or_default();
            held.alerts += 1;
            held.since = held.since.into_iter().chain(row.alert.held).min();
            if held.examples.len() < EXAMPLES {
                held.examples.push(row.alert.id.0.to_string());
            }
        }
    })
    .await;
    rules.into_iter().map(|(rule, held)| shown(rule, held)).collect()
}

fn shown(one: Rule, held: Held) -> pb::HeldRule {
    let words = info(one);
    pb::HeldRule {
        rule: rule(one),
        title: Some(both(Both::new(words.title_zh, words.title_en))),
        alerts: held.alerts,
        since: held.since.map(|day| day.to_string()).unwrap_or_default(),
        examples: held.examples,
    }
}

/// Answers how many were held.
pub async fn release(
    engine: &Engine,
    request: &pb::ReleaseRuleRequest,
    visit: &Visit,
    until: Instant,
) -> Result<u64, Refusal> {
    let release = Release {
        rule: one_of("rule", request.rule, Rule::ALL, Rule::WORDS)?,
        actor: actor(&request.actor, visit)?,
        at: now(),
        act_id: text("act_id", &request.act_id, ID_CHARS)?,
        text: remark("text", &request.text)?,
    };
    visit.saw([release.rule.to_string()]);
    visit.says_why(release.act_id.to_string());
    let held = engine.feed().counts().held(release.rule);
    let mut refused = None;
    let verdicts = ask(until, |done| {
        refused = engine.submit(vec![Entry::Release(Box::new(release))], done).err();
    })
    .await;
    match refused {
        Some(refused) => Err(refused.into()),
        None => verdicts.map(|_| held),
    }
}
