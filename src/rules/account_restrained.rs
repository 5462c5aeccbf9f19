//! `account-restrained`: a court or another authority has frozen, seized or taken from a wage account.
//!
//! **Article**: Order 724, art. 33; county plan 2025, section 2 (2).
//!
//! **Found when**: a restraint of a wage account of the project is imposed and not lifted. Red; each
//! restraint is a finding of its own. The project need not be known, and the account may be closed.
//!
//! **Clears when**: the restraint is lifted, or the account turns out to be another project's.
//!
//! **Evidence**: the account, the restraint's number and kind, who imposed it, and when.
//!
//! **Not covered**: whether the restraint served to pay wages, which the order allows; a deposit's
//! account: records of deposits name none.

use super::Judgement;
use crate::domain::{
    Account, AccountRestraint, Fact, FactName, FactValue, Finding, Level, PapersView, Rule, Subject,
};

pub(super) fn judge(view: &PapersView<'_>, on: &mut Judgement<'_>) {
    for account in &view.accounts {
        for restraint in &account.restraints {
            on.look_again(restraint.imposed_on);
            restraint.lifted_on.into_iter().for_each(|day| on.look_again(day));
            let is_lifted = restraint.lifted_on.is_some_and(|lifted_on| lifted_on <= on.today);
            if restraint.imposed_on <= on.today && !is_lifted {
                on.find(finding(view, account.account.account, restraint));
            }
        }
    }
}

fn finding(view: &PapersView<'_>, account: Account, restraint: &AccountRestraint) -> Finding {
    let restraint_id = restraint.restraint_id.clone();
    Finding::new(
        Rule::AccountRestrained,
        view.project_id,
        Subject::Restraint { account, restraint_id },
        Level::Red,
        vec![
            Fact::new(FactName::Account, FactValue::Account(account)),
            Fact::text(FactName::Restraint, &restraint.restraint_id),
            Fact::text(FactName::RestraintKind, restraint.kind.as_str()),
            Fact::text(FactName::Authority, &restraint.authority),
            Fact::date(FactName::ImposedOn, restraint.imposed_on),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RestraintKind;
    use crate::rules::sample::{account, day, days_again, judgement, papers_of, project_id, wage_account};

    fn check(today: &str, lifted_on: Option<&str>, found: usize, again: &[&str]) {
        let (id, paper) = (project_id(), wage_account("2026-01-05"));
        let restraint = AccountRestraint {
            account: paper.account,
            restraint_id: "R1".into(),
            kind: RestraintKind::Frozen,
            authority: "court".into(),
            imposed_on: day("2026-03-10"),
            lifted_on: lifted_on.map(day),
        };
        let mut view = account(&paper);
        view.restraints.push(&restraint);
        let mut on = judgement(today);
        judge(&papers_of(&id, vec![view]), &mut on);
        assert_eq!(on.findings().len(), found, "{today} {lifted_on:?}");
        assert!(on.findings().iter().all(|finding| finding.level == Level::Red));
        assert_eq!(days_again(on), again, "{today}");
    }

    #[test]
    fn it_is_found_from_its_day_until_it_is_lifted() {
        check("2026-03-09", Some("2026-03-20"), 0, &["2026-03-10", "2026-03-20"]);
        check("2026-03-10", Some("2026-03-20"), 1, &["2026-03-20"]);
        check("2026-03-19", Some("2026-03-20"), 1, &["2026-03-20"]);
        check("2026-03-20", Some("2026-03-20"), 0, &[]);
        check("2026-12-31", None, 1, &[]);
    }

    #[test]
    fn an_account_without_restraint_is_none() {
        let (id, paper) = (project_id(), wage_account("2026-01-05"));
        let mut on = judgement("2026-03-10");
        judge(&papers_of(&id, vec![account(&paper)]), &mut on);
        assert_eq!(on.findings(), []);
    }
}
