//! The numbers and the calendar that rules judge by: data, given to the core by its shell.

use super::{Calendar, DayStart};

/// Everything a judgement depends on beside ledger and business date.
#[derive(Clone, PartialEq, Debug)]
pub struct Rulebook {
    /// Names this set of numbers in alerts.
    pub version: String,
    pub calendar: Calendar,
    pub day_starts_at: DayStart,
    /// Arrears up to this sum are no arrears (default 100 fen).
    pub tolerance_fen: i64,
    /// Minutes between a day's first and last swipe -> hundredths of a day, ascending; the last
    /// step that is reached counts. Empty: any swipe is a whole day (contract, section 4).
    pub presence_steps: Vec<(u32, u32)>,
    /// Overdue by more days than these: orange, red.
    pub orange_after_days: i32,
    pub red_after_days: i32,
    /// `project-arrears`: from so many workers on it is a group.
    pub group_workers: u32,
    /// `project-arrears`: a group that is owed this much or more is red.
    pub group_red_fen: i64,
}

impl Default for Rulebook {
    fn default() -> Self {
        Rulebook {
            version: "default".into(),
            calendar: Calendar::default(),
            day_starts_at: DayStart::default(),
            tolerance_fen: 100,
            presence_steps: Vec::new(),
            orange_after_days: 30,
            red_after_days: 60,
            group_workers: 10,
            group_red_fen: 3_000_000,
        }
    }
}
