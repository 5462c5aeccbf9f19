//! Domain values as messages: identity numbers and accounts masked, sums as 64-bit fen, dates as
//! texts. Decides nothing.

use super::impersonal;
use super::life;
use super::rows::Prepared;
use super::subject::{fact, subject};
use crate::access::Sight;
use crate::alerts::{
    Audience, Both, Department, Directory, IdKey, Numbers, alert_id, doubt_words, info, text,
};
use crate::domain::{
    AccrualLine, Day, DismissReason, Doubt, Evidence, PaymentLine, ProjectId, Subject, Sum, WagePeriod,
};
use crate::engine::api::ProjectFacts;
use crate::proto::v1 as pb;
use pb::accrual_line::Line;
use pb::evidence::Kind;

/// A sum on the wire; what does not fit is the greatest that does.
pub fn fen(sum: Sum) -> i64 {
    i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX })
}

/// The number of an enum's value on the wire: its place among all, from 1.
pub fn number<T: PartialEq>(all: &[T], one: &T) -> i32 {
    all.iter().position(|other| other == one).and_then(|at| i32::try_from(at + 1).ok()).unwrap_or(0)
}

macro_rules! numbers {
    ($($name:ident: $type:ty),+ $(,)?) => {$(
        pub fn $name(one: $type) -> i32 {
            number(<$type>::ALL, &one)
        }
    )+};
}
numbers! {
    rule: crate::domain::Rule,
    level: crate::domain::Level,
    status: crate::domain::AlertStatus,
    change: crate::domain::Change,
    dismiss_reason: DismissReason,
    exemption_kind: crate::domain::ExemptionKind,
    worker_word: crate::domain::WorkerWord,
    authority: crate::domain::Authority,
    suspense_reason: crate::domain::SuspenseReason,
    doubt_kind: crate::domain::DoubtKind,
}

pub fn both(text: Both) -> pb::Text {
    pb::Text { zh: text.zh, en: text.en }
}

pub fn event(
    prepared: &Prepared,
    routes: &Directory,
    ids: &IdKey,
    today: Option<Day>,
    sight: Sight,
) -> pb::AlertEvent {
    let row = &prepared.row;
    pb::AlertEvent {
        shard: u32::from(row.shard),
        seq: row.seq,
        change: change(row.change),
        alert: Some(alert(prepared, routes, ids, today, sight)),
        written_ms: row.written_ms,
    }
}

/// Who is told of a project's alerts.
pub fn audience<'a>(routes: &'a Directory, facts: Option<&ProjectFacts>) -> Audience<'a> {
    match facts {
        Some(facts) => routes.route(&facts.sector, &facts.territory, Some(facts.funding)),
        None => routes.route("", "", None),
    }
}

/// The same where it is at home elsewhere too: their departments are added.
pub fn audience_of_all<'a>(
    routes: &'a Directory,
    facts: Option<&ProjectFacts>,
    also: &[ProjectFacts],
) -> Audience<'a> {
    let mut all = audience(routes, facts);
    for other in also {
        let other = audience(routes, Some(other));
        for department in [other.sector_department, other.territory_department].into_iter().flatten() {
            if !all.includes(&department.code) {
                all.added.push(department);
            }
        }
    }
    all
}

pub fn alert(
    prepared: &Prepared,
    routes: &Directory,
    ids: &IdKey,
    today: Option<Day>,
    sight: Sight,
) -> pb::Alert {
    let mut shown = in_words(prepared, routes, ids, today, sight);
    if sight == Sight::NoPersons {
        impersonal::alert(&mut shown);
    }
    shown
}

