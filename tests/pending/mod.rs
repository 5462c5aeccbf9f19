//! Rules that have a name and no file yet: whoever writes one takes it off this list.

use wagewatch::domain::Rule;

pub const PENDING: &[Rule] = &[
    Rule::CoverageLow,
    Rule::GroupArrears,
    Rule::AccountNotOpened,
    Rule::AccountAgreementMissing,
    Rule::LabourFeeLate,
    Rule::LabourFeeShort,
    Rule::BalanceShort,
    Rule::ForbiddenDebit,
    Rule::AccountRestrained,
    Rule::AccountClosedEarly,
    Rule::PaidOutsideAccount,
    Rule::SharedPayee,
    Rule::DepositMissing,
    Rule::DepositLow,
    Rule::DepositForm,
    Rule::DepositExpiring,
    Rule::DepositNotRefilled,
    Rule::GuaranteeMissing,
    Rule::UnregisteredMany,
    Rule::PayrollMissing,
    Rule::LabourOfficerMissing,
    Rule::AttendanceSilent,
    Rule::UploadLate,
    Rule::InspectionMissing,
    Rule::ComplaintOpen,
    Rule::RepeatOffender,
    Rule::BusinessSignal,
    Rule::FeedSilent,
];

/// The rules that judge.
pub fn judging() -> impl Iterator<Item = Rule> {
    Rule::ALL.iter().copied().filter(|rule| !PENDING.contains(rule))
}
