//! A supervisor's act: from the request to an entry of the log, and back to the alert as it is then.

use super::ask::ask;
use super::filter::known;
use super::hub::Hub;
use crate::domain::{
    Act, ActKind, AlertRow, Authority, Day, DismissReason, Entry, ExemptionKind, Fen, Reason, ReasonCode,
    Time, TraceMark, Verdict, WorkerWord,
};
use crate::engine::Engine;
use crate::guard::Visit;
use crate::proto::Refusal;
use crate::proto::v1 as pb;
use compact_str::{CompactString, format_compact};
use pb::act_request::Action;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

pub(super) const ID_CHARS: usize = 128;
const ACTOR_CHARS: usize = 64;
const TEXT_CHARS: usize = 2000;
/// How long the answer waits for the act's own row, once the act is done.
const ROW_PATIENCE: Duration = Duration::from_secs(2);

/// Checks the request; `find` gives the alert's last row.
pub fn parse(
    request: pb::ActRequest,
    visit: &Visit,
    find: impl FnOnce(&str) -> Result<Arc<AlertRow>, Refusal>,
) -> Result<Act, Refusal> {
    let act_id = text("act_id", &request.act_id, ID_CHARS)?;
    let actor = actor(&request.actor, visit)?;
    let kind = kind(request.action.as_ref())?;
    let row = find(&request.alert_id)?;
    Ok(Act {
        alert_id: row.alert.id.clone(),
        project_id: row.project_id().clone(),
        actor,
        at: now(),
        act_id,
        kind,
    })
}

/// Who acts, as he says; behind the name that he came in by, where callers have names, so that nobody acts in
/// another's.
pub(super) fn actor(said: &str, visit: &Visit) -> Result<CompactString, Refusal> {
    if !visit.is_bound() {
        return text("actor", said, ACTOR_CHARS);
    }
    let name = &visit.caller.name;
    let left = ACTOR_CHARS.saturating_sub(name.chars().count() + 1).max(1);
    Ok(format_compact!("{name}/{}", text("actor", said, left)?))
}

/// Puts the act into the log; the alert's row behind it, and whether the act was known before.
pub async fn perform(
    engine: &Engine,
    hub: &Hub,
    act: Act,
    trace: Option<TraceMark>,
    until: Instant,
) -> Result<(Arc<AlertRow>, bool), Refusal> {
    let (alert_id, act_id) = (act.alert_id.clone(), act.act_id.clone());
    let mut refused = None;
    let verdicts = ask(until, |done| {
        refused = engine.submit_marked(vec![Entry::Act(Box::new(act))], trace, done).err();
    })
    .await;
    if let Some(refused) = refused {
        return Err(refused.into());
    }
    let gone = || Refusal::NotFound("the alert is no longer kept".into());
    match verdicts?.into_iter().next() {
        Some(Verdict::Rejected(reason)) => Err(refusal(&reason)),
        Some(Verdict::Duplicate) => Ok((engine.feed().get(&alert_id).ok_or_else(gone)?, true)),
        _ => {
            let mut heads = hub.watch();
            let patience = Instant::now() + ROW_PATIENCE;
            loop {
                heads.borrow_and_update();
                let row = engine.feed().get(&alert_id).ok_or_else(gone)?;
                let shown = row.alert.knows(&act_id);
                // The act is durable: an answer without its row is better than none.
                if shown || tokio::time::timeout_at(patience.min(until), heads.changed()).await.is_err() {
                    return Ok((row, false));
                }
            }
        }
    }
}

