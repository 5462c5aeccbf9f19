//! The statements that are records: each verb, and the record that it stands for. Knows no machine.

use super::cast::{account, employer, is_person, is_project, period, person, project};
use super::line::{Line, Options, day, days, fen, flag, number, time};
use super::papers;
use compact_str::{CompactString, ToCompactString, format_compact};
use std::collections::BTreeMap;
use wagewatch::domain::*;

/// What somebody who writes a transcript need not say again.
#[derive(Default)]
pub struct Records {
    said: i64,
    /// The account that each worker named last in a project: he is paid there unless it says `to`.
    named: BTreeMap<(ProjectId, IdNumber), Account>,
    payments: BTreeMap<CompactString, Payment>,
}

type Bodies = Result<Vec<Body>, String>;

impl Records {
    /// The records that a statement stands for; `None` if its verb is no record's. Without `stated`,
    /// what is said later was stated later.
    pub fn of(
        &mut self,
        verb: &str,
        line: Line<'_>,
        today: Option<Day>,
    ) -> Result<Option<Vec<Record>>, String> {
        let mut stated = None;
        let bodies = match verb {
            "project" => self.project(line, &mut stated),
            "enrol" => self.enrol(line, &mut stated),
            "attend" => attend(line, &mut stated),
            "swipe" => swipe(line),
            "piecework" => piecework(line, &mut stated),
            "payroll" => papers::payroll(line, &mut stated),
            "pay" => self.pay(line, PaymentStatus::Settled, today, &mut stated),
            "return" => self.pay(line, PaymentStatus::Returned, today, &mut stated),
            "account" => wage_account(line, &mut stated),
            verb => match papers::of(verb, line, &mut stated) {
                Some(bodies) => bodies,
                None => return Ok(None),
            },
        }?;
        let (on, hour) = match stated {
            Some(on) => (on, "08:00"),
            None => (today.unwrap_or(Day::parse("2025-12-31").unwrap()), "09:00"),
        };
        let head = |body| {
            self.said += 1;
            let at = Time::from_seconds(time(on, hour).unwrap().seconds() + self.said);
            Record {
                head: Head { id: format_compact!("R{}", self.said), source: "transcript".into(), at },
                body,
            }
        };
        Ok(Some(bodies.into_iter().map(head).collect()))
    }

    fn project(&mut self, mut line: Line<'_>, stated: &mut Option<Day>) -> Bodies {
        let project_id = project(line.next("a project")?)?;
        let known = [
            "pay_day",
            "offset",
            "stated",
            "signed",
            "contract",
            "fee",
            "started",
            "completed",
            "officer",
            "status",
            "funding",
            "sector",
            "contractor",
        ];
        let options = line.options(&known)?;
        *stated = options.get("stated", day)?;
        let word = |word: &str| Ok(word.to_compact_string());
        let status = |word: &str| ProjectStatus::parse(word).ok_or_else(|| ProjectStatus::WORDS.join(", "));
        let funding = |word: &str| Funding::parse(word).ok_or_else(|| Funding::WORDS.join(", "));
        Ok(vec![Body::Project(Box::new(Project {
            name: project_id.as_str().into(),
            project_id,
            sector: options.get("sector", word)?.unwrap_or("building".into()),
            territory: "150621100".into(),
            funding: options.get("funding", funding)?.unwrap_or(Funding::Government),
            owner_name: "Owner".into(),
            owner_uscc: None,
            contractor_name: "Contractor".into(),
            contractor_uscc: options.get("contractor", employer)?.unwrap_or(employer("E1")?),
            contract_signed_on: options.get("signed", day)?.unwrap_or(day("2025-11-01")?),
            contract_fen: options.get("contract", fen)?.unwrap_or(Fen(1_000_000_000)),
            labour_fee_fen: options.get("fee", fen)?,
            started_on: options.get("started", day)?,
            completed_on: options.get("completed", day)?,
            pay_day: options.get("pay_day", number)?,
            pay_month_offset: options.get("offset", number)?,
            labour_officer: options.get("officer", word)?,
            status: options.get("status", status)?.unwrap_or(ProjectStatus::Active),
        }))])
    }

    fn enrol(&mut self, mut line: Line<'_>, stated: &mut Option<Day>) -> Bodies {
        let project_id = project(line.next("a project")?)?;
        let name = line.next("a worker")?;
        let id_number = person(name)?;
        let basis = line.next("a basis")?;
        let basis = Basis::parse(basis).ok_or_else(|| format!("{basis:?}: {}", Basis::WORDS.join(", ")))?;
        let rate_fen = if basis == Basis::Piece { Fen(0) } else { fen(line.next("a rate")?)? };
        let known = ["from", "account", "pay_day", "offset", "left", "stated", "contract", "by"];
        let options = line.options(&known)?;
        *stated = options.get("stated", day)?;
        let named = options.get("account", account)?;
        if let Some(account) = named {
            self.named.insert((project_id.clone(), id_number.clone()), account);
        }
        Ok(vec![Body::Enrolment(Box::new(Enrolment {
            project_id,
            id_number,
            id_type: None,
            name: name.into(),
            employer_name: "Employer".into(),
            employer_uscc: options.get("by", employer)?,
            team: None,
            basis,
            rate_fen,
            effective_on: options.get("from", day)?.ok_or("`from` is missing")?,
            contract_signed_on: options.get("contract", day)?,
            left_on: options.get("left", day)?,
            account: named,
            pay_day: options.get("pay_day", number)?,
            pay_month_offset: options.get("offset", number)?,
        }))])
    }

