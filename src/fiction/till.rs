//! What a site's wage account holds: labour fees as its owner pays them, what the contractor takes out
//! for other ends, what wages leave. Decided before it happens, as everything here. Knows no wage.

use super::Plan;
use super::county::{Post, at};
use super::papers::planted;
use super::site::{Hand, Site};
use super::trouble::{Fate, Trouble};
use super::wages::due_on;
use crate::domain::*;
use compact_str::{CompactString, format_compact};
use rand::Rng;
use std::collections::BTreeMap;

/// Money in and out by day, in fen.
#[derive(Default)]
pub(super) struct Till {
    moves: BTreeMap<Day, i64>,
}

impl Till {
    /// What it holds on the evening of that day, as far as is decided.
    pub fn on(&self, day: Day) -> i64 {
        self.moves.range(..=day).map(|(_, sum)| sum).sum()
    }

    pub fn put(&mut self, day: Day, sum: i64) {
        *self.moves.entry(day).or_default() += sum;
    }

    pub fn take(&mut self, day: Day, sum: i64) {
        self.put(day, -sum);
    }
}

/// The most that a hand can earn in a month, about.
fn most(hand: &Hand) -> i64 {
    let rate = hand.rate_fen.0;
    match hand.basis {
        Basis::Daily => rate * 28,
        Basis::Monthly => rate,
        Basis::Hourly => rate * 28 * 21 / 2,
        Basis::Piece => 960_000,
    }
}

/// The monthly fee that covers the wages of the site's hands whatever they do, in hundreds of yuan.
pub(super) fn labour_fee(site: &Site) -> Fen {
    let hands = site.hands.iter().chain(site.guests.iter().map(|guest| &guest.hand));
    let most: i64 = hands.map(most).sum();
    Fen((most.max(1) + 9_999) / 10_000 * 10_000)
}

/// The owner's labour fees of all months, each in its month on the same day, or as the site's trouble has it.
pub(super) fn labour_fees(site: &mut Site, plan: &Plan, calendar: &Calendar, post: &mut Post) {
    let fee = site.project.labour_fee_fen.unwrap_or_default().0;
    let withheld = site.has(Trouble::LabourFeeUnpaid).or(site.has(Trouble::LabourFeePart));
    let days = fee_days(site, plan, calendar, post);
    let late_by = site.dice.random_range(8..=25);
    let paid_on =
        withheld.and_then(|fate| Some(due_on(site, fate.period, calendar).plus(fate.mended_after?)));
    let mut owed = 0;
    for (period, day) in days {
        let entry_id = format_compact!("fee-{period}");
        let struck = |fate: &Fate| period >= fate.period && paid_on.is_none_or(|paid_on| day < paid_on);
        if let Some(fate) = withheld.filter(struck) {
            let part = if fate.trouble == Trouble::LabourFeePart { fee * fate.percent / 100 } else { 0 };
            if part > 0 {
                pay_fee(site, day, part, entry_id, post);
            }
            owed += fee - part;
            post.plant(planted(site, fate.trouble, Some(period), fee - part, day.plus(1), paid_on));
        } else if site.has(Trouble::LabourFeeLate).is_some_and(|fate| period == fate.period) {
            let late = day.plus(late_by);
            post.plant(planted(site, Trouble::LabourFeeLate, Some(period), fee, day.plus(1), Some(late)));
            pay_fee(site, late, fee, entry_id, post);
        } else {
            pay_fee(site, day, fee, entry_id, post);
        }
    }
    if let Some(paid_on) = paid_on.filter(|_| owed > 0) {
        pay_fee(site, paid_on, owed, CompactString::const_new("fee-rest"), post);
    }
}

/// On which day the owner pays the fee of each month: early in the month itself, or only days before
/// its wages are due. Of those who will stop, a third used to pay late, too.
fn fee_days(site: &mut Site, plan: &Plan, calendar: &Calendar, post: &mut Post) -> Vec<(Period, Day)> {
    let months = (0..plan.months).map(|n| plan.first.plus(n));
    let day_of_month = site.dice.random_range(3..=8);
    let stops = site.has(Trouble::LabourFeeUnpaid).is_some() && site.dice.random_ratio(1, 3);
    if site.has(Trouble::LabourFeeAtPayDay).is_none() && !stops {
        return months.map(|period| (period, period.day_or_last(day_of_month))).collect();
    }
    let ahead = site.dice.random_range(3..=7);
    let days: Vec<(Period, Day)> = months
        .map(|period| {
            let day = due_on(site, period, calendar).plus(-ahead - site.dice.random_range(0..=1));
            (period, calendar.on_or_before(day))
        })
        .collect();
    let from = plan.first.first_day();
    post.plant(planted(site, Trouble::LabourFeeAtPayDay, None, 0, from, days.last().map(|(_, day)| *day)));
    days
}

fn pay_fee(site: &mut Site, day: Day, sum: i64, entry_id: CompactString, post: &mut Post) {
    site.till.put(day, sum);
    let second = 9 * 3600 + site.dice.random_range(0..3600);
    let (direction, kind) = (EntryDirection::In, EntryKind::LabourFee);
    let counterparty = Some(site.project.owner_name.clone());
    let fee = Booking { entry_id, direction, kind, sum, counterparty, purpose: "人工费用" };
    book(site, day, second, fee, post);
}

