//! From whom entries came: source, type and bank, counted in runs of equal ones. A batch is nearly always one run
//! or a few, so that to count it costs no more than to look at it. Knows no person and no project.

use super::{Body, Entry, Record, RecordType, Rejected};
use compact_str::CompactString;

/// Who stated an entry, as far as it could be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// `None`: not a record, or its source could not be read.
    pub source: Option<CompactString>,
    /// `None` for what could not be taken.
    pub kind: Option<RecordType>,
    /// Of a payment.
    pub bank: Option<CompactString>,
}

/// The origins of a batch's entries, in their order, each with how many follow one another.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Origins(Vec<(Origin, usize)>);

impl Origins {
    pub fn of(entries: &[Entry]) -> Origins {
        let mut runs: Vec<(Origin, usize)> = Vec::new();
        for entry in entries {
            let told = told(entry);
            match runs.last_mut() {
                Some((origin, count)) if origin.is(told) => *count += 1,
                _ => runs.push((Origin::from(told), 1)),
            }
        }
        Origins(runs)
    }

    /// Each run with what stands for its entries in `answers`, which are those of the batch in its order.
    pub fn each<'a, T>(&'a self, mut answers: &'a [T], mut tell: impl FnMut(&'a Origin, &'a [T])) {
        for (origin, count) in &self.0 {
            let (theirs, rest) = answers.split_at((*count).min(answers.len()));
            tell(origin, theirs);
            answers = rest;
        }
    }
}

type Told<'a> = (Option<&'a CompactString>, Option<RecordType>, Option<&'a CompactString>);

fn told(entry: &Entry) -> Told<'_> {
    match entry {
        Entry::Record(Record { head, body: Body::Payment(payment) }) => {
            (Some(&head.source), Some(RecordType::Payment), Some(&payment.bank))
        }
        Entry::Record(Record { head, body }) => (Some(&head.source), Some(body.record_type()), None),
        Entry::Rejected(rejected) => {
            let Rejected { source, .. } = &**rejected;
            (source.as_ref(), None, None)
        }
        Entry::Date(_) | Entry::Act(_) | Entry::Rulebook(_) | Entry::Release(_) | Entry::Erased(_) => {
            (None, None, None)
        }
    }
}

impl Origin {
    fn from((source, kind, bank): Told<'_>) -> Origin {
        Origin { source: source.cloned(), kind, bank: bank.cloned() }
    }

    fn is(&self, (source, kind, bank): Told<'_>) -> bool {
        self.kind == kind && self.source.as_ref() == source && self.bank.as_ref() == bank
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Channel, Complaint, Day, Head, Time};

    fn complaint(source: &str) -> Entry {
        let body = Body::Complaint(Box::new(Complaint {
            complaint_id: "c".into(),
            channel: Channel::ALL[0],
            filed_on: Day(20_000),
            project_id: None,
            employer_uscc: None,
            sector: None,
            territory: None,
            workers: None,
            amount_fen: None,
            closed_on: None,
        }));
        let at = Time::parse("2026-03-04T07:01:00+08:00").unwrap();
        Entry::Record(Record { head: Head { id: "1".into(), source: source.into(), at }, body })
    }

    #[test]
    fn neighbours_of_one_origin_are_one_run_and_keep_their_answers() {
        let entries = [complaint("a"), complaint("a"), Entry::Date(Day(20_000)), complaint("a")];
        let origins = Origins::of(&entries);
        let mut told = Vec::new();
        origins.each(&[1, 2, 3, 4], |origin, answers| told.push((origin.source.as_deref(), answers)));
        assert_eq!(told, [(Some("a"), &[1, 2][..]), (None, &[3][..]), (Some("a"), &[4][..])]);
    }
}
