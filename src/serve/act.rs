//! A supervisor's act: from the request to an entry of the log, and back to the alert as it is then.

use super::ask::ask;
use super::filter::known;
use super::hub::Hub;
use crate::domain::{Act, ActKind, AlertRow, DismissReason, Entry, Reason, ReasonCode, Time, Verdict};
use crate::engine::Engine;
use crate::proto::Refusal;
use crate::proto::v1 as pb;
use compact_str::CompactString;
use pb::act_request::Action;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

const ID_CHARS: usize = 128;
const ACTOR_CHARS: usize = 64;
const TEXT_CHARS: usize = 2000;
/// How long the answer waits for the act's own row, once the act is done.
const ROW_PATIENCE: Duration = Duration::from_secs(2);

/// Checks the request; `find` gives the alert's last row.
pub fn parse(
    request: pb::ActRequest,
    find: impl FnOnce(&str) -> Result<Arc<AlertRow>, Refusal>,
) -> Result<Act, Refusal> {
    let act_id = text("act_id", &request.act_id, ID_CHARS)?;
    let actor = text("actor", &request.actor, ACTOR_CHARS)?;
    let kind = match &request.action {
        Some(Action::Acknowledge(_)) => ActKind::Acknowledge,
        Some(Action::Assign(assign)) => ActKind::Assign { to: text("assign.to", &assign.to, ACTOR_CHARS)? },
        Some(Action::Note(note)) => ActKind::Note { text: text("note.text", &note.text, TEXT_CHARS)? },
        Some(Action::Dismiss(dismiss)) => dismissal(dismiss)?,
        None => return Err(Refusal::invalid("action", "one of acknowledge, assign, note, dismiss")),
    };
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

/// Puts the act into the log; the alert's row behind it, and whether the act was known before.
pub async fn perform(
    engine: &Engine,
    hub: &Hub,
    act: Act,
    until: Instant,
) -> Result<(Arc<AlertRow>, bool), Refusal> {
    let (alert_id, act_id) = (act.alert_id.clone(), act.act_id.clone());
    let mut refused = None;
    let verdicts = ask(until, |done| {
        refused = engine.submit(vec![Entry::Act(Box::new(act))], done).err();
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
                let shown = row.alert.act_ids.contains(&act_id);
                // The act is durable: an answer without its row is better than none.
                if shown || tokio::time::timeout_at(patience.min(until), heads.changed()).await.is_err() {
                    return Ok((row, false));
                }
            }
        }
    }
}

fn dismissal(dismiss: &pb::Dismiss) -> Result<ActKind, Refusal> {
    let reason = known("dismiss.reason", dismiss.reason, DismissReason::ALL, DismissReason::WORDS)?;
    let expected = || format!("one of {}", DismissReason::WORDS.join(", "));
    Ok(ActKind::Dismiss {
        reason: reason.ok_or_else(|| Refusal::invalid("dismiss.reason", expected()))?,
        text: text("dismiss.text", &dismiss.text, TEXT_CHARS)?,
    })
}

fn text(field: &str, text: &str, most: usize) -> Result<CompactString, Refusal> {
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
fn now() -> Time {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
