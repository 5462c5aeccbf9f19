//! A project's workers, and one of them with his days, months and payments. Whoever names the identity
//! number gets it back in full; whoever comes from a list or an alert sees it masked.

use super::ask::ask;
use super::ledger::{Ledgers, field, no_project, project_id, standing};
use super::page;
use super::papers;
use super::present::{self, fen, payment_line};
use super::seal::Seal;
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{AlertId, DayStart, IdNumber, ProjectId, Sum, WorkerView, masked_name};
use crate::engine::ProjectAsk;
use crate::guard::Visit;
use crate::ledger::{WorkedDay, WorkerIx};
use crate::proto::Refusal;
use crate::proto::v1 as pb;
use std::cmp::Reverse;
use tokio::time::Instant;

/// Whom a caller asks for.
enum Whom {
    Number(IdNumber),
    Place(WorkerIx),
}

/// Where a worker stands in a list: largest arrears first.
type Place = (Reverse<Sum>, WorkerIx);

impl Ledgers {
    pub(super) async fn worker(
        &self,
        request: pb::GetWorkerLedgerRequest,
        visit: &Visit,
        until: Instant,
    ) -> Result<pb::GetWorkerLedgerResponse, Refusal> {
        self.ready()?;
        let (project, whom, masked) = self.whom(request, visit)?;
        if let Whom::Number(id) = &whom {
            visit.saw([format!("{project} {id}")]);
        }
        let (is_place, held) = (matches!(whom, Whom::Place(_)), visit.sees_county());
        let doubts = present::doubts(&self.rows.doubts_of(&project));
        let question = move |asked: Option<ProjectAsk<'_>>| {
            let asked = asked?;
            let worker = match &whom {
                Whom::Number(id) => asked.ledger.worker_ix(id)?,
                Whom::Place(place) => *place,
            };
            if usize::try_from(worker).ok()? >= asked.ledger.workers() {
                return None;
            }
            let view = asked.ledger.settle(worker, asked.book);
            let named = asked.ledger.newest_enrolment(worker);
            let mut shown = papers::worker(&view, named.as_ref(), asked.book, asked.today);
            let days = asked.ledger.worked_days(worker, asked.book);
            shown.worked = days.iter().map(|day| worked_day(day, asked.book.day_starts_at)).collect();
            shown.payments = view.payments.iter().map(payment_line).collect();
            shown.named_accounts = view.named_accounts.iter().map(|a| a.masked().to_string()).collect();
            shown.doubts = doubts;
            if masked {
                shown.id_number = view.id_number.masked().to_string();
            }
            Some((shown, standing(&asked, Some(&view.id_number), held), asked.today))
        };
        let found = ask(until, |done| self.engine.ask_project(project, question, done)).await?;
        let (shown, rows, today) = found.ok_or_else(no_worker)?;
        if is_place {
            visit.saw([format!("{} {}", shown.project_id, shown.id_number)]);
        }
        Ok(pb::GetWorkerLedgerResponse {
            worker: Some(shown),
            alerts: self.shown(&rows, today, visit),
            business_date: today.map(|day| day.to_string()),
        })
    }

    /// The project, if the caller sees it, the worker in it, and whether the answer is masked.
    fn whom(
        &self,
        request: pb::GetWorkerLedgerRequest,
        visit: &Visit,
    ) -> Result<(ProjectId, Whom, bool), Refusal> {
        if !request.alert_id.is_empty() {
            let row = self.engine.feed().get(&AlertId(request.alert_id.as_str().into()));
            let row = row.filter(|row| self.rows.is_seen(row, visit)).ok_or_else(|| {
                Refusal::NotFound("no alert of this id stands or was resolved lately".into())
            })?;
            let id = row
                .id_number()
                .cloned()
                .ok_or_else(|| Refusal::invalid("alert_id", "an alert about a worker"))?;
            return Ok((row.project_id().clone(), Whom::Number(id), true));
        }
        let project = project_id(&request.project_id)?;
        if !self.sees(&project, visit) {
            return Err(no_worker());
        }
        if let Some(place) = request.worker {
            return Ok((project, Whom::Place(place), true));
        }
        let id = IdNumber::parse("id_number", request.id_type.as_deref(), &request.id_number);
        Ok((project, Whom::Number(id.map_err(|why| field(&why))?), false))
    }

    pub(super) async fn list_of_workers(
        &self,
        request: pb::ListWorkersRequest,
        visit: &Visit,
        until: Instant,
    ) -> Result<pb::ListWorkersResponse, Refusal> {
        self.ready()?;
        let project = self.project_seen(&request.project_id, visit)?;
        let size = page::size(request.page_size, 100, 1000)?;
        let seal = self.rows.seal(&visit.caller.name);
        let after: Option<Place> = page::token(&request.page_token, &seal, read_place)?;
        let question = move |asked: Option<ProjectAsk<'_>>| Some(list(&asked?, after, size, &seal));
        let found = ask(until, |done| self.engine.ask_project(project, question, done)).await?;
        found.ok_or_else(no_project)
    }
}

