//! `account-agreement-missing`: a wage account runs without the agreement of contractor, owner and bank.
//!
//! **Article**: Circular 2021-53, art. 6 (to be verified); county plan 2025, section 3 (4).
//!
//! **Found when**: a wage account of the project is opened and not closed, and its record says that
//! the three-party agreement is not signed. Yellow.
//!
//! **Clears when**: a later statement of the account says that the agreement is signed, or the
//! account is closed.
//!
//! **Evidence**: the account, its bank, and the day on which it was opened.
//!
//! **Not covered**: what the agreement says; an account that is not opened yet.

use super::Judgement;
use crate::domain::{Fact, FactName, FactValue, Finding, Level, PapersView, Rule, Subject};

pub(super) fn judge(view: &PapersView<'_>, on: &mut Judgement<'_>) {
    for account in view.accounts.iter().filter(|account| !account.account.agreement_signed) {
        let paper = account.account;
        on.look_again(paper.opened_on);
        paper.closed_on.into_iter().for_each(|day| on.look_again(day));
        if !account.was_opened(on.today) || account.is_closed(on.today) {
            continue;
        }
        on.find(Finding::new(
            Rule::AccountAgreementMissing,
            view.project_id,
            Subject::Account(paper.account),
            Level::Yellow,
            vec![
                Fact::new(FactName::Account, FactValue::Account(paper.account)),
                Fact::text(FactName::Bank, &paper.bank),
                Fact::date(FactName::OpenedOn, paper.opened_on),
            ],
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::WageAccount;
    use crate::rules::sample::{account, day, days_again, judgement, papers_of, project_id, wage_account};

    fn check(today: &str, paper: &WageAccount, found: usize, again: &[&str]) {
        let id = project_id();
        let mut on = judgement(today);
        judge(&papers_of(&id, vec![account(paper)]), &mut on);
        assert_eq!(on.findings().len(), found, "{today} {paper:?}");
        assert_eq!(days_again(on), again, "{today}");
    }

    #[test]
    fn an_open_account_without_agreement_is_found_while_it_is_open() {
        let closed_on = Some(day("2026-05-01"));
        let paper = WageAccount { agreement_signed: false, closed_on, ..wage_account("2026-02-01") };
        check("2026-01-31", &paper, 0, &["2026-02-01", "2026-05-01"]);
        check("2026-02-01", &paper, 1, &["2026-05-01"]);
        check("2026-04-30", &paper, 1, &["2026-05-01"]);
        check("2026-05-01", &paper, 0, &[]);
    }

    #[test]
    fn a_signed_one_is_not() {
        check("2026-02-01", &wage_account("2026-02-01"), 0, &[]);
    }
}
