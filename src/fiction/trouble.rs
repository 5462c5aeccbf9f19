//! What goes wrong in a made-up county, and where. A planted trouble says what a watchful reader of the
//! records should find. Knows nothing of rules.

use super::{Plan, Share};
use crate::domain::{Day, Fen, IdNumber, Period, ProjectId};
use rand::Rng;
use rand::seq::SliceRandom;

/// The kinds of trouble.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Trouble {
    /// From a month on nobody in the project is paid.
    ContractorStops,
    /// A month in which everybody gets only a part.
    Underpays,
    /// One worker is not paid for a month.
    WorkerLeftOut,
    /// A payment comes back; the bank says so days later.
    PaymentReturned,
    /// A worker's wage goes to an account that he never named.
    WrongPayee,
    /// Workers on the site whom nobody enrolled.
    UnregisteredWorkers,
    /// A project without a project record.
    UnknownProject,
    /// Days without swipes, stated by the labour officer weeks later.
    LateAttendance,
    /// The owner pays no labour fee from a month on; wages are paid as far as the account goes.
    LabourFeeUnpaid,
    /// One labour fee comes weeks late, and still in time for the wages.
    LabourFeeLate,
    /// From a month on the owner pays a part of each labour fee; wages are paid as far as the account goes.
    LabourFeePart,
    /// The owner pays each month's labour fee only days before its wages are due, always in time.
    LabourFeeAtPayDay,
    /// From a month on the contractor pays everybody, but days or weeks after the due date.
    PaysLate,
    /// The contractor takes money out of the wage account for something else before pay day.
    AccountDrained,
    /// The contractor takes money out of the wage account and brings it back before pay day.
    AccountLent,
    /// The owner takes back after each pay day what is more than one labour fee.
    SurplusRefunded,
    /// The wages that are not paid because the account does not hold enough.
    AccountShort,
    /// A site has somebody for whole days on which he works at another one.
    TwoSites,
    /// The wage account is reported late; payments from it cannot be placed until then.
    AccountLate,
}

impl Trouble {
    pub const ALL: [Trouble; 19] = [
        Trouble::ContractorStops,
        Trouble::Underpays,
        Trouble::WorkerLeftOut,
        Trouble::PaymentReturned,
        Trouble::WrongPayee,
        Trouble::UnregisteredWorkers,
        Trouble::UnknownProject,
        Trouble::LateAttendance,
        Trouble::LabourFeeUnpaid,
        Trouble::LabourFeeLate,
        Trouble::LabourFeePart,
        Trouble::LabourFeeAtPayDay,
        Trouble::PaysLate,
        Trouble::AccountDrained,
        Trouble::AccountLent,
        Trouble::SurplusRefunded,
        Trouble::AccountShort,
        Trouble::TwoSites,
        Trouble::AccountLate,
    ];

    /// Those that befall a whole project.
    const OF_PROJECTS: [Trouble; 15] = [
        Trouble::ContractorStops,
        Trouble::Underpays,
        Trouble::LateAttendance,
        Trouble::UnregisteredWorkers,
        Trouble::LabourFeeUnpaid,
        Trouble::AccountLate,
        Trouble::UnknownProject,
        Trouble::AccountDrained,
        Trouble::LabourFeeUnpaid,
        Trouble::LabourFeeLate,
        Trouble::LabourFeePart,
        Trouble::LabourFeeAtPayDay,
        Trouble::PaysLate,
        Trouble::AccountLent,
        Trouble::SurplusRefunded,
    ];

