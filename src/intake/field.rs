//! The names that a record's fields have in JSON and in CSV headers (contract, section 3).
//! Knows nothing of their values, nor of which type bears which.

macro_rules! fields {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// A field of a record or of a payroll line.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Field { $($variant),+ }

        impl Field {
            pub const ALL: &'static [Field] = &[$(Field::$variant),+];

            pub fn name(self) -> &'static str {
                match self { $(Field::$variant => $name),+ }
            }

            /// `None` for a name that no record has; such fields are ignored.
            pub fn parse(name: &str) -> Option<Field> {
                match name { $($name => Some(Field::$variant),)+ _ => None }
            }
        }
    };
}

// The commonest first: a name is looked up in this order.
fields! {
    Type = "type", Id = "id", Source = "source", At = "at", ProjectId = "project_id", IdNumber = "id_number",
    SwipedAt = "swiped_at", Direction = "direction", Device = "device", WorkDate = "work_date", Days = "days",
    Minutes = "minutes", IdType = "id_type", PayableFen = "payable_fen", DeductionsFen = "deductions_fen",
    Signed = "signed", Bank = "bank", TxnId = "txn_id", Account = "account", PayeeAccount = "payee_account",
    PayeeName = "payee_name", Period = "period", AmountFen = "amount_fen", SettledAt = "settled_at",
    Status = "status", Lot = "lot", Lines = "lines", EmployerUscc = "employer_uscc",
    SubmittedOn = "submitted_on", ApprovedOn = "approved_on", Name = "name", EmployerName = "employer_name",
    Team = "team", Basis = "basis", RateFen = "rate_fen", EffectiveOn = "effective_on",
    ContractSignedOn = "contract_signed_on", LeftOn = "left_on", PayDay = "pay_day",
    PayMonthOffset = "pay_month_offset", Sector = "sector", Territory = "territory", Funding = "funding",
    OwnerName = "owner_name", OwnerUscc = "owner_uscc", ContractorName = "contractor_name",
    ContractorUscc = "contractor_uscc", ContractFen = "contract_fen", LabourFeeFen = "labour_fee_fen",
    StartedOn = "started_on", CompletedOn = "completed_on", LabourOfficer = "labour_officer",
    OpenedOn = "opened_on", AgreementSigned = "agreement_signed", ClosedOn = "closed_on",
    EntryId = "entry_id", Kind = "kind", BookedAt = "booked_at", Counterparty = "counterparty",
    Purpose = "purpose", RestraintId = "restraint_id", Authority = "authority", ImposedOn = "imposed_on",
    LiftedOn = "lifted_on", DepositId = "deposit_id", Form = "form", LodgedOn = "lodged_on",
    ExpiresOn = "expires_on", OnDemand = "on_demand", GuaranteeId = "guarantee_id",
    ProvidedOn = "provided_on", InspectionId = "inspection_id", Department = "department",
    Inspector = "inspector", InspectedOn = "inspected_on", Outcome = "outcome", Note = "note",
    ComplaintId = "complaint_id", Channel = "channel", FiledOn = "filed_on", Workers = "workers",
    Signal = "signal", Level = "level", ObservedOn = "observed_on",
}
