//! The end of a month: what each hand has earned, the sheet, and what is paid of it, when, and where
//! it goes wrong. Reckons as the contract's section 4 does; knows no ledger.

use super::county::{Post, at};
use super::guests::Guest;
use super::site::{Hand, Registered, Site, Tally};
use super::till::{Shortage, Till};
use super::trouble::{Fate, Planted, Trouble};
use super::{Plan, papers, people, till};
use crate::domain::*;
use compact_str::format_compact;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// What one payment is for.
struct Wage<'a> {
    site: &'a Terms,
    period: Period,
    due: Day,
    calendar: &'a Calendar,
}

/// From where it is paid, and who tells of it.
struct Bank<'a> {
    dice: &'a mut ChaCha8Rng,
    till: &'a mut Till,
    post: &'a mut Post,
}

/// What payments of a site have in common.
struct Terms {
    project_id: ProjectId,
    account: Account,
    bank: compact_str::CompactString,
    /// Whether payments name project and worker.
    named: bool,
}

/// Closes a month on its last day: tallies become wages, sheets and payments are put in the post.
pub(super) fn close(site: &mut Site, period: Period, plan: &Plan, calendar: &Calendar, post: &mut Post) {
    let due = due_on(site, period, calendar);
    let terms = terms(site);
    let wage = Wage { site: &terms, period, due, calendar };
    let earned: Vec<i64> = (site.hands.iter_mut())
        .map(|hand| {
            hand.month = std::mem::take(&mut hand.tally);
            let earned = earned(hand, hand.month) + piecework(hand, &wage, &mut site.dice, post);
            if hand.registered == Registered::Never { 0 } else { earned }
        })
        .collect();
    let drawn: Vec<i64> = site.guests.iter_mut().map(Guest::close).collect();
    sheets(site, period, &earned, &drawn, post);
    let wages = earned.iter().sum();
    till::drain(site, period, due, wages, post);
    till::lend(site, period, due, wages, post);
    let short = till::shortage(site, due, wages, calendar);
    let mut withheld = Withheld::default();
    let (fate, dice, till) = (site.fate, &mut site.dice, &mut site.till);
    for (hand, earned) in site.hands.iter().zip(earned).filter(|(_, earned)| *earned > 0) {
        let mut bank = Bank { dice: &mut *dice, till: &mut *till, post: &mut *post };
        match (&short, fate) {
            (Some(short), _) => withheld.add(of_account(short, hand, earned, &wage, &mut bank)),
            (None, Some(fate)) => withheld.add(of_project(fate, hand, earned, &wage, &mut bank)),
            (None, None) if plan.troubles.fifth().strikes(bank.dice) => {
                of_worker(hand, earned, &wage, &mut bank);
            }
            (None, None) => pay_in_time(hand, earned, &wage, &mut bank),
        }
    }
    // Only honest sites have any: nobody notices.
    for (guest, drawn) in site.guests.iter_mut().zip(drawn).filter(|(_, drawn)| *drawn > 0) {
        let mut bank = Bank { dice: &mut guest.dice, till: &mut site.till, post: &mut *post };
        pay_in_time(&guest.hand, drawn, &wage, &mut bank);
    }
    if let Some(fate) = fate.filter(|_| withheld.amount > 0) {
        let trouble = if short.is_some() { Trouble::AccountShort } else { fate.trouble };
        let from = withheld.from.unwrap_or(due.plus(1));
        let planted = papers::planted(site, trouble, Some(period), withheld.amount, from, withheld.until);
        post.plant(Planted { unseen: short.is_none() && fate.is_unseen(), ..planted });
    }
    till::refund(site, period, due, post);
    if let Some(fate) = site.has(Trouble::LateAttendance).filter(|f| f.period == period) {
        late_attendance(site, fate, due, period, calendar, post);
    }
}

fn terms(site: &Site) -> Terms {
    Terms {
        project_id: site.project.project_id.clone(),
        account: site.account,
        bank: site.bank.clone(),
        named: site.has(Trouble::AccountLate).is_none(),
    }
}

