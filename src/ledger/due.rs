//! When a month's wage is due (contract, section 4; Order 724, article 14). Knows no worker.

use crate::domain::{Calendar, Day, Period};

/// The nominal due date (`pay_day` of the month `offset` months later, or that month's last day),
/// and the due date: the last working day on or before it.
pub fn due_date(period: Period, pay_day: u8, offset: u8, calendar: &Calendar) -> (Day, Day) {
    let nominal = period.plus(u16::from(offset)).day_or_last(u32::from(pay_day));
    (nominal, calendar.on_or_before(nominal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::DayKind;

    fn check(period: &str, pay_day: u8, offset: u8, nominal: &str, due: &str) {
        let day = |text: &str| Day::parse(text).unwrap();
        let calendar = Calendar::new([
            (day("2026-02-14"), DayKind::Workday),
            (day("2026-02-16"), DayKind::Holiday),
            (day("2026-02-17"), DayKind::Holiday),
        ]);
        let got = due_date(Period::parse(period).unwrap(), pay_day, offset, &calendar);
        assert_eq!(got, (day(nominal), day(due)), "{period}");
    }

    #[test]
    fn due_moves_back_to_a_working_day() {
        check("2026-03", 15, 1, "2026-04-15", "2026-04-15");
        check("2026-01", 17, 1, "2026-02-17", "2026-02-14");
        check("2026-01", 31, 1, "2026-02-28", "2026-02-27");
        check("2025-12", 1, 0, "2025-12-01", "2025-12-01");
        check("2025-12", 10, 1, "2026-01-10", "2026-01-09");
    }
}
