//! A worker's months settled: what was earned, what was paid, what is owed, and when it was due
//! (contract, section 4). Reads the ledger; knows no date of today, so nothing here is overdue.

use super::due::due_date;
use super::month::{DayCell, Month};
use super::pattern::Pattern;
use super::payroll;
use super::project::{ProjectLedger, WorkerIx};
use super::terms::Terms;
use super::worker::Worker;
use crate::domain::{
    Account, AccrualLine, Basis, Day, Days, PatternView, Payment, PaymentLine, PaymentStatus, Period,
    PeriodView, Rulebook, Sum, TermsView, Uscc, WorkerView, div_half_up,
};

impl ProjectLedger {
    /// The worker's view. Panics for a number that this ledger did not give.
    pub fn settle(&self, worker: WorkerIx, book: &Rulebook) -> WorkerView {
        let known = &self.workers[worker as usize];
        let payments = self.payment_lines(known);
        let terms = self.pay_terms(worker);
        let mut worked_on: Option<(Day, Day)> = None;
        let mut total = Days(0);
        let mut pattern = Pattern::new(known, book);
        let mut periods: Vec<PeriodView> = Vec::new();
        for period in self.periods(known) {
            let mut view = empty_period(period, terms, book);
            view.employer_uscc = self.employer(known, None);
            if let Some(month) = known.month(period) {
                let span = accrue(&mut view, month, known.enrolments(), &mut pattern);
                view.employer_uscc = self.employer(known, span.map(|(_, last)| last));
                // Months ascend.
                worked_on = match (worked_on, span) {
                    (Some((first, _)), Some((_, last))) => Some((first, last)),
                    (before, span) => before.or(span),
                };
            }
            total.0 += view.days.0;
            self.expect(&mut view, known);
            let labelled = payments.iter().filter(|line| line.counts && line.period == Some(period));
            view.labelled = labelled.map(|line| line.amount_fen.sum()).sum();
            periods.push(view);
        }
        let unlabelled = payments.iter().filter(|line| line.counts && line.period.is_none());
        let advance = pay(&mut periods, unlabelled.map(|line| line.amount_fen.sum()).sum());
        WorkerView {
            project_id: self.id.clone(),
            id_number: known.id.clone(),
            enrolled: !known.enrolments().is_empty(),
            named_accounts: known.accounts().to_vec(),
            wage_accounts: self.papers.books.keys().copied().collect(),
            terms: known.enrolments().iter().map(terms_of).collect(),
            days: total,
            first_worked_on: worked_on.map(|(first, _)| first),
            last_worked_on: worked_on.map(|(_, last)| last),
            periods,
            payments,
            advance,
        }
    }

    /// Who employs the worker on that day (of no day: by the newest terms), else the contractor.
    fn employer(&self, known: &Worker, day: Option<Day>) -> Option<Uscc> {
        let terms = known.enrolments();
        let after = day.map_or(terms.len(), |day| terms.partition_point(|t| t.effective_on <= day));
        let named = terms.get(after.saturating_sub(1)).and_then(|terms| terms.employer_uscc);
        named.or_else(|| self.facts().map(|facts| facts.contractor_uscc))
    }

    /// Every period with attendance, piecework, payroll lines or placed payments that name it.
    fn periods(&self, known: &Worker) -> Vec<Period> {
        let mut periods: Vec<Period> = known.months.iter().map(|month| month.period).collect();
        periods.extend(known.pieces().iter().map(|piece| piece.period));
        periods.extend(known.sheets().iter().map(|(period, _)| *period));
        periods.extend(known.placed().iter().filter(|p| !p.returned).filter_map(|p| p.period));
        periods.sort_unstable();
        periods.dedup();
        periods
    }

    /// The payments placed with the worker, by (bank, txn_id).
    fn payment_lines(&self, known: &Worker) -> Vec<PaymentLine> {
        let slots = known.placed().iter().filter_map(|placed| self.payments.get(placed.slot));
        let mut lines: Vec<PaymentLine> =
            slots.filter_map(|slot| Some(self.line(slot.read().ok()?.payment, known.accounts()))).collect();
        lines.sort_by(|a, b| (&a.bank, &a.txn_id).cmp(&(&b.bank, &b.txn_id)));
        lines
    }