/// What a project's trouble withholds in one month.
#[derive(Default)]
struct Withheld {
    amount: i64,
    from: Option<Day>,
    until: Option<Day>,
}

impl Withheld {
    fn add(&mut self, one: Withheld) {
        self.amount += one.amount;
        self.from = self.from.or(one.from);
        self.until = self.until.max(one.until);
    }
}

/// The pay day of the month after, on or before it a working day.
pub(super) fn due_on(site: &Site, period: Period, calendar: &Calendar) -> Day {
    let pay_day = site.project.pay_day.unwrap_or(15);
    calendar.on_or_before(period.plus(1).day_or_last(u32::from(pay_day)))
}

/// Accrued from attendance, in fen: one rate a month, rounded once.
pub(super) fn earned(hand: &Hand, tally: Tally) -> i64 {
    let rate = hand.rate_fen.sum();
    let (days, minutes) = (Sum::from(tally.days), Sum::from(tally.minutes));
    let sum = match hand.basis {
        Basis::Daily => div_half_up(rate * days, 100),
        Basis::Monthly => div_half_up(rate * days, 2175).min(rate),
        Basis::Hourly => div_half_up(rate * minutes, 60),
        Basis::Piece => 0,
    };
    i64::try_from(sum).unwrap_or(i64::MAX)
}

fn piecework(hand: &Hand, wage: &Wage<'_>, dice: &mut impl Rng, post: &mut Post) -> i64 {
    if hand.basis != Basis::Piece || hand.registered != Registered::Yes {
        return 0;
    }
    let mut sum = 0;
    for lot in 1..=dice.random_range(1..=3) {
        let amount = dice.random_range(150_000..320_000);
        sum += amount;
        let body = Body::Piecework(Box::new(Piecework {
            project_id: wage.site.project_id.clone(),
            id_number: hand.id_number.clone(),
            period: wage.period,
            lot: format_compact!("lot-{lot}"),
            amount_fen: Fen(amount),
        }));
        post.send(
            'w',
            "officer",
            at(wage.period.day_or_last(31), 20 * 3600 + dice.random_range(0..3600)),
            body,
        );
    }
    sum
}

/// Deductions, where there are any, come on top: signed and unsigned lines expect the same.
fn line(hand: &Hand, earned: i64, signed: bool, dice: &mut impl Rng) -> PayrollLine {
    let deductions = if dice.random_ratio(1, 20) { dice.random_range(50..300) * 100 } else { 0 };
    PayrollLine {
        id_number: hand.id_number.clone(),
        payable_fen: Fen(earned + deductions),
        deductions_fen: Fen(deductions),
        signed,
    }
}

/// Each employer's sheet, sent and approved on the first of the next month. Who will not pay makes
/// none; where less is paid than was earned, nobody signs; both unless nothing of it shows.
fn sheets(site: &mut Site, period: Period, earned: &[i64], drawn: &[i64], post: &mut Post) {
    let foretells = site.fate.filter(|fate| !fate.unseen && period >= fate.period);
    let foretells = foretells.map(|fate| fate.trouble);
    // A signed sheet outweighs the days, and the late days would not show.
    let late_days = site.has(Trouble::LateAttendance).is_some_and(|fate| fate.period == period);
    if foretells == Some(Trouble::ContractorStops) || late_days {
        return;
    }
    let signed = !(foretells == Some(Trouble::Underpays) && site.fate.is_some_and(|f| f.period == period));
    let mut lines: BTreeMap<usize, Vec<PayrollLine>> = BTreeMap::new();
    for (hand, earned) in site.hands.iter().zip(earned).filter(|(_, earned)| **earned > 0) {
        if hand.registered == Registered::Yes {
            lines.entry(hand.employer).or_default().push(line(hand, *earned, signed, &mut site.dice));
        }
    }
    for (guest, drawn) in site.guests.iter().zip(drawn).filter(|(_, drawn)| **drawn > 0) {
        lines.entry(guest.hand.employer).or_default().push(PayrollLine {
            id_number: guest.hand.id_number.clone(),
            payable_fen: Fen(*drawn),
            deductions_fen: Fen(0),
            signed,
        });
    }
    for (employer, lines) in lines {
        let submitted_on = period.plus(1).first_day();
        let body = Body::Payroll(Box::new(Payroll {
            project_id: site.project.project_id.clone(),
            employer_uscc: site.employers[employer].1,
            period,
            submitted_on,
            approved_on: Some(submitted_on),
            lines,
        }));
        post.send('s', "realname", at(submitted_on, 15 * 3600 + site.dice.random_range(0..3600)), body);
    }
}

