//! Records: statements about the world, one struct a type of the contract's section 3.
//! Values here are valid: doors build them through the parsing functions of this floor.

use super::{Account, Day, Days, Fen, IdNumber, Period, ProjectId, Time, Uscc};
use compact_str::CompactString;

/// One statement and who made it.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    pub head: Head,
    pub body: Body,
}

/// What every record bears.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// Unique at its source, 1-128 characters.
    pub id: CompactString,
    /// 1-64 characters.
    pub source: CompactString,
    /// When the source stated it.
    pub at: Time,
}

/// Which statement of one key wins: the greatest (`at`, `id`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Stamp {
    pub at: Time,
    pub id: CompactString,
}

impl Head {
    pub fn stamp(&self) -> Stamp {
        Stamp { at: self.at, id: self.id.clone() }
    }
}

#[derive(Clone, PartialEq, Debug)]
pub enum Body {
    Project(Box<Project>),
    Enrolment(Box<Enrolment>),
    Swipe(Swipe),
    WorkDay(WorkDay),
    Piecework(Box<Piecework>),
    Payroll(Box<Payroll>),
    Payment(Box<Payment>),
    Account(Box<WageAccount>),
    AccountEntry(Box<AccountEntry>),
    AccountRestraint(Box<AccountRestraint>),
    Deposit(Box<Deposit>),
    PaymentGuarantee(Box<PaymentGuarantee>),
    Inspection(Box<Inspection>),
    Complaint(Box<Complaint>),
    BusinessSignal(Box<BusinessSignal>),
}

/// Gives an enum its words in records, one word a variant.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The words, for error messages.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            pub fn parse(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words!(
    /// The types of records; metrics are labelled with it.
    RecordType {
        Project = "project", Enrolment = "enrolment", Attendance = "attendance", Piecework = "piecework",
        Payroll = "payroll", Payment = "payment", Account = "account", AccountEntry = "account_entry",
        AccountRestraint = "account_restraint", Deposit = "deposit", PaymentGuarantee = "payment_guarantee",
        Inspection = "inspection", Complaint = "complaint", BusinessSignal = "business_signal",
    }
);
words!(Funding { Government = "government", StateOwned = "state_owned", Private = "private" });
words!(ProjectStatus { Active = "active", Suspended = "suspended", Completed = "completed" });
words!(Basis { Daily = "daily", Monthly = "monthly", Hourly = "hourly", Piece = "piece" });
words!(SwipeDirection { In = "in", Out = "out" });
words!(PaymentStatus { Settled = "settled", Returned = "returned" });
words!(EntryDirection { In = "in", Out = "out" });
words!(EntryKind { LabourFee = "labour_fee", Refund = "refund", Fee = "fee", Other = "other" });
words!(RestraintKind { Frozen = "frozen", Seized = "seized", Deducted = "deducted" });
words!(DepositForm { Cash = "cash", BankGuarantee = "bank_guarantee", Insurance = "insurance", Surety = "surety" });
words!(DepositStatus { Lodged = "lodged", Drawn = "drawn", Released = "released" });
words!(InspectionOutcome { Clear = "clear", Hazard = "hazard", Violation = "violation" });
words!(Channel { Hotline = "12345", Petition = "petition", Platform = "platform", Online = "online", Court = "court" });
words!(Signal { Power = "power", Tax = "tax", Licence = "licence", Credit = "credit", Litigation = "litigation" });

/// Key: `project_id`; greatest (`at`, `id`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Project {
    pub project_id: ProjectId,
    pub name: CompactString,
    /// A code of `config/departments.toml`, or one that it does not know.
    pub sector: CompactString,
    /// A 9-digit code of `config/territories.toml`, or one that it does not know.
    pub territory: CompactString,
    pub funding: Funding,
    pub owner_name: CompactString,
    pub owner_uscc: Option<Uscc>,
    pub contractor_name: CompactString,
    pub contractor_uscc: Uscc,
    pub contract_signed_on: Day,
    pub contract_fen: Fen,
    /// Labour fee that the owner pays a month.
    pub labour_fee_fen: Option<Fen>,
    pub started_on: Option<Day>,
    pub completed_on: Option<Day>,
    /// 1-31.
    pub pay_day: Option<u8>,
    /// 0 = in the month of work, 1 = in the next.
    pub pay_month_offset: Option<u8>,
    pub labour_officer: Option<CompactString>,
    /// Absent = active.
    pub status: ProjectStatus,
}

