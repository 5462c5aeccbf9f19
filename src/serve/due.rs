//! `LedgerService.ListDue`: which months of which projects fall due within some days, and whether the wage
//! accounts hold what they ask for. The same forecast as `balance-short`, told further ahead.

use super::ask::ask;
use super::filter::codes;
use super::ledger::{Ledgers, place_passes};
use super::present::{self, fen};
use crate::domain::{Coming, Day, MonthTotals, Period, Sum};
use crate::engine::{ProjectAsk, ProjectSummary};
use crate::guard::Visit;
use crate::ledger::WorkerIx;
use crate::proto::Refusal;
use crate::proto::v1 as pb;
use crate::rules::{Needed, needed};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use tokio::time::Instant;

const USUAL_DAYS: u32 = 10;
const MOST_DAYS: u32 = 31;

impl Ledgers {
    pub(super) async fn due(
        &self,
        request: pb::ListDueRequest,
        visit: &Visit,
        until: Instant,
    ) -> Result<pb::ListDueResponse, Refusal> {
        self.ready()?;
        let within = match request.within_days {
            0 => USUAL_DAYS,
            days if days <= MOST_DAYS => days,
            _ => {
                return Err(Refusal::invalid(
                    "within_days",
                    format!("1 to {MOST_DAYS}, or 0 for {USUAL_DAYS}"),
                ));
            }
        };
        let sectors = codes("sectors", request.sectors)?;
        let territories = codes("territories", request.territories)?;
        let all = ask(until, |done| self.engine.projects(done)).await?;
        let mut months = Vec::new();
        let wanted = |summary: &&ProjectSummary| {
            place_passes(summary, &sectors, &territories)
                && visit.sees_project(self.rows.home(summary.facts.as_ref()).place())
        };
        for summary in all.iter().filter(wanted) {
            let question =
                move |asked: Option<ProjectAsk<'_>>| asked.map_or(Vec::new(), |asked| soon(&asked, within));
            let project = summary.project_id.clone();
            let found = ask(until, |done| self.engine.ask_project(project, question, done)).await?;
            let doubts = present::doubts(&self.rows.doubts_of(&summary.project_id));
            let named = |month| pb::DueMonth { doubts: doubts.clone(), ..named(month, summary) };
            months.extend(found.into_iter().map(named));
        }
        // Those that are short first.
        months.sort_by_cached_key(|month| {
            (Reverse(month.short_fen), month.due_on.clone(), month.project_id.clone(), month.period.clone())
        });
        visit.saw(months.iter().map(|month| format!("{} {}", month.project_id, month.period)));
        let business_date = self.engine.business_date().map(|day| day.to_string());
        Ok(pb::ListDueResponse { months, business_date })
    }
}

/// The project's months that are due from today on, without its names.
fn soon(asked: &ProjectAsk<'_>, within: u32) -> Vec<pb::DueMonth> {
    let Some(today) = asked.today else { return Vec::new() };
    let last = today.plus(i32::try_from(within).unwrap_or(i32::MAX));
    let mut months: Vec<MonthTotals> =
        (asked.months)().into_iter().filter(|month| (today..=last).contains(&month.due_on)).collect();
    if months.is_empty() {
        return Vec::new();
    }
    // The totals tell what a month asks for only when it is nearly due.
    let (asks, last_worked_on) = settle(asked);
    for month in &mut months {
        month.coming = asks.get(&month.period).copied();
    }
    let balance = asked.ledger.balance();
    needed(&months, last_worked_on, today).iter().map(|asked| shown(asked, balance)).collect()
}

/// What each month asks for over all workers, and the last day on which anybody worked.
fn settle(asked: &ProjectAsk<'_>) -> (BTreeMap<Period, Coming>, Option<Day>) {
    let mut asks: BTreeMap<Period, Coming> = BTreeMap::new();
    let mut last_worked_on = None;
    for worker in 0..WorkerIx::try_from(asked.ledger.workers()).unwrap_or(WorkerIx::MAX) {
        let view = asked.ledger.settle(worker, asked.book);
        last_worked_on = last_worked_on.max(view.last_worked_on);
        for period in &view.periods {
            let coming = asks.entry(period.period).or_insert(Coming { expected: 0, paid: 0 });
            coming.expected += period.expected;
            coming.paid += period.paid;
        }
    }
    (asks, last_worked_on)
}

fn shown(asked: &Needed<'_>, balance: Option<Sum>) -> pb::DueMonth {
    let open = asked.expected > asked.coming.paid;
    let short = if open { (asked.needed - balance.unwrap_or(0)).max(0) } else { 0 };
    pb::DueMonth {
        period: asked.month.period.to_string(),
        due_on: asked.month.due_on.to_string(),
        workers: asked.month.heads,
        expected_so_far_fen: fen(asked.coming.expected),
        days_elapsed: asked.days_elapsed,
        expected_fen: fen(asked.expected),
        paid_fen: fen(asked.coming.paid),
        needed_fen: fen(asked.needed),
        balance_fen: balance.map(fen),
        short_fen: fen(short),
        ..pb::DueMonth::default()
    }
}

fn named(month: pb::DueMonth, summary: &ProjectSummary) -> pb::DueMonth {
    let facts = summary.facts.as_ref();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    pb::DueMonth {
        project_id: summary.project_id.to_string(),
        project_name: text(facts.map(|f| f.name.as_str())),
        sector: text(facts.map(|f| f.sector.as_str())),
        territory: text(facts.map(|f| f.territory.as_str())),
        contractor_name: text(facts.map(|f| f.contractor_name.as_str())),
        ..month
    }
}
