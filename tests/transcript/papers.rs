//! The statements about papers: deposits, guarantees, inspections, bookings, restraints, complaints,
//! business signals. Knows no machine.

use super::cast::{account, employer, period, project};
use super::line::{Line, day, fen, flag, number, time};
use compact_str::ToCompactString;
use wagewatch::domain::*;

type Bodies = Result<Vec<Body>, String>;

/// The records of a verb about papers; `None` if it is none of those.
pub fn of(verb: &str, line: Line<'_>, stated: &mut Option<Day>) -> Option<Bodies> {
    match verb {
        "deposit" => Some(deposit(line, stated)),
        "guarantee" => Some(guarantee(line, stated)),
        "inspect" => Some(inspect(line, stated)),
        "book" => Some(booking(line)),
        "restrain" => Some(restrain(line, stated)),
        "complain" => Some(complain(line, stated)),
        "signal" => Some(signal(line, stated)),
        _ => None,
    }
}

/// `deposit P1 D1 10000.00 bank_guarantee on 2026-01-20 [expires DATE] [on_demand no] [status drawn]`
fn deposit(mut line: Line<'_>, stated: &mut Option<Day>) -> Bodies {
    let (project_id, deposit_id) = (project(line.next("a project")?)?, line.next("a deposit")?.into());
    let amount_fen = fen(line.next("a sum")?)?;
    let form = line.next("a form")?;
    let form =
        DepositForm::parse(form).ok_or_else(|| format!("{form:?}: {}", DepositForm::WORDS.join(", ")))?;
    let options = line.options(&["on", "expires", "on_demand", "status", "stated"])?;
    *stated = options.get("stated", day)?;
    let status = |word: &str| DepositStatus::parse(word).ok_or_else(|| DepositStatus::WORDS.join(", "));
    Ok(vec![Body::Deposit(Box::new(Deposit {
        project_id,
        deposit_id,
        form,
        amount_fen,
        lodged_on: options.get("on", day)?.ok_or("`on` is missing")?,
        expires_on: options.get("expires", day)?,
        on_demand: options.get("on_demand", flag)?.unwrap_or(true),
        status: options.get("status", status)?.unwrap_or(DepositStatus::Lodged),
    }))])
}

/// `guarantee P1 G1 10000.00 on 2026-01-20 [expires DATE]`
fn guarantee(mut line: Line<'_>, stated: &mut Option<Day>) -> Bodies {
    let (project_id, guarantee_id) = (project(line.next("a project")?)?, line.next("a guarantee")?.into());
    let amount_fen = fen(line.next("a sum")?)?;
    let options = line.options(&["on", "expires", "stated"])?;
    *stated = options.get("stated", day)?;
    Ok(vec![Body::PaymentGuarantee(Box::new(PaymentGuarantee {
        project_id,
        guarantee_id,
        amount_fen,
        provided_on: options.get("on", day)?.ok_or("`on` is missing")?,
        expires_on: options.get("expires", day)?,
    }))])
}

/// `inspect P1 I1 2026-03-20 [outcome hazard]`
fn inspect(mut line: Line<'_>, stated: &mut Option<Day>) -> Bodies {
    let (project_id, inspection_id) = (project(line.next("a project")?)?, line.next("an inspection")?.into());
    let inspected_on = day(line.next("a date")?)?;
    let options = line.options(&["outcome", "stated"])?;
    *stated = options.get("stated", day)?;
    let outcome =
        |word: &str| InspectionOutcome::parse(word).ok_or_else(|| InspectionOutcome::WORDS.join(", "));
    Ok(vec![Body::Inspection(Box::new(Inspection {
        project_id,
        inspection_id,
        department: "housing".into(),
        inspector: "Bai".into(),
        inspected_on,
        outcome: options.get("outcome", outcome)?.unwrap_or(InspectionOutcome::Clear),
        note: None,
    }))])
}

/// `book W1 E1 in labour_fee 50000.00 on 2026-03-01 [purpose WORD]`
fn booking(mut line: Line<'_>) -> Bodies {
    let (account, entry_id) = (account(line.next("an account")?)?, line.next("an entry")?.into());
    let direction = line.next("in or out")?;
    let direction = EntryDirection::parse(direction).ok_or_else(|| format!("{direction:?}: in or out"))?;
    let kind = line.next("a kind")?;
    let kind = EntryKind::parse(kind).ok_or_else(|| format!("{kind:?}: {}", EntryKind::WORDS.join(", ")))?;
    let amount_fen = fen(line.next("a sum")?)?;
    let options = line.options(&["on", "purpose"])?;
    let booked_at = time(options.get("on", day)?.ok_or("`on` is missing")?, "10:00")?;
    let purpose = options.get("purpose", |word| Ok(word.to_compact_string()))?;
    let entry = AccountEntry {
        account,
        entry_id,
        direction,
        kind,
        amount_fen,
        booked_at,
        counterparty: None,
        purpose,
    };
    Ok(vec![Body::AccountEntry(Box::new(entry))])
}