/// Key: (`project_id`, `id_number`, `effective_on`); greatest (`at`, `id`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Enrolment {
    pub project_id: ProjectId,
    pub id_number: IdNumber,
    pub id_type: Option<CompactString>,
    pub name: CompactString,
    pub employer_name: CompactString,
    pub employer_uscc: Option<Uscc>,
    pub team: Option<CompactString>,
    pub basis: Basis,
    pub rate_fen: Fen,
    pub effective_on: Day,
    pub contract_signed_on: Option<Day>,
    pub left_on: Option<Day>,
    pub account: Option<Account>,
    pub pay_day: Option<u8>,
    pub pay_month_offset: Option<u8>,
}

/// One swipe at a turnstile; merges into its business day: earliest and latest are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Swipe {
    pub project_id: ProjectId,
    pub id_number: IdNumber,
    pub swiped_at: Time,
    pub direction: Option<SwipeDirection>,
    pub device: Option<CompactString>,
}

/// A statement of a whole day's attendance; overrides that day's swipes.
/// Key: (`project_id`, `id_number`, `work_date`); greatest (`at`, `days`, `minutes`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorkDay {
    pub project_id: ProjectId,
    pub id_number: IdNumber,
    pub work_date: Day,
    /// 0 to 3 days; 0 voids the day.
    pub days: Days,
    /// 0 to 1440 x 3.
    pub minutes: Option<u16>,
}

/// Key: (`project_id`, `id_number`, `period`, `lot`); greatest (`at`, `id`). An amount of 0 voids the lot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piecework {
    pub project_id: ProjectId,
    pub id_number: IdNumber,
    pub period: Period,
    pub lot: CompactString,
    pub amount_fen: Fen,
}

/// A payroll sheet. Key: (`project_id`, `employer_uscc`, `period`); greatest (`at`, `id`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payroll {
    pub project_id: ProjectId,
    pub employer_uscc: Uscc,
    pub period: Period,
    pub submitted_on: Day,
    pub approved_on: Option<Day>,
    pub lines: Vec<PayrollLine>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PayrollLine {
    pub id_number: IdNumber,
    pub payable_fen: Fen,
    /// Absent = 0.
    pub deductions_fen: Fen,
    pub signed: bool,
}

/// Key: (`bank`, `txn_id`); `returned` beats `settled`, the other fields are those of the greatest (`at`, `id`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payment {
    pub bank: CompactString,
    pub txn_id: CompactString,
    /// The payer's account.
    pub account: Account,
    pub payee_account: Account,
    pub payee_name: Option<CompactString>,
    pub id_number: Option<IdNumber>,
    pub project_id: Option<ProjectId>,
    pub period: Option<Period>,
    pub amount_fen: Fen,
    pub settled_at: Time,
    pub status: PaymentStatus,
}

/// A project's dedicated wage account. Key: `account`; greatest (`at`, `id`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WageAccount {
    pub project_id: ProjectId,
    pub account: Account,
    pub bank: CompactString,
    pub opened_on: Day,
    pub agreement_signed: bool,
    pub closed_on: Option<Day>,
}

/// A booking on a wage account. Key: (`account`, `entry_id`); first; conflicts rejected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountEntry {
    pub account: Account,
    pub entry_id: CompactString,
    pub direction: EntryDirection,
    pub kind: EntryKind,
    pub amount_fen: Fen,
    pub booked_at: Time,
    pub counterparty: Option<CompactString>,
    pub purpose: Option<CompactString>,
}

