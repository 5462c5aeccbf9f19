//! `LedgerService.ListDue`: which months of which projects fall due within some days, and whether the wage
//! accounts hold what they ask for. The same forecast as `balance-short`, told further ahead.

use super::ask::ask;
use super::filter::codes;
use super::ledger::{Ledgers, place_passes};
use super::present::{self, fen};
use crate::domain::ProjectId;
use crate::engine::ProjectSummary;
use crate::engine::due::DueMonth;
use crate::guard::Visit;
use crate::proto::Refusal;
use crate::proto::v1 as pb;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use tokio::time::Instant;

const USUAL_DAYS: u8 = 10;
const MOST_DAYS: u8 = 31;
/// Projects that are asked for at once.
const PIECE: usize = 64;

impl Ledgers {
    pub(super) async fn due(
        &self,
        request: pb::ListDueRequest,
        visit: &Visit,
        until: Instant,
    ) -> Result<pb::ListDueResponse, Refusal> {
        self.ready()?;
        let within = match request.within_days {
            0 => Some(USUAL_DAYS),
            days => u8::try_from(days).ok().filter(|days| *days <= MOST_DAYS),
        };
        let expected = || format!("1 to {MOST_DAYS}, or 0 for {USUAL_DAYS}");
        let within = within.ok_or_else(|| Refusal::invalid("within_days", expected()))?;
        let sectors = codes("sectors", request.sectors)?;
        let territories = codes("territories", request.territories)?;
        let all = ask(until, |done| self.engine.projects(done)).await?;
        let mut months = Vec::new();
        let wanted = |summary: &&ProjectSummary| {
            place_passes(summary, &sectors, &territories)
                && visit.sees_project(self.rows.home(summary.facts.as_ref()).place())
        };
        let wanted: BTreeMap<&ProjectId, &ProjectSummary> =
            all.iter().filter(wanted).map(|summary| (&summary.project_id, summary)).collect();
        // In pieces: whoever gives up asks no more of them.
        for piece in wanted.keys().copied().collect::<Vec<_>>().chunks(PIECE) {
            let projects: Vec<ProjectId> = piece.iter().map(|project| (*project).clone()).collect();
            let found = ask(until, |done| self.engine.due(projects, within, done)).await?;
            for (project, due) in found {
                let Some(summary) = wanted.get(&project) else { continue };
                let doubts = present::doubts(&self.rows.doubts_of(&project));
                let named = |due| pb::DueMonth { doubts: doubts.clone(), ..named(shown(due), summary) };
                months.extend(due.iter().map(named));
            }
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

fn shown(due: &DueMonth) -> pb::DueMonth {
    pb::DueMonth {
        period: due.period.to_string(),
        due_on: due.due_on.to_string(),
        workers: due.workers,
        expected_so_far_fen: fen(due.so_far.expected),
        days_elapsed: due.days_elapsed,
        expected_fen: fen(due.expected),
        paid_fen: fen(due.so_far.paid),
        needed_fen: fen(due.needed),
        balance_fen: due.balance.map(fen),
        short_fen: fen(due.short),
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