fn no_worker() -> Refusal {
    Refusal::NotFound("no record names this worker in this project".into())
}

fn list(asked: &ProjectAsk<'_>, after: Option<Place>, size: usize, seal: &Seal) -> pb::ListWorkersResponse {
    let count = WorkerIx::try_from(asked.ledger.workers()).unwrap_or(WorkerIx::MAX);
    let arrears = |worker| asked.ledger.settle(worker, asked.book).periods.iter().map(|p| p.arrears).sum();
    let mut places: Vec<Place> = (0..count).map(|worker| (Reverse(arrears(worker)), worker)).collect();
    places.sort_unstable();
    let from = after.map_or(0, |after| places.partition_point(|place| *place <= after));
    let page = &places[from..places.len().min(from + size)];
    let next_page_token = match page.last() {
        Some(last) if from + size < places.len() => page::write(seal, |w| write_place(w, *last)),
        _ => String::new(),
    };
    let summary = |(_, worker): &Place| summary(asked, *worker);
    pb::ListWorkersResponse { workers: page.iter().map(summary).collect(), next_page_token, total: count }
}

fn summary(asked: &ProjectAsk<'_>, worker: WorkerIx) -> pb::WorkerSummary {
    let view: WorkerView = asked.ledger.settle(worker, asked.book);
    let named = asked.ledger.newest_enrolment(worker);
    let overdue = view.periods.iter().filter(|period| {
        let tolerance = Sum::from(asked.book.at(period.due_on).tolerance_fen);
        period.arrears > tolerance && asked.today.is_some_and(|today| today > period.due_on)
    });
    let (overdue_periods, overdue_fen) =
        overdue.fold((0, 0), |(count, sum), period| (count + 1, sum + period.arrears));
    pb::WorkerSummary {
        worker,
        id_number: view.id_number.masked().to_string(),
        name: masked_name(named.as_ref().map_or("", |e| e.name.as_str())),
        employer_name: named.as_ref().map_or_else(String::new, |e| e.employer_name.to_string()),
        enrolled: view.enrolled,
        days: view.days.to_string(),
        last_worked_on: view.last_worked_on.map(|day| day.to_string()),
        expected_fen: fen(view.periods.iter().map(|p| p.expected).sum()),
        paid_fen: fen(view.periods.iter().map(|p| p.paid).sum()),
        arrears_fen: fen(view.periods.iter().map(|p| p.arrears).sum()),
        overdue_fen: fen(overdue_fen),
        overdue_periods,
    }
}

fn worked_day(day: &WorkedDay, start: DayStart) -> pb::WorkedDay {
    let clock = |second: u32| clock(second / 60 + u32::from(start.0));
    pb::WorkedDay {
        date: day.day.to_string(),
        days: day.days.to_string(),
        minutes: day.minutes,
        stated: day.is_stated,
        first_swipe: day.span.map(|(first, _)| clock(first)),
        last_swipe: day.span.map(|(_, last)| clock(last)),
    }
}

/// Minutes since the civil midnight of the business date.
fn clock(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn write_place(w: &mut Writer, (arrears, worker): Place) {
    w.sum(arrears.0);
    w.u32(worker);
}

fn read_place(r: &mut Reader<'_>) -> Result<Place, Corrupt> {
    Ok((Reverse(r.sum()?), r.u32()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back() {
        let place: Place = (Reverse(123_456), 7);
        let seal = Seal::new(&crate::alerts::PUBLIC_ID_KEY, "somebody");
        let token = page::write(&seal, |w| write_place(w, place));
        assert_eq!(page::token(&token, &seal, read_place).unwrap(), Some(place));
    }
}
