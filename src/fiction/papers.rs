//! What a site sends beside attendance, wages and money: its project record, enrolments, wage account,
//! deposit, guarantee, inspections, complaints. Knows nothing of days worked.

use super::Plan;
use super::county::{Post, at, first_day};
use super::people;
use super::site::{Hand, Registered, Site};
use super::till;
use super::trouble::{Fate, Planted, Trouble};
use super::wages::due_on;
use crate::domain::*;
use compact_str::format_compact;
use rand::Rng;

/// Everything that is sent before work begins, and what comes late of it.
pub(super) fn open(site: &mut Site, plan: &Plan, calendar: &Calendar, post: &mut Post) {
    let start = first_day(plan);
    let unregistered = site.has(Trouble::UnregisteredWorkers);
    unregistered.into_iter().for_each(|fate| leave_out(site, fate));
    site.project.labour_fee_fen = Some(till::labour_fee(site));
    project(site, start, plan, post);
    account(site, start, plan, calendar, post);
    securities(site, start, post);
    enrolments(site, start, plan, post);
    till::labour_fees(site, plan, calendar, post);
}

/// A third of the site, ten at most, is not enrolled in time, or never.
fn leave_out(site: &mut Site, fate: Fate) {
    let count = (site.hands.len().div_ceil(3)).min(10);
    for hand in &mut site.hands[..count] {
        hand.registered = if fate.mended_after.is_some() { Registered::Late } else { Registered::Never };
        if hand.basis == Basis::Piece {
            (hand.basis, hand.rate_fen) = (Basis::Daily, Fen(30_000));
        }
    }
}

/// Work is over: the project is stated once more, as completed on that day.
pub(super) fn complete(site: &mut Site, day: Day, plan: &Plan, post: &mut Post) {
    if let Some(fate) = site.has(Trouble::UnknownProject) {
        let known_on = fate.mended_after.map(|days| plan.first.first_day().plus(days));
        if known_on.is_none_or(|known_on| known_on >= day) {
            return;
        }
    }
    site.project.status = ProjectStatus::Completed;
    site.project.completed_on = Some(day);
    post.send('j', "registry", at(day, 1800), Body::Project(Box::new(site.project.clone())));
}

fn project(site: &mut Site, start: Day, plan: &Plan, post: &mut Post) {
    let body = Body::Project(Box::new(site.project.clone()));
    let Some(fate) = site.has(Trouble::UnknownProject) else {
        return post.send('j', "registry", at(start, 9 * 3600 + site.dice.random_range(0..3600)), body);
    };
    let until = fate.mended_after.map(|days| plan.first.first_day().plus(days));
    if let Some(on) = until {
        post.send('j', "registry", at(on, 9 * 3600), body);
    }
    post.plant(planted(site, Trouble::UnknownProject, None, 0, start, until));
}

/// When a late wage account becomes known: `mended_after` days after the first month's due date.
pub(super) fn account_known_on(fate: Fate, due: Day, period: Period) -> Day {
    // Later months fall due later; the account is known by then, or soon after the first due date.
    if period > fate.period { due } else { due.plus(fate.mended_after.unwrap_or(7)) }
}

fn account(site: &mut Site, start: Day, plan: &Plan, calendar: &Calendar, post: &mut Post) {
    let known = match site.has(Trouble::AccountLate) {
        Some(fate) => {
            // It is the first month that waits.
            let fate = Fate { period: plan.first, ..fate };
            site.fate = Some(fate);
            account_known_on(fate, due_on(site, plan.first, calendar), plan.first)
        }
        None => start.plus(1),
    };
    let body = Body::Account(Box::new(WageAccount {
        project_id: site.project.project_id.clone(),
        account: site.account,
        bank: site.bank.clone(),
        opened_on: start.plus(-3),
        agreement_signed: true,
        closed_on: None,
    }));
    post.send('k', "bank", at(known, 10 * 3600), body);
}

fn securities(site: &mut Site, start: Day, post: &mut Post) {
    let project_id = site.project.project_id.clone();
    let deposit = Body::Deposit(Box::new(Deposit {
        project_id: project_id.clone(),
        deposit_id: "deposit-1".into(),
        form: people::pick(&mut site.dice, DepositForm::ALL),
        amount_fen: Fen(site.project.contract_fen.0 / 100),
        lodged_on: start,
        expires_on: Some(start.plus(730)),
        on_demand: true,
        status: DepositStatus::Lodged,
    }));
    post.send('g', "registry", at(start.plus(3), 11 * 3600), deposit);
    let guarantee = Body::PaymentGuarantee(Box::new(PaymentGuarantee {
        project_id,
        guarantee_id: "guarantee-1".into(),
        amount_fen: Fen(site.project.contract_fen.0 / 10),
        provided_on: start,
        expires_on: Some(start.plus(730)),
    }));
    post.send('g', "registry", at(start.plus(3), 11 * 3600 + 60), guarantee);
}

