//! `AlertService.WhatIf`: which alerts would be others if one payment more were made. Reads the request, asks
//! the project, shows the answer; nothing of it is kept.

use super::ask::ask;
use super::present::{both, fen, level, rule};
use super::rows::Rows;
use super::subject::subject;
use crate::alerts::{Numbers, alert_id, text};
use crate::domain::{
    Account, AlertKey, AlertRow, Day, Fen, Finding, IdNumber, Payment, PaymentStatus, Period, ProjectId,
    Reason, Time,
};
use crate::engine::{Engine, Otherwise, ProjectAsk};
use crate::proto::Refusal;
use crate::proto::v1::{self as pb, WhatIfEffect};
use tokio::time::Instant;

/// What is asked, read and found possible.
struct Asked {
    project_id: ProjectId,
    whom: IdNumber,
    amount_fen: Fen,
    period: Option<Period>,
    paid_on: Day,
    as_of: Day,
}

/// Whom nobody has named, or a project without one, has this account.
const NO_ACCOUNT: &str = "00000000";

pub async fn what_if(
    engine: &Engine,
    rows: &Rows,
    row: &AlertRow,
    payment: pb::HypotheticalPayment,
    sees_held: bool,
    until: Instant,
) -> Result<pb::WhatIfResponse, Refusal> {
    let today = engine.business_date().ok_or_else(|| {
        let why = "there is no business date yet: nothing is judged before the first";
        Refusal::Precondition("NO_BUSINESS_DATE", why.into())
    })?;
    let asked = read(row, &payment, today)?;
    let (project, as_of) = (asked.project_id.clone(), asked.as_of);
    let question = move |ask: Option<ProjectAsk<'_>>| {
        let ask = ask?;
        let mut found = ask.what_if(payment_of(&ask, asked)?, as_of);
        // Of what is held in quarantine nobody is told this way either.
        let is_held = |finding: &Finding| {
            let key = AlertKey { subject: finding.subject.clone(), rule: finding.rule };
            ask.alerts.get(&key).is_some_and(|alert| alert.stands() && alert.held.is_some())
        };
        found.retain(|one| sees_held || !one.before.as_ref().or(one.after.as_ref()).is_some_and(is_held));
        Some(found)
    };
    let found = ask(until, |done| engine.ask_project(project, question, done)).await?;
    let found = found
        .ok_or_else(|| Refusal::NotFound("no record names this worker in the alert's project".into()))?;
    let changes = found.iter().map(|one| shown(one, rows, as_of)).collect();
    Ok(pb::WhatIfResponse { as_of: as_of.to_string(), changes })
}

fn read(row: &AlertRow, payment: &pb::HypotheticalPayment, today: Day) -> Result<Asked, Refusal> {
    let field =
        |reason: &Reason| Refusal::invalid(format!("payment.{}", reason.field), reason.expected.as_str());
    let amount_fen = Fen(payment.amount_fen);
    if !(1..=Fen::MAX.0).contains(&amount_fen.0) {
        return Err(Refusal::invalid("payment.amount_fen", format!("fen, from 1 to {}", Fen::MAX.0)));
    }
    let whom = match &payment.id_number {
        Some(id) => {
            IdNumber::parse("id_number", payment.id_type.as_deref(), id).map_err(|why| field(&why))?
        }
        None => row.id_number().cloned().ok_or_else(|| {
            let expected = "whom the payment is to: the alert is about no single worker";
            Refusal::invalid("payment.id_number", expected)
        })?,
    };
    let period = match &payment.period {
        None => None,
        Some(text) => Some(
            Period::parse(text).ok_or_else(|| Refusal::invalid("payment.period", "a month as YYYY-MM"))?,
        ),
    };
    let paid_on = match &payment.paid_on {
        None => today,
        Some(text) => Day::parse(text)
            .filter(|day| (0..=MAX_AHEAD_DAYS).contains(&day.since(today)) || *day <= today)
            .ok_or_else(|| Refusal::invalid("payment.paid_on", "a real date as YYYY-MM-DD, within a year"))?,
    };
    let project_id = row.project_id().clone();
    Ok(Asked { project_id, whom, amount_fen, period, paid_on, as_of: paid_on.max(today) })
}

/// How far ahead a payment may lie: what is judged then is only what is known now.
const MAX_AHEAD_DAYS: i32 = 366;

/// `None` if the project knows no such worker.
fn payment_of(ask: &ProjectAsk<'_>, asked: Asked) -> Option<Payment> {
    let worker = ask.ledger.worker_ix(&asked.whom)?;
    let none = Account::parse("account", NO_ACCOUNT).ok()?;
    let open = |on: Option<Day>| on.is_none_or(|closed_on| closed_on > asked.paid_on);
    let account = ask.ledger.accounts().find(|a| open(a.closed_on)).map_or(none, |a| a.account);
    let payee_account = ask.ledger.named_accounts(worker).first().copied().unwrap_or(none);
    // Noon in China is four in the morning elsewhere: the same day by any start of the day.
    let settled_at = Time::from_seconds((i64::from(asked.paid_on.0) * 24 + 4) * 3600);
    Some(Payment {
        // No bank has such a name: nothing that was paid is put in its place.
        bank: "what-if".into(),
        txn_id: "what-if".into(),
        account,
        payee_account,
        payee_name: None,
        id_number: Some(asked.whom),
        project_id: Some(asked.project_id),
        period: asked.period,
        amount_fen: asked.amount_fen,
        settled_at,
        status: PaymentStatus::Settled,
    })
}

fn shown(one: &Otherwise, rows: &Rows, as_of: Day) -> pb::WhatIfChange {
    let Some(finding) = one.before.as_ref().or(one.after.as_ref()) else {
        return pb::WhatIfChange::default();
    };
    let effect = match (&one.before, &one.after) {
        (_, None) => WhatIfEffect::Goes,
        (None, _) => WhatIfEffect::Comes,
        _ => WhatIfEffect::Changes,
    };
    let state = |finding: &Finding| pb::WhatIfState {
        level: level(finding.level),
        amount_fen: fen(finding.amount),
        workers: finding.workers,
    };
    let id = alert_id(rows.ids(), finding.rule, &finding.project_id, &finding.subject);
    pb::WhatIfChange {
        effect: effect.into(),
        alert_id: id.0.to_string(),
        rule: rule(finding.rule),
        subject: Some(subject(&finding.subject, finding.period.map(|p| p.to_string()))),
        title: Some(both(text(finding, as_of, None, Numbers::Masked).title)),
        before: one.before.as_ref().map(state),
        after: one.after.as_ref().map(state),
    }
}