    fn pay(
        &mut self,
        mut line: Line<'_>,
        status: PaymentStatus,
        today: Option<Day>,
        stated: &mut Option<Day>,
    ) -> Bodies {
        if status == PaymentStatus::Returned && line.len() == 1 {
            let txn = line.next("a payment")?;
            let payment = self.payments.get(txn).ok_or_else(|| format!("no payment is called {txn}"))?;
            return Ok(vec![Body::Payment(Box::new(Payment { status, ..payment.clone() }))]);
        }
        let project_id = line.next_if(is_project).map(project).transpose()?;
        let id_number = line.next_if(is_person).map(person).transpose()?;
        let amount_fen = fen(line.next("a sum")?)?;
        let options = line.options(&["for", "from", "to", "on", "as", "stated"])?;
        *stated = options.get("stated", day)?;
        let payment = Payment {
            bank: "ICBC".into(),
            txn_id: match options.get("as", |word| Ok(word.to_compact_string()))? {
                Some(txn) => txn,
                None => self.free_name(),
            },
            account: options.get("from", account)?.unwrap_or(account("W0")?),
            payee_account: self.payee(&options, project_id.as_ref(), id_number.as_ref())?,
            payee_name: None,
            id_number,
            project_id,
            period: options.get("for", period)?,
            amount_fen,
            settled_at: time(options.get("on", day)?.or(today).unwrap_or(day("2025-12-31")?), "10:00")?,
            status,
        };
        // `return` in full may come before `pay`, and then calls the payment by its name too.
        self.payments.insert(payment.txn_id.clone(), payment.clone());
        Ok(vec![Body::Payment(Box::new(payment))])
    }

    /// `T1`, `T2` ...: the first that no payment has.
    fn free_name(&self) -> CompactString {
        let mut names = (1..).map(|n: u32| format_compact!("T{n}"));
        names.find(|name| !self.payments.contains_key(name)).unwrap_or_default()
    }

    fn payee(
        &self,
        options: &Options<'_>,
        project: Option<&ProjectId>,
        worker: Option<&IdNumber>,
    ) -> Result<Account, String> {
        let usual = || self.named.get(&(project?.clone(), worker?.clone())).copied();
        match options.get("to", account)? {
            Some(account) => Ok(account),
            None => usual().map_or_else(|| account("Z"), Ok),
        }
    }
}

fn attend(mut line: Line<'_>, stated: &mut Option<Day>) -> Bodies {
    let (project_id, id_number) = (project(line.next("a project")?)?, person(line.next("a worker")?)?);
    let dates = days(line.next("a date")?)?;
    let worked = line.next("days")?;
    let worked = Days::parse(worked).ok_or_else(|| format!("{worked:?} is no number of days"))?;
    let options = line.options(&["minutes", "stated"])?;
    *stated = options.get("stated", day)?;
    let minutes = options.get("minutes", number)?;
    let day = |work_date| WorkDay {
        project_id: project_id.clone(),
        id_number: id_number.clone(),
        work_date,
        days: worked,
        minutes,
    };
    Ok(dates.into_iter().map(day).map(Body::WorkDay).collect())
}

/// Every time is one swipe on that civil date.
fn swipe(mut line: Line<'_>) -> Bodies {
    let (project_id, id_number) = (project(line.next("a project")?)?, person(line.next("a worker")?)?);
    let dates = days(line.next("a date")?)?;
    let mut bodies = Vec::new();
    while line.len() > 0 {
        let word = line.next("a time")?;
        for date in &dates {
            bodies.push(Body::Swipe(Swipe {
                project_id: project_id.clone(),
                id_number: id_number.clone(),
                swiped_at: time(*date, word)?,
                direction: None,
                device: None,
            }));
        }
    }
    Ok(bodies)
}

fn piecework(mut line: Line<'_>, stated: &mut Option<Day>) -> Bodies {
    let (project_id, id_number) = (project(line.next("a project")?)?, person(line.next("a worker")?)?);
    let (period, amount_fen) = (period(line.next("a month")?)?, fen(line.next("a sum")?)?);
    let options = line.options(&["lot", "stated"])?;
    *stated = options.get("stated", day)?;
    let lot = options.get("lot", |word| Ok(word.to_compact_string()))?.ok_or("`lot` is missing")?;
    Ok(vec![Body::Piecework(Box::new(Piecework { project_id, id_number, period, lot, amount_fen }))])
}

fn wage_account(mut line: Line<'_>, stated: &mut Option<Day>) -> Bodies {
    let account = account(line.next("an account")?)?;
    let project_id = project(line.next("a project")?)?;
    let options = line.options(&["opened", "agreement", "closed", "stated"])?;
    *stated = options.get("stated", day)?;
    Ok(vec![Body::Account(Box::new(WageAccount {
        project_id,
        account,
        bank: "ICBC".into(),
        opened_on: options.get("opened", day)?.unwrap_or(day("2025-11-01")?),
        agreement_signed: options.get("agreement", flag)?.unwrap_or(true),
        closed_on: options.get("closed", day)?,
    }))])
}
