//! A small language of the domain: one statement a line, and below it what the program answers.
//! The words are listed in `tests/transcripts/README.md`.

mod acts;
mod cast;
mod line;
mod papers;
mod records;
mod show;

use super::support::machine::Machine;
use cast::{is_person, person, project};
use line::{Line, day, yuan};
use records::Records;
use std::sync::Arc;
use wagewatch::alerts::{Numbers, text};
use wagewatch::domain::*;

/// A machine that is spoken to.
pub struct Stage {
    machine: Machine,
    records: Records,
    today: Option<Day>,
    /// What was said and taken, for `again`.
    said: Vec<Entry>,
    acts: u32,
}

/// A transcript as it must be: the statements as they stand, the answers as they come.
///
/// Only the contract's six rules judge, or those that a first statement `rules A B ...` names.
pub fn play(source: &str, book: &Arc<Rulebook>) -> Result<String, String> {
    let book = &Arc::new(judging(source, book)?);
    let mut stage = Stage {
        machine: Machine::new(book.clone(), 1),
        records: Records::default(),
        today: None,
        said: Vec::new(),
        acts: 0,
    };
    let mut out = String::new();
    for (index, text) in source.lines().enumerate().filter(|(_, text)| !text.starts_with("  >")) {
        out += &format!("{text}\n");
        if text.is_empty()
            || text.starts_with('#')
            || ["rules ", "numbers "].iter().any(|head| text.starts_with(head))
        {
            continue;
        }
        let at = |wrong: String| format!("line {}: {wrong}: {text}", index + 1);
        for answer in stage.say(text).map_err(at)? {
            out += &format!("{}\n", format!("  > {answer}").trim_end());
        }
        stage.machine.check_against_oracle();
    }
    stage.again().and_then(|()| stage.crash()).map_err(|wrong| format!("at the end: {wrong}"))?;
    Ok(out)
}

/// The rulebook with all rules off that the transcript is not about.
fn judging(source: &str, book: &Rulebook) -> Result<Rulebook, String> {
    let named = source.lines().find_map(|line| line.strip_prefix("rules "));
    let on: Vec<Rule> = match named {
        Some(names) => names.split_whitespace().map(cast::rule).collect::<Result<_, _>>()?,
        None => Rule::ALL.iter().copied().filter(|rule| rule.is_of_contract()).collect(),
    };
    let mut book = book.clone();
    let mut editions = book.editions().to_vec();
    for edition in &mut editions {
        for (place, value) in numbers(source)? {
            edition.numbers.set(place, value);
        }
        for rule in Rule::ALL.iter().filter(|rule| !on.contains(rule)) {
            edition.numbers.switches.insert(*rule, Switch { off: true, off_in: Vec::new() });
        }
    }
    book = book.with_editions(editions);
    Ok(book)
}

/// What a statement `numbers RULE.KEY=N ...` sets: places in the list of all, and values.
fn numbers(source: &str) -> Result<Vec<(usize, i64)>, String> {
    let words =
        source.lines().filter_map(|line| line.strip_prefix("numbers ")).flat_map(str::split_whitespace);
    let one = |word: &str| {
        let (name, value) = word.split_once('=').ok_or_else(|| format!("{word:?}: RULE.KEY=N"))?;
        let is_it = |key: &NumberKey| format!("{}.{}", key.section, key.key) == name;
        let place = wagewatch::domain::Numbers::KEYS
            .iter()
            .position(is_it)
            .ok_or_else(|| format!("{name:?} is no number"))?;
        Ok((place, line::number(value)?))
    };
    words.map(one).collect()
}

impl Stage {
    fn say(&mut self, statement: &str) -> Result<Vec<String>, String> {
        let mut line = Line::new(statement);
        match line.next("a verb")? {
            "date" => self.date(line),
            verb if acts::VERBS.contains(&verb) => self.act(verb, line),
            "release" => self.release(line),
            "history" => self.history(line),
            "again" => line.end().and_then(|()| self.again()).map(|()| Vec::new()),
            "crash" => line.end().and_then(|()| self.crash()).map(|()| Vec::new()),
            "suspense" => line.end().map(|()| self.suspense()),
            "ledger" => self.ledger(line),
            "explain" => self.explain(line),
            verb => match self.records.of(verb, line, self.today)? {
                Some(records) => Ok(self.tell(records.into_iter().map(Entry::Record).collect())),
                None => Err(format!("{verb:?} is no verb")),
            },
        }
    }

    fn tell(&mut self, entries: Vec<Entry>) -> Vec<String> {
        let (verdicts, rows) = self.machine.tell(&entries);
        let mut answers = Vec::new();
        if verdicts.iter().all(|verdict| *verdict == Verdict::Duplicate) {
            answers.push("duplicate".to_owned());
        }
        for verdict in &verdicts {
            if let Verdict::Rejected(reason) = verdict {
                answers.push(format!("rejected {reason}"));
            }
        }
        // An act that was refused may be taken another day; a record that was refused never.
        let kept = |(entry, verdict): &(Entry, Verdict)| match entry {
            Entry::Record(_) => true,
            Entry::Act(_) => *verdict == Verdict::Accepted,
            _ => false,
        };
        self.said.extend(entries.into_iter().zip(verdicts).filter(kept).map(|(entry, _)| entry));
        // Before the first business date nothing is judged, and no row is written.
        let today = self.today.unwrap_or(Day(0));
        answers.extend(rows.iter().map(|row| show::row(row, today)));
        answers
    }