    /// The word in `truth.ndjson`.
    pub fn as_str(self) -> &'static str {
        match self {
            Trouble::ContractorStops => "contractor-stops",
            Trouble::Underpays => "underpays",
            Trouble::WorkerLeftOut => "worker-left-out",
            Trouble::PaymentReturned => "payment-returned",
            Trouble::WrongPayee => "wrong-payee",
            Trouble::UnregisteredWorkers => "unregistered-workers",
            Trouble::UnknownProject => "unknown-project",
            Trouble::LateAttendance => "late-attendance",
            Trouble::LabourFeeUnpaid => "labour-fee-unpaid",
            Trouble::LabourFeeLate => "labour-fee-late",
            Trouble::LabourFeePart => "labour-fee-part",
            Trouble::LabourFeeAtPayDay => "labour-fee-at-pay-day",
            Trouble::PaysLate => "pays-late",
            Trouble::AccountDrained => "account-drained",
            Trouble::AccountLent => "account-lent",
            Trouble::SurplusRefunded => "surplus-refunded",
            Trouble::AccountShort => "account-short",
            Trouble::TwoSites => "two-sites",
            Trouble::AccountLate => "account-late",
        }
    }
}

/// One trouble, where and how much.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Planted {
    pub trouble: Trouble,
    pub project_id: ProjectId,
    /// Where else it is seen, if it is about two projects.
    pub other_id: Option<ProjectId>,
    /// Whom it is about, if it is about one worker.
    pub id_number: Option<IdNumber>,
    pub period: Option<Period>,
    /// The wages (or labour fee) withheld, astray or late; 0 where it is not about money.
    pub amount_fen: Fen,
    /// The first business date on which it can be seen.
    pub from: Day,
    /// The business date on which it is mended, if it is.
    pub until: Option<Day>,
    /// No sheet and no account told of it before: the money was there, and was not paid.
    pub unseen: bool,
}

/// What befalls a project, with its numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fate {
    pub trouble: Trouble,
    /// The month it begins in.
    pub period: Period,
    /// Days after the due date (or after the start) until it is mended; `None` = never.
    pub mended_after: Option<i32>,
    /// Percent that are paid all the same.
    pub percent: i64,
    /// The payroll sheets tell nothing of what is coming.
    pub unseen: bool,
}

impl Fate {
    /// Wages that are withheld though nothing told of it before.
    pub fn is_unseen(self) -> bool {
        let withholds = [Trouble::ContractorStops, Trouble::Underpays, Trouble::PaysLate];
        self.unseen && withholds.contains(&self.trouble)
    }
}

/// One fate a project; `None` for the honest ones. Every kind occurs if there are projects enough.
pub(super) fn fates(plan: &Plan, dice: &mut impl Rng) -> Vec<Option<Fate>> {
    let kinds = u32::try_from(Trouble::OF_PROJECTS.len()).unwrap_or(0);
    let wanted = plan.troubles.of(plan.projects);
    let at_least = if plan.troubles > Share::default() { kinds.min(plan.projects / 2) } else { 0 };
    let count = wanted.max(at_least);
    let mut fates: Vec<Option<Fate>> = (0..plan.projects)
        .map(|n| (n < count).then(|| fate(plan, Trouble::OF_PROJECTS[(n % kinds) as usize], dice)))
        .collect();
    fates.shuffle(dice);
    fates
}

fn fate(plan: &Plan, trouble: Trouble, dice: &mut impl Rng) -> Fate {
    let period = match trouble {
        // Something was paid before, where there is a before.
        Trouble::ContractorStops if plan.months > 1 => plan.first.plus(dice.random_range(1..plan.months)),
        // In the last month there is no surplus beyond a fee any more.
        Trouble::SurplusRefunded => plan.first,
        _ => plan.first.plus(dice.random_range(0..plan.months.max(1))),
    };
    let mended_after = match trouble {
        Trouble::AccountLate | Trouble::LateAttendance => Some(dice.random_range(6..20)),
        Trouble::PaysLate => Some(dice.random_range(2..20)),
        _ => dice.random_ratio(1, 2).then(|| dice.random_range(12..55)),
    };
    let (percent, unseen) = (dice.random_range(50..95), dice.random_ratio(1, 4));
    // He who pays late has the money and makes his sheets.
    let unseen = unseen || trouble == Trouble::PaysLate;
    Fate { trouble, period, mended_after, percent, unseen }
}