    /// A payment that is placed with a worker who has named those accounts.
    pub(super) fn line(&self, payment: Payment, named: &[Account]) -> PaymentLine {
        let discharges = named.is_empty() || named.binary_search(&payment.payee_account).is_ok();
        let returned = payment.status == PaymentStatus::Returned;
        PaymentLine {
            bank: payment.bank,
            txn_id: payment.txn_id,
            amount_fen: payment.amount_fen,
            payer_account: payment.account,
            payee_account: payment.payee_account,
            outside_account: !self.papers.books.contains_key(&payment.account),
            settled_at: payment.settled_at,
            period: payment.period,
            returned,
            counts: discharges && !returned,
        }
    }

    /// Adds piecework to accrued; expected is what was signed, else what was accrued.
    fn expect(&self, view: &mut PeriodView, known: &Worker) {
        for piece in known.pieces().iter().filter(|p| p.period == view.period && p.amount_fen.0 > 0) {
            let line = AccrualLine::Piecework { lot: piece.lot.clone(), amount_fen: piece.amount_fen };
            view.accrual.push(line);
            view.accrued += piece.amount_fen.sum();
        }
        let sheets = known.sheets().iter().filter(|(period, _)| *period == view.period);
        let signed = sheets.filter_map(|(_, sheet)| self.sheets.signed(*sheet, &known.id));
        (view.payable, view.signed) = signed.reduce(payroll::add).unzip();
        view.expected = view.signed.unwrap_or(view.accrued);
    }
}

pub(super) fn empty_period(period: Period, (pay_day, offset): (u8, u8), book: &Rulebook) -> PeriodView {
    let (due_nominal, due_on) = due_date(period, pay_day, offset, &book.calendar);
    PeriodView {
        period,
        employer_uscc: None,
        days: Days(0),
        minutes: 0,
        last_worked_on: None,
        pattern: PatternView::default(),
        accrued: 0,
        accrual: Vec::new(),
        signed: None,
        payable: None,
        expected: 0,
        labelled: 0,
        direct: 0,
        filled: 0,
        paid: 0,
        arrears: 0,
        due_nominal,
        due_on,
    }
}

fn terms_of(enrolment: &Terms) -> TermsView {
    TermsView {
        effective_on: enrolment.effective_on,
        basis: enrolment.basis,
        rate_fen: enrolment.rate_fen,
        employer_uscc: enrolment.employer_uscc,
        contract_signed_on: enrolment.contract_signed_on,
        left_on: enrolment.left_on,
    }
}

/// Sums the month's days by terms, rounds once for each; the first and the last day with worked days.
fn accrue(
    view: &mut PeriodView,
    month: &Month,
    enrolments: &[Terms],
    pattern: &mut Pattern<'_>,
) -> Option<(Day, Day)> {
    let mut span: Option<(Day, Day)> = None;
    let steps = pattern.month(view);
    // Days come in order and terms ascend by date, so the days of one terms stand together.
    let mut group: Option<(usize, Days, u32)> = None;
    for cell in month.days() {
        let date = month.period.first_day().plus(cell.index.cast_signed());
        let (days, minutes) = worked(&cell, steps);
        if days.0 > 0 {
            span = Some((span.map_or(date, |(first, _)| first), date));
        }
        pattern.day(view, &cell, date, days);
        view.days.0 += days.0;
        view.minutes += minutes;
        let terms = enrolments.partition_point(|terms| terms.effective_on <= date).saturating_sub(1);
        match &mut group {
            Some((of, sum, sum_minutes)) if *of == terms => {
                sum.0 += days.0;
                *sum_minutes += minutes;
            }
            _ => {
                close_terms(view, enrolments, group.take());
                group = Some((terms, days, minutes));
            }
        }
    }
    close_terms(view, enrolments, group);
    view.last_worked_on = span.map(|(_, last)| last);
    span
}

fn close_terms(view: &mut PeriodView, enrolments: &[Terms], group: Option<(usize, Days, u32)>) {
    let Some((terms, days, minutes)) = group else { return };
    let Some(terms) = enrolments.get(terms) else { return };
    if days.0 == 0 && minutes == 0 {
        return;
    }
    let accrued = earned(terms.basis, terms.rate_fen.sum(), days, minutes);
    view.accrued += accrued;
    view.accrual.push(AccrualLine::Terms {
        effective_on: terms.effective_on,
        basis: terms.basis,
        rate_fen: terms.rate_fen,
        days,
        minutes,
        accrued,
    });
}

