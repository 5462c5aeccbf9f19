//! `ghost-payee`: somebody is paid for a month of which nothing shows that he worked.
//!
//! **Article**: Platform practice.
//!
//! **Found when**: payments that count name a month in which the worker has no worked days in the
//! project, nor any in the month before, no piecework, and no signed line of a sheet. Yellow.
//!
//! **Clears when**: attendance of that month or the one before arrives, or piecework or a signed line
//! of the month; or the payments are returned, no longer count, or name another month.
//!
//! **Evidence**: the month, the sum, and the payments.
//!
//! **Not covered**: payments without a month; who swipes for somebody else; a month that is paid in
//! advance before the first day of work (it clears with that day).

use super::Judgement;
use crate::domain::{
    AccrualLine, Days, Fact, FactName, FactValue, Finding, Level, PeriodView, Rule, Subject, WorkerView,
};

pub(super) fn judge(view: &WorkerView, period: &PeriodView, on: &mut Judgement<'_>) {
    let is_piece = |line: &AccrualLine| matches!(line, AccrualLine::Piecework { .. });
    let worked = period.days > Days(0) || period.signed.is_some() || period.accrual.iter().any(is_piece);
    if period.labelled == 0 || worked || worked_before(view, period) {
        return;
    }
    let mut facts =
        vec![Fact::month(FactName::Period, period.period), Fact::fen(FactName::Sum, period.labelled)];
    let counting = view.payments_naming(period.period).filter(|payment| payment.counts);
    facts.extend(
        counting.map(|line| Fact::new(FactName::Payment, FactValue::Payment(Box::new(line.clone())))),
    );
    let subject = Subject::WorkerPeriod(view.id_number.clone(), period.period);
    let finding = Finding::new(Rule::GhostPayee, &view.project_id, subject, Level::Yellow, facts);
    on.find(Finding { amount: period.labelled, workers: 1, ..finding });
}

/// Whether there are worked days in the month before.
fn worked_before(view: &WorkerView, period: &PeriodView) -> bool {
    let before = |other: &&PeriodView| other.period < period.period && other.period.plus(1) == period.period;
    view.periods.iter().find(before).is_some_and(|other| other.days > Days(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Fen, Sum};
    use crate::rules::sample::{judgement, payment, period, worker};

    fn idle(month: &str, labelled: Sum) -> PeriodView {
        PeriodView { days: Days(0), labelled, ..period(month, 0, 0) }
    }

    fn found(periods: Vec<PeriodView>) -> Vec<(String, Sum)> {
        let mut view = worker(periods);
        view.payments = vec![payment("T1", 500, Some("2026-03")), payment("T2", 400, Some("2026-03"))];
        view.payments[0].counts = true;
        let mut on = judgement("2026-04-02");
        view.periods.iter().for_each(|period| judge(&view, period, &mut on));
        let seen = |finding: &Finding| (finding.period.unwrap().to_string(), finding.amount);
        on.findings().iter().map(seen).collect()
    }

    #[test]
    fn pay_without_work_in_two_months_is_found() {
        assert_eq!(found(vec![idle("2026-03", 500)]), [("2026-03".to_owned(), 500)]);
        assert_eq!(found(vec![idle("2026-03", 0)]), []);
        let (february, march) = (idle("2026-02", 0), idle("2026-03", 500));
        assert_eq!(found(vec![PeriodView { days: Days(25), ..february.clone() }, march.clone()]), []);
        assert_eq!(found(vec![february, march.clone()]).len(), 1);
        // Work after the month, or two months before it, is none of the month's.
        let busy = |month| PeriodView { days: Days(2_000), ..idle(month, 0) };
        assert_eq!(found(vec![busy("2026-01"), march, busy("2026-04")]).len(), 1);
    }

    #[test]
    fn work_of_any_kind_clears_it() {
        assert_eq!(found(vec![PeriodView { days: Days(25), ..idle("2026-03", 500) }]), []);
        assert_eq!(found(vec![PeriodView { signed: Some(0), ..idle("2026-03", 500) }]), []);
        let piece = AccrualLine::Piecework { lot: "L1".into(), amount_fen: Fen(1) };
        assert_eq!(found(vec![PeriodView { accrual: vec![piece], ..idle("2026-03", 500) }]), []);
    }
}
