//! How long an alert may wait: its times start when it begins to ask for somebody (one that is part of
//! another, or held, does not), a level that rises
//! shortens them, and one that is missed takes it a step up the ladder. Knows no hours and no calendar:
//! the days are given.

use super::Times;
use crate::domain::{Alert, AlertStatus, Clock, Day, Running};

/// The sector's department, the coordinator, the county head.
const LADDER_TOP: u8 = 2;

/// Brings the times of an alert in line with what it is now.
pub(super) fn wind(alert: &mut Alert, times: &Times) {
    if !alert.asks() || alert.rolled_up || alert.held.is_some() {
        alert.clock.running = None;
        return;
    }
    let level = alert.finding.level;
    match &mut alert.clock.running {
        None => {
            let start = |days| Clock { running: Some(running(alert, days)), ..Clock::default() };
            if let Some(clock) = times(level).map(start) {
                alert.clock = clock;
            }
        }
        Some(running) => {
            if level > running.level
                && alert.clock.escalation < LADDER_TOP
                && let Some(days) = times(level)
            {
                running.acknowledge_by = running.acknowledge_by.map(|day| day.min(days.acknowledge_by));
                running.settle_by = running.settle_by.into_iter().chain(days.settle_by).min();
            }
            running.level = level;
            if alert.status != AlertStatus::Open {
                running.acknowledge_by = None;
            }
        }
    }
}

/// Takes an alert up the ladder for each of its times that has passed; false if none has. An alert that
/// was not settled gets the same time once more, until it is at the top. Where no times run any more
/// (they were switched off), those that ran before are left alone.
pub(super) fn escalate(alert: &mut Alert, today: Day, times: &Times) -> bool {
    let Some(running) = &mut alert.clock.running else { return false };
    if times(running.level).is_none() {
        return false;
    }
    let unseen = running.acknowledge_by.take_if(|day| *day < today).is_some();
    let unsettled = running.settle_by.take_if(|day| *day < today).is_some();
    if !unseen && !unsettled {
        return false;
    }
    alert.clock.unseen |= unseen;
    alert.clock.unsettled |= unsettled;
    let before = alert.clock.escalation;
    alert.clock.escalation = (before + u8::from(unseen) + u8::from(unsettled)).min(LADDER_TOP);
    if alert.clock.escalation == LADDER_TOP {
        // There is nobody left to tell.
        (running.acknowledge_by, running.settle_by) = (None, None);
    } else if unsettled {
        running.settle_by = times(running.level).and_then(|days| days.settle_by);
    }
    alert.clock.escalated_on = Some(today);
    true
}

fn running(alert: &Alert, days: crate::domain::Deadlines) -> Running {
    Running {
        level: alert.finding.level,
        acknowledge_by: (alert.status == AlertStatus::Open).then_some(days.acknowledge_by),
        settle_by: days.settle_by,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::sample::{alert, day, wage};
    use crate::domain::{Deadlines, Level};

    /// Two days to acknowledge and ten to settle; red half of it.
    fn from(today: &str) -> impl Fn(Level) -> Option<Deadlines> {
        let today = day(today);
        move |level| {
            let (seen, settled) = if level == Level::Red { (1, 5) } else { (2, 10) };
            Some(Deadlines {
                acknowledge_by: today.plus(seen),
                settle_by: (level != Level::Blue).then(|| today.plus(settled)),
            })
        }
    }

    fn days(alert: &Alert) -> (Option<String>, Option<String>, u8) {
        let running = alert.clock.running;
        let text = |day: Option<Day>| day.map(|day| day.to_string());
        let (seen, settled) = (running.and_then(|r| r.acknowledge_by), running.and_then(|r| r.settle_by));
        (text(seen), text(settled), alert.clock.escalation)
    }

    #[track_caller]
    fn check(alert: &Alert, seen: Option<&str>, settled: Option<&str>, escalation: u8) {
        assert_eq!(days(alert), (seen.map(str::to_owned), settled.map(str::to_owned), escalation));
    }

    #[test]
    fn nobody_sees_it_and_then_nobody_settles_it() {
        let mut alert = alert(wage(1, "2026-03", 100_000));
        wind(&mut alert, &from("2026-04-16"));
        check(&alert, Some("2026-04-18"), Some("2026-04-26"), 0);
        assert!(!escalate(&mut alert, day("2026-04-18"), &from("2026-04-18")));
        assert!(escalate(&mut alert, day("2026-04-19"), &from("2026-04-19")));
        check(&alert, None, Some("2026-04-26"), 1);
        assert!(escalate(&mut alert, day("2026-04-27"), &from("2026-04-27")));
        check(&alert, None, None, 2);
        assert_eq!(alert.clock.escalated_on, Some(day("2026-04-27")));
    }

    #[test]
    fn acknowledged_and_forgotten_it_goes_up_twice() {
        let mut alert = alert(wage(1, "2026-03", 100_000));
        wind(&mut alert, &from("2026-04-16"));
        alert.status = AlertStatus::Acknowledged;
        wind(&mut alert, &from("2026-04-17"));
        check(&alert, None, Some("2026-04-26"), 0);
        assert!(escalate(&mut alert, day("2026-04-27"), &from("2026-04-27")));
        check(&alert, None, Some("2026-05-07"), 1);
        assert!(escalate(&mut alert, day("2026-05-08"), &from("2026-05-08")));
        check(&alert, None, None, 2);
        assert!(!escalate(&mut alert, day("2026-06-08"), &from("2026-06-08")));
    }

    #[test]
    fn a_level_that_rises_shortens_and_one_that_falls_does_not_lengthen() {
        let mut alert = alert(wage(1, "2026-03", 100_000));
        wind(&mut alert, &from("2026-04-16"));
        alert.finding.level = Level::Red;
        wind(&mut alert, &from("2026-04-17"));
        check(&alert, Some("2026-04-18"), Some("2026-04-22"), 0);
        alert.finding.level = Level::Yellow;
        wind(&mut alert, &from("2026-04-18"));
        check(&alert, Some("2026-04-18"), Some("2026-04-22"), 0);
    }

    #[test]
    fn what_asks_again_begins_anew() {
        let mut alert = alert(wage(1, "2026-03", 100_000));
        wind(&mut alert, &from("2026-04-16"));
        assert!(escalate(&mut alert, day("2026-04-19"), &from("2026-04-19")));
        alert.status = AlertStatus::Exempted;
        wind(&mut alert, &from("2026-04-20"));
        check(&alert, None, None, 1);
        alert.status = AlertStatus::Acknowledged;
        wind(&mut alert, &from("2026-05-20"));
        check(&alert, None, Some("2026-05-30"), 0);
    }

    #[test]
    fn no_times_no_ladder() {
        let mut alert = alert(wage(1, "2026-03", 100_000));
        wind(&mut alert, &|_| None);
        check(&alert, None, None, 0);
        wind(&mut alert, &from("2026-04-16"));
        assert!(!escalate(&mut alert, day("2027-01-01"), &|_| None));
        check(&alert, Some("2026-04-18"), Some("2026-04-26"), 0);
    }
}