/// What that many days and minutes earn under one set of terms, in fen.
fn earned(basis: Basis, rate: Sum, days: Days, minutes: u32) -> Sum {
    match basis {
        Basis::Daily => div_half_up(rate * Sum::from(days.0), 100),
        // 21.75 working days a month, and days are hundredths.
        Basis::Monthly => rate.min(div_half_up(rate * Sum::from(days.0), 2175)),
        Basis::Hourly => div_half_up(rate * Sum::from(minutes), 60),
        Basis::Piece => 0,
    }
}

/// A day's worked days and minutes: a statement overrides swipes; minutes that it does not say
/// are those between first and last swipe.
pub(super) fn worked(cell: &DayCell, steps: &[(u32, u32)]) -> (Days, u32) {
    let present = cell.minutes();
    match cell.stated {
        Some((_, days, _)) => (days, present),
        None if steps.is_empty() => (Days(100), present),
        None => {
            let reached = steps.iter().rev().find(|(minutes, _)| *minutes <= present);
            (Days(reached.map_or(0, |(_, days)| *days)), present)
        }
    }
}

/// Spreads what was paid over the periods, oldest first; what is left is an advance.
fn pay(periods: &mut [PeriodView], unlabelled: Sum) -> Sum {
    let mut pool = unlabelled;
    for view in &mut *periods {
        view.direct = view.labelled.min(view.expected);
        pool += view.labelled - view.direct;
    }
    for view in periods {
        view.filled = pool.min(view.expected - view.direct);
        pool -= view.filled;
        view.paid = view.direct + view.filled;
        view.arrears = view.expected - view.paid;
    }
    pool
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Fen;

    #[test]
    fn each_basis_rounds_half_up_and_the_month_is_capped() {
        let check = |basis, rate: i64, hundredths, minutes, want: Sum| {
            assert_eq!(earned(basis, Sum::from(rate), Days(hundredths), minutes), want, "{basis} {rate}");
        };
        check(Basis::Daily, 33_333, 150, 0, 50_000);
        check(Basis::Daily, 1, 50, 0, 1);
        check(Basis::Daily, 1, 49, 0, 0);
        check(Basis::Monthly, 600_000, 2175, 0, 600_000);
        check(Basis::Monthly, 600_000, 2174, 0, 599_724);
        check(Basis::Monthly, 600_000, 3100, 0, 600_000);
        check(Basis::Hourly, 2_500, 0, 61, 2_542);
        check(Basis::Hourly, 1, 0, 30, 1);
        check(Basis::Piece, 99, 3100, 9999, 0);
        check(Basis::Daily, Fen::MAX.0, 9300, 0, 930_000_000_000_000);
        check(Basis::Hourly, Fen::MAX.0, 0, 133_920, 22_320_000_000_000_000);
    }

    #[test]
    fn the_pool_fills_the_oldest_first() {
        let mut periods: Vec<PeriodView> = [(100, 150), (200, 0), (300, 50)]
            .iter()
            .zip(0u16..)
            .map(|((expected, labelled), n)| PeriodView {
                expected: *expected,
                labelled: *labelled,
                ..empty_period(Period(n), (15, 1), &Rulebook::default())
            })
            .collect();
        assert_eq!(pay(&mut periods, 200), 0);
        let paid: Vec<_> = periods.iter().map(|p| (p.direct, p.filled, p.paid, p.arrears)).collect();
        assert_eq!(paid, [(100, 0, 100, 0), (0, 200, 200, 0), (50, 50, 100, 200)]);
        assert_eq!(pay(&mut periods, 1000), 600);
    }

    #[test]
    fn stricter_presence_counts_the_last_step_reached() {
        let steps = vec![(240, 50), (480, 100)];
        let check = |minutes: u32, want: u32| {
            let cell = DayCell { index: 0, span: Some((0, minutes * 60 + 59)), stated: None };
            assert_eq!(worked(&cell, &steps), (Days(want), minutes));
        };
        check(239, 0);
        check(240, 50);
        check(479, 50);
        check(480, 100);
    }
}
