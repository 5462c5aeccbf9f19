//! Bytes of findings and their evidence. Knows no page and no row; those are made of these.
//!
//! Words of closed sets are written as their place in `ALL`, so new words go to the end.

use super::fact::{read_fact, write_fact};
use super::{Corrupt, Reader, Writer};
use crate::domain::{
    AccrualLine, Basis, Evidence, Finding, IdNumber, Level, PaymentLine, Rule, Subject, Sum, WagePeriod,
};

type Read<T> = Result<T, Corrupt>;

/// Writes the place of a word in its closed set.
pub(super) fn put_word<T: PartialEq>(w: &mut Writer, all: &[T], word: T) {
    // Every word stands in `ALL`: the macro that makes the set makes both.
    w.count(all.iter().position(|one| *one == word).unwrap_or(usize::MAX));
}

/// Reads what [`put_word`] wrote.
pub(super) fn get_word<T: Copy>(r: &mut Reader<'_>, all: &[T], what: &'static str) -> Read<T> {
    let place = r.index()?;
    all.get(place).copied().ok_or(Corrupt(what))
}

pub fn write_finding(w: &mut Writer, finding: &Finding) {
    put_word(w, Rule::ALL, finding.rule);
    w.project_id(&finding.project_id);
    write_subject(w, &finding.subject);
    put_word(w, Level::ALL, finding.level);
    w.sum(finding.amount);
    w.u32(finding.workers);
    w.option(finding.due_on, Writer::day);
    w.option(finding.period, Writer::period);
    write_evidence(w, &finding.evidence);
}

pub fn read_finding(r: &mut Reader<'_>) -> Read<Finding> {
    Ok(Finding {
        rule: get_word(r, Rule::ALL, "a rule")?,
        project_id: r.project_id()?,
        subject: read_subject(r)?,
        level: get_word(r, Level::ALL, "a level")?,
        amount: r.sum()?,
        workers: r.u32()?,
        due_on: r.option(Reader::day)?,
        period: r.option(Reader::period)?,
        evidence: read_evidence(r)?,
    })
}

pub fn write_subject(w: &mut Writer, subject: &Subject) {
    match subject {
        Subject::Project => w.u8(0),
        Subject::Worker(id) => {
            w.u8(1);
            w.id_number(id);
        }
        Subject::WorkerPeriod(id, period) => {
            w.u8(2);
            w.id_number(id);
            w.period(*period);
        }
        Subject::Payment { id_number, bank, txn_id } => {
            w.u8(3);
            w.id_number(id_number);
            w.text(bank);
            w.text(txn_id);
        }
        Subject::Month(period) => {
            w.u8(4);
            w.period(*period);
        }
        Subject::Week(day) => {
            w.u8(5);
            w.day(*day);
        }
        Subject::Account(account) => {
            w.u8(6);
            w.account(*account);
        }
        Subject::Booking { account, entry_id } => {
            w.u8(7);
            w.account(*account);
            w.text(entry_id);
        }
        Subject::Restraint { account, restraint_id } => {
            w.u8(8);
            w.account(*account);
            w.text(restraint_id);
        }
        Subject::StrayPayment { bank, txn_id } => {
            w.u8(9);
            w.text(bank);
            w.text(txn_id);
        }
        Subject::Deposit(id) => {
            w.u8(10);
            w.text(id);
        }
        Subject::Sheet(firm, period) => {
            w.u8(11);
            w.uscc(firm);
            w.period(*period);
        }
        Subject::Complaint(id) => {
            w.u8(12);
            w.text(id);
        }
        Subject::Employer(firm) => {
            w.u8(13);
            w.uscc(firm);
        }
        Subject::Source(name) => {
            w.u8(14);
            w.text(name);
        }
        Subject::Rule(rule) => {
            w.u8(15);
            put_word(w, Rule::ALL, *rule);
        }
    }
}