fn in_words(
    prepared: &Prepared,
    routes: &Directory,
    ids: &IdKey,
    today: Option<Day>,
    sight: Sight,
) -> pb::Alert {
    let alert = &prepared.row.alert;
    let finding = &alert.finding;
    let facts = prepared.facts.as_deref();
    // A resolved alert speaks of the day on which it was resolved.
    let as_of = if alert.stands() { today.unwrap_or(alert.changed_on) } else { alert.changed_on };
    let words = text(finding, as_of, facts.map(|f| f.name.as_str()), numbers(sight));
    let into = finding.rule.rolls_up_into().filter(|_| alert.rolled_up);
    let owners = alert.causes.iter().map(|cause| cause.rule).find(|rule| rule.is_owners_duty());
    let must_act =
        owners.map_or(words.must_act, |rule| Both::new(info(rule).must_act_zh, info(rule).must_act_en));
    pb::Alert {
        id: alert.id.0.to_string(),
        rule: rule(finding.rule),
        level: level(finding.level),
        status: status(alert.status),
        project: Some(brief(&finding.project_id, facts)),
        subject: Some(subject(&finding.subject, finding.period.map(|p| p.to_string()))),
        amount_fen: fen(finding.amount),
        workers: finding.workers,
        due_on: finding.due_on.map(|day| day.to_string()),
        overdue_days: finding.overdue_days(as_of),
        as_of: Some(as_of.to_string()),
        evidence: Some(evidence(&finding.evidence)),
        title: Some(both(words.title)),
        body: Some(both(words.body)),
        arithmetic: words.arithmetic.into_iter().map(both).collect(),
        article: Some(both(words.article)),
        must_act: Some(both(must_act)),
        audience: Some(audience_of(&audience_of_all(routes, facts, &prepared.also))),
        raised_on: alert.raised_on.to_string(),
        changed_on: alert.changed_on.to_string(),
        revision: alert.revision,
        assignee: alert.assignee.as_ref().map(|a| a.to_string()),
        dismissal: alert.dismissal.as_ref().map(life::dismissal),
        actor: alert.actor.as_ref().map(|a| a.to_string()),
        note: alert.note.as_ref().map(|a| a.to_string()),
        rolled_up_into: into
            .map(|rule| alert_id(ids, rule, &finding.project_id, &Subject::Project).0.to_string()),
        rulebook_version: prepared.row.rulebook.to_string(),
        justification: alert.casework.justification.as_ref().map(life::justification),
        worker_word: alert.casework.worker.map_or(0, worker_word),
        exemption: alert.casework.exemption.as_ref().map(life::exemption),
        advanced_fen: fen(alert.casework.advanced),
        handed_to: alert.casework.handed_to.map_or(0, authority),
        acknowledge_by: alert.clock.running.and_then(|r| r.acknowledge_by).map(|day| day.to_string()),
        settle_by: alert.clock.running.and_then(|r| r.settle_by).map(|day| day.to_string()),
        escalation: u32::from(alert.clock.escalation),
        escalated_on: alert.clock.escalated_on.map(|day| day.to_string()),
        causes: alert.causes.iter().map(life::cause).collect(),
        doubts: doubts(&prepared.doubts),
        held_since: alert.held.map(|day| day.to_string()),
        escalated_to: routes.ladder(alert.clock.escalation).map(office),
    }
}

pub fn doubts(doubts: &[Doubt]) -> Vec<pb::Doubt> {
    let shown = |doubt: &Doubt| pb::Doubt {
        kind: doubt_kind(doubt.kind),
        source: doubt.source.to_string(),
        since: doubt.since.to_string(),
        text: Some(both(doubt_words(doubt))),
    };
    doubts.iter().map(shown).collect()
}

fn numbers(sight: Sight) -> Numbers {
    match sight {
        Sight::Masked => Numbers::Masked,
        Sight::NoPersons => Numbers::Hidden,
    }
}

/// What belongs to no single project names none.
fn brief(project_id: &ProjectId, facts: Option<&ProjectFacts>) -> pb::ProjectBrief {
    let or_empty = |text: Option<&str>| text.unwrap_or_default().to_owned();
    pb::ProjectBrief {
        project_id: if project_id.is_county() { String::new() } else { project_id.to_string() },
        name: or_empty(facts.map(|f| f.name.as_str())),
        sector: or_empty(facts.map(|f| f.sector.as_str())),
        territory: or_empty(facts.map(|f| f.territory.as_str())),
    }
}

fn office(department: &Department) -> pb::Office {
    pb::Office { code: department.code.to_string(), name: department.name.to_string() }
}

fn audience_of(audience: &Audience<'_>) -> pb::Audience {
    let mut flags = Vec::new();
    if audience.unknown_sector {
        flags.push("项目行业不在任何部门的名单中，由牵头单位确定 / the project's sector is in no department's list: the coordinator decides".to_owned());
    }
    if audience.unknown_territory {
        flags.push("项目属地不在名录中，由牵头单位确定 / the project's territory is not in the table: the coordinator decides".to_owned());
    }
    pb::Audience {
        department: audience.sector_department.map(office),
        territory: audience
            .territory
            .map(|t| pb::Office { code: t.code.to_string(), name: t.name.to_string() }),
        territory_department: audience.territory_department.map(office),
        coordinator: Some(office(audience.coordinator)),
        added: audience.added.iter().map(|d| office(d)).collect(),
        flags,
    }
}