impl Wage<'_> {
    /// A payment as the bank tells it; the caller may send it to another account.
    fn payment(&self, hand: &Hand, amount: i64, on: Day, bank: &mut Bank<'_>) -> Payment {
        Payment {
            bank: self.site.bank.clone(),
            txn_id: format_compact!("TX{:010}", bank.post.number()),
            account: self.site.account,
            payee_account: hand.card,
            payee_name: Some(hand.name.clone()),
            id_number: self.site.named.then(|| hand.id_number.clone()),
            project_id: self.site.named.then(|| self.site.project_id.clone()),
            period: Some(self.period),
            amount_fen: Fen(amount),
            settled_at: at(on, 10 * 3600 + 1800 + bank.dice.random_range(0..5 * 3600)),
            status: PaymentStatus::Settled,
        }
    }

    fn pay(&self, hand: &Hand, amount: i64, on: Day, bank: &mut Bank<'_>) {
        let payment = self.payment(hand, amount, on, bank);
        bank.till.take(on, amount);
        tell(payment, bank);
    }

    fn planted(&self, trouble: Trouble, hand: &Hand, amount: i64, from: Day, until: Option<Day>) -> Planted {
        Planted {
            trouble,
            project_id: self.site.project_id.clone(),
            other_id: None,
            id_number: Some(hand.id_number.clone()),
            period: Some(self.period),
            amount_fen: Fen(amount),
            from,
            until,
            unseen: true,
        }
    }
}

/// The bank tells of a settled payment within the minute.
fn tell(payment: Payment, bank: &mut Bank<'_>) {
    let stated = Time::from_seconds(payment.settled_at.seconds() + bank.dice.random_range(1..60));
    bank.post.send('p', "bank", stated, Body::Payment(Box::new(payment)));
}

/// On the due date or up to two days before it; one in fifty in two parts.
fn pay_in_time(hand: &Hand, earned: i64, wage: &Wage<'_>, bank: &mut Bank<'_>) {
    let on = wage.calendar.on_or_before(wage.due.plus(-bank.dice.random_range(0..=2)));
    let part = if bank.dice.random_ratio(1, 50) { earned * 6 / 10 } else { 0 };
    if part > 0 {
        wage.pay(hand, part, on, bank);
    }
    wage.pay(hand, earned - part, on, bank);
}

/// One hand's wage where the account does not hold enough for all.
fn of_account(short: &Shortage, hand: &Hand, earned: i64, wage: &Wage<'_>, bank: &mut Bank<'_>) -> Withheld {
    let now = short.part(earned);
    if now > 0 {
        wage.pay(hand, now, wage.due, bank);
    }
    if let Some(on) = short.until {
        wage.pay(hand, earned - now, on, bank);
    }
    Withheld { amount: earned - now, from: None, until: short.until }
}

/// One hand's wage in a project that is in trouble.
fn of_project(fate: Fate, hand: &Hand, earned: i64, wage: &Wage<'_>, bank: &mut Bank<'_>) -> Withheld {
    let struck = match fate.trouble {
        Trouble::ContractorStops | Trouble::PaysLate => wage.period >= fate.period,
        Trouble::Underpays => wage.period == fate.period,
        _ => false,
    };
    if !struck {
        pay_in_time(hand, earned, wage, bank);
        let known = papers::account_known_on(fate, wage.due, wage.period);
        // Paid in time, but nobody can tell whose until the account is known.
        return match fate.trouble {
            Trouble::AccountLate if wage.due < known => {
                Withheld { amount: earned, from: None, until: Some(known) }
            }
            _ => Withheld::default(),
        };
    }
    let now = if fate.trouble == Trouble::Underpays { earned * fate.percent / 100 } else { 0 };
    if now > 0 {
        wage.pay(hand, now, wage.due, bank);
    }
    let until = fate.mended_after.map(|days| wage.due.plus(days));
    if let Some(on) = until {
        wage.pay(hand, earned - now, on, bank);
    }
    Withheld { amount: earned - now, from: None, until }
}