pub fn read_subject(r: &mut Reader<'_>) -> Read<Subject> {
    match r.u8()? {
        0 => Ok(Subject::Project),
        1 => Ok(Subject::Worker(r.id_number()?)),
        2 => Ok(Subject::WorkerPeriod(r.id_number()?, r.period()?)),
        3 => Ok(Subject::Payment { id_number: r.id_number()?, bank: r.text()?, txn_id: r.text()? }),
        4 => Ok(Subject::Month(r.period()?)),
        5 => Ok(Subject::Week(r.day()?)),
        6 => Ok(Subject::Account(r.account()?)),
        7 => Ok(Subject::Booking { account: r.account()?, entry_id: r.text()? }),
        8 => Ok(Subject::Restraint { account: r.account()?, restraint_id: r.text()? }),
        9 => Ok(Subject::StrayPayment { bank: r.text()?, txn_id: r.text()? }),
        10 => Ok(Subject::Deposit(r.text()?)),
        11 => Ok(Subject::Sheet(r.uscc()?, r.period()?)),
        12 => Ok(Subject::Complaint(r.text()?)),
        13 => Ok(Subject::Employer(r.uscc()?)),
        14 => Ok(Subject::Source(r.text()?)),
        15 => Ok(Subject::Rule(get_word(r, Rule::ALL, "a rule")?)),
        _ => Err(Corrupt("a subject")),
    }
}

pub fn write_evidence(w: &mut Writer, evidence: &Evidence) {
    match evidence {
        Evidence::Wage(wage) => {
            w.u8(0);
            write_wage(w, wage);
        }
        Evidence::ProjectArrears { overdue_fen, workers, periods, oldest_due_on, contractor_uscc, worst } => {
            w.u8(1);
            w.sum(*overdue_fen);
            w.u32(*workers);
            w.u32(*periods);
            w.day(*oldest_due_on);
            w.option(contractor_uscc.as_ref(), Writer::uscc);
            w.list(worst.iter(), write_owed);
        }
        Evidence::PayeeMismatch { payment, named_accounts } => {
            w.u8(2);
            write_payment(w, payment);
            w.list(named_accounts.iter().copied(), Writer::account);
        }
        Evidence::UnregisteredWorker { days, first_worked_on } => {
            w.u8(3);
            w.worked(*days);
            w.option(*first_worked_on, Writer::day);
        }
        Evidence::UnknownProject => w.u8(4),
        Evidence::Facts(facts) => {
            w.u8(5);
            w.list(facts.iter(), write_fact);
        }
    }
}

pub fn read_evidence(r: &mut Reader<'_>) -> Read<Evidence> {
    match r.u8()? {
        0 => Ok(Evidence::Wage(Box::new(read_wage(r)?))),
        1 => Ok(Evidence::ProjectArrears {
            overdue_fen: r.sum()?,
            workers: r.u32()?,
            periods: r.u32()?,
            oldest_due_on: r.day()?,
            contractor_uscc: r.option(Reader::uscc)?,
            worst: r.list(|r| Ok((r.id_number()?, r.sum()?)))?,
        }),
        2 => Ok(Evidence::PayeeMismatch {
            payment: read_payment(r)?,
            named_accounts: r.list(Reader::account)?,
        }),
        3 => Ok(Evidence::UnregisteredWorker { days: r.worked()?, first_worked_on: r.option(Reader::day)? }),
        4 => Ok(Evidence::UnknownProject),
        5 => Ok(Evidence::Facts(r.list(read_fact)?)),
        _ => Err(Corrupt("evidence")),
    }
}

fn write_owed(w: &mut Writer, (id, sum): &(IdNumber, Sum)) {
    w.id_number(id);
    w.sum(*sum);
}

fn write_wage(w: &mut Writer, wage: &WagePeriod) {
    w.option(wage.employer_uscc.as_ref(), Writer::uscc);
    w.worked(wage.days);
    w.u32(wage.minutes);
    w.list(wage.accrual.iter(), write_accrual);
    w.sum(wage.accrued);
    w.option(wage.signed, Writer::sum);
    for sum in [wage.expected, wage.direct, wage.filled, wage.paid, wage.arrears, wage.tolerance] {
        w.sum(sum);
    }
    w.day(wage.due_nominal);
    w.day(wage.due_on);
    w.list(wage.payments.iter(), write_payment);
}

