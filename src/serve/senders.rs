//! Counts what came by who sent it: by source, by type, and by bank. Names come from senders, so they are bounded:
//! the first hundred have series of their own, and whatever else, or might be a person's number, is `other`.

use super::registrar::Registrar;
use crate::domain::{Origin, Origins, RecordType, Verdict};
use compact_str::CompactString;
use hashbrown::HashSet;
use prometheus::{Error, IntCounterVec, IntGaugeVec};
use std::sync::{Mutex, PoisonError};

/// Sources, and banks, that have series of their own.
const NAMES_MAX: usize = 100;
/// A name with so many digits in a row may be an account or an identity number.
const DIGITS_MAX: usize = 7;
const OTHER: &str = "other";
const VERDICTS: [&str; 3] = ["accepted", "duplicate", "rejected"];
/// Origins of a batch that are looked through for one that came before.
const SUMS_SEARCHED: usize = 16;

/// In the order of [`VERDICTS`].
type Counts = [u64; 3];

/// Records by origin.
pub(super) struct Senders {
    by_source: IntCounterVec,
    last: IntGaugeVec,
    by_type: IntCounterVec,
    by_bank: IntCounterVec,
    sources: Names,
    banks: Names,
}

/// The names that have series of their own.
#[derive(Default)]
struct Names(Mutex<HashSet<CompactString>>);

impl Names {
    /// The label for a name. Only one whose record was taken earns a series; `begin` is called when it does.
    fn label<'a>(&self, name: &'a str, taken: bool, begin: impl FnOnce(&str)) -> &'a str {
        if is_numeric(name) {
            return OTHER;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(name) {
            return name;
        }
        if !taken || known.len() >= NAMES_MAX {
            return OTHER;
        }
        known.insert(name.into());
        begin(name);
        name
    }
}

fn is_numeric(name: &str) -> bool {
    let mut run = 0;
    name.chars().any(|c| {
        run = if c.is_numeric() { run + 1 } else { 0 };
        run > DIGITS_MAX
    })
}

impl Senders {
    pub fn new(r: &Registrar) -> Result<Senders, Error> {
        let senders = Senders {
            by_source: r.counter_vec(
                "wagewatch_source_records_total",
                "Records judged, by source and verdict; the first 100 sources, then other.",
                &["source", "verdict"],
            )?,
            last: r.gauge_vec(
                "wagewatch_source_last_record_timestamp_seconds",
                "When a source last sent a record that was taken, since the start of the process.",
                &["source"],
            )?,
            by_type: r.counter_vec(
                "wagewatch_typed_records_total",
                "Records that could be read, by type and verdict.",
                &["type", "verdict"],
            )?,
            by_bank: r.counter_vec(
                "wagewatch_bank_payments_total",
                "Payments judged, by bank and verdict; the first 100 banks, then other.",
                &["bank", "verdict"],
            )?,
            sources: Names::default(),
            banks: Names::default(),
        };
        for verdict in VERDICTS {
            senders.by_source.with_label_values(&[OTHER, verdict]);
            senders.by_bank.with_label_values(&[OTHER, verdict]);
            RecordType::ALL.iter().for_each(|kind| {
                senders.by_type.with_label_values(&[kind.as_str(), verdict]);
            });
        }
        Ok(senders)
    }

    pub fn tally(&self, origins: &Origins, verdicts: &[Verdict], now_seconds: i64) {
        let mut sums: Vec<(&Origin, Counts)> = Vec::new();
        origins.each(verdicts, |origin, verdicts| {
            let counts = counts(verdicts);
            // Senders whose records come mixed are few: each is looked up once a batch.
            match sums.iter_mut().rev().take(SUMS_SEARCHED).find(|(known, _)| *known == origin) {
                Some((_, sum)) => sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count),
                None => sums.push((origin, counts)),
            }
        });
        sums.into_iter().for_each(|(origin, counts)| self.count(origin, counts, now_seconds));
    }

    fn count(&self, origin: &Origin, counts: Counts, now_seconds: i64) {
        let taken = counts[0] + counts[1] > 0;
        let begin = |vec: &IntCounterVec, name: &str| {
            VERDICTS.iter().for_each(|verdict| {
                vec.with_label_values(&[name, verdict]);
            });
        };
        let named = |name| self.sources.label(name, taken, |name| begin(&self.by_source, name));
        let source = origin.source.as_ref().map_or(OTHER, |name| named(name.as_str()));
        add(&self.by_source, source, counts);
        if taken {
            self.last.with_label_values(&[source]).set(now_seconds);
        }
        if let Some(kind) = origin.kind {
            add(&self.by_type, kind.as_str(), counts);
        }
        if let Some(bank) = &origin.bank {
            add(&self.by_bank, self.banks.label(bank, taken, |name| begin(&self.by_bank, name)), counts);
        }
    }
}

fn counts(verdicts: &[Verdict]) -> Counts {
    let mut counts = [0; 3];
    for verdict in verdicts {
        match verdict {
            Verdict::Accepted => counts[0] += 1,
            Verdict::Duplicate => counts[1] += 1,
            Verdict::Rejected(_) => counts[2] += 1,
        }
    }
    counts
}

fn add(counter: &IntCounterVec, name: &str, counts: Counts) {
    for (verdict, count) in VERDICTS.into_iter().zip(counts).filter(|(_, count)| *count > 0) {
        counter.with_label_values(&[name, verdict]).inc_by(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Door, Entry, Reason, Rejected};

    #[test]
    fn names_are_bounded_and_bear_no_persons_number() {
        let names = Names::default();
        let label = |name: &'static str, taken| names.label(name, taken, |_| {});
        assert_eq!(label("gate-7", false), OTHER, "nothing of it was taken yet");
        assert_eq!(label("gate-7", true), "gate-7");
        assert_eq!(label("gate-7", false), "gate-7");
        for personal in ["152722199001010019", "zhang-62170000000000017", "张三13800000000"] {
            assert_eq!(label(personal, true), OTHER);
        }
        for number in 0..2 * NAMES_MAX {
            names.label(&format!("s{number}"), true, |_| {});
        }
        assert_eq!(label("late", true), OTHER);
        assert_eq!(names.0.lock().unwrap().len(), NAMES_MAX);
    }

    #[test]
    fn mixed_senders_are_summed_and_a_name_begins_with_all_its_series() {
        let senders = Senders::new(&Registrar::new(prometheus::Registry::new())).unwrap();
        let origins = Origins::of(&[rejected("a"), rejected("b"), rejected("a")]);
        senders.tally(&origins, &[Verdict::Accepted, Verdict::Accepted, Verdict::Duplicate], 7);
        let of = |source: &str| VERDICTS.map(|v| senders.by_source.with_label_values(&[source, v]).get());
        assert_eq!((of("a"), of("b"), of(OTHER)), ([1, 1, 0], [1, 0, 0], [0, 0, 0]));
        assert_eq!(senders.last.with_label_values(&["b"]).get(), 7);
    }

    fn rejected(source: &str) -> Entry {
        Entry::Rejected(Box::new(Rejected {
            door: Door::Submit,
            file: CompactString::default(),
            line: 1,
            id: None,
            source: Some(source.into()),
            reason: Reason::missing("type", "a type"),
            raw: Box::default(),
            raw_len: 0,
        }))
    }
}