    fn date(&mut self, mut line: Line<'_>) -> Result<Vec<String>, String> {
        let date = day(line.next("a date")?)?;
        line.end()?;
        if self.today.is_some_and(|today| date < today) {
            return Err("time does not go back".to_owned());
        }
        self.today = Some(date);
        Ok(self.tell(vec![Entry::Date(date)]))
    }

    fn act(&mut self, verb: &str, mut line: Line<'_>) -> Result<Vec<String>, String> {
        let text = line.text.unwrap_or_default();
        let found = self.alert(&mut line)?;
        let (kind, actor) = acts::kind(verb, line, text)?;
        self.acts += 1;
        let act = Act {
            alert_id: found.alert.id.clone(),
            project_id: found.project_id().clone(),
            actor,
            at: line::time(self.today.ok_or("no date yet")?, "11:00")?,
            act_id: format!("act-{}", self.acts).into(),
            kind,
        };
        Ok(self.tell(vec![Entry::Act(Box::new(act))]))
    }

    fn release(&mut self, mut line: Line<'_>) -> Result<Vec<String>, String> {
        let (rule, text) = (cast::rule(line.next("a rule")?)?, line.text.unwrap_or_default().into());
        let actor = line.options(&["by"])?.get("by", Ok)?.ok_or("`by` is missing")?.into();
        self.acts += 1;
        let act_id = format!("act-{}", self.acts).into();
        let at = line::time(self.today.ok_or("no date yet")?, "11:00")?;
        Ok(self.tell(vec![Entry::Release(Box::new(Release { rule, actor, at, act_id, text }))]))
    }

    /// The alert that a statement names: rule, project, and as it needs worker, month or payment.
    fn alert(&mut self, line: &mut Line<'_>) -> Result<Arc<AlertRow>, String> {
        let rule = cast::rule(line.next("a rule")?)?;
        let project = match line.next("a project")? {
            "county" => ProjectId::county(),
            name => project(name)?,
        };
        let worker = line.next_if(is_person).map(person).transpose()?;
        let period = line.next_if(|word| Period::parse(word).is_some()).and_then(Period::parse);
        let txn = line.next_if(|word| word.starts_with('T'));
        let rows = self.machine.rows();
        let named = |row: &&Arc<AlertRow>| {
            let finding = &row.alert.finding;
            let same_txn = match &finding.subject {
                Subject::Payment { txn_id, .. } => txn.is_none_or(|txn| txn == txn_id),
                _ => txn.is_none(),
            };
            finding.rule == rule
                && finding.project_id == project
                && finding.subject.id_number() == worker.as_ref()
                && (period.is_none() || finding.period == period)
                && same_txn
        };
        rows.iter().rev().find(named).cloned().ok_or_else(|| "there is no such alert".to_owned())
    }

    fn suspense(&mut self) -> Vec<String> {
        let waiting = self.machine.suspense();
        if waiting.is_empty() {
            return vec!["nothing".to_owned()];
        }
        let show = |(payment, reason): &(Payment, SuspenseReason)| {
            format!("{} {}: {reason}", payment.txn_id, yuan(payment.amount_fen.sum()))
        };
        waiting.iter().map(show).collect()
    }

    fn ledger(&mut self, mut line: Line<'_>) -> Result<Vec<String>, String> {
        let (project, worker) = (project(line.next("a project")?)?, person(line.next("a worker")?)?);
        line.end()?;
        let today = self.today;
        let found = self.machine.ask(&project, |ask| {
            let ask = ask?;
            let view = ask.ledger.settle(ask.ledger.worker_ix(&worker)?, ask.book);
            Some(show::ledger(&view, today, ask.book))
        });
        found.ok_or_else(|| "nobody of that name is known there".to_owned())
    }

    fn explain(&mut self, mut line: Line<'_>) -> Result<Vec<String>, String> {
        let found = self.alert(&mut line)?;
        line.end()?;
        let today = self.today.ok_or("no date yet")?;
        let told = text(&found.alert.finding, today, None, Numbers::Masked).to_string();
        Ok(told.lines().map(str::to_owned).collect())
    }

    fn history(&mut self, mut line: Line<'_>) -> Result<Vec<String>, String> {
        let found = self.alert(&mut line)?;
        line.end()?;
        Ok(found.alert.history.steps.iter().map(show::step).collect())
    }

    /// Everything is sent once more, the last first.
    fn again(&mut self) -> Result<(), String> {
        let before = self.machine.picture();
        let entries: Vec<Entry> = self.said.iter().rev().cloned().collect();
        self.machine.tell(&entries);
        self.same(before, "everything was sent again")
    }

    /// The power is cut twice: with what the store happens to have, and after a checkpoint.
    fn crash(&mut self) -> Result<(), String> {
        let before = self.machine.picture();
        self.machine.reopen(1);
        self.same(before, "a power cut")?;
        let before = self.machine.picture();
        self.machine.checkpoint();
        self.machine.evict();
        self.machine.reopen(2);
        self.same(before, "a power cut after a checkpoint")
    }

    fn same(&mut self, before: super::support::machine::Picture, what: &str) -> Result<(), String> {
        let now = self.machine.picture();
        match now == before {
            true => Ok(()),
            false => Err(format!("{what} changed the state\nbefore: {before:#?}\nnow: {now:#?}")),
        }
    }
}
