//! Holds shards and desk against the oracle.

use super::super::oracle;
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};
use wagewatch::domain::{
    Alert, AlertKey, Day, Days, Doubt, Doubts, Entry, Fen, IdNumber, Level, MonthTotals, Period, ProjectId,
    Record, Rule, Rulebook, Subject, Sum, SuspenseReason, Verdict,
};
use wagewatch::engine::{Bureau, Desk, Engine, ProjectAsk, Shard};
use wagewatch::ledger::KeptPayment;

/// What is found in an engine or its parts, as the oracle says it.
#[derive(Default)]
pub struct Picture {
    periods: BTreeMap<(ProjectId, IdNumber, Period), (Days, u32, Sum, Sum, Sum, Sum, Day)>,
    alerts: BTreeMap<(ProjectId, AlertKey), (Level, Sum, u32, Option<Day>, Option<Period>)>,
    suspense: BTreeMap<(CompactString, CompactString), (Fen, SuspenseReason)>,
    months: BTreeMap<(ProjectId, Period), MonthTotals>,
}

impl Picture {
    fn project(&mut self, name: &ProjectId, ask: &ProjectAsk<'_>) {
        for ix in 0..u32::try_from(ask.ledger.workers()).unwrap() {
            let view = ask.ledger.settle(ix, ask.book);
            for p in view.periods {
                let row = (p.days, p.minutes, p.accrued, p.expected, p.paid, p.arrears, p.due_on);
                self.periods.insert((name.clone(), view.id_number.clone(), p.period), row);
            }
        }
        let months = (ask.months)().into_iter();
        self.months.extend(months.map(|month| ((name.clone(), month.period), month)));
        for alert in ask.alerts.standing() {
            linked(ask, alert);
            self.stands(alert);
        }
    }

    fn stands(&mut self, alert: &Alert) {
        let f = &alert.finding;
        // Whether somebody is a repeat offender hangs on what people did, and what is held on when records
        // came: records do not tell.
        if matches!(f.rule, Rule::RepeatOffender | Rule::AlertFlood) {
            return;
        }
        // The subject of a wage alert names its month; the oracle does not say it twice.
        let is_payment = matches!(f.rule, Rule::PayeeMismatch | Rule::PaidOutsideAccount);
        let period = f.period.filter(|_| is_payment);
        let said = (f.level, f.amount, f.workers, f.due_on, period);
        self.alerts.insert((f.project_id.clone(), alert.key()), said);
    }

    fn waits(&mut self, kept: &KeptPayment, reason: SuspenseReason) {
        let key = (kept.payment.bank.clone(), kept.payment.txn_id.clone());
        self.suspense.insert(key, (kept.payment.amount_fen, reason));
    }

    /// All that stands in a shard.
    pub fn shard(&mut self, shard: &mut Shard) {
        for (_, kept, reason) in shard.suspense(usize::MAX).unwrap() {
            self.waits(&kept, reason);
        }
        for summary in shard.projects() {
            let name = &summary.project_id;
            shard.ask(name, |ask| self.project(name, &ask.unwrap())).unwrap();
        }
    }

    /// A payment that has no project.
    pub fn is_homeless(&mut self, kept: &KeptPayment) {
        self.waits(kept, SuspenseReason::NoProject);
    }

    pub fn bureau(&mut self, bureau: &Bureau) {
        bureau.alerts().standing().for_each(|alert| self.stands(alert));
    }

    /// What a ledger has, a line each: for a judge in another process.
    pub fn ledger(&self) -> Vec<String> {
        let periods = self.periods.iter().map(|line| format!("{line:?}"));
        let waiting = self.suspense.iter().map(|line| format!("{line:?}"));
        let months = self.months.iter().map(|line| format!("{line:?}"));
        periods.chain(waiting).chain(months).collect()
    }

    /// What the oracle says of ledgers, as a picture.
    pub fn wanted(truth: &oracle::Truth) -> Picture {
        let periods = truth.periods.iter().map(|(k, r)| {
            (k.clone(), (r.days, r.minutes, r.accrued, r.expected, r.paid, r.arrears, r.due_on))
        });
        Picture {
            periods: periods.collect(),
            suspense: truth.suspense.clone(),
            months: truth.months.clone(),
            ..Picture::default()
        }
    }

    pub fn check(&self, truth: &oracle::Truth, today: Option<Day>) {
        same("worker periods", &self.periods, &Picture::wanted(truth).periods);
        same("suspense", &self.suspense, &truth.suspense);
        if today.is_some() {
            let alerts = truth.alerts.iter();
            let alerts = alerts.map(|(k, f)| (k.clone(), (f.level, f.amount, f.workers, f.due_on, f.period)));
            same("months", &self.months, &truth.months);
            same("alerts", &self.alerts, &alerts.collect());
        }
    }
}

/// What hangs on other alerts, from all that stand.
fn linked(ask: &ProjectAsk<'_>, alert: &Alert) {
    let rule = alert.finding.rule;
    let standing: Vec<Rule> = ask.alerts.standing().map(|other| other.finding.rule).collect();
    let hidden = rule.rolls_up_into().is_some_and(|into| standing.contains(&into));
    assert_eq!(alert.rolled_up, hidden, "{rule} {:?}", alert.id);
    let count = |of: &Rule| u32::try_from(standing.iter().filter(|rule| *rule == of).count()).unwrap();
    let causes = Rule::ALL.iter().filter(|cause| cause.is_cause_of() == Some(rule));
    let expected: Vec<_> = causes.map(|cause| (*cause, count(cause))).filter(|(_, n)| *n > 0).collect();
    let named: Vec<_> = alert.causes.iter().map(|cause| (cause.rule, cause.count)).collect();
    assert_eq!(named, expected, "causes of {rule}");
    for cause in &alert.causes {
        assert!(ask.alerts.standing().any(|other| other.id == cause.alert_id));
    }
}

