//! What follows from messages that bear a trace: one span a partition's batch and trace, from the first of its messages being taken
//! until what follows from them is written, or taken back. Costs one look at a header where nobody follows. Knows no topic.

use super::{Kind, Open, Telemetry};
use crate::domain::{AlertRow, Entry, ProjectId, TraceMark};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::SystemTime;

/// Traces that one batch can go on with; further ones are not followed through it.
const TRACES: usize = 64;

/// The traces of a batch that is being worked on.
pub struct Taken {
    telemetry: Telemetry,
    takes: Vec<Take>,
}

struct Take {
    parent: TraceMark,
    span: Open,
    records: u64,
    rows: u64,
    /// Those that its messages name; a row of another is not their doing. `None`: it may be of any.
    projects: Option<HashSet<ProjectId>>,
}

impl Taken {
    pub fn new(telemetry: &Telemetry) -> Taken {
        Taken { telemetry: telemetry.clone(), takes: Vec::new() }
    }

    /// A message was taken; `mark` as its headers say, and of which projects it may change alerts.
    pub fn take(&mut self, mark: Option<TraceMark>, touched: Touched<'_>) {
        let Some(mark) = mark else { return };
        let at = self.takes.iter().position(|take| take.parent == mark);
        let take = match at {
            Some(at) => &mut self.takes[at],
            None if self.takes.len() >= TRACES => return,
            None => {
                let Some(span) = self.telemetry.begin("kafka.take", Kind::Internal, Some(mark)) else {
                    return;
                };
                let projects = Some(HashSet::new());
                self.takes.push(Take { parent: mark, span, records: 0, rows: 0, projects });
                let Some(take) = self.takes.last_mut() else { return };
                take
            }
        };
        take.records += 1;
        match touched {
            Touched::One(project) => take.projects.iter_mut().for_each(|named| {
                named.insert(project.clone());
            }),
            Touched::Any => take.projects = None,
            Touched::None => {}
        }
    }

    /// What a row is written with: the trace that caused it.
    pub fn cause(&self, row: &AlertRow) -> Option<TraceMark> {
        self.takes.iter().find(|take| take.caused(row)).and_then(|take| take.span.mark())
    }

    /// What a message to another owner is written with: the trace of the batch, if it is one.
    pub fn only(&self) -> Option<TraceMark> {
        let [take] = self.takes.as_slice() else { return None };
        take.span.mark()
    }

    /// What follows stands: rows are remembered with what caused them, for whoever delivers them here.
    pub fn wrote(&mut self, rows: &[Arc<AlertRow>]) {
        let mut takes = std::mem::take(&mut self.takes);
        if takes.is_empty() {
            return;
        }
        for row in rows {
            let Some(take) = takes.iter_mut().find(|take| take.caused(row)) else { continue };
            take.rows += 1;
            if let Some(mark) = take.span.mark() {
                self.telemetry.caused(row, mark);
            }
        }
        for mut take in takes {
            take.span.count("wagewatch.records", take.records);
            take.span.count("wagewatch.rows", take.rows);
        }
    }

    /// Nothing of it stands; the messages are taken again.
    pub fn taken_back(&mut self) {
        for mut take in std::mem::take(&mut self.takes) {
            take.span.count("wagewatch.records", take.records);
            take.span.fail("taken back");
        }
    }
}

impl Take {
    fn caused(&self, row: &AlertRow) -> bool {
        let project = row.project_id();
        self.projects.as_ref().is_none_or(|named| project.is_county() || named.contains(project))
    }
}

/// Of which projects something may change alerts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Touched<'a> {
    One(&'a ProjectId),
    Any,
    None,
}

impl<'a> Touched<'a> {
    pub fn by(entry: &'a Entry) -> Touched<'a> {
        match entry {
            Entry::Record(record) => record.body.project_id().map_or(Touched::Any, Touched::One),
            Entry::Act(act) => Touched::One(&act.project_id),
            Entry::Erased(erased) => Touched::One(&erased.project_id),
            Entry::Rejected(_) => Touched::None,
            Entry::Date(_) | Entry::Rulebook(_) | Entry::Release(_) => Touched::Any,
        }
    }
}

impl Telemetry {
    /// A batch of a door's was acknowledged by the brokers; `mark` is what its messages bear.
    pub fn acknowledged(&self, mark: TraceMark, records: usize, between: (SystemTime, SystemTime)) {
        let count = i64::try_from(records).unwrap_or(i64::MAX);
        // Nothing hangs below it.
        let _ = self.past("kafka.write", mark, between, &[("wagewatch.records", count)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::sample::{alert, wage};
    use crate::domain::{AlertRow, Change, Day, Position};
    use crate::telemetry::Settings;

    const MARK: TraceMark = TraceMark { trace: [7; 16], span: [9; 8] };
    const OTHER: TraceMark = TraceMark { trace: [8; 16], span: [9; 8] };

    /// Nobody listens there: spans are made, and dropped.
    fn on() -> Telemetry {
        let (endpoint, service_name) = ("http://127.0.0.1:9".into(), "t".into());
        let settings = Settings { endpoint, service_name, sample_millionths: 0 };
        Telemetry::start(&settings, Arc::new(|_, _| ())).unwrap()
    }

    fn row(seq: u64) -> Arc<AlertRow> {
        let alert = alert(wage(1, "2026-03", 100));
        let (position, change) = (Position(seq), Change::Raised);
        Arc::new(AlertRow { shard: 3, seq, position, written_ms: 0, change, alert, rulebook: "1".into() })
    }

    fn project(id: &str) -> ProjectId {
        ProjectId::parse("project_id", id).unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_row_goes_on_with_the_trace_that_caused_it() {
        let telemetry = on();
        let mut taken = Taken::new(&telemetry);
        let (p1, p2, p3) = (project("P1"), project("P2"), project("P3"));
        taken.take(None, Touched::One(&p1));
        taken.take(Some(OTHER), Touched::One(&p2));
        assert_eq!((taken.cause(&row(1)), taken.only().map(|mark| mark.trace)), (None, Some(OTHER.trace)));
        taken.take(Some(MARK), Touched::One(&p1));
        taken.take(Some(MARK), Touched::One(&p3));
        assert_eq!((taken.takes.len(), taken.only()), (2, None));
        let cause = taken.cause(&row(1)).unwrap();
        assert!(cause.trace == MARK.trace && cause.span != MARK.span);
        taken.wrote(&[row(1)]);
        assert_eq!((telemetry.cause(3, 1), telemetry.cause(3, 2)), (Some(cause), None));
        assert_eq!(taken.cause(&row(2)), None);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_taken_back_causes_nothing() {
        let telemetry = on();
        let mut taken = Taken::new(&telemetry);
        taken.take(Some(MARK), Touched::by(&Entry::Date(Day(3))));
        // A date may change any alert.
        assert!(taken.cause(&row(1)).is_some());
        taken.taken_back();
        taken.wrote(&[row(1)]);
        assert_eq!(telemetry.cause(3, 1), None);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn there_is_an_end_to_the_traces_of_a_batch() {
        let mut taken = Taken::new(&on());
        for n in 0..u8::MAX {
            taken.take(Some(TraceMark { trace: [7; 16], span: [n + 1; 8] }), Touched::Any);
        }
        assert_eq!(taken.takes.len(), TRACES);
        let mut off = Taken::new(&Telemetry::default());
        off.take(Some(MARK), Touched::Any);
        assert!(off.takes.is_empty());
    }
}