pub fn evidence(evidence: &Evidence) -> pb::Evidence {
    let kind = match evidence {
        Evidence::Wage(period) => Kind::Wage(wage(period)),
        Evidence::ProjectArrears { overdue_fen, workers, periods, oldest_due_on, contractor_uscc, worst } => {
            let worst = worst
                .iter()
                .map(|(id, sum)| pb::WorkerSum { id_number: id.masked().to_string(), amount_fen: fen(*sum) });
            Kind::ProjectArrears(pb::ProjectArrearsEvidence {
                overdue_fen: fen(*overdue_fen),
                workers: *workers,
                periods: *periods,
                oldest_due_on: oldest_due_on.to_string(),
                worst: worst.collect(),
                contractor_uscc: contractor_uscc.map(|firm| firm.to_string()),
            })
        }
        Evidence::PayeeMismatch { payment, named_accounts } => {
            Kind::PayeeMismatch(pb::PayeeMismatchEvidence {
                payment: Some(payment_line(payment)),
                named_accounts: named_accounts.iter().map(|a| a.masked().to_string()).collect(),
            })
        }
        Evidence::UnregisteredWorker { days, first_worked_on } => {
            Kind::UnregisteredWorker(pb::UnregisteredWorkerEvidence {
                days: days.to_string(),
                first_worked_on: first_worked_on.map(|day| day.to_string()),
            })
        }
        Evidence::UnknownProject => Kind::UnknownProject(pb::UnknownProjectEvidence {}),
        Evidence::Facts(facts) => Kind::Facts(pb::FactsEvidence { facts: facts.iter().map(fact).collect() }),
    };
    pb::Evidence { kind: Some(kind) }
}

pub fn wage(wage: &WagePeriod) -> pb::WageEvidence {
    pb::WageEvidence {
        employer_uscc: wage.employer_uscc.map(|firm| firm.to_string()),
        days: wage.days.to_string(),
        minutes: wage.minutes,
        accrual: wage.accrual.iter().map(accrual_line).collect(),
        accrued_fen: fen(wage.accrued),
        signed_fen: wage.signed.map(fen),
        expected_fen: fen(wage.expected),
        direct_fen: fen(wage.direct),
        filled_fen: fen(wage.filled),
        paid_fen: fen(wage.paid),
        arrears_fen: fen(wage.arrears),
        tolerance_fen: fen(wage.tolerance),
        due_nominal: wage.due_nominal.to_string(),
        due_on: wage.due_on.to_string(),
        payments: wage.payments.iter().map(payment_line).collect(),
    }
}

pub fn accrual_line(line: &AccrualLine) -> pb::AccrualLine {
    let line = match line {
        AccrualLine::Terms { effective_on, basis, rate_fen, days, minutes, accrued } => {
            Line::Terms(pb::TermsLine {
                effective_on: effective_on.to_string(),
                basis: basis.to_string(),
                rate_fen: rate_fen.0,
                days: days.to_string(),
                minutes: *minutes,
                accrued_fen: fen(*accrued),
            })
        }
        AccrualLine::Piecework { lot, amount_fen } => {
            Line::Piecework(pb::PieceworkLine { lot: lot.to_string(), amount_fen: amount_fen.0 })
        }
    };
    pb::AccrualLine { line: Some(line) }
}

pub fn payment_line(payment: &PaymentLine) -> pb::PaymentLine {
    pb::PaymentLine {
        bank: payment.bank.to_string(),
        txn_id: payment.txn_id.to_string(),
        amount_fen: payment.amount_fen.0,
        payee_account: payment.payee_account.masked().to_string(),
        settled_at: payment.settled_at.to_string(),
        period: payment.period.map(|p| p.to_string()),
        returned: payment.returned,
        counts: payment.counts,
        outside_account: payment.outside_account,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        AlertStatus, Authority, Change, DoubtKind, ExemptionKind, Level, Rule, SuspenseReason, WorkerWord,
    };

    /// Number n on the wire is the n-th of the domain's values.
    #[test]
    fn enums_have_the_words_of_the_domain() {
        fn check(words: &[&str], prefix: &str, name: impl Fn(i32) -> Option<&'static str>) {
            for (number, word) in (1..).zip(words) {
                let name = name(number).unwrap_or_default();
                let name = name.strip_prefix(prefix).unwrap_or(name).to_lowercase().replace('_', "-");
                assert_eq!(name, *word, "{prefix}{number}");
            }
            assert_eq!(name(i32::try_from(words.len()).unwrap() + 1), None, "{prefix}");
        }
        macro_rules! check_all { ($($domain:ident $prefix:literal;)+) => {$(
            check($domain::WORDS, $prefix, |n| pb::$domain::try_from(n).ok().map(|e| e.as_str_name()));
        )+}}
        check_all! {
            Rule "RULE_"; Level "LEVEL_"; AlertStatus "ALERT_STATUS_"; Change "CHANGE_";
            DismissReason "DISMISS_REASON_"; SuspenseReason "SUSPENSE_REASON_";
            DoubtKind "DOUBT_KIND_"; ExemptionKind "EXEMPTION_KIND_"; WorkerWord "WORKER_WORD_"; Authority "AUTHORITY_";
        }
    }

    #[test]
    fn sums_that_do_not_fit_stay_large() {
        assert_eq!((fen(i128::MAX), fen(i128::MIN), fen(-5)), (i64::MAX, i64::MIN, -5));
    }
}
