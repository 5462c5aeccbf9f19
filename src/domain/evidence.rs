//! Evidence: the numbers from which a reader can redo an alert's arithmetic by hand.

use super::record::words;
use super::{Account, Basis, Day, Days, Fen, IdNumber, Period, PeriodView, Sum, Time, Uscc, WorkerView};
use compact_str::CompactString;

/// What an alert rests on.
#[derive(Clone, PartialEq, Debug)]
pub enum Evidence {
    Wage(Box<WagePeriod>),
    ProjectArrears {
        overdue_fen: Sum,
        workers: u32,
        periods: u32,
        oldest_due_on: Day,
        contractor_uscc: Option<Uscc>,
        /// The workers who are owed most, at most ten, descending by sum.
        worst: Vec<(IdNumber, Sum)>,
    },
    PayeeMismatch {
        payment: PaymentLine,
        named_accounts: Vec<Account>,
    },
    UnregisteredWorker {
        days: Days,
        first_worked_on: Option<Day>,
    },
    UnknownProject,
    /// What every other rule rests on: named values, in the order in which a reader needs them.
    Facts(Vec<Fact>),
}

/// One named value of an alert's evidence.
#[derive(Clone, PartialEq, Debug)]
pub struct Fact {
    pub name: FactName,
    pub value: FactValue,
}

/// What a fact says; each kind knows how it is shown, and masked.
#[derive(Clone, PartialEq, Debug)]
pub enum FactValue {
    Fen(Sum),
    Days(Days),
    Date(Day),
    Month(Period),
    /// How many, of what the fact's name says.
    Count(i64),
    /// Hundredths of a percent.
    Share(i64),
    Time(Time),
    /// A firm's code; public.
    Firm(Uscc),
    Person(IdNumber),
    Account(Account),
    /// A word or name from a record, of no person.
    Text(CompactString),
    Payment(Box<PaymentLine>),
}

/// For whom something of no single project is; empty where that is not said.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Address {
    pub sector: CompactString,
    pub territory: CompactString,
}

impl Evidence {
    /// For whom it is, as it says itself: a sector, a territory, or the two of one project in this order.
    pub fn addresses(&self) -> Vec<Address> {
        let Evidence::Facts(facts) = self else { return Vec::new() };
        let mut addresses: Vec<Address> = Vec::new();
        for fact in facts {
            let FactValue::Text(text) = &fact.value else { continue };
            match (fact.name, addresses.last_mut()) {
                (FactName::Sector, _) => {
                    addresses.push(Address { sector: text.clone(), ..Address::default() });
                }
                (FactName::Territory, Some(last)) if last.territory.is_empty() => {
                    last.territory = text.clone();
                }
                (FactName::Territory, _) => {
                    addresses.push(Address { territory: text.clone(), ..Address::default() });
                }
                _ => {}
            }
        }
        addresses
    }
}

impl Fact {
    pub fn new(name: FactName, value: FactValue) -> Fact {
        Fact { name, value }
    }

    pub fn fen(name: FactName, sum: Sum) -> Fact {
        Fact::new(name, FactValue::Fen(sum))
    }

    pub fn date(name: FactName, day: Day) -> Fact {
        Fact::new(name, FactValue::Date(day))
    }

    pub fn count(name: FactName, count: impl Into<i64>) -> Fact {
        Fact::new(name, FactValue::Count(count.into()))
    }

    pub fn month(name: FactName, period: Period) -> Fact {
        Fact::new(name, FactValue::Month(period))
    }

    /// Which employer.
    pub fn firm(uscc: Uscc) -> Fact {
        Fact::new(FactName::Employer, FactValue::Firm(uscc))
    }

    pub fn text(name: FactName, text: &str) -> Fact {
        Fact::new(name, FactValue::Text(text.into()))
    }
}

/// The arithmetic of one worker's month.
#[derive(Clone, PartialEq, Debug)]
pub struct WagePeriod {
    /// Who employs the worker, as far as it is known.
    pub employer_uscc: Option<Uscc>,
    pub days: Days,
    pub minutes: u32,
    pub accrual: Vec<AccrualLine>,
    pub accrued: Sum,
    pub signed: Option<Sum>,
    pub expected: Sum,
    pub direct: Sum,
    pub filled: Sum,
    pub paid: Sum,
    pub arrears: Sum,
    pub tolerance: Sum,
    pub due_nominal: Day,
    pub due_on: Day,
    pub payments: Vec<PaymentLine>,
}

impl WagePeriod {
    /// That month of the worker, with what may be open without being owed.
    pub fn of(view: &WorkerView, period: &PeriodView, tolerance: Sum) -> WagePeriod {
        WagePeriod {
            employer_uscc: period.employer_uscc,
            days: period.days,
            minutes: period.minutes,
            accrual: period.accrual.clone(),
            accrued: period.accrued,
            signed: period.signed,
            expected: period.expected,
            direct: period.direct,
            filled: period.filled,
            paid: period.paid,
            arrears: period.arrears,
            tolerance,
            due_nominal: period.due_nominal,
            due_on: period.due_on,
            payments: view.payments_naming(period.period).cloned().collect(),
        }
    }
}