/// One wage in trouble in a project that pays.
fn of_worker(hand: &Hand, earned: i64, wage: &Wage<'_>, bank: &mut Bank<'_>) {
    let mended = bank.dice.random_ratio(1, 2);
    match bank.dice.random_range(0..3) {
        0 => {
            let until = mended.then(|| wage.due.plus(bank.dice.random_range(5..40)));
            if let Some(on) = until {
                wage.pay(hand, earned, on, bank);
            }
            bank.post.plant(wage.planted(Trouble::WorkerLeftOut, hand, earned, wage.due.plus(1), until));
        }
        1 => {
            let payment = wage.payment(hand, earned, wage.due, bank);
            tell(payment.clone(), bank);
            let back = wage.due.plus(bank.dice.random_range(3..12));
            give_back(payment, back, bank);
            let until = mended.then(|| back.plus(bank.dice.random_range(5..20)));
            if let Some(on) = until {
                wage.pay(hand, earned, on, bank);
            }
            bank.post.plant(wage.planted(Trouble::PaymentReturned, hand, earned, back, until));
        }
        _ => {
            let mut payment = wage.payment(hand, earned, wage.due, bank);
            payment.payee_account = people::stray_card(bank.post.number());
            payment.payee_name = None;
            tell(payment.clone(), bank);
            let until = mended.then(|| wage.due.plus(bank.dice.random_range(8..30)));
            if let Some(on) = until {
                give_back(payment, on, bank);
                wage.pay(hand, earned, on, bank);
            }
            bank.post.plant(wage.planted(Trouble::WrongPayee, hand, earned, wage.due.plus(1), until));
        }
    }
}

/// The bank says, days later, that a payment came back.
fn give_back(payment: Payment, on: Day, bank: &mut Bank<'_>) {
    let returned = Payment { status: PaymentStatus::Returned, ..payment };
    let second = 8 * 3600 + bank.dice.random_range(0..1800);
    bank.post.send('p', "bank", at(on, second), Body::Payment(Box::new(returned)));
}

/// The officer states the silent days after the due date; the difference is paid ten days later.
fn late_attendance(
    site: &mut Site,
    fate: Fate,
    due: Day,
    period: Period,
    calendar: &Calendar,
    post: &mut Post,
) {
    let Some((first, last)) = site.silent_days() else { return };
    let stated = due.plus(fate.mended_after.unwrap_or(7));
    let until = stated.plus(10);
    let terms = terms(site);
    let wage = Wage { site: &terms, period, due, calendar };
    let mut sum = 0;
    for hand in &site.hands {
        // A monthly wage may be at its cap already: what the days add is the difference of two sums.
        let before = hand.month;
        let mut after = before;
        let mut day = first;
        while day <= last {
            if !hand.rests(day) {
                let worked = Tally { days: 100, minutes: 540 };
                after.days += worked.days;
                after.minutes += worked.minutes;
                let second = 14 * 3600 + site.dice.random_range(0..1800);
                post.send('d', "officer", at(stated, second), hand.day(&terms.project_id, day, worked));
            }
            day = day.plus(1);
        }
        let more = earned(hand, after) - earned(hand, before);
        if more > 0 {
            let mut bank = Bank { dice: &mut site.dice, till: &mut site.till, post: &mut *post };
            wage.pay(hand, more, until, &mut bank);
            sum += more;
        }
    }
    post.plant(Planted {
        trouble: Trouble::LateAttendance,
        project_id: terms.project_id.clone(),
        other_id: None,
        id_number: None,
        period: Some(period),
        amount_fen: Fen(sum),
        from: stated,
        until: Some(until),
        // The sheet of the month is missing.
        unseen: false,
    });
}