fn enrolments(site: &mut Site, start: Day, plan: &Plan, post: &mut Post) {
    let first = plan.first.first_day();
    let fate = site.has(Trouble::UnregisteredWorkers);
    let late_on = fate.and_then(|f| f.mended_after).map(|days| first.plus(days));
    for n in 0..site.hands.len() {
        let body = enrolment(site, &site.hands[n], first);
        let second = 8 * 3600 + site.dice.random_range(0..9 * 3600);
        let day = start.plus(site.dice.random_range(2..=6));
        match (site.hands[n].registered, late_on) {
            (Registered::Yes, _) => post.send('e', "realname", at(day, second), body),
            (Registered::Late, Some(on)) => post.send('e', "realname", at(on, second), body),
            _ => {}
        }
        if site.hands[n].registered != Registered::Yes {
            let id_number = Some(site.hands[n].id_number.clone());
            let planted = planted(site, Trouble::UnregisteredWorkers, None, 0, first, late_on);
            post.plant(Planted { id_number, ..planted });
        }
    }
    for guest in &site.guests {
        let body = enrolment(site, &guest.hand, first);
        post.send('e', "realname", at(start.plus(6), 17 * 3600), body);
    }
}

fn enrolment(site: &Site, hand: &Hand, first: Day) -> Body {
    let (employer_name, employer_uscc) = site.employers[hand.employer].clone();
    Body::Enrolment(Box::new(Enrolment {
        project_id: site.project.project_id.clone(),
        id_number: hand.id_number.clone(),
        id_type: None,
        name: hand.name.clone(),
        employer_name,
        employer_uscc: Some(employer_uscc),
        team: Some(format_compact!("team-{}", hand.employer + 1)),
        basis: hand.basis,
        rate_fen: hand.rate_fen,
        effective_on: first,
        contract_signed_on: Some(first.plus(-2)),
        left_on: None,
        account: Some(hand.card),
        pay_day: None,
        pay_month_offset: None,
    }))
}

/// What happens once in every month of work.
pub(super) fn month(site: &mut Site, period: Period, post: &mut Post) {
    let project_id = site.project.project_id.clone();
    let inspected_on = period.day_or_last(site.dice.random_range(8..=24));
    let stops = site.has(Trouble::ContractorStops).is_some_and(|fate| period >= fate.period);
    let inspection = Body::Inspection(Box::new(Inspection {
        project_id: project_id.clone(),
        inspection_id: format_compact!("{project_id}-{period}"),
        department: site.project.sector.clone(),
        inspector: people::name(&mut site.dice),
        inspected_on,
        outcome: if stops { InspectionOutcome::Hazard } else { InspectionOutcome::Clear },
        note: stops.then(|| "工资专户余额不足".into()),
    }));
    post.send('i', "department", at(inspected_on, 16 * 3600), inspection);
    if stops {
        trouble_shows(site, period, post);
    }
}

/// A contractor who stops paying is heard of: a weak signal in the month, a complaint two months on.
fn trouble_shows(site: &mut Site, period: Period, post: &mut Post) {
    let observed_on = period.day_or_last(20);
    let signal = Body::BusinessSignal(Box::new(BusinessSignal {
        employer_uscc: site.project.contractor_uscc,
        signal: people::pick(&mut site.dice, Signal::ALL),
        level: site.dice.random_range(60..=95),
        observed_on,
    }));
    post.send('x', "credit", at(observed_on, 7 * 3600), signal);
    let filed_on = period.plus(2).day_or_last(site.dice.random_range(3..=20));
    let heads = u32::try_from(site.hands.len()).unwrap_or(u32::MAX);
    let complaint = Body::Complaint(Box::new(Complaint {
        complaint_id: format_compact!("C-{}-{period}", site.project.project_id),
        channel: people::pick(&mut site.dice, Channel::ALL),
        filed_on,
        project_id: Some(site.project.project_id.clone()),
        employer_uscc: Some(site.project.contractor_uscc),
        sector: Some(site.project.sector.clone()),
        territory: Some(site.project.territory.clone()),
        workers: Some(heads),
        amount_fen: None,
        closed_on: None,
    }));
    post.send('c', "hotline", at(filed_on, 13 * 3600), complaint);
}

pub(super) fn planted(
    site: &Site,
    trouble: Trouble,
    period: Option<Period>,
    amount: i64,
    from: Day,
    until: Option<Day>,
) -> Planted {
    Planted {
        trouble,
        project_id: site.project.project_id.clone(),
        other_id: None,
        id_number: None,
        period,
        amount_fen: Fen(amount),
        from,
        until,
        unseen: false,
    }
}
