//! The bytes of records about accounts, deposits and complaints. The others stand in `record`.

use super::record::{Read, word};
use super::{Reader, Writer};
use crate::domain::*;

pub(super) fn write_account_entry(w: &mut Writer, b: &AccountEntry) {
    w.account(b.account);
    w.text(&b.entry_id);
    w.u8(b.direction as u8);
    w.u8(b.kind as u8);
    w.fen(b.amount_fen);
    w.time(b.booked_at);
    w.option(b.counterparty.as_deref(), Writer::text);
    w.option(b.purpose.as_deref(), Writer::text);
}

pub(super) fn read_account_entry(r: &mut Reader) -> Read<AccountEntry> {
    Ok(AccountEntry {
        account: r.account()?,
        entry_id: r.text()?,
        direction: word(r, EntryDirection::ALL)?,
        kind: word(r, EntryKind::ALL)?,
        amount_fen: r.fen()?,
        booked_at: r.time()?,
        counterparty: r.option(Reader::text)?,
        purpose: r.option(Reader::text)?,
    })
}

pub(super) fn write_deposit(w: &mut Writer, b: &Deposit) {
    w.project_id(&b.project_id);
    w.text(&b.deposit_id);
    w.u8(b.form as u8);
    w.fen(b.amount_fen);
    w.day(b.lodged_on);
    w.option(b.expires_on, Writer::day);
    w.bool(b.on_demand);
    w.u8(b.status as u8);
}

pub(super) fn read_deposit(r: &mut Reader) -> Read<Deposit> {
    Ok(Deposit {
        project_id: r.project_id()?,
        deposit_id: r.text()?,
        form: word(r, DepositForm::ALL)?,
        amount_fen: r.fen()?,
        lodged_on: r.day()?,
        expires_on: r.option(Reader::day)?,
        on_demand: r.bool()?,
        status: word(r, DepositStatus::ALL)?,
    })
}

pub(super) fn write_complaint(w: &mut Writer, b: &Complaint) {
    w.text(&b.complaint_id);
    w.u8(b.channel as u8);
    w.day(b.filed_on);
    w.option(b.project_id.as_ref(), Writer::project_id);
    w.option(b.employer_uscc.as_ref(), Writer::uscc);
    w.option(b.sector.as_deref(), Writer::text);
    w.option(b.territory.as_deref(), Writer::text);
    w.option(b.workers, Writer::u32);
    w.option(b.amount_fen, Writer::fen);
    w.option(b.closed_on, Writer::day);
}

pub(super) fn read_complaint(r: &mut Reader) -> Read<Complaint> {
    Ok(Complaint {
        complaint_id: r.text()?,
        channel: word(r, Channel::ALL)?,
        filed_on: r.day()?,
        project_id: r.option(Reader::project_id)?,
        employer_uscc: r.option(Reader::uscc)?,
        sector: r.option(Reader::text)?,
        territory: r.option(Reader::text)?,
        workers: r.option(Reader::u32)?,
        amount_fen: r.option(Reader::fen)?,
        closed_on: r.option(Reader::day)?,
    })
}
