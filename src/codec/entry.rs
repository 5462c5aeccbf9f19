//! Bytes of the log's entries: a record, rejected input, a business date, an act, a rulebook.
//! Knows the domain's structs; knows neither blocks nor files.

use super::record::{TAGS_OF_RECORDS, read_tagged, word, write_record};
use super::rulebook::{read_rulebook, write_rulebook};
use super::{Corrupt, Reader, Writer};
use crate::domain::{
    Act, ActKind, AlertId, Authority, DismissReason, Door, Entry, Erased, ExemptionKind, Reason, ReasonCode,
    Rejected, Release, Rule, WorkerWord,
};

type Read<T> = Result<T, Corrupt>;

const REJECTED: u8 = TAGS_OF_RECORDS;
const DATE: u8 = TAGS_OF_RECORDS + 1;
const ACT: u8 = TAGS_OF_RECORDS + 2;
const RULEBOOK: u8 = TAGS_OF_RECORDS + 3;
const ERASED: u8 = TAGS_OF_RECORDS + 4;
const RELEASE: u8 = TAGS_OF_RECORDS + 5;

const ACKNOWLEDGE: u8 = 0;
const ASSIGN: u8 = 1;
const NOTE: u8 = 2;
const DISMISS: u8 = 3;
const HANDLE: u8 = 4;
const ASK: u8 = 5;
const JUSTIFY: u8 = 6;
const WORKER_SAYS: u8 = 7;
const EXEMPT: u8 = 8;
const ADVANCE: u8 = 9;
const HAND_OVER: u8 = 10;

/// Writes one entry: a tag byte, then its fields.
pub fn write_entry(w: &mut Writer, entry: &Entry) {
    match entry {
        Entry::Record(record) => write_record(w, record),
        Entry::Rejected(rejected) => {
            w.u8(REJECTED);
            write_rejected(w, rejected);
        }
        Entry::Date(day) => {
            w.u8(DATE);
            w.day(*day);
        }
        Entry::Act(act) => {
            w.u8(ACT);
            write_act(w, act);
        }
        Entry::Rulebook(book) => {
            w.u8(RULEBOOK);
            write_rulebook(w, book);
        }
        Entry::Erased(erased) => {
            w.u8(ERASED);
            w.project_id(&erased.project_id);
            w.day(erased.on);
        }
        Entry::Release(release) => {
            w.u8(RELEASE);
            write_release(w, release);
        }
    }
}

/// Reads one entry. Any bytes end in an entry or in [`Corrupt`].
pub fn read_entry(r: &mut Reader) -> Read<Entry> {
    match r.u8()? {
        REJECTED => Ok(Entry::Rejected(Box::new(read_rejected(r)?))),
        DATE => r.day().map(Entry::Date),
        ACT => Ok(Entry::Act(Box::new(read_act(r)?))),
        RULEBOOK => Ok(Entry::Rulebook(Box::new(read_rulebook(r)?))),
        ERASED => Ok(Entry::Erased(Box::new(Erased { project_id: r.project_id()?, on: r.day()? }))),
        RELEASE => Ok(Entry::Release(Box::new(read_release(r)?))),
        tag => read_tagged(r, tag).map(Entry::Record),
    }
}

/// Writes rejected input, without a tag.
pub fn write_rejected(w: &mut Writer, rejected: &Rejected) {
    w.u8(rejected.door as u8);
    w.text(&rejected.file);
    w.varint(rejected.line);
    w.option(rejected.id.as_deref(), Writer::text);
    w.option(rejected.source.as_deref(), Writer::text);
    write_reason(w, &rejected.reason);
    w.blob(&rejected.raw);
    w.varint(rejected.raw_len);
}

/// Reads rejected input.
pub fn read_rejected(r: &mut Reader) -> Read<Rejected> {
    Ok(Rejected {
        door: word(r, Door::ALL)?,
        file: r.text()?,
        line: r.varint()?,
        id: r.option(Reader::text)?,
        source: r.option(Reader::text)?,
        reason: read_reason(r)?,
        raw: r.blob()?.into(),
        raw_len: r.varint()?,
    })
}

/// Writes why something was rejected.
pub fn write_reason(w: &mut Writer, reason: &Reason) {
    w.text(&reason.field);
    w.u8(reason.code as u8);
    w.text(&reason.found);
    w.text(&reason.expected);
}

