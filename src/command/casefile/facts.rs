//! The facts of an alert in a case file, one a line, in the order of the page. Decides nothing.

use super::{File, both, filled, label, term, yuan};
use crate::alerts::{CASE_WORDS, named};
use crate::command::client::one_line;
use crate::proto::v1 as pb;

/// The section of facts.
pub(super) fn facts(file: &mut File, alert: &pb::Alert) {
    file.heading(&label("evidence"));
    status(file, alert);
    subject(file, alert);
    sums(file, alert);
    times(file, alert);
    work(file, alert);
    fact(file, "must.act", Some(both(alert.must_act.as_ref())));
    fact(file, "article", Some(both(alert.article.as_ref())));
    told(file, &alert.audience.clone().unwrap_or_default());
}

fn status(file: &mut File, alert: &pb::Alert) {
    let to = alert.escalated_to.as_ref().map(|office| one_line(&office.name)).unwrap_or_default();
    let above = if alert.escalation > 0 { format!("  {}", filled("escalated", &to)) } else { String::new() };
    fact(file, "status", Some(format!("{}{above}", term(alert.status().as_str_name()))));
}

/// What is not there is left out.
fn fact(file: &mut File, key: &str, value: Option<String>) {
    if let Some(value) = value {
        file.line(&format!("  {}: {value}", label(key)));
    }
}

fn subject(file: &mut File, alert: &pb::Alert) {
    let project = alert.project.clone().unwrap_or_default();
    let known = |text: &str| {
        if text.is_empty() { named(CASE_WORDS, "unknown").0.to_owned() } else { one_line(text) }
    };
    let name = match project.project_id.as_str() {
        "" => label("county"),
        id => format!("{}（{}）", known(&project.name), one_line(id)),
    };
    fact(file, "project", Some(name));
    let about = alert.subject.clone().unwrap_or_default();
    for (key, value) in [
        ("worker", about.id_number),
        ("month", about.period),
        ("employer", about.employer_uscc),
        ("source", about.source),
        ("complaint", about.complaint_id),
        ("account", about.account),
        ("txn", about.txn_id.map(|txn| format!("{} {txn}", about.bank.unwrap_or_default()))),
        ("deposit", about.deposit_id),
    ] {
        fact(file, key, value.map(|value| one_line(&value)));
    }
}

fn sums(file: &mut File, alert: &pb::Alert) {
    fact(file, "amount", (alert.amount_fen != 0).then(|| yuan(alert.amount_fen)));
    fact(file, "workers", (alert.workers != 0).then(|| alert.workers.to_string()));
    let late = match alert.overdue_days {
        1.. => format!("  {}", filled("overdue.days", &alert.overdue_days.to_string())),
        _ => String::new(),
    };
    fact(file, "due.on", alert.due_on.as_ref().map(|due| format!("{}{late}", one_line(due))));
}

fn times(file: &mut File, alert: &pb::Alert) {
    fact(file, "raised.on", Some(one_line(&alert.raised_on)));
    fact(file, "changed.on", Some(one_line(&alert.changed_on)));
    let is_open = alert.status() == pb::AlertStatus::Open;
    let acknowledge = alert.acknowledge_by.as_ref().filter(|_| is_open);
    fact(file, "acknowledge.by", acknowledge.map(|day| one_line(day)));
    fact(file, "settle.by", alert.settle_by.as_ref().map(|day| one_line(day)));
    fact(file, "held.since", alert.held_since.as_ref().map(|day| one_line(day)));
}

/// What people did that holds now.
fn work(file: &mut File, alert: &pb::Alert) {
    fact(file, "assignee", alert.assignee.as_ref().map(|who| one_line(who)));
    fact(file, "part.of", alert.rolled_up_into.as_ref().map(|id| one_line(id)));
    let dismissal = alert.dismissal.as_ref();
    let because =
        |one: &pb::Dismissal| format!("{}: {}", term(one.reason().as_str_name()), one_line(&one.text));
    fact(file, "dismissed.because", dismissal.map(because));
    let exemption = |one: &pb::Exemption| {
        let (until, by) = (one_line(&one.until), one_line(&one.by));
        format!("{until}（{}, {by}）{}", term(one.kind().as_str_name()), one_line(&one.text))
    };
    fact(file, "exempted.until", alert.exemption.as_ref().map(exemption));
    let justification = alert.justification.clone().unwrap_or_default();
    fact(file, "justify.until", justification.until.map(|day| one_line(&day)));
    fact(file, "justified", justification.said.map(|said| one_line(&said)));
    let said = alert.worker_word();
    fact(file, "worker.word", (said != pb::WorkerWord::Unspecified).then(|| term(said.as_str_name())));
    fact(file, "advanced", (alert.advanced_fen > 0).then(|| yuan(alert.advanced_fen)));
    let to = alert.handed_to();
    fact(file, "handed.to", (to != pb::Authority::Unspecified).then(|| term(to.as_str_name())));
}

fn told(file: &mut File, audience: &pb::Audience) {
    let offices =
        [&audience.department, &audience.territory, &audience.territory_department, &audience.coordinator];
    let mut names: Vec<String> = Vec::new();
    for office in offices.into_iter().flatten().chain(&audience.added) {
        let name = one_line(&office.name);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    fact(file, "told", Some(names.join("、")));
    audience.flags.iter().for_each(|flag| file.line(&format!("  ! {}", one_line(flag))));
}