/// The state as it is against the oracle's of the same entries.
pub fn check(desk: &Desk, shards: &mut [Shard], bureau: &Bureau, entries: &[Entry], book: &Rulebook) {
    let (truth, today) = truth(entries, book);
    let mut picture = Picture::default();
    desk.suspense(usize::MAX).iter().for_each(|kept| picture.is_homeless(kept));
    shards.iter_mut().for_each(|shard| picture.shard(shard));
    picture.bureau(bureau);
    picture.check(&truth, today);
    if today.is_some() {
        check_doubts(&bureau.doubts(), &truth);
    }
}

/// Whose figures are in doubt: the projects that hang on a feed whose alert stands.
fn check_doubts(found: &Doubts, truth: &oracle::Truth) {
    let said = |doubt: &Doubt| (doubt.kind, doubt.source.clone(), doubt.since);
    let found = found.iter().map(|(project, doubts)| (project.clone(), doubts.iter().map(said).collect()));
    let found: BTreeMap<ProjectId, BTreeSet<_>> = found.collect();
    let stands = |name: &CompactString| {
        let key = AlertKey { subject: Subject::Source(name.clone()), rule: Rule::FeedSilent };
        truth.alerts.contains_key(&(ProjectId::county(), key))
    };
    let mut wanted = truth.doubts.clone();
    wanted.values_mut().for_each(|doubts| doubts.retain(|(_, name, _)| stands(name)));
    wanted.retain(|_, doubts| !doubts.is_empty());
    same("doubts", &found, &wanted);
}

/// The same through an engine's questions. Nobody may be submitting.
pub fn check_engine(engine: &Engine, entries: &[Entry], book: &Rulebook) -> oracle::Truth {
    let (truth, today) = truth(entries, book);
    assert_eq!(engine.business_date(), today);
    let mut picture = Picture::default();
    for (_, kept, reason) in asked(|done| engine.suspense(None, usize::MAX, done)) {
        picture.waits(&kept, reason);
    }
    for summary in asked(|done| engine.projects(done)) {
        let name = summary.project_id.clone();
        let question = move |ask: Option<ProjectAsk<'_>>| {
            let mut found = Picture::default();
            found.project(&name, &ask.unwrap());
            found
        };
        let found: Picture = asked(|done| engine.ask_project(summary.project_id, question, done));
        picture.periods.extend(found.periods);
        picture.alerts.extend(found.alerts);
        picture.months.extend(found.months);
    }
    let second = engine.feed().shards() - 1;
    engine.feed().standing(second).1.iter().for_each(|row| picture.stands(&row.alert));
    picture.check(&truth, today);
    truth
}

/// Waits for the answer to a question.
pub fn asked<T: Send + 'static, E: std::fmt::Debug + Send + 'static>(
    question: impl FnOnce(Box<dyn FnOnce(Result<T, E>) + Send>),
) -> T {
    let (say, answer) = std::sync::mpsc::channel();
    question(Box::new(move |found| say.send(found).unwrap()));
    answer.recv().expect("a question is answered").unwrap()
}

/// The oracle's word on the entries of a log, and the business date. The last rulebook among them judges;
/// where there is none, `book` does.
pub fn truth(entries: &[Entry], book: &Rulebook) -> (oracle::Truth, Option<Day>) {
    let last = entries.iter().rev().find_map(|entry| match entry {
        Entry::Rulebook(book) => Some(&**book),
        _ => None,
    });
    let book = last.unwrap_or(book);
    let records: Vec<Record> = entries
        .iter()
        .filter_map(|e| match e {
            Entry::Record(record) => Some(record.clone()),
            _ => None,
        })
        .collect();
    let today = entries.iter().filter_map(|e| match e {
        Entry::Date(day) => Some(*day),
        _ => None,
    });
    let today = today.max();
    (oracle::judge(&records, today.unwrap_or(Day(0)), book), today)
}

/// Verdicts against the oracle: which records were rejected.
pub fn check_rejected(verdicts: &[Verdict], truth: &oracle::Truth) {
    let rejected = |v: &Verdict| matches!(v, Verdict::Rejected(_));
    let found: Vec<usize> =
        verdicts.iter().enumerate().filter(|(_, v)| rejected(v)).map(|(i, _)| i).collect();
    assert_eq!(found, truth.rejected);
}

fn same<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    what: &str,
    found: &BTreeMap<K, V>,
    wanted: &BTreeMap<K, V>,
) {
    let mut wrong = Vec::new();
    for (key, value) in wanted.iter().filter(|(key, value)| found.get(key) != Some(value)) {
        wrong.push(format!("{key:?}: found {:?}, wanted {value:?}", found.get(key)));
    }
    for (key, value) in found.iter().filter(|(key, _)| !wanted.contains_key(key)) {
        wrong.push(format!("{key:?}: found {value:?}, wanted nothing"));
    }
    assert!(wrong.is_empty(), "{what}:\n{}", wrong.join("\n"));
}