/// One addend of accrued.
#[derive(Clone, PartialEq, Debug)]
pub enum AccrualLine {
    Terms { effective_on: Day, basis: Basis, rate_fen: Fen, days: Days, minutes: u32, accrued: Sum },
    Piecework { lot: CompactString, amount_fen: Fen },
}

/// One placed payment, counted or not.
#[derive(Clone, PartialEq, Debug)]
pub struct PaymentLine {
    pub bank: CompactString,
    pub txn_id: CompactString,
    pub amount_fen: Fen,
    pub payer_account: Account,
    pub payee_account: Account,
    /// The payer's account is none of the project's wage accounts.
    pub outside_account: bool,
    pub settled_at: Time,
    pub period: Option<Period>,
    pub returned: bool,
    /// Settled, not returned, and to an account that the worker named (or the worker named none).
    pub counts: bool,
}

words!(
    /// Why a payment waits in suspense.
    SuspenseReason { NoProject = "no-project", NoWorker = "no-worker", AmbiguousWorker = "ambiguous-worker" }
);

words!(
    /// What a fact of an alert's evidence is. New names go to the end.
    FactName {
        ContractSignedOn = "contract-signed-on",
        ContractSum = "contract-sum",
        DeadlineOn = "deadline-on",
        DueOn = "due-on",
        ThresholdDays = "threshold-days",
        ThresholdWorkingDays = "threshold-working-days",
        ThresholdSum = "threshold-sum",
        ThresholdPercent = "threshold-percent",
        ThresholdCount = "threshold-count",
        Account = "account",
        Bank = "bank",
        OpenedOn = "opened-on",
        ClosedOn = "closed-on",
        Entry = "entry",
        BookedOn = "booked-on",
        Purpose = "purpose",
        Sum = "sum",
        Payment = "payment",
        Period = "period",
        Worker = "worker",
        Workers = "workers",
        Heads = "heads",
        HeadsPaid = "heads-paid",
        HeadsUnregistered = "heads-unregistered",
        Share = "share",
        Months = "months",
        Days = "days",
        Accrued = "accrued",
        Expected = "expected",
        Paid = "paid",
        Arrears = "arrears",
        OldestDueOn = "oldest-due-on",
        FeeExpected = "fee-expected",
        FeeReceived = "fee-received",
        LastFeeOn = "last-fee-on",
        Balance = "balance",
        Needed = "needed",
        Short = "short",
        Deposit = "deposit",
        DepositForm = "deposit-form",
        DepositLodged = "deposit-lodged",
        DepositRequired = "deposit-required",
        Rate = "rate",
        ExpiresOn = "expires-on",
        DrawnOn = "drawn-on",
        Guarantee = "guarantee",
        Restraint = "restraint",
        RestraintKind = "restraint-kind",
        Authority = "authority",
        ImposedOn = "imposed-on",
        CompletedOn = "completed-on",
        Employer = "employer",
        LeftOn = "left-on",
        EffectiveOn = "effective-on",
        FirstWorkedOn = "first-worked-on",
        LastWorkedOn = "last-worked-on",
        MinimumWage = "minimum-wage",
        ReturnedOn = "returned-on",
        Payable = "payable",
        SheetState = "sheet-state",
        Year = "year",
        Statements = "statements",
        StatementsLate = "statements-late",
        WeekFrom = "week-from",
        Pattern = "pattern",
        InspectedOn = "inspected-on",
        Complaint = "complaint",
        Channel = "channel",
        FiledOn = "filed-on",
        Cases = "cases",
        Project = "project",
        Projects = "projects",
        Signal = "signal",
        SignalLevel = "signal-level",
        ObservedOn = "observed-on",
        Source = "source",
        LastSeenOn = "last-seen-on",
        Cause = "cause",
        StartedOn = "started-on",
        SilentDays = "silent-days",
        LodgedOn = "lodged-on",
        LinesUnsigned = "lines-unsigned",
        ThresholdHours = "threshold-hours",
        DaysElapsed = "days-elapsed",
        ExpectedSoFar = "expected-so-far",
        PayerAccount = "payer-account",
        WageAccount = "wage-account",
        EntryKind = "entry-kind",
        MonthsWithout = "months-without",
        ThresholdMinutes = "threshold-minutes",
        LongDays = "long-days",
        SteadyFrom = "steady-from",
        SteadyTo = "steady-to",
        StatementsBulk = "statements-bulk",
        LeastWage = "least-wage",
        ThresholdPair = "threshold-pair",
        ThresholdYears = "threshold-years",
        YearsOnEnd = "years-on-end",
        ConfirmedOn = "confirmed-on",
        Accounts = "accounts",
        Sector = "sector",
        Territory = "territory",
        MonthBefore = "month-before",
        DueBeforeOn = "due-before-on",
        HeadsInTime = "heads-in-time",
        Outcome = "outcome",
        Rule = "rule",
        AlertsHeld = "alerts-held",
        HeldSince = "held-since",
        Example = "example",
        ReleasedBy = "released-by",
        SharedDays = "shared-days",
        SharedOn = "shared-on",
        LeastDays = "least-days",
    }
);
