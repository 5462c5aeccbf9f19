//! What other systems are sent, as JSON. Of a worker nothing but what his alert says in general: no number, no name.

use crate::proto::v1 as pb;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// One change of one alert, for a webhook.
pub(super) fn change(event: &pb::AlertEvent) -> Value {
    let alert = event.alert.clone().unwrap_or_default();
    json!({
        "version": 1,
        "event": "alert",
        "delivery": delivery(event),
        "change": word(event.change().as_str_name(), "CHANGE_"),
        "written_at": time(event.written_ms),
        "alert": told(&alert),
    })
}

/// What the receiver is to know beside alerts: `reset` = forget all, what stands follows; `snapshot-complete` = that was it.
pub(super) fn mark(word: &str) -> Value {
    json!({"version": 1, "event": word, "delivery": Value::Null})
}

/// The same for every try, and for a repeat after a crash.
pub(super) fn delivery(event: &pb::AlertEvent) -> String {
    format!("{}-{}", event.shard, event.seq)
}

fn told(alert: &pb::Alert) -> Value {
    let project = alert.project.clone().unwrap_or_default();
    let text = |text: &Option<pb::Text>| {
        let text = text.clone().unwrap_or_default();
        json!({"zh": text.zh, "en": text.en})
    };
    json!({
        "id": alert.id,
        "rule": rule(alert),
        "level": level(alert.level()),
        "status": word(alert.status().as_str_name(), "ALERT_STATUS_"),
        "project": {
            "id": project.project_id,
            "name": project.name,
            "sector": project.sector,
            "territory": project.territory,
        },
        "amount_fen": alert.amount_fen,
        "workers": alert.workers,
        "due_on": alert.due_on,
        "overdue_days": alert.overdue_days,
        "raised_on": alert.raised_on,
        "changed_on": alert.changed_on,
        "acknowledge_by": alert.acknowledge_by,
        "settle_by": alert.settle_by,
        "escalation": alert.escalation,
        "revision": alert.revision,
        "title": text(&alert.title),
        "article": text(&alert.article),
        "must_act": text(&alert.must_act),
        "departments": departments(alert),
        "rolled_up_into": alert.rolled_up_into,
        "rulebook_version": alert.rulebook_version,
    })
}

fn departments(alert: &pb::Alert) -> Vec<String> {
    let audience = alert.audience.clone().unwrap_or_default();
    let one = [audience.department, audience.territory_department, audience.coordinator];
    let all = one.into_iter().flatten().chain(audience.added).map(|office| office.code);
    let mut codes: Vec<String> = all.collect();
    codes.sort();
    codes.dedup();
    codes
}

/// An alert for Alertmanager. Its labels are what makes it the same one; `standing` or over.
/// The level is one of them, so that routes can go by it.
pub(super) fn for_alertmanager(
    alert: &pb::Alert,
    level_word: &str,
    standing: bool,
    now_ms: i64,
    believed: Duration,
) -> Value {
    let project = alert.project.clone().unwrap_or_default();
    let title = alert.title.clone().unwrap_or_default();
    let must_act = alert.must_act.clone().unwrap_or_default();
    // It must not begin after it ends: a rehearsal's date may be far ahead of the clock.
    let began =
        crate::domain::Day::parse(&alert.raised_on).map_or(0, |day| i64::from(day.0) * 86_400_000 - CHINA_MS);
    let keep = i64::try_from(believed.as_millis()).unwrap_or(i64::MAX / 2);
    let ends = if standing { now_ms.saturating_add(keep) } else { now_ms };
    json!({
        "labels": {
            "alertname": rule(alert),
            "alert_id": alert.id,
            "level": level_word,
            "project": project.project_id,
            "sector": project.sector,
            "territory": project.territory,
            "service": "wagewatch",
        },
        "annotations": {
            "summary": format!("{} / {}", title.zh, title.en),
            "project_name": project.name,
            "amount_yuan": format!("{}.{:02}", alert.amount_fen / 100, alert.amount_fen % 100),
            "workers": alert.workers.to_string(),
            "due_on": alert.due_on.clone().unwrap_or_default(),
            "must_act": format!("{} / {}", must_act.zh, must_act.en),
        },
        "startsAt": time(began.min(now_ms - 1000)),
        "endsAt": time(ends),
    })
}

const CHINA_MS: i64 = 8 * 3_600_000;

pub(super) fn level(level: pb::Level) -> String {
    word(level.as_str_name(), "LEVEL_")
}

fn rule(alert: &pb::Alert) -> String {
    word(alert.rule().as_str_name(), "RULE_")
}

/// An enum's name as people read it: `WAGE_UNPAID` is `wage-unpaid`.
fn word(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_lowercase().replace('_', "-")
}

/// RFC 3339, UTC.
pub(super) fn time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| String::new(), |time| time.to_string())
}

pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_not_told_of() {
        let subject = pb::Subject { id_number: Some("152722********0019".into()), ..pb::Subject::default() };
        let body = pb::Text { zh: "张三".into(), en: "Zhang San".into() };
        let alert = pb::Alert {
            id: "wage-unpaid-x".into(),
            rule: pb::Rule::WageUnpaid.into(),
            level: pb::Level::Red.into(),
            amount_fen: 680_005,
            subject: Some(subject),
            body: Some(body),
            ..pb::Alert::default()
        };
        let event = pb::AlertEvent {
            shard: 3,
            seq: 7,
            change: pb::Change::JustificationAsked.into(),
            alert: Some(alert),
            written_ms: 1_700_000_000_123,
        };
        let told = change(&event);
        let text = told.to_string();
        assert!(!text.contains("152722") && !text.contains("张三") && !text.contains("Zhang"), "{text}");
        assert_eq!(told["delivery"], "3-7");
        assert_eq!(told["change"], "justification-asked");
        assert_eq!(told["written_at"], "2023-11-14T22:13:20.123Z");
        assert_eq!((&told["alert"]["rule"], &told["alert"]["level"]), (&json!("wage-unpaid"), &json!("red")));
    }
}