fn kind(action: Option<&Action>) -> Result<ActKind, Refusal> {
    Ok(match action {
        Some(Action::Acknowledge(_)) => ActKind::Acknowledge,
        Some(Action::Assign(assign)) => ActKind::Assign { to: text("assign.to", &assign.to, ACTOR_CHARS)? },
        Some(Action::Note(note)) => ActKind::Note { text: text("note.text", &note.text, TEXT_CHARS)? },
        Some(Action::Dismiss(dismiss)) => ActKind::Dismiss {
            reason: one_of("dismiss.reason", dismiss.reason, DismissReason::ALL, DismissReason::WORDS)?,
            text: text("dismiss.text", &dismiss.text, TEXT_CHARS)?,
        },
        Some(Action::Handle(handle)) => ActKind::Handle { text: remark("handle.text", &handle.text)? },
        Some(Action::AskJustification(ask)) => ActKind::AskJustification {
            until: date("ask_justification.until", &ask.until)?,
            text: remark("ask_justification.text", &ask.text)?,
        },
        Some(Action::RecordJustification(said)) => {
            ActKind::Justify { text: text("record_justification.text", &said.text, TEXT_CHARS)? }
        }
        Some(Action::RecordWorkerWord(said)) => ActKind::WorkerSays {
            word: one_of("record_worker_word.word", said.word, WorkerWord::ALL, WorkerWord::WORDS)?,
            text: remark("record_worker_word.text", &said.text)?,
        },
        Some(Action::Exempt(exempt)) => ActKind::Exempt {
            kind: one_of("exempt.kind", exempt.kind, ExemptionKind::ALL, ExemptionKind::WORDS)?,
            until: date("exempt.until", &exempt.until)?,
            text: text("exempt.text", &exempt.text, TEXT_CHARS)?,
        },
        Some(Action::RecordAdvance(advance)) => ActKind::Advance {
            amount: fen("record_advance.amount_fen", advance.amount_fen)?,
            text: remark("record_advance.text", &advance.text)?,
        },
        Some(Action::HandOver(over)) => ActKind::HandOver {
            to: one_of("hand_over.to", over.to, Authority::ALL, Authority::WORDS)?,
            text: remark("hand_over.text", &over.text)?,
        },
        None => return Err(Refusal::invalid("action", format!("one of {}", ACTIONS.join(", ")))),
    })
}

const ACTIONS: [&str; 11] = [
    "acknowledge",
    "assign",
    "note",
    "dismiss",
    "handle",
    "ask_justification",
    "record_justification",
    "record_worker_word",
    "exempt",
    "record_advance",
    "hand_over",
];

/// A word of a closed list; none is not enough.
pub(super) fn one_of<T: Copy>(field: &str, number: i32, all: &[T], words: &[&str]) -> Result<T, Refusal> {
    let one = known(field, number, all, words)?;
    one.ok_or_else(|| Refusal::invalid(field, format!("one of {}", words.join(", "))))
}

fn date(field: &str, text: &str) -> Result<Day, Refusal> {
    Day::parse(text).ok_or_else(|| Refusal::invalid(field, "a real date as YYYY-MM-DD"))
}

fn fen(field: &str, amount: i64) -> Result<Fen, Refusal> {
    match (1..=Fen::MAX.0).contains(&amount) {
        true => Ok(Fen(amount)),
        false => Err(Refusal::invalid(field, format!("1 to {} fen", Fen::MAX.0))),
    }
}

/// A text that may be left out.
pub(super) fn remark(field: &str, text: &str) -> Result<CompactString, Refusal> {
    match text.chars().count() > TEXT_CHARS {
        true => Err(Refusal::invalid(field, format!("a text of at most {TEXT_CHARS} characters"))),
        false => Ok(text.trim().into()),
    }
}

pub(super) fn text(field: &str, text: &str, most: usize) -> Result<CompactString, Refusal> {
    if text.trim().is_empty() || text.chars().count() > most {
        return Err(Refusal::invalid(field, format!("a text of 1 to {most} characters")));
    }
    Ok(text.into())
}

/// Why the alert does not take the act: its state, or the act itself.
fn refusal(reason: &Reason) -> Refusal {
    match reason.code {
        ReasonCode::Conflict => Refusal::Precondition("ALERT_STATE", reason.to_string()),
        ReasonCode::Missing if reason.field == "alert_id" => Refusal::NotFound(reason.to_string()),
        _ => Refusal::invalid(reason.field.as_str(), reason.expected.as_str()),
    }
}

/// Doors have a clock; what is in the log has not.
pub(super) fn now() -> Time {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
