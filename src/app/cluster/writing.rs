//! What an instance writes of a part: what every instance is told, messages to owners, dead letters, pages. Knows no
//! transaction.

use super::output::{told, write_note};
use super::transport::KafkaTransport;
use crate::engine::api::{DeadContent, DeadLetter};
use crate::engine::cluster::{Message, Part, Partition, Told};
use crate::intake::write_json::write_line;
use crate::kafka::message::{CONTENT_TYPE, JSON, Outgoing, Received};
use crate::kafka::{Counted, Covered};
use crate::telemetry::Taken;

impl KafkaTransport {
    /// Answers which of the messages are letters, by the offset of what each is about.
    pub(super) fn written(&mut self, part: &Part, out: &mut Vec<Outgoing>) -> Vec<(u64, usize)> {
        let at = self.table(part.partition);
        let topic = &self.sorter.topics.alerts;
        out.extend(self.news(part.partition).iter().map(|one| told(topic, at, one)));
        let outputs = &part.outputs;
        for (project, facts) in &outputs.facts {
            out.push(told(topic, at, &Told::Project(project.clone(), facts.clone())));
        }
        out.extend(outputs.today.map(|day| told(topic, at, &Told::Date(day))));
        out.extend(outputs.doubts.iter().map(|doubts| told(topic, at, &Told::Doubts(doubts.clone()))));
        let taken = self.owned.get(&part.partition).and_then(|owned| owned.taken.as_ref());
        out.extend(outputs.rows.iter().map(|row| {
            let cause = taken.and_then(|taken| taken.cause(row));
            told(topic, at, &Told::Row(row.clone())).traced(cause)
        }));
        let trace = taken.and_then(Taken::only);
        for (partition, message) in &part.outputs.messages {
            if matches!(message, Message::Entry(_)) {
                self.observer.counted(Counted::Moved, 1);
            }
            out.push(self.sorter.message(*partition, message).traced(trace));
        }
        let mut letters = Vec::new();
        for letter in &part.outputs.dead_letters {
            self.observer.counted(Counted::DeadLetters, 1);
            let offset = letter.id.position.0.saturating_sub(1);
            let came = self.letters.remove(&(part.partition, offset));
            letters.push((offset, out.len()));
            out.push(came.unwrap_or_else(|| self.letter(part.partition, offset, letter)));
        }
        let changelog = |key: &[u8], body: Option<Vec<u8>>| Outgoing {
            topic: self.sorter.topics.changelog.clone(),
            partition: at,
            key: key.to_vec(),
            body,
            headers: Vec::new(),
        };
        if let Some(changes) = &part.changes {
            out.extend(changes.put.iter().map(|(key, page)| changelog(key, Some(page.clone()))));
            out.extend(changes.remove.iter().map(|key| changelog(key, None)));
        }
        letters
    }

    /// A letter of something that was read well: a record that conflicts, or one that was kept elsewhere before.
    pub(super) fn letter(&self, partition: Partition, offset: u64, letter: &DeadLetter) -> Outgoing {
        let mut body = Vec::new();
        let (record_id, source) = match &letter.content {
            DeadContent::Conflict(record) => {
                write_line(record, &mut body);
                (Some(record.head.id.as_str()), Some(record.head.source.as_str()))
            }
            DeadContent::Input(rejected) => {
                body.extend_from_slice(&rejected.raw);
                (rejected.id.as_deref(), rejected.source.as_deref())
            }
        };
        let (topic, at) = self.sorter.place(partition);
        let received = Received {
            topic,
            partition: at,
            offset: i64::try_from(offset).unwrap_or(i64::MAX),
            body: Some(&body),
            headers: vec![(CONTENT_TYPE, JSON.as_bytes())],
            ..Received::default()
        };
        received.dead_letter(&self.sorter.topics, &letter.reason).about(record_id, source)
    }

    /// What is still to be said of a partition, whatever comes of it.
    pub(super) fn news(&self, partition: Partition) -> Vec<Told> {
        let Some(news) = &self.news else { return Vec::new() };
        let is_told = self.owned.get(&partition).is_none_or(|owned| owned.is_told);
        let mut said = Vec::new();
        if !is_told {
            said.push(Told::Owner(news.me.clone()));
            if partition == Partition::County && news.table.terms().is_none() {
                said.push(Told::Terms(news.terms));
            }
        }
        said
    }

    /// The partition of changelog and alerts that goes with it.
    pub(super) fn table(&self, partition: Partition) -> i32 {
        match partition {
            Partition::Projects(partition) => i32::from(partition),
            Partition::County => i32::from(self.settings.partitions),
        }
    }

    pub(super) fn covered(&self, part: &Part) -> Covered {
        let (topic, partition) = self.sorter.place(part.partition);
        Covered {
            topic: topic.to_owned(),
            partition,
            next: i64::try_from(part.committed.next).unwrap_or(i64::MAX),
            note: write_note(part.committed),
        }
    }
}