struct Booking {
    entry_id: CompactString,
    direction: EntryDirection,
    kind: EntryKind,
    sum: i64,
    counterparty: Option<CompactString>,
    purpose: &'static str,
}

fn book(site: &Site, day: Day, second: i64, booking: Booking, post: &mut Post) {
    let booked_at = at(day, second);
    let body = Body::AccountEntry(Box::new(AccountEntry {
        account: site.account,
        entry_id: booking.entry_id,
        direction: booking.direction,
        kind: booking.kind,
        amount_fen: Fen(booking.sum),
        booked_at,
        counterparty: booking.counterparty,
        purpose: Some(CompactString::const_new(booking.purpose)),
    }));
    post.send('b', "bank", booked_at, body);
}

/// The contractor takes out what is there but for a part of the wages of the month, days before they
/// are due, and brings it back if the trouble is mended.
pub(super) fn drain(site: &mut Site, period: Period, due: Day, wages: i64, post: &mut Post) {
    let Some(fate) = site.has(Trouble::AccountDrained).filter(|fate| fate.period == period) else { return };
    // After the month's last labour fee before pay day, which comes on the 8th at the latest.
    let day = due.plus(-site.dice.random_range(1..=14)).max(period.plus(1).day_or_last(9));
    let until = fate.mended_after.map(|days| due.plus(days));
    take_out(site, fate, period, wages, (day, until), post);
}

/// The same, but it is there again days before the first wage is paid.
pub(super) fn lend(site: &mut Site, period: Period, due: Day, wages: i64, post: &mut Post) {
    let Some(fate) = site.has(Trouble::AccountLent).filter(|fate| fate.period == period) else { return };
    let back = due.plus(-site.dice.random_range(3..=10));
    let day = back.plus(-site.dice.random_range(2..=20)).max(period.plus(1).first_day());
    take_out(site, fate, period, wages, (day, Some(back)), post);
}

fn take_out(
    site: &mut Site,
    fate: Fate,
    period: Period,
    wages: i64,
    (day, until): (Day, Option<Day>),
    post: &mut Post,
) {
    let sum = site.till.on(day) - wages * fate.percent / 100;
    // What happened before the month is closed is past.
    if sum <= 0 || day <= period.day_or_last(31) {
        return;
    }
    site.till.take(day, sum);
    let (entry_id, direction) = (format_compact!("out-{period}"), EntryDirection::Out);
    let counterparty = Some(site.project.contractor_name.clone());
    let (kind, purpose) = (EntryKind::Other, "材料款");
    let taken = Booking { entry_id, direction, kind, sum, counterparty: counterparty.clone(), purpose };
    book(site, day, 16 * 3600, taken, post);
    if let Some(on) = until {
        site.till.put(on, sum);
        let (entry_id, direction) = (format_compact!("back-{period}"), EntryDirection::In);
        let back = Booking { entry_id, direction, kind, sum, counterparty, purpose: "归还" };
        book(site, on, 10 * 3600, back, post);
    }
    post.plant(planted(site, fate.trouble, Some(period), sum, day, until));
}

/// The owner takes back what the account holds after pay day beyond one labour fee.
pub(super) fn refund(site: &mut Site, period: Period, due: Day, post: &mut Post) {
    let Some(fate) = site.has(Trouble::SurplusRefunded).filter(|fate| fate.period <= period) else { return };
    let day = due.plus(site.dice.random_range(1..=3));
    let fee = site.project.labour_fee_fen.unwrap_or_default().0;
    let sum = site.till.on(day) - fee;
    if sum <= 0 {
        return;
    }
    site.till.take(day, sum);
    let (entry_id, direction) = (format_compact!("refund-{period}"), EntryDirection::Out);
    let counterparty = Some(site.project.owner_name.clone());
    let (kind, purpose) = (EntryKind::Refund, "退回人工费用");
    book(site, day, 15 * 3600, Booking { entry_id, direction, kind, sum, counterparty, purpose }, post);
    post.plant(planted(site, fate.trouble, Some(period), sum, day, None));
}

/// A month whose wages the account cannot cover.
pub(super) struct Shortage {
    /// What there is, of `wages`.
    pub holds: i64,
    pub wages: i64,
    /// When there is enough for the rest, and it is paid.
    pub until: Option<Day>,
}

/// Whether the account covers the wages that are paid on the due date or up to two days before.
pub(super) fn shortage(site: &Site, due: Day, wages: i64, calendar: &Calendar) -> Option<Shortage> {
    let withheld = site.has(Trouble::LabourFeeUnpaid).or(site.has(Trouble::LabourFeePart));
    let fate = withheld.or(site.has(Trouble::AccountDrained))?;
    let holds = site.till.on(due).max(0);
    if holds.min(site.till.on(calendar.on_or_before(due.plus(-2)))) >= wages {
        return None;
    }
    let mended = due_on(site, fate.period, calendar).plus(fate.mended_after.unwrap_or(0)).plus(1);
    let until = Some(mended).filter(|day| fate.mended_after.is_some() && *day > due);
    Some(Shortage { holds: holds.min(wages), wages, until })
}

impl Shortage {
    /// What is paid of a wage in time.
    pub fn part(&self, earned: i64) -> i64 {
        let part = Sum::from(earned) * Sum::from(self.holds) / Sum::from(self.wages.max(1));
        i64::try_from(part).unwrap_or(earned)
    }
}
