//! How the ledger's values stand in pages, built on [`crate::codec`]. Knows no page.

use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::*;
use compact_str::CompactString;

/// A value that pages hold.
pub(super) trait Stored: Sized {
    fn put(&self, w: &mut Writer);
    fn get(r: &mut Reader<'_>) -> Result<Self, Corrupt>;

    /// The value alone, as bytes. Equal values have equal bytes: ties are broken by them.
    fn packed(&self) -> Vec<u8> {
        let mut w = Writer::new();
        self.put(&mut w);
        w.bytes
    }
}

macro_rules! stored_by {
    ($($type:ty: $put:expr, $get:expr);* $(;)?) => {$(
        impl Stored for $type {
            fn put(&self, w: &mut Writer) {
                let put: fn(&mut Writer, &$type) = $put;
                put(w, self);
            }
            fn get(r: &mut Reader<'_>) -> Result<Self, Corrupt> {
                let get: fn(&mut Reader<'_>) -> Result<$type, Corrupt> = $get;
                get(r)
            }
        }
    )*};
}

stored_by! {
    bool: |w, v| w.bool(*v), |r| r.bool();
    u8: |w, v| w.u8(*v), |r| r.u8();
    u16: |w, v| w.u16(*v), |r| r.u16();
    u32: |w, v| w.u32(*v), |r| r.u32();
    CompactString: |w, v| w.text(v), |r| r.text();
    Day: |w, v| w.day(*v), |r| r.day();
    Period: |w, v| w.period(*v), |r| r.period();
    Time: |w, v| w.time(*v), |r| r.time();
    Fen: |w, v| w.fen(*v), |r| r.fen();
    IdNumber: |w, v| w.id_number(v), |r| r.id_number();
    Account: |w, v| w.account(*v), |r| r.account();
    ProjectId: |w, v| w.project_id(v), |r| r.project_id();
    Uscc: |w, v| w.uscc(v), |r| r.uscc();
}

impl<T: Stored> Stored for Option<T> {
    fn put(&self, w: &mut Writer) {
        w.option(self.as_ref(), |w, v| v.put(w));
    }
    fn get(r: &mut Reader<'_>) -> Result<Self, Corrupt> {
        r.option(T::get)
    }
}

impl<T: Stored> Stored for Vec<T> {
    fn put(&self, w: &mut Writer) {
        w.list(self.iter(), |w, v| v.put(w));
    }
    fn get(r: &mut Reader<'_>) -> Result<Self, Corrupt> {
        r.list(T::get)
    }
}

macro_rules! stored_words {
    ($($type:ident),* $(,)?) => {$(
        impl Stored for $type {
            fn put(&self, w: &mut Writer) {
                w.u8(*self as u8);
            }
            fn get(r: &mut Reader<'_>) -> Result<Self, Corrupt> {
                $type::ALL.get(usize::from(r.u8()?)).copied().ok_or(Corrupt(stringify!($type)))
            }
        }
    )*};
}

stored_words!(
    Funding,
    ProjectStatus,
    Basis,
    PaymentStatus,
    EntryDirection,
    EntryKind,
    RestraintKind,
    DepositForm,
    DepositStatus,
    InspectionOutcome,
    Channel,
    Signal,
);

macro_rules! stored {
    ($type:ident { $($field:ident),* $(,)? }) => {
        impl $crate::ledger::stored::Stored for $type {
            fn put(&self, w: &mut $crate::codec::Writer) {
                $($crate::ledger::stored::Stored::put(&self.$field, w);)*
            }
            fn get(r: &mut $crate::codec::Reader<'_>) -> Result<Self, $crate::codec::Corrupt> {
                Ok($type { $($field: $crate::ledger::stored::Stored::get(r)?),* })
            }
        }
    };
}
pub(super) use stored;

stored!(Stamp { at, id });
stored!(Project {
    project_id,
    name,
    sector,
    territory,
    funding,
    owner_name,
    owner_uscc,
    contractor_name,
    contractor_uscc,
    contract_signed_on,
    contract_fen,
    labour_fee_fen,
    started_on,
    completed_on,
    pay_day,
    pay_month_offset,
    labour_officer,
    status,
});
stored!(Enrolment {
    project_id,
    id_number,
    id_type,
    name,
    employer_name,
    employer_uscc,
    team,
    basis,
    rate_fen,
    effective_on,
    contract_signed_on,
    left_on,
    account,
    pay_day,
    pay_month_offset,
});
stored!(PayrollLine { id_number, payable_fen, deductions_fen, signed });
stored!(Payroll { project_id, employer_uscc, period, submitted_on, approved_on, lines });
stored!(Payment {
    bank,
    txn_id,
    account,
    payee_account,
    payee_name,
    id_number,
    project_id,
    period,
    amount_fen,
    settled_at,
    status,
});
stored!(WageAccount { project_id, account, bank, opened_on, agreement_signed, closed_on });
stored!(AccountEntry { account, entry_id, direction, kind, amount_fen, booked_at, counterparty, purpose });
stored!(AccountRestraint { account, restraint_id, kind, authority, imposed_on, lifted_on });
stored!(Deposit { project_id, deposit_id, form, amount_fen, lodged_on, expires_on, on_demand, status });
stored!(PaymentGuarantee { project_id, guarantee_id, amount_fen, provided_on, expires_on });
stored!(Inspection { project_id, inspection_id, department, inspector, inspected_on, outcome, note });
stored!(Complaint {
    complaint_id,
    channel,
    filed_on,
    project_id,
    employer_uscc,
    sector,
    territory,
    workers,
    amount_fen,
    closed_on,
});
stored!(BusinessSignal { employer_uscc, signal, level, observed_on });