/// `restrain W1 R1 frozen on 2026-03-01 [lifted DATE]`
fn restrain(mut line: Line<'_>, stated: &mut Option<Day>) -> Bodies {
    let (account, restraint_id) = (account(line.next("an account")?)?, line.next("a restraint")?.into());
    let kind = line.next("a kind")?;
    let kind =
        RestraintKind::parse(kind).ok_or_else(|| format!("{kind:?}: {}", RestraintKind::WORDS.join(", ")))?;
    let options = line.options(&["on", "lifted", "stated"])?;
    *stated = options.get("stated", day)?;
    Ok(vec![Body::AccountRestraint(Box::new(AccountRestraint {
        account,
        restraint_id,
        kind,
        authority: "court".into(),
        imposed_on: options.get("on", day)?.ok_or("`on` is missing")?,
        lifted_on: options.get("lifted", day)?,
    }))])
}

/// `complain C1 petition on 2026-03-01 [project P1] [employer E1] [sector S] [territory T] [workers N] [sum 100.00] [closed DATE]`
fn complain(mut line: Line<'_>, stated: &mut Option<Day>) -> Bodies {
    let complaint_id = line.next("a complaint")?.into();
    let channel = line.next("a channel")?;
    let channel =
        Channel::parse(channel).ok_or_else(|| format!("{channel:?}: {}", Channel::WORDS.join(", ")))?;
    let known = ["on", "project", "employer", "sector", "territory", "workers", "sum", "closed", "stated"];
    let options = line.options(&known)?;
    *stated = options.get("stated", day)?;
    let text = |word: &str| Ok(word.to_compact_string());
    Ok(vec![Body::Complaint(Box::new(Complaint {
        complaint_id,
        channel,
        filed_on: options.get("on", day)?.ok_or("`on` is missing")?,
        project_id: options.get("project", project)?,
        employer_uscc: options.get("employer", employer)?,
        sector: options.get("sector", text)?,
        territory: options.get("territory", text)?,
        workers: options.get("workers", number)?,
        amount_fen: options.get("sum", fen)?,
        closed_on: options.get("closed", day)?,
    }))])
}

/// `signal E1 tax 80 on 2026-03-01`
fn signal(mut line: Line<'_>, stated: &mut Option<Day>) -> Bodies {
    let employer_uscc = employer(line.next("an employer")?)?;
    let signal = line.next("a signal")?;
    let signal = Signal::parse(signal).ok_or_else(|| format!("{signal:?}: {}", Signal::WORDS.join(", ")))?;
    let level = number(line.next("a level")?)?;
    let options = line.options(&["on", "stated"])?;
    *stated = options.get("stated", day)?;
    let observed_on = options.get("on", day)?.ok_or("`on` is missing")?;
    Ok(vec![Body::BusinessSignal(Box::new(BusinessSignal { employer_uscc, signal, level, observed_on }))])
}

/// `payroll P1 2026-03 Zhang 1600.00 signed Wang 900.00-100.00 unsigned [by E1] [on DATE] [approved DATE]`
pub fn payroll(mut line: Line<'_>, stated: &mut Option<Day>) -> Bodies {
    let project_id = project(line.next("a project")?)?;
    let period = period(line.next("a month")?)?;
    let mut lines = Vec::new();
    while let Some(name) = line.next_if(super::cast::is_person) {
        let sum = line.next("a sum")?;
        let (payable, deductions) = sum.split_once('-').unwrap_or((sum, "0.00"));
        let signed = match line.next("signed or unsigned")? {
            "signed" => true,
            "unsigned" => false,
            word => return Err(format!("{word:?}: signed or unsigned")),
        };
        let id_number = super::cast::person(name)?;
        let (payable_fen, deductions_fen) = (fen(payable)?, fen(deductions)?);
        lines.push(PayrollLine { id_number, payable_fen, deductions_fen, signed });
    }
    let options = line.options(&["by", "on", "approved", "stated"])?;
    *stated = options.get("stated", day)?;
    Ok(vec![Body::Payroll(Box::new(Payroll {
        project_id,
        employer_uscc: options.get("by", employer)?.unwrap_or(employer("E1")?),
        period,
        submitted_on: options.get("on", day)?.unwrap_or(period.plus(1).first_day()),
        approved_on: options.get("approved", day)?,
        lines,
    }))])
}
