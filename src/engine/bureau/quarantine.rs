//! What all owners hold of each rule: rows in, counts out. The last row of an alert says what holds. Knows no
//! owner, no budget.

use super::tiding::HeldTiding;
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{AlertId, Day, FloodView, Rule};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct Quarantine {
    rules: BTreeMap<Rule, Held>,
    stirred: BTreeSet<Rule>,
    dirty: BTreeSet<Rule>,
}

/// What is held of one rule.
struct Held {
    since: Day,
    /// Each stays for as long as it is held, so that the report does not change with every alert.
    examples: Vec<AlertId>,
    ids: BTreeSet<AlertId>,
}

const EXAMPLES: usize = 2;

impl Quarantine {
    /// Takes over what a row says.
    pub fn take(&mut self, said: &HeldTiding) {
        let (rule, id) = (said.rule, &said.alert);
        let changed = match said.since {
            Some(since) => {
                let held = self.rules.entry(rule).or_insert_with(|| Held::since(since));
                held.ids.insert(id.clone())
            }
            None => self.rules.get_mut(&rule).is_some_and(|held| held.remove(id)),
        };
        if !changed {
            return;
        }
        self.stirred.insert(rule);
        self.dirty.insert(rule);
        match self.rules.get_mut(&rule) {
            Some(held) if held.ids.is_empty() => {
                self.rules.remove(&rule);
            }
            Some(held) => held.choose(),
            None => {}
        }
    }

    pub fn view(&self, rule: Rule) -> Option<FloodView<'_>> {
        let held = self.rules.get(&rule)?;
        Some(FloodView { rule, held: held.ids.len() as u64, since: held.since, examples: &held.examples })
    }

    /// The rules of which something else is held than at the last call.
    pub fn take_stirred(&mut self) -> BTreeSet<Rule> {
        std::mem::take(&mut self.stirred)
    }

    pub fn stir_all(&mut self) {
        self.stirred.extend(self.rules.keys());
    }

    /// The pages that changed since the last call; `None`: nothing is held any more.
    pub fn dirty_pages(&mut self) -> Vec<(Rule, Option<Vec<u8>>)> {
        let dirty = std::mem::take(&mut self.dirty);
        let id = |w: &mut Writer, id: &AlertId| w.text(&id.0);
        let page = |held: &Held| {
            let mut w = Writer::new();
            w.day(held.since);
            w.list(held.examples.iter(), id);
            w.list(held.ids.iter(), id);
            w.bytes
        };
        dirty.into_iter().map(|rule| (rule, self.rules.get(&rule).map(page))).collect()
    }

    pub fn load(&mut self, rule: &str, bytes: &[u8]) -> Result<(), Corrupt> {
        let rule = Rule::parse(rule).ok_or(Corrupt("a rule"))?;
        let id = |r: &mut Reader<'_>| r.text().map(AlertId);
        let mut r = Reader::new(bytes);
        let held = Held { since: r.day()?, examples: r.list(id)?, ids: r.list(id)?.into_iter().collect() };
        self.rules.insert(rule, held);
        r.end()
    }
}

impl Held {
    fn since(since: Day) -> Held {
        Held { since, examples: Vec::new(), ids: BTreeSet::new() }
    }

    fn remove(&mut self, id: &AlertId) -> bool {
        self.examples.retain(|example| example != id);
        self.ids.remove(id)
    }

    fn choose(&mut self) {
        let missing = EXAMPLES.saturating_sub(self.examples.len());
        let others = self.ids.iter().filter(|id| !self.examples.contains(id)).take(missing);
        let others: Vec<AlertId> = others.cloned().collect();
        self.examples.extend(others);
    }
}