fn read_wage(r: &mut Reader<'_>) -> Read<WagePeriod> {
    Ok(WagePeriod {
        employer_uscc: r.option(Reader::uscc)?,
        days: r.worked()?,
        minutes: r.u32()?,
        accrual: r.list(read_accrual)?,
        accrued: r.sum()?,
        signed: r.option(Reader::sum)?,
        expected: r.sum()?,
        direct: r.sum()?,
        filled: r.sum()?,
        paid: r.sum()?,
        arrears: r.sum()?,
        tolerance: r.sum()?,
        due_nominal: r.day()?,
        due_on: r.day()?,
        payments: r.list(read_payment)?,
    })
}

fn write_accrual(w: &mut Writer, line: &AccrualLine) {
    match line {
        AccrualLine::Terms { effective_on, basis, rate_fen, days, minutes, accrued } => {
            w.u8(0);
            w.day(*effective_on);
            put_word(w, Basis::ALL, *basis);
            w.fen(*rate_fen);
            w.worked(*days);
            w.u32(*minutes);
            w.sum(*accrued);
        }
        AccrualLine::Piecework { lot, amount_fen } => {
            w.u8(1);
            w.text(lot);
            w.fen(*amount_fen);
        }
    }
}

fn read_accrual(r: &mut Reader<'_>) -> Read<AccrualLine> {
    match r.u8()? {
        0 => Ok(AccrualLine::Terms {
            effective_on: r.day()?,
            basis: get_word(r, Basis::ALL, "a basis")?,
            rate_fen: r.fen()?,
            days: r.worked()?,
            minutes: r.u32()?,
            accrued: r.sum()?,
        }),
        1 => Ok(AccrualLine::Piecework { lot: r.text()?, amount_fen: r.fen()? }),
        _ => Err(Corrupt("an accrual")),
    }
}

pub(super) fn write_payment(w: &mut Writer, line: &PaymentLine) {
    w.text(&line.bank);
    w.text(&line.txn_id);
    w.fen(line.amount_fen);
    w.account(line.payer_account);
    w.account(line.payee_account);
    w.bool(line.outside_account);
    w.time(line.settled_at);
    w.option(line.period, Writer::period);
    w.bool(line.returned);
    w.bool(line.counts);
}

pub(super) fn read_payment(r: &mut Reader<'_>) -> Read<PaymentLine> {
    Ok(PaymentLine {
        bank: r.text()?,
        txn_id: r.text()?,
        amount_fen: r.fen()?,
        payer_account: r.account()?,
        payee_account: r.account()?,
        outside_account: r.bool()?,
        settled_at: r.time()?,
        period: r.option(Reader::period)?,
        returned: r.bool()?,
        counts: r.bool()?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding_any as any;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn findings_come_back(finding in any::finding()) {
            let mut w = Writer::new();
            write_finding(&mut w, &finding);
            let mut r = Reader::new(&w.bytes);
            prop_assert_eq!(read_finding(&mut r).unwrap(), finding);
            prop_assert!(r.end().is_ok());
        }

        #[test]
        fn a_cut_or_changed_finding_never_panics(finding in any::finding(), at: prop::sample::Index, flip: u8) {
            let mut w = Writer::new();
            write_finding(&mut w, &finding);
            let at = at.index(w.bytes.len());
            prop_assert!(read_finding(&mut Reader::new(&w.bytes[..at])).is_err());
            w.bytes[at] ^= flip;
            let _ = read_finding(&mut Reader::new(&w.bytes));
        }

        #[test]
        fn subjects_of_one_person_stand_together(mut subjects in prop::collection::vec(any::subject(), 0..24)) {
            subjects.sort();
            let mut people: Vec<_> = subjects.iter().map(Subject::id_number).collect();
            people.dedup();
            let runs = people.len();
            people.sort();
            people.dedup();
            prop_assert_eq!(runs, people.len());
        }
    }

    #[test]
    fn the_places_of_the_words_stay() {
        let place = |rule: Rule| Rule::ALL.iter().position(|one| *one == rule);
        assert_eq!((place(Rule::WageUnpaid), place(Rule::UnknownProject)), (Some(0), Some(5)));
        assert_eq!(Level::ALL, [Level::Blue, Level::Yellow, Level::Orange, Level::Red]);
        assert_eq!(Basis::ALL, [Basis::Daily, Basis::Monthly, Basis::Hourly, Basis::Piece]);
    }
}
