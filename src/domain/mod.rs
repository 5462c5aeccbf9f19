//! The nouns: records, identifiers, money, dates, calendar, views, findings, alerts.
//! Knows no clock, no I/O, no wire format, no float; imports nothing of this crate.

mod acts;
mod alert;
mod calendar;
mod day;
mod doubt;
mod entry;
mod evidence;
mod finding;
mod ids;
mod mask;
mod money;
mod numbers;
mod origin;
mod person_name;
mod presence;
mod record;
mod reject;
mod rulebook;
mod time;
mod trace_mark;
mod view;

pub use acts::{Act, ActKind, Authority, DismissReason, ExemptionKind, Release, WorkerWord};
pub use alert::{
    Alert, AlertId, AlertKey, AlertRow, AlertStatus, Casework, Cause, Change, Clock, Deadlines, Deed,
    Dismissal, Exemption, History, Justification, Running, Step,
};
pub use calendar::{Calendar, DayKind};
pub use day::{Day, Period};
pub use doubt::{Doubt, DoubtKind, Doubts};
pub use entry::{Door, Entry, Erased, Position, Rejected, Verdict};
pub use evidence::{
    AccrualLine, Address, Evidence, Fact, FactName, FactValue, PaymentLine, SuspenseReason, WagePeriod,
};
pub use finding::{Finding, Level, Part, Rule, Subject};
pub use ids::{Account, IdNumber, ProjectId, Uscc};
pub use mask::mask_numbers;
pub use money::{Days, Fen, Sum, div_half_up};
pub use numbers::{NumberKey, Numbers, Switch};
pub use origin::{Origin, Origins};
pub use person_name::masked_name;
pub use presence::{MonthDays, PersonView, StayView};
pub use record::*;
pub use reject::{Reason, ReasonCode};
pub use rulebook::{Edition, Editions, Rulebook};
pub use time::{DayStart, Time};
pub use trace_mark::{TraceMark, Traceparent};
pub use view::{
    AccountView, Coming, DepositView, FeedView, FirmView, FloodView, MonthTotals, PapersView, PatternView,
    PayeeView, PeriodView, ProjectView, SharedPayee, TermsView, WeekTotals, WorkerView,
};
