//! Troubles of single workers: swipes that hardly vary, a month stated all at once, contracts signed late
//! or never, and numbers of the rulebook at which small worlds have such troubles.

use super::{Dice, Maker};
use rand::Rng;
use rand::seq::IndexedRandom;
use wagewatch::domain::*;

impl Maker {
    /// Some days on end, in and out at about the same time; now and then one that is left out or off.
    pub(super) fn steady_swipes(&mut self, project_id: ProjectId, n: usize) {
        let (first, days) = (self.any_day(), self.dice.random_range(2..9));
        let wobble = *[30, 90, 130].choose(&mut self.dice).unwrap();
        for day in (0..days).map(|day| first.plus(day)) {
            if self.one_in(12) {
                continue;
            }
            for hour in [7, 18] {
                let off = if self.one_in(20) { 1200 } else { self.dice.random_range(0..wobble) };
                let second = i64::from(day.0) * 86_400 + (hour - 8) * 3600 + off;
                self.put(Body::Swipe(Swipe {
                    project_id: project_id.clone(),
                    id_number: self.workers[n].0.clone(),
                    swiped_at: Time::from_seconds(second),
                    direction: None,
                    device: None,
                }));
            }
        }
    }

    /// Day statements of one month, all stated about when it is due.
    pub(super) fn late_month(&mut self, project_id: ProjectId, n: usize) {
        let period = self.any_period();
        let due = period.plus(1).day_or_last(*[1, 5, 10, 15, 28].choose(&mut self.dice).unwrap());
        for day in 1..=self.dice.random_range(3..9) {
            let stated = due.plus(self.dice.random_range(-8..3));
            let hour = self.dice.random_range(0..24);
            let at = Time::from_seconds(i64::from(stated.0) * 86_400 + hour * 3600);
            let (id_number, work_date) = (self.workers[n].0.clone(), period.day_or_last(day));
            let days = Days(*[0, 100, 100, 100].choose(&mut self.dice).unwrap());
            let body = WorkDay { project_id: project_id.clone(), id_number, work_date, days, minutes: None };
            self.put_at(at, Body::WorkDay(body));
        }
    }

    /// Never signed, before work, or some weeks after it began.
    pub(super) fn contract(&mut self, effective_on: Day) -> Option<Day> {
        match self.dice.random_range(0..3) {
            0 => Some(effective_on.plus(self.dice.random_range(-5..60))),
            _ => None,
        }
    }
}

/// Each rule's numbers are the default ones in half of the worlds.
pub(super) fn numbers(dice: &mut Dice, numbers: &mut Numbers) {
    if dice.random_bool(0.5) {
        numbers.criminal_worker_months = dice.random_range(1..4);
        numbers.criminal_worker_fen = dice.random_range(1..600_000);
    }
    if dice.random_bool(0.5) {
        numbers.minimum_monthly_fen = dice.random_range(1..700_000);
        numbers.minimum_full_month_days = *[100, 1_000, 2_067].choose(dice).unwrap();
    }
    if dice.random_bool(0.5) {
        numbers.left_working_days = dice.random_range(0..8);
        numbers.left_red_after_days = dice.random_range(0..20);
        numbers.returned_working_days = dice.random_range(0..5);
        numbers.returned_orange_working_days = dice.random_range(0..12);
    }
    if dice.random_bool(0.5) {
        numbers.payroll_below_percent = dice.random_range(0..60);
        numbers.payroll_below_fen = dice.random_range(0..200_000);
    }
    if dice.random_bool(0.5) {
        numbers.implausible_month_fen = dice.random_range(1..1_500_000);
        numbers.implausible_year_fen = dice.random_range(1..2_500_000);
    }
    if dice.random_bool(0.5) {
        numbers.no_contract_days = dice.random_range(0..45);
    }
    if dice.random_bool(0.75) {
        numbers.suspicious_steady_days = dice.random_range(2..6);
        numbers.suspicious_steady_minutes = dice.random_range(1..4);
    }
    if dice.random_bool(0.5) {
        numbers.suspicious_long_hours = dice.random_range(7..18);
        numbers.suspicious_long_days = dice.random_range(1..4);
    }
    if dice.random_bool(0.5) {
        numbers.suspicious_bulk_percent = dice.random_range(1..70);
        numbers.suspicious_bulk_days = dice.random_range(1..12);
    }
}
