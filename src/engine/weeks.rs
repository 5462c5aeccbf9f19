//! A project's day statements by week: how many stand, and how many of them came late. Kept up with
//! each statement, and always what a count of all would find. Knows no worker, no rule.

use crate::domain::{Day, Days, Rulebook, Time, WeekTotals};
use crate::ledger::ProjectLedger;
use std::collections::BTreeMap;

/// Finished weeks that are told.
const TOLD: i32 = 4;

#[derive(Default)]
pub(super) struct Weeks {
    /// By Monday: statements, and those that came late.
    weeks: BTreeMap<Day, (u32, u32)>,
}

/// When a day was stated, and its days.
pub(super) type Statement = (Time, Days);

impl Weeks {
    /// All statements of the ledger, counted anew.
    pub fn of(ledger: &ProjectLedger, today: Day, book: &Rulebook) -> Weeks {
        let mut weeks = Weeks::default();
        for (day, at, days) in ledger.statements_since(first_told(today)) {
            weeks.put(day, None, Some((at, days)), today, book);
        }
        weeks
    }

    /// Another statement stands of a day than before. Whether that may matter before the week's end:
    /// of a week that is not finished only what is late does.
    pub fn put(
        &mut self,
        day: Day,
        before: Option<Statement>,
        now: Option<Statement>,
        today: Day,
        book: &Rulebook,
    ) -> bool {
        let monday = monday(day);
        if before == now || monday < first_told(today) {
            return false;
        }
        let (no, yes) = (count(day, before, book), count(day, now, book));
        let week = self.weeks.entry(monday).or_default();
        week.0 = week.0 + yes.0 - no.0;
        week.1 = week.1 + yes.1 - no.1;
        yes.1 != no.1 || (yes.0 != no.0 && monday.plus(6) < today)
    }

    /// The weeks that have statements: the four before today's, and those after.
    pub fn tell(&self, today: Day) -> Vec<WeekTotals> {
        let told = self.weeks.range(first_told(today)..).filter(|(_, (statements, _))| *statements > 0);
        told.map(|(monday, (statements, late))| WeekTotals {
            monday: *monday,
            statements: *statements,
            late: *late,
        })
        .collect()
    }

    /// Forgets what is told no more.
    pub fn forget(&mut self, today: Day) {
        while let Some(first) = self.weeks.first_entry().filter(|first| *first.key() < first_told(today)) {
            first.remove();
        }
    }

    pub fn heap_bytes(&self) -> usize {
        self.weeks.len() * 24
    }
}

fn monday(day: Day) -> Day {
    day.plus(-day.weekday().cast_signed())
}

fn first_told(today: Day) -> Day {
    monday(today).plus(-7 * TOLD)
}

/// 1 and 1 for a statement that came late, by the number of the week's last day.
fn count(day: Day, statement: Option<Statement>, book: &Rulebook) -> (u32, u32) {
    const HOUR: i64 = 3600;
    let Some((at, _)) = statement.filter(|(_, days)| days.0 > 0) else { return (0, 0) };
    let hours = book.at(monday(day).plus(6)).upload_hours;
    let in_time = book.day_starts_at.begins(day.plus(1)).seconds() + hours * HOUR;
    (1, u32::from(at > Time::from_seconds(in_time)))
}
