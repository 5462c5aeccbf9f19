//! What is true: the merge of all records, and a worker's months settled from it.
//! Knows no clock, no log, no store, no rule; imports `domain` and `codec` only.
//!
//! Merging is commutative, associative and idempotent: records may come late, twice, in any order.
//! [`ProjectLedger`] holds one project; [`County`] what belongs to no single project and says,
//! by [`Command`]s, which payments and accounts are whose; [`Roster`] what rules that look beyond one
//! project ask for.

mod accounts;
mod banking;
mod books;
mod bucket;
mod command;
mod county;
mod county_page;
mod due;
mod funds;
mod hearsay;
mod in_time;
mod kept;
mod month;
mod page;
mod papers;
mod pattern;
mod payees;
mod payments;
mod payroll;
mod placing;
mod presence;
mod project;
mod reading;
mod roster;
mod roster_join;
mod roster_page;
mod settle;
mod stored;
mod terms;
mod waiting;
mod worker;

pub use command::Command;
pub use county::{County, Routed};
pub use county_page::{CountyPage, PageImage};
pub use due::due_date;
pub use funds::{FundsMonth, WorkedDay};
pub use hearsay::{Heard, Hearsay};
pub use in_time::half_paid_by;
pub use page::PageKey;
pub use payments::KeptPayment;
pub use presence::count_days_alike;
pub use project::{ProjectLedger, Touched, Who, WorkerIx};
pub use roster::{Roster, Stirred};
pub use roster_page::RosterPage;

#[cfg(test)]
mod tests;
