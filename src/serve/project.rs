//! One project for people who look at it: its papers, its money by month, and the months' sums over its
//! workers. Accounts are masked.

use super::ask::ask;
use super::ledger::{Ledgers, no_project, standing};
use super::papers;
use super::present::fen;
use crate::domain::{AccountView, Days, Period, Sum};
use crate::engine::ProjectAsk;
use crate::guard::Visit;
use crate::ledger::{FundsMonth, WorkerIx, due_date};
use crate::proto::Refusal;
use crate::proto::v1 as pb;
use std::collections::BTreeMap;
use tokio::time::Instant;

impl Ledgers {
    pub(super) async fn project(
        &self,
        request: pb::GetProjectRequest,
        visit: &Visit,
        until: Instant,
    ) -> Result<pb::GetProjectResponse, Refusal> {
        self.ready()?;
        let project = self.project_seen(&request.project_id, visit)?;
        let (held, doubts) = (visit.sees_county(), self.rows.doubts_of(&project));
        let question = move |asked: Option<ProjectAsk<'_>>| {
            let asked = asked?;
            let ledger = asked.ledger;
            let shown = pb::GetProjectResponse {
                summary: Some(papers::summary(&(asked.summary)(), &doubts)),
                project: ledger.facts().map(papers::project),
                accounts: ledger.accounts().map(papers::account).collect(),
                deposits: ledger.deposits().map(|paper| papers::deposit(paper.deposit)).collect(),
                guarantees: ledger.guarantees().map(papers::guarantee).collect(),
                inspections: ledger.inspections().map(papers::inspection).collect(),
                complaints: ledger.complaints().map(papers::complaint).collect(),
                alerts: Vec::new(),
                business_date: asked.today.map(|day| day.to_string()),
            };
            Some((shown, standing(&asked, None, held), asked.today))
        };
        let found = ask(until, |done| self.engine.ask_project(project, question, done)).await?;
        let (shown, rows, today) = found.ok_or_else(no_project)?;
        Ok(pb::GetProjectResponse { alerts: self.shown(&rows, today, visit), ..shown })
    }

    pub(super) async fn funds(
        &self,
        request: pb::GetProjectFundsRequest,
        visit: &Visit,
        until: Instant,
    ) -> Result<pb::GetProjectFundsResponse, Refusal> {
        self.ready()?;
        let project = self.project_seen(&request.project_id, visit)?;
        let question = |asked: Option<ProjectAsk<'_>>| asked.map(|asked| money(&asked));
        let found = ask(until, |done| self.engine.ask_project(project, question, done)).await?;
        found.ok_or_else(no_project)
    }
}

/// What the workers of a project earned and got for one month.
#[derive(Default)]
struct Wages {
    workers: u32,
    days: Days,
    accrued: Sum,
    expected: Sum,
    paid: Sum,
    arrears: Sum,
}

fn money(asked: &ProjectAsk<'_>) -> pb::GetProjectFundsResponse {
    let funds = asked.ledger.funds();
    let mut months: BTreeMap<Period, (FundsMonth, Wages)> =
        funds.into_iter().map(|(period, funds)| (period, (funds, Wages::default()))).collect();
    for worker in 0..WorkerIx::try_from(asked.ledger.workers()).unwrap_or(WorkerIx::MAX) {
        for period in asked.ledger.settle(worker, asked.book).periods {
            let (_, wages) = months.entry(period.period).or_default();
            wages.workers += u32::from(period.days.0 > 0);
            wages.days.0 += period.days.0;
            wages.accrued += period.accrued;
            wages.expected += period.expected;
            wages.paid += period.paid;
            wages.arrears += period.arrears;
        }
    }
    let (pay_day, offset) = asked.ledger.project_pay_terms();
    let due_on = |period| due_date(period, pay_day, offset, &asked.book.calendar).1;
    pb::GetProjectFundsResponse {
        months: months
            .iter()
            .map(|(period, (funds, wages))| pb::FundsMonth {
                month: period.to_string(),
                labour_fee_in_fen: fen(funds.labour_fee_in),
                other_in_fen: fen(funds.other_in),
                wages_out_fen: fen(funds.wages_out),
                other_out_fen: fen(funds.other_out),
                workers: wages.workers,
                days: wages.days.to_string(),
                accrued_fen: fen(wages.accrued),
                expected_fen: fen(wages.expected),
                paid_fen: fen(wages.paid),
                arrears_fen: fen(wages.arrears),
                due_on: Some(due_on(*period).to_string()),
            })
            .collect(),
        balance_fen: asked.ledger.balance().map(fen),
        accounts: asked.ledger.account_funds().iter().map(account).collect(),
        business_date: asked.today.map(|day| day.to_string()),
    }
}

fn account(view: &AccountView<'_>) -> pb::AccountFunds {
    pb::AccountFunds {
        account: view.account.account.masked().to_string(),
        balance_fen: fen(view.balance),
        restraints: view.restraints.iter().map(|restraint| papers::restraint(restraint)).collect(),
    }
}