/// Key: (`account`, `restraint_id`); greatest (`at`, `id`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountRestraint {
    pub account: Account,
    pub restraint_id: CompactString,
    pub kind: RestraintKind,
    pub authority: CompactString,
    pub imposed_on: Day,
    pub lifted_on: Option<Day>,
}

/// Key: (`project_id`, `deposit_id`); greatest (`at`, `id`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deposit {
    pub project_id: ProjectId,
    pub deposit_id: CompactString,
    pub form: DepositForm,
    pub amount_fen: Fen,
    pub lodged_on: Day,
    pub expires_on: Option<Day>,
    pub on_demand: bool,
    pub status: DepositStatus,
}

/// Key: (`project_id`, `guarantee_id`); greatest (`at`, `id`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PaymentGuarantee {
    pub project_id: ProjectId,
    pub guarantee_id: CompactString,
    pub amount_fen: Fen,
    pub provided_on: Day,
    pub expires_on: Option<Day>,
}

/// Key: (`project_id`, `inspection_id`); greatest (`at`, `id`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Inspection {
    pub project_id: ProjectId,
    pub inspection_id: CompactString,
    pub department: CompactString,
    pub inspector: CompactString,
    pub inspected_on: Day,
    pub outcome: InspectionOutcome,
    pub note: Option<CompactString>,
}

/// Key: `complaint_id`; greatest (`at`, `id`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Complaint {
    pub complaint_id: CompactString,
    pub channel: Channel,
    pub filed_on: Day,
    pub project_id: Option<ProjectId>,
    pub employer_uscc: Option<Uscc>,
    pub sector: Option<CompactString>,
    pub territory: Option<CompactString>,
    pub workers: Option<u32>,
    pub amount_fen: Option<Fen>,
    pub closed_on: Option<Day>,
}

/// Key: (`employer_uscc`, `signal`); greatest (`at`, `id`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BusinessSignal {
    pub employer_uscc: Uscc,
    pub signal: Signal,
    /// 0-100, 100 worst.
    pub level: u8,
    pub observed_on: Day,
}

impl Body {
    pub fn record_type(&self) -> RecordType {
        match self {
            Body::Project(_) => RecordType::Project,
            Body::Enrolment(_) => RecordType::Enrolment,
            Body::Swipe(_) | Body::WorkDay(_) => RecordType::Attendance,
            Body::Piecework(_) => RecordType::Piecework,
            Body::Payroll(_) => RecordType::Payroll,
            Body::Payment(_) => RecordType::Payment,
            Body::Account(_) => RecordType::Account,
            Body::AccountEntry(_) => RecordType::AccountEntry,
            Body::AccountRestraint(_) => RecordType::AccountRestraint,
            Body::Deposit(_) => RecordType::Deposit,
            Body::PaymentGuarantee(_) => RecordType::PaymentGuarantee,
            Body::Inspection(_) => RecordType::Inspection,
            Body::Complaint(_) => RecordType::Complaint,
            Body::BusinessSignal(_) => RecordType::BusinessSignal,
        }
    }

    /// The project that the record names, if it names one.
    pub fn project_id(&self) -> Option<&ProjectId> {
        match self {
            Body::Project(r) => Some(&r.project_id),
            Body::Enrolment(r) => Some(&r.project_id),
            Body::Swipe(r) => Some(&r.project_id),
            Body::WorkDay(r) => Some(&r.project_id),
            Body::Piecework(r) => Some(&r.project_id),
            Body::Payroll(r) => Some(&r.project_id),
            Body::Payment(r) => r.project_id.as_ref(),
            Body::Account(r) => Some(&r.project_id),
            Body::AccountEntry(_) | Body::AccountRestraint(_) | Body::BusinessSignal(_) => None,
            Body::Deposit(r) => Some(&r.project_id),
            Body::PaymentGuarantee(r) => Some(&r.project_id),
            Body::Inspection(r) => Some(&r.project_id),
            Body::Complaint(r) => r.project_id.as_ref(),
        }
    }
}