/// Reads why something was rejected.
pub fn read_reason(r: &mut Reader) -> Read<Reason> {
    Ok(Reason { field: r.text()?, code: word(r, &ReasonCode::ALL)?, found: r.text()?, expected: r.text()? })
}

/// Writes an act, without a tag.
pub fn write_act(w: &mut Writer, act: &Act) {
    w.text(&act.alert_id.0);
    w.project_id(&act.project_id);
    w.text(&act.actor);
    w.time(act.at);
    w.text(&act.act_id);
    write_act_kind(w, &act.kind);
}

/// Reads an act.
pub fn read_act(r: &mut Reader) -> Read<Act> {
    Ok(Act {
        alert_id: AlertId(r.text()?),
        project_id: r.project_id()?,
        actor: r.text()?,
        at: r.time()?,
        act_id: r.text()?,
        kind: read_act_kind(r)?,
    })
}

/// Writes a release, without a tag. The rule by its name: a log is read longer than a list keeps its order.
pub fn write_release(w: &mut Writer, release: &Release) {
    w.text(release.rule.as_str());
    w.text(&release.actor);
    w.time(release.at);
    w.text(&release.act_id);
    w.text(&release.text);
}

pub fn read_release(r: &mut Reader) -> Read<Release> {
    Ok(Release {
        rule: Rule::parse(r.str()?).ok_or(Corrupt("a rule"))?,
        actor: r.text()?,
        at: r.time()?,
        act_id: r.text()?,
        text: r.text()?,
    })
}

/// Writes what an act does.
pub(super) fn write_act_kind(w: &mut Writer, kind: &ActKind) {
    match kind {
        ActKind::Acknowledge => w.u8(ACKNOWLEDGE),
        ActKind::Assign { to } => tagged(w, ASSIGN, to),
        ActKind::Note { text } => tagged(w, NOTE, text),
        ActKind::Dismiss { reason, text } => {
            w.u8(DISMISS);
            tagged(w, *reason as u8, text);
        }
        ActKind::Handle { text } => tagged(w, HANDLE, text),
        ActKind::AskJustification { until, text } => {
            tagged(w, ASK, text);
            w.day(*until);
        }
        ActKind::Justify { text } => tagged(w, JUSTIFY, text),
        ActKind::WorkerSays { word, text } => {
            w.u8(WORKER_SAYS);
            tagged(w, *word as u8, text);
        }
        ActKind::Exempt { kind, until, text } => {
            w.u8(EXEMPT);
            tagged(w, *kind as u8, text);
            w.day(*until);
        }
        ActKind::Advance { amount, text } => {
            tagged(w, ADVANCE, text);
            w.fen(*amount);
        }
        ActKind::HandOver { to, text } => {
            w.u8(HAND_OVER);
            tagged(w, *to as u8, text);
        }
    }
}

fn tagged(w: &mut Writer, tag: u8, text: &str) {
    w.u8(tag);
    w.text(text);
}

pub(super) fn read_act_kind(r: &mut Reader) -> Read<ActKind> {
    Ok(match r.u8()? {
        ACKNOWLEDGE => ActKind::Acknowledge,
        ASSIGN => ActKind::Assign { to: r.text()? },
        NOTE => ActKind::Note { text: r.text()? },
        DISMISS => ActKind::Dismiss { reason: word(r, DismissReason::ALL)?, text: r.text()? },
        HANDLE => ActKind::Handle { text: r.text()? },
        ASK => {
            let text = r.text()?;
            ActKind::AskJustification { until: r.day()?, text }
        }
        JUSTIFY => ActKind::Justify { text: r.text()? },
        WORKER_SAYS => ActKind::WorkerSays { word: word(r, WorkerWord::ALL)?, text: r.text()? },
        EXEMPT => {
            let (kind, text) = (word(r, ExemptionKind::ALL)?, r.text()?);
            ActKind::Exempt { kind, until: r.day()?, text }
        }
        ADVANCE => {
            let text = r.text()?;
            ActKind::Advance { amount: r.fen()?, text }
        }
        HAND_OVER => ActKind::HandOver { to: word(r, Authority::ALL)?, text: r.text()? },
        _ => return Err(Corrupt("the kind of an act")),
    })
}

#[cfg(test)]
#[path = "entry_tests.rs"]
pub(crate) mod tests;
